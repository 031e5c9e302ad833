/* SPDX-License-Identifier: GPL-2.0-only */
/* What is said on stderr: refusals with a caret under the word, failures, warnings. */
#ifndef MAGLEVADM_ERR_H
#define MAGLEVADM_ERR_H

#include "span.h"

/* The exit status of every command. */
enum status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1, /* refused by the plane, no plane, no memory, a write error */
	STATUS_REFUSED = 2, /* bad input or usage */
	STATUS_FORCED = 3, /* a drain that was waited for had no time any more */
	STATUS_ENDED = 4, /* somebody else has ended such a drain */
	STATUS_FAULTY = 5, /* doctor has found faults */
	STATUS_DOUBTFUL = 6, /* it has found warnings and no fault */
};

/*
 * What a span is part of: a line of a file, or, where input is NULL, the command line.
 * A @text that was kept without what stood before it starts at @column.
 */
struct input {
	const char *file;
	unsigned long line; /* from 1 */
	const char *text;
	size_t len;
	size_t column; /* of the text's first byte, from 1 */
};

/* The words a refusal repeats: a command line, or a line of a batch as if it were one. */
struct err_place {
	int words;
	char **word;
	const char *file; /* NULL: the command line */
	unsigned long line;
};

/* Tell which words a refusal repeats, until told otherwise. Return: what it was told before. */
struct err_place err_init(struct err_place place);

/*
 * Say what: "value": what is accepted, then repeat the input with a caret under @at. A
 * span of length 0 that starts at NULL stands for the end of the command line. Answers
 * so far are flushed first. Keys are never repeated.
 *
 * Return: STATUS_REFUSED.
 */
__attribute__((format(printf, 4, 5))) int err_refuse(const struct input *input, struct span at,
						     const char *what, const char *fmt, ...);

/* The same without the value: where it is missing or secret. */
__attribute__((format(printf, 4, 5))) int err_refuse_unquoted(const struct input *input,
							      struct span at, const char *what,
							      const char *fmt, ...);

/* As err_refuse(), of what is well written and cannot be done. Return: STATUS_FAILED. */
__attribute__((format(printf, 3, 4))) int err_deny(struct span at, const char *what,
						   const char *fmt, ...);

/* Return: which argument @at is in, from 1; 0 if it is in none. */
unsigned long err_argument(const char *at);

/* Return: STATUS_FAILED. */
int err_fail(const char *what, int error);
int err_memory(void);
__attribute__((format(printf, 1, 2))) int err_say(const char *fmt, ...);

__attribute__((format(printf, 1, 2))) void err_warn(const char *fmt, ...);

/* More lines on stderr after a refusal: a synopsis. */
void err_usage(const char *synopsis);

#endif
