// SPDX-License-Identifier: GPL-2.0-only
/* Reading keys, and never repeating them. */
#include "key.h"

#include "file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	FILE_BYTES = MAGLEV_KEY_DIGITS + 32, /* what is read at most: more is too long anyway */
};

/* @digits may hold other bytes; the length is given because a NUL may be among them. */
static int check_key(struct maglev_key *key, const char *digits, size_t len, const char *option,
		     const char *word)
{
	size_t i;

	if (len != MAGLEV_KEY_DIGITS)
		return err_refuse_unquoted(NULL, span_of(word), option,
					   "%zu%s characters, expected %d hex digits", len,
					   len == FILE_BYTES ? " or more" : "", MAGLEV_KEY_DIGITS);
	if (!maglev_key_parse(key, digits))
		return STATUS_DONE;
	i = strspn(digits, "0123456789abcdefABCDEF");
	return err_refuse_unquoted(NULL, span_of(word), option,
				   "character %zu is none of the expected %d hex digits", i + 1,
				   MAGLEV_KEY_DIGITS);
}

int key_parse(struct maglev_key *key, const char *digits)
{
	return check_key(key, digits, strlen(digits), "--key", digits);
}

static int refuse_file(const char *file, const char *what, int error)
{
	return err_refuse(NULL, span_of(file), what, "%s",
			  error == EBUSY ? "stdin holds the batch" : strerror(error));
}

int key_read(struct maglev_key *key, const char *file, const char *what)
{
	char digits[FILE_BYTES + 1];
	size_t len = 0;
	ssize_t got;
	int fd;

	fd = file_open(file);
	if (fd < 0)
		return refuse_file(file, what, -fd);
	do {
		got = read(fd, digits + len, FILE_BYTES - len);
		if (got > 0)
			len += got;
	} while ((got > 0 && len < FILE_BYTES) || (got < 0 && errno == EINTR));
	if (got < 0)
		got = -errno;
	file_close(fd);
	if (got < 0)
		return refuse_file(file, what, (int)-got);
	if (len && digits[len - 1] == '\n')
		len--;
	if (len && digits[len - 1] == '\r')
		len--;
	digits[len] = 0;
	return check_key(key, digits, len, what, file);
}

bool key_is_public(const struct maglev_key *key)
{
	return !key->word[0] && !key->word[1];
}
