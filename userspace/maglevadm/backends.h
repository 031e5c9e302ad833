/* SPDX-License-Identifier: GPL-2.0-only */
/* A list of backends as it was given, on the command line and in files. */
#ifndef MAGLEVADM_BACKENDS_H
#define MAGLEVADM_BACKENDS_H

#include "endpoint.h"

struct backend {
	struct maglev_backend core;
	size_t index; /* in the order given */
	struct span word; /* on the command line, or kept: it came from a file */
	const char *file; /* NULL: the command line */
	unsigned long line;
	size_t column;
};

struct backends {
	struct backend *backend;
	size_t n;
	size_t capacity;
	size_t weighted; /* how many have a weight above 0 */
};

/* All Return: STATUS_DONE, or what has been said. */

/* Add ADDRESS:PORT[=WEIGHT[,ATTRIBUTE]...], a word of the command line or of a line. */
int backends_add(struct backends *backends, const struct input *input, struct span word);

/* Add the backends in a file, one a line; @arg is the word that names it. */
int backends_add_file(struct backends *backends, const char *arg);

/*
 * Refuse what cannot be in one table of @size slots, then bring the rest in the table's
 * order, those of weight 0 behind it.
 */
int backends_settle(struct backends *backends, u32 size);

void backends_fini(struct backends *backends);

const char *backend_state_name(const struct maglev_backend *backend);

#endif
