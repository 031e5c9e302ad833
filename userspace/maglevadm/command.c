// SPDX-License-Identifier: GPL-2.0-only
/* Finding commands by exact words, and the words of usage from the same table. */
#include "command.h"

#include "flows.h"
#include "order.h"
#include "out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	NAMES_BYTES = 256,
};

bool service_starts(struct span word)
{
	return flow_starts(word) || span_is(word, "fwmark");
}

static bool is_object(const struct command *command, const char *object)
{
	return !strcmp(command->object, object);
}

/* List the objects, or the verbs of one, once each. */
static void list_names(char names[NAMES_BYTES], const char *object)
{
	const struct command *command, *last = NULL;
	size_t len = 0;

	*names = 0;
	for (command = commands; command->object; command++) {
		if (object ? !is_object(command, object) : last && is_object(command, last->object))
			continue;
		if (object && last && !strcmp(last->verb, command->verb))
			continue;
		last = command;
		len += snprintf(names + len, NAMES_BYTES - len, "%s%s", len ? ", " : "",
				object ? command->verb : command->object);
	}
}

/* Is it the command that words[0], words[1], ... start with? A verb that is missing is show. */
static bool is_called(const struct command *command, int n, char **words)
{
	if (!is_object(command, words[0]))
		return false;
	if (!command->verb)
		return true;
	if (strcmp(command->verb, n > 1 ? words[1] : "show"))
		return false;
	return !command->starts || (n > 2 && command->starts(span_of(words[2])));
}

/* Say what could have stood there. */
static int refuse_name(int n, char **words)
{
	const struct command *command;
	const char *object = NULL;
	struct span end = {};
	char names[NAMES_BYTES];

	for (command = commands; command->object && !object; command++)
		if (is_object(command, words[0]))
			object = command->object;
	list_names(names, object);
	if (!object)
		return err_refuse(NULL, span_of(words[0]), "object", "one of: %s", names);
	if (n < 2)
		return err_refuse_unquoted(NULL, end, "verb", "missing, one of: %s", names);
	return err_refuse(NULL, span_of(words[1]), "verb", "one of: %s", names);
}

int command_find(struct call *call, int argc, char **argv, bool json)
{
	const struct command *command;
	int used;

	for (command = commands; command->object; command++)
		if (is_called(command, argc, argv))
			break;
	if (!command->object)
		return refuse_name(argc, argv);
	used = command->verb && argc > 1 ? 2 : 1;
	call->command = command;
	call->argc = argc - used + 1;
	call->argv = argv + used - 1;
	call->json = json;
	return STATUS_DONE;
}

int command_run(const struct call *call)
{
	struct order order;
	int status;

	if (call->command->run)
		return call->command->run(call);
	status = order_init(&order, call);
	if (!status)
		status = order.help ? command_help(call->command) : call->command->obey(&order);
	order_fini(&order);
	return status;
}

__attribute__((format(printf, 2, 3))) static void append(char text[SYNOPSIS_BYTES], const char *fmt,
							 ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text + len, SYNOPSIS_BYTES - len, fmt, args);
	va_end(args);
}

/* Those known by their place; what may be missing closes behind the last one. */
static const struct part *append_places(char text[SYNOPSIS_BYTES], const struct part *part)
{
	int open = 0;

	for (; part && part->read && !part->word; part++) {
		open += part->flags & PART_OPTIONAL;
		append(text, " %s%s", part->flags & PART_OPTIONAL ? "[" : "", part->value);
	}
	while (open--)
		append(text, "]");
	return part;
}

static void append_words(char text[SYNOPSIS_BYTES], const struct part *part)
{
	for (; part && part->read; part++)
		append(text, " [%s%s%s]%s", part->word, part->value ? " " : "", part->value ?: "",
		       part->flags & PART_REPEATS ? "..." : "");
}

const char *command_synopsis(const struct command *command, bool brief, char text[SYNOPSIS_BYTES])
{
	const struct part *part;

	*text = 0;
	if (command->synopsis) {
		append(text, "%s", command->synopsis);
		return text;
	}
	append(text, "%s%s%s", command->object, command->verb ? " " : "", command->verb ?: "");
	part = append_places(text, command->parts);
	if (command->choice) {
		append(text, command->needs_word ? " %s..." : " [%s]...", command->choice);
		return text;
	}
	if (brief && part && part->read)
		append(text, command->needs_word ? " WORD VALUE..." : " [WORD VALUE]...");
	else
		append_words(text, part);
	return text;
}

void command_usage(const struct command *command)
{
	char synopsis[SYNOPSIS_BYTES];

	err_usage(command_synopsis(command, false, synopsis));
}
