// SPDX-License-Identifier: GPL-2.0-only
/* The packet path's walk: it finds what the live table says, and skips who cannot take. */
#include "fixture.h"
#include "reference.h"

static bool is_up(const void *ctx, u16 place)
{
	const struct scene *scene = ctx;

	assert_true(place < scene->n);
	return scene->backends[place].state == MAGLEV_UP;
}

static bool nobody(const void *ctx, u16 place)
{
	(void)place;
	++*(u32 *)(uintptr_t)ctx;
	return false;
}

static bool is_place(const void *ctx, u16 place)
{
	return place == *(const u16 *)ctx;
}

static void scene_overlaid(struct scene *scene, struct random *random, u32 size, u32 n,
			   enum overlay overlay)
{
	scene_init(scene, size, n);
	scene_populate(scene, random);
	scene_weigh(scene, random, WEIGHTS_SMALL);
	scene_overlay(scene, random, overlay);
	scene_build(scene);
}

static void served_equals_the_text(void **state)
{
	struct maglev_backend backend;
	struct random random;
	u32 i, slot, share;

	(void)state;
	random_init(&random, __func__);
	memset(&backend, 0, sizeof(backend));
	for (i = 0; i < 20000; i++) {
		backend.seed = random_u64(&random);
		slot = random_below(&random, MAGLEV_SIZE_MAX);
		share = ref_reduce(ref_mix64(backend.seed + ((u64)slot << 8)), 100);
		backend.share = share;
		assert_false(maglev_slot_served(&backend, slot));
		backend.share = share + 1;
		assert_true(maglev_slot_served(&backend, slot));
	}
}

static void served_is_everything_at_full_share(void **state)
{
	struct maglev_backend backend = { .seed = 1, .share = 100 };
	u32 slot;

	(void)state;
	for (slot = 0; slot < 65537; slot++)
		assert_true(maglev_slot_served(&backend, slot));
}

static void served_is_nothing_at_share_zero(void **state)
{
	struct maglev_backend backend = { .seed = 1, .share = 0 };
	u32 slot;

	(void)state;
	for (slot = 0; slot < 65537; slot++)
		assert_false(maglev_slot_served(&backend, slot));
}

static void served_share_is_what_it_says(void **state)
{
	struct maglev_backend backend = { .seed = 42 };
	u32 slot;
	int over;

	(void)state;
	for (backend.share = 1; backend.share < 100; backend.share++) {
		over = -65537 * backend.share / 100;
		for (slot = 0; slot < 65537; slot++)
			over += maglev_slot_served(&backend, slot);
		assert_true(abs(over) < 700); /* over five standard deviations */
	}
}

/* Of every slot its owner does not serve: the live table's answer, or none if draws ran out. */
static void walk_answers_as_the_live_table(void **state)
{
	struct ref_overlay overlay;
	struct random random;
	struct scene scene;
	u16 expected, answer;
	u32 i, s, walked = 0;

	(void)state;
	random_init(&random, __func__);
	for (i = 0; i < 3 * OVERLAY_KINDS; i++) {
		scene_overlaid(&scene, &random, 1021, 1 + random_below(&random, 100),
			       i % OVERLAY_KINDS);
		ref_overlay_init(&overlay, scene.base, scene.size, scene.backends, scene.n);
		for (s = 0; s < scene.size; s++) {
			if (ref_served(&overlay, s))
				continue;
			expected = ref_draw(&overlay, s);
			answer = maglev_slot_walk(scene.base, scene.size, scene.backends, s, is_up,
						  &scene);
			assert_int_equal(answer, expected);
			if (expected != MAGLEV_EMPTY) {
				assert_int_equal(answer, scene.live[s]);
				walked++;
			}
		}
		ref_overlay_fini(&overlay);
		scene_fini(&scene);
	}
	assert_true(walked > 1000);
}

/* As if the overloaded one were down too: the same chain, one backend less. */
static void walk_skips_who_cannot_take_the_flow(void **state)
{
	struct ref_overlay overlay;
	struct random random;
	struct scene scene;
	u32 s;

	(void)state;
	random_init(&random, __func__);
	scene_overlaid(&scene, &random, 1021, 20, OVERLAY_ANY);
	for (s = 0; s < scene.n; s++)
		scene.backends[s].state = s % 5 == 0 ? MAGLEV_DOWN : MAGLEV_UP;
	ref_overlay_init(&overlay, scene.base, scene.size, scene.backends, scene.n);
	for (s = 0; s < scene.size; s++)
		assert_int_equal(maglev_slot_walk(scene.base, scene.size, scene.backends, s, is_up,
						  &scene),
				 ref_draw(&overlay, s));
	ref_overlay_fini(&overlay);
	scene_fini(&scene);
}

static void walk_is_empty_when_nobody_can_take(void **state)
{
	struct random random;
	struct scene scene;
	u32 asked = 0;

	(void)state;
	random_init(&random, __func__);
	scene_overlaid(&scene, &random, 251, 5, OVERLAY_NONE);
	assert_int_equal(maglev_slot_walk(scene.base, 251, scene.backends, 17, nobody, &asked),
			 MAGLEV_EMPTY);
	scene_fini(&scene);
}

static void walk_asks_at_most_64_slots(void **state)
{
	struct random random;
	struct scene scene;
	u32 s, asked;

	(void)state;
	random_init(&random, __func__);
	scene_overlaid(&scene, &random, 251, 5, OVERLAY_NONE);
	for (s = 0; s < scene.size; s++) {
		asked = 0;
		maglev_slot_walk(scene.base, 251, scene.backends, s, nobody, &asked);
		assert_in_range(asked, 1, MAGLEV_DRAWS);
	}
	scene_fini(&scene);
}

/* Whoever has a 64th of the slots or more is found from most slots, his own among them. */
static void walk_finds_the_only_one_that_can_take(void **state)
{
	struct random random;
	struct scene scene;
	u32 s, found = 0;
	u16 only = 3, answer;

	(void)state;
	random_init(&random, __func__);
	scene_overlaid(&scene, &random, 1021, 10, OVERLAY_NONE);
	for (s = 0; s < scene.size; s++) {
		answer = maglev_slot_walk(scene.base, scene.size, scene.backends, s, is_place,
					  &only);
		assert_true(answer == only || answer == MAGLEV_EMPTY);
		found += answer == only;
	}
	assert_true(found > scene.size / 4);
	scene_fini(&scene);
}

static void walk_never_names_a_backend_of_share_zero(void **state)
{
	struct random random;
	struct scene scene;
	u32 s;

	(void)state;
	random_init(&random, __func__);
	scene_overlaid(&scene, &random, 251, 2, OVERLAY_NONE);
	scene.backends[1].share = 0;
	for (s = 0; s < scene.size; s++)
		assert_int_not_equal(maglev_slot_walk(scene.base, 251, scene.backends, s, is_up,
						      &scene),
				     1);
	scene_fini(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(served_equals_the_text),
		cmocka_unit_test(served_is_everything_at_full_share),
		cmocka_unit_test(served_is_nothing_at_share_zero),
		cmocka_unit_test(served_share_is_what_it_says),
		cmocka_unit_test(walk_answers_as_the_live_table),
		cmocka_unit_test(walk_skips_who_cannot_take_the_flow),
		cmocka_unit_test(walk_is_empty_when_nobody_can_take),
		cmocka_unit_test(walk_asks_at_most_64_slots),
		cmocka_unit_test(walk_finds_the_only_one_that_can_take),
		cmocka_unit_test(walk_never_names_a_backend_of_share_zero),
	};

	return run_unit_tests("walk", tests);
}
