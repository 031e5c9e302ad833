// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/judge.c userspace/maglevd/load*.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib -lm
/* From opinions to states: policies one by one, at times that the tests set. */
#include "fixture.h"

#include <judge.h>
#include <string.h>

enum {
	MEMBERS = 10,
	CHECKS = 2,
	SECOND = 1000000000,
};

/* A service with members that are up, and two checks each, which pass. */
struct trial {
	struct config_service config;
	struct check check[CHECKS];
	const struct check *checks[CHECKS];
	struct stream stream[MEMBERS][CHECKS];
	struct stream *streams[MEMBERS][CHECKS];
	struct member member[MEMBERS];
	struct service service;
	struct sentence sentence[MEMBERS];
	struct judgement judgement;
	u64 now;
};

static struct trial *begin(size_t n)
{
	static struct trial trial;
	size_t i, check;

	memset(&trial, 0, sizeof(trial));
	trial.now = 1000ULL * SECOND;
	trial.config.policy.panic_percent = 50;
	trial.config.n_checks = CHECKS;
	trial.config.check = trial.checks;
	for (check = 0; check < CHECKS; check++)
		trial.checks[check] = &trial.check[check];
	for (i = 0; i < n; i++) {
		for (check = 0; check < CHECKS; check++) {
			trial.stream[i][check].check = &trial.check[check];
			trial.stream[i][check].opinion = OPINION_UP;
			trial.stream[i][check].percent = SHARE_WHOLE;
			trial.streams[i][check] = &trial.stream[i][check];
		}
		trial.member[i].stream = trial.streams[i];
		trial.member[i].n_streams = CHECKS;
		trial.member[i].share = SHARE_WHOLE;
		trial.member[i].drain_ms = CONFIG_NO_DRAIN;
		trial.member[i].was_up = true;
	}
	trial.service.config = &trial.config;
	trial.service.member = trial.member;
	trial.service.n = n;
	return &trial;
}

/* Judge and tell the kernel. */
static void judge(struct trial *trial)
{
	size_t i;

	judge_service(&trial->service, trial->now, trial->sentence, &trial->judgement);
	for (i = 0; i < trial->judgement.n; i++)
		judge_carry_out(&trial->service, &trial->sentence[i], trial->now);
}

static void set(struct trial *trial, size_t i, enum opinion opinion)
{
	trial->stream[i][0].opinion = opinion;
	judge(trial);
}

static bool is_up(const struct trial *trial, size_t i)
{
	return trial->member[i].health == MAGLEV_NL_STATE_UP;
}

static size_t count_up(const struct trial *trial)
{
	size_t up = 0, i;

	for (i = 0; i < trial->service.n; i++)
		up += is_up(trial, i);
	return up;
}

static void nothing_changes_while_all_pass(void **state)
{
	struct trial *trial = begin(3);

	(void)state;
	judge(trial);
	assert_int_equal(trial->judgement.n, 0);
	assert_int_equal(trial->judgement.next, 0);
}

static void one_failing_check_of_two_takes_a_backend_down_and_no_other(void **state)
{
	struct trial *trial = begin(3);

	(void)state;
	trial->stream[1][1].opinion = OPINION_DOWN;
	judge(trial);
	assert_int_equal(trial->judgement.n, 1);
	assert_false(is_up(trial, 1));
	assert_int_equal(count_up(trial), 2);
}

static void a_diagnostic_check_never_takes_a_backend_down(void **state)
{
	struct trial *trial = begin(3);

	(void)state;
	trial->check[0].role = CHECK_DIAGNOSTIC;
	set(trial, 1, OPINION_DOWN);
	assert_int_equal(count_up(trial), 3);
}

static void a_backend_stays_as_it_is_until_all_its_checks_have_spoken(void **state)
{
	struct trial *trial = begin(3);

	(void)state;
	trial->member[0].health = MAGLEV_NL_STATE_DOWN;
	set(trial, 0, OPINION_NONE);
	assert_false(is_up(trial, 0));
	set(trial, 1, OPINION_NONE);
	assert_true(is_up(trial, 1));
	set(trial, 0, OPINION_UP);
	assert_true(is_up(trial, 0));
}

static void a_service_without_checks_has_all_backends_up(void **state)
{
	struct trial *trial = begin(2);

	(void)state;
	trial->member[0].n_streams = trial->member[1].n_streams = 0;
	trial->member[0].health = MAGLEV_NL_STATE_DOWN;
	judge(trial);
	assert_int_equal(count_up(trial), 2);
}

static void in_panic_states_stay_and_those_that_were_down_stay_down(void **state)
{
	struct trial *trial = begin(MEMBERS);
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++)
		set(trial, i, OPINION_DOWN);
	assert_int_equal(count_up(trial), 5);
	assert_false(trial->service.in_panic);
	for (i = 5; i < 8; i++)
		set(trial, i, OPINION_DOWN);
	assert_int_equal(count_up(trial), 5);
	assert_true(trial->service.in_panic);
	assert_true(trial->member[6].is_kept);
	assert_false(trial->member[9].is_kept);
}

static void what_comes_back_in_panic_is_up_at_once(void **state)
{
	struct trial *trial = begin(4);
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		set(trial, i, OPINION_DOWN);
	assert_int_equal(count_up(trial), 2);
	set(trial, 0, OPINION_UP);
	assert_true(is_up(trial, 0));
}

static void when_panic_ends_states_follow_checks_again(void **state)
{
	struct trial *trial = begin(4);
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		trial->stream[i][0].opinion = OPINION_DOWN;
	judge(trial);
	assert_true(trial->judgement.panic_began);
	assert_int_equal(count_up(trial), 4);
	trial->stream[0][0].opinion = trial->stream[1][0].opinion = OPINION_UP;
	judge(trial);
	assert_true(trial->judgement.panic_ended);
	assert_int_equal(count_up(trial), 2);
	assert_false(trial->member[3].is_kept);
}

static void without_panic_and_with_refuse_all_may_be_down(void **state)
{
	struct trial *trial = begin(3);
	size_t i;

	(void)state;
	trial->config.policy.panic_percent = 100;
	trial->config.policy.when_down = CONFIG_REFUSE;
	for (i = 0; i < 3; i++)
		set(trial, i, OPINION_DOWN);
	assert_int_equal(count_up(trial), 0);
}

static void of_none_that_can_all_that_were_up_may(void **state)
{
	struct trial *trial = begin(3);
	size_t i;

	(void)state;
	trial->config.policy.panic_percent = 100;
	trial->stream[2][0].opinion = OPINION_NONE;
	trial->member[2].was_up = false;
	trial->member[2].health = MAGLEV_NL_STATE_DOWN;
	for (i = 0; i < 3; i++)
		set(trial, i, OPINION_DOWN);
	assert_true(trial->service.is_open);
	assert_true(is_up(trial, 0) && is_up(trial, 1) && !is_up(trial, 2));
	set(trial, 2, OPINION_UP);
	assert_true(trial->judgement.open_ended);
	assert_true(!is_up(trial, 0) && !is_up(trial, 1) && is_up(trial, 2));
}

static void a_sorry_pool_takes_over_while_all_others_are_down(void **state)
{
	struct trial *trial = begin(3);
	struct member *sorry = &trial->member[2];

	(void)state;
	trial->config.policy.panic_percent = 100;
	trial->config.policy.when_down = CONFIG_SORRY;
	sorry->is_sorry = true;
	sorry->n_streams = 0;
	sorry->index = INDEX_NONE;
	sorry->health = MAGLEV_NL_STATE_DOWN;
	set(trial, 0, OPINION_DOWN);
	assert_false(trial->service.is_open);
	set(trial, 1, OPINION_DOWN);
	assert_true(trial->judgement.open_began);
	assert_int_equal(count_up(trial), 0);
	/* Now it is in the kernel. */
	sorry->index = 7;
	sorry->health = MAGLEV_NL_STATE_UP;
	judge(trial);
	assert_int_equal(trial->judgement.n, 0);
	set(trial, 0, OPINION_UP);
	assert_true(trial->judgement.open_ended);
	assert_true(is_up(trial, 0) && !is_up(trial, 1) && !is_up(trial, 2));
}

static void sorry_backends_do_not_count_for_panic(void **state)
{
	struct trial *trial = begin(3);

	(void)state;
	trial->member[2].is_sorry = true;
	trial->member[2].n_streams = 0;
	trial->member[2].index = INDEX_NONE;
	trial->stream[0][0].opinion = trial->stream[1][0].opinion = OPINION_DOWN;
	judge(trial);
	assert_true(trial->service.in_panic);
}

static void hold_down_doubles_for_who_flaps_and_has_an_end(void **state)
{
	static const u32 holds_ms[] = { 10000, 20000, 40000, 60000, 60000 };
	struct trial *trial = begin(3);
	size_t i;

	(void)state;
	trial->config.policy.hold_down_ms = 10000;
	trial->config.policy.hold_down_max_ms = 60000;
	for (i = 0; i < sizeof(holds_ms) / sizeof(*holds_ms); i++) {
		set(trial, 1, OPINION_DOWN);
		set(trial, 1, OPINION_UP);
		assert_false(is_up(trial, 1));
		assert_int_equal(trial->judgement.next - trial->now, holds_ms[i] * 1000000ULL);
		trial->now = trial->judgement.next - 1;
		judge(trial);
		assert_false(is_up(trial, 1));
		trial->now++;
		judge(trial);
		assert_true(is_up(trial, 1));
		trial->now += SECOND;
	}
}

static void who_was_up_for_long_is_held_as_the_first_time(void **state)
{
	struct trial *trial = begin(3);

	(void)state;
	trial->config.policy.hold_down_ms = 10000;
	trial->config.policy.hold_down_max_ms = 60000;
	set(trial, 1, OPINION_DOWN);
	set(trial, 1, OPINION_UP);
	trial->now = trial->judgement.next;
	judge(trial);
	trial->now += 61ULL * SECOND;
	set(trial, 1, OPINION_DOWN);
	assert_int_equal(trial->member[1].hold_ms, 10000);
}

static void a_share_grows_from_one_to_a_hundred_in_its_time(void **state)
{
	struct trial *trial = begin(2);
	u32 share = 0, steps = 0;
	u64 began;

	(void)state;
	trial->config.policy.slow_start_ms = 30000;
	set(trial, 1, OPINION_DOWN);
	set(trial, 1, OPINION_UP);
	began = trial->now;
	assert_int_equal(trial->member[1].share, 1);
	while (trial->judgement.next) {
		assert_true(trial->member[1].share > share);
		share = trial->member[1].share;
		steps++;
		trial->now = trial->judgement.next;
		judge(trial);
	}
	assert_int_equal(trial->member[1].share, SHARE_WHOLE);
	assert_in_range(steps, 40, 51);
	assert_in_range(trial->now - began, 30ULL * SECOND, 31ULL * SECOND);
	assert_int_equal(trial->member[0].share, SHARE_WHOLE);
}

static void a_share_goes_on_to_grow_under_another_daemon(void **state)
{
	struct trial *trial = begin(2);
	u64 began;

	(void)state;
	trial->config.policy.slow_start_ms = 30000;
	trial->member[1].share = 34;
	trial->member[1].load.is_set = false;
	began = trial->now;
	judge(trial);
	assert_int_equal(trial->member[1].share, 34);
	while (trial->judgement.next) {
		trial->now = trial->judgement.next;
		judge(trial);
	}
	assert_int_equal(trial->member[1].share, SHARE_WHOLE);
	assert_in_range(trial->now - began, 20ULL * SECOND, 21ULL * SECOND);
}

static void who_drains_by_its_agent_keeps_flows_and_is_not_failing(void **state)
{
	struct trial *trial = begin(3);

	(void)state;
	trial->stream[1][0].is_draining = true;
	judge(trial);
	assert_int_equal(trial->member[1].health, MAGLEV_NL_STATE_DRAIN);
	assert_int_equal(trial->judgement.n_failing, 0);
	trial->stream[1][0].is_draining = false;
	judge(trial);
	assert_true(is_up(trial, 1));
}

static void who_is_drained_by_the_file_is_down_at_its_deadline(void **state)
{
	struct trial *trial = begin(3);

	(void)state;
	trial->config.policy.hold_down_ms = 10000;
	trial->member[1].drain_ms = 5000;
	judge(trial);
	assert_int_equal(trial->member[1].health, MAGLEV_NL_STATE_DRAIN);
	assert_int_equal(trial->judgement.next, trial->now + 5ULL * SECOND);
	trial->now = trial->judgement.next;
	judge(trial);
	assert_int_equal(trial->member[1].health, MAGLEV_NL_STATE_DOWN);
	trial->member[1].drain_ms = CONFIG_NO_DRAIN;
	judge(trial);
	assert_true(is_up(trial, 1));
}

static void without_a_deadline_it_drains_for_ever(void **state)
{
	struct trial *trial = begin(3);

	(void)state;
	trial->member[1].drain_ms = 0;
	judge(trial);
	assert_int_equal(trial->member[1].health, MAGLEV_NL_STATE_DRAIN);
	assert_int_equal(trial->judgement.next, 0);
}

static void an_agents_percent_and_slow_start_multiply(void **state)
{
	struct trial *trial = begin(3);

	(void)state;
	trial->check[0].type = trial->check[1].type = CHECK_AGENT;
	trial->stream[1][0].percent = 40;
	trial->stream[1][1].percent = 50;
	judge(trial);
	assert_int_equal(trial->member[1].share, 40);
	trial->config.policy.slow_start_ms = 10000;
	set(trial, 1, OPINION_DOWN);
	set(trial, 1, OPINION_UP);
	trial->now += 5ULL * SECOND;
	judge(trial);
	assert_in_range(trial->member[1].share, 20, 21);
	trial->now += 5ULL * SECOND;
	judge(trial);
	assert_int_equal(trial->member[1].share, 40);
	trial->stream[1][0].percent = 0;
	judge(trial);
	assert_int_equal(trial->member[1].share, 0);
}

static void what_the_kernel_was_not_told_is_judged_again(void **state)
{
	struct trial *trial = begin(3);

	(void)state;
	trial->stream[1][0].opinion = OPINION_DOWN;
	judge_service(&trial->service, trial->now, trial->sentence, &trial->judgement);
	judge_service(&trial->service, trial->now, trial->sentence, &trial->judgement);
	assert_int_equal(trial->judgement.n, 1);
	assert_ptr_equal(trial->sentence[0].member, &trial->member[1]);
}

/* Two backends of three pass; the first fails, and these are the votes of peers. */
static struct trial *begin_quorum(u32 quorum, struct votes votes)
{
	struct trial *trial = begin(3);

	trial->config.policy.quorum = quorum;
	trial->member[0].votes = votes;
	set(trial, 0, OPINION_DOWN);
	return trial;
}

static void vote(struct trial *trial, struct votes votes)
{
	trial->member[0].votes = votes;
	judge(trial);
}

static void without_a_quorum_peers_have_no_say(void **state)
{
	struct trial *trial = begin_quorum(0, (struct votes){ .heard = 2 });

	(void)state;
	assert_false(is_up(trial, 0));
	assert_int_equal(trial->service.n_doubted, 0);
}

static void who_fails_stays_until_peers_have_spoken(void **state)
{
	struct trial *trial = begin_quorum(1, (struct votes){ .awaited = 1 });

	(void)state;
	assert_true(is_up(trial, 0));
	assert_true(trial->member[0].is_kept);
	assert_int_equal(trial->service.n_doubted, 1);
	vote(trial, (struct votes){ .heard = 1, .failing = 1 });
	assert_false(is_up(trial, 0));
	assert_false(trial->member[0].is_kept);
	assert_int_equal(trial->service.n_doubted, 0);
}

static void who_is_outvoted_stays_as_long_as_peers_see_it_up(void **state)
{
	struct trial *trial = begin_quorum(1, (struct votes){ .heard = 2 });

	(void)state;
	assert_true(is_up(trial, 0));
	assert_int_equal(trial->member[0].doubt, DOUBT_OUTVOTED);
	vote(trial, (struct votes){ .heard = 1, .awaited = 1 });
	assert_int_equal(trial->member[0].doubt, DOUBT_OUTVOTED);
	vote(trial, (struct votes){ .heard = 2, .failing = 1 });
	assert_false(is_up(trial, 0));
}

static void a_quorum_is_reached_without_those_that_have_not_spoken(void **state)
{
	struct trial *trial =
		begin_quorum(2, (struct votes){ .heard = 2, .failing = 2, .awaited = 1 });

	(void)state;
	assert_false(is_up(trial, 0));
}

static void fewer_than_a_quorum_do_where_all_that_can_be_reached_agree(void **state)
{
	struct trial *trial = begin_quorum(2, (struct votes){ .heard = 1, .failing = 1 });

	(void)state;
	assert_false(is_up(trial, 0));
	trial = begin_quorum(2, (struct votes){ .heard = 2, .failing = 1 });
	assert_true(is_up(trial, 0));
	trial = begin_quorum(2, (struct votes){ .heard = 1, .failing = 1, .awaited = 1 });
	assert_true(is_up(trial, 0));
}

static void with_nobody_to_be_reached_our_checks_alone_count(void **state)
{
	struct trial *trial = begin_quorum(2, (struct votes){});

	(void)state;
	assert_false(is_up(trial, 0));
}

static void what_was_settled_stays_so_until_checks_pass_again(void **state)
{
	struct trial *trial = begin_quorum(1, (struct votes){ .heard = 1, .failing = 1 });

	(void)state;
	vote(trial, (struct votes){ .heard = 1 });
	assert_false(is_up(trial, 0));
	set(trial, 0, OPINION_UP);
	assert_true(is_up(trial, 0));
	assert_int_equal(trial->member[0].doubt, DOUBT_NONE);
	set(trial, 0, OPINION_DOWN);
	assert_true(is_up(trial, 0));
}

static void who_never_passed_is_down_whatever_peers_say(void **state)
{
	struct trial *trial = begin(3);

	(void)state;
	trial->config.policy.quorum = 1;
	trial->member[0].health = MAGLEV_NL_STATE_DOWN;
	trial->member[0].was_up = false;
	trial->member[0].votes.heard = 1;
	set(trial, 0, OPINION_DOWN);
	assert_false(is_up(trial, 0));
	assert_int_equal(trial->service.n_doubted, 0);
}

static void in_panic_no_peer_is_asked(void **state)
{
	struct trial *trial = begin(3);
	size_t i;

	(void)state;
	trial->config.policy.quorum = 1;
	for (i = 0; i < 3; i++)
		trial->member[i].votes.awaited = 1;
	trial->stream[0][0].opinion = trial->stream[1][0].opinion = OPINION_DOWN;
	judge(trial);
	assert_true(trial->service.in_panic);
	assert_true(is_up(trial, 0) && trial->member[0].is_kept);
	assert_int_equal(trial->service.n_doubted, 0);
	set(trial, 1, OPINION_UP);
	assert_true(is_up(trial, 0));
	assert_int_equal(trial->service.n_doubted, 1);
}

/* Those that are treated as up are down, to peers too: they are not asked for ever. */
static void who_is_treated_as_up_is_in_no_doubt(void **state)
{
	struct trial *trial = begin(2);
	size_t i;

	(void)state;
	trial->config.policy.panic_percent = 100;
	trial->config.policy.quorum = 1;
	for (i = 0; i < 2; i++)
		trial->member[i].votes = (struct votes){ .heard = 1, .failing = 1 };
	trial->stream[0][0].opinion = trial->stream[1][0].opinion = OPINION_DOWN;
	judge(trial);
	assert_true(trial->service.is_open);
	trial->member[0].votes = trial->member[1].votes = (struct votes){ .awaited = 1 };
	judge(trial);
	assert_true(trial->service.is_open);
	assert_int_equal(trial->service.n_doubted, 0);
}

static void who_drains_is_down_at_its_deadline_though_peers_see_it_up(void **state)
{
	struct trial *trial = begin_quorum(1, (struct votes){ .heard = 1 });

	(void)state;
	trial->member[0].drain_ms = 5000;
	judge(trial);
	assert_int_equal(trial->member[0].health, MAGLEV_NL_STATE_DRAIN);
	trial->now = trial->judgement.next;
	judge(trial);
	assert_int_equal(trial->member[0].health, MAGLEV_NL_STATE_DOWN);
	assert_false(trial->member[0].is_kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_changes_while_all_pass),
		cmocka_unit_test(one_failing_check_of_two_takes_a_backend_down_and_no_other),
		cmocka_unit_test(a_diagnostic_check_never_takes_a_backend_down),
		cmocka_unit_test(a_backend_stays_as_it_is_until_all_its_checks_have_spoken),
		cmocka_unit_test(a_service_without_checks_has_all_backends_up),
		cmocka_unit_test(in_panic_states_stay_and_those_that_were_down_stay_down),
		cmocka_unit_test(what_comes_back_in_panic_is_up_at_once),
		cmocka_unit_test(when_panic_ends_states_follow_checks_again),
		cmocka_unit_test(without_panic_and_with_refuse_all_may_be_down),
		cmocka_unit_test(of_none_that_can_all_that_were_up_may),
		cmocka_unit_test(a_sorry_pool_takes_over_while_all_others_are_down),
		cmocka_unit_test(sorry_backends_do_not_count_for_panic),
		cmocka_unit_test(hold_down_doubles_for_who_flaps_and_has_an_end),
		cmocka_unit_test(who_was_up_for_long_is_held_as_the_first_time),
		cmocka_unit_test(a_share_grows_from_one_to_a_hundred_in_its_time),
		cmocka_unit_test(a_share_goes_on_to_grow_under_another_daemon),
		cmocka_unit_test(who_drains_by_its_agent_keeps_flows_and_is_not_failing),
		cmocka_unit_test(who_is_drained_by_the_file_is_down_at_its_deadline),
		cmocka_unit_test(without_a_deadline_it_drains_for_ever),
		cmocka_unit_test(an_agents_percent_and_slow_start_multiply),
		cmocka_unit_test(what_the_kernel_was_not_told_is_judged_again),
		cmocka_unit_test(without_a_quorum_peers_have_no_say),
		cmocka_unit_test(who_fails_stays_until_peers_have_spoken),
		cmocka_unit_test(who_is_outvoted_stays_as_long_as_peers_see_it_up),
		cmocka_unit_test(a_quorum_is_reached_without_those_that_have_not_spoken),
		cmocka_unit_test(fewer_than_a_quorum_do_where_all_that_can_be_reached_agree),
		cmocka_unit_test(with_nobody_to_be_reached_our_checks_alone_count),
		cmocka_unit_test(what_was_settled_stays_so_until_checks_pass_again),
		cmocka_unit_test(who_never_passed_is_down_whatever_peers_say),
		cmocka_unit_test(in_panic_no_peer_is_asked),
		cmocka_unit_test(who_is_treated_as_up_is_in_no_doubt),
		cmocka_unit_test(who_drains_is_down_at_its_deadline_though_peers_see_it_up),
	};

	return run_unit_tests("maglevd_judge", tests);
}
