// SPDX-License-Identifier: GPL-2.0-only
/* Regular expressions, compiled when first seen: few, and shared by the checks of many backends. */
#define _GNU_SOURCE /* tdestroy */
#include "probe_kind.h"

#include <errno.h>
#include <regex.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* More than a file has; those of files read before are then forgotten too. */
	PATTERNS_MAX = 256,
};

struct pattern {
	const char *text; /* first: what they are compared by */
	regex_t regex;
};

/**
 * struct probe_patterns - those compiled
 * @root: a tree of struct pattern
 * @n: in it
 */
struct probe_patterns {
	void *root;
	u32 n;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct pattern *)a)->text, ((const struct pattern *)b)->text);
}

static void destroy(void *at)
{
	struct pattern *pattern = at;

	regfree(&pattern->regex);
	free((char *)pattern->text);
	free(pattern);
}

static struct pattern *compile(const char *text)
{
	struct pattern *pattern = calloc(1, sizeof(*pattern));
	int err;

	errno = ENOMEM;
	if (!pattern)
		return NULL;
	pattern->text = strdup(text);
	if (!pattern->text)
		goto err_free;
	err = regcomp(&pattern->regex, text, REG_EXTENDED | REG_NOSUB);
	if (!err)
		return pattern;
	errno = err == REG_ESPACE ? ENOMEM : EINVAL;
	free((char *)pattern->text);
err_free:
	free(pattern);
	return NULL;
}

static void forget(struct probe_patterns *patterns)
{
	tdestroy(patterns->root, destroy);
	*patterns = (struct probe_patterns){};
}

static struct pattern *find(struct probe_patterns *patterns, const char *text)
{
	struct pattern key = { .text = text }, **found, *pattern;

	found = tfind(&key, &patterns->root, compare);
	if (found)
		return *found;
	if (patterns->n == PATTERNS_MAX)
		forget(patterns);
	pattern = compile(text);
	if (!pattern)
		return NULL;
	if (!tsearch(pattern, &patterns->root, compare)) {
		destroy(pattern);
		errno = ENOMEM;
		return NULL;
	}
	patterns->n++;
	return pattern;
}

int probe_pattern_match(struct probe_patterns *patterns, const char *pattern,
			const struct probe_bytes *bytes)
{
	const struct pattern *found = find(patterns, pattern);
	regmatch_t whole = { .rm_so = 0, .rm_eo = bytes->len };

	if (!found)
		return -errno;
	switch (regexec(&found->regex, bytes->at ?: "", 1, &whole, REG_STARTEND)) {
	case 0:
		return 1;
	case REG_NOMATCH:
		return 0;
	default:
		return -ENOMEM;
	}
}

struct probe_patterns *probe_patterns_create(void)
{
	return calloc(1, sizeof(struct probe_patterns));
}

void probe_patterns_destroy(struct probe_patterns *patterns)
{
	if (!patterns)
		return;
	forget(patterns);
	free(patterns);
}
