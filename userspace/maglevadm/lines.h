/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of a file or of stdin, bounded in length, as they arrive. */
#ifndef MAGLEVADM_LINES_H
#define MAGLEVADM_LINES_H

#include "err.h"

enum {
	LINE_BYTES_MAX = 4096,
	LINES_BUFFER = 65536,
};

struct lines {
	int fd;
	bool ended;
	const char *arg; /* the word that named the file; NULL: stdin, unnamed */
	const char *name;
	unsigned long line;
	size_t start, end; /* what is unread in buffer[] */
	char buffer[LINES_BUFFER];
};

/*
 * Open the file named by a word of the command line; "-" or NULL is stdin.
 *
 * Return: STATUS_DONE, or what has been said.
 */
int lines_init(struct lines *lines, const char *arg);
void lines_fini(struct lines *lines);

/* Will lines_next() have to read, and perhaps wait? */
bool lines_wait(const struct lines *lines);

/*
 * The next line that is neither blank nor a comment, cut where a comment starts. It
 * stays until the next call; input->text is NULL behind the last one.
 *
 * Return: STATUS_DONE, or what has been said: a line was too long or held a NUL byte, or
 * the file cannot be read.
 */
int lines_next(struct lines *lines, struct input *input);

#endif
