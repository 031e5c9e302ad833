/* SPDX-License-Identifier: GPL-2.0-only */
/* A piece of text inside the command line or a line of a file; errors point at it. */
#ifndef MAGLEVADM_SPAN_H
#define MAGLEVADM_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <maglev/env.h>

struct span {
	const char *at;
	size_t len;
};

struct span span_of(const char *text);
bool span_is(struct span span, const char *text);

/*
 * Cut @span behind its first @separator: *rest is what follows, starting at NULL where
 * there is none.
 *
 * Return: what stands before it.
 */
struct span span_cut(struct span span, char separator, struct span *rest);

/* Cut the next word, ended by blanks, off *rest. Return: it, of length 0 at the end. */
struct span span_word(struct span *rest);

/*
 * Read decimal digits and nothing else; *value stops at its maximum.
 *
 * Return: false if @span is anything else.
 */
bool span_number(struct span span, u64 *value);

#endif
