// SPDX-License-Identifier: GPL-2.0-only
/*
 * dpdk_reload [EAL OPTION]...: two workers run, as the program's do, while the generation they
 * see is replaced, and the one before destroyed as soon as control may; and one of them stalls. TAP on
 * stdout.
 *
 * Generations differ in all that a frame shows: link and outer source, tunnel, backends. A frame with
 * something of two of them is mixed. Frames are given only where a ring has room, so none may be lost.
 */
#include "fixed.h"

#include <workers.h>

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ip.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_tcp.h>

enum {
	QUEUES = 2,
	RING_RX = 256,
	RING_TX = 4096,
	BACKENDS = 10,
	SLOTS = 251,
	FLOWS = 5000,
	RELOADS = 300,
	FRAME = 60,
	OUTER = 14 + 24,
	PATIENCE = 60, /* seconds */
	STALLED = 1, /* this worker */
};

static struct rte_ring *rx[QUEUES], *tx[QUEUES];
static struct rte_mempool *pool;
static const struct maglev_flow_tables *tables;
static struct fixed *current;
static pthread_t thread[QUEUES];
static volatile sig_atomic_t stall, stalled;
static u64 given[QUEUES], taken[QUEUES], mixed, seen[2];
static int n_tests, n_failed;

static void check(const char *what, bool holds)
{
	n_failed += !holds;
	printf("%s %d %s\n", holds ? "ok" : "not ok", ++n_tests, what);
}

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static void make_frame(struct rte_mbuf *mbuf, u64 flow)
{
	struct rte_ether_hdr *ether = rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *);
	struct rte_ipv4_hdr *ip = (void *)(ether + 1);
	struct rte_tcp_hdr *tcp = (void *)(ip + 1);

	mbuf->data_len = mbuf->pkt_len = FRAME;
	memset(ether, 0, FRAME);
	ether->dst_addr.addr_bytes[0] = ether->src_addr.addr_bytes[0] = 2;
	ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	*ip = (struct rte_ipv4_hdr){ .version_ihl = RTE_IPV4_VHL_DEF,
				     .total_length = rte_cpu_to_be_16(40),
				     .time_to_live = 64,
				     .next_proto_id = IPPROTO_TCP,
				     .src_addr = rte_cpu_to_be_32(0x40000000 | flow),
				     .dst_addr = RTE_BE32(0xc000020a) };
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	tcp->src_port = 1;
	tcp->dst_port = rte_cpu_to_be_16(80);
	tcp->data_off = 5 << 4;
	tcp->tcp_flags = 16;
}

/* All of a frame is of generation A, or all of B: where it comes from and how it is wrapped. */
static void look_at(const struct rte_mbuf *mbuf)
{
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *);
	const struct rte_ipv4_hdr *ip = (const void *)(ether + 1);
	u32 which = ether->dst_addr.addr_bytes[5];
	u32 len = which ? OUTER + 40 : OUTER - 4 + 40;

	if (which > 1 || ether->src_addr.addr_bytes[4] != which || mbuf->pkt_len != len ||
	    ip->next_proto_id != (which ? IPPROTO_GRE : IPPROTO_IPIP) ||
	    rte_be_to_cpu_32(ip->src_addr) != 0x0a090000 + which ||
	    rte_be_to_cpu_32(ip->dst_addr) >> 16 != 0x0a01 + which || rte_ipv4_cksum(ip)) {
		mixed++;
		return;
	}
	seen[which]++;
}

static void give(u32 queue)
{
	struct rte_mbuf *mbuf[BURST];
	u32 i, n = RTE_MIN(rte_ring_free_count(rx[queue]), (u32)BURST);

	if (!n || rte_pktmbuf_alloc_bulk(pool, mbuf, n))
		return;
	for (i = 0; i < n; i++)
		make_frame(mbuf[i], (given[queue] + i) % FLOWS * QUEUES + queue);
	rte_ring_enqueue_bulk(rx[queue], (void **)mbuf, n, NULL);
	given[queue] += n;
}

static void take(u32 queue)
{
	struct rte_mbuf *mbuf[BURST];
	u32 i, n = rte_ring_dequeue_burst(tx[queue], (void **)mbuf, BURST, NULL);

	for (i = 0; i < n; i++)
		look_at(mbuf[i]);
	rte_pktmbuf_free_bulk(mbuf, n);
	taken[queue] += n;
}

static void exchange(void)
{
	u32 i;

	for (i = 0; i < QUEUES; i++) {
		give(i);
		take(i);
	}
}

static struct fixed *make_generation(u32 which)
{
	char text[64 * (BACKENDS + 8)];
	struct fixed *fixed;
	int at, i;
	FILE *file;

	at = snprintf(text, sizeof(text),
		      "flows %u\nlink 02:00:00:00:00:%02x 02:00:00:00:%02x:00 0 1500\n"
		      "service tcp 192.0.2.10 80\n",
		      tables ? 0 : 4 * FLOWS, which, which);
	for (i = 0; i < BACKENDS; i++)
		at += snprintf(text + at, sizeof(text) - at, "backend 10.%u.0.%d %s 10.9.0.%u\n",
			       1 + which, i + 1, which ? "gre" : "ipip", which);
	file = fmemopen(text, at, "r");
	fixed = fixed_read(file, 0, SLOTS);
	fclose(file);
	if (!fixed)
		exit(EXIT_FAILURE);
	if (!tables)
		tables = fixed->generation.tables;
	fixed->generation.tables = tables;
	return fixed;
}

/* Return: whether control may free the one before, in time. */
static bool publish(u32 which)
{
	struct fixed *before = current;
	time_t end = now() + PATIENCE;
	u64 moment, at;
	u32 i;

	current = make_generation(which);
	/* So that workers are in the midst of it. */
	for (i = 0; before && i < QUEUES; i++)
		for (at = taken[i]; taken[i] < at + RING_RX;)
			exchange();
	data_publish(&current->generation);
	moment = data_moment();
	while (before && !data_is_past(moment)) {
		exchange();
		if (now() > end)
			return false;
	}
	if (before)
		fixed_free(before);
	return true;
}

/* Return: whether all that was given to queues is back in time. */
static bool drain(u32 first, u32 last)
{
	time_t end = now() + PATIENCE;
	bool all = false;
	u32 i;

	while (!all && now() <= end)
		for (i = first, all = true; i <= last; i++) {
			take(i);
			all &= taken[i] == given[i];
		}
	return all;
}

static void test_reload(void)
{
	bool in_time = true;
	u32 i, j;

	for (i = 0; i < RELOADS && in_time; i++) {
		in_time = publish(i % 2);
		for (j = 0; j < 20; j++)
			exchange();
	}
	check("each generation is freed when workers are past it", in_time);
	check("under traffic, which all comes out", drain(0, QUEUES - 1));
	check("by one generation or by the other", !mixed && seen[0] && seen[1]);
	printf("# %d generations, %" PRIu64 " packets: %" PRIu64 " and %" PRIu64 "\n", RELOADS,
	       (uint64_t)(given[0] + given[1]), (uint64_t)seen[0], (uint64_t)seen[1]);
}

static void hold(int number)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	(void)number;
	stalled = 1;
	while (stall)
		nanosleep(&moment, NULL);
	stalled = 0;
}

static void test_stall(void)
{
	struct fixed *before = current;
	u64 moment, others;
	u32 i;

	stall = 1;
	pthread_kill(thread[STALLED], SIGUSR1);
	while (!stalled)
		exchange();
	current = make_generation(0);
	data_publish(&current->generation);
	moment = data_moment();
	others = taken[!STALLED];
	while (taken[!STALLED] < others + 100000)
		exchange();
	check("while a worker stands still, others go on", true);
	check("what it may be reading is not freed", !data_is_past(moment));
	check("nothing of the others' is lost", drain(!STALLED, !STALLED));
	stall = 0;
	while (!data_is_past(moment))
		exchange();
	fixed_free(before);
	check("when it goes on, its packets come out", drain(0, QUEUES - 1));
	check("by one generation or by the other", !mixed);
	for (i = 1, others = 0; i < MAGLEV_REASON_COUNT; i++)
		others += data_counters(0)->reason[i] + data_counters(1)->reason[i];
	check("no packet was dropped for any reason", !others);
}

static int note_thread(void *arg)
{
	*(pthread_t *)arg = pthread_self();
	return 0;
}

static bool open_all(void)
{
	struct options options = { .kernel = KERNEL_NONE,
				   .mbufs = 1024,
				   .mbuf_bytes = 256,
				   .descriptors = RING_RX,
				   .idle_us = 50 };
	char name[RTE_RING_NAMESIZE];
	unsigned int lcore;
	u32 i;

	for (i = 0; i < QUEUES; i++) {
		snprintf(name, sizeof(name), "in %u", i);
		rx[i] = rte_ring_create(name, RING_RX, SOCKET_ID_ANY,
					RING_F_SP_ENQ | RING_F_SC_DEQ);
		snprintf(name, sizeof(name), "out %u", i);
		tx[i] = rte_ring_create(name, RING_TX, SOCKET_ID_ANY,
					RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (!rx[i] || !tx[i])
			return false;
	}
	pool = rte_pktmbuf_pool_create("frames", 4095, 0, 0, RTE_PKTMBUF_HEADROOM + 256,
				       SOCKET_ID_ANY);
	if (!pool || rte_eth_from_rings("reload", rx, QUEUES, tx, QUEUES, 0) < 0 ||
	    workers_open(&options) || data_workers() != QUEUES ||
	    ports_open(&options, data_workers()))
		return false;
	i = 0;
	RTE_LCORE_FOREACH_WORKER(lcore)
	rte_eal_remote_launch(note_thread, &thread[i++], lcore);
	rte_eal_mp_wait_lcore();
	return true;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = hold };

	if (rte_eal_init(argc, argv) < 0 || !open_all()) {
		fprintf(stderr, "dpdk_reload: not started\n");
		return EXIT_FAILURE;
	}
	sigaction(SIGUSR1, &action, NULL);
	alarm(5 * PATIENCE); /* for a worker that does nothing more */
	publish(1);
	workers_start();
	test_reload();
	test_stall();
	workers_stop();
	printf("1..%d\n", n_tests);
	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
