// SPDX-License-Identifier: GPL-2.0-only
/* The fingerprint of a table: its definition, and what must and must not change it. */
#include "fixture.h"
#include "reference.h"

static void scene_some(struct scene *scene, struct random *random)
{
	scene_init(scene, 1021, 2 + random_below(random, 60));
	scene_populate(scene, random);
	scene_weigh(scene, random, WEIGHTS_SMALL);
	scene_overlay(scene, random, OVERLAY_ANY);
	scene_build(scene);
}

static u64 digest_of(const struct scene *scene, const u16 *table)
{
	return maglev_table_digest(table, scene->size, scene->mode, scene->backends);
}

static void digest_equals_its_definition(void **state)
{
	struct random random;
	struct scene scene;
	u32 i;

	(void)state;
	random_init(&random, __func__);
	for (i = 0; i < 50; i++) {
		scene_some(&scene, &random);
		assert_int_equal(digest_of(&scene, scene.live),
				 ref_digest(scene.live, scene.size, scene.mode, scene.backends));
		scene_fini(&scene);
	}
}

/* Alternate slots empty, at both ends too: they count with id 0. */
static void digest_counts_empty_slots_as_id_zero(void **state)
{
	struct random random;
	struct scene scene;
	u32 s;

	(void)state;
	random_init(&random, __func__);
	scene_some(&scene, &random);
	for (s = 0; s < scene.size; s += 2)
		scene.base[s] = MAGLEV_EMPTY;
	assert_int_equal(digest_of(&scene, scene.base),
			 ref_digest(scene.base, scene.size, scene.mode, scene.backends));
	scene_fini(&scene);
}

static void digest_of_nobody_needs_no_backends(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, 251, 0);
	scene_build(&scene);
	assert_int_equal(scene.base_digest, ref_digest(scene.base, 251, MAGLEV_MODE_TUPLE, NULL));
	scene_fini(&scene);
}

static void digest_differs_by_mode(void **state)
{
	struct random random;
	struct scene scene;
	u64 tuple, source;

	(void)state;
	random_init(&random, __func__);
	scene_some(&scene, &random);
	tuple = maglev_table_digest(scene.base, 1021, MAGLEV_MODE_TUPLE, scene.backends);
	source = maglev_table_digest(scene.base, 1021, MAGLEV_MODE_SOURCE, scene.backends);
	assert_int_equal(source - tuple, ref_mix64(1) - ref_mix64(0));
	scene_fini(&scene);
}

static void digest_is_blind_to_places(void **state)
{
	struct random random;
	struct scene scene;
	u64 before;
	u32 i, s;

	(void)state;
	random_init(&random, __func__);
	scene_some(&scene, &random);
	before = digest_of(&scene, scene.base);
	for (s = 0; s < scene.size; s++)
		scene.base[s] = scene.n - 1 - scene.base[s];
	for (i = 0; i < scene.n / 2; i++) {
		struct maglev_backend other = scene.backends[i];

		scene.backends[i] = scene.backends[scene.n - 1 - i];
		scene.backends[scene.n - 1 - i] = other;
	}
	assert_int_equal(digest_of(&scene, scene.base), before);
	scene_fini(&scene);
}

static void digest_sees_two_owners_exchanged(void **state)
{
	struct random random;
	struct scene scene;
	u64 before;
	u32 s;
	u16 owner;

	(void)state;
	random_init(&random, __func__);
	scene_some(&scene, &random);
	before = digest_of(&scene, scene.base);
	for (s = 1; scene.base[s] == scene.base[0]; s++)
		;
	owner = scene.base[0];
	scene.base[0] = scene.base[s];
	scene.base[s] = owner;
	assert_int_not_equal(digest_of(&scene, scene.base), before);
	scene_fini(&scene);
}

static void digest_sees_every_single_slot(void **state)
{
	struct random random;
	struct scene scene;
	u64 before;
	u16 owner;
	u32 s;

	(void)state;
	random_init(&random, __func__);
	scene_some(&scene, &random);
	before = digest_of(&scene, scene.base);
	for (s = 0; s < scene.size; s++) {
		owner = scene.base[s];
		scene.base[s] = MAGLEV_EMPTY;
		assert_int_not_equal(digest_of(&scene, scene.base), before);
		scene.base[s] = owner;
	}
	scene_fini(&scene);
}

static void digest_corrected_at_changed_slots_equals_the_full_sum(void **state)
{
	struct random random;
	struct scene scene;
	u32 kind;

	(void)state;
	random_init(&random, __func__);
	scene_some(&scene, &random);
	for (kind = 0; kind < OVERLAY_KINDS; kind++) {
		scene_overlay(&scene, &random, kind);
		scene_build_live(&scene);
		assert_int_equal(scene.live_digest, digest_of(&scene, scene.live));
	}
	scene_fini(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digest_equals_its_definition),
		cmocka_unit_test(digest_counts_empty_slots_as_id_zero),
		cmocka_unit_test(digest_of_nobody_needs_no_backends),
		cmocka_unit_test(digest_differs_by_mode),
		cmocka_unit_test(digest_is_blind_to_places),
		cmocka_unit_test(digest_sees_two_owners_exchanged),
		cmocka_unit_test(digest_sees_every_single_slot),
		cmocka_unit_test(digest_corrected_at_changed_slots_equals_the_full_sum),
	};

	return run_unit_tests("digest", tests);
}
