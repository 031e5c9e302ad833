// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/load*.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib -lm
/* Where shares go by what is known of backends, how fast, and when they rest. */
#include "fixture.h"

#include <clock.h>
#include <config.h>
#include <math.h>
#include <string.h>
#include <world.h>

enum {
	MEMBERS = 10,
	INTERVAL_MS = 1000,
};

static const u64 second = 1000ULL * NS_PER_MS;

/* A service whose members are up, of weight 1, with a check each. */
struct trial {
	struct config_service config;
	struct check check;
	const struct check *checks[1];
	struct stream stream[MEMBERS];
	struct stream *streams[MEMBERS];
	struct member member[MEMBERS];
	struct service service;
	u64 now;
};

static struct trial trial;

static const struct config_share shares[] = {
	[CONFIG_SHARE_AGENT] = { .from = CONFIG_SHARE_AGENT },
	[CONFIG_SHARE_STATIC] = { .from = CONFIG_SHARE_STATIC },
	[CONFIG_SHARE_HEADER] = { .from = CONFIG_SHARE_HEADER,
				  .interval_ms = 1000,
				  .step_percent = 100 },
	[CONFIG_SHARE_LATENCY] = { .from = CONFIG_SHARE_LATENCY,
				   .interval_ms = 1000,
				   .step_percent = 10,
				   .least = 10,
				   .hysteresis = 10 },
	[CONFIG_SHARE_PREDICTIVE] = { .from = CONFIG_SHARE_PREDICTIVE,
				      .interval_ms = 2000,
				      .step_percent = 10,
				      .least = 10,
				      .hysteresis = 10,
				      .horizon_ms = 30000 },
};

static void begin(enum config_share_from from, size_t n)
{
	size_t i;

	trial = (struct trial){ .now = 1000 * second };
	trial.check.type = from == CONFIG_SHARE_AGENT ? CHECK_AGENT : CHECK_HTTP;
	trial.check.interval_ms = INTERVAL_MS;
	trial.checks[0] = &trial.check;
	trial.config.check = trial.checks;
	trial.config.n_checks = 1;
	trial.config.policy.share = shares[from];
	for (i = 0; i < n; i++) {
		trial.stream[i].check = &trial.check;
		trial.stream[i].percent = SHARE_WHOLE;
		trial.stream[i].endpoint_weight = -1.;
		trial.streams[i] = &trial.stream[i];
		trial.member[i].stream = &trial.streams[i];
		trial.member[i].n_streams = 1;
		trial.member[i].weight = 1;
		trial.member[i].share = SHARE_WHOLE;
	}
	trial.service.config = &trial.config;
	trial.service.member = trial.member;
	trial.service.n = n;
}

static u64 weigh(void)
{
	return load_weigh(&trial.service, trial.now);
}

static void weigh_again(u64 ms)
{
	trial.now += ms * NS_PER_MS;
	weigh();
}

static u32 percent(size_t i)
{
	return trial.member[i].load.percent;
}

static void assert_percents(const u32 *expected)
{
	size_t i;

	for (i = 0; i < trial.service.n; i++)
		assert_int_equal(percent(i), expected[i]);
}

#define assert_shares(...) assert_percents((const u32[]){ __VA_ARGS__ })

static void assert_state(size_t i, const char *state)
{
	assert_string_equal(load_state(&trial.service, &trial.member[i]), state);
}

static void answer(size_t i, double weight)
{
	trial.stream[i].endpoint_weight = weight;
	trial.stream[i].answered_at = trial.now;
}

static void answer_in(size_t i, u32 ms)
{
	load_gauge_add(&trial.stream[i].time, ms * 1000ULL, trial.now, INTERVAL_MS);
}

/* All of them have answered for long, in @ms, and the last one in @ms_last. */
static void settle(u32 ms, u32 ms_last)
{
	size_t i, n = trial.service.n;
	u32 k;

	for (k = 0; k < 100; k++) {
		trial.now += second;
		for (i = 0; i < n; i++)
			answer_in(i, i == n - 1 ? ms_last : ms);
	}
}

static void static_shares_are_whole_and_follow_nothing(void **state)
{
	(void)state;
	begin(CONFIG_SHARE_STATIC, 2);
	trial.stream[0].percent = 10;
	answer(0, 1);
	assert_int_equal(weigh(), 0);
	assert_shares(100, 100);
	assert_state(0, "static");
}

static void agents_are_obeyed_at_once(void **state)
{
	(void)state;
	begin(CONFIG_SHARE_AGENT, 3);
	trial.stream[0].percent = 0;
	trial.stream[1].percent = 33;
	assert_int_equal(weigh(), 0);
	assert_shares(0, 33, 100);
	trial.stream[1].percent = 100;
	weigh();
	assert_shares(0, 100, 100);
}

static void headers_count_in_relation_to_the_greatest(void **state)
{
	(void)state;
	begin(CONFIG_SHARE_HEADER, 4);
	answer(0, 2);
	answer(1, 8);
	answer(2, 0);
	answer(3, .001);
	weigh();
	assert_shares(25, 100, 0, 1);
	assert_state(0, "settled");
	assert_int_equal(load_value(&trial.member[0]), 2);
}

static void a_header_that_is_missing_is_the_whole_share(void **state)
{
	(void)state;
	begin(CONFIG_SHARE_HEADER, 3);
	answer(0, 5);
	answer(1, 10);
	answer(2, -1);
	weigh();
	assert_shares(50, 100, 100);
	weigh_again(10 * INTERVAL_MS);
	assert_shares(100, 100, 100);
	assert_state(0, "lost");
	assert_state(2, "unknown");
}

static void headers_of_zero_everywhere_are_equal(void **state)
{
	(void)state;
	begin(CONFIG_SHARE_HEADER, 2);
	answer(0, 0);
	answer(1, 0);
	weigh();
	/* The module serves all that are up where none has a share. */
	assert_shares(0, 0);
}

static void a_header_of_a_backend_that_is_down_measures_nobody(void **state)
{
	(void)state;
	begin(CONFIG_SHARE_HEADER, 3);
	answer(0, 5);
	answer(1, 10);
	answer(2, 1000);
	trial.member[2].wanted = MAGLEV_NL_STATE_DOWN;
	weigh();
	assert_int_equal(percent(0), 50);
	assert_int_equal(percent(1), 100);
}

static void the_share_in_the_kernel_holds_until_something_is_known(void **state)
{
	(void)state;
	begin(CONFIG_SHARE_HEADER, 2);
	trial.member[0].share = 40;
	weigh();
	assert_shares(40, 100);
	answer(0, 1);
	answer(1, 2);
	weigh_again(100);
	assert_shares(50, 100);

	begin(CONFIG_SHARE_LATENCY, 2);
	trial.config.policy.share.step_percent = 5;
	trial.member[0].share = 40;
	weigh();
	assert_shares(40, 100);
	weigh_again(10000);
	assert_int_equal(percent(0), 50);
}

static void latency_is_measured_by_the_lower_median(void **state)
{
	(void)state;
	begin(CONFIG_SHARE_LATENCY, 4);
	trial.config.policy.share.step_percent = 100;
	settle(20, 62);
	weigh();
	/* (20 + 1) / (62 + 1) */
	assert_shares(100, 100, 100, 35);
	settle(20, 20000);
	weigh();
	assert_shares(100, 100, 100, 10);
	trial.config.policy.share.least = 0;
	weigh();
	assert_shares(100, 100, 100, 1);
}

static void half_of_the_backends_may_be_slow(void **state)
{
	u32 k;

	(void)state;
	begin(CONFIG_SHARE_LATENCY, 4);
	trial.config.policy.share.step_percent = 100;
	for (k = 0; k < 100; k++) {
		trial.now += second;
		answer_in(0, 59);
		answer_in(1, 59);
		answer_in(2, 29);
		answer_in(3, 29);
	}
	weigh();
	assert_shares(50, 50, 100, 100);
}

static void a_small_difference_moves_nothing(void **state)
{
	(void)state;
	begin(CONFIG_SHARE_LATENCY, 3);
	settle(50, 54);
	weigh();
	assert_shares(100, 100, 100);
	assert_state(2, "settled");
	/* Nor do some hundred microseconds. */
	begin(CONFIG_SHARE_LATENCY, 3);
	settle(0, 0);
	load_gauge_add(&trial.stream[2].time, 90, trial.now + 1, INTERVAL_MS);
	weigh_again(10);
	assert_shares(100, 100, 100);
}

static void a_table_moves_a_step_in_an_interval(void **state)
{
	u32 k;

	(void)state;
	begin(CONFIG_SHARE_LATENCY, 4);
	trial.config.policy.share.step_percent = 5;
	settle(20, 62);
	/* A quarter of the slots is the last one's: 5 % of the table are 20 % of that. */
	weigh();
	assert_shares(100, 100, 100, 80);
	assert_state(3, "moving");
	/* However often it is judged. */
	trial.now += 400ULL * NS_PER_MS;
	assert_true(weigh() == trial.now + 600ULL * NS_PER_MS);
	assert_int_equal(percent(3), 80);
	weigh_again(600);
	assert_int_equal(percent(3), 60);
	for (k = 0; k < 12; k++) {
		settle(20, 62);
		weigh();
	}
	assert_shares(100, 100, 100, 35);
	assert_state(3, "settled");
	/* Of one that has 7 of 10 slots no more than that goes. */
	trial.member[3].weight = 7;
	settle(20, 20);
	weigh();
	assert_int_equal(percent(3), 40);
}

static void who_does_not_serve_is_there_at_once(void **state)
{
	(void)state;
	begin(CONFIG_SHARE_LATENCY, 4);
	settle(20, 62);
	trial.member[3].wanted = MAGLEV_NL_STATE_DOWN;
	weigh();
	assert_shares(100, 100, 100, 35);
}

static void what_was_measured_long_ago_counts_no_more(void **state)
{
	u32 k;

	(void)state;
	begin(CONFIG_SHARE_LATENCY, 4);
	trial.member[3].share = 35;
	settle(20, 62);
	weigh();
	assert_int_equal(percent(3), 35);
	for (k = 0; k < 20; k++)
		weigh_again(1000);
	assert_shares(100, 100, 100, 100);
	assert_state(3, "lost");
}

static void a_steady_series_shows_a_small_change_soon(void **state)
{
	struct load_gauge gauge = {};
	u64 now = second;
	u32 k;

	(void)state;
	for (k = 0; k < 300; k++)
		load_gauge_add(&gauge, 20000 + k % 3 * 100, now += second, INTERVAL_MS);
	assert_true(load_gauge_error(&gauge) < .02);
	for (k = 0; k < 5; k++)
		load_gauge_add(&gauge, 40000, now += second, INTERVAL_MS);
	assert_true(gauge.mean_ms > 23.);
	for (k = 0; k < 60; k++)
		load_gauge_add(&gauge, 40000, now += second, INTERVAL_MS);
	assert_true(gauge.mean_ms > 32.);
	/* After a pause it is a new one. */
	load_gauge_add(&gauge, 7000, now += 6 * second, INTERVAL_MS);
	assert_int_equal(gauge.n, 1);
	assert_true(gauge.mean_ms == 7.);
	assert_false(load_gauge_is_known(&gauge, now + 6 * second, INTERVAL_MS));
}

static void a_trend_is_what_it_is_by_hand(void **state)
{
	static const double values[] = { 10., 12., 16., 16. };
	/* Half of what is known is replaced in a second. */
	const u32 half_ms = 1000. / log(2.) + .5;
	struct load_trend trend = {};
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(values); i++)
		load_trend_add(&trend, values[i], (1 + i) * second, half_ms, half_ms);
	/*
	 * level                        slope
	 * 10                           0
	 * (12 + 10) / 2     = 11       (11 - 10) / 2 + 0         = 0.5
	 * (16 + 11.5) / 2   = 13.75    (13.75 - 11) / 2 + 0.25   = 1.625
	 * (16 + 15.375) / 2 = 15.6875  1.9375 / 2 + 0.8125       = 1.78125
	 */
	assert_true(fabs(trend.level - 15.6875) < .01);
	assert_true(fabs(trend.slope - 1.78125) < .01);
	assert_true(fabs(load_trend_forecast(&trend, 4000) - 22.8125) < .05);
	trend.slope = -100.;
	assert_true(load_trend_forecast(&trend, 4000) == 0.);
}

/* Queues that are served one by one, in the order of arrival. */
enum {
	SERVICE_MS = 10,
	QUIET_S = 200,
	SETTLING_S = 200,
	WATCH_S = 400,
	LATENCIES = 1 << 20,
};

struct queues {
	double busy_until[MEMBERS];
	double service[MEMBERS];
	bool is_random; /* of each request */
	double next; /* arrival */
	double rate;
	double probe[MEMBERS], heard[MEMBERS], took[MEMBERS];
	double least[MEMBERS], most[MEMBERS]; /* of all new flows */
	double latency[LATENCIES];
	size_t n;
	u64 random;
};

static struct queues queues;

/* splitmix64. Return: more than 0, less than 1. */
static double draw(void)
{
	u64 z = queues.random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return ((z ^ z >> 31) >> 11) * 0x1p-53 + 0x1p-54;
}

/* Return: how long it takes. */
static double serve(size_t i, double at)
{
	if (queues.busy_until[i] < at)
		queues.busy_until[i] = at;
	queues.busy_until[i] += queues.service[i] * (queues.is_random ? -log(draw()) : 1.);
	return queues.busy_until[i] - at;
}

static void arrive(double at)
{
	double all = 0., choice;
	size_t i, n = trial.service.n;

	for (i = 0; i < n; i++)
		all += percent(i);
	choice = draw() * all;
	for (i = 0; i < n - 1 && choice >= percent(i); i++)
		choice -= percent(i);
	choice = serve(i, at);
	if (at > QUIET_S && queues.n < LATENCIES)
		queues.latency[queues.n++] = choice;
	queues.next = at - log(draw()) / queues.rate;
}

/* An answer is heard when it is there, or the check's time over. */
static void probe(size_t i, double at)
{
	double timeout = .9 * INTERVAL_MS / 1000;

	queues.took[i] = serve(i, at);
	if (queues.took[i] > timeout)
		queues.took[i] = timeout;
	queues.heard[i] = at + queues.took[i];
	queues.probe[i] = at + INTERVAL_MS / 1000. * (.9 + .2 * draw());
}

/* How large a part of all new flows it has. */
static double part_of(size_t i)
{
	double all = 0.;
	size_t k;

	for (k = 0; k < trial.service.n; k++)
		all += percent(k);
	return percent(i) / all;
}

static void watch(u32 at)
{
	size_t i;

	for (i = 0; i < trial.service.n && at > QUIET_S + SETTLING_S; i++) {
		if (part_of(i) < queues.least[i])
			queues.least[i] = part_of(i);
		if (part_of(i) > queues.most[i])
			queues.most[i] = part_of(i);
	}
}

/* What comes between two turns of the shares. */
static void run_second(u32 from)
{
	size_t i, n = trial.service.n;
	bool is_over;

	do {
		is_over = queues.next >= from + 1;
		for (i = 0; i < n; i++) {
			if (queues.heard[i] && queues.heard[i] < queues.next &&
			    queues.heard[i] < from + 1) {
				trial.now = (u64)((1000 + queues.heard[i]) * 1e9);
				load_gauge_add(&trial.stream[i].time, queues.took[i] * 1e6,
					       trial.now, INTERVAL_MS);
				queues.heard[i] = 0;
			}
			if (queues.probe[i] < queues.next && queues.probe[i] < from + 1)
				probe(i, queues.probe[i]);
		}
		if (!is_over)
			arrive(queues.next);
	} while (!is_over);
	trial.now = (u64)(1000 + from + 1) * second;
}

static int compare_doubles(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Return: the 99th percentile, in s, of all that came after one of @n was 3 times slower. */
static double run(enum config_share_from from, size_t n, double load, bool is_random, u64 seed)
{
	size_t i;
	u32 at;

	begin(from, n);
	memset(&queues, 0, sizeof(queues));
	queues.is_random = is_random;
	queues.random = seed;
	queues.rate = n * load * 1000. / SERVICE_MS;
	for (i = 0; i < n; i++) {
		queues.service[i] = SERVICE_MS / 1000.;
		queues.probe[i] = draw();
		queues.least[i] = 1.;
	}
	weigh();
	for (at = 0; at < QUIET_S + SETTLING_S + WATCH_S; at++) {
		if (at == QUIET_S)
			queues.service[0] *= 3;
		run_second(at);
		weigh();
		watch(at);
		/* What it has too much is gone elsewhere, and those that are there are not broken. */
		if (at == QUIET_S + 10 && from == CONFIG_SHARE_LATENCY && load > .35)
			assert_true(percent(0) < 70);
	}
	qsort(queues.latency, queues.n, sizeof(*queues.latency), compare_doubles);
	return queues.latency[queues.n * 99 / 100];
}

/* Percent of all new flows: how much any backend had more of them once than another time. */
static double find_movement(void)
{
	double most = 0.;
	size_t i;

	for (i = 0; i < trial.service.n; i++)
		if (queues.most[i] - queues.least[i] > most)
			most = queues.most[i] - queues.least[i];
	return most * 100.;
}

static void compare_latency_with_static(size_t n, double load, bool is_random)
{
	double fixed = run(CONFIG_SHARE_STATIC, n, load, is_random, 1);
	double moved = run(CONFIG_SHARE_LATENCY, n, load, is_random, 1);
	double movement = find_movement();

	print_message("# %zu backends, load %.1f, %s: p99 %.3f s, static %.3f s; slow one %.0f %% of an equal part; new flows move %.1f %%\n",
		      n, load, is_random ? "random" : "even", moved, fixed, part_of(0) * n * 100.,
		      movement);
	assert_true(moved < .7 * fixed);
	assert_true(part_of(0) * n < .7);
	assert_true(movement < 10.);
}

static void shares_by_latency_settle_and_pay(void **state)
{
	static const size_t ns[] = { 2, 4, 10 };
	static const double loads[] = { .2, .3, .4 };
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(ns); i++) {
		for (k = 0; k < ARRAY_SIZE(loads); k++) {
			compare_latency_with_static(ns[i], loads[k], false);
			compare_latency_with_static(ns[i], loads[k], true);
		}
	}
	compare_latency_with_static(4, .5, false);
	compare_latency_with_static(4, .5, true);
}

/* A fluid of flows, 20 a second, that stay for a minute; from some time on those of the first stay. */
enum {
	FLOWS_BEGUN = 20,
	FLOWS_STAY_S = 60,
	FLOWS_QUIET_S = 300,
	FLOWS_RAMP_S = 900,
};

/* Return: s: how long after that its share was 75 % or less; @then: what it held after a minute. */
static u32 ramp(u32 horizon_ms, double *then)
{
	double held[4] = {}, all, leaving;
	u32 at, found = 0;
	size_t i;

	begin(CONFIG_SHARE_PREDICTIVE, 4);
	trial.config.policy.share.horizon_ms = horizon_ms;
	weigh();
	for (at = 0; at < FLOWS_QUIET_S + FLOWS_RAMP_S; at++) {
		for (all = 0., i = 0; i < 4; i++)
			all += percent(i);
		for (i = 0; i < 4; i++) {
			leaving = held[i] / FLOWS_STAY_S;
			if (!i && at >= FLOWS_QUIET_S)
				leaving /= 10.;
			held[i] += FLOWS_BEGUN * percent(i) / all - leaving;
		}
		trial.now += second;
		for (i = 0; i < 4 && at % 2; i++)
			load_trend_add(&trial.member[i].load.held, held[i], trial.now, 5000, 15000);
		weigh();
		if (at < FLOWS_QUIET_S)
			assert_int_equal(percent(0), 100);
		else if (!found && percent(0) <= 75)
			found = at - FLOWS_QUIET_S;
		if (at == FLOWS_QUIET_S + 60)
			*then = held[0];
	}
	return found;
}

static void a_trend_sees_a_ramp_before_a_level_does(void **state)
{
	double then = 0., then_without = 0.;
	u32 found = ramp(30000, &then), found_without = ramp(0, &then_without);

	(void)state;
	print_message("# found after %u s, without trend %u s; %.0f flows after a minute, without %.0f\n",
		      found, found_without, then, then_without);
	assert_true(found && found_without);
	assert_true(found * 3 <= found_without * 2);
	assert_true(then < then_without);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(static_shares_are_whole_and_follow_nothing),
		cmocka_unit_test(agents_are_obeyed_at_once),
		cmocka_unit_test(headers_count_in_relation_to_the_greatest),
		cmocka_unit_test(a_header_that_is_missing_is_the_whole_share),
		cmocka_unit_test(headers_of_zero_everywhere_are_equal),
		cmocka_unit_test(a_header_of_a_backend_that_is_down_measures_nobody),
		cmocka_unit_test(the_share_in_the_kernel_holds_until_something_is_known),
		cmocka_unit_test(latency_is_measured_by_the_lower_median),
		cmocka_unit_test(half_of_the_backends_may_be_slow),
		cmocka_unit_test(a_small_difference_moves_nothing),
		cmocka_unit_test(a_table_moves_a_step_in_an_interval),
		cmocka_unit_test(who_does_not_serve_is_there_at_once),
		cmocka_unit_test(what_was_measured_long_ago_counts_no_more),
		cmocka_unit_test(a_steady_series_shows_a_small_change_soon),
		cmocka_unit_test(a_trend_is_what_it_is_by_hand),
		cmocka_unit_test(shares_by_latency_settle_and_pay),
		cmocka_unit_test(a_trend_sees_a_ramp_before_a_level_does),
	};

	return cmocka_run_group_tests_name("maglevd_load", tests, NULL, NULL);
}
