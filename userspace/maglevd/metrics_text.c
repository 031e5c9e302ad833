// SPDX-License-Identifier: GPL-2.0-only
#include "metrics_text.h"

#include <stdlib.h>
#include <string.h>

enum {
	ROOM_FIRST = 64 * 1024,
	NUMBER_CHARS = 20 + 1 + METRICS_DECIMALS_MAX + 1,
};

static bool make_room(struct metrics_text *text, size_t len)
{
	size_t size = text->size ?: ROOM_FIRST;
	char *at;

	if (text->has_failed)
		return false;
	if (text->len + len <= text->size)
		return true;
	while (size < text->len + len)
		size *= 2;
	at = realloc(text->at, size);
	if (!at) {
		text->has_failed = true;
		return false;
	}
	text->at = at;
	text->size = size;
	return true;
}

static void add_bytes(struct metrics_text *text, const char *bytes, size_t len)
{
	if (!make_room(text, len))
		return;
	memcpy(text->at + text->len, bytes, len);
	text->len += len;
}

static void add(struct metrics_text *text, const char *string)
{
	add_bytes(text, string, strlen(string));
}

void metrics_family(struct metrics_text *text, const char *name, enum metrics_type type,
		    const char *help)
{
	const char *suffix = type == METRICS_COUNTER && text->format == METRICS_PLAIN ? "_total" :
											"";

	text->family = name;
	text->type = type;
	add(text, "# HELP ");
	add(text, name);
	add(text, suffix);
	add(text, " ");
	add(text, help);
	add(text, "\n# TYPE ");
	add(text, name);
	add(text, suffix);
	add(text, type == METRICS_COUNTER ? " counter\n" : " gauge\n");
}

/* 150000, 6: 0.150000. There are many of them, and printf is slow. */
static void add_number(struct metrics_text *text, u64 value, unsigned int decimals)
{
	char digits[NUMBER_CHARS], *at = digits + sizeof(digits);
	unsigned int n = 0;

	do {
		if (n && n == decimals)
			*--at = '.';
		*--at = '0' + value % 10;
		value /= 10;
		n++;
	} while (value || n <= decimals);
	add_bytes(text, at, digits + sizeof(digits) - at);
}

void metrics_sample(struct metrics_text *text, const char *labels, u64 value, unsigned int decimals)
{
	add(text, text->family);
	if (text->type == METRICS_COUNTER)
		add(text, "_total");
	if (*labels) {
		add(text, "{");
		add(text, labels);
		add(text, "}");
	}
	add(text, " ");
	add_number(text, value, decimals);
	add(text, "\n");
}

char *metrics_end(struct metrics_text *text)
{
	if (text->format == METRICS_OPEN)
		add(text, "# EOF\n");
	add_bytes(text, "", 1);
	if (!text->has_failed)
		return text->at;
	free(text->at);
	return NULL;
}

/* Return: what stands for a byte of a value. */
static const char *escape(char byte, char plain[2])
{
	switch (byte) {
	case '\\':
		return "\\\\";
	case '"':
		return "\\\"";
	case '\n':
		return "\\n";
	default:
		plain[0] = byte;
		plain[1] = 0;
		return plain;
	}
}

void metrics_label(char *labels, const char *name, const char *value)
{
	size_t at = strlen(labels), end = METRICS_LABELS - sizeof("\""), len;
	const char *comma = at ? "," : "", *piece;
	char plain[2];

	if (at + strlen(comma) + strlen(name) + strlen("=\"") > end)
		return;
	at = stpcpy(stpcpy(stpcpy(labels + at, comma), name), "=\"") - labels;
	for (; *value; value++) {
		piece = escape(*value, plain);
		len = strlen(piece);
		if (at + len > end)
			break;
		memcpy(labels + at, piece, len);
		at += len;
	}
	strcpy(labels + at, "\"");
}
