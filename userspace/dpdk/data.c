// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workers and what they share: the generation, which they take once a turn, and the word that they
 * are past it (rte_rcu_qsbr). All is made before they start.
 */
#include "data.h"

#include "fragments.h"
#include "workers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_rcu_qsbr.h>

enum {
	POOL_CACHE = 256,
	HUGE_BYTES = 2 << 20,
	POLICY_PREFERRED = 1, /* MPOL_PREFERRED */
};

static struct worker *workers[WORKERS_MAX];
static u32 n_workers;
static u32 lcores[WORKERS_MAX];
static struct rte_rcu_qsbr *qsbr;
static const struct generation *current;
static bool stopping;

u32 data_workers(void)
{
	return n_workers;
}

struct worker *workers_at(u32 worker)
{
	return workers[worker];
}

const struct counters *data_counters(u32 worker)
{
	return workers[worker]->counters;
}

/* Pairs with the load in run(). */
void data_publish(const struct generation *generation)
{
	__atomic_store_n(&current, generation, __ATOMIC_RELEASE);
}

u64 data_moment(void)
{
	return rte_rcu_qsbr_start(qsbr);
}

bool data_is_past(u64 moment)
{
	return rte_rcu_qsbr_check(qsbr, moment, false) == 1;
}

static size_t round_up(size_t bytes, size_t unit)
{
	return (bytes + unit - 1) / unit * unit;
}

/* Where there are several nodes; if the kernel will not, memory comes from where it may. */
static void prefer_node(void *memory, size_t bytes, u32 worker)
{
	unsigned int socket = rte_lcore_to_socket_id(lcores[worker]);
	unsigned long mask = 1UL << socket;

	if (rte_socket_count() > 1 && socket < 8 * sizeof(mask))
		syscall(SYS_mbind, memory, bytes, POLICY_PREFERRED, &mask, 8 * sizeof(mask), 0);
}

/* Now, not by the first packet that comes to each page; madvise() does from Linux 5.14 on. */
static void populate(void *memory, size_t bytes)
{
	if (madvise(memory, bytes, MADV_POPULATE_WRITE))
		memset(memory, 0, bytes);
}

/* Huge pages that are set aside, or such as the kernel makes. */
void *data_alloc(size_t bytes, u32 worker)
{
	size_t rounded = round_up(bytes, HUGE_BYTES);
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	u8 *memory = MAP_FAILED, *aligned;

	if (bytes >= HUGE_BYTES)
		memory = mmap(NULL, rounded, PROT_READ | PROT_WRITE, flags | MAP_HUGETLB, -1, 0);
	if (memory != MAP_FAILED) {
		prefer_node(memory, rounded, worker);
		populate(memory, rounded);
		return memory;
	}
	memory = mmap(NULL, rounded + HUGE_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	aligned = (u8 *)round_up((size_t)memory, HUGE_BYTES);
	if (aligned > memory)
		munmap(memory, aligned - memory);
	munmap(aligned + rounded, memory + HUGE_BYTES - aligned);
	madvise(aligned, rounded, MADV_HUGEPAGE);
	prefer_node(aligned, rounded, worker);
	populate(aligned, rounded);
	return aligned;
}

void data_free(void *memory, size_t bytes)
{
	if (memory)
		munmap(memory, round_up(bytes, HUGE_BYTES));
}

static int open_counters(struct worker *worker)
{
	worker->counters = aligned_alloc(LINE_BYTES, sizeof(*worker->counters));
	if (!worker->counters)
		return -ENOMEM;
	memset(worker->counters, 0, sizeof(*worker->counters));
	worker->counters->pair =
		data_alloc(MAGLEV_PAIRS_MAX * sizeof(struct pair_counters), worker->id);
	return worker->counters->pair ? 0 : -ENOMEM;
}

static int open_pool(struct worker *worker, const struct options *options)
{
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "buffers %u", worker->id);
	worker->pool = rte_pktmbuf_pool_create(name, options->mbufs, POOL_CACHE, 0,
					       RTE_PKTMBUF_HEADROOM + options->mbuf_bytes,
					       rte_lcore_to_socket_id(lcores[worker->id]));
	if (worker->pool)
		return 0;
	fprintf(stderr, "maglev-dpdk: %u buffers of %u bytes for worker %u: %s\n", options->mbufs,
		options->mbuf_bytes, worker->id, rte_strerror(rte_errno));
	return -rte_errno;
}

static int open_worker(u32 id, const struct options *options)
{
	struct worker *worker = aligned_alloc(LINE_BYTES, sizeof(*worker));
	int err;

	workers[id] = worker;
	if (!worker)
		return -ENOMEM;
	memset(worker, 0, sizeof(*worker));
	worker->id = id;
	worker->idle_us = options->idle_us;
	worker->held = fragments_open();
	err = open_counters(worker);
	if (!err)
		err = spill_open(&worker->spill, id);
	return err ? err : open_pool(worker, options);
}

static int open_qsbr(void)
{
	size_t size = rte_rcu_qsbr_get_memsize(n_workers);
	u32 i;

	qsbr = aligned_alloc(LINE_BYTES, round_up(size, LINE_BYTES));
	if (!qsbr)
		return -ENOMEM;
	rte_rcu_qsbr_init(qsbr, n_workers);
	for (i = 0; i < n_workers; i++)
		rte_rcu_qsbr_thread_register(qsbr, i);
	return 0;
}

int workers_open(const struct options *options)
{
	unsigned int lcore;
	int err;
	u32 i;

	RTE_LCORE_FOREACH_WORKER(lcore)
	{
		if (n_workers == WORKERS_MAX)
			break;
		lcores[n_workers++] = lcore;
	}
	if (!n_workers) {
		fprintf(stderr, "maglev-dpdk: there is one core only, control's: at least two must "
				"be given, as in -l 0,1 or --lcores 0@0,1@0\n");
		return -EINVAL;
	}
	err = open_qsbr();
	for (i = 0; !err && i < n_workers; i++)
		err = open_worker(i, options);
	if (err)
		fprintf(stderr, "maglev-dpdk: workers: %s\n", strerror(-err));
	return err;
}

/* A worker's life. */
static int run(void *arg)
{
	struct worker *worker = arg;

	rte_rcu_qsbr_thread_online(qsbr, worker->id);
	while (!READ_ONCE(stopping)) {
		rte_rcu_qsbr_quiescent(qsbr, worker->id);
		worker_turn(worker, __atomic_load_n(&current, __ATOMIC_ACQUIRE));
	}
	rte_rcu_qsbr_thread_offline(qsbr, worker->id);
	return 0;
}

void workers_start(void)
{
	u32 i;

	for (i = 0; i < n_workers; i++) {
		worker_init(workers[i]);
		rte_eal_remote_launch(run, workers[i], lcores[i]);
	}
}

void workers_stop(void)
{
	WRITE_ONCE(stopping, true);
	rte_eal_mp_wait_lcore();
}

static void close_worker(struct worker *worker)
{
	if (!worker)
		return;
	while (worker->held && worker->n_held)
		rte_pktmbuf_free(worker->held[--worker->n_held].item.mbuf);
	free(worker->held);
	rte_mempool_free(worker->pool);
	rte_ring_free(worker->spill.ring);
	if (worker->counters)
		data_free(worker->counters->pair, MAGLEV_PAIRS_MAX * sizeof(struct pair_counters));
	free(worker->counters);
	free(worker);
}

void workers_close(void)
{
	u32 i;

	for (i = 0; i < n_workers; i++)
		close_worker(workers[i]);
	free(qsbr);
}
