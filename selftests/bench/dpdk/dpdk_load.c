// SPDX-License-Identifier: GPL-2.0-only
/*
 * dpdk_load [EAL OPTION]... -- [-n MILLISECONDS]: two workers under load: how long a packet waits, and what a
 * flood of one 5-tuple costs the others.
 *
 * The workers' own turns, one thread for both, in their own time: a turn takes a worker's clock on by what it took;
 * whose clock is behind has the next. Meanwhile packets arrive at a queue evenly, by the clock; a full
 * queue (512, as of a card) drops them. So neither cores nor a generator are needed that would
 * have to be faster than what is measured. A turn that took longer than TURN_MAX was the scheduler's.
 */
#include <fixed.h>
#include <workers.h>

#include <maglev/wire.h>

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eth_ring.h>
#include <rte_ip.h>
#include <rte_tcp.h>

enum {
	WORKERS = 2,
	RING_RX = 512,
	RING_TX = 4096,
	FRAME = 60,
	BACKENDS = 100,
	FLOWS = 100000,
	MBUFS = 8192,
	MBUF_BYTES = 256,
	POLL_NS = 50, /* of a turn that finds nothing, at least */
	TURN_MAX_NS = 20000,
	DELAYS_MAX = 1 << 22,
};

/* Whose packet it is. */
enum kind {
	OTHERS,
	FLOOD,
	KINDS
};

/* Of packets that arrive at a queue: a rate, a second, and when the next is due. */
struct stream {
	double rate;
	double next; /* ns */
	u64 arrived, lost, left;
};

struct side {
	struct worker *worker;
	struct rte_ring *rx, *tx;
	struct stream stream[KINDS];
	double clock; /* ns */
	u64 flow;
};

static struct side side[WORKERS];
static struct rte_mempool *pool;
static struct fixed *fixed;
static float *delays;
static u32 n_delays;
static double ns_per_cycle;
static u64 strange;

static void write_frame(struct rte_mbuf *mbuf, u32 client, u16 port)
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
				     .fragment_offset = rte_cpu_to_be_16(0x4000),
				     .time_to_live = 64,
				     .next_proto_id = IPPROTO_TCP,
				     .src_addr = rte_cpu_to_be_32(0x40000000 | client),
				     .dst_addr = RTE_BE32(0xc000020a) };
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	tcp->src_port = port;
	tcp->dst_port = rte_cpu_to_be_16(80);
	tcp->data_off = 5 << 4;
	tcp->tcp_flags = 16;
}

/* What stays with the buffer on its way. */
struct note {
	float at; /* ns of this run */
	u32 kind;
};
_Static_assert(sizeof(struct note) <= sizeof(((struct rte_mbuf *)0)->dynfield1), "it fits");

static struct note *note_of(struct rte_mbuf *mbuf)
{
	return (struct note *)mbuf->dynfield1;
}

static void arrive(struct side *to, enum kind kind)
{
	struct stream *stream = &to->stream[kind];
	struct rte_mbuf *mbuf;

	stream->arrived++;
	if (!rte_ring_free_count(to->rx)) {
		stream->lost++;
		return;
	}
	mbuf = rte_pktmbuf_alloc(pool);
	if (!mbuf) {
		fprintf(stderr, "dpdk_load: out of buffers\n");
		exit(EXIT_FAILURE);
	}
	write_frame(mbuf, kind == FLOOD ? 0 : 1 + maglev_mix64(to->flow++) % FLOWS, to->worker->id);
	*note_of(mbuf) = (struct note){ .at = stream->next, .kind = kind };
	rte_ring_enqueue(to->rx, mbuf);
}

/* All that is due by now, in its order. Return: when the next is. */
static double feed(struct side *to)
{
	struct stream *first;
	u32 i;

	while (true) {
		first = NULL;
		for (i = 0; i < KINDS; i++)
			if (to->stream[i].rate && (!first || to->stream[i].next < first->next))
				first = &to->stream[i];
		if (!first)
			return to->clock + TURN_MAX_NS;
		if (first->next > to->clock)
			return first->next;
		arrive(to, first - to->stream);
		first->next += 1e9 / first->rate;
	}
}

static void collect(struct side *from)
{
	struct rte_mbuf *mbuf[BURST];
	const struct note *note;
	u32 i, n;

	while ((n = rte_ring_dequeue_burst(from->tx, (void **)mbuf, BURST, NULL))) {
		for (i = 0; i < n; i++) {
			note = note_of(mbuf[i]);
			from->stream[note->kind].left++;
			if (note->kind == OTHERS && n_delays < DELAYS_MAX)
				delays[n_delays++] = from->clock - note->at;
		}
		rte_pktmbuf_free_bulk(mbuf, n);
	}
}

/* A turn of the worker whose clock is behind. */
static void step(void)
{
	struct side *self = side[0].clock <= side[1].clock ? &side[0] : &side[1];
	double next = feed(self), took;
	u64 start = rte_rdtsc_precise();
	u32 received = worker_turn(self->worker, &fixed->generation);

	took = (rte_rdtsc_precise() - start) * ns_per_cycle;
	if (took > TURN_MAX_NS) {
		strange++;
		took = TURN_MAX_NS / 20;
	}
	self->clock += RTE_MAX(took, (double)POLL_NS);
	collect(self);
	/* Nothing to do: until something is due, or the other may have handed something over. */
	if (!received && self->clock < next)
		self->clock = RTE_MIN(next, side[self == side].clock + POLL_NS);
}

static void reset(double others, double flood)
{
	u32 i, j;

	for (i = 0; i < WORKERS; i++) {
		side[i].clock = 0;
		for (j = 0; j < KINDS; j++)
			side[i].stream[j] =
				(struct stream){ .rate = j == OTHERS ? others : flood * !i };
	}
	n_delays = 0;
}

static void empty(void)
{
	u32 i;

	for (i = 0; i < 2000; i++) {
		worker_turn(side[i % WORKERS].worker, &fixed->generation);
		collect(&side[i % WORKERS]);
	}
}

static void run(double others, double flood, double ms)
{
	empty();
	reset(others, flood);
	while (side[0].clock < ms * 1e6 || side[1].clock < ms * 1e6)
		step();
}

static int compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static double delay_us(double quantile)
{
	return n_delays ? delays[(u32)((n_delays - 1) * quantile)] / 1000 : 0;
}

static double lost(const struct stream *stream)
{
	return 100.0 * stream->lost / RTE_MAX(stream->arrived, 1UL);
}

/* What one worker can forward, packets a second: out of a queue that is never empty. */
static double measure_capacity(double ms)
{
	run(40e6, 0, ms);
	return side[0].stream[OTHERS].left / side[0].clock * 1e9;
}

static void bench_delay(double capacity, double ms)
{
	static const double part[] = { 0.01, 0.1, 0.5, 0.8, 0.9, 0.95 };
	u32 i;

	printf("# load of what a worker can do (%.1f million packets a second), and microseconds from queue to sent\n"
	       "%-8s %8s %8s %8s %8s\n",
	       capacity / 1e6, "load", "p50", "p99", "p99.9", "lost");
	for (i = 0; i < RTE_DIM(part); i++) {
		run(part[i] * capacity, 0, ms);
		qsort(delays, n_delays, sizeof(*delays), compare);
		printf("%6.0f %% %8.2f %8.2f %8.2f %6.2f %%\n", part[i] * 100, delay_us(0.5),
		       delay_us(0.99), delay_us(0.999), lost(&side[0].stream[OTHERS]));
	}
}

static void bench_flood(double capacity, double ms)
{
	static const double part[] = { 0, 0.5, 1, 1.5, 2, 3, 4 };
	const struct stream *others = &side[0].stream[OTHERS], *flood = &side[0].stream[FLOOD];
	u32 i;

	printf("# two workers, each with other flows at 30 %% of what it can do; the flood is in the queue of one\n"
	       "%-8s %12s %12s %12s %8s %8s\n",
	       "flood", "others lost", "other queue", "flood lost", "p50 us", "p99 us");
	for (i = 0; i < RTE_DIM(part); i++) {
		run(0.3 * capacity, part[i] * capacity, ms);
		qsort(delays, n_delays, sizeof(*delays), compare);
		printf("%6.0f %% %10.2f %% %10.2f %% %10.2f %% %8.1f %8.1f\n", part[i] * 100,
		       100.0 * (others->arrived - others->left) / others->arrived,
		       100.0 * (side[1].stream[OTHERS].arrived - side[1].stream[OTHERS].left) /
			       side[1].stream[OTHERS].arrived,
		       flood->arrived ? 100.0 - 100.0 * (flood->left + side[1].stream[FLOOD].left) /
							flood->arrived :
					0,
		       delay_us(0.5), delay_us(0.99));
	}
}

static struct fixed *configure(void)
{
	char text[64 * (BACKENDS + 8)];
	int at, i;
	FILE *file;

	at = snprintf(text, sizeof(text),
		      "link 02:00:00:00:00:03 02:00:00:00:00:02 0 1500\nservice tcp 192.0.2.10 80\n");
	for (i = 0; i < BACKENDS; i++)
		at += snprintf(text + at, sizeof(text) - at, "backend 10.1.0.%d gre 10.0.0.1\n",
			       i + 1);
	file = fmemopen(text, at, "r");
	return fixed_read(file, WORKERS * FLOWS, 65537);
}

/* What cards can tell, and rings could: how many wait. A ring's queue begins with the ring. */
static u32 count_waiting(void *queue)
{
	return rte_ring_count(*(struct rte_ring **)queue);
}

static bool open_all(void)
{
	struct options options = { .kernel = KERNEL_NONE,
				   .mbufs = 1024,
				   .mbuf_bytes = MBUF_BYTES,
				   .descriptors = RING_RX };
	struct rte_ring *rx[WORKERS], *tx[WORKERS];
	char name[RTE_RING_NAMESIZE];
	u32 i;

	for (i = 0; i < WORKERS; i++) {
		snprintf(name, sizeof(name), "in %u", i);
		rx[i] = rte_ring_create(name, RING_RX, SOCKET_ID_ANY, RING_F_EXACT_SZ);
		snprintf(name, sizeof(name), "out %u", i);
		tx[i] = rte_ring_create(name, RING_TX, SOCKET_ID_ANY, RING_F_EXACT_SZ);
		if (!rx[i] || !tx[i])
			return false;
	}
	pool = rte_pktmbuf_pool_create("frames", MBUFS - 1, 256, 0,
				       RTE_PKTMBUF_HEADROOM + MBUF_BYTES, SOCKET_ID_ANY);
	if (!pool || rte_eth_from_rings("load", rx, WORKERS, tx, WORKERS, 0) < 0 ||
	    workers_open(&options) || data_workers() != WORKERS || ports_open(&options, WORKERS))
		return false;
	rte_eth_fp_ops[ports_at(0)->id].rx_queue_count = (eth_rx_queue_count_t)count_waiting;
	ports_at(0)->counts = true;
	for (i = 0; i < WORKERS; i++) {
		side[i] = (struct side){ .worker = workers_at(i), .rx = rx[i], .tx = tx[i] };
		worker_init(workers_at(i));
	}
	return true;
}

int main(int argc, char **argv)
{
	int parsed = rte_eal_init(argc, argv), option;
	double ms = 50, capacity;

	if (parsed < 0)
		return EXIT_FAILURE;
	while ((option = getopt(argc - parsed, argv + parsed, "n:")) != -1) {
		if (option != 'n')
			return 2;
		ms = atof(optarg);
	}
	delays = malloc(DELAYS_MAX * sizeof(*delays));
	if (!delays || !open_all() || !(fixed = configure()))
		return EXIT_FAILURE;
	ns_per_cycle = 1e9 / rte_get_tsc_hz();
	measure_capacity(ms);
	capacity = measure_capacity(ms);
	bench_delay(capacity, ms);
	bench_flood(capacity, ms);
	printf("# %" PRIu64 " turns were interrupted\n", (uint64_t)strange);
	return EXIT_SUCCESS;
}
