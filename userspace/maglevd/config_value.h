/* SPDX-License-Identifier: GPL-2.0-only */
/* Readers of single values, for the tables of config_field.h. */
#ifndef MAGLEVD_CONFIG_VALUE_H
#define MAGLEVD_CONFIG_VALUE_H

#include "config_field.h"

/* Decimal digits, @least to @most, for a member of 1, 2 or 4 bytes. */
bool config_read_number(struct config_reader *reader, const struct config_node *node,
			const struct config_field *field, void *to);

/* true or false, for a bool. */
bool config_read_bool(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to);

/* One of @words; where there is a @most, a number up to that too. For 1, 2 or 4 bytes. */
bool config_read_word(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to);

/* A number with its unit, @least to @most milliseconds, for a u32; where @least is 0, 0 too. */
bool config_read_time(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to);

/* The same in whole seconds; @least and @most are seconds. */
bool config_read_seconds(struct config_reader *reader, const struct config_node *node,
			 const struct config_field *field, void *to);

/* Slots of a table: a prime, for a u32. */
bool config_read_size(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to);

/* Digits, hexadecimal behind 0x, @least to @most, for a u32. */
bool config_read_mark(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to);

/* An address of one host, for a struct maglev_lib_addr. */
bool config_read_address(struct config_reader *reader, const struct config_node *node,
			 const struct config_field *field, void *to);

/* That and a port, for a struct endpoint. */
bool config_read_endpoint(struct config_reader *reader, const struct config_node *node,
			  const struct config_field *field, void *to);

enum {
	CONFIG_TIME_TEXT = 16,
};

/* Write 500ms, 5s, 10m. Return: @text. */
const char *config_time_text(u32 ms, char text[CONFIG_TIME_TEXT]);

/* Read decimal digits alone, up to @most. Return: was it that? */
bool config_parse_number(const char *text, size_t len, u32 most, u32 *number);

/* Is it a scalar with a value of 1 to @most bytes? */
bool config_is_bytes(const struct config_node *node, size_t most);

/* Is it that, all of them from @first to '~', none of @but? */
bool config_is_text(const struct config_node *node, size_t most, char first, const char *but);

/* A list's first item; or a single value, which is taken for a list of one: then it is copied. */
const struct config_node *config_items(const struct config_node *node, struct config_node *single);

/* How many items that would be. */
u32 config_items_n(const struct config_node *node);

/* A copy of a scalar's text that is kept, for a const char *. */
bool config_keep_text(struct config_reader *reader, const struct config_node *node,
		      const char **to);

#endif
