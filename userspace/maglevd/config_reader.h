/* SPDX-License-Identifier: GPL-2.0-only */
/* What every part of reading a file needs, and how it says what is wrong. */
#ifndef MAGLEVD_CONFIG_READER_H
#define MAGLEVD_CONFIG_READER_H

#include "config.h"
#include "config_memory.h"
#include "config_names.h"
#include "config_node.h"

/* Where in the file's structure we are: check "web", interval. On the stack of whoever goes in. */
struct config_place {
	const struct config_place *outer;
	const char *word;
	const char *name; /* NULL: none */
};

/*
 * Functions that take a reader return whether all is well; where it is not, the first of them has
 * written the error. Memory of @keep goes with the configuration, that of @scratch after reading.
 */
struct config_reader {
	const char *file;
	char *error;
	struct config_memory *keep;
	struct config_memory *scratch;
	const struct config_place *place;
	struct config *config;
	struct config_names checks;
	struct config_names pools;
	size_t pooled; /* backends of all pools so far */
	struct config_policy policy; /* of services that do not say */
};

/*
 * Write "FILE:LINE:COLUMN: PLACE: VALUE: " with what @at is, and then what is accepted. A value
 * that may be a key is not repeated.
 *
 * Return: false.
 */
__attribute__((format(printf, 3, 4))) bool
config_refuse(struct config_reader *reader, const struct config_node *at, const char *fmt, ...);

/* The same without the value: where it is secret, or says nothing. */
__attribute__((format(printf, 3, 4))) bool config_refuse_unquoted(struct config_reader *reader,
								  const struct config_node *at,
								  const char *fmt, ...);

/* As config_refuse(), of the value of @key, which need not be where we are. */
__attribute__((format(printf, 3, 4))) bool config_refuse_key(struct config_reader *reader,
							     const struct config_node *key,
							     const char *fmt, ...);

/* The same of bytes that are no YAML; @text is a library's, of any characters. */
bool config_refuse_syntax(struct config_reader *reader, u32 line, u32 column, const char *text);

/* The same of the file as a whole: "FILE: TEXT". */
bool config_refuse_file(struct config_reader *reader, const char *text);
bool config_refuse_memory(struct config_reader *reader);

/* As config_memory_get(), from @keep or @scratch; NULL has been said. */
void *config_keep(struct config_reader *reader, size_t n, size_t size);
void *config_scratch(struct config_reader *reader, size_t n, size_t size);

#endif
