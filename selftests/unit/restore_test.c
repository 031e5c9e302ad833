// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words that outlive their table: an age in place of a time and back, and the same line again, where
 * nothing that lives there makes room.
 */
#include "fixture.h"

#include <maglev/flow.h>

enum {
	TARGETS = 3, /* indexes 0 and 1 of service 1, 2 of service 2 */
	LINES = 16,
	NOW = 1000000,
	WORD = MAGLEV_LINE_WORDS,
};

struct bed {
	struct maglev_target target[TARGETS];
	struct maglev_target *targets[TARGETS];
	struct maglev_flows flows;
	struct maglev_flow_table table;
	_Alignas(MAGLEV_LINE_BYTES) u64 words[LINES * WORD];
	struct random random;
};

static const u16 seconds[MAGLEV_FLOW_STATES] = { 60, 900, 120, 10 };

static void bed_init(struct bed *bed, const char *stream)
{
	u32 i, state;

	memset(bed, 0, sizeof(*bed));
	random_init(&bed->random, stream);
	for (i = 0; i < TARGETS; i++) {
		bed->target[i].index = i;
		bed->target[i].service = 1 + i / 2;
		for (state = 0; state < MAGLEV_FLOW_STATES; state++)
			bed->target[i].limit[state] = maglev_timeout_limit(state, seconds[state]);
		bed->targets[i] = &bed->target[i];
	}
	bed->flows = (struct maglev_flows){ bed->targets, TARGETS, NOW };
	bed->table = (struct maglev_flow_table){ bed->words, LINES };
}

static u64 word_of(struct bed *bed, u32 index, enum maglev_flow_state state)
{
	return maglev_word_make(random_u64(&bed->random), index, state, NOW);
}

static enum maglev_track put(struct bed *bed, u32 line, u64 word)
{
	return maglev_flow_restore(&bed->table, &bed->flows, line, word);
}

static void words_loaded_at_once_are_what_was_saved(void **state)
{
	u32 i, now, flow_state;
	struct random random;
	u64 word;

	(void)state;
	random_init(&random, __func__);
	for (i = 0; i < 1000000; i++) {
		now = random_u64(&random) | 1 << 16;
		flow_state = random_below(&random, 4);
		word = maglev_word_make(random_u64(&random), random_below(&random, 65535),
					flow_state,
					now - random_below(&random, 255) *
							maglev_time_unit(flow_state));
		assert_int_equal(maglev_word_load(maglev_word_save(word, now), now), word);
	}
}

static void words_are_as_old_under_another_clock(void **state)
{
	u32 i, now, then, flow_state;
	struct random random;
	u64 word, saved;

	(void)state;
	random_init(&random, __func__);
	for (i = 0; i < 1000000; i++) {
		now = random_u64(&random) | 1 << 16;
		then = random_u64(&random) | 1 << 16;
		flow_state = random_below(&random, 4);
		word = maglev_word_make(random_u64(&random), random_below(&random, 65535),
					flow_state,
					now - random_below(&random, 255) *
							maglev_time_unit(flow_state));
		saved = maglev_word_save(word, now);
		assert_int_equal(saved >> 8, word >> 8);
		assert_int_equal(maglev_word_units(maglev_word_load(saved, then), then),
				 maglev_word_units(word, now));
	}
}

static void word_written_since_the_clock_was_read_is_new(void **state)
{
	u64 word = maglev_word_make(1ULL << 60, 7, MAGLEV_HALF_OPEN, NOW + 4);

	(void)state;
	assert_int_equal(maglev_word_save(word, NOW) & 0xff, 0);
}

static void restored_words_are_found_where_they_were(void **state)
{
	u64 hash, word, found, *at;
	struct bed bed;
	u32 i, line;

	(void)state;
	bed_init(&bed, __func__);
	for (i = 0; i < 100000; i++) {
		memset(bed.words, 0, sizeof(bed.words));
		hash = random_u64(&bed.random);
		word = maglev_word_make(hash, 0, MAGLEV_ESTABLISHED, NOW);
		at = maglev_flow_line(&bed.table, i & 1 ? hash : maglev_mix64(hash));
		line = (at - bed.words) / WORD;
		assert_int_equal(put(&bed, line, word), MAGLEV_TRACK_NEW);
		assert_true(maglev_flow_known(&bed.table, &bed.flows, line, word));
		assert_non_null(maglev_flow_lookup(&bed.table, &bed.flows, hash, 1, &found));
		assert_int_equal(found, word);
	}
}

static void restore_writes_one_word_of_its_line_and_no_other(void **state)
{
	struct bed bed;
	u32 i, used;

	(void)state;
	bed_init(&bed, __func__);
	put(&bed, 5, word_of(&bed, 0, MAGLEV_CLOSING));
	for (i = used = 0; i < LINES * WORD; i++) {
		used += !!bed.words[i];
		assert_true(!bed.words[i] || i / WORD == 5);
	}
	assert_int_equal(used, 1);
}

static void restore_takes_no_living_words_place(void **state)
{
	static const enum maglev_flow_state states[] = { MAGLEV_ESTABLISHED, MAGLEV_CLOSING,
							 MAGLEV_RESET };
	u64 before[WORD];
	struct bed bed;
	u32 i, kind;

	(void)state;
	bed_init(&bed, __func__);
	for (kind = 0; kind < 3; kind++) {
		for (i = 0; i < WORD; i++)
			bed.words[i] = word_of(&bed, 1, i < 2 ? MAGLEV_HALF_OPEN : states[kind]);
		memcpy(before, bed.words, sizeof(before));
		assert_int_equal(put(&bed, 0, word_of(&bed, 0, MAGLEV_ESTABLISHED)),
				 MAGLEV_TRACK_FULL);
		assert_memory_equal(bed.words, before, sizeof(before));
	}
}

static void restore_takes_the_place_of_the_expired_and_of_those_without_target(void **state)
{
	struct bed bed;
	u32 i;

	(void)state;
	bed_init(&bed, __func__);
	for (i = 0; i < WORD; i++)
		bed.words[i] = word_of(&bed, 1, MAGLEV_ESTABLISHED);
	bed.words[3] = maglev_word_make(1ULL << 60, 1, MAGLEV_RESET, NOW - 60);
	assert_int_equal(put(&bed, 0, word_of(&bed, 0, MAGLEV_ESTABLISHED)), MAGLEV_TRACK_NEW);
	assert_int_equal(maglev_word_index(bed.words[3]), 0);
	bed.words[6] = maglev_word_make(1ULL << 60, 9, MAGLEV_ESTABLISHED, NOW);
	assert_int_equal(put(&bed, 0, word_of(&bed, 0, MAGLEV_ESTABLISHED)), MAGLEV_TRACK_NEW);
	assert_int_equal(maglev_word_index(bed.words[6]), 0);
	assert_int_equal(put(&bed, 0, word_of(&bed, 0, MAGLEV_ESTABLISHED)), MAGLEV_TRACK_FULL);
}

static void restore_keeps_two_half_open_in_a_line_at_most(void **state)
{
	struct bed bed;

	(void)state;
	bed_init(&bed, __func__);
	assert_int_equal(put(&bed, 0, word_of(&bed, 0, MAGLEV_HALF_OPEN)), MAGLEV_TRACK_NEW);
	assert_int_equal(put(&bed, 0, word_of(&bed, 0, MAGLEV_HALF_OPEN)), MAGLEV_TRACK_NEW);
	assert_int_equal(put(&bed, 0, word_of(&bed, 0, MAGLEV_HALF_OPEN)), MAGLEV_TRACK_FULL);
	assert_int_equal(put(&bed, 0, word_of(&bed, 0, MAGLEV_CLOSING)), MAGLEV_TRACK_NEW);
}

static void known_are_flows_of_that_hash_and_service_alone(void **state)
{
	struct bed bed;
	u64 word;

	(void)state;
	bed_init(&bed, __func__);
	word = word_of(&bed, 0, MAGLEV_ESTABLISHED);
	put(&bed, 2, word);
	/* Another backend of the service, another state: the same flow. */
	assert_true(maglev_flow_known(&bed.table, &bed.flows, 2,
				      maglev_word_make(word, 1, MAGLEV_CLOSING, NOW)));
	assert_false(maglev_flow_known(&bed.table, &bed.flows, 2,
				       maglev_word_make(word, 2, MAGLEV_ESTABLISHED, NOW)));
	assert_false(maglev_flow_known(&bed.table, &bed.flows, 2, word ^ 1ULL << 26));
	assert_false(maglev_flow_known(&bed.table, &bed.flows, 3, word));
	bed.flows.now += 2000;
	assert_false(maglev_flow_known(&bed.table, &bed.flows, 2, word));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_loaded_at_once_are_what_was_saved),
		cmocka_unit_test(words_are_as_old_under_another_clock),
		cmocka_unit_test(word_written_since_the_clock_was_read_is_new),
		cmocka_unit_test(restored_words_are_found_where_they_were),
		cmocka_unit_test(restore_writes_one_word_of_its_line_and_no_other),
		cmocka_unit_test(restore_takes_no_living_words_place),
		cmocka_unit_test(
			restore_takes_the_place_of_the_expired_and_of_those_without_target),
		cmocka_unit_test(restore_keeps_two_half_open_in_a_line_at_most),
		cmocka_unit_test(known_are_flows_of_that_hash_and_service_alone),
	};

	return run_unit_tests("restore", tests);
}
