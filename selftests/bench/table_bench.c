// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the table costs: building it, laying states over it, looking up in it; beside the
 * in-tree way, a full rebuild and the cost of the measuring loop. The exit status is 0
 * whatever the figures are.
 */
#include "bench.h"
#include "in_tree.h"

#include <maglev/table.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	LOOKUPS = 1 << 18, /* in one run */
	FLEET = 1000, /* backends where only one number is measured */
};

static const u32 sizes[] = { MAGLEV_SIZE_DEFAULT, 655373 };
static const u32 fleets[] = { 10, 16, 100, FLEET };
static const u32 downs[] = { 1, 10, 100 };

static struct maglev_key key;

static u32 runs_for(u32 size)
{
	return size > MAGLEV_SIZE_DEFAULT ? BENCH_RUNS : 4 * BENCH_RUNS;
}

/* Backends 10.x.y.z:80 in canonical order, all of weight 1. */
static struct maglev_backend *make_backends(u32 n, u32 size)
{
	struct maglev_backend *backends = bench_allocate(n * sizeof(*backends));
	u8 addr[MAGLEV_IPV4_BYTES] = { 10 };
	u32 i;

	for (i = 0; i < n; i++) {
		addr[2] = i >> 8;
		addr[3] = i;
		maglev_backend_init(&backends[i], sizeof(addr), addr, __cpu_to_be16(80));
		maglev_backend_derive(&backends[i], &key, size);
		backends[i].weight = 1;
	}
	return backends;
}

/* Weights @from .. @from + @spread - 1, always the same ones. */
static void draw_weights(struct maglev_backend *backends, u32 n, u32 from, u32 spread)
{
	u32 i;

	for (i = 0; i < n; i++)
		backends[i].weight = from + maglev_reduce(maglev_mix64(i + 1), spread);
}

/* A table to build, either way. */
struct build {
	u16 *table;
	u32 size;
	struct maglev_backend *backends;
	u32 n;
	void *scratch;
};

static void init_build(struct build *b, u32 size, u32 n)
{
	size_t ours = maglev_base_scratch(size, n), in_tree = in_tree_scratch(size, n);

	b->table = bench_allocate(size * sizeof(*b->table));
	b->size = size;
	b->backends = make_backends(n, size);
	b->n = n;
	b->scratch = bench_allocate(ours > in_tree ? ours : in_tree);
}

static void fini_build(struct build *b)
{
	free(b->table);
	free(b->backends);
	free(b->scratch);
}

static void build_ours(void *ctx)
{
	struct build *b = ctx;

	if (maglev_base_build(b->table, b->size, b->backends, b->n, b->scratch))
		abort();
	bench_sink += b->table[b->size / 2];
}

static void build_in_tree(void *ctx)
{
	struct build *b = ctx;

	in_tree_build(b->table, b->size, b->backends, b->n, b->scratch);
	bench_sink += b->table[b->size / 2];
}

enum way {
	OURS,
	IN_TREE,
	N_WAYS,
};

enum weights {
	EQUAL,
	MIXED,
	NEAR_EQUAL,
	N_WEIGHTS,
};

static const char *const weights_names[] = { "equal", "mixed", "near-equal" };

static void add_build_bounds(u32 size, u32 n, struct bench_task tasks[][N_WAYS])
{
	double equal = tasks[EQUAL][OURS].us;
	enum weights w;

	if (n == FLEET)
		bench_add_bound(tasks[EQUAL][IN_TREE].us >= equal,
				"M %6u, %4u equal: %.2fx as fast as in-tree (>= 1.00)", size, n,
				tasks[EQUAL][IN_TREE].us / equal);
	if (n == FLEET || n == 16)
		for (w = MIXED; w < N_WEIGHTS; w++)
			bench_add_bound(tasks[w][OURS].us <= 2 * equal,
					"M %6u, %4u %s: %.2fx the time of equal (<= 2.00)", size, n,
					weights_names[w], tasks[w][OURS].us / equal);
}

static void print_build(u32 size, u32 n, const char *weights, const struct bench_task *tasks,
			double equal)
{
	double ours = tasks[OURS].us;

	printf("%7u %5u  %-10s %9.0f %9.0f %9.2f %9.2f\n", size, n, weights, ours,
	       tasks[IN_TREE].us, tasks[IN_TREE].us / ours, ours / equal);
}

static void bench_build(u32 size, u32 n)
{
	struct bench_task tasks[N_WEIGHTS][N_WAYS];
	struct build builds[N_WEIGHTS];
	enum weights w;

	for (w = EQUAL; w < N_WEIGHTS; w++) {
		init_build(&builds[w], size, n);
		tasks[w][OURS] = (struct bench_task){ .run = build_ours, .ctx = &builds[w] };
		tasks[w][IN_TREE] = (struct bench_task){ .run = build_in_tree, .ctx = &builds[w] };
	}
	draw_weights(builds[MIXED].backends, n, 1, 100);
	draw_weights(builds[NEAR_EQUAL].backends, n, 100000, 100);
	bench_measure(tasks[0], N_WEIGHTS * N_WAYS, runs_for(size));
	for (w = EQUAL; w < N_WEIGHTS; w++) {
		print_build(size, n, weights_names[w], tasks[w], tasks[EQUAL][OURS].us);
		fini_build(&builds[w]);
	}
	add_build_bounds(size, n, tasks);
}

static void bench_builds(void)
{
	u32 i, j;

	puts("Build, us: mixed weights are 1..100, near-equal ones 100000..100099\n"
	     "      M     N  weights         ours   in-tree  times as   time of\n"
	     "                                                   fast     equal");
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (j = 0; j < ARRAY_SIZE(fleets); j++)
			bench_build(sizes[i], fleets[j]);
}

/* States laid over a table of equal weights. */
struct overlay {
	struct build base; /* of all backends */
	struct build rest; /* of those that are not down, anew */
	u16 *live;
	u64 base_digest;
	u32 moved;
	void *scratch;
};

static void init_overlay(struct overlay *o, u32 size, u32 down)
{
	u32 i;

	init_build(&o->base, size, FLEET);
	init_build(&o->rest, size, FLEET);
	for (o->rest.n = 0, i = 0; i < FLEET; i++)
		if (i % (FLEET / down) == 0)
			o->base.backends[i].state = MAGLEV_DOWN;
		else
			o->rest.backends[o->rest.n++] = o->base.backends[i];
	build_ours(&o->base);
	o->base_digest =
		maglev_table_digest(o->base.table, size, MAGLEV_MODE_TUPLE, o->base.backends);
	o->live = bench_allocate(size * sizeof(*o->live));
	o->scratch = bench_allocate(maglev_live_scratch(FLEET));
}

static void fini_overlay(struct overlay *o)
{
	fini_build(&o->base);
	fini_build(&o->rest);
	free(o->live);
	free(o->scratch);
}

static void build_live(void *ctx)
{
	struct overlay *o = ctx;
	u64 digest = o->base_digest;

	o->moved = maglev_live_build(o->live, o->base.table, o->base.size, o->base.backends, FLEET,
				     &digest, o->scratch);
	bench_sink += digest;
}

static void digest_base(void *ctx)
{
	struct build *b = ctx;

	bench_sink += maglev_table_digest(b->table, b->size, MAGLEV_MODE_TUPLE, b->backends);
}

static void rebuild(void *ctx)
{
	struct overlay *o = ctx;

	build_ours(&o->rest);
	digest_base(&o->rest);
}

static void bench_overlay(u32 size, u32 down)
{
	struct overlay overlay;
	struct bench_task tasks[] = {
		{ .run = build_live, .ctx = &overlay },
		{ .run = rebuild, .ctx = &overlay },
		{ .run = digest_base, .ctx = &overlay.base },
	};

	init_overlay(&overlay, size, down);
	bench_measure(tasks, ARRAY_SIZE(tasks), runs_for(size));
	printf("%7u %5u  %9.1f %9.0f %9.1f %9.1f %9u\n", size, down, tasks[0].us, tasks[1].us,
	       tasks[1].us / tasks[0].us, tasks[2].us, overlay.moved);
	if (down == 1 && size == MAGLEV_SIZE_DEFAULT)
		bench_add_bound(tasks[0].us < 50, "M %6u, overlay, 1 of %u down: %.1f us (< 50)",
				size, FLEET, tasks[0].us);
	fini_overlay(&overlay);
}

static void bench_overlays(void)
{
	u32 i, j;

	printf("\nOverlay of %u equal backends, us: with digest, beside building and digesting anew\n"
	       "      M  down    overlay   rebuild  times as    digest     slots\n"
	       "                                         fast     alone     moved\n",
	       FLEET);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (j = 0; j < ARRAY_SIZE(downs); j++)
			bench_overlay(sizes[i], downs[j]);
}

struct lookup {
	struct maglev_tuple tuple;
	enum maglev_mode mode;
	const u16 *table;
	u32 size;
	const struct maglev_backend *backends;
};

/* @chained: wait for @sum, the results so far, so that the whole latency of each shows. */
static inline u64 next_flow(u32 i, u64 sum, bool chained)
{
	return maglev_mix64(chained ? i + sum : i);
}

/* The client's address, mostly. */
static inline void set_client(struct lookup *l, u64 bits)
{
	memcpy(l->tuple.byte, &bits, sizeof(bits));
}

static inline void hash_flows(struct lookup *l, bool chained)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < LOOKUPS; i++) {
		set_client(l, next_flow(i, sum, chained));
		sum += maglev_reduce(maglev_tuple_slot_hash(&l->tuple, l->mode, &key), l->size);
	}
	bench_sink += sum;
}

static inline void load_slots(struct lookup *l, bool chained)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < LOOKUPS; i++)
		sum += l->table[maglev_reduce(next_flow(i, sum, chained), l->size)];
	bench_sink += sum;
}

/* What the loops do besides: the floor of their figures. */
static inline void make_flows(struct lookup *l, bool chained)
{
	volatile u64 flow;
	u64 sum = 0;
	u32 i;

	for (i = 0; i < LOOKUPS; i++) {
		flow = next_flow(i, sum, chained);
		set_client(l, flow);
		sum += maglev_reduce(flow, l->size);
	}
	bench_sink += sum;
}

static bool is_up(const void *ctx, u16 place)
{
	const struct maglev_backend *backends = ctx;

	return backends[place].state == MAGLEV_UP;
}

static inline void walk_slots(struct lookup *l, bool chained)
{
	u64 sum = 0;
	u32 i, slot;

	for (i = 0; i < LOOKUPS; i++) {
		slot = maglev_reduce(next_flow(i, sum, chained), l->size);
		sum += maglev_slot_walk(l->table, l->size, l->backends, slot, is_up, l->backends);
	}
	bench_sink += sum;
}

#define DEFINE_LOOP(loop)                     \
	static void loop##_apart(void *ctx)   \
	{                                     \
		loop(ctx, false);             \
	}                                     \
	static void loop##_chained(void *ctx) \
	{                                     \
		loop(ctx, true);              \
	}

DEFINE_LOOP(hash_flows)
DEFINE_LOOP(load_slots)
DEFINE_LOOP(make_flows)
DEFINE_LOOP(walk_slots)

static void print_lookup(const char *what, struct lookup *lookup, void (*apart)(void *ctx),
			 void (*chained)(void *ctx))
{
	struct bench_task tasks[] = {
		{ .run = apart, .ctx = lookup },
		{ .run = chained, .ctx = lookup },
		{ .run = make_flows_apart, .ctx = lookup },
		{ .run = make_flows_chained, .ctx = lookup },
	};
	double ns = 1e3 / LOOKUPS;

	bench_measure(tasks, ARRAY_SIZE(tasks), BENCH_RUNS);
	printf("%-34s %8.1f %8.1f %8.1f %8.1f\n", what, tasks[0].us * ns, tasks[2].us * ns,
	       tasks[1].us * ns, tasks[3].us * ns);
}

static void bench_hash(void)
{
	static const u8 addr[MAGLEV_IPV6_BYTES] = { 192, 0, 2, 10 };
	struct lookup lookup = { .size = MAGLEV_SIZE_DEFAULT };
	u32 i, addr_len;
	char what[40];

	for (i = 0; i < 4; i++) {
		addr_len = i < 2 ? MAGLEV_IPV4_BYTES : MAGLEV_IPV6_BYTES;
		lookup.mode = i % 2 ? MAGLEV_MODE_SOURCE : MAGLEV_MODE_TUPLE;
		maglev_tuple_init(&lookup.tuple, addr_len, addr, addr, __cpu_to_be16(4242),
				  __cpu_to_be16(80), IPPROTO_TCP);
		snprintf(what, sizeof(what), "hash and slot, IPv%u, mode %s", i < 2 ? 4 : 6,
			 i % 2 ? "source" : "tuple");
		print_lookup(what, &lookup, hash_flows_apart, hash_flows_chained);
	}
}

static void bench_load(u32 size)
{
	struct lookup lookup = { .size = size };
	struct build build;
	char what[40];

	init_build(&build, size, size < FLEET ? size : FLEET);
	build_ours(&build);
	lookup.table = build.table;
	snprintf(what, sizeof(what), "table load, M %u", size);
	print_lookup(what, &lookup, load_slots_apart, load_slots_chained);
	fini_build(&build);
}

static void bench_walk(u32 size, u32 down)
{
	struct lookup lookup = { .size = size };
	struct overlay overlay;
	char what[40];

	init_overlay(&overlay, size, down);
	lookup.table = overlay.base.table;
	lookup.backends = overlay.base.backends;
	snprintf(what, sizeof(what), "slot walk, M %u, %u down", size, down);
	print_lookup(what, &lookup, walk_slots_apart, walk_slots_chained);
	fini_overlay(&overlay);
}

static void bench_lookups(void)
{
	u32 i;

	printf("\nLookup of random flows, ns: flows apart, or chained so that each waits for the one\n"
	       "before; the loop's own cost, which is contained, beside each\n"
	       "%-34s %8s %8s %8s %8s\n",
	       "", "apart", "(loop)", "chained", "(loop)");
	bench_hash();
	bench_load(MAGLEV_SIZE_MIN); /* always in the L1 cache: the least a load can cost */
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		bench_load(sizes[i]);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		bench_walk(sizes[i], 1);
		bench_walk(sizes[i], FLEET / 10);
		bench_walk(sizes[i], FLEET / 2);
	}
}

static void print_memory(void)
{
	u32 i, j;

	puts("\nMemory, bytes; in-tree keeps 8 a slot\n"
	     "      M     N       base       live  backends   scratch:      base       live    in-tree");
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (j = 0; j < ARRAY_SIZE(fleets); j++)
			printf("%7u %5u %10zu %10zu %9zu %20zu %10zu %10u\n", sizes[i], fleets[j],
			       sizes[i] * sizeof(u16), sizes[i] * sizeof(u16),
			       fleets[j] * sizeof(struct maglev_backend),
			       maglev_base_scratch(sizes[i], fleets[j]),
			       maglev_live_scratch(fleets[j]), 8 * sizes[i]);
}

int main(void)
{
	if (maglev_key_parse(&key, "000102030405060708090a0b0c0d0e0f"))
		abort();
	bench_init();
	bench_builds();
	bench_overlays();
	bench_lookups();
	print_memory();
	bench_print_bounds();
	return 0;
}
