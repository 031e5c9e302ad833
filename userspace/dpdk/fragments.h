/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fragments of packets to services (paper, 4.3). Ports are in the first one only, so where that went
 * is kept in a table of fixed size; those that come before it wait, for a while and not too many.
 * Cards give all fragments of a datagram to one queue, but not always that of the whole packets of
 * its flow: the table is one for all workers. Only for services that have asked for it.
 */
#ifndef MAGLEV_DPDK_FRAGMENTS_H
#define MAGLEV_DPDK_FRAGMENTS_H

#include "burst.h"

enum {
	FRAGMENTS_HELD = 256, /* by each worker */
	FRAGMENTS_HOLD_MS = 100,
};

/**
 * struct held - a fragment that waits for its first
 * @item: the fragment
 * @hash: of its datagram
 * @since_ms: when it came
 */
struct held {
	struct item item;
	u64 hash;
	u32 since_ms;
};

/**
 * fragments_take() - a fragment, the first of a datagram or a later one
 * @worker: who got it
 * @generation: what it sees
 * @item: the fragment
 *
 * Return: false if it is no service's: to the kernel; else its buffer is gone, or held.
 */
bool fragments_take(struct worker *worker, const struct generation *generation, struct item *item);

/**
 * fragments_turn() - let go of those that need not wait any more
 * @worker: who holds some
 * @generation: what they see
 */
void fragments_turn(struct worker *worker, const struct generation *generation);

/* Memory for what a worker holds, zeroed; NULL if there is none. */
struct held *fragments_open(void);

#endif
