// SPDX-License-Identifier: GPL-2.0-only
/*
 * dpdk_bench [EAL OPTION]... -- [-f FLOWS]... [-6] [-b BURST] [-r ROUNDS] [-n PACKETS] [-o ROW] [-w]: what a packet
 * costs a worker, in nanoseconds; -w: two workers at once beside each alone. The worker's own turn, on rings of memory for devices; beside it, on the
 * same rings in the same rounds, what testpmd calls io (receive and send) and macswap.
 *
 * As a card would, somebody writes the next packets into the buffers, while no time is taken: what is
 * measured finds them in a near cache. Which flow comes next no cache can foresee.
 */
#include <fixed.h>
#include <lookup.h>
#include <plain.h>
#include <siphash.h>
#include <workers.h>

#include <maglev/wire.h>

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eth_ring.h>
#include <rte_ip.h>
#include <rte_launch.h>
#include <rte_tcp.h>

enum {
	BATCH = 512, /* packets written, then measured */
	RING = 1024,
	FRAME = 60, /* and a checksum: the least there is */
	BACKENDS = 100,
	ROWS_MAX = 24,
	ROUNDS_MAX = 64,
	MBUFS = 4096,
	MBUF_BYTES = 256,
	WORKERS = 2,
};

struct row;
typedef void loop_fn(struct rte_ring *in, u32 n, u32 burst);

/* What is measured: with how many flows; 0: not tracked. */
struct row {
	char name[32];
	loop_fn *loop;
	u32 flows;
	bool begins; /* every packet a new flow */
	struct fixed *fixed;
	double ns[ROUNDS_MAX];
};

static __thread struct worker *worker;
static __thread const struct generation *generation;
static __thread struct rte_ring *rx, *tx;
static __thread u64 undecided; /* by loop_decide() */
static bool v6;
static u64 packets = 2000000;
static const char *only; /* this row, and io */

static void loop_io(struct rte_ring *in, u32 n, u32 burst)
{
	struct rte_mbuf *mbuf[BURST];
	u16 got, port = worker->output[0].port->id;

	(void)in;
	while (n) {
		got = rte_eth_rx_burst(port, worker->id, mbuf, RTE_MIN(burst, (u32)BURST));
		rte_eth_tx_burst(port, worker->id, mbuf, got);
		n -= got;
	}
}

static void loop_macswap(struct rte_ring *in, u32 n, u32 burst)
{
	u16 i, got, port = worker->output[0].port->id;
	struct rte_mbuf *mbuf[BURST];
	struct rte_ether_addr addr;
	struct rte_ether_hdr *ether;

	(void)in;
	while (n) {
		got = rte_eth_rx_burst(port, worker->id, mbuf, RTE_MIN(burst, (u32)BURST));
		for (i = 0; i < got; i++)
			rte_prefetch0(rte_pktmbuf_mtod(mbuf[i], void *));
		for (i = 0; i < got; i++) {
			ether = rte_pktmbuf_mtod(mbuf[i], struct rte_ether_hdr *);
			addr = ether->dst_addr;
			ether->dst_addr = ether->src_addr;
			ether->src_addr = addr;
		}
		rte_eth_tx_burst(port, worker->id, mbuf, got);
		n -= got;
	}
}

static void loop_turn(struct rte_ring *in, u32 n, u32 burst)
{
	(void)in;
	(void)burst;
	while (n)
		n -= worker_turn(worker, generation);
}

static __thread struct maglev_tuple tuples[BATCH]; /* of the packets to come */
static __thread u32 next_tuple;

/* io, and beside it only where the packets would go: their words, found by their hashes. */
static void loop_decide(struct rte_ring *in, u32 n, u32 burst)
{
	const struct maglev_flow_table *table = &generation->tables->cpu[worker->id];
	const struct maglev_tuple *tuple[BURST];
	u64 hash[BURST], word[BURST];
	struct rte_mbuf *mbuf[BURST];
	u16 got, port = worker->output[0].port->id;
	u32 i;

	(void)in;
	while (n) {
		got = rte_eth_rx_burst(port, worker->id, mbuf, RTE_MIN(burst, (u32)BURST));
		for (i = 0; i < got; i++)
			tuple[i] = &tuples[next_tuple++ % BATCH];
		siphash_tuples(&generation->tables->key, tuple, got, hash);
		for (i = 0; i < got; i++)
			maglev_flow_prefetch(table, hash[i]);
		lookup_words(table, hash, got, word);
		for (i = 0; i < got; i++)
			undecided += !maglev_word_rests(word[i], 16, worker->now) ||
				     !generation->targets[maglev_word_index(word[i])];
		rte_eth_tx_burst(port, worker->id, mbuf, got);
		n -= got;
	}
}

/* A flow's packet: what differs are the client's address and port. */
static void write_frame(u8 *to, u64 flow, u8 flags)
{
	static const u8 ether4[14] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0 };
	static const u8 ether6[14] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd };
	u64 mixed = maglev_mix64(flow + 1);
	struct rte_tcp_hdr *tcp;

	memset(to, 0, FRAME + 20);
	memcpy(to, v6 ? ether6 : ether4, sizeof(ether4));
	if (v6) {
		struct rte_ipv6_hdr *ip = (void *)(to + 14);

		*ip = (struct rte_ipv6_hdr){ .vtc_flow = rte_cpu_to_be_32(6U << 28),
					     .payload_len = rte_cpu_to_be_16(20),
					     .proto = IPPROTO_TCP,
					     .hop_limits = 64,
					     .src_addr = { 0x20, 1, 0xd, 0xb8 },
					     .dst_addr = { 0x20, 1, 0xd, 0xb8, 1 } };
		ip->dst_addr[15] = 10;
		memcpy(ip->src_addr + 12, &mixed, 4);
		tcp = (void *)(ip + 1);
	} else {
		struct rte_ipv4_hdr *ip = (void *)(to + 14);

		*ip = (struct rte_ipv4_hdr){ .version_ihl = RTE_IPV4_VHL_DEF,
					     .total_length = rte_cpu_to_be_16(40),
					     .fragment_offset = rte_cpu_to_be_16(0x4000),
					     .time_to_live = 64,
					     .next_proto_id = IPPROTO_TCP,
					     .dst_addr = RTE_BE32(0xc000020a) };
		/* 64.0.0.0/3: nobody's martians */
		ip->src_addr = rte_cpu_to_be_32(0x40000000 | (mixed & 0x1fffffff));
		ip->hdr_checksum = rte_ipv4_cksum(ip);
		tcp = (void *)(ip + 1);
	}
	tcp->src_port = mixed >> 40;
	tcp->dst_port = rte_cpu_to_be_16(80);
	tcp->data_off = 5 << 4;
	tcp->tcp_flags = flags;
}

static void put_frame(struct rte_mbuf *mbuf, u64 flow, u8 flags)
{
	mbuf->data_off = RTE_PKTMBUF_HEADROOM;
	mbuf->data_len = mbuf->pkt_len = v6 ? 74 : FRAME;
	write_frame(rte_pktmbuf_mtod(mbuf, u8 *), flow, flags);
}

static u64 next_flow(const struct row *row, u64 i)
{
	static __thread u64 begun;

	if (row->begins)
		return ((u64)worker->id + 1) << 40 | begun++;
	return row->flows ? maglev_mix64(i * 0x9e3779b97f4a7c15ULL) % row->flows :
			    maglev_mix64(i * 0x9e3779b97f4a7c15ULL);
}

/* Buffers written, measured, taken back. Return: cycles. */
static u64 run_batch(struct row *row, struct rte_mbuf **mbuf, const u64 *flow, u8 flags, u32 burst)
{
	struct maglev_packet packet;
	u64 cycles = 0, start;
	u32 i;

	for (i = 0; i < BATCH; i++) {
		put_frame(mbuf[i], flow[i], flags);
		plain_parse(&packet, rte_pktmbuf_mtod_offset(mbuf[i], u8 *, 14), v6 ? 60 : 40,
			    v6 ? 6 : 4);
		tuples[i] = packet.tuple;
	}
	next_tuple = 0;
	if (burst == 1) {
		for (i = 0; i < BATCH; i++) {
			rte_ring_enqueue(rx, mbuf[i]);
			start = rte_rdtsc_precise();
			row->loop(rx, 1, 1);
			cycles += rte_rdtsc_precise() - start;
		}
	} else {
		rte_ring_enqueue_bulk(rx, (void **)mbuf, BATCH, NULL);
		start = rte_rdtsc_precise();
		row->loop(rx, BATCH, burst);
		cycles = rte_rdtsc_precise() - start;
	}
	if (rte_ring_dequeue_bulk(tx, (void **)mbuf, BATCH, NULL) != BATCH) {
		fprintf(stderr, "dpdk_bench: %s: packets are lost\n", row->name);
		exit(EXIT_FAILURE);
	}
	return cycles;
}

static double measure(struct row *row, struct rte_mbuf **mbuf, u64 n, u32 burst)
{
	u64 flow[BATCH], i, done, cycles = 0;
	static __thread u64 seed;

	generation = row->fixed ? &row->fixed->generation : NULL;
	for (done = 0; done < n; done += BATCH) {
		for (i = 0; i < BATCH; i++)
			flow[i] = next_flow(row, seed++);
		cycles += run_batch(row, mbuf, flow, row->begins ? 2 : 16, burst);
	}
	return cycles * 1e9 / rte_get_tsc_hz() / done;
}

/*
 * A packet of each flow, at @first a SYN before it; few at a time where they are few, as a table
 * has room for some that are half open. Again before each round: with flows
 * by the million, 32 seconds have passed, and a word is written once in these. On a line that
 * carries ten million packets a second that is hardly any packet; here it would be most.
 */
static void touch(struct row *row, struct rte_mbuf **mbuf, bool first)
{
	u64 flow[BATCH], i, at, step = RTE_MIN((u64)BATCH, RTE_MAX((u64)BURST, row->flows / BURST));

	generation = &row->fixed->generation;
	for (at = 0; at < row->flows; at += step) {
		for (i = 0; i < BATCH; i++)
			flow[i] = (at + i % step) % row->flows;
		if (first)
			run_batch(row, mbuf, flow, 2, BURST);
		run_batch(row, mbuf, flow, 16, BURST);
	}
}

static struct fixed *configure(u32 flows)
{
	char text[64 * (BACKENDS + 8)];
	int at, i;
	FILE *file;

	at = snprintf(text, sizeof(text),
		      "link 02:00:00:00:00:03 02:00:00:00:00:02 %u 1500\nservice tcp %s 80\n",
		      worker->output[0].port->id, v6 ? "2001:db8:100::a" : "192.0.2.10");
	for (i = 0; i < BACKENDS; i++)
		at += snprintf(text + at, sizeof(text) - at, "backend 10.1.0.%d gre 10.0.0.1\n",
			       i + 1);
	file = fmemopen(text, at, "r");
	return fixed_read(file, flows, 65537);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values, u32 n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

static u32 add_rows(struct row *row, const u32 *flows, u32 n_flows)
{
	u32 i, n = 0;

	row[n++] = (struct row){ .name = "io", .loop = loop_io };
	row[n++] = (struct row){ .name = "macswap", .loop = loop_macswap };
	row[n++] = (struct row){ .name = "stable", .loop = loop_turn };
	for (i = 0; i < n_flows && n < ROWS_MAX - 1; i++) {
		row[n] = (struct row){ .loop = loop_turn, .flows = flows[i] };
		snprintf(row[n].name, sizeof(row[n].name), "tracked %u", flows[i]);
		n++;
	}
	for (i = 0; i < n_flows && n < ROWS_MAX - 1; i++) {
		row[n] = (struct row){ .loop = loop_decide, .flows = flows[i] };
		snprintf(row[n].name, sizeof(row[n].name), "decision %u", flows[i]);
		n++;
	}
	row[n++] = (struct row){ .name = "new", .loop = loop_turn, .begins = true };
	for (i = 2; i < n; i++) {
		/* Decided about are the flows of the same number that are tracked. */
		row[i].fixed = row[i].loop == loop_decide ?
				       row[i - n_flows].fixed :
				       configure((row[i].begins ? 8 << 20 : row[i].flows) *
						 data_workers());
		if (!row[i].fixed)
			exit(EXIT_FAILURE);
	}
	return n;
}

static struct rte_ring *rings[2 * WORKERS];

/* A pair of rings for each worker: its queues of one port. */
static int open_rings(u32 n)
{
	char name[RTE_RING_NAMESIZE];
	u32 i;

	for (i = 0; i < 2 * n; i++) {
		snprintf(name, sizeof(name), "bench %u", i);
		rings[i] =
			rte_ring_create(name, RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (!rings[i])
			return -1;
	}
	return rte_eth_from_rings("bench", rings, n, rings + n, n, 0);
}

static void be_worker(u32 id)
{
	worker = workers_at(id);
	rx = rings[id];
	tx = rings[data_workers() + id];
}

static void bench(const u32 *flows, u32 n_flows, u32 rounds, u32 burst)
{
	struct rte_mbuf *mbuf[BATCH];
	struct row row[ROWS_MAX];
	u32 i, round, n = add_rows(row, flows, n_flows);
	double io;

	if (rte_pktmbuf_alloc_bulk(worker->pool, mbuf, BATCH))
		exit(EXIT_FAILURE);
	for (i = 1; only && i < n;) {
		if (!strcmp(row[i].name, only))
			i++;
		else
			row[i] = row[--n];
	}
	for (i = 0; i < n; i++)
		if (row[i].loop == loop_turn && row[i].flows)
			touch(&row[i], mbuf, true);
	for (round = 0; round < rounds; round++)
		for (i = 0; i < n; i++) {
			if (row[i].loop == loop_turn && row[i].flows)
				touch(&row[i], mbuf, false);
			row[i].ns[round] = measure(&row[i], mbuf, packets, burst);
		}
	io = median(row[0].ns, rounds);
	printf("# IPv%c, burst %u, %u rounds: ns a packet, median (least); above io\n",
	       v6 ? '6' : '4', burst, rounds);
	for (i = 0; i < n; i++) {
		double ns = median(row[i].ns, rounds);

		printf("%-18s %7.1f (%5.1f) %7.1f\n", row[i].name, ns, row[i].ns[0], ns - io);
	}
	printf("# %" PRIu64 " were asked about that had yet to be written anew\n",
	       (uint64_t)undecided);
}

/* One of two workers that are measured: alone, or as long as the other. */
struct side {
	struct row *row;
	u32 id;
	double ns;
};

static u32 sides, ready, done;

static int run_side(void *arg)
{
	struct rte_mbuf *mbuf[BATCH];
	struct side *side = arg;

	be_worker(side->id);
	if (rte_pktmbuf_alloc_bulk(worker->pool, mbuf, BATCH))
		exit(EXIT_FAILURE);
	if (side->row->flows)
		touch(side->row, mbuf, true);
	__atomic_add_fetch(&ready, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) < sides)
		rte_pause();
	side->ns = measure(side->row, mbuf, packets, BURST);
	__atomic_add_fetch(&done, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&done, __ATOMIC_ACQUIRE) < sides)
		measure(side->row, mbuf, BATCH, BURST);
	rte_pktmbuf_free_bulk(mbuf, BATCH);
	return 0;
}

/* The thread that waits sleeps: one of the workers has its core. */
static void run_sides(struct side *side, u32 first, u32 last)
{
	unsigned int lcore;
	u32 id = 0;

	sides = last - first + 1;
	ready = done = 0;
	RTE_LCORE_FOREACH_WORKER(lcore)
	{
		if (id >= first && id <= last)
			rte_eal_remote_launch(run_side, &side[id], lcore);
		id++;
	}
	while (__atomic_load_n(&done, __ATOMIC_ACQUIRE) < sides)
		usleep(1000);
	rte_eal_mp_wait_lcore();
}

/* How much more two forward than one: by the time that each takes alone, and beside the other. */
static void bench_two(const u32 *flows, u32 n_flows, u32 rounds)
{
	double times[ROUNDS_MAX], alone[ROUNDS_MAX];
	struct side side[WORKERS];
	struct row row[ROWS_MAX];
	u32 i, round, n = add_rows(row, flows, n_flows);

	printf("# IPv%c, burst %u, %u rounds: one worker's ns a packet; two forward so many times as much\n",
	       v6 ? '6' : '4', BURST, rounds);
	for (i = 2; i < n; i++) {
		if (row[i].loop != loop_turn)
			continue;
		for (round = 0; round < rounds; round++) {
			side[0] = (struct side){ .row = &row[i], .id = 0 };
			side[1] = (struct side){ .row = &row[i], .id = 1 };
			run_sides(side, 0, 0);
			run_sides(side, 1, 1);
			times[round] = (side[0].ns + side[1].ns) / 2;
			alone[round] = times[round];
			run_sides(side, 0, 1);
			times[round] *= 1 / side[0].ns + 1 / side[1].ns;
		}
		printf("%-18s %7.1f %7.2f\n", row[i].name, median(alone, rounds),
		       median(times, rounds));
	}
}

int main(int argc, char **argv)
{
	struct options options = {
		.kernel = KERNEL_NONE, .mbufs = MBUFS, .mbuf_bytes = MBUF_BYTES, .descriptors = RING
	};
	u32 flows[ROWS_MAX], n_flows = 0, rounds = 7, burst = BURST;
	int parsed = rte_eal_init(argc, argv), option;
	bool two = false;
	u32 i;

	if (parsed < 0)
		return EXIT_FAILURE;
	while ((option = getopt(argc - parsed, argv + parsed, "f:6b:r:n:o:w")) != -1) {
		if (option == 'f' && n_flows < ROWS_MAX)
			flows[n_flows++] = atoi(optarg);
		else if (option == '6')
			v6 = true;
		else if (option == 'b')
			burst = atoi(optarg);
		else if (option == 'r')
			rounds = RTE_MIN(atoi(optarg), (int)ROUNDS_MAX);
		else if (option == 'o')
			only = optarg;
		else if (option == 'w')
			two = true;
		else if (option == 'n')
			packets = atoll(optarg);
		else
			return 2;
	}
	if (open_rings(rte_lcore_count() - 1) < 0 || workers_open(&options) ||
	    ports_open(&options, data_workers()) || (two && data_workers() != WORKERS))
		return EXIT_FAILURE;
	for (i = 0; i < data_workers(); i++)
		worker_init(workers_at(i));
	be_worker(0);
	if (two)
		bench_two(flows, n_flows, rounds);
	else
		bench(flows, n_flows, rounds, burst);
	return EXIT_SUCCESS;
}
