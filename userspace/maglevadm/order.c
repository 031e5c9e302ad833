// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading words by a command's list of parts: first those known by their place, in order, then
 * those that begin with a word of their own, in any order.
 */
#include "order.h"

#include <array.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	EXPECTED_BYTES = 256,
};

static bool is_json(const char *word)
{
	return !strcmp(word, "-j") || !strcmp(word, "--json");
}

static bool is_help(const char *word)
{
	return !strcmp(word, "-h") || !strcmp(word, "--help");
}

const char *order_peek(struct order *order)
{
	while (order->next < order->argc && is_json(order->argv[order->next])) {
		order->json = true;
		order->next++;
	}
	return order->next < order->argc ? order->argv[order->next] : NULL;
}

const char *order_take(struct order *order)
{
	const char *word = order_peek(order);

	order->next += !!word;
	return word;
}

int order_value(struct order *order, const struct part *part, struct span *value)
{
	const char *word = order_take(order);
	struct span end = {};

	if (word) {
		*value = span_of(word);
		return STATUS_DONE;
	}
	if (part->word)
		return err_refuse_unquoted(NULL, end, part->word, "its value is missing: %s",
					   part->value);
	err_refuse_unquoted(NULL, end, part->value, "missing");
	command_usage(order->command);
	return STATUS_REFUSED;
}

int order_note(struct order *order, u32 entry, const char *path, const char *what, struct span at)
{
	struct note *grown;

	grown = array_reserve(order->note, &order->notes_capacity, order->notes, 1, sizeof(*grown));
	if (!grown)
		return err_memory();
	order->note = grown;
	grown += order->notes++;
	grown->entry = entry;
	snprintf(grown->path, sizeof(grown->path), "%s", path);
	grown->what = what;
	grown->at = at;
	return STATUS_DONE;
}

struct maglev_lib_entry *order_change(struct order *order, u32 op)
{
	struct maglev_lib_entry *grown;

	grown = array_reserve(order->change, &order->changes_capacity, order->changes, 1,
			      sizeof(*grown));
	if (!grown) {
		err_memory();
		return NULL;
	}
	order->change = grown;
	grown += order->changes++;
	memset(grown, 0, sizeof(*grown));
	grown->has = MAGLEV_LIB_HAS(ENTRY_OP);
	grown->op = op;
	return grown;
}

/* Is one path the other, or a part of it? */
static bool is_within(const char *path, const char *other, size_t len)
{
	size_t path_len = strlen(path), least = path_len < len ? path_len : len;

	if (strncmp(path, other, least))
		return false;
	return path_len == len || (path_len > len ? path[len] == '.' : other[path_len] == '.');
}

const struct note *order_find(const struct order *order, u32 entry, const char *path)
{
	const struct note *note;
	size_t i, len = strlen(path);

	/* What was typed for the attribute or what it holds; else for what holds it. */
	while (len) {
		for (i = 0; i < order->notes; i++) {
			note = &order->note[i];
			if (note->entry == entry && is_within(note->path, path, len))
				return note;
		}
		while (len && path[--len] != '.')
			;
	}
	return NULL;
}

static void append(char text[EXPECTED_BYTES], const char *word)
{
	size_t len = strlen(text);

	snprintf(text + len, EXPECTED_BYTES - len, "%s%s", len ? ", " : "", word);
}

static int refuse_word(const struct order *order, const char *word)
{
	const struct part *part;
	char expected[EXPECTED_BYTES] = "";

	for (part = order->command->parts; part && part->read; part++)
		if (part->word)
			append(expected, part->word);
	return err_refuse(NULL, span_of(word), "word", "%s%s", *expected ? "one of: " : "",
			  *expected ? expected : "nothing follows");
}

static const struct part *find_part(const struct order *order, const char *word)
{
	const struct part *part;

	for (part = order->command->parts; part && part->read; part++)
		if (part->word && !strcmp(part->word, word))
			return part;
	return NULL;
}

/* Read what is known by its place. */
static int read_places(struct order *order)
{
	const struct part *part = order->command->parts;
	const char *word;
	int status = STATUS_DONE;

	for (; !status && part && part->read && !part->word; part++) {
		word = order_peek(order);
		if (part->flags & PART_OPTIONAL && (!word || find_part(order, word)))
			break;
		status = part->read(order, part);
	}
	return status;
}

static int read_words(struct order *order)
{
	const struct part *part;
	const char *word;
	int status = STATUS_DONE;
	u64 bit;

	while (!status && (word = order_take(order))) {
		part = find_part(order, word);
		if (!part)
			return refuse_word(order, word);
		bit = 1ULL << (part - order->command->parts);
		if (order->seen & bit && !(part->flags & PART_REPEATS))
			return err_refuse_unquoted(NULL, span_of(word), word, "given twice");
		order->seen |= bit;
		status = part->read(order, part);
	}
	return status;
}

/* A choice is one of several words; without, they are settings. */
static int check_needs(const struct order *order)
{
	const struct command *command = order->command;
	struct span end = {};

	if (!command->needs_word || order->seen)
		return STATUS_DONE;
	err_refuse_unquoted(NULL, end, command->choice ?: "WORD VALUE", "missing");
	command_usage(command);
	return STATUS_REFUSED;
}

int order_init(struct order *order, const struct call *call)
{
	int i, status;

	memset(order, 0, sizeof(*order));
	order->command = call->command;
	order->json = call->json;
	order->argc = call->argc;
	order->argv = call->argv;
	order->next = 1;
	for (i = 1; i < call->argc; i++) {
		if (is_help(call->argv[i])) {
			order->help = true;
			return STATUS_DONE;
		}
	}
	status = read_places(order);
	if (!status)
		status = read_words(order);
	return status ? status : check_needs(order);
}

void order_fini(struct order *order)
{
	free(order->change);
	free(order->note);
}
