// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/peers.c userspace/maglevd/failing.c userspace/maglevd/fetch.c userspace/maglevd/judge.c userspace/maglevd/load*.c
// unit-sources: userspace/maglevd/endpoint.c userspace/maglevd/clock.c userspace/maglevd/log.c userspace/lib/array.c
// unit-sources: userspace/maglevd/probe*.c userspace/maglevd/curl_loop.c userspace/maglevd/agent.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib -lev -lcurl -lresolv -lcjson -lm
/* Peers that answer, lie, hang and are not there; what they say, and for how long it counts. */
#include "maglevd_backend.h"

#include <clock.h>
#include <failing.h>
#include <peers.h>

enum {
	FRESH_MS = 3000,
	ASK_MS = 500,
	SILENT_MS = 1000,
	FLOOD_BYTES = 2 * 1024 * 1024,
};

#define HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
#define SAYS(text) HEAD "{\"services\": [" text "]}"
#define FAILS \
	"{\"service\": \"tcp 192.0.2.10:80\", \"failing\": [\"10.0.0.9:80\", \"10.0.0.1:80\"]}"
#define PASSES "{\"service\": \"tcp 192.0.2.10:80\", \"failing\": []}"

static u32 n_heard;

static void take_word(void *ctx)
{
	(void)ctx;
	n_heard++;
}

static void answer(int fd, const char *text)
{
	if (hear_request(fd))
		say_text(fd, text);
}

static void say_failing(int fd)
{
	answer(fd, SAYS(FAILS));
}

static void say_passing(int fd)
{
	answer(fd, SAYS(PASSES));
}

static void say_others(int fd)
{
	answer(fd, SAYS("{\"service\": \"tcp 192.0.2.11:80\", \"failing\": [\"10.0.0.1:80\"]}"));
}

static void say_no_json(int fd)
{
	answer(fd, HEAD "fine, thank you");
}

static void say_500(int fd)
{
	answer(fd, "HTTP/1.1 500 No\r\nConnection: close\r\n\r\n{\"services\": []}");
}

static void say_elsewhere(int fd)
{
	answer(fd, "HTTP/1.1 302 There\r\nLocation: http://127.0.0.1:1/\r\n\r\n");
}

static void say_nothing(int fd)
{
	hear_out(fd);
}

static void say_without_end(int fd)
{
	if (hear_request(fd) && say_text(fd, HEAD))
		say_for_ever(fd, " ");
}

static void say_headers_without_end(int fd)
{
	if (hear_request(fd) && say_text(fd, "HTTP/1.1 200 OK\r\n"))
		say_for_ever(fd, "X-More: and more\r\n");
}

static struct endpoint make_endpoint(const char *text)
{
	struct endpoint endpoint;

	assert_true(endpoint_parse(&endpoint, text));
	return endpoint;
}

static struct votes count(const struct peers *peers, u64 later_ms)
{
	struct endpoint backend = make_endpoint("10.0.0.1:80");
	struct service_key key;

	assert_true(service_key_parse(&key, "tcp 192.0.2.10:80"));
	return peers_votes(peers, &key, &backend, clock_now() + later_ms * NS_PER_MS);
}

static void expect_votes(struct votes votes, u32 heard, u32 failing, u32 awaited)
{
	if (votes.heard != heard || votes.failing != failing || votes.awaited != awaited)
		fail_msg("heard %u, failing %u, awaited %u, not %u, %u, %u", votes.heard,
			 votes.failing, votes.awaited, heard, failing, awaited);
}

static struct peers *begin(const struct probe_target *at)
{
	struct endpoint peer = { .addr = at->addr, .port = at->port };
	struct config config = { .peer = &peer, .n_peers = 1 };
	struct peers *peers = peers_create(loop, &config, take_word, NULL);

	assert_non_null(peers);
	n_heard = 0;
	return peers;
}

static void await_words(u32 n)
{
	double began = now_ms();

	while (n_heard < n && now_ms() < began + PATIENCE_MS)
		ev_run(loop, EVRUN_ONCE);
	assert_true(n_heard >= n);
}

/* What one word of such a peer makes of the votes; and nothing is left behind. */
static void expect_word(behave *behave, u32 heard, u32 failing)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, behave);
	u32 before = count_descriptors();
	struct peers *peers = begin(&backend.target);

	expect_votes(count(peers, 0), 0, 0, 1);
	peers_ask(peers, true);
	expect_votes(count(peers, 0), 0, 0, 1);
	await_words(1);
	expect_votes(count(peers, 0), heard, failing, 0);
	peers_destroy(peers);
	assert_int_equal(count_descriptors(), before);
	backend_stop(&backend);
}

static void a_peer_says_what_fails_and_what_does_not(void **state)
{
	(void)state;
	expect_word(say_failing, 1, 1);
	assert_non_null(strstr(seen->heard, "GET /failing HTTP/1.1\r\n"));
	expect_word(say_passing, 1, 0);
}

static void a_peer_without_the_service_has_no_vote(void **state)
{
	(void)state;
	expect_word(say_others, 0, 0);
}

static void a_peer_that_says_anything_else_has_no_vote(void **state)
{
	(void)state;
	expect_word(say_no_json, 0, 0);
	expect_word(say_500, 0, 0);
	expect_word(say_elsewhere, 0, 0);
}

static void a_peer_that_says_nothing_is_waited_for_a_second(void **state)
{
	double began = now_ms();

	(void)state;
	expect_word(say_nothing, 0, 0);
	assert_in_range(now_ms() - began, SILENT_MS - LATE_MS, 5 * SILENT_MS);
}

static void a_peer_that_never_ends_is_not_heard_out(void **state)
{
	(void)state;
	expect_word(say_without_end, 0, 0);
	assert_in_range(seen->sent, 0, 16 * FLOOD_BYTES);
	expect_word(say_headers_without_end, 0, 0);
}

static void a_peer_that_is_not_there_has_no_vote(void **state)
{
	struct probe_target target = nobody(SOCK_STREAM);
	struct peers *peers = begin(&target);

	(void)state;
	peers_ask(peers, true);
	await_words(1);
	expect_votes(count(peers, 0), 0, 0, 0);
	/* The next time it is to be tried first. */
	peers_ask(peers, false);
	expect_votes(count(peers, 0), 0, 0, 1);
	peers_destroy(peers);
}

static void a_word_counts_for_three_seconds(void **state)
{
	struct backend backend = backend_start(AF_INET6, SOCK_STREAM, say_failing);
	struct peers *peers = begin(&backend.target);

	(void)state;
	peers_ask(peers, true);
	await_words(1);
	peers_ask(peers, false);
	expect_votes(count(peers, FRESH_MS - LATE_MS), 1, 1, 0);
	expect_votes(count(peers, FRESH_MS), 0, 0, 1);
	peers_destroy(peers);
	backend_stop(&backend);
}

static void a_word_counts_until_it_is_old_though_the_next_is_lost(void **state)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, say_failing);
	struct peers *peers = begin(&backend.target);

	(void)state;
	peers_ask(peers, true);
	await_words(1);
	backend_stop(&backend);
	await_words(3);
	expect_votes(count(peers, 0), 1, 1, 0);
	expect_votes(count(peers, FRESH_MS - LATE_MS), 0, 0, 0);
	peers_destroy(peers);
}

static void peers_are_asked_again_and_again_but_only_when_wanted(void **state)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, say_passing);
	struct peers *peers = begin(&backend.target);
	double began = now_ms();

	(void)state;
	peers_ask(peers, true);
	await_words(3);
	assert_in_range(now_ms() - began, 2 * ASK_MS - LATE_MS, PATIENCE_MS);
	peers_ask(peers, false);
	began = now_ms();
	while (now_ms() < began + 2 * ASK_MS) {
		ev_run(loop, EVRUN_NOWAIT);
		lose_time(LATE_MS);
	}
	assert_int_equal(n_heard, 3);
	assert_int_equal(seen->connections, 3);
	peers_destroy(peers);
	backend_stop(&backend);
}

static void peers_may_go_while_they_are_asked(void **state)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, say_nothing);
	u32 before = count_descriptors(), i;
	struct peers *peers;

	(void)state;
	for (i = 0; i < 3; i++) {
		peers = begin(&backend.target);
		peers_ask(peers, true);
		ev_run(loop, EVRUN_NOWAIT);
		ev_run(loop, EVRUN_NOWAIT);
		peers_destroy(peers);
		assert_int_equal(n_heard, 0);
	}
	assert_int_equal(count_descriptors(), before);
	backend_stop(&backend);
}

/* A service with one backend that fails and one that does not, as it is said and understood. */
static void what_is_said_is_understood(void **state)
{
	struct check check = {}, diagnostic = { .role = CHECK_DIAGNOSTIC };
	struct stream stream[2] = { { .check = &check, .opinion = OPINION_DOWN },
				    { .check = &diagnostic, .opinion = OPINION_DOWN } };
	struct stream *streams[2] = { &stream[0], &stream[1] };
	struct member member[2] = {
		{ .backend = make_endpoint("[2001:db8::1]:80"), .stream = streams, .n_streams = 2 },
		{ .backend = make_endpoint("10.0.0.2:80"), .stream = streams + 1, .n_streams = 1 },
	};
	struct service service = { .member = member, .n = 2 };
	struct world world = { .service = &service, .n_services = 1 };
	struct service_key other;
	struct failing *failing;
	cJSON *json;
	char *text;

	(void)state;
	assert_true(service_key_parse(&service.key, "udp [2001:db8::10]:53"));
	assert_true(service_key_parse(&other, "tcp [2001:db8::10]:53"));
	json = failing_create(&world);
	text = cJSON_PrintUnformatted(json);
	assert_string_equal(text, "{\"services\":[{\"service\":\"udp [2001:db8::10]:53\","
				  "\"failing\":[\"[2001:db8::1]:80\"]}]}");
	failing = failing_parse(text, strlen(text));
	assert_non_null(failing);
	assert_int_equal(failing_find(failing, &service.key, &member[0].backend), OPINION_DOWN);
	assert_int_equal(failing_find(failing, &service.key, &member[1].backend), OPINION_UP);
	assert_int_equal(failing_find(failing, &other, &member[0].backend), OPINION_NONE);
	failing_destroy(failing);
	cJSON_Delete(json);
	cJSON_free(text);
}

static void what_is_not_known_is_left_out(void **state)
{
	static const char text[] =
		"{\"more\": 1, \"services\": [1, {}, [], null, \"x\", {\"service\": 5},"
		"{\"service\": \"fwmark 5\", \"failing\": [\"10.0.0.1:80\"]},"
		"{\"service\": \"tcp 192.0.2.10:80\"},"
		"{\"service\": \"tcp 192.0.2.10:80\", \"failing\": {\"a\": \"10.0.0.1:80\"}},"
		"{\"service\": \"tcp 192.0.2.10:81\", \"failing\": [0, \"10.0.0.1\", \"10.0.0.1:80\"]}]}";
	struct failing *failing = failing_parse(text, strlen(text));
	struct endpoint backend = make_endpoint("10.0.0.1:80");
	struct service_key key;

	(void)state;
	assert_non_null(failing);
	assert_true(service_key_parse(&key, "tcp 192.0.2.10:80"));
	assert_int_equal(failing_find(failing, &key, &backend), OPINION_NONE);
	key.vip.port = 81;
	assert_int_equal(failing_find(failing, &key, &backend), OPINION_DOWN);
	failing_destroy(failing);
	assert_null(failing_parse("[]", 2));
	assert_null(failing_parse("{\"services\": {}}", 16));
	assert_null(failing_parse("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_says_what_fails_and_what_does_not),
		cmocka_unit_test(a_peer_without_the_service_has_no_vote),
		cmocka_unit_test(a_peer_that_says_anything_else_has_no_vote),
		cmocka_unit_test(a_peer_that_says_nothing_is_waited_for_a_second),
		cmocka_unit_test(a_peer_that_never_ends_is_not_heard_out),
		cmocka_unit_test(a_peer_that_is_not_there_has_no_vote),
		cmocka_unit_test(a_word_counts_for_three_seconds),
		cmocka_unit_test(a_word_counts_until_it_is_old_though_the_next_is_lost),
		cmocka_unit_test(peers_are_asked_again_and_again_but_only_when_wanted),
		cmocka_unit_test(peers_may_go_while_they_are_asked),
		cmocka_unit_test(what_is_said_is_understood),
		cmocka_unit_test(what_is_not_known_is_left_out),
	};

	return run_probe_tests("maglevd_peers", tests);
}
