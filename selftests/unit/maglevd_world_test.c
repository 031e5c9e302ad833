// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/world.c userspace/maglevd/endpoint.c userspace/maglevd/checker.c userspace/maglevd/load_gauge.c
// unit-sources: userspace/maglevd/seen.c userspace/maglevd/way.c userspace/maglevd/clock.c userspace/maglevd/log.c userspace/lib/*.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib -lev -lmnl -lm
/*
 * Which streams a configuration makes, what a world inherits, and when streams start and change
 * their opinion. Instead of probes there is a function that says how they end.
 */
#include "fixture.h"

#include <checker.h>
#include <clock.h>
#include <netinet/in.h>
#include <time.h>

enum {
	BACKENDS = 50,
	SERVICES = 2,
};

/* The file: two services, one pool, a check through the tunnel and a direct one. */
struct file {
	struct config_backend backend[BACKENDS];
	struct config_pool pool;
	struct check check[2];
	const struct check *checks[2];
	u16 port[2];
	struct config_service service[SERVICES];
	struct config config;
};

static const struct seen seen_nothing;

static struct file *write_file(size_t n_backends)
{
	static struct file file;
	size_t i;

	memset(&file, 0, sizeof(file));
	for (i = 0; i < n_backends; i++) {
		file.backend[i].addr = (struct maglev_lib_addr){ 4, { 10, 0, 0, 1 + i } };
		file.backend[i].weight = 1;
	}
	file.pool = (struct config_pool){ "pool", file.backend, n_backends };
	for (i = 0; i < 2; i++) {
		file.check[i] = (struct check){
			.name = i ? "direct" : "tunnel",
			.via = i ? CHECK_DIRECT : CHECK_TUNNEL,
			.interval_ms = 400,
			.fast_interval_ms = 100,
			.timeout_ms = 50,
			.rise = 2,
			.fall = 3,
			.jitter_percent = 20,
		};
		file.checks[i] = &file.check[i];
		file.port[i] = 80 + i;
		file.service[i] = (struct config_service){
			.name = "service",
			.vip = { 4, { 192, 0, 2, 10 + i } },
			.protocol = IPPROTO_TCP,
			.port = file.port,
			.n_ports = 1,
			.pool = &file.pool,
			.check = file.checks,
			.n_checks = 2,
		};
	}
	file.config = (struct config){ .check = file.check,
				       .n_checks = 2,
				       .service = file.service,
				       .n_services = SERVICES,
				       .probe_base = 0x1000 };
	return &file;
}

/* Probes end a while later as they are told. */
struct probe {
	struct ev_timer timer;
	probe_done *done;
	void *ctx;
};

struct prober {
	struct ev_loop *loop;
};

static struct prober fake_prober;
static enum probe_result fake_result;
static double fake_s = 0.001;
static u32 n_started, n_running;

struct prober *prober_create(struct ev_loop *loop)
{
	fake_prober.loop = loop;
	n_started = n_running = 0;
	return &fake_prober;
}

void prober_destroy(struct prober *prober)
{
	(void)prober;
}

static void end_probe(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct probe *probe = timer->data;
	struct probe_answer answer = { .result = fake_result,
				       .why = "as told",
				       .endpoint_weight = -1. };

	(void)loop;
	(void)events;
	n_running--;
	probe->done(probe->ctx, &answer);
	free(probe);
}

struct probe *probe_start(struct prober *prober, const struct check *check,
			  const struct probe_target *target, probe_done *done, void *ctx)
{
	struct probe *probe = calloc(1, sizeof(*probe));

	(void)check;
	(void)target;
	n_started++;
	n_running++;
	probe->done = done;
	probe->ctx = ctx;
	ev_timer_init(&probe->timer, end_probe, fake_s, 0.);
	probe->timer.data = probe;
	ev_timer_start(prober->loop, &probe->timer);
	return probe;
}

void probe_hand_over(struct probe *probe, void *ctx)
{
	probe->ctx = ctx;
}

void probe_cancel(struct probe *probe)
{
	ev_timer_stop(fake_prober.loop, &probe->timer);
	n_running--;
	free(probe);
}

/* A checker with a world of the file, and how often opinions changed. */
struct run {
	struct file *file;
	struct world *world;
	struct checker *checker;
	u32 changes;
};

static void count_change(void *ctx, struct stream *stream)
{
	(void)stream;
	((struct run *)ctx)->changes++;
}

/* All backends are known to the kernel, by their place. */
static void name_pairs(struct world *world)
{
	size_t i;

	for (i = 0; i < world->n_streams; i++)
		world->stream[i].index = i;
}

static struct run begin_run(size_t n_backends, enum probe_result result)
{
	struct run run = { .file = write_file(n_backends) };

	fake_result = result;
	run.world = world_create(&run.file->config, &seen_nothing);
	name_pairs(run.world);
	return run;
}

static void end_run(struct run *run)
{
	checker_destroy(run->checker);
	assert_int_equal(n_running, 0);
	world_destroy(run->world);
}

static void check(struct run *run)
{
	run->checker = checker_create(ev_default_loop(0), count_change, run);
	checker_run(run->checker, run->world);
}

static size_t count_opinions(const struct run *run, enum opinion opinion)
{
	size_t n = 0, i;

	for (i = 0; i < run->world->n_streams; i++)
		n += run->world->stream[i].opinion == opinion;
	return n;
}

/* Let the loop run until all streams think so; a while is enough. */
static void await_opinions(struct run *run, enum opinion opinion)
{
	u64 end = clock_now() + 20000ULL * NS_PER_MS;

	while (count_opinions(run, opinion) < run->world->n_streams) {
		assert_true(clock_now() < end);
		ev_run(ev_default_loop(0), EVRUN_ONCE);
	}
}

static void run_for(u64 ms)
{
	u64 end = clock_now() + ms * NS_PER_MS;

	while (clock_now() < end)
		ev_run(ev_default_loop(0), EVRUN_ONCE);
}

static void direct_streams_are_shared_by_services_and_tunnels_are_not(void **state)
{
	struct file *file = write_file(3);
	struct world *world;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		file->backend[i].port = 80;
	world = world_create(&file->config, &seen_nothing);
	assert_int_equal(world->n_members, 3 * SERVICES);
	assert_int_equal(world->n_streams, 3 * SERVICES + 3);
	for (i = 0; i < world->n_streams; i++)
		assert_int_equal(world->stream[i].n_users,
				 world->stream[i].check->via == CHECK_DIRECT ? SERVICES : 1);
	world_destroy(world);
}

static void a_backend_named_with_and_without_the_port_is_one_member(void **state)
{
	struct file *file = write_file(2);
	struct world *world;

	(void)state;
	file->backend[1] = file->backend[0];
	file->backend[1].port = 80;
	file->config.n_services = 1;
	world = world_create(&file->config, &seen_nothing);
	assert_int_equal(world->n_members, 2);
	assert_int_equal(world->service[0].n, 1);
	world_destroy(world);
}

static void the_first_result_of_a_new_stream_is_its_opinion(void **state)
{
	struct run run = begin_run(BACKENDS, PROBE_PASS);
	u32 n = run.world->n_streams;

	(void)state;
	check(&run);
	await_opinions(&run, OPINION_UP);
	assert_int_equal(run.changes, n);
	end_run(&run);
}

static void so_many_failures_in_a_row_take_down_and_so_many_passes_bring_up(void **state)
{
	struct run run = begin_run(1, PROBE_FAIL);
	size_t i;
	u32 n = run.world->n_streams;

	(void)state;
	for (i = 0; i < n; i++)
		run.world->stream[i].opinion = OPINION_UP;
	check(&run);
	await_opinions(&run, OPINION_DOWN);
	assert_int_equal(run.changes, n);
	assert_true(n_started >= 3 * n);
	fake_result = PROBE_PASS;
	n_started = n_running;
	await_opinions(&run, OPINION_UP);
	assert_int_equal(run.changes, 2 * n);
	assert_true(n_started >= 2 * n);
	end_run(&run);
}

static void what_says_nothing_changes_nothing(void **state)
{
	struct run run = begin_run(2, PROBE_UNKNOWN);
	size_t i;

	(void)state;
	for (i = 0; i < run.world->n_streams; i++)
		run.world->stream[i].opinion = i % 2 ? OPINION_UP : OPINION_DOWN;
	check(&run);
	run_for(1500);
	assert_int_equal(run.changes, 0);
	assert_true(checker_stats(run.checker)->unknown >= run.world->n_streams);
	end_run(&run);
}

static void a_pair_the_kernel_does_not_know_is_not_probed(void **state)
{
	struct run run = begin_run(2, PROBE_PASS);
	size_t i;

	(void)state;
	for (i = 0; i < run.world->n_streams; i++)
		run.world->stream[i].index = INDEX_NONE;
	check(&run);
	run_for(500);
	for (i = 0; i < run.world->n_streams; i++)
		assert_int_equal(run.world->stream[i].opinion,
				 run.world->stream[i].check->via == CHECK_DIRECT ? OPINION_UP :
										   OPINION_NONE);
	end_run(&run);
}

/* And no more often than in doubt; one that would come as soon anyway is left alone. */
static void one_that_is_asked_for_comes_before_its_time(void **state)
{
	struct run run = begin_run(1, PROBE_PASS);
	u32 n = run.world->n_streams, asked = 0;
	size_t i;
	u64 end;

	(void)state;
	for (i = 0; i < 2; i++)
		run.file->check[i].interval_ms = 3600 * 1000;
	check(&run);
	await_opinions(&run, OPINION_UP);
	n_started = 0;
	end = clock_now() + 1000ULL * NS_PER_MS;
	while (clock_now() < end) {
		for (i = 0; i < n; i++)
			asked += checker_ask(&run.world->stream[i]);
		ev_run(ev_default_loop(0), EVRUN_ONCE);
	}
	assert_true(n_started >= n);
	assert_true(n_started <= 11 * n);
	assert_true(asked >= n_started && asked <= n_started + n);
	assert_int_equal(checker_stats(run.checker)->hastened, asked);
	end_run(&run);
}

static void oversleep(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct timespec nap = { .tv_nsec = 700000000 };

	(void)loop;
	(void)timer;
	(void)events;
	nanosleep(&nap, NULL);
}

/* Every probe of the time fails, as its deadline passes while nobody looks. */
static void a_checker_without_the_cpu_blames_nobody(void **state)
{
	struct run run = begin_run(BACKENDS, PROBE_FAIL);
	struct ev_timer timer;
	size_t i;

	(void)state;
	for (i = 0; i < run.world->n_streams; i++)
		run.world->stream[i].opinion = OPINION_UP;
	ev_timer_init(&timer, oversleep, 0., 0.001);
	ev_timer_start(ev_default_loop(0), &timer);
	check(&run);
	run_for(5000);
	ev_timer_stop(ev_default_loop(0), &timer);
	assert_true(checker_stats(run.checker)->stalls >= 3);
	assert_int_equal(run.changes, 0);
	end_run(&run);
}

static void a_world_inherits_what_is_in_both(void **state)
{
	struct run run = begin_run(3, PROBE_PASS);
	struct world *old = run.world;
	struct file *file;
	size_t i;

	(void)state;
	for (i = 0; i < old->n_streams; i++) {
		old->stream[i].opinion = i % 2 ? OPINION_UP : OPINION_DOWN;
		old->stream[i].due = 1 + i;
		old->stream[i].endpoint_weight = 1 + i;
		old->stream[i].is_draining = true;
		load_gauge_add(&old->stream[i].time, 7000, clock_now(), 1000);
	}
	for (i = 0; i < old->n_members; i++) {
		old->members[i].hold_ms = 1 + i;
		old->members[i].load.percent = 1 + i;
	}
	file = run.file;
	file->check[1].type = CHECK_AGENT;
	file->pool.n = 4;
	file->backend[3].addr = (struct maglev_lib_addr){ 4, { 10, 0, 0, 0 } };
	file->backend[3].weight = 1;
	run.world = world_create(&file->config, &seen_nothing);
	world_inherit(run.world, old);
	assert_int_equal(count_opinions(&run, OPINION_NONE), SERVICES + 1);
	assert_int_equal(count_opinions(&run, OPINION_UP), old->n_streams / 2);
	assert_int_equal(run.world->members[0].hold_ms, 0);
	assert_int_equal(run.world->members[1].hold_ms, 1);
	assert_int_equal(run.world->members[1].load.percent, 1);
	assert_true(run.world->members[0].stream[0]->endpoint_weight == -1.);
	assert_true(run.world->members[1].stream[0]->endpoint_weight >= 1.);
	assert_int_equal(run.world->members[0].stream[0]->time.n, 0);
	assert_int_equal(run.world->members[1].stream[0]->time.n, 1);
	/* What an agent has said counts as long as one is asked. */
	assert_false(run.world->members[1].stream[0]->is_draining);
	assert_true(run.world->members[1].stream[1]->is_draining);
	world_destroy(old);
	world_destroy(run.world);
}

enum {
	INTERVAL_MS = 400,
};

/* How many start in an interval, of so many. */
static u32 count_starts(u64 ms, void (*meanwhile)(struct run *run), struct run *run)
{
	u64 begin = clock_now();

	n_started = 0;
	while (clock_now() < begin + ms * NS_PER_MS) {
		run_for(50);
		if (meanwhile)
			meanwhile(run);
	}
	return (u64)n_started * INTERVAL_MS * NS_PER_MS / (clock_now() - begin);
}

/* Jitter moves a start around its place: it makes neither more of them nor fewer. */
static void each_stream_starts_once_an_interval(void **state)
{
	struct run run = begin_run(BACKENDS, PROBE_PASS);
	u32 n = run.world->n_streams;

	(void)state;
	run.file->check[0].jitter_percent = run.file->check[1].jitter_percent = 50;
	check(&run);
	await_opinions(&run, OPINION_UP);
	run_for(INTERVAL_MS);
	assert_in_range(count_starts(6 * INTERVAL_MS, NULL, &run), n * 8 / 10, n * 12 / 10);
	end_run(&run);
}

/* From a start to the next it is the interval and half the jitter at most: failures are found in time. */
static void no_stream_starts_later_than_jitter_allows(void **state)
{
	struct run run = begin_run(BACKENDS, PROBE_PASS);
	const struct stream *stream;
	u64 end;
	size_t i;

	(void)state;
	check(&run);
	await_opinions(&run, OPINION_UP);
	end = clock_now() + 5ULL * INTERVAL_MS * NS_PER_MS;
	while (clock_now() < end) {
		ev_run(ev_default_loop(0), EVRUN_ONCE);
		for (i = 0; i < run.world->n_streams; i++) {
			stream = &run.world->stream[i];
			assert_true(stream->probe || stream->planned <= clock_now() ||
				    stream->planned <=
					    stream->started + INTERVAL_MS * 11ULL / 10 * NS_PER_MS);
		}
	}
	end_run(&run);
}

static void reload_same(struct run *run)
{
	struct world *old = run->world;

	run->world = world_create(&run->file->config, &seen_nothing);
	name_pairs(run->world);
	world_inherit(run->world, old);
	checker_run(run->checker, run->world);
	world_destroy(old);
}

static void a_new_world_starts_what_the_old_one_would_have(void **state)
{
	struct run run = begin_run(BACKENDS, PROBE_PASS);
	u32 n = run.world->n_streams;

	(void)state;
	check(&run);
	await_opinions(&run, OPINION_UP);
	run_for(INTERVAL_MS);
	assert_in_range(count_starts(6 * INTERVAL_MS, reload_same, &run), n * 8 / 10, n * 13 / 10);
	end_run(&run);
}

/* Who does not answer is found although services come and go. */
static void probes_go_on_in_worlds_that_come_faster_than_they_end(void **state)
{
	struct run run = begin_run(2, PROBE_FAIL);
	u64 end = clock_now() + 20000ULL * NS_PER_MS;

	(void)state;
	fake_s = 0.2;
	check(&run);
	while (count_opinions(&run, OPINION_DOWN) < run.world->n_streams) {
		assert_true(clock_now() < end);
		run_for(50);
		reload_same(&run);
	}
	fake_s = 0.001;
	end_run(&run);
}

/* The answer to what is not asked any more is nobody's. */
static void probes_of_another_check_or_mark_end_with_their_world(void **state)
{
	struct run run = begin_run(1, PROBE_PASS);
	struct world *old = run.world;
	struct file *file;

	(void)state;
	fake_s = 5;
	check(&run);
	while (n_running < old->n_streams)
		ev_run(ev_default_loop(0), EVRUN_ONCE);
	file = malloc(sizeof(*file));
	*file = *run.file;
	file->config.service = file->service;
	file->checks[0] = &file->check[0];
	file->service[0].check = file->service[1].check = file->checks;
	run.world = world_create(&file->config, &seen_nothing);
	name_pairs(run.world);
	world_inherit(run.world, old);
	checker_run(run.checker, run.world);
	assert_int_equal(n_running, 1); /* the direct one */
	world_destroy(old);
	fake_s = 0.001;
	end_run(&run);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(direct_streams_are_shared_by_services_and_tunnels_are_not),
		cmocka_unit_test(a_backend_named_with_and_without_the_port_is_one_member),
		cmocka_unit_test(the_first_result_of_a_new_stream_is_its_opinion),
		cmocka_unit_test(so_many_failures_in_a_row_take_down_and_so_many_passes_bring_up),
		cmocka_unit_test(what_says_nothing_changes_nothing),
		cmocka_unit_test(a_pair_the_kernel_does_not_know_is_not_probed),
		cmocka_unit_test(one_that_is_asked_for_comes_before_its_time),
		cmocka_unit_test(a_checker_without_the_cpu_blames_nobody),
		cmocka_unit_test(each_stream_starts_once_an_interval),
		cmocka_unit_test(no_stream_starts_later_than_jitter_allows),
		cmocka_unit_test(a_world_inherits_what_is_in_both),
		cmocka_unit_test(a_new_world_starts_what_the_old_one_would_have),
		cmocka_unit_test(probes_go_on_in_worlds_that_come_faster_than_they_end),
		cmocka_unit_test(probes_of_another_check_or_mark_end_with_their_world),
	};

	return run_unit_tests("maglevd_world", tests);
}
