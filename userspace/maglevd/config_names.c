// SPDX-License-Identifier: GPL-2.0-only
/* Names in order. */
#include "config_names.h"

#include "config_reader.h"

#include <stdlib.h>
#include <string.h>

static int compare_text(const struct config_node *a, const struct config_node *b)
{
	size_t len = a->len < b->len ? a->len : b->len;

	return memcmp(a->text, b->text, len) ?: (a->len > b->len) - (a->len < b->len);
}

/* The same name twice: by line, so that the second is the one refused. */
static int compare_names(const void *a, const void *b)
{
	const struct config_node *x = ((const struct config_name *)a)->at;
	const struct config_node *y = ((const struct config_name *)b)->at;

	if (x->line == y->line)
		return compare_text(x, y) ?: (x->column > y->column) - (x->column < y->column);
	return compare_text(x, y) ?: (x->line > y->line) - (x->line < y->line);
}

bool config_names_sort(struct config_reader *reader, struct config_names *names)
{
	size_t i;

	if (names->n)
		qsort(names->name, names->n, sizeof(*names->name), compare_names);
	for (i = 1; i < names->n; i++)
		if (!compare_text(names->name[i - 1].at, names->name[i].at))
			return config_refuse(reader, names->name[i].at,
					     "there is one of that name in line %u",
					     names->name[i - 1].at->line);
	return true;
}

void *config_names_find(const struct config_names *names, const struct config_node *at)
{
	size_t low = 0, high = names->n, middle;
	int order;

	if (at->kind != CONFIG_SCALAR)
		return NULL;
	while (low < high) {
		middle = low + (high - low) / 2;
		order = compare_text(at, names->name[middle].at);
		if (!order)
			return names->name[middle].object;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

void *config_names_of(struct config_reader *reader, const struct config_node *mapping,
		      struct config_memory *memory, size_t size, struct config_names *names)
{
	const struct config_node *key;
	char *objects;

	if (mapping->kind != CONFIG_MAPPING) {
		config_refuse(reader, mapping, "expected a mapping of names");
		return NULL;
	}
	names->name = config_scratch(reader, mapping->n / 2, sizeof(*names->name));
	objects = config_memory_get(memory, mapping->n / 2, size);
	if (!names->name || !objects) {
		config_refuse_memory(reader);
		return NULL;
	}
	for (key = mapping->first; key; key = key->next->next) {
		if (!config_name_check(reader, key))
			return NULL;
		names->name[names->n].at = key;
		names->name[names->n].object = objects + names->n * size;
		names->n++;
	}
	return objects;
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

bool config_is_name(const struct config_node *at)
{
	size_t i = 1;

	if (at->kind != CONFIG_SCALAR || at->len > CONFIG_NAME_BYTES || !is_word(*at->text))
		return false;
	while (i < at->len && (is_word(at->text[i]) || memchr(".:-", at->text[i], 3)))
		i++;
	return i == at->len;
}

bool config_name_check(struct config_reader *reader, const struct config_node *at)
{
	return config_is_name(at) ||
	       config_refuse(reader, at, "expected a name of at most %d letters, digits, _ and .:-",
			     CONFIG_NAME_BYTES);
}
