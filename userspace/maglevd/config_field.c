// SPDX-License-Identifier: GPL-2.0-only
/* Whatever can be wrong with keys is found here, once for all mappings. */
#include "config_field.h"

#include <assert.h>
#include <stdio.h>

enum {
	KEYS_TEXT = 320,
	FIELDS_MAX = 32,
};

/* Which keys are there, by field. */
struct found {
	const struct config_node *key[FIELDS_MAX];
};

static bool is_of(const struct config_field *field, u32 variant)
{
	return !field->variants || field->variants & variant;
}

/* Write the keys that are accepted. Return: @text. */
static const char *list(char text[KEYS_TEXT], const struct config_table *table, u32 variant)
{
	size_t len = 0;
	u32 i;

	*text = 0;
	for (i = 0; i < table->n && len < KEYS_TEXT; i++)
		if (is_of(&table->field[i], variant))
			len += snprintf(text + len, KEYS_TEXT - len, "%s%s", len ? ", " : "",
					table->field[i].key);
	return text;
}

static bool refuse_key(struct config_reader *reader, const struct config_node *key,
		       const struct config_table *table, u32 variant, const char *what)
{
	char keys[KEYS_TEXT];

	list(keys, table, variant);
	if (what)
		return config_refuse(reader, key, "not a key of %s, expected one of %s", what,
				     keys);
	return config_refuse(reader, key, "not a key, expected one of %s", keys);
}

static bool note(struct config_reader *reader, const struct config_node *key,
		 const struct config_table *table, u32 variant, const char *what,
		 struct found *found)
{
	u32 i;

	for (i = 0; i < table->n; i++)
		if (config_node_is(key, table->field[i].key))
			break;
	if (i == table->n || !is_of(&table->field[i], variant))
		return refuse_key(reader, key, table, variant, what);
	if (found->key[i])
		return config_refuse(reader, key, "given twice, first in line %u",
				     found->key[i]->line);
	found->key[i] = key;
	return true;
}

bool config_refuse_missing(struct config_reader *reader, const struct config_node *node,
			   const char *key, const char *example)
{
	return config_refuse_unquoted(reader, node, "%s is missing, such as %s: %s", key, key,
				      example);
}

static bool match(struct config_reader *reader, const struct config_node *node,
		  const struct config_table *table, u32 variant, const char *what,
		  struct found *found)
{
	const struct config_node *key;
	char keys[KEYS_TEXT];
	u32 i;

	assert(table->n <= FIELDS_MAX);
	for (i = 0; i < FIELDS_MAX; i++)
		found->key[i] = NULL;
	if (node->kind != CONFIG_MAPPING)
		return config_refuse(reader, node, "expected a mapping with keys of %s",
				     list(keys, table, variant));
	for (key = node->first; key; key = key->next->next)
		if (!note(reader, key, table, variant, what, found))
			return false;
	for (i = 0; i < table->n; i++)
		if (!found->key[i] && table->field[i].example && is_of(&table->field[i], variant))
			return config_refuse_missing(reader, node, table->field[i].key,
						     table->field[i].example);
	return true;
}

static bool read_value(struct config_reader *reader, const struct config_field *field,
		       const struct config_node *key, void *to)
{
	struct config_place place = { .outer = reader->place, .word = field->key };
	bool ok = true;

	reader->place = &place;
	if (!field->can_be_empty || !config_node_is_null(key->next))
		ok = field->read(reader, key->next, field, (char *)to + field->offset);
	reader->place = place.outer;
	return ok;
}

static bool fill(struct config_reader *reader, const struct config_table *table,
		 const struct found *found, void *to)
{
	bool ok = true;
	u32 i;

	for (i = 0; i < table->n && ok; i++)
		if (found->key[i])
			ok = read_value(reader, &table->field[i], found->key[i], to);
	return ok;
}

bool config_read_mapping(struct config_reader *reader, const struct config_node *node,
			 const struct config_table *table, u32 variant, const char *what, void *to)
{
	struct found found;

	return match(reader, node, table, variant, what, &found) && fill(reader, table, &found, to);
}

bool config_read_ahead(struct config_reader *reader, const struct config_node *node,
		       const struct config_field *field, void *to)
{
	const struct config_node *key = config_node_find(node, field->key);

	return !key || read_value(reader, field, key, to);
}
