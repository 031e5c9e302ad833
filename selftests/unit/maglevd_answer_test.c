// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/probe*.c userspace/maglevd/curl_loop.c userspace/maglevd/agent.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib -lev -lcurl -lresolv
/* What backends answer over TCP, UDP and ICMP, good and hostile. */
#include "maglevd_backend.h"

#include <linux/ip_vs_maglev.h>

#define LONG_EXPECTED "what is to be expected"

static const struct check tcp = { .name = "tcp", .type = CHECK_TCP, .timeout_ms = TIMEOUT_MS };

#define expect_tcp(send, expect, behave, how, text) \
	expect_answer(ask_once(with_talk(CHECK_TCP, send, expect), SOCK_STREAM, behave), how, text)

static void tcp_passes_once_connected(void **state)
{
	struct backend backend = backend_start(AF_INET6, SOCK_STREAM, hear_out);

	(void)state;
	expect_tcp(NULL, NULL, hear_out, PROBE_PASS, "passed");
	expect_answer(ask(&tcp, &backend.target), PROBE_PASS, "passed");
	backend_stop(&backend);
}

static void tcp_refused_fails(void **state)
{
	struct probe_target target = nobody(SOCK_STREAM);

	(void)state;
	expect_answer(ask(&tcp, &target), PROBE_FAIL, "connect: Connection refused");
}

/* A backlog that is full lets no more connections come about. */
static void tcp_unanswered_costs_a_timeout(void **state)
{
	struct probe_target target;
	int listener = listen_on(AF_INET, SOCK_STREAM, &target), fd[2];
	struct sockaddr_in end = { .sin_family = AF_INET, .sin_port = htons(target.port) };
	u32 i;

	(void)state;
	listen(listener, 0);
	memcpy(&end.sin_addr, target.addr.byte, sizeof(end.sin_addr));
	for (i = 0; i < ARRAY_SIZE(fd); i++) {
		fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fd[i], (struct sockaddr *)&end, sizeof(end));
	}
	expect_answer(ask(&tcp, &target), PROBE_FAIL, "connect: timed out after 200 ms");
	for (i = 0; i < ARRAY_SIZE(fd); i++)
		close(fd[i]);
	close(listener);
}

static bool is_reset(void)
{
	return seen->reset;
}

static void tcp_leaves_by_reset(void **state)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, hear_out);

	(void)state;
	expect_answer(ask(&tcp, &backend.target), PROBE_PASS, "passed");
	until(is_reset, "the backend sees a reset");
	backend_stop(&backend);
}

static void say_expected(int fd)
{
	if (say_text(fd, "here is " LONG_EXPECTED "."))
		hear_out(fd);
}

static void say_it_when_asked(int fd)
{
	if (hear(fd) > 0)
		say_expected(fd);
}

static void drip_expected(int fd)
{
	drip(fd, "what what is to " LONG_EXPECTED);
	hear_out(fd);
}

static void tcp_talk_is_waited_for(void **state)
{
	struct check patient = with_talk(CHECK_TCP, NULL, LONG_EXPECTED);

	(void)state;
	patient.timeout_ms = PATIENCE_MS;
	expect_tcp(NULL, LONG_EXPECTED, say_expected, PROBE_PASS, "passed");
	expect_tcp("hello", LONG_EXPECTED, say_it_when_asked, PROBE_PASS, "passed");
	expect_answer(ask_once(patient, SOCK_STREAM, drip_expected), PROBE_PASS, "passed");
	expect_tcp("hello", NULL, hear_out, PROBE_PASS, "passed");
}

static void say_and_close(int fd)
{
	say_text(fd, "no");
}

static void drip_for_ever(int fd)
{
	while (drip(fd, "no "))
		;
}

static void talk_for_ever(int fd)
{
	say_for_ever(fd, "and so on ");
}

static void reset_at_once(int fd)
{
	hang_up_hard(fd);
}

static void say_and_reset(int fd)
{
	say_text(fd, "what is to");
	hang_up_hard(fd);
}

static void tcp_talk_of_another_sort_fails(void **state)
{
	(void)state;
	expect_tcp(NULL, LONG_EXPECTED, say_and_close, PROBE_FAIL, "answer: closed after 2 bytes");
	expect_tcp(NULL, LONG_EXPECTED, hear_out, PROBE_FAIL, "answer: timed out after 200 ms");
	expect_tcp(NULL, LONG_EXPECTED, drip_for_ever, PROBE_FAIL, "answer: timed out");
	expect_tcp(NULL, LONG_EXPECTED, talk_for_ever, PROBE_FAIL,
		   "not as expected in 65536 bytes");
	expect_tcp(NULL, LONG_EXPECTED, reset_at_once, PROBE_FAIL, "reset");
	expect_tcp(NULL, LONG_EXPECTED, say_and_reset, PROBE_FAIL, ": ");
}

static void hear_nothing(int fd)
{
	(void)fd;
	pause();
}

static void tcp_unheard_costs_a_timeout(void **state)
{
	size_t len = 16 << 20;
	char *text = malloc(len + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	text[len] = 0;
	expect_tcp(text, NULL, hear_nothing, PROBE_FAIL, "send: timed out");
	free(text);
}

static void tcp_of_full_size_is_refused(void **state)
{
	struct check check = tcp;

	(void)state;
	check.full_size = true;
	expect_answer(ask_once(check, SOCK_STREAM, hear_out), PROBE_UNKNOWN, "full size");
}

#define expect_udp(send, expect, behave, how, text) \
	expect_answer(ask_once(with_talk(CHECK_UDP, send, expect), SOCK_DGRAM, behave), how, text)

static void answer_datagram(int fd, const char *text)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	char heard[64];

	recvfrom(fd, heard, sizeof(heard), 0, (struct sockaddr *)&peer, &len);
	if (text)
		sendto(fd, text, strlen(text), 0, (struct sockaddr *)&peer, len);
}

static void answer_no(int fd)
{
	answer_datagram(fd, "no");
}

static void answer_expected(int fd)
{
	answer_datagram(fd, "this is " LONG_EXPECTED);
}

static void answer_not(int fd)
{
	answer_datagram(fd, NULL);
}

static void udp_answer_is_waited_for(void **state)
{
	(void)state;
	expect_udp("hello", LONG_EXPECTED, answer_expected, PROBE_PASS, "passed");
	expect_udp(NULL, NULL, answer_no, PROBE_PASS, "passed");
	expect_udp("hello", LONG_EXPECTED, answer_no, PROBE_FAIL, "not as expected: timed out");
	expect_udp("hello", LONG_EXPECTED, answer_not, PROBE_FAIL, "answer: timed out");
}

static void udp_silence_passes_and_refusal_fails(void **state)
{
	struct check check = with_talk(CHECK_UDP, NULL, NULL);
	struct probe_target target = nobody(SOCK_DGRAM);

	(void)state;
	expect_udp(NULL, NULL, answer_not, PROBE_PASS, "not refused in 200 ms");
	expect_answer(ask(&check, &target), PROBE_FAIL, "answer: Connection refused");
}

static void expect_echo(int family)
{
	const struct check check = { .name = "icmp", .type = CHECK_ICMP, .timeout_ms = TIMEOUT_MS };
	struct probe_target target;
	struct probe_answer answer;

	close(listen_on(family, SOCK_STREAM, &target));
	answer = ask(&check, &target);
	if (answer.result == PROBE_UNKNOWN && strstr(answer.why, "does not permit"))
		skip();
	expect_answer(answer, PROBE_PASS, "passed");
}

static void icmp_echo_of_ipv4_passes(void **state)
{
	(void)state;
	expect_echo(AF_INET);
}

static void icmp_echo_of_ipv6_passes(void **state)
{
	(void)state;
	expect_echo(AF_INET6);
}

static void say_down(int fd)
{
	hear(fd);
	say_text(fd, "down,25% # disk\x1b is full\n");
	hear_out(fd);
}

static void say_drain_and_close(int fd)
{
	hear(fd);
	say_text(fd, "drain");
}

static void say_unknown(int fd)
{
	say_text(fd, "up side\x01ways and another very long word\n");
}

static void hang_up(int fd)
{
	(void)fd;
}

#define ask_agent(behave) ask_once(with_talk(CHECK_AGENT, "status\n", NULL), SOCK_STREAM, behave)

static void agent_line_is_understood(void **state)
{
	struct probe_answer answer = ask_agent(say_down);

	(void)state;
	expect_answer(answer, PROBE_PASS, "agent: down,25% # disk? is full");
	assert_int_equal(answer.agent_state, MAGLEV_NL_STATE_DOWN);
	assert_int_equal(answer.weight_percent, 25);
	assert_memory_equal(seen->heard, "status\n", 7);
	answer = ask_agent(say_drain_and_close);
	expect_answer(answer, PROBE_PASS, "agent: drain");
	assert_int_equal(answer.agent_state, MAGLEV_NL_STATE_DRAIN);
	assert_int_equal(answer.weight_percent, -1);
}

static void agent_of_no_use_fails(void **state)
{
	(void)state;
	expect_answer(ask_agent(say_unknown), PROBE_FAIL, "agent: unknown word: side?ways");
	expect_answer(ask_agent(hang_up), PROBE_FAIL, ": ");
	expect_answer(ask_agent(hear_out), PROBE_FAIL, "answer: timed out");
	expect_answer(ask_agent(drip_for_ever), PROBE_FAIL, "answer: timed out");
	expect_answer(ask_agent(talk_for_ever), PROBE_FAIL, "not as expected in 1024 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_passes_once_connected),
		cmocka_unit_test(tcp_refused_fails),
		cmocka_unit_test(tcp_unanswered_costs_a_timeout),
		cmocka_unit_test(tcp_leaves_by_reset),
		cmocka_unit_test(tcp_talk_is_waited_for),
		cmocka_unit_test(tcp_talk_of_another_sort_fails),
		cmocka_unit_test(tcp_unheard_costs_a_timeout),
		cmocka_unit_test(tcp_of_full_size_is_refused),
		cmocka_unit_test(udp_answer_is_waited_for),
		cmocka_unit_test(udp_silence_passes_and_refusal_fails),
		cmocka_unit_test(icmp_echo_of_ipv4_passes),
		cmocka_unit_test(icmp_echo_of_ipv6_passes),
		cmocka_unit_test(agent_line_is_understood),
		cmocka_unit_test(agent_of_no_use_fails),
	};

	return run_probe_tests("maglevd_answer", tests);
}
