/* SPDX-License-Identifier: GPL-2.0-only */
/* A YAML file as a tree in memory of ours, bounded in size and depth before it is built. */
#ifndef MAGLEVD_CONFIG_NODE_H
#define MAGLEVD_CONFIG_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <maglev/env.h>

struct config_reader;

enum {
	CONFIG_DEPTH_MAX = 32,
	CONFIG_NODES_MAX = 1 << 20, /* what aliases stand for counted each time */
	CONFIG_ANCHORS_MAX = 256,
};

enum config_kind {
	CONFIG_SCALAR,
	CONFIG_LIST,
	CONFIG_MAPPING,
};

/*
 * A value. The children of a mapping are keys, which are scalars, and values by turns. An alias is
 * a copy of what it stands for, with a @next of its own.
 */
struct config_node {
	enum config_kind kind;
	bool is_plain; /* a scalar without quotes */
	bool is_ascii; /* a scalar that is written in ASCII alone, escapes or not */
	u32 line, column; /* from 1 */
	u32 n; /* children: of a mapping two a pair */
	u32 weight; /* itself and everything below */
	struct config_node *first, *next;
	size_t len;
	const char *text; /* of a scalar, ended by NUL; there may be others in it */
};

/*
 * Read the bytes of a file; they are needed no longer afterwards, the tree is scratch memory. An
 * empty file is a scalar without a value.
 *
 * Return: the root, or NULL if the error has been said.
 */
const struct config_node *config_node_read(struct config_reader *reader, const char *text,
					   size_t len);

/* Return: is it a scalar that reads exactly so? */
bool config_node_is(const struct config_node *node, const char *text);

/* Return: is there no value: nothing, ~ or null? */
bool config_node_is_null(const struct config_node *node);

/* Return: a key of a mapping; NULL if @node is none or has no such key. */
const struct config_node *config_node_find(const struct config_node *node, const char *key);

#endif
