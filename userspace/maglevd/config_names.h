/* SPDX-License-Identifier: GPL-2.0-only */
/* Things with names, each name once, found in logarithmic time. */
#ifndef MAGLEVD_CONFIG_NAMES_H
#define MAGLEVD_CONFIG_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct config_memory;
struct config_node;
struct config_reader;

enum {
	CONFIG_NAME_BYTES = 64,
};

struct config_name {
	const struct config_node *at; /* the scalar that holds the name */
	void *object;
};

struct config_names {
	struct config_name *name;
	size_t n;
};

/* Order names for config_names_find(); one that is there twice is refused. */
bool config_names_sort(struct config_reader *reader, struct config_names *names);

/* Return: the object whose name @at is; NULL: none. */
void *config_names_find(const struct config_names *names, const struct config_node *at);

/*
 * Find the names of a mapping's keys, in its order and make an
 * object of @size bytes, all zero, for each in @memory.
 *
 * Return: the objects, one behind the other; NULL: what is wrong has been said.
 */
void *config_names_of(struct config_reader *reader, const struct config_node *mapping,
		      struct config_memory *memory, size_t size, struct config_names *names);

/* May this be a name, in logs, metrics and file names? */
bool config_is_name(const struct config_node *at);

/* Others are refused. */
bool config_name_check(struct config_reader *reader, const struct config_node *at);

#endif
