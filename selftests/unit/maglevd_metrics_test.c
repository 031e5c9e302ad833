// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/metrics_text.c
// unit-flags: -Iuserspace/maglevd
/* The text of metrics: its two formats, numbers, and labels of any bytes. */
#include "fixture.h"

#include <metrics_text.h>

static void expect_text(struct metrics_text *text, const char *wanted)
{
	char *got = metrics_end(text);

	assert_string_equal(got, wanted);
	free(got);
}

static void counters_are_headed_as_the_format_has_it(void **state)
{
	struct metrics_text open = { .format = METRICS_OPEN }, plain = { .format = METRICS_PLAIN };

	(void)state;
	metrics_family(&open, "maglev_probes", METRICS_COUNTER, "Probes sent.");
	metrics_sample(&open, "", 7, 0);
	metrics_family(&open, "maglev_flows", METRICS_GAUGE, "Flows tracked.");
	metrics_sample(&open, "service=\"a\"", 3, 0);
	expect_text(&open, "# HELP maglev_probes Probes sent.\n"
			   "# TYPE maglev_probes counter\n"
			   "maglev_probes_total 7\n"
			   "# HELP maglev_flows Flows tracked.\n"
			   "# TYPE maglev_flows gauge\n"
			   "maglev_flows{service=\"a\"} 3\n"
			   "# EOF\n");
	metrics_family(&plain, "maglev_probes", METRICS_COUNTER, "Probes sent.");
	metrics_sample(&plain, "", 7, 0);
	expect_text(&plain, "# HELP maglev_probes_total Probes sent.\n"
			    "# TYPE maglev_probes_total counter\n"
			    "maglev_probes_total 7\n");
}

static void expect_number(u64 value, unsigned int decimals, const char *wanted)
{
	struct metrics_text text = { .format = METRICS_PLAIN };
	char *got;

	metrics_family(&text, "m", METRICS_GAUGE, "M.");
	metrics_sample(&text, "", value, decimals);
	got = metrics_end(&text);
	assert_string_equal(strrchr(got, ' ') + 1, wanted);
	free(got);
}

static void numbers_have_the_decimals_they_are_to_have(void **state)
{
	(void)state;
	expect_number(0, 0, "0\n");
	expect_number(10, 0, "10\n");
	expect_number(~0ULL, 0, "18446744073709551615\n");
	expect_number(37, 2, "0.37\n");
	expect_number(100, 2, "1.00\n");
	expect_number(0, 6, "0.000000\n");
	expect_number(1500000, 6, "1.500000\n");
	expect_number(~0ULL, METRICS_DECIMALS_MAX, "18446744073.709551615\n");
}

static void a_label_may_have_any_value(void **state)
{
	char labels[METRICS_LABELS] = "";

	(void)state;
	metrics_label(labels, "name", "a \"b\" \\ c\n d");
	assert_string_equal(labels, "name=\"a \\\"b\\\" \\\\ c\\n d\"");
	metrics_label(labels, "backend", "10.0.0.1:80");
	assert_string_equal(labels, "name=\"a \\\"b\\\" \\\\ c\\n d\",backend=\"10.0.0.1:80\"");
}

/* Never in the middle of an escape, and never without its quote. */
static void a_label_that_is_too_long_is_cut_off(void **state)
{
	char labels[METRICS_LABELS], value[2 * METRICS_LABELS];
	size_t i, len;

	(void)state;
	for (i = 0; i < 2 * METRICS_LABELS; i++) {
		memset(value, i % 2 ? '"' : 'x', sizeof(value));
		value[i % METRICS_LABELS] = '\\';
		value[sizeof(value) - 1] = 0;
		labels[0] = 0;
		metrics_label(labels, "a", value);
		metrics_label(labels, "much", value);
		len = strlen(labels);
		assert_in_range(len, METRICS_LABELS - 4, METRICS_LABELS - 1);
		assert_int_equal(labels[len - 1], '"');
	}
}

static void many_samples_are_one_text(void **state)
{
	struct metrics_text text = { .format = METRICS_OPEN };
	char *got, *line;
	u32 i, n = 0;

	(void)state;
	metrics_family(&text, "maglev_backend_flows", METRICS_GAUGE, "Flows.");
	for (i = 0; i < 100000; i++)
		metrics_sample(&text, "service=\"tcp 192.0.2.10:80\"", i, 0);
	got = metrics_end(&text);
	for (line = got; (line = strchr(line, '\n')); line++)
		n++;
	assert_int_equal(n, 100000 + 3);
	free(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_are_headed_as_the_format_has_it),
		cmocka_unit_test(numbers_have_the_decimals_they_are_to_have),
		cmocka_unit_test(a_label_may_have_any_value),
		cmocka_unit_test(a_label_that_is_too_long_is_cut_off),
		cmocka_unit_test(many_samples_are_one_text),
	};

	return run_unit_tests("maglevd_metrics", tests);
}
