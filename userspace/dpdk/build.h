/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables of a service, built aside. As kmod/publish.c: changes of states and shares rebuild the live
 * table only, and stamps go from tables to tables while slots mean the same.
 */
#ifndef MAGLEV_DPDK_BUILD_H
#define MAGLEV_DPDK_BUILD_H

#include "model.h"

/**
 * struct slots - an array that several tables share
 * @references: of these
 * @at: by slot
 */
struct slots {
	u32 references;
	u16 at[];
};

/**
 * struct built - tables of a service, and from what; not changed once they are published
 * @references: of the service, and of generations
 * @base: the base table
 * @live: the live table; @base where nothing is overlaid
 * @stamps: when slots' answers changed
 * @backends: by place
 * @index: of pairs, by place
 * @n: places
 * @size: slots
 * @mode: enum maglev_mode
 * @longest: of the timeouts, seconds
 * @key: the cluster key
 * @base_digest: of the base table
 * @live_digest: of the live table
 * @displaced: slots where these differ
 * @warnings: enum maglev_nl_warning, but for the key's
 * @number: of the service's tables
 * @counted: @base_slots and @live_slots are written
 * @base_slots: by place
 * @live_slots: by place
 */
struct built {
	u32 references;
	struct slots *base;
	struct slots *live;
	struct slots *stamps;
	struct maglev_backend *backends;
	u32 *index;
	u32 n;
	u32 size;
	u8 mode;
	u16 longest;
	struct maglev_key key;
	u64 base_digest;
	u64 live_digest;
	u32 displaced;
	u32 warnings;
	u64 number;
	bool counted;
	u32 *base_slots;
	u32 *live_slots;
};

/*
 * built_create: what the service's tables are to be now; its own, if these are right.
 *
 * Return: with a reference; NULL with errno set.
 */
struct built *built_create(const struct service *service);

void built_get(struct built *built);

/* @built may be NULL. */
void built_put(struct built *built);

/* Count slots by place, the first time somebody asks. */
void built_count(struct built *built);

/* Take @built, with its reference, as the service's: slots whose answer changes are stamped. */
void built_take(struct service *service, struct built *built);

/* Stamps that are old, before their clock comes round. */
void built_age(struct built *built);

u16 timeouts_longest(const struct maglev_timeouts *timeouts);

#endif
