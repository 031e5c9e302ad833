// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/probe*.c userspace/maglevd/curl_loop.c userspace/maglevd/agent.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib -lev -lcurl -lresolv
/* DNS checks: what is asked, and which of all things that may come back is an answer. */
#define _GNU_SOURCE /* memmem */
#include "maglevd_backend.h"

#include <arpa/nameser.h>
#include <ctype.h>

enum {
	QUERY_MAX = 2000,
	QR = 0x80,
	FLAGS = 2,
	RCODE = 3,
	ANSWERS = 7,
	QUESTION = 12,
	OPT = 41,
	PADDING = 12,
};

static const struct check dns = {
	.name = "dns",
	.type = CHECK_DNS,
	.timeout_ms = TIMEOUT_MS,
	.dns = { .name = "www.example.org", .type = ns_t_a, .rcode = ns_r_noerror },
};

static struct check with_rcode(u8 rcode)
{
	struct check check = dns;

	check.dns.rcode = rcode;
	return check;
}

#define expect_dns(check, behave, how, text) \
	expect_answer(ask_once(check, SOCK_DGRAM, behave), how, text)

static struct sockaddr_storage peer;
static socklen_t peer_len;
static u8 message[QUERY_MAX];
static size_t message_len;

static void hear_query(int fd)
{
	peer_len = sizeof(peer);
	message_len =
		recvfrom(fd, message, sizeof(message), 0, (struct sockaddr *)&peer, &peer_len);
	memcpy(seen->heard, message, message_len);
	seen->len = message_len;
}

static void send_message(int fd)
{
	sendto(fd, message, message_len, 0, (struct sockaddr *)&peer, peer_len);
}

static void answer_well(int fd)
{
	hear_query(fd);
	message[FLAGS] |= QR;
	send_message(fd);
}

static void answer_loudly(int fd)
{
	size_t i;

	hear_query(fd);
	message[FLAGS] |= QR;
	for (i = QUESTION; message[i]; i++)
		message[i] = toupper(message[i]);
	send_message(fd);
}

static void answer_nxdomain(int fd)
{
	hear_query(fd);
	message[FLAGS] |= QR;
	message[RCODE] |= ns_r_nxdomain;
	send_message(fd);
}

static void answer_with_query(int fd)
{
	hear_query(fd);
	send_message(fd);
}

static void answer_other_id(int fd)
{
	hear_query(fd);
	message[FLAGS] |= QR;
	message[0] ^= 1;
	send_message(fd);
}

static void answer_other_id_first(int fd)
{
	answer_other_id(fd);
	message[0] ^= 1;
	send_message(fd);
}

static void answer_other_name(int fd)
{
	hear_query(fd);
	message[FLAGS] |= QR;
	message[QUESTION + 1] ^= 1;
	send_message(fd);
}

static void answer_other_type(int fd)
{
	hear_query(fd);
	message[FLAGS] |= QR;
	message[message_len - 3] ^= 1;
	send_message(fd);
}

static void answer_without_question(int fd)
{
	hear_query(fd);
	message[FLAGS] |= QR;
	message[5] = 0;
	message_len = QUESTION;
	send_message(fd);
}

static void answer_cut_short(int fd)
{
	hear_query(fd);
	message[FLAGS] |= QR;
	message[ANSWERS] = 9;
	send_message(fd);
	message_len = 5;
	send_message(fd);
}

static void answer_in_a_loop(int fd)
{
	hear_query(fd);
	message[FLAGS] |= QR;
	/* A name that points to itself. */
	message[QUESTION] = 0xc0;
	message[QUESTION + 1] = QUESTION;
	send_message(fd);
}

static void answer_nothing(int fd)
{
	hear_query(fd);
}

static void dns_answer_passes(void **state)
{
	(void)state;
	expect_dns(dns, answer_well, PROBE_PASS, "passed");
	expect_dns(dns, answer_loudly, PROBE_PASS, "passed");
	expect_dns(with_rcode(ns_r_nxdomain), answer_nxdomain, PROBE_PASS, "passed");
}

static void dns_query_is_what_the_check_says(void **state)
{
	static const u8 question[] = "\3www\7example\3org\0\0\1\0\1";

	(void)state;
	expect_dns(dns, answer_well, PROBE_PASS, "passed");
	assert_int_equal(seen->len, QUESTION + sizeof(question) - 1);
	assert_memory_equal(seen->heard + 2, "\1\0\0\1\0\0\0\0\0\0", 10);
	assert_memory_equal(seen->heard + QUESTION, question, sizeof(question) - 1);
}

static void dns_other_rcode_fails(void **state)
{
	(void)state;
	expect_dns(dns, answer_nxdomain, PROBE_FAIL, "rcode 3 (NXDOMAIN), not 0 (NOERROR)");
	expect_dns(with_rcode(ns_r_refused), answer_well, PROBE_FAIL, "rcode 0 (NOERROR), not 5");
}

static void dns_answer_to_something_else_fails(void **state)
{
	(void)state;
	expect_dns(dns, answer_with_query, PROBE_FAIL, "answer: a query");
	expect_dns(dns, answer_other_name, PROBE_FAIL, "answer: to another question");
	expect_dns(dns, answer_other_type, PROBE_FAIL, "answer: to another question");
	expect_dns(dns, answer_without_question, PROBE_FAIL, "answer: to another question");
}

static void dns_other_ids_are_not_heard(void **state)
{
	(void)state;
	expect_dns(dns, answer_other_id, PROBE_FAIL, "answer, with our ID: timed out");
	expect_dns(dns, answer_other_id_first, PROBE_PASS, "passed");
}

static void dns_malformed_answer_fails(void **state)
{
	(void)state;
	expect_dns(dns, answer_cut_short, PROBE_FAIL, "answer: malformed");
	expect_dns(dns, answer_in_a_loop, PROBE_FAIL, "answer: ");
}

static void dns_silence_costs_a_timeout(void **state)
{
	(void)state;
	expect_dns(dns, answer_nothing, PROBE_FAIL, "answer: timed out after 200 ms");
}

static void dns_name_that_is_none_is_our_fault(void **state)
{
	struct check check = dns;

	(void)state;
	check.dns.name = "www..example.org";
	expect_dns(check, answer_well, PROBE_UNKNOWN, "query: no name");
}

static void expect_full_size(int family, size_t bytes)
{
	struct backend backend = backend_start(family, SOCK_DGRAM, answer_well);
	struct check check = dns;
	const u8 *heard, *opt;

	check.full_size = true;
	expect_answer(ask(&check, &backend.target), PROBE_PASS, "passed");
	heard = (const u8 *)seen->heard;
	assert_int_equal(seen->len, bytes);
	assert_int_equal(heard[11], 1);
	opt = heard + QUESTION + 17 + 4;
	assert_int_equal(opt[0], 0);
	assert_int_equal(ns_get16(opt + 1), OPT);
	assert_int_equal(opt + 11 + ns_get16(opt + 9) - heard, bytes);
	assert_int_equal(ns_get16(opt + 11), PADDING);
	assert_int_equal(opt + 15 + ns_get16(opt + 13) - heard, bytes);
	backend_stop(&backend);
}

static void dns_query_of_full_size_is_padded_to_1500(void **state)
{
	(void)state;
	expect_full_size(AF_INET, 1500 - 20 - 8);
	expect_full_size(AF_INET6, 1500 - 40 - 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_answer_passes),
		cmocka_unit_test(dns_query_is_what_the_check_says),
		cmocka_unit_test(dns_other_rcode_fails),
		cmocka_unit_test(dns_answer_to_something_else_fails),
		cmocka_unit_test(dns_other_ids_are_not_heard),
		cmocka_unit_test(dns_malformed_answer_fails),
		cmocka_unit_test(dns_silence_costs_a_timeout),
		cmocka_unit_test(dns_name_that_is_none_is_our_fault),
		cmocka_unit_test(dns_query_of_full_size_is_padded_to_1500),
	};

	return run_probe_tests("maglevd_dns", tests);
}
