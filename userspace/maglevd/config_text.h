/* SPDX-License-Identifier: GPL-2.0-only */
/* Characters: what a file may consist of, and their numbers. */
#ifndef MAGLEVD_CONFIG_TEXT_H
#define MAGLEVD_CONFIG_TEXT_H

#include <maglev/env.h>

#include <stddef.h>

/*
 * Read a character of UTF-8.
 *
 * Return: its bytes, at most @len; 0 if there is none.
 */
size_t config_text_char(const char *text, size_t len, u32 *number);

/*
 * Does a file hold nothing but what YAML may? libfyaml takes a NUL or a byte that is no UTF-8 for
 * the end, silently.
 *
 * Return: @len, or the offset of the first character that it may not hold; its @line and @column
 * from 1 are written.
 */
size_t config_text_check(const char *text, size_t len, u32 *line, u32 *column);

/* Return: the number of the first line of more than @most bytes, from 1; 0: there is none. */
u32 config_text_long_line(const char *text, size_t len, size_t most);

#endif
