/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the unit tests share: cmocka, seeded random numbers, and scenes: a set of backends
 * with its tables, every array of its exact size so that ASan sees one byte too many.
 */
#ifndef MAGLEV_TEST_FIXTURE_H
#define MAGLEV_TEST_FIXTURE_H

#include <maglev/table.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define TEST_SEED_DEFAULT 20160316ULL

/* A failed test leaves its memory behind: no leak report, no exit status of its own. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0:exitcode=1";
}

static inline u64 test_seed(void)
{
	const char *text = getenv("MAGLEV_TEST_SEED");

	return text && *text ? strtoull(text, NULL, 0) : TEST_SEED_DEFAULT;
}

/* Call last in main(): TAP on stdout; 0 if all passed, else 1. */
#define run_unit_tests(name, tests)                                                      \
	({                                                                               \
		int failed_;                                                             \
                                                                                         \
		cmocka_set_message_output(CM_OUTPUT_TAP);                                \
		failed_ = cmocka_run_group_tests_name(name, tests, NULL, NULL);          \
		printf("# %s: MAGLEV_TEST_SEED=%llu\n", failed_ ? "again with" : "seed", \
		       (unsigned long long)test_seed());                                 \
		failed_ ? 1 : 0;                                                         \
	})

/* Random numbers: one stream per test, so that tests run alone give what they give together. */
struct random {
	u64 state;
};

static inline void random_init(struct random *random, const char *stream)
{
	random->state = test_seed();
	while (*stream)
		random->state = (random->state ^ (u8)*stream++) * 0x100000001b3ULL;
}

static inline u64 random_u64(struct random *random)
{
	u64 x = random->state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ULL;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ULL;
	return x ^ x >> 32;
}

static inline u32 random_below(struct random *random, u32 limit)
{
	return random_u64(random) % limit;
}

static inline void random_fill(struct random *random, void *data, size_t len)
{
	u8 *bytes = data;

	while (len--)
		*bytes++ = random_u64(random) >> 24;
}

static inline void random_shuffle(struct random *random, struct maglev_backend *backends, u32 n)
{
	struct maglev_backend other;
	u32 j;

	while (n > 1) {
		j = random_below(random, n--);
		other = backends[n];
		backends[n] = backends[j];
		backends[j] = other;
	}
}

struct scene {
	u32 size;
	u32 n;
	enum maglev_mode mode;
	struct maglev_key key;
	struct maglev_backend *backends;
	u16 *base;
	u16 *live;
	void *base_scratch;
	void *live_scratch;
	u64 base_digest;
	u64 live_digest;
	u32 changed;
};

static inline void *test_alloc(size_t len)
{
	void *memory = malloc(len ? len : 1);

	assert_non_null(memory);
	memset(memory, 0xa5, len);
	return memory;
}

static inline void scene_init(struct scene *scene, u32 size, u32 n)
{
	memset(scene, 0, sizeof(*scene));
	scene->size = size;
	scene->n = n;
	scene->backends = test_alloc(n * sizeof(*scene->backends));
	scene->base = test_alloc(size * sizeof(*scene->base));
	scene->live = test_alloc(size * sizeof(*scene->live));
	scene->base_scratch = test_alloc(maglev_base_scratch(size, n));
	scene->live_scratch = test_alloc(maglev_live_scratch(n));
}

static inline void scene_fini(struct scene *scene)
{
	free(scene->backends);
	free(scene->base);
	free(scene->live);
	free(scene->base_scratch);
	free(scene->live_scratch);
}

static inline int backend_cmp(const void *a, const void *b)
{
	return maglev_backend_cmp(a, b);
}

/*
 * @n different backends of weight 1, one in four of IPv6, two ports to an address, in order;
 * key and mode random.
 */
static inline void scene_populate(struct scene *scene, struct random *random)
{
	u32 spread = random_u64(random);
	u16 port = random_u64(random);
	u8 addr[MAGLEV_IPV6_BYTES];
	u32 i, serial, len;

	random_fill(random, &scene->key, sizeof(scene->key));
	scene->mode = random_below(random, 2);
	for (i = 0; i < scene->n; i++) {
		serial = i / 2 * 2654435761U + spread;
		len = random_below(random, 4) ? MAGLEV_IPV4_BYTES : MAGLEV_IPV6_BYTES;
		memset(addr, 0x20, sizeof(addr));
		memcpy(addr + len - 4, &serial, 4);
		maglev_backend_init(&scene->backends[i], len, addr, __cpu_to_be16(port ^ i % 2));
		scene->backends[i].weight = 1;
		maglev_backend_derive(&scene->backends[i], &scene->key, scene->size);
	}
	qsort(scene->backends, scene->n, sizeof(*scene->backends), backend_cmp);
}

static inline void scene_build_live(struct scene *scene)
{
	scene->live_digest = scene->base_digest;
	scene->changed = maglev_live_build(scene->live, scene->base, scene->size, scene->backends,
					   scene->n, &scene->live_digest, scene->live_scratch);
}

static inline void scene_build(struct scene *scene)
{
	assert_int_equal(0, maglev_base_build(scene->base, scene->size, scene->backends, scene->n,
					      scene->base_scratch));
	scene->base_digest =
		maglev_table_digest(scene->base, scene->size, scene->mode, scene->backends);
	scene_build_live(scene);
}

enum weights {
	WEIGHTS_EQUAL,
	WEIGHTS_SMALL, /* 1 .. 100 */
	WEIGHTS_HUGE, /* just below 2^31 */
	WEIGHTS_NEAR_EQUAL, /* 10^6 + i */
	WEIGHTS_EXTREME, /* 1 and 2^31 - 1 */
	WEIGHTS_POWERS,
	WEIGHTS_ANY,
	WEIGHTS_KINDS
};

static inline u32 random_weight(struct random *random, enum weights kind, u32 i)
{
	switch (kind) {
	case WEIGHTS_SMALL:
		return 1 + random_below(random, 100);
	case WEIGHTS_HUGE:
		return MAGLEV_WEIGHT_MAX - random_below(random, 1000);
	case WEIGHTS_NEAR_EQUAL:
		return 1000000 + i;
	case WEIGHTS_EXTREME:
		return random_below(random, 2) ? 1 : MAGLEV_WEIGHT_MAX;
	case WEIGHTS_POWERS:
		return 1U << random_below(random, 31);
	case WEIGHTS_ANY:
		return 1 + random_below(random, MAGLEV_WEIGHT_MAX);
	default:
		return 7;
	}
}

static inline void scene_weigh(struct scene *scene, struct random *random, enum weights kind)
{
	u32 i;

	for (i = 0; i < scene->n; i++)
		scene->backends[i].weight = random_weight(random, kind, i);
}

enum overlay {
	OVERLAY_NONE,
	OVERLAY_ANY, /* states and shares at random */
	OVERLAY_STATES, /* states at random, shares whole */
	OVERLAY_SHARES, /* all up, shares at random */
	OVERLAY_FEW_DOWN,
	OVERLAY_ALL_DOWN,
	OVERLAY_ALL_DRAIN,
	OVERLAY_NO_SHARE, /* all up with share 0 */
	OVERLAY_SOME_NO_SHARE, /* some up, all share 0 */
	OVERLAY_ONE_UP,
	OVERLAY_TINY_SHARES, /* some up, shares 0 and 1: the draws run out */
	OVERLAY_KINDS
};

static inline void overlay_one(struct maglev_backend *backend, struct random *random,
			       enum overlay kind, bool chosen)
{
	u8 any_state = random_below(random, 3);
	u8 any_share = random_below(random, 101);
	bool share = kind == OVERLAY_ANY || kind == OVERLAY_SHARES;

	backend->state = MAGLEV_UP;
	backend->share = share ? any_share : MAGLEV_SHARE_MAX;
	if (kind == OVERLAY_ANY || kind == OVERLAY_STATES || kind == OVERLAY_SOME_NO_SHARE ||
	    kind == OVERLAY_TINY_SHARES)
		backend->state = any_state;
	if (kind == OVERLAY_NO_SHARE || kind == OVERLAY_SOME_NO_SHARE)
		backend->share = 0;
	if (kind == OVERLAY_TINY_SHARES)
		backend->share = any_share < 50;
	if (kind == OVERLAY_FEW_DOWN && !random_below(random, 20))
		backend->state = MAGLEV_DOWN;
	if (kind == OVERLAY_ALL_DOWN || (kind == OVERLAY_ONE_UP && !chosen))
		backend->state = MAGLEV_DOWN;
	if (kind == OVERLAY_ALL_DRAIN)
		backend->state = MAGLEV_DRAIN;
}

static inline void scene_overlay(struct scene *scene, struct random *random, enum overlay kind)
{
	u32 chosen = scene->n ? random_below(random, scene->n) : 0;
	u32 i;

	for (i = 0; i < scene->n; i++)
		overlay_one(&scene->backends[i], random, kind, i == chosen);
}

static inline u32 slots_of(const u16 *table, u32 size, u16 place)
{
	u32 s, count = 0;

	for (s = 0; s < size; s++)
		count += table[s] == place;
	return count;
}

#endif
