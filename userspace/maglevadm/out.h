/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Answers on stdout: text for people, aligned, or JSON with fixed keys. A command says
 * each thing once where both show it. Errors stick until out_fini() tells.
 */
#ifndef MAGLEVADM_OUT_H
#define MAGLEVADM_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <cjson/cJSON.h>
#include <maglev/env.h>

enum out_align {
	OUT_LEFT,
	OUT_RIGHT,
};

enum {
	OUT_DEPTH = 8,
	OUT_HEX = 17, /* 16 digits and a NUL */
};

/* A column of a list's text. */
struct out_column {
	const char *heading;
	enum out_align align;
};

struct out {
	bool json;
	bool stream;
	bool lines; /* the stream is JSON lines, not an array */
	bool no_memory;
	int error; /* of the first write that failed, while rows go out */
	bool rewriting; /* the cursor is behind an out_progress() */
	bool labels; /* text has lines with labels, from which a list keeps off */
	unsigned long rows;
	cJSON *root; /* the whole answer */
	cJSON *open[OUT_DEPTH]; /* what is being filled, innermost last */
	unsigned int depth;
	const struct out_column *columns; /* in a list: what its cells belong to */
	unsigned int n_columns;
	char *cells; /* strings, each ended by NUL */
	size_t cells_len, cells_capacity;
};

void out_init(struct out *out, bool json);

/*
 * End the answer and write it, unless it was refused before it began.
 *
 * Return: @status if it is not STATUS_DONE; else STATUS_FAILED, said, if anything went
 * wrong since out_init().
 */
int out_fini(struct out *out, int status);

/* Has writing failed? Long answers ask, and stop. */
bool out_failed(const struct out *out);

/* Let the reader have what there is. */
void out_flush(void);

/*
 * Values for both: in JSON by key; in text a cell, or outside of lists a line that the
 * key labels. A NULL string is JSON's null; a unit is for text and may be NULL.
 */
void out_string(struct out *out, const char *key, const char *value);
void out_number(struct out *out, const char *key, u64 value, const char *unit);
void out_hex(struct out *out, const char *key, u64 value); /* 16 digits */

/* Values for one of the two. */
void out_json_string(struct out *out, const char *key, const char *value);
void out_json_number(struct out *out, const char *key, u64 value);
void out_json_hex(struct out *out, const char *key, u64 value);
void out_json_real(struct out *out, const char *key, double value); /* three decimals */
__attribute__((format(printf, 3, 4))) void out_text(struct out *out, const char *label,
						    const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void out_line(const struct out *out, const char *fmt, ...);

/*
 * How far something is: on a terminal, where out_is_terminal(), a line that the next one takes the
 * place of, and that out_progress_end() takes away; elsewhere lines, flushed.
 */
bool out_is_terminal(const struct out *out);
__attribute__((format(printf, 2, 3))) void out_progress(struct out *out, const char *fmt, ...);
void out_progress_end(struct out *out);

/* In JSON, what somebody else has put together is the whole answer; it is the answer's from then on. */
void out_answer(struct out *out, cJSON *answer);

/* In JSON, an object under a key; text sees nothing of it. */
void out_object_begin(struct out *out, const char *key);
void out_object_end(struct out *out);

/*
 * A list under a key; with key NULL, which is for the whole answer, the answer is the list. In text
 * every row has a cell for each column; without columns, rows are out_line().
 */
void out_list_begin(struct out *out, const char *key, const struct out_column *columns,
		    unsigned int n_columns);
void out_list_end(struct out *out);

/* The whole answer is a list, whose rows go out one by one; their text is out_line(). */
void out_stream(struct out *out);

/* The same, with each row a line of JSON that is flushed at its end. */
void out_lines(struct out *out);

void out_row_begin(struct out *out);
void out_row_end(struct out *out);

#endif
