// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/agreement.c userspace/maglevd/digests.c userspace/maglevd/fetch.c
// unit-sources: userspace/maglevd/endpoint.c userspace/maglevd/clock.c userspace/maglevd/log.c userspace/lib/array.c userspace/lib/names.c userspace/lib/decode.c userspace/lib/objects.c
// unit-sources: userspace/maglevd/probe*.c userspace/maglevd/curl_loop.c userspace/maglevd/agent.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib -lev -lcurl -lresolv -lcjson -lmnl
/* Peers that have our tables, other ones, none; that lie; and for how long that is no alarm. */
#include "maglevd_backend.h"

#include <agreement.h>
#include <clock.h>
#include <linux/ip_vs_maglev.h>

enum {
	ALARM_MS = 100,
	ASK_MS = 2000,
	FRESH_MS = 10000,
};

#define HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
#define SAYS(text) HEAD "{\"services\": [" text "]}"
#define WEB \
	"{\"service\": \"tcp 192.0.2.10:80\", \"key_check\": \"000000000000000a\", \"table_size\": 251, "
#define DIGESTS(base, live)                                           \
	"\"mode\": \"tuple\", \"base_digest\": \"00000000000000" base \
	"\", \"live_digest\": \"00000000000000" live "\"}"
#define DNS                                                                          \
	"{\"service\": \"udp 192.0.2.10:53\", \"key_check\": \"000000000000000a\", " \
	"\"table_size\": 251, " DIGESTS("01", "01")

static const struct maglev_lib_service web = {
	.key = { .has = MAGLEV_LIB_HAS(SERVICE_KEY_ADDR),
		 .protocol = IPPROTO_TCP,
		 .addr = { .len = 4, .byte = { 192, 0, 2, 10 } } },
	.table_size = 251,
	.mode = MAGLEV_NL_MODE_TUPLE,
	.key_check = 0xa,
	.base_digest = 0xb,
	.live_digest = 0xc,
};

static u32 n_read;
static int read_result;

static struct maglev_lib_service make_web(void)
{
	struct maglev_lib_service service = web;

	service.key.port = htons(80);
	return service;
}

static int read_ours(void *ctx, struct digests *digests)
{
	struct maglev_lib_service service = make_web();

	(void)ctx;
	n_read++;
	assert_int_equal(digests_add(digests, &service), 0);
	digests_sort(digests);
	return read_result;
}

static void answer(int fd, const char *text)
{
	if (hear_request(fd))
		say_text(fd, text);
}

static void say_the_same(int fd)
{
	answer(fd, SAYS(WEB DIGESTS("0b", "0c")));
}

static void say_another_live(int fd)
{
	answer(fd, SAYS(WEB DIGESTS("0b", "0d")));
}

static void say_another_base(int fd)
{
	answer(fd, SAYS(WEB DIGESTS("01", "0d")));
}

static void say_nothing_of_it(int fd)
{
	answer(fd, SAYS(""));
}

static void say_more(int fd)
{
	answer(fd, SAYS(DNS ", " WEB DIGESTS("0b", "0c")));
}

static void say_no_json(int fd)
{
	answer(fd, HEAD "fine, thank you");
}

static void say_another_then_the_same(int fd)
{
	answer(fd, seen->connections == 1 ? SAYS(WEB DIGESTS("0b", "0d")) :
					    SAYS(WEB DIGESTS("0b", "0c")));
}

static void say_another_then_another(int fd)
{
	answer(fd, seen->connections == 1 ? SAYS(WEB DIGESTS("0b", "0d")) :
					    SAYS(WEB DIGESTS("01", "0d")));
}

static struct agreement *begin(const struct probe_target *at, const struct agreement *old)
{
	struct endpoint peer = { .addr = at->addr, .port = at->port };
	struct config config = { .peer = &peer, .n_peers = 1, .alarm_ms = ALARM_MS };
	struct agreement *agreement = agreement_create(loop, &config, old, read_ours, NULL);

	assert_non_null(agreement);
	assert_int_equal(agreement_peers(agreement), 1);
	return agreement;
}

static void await_readings(u32 n)
{
	double began = now_ms();

	n_read = 0;
	while (n_read < n && now_ms() < began + PATIENCE_MS)
		ev_run(loop, EVRUN_ONCE);
	assert_int_equal(n_read, n);
}

static struct agreement_peer know(const struct agreement *agreement)
{
	return agreement_peer(agreement, 0, clock_now());
}

/* One answer; of one service or none it says that it differs. */
static void expect_difference(behave *behave, enum difference difference)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, behave);
	u32 before = count_descriptors();
	struct agreement *agreement = begin(&backend.target, NULL);
	struct agreement_peer peer = know(agreement);

	assert_false(peer.is_heard);
	await_readings(1);
	peer = know(agreement);
	assert_true(peer.is_heard);
	assert_int_equal(peer.n, difference != DIFFERENCE_NONE);
	if (peer.n) {
		assert_int_equal(peer.disagreement[0].difference, difference);
		assert_false(peer.disagreement[0].is_told);
	}
	peer = agreement_peer(agreement, 0, clock_now() + (u64)FRESH_MS * NS_PER_MS);
	assert_false(peer.is_heard);
	agreement_destroy(agreement);
	assert_int_equal(count_descriptors(), before);
	backend_stop(&backend);
}

static void a_peer_has_our_table_or_not(void **state)
{
	(void)state;
	expect_difference(say_the_same, DIFFERENCE_NONE);
	assert_non_null(strstr(seen->heard, "GET /digests HTTP/1.1\r\n"));
	expect_difference(say_another_live, DIFFERENCE_LIVE);
	expect_difference(say_another_base, DIFFERENCE_BASE);
	expect_difference(say_nothing_of_it, DIFFERENCE_MISSING);
	expect_difference(say_more, DIFFERENCE_MISSING);
}

static void a_peer_that_says_anything_else_is_not_heard(void **state)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, say_no_json);
	struct agreement *agreement = begin(&backend.target, NULL);
	double began = now_ms();

	(void)state;
	n_read = 0;
	while (!seen->connections && now_ms() < began + PATIENCE_MS)
		ev_run(loop, EVRUN_NOWAIT);
	lose_time(LATE_MS);
	ev_run(loop, EVRUN_NOWAIT);
	assert_false(know(agreement).is_heard);
	assert_int_equal(n_read, 0);
	agreement_destroy(agreement);
	backend_stop(&backend);
}

static void our_own_may_be_unreadable(void **state)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, say_another_live);
	struct agreement *agreement = begin(&backend.target, NULL);

	(void)state;
	read_result = -EIO;
	await_readings(1);
	read_result = 0;
	assert_false(know(agreement).is_heard);
	assert_int_equal(know(agreement).n, 0);
	agreement_destroy(agreement);
	backend_stop(&backend);
}

static void a_difference_that_lasts_is_an_alarm(void **state)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, say_another_then_another);
	struct agreement *agreement = begin(&backend.target, NULL);
	struct agreement_peer peer;
	double began = now_ms();
	u64 since;

	(void)state;
	await_readings(1);
	peer = know(agreement);
	since = peer.disagreement[0].since;
	assert_false(peer.disagreement[0].is_told);
	await_readings(1);
	assert_in_range(now_ms() - began, ASK_MS - LATE_MS, PATIENCE_MS);
	peer = know(agreement);
	assert_int_equal(peer.n, 1);
	assert_int_equal(peer.disagreement[0].difference, DIFFERENCE_BASE);
	assert_int_equal(peer.disagreement[0].since, since);
	assert_true(peer.disagreement[0].is_told);
	agreement_destroy(agreement);
	backend_stop(&backend);
}

static void a_difference_may_end(void **state)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, say_another_then_the_same);
	struct agreement *agreement = begin(&backend.target, NULL);

	(void)state;
	await_readings(1);
	assert_int_equal(know(agreement).n, 1);
	await_readings(1);
	assert_int_equal(know(agreement).n, 0);
	agreement_destroy(agreement);
	backend_stop(&backend);
}

static void a_new_configuration_forgets_nothing(void **state)
{
	struct backend backend = backend_start(AF_INET, SOCK_STREAM, say_another_live);
	struct agreement *agreement = begin(&backend.target, NULL), *next;
	struct probe_target elsewhere = backend.target;
	u64 since;

	(void)state;
	await_readings(1);
	since = know(agreement).disagreement[0].since;
	next = begin(&backend.target, agreement);
	agreement_destroy(agreement);
	assert_true(know(next).is_heard);
	assert_int_equal(know(next).n, 1);
	assert_int_equal(know(next).disagreement[0].since, since);
	elsewhere.port ^= 1;
	agreement = begin(&elsewhere, next);
	assert_int_equal(know(agreement).n, 0);
	agreement_destroy(agreement);
	agreement_destroy(next);
	backend_stop(&backend);
}

static void what_is_said_is_understood(void **state)
{
	struct maglev_lib_service one = make_web(), two = make_web(), mark = make_web();
	struct digests ours = {}, theirs = {};
	cJSON *json;
	char *text;
	size_t i;

	(void)state;
	two.key.port = htons(79);
	two.mode = MAGLEV_NL_MODE_SOURCE;
	two.live_digest = ~0ULL;
	mark.key.has = MAGLEV_LIB_HAS(SERVICE_KEY_FWMARK);
	assert_int_equal(digests_add(&ours, &one), 0);
	assert_int_equal(digests_add(&ours, &two), 0);
	assert_int_equal(digests_add(&ours, &mark), 0);
	digests_sort(&ours);
	assert_int_equal(ours.n, 2);
	json = digests_create(&ours);
	text = cJSON_PrintUnformatted(json);
	assert_non_null(strstr(text, "\"service\":\"tcp 192.0.2.10:79\""));
	assert_non_null(strstr(text, "\"live_digest\":\"ffffffffffffffff\""));
	assert_true(digests_parse(&theirs, text, strlen(text)));
	assert_int_equal(theirs.n, 2);
	for (i = 0; i < 2; i++)
		assert_int_equal(digest_compare(&ours.digest[i],
						digests_find(&theirs, &ours.digest[i].service)),
				 DIFFERENCE_NONE);
	digests_fini(&ours);
	digests_fini(&theirs);
	cJSON_Delete(json);
	cJSON_free(text);
}

static void the_first_difference_is_named(void **state)
{
	const struct digest ours = {
		.key_check = 1, .table_size = 2, .mode = 0, .base = 3, .live = 4
	};
	struct digest theirs = ours;

	(void)state;
	assert_int_equal(digest_compare(&ours, &theirs), DIFFERENCE_NONE);
	assert_int_equal(digest_compare(&ours, NULL), DIFFERENCE_MISSING);
	assert_int_equal(digest_compare(NULL, &theirs), DIFFERENCE_MISSING);
	theirs.live++;
	assert_int_equal(digest_compare(&ours, &theirs), DIFFERENCE_LIVE);
	theirs.base++;
	assert_int_equal(digest_compare(&ours, &theirs), DIFFERENCE_BASE);
	theirs.mode++;
	assert_int_equal(digest_compare(&ours, &theirs), DIFFERENCE_MODE);
	theirs.table_size++;
	assert_int_equal(digest_compare(&ours, &theirs), DIFFERENCE_SIZE);
	theirs.key_check++;
	assert_int_equal(digest_compare(&ours, &theirs), DIFFERENCE_KEY);
}

static void what_is_not_whole_is_left_out(void **state)
{
	static const char *const texts[] = {
		"{\"services\": [1, {}, [], null, \"x\", {\"service\": 5}]}",
		"{\"services\": [{\"service\": \"tcp 192.0.2.10:80\"}]}",
		"{\"services\": [" WEB DIGESTS("0b", "0G") "]}",
		"{\"services\": [" WEB DIGESTS("0b", "0") "]}",
		"{\"services\": [" WEB DIGESTS("0b", "+c") "]}",
	};
	static const char other[] = "{\"services\": [" WEB
				    "\"mode\": \"new\", \"base_digest\": \"000000000000000b\","
				    "\"live_digest\": \"000000000000000c\"}]}";
	struct digests digests = {};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_true(digests_parse(&digests, texts[i], strlen(texts[i])));
		assert_int_equal(digests.n, 0);
		digests_fini(&digests);
	}
	assert_true(digests_parse(&digests, other, strlen(other)));
	assert_int_equal(digests.n, 1);
	assert_int_not_equal(digests.digest[0].mode, MAGLEV_NL_MODE_TUPLE);
	digests_fini(&digests);
	assert_false(digests_parse(&digests, "[]", 2));
	assert_false(digests_parse(&digests, "{\"services\": {}}", 16));
	assert_false(digests_parse(&digests, "", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_has_our_table_or_not),
		cmocka_unit_test(a_peer_that_says_anything_else_is_not_heard),
		cmocka_unit_test(our_own_may_be_unreadable),
		cmocka_unit_test(a_difference_that_lasts_is_an_alarm),
		cmocka_unit_test(a_difference_may_end),
		cmocka_unit_test(a_new_configuration_forgets_nothing),
		cmocka_unit_test(what_is_said_is_understood),
		cmocka_unit_test(the_first_difference_is_named),
		cmocka_unit_test(what_is_not_whole_is_left_out),
	};

	return run_probe_tests("maglevd_agreement", tests);
}
