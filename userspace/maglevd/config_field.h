/* SPDX-License-Identifier: GPL-2.0-only */
/* Mappings as tables: which keys there are, how their values are read, where they go. */
#ifndef MAGLEVD_CONFIG_FIELD_H
#define MAGLEVD_CONFIG_FIELD_H

#include "config_reader.h"

/* A word and what it stands for; the last of a list has none. */
struct config_word {
	const char *word;
	u32 value;
};

/**
 * struct config_field - a key
 * @key: as it is written
 * @read: reads its value to where @offset is
 * @example: of a value; it must be there. NULL: it need not
 * @offset: of the member
 * @size: of the member
 * @can_be_empty: a key without a value is as good as none
 * @variants: of what it is a key, by bit, as config_read_mapping() says; 0: of all
 * @least: for numbers, times and texts
 * @most: the same
 * @words: that are taken
 */
struct config_field {
	const char *key;
	bool (*read)(struct config_reader *reader, const struct config_node *node,
		     const struct config_field *field, void *to);
	const char *example;
	u16 offset;
	u8 size;
	bool can_be_empty;
	u32 variants;
	u32 least, most;
	const struct config_word *words;
};

#define CONFIG_MEMBER(type, member) \
	.offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)

/**
 * struct config_table - the keys of a mapping
 * @field: in the order in which they are read
 * @n: how many
 */
struct config_table {
	const struct config_field *field;
	u32 n;
};

#define CONFIG_TABLE(fields)                                               \
	{                                                                  \
		.field = (fields), .n = sizeof(fields) / sizeof(*(fields)) \
	}

/**
 * config_read_mapping() - read a mapping's values, in the table's order
 * @reader: the reader
 * @node: what should be a mapping
 * @table: its keys
 * @variant: which bit of "variants" it is
 * @what: the name of that, "a tcp check"; NULL if there are no variants
 * @to: where the offsets begin
 *
 * Refused are unknown keys, those of other variants, those given twice, and a lack of those
 * with an example, all before a value is read.
 */
bool config_read_mapping(struct config_reader *reader, const struct config_node *node,
			 const struct config_table *table, u32 variant, const char *what, void *to);

/* Read a value ahead of the others, if it is there: that of the key that tells the variant. */
bool config_read_ahead(struct config_reader *reader, const struct config_node *node,
		       const struct config_field *field, void *to);

/* Refuse @node for the lack of a key. */
bool config_refuse_missing(struct config_reader *reader, const struct config_node *node,
			   const char *key, const char *example);

#endif
