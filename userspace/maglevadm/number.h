/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers, sizes and times as they are written and shown. */
#ifndef MAGLEVADM_NUMBER_H
#define MAGLEVADM_NUMBER_H

#include "err.h"

enum {
	DURATION_TEXT = 32,
};

/* All read a word whose name is @what. Return: STATUS_DONE, or what has been said. */

/* Decimal digits. */
int number_parse(u32 *number, struct span text, const char *what, u32 least, u32 most);

/* Decimal digits, or hexadecimal ones behind 0x. */
int mark_parse(u32 *mark, struct span text, const char *what);

/* Slots of a table: a prime. */
int size_parse(u32 *size, struct span text, const char *what);

/* A number with a unit: 500ms, 30s, 5m, 2h; more than nothing. */
int time_parse(u32 *ms, struct span text, const char *what, u32 most_ms);

/* Write 4 m 32 s; of what is a minute and longer, no milliseconds. Return: @text. */
const char *duration_format(u64 ms, char text[DURATION_TEXT]);

#endif
