// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/config*.c userspace/maglevd/endpoint.c userspace/lib/array.c
// unit-flags: -Iinclude/uapi -Iuserspace/lib -Iuserspace/maglevd -lfyaml
// unit-flags: -Wl,--wrap=config_memory_get,--wrap=config_memory_text
/* maglevd's file when it is large, deep, broken or hostile, and when there is no memory for it. */
#include "maglevd_config.h"

#include <config_memory.h>
#include <config_text.h>
#include <time.h>

enum {
	MANY = 10000,
	ROUNDS = 4, /* of changes to each byte */
};

/* Allocations until one fails, and those since; negative: none fails. */
static long memory_left = -1;

void *__real_config_memory_get(struct config_memory *memory, size_t n, size_t size);
void *__wrap_config_memory_get(struct config_memory *memory, size_t n, size_t size);
char *__real_config_memory_text(struct config_memory *memory, const char *text, size_t len);
char *__wrap_config_memory_text(struct config_memory *memory, const char *text, size_t len);

static bool has_memory(void)
{
	return memory_left < 0 || memory_left-- > 0;
}

void *__wrap_config_memory_get(struct config_memory *memory, size_t n, size_t size)
{
	return has_memory() ? __real_config_memory_get(memory, n, size) : NULL;
}

char *__wrap_config_memory_text(struct config_memory *memory, const char *text, size_t len)
{
	return has_memory() ? __real_config_memory_text(memory, text, len) : NULL;
}

static const char whole[] = "cluster: {table_size: 65537}\n"
			    "probes: {mark_base: 0x10000, sources: [192.0.2.1, \"2001:db8::5\"]}\n"
			    "checks:\n"
			    "  web: &web\n"
			    "    type: https\n"
			    "    preset: aggressive\n"
			    "    headers: {User-Agent: \"maglevd\\t1\", X-Y: 'it''s'}\n"
			    "    status: [200-299, 404]\n"
			    "    body: \"^([[:alpha:]]+|a{1,3})$\"\n"
			    "    host: example.com:8443\n"
			    "    full_size: true\n"
			    "  again: *web\n"
			    "  dns: {type: dns, name: example.com, query: AAAA, rcode: NXDOMAIN}\n"
			    "  smtp: {type: tcp, expect: \"220 \\xff\", port: 25, via: direct}\n"
			    "  own: {type: script, command: [/bin/true, -x]}\n"
			    "pools:\n"
			    "  web:\n"
			    "  - {address: 10.0.0.1, weight: 2, port: 80}\n"
			    "  - 10.0.0.2\n"
			    "  - pool: spare # and more\n"
			    "  spare: [\"2001:db8::1\", 10.0.0.9]\n"
			    "policy: {panic: 30, hold_down: 10s}\n"
			    "services:\n"
			    "- name: web\n"
			    "  vip: 192.0.2.10\n"
			    "  ports: [80, 443]\n"
			    "  pool: web\n"
			    "  timeouts: {half_open: 60s, established: 900s}\n"
			    "  checks: [web, dns, smtp]\n"
			    "  policy: {when_down: sorry, sorry: spare, slow_start: 500ms}\n"
			    "- {name: mail, vip: 2001:db8::10, port: 25, external: true}\n";

/* Errors that stand somewhere say where; others are of the file as a whole. */
static void check_answer(struct config *config)
{
	const char *at = error;

	if (config) {
		config_destroy(config);
		return;
	}
	assert_memory_equal(at, FILE_NAME ":", sizeof(FILE_NAME));
	for (; *at; at++)
		assert_in_range((u8)*at, ' ', '~');
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Sanitizers make it ten times slower; what is quadratic would still be far above. */
static void assert_quick(double since)
{
	assert_in_range((u32)((seconds() - since) * 1000), 0, 2000);
}

static void config_reads_ten_thousand_backends_at_once(void **state)
{
	struct text text = {};
	struct config *config;
	double since;
	u32 i;

	(void)state;
	text_add(&text, "pools:\n  p:\n");
	for (i = 0; i < MANY; i++)
		text_add(&text, "  - {address: 10.%u.%u.%u, weight: 1}\n", i * 7 % 100,
			 i / 250 % 250, i % 250 + 1);
	since = seconds();
	config = read_text(text.at);
	assert_quick(since);
	assert_int_equal(config->pool->n, MANY);
	config_destroy(config);
	free(text.at);
}

static void config_reads_ten_thousand_of_everything_at_once(void **state)
{
	struct text text = {};
	struct config *config;
	double since;
	u32 i;

	(void)state;
	text_add(&text, "checks:\n");
	for (i = 0; i < MANY; i++)
		text_add(&text, "  c%u: {type: tcp}\n", i);
	text_add(&text, "pools:\n");
	for (i = 0; i < MANY; i++)
		text_add(&text, "  p%u: [10.0.0.1]\n", i);
	text_add(&text, "services:\n");
	for (i = 0; i < MANY; i++)
		text_add(&text, "- {name: s%u, vip: 192.0.2.1, port: %u, pool: p%u, checks: c%u}\n",
			 i, i + 1, MANY - 1 - i, i);
	since = seconds();
	config = read_text(text.at);
	assert_quick(since);
	assert_int_equal(config->n_services, MANY);
	assert_ptr_equal(config->service[3].pool, &config->pool[MANY - 4]);
	config_destroy(config);
	free(text.at);
}

static void config_reads_pools_in_pools_however_deep(void **state)
{
	struct text text = {};
	struct config *config;
	u32 i;

	(void)state;
	text_add(&text, "pools:\n");
	for (i = 0; i < MANY; i++)
		text_add(&text, "  p%u: [{pool: p%u}]\n", i, i + 1);
	text_add(&text, "  p%u: [10.0.0.1]\n", i);
	config = read_text(text.at);
	assert_int_equal(config->pool[0].n, 1);
	config_destroy(config);
	free(text.at);
}

static void config_cuts_a_cycle_that_is_too_long_to_be_said(void **state)
{
	struct text text = {};
	size_t len;
	u32 i;

	(void)state;
	text_add(&text, "pools:\n");
	for (i = 0; i < MANY; i++)
		text_add(&text, "  p%u: [{pool: p%u}]\n", i, (i + 1) % MANY);
	assert_null(try_text(text.at));
	len = strlen(error);
	assert_int_equal(len, CONFIG_ERROR_TEXT - 1);
	assert_string_equal(error + len - 3, "...");
	free(text.at);
}

static void config_refuses_pools_that_multiply(void **state)
{
	struct text text = {};
	u32 i;

	(void)state;
	text_add(&text, "pools:\n  a:\n");
	for (i = 0; i < MANY; i++)
		text_add(&text, "  - 10.0.%u.%u\n", i / 250, i % 250 + 1);
	for (i = 0; i < 1000; i++)
		text_add(&text, "  p%u: [{pool: a}]\n", i);
	assert_refused(text.at,
		       FILE_NAME ":10106:3: pools: with it pools have more than 1048576 backends");
	free(text.at);
}

static void config_refuses_aliases_that_multiply(void **state)
{
	struct text text = {};
	u32 i, j;

	(void)state;
	text_add(&text, "a: &a0 [x, x, x, x, x, x, x, x]\n");
	for (i = 1; i < 20; i++) {
		text_add(&text, "b%u: &a%u [", i, i);
		for (j = 0; j < 8; j++)
			text_add(&text, "*a%u,", i - 1);
		text_add(&text, "]\n");
	}
	assert_null(try_text(text.at));
	assert_non_null(strstr(error, "more than 1048576 values"));
	free(text.at);
}

static void config_refuses_more_than_256_anchors(void **state)
{
	struct text text = {};
	u32 i;

	(void)state;
	for (i = 0; i < 257; i++)
		text_add(&text, "a%u: &a%u 1\n", i, i);
	assert_refused(text.at, FILE_NAME ":257:13: more than 256 anchors");
	free(text.at);
}

static void config_refuses_what_is_nested_too_deep(void **state)
{
	struct text text = {};
	u32 i;

	(void)state;
	for (i = 0; i < 33; i++)
		text_add(&text, "[");
	assert_refused(text.at, FILE_NAME ":1:33: nested more than 32 deep");
	free(text.at);
}

static void config_refuses_more_than_16_mib(void **state)
{
	size_t len = 16 * 1024 * 1024 + 1;
	char *text = test_alloc(len);

	(void)state;
	memset(text, '#', len);
	assert_null(try_bytes(text, len));
	assert_string_equal(error, FILE_NAME ": more than 16 MiB");
	free(text);
}

static void config_refuses_lines_of_more_than_1_mib(void **state)
{
	size_t len = 1024 * 1024 + 3;
	char *text = test_alloc(len);

	(void)state;
	memset(text, ' ', len);
	memcpy(text, "#\n", 2);
	assert_null(try_bytes(text, len));
	assert_string_equal(error, FILE_NAME ":2:1: not YAML: a line of more than 1 MiB");
	text[len - 1] = '\n';
	assert_null(try_bytes(text, len - 1));
	assert_non_null(strstr(error, "no value"));
	free(text);
}

static void config_refuses_more_backends_than_the_kernel_has_places(void **state)
{
	struct text text = {};
	u32 i;

	(void)state;
	text_add(&text, "pools:\n  p:\n");
	for (i = 0; i < 65535; i++)
		text_add(&text, "  - 10.0.%u.%u\n", i >> 8, i & 0xff);
	assert_refused(text.at, FILE_NAME ":2:3: pool \"p\": more than 65534 backends");
	free(text.at);
}

static void config_survives_any_byte_changed(void **state)
{
	char changed[sizeof(whole)];
	struct random random;
	size_t i;
	int j;

	(void)state;
	random_init(&random, __func__);
	memcpy(changed, whole, sizeof(whole));
	for (i = 0; i < sizeof(whole) - 1; i++) {
		for (j = 0; j < ROUNDS; j++) {
			changed[i] = j ? "\n :-[]{}\"'*&!|>%#\t0a"[random_below(&random, 21)] :
					 (char)random_u64(&random);
			check_answer(try_bytes(changed, sizeof(whole) - 1));
		}
		changed[i] = whole[i];
	}
}

static void config_survives_any_piece_missing(void **state)
{
	char changed[sizeof(whole)];
	struct random random;
	size_t i, end;

	(void)state;
	random_init(&random, __func__);
	for (i = 0; i < sizeof(whole) - 1; i++) {
		check_answer(try_bytes(whole, i));
		end = i + 1 + random_below(&random, sizeof(whole) - 1 - i);
		memcpy(changed, whole, i);
		memcpy(changed + i, whole + end, sizeof(whole) - 1 - end);
		check_answer(try_bytes(changed, i + sizeof(whole) - 1 - end));
	}
}

static void config_survives_any_allocation_that_fails(void **state)
{
	struct config *config = NULL;
	long i;

	(void)state;
	for (i = 0; !config; i++) {
		memory_left = i;
		config = try_text(whole);
		memory_left = -1;
		if (!config)
			assert_string_equal(error, FILE_NAME ": no memory");
	}
	assert_in_range(i, 100, 10000);
	config_destroy(config);
}

static void text_takes_the_characters_of_utf_8_and_no_others(void **state)
{
	static const struct {
		const char *text;
		size_t bytes;
		u32 number;
	} characters[] = {
		{ "a", 1, 'a' },
		{ "\xc2\x80", 2, 0x80 },
		{ "\xdf\xbf", 2, 0x7ff },
		{ "\xe0\xa0\x80", 3, 0x800 },
		{ "\xef\xbf\xbf", 3, 0xffff },
		{ "\xf0\x90\x80\x80", 4, 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
		{ "\x80", 0, 0 },
		{ "\xc1\xbf", 0, 0 },
		{ "\xc2", 0, 0 },
		{ "\xc2"
		  "a",
		  0, 0 },
		{ "\xe0\x9f\xbf", 0, 0 },
		{ "\xed\xa0\x80", 0, 0 },
		{ "\xf0\x8f\xbf\xbf", 0, 0 },
		{ "\xf4\x90\x80\x80", 0, 0 },
		{ "\xf8\x88\x80\x80\x80", 0, 0 },
	};
	u32 number;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(characters); i++) {
		assert_int_equal(config_text_char(characters[i].text, strlen(characters[i].text),
						  &number),
				 characters[i].bytes);
		if (characters[i].bytes)
			assert_int_equal(number, characters[i].number);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_reads_ten_thousand_backends_at_once),
		cmocka_unit_test(config_reads_ten_thousand_of_everything_at_once),
		cmocka_unit_test(config_reads_pools_in_pools_however_deep),
		cmocka_unit_test(config_cuts_a_cycle_that_is_too_long_to_be_said),
		cmocka_unit_test(config_refuses_pools_that_multiply),
		cmocka_unit_test(config_refuses_aliases_that_multiply),
		cmocka_unit_test(config_refuses_more_than_256_anchors),
		cmocka_unit_test(config_refuses_what_is_nested_too_deep),
		cmocka_unit_test(config_refuses_more_than_16_mib),
		cmocka_unit_test(config_refuses_lines_of_more_than_1_mib),
		cmocka_unit_test(config_refuses_more_backends_than_the_kernel_has_places),
		cmocka_unit_test(config_survives_any_byte_changed),
		cmocka_unit_test(config_survives_any_piece_missing),
		cmocka_unit_test(config_survives_any_allocation_that_fails),
		cmocka_unit_test(text_takes_the_characters_of_utf_8_and_no_others),
	};
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests_name("maglevd_config_limits", tests, enter, leave);
	printf("# %s: MAGLEV_TEST_SEED=%llu\n", failed ? "again with" : "seed",
	       (unsigned long long)test_seed());
	return failed ? 1 : 0;
}
