// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errors repeat the input with a caret under the word. The command line may hold a key,
 * and a file may be a key file given by mistake: what is or looks like one is shown as
 * asterisks, and what a terminal could act on as question marks, a column each.
 */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEYLIKE_DIGITS = 24, /* so many hex digits in a row are a key, or a piece of one */
	SHOWN_COLUMNS = 200, /* of a longer line, what surrounds the caret */
	SHOWN_BEFORE = 100, /* the caret */
	SHOWN_VALUE = 100, /* bytes of a quoted value */
};

/* The input as it is shown. */
struct view {
	char *text;
	size_t len;
	size_t caret;
	size_t value, value_len;
	bool placed; /* the caret is in it */
};

static struct err_place place;

struct err_place err_init(struct err_place now)
{
	struct err_place before = place;

	place = now;
	return before;
}

/* What every line begins with. */
static void print_place(void)
{
	fflush(stdout);
	fputs("maglevadm: ", stderr);
	if (place.file)
		fprintf(stderr, "%s:%lu: ", place.file, place.line);
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static void show_byte(struct view *view, char c)
{
	if (c == '\t')
		c = ' ';
	view->text[view->len++] = c >= ' ' && c <= '~' ? c : '?';
}

static void mask_keylike(struct view *view)
{
	size_t start, end;

	for (start = 0; start < view->len; start = end + 1) {
		for (end = start; end < view->len && is_hex(view->text[end]);)
			end++;
		if (end - start >= KEYLIKE_DIGITS)
			memset(view->text + start, '*', end - start);
	}
}

/* Where the key starts in a word of the command line, if it holds one; --k and --ke count. */
static const char *find_key(int i)
{
	static const char *const names[] = { "--key", "--ke", "--k" };
	size_t n, len;

	for (n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		len = strlen(names[n]);
		if (i > 0 && !strcmp(place.word[i - 1], names[n]))
			return place.word[i];
		if (!strncmp(place.word[i], names[n], len) && place.word[i][len] == '=')
			return place.word[i] + len + 1;
	}
	return NULL;
}

static bool needs_quotes(const char *text)
{
	return !*text || strpbrk(text, " \t\n\"'");
}

/* Quote what the caret is under; where that is nothing, the word around it. */
static void place_value(struct view *view, size_t caret, struct span at, size_t start, size_t end)
{
	view->placed = true;
	view->caret = caret;
	view->value = at.len ? caret : start;
	view->value_len = at.len ? at.len : end - start;
}

static void show_word(struct view *view, int i, struct span at)
{
	const char *c, *key = find_key(i);
	bool quotes = needs_quotes(place.word[i]);
	size_t start;

	if (i)
		view->text[view->len++] = ' ';
	if (quotes)
		view->text[view->len++] = '"';
	start = view->len;
	for (c = place.word[i]; *c; c++)
		show_byte(view, key && c >= key ? '*' : *c);
	if (at.at >= place.word[i] && at.at <= c)
		place_value(view, start + (at.at - place.word[i]), at, start, view->len);
	if (quotes)
		view->text[view->len++] = '"';
}

static void show_command(struct view *view, struct span at)
{
	size_t room = 1;
	int i;

	for (i = 0; i < place.words; i++)
		room += strlen(place.word[i]) + sizeof(" \"\"");
	view->text = malloc(room);
	if (!view->text)
		return;
	for (i = 0; i < place.words; i++)
		show_word(view, i, at);
	if (!at.at) {
		view->caret = view->len + 1;
		view->placed = true;
	}
}

static void show_line(struct view *view, const struct input *input, struct span at)
{
	size_t i, caret = at.at - input->text, start = caret, end = caret;

	view->text = malloc(input->len + 1);
	if (!view->text)
		return;
	for (i = 0; i < input->len; i++)
		show_byte(view, input->text[i]);
	while (start && view->text[start - 1] != ' ')
		start--;
	while (end < view->len && view->text[end] != ' ')
		end++;
	place_value(view, caret, at, start, end);
}

static void print_value(const struct view *view)
{
	int len = view->value_len < SHOWN_VALUE ? view->value_len : SHOWN_VALUE;

	if (view->placed)
		fprintf(stderr, "\"%.*s\"%s: ", len, view->text + view->value,
			view->value_len > SHOWN_VALUE ? "..." : "");
}

static void print_view(const struct view *view)
{
	size_t start = 0, len = view->len, indent;

	if (!view->placed)
		return;
	if (len > SHOWN_COLUMNS) {
		start = view->caret > SHOWN_BEFORE ? view->caret - SHOWN_BEFORE : 0;
		len = len - start < SHOWN_COLUMNS ? len - start : SHOWN_COLUMNS;
	}
	indent = view->caret - start + (start ? strlen("...") : 0);
	fprintf(stderr, "  %s%.*s%s\n", start ? "..." : "", (int)len, view->text + start,
		start + len < view->len ? "..." : "");
	fprintf(stderr, "  %*s^\n", (int)indent, "");
}

static int refuse(const struct input *input, struct span at, bool quoted, const char *what,
		  const char *fmt, va_list args)
{
	struct view view = {};

	if (!input)
		show_command(&view, at);
	else if (input->text && at.at)
		show_line(&view, input, at);
	mask_keylike(&view);
	print_place();
	if (input)
		fprintf(stderr, "%s:%lu:%zu: ", input->file, input->line,
			input->column + view.caret);
	fprintf(stderr, "%s: ", what);
	if (quoted)
		print_value(&view);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	print_view(&view);
	free(view.text);
	return STATUS_REFUSED;
}

int err_refuse(const struct input *input, struct span at, const char *what, const char *fmt, ...)
{
	va_list args;
	int status;

	va_start(args, fmt);
	status = refuse(input, at, true, what, fmt, args);
	va_end(args);
	return status;
}

int err_refuse_unquoted(const struct input *input, struct span at, const char *what,
			const char *fmt, ...)
{
	va_list args;
	int status;

	va_start(args, fmt);
	status = refuse(input, at, false, what, fmt, args);
	va_end(args);
	return status;
}

int err_deny(struct span at, const char *what, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	refuse(NULL, at, at.len, what, fmt, args);
	va_end(args);
	return STATUS_FAILED;
}

unsigned long err_argument(const char *at)
{
	int i;

	for (i = 1; i < place.words; i++)
		if (at >= place.word[i] && at <= place.word[i] + strlen(place.word[i]))
			return i;
	return 0;
}

int err_say(const char *fmt, ...)
{
	va_list args;

	print_place();
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return STATUS_FAILED;
}

int err_fail(const char *what, int error)
{
	return err_say("%s: %s", what, strerror(error));
}

int err_memory(void)
{
	return err_say("out of memory");
}

void err_warn(const char *fmt, ...)
{
	va_list args;

	print_place();
	fputs("warning: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

void err_usage(const char *synopsis)
{
	fprintf(stderr, "usage: maglevadm %s\n", synopsis);
}
