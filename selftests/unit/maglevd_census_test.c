// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/census.c userspace/maglevd/world.c userspace/maglevd/endpoint.c userspace/maglevd/load_trend.c
// unit-sources: userspace/maglevd/seen.c userspace/maglevd/clock.c userspace/maglevd/log.c userspace/lib/*.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib -lev -lmnl -lm
/* Whose flows are counted, and which of them. The kernel is a list of backends. */
#include "fixture.h"

#include <census.h>
#include <netinet/in.h>

enum {
	BACKENDS = 2,
	SERVICES = 2,
};

static u32 n_counts;

/* Backends 10.0.0.1 and .2 of services 192.0.2.10:80 and .11:80, and one that nobody knows. */
int kernel_count_flows(struct kernel *kernel, maglev_row *row, void *ctx)
{
	struct maglev_lib_message message = {};
	u32 service, backend;
	int err = 0;

	(void)kernel;
	n_counts++;
	message.service.key.has = MAGLEV_LIB_HAS(SERVICE_KEY_ADDR);
	message.service.key.protocol = IPPROTO_TCP;
	message.service.key.port = message.backend.port = htons(80);
	for (service = 0; service < SERVICES; service++) {
		message.service.key.addr =
			(struct maglev_lib_addr){ 4, { 192, 0, 2, 10 + service } };
		for (backend = 0; backend <= BACKENDS; backend++) {
			message.backend.addr =
				(struct maglev_lib_addr){ 4, { 10, 0, 0, 1 + backend } };
			message.flow_count = (struct maglev_lib_flow_count){
				.half_open = 1,
				.established = 10 * backend,
				.closing = 100,
				.reset = 1000,
			};
			err = err ?: row(ctx, &message);
		}
	}
	return err;
}

/* Two services of one pool; the share of the first is predictive. */
static const struct config *write_config(enum config_share_from from)
{
	static const struct config_backend backends[BACKENDS] = {
		{ .addr = { 4, { 10, 0, 0, 1 } }, .weight = 1 },
		{ .addr = { 4, { 10, 0, 0, 2 } }, .weight = 1 },
	};
	static const struct config_pool pool = { "pool", backends, BACKENDS };
	static struct config_service services[SERVICES];
	static const struct config config = { .service = services, .n_services = SERVICES };
	static const u16 port = 80;
	u32 i;

	for (i = 0; i < SERVICES; i++)
		services[i] = (struct config_service){
			.name = "service",
			.vip = { 4, { 192, 0, 2, 10 + i } },
			.protocol = IPPROTO_TCP,
			.port = &port,
			.n_ports = 1,
			.pool = &pool,
			.policy.share = { .from = i ? CONFIG_SHARE_STATIC : from,
					  .interval_ms = 100 },
		};
	return &config;
}

static void open_flows_are_counted_where_shares_follow_them(void **state)
{
	static const struct seen nothing;
	struct ev_loop *loop = ev_default_loop(0);
	struct world *world = world_create(write_config(CONFIG_SHARE_PREDICTIVE), &nothing);
	struct census *census = census_create(loop, NULL);

	(void)state;
	census_run(census, world);
	while (n_counts < 2)
		ev_run(loop, EVRUN_ONCE);
	assert_true(world->service[0].member[0].load.held.level == 1.);
	assert_true(world->service[0].member[1].load.held.level == 11.);
	assert_int_equal(world->service[1].member[1].load.held.n, 0);
	census_destroy(census);
	world_destroy(world);
}

static void nothing_is_counted_for_nobody(void **state)
{
	static const struct seen nothing;
	struct ev_loop *loop = ev_default_loop(0);
	struct world *world = world_create(write_config(CONFIG_SHARE_LATENCY), &nothing);
	struct census *census = census_create(loop, NULL);

	(void)state;
	n_counts = 0;
	census_run(census, world);
	/* Nothing waits for anything. */
	assert_false(ev_run(loop, 0));
	assert_int_equal(n_counts, 0);
	census_destroy(census);
	world_destroy(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_flows_are_counted_where_shares_follow_them),
		cmocka_unit_test(nothing_is_counted_for_nobody),
	};

	return cmocka_run_group_tests_name("maglevd_census", tests, NULL, NULL);
}
