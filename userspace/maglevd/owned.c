// SPDX-License-Identifier: GPL-2.0-only
/* One service a line, as "tcp 192.0.2.10:80", below "# FILE", which maglevadm names. */
#include "owned.h"

#include <array.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LINE_BYTES = 4096,
};

static int compare(const void *a, const void *b)
{
	return service_key_compare(a, b);
}

bool owned_has(const struct owned *owned, const struct service_key *key)
{
	return owned->n && bsearch(key, owned->key, owned->n, sizeof(*key), compare);
}

int owned_add(struct owned *owned, const struct service_key *key)
{
	struct service_key *grown;
	size_t at;

	if (owned_has(owned, key))
		return 0;
	grown = array_reserve(owned->key, &owned->capacity, owned->n, 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	owned->key = grown;
	for (at = owned->n++; at && compare(&owned->key[at - 1], key) > 0; at--)
		owned->key[at] = owned->key[at - 1];
	owned->key[at] = *key;
	return 0;
}

int owned_read(struct owned *owned, const char *file)
{
	FILE *from = fopen(file, "re");
	char line[LINE_BYTES];
	struct service_key key;
	int err = 0;

	*owned = (struct owned){};
	if (!from)
		return errno == ENOENT ? 0 : -errno;
	while (!err && fgets(line, sizeof(line), from)) {
		line[strcspn(line, "\n")] = 0;
		if (*line == '#')
			continue;
		err = service_key_parse(&key, line) ? owned_add(owned, &key) : -EBADMSG;
	}
	fclose(from);
	return err;
}

static int write_lines(const struct owned *owned, const char *config, FILE *to)
{
	char text[SERVICE_TEXT];
	size_t i;
	int err;

	fprintf(to, "# %s\n", config);
	for (i = 0; i < owned->n; i++)
		fprintf(to, "%s\n", service_key_text(&owned->key[i], text));
	err = fflush(to) || ferror(to) || fsync(fileno(to)) ? -errno : 0;
	fclose(to);
	return err;
}

int owned_write(const struct owned *owned, const char *file, const char *config)
{
	char aside[256];
	FILE *to;
	int err;

	if (snprintf(aside, sizeof(aside), "%s.new", file) >= (int)sizeof(aside))
		return -ENAMETOOLONG;
	to = fopen(aside, "we");
	if (!to)
		return -errno;
	err = write_lines(owned, config, to);
	if (!err && rename(aside, file))
		err = -errno;
	if (err)
		unlink(aside);
	return err;
}

void owned_fini(struct owned *owned)
{
	free(owned->key);
	*owned = (struct owned){};
}
