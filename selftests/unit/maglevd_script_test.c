// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/probe*.c userspace/maglevd/curl_loop.c userspace/maglevd/agent.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib -lev -lcurl -lresolv
/* Scripts: what they find, how they end, and that nothing of them stays. */
#define _GNU_SOURCE /* memmem */
#include "maglevd_backend.h"

#include <fcntl.h>
#include <sys/wait.h>

enum {
	SCRIPT_MS = 1000,
	PATH_BYTES = 64,
	COMMAND_BYTES = 1024,
};

static char mark[PATH_BYTES];
static const struct probe_target target = {
	.addr = { .len = MAGLEV_IPV4_BYTES, .byte = { 10, 0, 0, 1 } },
	.port = 8080,
	.backend = { .len = MAGLEV_IPV4_BYTES, .byte = { 10, 0, 0, 1 } },
	.vip = { .len = MAGLEV_IPV6_BYTES, .byte = { 0x20, 1, 0xd, 0xb8, [15] = 1 } },
	.vport = 80,
};

static bool is_childless(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static struct probe_answer ask_script(const char *const *argv, u32 timeout_ms)
{
	const struct check check = {
		.name = "script",
		.type = CHECK_SCRIPT,
		.timeout_ms = timeout_ms,
		.script = { .argv = argv },
	};
	struct probe_answer answer = ask(&check, &target);

	until(is_childless, "all children are waited for");
	return answer;
}

#define ask_shell(text) \
	ask_script((const char *const[]){ "/bin/sh", "-c", (text), mark, NULL }, SCRIPT_MS)

static void script_that_ends_with_0_passes(void **state)
{
	(void)state;
	expect_answer(ask_shell("exit 0"), PROBE_PASS, "passed");
	expect_answer(ask_shell("echo all well; echo more"), PROBE_PASS, "passed: all well");
}

static void script_that_ends_otherwise_fails(void **state)
{
	(void)state;
	expect_answer(ask_shell("exit 3"), PROBE_FAIL, "exit status 3");
	expect_answer(ask_shell("echo no disk >&2; exit 1"), PROBE_FAIL, "exit status 1: no disk");
	expect_answer(ask_shell("kill -ABRT $$"), PROBE_FAIL, "signal 6");
	expect_answer(ask_shell("exit 127"), PROBE_FAIL, "exit status 127");
}

static void script_that_cannot_be_run_says_nothing(void **state)
{
	const char *const argv[] = { "/nowhere/script", NULL };

	(void)state;
	expect_answer(ask_script(argv, SCRIPT_MS), PROBE_UNKNOWN,
		      "script: /nowhere/script: No such file or directory");
}

static void script_finds_its_environment_only(void **state)
{
	(void)state;
	setenv("SECRET", "1", 1);
	expect_answer(ask_shell("echo $MAGLEV_BACKEND $MAGLEV_PORT $MAGLEV_VIP $MAGLEV_VPORT "
				"$MAGLEV_CHECK $SECRET."),
		      PROBE_PASS, "passed: 10.0.0.1 8080 2001:db8::1 80 script .");
	expect_answer(ask_shell("env | cut -d = -f 1 | grep -vc -e MAGLEV_ -e PATH -e PWD -e _"),
		      PROBE_FAIL, "exit status 1: 0");
}

static void script_has_no_input_no_descriptors_and_limits(void **state)
{
	(void)state;
	expect_answer(ask_shell("cat && ls /proc/self/fd | tr '\\n' ' '"), PROBE_PASS,
		      "passed: 0 1 2 3 ");
	expect_answer(ask_shell("ulimit -n; "), PROBE_PASS, "passed: 256");
	expect_answer(ask_shell("ulimit -t; "), PROBE_PASS, "passed: 3");
	expect_answer(ask_shell("trap | wc -l; kill -PIPE $$"), PROBE_FAIL, "signal 13");
}

static void script_output_is_printable_and_short(void **state)
{
	struct probe_answer answer = ask_shell("printf '\\033[31mred\\007\\n'");

	(void)state;
	expect_answer(answer, PROBE_PASS, "passed: ?[31mred?");
	answer = ask_shell("i=0; while [ $i -lt 300 ]; do printf 1234567890; i=$((i+1)); done");
	assert_int_equal(strlen(answer.why), strlen("passed: ") + 100);
}

static void script_that_talks_much_is_heard_out(void **state)
{
	(void)state;
	expect_answer(ask_shell("dd if=/dev/zero bs=64k count=64 2>/dev/null | tr '\\0' x"),
		      PROBE_PASS, "passed: xxx");
}

static bool has_mark(const char *process)
{
	char path[PATH_BYTES + sizeof(((struct dirent *)0)->d_name)], command[COMMAND_BYTES];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/cmdline", process);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? 0 : read(fd, command, sizeof(command));
	if (fd >= 0)
		close(fd);
	return n > 0 && memmem(command, n, mark, strlen(mark));
}

static bool is_unmarked(void)
{
	const struct dirent *entry;
	DIR *all = opendir("/proc");
	bool found = false;

	assert_non_null(all);
	while (!found && (entry = readdir(all)))
		found = has_mark(entry->d_name);
	closedir(all);
	return !found;
}

static void script_that_hangs_is_killed_with_its_children(void **state)
{
	static const char stubborn[] =
		"trap '' TERM INT HUP; for i in 1 2 3; do "
		"sh -c 'trap \"\" TERM; while :; do sleep 1; done' $0 & done; "
		"while :; do sleep 1; done";
	const char *const argv[] = { "/bin/sh", "-c", stubborn, mark, NULL };

	(void)state;
	expect_answer(ask_script(argv, TIMEOUT_MS), PROBE_FAIL, "script: timed out after 200 ms");
	until(is_unmarked, "all of them are gone");
}

static void script_that_never_stops_talking_costs_a_timeout(void **state)
{
	const char *const argv[] = { "/usr/bin/yes", mark, NULL };

	(void)state;
	expect_answer(ask_script(argv, TIMEOUT_MS), PROBE_FAIL, "script: timed out after 200 ms");
	until(is_unmarked, "it is gone");
}

static void script_takes_what_it_left_behind_along(void **state)
{
	(void)state;
	expect_answer(ask_shell("sh -c 'sleep 60; :' $0 & exit 0"), PROBE_PASS, "passed");
	until(is_unmarked, "its child is gone");
}

static void script_cancelled_leaves_nothing(void **state)
{
	const char *const argv[] = { "/bin/sh", "-c", "sleep 60; :", mark, NULL };
	const struct check check = {
		.name = "script",
		.type = CHECK_SCRIPT,
		.timeout_ms = SCRIPT_MS,
		.script = { .argv = argv },
	};
	struct attempt attempt = {};

	(void)state;
	probe_cancel(probe_start(prober, &check, &target, take, &attempt));
	attempt.probe = probe_start(prober, &check, &target, take, &attempt);
	ev_run(loop, EVRUN_NOWAIT);
	probe_cancel(attempt.probe);
	until(is_childless, "all children are waited for");
	until(is_unmarked, "all of them are gone");
	assert_int_equal(attempt.n, 0);
}

static int setup(void **state)
{
	/* A word on command lines by which its processes are found, and no others. */
	snprintf(mark, sizeof(mark), "maglevd_script_%d", getpid());
	return probes_setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(script_that_ends_with_0_passes),
		cmocka_unit_test(script_that_ends_otherwise_fails),
		cmocka_unit_test(script_that_cannot_be_run_says_nothing),
		cmocka_unit_test(script_finds_its_environment_only),
		cmocka_unit_test(script_has_no_input_no_descriptors_and_limits),
		cmocka_unit_test(script_output_is_printable_and_short),
		cmocka_unit_test(script_that_talks_much_is_heard_out),
		cmocka_unit_test(script_that_hangs_is_killed_with_its_children),
		cmocka_unit_test(script_that_never_stops_talking_costs_a_timeout),
		cmocka_unit_test(script_takes_what_it_left_behind_along),
		cmocka_unit_test(script_cancelled_leaves_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("maglevd_script", tests, setup, probes_teardown) ? 1 : 0;
}
