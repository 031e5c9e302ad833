/* SPDX-License-Identifier: GPL-2.0-only */
/* How many slots of a service's tables each backend has: counted when somebody asks, and kept. */
#ifndef MAGLEV_KMOD_SLOTS_H
#define MAGLEV_KMOD_SLOTS_H

#include <maglev/env.h>

struct maglev_service;

/**
 * struct maglev_slots - the slots of one generation's backends
 * @generation: its number; 0: there are no tables
 * @n: places
 * @count: by place, in the base table and in the live table
 */
struct maglev_slots {
	u64 generation;
	u32 n;
	struct {
		u32 base;
		u32 live;
	} count[];
};

/**
 * maglev_slots_count() - the slots of what packets see now
 * @service: the service; the namespace's lock held
 *
 * A list of backends asks for every message of it; tables are walked once for each generation.
 *
 * Return: the counts, until they are asked for again or the lock is let go; ERR_PTR(-ENOMEM).
 */
const struct maglev_slots *maglev_slots_count(struct maglev_service *service);

#endif
