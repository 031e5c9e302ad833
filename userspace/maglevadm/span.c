// SPDX-License-Identifier: GPL-2.0-only
/* Cutting text into words and numbers without copying it. */
#include "span.h"

#include <string.h>

struct span span_of(const char *text)
{
	struct span span = { .at = text, .len = strlen(text) };

	return span;
}

bool span_is(struct span span, const char *text)
{
	return span.len == strlen(text) && !memcmp(span.at, text, span.len);
}

struct span span_cut(struct span span, char separator, struct span *rest)
{
	const char *cut = memchr(span.at, separator, span.len);

	rest->at = NULL;
	rest->len = 0;
	if (!cut)
		return span;
	rest->at = cut + 1;
	rest->len = span.at + span.len - rest->at;
	span.len = cut - span.at;
	return span;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

struct span span_word(struct span *rest)
{
	const char *end = rest->at + rest->len;
	struct span word = *rest;

	while (word.at < end && is_blank(*word.at))
		word.at++;
	word.len = 0;
	while (word.at + word.len < end && !is_blank(word.at[word.len]))
		word.len++;
	rest->at = word.at + word.len;
	rest->len = end - rest->at;
	return word;
}

bool span_number(struct span span, u64 *value)
{
	size_t i;
	u64 digit;

	*value = 0;
	for (i = 0; i < span.len; i++) {
		if (span.at[i] < '0' || span.at[i] > '9')
			return false;
		digit = span.at[i] - '0';
		if (*value > (~0ULL - digit) / 10)
			*value = ~0ULL;
		else
			*value = *value * 10 + digit;
	}
	return span.len;
}
