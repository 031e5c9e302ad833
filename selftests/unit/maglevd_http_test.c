// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/probe*.c userspace/maglevd/curl_loop.c userspace/maglevd/agent.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib -lev -lcurl -lresolv -lm
/* HTTP checks of backends that answer, lie, hang and never end. */
#define _GNU_SOURCE /* strcasestr */
#include "maglevd_backend.h"

#include <math.h>
#include <probe_weight.h>

static const struct check_range statuses[] = { { 200, 299 }, { 404, 404 } };

static const struct check plain = {
	.name = "plain",
	.type = CHECK_HTTP,
	.timeout_ms = TIMEOUT_MS,
	.http = {
		.method = "GET",
		.path = "/health?a=b c",
		.status = statuses,
		.n_statuses = ARRAY_SIZE(statuses),
	},
};

static struct check with_body(const char *body)
{
	struct check check = plain;

	check.http.body = body;
	return check;
}

#define expect_http(check, behave, how, text) \
	expect_answer(ask_once((check), SOCK_STREAM, behave), how, text)

/* Says it and waits until the other end goes. */
static void answer(int fd, const char *text)
{
	if (hear_request(fd) && say_text(fd, text))
		hear_out(fd);
}

static void answer_200(int fd)
{
	answer(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}

static void answer_404(int fd)
{
	answer(fd, "HTTP/1.0 404 Not Found\r\n\r\n");
}

static void answer_503(int fd)
{
	answer(fd, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
}

static void answer_302(int fd)
{
	answer(fd, "HTTP/1.1 302 Over there\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
}

static const char *weight_line;

static void answer_with_weight(int fd)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "HTTP/1.1 100 Continue\r\nX-Load-Balancing-Endpoint-Weight: 77\r\n\r\n"
		 "HTTP/1.1 200 OK\r\n%sContent-Length: 0\r\n\r\n",
		 weight_line);
	answer(fd, text);
}

static double ask_weight(const char *line)
{
	weight_line = line;
	return ask_once(plain, SOCK_STREAM, answer_with_weight).endpoint_weight;
}

static void http_hears_the_weight_of_the_last_answer(void **state)
{
	(void)state;
	assert_true(ask_weight("X-Load-Balancing-Endpoint-Weight: 3\r\n") == 3.);
	assert_true(ask_weight("x-load-balancing-endpoint-WEIGHT:\t0.25 \r\n") == .25);
	assert_true(ask_weight("") == -1.);
	assert_true(ask_weight("X-Load-Balancing-Endpoint-Weight: heavy\r\n") == -1.);
	assert_true(ask_weight("X-Load-Balancing-Endpoint-Weight: 3\r\n"
			       "X-Load-Balancing-Endpoint-Weight: 4\r\n") == 4.);
}

static void http_weights_are_numbers_in_range(void **state)
{
	static const struct {
		const char *text;
		double weight;
	} cases[] = {
		{ " 0", 0. },
		{ "1000000", 1e6 },
		{ "1000000.5", -1. },
		{ "1000001", -1. },
		{ "007", 7. },
		{ "", -1. },
		{ " ", -1. },
		{ "-1", -1. },
		{ "+1", -1. },
		{ "1e3", -1. },
		{ "0x10", -1. },
		{ "nan", -1. },
		{ "inf", -1. },
		{ "1.", -1. },
		{ ".5", -1. },
		{ "1.5.1", -1. },
		{ "1 2", -1. },
		{ "1,5", -1. },
		{ "12.5", 12.5 },
		{ "0.00000000000001", 1e-14 },
		{ "0.000000000000001", -1. },
	};
	char line[128];
	double weight;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(line, sizeof(line), PROBE_WEIGHT_HEADER ":%s\r\n", cases[i].text);
		weight = 5.;
		assert_true(probe_weight_read(line, strlen(line), &weight));
		if (fabs(weight - cases[i].weight) > 1e-12)
			fail_msg("%s: %g", cases[i].text, weight);
	}
	weight = 5.;
	assert_false(probe_weight_read("X-Load-Balancing-Endpoint-Weights: 1", 36, &weight));
	assert_false(probe_weight_read(PROBE_WEIGHT_HEADER, strlen(PROBE_WEIGHT_HEADER), &weight));
	assert_true(weight == 5.);
}

static void http_passes_with_a_good_status(void **state)
{
	(void)state;
	expect_http(plain, answer_200, PROBE_PASS, "passed");
	expect_http(plain, answer_404, PROBE_PASS, "passed");
}

static void http_fails_with_another_status(void **state)
{
	(void)state;
	expect_http(plain, answer_503, PROBE_FAIL, "status 503");
}

static void http_follows_no_redirect(void **state)
{
	(void)state;
	expect_http(plain, answer_302, PROBE_FAIL, "status 302");
	assert_int_equal(seen->connections, 1);
}

static bool is_reset(void)
{
	return seen->reset;
}

static void http_leaves_by_reset(void **state)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, answer_200);

	(void)state;
	expect_answer(ask(&plain, &backend.target), PROBE_PASS, "passed");
	until(is_reset, "the backend sees a reset");
	backend_stop(&backend);
}

static void expect_heard(const char *text)
{
	if (!strstr(seen->heard, text))
		fail_msg("not in the request: %s: %s", text, seen->heard);
}

static void http_request_is_what_the_check_says(void **state)
{
	static const char *const headers[] = { "X-One: 1", "X-Two: zwei" };
	struct check check = plain;

	(void)state;
	check.http.host = "www.example.org";
	check.http.header = headers;
	check.http.n_headers = ARRAY_SIZE(headers);
	expect_http(check, answer_200, PROBE_PASS, "passed");
	expect_heard("GET /health?a=b c HTTP/1.1\r\n");
	expect_heard("\r\nHost: www.example.org\r\n");
	expect_heard("\r\nX-One: 1\r\nX-Two: zwei\r\n");
	assert_null(strcasestr(seen->heard, "Accept-Encoding"));
	check.http.method = "HEAD";
	expect_http(check, answer_200, PROBE_PASS, "passed");
	expect_heard("HEAD /health");
}

static void http_names_the_address_where_there_is_no_host(void **state)
{
	struct backend backend = backend_start(AF_INET6, SOCK_STREAM, answer_200);
	char host[64];

	(void)state;
	expect_answer(ask(&plain, &backend.target), PROBE_PASS, "passed");
	snprintf(host, sizeof(host), "\r\nHost: [::1]:%u\r\n", backend.target.port);
	expect_heard(host);
	backend_stop(&backend);
}

static void http_asks_no_proxy(void **state)
{
	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	expect_http(plain, answer_200, PROBE_PASS, "passed");
	unsetenv("http_proxy");
}

static void http_request_of_full_size_fills_a_segment(void **state)
{
	struct check check = plain;

	(void)state;
	check.full_size = true;
	expect_http(check, answer_200, PROBE_PASS, "passed");
	/* Loopback's segments are larger than any request is to be. */
	assert_in_range(seen->len, 12 * 1024, 13 * 1024);
}

static void answer_chunks(int fd)
{
	answer(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		   "4\r\nall \r\n4\r\nwell\r\n0\r\n\r\n");
}

static void answer_with_nul(int fd)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na\0bcd";

	if (hear_request(fd) && say(fd, text, sizeof(text) - 1))
		hear_out(fd);
}

static void http_body_is_matched(void **state)
{
	(void)state;
	expect_http(with_body("^h.*(l)+o$"), answer_200, PROBE_PASS, "passed");
	expect_http(with_body("jello"), answer_200, PROBE_FAIL, "body: 5 bytes, no match");
	expect_http(with_body("all well"), answer_chunks, PROBE_PASS, "passed");
	expect_http(with_body("bcd$"), answer_with_nul, PROBE_PASS, "passed");
	expect_http(with_body("."), answer_404, PROBE_FAIL, "body");
}

static void http_pattern_that_is_none_is_our_fault(void **state)
{
	(void)state;
	expect_http(with_body("("), answer_200, PROBE_UNKNOWN, "no regular expression");
}

static void answer_for_ever(int fd)
{
	if (!hear_request(fd) || !say_text(fd, "HTTP/1.1 200 OK\r\n\r\nbegin "))
		return;
	say_for_ever(fd, "and so on ");
}

static void http_body_without_end_is_read_to_64_kib(void **state)
{
	(void)state;
	expect_http(plain, answer_for_ever, PROBE_PASS, "passed");
	expect_http(with_body("^begin and"), answer_for_ever, PROBE_PASS, "passed");
	expect_http(with_body("the end"), answer_for_ever, PROBE_FAIL,
		    "body: 65536 bytes, no match");
}

static void answer_body_slowly(int fd)
{
	if (hear_request(fd) && say_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"))
		while (drip(fd, "hello "))
			;
}

static void http_slow_body_costs_a_timeout(void **state)
{
	(void)state;
	expect_http(with_body("hello"), answer_body_slowly, PROBE_FAIL,
		    "body: timed out after 200 ms");
	expect_http(plain, answer_body_slowly, PROBE_PASS, "passed");
}

static void answer_cut_off(int fd)
{
	if (hear_request(fd))
		say_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello");
}

static void http_body_cut_off_fails(void **state)
{
	(void)state;
	expect_http(with_body("hello"), answer_cut_off, PROBE_FAIL, "body: ");
}

static void say_nothing(int fd)
{
	hear_out(fd);
}

static void http_silence_costs_a_timeout(void **state)
{
	(void)state;
	expect_http(plain, say_nothing, PROBE_FAIL, "status: timed out after 200 ms");
}

static void answer_header_slowly(int fd)
{
	if (!hear_request(fd) || !say_text(fd, "HTTP/1.1 200 OK\r\n"))
		return;
	while (drip(fd, "X-Header: there is no hurry whatsoever\r\n"))
		;
}

static void http_slow_header_costs_a_timeout(void **state)
{
	(void)state;
	expect_http(plain, answer_header_slowly, PROBE_FAIL, "header: timed out after 200 ms");
}

static void answer_long_status(int fd)
{
	if (hear_request(fd) && say_text(fd, "HTTP/1.1 200 "))
		say_for_ever(fd, "very good ");
}

static void answer_many_headers(int fd)
{
	if (hear_request(fd) && say_text(fd, "HTTP/1.1 200 OK\r\n"))
		say_for_ever(fd, "X-Header: and another one\r\n");
}

static void answer_continue(int fd)
{
	if (hear_request(fd))
		say_for_ever(fd, "HTTP/1.1 100 Continue\r\n\r\n");
}

static void answer_trailers(int fd)
{
	if (hear_request(fd) && say_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
					     "1\r\nx\r\n0\r\n"))
		say_for_ever(fd, "X-Trailer: and another one\r\n");
}

static void http_header_without_end_fails_at_64_kib(void **state)
{
	(void)state;
	expect_http(plain, answer_long_status, PROBE_FAIL, "header: more than 65536 bytes");
	expect_http(plain, answer_many_headers, PROBE_FAIL, "65536 bytes");
	expect_http(plain, answer_continue, PROBE_FAIL, "65536 bytes");
	expect_http(with_body("x"), answer_trailers, PROBE_FAIL, "");
}

/* gzip -9 of some 10 MB of zeros begins so; its end never comes. */
static void say_bomb(int fd)
{
	static const u8 begin[] = { 0x1f, 0x8b, 8,    0,    0,	  0,	0,    0,
				    2,	  3,	0xec, 0xc1, 0x01, 0x01, 0x00, 0x00 };

	if (say_text(fd, "fffffff\r\n") && say(fd, begin, sizeof(begin)))
		say_for_ever(fd, "UUUUUUUU");
}

static void answer_bomb(int fd)
{
	if (hear_request(fd) && say_text(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
					     "Transfer-Encoding: chunked\r\n\r\n"))
		say_bomb(fd);
}

static void answer_unasked_bomb(int fd)
{
	if (hear_request(fd) && say_text(fd, "HTTP/1.1 200 OK\r\n"
					     "Transfer-Encoding: gzip, chunked\r\n\r\n"))
		say_bomb(fd);
}

static void http_compressed_answers_are_bounded(void **state)
{
	struct probe_answer told;

	(void)state;
	expect_http(plain, answer_bomb, PROBE_PASS, "passed");
	expect_http(with_body("never"), answer_bomb, PROBE_FAIL, "body");
	/* libcurl 8.14 refuses it, 7.88 does not. */
	told = ask_once(plain, SOCK_STREAM, answer_unasked_bomb);
	if (told.result != PROBE_PASS)
		expect_answer(told, PROBE_FAIL, "header: Unsolicited Transfer-Encoding");
}

static void answer_nonsense(int fd)
{
	if (hear_request(fd) && say_text(fd, "220 mail.example.org ESMTP\r\n"))
		hear_out(fd);
}

static void answer_nothing(int fd)
{
	hear_request(fd);
}

static void http_what_is_no_http_fails(void **state)
{
	(void)state;
	expect_http(plain, answer_nonsense, PROBE_FAIL, "status: ");
	expect_http(plain, answer_nothing, PROBE_FAIL, "status: ");
}

static const char whole[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/* With each connection one byte more, then a reset. */
static void answer_in_part(int fd)
{
	if (!hear_request(fd))
		return;
	say(fd, whole, (seen->connections - 1) % sizeof(whole));
	hang_up_hard(fd);
}

static void http_reset_at_each_byte_is_survived(void **state)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, answer_in_part);
	struct check check = with_body("ok");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(whole) - 1; i++)
		expect_answer(ask(&check, &backend.target), PROBE_FAIL, ": ");
	backend_stop(&backend);
}

static void http_connection_refused_fails(void **state)
{
	struct probe_target target;

	(void)state;
	close(listen_on(AF_INET, SOCK_STREAM, &target));
	expect_answer(ask(&plain, &target), PROBE_FAIL, "connect: Connection refused");
}

static void http_attempts_do_not_disturb_each_other(void **state)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, answer_200);
	struct attempt attempt[32] = {};
	double began = now_ms();
	u32 i, ended = 0;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(attempt); i++)
		attempt[i].probe = probe_start(prober, &plain, &backend.target, take, &attempt[i]);
	for (i = 0; i < ARRAY_SIZE(attempt); i += 3)
		probe_cancel(attempt[i].probe);
	while (ended < ARRAY_SIZE(attempt) - 11 && now_ms() < began + PATIENCE_MS) {
		ev_run(loop, EVRUN_ONCE);
		for (i = 0, ended = 0; i < ARRAY_SIZE(attempt); i++)
			ended += attempt[i].n;
	}
	for (i = 0; i < ARRAY_SIZE(attempt); i++) {
		assert_int_equal(attempt[i].n, i % 3 != 0);
		if (attempt[i].n)
			expect_answer(attempt[i].answer, PROBE_PASS, "passed");
	}
	backend_stop(&backend);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_hears_the_weight_of_the_last_answer),
		cmocka_unit_test(http_weights_are_numbers_in_range),
		cmocka_unit_test(http_passes_with_a_good_status),
		cmocka_unit_test(http_fails_with_another_status),
		cmocka_unit_test(http_follows_no_redirect),
		cmocka_unit_test(http_leaves_by_reset),
		cmocka_unit_test(http_request_is_what_the_check_says),
		cmocka_unit_test(http_names_the_address_where_there_is_no_host),
		cmocka_unit_test(http_asks_no_proxy),
		cmocka_unit_test(http_request_of_full_size_fills_a_segment),
		cmocka_unit_test(http_body_is_matched),
		cmocka_unit_test(http_pattern_that_is_none_is_our_fault),
		cmocka_unit_test(http_body_without_end_is_read_to_64_kib),
		cmocka_unit_test(http_slow_body_costs_a_timeout),
		cmocka_unit_test(http_body_cut_off_fails),
		cmocka_unit_test(http_silence_costs_a_timeout),
		cmocka_unit_test(http_slow_header_costs_a_timeout),
		cmocka_unit_test(http_header_without_end_fails_at_64_kib),
		cmocka_unit_test(http_compressed_answers_are_bounded),
		cmocka_unit_test(http_what_is_no_http_fails),
		cmocka_unit_test(http_reset_at_each_byte_is_survived),
		cmocka_unit_test(http_connection_refused_fails),
		cmocka_unit_test(http_attempts_do_not_disturb_each_other),
	};

	return run_probe_tests("maglevd_http", tests);
}
