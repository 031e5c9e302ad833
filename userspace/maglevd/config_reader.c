// SPDX-License-Identifier: GPL-2.0-only
/* Saying what is wrong, where, in one line that a terminal may show and a log may keep. */
#include "config_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	SHOWN_BYTES = 64, /* of a value */
	SYNTAX_BYTES = 200, /* of what the library says */
};

struct line {
	char *text;
	size_t len;
	bool is_cut;
};

static void append_list(struct line *line, const char *fmt, va_list args)
{
	size_t room = CONFIG_ERROR_TEXT - line->len;
	int wanted = vsnprintf(line->text + line->len, room, fmt, args);

	if (wanted < 0)
		return;
	line->is_cut = line->is_cut || (size_t)wanted >= room;
	line->len += (size_t)wanted < room ? (size_t)wanted : room - 1;
}

__attribute__((format(printf, 2, 3))) static void append(struct line *line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	append_list(line, fmt, args);
	va_end(args);
}

/* The end of a line: an error that was cut says so. */
static bool finish(struct line *line)
{
	if (line->is_cut)
		strcpy(line->text + CONFIG_ERROR_TEXT - sizeof("..."), "...");
	return false;
}

static struct line begin(const struct config_reader *reader, u32 row, u32 column)
{
	struct line line = { .text = reader->error };

	append(&line, "%s:%u:%u: ", reader->file, row, column);
	return line;
}

static void append_place(struct line *line, const struct config_place *place)
{
	if (!place)
		return;
	append_place(line, place->outer);
	if (place->name)
		append(line, "%s \"%s\": ", place->word, place->name);
	else
		append(line, "%s: ", place->word);
}

static void append_shown(struct line *line, const char *text, size_t len, size_t most)
{
	size_t i;

	for (i = 0; i < len && i < most; i++)
		append(line, text[i] >= ' ' && text[i] <= '~' ? "%c" : "\\x%02x", (u8)text[i]);
	if (i < len)
		append(line, "...");
}

/* So many hex digits in a row, wherever they stand, may be somebody's key. */
static bool is_secret(const char *text, size_t len)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	size_t i, run = 0;

	for (i = 0; i < len && run < MAGLEV_KEY_DIGITS; i++)
		run = memchr(digits, text[i], sizeof(digits) - 1) ? run + 1 : 0;
	return run >= MAGLEV_KEY_DIGITS;
}

static void append_value(struct line *line, const struct config_node *node)
{
	if (node->kind != CONFIG_SCALAR)
		append(line, node->kind == CONFIG_LIST ? "a list" : "a mapping");
	else if (config_node_is_null(node))
		append(line, "no value");
	else if (!node->len)
		append(line, "\"\"");
	else if (is_secret(node->text, node->len))
		append(line, "hex digits that may be a key");
	else
		append_shown(line, node->text, node->len, SHOWN_BYTES);
	append(line, ": ");
}

bool config_refuse(struct config_reader *reader, const struct config_node *at, const char *fmt, ...)
{
	struct line line = begin(reader, at->line, at->column);
	va_list args;

	append_place(&line, reader->place);
	append_value(&line, at);
	va_start(args, fmt);
	append_list(&line, fmt, args);
	va_end(args);
	return finish(&line);
}

bool config_refuse_unquoted(struct config_reader *reader, const struct config_node *at,
			    const char *fmt, ...)
{
	struct line line = begin(reader, at->line, at->column);
	va_list args;

	append_place(&line, reader->place);
	va_start(args, fmt);
	append_list(&line, fmt, args);
	va_end(args);
	return finish(&line);
}

bool config_refuse_key(struct config_reader *reader, const struct config_node *key, const char *fmt,
		       ...)
{
	struct line line = begin(reader, key->next->line, key->next->column);
	va_list args;

	append_place(&line, reader->place);
	append(&line, "%s: ", key->text);
	append_value(&line, key->next);
	va_start(args, fmt);
	append_list(&line, fmt, args);
	va_end(args);
	return finish(&line);
}

bool config_refuse_syntax(struct config_reader *reader, u32 line_at, u32 column, const char *text)
{
	struct line line = begin(reader, line_at, column);

	append(&line, "not YAML: ");
	append_shown(&line, text, strcspn(text, "\n"), SYNTAX_BYTES);
	return finish(&line);
}

bool config_refuse_file(struct config_reader *reader, const char *text)
{
	struct line line = { .text = reader->error };

	append(&line, "%s: %s", reader->file, text);
	return finish(&line);
}

bool config_refuse_memory(struct config_reader *reader)
{
	return config_refuse_file(reader, "no memory");
}

void *config_keep(struct config_reader *reader, size_t n, size_t size)
{
	void *memory = config_memory_get(reader->keep, n, size);

	if (!memory)
		config_refuse_memory(reader);
	return memory;
}

void *config_scratch(struct config_reader *reader, size_t n, size_t size)
{
	void *memory = config_memory_get(reader->scratch, n, size);

	if (!memory)
		config_refuse_memory(reader);
	return memory;
}
