// SPDX-License-Identifier: GPL-2.0-only
/* The base table: golden vectors, what is refused, and bit for bit the naive builder. */
#include "fixture.h"
#include "reference.h"
#include "vectors.h"

static void assert_tiny_table(const struct vector_tiny *vector, u32 weight)
{
	struct scene scene;
	u32 i;

	scene_init(&scene, VECTOR_TINY_SIZE, vector->n);
	memset(scene.backends, 0, vector->n * sizeof(*scene.backends));
	for (i = 0; i < vector->n; i++) {
		scene.backends[i].offset = vector->backend[i].offset;
		scene.backends[i].skip = vector->backend[i].skip;
		scene.backends[i].weight = weight;
	}
	scene_build(&scene);
	assert_memory_equal(scene.base, vector->table, sizeof(vector->table));
	scene_fini(&scene);
}

static void table_of_the_paper_before(void **state)
{
	(void)state;
	assert_tiny_table(&vector_paper_before, 1);
}

static void table_of_the_paper_after(void **state)
{
	(void)state;
	assert_tiny_table(&vector_paper_after, 1);
}

static void table_of_the_seed_before(void **state)
{
	(void)state;
	assert_tiny_table(&vector_seed_before, 1);
}

static void table_of_the_seed_after(void **state)
{
	(void)state;
	assert_tiny_table(&vector_seed_after, 1);
}

static void table_is_the_same_for_any_equal_weights(void **state)
{
	(void)state;
	assert_tiny_table(&vector_paper_before, 2);
	assert_tiny_table(&vector_paper_before, 1000003);
	assert_tiny_table(&vector_paper_before, MAGLEV_WEIGHT_MAX);
}

static void golden_scene(struct scene *scene)
{
	scene_init(scene, VECTOR_SIZE, VECTOR_BACKENDS);
	vector_backends_init(scene->backends);
	scene_build(scene);
}

static void golden_table_has_these_first_slots(void **state)
{
	struct scene scene;

	(void)state;
	golden_scene(&scene);
	assert_memory_equal(scene.base, vector_first_slots, sizeof(vector_first_slots));
	scene_fini(&scene);
}

static void golden_table_has_these_slots_per_backend(void **state)
{
	struct scene scene;
	u32 i;

	(void)state;
	golden_scene(&scene);
	for (i = 0; i < VECTOR_BACKENDS; i++)
		assert_int_equal(slots_of(scene.base, VECTOR_SIZE, i),
				 vector_backend[i].slots_base);
	scene_fini(&scene);
}

static void golden_table_has_this_digest(void **state)
{
	struct scene scene;

	(void)state;
	golden_scene(&scene);
	assert_int_equal(scene.base_digest, VECTOR_DIGEST_BASE);
	scene_fini(&scene);
}

/* The paper's pseudocode, figure 3: rounds in which each backend takes one free slot. */
static void paper_rounds(u16 *base, u32 size, const struct maglev_backend *backends, u32 n)
{
	u64 *next = calloc(n, sizeof(*next));
	u32 filled = 0, i, at;

	memset(base, 0xff, size * sizeof(*base));
	for (;;) {
		for (i = 0; i < n; i++) {
			do {
				at = (backends[i].offset + next[i]++ * backends[i].skip) % size;
			} while (base[at] != 0xffff);
			base[at] = i;
			if (++filled == size) {
				free(next);
				return;
			}
		}
	}
}

static void equal_weights_give_the_rounds_of_the_paper(void **state)
{
	static const u32 sizes[] = { 7, 251, 1021, 4093 };
	struct random random;
	struct scene scene;
	u16 *expected;
	u32 i, size;

	(void)state;
	random_init(&random, __func__);
	for (i = 0; i < 100; i++) {
		size = sizes[i % ARRAY_SIZE(sizes)];
		scene_init(&scene, size, 1 + random_below(&random, i % 10 ? 100 % size : size));
		scene_populate(&scene, &random);
		scene_build(&scene);
		expected = test_alloc(size * sizeof(*expected));
		paper_rounds(expected, size, scene.backends, scene.n);
		assert_memory_equal(scene.base, expected, size * sizeof(*expected));
		free(expected);
		scene_fini(&scene);
	}
}

static void table_of_nobody_is_empty(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, 251, 0);
	scene_build(&scene);
	assert_int_equal(slots_of(scene.base, 251, MAGLEV_EMPTY), 251);
	scene_fini(&scene);
}

static void table_of_one_is_all_his(void **state)
{
	struct random random;
	struct scene scene;

	(void)state;
	random_init(&random, __func__);
	scene_init(&scene, 65537, 1);
	scene_populate(&scene, &random);
	scene.backends->weight = MAGLEV_WEIGHT_MAX;
	scene_build(&scene);
	assert_int_equal(slots_of(scene.base, 65537, 0), 65537);
	scene_fini(&scene);
}

static void assert_refused(struct scene *scene)
{
	u32 i;

	memset(scene->base, 0x77, scene->size * sizeof(*scene->base));
	assert_int_equal(maglev_base_build(scene->base, scene->size, scene->backends, scene->n,
					   scene->base_scratch),
			 -EINVAL);
	for (i = 0; i < scene->size; i++)
		assert_int_equal(scene->base[i], 0x7777);
}

static void build_refuses_more_backends_than_slots(void **state)
{
	struct random random;
	struct scene scene;

	(void)state;
	random_init(&random, __func__);
	scene_init(&scene, 251, 252);
	scene_populate(&scene, &random);
	assert_refused(&scene);
	scene_fini(&scene);
}

static void build_refuses_more_than_65534_backends(void **state)
{
	struct random random;
	struct scene scene;

	(void)state;
	random_init(&random, __func__);
	scene_init(&scene, 65537, 65535);
	scene_populate(&scene, &random);
	assert_refused(&scene);
	scene_fini(&scene);
}

static void assert_refused_with(u32 place, u32 weight, u32 offset, u32 skip)
{
	struct random random;
	struct scene scene;

	random_init(&random, __func__);
	scene_init(&scene, 251, 10);
	scene_populate(&scene, &random);
	scene.backends[place].weight = weight;
	scene.backends[place].offset = offset;
	scene.backends[place].skip = skip;
	assert_refused(&scene);
	scene_fini(&scene);
}

static void build_refuses_weights_out_of_range(void **state)
{
	(void)state;
	assert_refused_with(0, 0, 1, 1);
	assert_refused_with(9, 0, 1, 1);
	assert_refused_with(9, MAGLEV_WEIGHT_MAX + 1, 1, 1);
	assert_refused_with(5, 0xffffffffU, 1, 1);
}

static void build_refuses_offsets_out_of_range(void **state)
{
	(void)state;
	assert_refused_with(0, 1, 251, 1);
	assert_refused_with(9, 1, 0xffffffffU, 1);
}

static void build_refuses_skips_out_of_range(void **state)
{
	(void)state;
	assert_refused_with(0, 1, 1, 0);
	assert_refused_with(9, 1, 1, 251);
	assert_refused_with(5, 1, 1, 0xffffffffU);
}

static void build_takes_offset_and_skip_at_their_ends(void **state)
{
	struct random random;
	struct scene scene;

	(void)state;
	random_init(&random, __func__);
	scene_init(&scene, 251, 2);
	scene_populate(&scene, &random);
	scene.backends[0].offset = 0;
	scene.backends[0].skip = 250;
	scene.backends[1].offset = 250;
	scene.backends[1].skip = 1;
	scene_build(&scene);
	assert_int_equal(slots_of(scene.base, 251, 0), 126);
	assert_int_equal(slots_of(scene.base, 251, 1), 125);
	scene_fini(&scene);
}

/*
 * Offsets and skips as a key gives them or, where N x M steps are affordable, offsets all
 * the same, or both: every claim collides.
 */
static void permute(struct scene *scene, struct random *random)
{
	u32 kind = random_below(random, 8);
	u32 i;

	for (i = 0; kind < 2 && i < scene->n && (u64)scene->n * scene->size < 1000000; i++) {
		scene->backends[i].offset = scene->size - 1;
		if (kind == 0)
			scene->backends[i].skip = scene->size / 2;
	}
}

static void assert_equals_naive(u32 size, u32 n, enum weights weights, struct random *random)
{
	struct scene scene;
	u16 *expected;
	u32 s;

	scene_init(&scene, size, n);
	scene_populate(&scene, random);
	scene_weigh(&scene, random, weights);
	permute(&scene, random);
	scene_build(&scene);
	expected = test_alloc(size * sizeof(*expected));
	ref_base(expected, size, scene.backends, n);
	for (s = 0; s < size; s++)
		if (scene.base[s] != expected[s])
			fail_msg("M=%u N=%u weights %d: slot %u: core %u, naive %u", size, n,
				 weights, s, scene.base[s], expected[s]);
	assert_int_equal(scene.base_digest, ref_digest(expected, size, scene.mode, scene.backends));
	free(expected);
	scene_fini(&scene);
}

static u32 random_n(struct random *random, u32 size)
{
	u32 most = size < MAGLEV_BACKENDS_MAX ? size : MAGLEV_BACKENDS_MAX;

	switch (random_below(random, 8)) {
	case 0:
		return 1;
	case 1:
		return 2;
	case 2:
		return most;
	case 3:
		return 1 + random_below(random, most);
	default:
		return 1 + random_below(random, size < 300 ? size : 300);
	}
}

static void assert_sizes_equal_naive(const u32 *sizes, u32 count, u32 cases, const char *stream)
{
	struct random random;
	u32 i, size;

	random_init(&random, stream);
	for (i = 0; i < cases; i++) {
		size = sizes[i % count];
		assert_equals_naive(size, random_n(&random, size), i / count % WEIGHTS_KINDS,
				    &random);
	}
}

static void small_tables_equal_naive(void **state)
{
	static const u32 sizes[] = { 7, 11, 251, 257, 1021, 4093 };

	(void)state;
	assert_sizes_equal_naive(sizes, ARRAY_SIZE(sizes), 6 * WEIGHTS_KINDS * 20, __func__);
}

static void large_tables_equal_naive(void **state)
{
	static const u32 sizes[] = { 65537, 65521 };

	(void)state;
	assert_sizes_equal_naive(sizes, ARRAY_SIZE(sizes), 2 * WEIGHTS_KINDS, __func__);
}

static void full_tables_equal_naive(void **state)
{
	struct random random;
	u32 kind;

	(void)state;
	random_init(&random, __func__);
	for (kind = 0; kind < WEIGHTS_KINDS; kind++) {
		assert_equals_naive(251, 251, kind, &random);
		assert_equals_naive(4093, 4093, kind, &random);
	}
}

static void largest_tables_equal_naive(void **state)
{
	struct random random;

	(void)state;
	random_init(&random, __func__);
	assert_equals_naive(MAGLEV_SIZE_MAX, MAGLEV_BACKENDS_MAX, WEIGHTS_SMALL, &random);
	assert_equals_naive(MAGLEV_SIZE_MAX, MAGLEV_BACKENDS_MAX, WEIGHTS_HUGE, &random);
	assert_equals_naive(MAGLEV_SIZE_MAX, 3, WEIGHTS_ANY, &random);
	assert_equals_naive(MAGLEV_SIZE_MAX, 40, WEIGHTS_EXTREME, &random);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_of_the_paper_before),
		cmocka_unit_test(table_of_the_paper_after),
		cmocka_unit_test(table_of_the_seed_before),
		cmocka_unit_test(table_of_the_seed_after),
		cmocka_unit_test(table_is_the_same_for_any_equal_weights),
		cmocka_unit_test(golden_table_has_these_first_slots),
		cmocka_unit_test(golden_table_has_these_slots_per_backend),
		cmocka_unit_test(golden_table_has_this_digest),
		cmocka_unit_test(equal_weights_give_the_rounds_of_the_paper),
		cmocka_unit_test(table_of_nobody_is_empty),
		cmocka_unit_test(table_of_one_is_all_his),
		cmocka_unit_test(build_refuses_more_backends_than_slots),
		cmocka_unit_test(build_refuses_more_than_65534_backends),
		cmocka_unit_test(build_refuses_weights_out_of_range),
		cmocka_unit_test(build_refuses_offsets_out_of_range),
		cmocka_unit_test(build_refuses_skips_out_of_range),
		cmocka_unit_test(build_takes_offset_and_skip_at_their_ends),
		cmocka_unit_test(small_tables_equal_naive),
		cmocka_unit_test(large_tables_equal_naive),
		cmocka_unit_test(full_tables_equal_naive),
		cmocka_unit_test(largest_tables_equal_naive),
	};

	return run_unit_tests("base", tests);
}
