// SPDX-License-Identifier: GPL-2.0-only
/* Reading the key, and never repeating it: not even where it stands instead of its file's name. */
#include "config_key.h"

#include "config_value.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILE_BYTES = MAGLEV_KEY_DIGITS + 32, /* what is read at most: more is too long anyway */
};

/* Nobody may have read it, or chosen it, but who runs us or may do so anyway. */
static const char *check_access(const struct stat *status)
{
	if (!S_ISREG(status->st_mode))
		return "no regular file";
	if (status->st_uid && status->st_uid != geteuid())
		return "owned by another user, expected root";
	if (status->st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH))
		return "open to group or others, expected mode 0600";
	return NULL;
}

static bool check_digits(struct config_reader *reader, const struct config_node *node,
			 const char *digits, size_t len)
{
	if (len != MAGLEV_KEY_DIGITS)
		return config_refuse(reader, node, "%zu%s characters, expected %d hex digits", len,
				     len == FILE_BYTES ? " or more" : "", MAGLEV_KEY_DIGITS);
	if (!maglev_key_parse(&reader->config->key, digits)) {
		reader->config->has_key = true;
		return true;
	}
	return config_refuse(reader, node, "character %zu is none of the expected %d hex digits",
			     strspn(digits, "0123456789abcdefABCDEF") + 1, MAGLEV_KEY_DIGITS);
}

/* Return: bytes, the line's end not counted; -errno. */
static ssize_t read_line(int fd, char line[FILE_BYTES + 1])
{
	size_t len = 0;
	ssize_t got;

	do {
		got = read(fd, line + len, FILE_BYTES - len);
		if (got > 0)
			len += got;
	} while ((got > 0 && len < FILE_BYTES) || (got < 0 && errno == EINTR));
	if (got < 0)
		return -errno;
	if (len && line[len - 1] == '\n')
		len--;
	if (len && line[len - 1] == '\r')
		len--;
	line[len] = 0;
	return len;
}

static bool read_file(struct config_reader *reader, const struct config_node *node, int fd)
{
	char line[FILE_BYTES + 1];
	const char *wrong;
	struct stat status;
	ssize_t len;
	bool ok;

	if (fd < 0 || fstat(fd, &status))
		return config_refuse(reader, node, "%s", strerror(errno));
	wrong = check_access(&status);
	if (wrong)
		return config_refuse(reader, node, "%s", wrong);
	len = read_line(fd, line);
	ok = len < 0 ? config_refuse(reader, node, "%s", strerror((int)-len)) :
		       check_digits(reader, node, line, len);
	explicit_bzero(line, sizeof(line));
	return ok;
}

bool config_read_key(struct config_reader *reader, const struct config_node *node,
		     const struct config_field *field, void *to)
{
	bool ok;
	int fd;

	(void)field;
	(void)to;
	if (!config_is_text(node, PATH_MAX - 1, ' ', "") || *node->text != '/')
		return config_refuse_unquoted(reader, node,
					      "expected the absolute path of a file with the key");
	/* A pipe must not hold us up. */
	fd = open(node->text, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ok = read_file(reader, node, fd);
	if (fd >= 0)
		close(fd);
	return ok;
}
