// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/probe*.c userspace/maglevd/curl_loop.c userspace/maglevd/agent.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib -lev -lcurl -lresolv
/* HTTPS checks against openssl s_server, which knows one name, and against what is no TLS. */
#define _GNU_SOURCE /* pipe2 */
#include "maglevd_backend.h"

#include <fcntl.h>
#include <sys/wait.h>

#define NAME "secure.example.org"

enum {
	PATH_BYTES = 64,
	LINE_BYTES = 256,
	/* Sanitizers and small machines take their time for public keys. */
	HANDSHAKE_MS = 2000,
	SKIPPED = 4,
};

static const struct check_range statuses[] = { { 200, 299 } };

static const struct check https = {
	.name = "https",
	.type = CHECK_HTTPS,
	.timeout_ms = HANDSHAKE_MS,
	.http = {
		.method = "GET",
		.path = "/",
		.status = statuses,
		.n_statuses = ARRAY_SIZE(statuses),
	},
};

static char directory[] = "/tmp/maglevd_https.XXXXXX";
static char certificate[PATH_BYTES];
static struct backend server;

static int run(const char *const *argv, int output)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		dup2(output, STDOUT_FILENO);
		dup2(output, STDERR_FILENO);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	/* The loop may have waited for it already. */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static bool make_certificate(void)
{
	const char *const argv[] = {
		"openssl",
		"req",
		"-x509",
		"-newkey",
		"ec",
		"-pkeyopt",
		"ec_paramgen_curve:P-256",
		"-nodes",
		"-subj",
		"/CN=" NAME,
		"-addext",
		"subjectAltName=DNS:" NAME,
		"-days",
		"2",
		"-out",
		certificate,
		"-keyout",
		certificate,
		NULL,
	};
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC), status;

	status = run(argv, nowhere);
	close(nowhere);
	return !status;
}

/* It says where: "ACCEPT 127.0.0.1:PORT". */
static u16 read_port(int output)
{
	FILE *lines = fdopen(output, "r");
	char line[LINE_BYTES];
	u16 port = 0;

	while (!port && fgets(line, sizeof(line), lines)) {
		if (!strncmp(line, "ACCEPT ", 7) && strrchr(line, ':'))
			port = strtoul(strrchr(line, ':') + 1, NULL, 10);
	}
	fclose(lines);
	return port;
}

static bool start_server(struct backend *backend, const char *const *argv, int input)
{
	int pipes[2];

	close(listen_on(AF_INET, SOCK_STREAM, &backend->target));
	if (pipe2(pipes, O_CLOEXEC))
		return false;
	signal(SIGPIPE, SIG_IGN);
	backend->pid = fork();
	if (!backend->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(input, STDIN_FILENO);
		dup2(pipes[1], STDOUT_FILENO);
		dup2(pipes[1], STDERR_FILENO);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(pipes[1]);
	backend->target.port = read_port(pipes[0]);
	return backend->target.port;
}

/* Asked for another name than NAME it breaks off. */
static bool start_web_server(void)
{
	const char *const argv[] = {
		"openssl", "s_server",		"-accept", "127.0.0.1:0", "-www",
		"-cert",   certificate,		"-cert2",  certificate,	  "-servername",
		NAME,	   "-servername_fatal", NULL,
	};

	return start_server(&server, argv, STDIN_FILENO);
}

static int setup(void **state)
{
	if (!mkdtemp(directory))
		return -1;
	snprintf(certificate, sizeof(certificate), "%s/pem", directory);
	return !make_certificate() || !start_web_server() || probes_setup(state);
}

static int teardown(void **state)
{
	backend_stop(&server);
	unlink(certificate);
	rmdir(directory);
	return probes_teardown(state);
}

static void https_passes(void **state)
{
	struct check check = https;

	(void)state;
	expect_answer(ask(&https, &server.target), PROBE_PASS, "passed");
	check.http.body = "TLSv1";
	expect_answer(ask(&check, &server.target), PROBE_PASS, "passed");
}

static void https_sends_the_name(void **state)
{
	struct check check = https;

	(void)state;
	check.http.host = NAME;
	expect_answer(ask(&check, &server.target), PROBE_PASS, "passed");
	check.http.host = "other.example.org";
	expect_answer(ask(&check, &server.target), PROBE_FAIL, "TLS: ");
	check.http.sni = NAME;
	expect_answer(ask(&check, &server.target), PROBE_PASS, "passed");
	check.http.host = NAME ":8443";
	check.http.sni = NULL;
	expect_answer(ask(&check, &server.target), PROBE_PASS, "passed");
}

static void https_verifies_if_it_is_to(void **state)
{
	struct check check = https;

	(void)state;
	check.http.verify = true;
	check.http.host = NAME;
	expect_answer(ask(&check, &server.target), PROBE_FAIL, "certificate");
}

static void https_of_full_size_passes(void **state)
{
	struct check check = https;

	(void)state;
	check.full_size = true;
	expect_answer(ask(&check, &server.target), PROBE_PASS, "passed");
}

static u32 n_descriptors;

static bool all_closed(void)
{
	return count_descriptors() == n_descriptors;
}

/* libcurl may keep the connection to take leave of TLS when the attempt has ended. */
static void https_connection_outlives_its_attempt(void **state)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
	const char *const argv[] = { "openssl", "s_server",  "-accept", "127.0.0.1:0",
				     "-cert",	certificate, NULL };
	struct attempt attempt = {};
	struct check check = https;
	struct backend backend;
	double began;
	int pipes[2];

	(void)state;
	check.http.body = "hello";
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(write(pipes[1], answer, strlen(answer)), strlen(answer));
	assert_true(start_server(&backend, argv, pipes[0]));
	n_descriptors = count_descriptors();
	began = now_ms();
	attempt.probe = probe_start(prober, &check, &backend.target, take, &attempt);
	while (!attempt.n && now_ms() < began + PATIENCE_MS)
		ev_run(loop, EVRUN_ONCE);
	expect_answer(attempt.answer, PROBE_PASS, "passed");
	until(all_closed, "the connection is closed");
	backend_stop(&backend);
	close(pipes[0]);
	close(pipes[1]);
}

static struct check quick(void)
{
	struct check check = https;

	check.timeout_ms = TIMEOUT_MS;
	return check;
}

static void say_something_else(int fd)
{
	say_text(fd, "220 mail.example.org ESMTP and no TLS\r\n");
	hear_out(fd);
}

static void https_what_is_no_tls_fails(void **state)
{
	(void)state;
	expect_answer(ask_once(quick(), SOCK_STREAM, say_something_else), PROBE_FAIL, "TLS: ");
}

static void https_half_open_costs_a_timeout(void **state)
{
	(void)state;
	expect_answer(ask_once(quick(), SOCK_STREAM, hear_out), PROBE_FAIL,
		      "TLS: timed out after 200 ms");
}

static void reset_after_hello(int fd)
{
	hear(fd);
	hang_up_hard(fd);
}

/* A handshake record that says it is as long as it may be, and the next, and the next. */
static void shake_hands_for_ever(int fd)
{
	u8 record[5 + 16384] = { 22, 3, 3, 0x40, 0, 2, 0xff, 0xff, 0xff };

	hear(fd);
	while (say(fd, record, sizeof(record)))
		;
}

static void https_hostile_handshakes_fail(void **state)
{
	(void)state;
	expect_answer(ask_once(quick(), SOCK_STREAM, reset_after_hello), PROBE_FAIL, "TLS: ");
	expect_answer(ask_once(quick(), SOCK_STREAM, shake_hands_for_ever), PROBE_FAIL, ": ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(https_passes),
		cmocka_unit_test(https_sends_the_name),
		cmocka_unit_test(https_verifies_if_it_is_to),
		cmocka_unit_test(https_of_full_size_passes),
		cmocka_unit_test(https_connection_outlives_its_attempt),
		cmocka_unit_test(https_what_is_no_tls_fails),
		cmocka_unit_test(https_half_open_costs_a_timeout),
		cmocka_unit_test(https_hostile_handshakes_fail),
	};

	if (system("openssl version >/dev/null 2>&1")) {
		printf("1..0 # SKIP openssl is not installed\n");
		return SKIPPED;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("maglevd_https", tests, setup, teardown) ? 1 : 0;
}
