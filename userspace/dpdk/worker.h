/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Workers: each on a core of its own, from receiving to sending, with queues, buffers, counters
 * and a flow table of its own.
 */
#ifndef MAGLEV_DPDK_WORKER_H
#define MAGLEV_DPDK_WORKER_H

#include "data.h"
#include "ports.h"
#include "spill.h"

#include <rte_mbuf.h>

enum {
	BURST = 32,
};

struct held;

/**
 * struct output - what a worker is about to send by a port
 * @port: the port
 * @n: buffers in @mbuf, those to the network
 * @checksums: the port fills in the checksum of an IPv4 header
 * @full: turns in sequence the port's queue of this worker was full
 * @forwarded: by place in @mbuf, a bit each: a service's packet, counted as forwarded
 * @n_kernel: buffers in @kernel, those to its kernel's side
 */
struct output {
	struct port *port;
	u16 n;
	u16 n_kernel;
	bool checksums;
	u32 full;
	u32 forwarded;
	struct rte_mbuf *mbuf[BURST];
	struct rte_mbuf *kernel[BURST];
};

/**
 * struct worker - all that a worker writes
 * @id: 0 .. data_workers() - 1; the number of its queues and its flow table
 * @now: CLOCK_MONOTONIC, seconds, as of this turn
 * @now_ms: likewise, milliseconds
 * @ident: of outer IPv4 headers that may be fragmented
 * @answers: ICMP messages it may still send
 * @answers_at: when it was last given some, milliseconds
 * @budget: for reading other workers' flow tables
 * @pool: of its buffers
 * @counters: its own
 * @spill: what it hands to others and gets from them
 * @n_held: fragments in @held
 * @held: that wait for the first of their datagram
 * @others: packets that are no service's, by now
 * @empty: turns without a packet, since the last one
 * @idle_us: see struct options
 * @n_outputs: ports
 * @output_at: by DPDK's number of the port; NULL: not a port to the network
 * @output: as ports_at()
 */
struct worker {
	_Alignas(LINE_BYTES) u32 id;
	u32 now;
	u32 now_ms;
	u32 ident;
	u32 answers;
	u32 answers_at;
	struct maglev_budget budget;
	struct rte_mempool *pool;
	struct counters *counters;
	struct spill spill;
	u32 n_held;
	struct held *held;
	u64 others;
	u32 empty;
	u32 idle_us;
	u32 n_outputs;
	struct output *output_at[RTE_MAX_ETHPORTS];
	struct output output[PORTS_MAX];
};

/**
 * worker_init() - make a worker ready; ports are open
 * @worker: zeroed, but for @id, @counters and @idle_us
 */
void worker_init(struct worker *worker);

/**
 * worker_turn() - receive once from each of a worker's queues, and send what comes of it
 * @worker: the worker
 * @generation: what packets see
 *
 * Return: packets received.
 */
u32 worker_turn(struct worker *worker, const struct generation *generation);

/**
 * worker_send() - give a packet to a port to the network
 * @worker: the worker
 * @port: DPDK's number of the port
 * @mbuf: the packet, its own
 *
 * Sent when there is a burst of them, or at the end of the turn.
 */
void worker_send(struct worker *worker, u16 port, struct rte_mbuf *mbuf);

/* The same for a service's packet; if it cannot be sent, it has not been forwarded after all. */
void worker_forward(struct worker *worker, u16 port, struct rte_mbuf *mbuf);

/**
 * worker_to_kernel() - a packet is no service's
 * @worker: the worker
 * @port: DPDK's number of the port it came by
 * @mbuf: the packet, as it came
 */
void worker_to_kernel(struct worker *worker, u16 port, struct rte_mbuf *mbuf);

static inline void worker_count_reason(struct worker *worker, enum maglev_reason reason)
{
	worker->counters->reason[reason]++;
}

#endif
