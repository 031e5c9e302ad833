/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What control needs of the workers: to hand them a generation, to know when all of them are past
 * one, and what they have counted. Implemented on DPDK by data.c, and by a stand-in without
 * threads for tests of control.
 */
#ifndef MAGLEV_DPDK_DATA_H
#define MAGLEV_DPDK_DATA_H

#include "generation.h"

/**
 * struct pair_counters - what a worker has counted of a backend; a line of its own
 * @flows_new: flows begun
 * @packets: forwarded
 * @bytes: of these, without outer headers
 * @flows_answered: flows whose client went on
 * @flows_reset: flows that their clients have reset
 * @unreachable: ICMP errors about packets to it, but for those about their size
 */
struct pair_counters {
	_Alignas(LINE_BYTES) u64 flows_new;
	u64 packets;
	u64 bytes;
	u64 flows_answered;
	u64 flows_reset;
	u64 unreachable;
};

/**
 * struct counters - what a worker has counted since the program's start; written by it alone
 * @reason: by enum maglev_reason: packets not forwarded
 * @counter: by the number of the netlink attribute in set "counters", what is not a reason
 * @pair: by pair index: MAGLEV_PAIRS_MAX of them, touched where used. An index given to another
 *	  pair goes on counting: control subtracts what it began with
 */
struct counters {
	_Alignas(LINE_BYTES) u64 reason[MAGLEV_REASON_COUNT];
	u64 counter[32];
	struct pair_counters *pair;
};

/* Workers there are; fixed at the start. */
u32 data_workers(void);

/* Of worker 0 .. data_workers() - 1. */
const struct counters *data_counters(u32 worker);

/* The workers read this from their next burst on. */
void data_publish(const struct generation *generation);

/* A moment, and: has every worker begun a burst since then? */
u64 data_moment(void);
bool data_is_past(u64 moment);

/**
 * data_alloc() - zeroed memory for flow tables, in huge pages where there are some
 * @bytes: how many
 * @worker: near which worker
 *
 * Return: aligned to a page, or NULL.
 */
void *data_alloc(size_t bytes, u32 worker);
void data_free(void *memory, size_t bytes);

#endif
