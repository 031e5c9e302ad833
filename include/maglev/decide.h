/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The decision: a packet of a service in; verdict, reason and backend out. The same function
 * for the kernel, DPDK, "explain" and the tests: planes read bytes before it and transmit
 * after it, and differ in nothing else.
 */
#ifndef MAGLEV_DECIDE_H
#define MAGLEV_DECIDE_H

#include <maglev/flow.h>
#include <maglev/reason.h>
#include <maglev/table.h>

/**
 * struct maglev_view - one generation of a service, as packets see it; read-only
 * @live: the live table; @base where nothing is overlaid
 * @base: the base table
 * @changed_at: by slot: when its answer last changed; see maglev_stamp(). The exception
 *		to read-only: sweeps renew stamps. NULL: its flows are never looked for on
 *		other CPUs
 * @backends: the backend at each place, in canonical order
 * @targets: the target at each place
 * @size: slots, M
 * @n: backends
 * @key: the key the tables were built with
 * @service: as in struct maglev_target
 * @longest: the service's longest timeout, seconds
 * @mode: enum maglev_mode
 *
 * Tables and targets are in the first 64 bytes.
 */
struct maglev_view {
	const u16 *live;
	const u16 *base;
	u16 *changed_at;
	struct maglev_backend *backends;
	struct maglev_target **targets;
	u32 size;
	u32 n;
	struct maglev_key key;
	u32 service;
	u16 longest;
	u8 mode;
};

/**
 * struct maglev_budget - how many lines of other CPUs this one may still read
 * @now_ms: of the last look
 * @lines: left
 * @begin_lines: left for packets that begin a flow, which may use half
 *
 * MAGLEV_BUDGET_LINES a millisecond; of what is left over, ten milliseconds are kept. Written
 * by its own CPU only.
 */
struct maglev_budget {
	u32 now_ms;
	u32 lines;
	u32 begin_lines;
};

enum {
	MAGLEV_BUDGET_LINES = 2000,
	MAGLEV_BUDGET_KEPT_MS = 10,
};

/**
 * enum maglev_outside - what a plane knows of a flow that is in no flow table
 * @MAGLEV_OUTSIDE_UNKNOWN: nothing
 * @MAGLEV_OUTSIDE_TARGET: its backend: tracked from now on
 * @MAGLEV_OUTSIDE_PASS: it is somebody else's: hands off
 */
enum maglev_outside {
	MAGLEV_OUTSIDE_UNKNOWN,
	MAGLEV_OUTSIDE_TARGET,
	MAGLEV_OUTSIDE_PASS,
};

/**
 * struct maglev_plane - who asks, and what he lets us use
 * @flows: targets and time
 * @tables: the flow tables; NULL: flows are not tracked
 * @budget: for reading other CPUs' tables; NULL: unlimited
 * @cpu: whose table is ours
 * @now_ms: CLOCK_MONOTONIC, milliseconds, as coarse as may be
 * @owned: new flows of the service are ours; otherwise only those tracked already
 * @dry: look, change nothing ("explain"); then all CPUs are looked at
 * @hash: of the packet, from maglev_decide_ahead() with the same @tables; 0: not yet known
 * @outside: asked about flows not tracked, but not for a packet that begins one; or NULL
 * @ctx: passed to @outside
 */
struct maglev_plane {
	struct maglev_flows flows;
	const struct maglev_flow_tables *tables;
	struct maglev_budget *budget;
	u32 cpu;
	u32 now_ms;
	bool owned;
	bool dry;
	u64 hash;
	enum maglev_outside (*outside)(void *ctx, const struct maglev_packet *packet,
				       struct maglev_target **target);
	void *ctx;
};

/**
 * enum maglev_source - where a decision comes from
 * @MAGLEV_SOURCE_NONE: there was none to take
 * @MAGLEV_SOURCE_FLOW: the flow's word in this CPU's table
 * @MAGLEV_SOURCE_ADOPTED: its word in another CPU's table, or in an old one
 * @MAGLEV_SOURCE_OUTSIDE: the plane knew (a connection of IPVS)
 * @MAGLEV_SOURCE_TABLE: the live table's answer
 * @MAGLEV_SOURCE_WALK: the answer of a slot drawn, as the live table's could not take it
 * @MAGLEV_SOURCE_FIRST: the first backend that can take it, as no slot drawn could
 */
enum maglev_source {
	MAGLEV_SOURCE_NONE,
	MAGLEV_SOURCE_FLOW,
	MAGLEV_SOURCE_ADOPTED,
	MAGLEV_SOURCE_OUTSIDE,
	MAGLEV_SOURCE_TABLE,
	MAGLEV_SOURCE_WALK,
	MAGLEV_SOURCE_FIRST,
};

/**
 * struct maglev_decision - the answer
 * @target: who gets the packet, if verdict is MAGLEV_FORWARD; its tunnel is the way
 * @hash: the flow's, under the flow tables' key (the view's where nothing is tracked)
 * @word: the flow's, as found; 0 if it was not tracked
 * @evicted: the word of another flow that had to go, or 0
 * @slot: the flow's; 0 where a word said all and it would have taken a hash of its own
 * @verdict: enum maglev_verdict
 * @reason: enum maglev_reason, why not MAGLEV_FORWARD
 * @source: enum maglev_source
 * @track: enum maglev_track, what was written
 * @cpu: where @word is
 * @foreign_lines: of other CPUs' tables, read
 * @old: @word is in an old table
 */
struct maglev_decision {
	struct maglev_target *target;
	u64 hash;
	u64 word;
	u64 evicted;
	u32 slot;
	u8 verdict;
	u8 reason;
	u8 source;
	u8 track;
	u32 cpu;
	u32 foreign_lines;
	bool old;
};

/**
 * maglev_stamp() - a moment, as the stamps of slots tell it
 * @now: seconds
 *
 * Return: units of 4 seconds, never 0, which means "long ago". Wraps after 72 hours, before
 * which somebody must replace what is old by 0: maglev_stamp_recent() says what.
 */
static inline u16 maglev_stamp(u32 now)
{
	u16 stamp = now / 4;

	return stamp ? stamp : 1;
}

/**
 * maglev_stamp_recent() - may a flow live that is older than the slot's answer?
 * @stamp: of the slot
 * @longest: of the service, seconds
 * @now: seconds
 *
 * Return: false if every flow that began before the change has expired: the longest timeout,
 * two units of its clock, and a sweep ago.
 */
static inline bool maglev_stamp_recent(u16 stamp, u32 longest, u32 now)
{
	/* The one more: of a stamp written since @now was read. */
	return stamp && (u16)(maglev_stamp(now) - stamp + 1) <= (longest + 2 * 32 + 16) / 4 + 1;
}

/**
 * maglev_select() - whom a new flow of a slot goes to
 * @view: the service; with at least one backend
 * @slot: of the flow
 * @can_take: may this target take it?
 * @ctx: passed to @can_take
 * @source: MAGLEV_SOURCE_TABLE, _WALK, _FIRST or _NONE, written
 *
 * The live table's answer; if that backend cannot take the flow (edited a moment ago,
 * overloaded), the answer the next table would give. Packet path: bounded by
 * MAGLEV_DRAWS, nearly always; by the number of backends when hardly any can take a flow.
 *
 * Return: its place; MAGLEV_EMPTY if nobody can.
 */
u16 maglev_select(const struct maglev_view *view, u32 slot,
		  bool (*can_take)(const void *ctx, u16 place), const void *ctx,
		  enum maglev_source *source);

/**
 * maglev_decide_ahead() - begin to fetch what a decision is going to read
 * @packet: as parsed, with a tuple
 * @tables: the flow tables, or NULL
 * @cpu: whose table is ours
 *
 * For planes that have something else to do before they ask: look for the service, or parse
 * the rest of a burst.
 *
 * Return: for @hash of struct maglev_plane; 0 without @tables.
 */
u64 maglev_decide_ahead(const struct maglev_packet *packet, const struct maglev_flow_tables *tables,
			u32 cpu);

/**
 * maglev_decide() - where does this packet go, and why?
 * @decision: the answer, written whole
 * @packet: as parsed; of kind MAGLEV_KIND_FLOW, or one that quotes a flow, which then is
 *	    looked up and left as it is
 * @view: of the service that the tuple's destination names
 * @plane: who asks
 *
 * Packet path: no allocation, no lock. A tracked flow costs the two lines of its word and its
 * target's; if neither state nor time changes, nothing is written. The caller sees to it
 * that targets and tables stay (RCU) and that nobody else inserts into this CPU's table.
 *
 * Return: @decision->verdict.
 */
enum maglev_verdict maglev_decide(struct maglev_decision *decision,
				  const struct maglev_packet *packet,
				  const struct maglev_view *view, const struct maglev_plane *plane);

#endif
