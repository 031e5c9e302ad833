/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters: IPVS's own, so that ipvsadm is right, and ours. Per CPU; summed when read. */
#ifndef MAGLEV_KMOD_STATS_H
#define MAGLEV_KMOD_STATS_H

#include <maglev/decide.h>

#include <linux/percpu.h>
#include <linux/types.h>

struct ip_vs_service;
struct maglev_net;
struct maglev_pair;
struct sk_buff;

/**
 * enum maglev_counter - what is counted beside reasons
 * @MAGLEV_COUNT_PACKETS: forwarded; a super-packet is one, as in IPVS
 * @MAGLEV_COUNT_SEGMENTS: forwarded, as on the wire
 * @MAGLEV_COUNT_BYTES: forwarded, from the inner IP header on, as in IPVS
 * @MAGLEV_COUNT_NEW: flows put into a table
 * @MAGLEV_COUNT_ADOPTED: flows moved here from another CPU's or an old table
 * @MAGLEV_COUNT_EVICTED: closing, reset and half-open flows that gave way to another
 * @MAGLEV_COUNT_FULL: packets forwarded untracked: established flows all around
 * @MAGLEV_COUNT_BUSY: packets forwarded untracked: other CPUs were looked at too often
 * @MAGLEV_COUNT_OUTSIDE: flows taken over from IPVS's connections
 * @MAGLEV_COUNT_FOREIGN: lines of other CPUs' tables read
 * @MAGLEV_COUNT_ERRORS: ICMP errors forwarded to the backend of the flow they are about
 * @MAGLEV_COUNT_PROBES: probes sent
 * @MAGLEV_COUNT_GAP: packets of a service while IPVS changes its scheduler, not tracked
 * @MAGLEV_COUNT_EARLY: forwarded by the early hook
 * @MAGLEV_COUNTERS: how many there are
 */
enum maglev_counter {
	MAGLEV_COUNT_PACKETS,
	MAGLEV_COUNT_SEGMENTS,
	MAGLEV_COUNT_BYTES,
	MAGLEV_COUNT_NEW,
	MAGLEV_COUNT_ADOPTED,
	MAGLEV_COUNT_EVICTED,
	MAGLEV_COUNT_FULL,
	MAGLEV_COUNT_BUSY,
	MAGLEV_COUNT_OUTSIDE,
	MAGLEV_COUNT_FOREIGN,
	MAGLEV_COUNT_ERRORS,
	MAGLEV_COUNT_PROBES,
	MAGLEV_COUNT_GAP,
	MAGLEV_COUNT_EARLY,
	MAGLEV_COUNTERS,
};

/**
 * struct maglev_percpu - what packets of a namespace write, on their own CPU
 * @budget: for reading other CPUs' flow tables
 * @ident: of outer IPv4 headers that may be fragmented
 * @counter: by enum maglev_counter
 * @reason: by enum maglev_reason
 */
struct maglev_percpu {
	struct maglev_budget budget;
	u32 ident;
	u64 counter[MAGLEV_COUNTERS];
	u64 reason[MAGLEV_REASON_COUNT];
};

/**
 * enum maglev_pair_counter - what is counted of a backend
 * @MAGLEV_PAIR_PACKETS: as MAGLEV_COUNT_PACKETS
 * @MAGLEV_PAIR_SEGMENTS: as MAGLEV_COUNT_SEGMENTS
 * @MAGLEV_PAIR_BYTES: as MAGLEV_COUNT_BYTES
 * @MAGLEV_PAIR_NEW: flows begun
 * @MAGLEV_PAIR_ANSWERED: flows that went on after they had begun: somebody has answered
 * @MAGLEV_PAIR_RESET: flows reset by their clients
 * @MAGLEV_PAIR_UNREACHABLE: ICMP errors about packets to it, but for those about their size
 * @MAGLEV_PAIR_COUNTERS: how many there are; of a packet: it is none of these
 */
enum maglev_pair_counter {
	MAGLEV_PAIR_PACKETS = MAGLEV_COUNT_PACKETS,
	MAGLEV_PAIR_SEGMENTS = MAGLEV_COUNT_SEGMENTS,
	MAGLEV_PAIR_BYTES = MAGLEV_COUNT_BYTES,
	MAGLEV_PAIR_NEW,
	MAGLEV_PAIR_ANSWERED,
	MAGLEV_PAIR_RESET,
	MAGLEV_PAIR_UNREACHABLE,
	MAGLEV_PAIR_COUNTERS,
};

/**
 * struct maglev_pair_stats - what packets to a backend write, on their own CPU
 * @counter: by enum maglev_pair_counter; less than a line
 */
struct maglev_pair_stats {
	u64 counter[MAGLEV_PAIR_COUNTERS];
};

/**
 * struct maglev_load - what of a packet is counted
 * @segments: on the wire
 * @bytes: from the IP header on
 */
struct maglev_load {
	u32 segments;
	u32 bytes;
};

/**
 * maglev_count() - count
 * @mnet: the namespace
 * @counter: what
 * @n: how many
 *
 * BH off; this CPU's.
 */
void maglev_count(const struct maglev_net *mnet, enum maglev_counter counter, u64 n);

/**
 * maglev_count_reason() - a packet was not forwarded
 * @mnet: the namespace
 * @reason: why
 *
 * Packet path, BH off.
 */
void maglev_count_reason(const struct maglev_net *mnet, enum maglev_reason reason);

/**
 * maglev_count_forwarded() - a packet goes to a backend
 * @mnet: the namespace
 * @pair: the backend
 * @load: of the packet
 * @event: what it is to its flow: MAGLEV_PAIR_NEW, _ANSWERED or _RESET, or MAGLEV_PAIR_COUNTERS
 * @svc: IPVS's service, counted into; NULL: its service is not ours any more
 *
 * Packet path, BH off, RCU held. Writes this CPU's counters of IPVS's destination, service
 * and total, and ours.
 */
void maglev_count_forwarded(const struct maglev_net *mnet, struct maglev_pair *pair,
			    const struct maglev_load *load, enum maglev_pair_counter event,
			    struct ip_vs_service *svc);

/**
 * maglev_count_unreachable() - an ICMP error about a packet to a backend
 * @pair: the backend
 *
 * Packet path, BH off.
 */
void maglev_count_unreachable(const struct maglev_pair *pair);

/**
 * maglev_count_track() - count what became of a flow's word
 * @mnet: the namespace
 * @decision: the decision
 *
 * Packet path, BH off.
 */
void maglev_count_track(const struct maglev_net *mnet, const struct maglev_decision *decision);

/**
 * maglev_stats_sum() - a namespace's counters over all CPUs
 * @mnet: the namespace
 * @sum: written; budget and ident mean nothing
 */
void maglev_stats_sum(const struct maglev_net *mnet, struct maglev_percpu *sum);

/**
 * maglev_pair_stats_sum() - a backend's counters over all CPUs
 * @pair: the backend
 * @sum: written
 */
void maglev_pair_stats_sum(const struct maglev_pair *pair, struct maglev_pair_stats *sum);

#endif
