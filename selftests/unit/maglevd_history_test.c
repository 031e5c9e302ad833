// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/history.c userspace/maglevd/world.c userspace/maglevd/endpoint.c userspace/maglevd/page_history.c
// unit-sources: userspace/maglevd/page_draw.c userspace/maglevd/page_text.c userspace/maglevd/seen.c userspace/lib/*.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib -lcjson -lmnl
/* What is remembered of a world: rates, gaps, turns of backends, and all of it over a new configuration. */
#include "fixture.h"

#include <cjson/cJSON.h>
#include <netinet/in.h>
#include <page_history.h>

enum {
	BACKENDS = 3,
	STEP_S = HISTORY_SHORT_S,
};

static const u64 SECOND = 1000000000;
static const struct seen seen_nothing;

static struct config_backend backends[BACKENDS + 1];
static struct config_pool pool;
static const u16 port = 80;
static struct config_service config_service;
static struct config config;

static const struct config *write_config(size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		backends[i].addr = (struct maglev_lib_addr){ 4, { 10, 0, 0, 1 + i } };
		backends[i].weight = 1;
	}
	pool = (struct config_pool){ "pool", backends, n };
	config_service = (struct config_service){
		.name = "web \"quoted\"",
		.vip = { 4, { 192, 0, 2, 10 } },
		.protocol = IPPROTO_TCP,
		.port = &port,
		.n_ports = 1,
		.pool = &pool,
	};
	config = (struct config){ .service = &config_service, .n_services = 1 };
	return &config;
}

struct past {
	struct world *world;
	struct history *history;
	u64 now;
};

static struct past begin(void)
{
	struct past past = { .now = 100000 * SECOND };

	past.world = world_create(write_config(BACKENDS), &seen_nothing);
	past.history = history_create(past.world, past.now);
	assert_non_null(past.history);
	return past;
}

static void end(struct past *past)
{
	history_destroy(past->history);
	world_destroy(past->world);
}

/* So many seconds later the kernel says that there were so many packets. */
static void take(struct past *past, double seconds, u64 packets, bool is_known)
{
	struct history_counts counts = { packets, packets * 100, packets / 10, 5 };

	past->now += seconds * SECOND;
	history_take(past->history, past->world, &counts, &is_known, past->now);
}

static const struct history_sample *recent(const struct past *past, u32 back)
{
	return history_at(&past->history->service[0].recent, back);
}

static void turn(struct past *past, double seconds, u32 to, const char *why)
{
	struct member *member = &past->world->service[0].member[0];

	past->now += seconds * SECOND;
	history_note(past->history, past->world, &past->world->service[0], member, to, why,
		     past->now);
	member->health = to;
}

static void rates_are_of_the_time_that_has_passed(void **state)
{
	struct past past = begin();

	(void)state;
	take(&past, 0, 1000, true);
	assert_null(recent(&past, 0));
	take(&past, STEP_S + 0.5, 1000 + 1050, true);
	assert_float_equal(recent(&past, 0)->packets, 100, 0.1);
	assert_float_equal(recent(&past, 0)->bytes, 10000, 1);
	assert_float_equal(recent(&past, 0)->flows_new, 10, 0.1);
	assert_int_equal(recent(&past, 0)->flows, 5);
	assert_int_equal(recent(&past, 0)->n, BACKENDS);
	end(&past);
}

static void counters_that_begin_anew_are_a_gap_and_no_rate(void **state)
{
	struct past past = begin();

	(void)state;
	take(&past, 0, 1000, true);
	take(&past, STEP_S, 2000, true);
	take(&past, STEP_S, 5, true);
	assert_null(recent(&past, 0));
	take(&past, STEP_S, 105, true);
	assert_float_equal(recent(&past, 0)->packets, 100. / STEP_S, 0.1);
	end(&past);
}

static void a_kernel_that_does_not_answer_leaves_a_gap(void **state)
{
	struct past past = begin();

	(void)state;
	take(&past, 0, 1000, true);
	take(&past, STEP_S, 2000, true);
	take(&past, STEP_S, 0, false);
	take(&past, STEP_S, 1000000, true);
	assert_null(recent(&past, 0));
	assert_null(recent(&past, 1));
	assert_non_null(recent(&past, 2));
	end(&past);
}

static void time_that_was_slept_through_is_a_gap(void **state)
{
	struct past past = begin();

	(void)state;
	take(&past, 0, 1000, true);
	take(&past, STEP_S, 2000, true);
	take(&past, 5 * STEP_S, 7000, true);
	assert_float_equal(recent(&past, 0)->packets, 5000. / (5 * STEP_S), 0.1);
	assert_null(recent(&past, 1));
	assert_null(recent(&past, 4));
	assert_non_null(recent(&past, 5));
	/* Whatever the clock says, it ends. */
	take(&past, 1e9, 8000, true);
	assert_null(recent(&past, 1));
	end(&past);
}

static void rings_keep_an_hour_and_a_day(void **state)
{
	struct past past = begin();
	const struct history_ring *day = &past.history->service[0].day;
	u64 packets = 0;
	u32 i;

	(void)state;
	for (i = 0; i < 2 * HISTORY_LONG * (HISTORY_LONG_S / STEP_S); i++)
		take(&past, STEP_S, packets += 1000, true);
	for (i = 0; i < HISTORY_SHORT; i++)
		assert_float_equal(recent(&past, i)->packets, 1000. / STEP_S, 0.1);
	assert_null(recent(&past, HISTORY_SHORT));
	for (i = 0; i < HISTORY_LONG; i++)
		assert_float_equal(history_at(day, i)->packets, 1000. / STEP_S, 0.1);
	assert_null(history_at(day, HISTORY_LONG));
	end(&past);
}

static void a_day_shows_the_fewest_that_were_up(void **state)
{
	struct past past = begin();
	struct service *service = &past.world->service[0];
	u32 i, k, steps = HISTORY_LONG_S / STEP_S;

	(void)state;
	for (i = 0; i < 2 * steps; i++) {
		for (k = 0; k < BACKENDS; k++)
			service->member[k].health = i == steps + 3 && k ? MAGLEV_NL_STATE_DOWN :
									  MAGLEV_NL_STATE_UP;
		take(&past, STEP_S, i * 10, true);
	}
	assert_int_equal(history_at(&past.history->service[0].day, 0)->up, 1);
	assert_int_equal(history_at(&past.history->service[0].day, 1)->up, BACKENDS);
	end(&past);
}

static void turns_of_a_backend_are_remembered_and_bounded(void **state)
{
	struct past past = begin();
	const struct history_backend *backend = &past.history->backend[0];
	u32 begun = past.now / SECOND, i;

	(void)state;
	assert_int_equal(history_state_at(backend, MAGLEV_NL_STATE_DOWN, begun),
			 MAGLEV_NL_STATE_DOWN);
	assert_int_equal(history_state_at(backend, MAGLEV_NL_STATE_DOWN, begun - 1), -1);
	turn(&past, 10, MAGLEV_NL_STATE_UP, "");
	turn(&past, 10, MAGLEV_NL_STATE_DRAIN, "");
	assert_int_equal(history_state_at(backend, MAGLEV_NL_STATE_DRAIN, begun + 9),
			 MAGLEV_NL_STATE_DOWN);
	assert_int_equal(history_state_at(backend, MAGLEV_NL_STATE_DRAIN, begun + 10),
			 MAGLEV_NL_STATE_UP);
	assert_int_equal(history_state_at(backend, MAGLEV_NL_STATE_DRAIN, begun + 25),
			 MAGLEV_NL_STATE_DRAIN);
	for (i = 0; i < 5 * HISTORY_TURNS; i++)
		turn(&past, 1, i % 2 ? MAGLEV_NL_STATE_DOWN : MAGLEV_NL_STATE_UP, "");
	assert_int_equal(backend->n, HISTORY_TURNS);
	assert_int_equal(backend->total, 2 + 5 * HISTORY_TURNS);
	/* What was before those that are kept nobody knows. */
	assert_int_equal(history_state_at(backend, MAGLEV_NL_STATE_DOWN, begun + 15), -1);
	end(&past);
}

static void changes_are_the_last_and_their_reasons_are_cut(void **state)
{
	struct past past = begin();
	const struct history_change *change;
	char why[4 * HISTORY_WHY];
	u32 i;

	(void)state;
	memset(why, 'w', sizeof(why));
	why[sizeof(why) - 1] = 0;
	assert_null(history_change_at(past.history, 0));
	for (i = 0; i < 2 * HISTORY_CHANGES; i++)
		turn(&past, 1, i % 2 ? MAGLEV_NL_STATE_DOWN : MAGLEV_NL_STATE_UP, why);
	for (i = 0; i < HISTORY_CHANGES; i++) {
		change = history_change_at(past.history, i);
		assert_int_equal(change->at, past.now - i * SECOND);
		assert_int_equal(strlen(change->why), HISTORY_WHY - 1);
		assert_int_equal(change->to, i % 2 ? MAGLEV_NL_STATE_UP : MAGLEV_NL_STATE_DOWN);
	}
	assert_null(history_change_at(past.history, i));
	end(&past);
}

static void a_new_world_has_the_past_of_what_is_in_both(void **state)
{
	struct past past = begin(), after = { .now = past.now };

	(void)state;
	take(&past, 0, 1000, true);
	take(&past, STEP_S, 2000, true);
	turn(&past, 1, MAGLEV_NL_STATE_UP, "why not");
	after.now = past.now;
	after.world = world_create(write_config(BACKENDS + 1), &seen_nothing);
	after.history = history_create(after.world, after.now);
	history_inherit(after.history, after.world, past.history, past.world);
	end(&past);
	assert_float_equal(recent(&after, 0)->packets, 1000. / STEP_S, 0.1);
	assert_int_equal(after.history->backend[0].n, 1);
	assert_int_equal(after.history->backend[BACKENDS].n, 0);
	assert_string_equal(history_change_at(after.history, 0)->why, "why not");
	take(&after, STEP_S - 1, 3000, true);
	assert_float_equal(recent(&after, 0)->packets, 1000. / STEP_S, 0.1);
	assert_int_equal(recent(&after, 0)->n, BACKENDS + 1);
	end(&after);
}

static void json_has_gaps_as_null_and_the_oldest_first(void **state)
{
	struct past past = begin();
	const cJSON *service, *packets;
	char *text;
	cJSON *json;

	(void)state;
	take(&past, 0, 1000, true);
	take(&past, STEP_S, 2000, true);
	take(&past, STEP_S, 0, false);
	take(&past, STEP_S, 3000, true);
	take(&past, STEP_S, 3500, true);
	turn(&past, 1, MAGLEV_NL_STATE_UP, "a \"quoted\" \\ \x01 \xff\xfe \xc3\xa4");
	text = page_history_write(past.world, past.history, past.now + SECOND);
	json = cJSON_Parse(text);
	assert_non_null(json);
	service = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "services"), 0);
	assert_string_equal(cJSON_GetObjectItem(service, "name")->valuestring, "web \"quoted\"");
	packets = cJSON_GetObjectItem(cJSON_GetObjectItem(service, "recent"), "packets");
	assert_int_equal(cJSON_GetArraySize(packets), 4);
	assert_float_equal(cJSON_GetArrayItem(packets, 0)->valuedouble, 100, 0.1);
	assert_true(cJSON_IsNull(cJSON_GetArrayItem(packets, 1)));
	assert_true(cJSON_IsNull(cJSON_GetArrayItem(packets, 2)));
	assert_float_equal(cJSON_GetArrayItem(packets, 3)->valuedouble, 50, 0.1);
	service = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "changes"), 0);
	assert_string_equal(cJSON_GetObjectItem(service, "why")->valuestring,
			    "a \"quoted\" \\ \x01 ?? \xc3\xa4");
	assert_int_equal(cJSON_GetObjectItem(service, "ago-ms")->valueint, 1000);
	cJSON_Delete(json);
	free(text);
	text = page_history_write(past.world, NULL, past.now);
	assert_string_equal(text, "{\"services\":[],\"changes\":[]}\n");
	free(text);
	end(&past);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_of_the_time_that_has_passed),
		cmocka_unit_test(counters_that_begin_anew_are_a_gap_and_no_rate),
		cmocka_unit_test(a_kernel_that_does_not_answer_leaves_a_gap),
		cmocka_unit_test(time_that_was_slept_through_is_a_gap),
		cmocka_unit_test(rings_keep_an_hour_and_a_day),
		cmocka_unit_test(a_day_shows_the_fewest_that_were_up),
		cmocka_unit_test(turns_of_a_backend_are_remembered_and_bounded),
		cmocka_unit_test(changes_are_the_last_and_their_reasons_are_cut),
		cmocka_unit_test(a_new_world_has_the_past_of_what_is_in_both),
		cmocka_unit_test(json_has_gaps_as_null_and_the_oldest_first),
	};

	return run_unit_tests("maglevd_history", tests);
}
