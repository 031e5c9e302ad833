// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/agent.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi
/* What agents say: HAProxy's words, and whatever else a socket may yield. */
#include "fixture.h"

#include <agent.h>
#include <linux/ip_vs_maglev.h>

enum {
	NOTHING = -1,
	UP = MAGLEV_NL_STATE_UP,
	DRAIN = MAGLEV_NL_STATE_DRAIN,
	DOWN = MAGLEV_NL_STATE_DOWN,
	BYTES_MAX = 40,
	ROUNDS = 20000,
};

/* Parsed from memory of just its size: ASan sees one byte too many. */
static bool parse(struct agent *agent, const char *text, size_t len)
{
	char *exact = malloc(len);
	bool known;

	assert_true(exact || !len);
	if (len)
		memcpy(exact, text, len);
	known = agent_parse(agent, exact, len);
	if (agent->unknown)
		agent->unknown = text + (agent->unknown - exact);
	free(exact);
	return known;
}

static void expect(const char *text, int weight_percent, int state)
{
	struct agent agent;

	if (!parse(&agent, text, strlen(text)))
		fail_msg("\"%s\": unknown word: %.*s", text, (int)agent.unknown_len, agent.unknown);
	if (agent.weight_percent != weight_percent || agent.state != state)
		fail_msg("\"%s\": weight %d, state %d", text, agent.weight_percent, agent.state);
}

static void refuse(const char *text, const char *unknown)
{
	struct agent agent;

	if (parse(&agent, text, strlen(text)))
		fail_msg("\"%s\": not refused", text);
	assert_int_equal(agent.unknown_len, strlen(unknown));
	assert_memory_equal(agent.unknown, unknown, strlen(unknown));
}

static void agent_knows_each_word(void **state)
{
	(void)state;
	expect("up\n", NOTHING, UP);
	expect("down\n", NOTHING, DOWN);
	expect("stopped\n", NOTHING, DOWN);
	expect("fail\n", NOTHING, DOWN);
	expect("ready\n", NOTHING, UP);
	expect("drain\n", NOTHING, DRAIN);
	expect("maint\n", NOTHING, DOWN);
	expect("75%\n", 75, NOTHING);
	expect("maxconn:30\n", NOTHING, NOTHING);
}

static void agent_tells_no_case(void **state)
{
	(void)state;
	expect("UP 75%", 75, UP);
	expect("Drain", NOTHING, DRAIN);
	expect("MAXCONN:1", NOTHING, NOTHING);
}

static void agent_line_ends_at_cr_lf_or_the_last_byte(void **state)
{
	(void)state;
	expect("up", NOTHING, UP);
	expect("up\r\nnonsense", NOTHING, UP);
	expect("up\nnonsense", NOTHING, UP);
	expect("up\rnonsense", NOTHING, UP);
	expect("", NOTHING, NOTHING);
	expect("\r\n", NOTHING, NOTHING);
}

static void agent_words_are_parted_by_blanks_tabs_and_commas(void **state)
{
	(void)state;
	expect("ready,up,50%", 50, UP);
	expect(" \t,ready \t up,, 50% ,\n", 50, UP);
}

static void agent_description_is_not_read(void **state)
{
	(void)state;
	expect("down # up 20% and more", NOTHING, DOWN);
	expect("down #", NOTHING, DOWN);
	expect("# nothing new", NOTHING, NOTHING);
	expect("up#down", NOTHING, UP);
}

static void agent_last_word_of_a_sort_counts(void **state)
{
	(void)state;
	expect("down up", NOTHING, UP);
	expect("maint ready", NOTHING, UP);
	expect("10% 20%", 20, NOTHING);
}

static void agent_worse_of_health_and_admin_counts(void **state)
{
	(void)state;
	expect("up drain", NOTHING, DRAIN);
	expect("drain up", NOTHING, DRAIN);
	expect("ready down", NOTHING, DOWN);
	expect("up maint", NOTHING, DOWN);
	expect("drain fail", NOTHING, DOWN);
}

static void agent_weight_ends_at_100(void **state)
{
	(void)state;
	expect("0%", 0, NOTHING);
	expect("007%", 7, NOTHING);
	expect("100%", 100, NOTHING);
	expect("101%", 100, NOTHING);
	expect("99999999999999999999999999999999%", 100, NOTHING);
}

static void agent_names_the_first_unknown_word(void **state)
{
	(void)state;
	refuse("up sideways down upside", "sideways");
	refuse("HTTP/1.1 400 Bad Request\r\n", "HTTP/1.1");
	refuse("75", "75");
	refuse("%", "%");
	refuse("-5%", "-5%");
	refuse("5.5%", "5.5%");
	refuse("75%%", "75%%");
	refuse("7 5%x", "7");
	refuse("upp", "upp");
	refuse("u", "u");
	refuse("maxconn:", "maxconn:");
	refuse("maxconn:x", "maxconn:x");
}

static void agent_takes_nul_for_a_letter(void **state)
{
	struct agent agent;

	(void)state;
	assert_false(parse(&agent, "up\0", 3));
	assert_int_equal(agent.unknown_len, 3);
}

static void agent_survives_any_bytes(void **state)
{
	static const char alphabet[] = "updownrainmtfl 0123456789%,\t#\r\n:x\xff";
	char text[BYTES_MAX];
	struct random random;
	struct agent agent;
	size_t len, i;
	bool known;
	u32 round;

	(void)state;
	random_init(&random, "agent");
	for (round = 0; round < ROUNDS; round++) {
		len = random_below(&random, sizeof(text) + 1);
		for (i = 0; i < len; i++)
			text[i] = alphabet[random_below(&random, sizeof(alphabet))];
		known = parse(&agent, text, len);
		assert_int_equal(known, !agent.unknown);
		assert_in_range(agent.weight_percent + 1, 0, 101);
		assert_in_range(agent.state + 1, 0, DOWN + 1);
		if (agent.unknown)
			assert_in_range(agent.unknown - text + agent.unknown_len, 1, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agent_knows_each_word),
		cmocka_unit_test(agent_tells_no_case),
		cmocka_unit_test(agent_line_ends_at_cr_lf_or_the_last_byte),
		cmocka_unit_test(agent_words_are_parted_by_blanks_tabs_and_commas),
		cmocka_unit_test(agent_description_is_not_read),
		cmocka_unit_test(agent_last_word_of_a_sort_counts),
		cmocka_unit_test(agent_worse_of_health_and_admin_counts),
		cmocka_unit_test(agent_weight_ends_at_100),
		cmocka_unit_test(agent_names_the_first_unknown_word),
		cmocka_unit_test(agent_takes_nul_for_a_letter),
		cmocka_unit_test(agent_survives_any_bytes),
	};

	return run_unit_tests("maglevd_agent", tests);
}
