/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of maglevd's file share: a directory, the file in it, texts that grow. */
#ifndef MAGLEV_TEST_MAGLEVD_CONFIG_H
#define MAGLEV_TEST_MAGLEVD_CONFIG_H

#include "fixture.h"

#include <config.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "maglevd.yaml"

static char tree[4096]; /* where the sources are */
static char directory[] = "/tmp/maglevd-config-XXXXXX";
static char error[CONFIG_ERROR_TEXT];

/* Errors name files as they were given, so that tests know all of an error. */
static int enter(void **state)
{
	(void)state;
	return !getcwd(tree, sizeof(tree)) || !mkdtemp(directory) || chdir(directory);
}

static int leave(void **state)
{
	char command[sizeof(directory) + 16];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", directory);
	return chdir(tree) || system(command);
}

static void write_file(const char *name, const char *text, size_t len, mode_t mode)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(name, mode), 0);
}

/* Return: the configuration, or NULL with @error. */
static struct config *try_bytes(const char *text, size_t len)
{
	struct config *config;

	write_file(FILE_NAME, text, len, 0644);
	memset(error, 'x', sizeof(error));
	config = config_read(FILE_NAME, error);
	assert_non_null(memchr(error, 0, sizeof(error)));
	assert_true(config ? !*error : *error);
	return config;
}

static inline struct config *try_text(const char *text)
{
	return try_bytes(text, strlen(text));
}

static inline struct config *read_text(const char *text)
{
	struct config *config = try_text(text);

	if (!config)
		fail_msg("%s", error);
	return config;
}

/* Where nothing is, has another column in each version of libfyaml. */
static inline void assert_same_refusal(const char *seen, const char *wanted)
{
	const char *seen_after = strstr(seen, ": "), *wanted_after = strstr(wanted, ": ");

	if (!strstr(wanted, "no value") || !seen_after) {
		assert_string_equal(seen, wanted);
		return;
	}
	while (seen_after > seen && seen_after[-1] != ':')
		seen_after--;
	while (wanted_after > wanted && wanted_after[-1] != ':')
		wanted_after--;
	assert_int_equal(seen_after - seen, wanted_after - wanted);
	assert_memory_equal(seen, wanted, wanted_after - wanted);
	assert_string_equal(strstr(seen, ": "), strstr(wanted, ": "));
}

static inline void assert_refused(const char *text, const char *message)
{
	struct config *config = try_text(text);

	if (config)
		fail_msg("accepted, not refused with %s:\n%s", message, text);
	assert_same_refusal(error, message);
}

struct text {
	char *at;
	size_t len, capacity;
};

__attribute__((format(printf, 2, 3))) static inline void text_add(struct text *text,
								  const char *fmt, ...)
{
	va_list args;
	int len;

	if (text->capacity < text->len + 1024) {
		text->capacity = 2 * text->capacity + 4096;
		text->at = realloc(text->at, text->capacity);
		assert_non_null(text->at);
	}
	va_start(args, fmt);
	len = vsnprintf(text->at + text->len, text->capacity - text->len, fmt, args);
	va_end(args);
	assert_in_range(len, 0, 1023);
	text->len += len;
}

#endif
