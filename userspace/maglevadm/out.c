// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON is gathered in cJSON and printed when complete; text goes to stdio at once, but
 * for lists, whose cells are kept until the widths of their columns are known.
 */
#include "out.h"

#include "err.h"

#include <array.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TERMINAL_ERASE "\r\033[K" /* the line that the cursor is in */

enum {
	LABEL_WIDTH = 14,
	LABEL_BYTES = 64,
	CELL_BYTES = 256,
	NUMBER_BYTES = 24,
	REAL_BYTES = 352, /* the largest double */
	COLUMNS_MAX = 16,
	GAP = 2, /* blanks between columns */
};

static const u64 DOUBLE_EXACT = 1ULL << 53;

void out_init(struct out *out, bool json)
{
	memset(out, 0, sizeof(*out));
	out->json = json;
}

bool out_failed(const struct out *out)
{
	return out->no_memory || ferror(stdout);
}

void out_flush(void)
{
	fflush(stdout);
}

/* Numbers beyond what a double holds keep their digits. */
static cJSON *create_number(u64 value)
{
	char digits[NUMBER_BYTES];

	if (value <= DOUBLE_EXACT)
		return cJSON_CreateNumber(value);
	snprintf(digits, sizeof(digits), "%llu", value);
	return cJSON_CreateRaw(digits);
}

static bool put_item(struct out *out, const char *key, cJSON *item)
{
	cJSON *inside;

	if (!item)
		return false;
	if (!out->depth && !out->root) {
		out->root = key ? cJSON_CreateObject() : item;
		if (!key)
			return true;
	}
	inside = out->depth ? out->open[out->depth - 1] : out->root;
	return cJSON_IsArray(inside) ? cJSON_AddItemToArray(inside, item) :
				       cJSON_AddItemToObject(inside, key, item);
}

static void add_item(struct out *out, const char *key, cJSON *item)
{
	if (!out->no_memory && put_item(out, key, item))
		return;
	cJSON_Delete(item);
	out->no_memory = true;
}

/* What follows is inside of @item, which belongs to somebody already or goes out alone. */
static void push(struct out *out, cJSON *item)
{
	if (!item || out->depth == OUT_DEPTH)
		out->no_memory = true;
	else if (!out->no_memory)
		out->open[out->depth++] = item;
}

static cJSON *pop(struct out *out)
{
	return out->no_memory ? NULL : out->open[--out->depth];
}

void out_json_string(struct out *out, const char *key, const char *value)
{
	if (out->json)
		add_item(out, key, value ? cJSON_CreateString(value) : cJSON_CreateNull());
}

void out_json_number(struct out *out, const char *key, u64 value)
{
	if (out->json)
		add_item(out, key, create_number(value));
}

void out_json_hex(struct out *out, const char *key, u64 value)
{
	char digits[OUT_HEX];

	snprintf(digits, sizeof(digits), "%016llx", value);
	out_json_string(out, key, digits);
}

void out_json_real(struct out *out, const char *key, double value)
{
	char digits[REAL_BYTES];

	if (!out->json)
		return;
	snprintf(digits, sizeof(digits), "%.3f", value);
	add_item(out, key, cJSON_CreateRaw(digits));
}

void out_answer(struct out *out, cJSON *answer)
{
	add_item(out, NULL, answer);
}

void out_object_begin(struct out *out, const char *key)
{
	cJSON *object;

	if (!out->json)
		return;
	object = cJSON_CreateObject();
	add_item(out, key, object);
	push(out, object);
}

void out_object_end(struct out *out)
{
	if (out->json)
		pop(out);
}

static void add_cell(struct out *out, const char *text)
{
	size_t len = strlen(text) + 1;
	char *grown;

	grown = array_reserve(out->cells, &out->cells_capacity, out->cells_len, len, 1);
	if (!grown) {
		out->no_memory = true;
		return;
	}
	memcpy(grown + out->cells_len, text, len);
	out->cells = grown;
	out->cells_len += len;
}

/* A key's words label its line. */
static void put_text(struct out *out, const char *key, const char *text)
{
	char label[LABEL_BYTES], *c;

	if (out->columns) {
		add_cell(out, text);
		return;
	}
	snprintf(label, sizeof(label), "%s", key);
	for (c = label; *c; c++)
		if (*c == '_' || *c == '-')
			*c = ' ';
	printf("%-*s  %s\n", LABEL_WIDTH, label, text);
	out->labels = true;
}

void out_string(struct out *out, const char *key, const char *value)
{
	out_json_string(out, key, value);
	if (!out->json)
		put_text(out, key, value ? value : "none");
}

void out_number(struct out *out, const char *key, u64 value, const char *unit)
{
	out_json_number(out, key, value);
	out_text(out, key, "%llu%s%s", value, unit ? " " : "", unit ? unit : "");
}

void out_hex(struct out *out, const char *key, u64 value)
{
	char digits[OUT_HEX];

	snprintf(digits, sizeof(digits), "%016llx", value);
	out_string(out, key, digits);
}

void out_text(struct out *out, const char *label, const char *fmt, ...)
{
	char text[CELL_BYTES];
	va_list args;

	if (out->json)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	put_text(out, label, text);
}

void out_line(const struct out *out, const char *fmt, ...)
{
	va_list args;

	if (out->json)
		return;
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

bool out_is_terminal(const struct out *out)
{
	return !out->json && isatty(STDOUT_FILENO);
}

void out_progress(struct out *out, const char *fmt, ...)
{
	va_list args;

	if (out->json)
		return;
	out->rewriting = out_is_terminal(out);
	if (out->rewriting)
		fputs(TERMINAL_ERASE, stdout);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	if (!out->rewriting)
		putchar('\n');
	fflush(stdout);
}

void out_progress_end(struct out *out)
{
	if (out->rewriting)
		fputs(TERMINAL_ERASE, stdout);
	out->rewriting = false;
}

void out_list_begin(struct out *out, const char *key, const struct out_column *columns,
		    unsigned int n_columns)
{
	cJSON *list;

	if (out->json) {
		list = cJSON_CreateArray();
		add_item(out, key, list);
		push(out, list);
	} else {
		out->columns = columns;
		out->n_columns = n_columns;
	}
}

void out_stream(struct out *out)
{
	out->stream = true;
}

void out_lines(struct out *out)
{
	out->stream = true;
	out->lines = true;
}

void out_row_begin(struct out *out)
{
	cJSON *row;

	out->rows++;
	if (!out->json)
		return;
	row = cJSON_CreateObject();
	if (!out->stream)
		add_item(out, NULL, row);
	push(out, row);
}

static void print_row(struct out *out, cJSON *row)
{
	const char *before = out->lines ? "" : out->rows == 1 ? "[\n" : ",\n";
	char *text = cJSON_PrintUnformatted(row);

	if (text)
		printf("%s%s%s", before, text, out->lines ? "\n" : "");
	else
		out->no_memory = true;
	cJSON_free(text);
	cJSON_Delete(row);
}

void out_row_end(struct out *out)
{
	cJSON *row = out->json ? pop(out) : NULL;

	if (row && out->stream)
		print_row(out, row);
	if (out->lines)
		fflush(stdout);
	if (ferror(stdout) && !out->error)
		out->error = errno;
}

static void measure_columns(const struct out *out, int *width)
{
	const char *cell = out->cells, *end = out->cells + out->cells_len;
	unsigned int column;
	int len;

	for (column = 0; column < out->n_columns; column++)
		width[column] = strlen(out->columns[column].heading);
	for (column = 0; cell < end; column = (column + 1) % out->n_columns) {
		len = strlen(cell);
		if (len > width[column])
			width[column] = len;
		cell += len + 1;
	}
}

static void print_blanks(int n)
{
	while (n-- > 0)
		putchar(' ');
}

/* Print a cell behind @blanks. Return: how many go in front of the next one. */
static int print_cell(const struct out *out, unsigned int column, int width, int blanks,
		      const char *text)
{
	int left = width - (int)strlen(text);

	if (out->columns[column].align == OUT_RIGHT) {
		blanks += left;
		left = 0;
	}
	if (*text) {
		print_blanks(blanks);
		fputs(text, stdout);
		blanks = 0;
	}
	if (column < out->n_columns - 1)
		return blanks + left + GAP;
	putchar('\n');
	return 0;
}

static void print_list(const struct out *out)
{
	const char *cell = out->cells, *end = out->cells + out->cells_len;
	int width[COLUMNS_MAX] = {}, blanks = 0;
	unsigned int column;

	measure_columns(out, width);
	if (out->labels)
		putchar('\n');
	for (column = 0; column < out->n_columns; column++)
		blanks = print_cell(out, column, width[column], blanks,
				    out->columns[column].heading);
	for (column = 0; cell < end; column = (column + 1) % out->n_columns) {
		blanks = print_cell(out, column, width[column], blanks, cell);
		cell += strlen(cell) + 1;
	}
}

void out_list_end(struct out *out)
{
	if (out->json)
		pop(out);
	else if (!out->no_memory && out->columns)
		print_list(out);
	out->columns = NULL;
	out->cells_len = 0;
}

static void print_json(struct out *out)
{
	char *text;

	if (out->lines)
		return;
	if (out->stream) {
		puts(out->rows ? "\n]" : "[]");
		return;
	}
	text = out->root ? cJSON_Print(out->root) : NULL;
	if (text)
		puts(text);
	else
		out->no_memory = true;
	cJSON_free(text);
}

int out_fini(struct out *out, int status)
{
	bool begun = out->stream && out->rows;

	if (out->json && !out->no_memory && (!status || begun))
		print_json(out);
	cJSON_Delete(out->root);
	free(out->cells);
	if (status)
		return status;
	if (out->no_memory)
		return err_memory();
	if (fflush(stdout) && !out->error)
		out->error = errno;
	if (out->error || ferror(stdout))
		return err_fail("stdout", out->error ? out->error : EIO);
	return STATUS_DONE;
}
