// SPDX-License-Identifier: GPL-2.0-only
/* What holds for any table: full, fair, the same from any history, and hardly disturbed. */
#include "fixture.h"
#include "reference.h"

static void scene_make(struct scene *scene, struct random *random, u32 size, u32 n,
		       enum weights weights)
{
	scene_init(scene, size, n);
	scene_populate(scene, random);
	scene_weigh(scene, random, weights);
	scene_build(scene);
}

static u32 *slot_counts(const u16 *table, u32 size, u32 n)
{
	u32 *counts = calloc(n + 1, sizeof(*counts));
	u32 s;

	assert_non_null(counts);
	for (s = 0; s < size; s++) {
		assert_true(table[s] < n);
		counts[table[s]]++;
	}
	return counts;
}

static void table_is_full(void **state)
{
	static const u32 sizes[] = { 251, 1021, 65537 };
	struct random random;
	struct scene scene;
	u32 i;

	(void)state;
	random_init(&random, __func__);
	for (i = 0; i < ARRAY_SIZE(sizes) * WEIGHTS_KINDS; i++) {
		u32 size = sizes[i % ARRAY_SIZE(sizes)];

		scene_make(&scene, &random, size, 1 + random_below(&random, size / 2),
			   i % WEIGHTS_KINDS);
		free(slot_counts(scene.base, size, scene.n));
		scene_fini(&scene);
	}
}

static void table_gives_each_backend_its_quota(void **state)
{
	struct random random;
	struct scene scene;
	u32 *counts, *quota;
	u32 i, kind;

	(void)state;
	random_init(&random, __func__);
	for (kind = 0; kind < 10 * WEIGHTS_KINDS; kind++) {
		scene_make(&scene, &random, 4093, 1 + random_below(&random, 1000),
			   kind % WEIGHTS_KINDS);
		counts = slot_counts(scene.base, 4093, scene.n);
		quota = calloc(scene.n, sizeof(*quota));
		ref_quotas(quota, 4093, scene.backends, scene.n);
		for (i = 0; i < scene.n; i++)
			assert_int_equal(counts[i], quota[i]);
		free(counts);
		free(quota);
		scene_fini(&scene);
	}
}

static void table_of_equal_weights_is_level_to_one_slot(void **state)
{
	struct random random;
	struct scene scene;
	u32 *counts;
	u32 n, i;

	(void)state;
	random_init(&random, __func__);
	for (n = 1; n <= 1000; n += n < 20 ? 1 : 49) {
		scene_make(&scene, &random, 65537, n, WEIGHTS_EQUAL);
		counts = slot_counts(scene.base, 65537, n);
		for (i = 0; i < n; i++) /* the slots left over go to the lower places */
			assert_int_equal(counts[i], 65537 / n + (i < 65537 % n));
		free(counts);
		scene_fini(&scene);
	}
}

/* The same set fed in another order, sorted, with memory that held something else. */
static void digests_do_not_depend_on_the_order_of_arrival(void **state)
{
	struct scene scene, other;
	struct random random;
	u32 i, n;

	(void)state;
	random_init(&random, __func__);
	for (i = 0; i < 3 * WEIGHTS_KINDS; i++) {
		n = 1 + random_below(&random, 300);
		scene_make(&scene, &random, 1021, n, i % WEIGHTS_KINDS);
		scene_overlay(&scene, &random, OVERLAY_ANY);
		scene_build_live(&scene);
		scene_init(&other, 1021, n);
		other.mode = scene.mode;
		memcpy(other.backends, scene.backends, n * sizeof(*scene.backends));
		random_shuffle(&random, other.backends, n);
		qsort(other.backends, n, sizeof(*other.backends), backend_cmp);
		scene_build(&other);
		assert_int_equal(other.base_digest, scene.base_digest);
		assert_int_equal(other.live_digest, scene.live_digest);
		assert_memory_equal(other.live, scene.live, 1021 * sizeof(*scene.live));
		scene_fini(&other);
		scene_fini(&scene);
	}
}

/* Events in two orders, the table built after each: the end is the same. */
static void live_does_not_depend_on_the_order_of_events(void **state)
{
	struct maglev_backend target[50];
	struct random random;
	struct scene scene;
	u64 forward;
	u32 i;

	(void)state;
	random_init(&random, __func__);
	scene_make(&scene, &random, 1021, 50, WEIGHTS_SMALL);
	scene_overlay(&scene, &random, OVERLAY_ANY);
	memcpy(target, scene.backends, sizeof(target));
	scene_overlay(&scene, &random, OVERLAY_NONE);
	for (i = 0; i < 50; i++) {
		scene.backends[i] = target[i];
		scene_build_live(&scene);
	}
	forward = scene.live_digest;
	scene_overlay(&scene, &random, OVERLAY_ANY);
	for (i = 50; i-- > 0;) {
		scene.backends[i] = target[i];
		scene_build_live(&scene);
	}
	assert_int_equal(scene.live_digest, forward);
	scene_fini(&scene);
}

/* Every slot of another owner than before was or is the changed backend's. */
static void assert_moves_only_of(const struct scene *scene, const u16 *before, u32 changed,
				 bool may_lose, bool may_gain)
{
	u32 s;

	for (s = 0; s < scene->size; s++) {
		if (scene->live[s] == before[s])
			continue;
		if ((may_lose && before[s] == changed) || (may_gain && scene->live[s] == changed))
			continue;
		fail_msg("M=%u N=%u: %u changed, slot %u went from %u to %u", scene->size, scene->n,
			 changed, s, before[s], scene->live[s]);
	}
}

static void changes_move_slots_only_from_or_to_that_backend(void **state)
{
	struct random random;
	struct scene scene;
	u32 i, step, at;
	u16 *before;

	(void)state;
	random_init(&random, __func__);
	before = test_alloc(1021 * sizeof(*before));
	for (i = 0; i < 4 * OVERLAY_KINDS; i++) {
		scene_make(&scene, &random, i % 2 ? 1021 : 251, 1 + random_below(&random, 40),
			   i % WEIGHTS_KINDS);
		scene_overlay(&scene, &random, i % OVERLAY_KINDS);
		scene_build_live(&scene);
		for (step = 0; step < 100; step++) {
			memcpy(before, scene.live, scene.size * sizeof(*before));
			at = random_below(&random, scene.n);
			overlay_one(&scene.backends[at], &random,
				    random_below(&random, OVERLAY_KINDS), step % 2);
			scene_build_live(&scene);
			assert_moves_only_of(&scene, before, at, true, true);
		}
		scene_fini(&scene);
	}
	free(before);
}

static void growing_share_never_takes_a_slot_from_that_backend(void **state)
{
	struct random random;
	struct scene scene;
	u16 *before;
	u32 i, at, share;

	(void)state;
	random_init(&random, __func__);
	before = test_alloc(1021 * sizeof(*before));
	for (i = 0; i < 2 * OVERLAY_KINDS; i++) {
		scene_make(&scene, &random, 1021, 1 + random_below(&random, 30), i % WEIGHTS_KINDS);
		scene_overlay(&scene, &random, i % OVERLAY_KINDS);
		at = random_below(&random, scene.n);
		scene.backends[at].state = MAGLEV_UP;
		for (share = 0; share <= 100; share++) {
			memcpy(before, scene.live, 1021 * sizeof(*before));
			scene.backends[at].share = share;
			scene_build_live(&scene);
			if (share)
				assert_moves_only_of(&scene, before, at, false, true);
		}
		scene_fini(&scene);
	}
	free(before);
}

static void coming_up_only_gains_slots(void **state)
{
	struct random random;
	struct scene scene;
	u16 *before;
	u32 i, at;

	(void)state;
	random_init(&random, __func__);
	before = test_alloc(1021 * sizeof(*before));
	for (i = 0; i < 20 * OVERLAY_KINDS; i++) {
		scene_make(&scene, &random, 1021, 1 + random_below(&random, 30), i % WEIGHTS_KINDS);
		scene_overlay(&scene, &random, i % OVERLAY_KINDS);
		at = random_below(&random, scene.n);
		scene.backends[at].state = MAGLEV_DOWN;
		scene_build_live(&scene);
		memcpy(before, scene.live, 1021 * sizeof(*before));
		scene.backends[at].state = MAGLEV_UP;
		scene_build_live(&scene);
		assert_moves_only_of(&scene, before, at, false, true);
		scene_fini(&scene);
	}
	free(before);
}

static void recovery_restores_the_exact_table(void **state)
{
	struct random random;
	struct scene scene;
	u32 i, at, kept;
	u16 *before;
	u64 digest;

	(void)state;
	random_init(&random, __func__);
	before = test_alloc(1021 * sizeof(*before));
	scene_make(&scene, &random, 1021, 40, WEIGHTS_SMALL);
	for (i = 0; i < 10 * OVERLAY_KINDS; i++) {
		scene_overlay(&scene, &random, i % OVERLAY_KINDS);
		scene_build_live(&scene);
		memcpy(before, scene.live, 1021 * sizeof(*before));
		digest = scene.live_digest;
		at = random_below(&random, scene.n);
		kept = scene.backends[at].state;
		scene.backends[at].state = kept == MAGLEV_DOWN ? MAGLEV_UP : MAGLEV_DOWN;
		scene_build_live(&scene);
		scene.backends[at].state = kept;
		scene_build_live(&scene);
		assert_memory_equal(before, scene.live, 1021 * sizeof(*before));
		assert_int_equal(scene.live_digest, digest);
	}
	free(before);
	scene_fini(&scene);
}

/* Slots that move in a table of 100 equal backends when one of them gets 101 for 100. */
static u32 moved_by_101(struct scene *scene, const u16 *before, u32 changed)
{
	u32 s, moved = 0;

	scene->backends[changed].weight = 101;
	scene_build(scene);
	scene->backends[changed].weight = 100;
	for (s = 0; s < scene->size; s++)
		moved += scene->base[s] != before[s];
	return moved;
}

/*
 * Issue 2 says below 0.12 %. That is so on average (about 0.095 %); a single backend of a
 * single set has moved 0.22 % among 3000 tried. A rebuild that rounds weights moves 7 to 12 %.
 */
static void weight_100_to_101_moves_few_slots(void **state)
{
	u32 i, set, moved, sum;
	struct random random;
	struct scene scene;
	u16 *before;

	(void)state;
	random_init(&random, __func__);
	before = test_alloc(65537 * sizeof(*before));
	for (set = 0; set < 4; set++) {
		scene_make(&scene, &random, 65537, 100, WEIGHTS_EQUAL);
		for (i = 0; i < 100; i++)
			scene.backends[i].weight = 100;
		scene_build(&scene);
		memcpy(before, scene.base, 65537 * sizeof(*before));
		for (sum = 0, i = 0; i < 100; i++) {
			moved = moved_by_101(&scene, before, i);
			sum += moved;
			if (moved > 65537 / 250)
				fail_msg("set %u, backend %u: %u slots moved", set, i, moved);
		}
		if (sum * 100ULL >= 12 * 65537ULL) /* sum / 100 >= 0.12 % */
			fail_msg("set %u: %u slots moved in 100 changes", set, sum);
		scene_fini(&scene);
	}
	free(before);
}

static void table_remove_one_backend_moves_few_slots(void **state)
{
	struct scene scene, less;
	struct random random;
	u32 s, at, moved = 0;
	u16 owner;

	(void)state;
	random_init(&random, __func__);
	scene_make(&scene, &random, 65537, 100, WEIGHTS_EQUAL);
	at = random_below(&random, 100);
	scene_init(&less, 65537, 99);
	memcpy(less.backends, scene.backends, at * sizeof(*less.backends));
	memcpy(less.backends + at, scene.backends + at + 1, (99 - at) * sizeof(*less.backends));
	scene_build(&less);
	for (s = 0; s < 65537; s++) {
		owner = less.base[s] + (less.base[s] >= at);
		moved += scene.base[s] != at && scene.base[s] != owner;
	}
	assert_true(moved < 65537 * 5 / 100); /* collateral */
	scene_fini(&less);
	scene_fini(&scene);
}

/* The most loaded of 1000 with @down down, as a part of the mean, in hundredths. */
static u32 most_loaded(struct random *random, u32 down)
{
	u32 i, at, most = 0;
	struct scene scene;
	u32 *counts;

	scene_make(&scene, random, 65537, 1000, WEIGHTS_EQUAL);
	for (i = 0; i < down; i++) {
		do {
			at = random_below(random, 1000);
		} while (scene.backends[at].state == MAGLEV_DOWN);
		scene.backends[at].state = MAGLEV_DOWN;
	}
	scene_build_live(&scene);
	counts = slot_counts(scene.live, 65537, 1000);
	for (i = 0; i < 1000; i++)
		most = counts[i] > most ? counts[i] : most;
	free(counts);
	scene_fini(&scene);
	return (most * 100ULL * (1000 - down) + 65536) / 65537;
}

static void live_is_level_with_1_percent_down(void **state)
{
	struct random random;
	u32 i, percent;

	(void)state;
	random_init(&random, __func__);
	for (i = 0; i < 5; i++) {
		percent = most_loaded(&random, 10);
		if (percent > 110)
			fail_msg("set %u: max / mean is %u %%", i, percent);
	}
}

static void live_is_level_with_10_percent_down(void **state)
{
	struct random random;
	u32 i, percent;

	(void)state;
	random_init(&random, __func__);
	for (i = 0; i < 5; i++) {
		percent = most_loaded(&random, 100);
		if (percent > 122)
			fail_msg("set %u: max / mean is %u %%", i, percent);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_full),
		cmocka_unit_test(table_gives_each_backend_its_quota),
		cmocka_unit_test(table_of_equal_weights_is_level_to_one_slot),
		cmocka_unit_test(digests_do_not_depend_on_the_order_of_arrival),
		cmocka_unit_test(live_does_not_depend_on_the_order_of_events),
		cmocka_unit_test(changes_move_slots_only_from_or_to_that_backend),
		cmocka_unit_test(growing_share_never_takes_a_slot_from_that_backend),
		cmocka_unit_test(coming_up_only_gains_slots),
		cmocka_unit_test(recovery_restores_the_exact_table),
		cmocka_unit_test(weight_100_to_101_moves_few_slots),
		cmocka_unit_test(table_remove_one_backend_moves_few_slots),
		cmocka_unit_test(live_is_level_with_1_percent_down),
		cmocka_unit_test(live_is_level_with_10_percent_down),
	};

	return run_unit_tests("properties", tests);
}
