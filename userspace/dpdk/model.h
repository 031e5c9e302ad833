/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What there is: services, their backends and what is laid over these, settings. The control
 * thread's alone; workers see what publish.c makes of it.
 */
#ifndef MAGLEV_DPDK_MODEL_H
#define MAGLEV_DPDK_MODEL_H

#include "grace.h"
#include "hop.h"

#include <maglev.h>
#include <prefix.h>
#include <service_key.h>

struct built;
struct ev_loop;
struct publication;
struct sweep;

/**
 * struct plan - what is configured of a backend
 * @addr: as in struct maglev_backend
 * @port: network order
 * @tunnel: enum maglev_tunnel_type
 * @checksum: of GRE
 * @admin: enum maglev_state
 * @health: enum maglev_state
 * @share: percent
 * @weight: 0: drained
 * @last_weight: the last one that was not 0
 * @nominal: instead of these two; 0: none
 * @deadline_ms: of its drain, CLOCK_MONOTONIC; 0: none
 */
struct plan {
	u8 addr[MAGLEV_IPV6_BYTES];
	__be16 port;
	u8 tunnel;
	bool checksum;
	u8 admin;
	u8 health;
	u8 share;
	u32 weight;
	u32 last_weight;
	u32 nominal;
	u64 deadline_ms;
};

/**
 * struct pair - a backend of a service
 * @plan: what is configured
 * @service: NULL once it is retired
 * @index: what flows are tracked by
 * @place: in @service's tables, or MAGLEV_EMPTY
 * @state: enum maglev_state, the effective one
 * @draining: not up, and followed
 * @drained: its last flow has left meanwhile
 * @told: so has the event
 * @graced: a retired one's grace period is over
 * @flows: as the last sweep saw them
 * @since: sweeps done when that began, or when a grace period had passed
 * @grace: a retired one's
 * @next_retired: of the model's
 * @began: what workers had counted of its index before
 */
struct pair {
	struct plan plan;
	struct service *service;
	u32 index;
	u16 place;
	u8 state;
	bool draining;
	bool drained;
	bool told;
	bool graced;
	u32 flows;
	u64 since;
	struct grace grace;
	struct pair *next_retired;
	struct pair_counters began;
};

/**
 * struct service - a service
 * @next: by id
 * @key: its name
 * @id: never used again
 * @size: slots
 * @mode: enum maglev_mode
 * @timeouts: seconds
 * @fragments: they follow the first of them
 * @pairs: in canonical order
 * @n_pairs: how many
 * @built: its tables; NULL: none yet
 * @number: of them
 * @build_us: the last build took
 * @error: -errno of the last build
 * @dirty: it is to be built
 * @gone: what was counted of backends that are gone
 */
struct service {
	struct service *next;
	struct maglev_service_key key;
	u32 id;
	u32 size;
	u8 mode;
	struct maglev_timeouts timeouts;
	bool fragments;
	struct pair **pairs;
	u32 n_pairs;
	struct built *built;
	u64 number;
	u32 build_us;
	int error;
	bool dirty;
	struct pair_counters gone;
};

/**
 * struct model - all of it
 * @loop: of the control thread
 * @key: the cluster key
 * @table_size: of new services
 * @flows: to be tracked, by all workers
 * @source: outer sources, of IPv4 and of IPv6
 * @rebuild_delay_ms: from a change to the build
 * @services: by id
 * @n_services: how many
 * @next_id: of a service
 * @changes: how often a service or a backend came or went
 * @pairs: by index
 * @n_pairs: entries of @pairs
 * @retired: pairs whose index is not free yet
 * @current: what workers see
 * @tables: flow tables; NULL: none
 * @sweep: of these
 * @sweeps_done: full ones
 * @alive: flows, as the last one saw them
 * @old_alive: those in old tables
 * @old_since: sweeps done when these became old
 * @old_until: seconds; they are gone then
 * @published: tables
 * @build_errors: builds that failed
 * @sequence: of the last event
 * @graces: what is to be freed
 * @hops: next hops
 * @event: sends an event to who listens
 */
struct model {
	struct ev_loop *loop;
	struct maglev_key key;
	u32 table_size;
	u32 flows;
	struct maglev_prefix source[2];
	u32 rebuild_delay_ms;
	struct service *services;
	u32 n_services;
	u32 next_id;
	u32 changes;
	struct pair **pairs;
	u32 n_pairs;
	struct pair *retired;
	struct publication *current;
	struct maglev_flow_tables *tables;
	struct sweep *sweep;
	u64 sweeps_done;
	u64 alive;
	u64 old_alive;
	u64 old_since;
	u64 old_until;
	u64 published;
	u64 build_errors;
	u32 sequence;
	struct graces graces;
	struct hops *hops;
	void (*event)(u8 command, struct maglev_lib_message *message);
};

extern struct model model;

/* CLOCK_MONOTONIC. */
u64 model_now_ms(void);

struct service *model_find_service(const struct maglev_service_key *key);
struct service *model_find_id(u32 id);

/* Whose packets these are; NULL: nobody's. */
struct service *model_service_of(const struct maglev_tuple *tuple);

/* Return: the pair, or NULL. */
struct pair *model_find_pair(const struct service *service, const u8 *addr, __be16 port);

/* As memcmp(), in canonical order. */
int plan_compare(const struct plan *a, const struct plan *b);

/* What counts in the base table; 0: it is not in it. */
u32 plan_weight(const struct plan *plan);
u8 plan_state(const struct plan *plan);

/* Bytes of its address, which begins at *@at. */
u32 plan_addr(const struct plan *plan, const u8 **at);

/*
 * model_take_index: a free one, for a pair.
 *
 * Return: 0, -ENOMEM, or -ENOSPC.
 */
int model_take_index(struct pair *pair);
void model_give_index(struct pair *pair);

/* It is out of its service: its index is free again when no word can hold it any more. */
void model_retire(struct pair *pair);

/* Free the indexes of those that are retired and forgotten. */
void model_reap(void);

/* Has a full sweep been done that began after @since was sweeps_done? */
bool model_swept_since(u64 since);

/* What workers have counted of it. */
void model_count_pair(const struct pair *pair, struct pair_counters *sum);
void model_count_service(const struct service *service, struct pair_counters *sum);

u32 model_service_flows(const struct service *service);

/* Free all; workers are gone. */
void model_clear(void);

#endif
