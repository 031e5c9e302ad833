// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/config*.c userspace/maglevd/endpoint.c userspace/lib/array.c
// unit-flags: -Iinclude/uapi -Iuserspace/lib -Iuserspace/maglevd -lfyaml
/* The cluster key in maglevd's file: taken from where nobody else can read it, and never shown. */
#include "maglevd_config.h"

#define AT FILE_NAME ":1:21: "
#define KEY "000102030405060708090a0b0c0d0e0f"

static void config_reads_the_key_of_its_file(void **state)
{
	struct maglev_key key;
	struct config *config;
	char text[256];

	(void)state;
	write_file("key", KEY "\n", strlen(KEY) + 1, 0600);
	snprintf(text, sizeof(text), "cluster: {key_file: %s/key}\n", directory);
	config = read_text(text);
	assert_int_equal(maglev_key_parse(&key, KEY), 0);
	assert_true(config->has_key);
	assert_memory_equal(&config->key, &key, sizeof(key));
	config_destroy(config);
}

static void assert_key_refused(const char *digits, mode_t mode, const char *why)
{
	char text[256], message[256];

	write_file("key", digits, strlen(digits), mode);
	snprintf(text, sizeof(text), "cluster: {key_file: %s/key}\n", directory);
	snprintf(message, sizeof(message), AT "cluster: key_file: %s/key: %s", directory, why);
	assert_refused(text, message);
}

static void config_refuses_wrong_keys_without_repeating_them(void **state)
{
	(void)state;
	assert_key_refused("00010203", 0600, "8 characters, expected 32 hex digits");
	assert_key_refused(KEY KEY KEY, 0600, "64 or more characters, expected 32 hex digits");
	assert_key_refused("000102030405060708090a0b0c0d0e0g", 0600,
			   "character 32 is none of the expected 32 hex digits");
	assert_key_refused("", 0600, "0 characters, expected 32 hex digits");
}

static void config_refuses_keys_that_others_can_read_or_write(void **state)
{
	static const mode_t modes[] = { 0640, 0620, 0604, 0602, 0666 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(modes); i++)
		assert_key_refused(KEY, modes[i], "open to group or others, expected mode 0600");
}

static void config_refuses_keys_of_others(void **state)
{
	char text[256], message[256];

	(void)state;
	write_file("key", KEY, strlen(KEY), 0600);
	if (chown("key", 65534, 65534))
		skip();
	snprintf(text, sizeof(text), "cluster: {key_file: %s/key}\n", directory);
	snprintf(message, sizeof(message),
		 AT "cluster: key_file: %s/key: owned by another user, expected root", directory);
	assert_refused(text, message);
	assert_int_equal(unlink("key"), 0);
}

/* Where people may put it instead of into its file. */
static void config_never_repeats_a_key(void **state)
{
	static const char *const texts[] = {
		"cluster: {key_file: " KEY "}\n",
		"cluster: {key: " KEY "}\n",
		"cluster: {" KEY ": key}\n",
		"cluster: " KEY "\n",
		"cluster: {table_size: " KEY "}\n",
		KEY "\n",
		"cluster: {key_file: 0001020304050607}\n",
		"probes: {sources: " KEY "}\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_null(try_text(texts[i]));
		assert_null(strstr(error, "0405"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_reads_the_key_of_its_file),
		cmocka_unit_test(config_refuses_wrong_keys_without_repeating_them),
		cmocka_unit_test(config_refuses_keys_that_others_can_read_or_write),
		cmocka_unit_test(config_refuses_keys_of_others),
		cmocka_unit_test(config_never_repeats_a_key),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("maglevd_config_key", tests, enter, leave) ? 1 : 0;
}
