// SPDX-License-Identifier: GPL-2.0-only
/* A worker's turn: its queues, the kernel's side of its ports, what others have handed to it. */
#include "worker.h"

#include "burst.h"
#include "fragments.h"

#include <linux/ip_vs_maglev.h>

#include <rte_cycles.h>
#include <rte_ring.h>

#include <errno.h>
#include <time.h>
#include <unistd.h>

enum {
	SEND_TRIES = 4,
	EMPTY_TURNS = 1024, /* before a worker may sleep */
};

/* Buffers of one queue or, where workers have to share them, of one after the other. */
static inline u16 send_to(u16 port, u16 n_queues, rte_spinlock_t *lock, u32 worker,
			  struct rte_mbuf **mbuf, u16 n)
{
	bool shared = n_queues < data_workers();
	u16 queue = shared ? worker % n_queues : worker, sent = 0;
	u32 i;

	if (shared)
		rte_spinlock_lock(&lock[queue]);
	for (i = 0; i < SEND_TRIES && sent < n; i++)
		sent += rte_eth_tx_burst(port, queue, mbuf + sent, n - sent);
	if (shared)
		rte_spinlock_unlock(&lock[queue]);
	return sent;
}

/* Bytes, and what is counted of a backend, stay. */
static void count_lost(struct worker *worker, u32 forwarded, u32 sent)
{
	u32 lost = __builtin_popcount(forwarded >> sent);

	worker->counters->reason[MAGLEV_REASON_NOT_SENT] += lost;
	worker->counters->counter[MAGLEV_A_COUNTERS_FORWARDED] -= lost;
}

static void flush(struct worker *worker, struct output *output)
{
	struct port *port = output->port;
	u16 sent;

	sent = send_to(port->id, port->n_tx, port->lock, worker->id, output->mbuf, output->n);
	if (unlikely(sent < output->n)) {
		count_lost(worker, output->forwarded, sent);
		rte_pktmbuf_free_bulk(output->mbuf + sent, output->n - sent);
	}
	output->n = 0;
	output->forwarded = 0;
}

static void flush_kernel(struct worker *worker, struct output *output)
{
	struct port *port = output->port;
	u16 sent = 0;

	if (port->kernel != PORT_NONE)
		sent = send_to(port->kernel, port->n_kernel, port->kernel_lock, worker->id,
			       output->kernel, output->n_kernel);
	rte_pktmbuf_free_bulk(output->kernel + sent, output->n_kernel - sent);
	output->n_kernel = 0;
}

void worker_send(struct worker *worker, u16 port, struct rte_mbuf *mbuf)
{
	struct output *output = worker->output_at[port];

	output->mbuf[output->n++] = mbuf;
	if (output->n == BURST)
		flush(worker, output);
}

void worker_forward(struct worker *worker, u16 port, struct rte_mbuf *mbuf)
{
	struct output *output = worker->output_at[port];

	output->forwarded |= 1U << output->n;
	output->mbuf[output->n++] = mbuf;
	if (output->n == BURST)
		flush(worker, output);
}

void worker_to_kernel(struct worker *worker, u16 port, struct rte_mbuf *mbuf)
{
	struct output *output = worker->output_at[port];

	worker->others++;
	output->kernel[output->n_kernel++] = mbuf;
	if (output->n_kernel == BURST)
		flush_kernel(worker, output);
}

/* A full burst means that there is more; how much more not every card can tell. */
static inline enum spill_level find_level(u32 worker, struct output *output, u32 n)
{
	const struct port *port = output->port;
	int waiting;

	if (likely(n < BURST)) {
		output->full = 0;
		return SPILL_NONE;
	}
	if (likely(++output->full <= SPILL_FULL_TURNS) || data_workers() == 1)
		return SPILL_NONE;
	waiting = port->counts ? rte_eth_rx_queue_count(port->id, worker) : -ENOTSUP;
	if (waiting < 0)
		return SPILL_HAND;
	if (waiting < port->n_descriptors / 2)
		return SPILL_NONE;
	return waiting < port->n_descriptors / 8 * 7 ? SPILL_HAND : SPILL_DROP;
}

static inline u32 receive(struct worker *worker, const struct generation *generation,
			  struct output *output)
{
	const struct port *port = output->port;
	struct rte_mbuf *mbuf[BURST];
	u32 i, n;

	if (worker->id >= port->n_rx)
		return 0;
	n = rte_eth_rx_burst(port->id, worker->id, mbuf, BURST);
	if (!n)
		return 0;
	for (i = 0; i < n; i++)
		mbuf[i]->port = port->id;
	burst_run(worker, generation, mbuf, n, find_level(worker->id, output, n));
	return n;
}

/* What the kernel sends leaves as it is. */
static inline u32 receive_kernel(struct worker *worker, struct port *port)
{
	struct rte_mbuf *mbuf[BURST];
	u32 i, n;

	if (port->kernel == PORT_NONE || worker->id >= port->n_kernel)
		return 0;
	n = rte_eth_rx_burst(port->kernel, worker->id, mbuf, BURST);
	for (i = 0; i < n; i++)
		worker_send(worker, port->id, mbuf[i]);
	return n;
}

static inline u32 receive_handed(struct worker *worker, const struct generation *generation)
{
	struct rte_mbuf *mbuf[BURST];
	u32 n;

	if (rte_ring_empty(worker->spill.ring))
		return 0;
	n = rte_ring_sc_dequeue_burst(worker->spill.ring, (void **)mbuf, BURST, NULL);
	burst_run(worker, generation, mbuf, n, SPILL_NONE);
	return n;
}

/* As coarse as the kernel's tick, which costs next to nothing. */
static inline void read_clock(struct worker *worker)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	worker->now = now.tv_sec;
	worker->now_ms = now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void rest(struct worker *worker, u32 received)
{
	if (likely(received))
		worker->empty = 0;
	else if (worker->idle_us && ++worker->empty > EMPTY_TURNS)
		usleep(worker->idle_us);
	else
		rte_pause();
}

u32 worker_turn(struct worker *worker, const struct generation *generation)
{
	u32 i, n, received = 0;

	read_clock(worker);
	for (i = 0; i < worker->n_outputs; i++) {
		n = receive(worker, generation, &worker->output[i]);
		received += n;
	}
	if (unlikely(worker->n_held))
		fragments_turn(worker, generation);
	/* Others come after one's own, see spill.h. */
	if (received < BURST)
		received += receive_handed(worker, generation);
	for (i = 0; i < worker->n_outputs; i++) {
		received += receive_kernel(worker, worker->output[i].port);
		if (worker->output[i].n_kernel)
			flush_kernel(worker, &worker->output[i]);
		if (worker->output[i].n)
			flush(worker, &worker->output[i]);
	}
	rest(worker, received);
	return received;
}

void worker_init(struct worker *worker)
{
	u32 i;

	worker->n_outputs = ports_count();
	for (i = 0; i < worker->n_outputs; i++) {
		worker->output[i].port = ports_at(i);
		worker->output[i].checksums = ports_at(i)->checksums;
		worker->output_at[ports_at(i)->id] = &worker->output[i];
	}
}
