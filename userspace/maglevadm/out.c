// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON is gathered in cJSON and printed when complete; text goes to stdio at once, but
 * for lists, whose cells are kept until the widths of their columns are known.
 */
#include "out.h"

#include "array.h"
#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LABEL_WIDTH = 13,
	LABEL_BYTES = 64,
	CELL_BYTES = 128,
	COLUMNS_MAX = 16,
};

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

static void add_item(struct out *out, const char *key, cJSON *item)
{
	if (!out->row && !out->root)
		out->root = cJSON_CreateObject();
	if (item && cJSON_AddItemToObject(out->row ? out->row : out->root, key, item))
		return;
	cJSON_Delete(item);
	out->no_memory = true;
}

void out_json_string(struct out *out, const char *key, const char *value)
{
	if (out->json)
		add_item(out, key, value ? cJSON_CreateString(value) : cJSON_CreateNull());
}

void out_json_number(struct out *out, const char *key, u64 value)
{
	if (out->json)
		add_item(out, key, cJSON_CreateNumber(value));
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
		if (*c == '_')
			*c = ' ';
	printf("%-*s  %s\n", LABEL_WIDTH, label, text);
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
	char digits[17];

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

void out_list_begin(struct out *out, const char *key, const struct out_column *columns,
		    unsigned int n_columns)
{
	out->rows = 0;
	if (out->json) {
		out->list = cJSON_CreateArray();
		add_item(out, key, out->list);
	} else {
		out->columns = columns;
		out->n_columns = n_columns;
	}
}

void out_stream(struct out *out)
{
	out->stream = true;
}

void out_row_begin(struct out *out)
{
	out->rows++;
	if (!out->json)
		return;
	out->row = cJSON_CreateObject();
	if (!out->row)
		out->no_memory = true;
}

static void keep_row(struct out *out, cJSON *row)
{
	if (!out->no_memory && cJSON_AddItemToArray(out->list, row))
		return;
	cJSON_Delete(row);
	out->no_memory = true;
}

static void print_row(struct out *out, cJSON *row)
{
	char *text = cJSON_PrintUnformatted(row);

	if (text)
		printf("%s%s", out->rows == 1 ? "[\n" : ",\n", text);
	else
		out->no_memory = true;
	cJSON_free(text);
	cJSON_Delete(row);
}

void out_row_end(struct out *out)
{
	cJSON *row = out->row;

	out->row = NULL;
	if (out->json && out->stream)
		print_row(out, row);
	else if (out->json)
		keep_row(out, row);
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

static void print_cell(const struct out *out, unsigned int column, int width, const char *text)
{
	bool last = column == out->n_columns - 1;

	if (out->columns[column].align == OUT_RIGHT)
		printf("%*s", width, text);
	else if (last)
		fputs(text, stdout);
	else
		printf("%-*s", width, text);
	fputs(last ? "\n" : "  ", stdout);
}

void out_list_end(struct out *out)
{
	const char *cell = out->cells, *end = out->cells + out->cells_len;
	int width[COLUMNS_MAX] = {};
	unsigned int column;

	if (!out->json && !out->no_memory) {
		measure_columns(out, width);
		putchar('\n');
		for (column = 0; column < out->n_columns; column++)
			print_cell(out, column, width[column], out->columns[column].heading);
		for (column = 0; cell < end; column = (column + 1) % out->n_columns) {
			print_cell(out, column, width[column], cell);
			cell += strlen(cell) + 1;
		}
	}
	out->columns = NULL;
	out->cells_len = 0;
}

static void print_json(struct out *out)
{
	char *text;

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
