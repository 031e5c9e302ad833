// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/passive.c userspace/maglevd/world.c userspace/maglevd/endpoint.c
// unit-sources: userspace/maglevd/seen.c userspace/maglevd/log.c userspace/lib/*.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib -lev -lmnl
/*
 * What counters must say for a backend to be asked at once, and who then is. The kernel is a list
 * of backends; a checker, a number of those asked.
 */
#include "fixture.h"

#include <netinet/in.h>
#include <passive.h>

enum {
	BACKENDS = 3,
};

static struct traffic zero = { .is_known = true };

static bool is_ill(u16 protocol, u64 begun, u64 answered, u64 reset, u64 unreachable)
{
	struct traffic now = { begun, answered, reset, unreachable, true }, before = zero;
	char why[PASSIVE_WHY];

	return passive_weigh(&before, &now, protocol, why);
}

static void half_of_the_flows_without_an_answer_are_ill(void **state)
{
	(void)state;
	assert_false(is_ill(IPPROTO_TCP, 100, 100, 0, 0));
	assert_false(is_ill(IPPROTO_TCP, 100, 50, 0, 0));
	assert_true(is_ill(IPPROTO_TCP, 100, 49, 0, 0));
	assert_true(is_ill(IPPROTO_SCTP, 4, 0, 0, 0));
	assert_false(is_ill(IPPROTO_UDP, 100, 0, 0, 0));
}

static void few_flows_say_nothing_and_add_up(void **state)
{
	struct traffic before = zero, now = zero;
	char why[PASSIVE_WHY];
	u32 i;

	(void)state;
	for (i = 1; i <= 3; i++) {
		now.begun = i;
		assert_false(passive_weigh(&before, &now, IPPROTO_TCP, why));
	}
	now.begun = 4;
	assert_true(passive_weigh(&before, &now, IPPROTO_TCP, why));
	assert_string_equal(why, "flows begun 4, answered 0, reset 0, unreachable 0");
	/* They have been weighed. */
	assert_false(passive_weigh(&before, &now, IPPROTO_TCP, why));
}

static void resets_of_half_as_many_as_begin_are_ill(void **state)
{
	(void)state;
	assert_false(is_ill(IPPROTO_TCP, 10, 10, 5, 0));
	assert_true(is_ill(IPPROTO_TCP, 10, 10, 6, 0));
	/* Of flows that are old. */
	assert_false(is_ill(IPPROTO_TCP, 0, 0, 3, 0));
	assert_true(is_ill(IPPROTO_TCP, 0, 0, 4, 0));
}

static void one_error_of_a_router_is_enough(void **state)
{
	(void)state;
	assert_true(is_ill(IPPROTO_UDP, 0, 0, 0, 1));
	assert_true(is_ill(IPPROTO_TCP, 100, 100, 0, 1));
}

static void counters_that_begin_again_are_a_new_beginning(void **state)
{
	struct traffic before = { 100, 100, 0, 7, true }, now = { 5, 0, 0, 0, true };
	struct traffic unknown = {};
	char why[PASSIVE_WHY];

	(void)state;
	assert_false(passive_weigh(&before, &now, IPPROTO_TCP, why));
	assert_int_equal(before.begun, 5);
	assert_false(passive_weigh(&unknown, &now, IPPROTO_TCP, why));
	assert_true(unknown.is_known);
}

/* The kernel's list: services 192.0.2.10:80 and 192.0.2.11:80, and of each backends 10.0.0.1 to 3. */
static struct maglev_lib_stats listed[2][BACKENDS];
static u32 asked[2][BACKENDS], n_lists;

int kernel_list_backends(struct kernel *kernel, maglev_row *row, void *ctx)
{
	struct maglev_lib_message message = {};
	u32 service, backend;
	int err = 0;

	(void)kernel;
	n_lists++;
	message.service.key.has = MAGLEV_LIB_HAS(SERVICE_KEY_ADDR);
	message.service.key.protocol = IPPROTO_TCP;
	message.service.key.port = message.backend.port = htons(80);
	for (service = 0; service < 2; service++) {
		message.service.key.addr =
			(struct maglev_lib_addr){ 4, { 192, 0, 2, 10 + service } };
		for (backend = 0; backend < BACKENDS; backend++) {
			message.backend.addr =
				(struct maglev_lib_addr){ 4, { 10, 0, 0, 1 + backend } };
			message.backend.stats = listed[service][backend];
			err = err ?: row(ctx, &message);
		}
	}
	return err;
}

bool checker_ask(struct stream *stream)
{
	asked[stream->service.vip.addr.byte[3] - 10][stream->backend.addr.byte[3] - 1]++;
	return true;
}

/* Two services of one pool with a check each; the first one's policy says passive. */
static const struct config *write_config(void)
{
	static const struct config_backend backends[BACKENDS] = {
		{ .addr = { 4, { 10, 0, 0, 1 } }, .weight = 1 },
		{ .addr = { 4, { 10, 0, 0, 2 } }, .weight = 1 },
		{ .addr = { 4, { 10, 0, 0, 3 } }, .weight = 1 },
	};
	static const struct config_pool pool = { "pool", backends, BACKENDS };
	static const struct check check = { .name = "check", .via = CHECK_TUNNEL };
	static const struct check *const checks[] = { &check };
	static const u16 port = 80;
	static struct config_service services[2];
	static const struct config config = { .service = services, .n_services = 2 };
	u32 i;

	for (i = 0; i < 2; i++)
		services[i] = (struct config_service){ .name = "service",
						       .vip = { 4, { 192, 0, 2, 10 + i } },
						       .protocol = IPPROTO_TCP,
						       .port = &port,
						       .n_ports = 1,
						       .pool = &pool,
						       .check = checks,
						       .n_checks = 1,
						       .policy = { .passive = !i } };
	return &config;
}

static void await_lists(struct ev_loop *loop, u32 n)
{
	for (n += n_lists; n_lists < n;)
		ev_run(loop, EVRUN_ONCE);
}

static void who_looks_ill_is_asked_where_the_policy_says_so(void **state)
{
	static const struct seen nothing;
	struct ev_loop *loop = ev_default_loop(0);
	struct world *world = world_create(write_config(), &nothing);
	struct passive *passive = passive_create(loop, NULL);
	static const u32 expected[2][BACKENDS] = { { 0, 1, 0 } };
	u32 service;

	(void)state;
	passive_run(passive, world);
	await_lists(loop, 1);
	for (service = 0; service < 2; service++) {
		listed[service][0] =
			(struct maglev_lib_stats){ .flows_new = 9, .flows_answered = 9 };
		listed[service][1] = (struct maglev_lib_stats){ .flows_new = 9 };
	}
	await_lists(loop, 2);
	assert_memory_equal(asked, expected, sizeof(asked));
	passive_destroy(passive);
	world_destroy(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_of_the_flows_without_an_answer_are_ill),
		cmocka_unit_test(few_flows_say_nothing_and_add_up),
		cmocka_unit_test(resets_of_half_as_many_as_begin_are_ill),
		cmocka_unit_test(one_error_of_a_router_is_enough),
		cmocka_unit_test(counters_that_begin_again_are_a_new_beginning),
		cmocka_unit_test(who_looks_ill_is_asked_where_the_policy_says_so),
	};

	return cmocka_run_group_tests_name("maglevd_passive", tests, NULL, NULL);
}
