/* SPDX-License-Identifier: GPL-2.0-only */
/* What is asked at the control socket: {"command": "status"}. Pure. */
#ifndef MAGLEVD_QUESTION_H
#define MAGLEVD_QUESTION_H

#include <stddef.h>

enum question {
	QUESTION_NONE, /* that is none */
	QUESTION_UNKNOWN, /* one that we have no answer to */
	QUESTION_STATUS,
	QUESTION_RELOAD,
	QUESTION_DRAIN,
	QUESTION_UP,
};

/* @line: @len bytes, any. */
enum question question_parse(const char *line, size_t len);

#endif
