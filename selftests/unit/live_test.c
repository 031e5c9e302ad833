// SPDX-License-Identifier: GPL-2.0-only
/* The live table: golden vectors, the corners of the text, and bit for bit the naive one. */
#include "fixture.h"
#include "reference.h"
#include "vectors.h"

static void golden_scene(struct scene *scene, enum maglev_state state, u8 share)
{
	scene_init(scene, VECTOR_SIZE, VECTOR_BACKENDS);
	vector_backends_init(scene->backends);
	scene->backends[VECTOR_CHANGING].state = state;
	scene->backends[VECTOR_CHANGING].share = share;
	scene_build(scene);
}

static void one_down_gives_the_golden_slots(void **state)
{
	struct scene scene;
	u32 i;

	(void)state;
	golden_scene(&scene, MAGLEV_DOWN, 100);
	for (i = 0; i < VECTOR_BACKENDS; i++)
		assert_int_equal(slots_of(scene.live, VECTOR_SIZE, i),
				 vector_backend[i].slots_down);
	scene_fini(&scene);
}

static void one_down_gives_the_golden_digest(void **state)
{
	struct scene scene;

	(void)state;
	golden_scene(&scene, MAGLEV_DOWN, 100);
	assert_int_equal(scene.live_digest, VECTOR_DIGEST_DOWN);
	scene_fini(&scene);
}

static void half_share_gives_the_golden_slots(void **state)
{
	struct scene scene;
	u32 i;

	(void)state;
	golden_scene(&scene, MAGLEV_UP, 50);
	for (i = 0; i < VECTOR_BACKENDS; i++)
		assert_int_equal(slots_of(scene.live, VECTOR_SIZE, i),
				 vector_backend[i].slots_half);
	scene_fini(&scene);
}

static void half_share_gives_the_golden_digest(void **state)
{
	struct scene scene;

	(void)state;
	golden_scene(&scene, MAGLEV_UP, 50);
	assert_int_equal(scene.live_digest, VECTOR_DIGEST_HALF);
	scene_fini(&scene);
}

static void drain_makes_the_table_of_down(void **state)
{
	struct scene scene;

	(void)state;
	golden_scene(&scene, MAGLEV_DRAIN, 100);
	assert_int_equal(scene.live_digest, VECTOR_DIGEST_DOWN);
	scene_fini(&scene);
}

static void live_returns_the_slots_that_differ(void **state)
{
	struct scene scene;

	(void)state;
	golden_scene(&scene, MAGLEV_DOWN, 100);
	assert_int_equal(scene.changed, vector_backend[VECTOR_CHANGING].slots_base);
	scene_fini(&scene);
	golden_scene(&scene, MAGLEV_UP, 50);
	assert_int_equal(scene.changed, 101 - 62);
	scene_fini(&scene);
}

static void live_is_base_while_all_are_up(void **state)
{
	struct scene scene;

	(void)state;
	golden_scene(&scene, MAGLEV_UP, 100);
	assert_int_equal(scene.changed, 0);
	assert_int_equal(scene.live_digest, VECTOR_DIGEST_BASE);
	assert_memory_equal(scene.live, scene.base, VECTOR_SIZE * sizeof(*scene.live));
	scene_fini(&scene);
}

/* A scene of random backends with their weights; states and shares are the test's. */
static void random_scene(struct scene *scene, struct random *random, u32 size, u32 n,
			 enum weights weights)
{
	scene_init(scene, size, n);
	scene_populate(scene, random);
	scene_weigh(scene, random, weights);
	scene_build(scene);
}

static void live_of_nobody_is_empty(void **state)
{
	struct random random;
	struct scene scene;

	(void)state;
	random_init(&random, __func__);
	random_scene(&scene, &random, 251, 0, WEIGHTS_EQUAL);
	assert_int_equal(slots_of(scene.live, 251, MAGLEV_EMPTY), 251);
	assert_int_equal(scene.changed, 0);
	assert_int_equal(scene.live_digest, scene.base_digest);
	scene_fini(&scene);
}

static void live_is_empty_when_nobody_is_up(void **state)
{
	struct random random;
	struct scene scene;
	u32 kind;

	(void)state;
	random_init(&random, __func__);
	random_scene(&scene, &random, 251, 9, WEIGHTS_SMALL);
	for (kind = OVERLAY_ALL_DOWN; kind <= OVERLAY_ALL_DRAIN; kind++) {
		scene_overlay(&scene, &random, kind);
		scene_build_live(&scene);
		assert_int_equal(slots_of(scene.live, 251, MAGLEV_EMPTY), 251);
		assert_int_equal(scene.changed, 251);
	}
	scene_fini(&scene);
}

static void one_up_of_many_gets_everything(void **state)
{
	struct random random;
	struct scene scene;
	u32 i, up = 0;

	(void)state;
	random_init(&random, __func__);
	random_scene(&scene, &random, 4093, 500, WEIGHTS_SMALL);
	scene_overlay(&scene, &random, OVERLAY_ONE_UP);
	scene_build_live(&scene);
	for (i = 0; i < scene.n; i++)
		if (scene.backends[i].state == MAGLEV_UP)
			up = i;
	assert_int_equal(slots_of(scene.live, 4093, up), 4093);
	scene_fini(&scene);
}

/* Share 0 alone makes no candidate, but only shares of 0 leave all up backends candidates. */
static void nobody_is_left_empty_when_all_shares_are_zero(void **state)
{
	struct random random;
	struct scene scene;

	(void)state;
	random_init(&random, __func__);
	random_scene(&scene, &random, 251, 10, WEIGHTS_EQUAL);
	scene_overlay(&scene, &random, OVERLAY_NO_SHARE);
	scene_build_live(&scene);
	assert_int_equal(slots_of(scene.live, 251, MAGLEV_EMPTY), 0);
	scene_fini(&scene);
}

static void share_zero_gets_nothing_while_others_have_some(void **state)
{
	struct random random;
	struct scene scene;

	(void)state;
	random_init(&random, __func__);
	random_scene(&scene, &random, 251, 10, WEIGHTS_EQUAL);
	scene_overlay(&scene, &random, OVERLAY_NO_SHARE);
	scene.backends[7].share = 1;
	scene_build_live(&scene);
	assert_int_equal(slots_of(scene.live, 251, 7), 251);
	scene_fini(&scene);
}

static void drain_and_down_are_no_candidates_whatever_their_share(void **state)
{
	struct random random;
	struct scene scene;

	(void)state;
	random_init(&random, __func__);
	random_scene(&scene, &random, 251, 3, WEIGHTS_EQUAL);
	scene.backends[0].state = MAGLEV_DRAIN;
	scene.backends[1].state = MAGLEV_DOWN;
	scene.backends[2].share = 0;
	scene_build_live(&scene);
	assert_int_equal(slots_of(scene.live, 251, 2), 251);
	scene_fini(&scene);
}

/* Backends 0 .. 2 have quota 0, only 1 and 2 of them are up: no slot has a candidate. */
static void first_candidate_in_order_serves_when_no_slot_has_one(void **state)
{
	struct random random;
	struct scene scene;
	u32 i;

	(void)state;
	random_init(&random, __func__);
	scene_init(&scene, 251, 5);
	scene_populate(&scene, &random);
	for (i = 0; i < scene.n; i++)
		scene.backends[i].weight = i < 3 ? 1 : MAGLEV_WEIGHT_MAX;
	for (i = 0; i < scene.n; i++)
		scene.backends[i].state = i == 1 || i == 2 ? MAGLEV_UP : MAGLEV_DOWN;
	scene_build(&scene);
	assert_int_equal(slots_of(scene.base, 251, 1), 0);
	assert_int_equal(slots_of(scene.live, 251, 1), 251);
	scene_fini(&scene);
}

static void first_candidate_in_order_has_a_share_if_anyone_has(void **state)
{
	struct random random;
	struct scene scene;
	u32 i;

	(void)state;
	random_init(&random, __func__);
	scene_init(&scene, 251, 5);
	scene_populate(&scene, &random);
	for (i = 0; i < scene.n; i++)
		scene.backends[i].weight = i < 4 ? 1 : MAGLEV_WEIGHT_MAX;
	scene.backends[0].share = 0;
	scene.backends[1].state = MAGLEV_DRAIN;
	scene.backends[4].share = 0;
	scene_build(&scene);
	assert_int_equal(slots_of(scene.live, 251, 2), 251);
	scene_fini(&scene);
}

/*
 * The one candidate with slots owns a single one, which it does not serve itself. The scan
 * s+1, s+2, ... (mod M) comes back to it: no slot falls to the first candidate in order.
 */
static void scan_wraps_round_to_the_slot_itself(void **state)
{
	struct random random;
	struct scene scene;
	u32 i, owned = 0, tries;

	(void)state;
	random_init(&random, __func__);
	for (tries = 0; tries < 20; tries++) {
		scene_init(&scene, 251, 251);
		scene_populate(&scene, &random);
		for (i = 0; i < scene.n; i++) {
			scene.backends[i].weight = i ? 1000 : 1;
			scene.backends[i].state = i == 0 || i == 9 ? MAGLEV_UP : MAGLEV_DOWN;
			scene.backends[i].share = 1;
		}
		scene_build(&scene);
		if (!slots_of(scene.base, 251, 0) && slots_of(scene.base, 251, 9) == 1) {
			assert_int_equal(slots_of(scene.live, 251, 9), 251);
			owned++;
		}
		scene_fini(&scene);
	}
	assert_int_not_equal(owned, 0);
}

static void live_does_not_read_what_the_buffers_held(void **state)
{
	struct random random;
	struct scene scene;
	u64 digest;
	u16 *first;

	(void)state;
	random_init(&random, __func__);
	random_scene(&scene, &random, 1021, 50, WEIGHTS_SMALL);
	first = test_alloc(1021 * sizeof(*first));
	scene_overlay(&scene, &random, OVERLAY_ANY);
	scene_build_live(&scene);
	memcpy(first, scene.live, 1021 * sizeof(*first));
	digest = scene.live_digest;
	memset(scene.live, 0, 1021 * sizeof(*scene.live));
	memset(scene.live_scratch, 0xff, maglev_live_scratch(scene.n));
	scene_build_live(&scene);
	assert_memory_equal(scene.live, first, 1021 * sizeof(*first));
	assert_int_equal(scene.live_digest, digest);
	free(first);
	scene_fini(&scene);
}

static void assert_equals_naive(struct scene *scene, u32 weights, u32 overlay)
{
	u16 *expected = test_alloc(scene->size * sizeof(*expected));
	u32 s, changed = 0;

	ref_live(expected, scene->base, scene->size, scene->backends, scene->n);
	for (s = 0; s < scene->size; s++) {
		changed += expected[s] != scene->base[s];
		if (scene->live[s] != expected[s])
			fail_msg("M=%u N=%u weights %u overlay %u: slot %u: core %u, naive %u",
				 scene->size, scene->n, weights, overlay, s, scene->live[s],
				 expected[s]);
	}
	if (scene->changed != changed)
		fail_msg("M=%u N=%u weights %u overlay %u: %u slots differ, core says %u",
			 scene->size, scene->n, weights, overlay, changed, scene->changed);
	assert_int_equal(scene->live_digest,
			 ref_digest(expected, scene->size, scene->mode, scene->backends));
	free(expected);
}

/* Each scene under every kind of overlay, the buffers dirty from the one before. */
static void assert_overlays_equal_naive(u32 size, u32 n, u32 weights, struct random *random)
{
	struct scene scene;
	u32 overlay;

	random_scene(&scene, random, size, n, weights);
	for (overlay = 0; overlay < OVERLAY_KINDS; overlay++) {
		scene_overlay(&scene, random, overlay);
		scene_build_live(&scene);
		assert_equals_naive(&scene, weights, overlay);
	}
	scene_fini(&scene);
}

static void small_tables_equal_naive(void **state)
{
	static const u32 sizes[] = { 7, 11, 251, 257, 1021, 4093 };
	struct random random;
	u32 i, size, most;

	(void)state;
	random_init(&random, __func__);
	for (i = 0; i < 6 * WEIGHTS_KINDS * 6; i++) {
		size = sizes[i % ARRAY_SIZE(sizes)];
		most = random_below(&random, 3) && size > 40 ? 40 : size;
		assert_overlays_equal_naive(size, 1 + random_below(&random, most),
					    i / ARRAY_SIZE(sizes) % WEIGHTS_KINDS, &random);
	}
}

static void extreme_numbers_of_backends_equal_naive(void **state)
{
	static const u32 sizes[] = { 7, 251, 1021, 4093 };
	struct random random;
	u32 i, size;

	(void)state;
	random_init(&random, __func__);
	for (i = 0; i < ARRAY_SIZE(sizes) * WEIGHTS_KINDS; i++) {
		size = sizes[i % ARRAY_SIZE(sizes)];
		assert_overlays_equal_naive(size, 1, i / ARRAY_SIZE(sizes), &random);
		assert_overlays_equal_naive(size, 2, i / ARRAY_SIZE(sizes), &random);
		assert_overlays_equal_naive(size, size, i / ARRAY_SIZE(sizes), &random);
	}
}

static void large_tables_equal_naive(void **state)
{
	struct random random;

	(void)state;
	random_init(&random, __func__);
	assert_overlays_equal_naive(65537, 1 + random_below(&random, 2000), WEIGHTS_ANY, &random);
	assert_overlays_equal_naive(65537, 1000, WEIGHTS_EQUAL, &random);
	assert_overlays_equal_naive(65537, MAGLEV_BACKENDS_MAX, WEIGHTS_EXTREME, &random);
}

static void largest_table_equals_naive(void **state)
{
	struct random random;
	struct scene scene;

	(void)state;
	random_init(&random, __func__);
	random_scene(&scene, &random, MAGLEV_SIZE_MAX, MAGLEV_BACKENDS_MAX, WEIGHTS_SMALL);
	scene_overlay(&scene, &random, OVERLAY_ANY);
	scene_build_live(&scene);
	assert_equals_naive(&scene, WEIGHTS_SMALL, OVERLAY_ANY);
	scene_fini(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_down_gives_the_golden_slots),
		cmocka_unit_test(one_down_gives_the_golden_digest),
		cmocka_unit_test(half_share_gives_the_golden_slots),
		cmocka_unit_test(half_share_gives_the_golden_digest),
		cmocka_unit_test(drain_makes_the_table_of_down),
		cmocka_unit_test(live_returns_the_slots_that_differ),
		cmocka_unit_test(live_is_base_while_all_are_up),
		cmocka_unit_test(live_of_nobody_is_empty),
		cmocka_unit_test(live_is_empty_when_nobody_is_up),
		cmocka_unit_test(one_up_of_many_gets_everything),
		cmocka_unit_test(nobody_is_left_empty_when_all_shares_are_zero),
		cmocka_unit_test(share_zero_gets_nothing_while_others_have_some),
		cmocka_unit_test(drain_and_down_are_no_candidates_whatever_their_share),
		cmocka_unit_test(first_candidate_in_order_serves_when_no_slot_has_one),
		cmocka_unit_test(first_candidate_in_order_has_a_share_if_anyone_has),
		cmocka_unit_test(scan_wraps_round_to_the_slot_itself),
		cmocka_unit_test(live_does_not_read_what_the_buffers_held),
		cmocka_unit_test(small_tables_equal_naive),
		cmocka_unit_test(extreme_numbers_of_backends_equal_naive),
		cmocka_unit_test(large_tables_equal_naive),
		cmocka_unit_test(largest_table_equals_naive),
	};

	return run_unit_tests("live", tests);
}
