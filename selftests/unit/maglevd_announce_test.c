// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/announce.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib
/* When a VIP is announced: at times that the tests set. */
#include "fixture.h"

#include <announce.h>
#include <string.h>

enum {
	MS = 1000000,
	INTERVAL = 100 * MS,
};

#define SETTLE (5000ULL * MS)
#define WITHIN (1000ULL * MS)

/* A VIP that is well, at a time of its own. */
struct trial {
	struct announcement announcement;
	struct announce_probe probe;
	struct announce_input input;
	bool is_asked, answers, is_good;
	u64 asked;
};

static struct trial begin(bool has_route)
{
	struct trial trial = {
		.input = { .now = 1000ULL * 1000 * MS, .settle = SETTLE },
		.is_asked = true,
		.answers = true,
		.is_good = true,
	};

	trial.asked = trial.input.now;
	announce_begin(&trial.announcement, has_route, trial.input.now);
	return trial;
}

/* An interval goes by; then there is an answer, or none. Return: has anything changed? */
static bool step(struct trial *trial)
{
	trial->input.now += INTERVAL;
	if (trial->is_asked && trial->answers)
		announce_answer(&trial->probe, trial->is_good);
	if (!trial->is_asked || trial->answers)
		trial->asked = trial->input.now;
	trial->input.opinion = announce_opinion(&trial->probe, trial->input.now - trial->asked);
	return announce_step(&trial->announcement, &trial->input);
}

/* Return: ns until it is in that state; 0: that takes more than a minute. */
static u64 time_until(struct trial *trial, enum announce_state state)
{
	u64 start = trial->input.now;

	while (trial->announcement.state != state) {
		if (trial->input.now - start > 60000ULL * MS)
			return 0;
		step(trial);
	}
	return trial->input.now - start;
}

static struct trial begin_announced(void)
{
	struct trial trial = begin(true);

	step(&trial);
	assert_int_equal(trial.announcement.state, ANNOUNCE_ANNOUNCED);
	return trial;
}

#define assert_is(trial, wanted_state, wanted_reason)                          \
	do {                                                                   \
		assert_int_equal((trial)->announcement.state, wanted_state);   \
		assert_int_equal((trial)->announcement.reason, wanted_reason); \
	} while (0)

static void a_vip_is_announced_once_all_was_well_for_the_settle_time(void **state)
{
	struct trial trial = begin(false);

	(void)state;
	assert_is(&trial, ANNOUNCE_WITHDRAWN, ANNOUNCE_UNASKED);
	assert_true(step(&trial));
	assert_is(&trial, ANNOUNCE_SETTLING, ANNOUNCE_FINE);
	assert_int_equal(time_until(&trial, ANNOUNCE_ANNOUNCED), SETTLE);
	assert_int_equal(trial.announcement.since, trial.input.now);
}

static void without_a_settle_time_it_is_announced_at_the_first_answer(void **state)
{
	struct trial trial = begin(false);

	(void)state;
	trial.input.settle = 0;
	assert_true(step(&trial));
	assert_is(&trial, ANNOUNCE_ANNOUNCED, ANNOUNCE_FINE);
}

static void nothing_changes_while_all_is_well(void **state)
{
	struct trial trial = begin_announced();
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		assert_false(step(&trial));
}

static void a_route_that_was_there_is_taken_over_without_settling(void **state)
{
	struct trial trial = begin(true);

	(void)state;
	assert_is(&trial, ANNOUNCE_ANNOUNCED, ANNOUNCE_FINE);
	assert_false(step(&trial));
}

static void a_route_that_was_there_goes_if_nobody_answers(void **state)
{
	struct trial trial = begin(true);

	(void)state;
	trial.answers = false;
	assert_in_range(time_until(&trial, ANNOUNCE_WITHDRAWN), 1, WITHIN);
	assert_is(&trial, ANNOUNCE_WITHDRAWN, ANNOUNCE_PROBE);
}

static void one_bad_answer_and_two_change_nothing(void **state)
{
	struct trial trial = begin_announced();
	int round, i;

	(void)state;
	for (round = 0; round < 10; round++) {
		trial.is_good = false;
		for (i = 1; i < ANNOUNCE_MISSES; i++)
			assert_false(step(&trial));
		trial.is_good = true;
		assert_false(step(&trial));
	}
}

static void three_bad_answers_withdraw_within_a_second(void **state)
{
	struct trial trial = begin_announced();

	(void)state;
	trial.is_good = false;
	assert_in_range(time_until(&trial, ANNOUNCE_WITHDRAWN), 1, WITHIN);
	assert_is(&trial, ANNOUNCE_WITHDRAWN, ANNOUNCE_PROBE);
}

static void silence_withdraws_within_a_second(void **state)
{
	struct trial trial = begin_announced();

	(void)state;
	trial.answers = false;
	assert_in_range(time_until(&trial, ANNOUNCE_WITHDRAWN), 1, WITHIN);
	assert_is(&trial, ANNOUNCE_WITHDRAWN, ANNOUNCE_PROBE);
}

static void that_nobody_gets_round_to_asking_is_not_the_modules_silence(void **state)
{
	struct trial trial = begin_announced();
	int i;

	(void)state;
	trial.is_asked = false;
	for (i = 0; i < 100; i++)
		assert_false(step(&trial));
}

static void too_few_backends_withdraw_at_once(void **state)
{
	struct trial trial = begin_announced();

	(void)state;
	trial.input.has_few = true;
	assert_true(step(&trial));
	assert_is(&trial, ANNOUNCE_WITHDRAWN, ANNOUNCE_FEW);
	trial.input.has_few = false;
	assert_int_equal(time_until(&trial, ANNOUNCE_ANNOUNCED), SETTLE + INTERVAL);
}

static void it_is_not_announced_before_all_backends_were_checked(void **state)
{
	struct trial trial = begin(false);

	(void)state;
	trial.input.has_unchecked = true;
	step(&trial);
	assert_is(&trial, ANNOUNCE_WITHDRAWN, ANNOUNCE_UNCHECKED);
	trial.input.has_unchecked = false;
	step(&trial);
	assert_int_equal(time_until(&trial, ANNOUNCE_ANNOUNCED), SETTLE);
	/* One that is new in the file takes nothing away. */
	trial.input.has_unchecked = true;
	assert_false(step(&trial));
}

static void a_backend_that_is_never_checked_is_not_waited_for_for_ever(void **state)
{
	struct trial trial = begin(false);
	u64 start = trial.input.now;

	(void)state;
	trial.input.has_unchecked = true;
	while (trial.announcement.state != ANNOUNCE_ANNOUNCED &&
	       trial.input.now - start < 100000ULL * MS)
		step(&trial);
	assert_int_equal(trial.input.now - start, ANNOUNCE_PATIENCE_S * 1000ULL * MS + SETTLE);
}

static void the_operator_withdraws_at_once_and_is_named_before_all_else(void **state)
{
	struct trial trial = begin_announced();

	(void)state;
	trial.input.has_few = true;
	step(&trial);
	trial.input.is_drained = true;
	assert_true(step(&trial));
	assert_is(&trial, ANNOUNCE_WITHDRAWN, ANNOUNCE_DRAINED);
	trial.input.is_drained = false;
	assert_true(step(&trial));
	assert_is(&trial, ANNOUNCE_WITHDRAWN, ANNOUNCE_FEW);
}

static void what_is_not_well_for_the_whole_settle_time_settles_anew(void **state)
{
	struct trial trial = begin(false);
	int i;

	(void)state;
	for (i = 0; i < 40; i++)
		step(&trial);
	assert_is(&trial, ANNOUNCE_SETTLING, ANNOUNCE_FINE);
	trial.input.has_few = true;
	step(&trial);
	assert_is(&trial, ANNOUNCE_WITHDRAWN, ANNOUNCE_FEW);
	trial.input.has_few = false;
	step(&trial);
	assert_int_equal(time_until(&trial, ANNOUNCE_ANNOUNCED), SETTLE);
}

static void a_vip_whose_backends_flap_is_never_announced(void **state)
{
	struct trial trial = begin(false);
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		trial.input.has_few = i % 40 == 0;
		step(&trial);
		assert_int_not_equal(trial.announcement.state, ANNOUNCE_ANNOUNCED);
	}
}

static void a_route_that_cannot_be_added_is_tried_again_and_told_once(void **state)
{
	struct trial trial = begin(false);
	u64 pause = 1000ULL * MS;

	(void)state;
	step(&trial);
	time_until(&trial, ANNOUNCE_ANNOUNCED);
	assert_true(announce_fail(&trial.announcement, pause, trial.input.now));
	assert_is(&trial, ANNOUNCE_SETTLING, ANNOUNCE_ROUTE);
	assert_int_equal(time_until(&trial, ANNOUNCE_ANNOUNCED), pause);
	assert_is(&trial, ANNOUNCE_ANNOUNCED, ANNOUNCE_FINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vip_is_announced_once_all_was_well_for_the_settle_time),
		cmocka_unit_test(without_a_settle_time_it_is_announced_at_the_first_answer),
		cmocka_unit_test(nothing_changes_while_all_is_well),
		cmocka_unit_test(a_route_that_was_there_is_taken_over_without_settling),
		cmocka_unit_test(a_route_that_was_there_goes_if_nobody_answers),
		cmocka_unit_test(one_bad_answer_and_two_change_nothing),
		cmocka_unit_test(three_bad_answers_withdraw_within_a_second),
		cmocka_unit_test(silence_withdraws_within_a_second),
		cmocka_unit_test(that_nobody_gets_round_to_asking_is_not_the_modules_silence),
		cmocka_unit_test(too_few_backends_withdraw_at_once),
		cmocka_unit_test(it_is_not_announced_before_all_backends_were_checked),
		cmocka_unit_test(a_backend_that_is_never_checked_is_not_waited_for_for_ever),
		cmocka_unit_test(the_operator_withdraws_at_once_and_is_named_before_all_else),
		cmocka_unit_test(what_is_not_well_for_the_whole_settle_time_settles_anew),
		cmocka_unit_test(a_vip_whose_backends_flap_is_never_announced),
		cmocka_unit_test(a_route_that_cannot_be_added_is_tried_again_and_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
