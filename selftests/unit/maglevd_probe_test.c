// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/probe*.c userspace/maglevd/curl_loop.c userspace/maglevd/agent.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib -lev -lcurl -lresolv
/* Attempts as such: where they come from, what we are short of, how they are given up. */
#define _GNU_SOURCE /* unshare */
#include "maglevd_backend.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

static const struct check tcp = { .name = "tcp", .type = CHECK_TCP, .timeout_ms = TIMEOUT_MS };

static void source_is_used(void **state)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, hear_out);
	struct check check = with_talk(CHECK_TCP, NULL, "x");

	(void)state;
	backend.target.source.len = MAGLEV_IPV4_BYTES;
	memcpy(backend.target.source.byte, (u8[]){ 127, 0, 0, 9 }, MAGLEV_IPV4_BYTES);
	expect_answer(ask(&check, &backend.target), PROBE_FAIL, "timed out");
	assert_int_equal(seen->peer, 0x7f000009);
	memcpy(backend.target.source.byte, (u8[]){ 192, 0, 2, 99 }, MAGLEV_IPV4_BYTES);
	expect_answer(ask(&check, &backend.target), PROBE_UNKNOWN,
		      "source: no address of this host");
	backend_stop(&backend);
}

static void want_of_descriptors_says_nothing(void **state)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, hear_out);
	struct rlimit before, none;
	struct attempt attempt = {};
	int lowest;

	(void)state;
	/* One attempt before, so that the loop has all it needs. */
	expect_answer(ask(&tcp, &backend.target), PROBE_PASS, "passed");
	getrlimit(RLIMIT_NOFILE, &before);
	none = before;
	lowest = dup(0);
	close(lowest);
	none.rlim_cur = lowest;
	setrlimit(RLIMIT_NOFILE, &none);
	probe_start(prober, &tcp, &backend.target, take, &attempt);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(attempt.n, 0);
	while (!attempt.n)
		ev_run(loop, EVRUN_ONCE);
	expect_answer(attempt.answer, PROBE_UNKNOWN, "socket: no descriptor is left");
	backend_stop(&backend);
}

static bool leave_network(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	bool done;
	int fd;

	if (unshare(CLONE_NEWNET))
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	done = !ioctl(fd, SIOCSIFFLAGS, &loopback);
	close(fd);
	return done;
}

static void leave_one_port(void)
{
	int fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY);

	assert_int_equal(write(fd, "1999 1999", 9), 9);
	close(fd);
}

static void want_of_ports_says_nothing(void **state)
{
	struct check check = with_talk(CHECK_TCP, NULL, "never");
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct attempt first = {};
	struct backend backend;

	(void)state;
	if (!leave_network()) {
		print_message("# skipped: this needs a network namespace, so root\n");
		close(here);
		skip();
	}
	backend = backend_start(AF_INET, SOCK_STREAM, hear_out);
	leave_one_port();
	check.timeout_ms = PATIENCE_MS;
	first.probe = probe_start(prober, &check, &backend.target, take, &first);
	expect_answer(ask(&tcp, &backend.target), PROBE_UNKNOWN, "connect: no local port is left");
	backend.target.source = backend.target.addr;
	expect_answer(ask(&tcp, &backend.target), PROBE_UNKNOWN, "connect: no local port is left");
	assert_int_equal(first.n, 0);
	probe_cancel(first.probe);
	backend_stop(&backend);
	assert_return_code(setns(here, CLONE_NEWNET), errno);
	close(here);
}

static void lateness_says_nothing(void **state)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, hear_out);
	struct check check = with_talk(CHECK_TCP, NULL, "never");
	struct attempt attempt = {};

	(void)state;
	probe_start(prober, &check, &backend.target, take, &attempt);
	ev_run(loop, EVRUN_NOWAIT);
	lose_time(TIMEOUT_MS + 2 * LATE_MS);
	while (!attempt.n)
		ev_run(loop, EVRUN_ONCE);
	expect_answer(attempt.answer, PROBE_UNKNOWN, "this host had no time for it");
	backend_stop(&backend);
}

/* The answer was there before the loop saw that time was over. */
static void answer_that_came_in_time_counts(void **state)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, hear_out);
	struct attempt attempt = {};

	(void)state;
	probe_start(prober, &tcp, &backend.target, take, &attempt);
	lose_time(TIMEOUT_MS + 2 * LATE_MS);
	while (!attempt.n)
		ev_run(loop, EVRUN_ONCE);
	expect_answer(attempt.answer, PROBE_PASS, "passed");
	assert_true(attempt.answer.us >= TIMEOUT_MS * 1000);
	backend_stop(&backend);
}

static struct attempt both[2];

static void cancel_other(void *ctx, const struct probe_answer *answer)
{
	struct attempt *other = &both[ctx == &both[0]];

	take(ctx, answer);
	if (other->probe)
		probe_cancel(other->probe);
	other->probe = NULL;
}

static void cancelled_attempts_are_silent(void **state)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, hear_out);
	struct probe_target target = nobody(SOCK_STREAM);
	u32 before = count_descriptors();
	struct attempt *attempt;

	(void)state;
	/* Of two that end in the same round the first that does cancels the other. */
	for (attempt = both; attempt < both + 2; attempt++)
		attempt->probe = probe_start(prober, &tcp, &target, cancel_other, attempt);
	probe_cancel(probe_start(prober, &tcp, &backend.target, take, NULL));
	ev_run(loop, 0);
	assert_int_equal(both[0].n + both[1].n, 1);
	assert_int_equal(count_descriptors(), before);
	backend_stop(&backend);
}

static void prober_may_go_before_its_attempts(void **state)
{
	static const struct check_range good = { 200, 299 };
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, hear_out);
	struct check http = { .type = CHECK_HTTP, .timeout_ms = TIMEOUT_MS };
	struct check talk = with_talk(CHECK_TCP, NULL, "never");
	struct prober *other = prober_create(loop);
	struct attempt attempt = {};
	u32 i;

	(void)state;
	http.http = (struct check_http){
		.method = "GET", .path = "/", .status = &good, .n_statuses = 1
	};
	probe_start(other, &talk, &backend.target, take, &attempt);
	probe_start(other, &http, &backend.target, take, &attempt);
	for (i = 0; i < 10; i++)
		ev_run(loop, EVRUN_NOWAIT);
	prober_destroy(other);
	ev_run(loop, 0);
	assert_int_equal(attempt.n, 0);
	backend_stop(&backend);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source_is_used),
		cmocka_unit_test(want_of_descriptors_says_nothing),
		cmocka_unit_test(want_of_ports_says_nothing),
		cmocka_unit_test(lateness_says_nothing),
		cmocka_unit_test(answer_that_came_in_time_counts),
		cmocka_unit_test(cancelled_attempts_are_silent),
		cmocka_unit_test(prober_may_go_before_its_attempts),
	};

	return run_probe_tests("maglevd_probe", tests);
}
