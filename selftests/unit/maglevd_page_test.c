// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/page.c userspace/maglevd/page_service.c userspace/maglevd/page_backend.c
// unit-sources: userspace/maglevd/page_draw.c userspace/maglevd/page_text.c userspace/maglevd/page_style.c
// unit-sources: userspace/maglevd/history.c userspace/maglevd/world.c userspace/maglevd/endpoint.c
// unit-sources: userspace/maglevd/announce.c userspace/maglevd/judge.c userspace/maglevd/load*.c userspace/maglevd/seen.c userspace/lib/*.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib -lmnl -lm
/*
 * The status page as text: what others have written is escaped, tags are balanced, trouble comes
 * first, and a page of 10,000 backends is no larger than it may be.
 */
#include "fixture.h"

#include <netinet/in.h>
#include <page.h>

enum {
	SERVICES = 100,
	BACKENDS = 100,
	PAGE_BYTES = 3 * 1024 * 1024,
	DEPTH = 32,
	NAME = 16,
};

static const u64 SECOND = 1000000000;
static const struct seen seen_nothing;
static const char hostile[] = "<script>\"'&\x01\x1b[2J \xff \xe2\x80\xae \xed\xa0\x80 \xc3\xa4";
static const char harmless[] =
	"&lt;script&gt;&quot;&#39;&amp;  [2J ? ??? ??? \xc3\xa4"; /* the bytes of one each */

static struct config_backend backends[BACKENDS];
static struct config_pool pool;
static const u16 port = 80;
static struct check check;
static const struct check *checks[] = { &check };
static struct config_service services[10 * SERVICES];
static struct config config;

static const struct config *write_config(size_t n_services, size_t n_backends)
{
	size_t i;

	for (i = 0; i < n_backends; i++) {
		backends[i].addr = (struct maglev_lib_addr){ 4, { 10, 0, 0, 1 + i } };
		backends[i].weight = 1;
	}
	pool = (struct config_pool){ "pool", backends, n_backends };
	check = (struct check){ .name = hostile, .via = CHECK_DIRECT };
	for (i = 0; i < n_services; i++)
		services[i] =
			(struct config_service){ .name = hostile,
						 .vip = { 4, { 192, 0, 2 + i / 250, 1 + i % 250 } },
						 .protocol = IPPROTO_TCP,
						 .port = &port,
						 .n_ports = 1,
						 .pool = &pool,
						 .check = checks,
						 .n_checks = 1 };
	config = (struct config){ .service = services, .n_services = n_services };
	return &config;
}

struct sight {
	struct world *world;
	struct history *history;
	struct page_kernel kernel;
	struct maglev_lib_service *service; /* the kernel's */
	struct maglev_lib_backend *backend;
	struct checker_stats checked;
	u64 now;
};

/* All is up. */
static struct sight begin(size_t n_services, size_t n_backends)
{
	struct sight sight = { .now = 100000 * SECOND };
	size_t i;

	sight.world = world_create(write_config(n_services, n_backends), &seen_nothing);
	assert_non_null(sight.world);
	for (i = 0; i < sight.world->n_members; i++)
		sight.world->members[i].health = MAGLEV_NL_STATE_UP;
	for (i = 0; i < sight.world->n_streams; i++) {
		sight.world->stream[i].opinion = OPINION_UP;
		snprintf(sight.world->stream[i].why, PROBE_WHY, "%s", hostile);
	}
	sight.history = history_create(sight.world, sight.now);
	sight.kernel.service = calloc(n_services, sizeof(*sight.kernel.service));
	sight.kernel.backend = calloc(sight.world->n_members, sizeof(*sight.kernel.backend));
	sight.service = calloc(n_services, sizeof(*sight.service));
	sight.backend = calloc(sight.world->n_members, sizeof(*sight.backend));
	assert_true(sight.kernel.service && sight.kernel.backend && sight.service && sight.backend);
	for (i = 0; i < n_services; i++)
		sight.kernel.service[i] = &sight.service[i];
	for (i = 0; i < sight.world->n_members; i++)
		sight.kernel.backend[i] = &sight.backend[i];
	return sight;
}

static void end(struct sight *sight)
{
	free(sight->kernel.service);
	free(sight->kernel.backend);
	free(sight->service);
	free(sight->backend);
	history_destroy(sight->history);
	world_destroy(sight->world);
}

/* With what is beside the world, if anything. */
static char *write_more(struct sight *sight, const struct page *more)
{
	char *text = page_write(&(struct page){
		.world = sight->world,
		.vip = more->vip,
		.n_vips = more->n_vips,
		.is_drained = more->is_drained,
		.peer = more->peer,
		.n_peers = more->n_peers,
		.history = sight->history,
		.kernel = &sight->kernel,
		.checked = &sight->checked,
		.now = sight->now,
		.host = hostile,
		.clock = "now",
	});

	assert_non_null(text);
	return text;
}

static char *write_sight(struct sight *sight)
{
	return write_more(sight, &(struct page){});
}

/* Each backend has had so many packets. */
static void count(struct sight *sight, u64 packets)
{
	size_t i;

	for (i = 0; i < sight->world->n_members; i++)
		sight->backend[i] = (struct maglev_lib_backend){
			.has = MAGLEV_LIB_HAS(BACKEND_STATE) | MAGLEV_LIB_HAS(BACKEND_STATS) |
			       MAGLEV_LIB_HAS(BACKEND_FLOWS) | MAGLEV_LIB_HAS(BACKEND_SHARE),
			.state = sight->world->members[i].health,
			.share = SHARE_WHOLE,
			.table_weight = 1,
			.flows = 7,
			.stats = { .packets = packets, .bytes = packets, .flows_new = packets },
		};
}

static void expect_said(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("no %s in %.3000s", wanted, strstr(text, "<main"));
}

static bool is_void(const char *name)
{
	static const char *const names[] = { "meta", "link", "path", "rect", "!DOCTYPE" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* Each tag that begins ends, in order; '<' and '>' are of tags alone, but for style and script. */
static void expect_balanced(const char *text)
{
	char open[DEPTH][NAME], name[NAME];
	u32 depth = 0;
	const char *at;

	for (at = strchr(text, '<'); at; at = strchr(at, '<')) {
		bool is_end = at[1] == '/';

		assert_int_equal(sscanf(at + 1 + is_end, "%15[a-zA-Z0-9!]", name), 1);
		at = strchr(at, '>');
		assert_non_null(at);
		if (is_end) {
			assert_true(depth);
			assert_string_equal(open[--depth], name);
		} else if (!is_void(name)) {
			assert_in_range(depth, 0, DEPTH - 1);
			strcpy(open[depth++], name);
			if (!strcmp(name, "style") || !strcmp(name, "script"))
				at = strstr(at, !strcmp(name, "style") ? "</style" : "</script");
		}
	}
	assert_int_equal(depth, 0);
}

static void words_of_others_are_escaped(void **state)
{
	struct page_text text = {};
	char *taken;

	(void)state;
	page_escape(&text, hostile);
	taken = page_text_take(&text);
	assert_string_equal(taken, harmless);
	free(taken);
}

static void numbers_have_three_digits(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 0.25, "0.2" },
		{ 7, "7" },
		{ 9.97, "10" },
		{ 999.4, "999" },
		{ 999.5, "1.00 k" },
		{ 1234, "1.23 k" },
		{ 9994, "9.99 k" },
		{ 9996, "10.0 k" },
		{ 99960, "100 k" },
		{ 999499, "999 k" },
		{ 1e6, "1.00 M" },
		{ 12.34e9, "12.3 G" },
		{ 1e18, "1000000 T" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct page_text text = {};
		char *taken;

		page_number(&text, cases[i].value);
		taken = page_text_take(&text);
		assert_string_equal(taken, cases[i].text);
		free(taken);
	}
}

static void nothing_that_others_have_written_is_html(void **state)
{
	struct sight sight = begin(2, 3);
	char *text, *body;

	(void)state;
	history_note(sight.history, sight.world, &sight.world->service[0], &sight.world->members[0],
		     MAGLEV_NL_STATE_DOWN, hostile, sight.now);
	snprintf(sight.kernel.error, sizeof(sight.kernel.error), "%s", hostile);
	sight.service[0].error = 1;
	snprintf(sight.service[0].error_text, sizeof(sight.service[0].error_text), "%s", hostile);
	sight.kernel.gathered.n_reasons = 1;
	sight.kernel.gathered.reason[0] =
		(struct maglev_lib_reason_count){ .verdict = MAGLEV_NL_VERDICT_DROP, .count = 1 };
	snprintf(sight.kernel.gathered.reason[0].name, sizeof(sight.kernel.gathered.reason[0].name),
		 "<b>\"'");
	snprintf(sight.kernel.gathered.reason[0].text, sizeof(sight.kernel.gathered.reason[0].text),
		 "%s", hostile);
	text = write_sight(&sight);
	expect_balanced(text);
	body = strstr(text, "<main");
	*strstr(body, "<script>") = 0; /* ours */
	assert_null(strstr(body, "<script"));
	assert_null(strchr(body, 0x1b));
	assert_null(strstr(body, "\xff"));
	expect_said(body, harmless);
	free(text);
	end(&sight);
}

static void rates_are_known_from_the_second_page_on(void **state)
{
	struct sight sight = begin(1, 2);
	char *text;

	(void)state;
	count(&sight, 1000);
	text = write_sight(&sight);
	expect_said(text, "data-soon");
	free(text);
	sight.now += 5 * SECOND;
	count(&sight, 1500);
	text = write_sight(&sight);
	assert_null(strstr(strstr(text, "<main"), "data-soon>"));
	expect_said(text, "<td>7</td><td>100</td><td>100</td><td>800</td>");
	expect_said(text, "<td>14</td><td>200</td><td>200</td><td>1.60 k</td>");
	free(text);
	/* So long ago says nothing of now. */
	sight.now += 2 * HISTORY_READING_S * SECOND;
	text = write_sight(&sight);
	expect_said(text, "data-soon");
	free(text);
	end(&sight);
}

static void trouble_comes_first_and_is_unfolded(void **state)
{
	struct sight sight = begin(SERVICES, 2);
	char *text, *first, *second;

	(void)state;
	sight.world->service[50].member[1].health = MAGLEV_NL_STATE_DOWN;
	sight.world->service[50].member[1].stream[0]->opinion = OPINION_DOWN;
	text = write_sight(&sight);
	expect_balanced(text);
	first = strstr(text, "<details");
	second = strstr(first + 1, "<details");
	assert_memory_equal(first, "<details id=\"tcp-192.0.2.51:80\" class=o open>", 45);
	assert_memory_equal(second, "<details id=\"tcp-192.0.2.1:80\">", 31);
	expect_said(first, "1 of 2 up");
	assert_true(strstr(first, "10.0.0.2:80") < strstr(first, "10.0.0.1:80"));
	expect_said(text, "<title>199 of 200 up");
	free(text);
	end(&sight);
}

static void states_say_whose_they_are(void **state)
{
	struct sight sight = begin(1, 4);
	struct member *member = sight.world->members;
	char *text;

	(void)state;
	count(&sight, 0);
	sight.backend[0].state = sight.backend[0].admin_state = MAGLEV_NL_STATE_DRAIN;
	sight.backend[1].state = MAGLEV_NL_STATE_DRAIN;
	member[2].is_kept = true;
	sight.world->service[0].in_panic = true;
	text = write_sight(&sight);
	expect_said(text, "◆ drain</b> <small>operator</small>");
	expect_said(text, "◆ drain</b> <small>IPVS</small>");
	expect_said(text, "▲ up</b> <small>kept: panic</small>");
	expect_said(text, ">panic</span>");
	free(text);
	end(&sight);
}

static void a_kernel_that_does_not_answer_is_said(void **state)
{
	struct sight sight = begin(1, 2);
	char *text;

	(void)state;
	snprintf(sight.kernel.error, sizeof(sight.kernel.error), "it sleeps");
	text = write_sight(&sight);
	expect_balanced(text);
	expect_said(text, "The kernel cannot be read, states are as maglevd knows them: it sleeps");
	expect_said(text, "2 of 2 up");
	free(text);
	end(&sight);
}

static void vips_and_peers_are_told_of(void **state)
{
	struct announcer_vip vips[2] = {
		{ .vip = { .len = 4, .byte = { 192, 0, 2, 10 } }, .state = ANNOUNCE_ANNOUNCED },
		{ .vip = { .len = 4, .byte = { 192, 0, 2, 11 } }, .state = ANNOUNCE_WITHDRAWN },
	};
	struct agreement_peer peers[3] = { { .is_heard = true },
					   { .n = 1 },
					   { .is_heard = true, .n = 2 } };
	struct sight sight = begin(1, 2);
	char *text = write_sight(&sight);
	size_t i;

	(void)state;
	assert_null(strstr(text, "drained</b>"));
	assert_null(strstr(text, "peers:"));
	free(text);
	for (i = 0; i < 3; i++)
		peers[i].at = (struct endpoint){ { .len = 4, .byte = { 10, 0, 0, i } }, 8470 };
	snprintf(vips[1].why, sizeof(vips[1].why), "%s", hostile);
	text = write_more(&sight, &(struct page){ .vip = vips,
						  .n_vips = 2,
						  .is_drained = true,
						  .peer = peers,
						  .n_peers = 3 });
	expect_balanced(text);
	expect_said(text, "this balancer is drained");
	expect_said(text, "192.0.2.10 announced");
	expect_said(text, "192.0.2.11 withdrawn: &lt;script&gt;");
	expect_said(text, "10.0.0.0:8470 has the same tables");
	expect_said(text, "10.0.0.1:8470 <b class=drain>◆ not heard</b>");
	expect_said(text, "10.0.0.2:8470 <b class=down>▼ has other tables of 2 services</b>");
	free(text);
	end(&sight);
}

/* The hours before, with all that a page can draw. */
static void live_through(struct sight *sight)
{
	struct history_counts counts[SERVICES];
	bool known[SERVICES];
	size_t i, k;

	for (i = 0; i < HISTORY_SHORT * 2; i++) {
		for (k = 0; k < sight->world->n_services; k++) {
			known[k] = (i + k) % 50;
			counts[k] = (struct history_counts){ i * i * 1000, i * i * 1000000,
							     i * i * 10, i };
		}
		sight->now += HISTORY_SHORT_S * SECOND;
		history_take(sight->history, sight->world, counts, known, sight->now);
		for (k = i % 10; k < sight->world->n_members; k += 100)
			history_note(sight->history, sight->world, &sight->world->service[0],
				     &sight->world->members[k],
				     i / 10 % 2 ? MAGLEV_NL_STATE_UP : MAGLEV_NL_STATE_DOWN,
				     hostile, sight->now);
	}
}

static void ten_thousand_backends_are_bounded(void **state)
{
	struct sight sight = begin(SERVICES, BACKENDS);
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sight.world->n_members; i += 2)
		sight.world->members[i].health = MAGLEV_NL_STATE_DOWN;
	live_through(&sight);
	count(&sight, 1);
	text = write_sight(&sight);
	expect_balanced(text);
	print_message("# %zu bytes\n", strlen(text));
	assert_in_range(strlen(text), 100000, PAGE_BYTES);
	expect_said(text, "<title>5000 of 10000 up");
	expect_said(text, "75 more, of which some are not up: <a href=\"/status\">");
	free(text);
	end(&sight);
}

static void a_thousand_services_are_bounded(void **state)
{
	struct sight sight = begin(10 * SERVICES, 5);
	char *text;

	(void)state;
	count(&sight, 1);
	text = write_sight(&sight);
	expect_balanced(text);
	print_message("# %zu bytes\n", strlen(text));
	assert_in_range(strlen(text), 100000, PAGE_BYTES);
	expect_said(text, "500 more services: <a href=\"/status\">");
	free(text);
	end(&sight);
}

static void an_empty_world_is_a_page_too(void **state)
{
	struct sight sight = { .now = SECOND };
	char *text;

	(void)state;
	sight.world = world_create(write_config(0, 0), &seen_nothing);
	text = write_sight(&sight);
	expect_balanced(text);
	expect_said(text, "none yet");
	free(text);
	world_destroy(sight.world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_others_are_escaped),
		cmocka_unit_test(numbers_have_three_digits),
		cmocka_unit_test(nothing_that_others_have_written_is_html),
		cmocka_unit_test(rates_are_known_from_the_second_page_on),
		cmocka_unit_test(trouble_comes_first_and_is_unfolded),
		cmocka_unit_test(states_say_whose_they_are),
		cmocka_unit_test(a_kernel_that_does_not_answer_is_said),
		cmocka_unit_test(vips_and_peers_are_told_of),
		cmocka_unit_test(ten_thousand_backends_are_bounded),
		cmocka_unit_test(a_thousand_services_are_bounded),
		cmocka_unit_test(an_empty_world_is_a_page_too),
	};

	return run_unit_tests("maglevd_page", tests);
}
