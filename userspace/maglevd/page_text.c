// SPDX-License-Identifier: GPL-2.0-only
/* Addresses and names come from a file, and why a check failed from whoever answered it. */
#include "page_text.h"

#include <array.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PIECE_BYTES = 1024, /* of page_add() */
	MINUTE = 60,
	HOUR = 60 * MINUTE,
	DAY = 24 * HOUR,
};

static void append(struct page_text *text, const char *from, size_t len)
{
	char *grown;

	if (text->has_failed)
		return;
	grown = array_reserve(text->at, &text->capacity, text->len, len + 1, 1);
	if (!grown) {
		text->has_failed = true;
		return;
	}
	memcpy(grown + text->len, from, len);
	text->at = grown;
	text->len += len;
	text->at[text->len] = 0;
}

void page_put(struct page_text *text, const char *html)
{
	append(text, html, strlen(html));
}

void page_add(struct page_text *text, const char *format, ...)
{
	char piece[PIECE_BYTES];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(piece, sizeof(piece), format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(piece))
		text->has_failed = true;
	else
		append(text, piece, len);
}

/* Return: bytes of the letter that begins here, without a NUL; 0: it is none of UTF-8. */
static size_t letter_len(const u8 *at)
{
	size_t len = *at < 0x80 ? 1 : *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : 2, i;
	u32 code = len == 1 ? *at : *at & (0x7f >> len);
	static const u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	if (len > 1 && (*at < 0xc2 || *at > 0xf4))
		return 0;
	for (i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	/* Controls of the second kind, and what turns the direction of text. */
	if ((code >= 0x7f && code < 0xa0) || (code >= 0x202a && code <= 0x202e) ||
	    (code >= 0x2066 && code <= 0x2069))
		return 0;
	return len;
}

static void escape_html(struct page_text *text, char c)
{
	switch (c) {
	case '<':
		page_put(text, "&lt;");
		return;
	case '>':
		page_put(text, "&gt;");
		return;
	case '&':
		page_put(text, "&amp;");
		return;
	case '"':
		page_put(text, "&quot;");
		return;
	case '\'':
		page_put(text, "&#39;");
		return;
	}
	append(text, (u8)c < ' ' ? " " : &c, 1);
}

static void escape_json(struct page_text *text, char c)
{
	if (c == '"' || c == '\\')
		append(text, "\\", 1);
	if ((u8)c < ' ')
		page_add(text, "\\u%04x", c);
	else
		append(text, &c, 1);
}

static void walk(struct page_text *text, const char *words,
		 void (*escape)(struct page_text *text, char c))
{
	size_t len;

	for (; *words; words += len ?: 1) {
		len = letter_len((const u8 *)words);
		if (len == 1)
			escape(text, *words);
		else if (len)
			append(text, words, len);
		else
			append(text, "?", 1);
	}
}

void page_escape(struct page_text *text, const char *words)
{
	walk(text, words, escape_html);
}

void page_json(struct page_text *text, const char *words)
{
	append(text, "\"", 1);
	walk(text, words, escape_json);
	append(text, "\"", 1);
}

void page_number(struct page_text *text, double value)
{
	static const char *const units[] = { "", " k", " M", " G", " T" };
	size_t unit = 0;

	/* What would be written as 1000 is 1 of the next. */
	for (; value >= 999.5 && unit < sizeof(units) / sizeof(*units) - 1; unit++)
		value /= 1000;
	if (!unit && (value >= 9.95 || value == (u64)value))
		page_add(text, "%.0f", value);
	else
		page_add(text, "%.*f%s",
			 value >= 99.95		 ? 0 :
			 value >= 9.995 || !unit ? 1 :
						   2,
			 value, units[unit]);
}

void page_duration(struct page_text *text, u64 seconds)
{
	if (seconds < MINUTE)
		page_add(text, "%llu s", seconds);
	else if (seconds < HOUR)
		page_add(text, "%llu min", seconds / MINUTE);
	else if (seconds < DAY)
		page_add(text, "%llu h %llu min", seconds / HOUR, seconds % HOUR / MINUTE);
	else
		page_add(text, "%llu d %llu h", seconds / DAY, seconds % DAY / HOUR);
}

char *page_text_take(struct page_text *text)
{
	char *taken = text->has_failed ? NULL : text->at;

	if (text->has_failed)
		free(text->at);
	*text = (struct page_text){};
	return taken;
}
