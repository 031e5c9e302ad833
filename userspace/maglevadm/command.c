// SPDX-License-Identifier: GPL-2.0-only
/* The command table; finding commands by exact words, and help from the same table. */
#include "command.h"

#include "out.h"

#include <stdio.h>
#include <string.h>

#define TABLE_OPTIONS                                                                     \
	"  --size M             slots, a prime from 251 to 1048573; default 65537\n"      \
	"  --key HEX            cluster key, 32 hex digits; others can see it in ps\n"    \
	"  --key-file FILE      the key from a file\n"                                    \
	"  --hash tuple|source  what of a flow chooses its slot; default tuple\n"         \
	"  -f, --file FILE      backends from a file, one a line; - is stdin\n"           \
	"  -j, --json           JSON\n"                                                   \
	"\n"                                                                              \
	"BACKEND is ADDRESS:PORT=WEIGHT[,up|down|drain][,share=0..100]; IPv6 addresses\n" \
	"stand in brackets; WEIGHT 0: listed, without slots.\n"

static int cmd_help(const struct call *call);

static const struct command commands[] = {
	{
		.object = "table",
		.verb = "build",
		.run = cmd_table_build,
		.help = "build a table: who gets how many slots",
		.synopsis = "table build [OPTION]... BACKEND...",
		.details = TABLE_OPTIONS,
	},
	{
		.object = "table",
		.verb = "lookup",
		.run = cmd_table_lookup,
		.help = "which slot and backend flows get",
		.synopsis = "table lookup [OPTION]... [FLOW]... BACKEND...",
		.details = TABLE_OPTIONS
		"FLOW is PROTO CLIENT:PORT VIP:PORT, PROTO tcp, udp or sctp. Without one, flows\n"
		"are read from stdin, one a line.\n",
	},
	{
		.object = "table",
		.verb = "diff",
		.run = cmd_table_diff,
		.help = "how many slots a change moves, and between whom",
		.synopsis = "table diff [OPTION]... OLD... -- NEW...",
		.details = TABLE_OPTIONS
		"OLD and NEW are BACKENDs; -f stands on the side it adds to.\n",
	},
	{
		.object = "help",
		.run = cmd_help,
		.help = "all commands, or one",
		.synopsis = "help [OBJECT VERB]",
	},
};

enum {
	COMMANDS = sizeof(commands) / sizeof(*commands),
	NAMES_BYTES = 256,
	SYNOPSIS_WIDTH = 45,
};

static bool is_object(const struct command *command, const char *object)
{
	return !strcmp(command->object, object);
}

/* List the objects, or the verbs of one, once each. */
static void list_names(char names[NAMES_BYTES], const char *object)
{
	const struct command *command, *last = NULL;
	size_t len = 0;

	for (command = commands; command < commands + COMMANDS; command++) {
		if (object ? !is_object(command, object) : last && is_object(command, last->object))
			continue;
		last = command;
		len += snprintf(names + len, NAMES_BYTES - len, "%s%s", len ? ", " : "",
				object ? command->verb : command->object);
	}
}

/*
 * Find the command @words start with.
 *
 * Return: STATUS_DONE, or what has been said; *found, and how many words name it.
 */
static int find_command(const struct command **found, int *used, int n, char **words)
{
	const struct command *command, *object = NULL;
	struct span end = {};
	char names[NAMES_BYTES];

	for (command = commands; command < commands + COMMANDS; command++) {
		if (!is_object(command, words[0]))
			continue;
		object = command;
		if (!command->verb || (n > 1 && !strcmp(command->verb, words[1]))) {
			*found = command;
			*used = command->verb ? 2 : 1;
			return STATUS_DONE;
		}
	}
	list_names(names, object ? object->object : NULL);
	if (!object)
		return err_refuse(NULL, span_of(words[0]), "object", "one of: %s", names);
	if (n < 2)
		return err_refuse_unquoted(NULL, end, "verb", "missing, one of: %s", names);
	return err_refuse(NULL, span_of(words[1]), "verb", "one of: %s", names);
}

int command_help(const struct command *command)
{
	struct out out;

	out_init(&out, false);
	out_line(&out, "usage: maglevadm %s", command->synopsis);
	out_line(&out, "%s", command->help);
	if (command->details)
		out_line(&out, "\n%s", command->details);
	return out_fini(&out, STATUS_DONE);
}

int command_help_all(void)
{
	const struct command *command;
	struct out out;

	out_init(&out, false);
	out_line(&out, "usage: maglevadm [-j] OBJECT VERB [WORD]...\n");
	for (command = commands; command < commands + COMMANDS; command++)
		out_line(&out, "  %-*s  %s", SYNOPSIS_WIDTH, command->synopsis, command->help);
	out_line(&out, "\n  -j, --json     JSON instead of text\n"
		       "  -h, --help     this help; behind OBJECT VERB, its own\n"
		       "  -V, --version  the version");
	return out_fini(&out, STATUS_DONE);
}

int command_run(int argc, char **argv, bool json)
{
	struct call call = { .json = json };
	int used, status;

	status = find_command(&call.command, &used, argc, argv);
	if (status)
		return status;
	call.argc = argc - used + 1;
	call.argv = argv + used - 1;
	return call.command->run(&call);
}

static int cmd_help(const struct call *call)
{
	const struct command *command;
	int used, status;

	if (call->argc == 1)
		return command_help_all();
	status = find_command(&command, &used, call->argc - 1, call->argv + 1);
	if (status)
		return status;
	if (used < call->argc - 1)
		return err_refuse(NULL, span_of(call->argv[used + 1]), "word",
				  "nothing follows the name of a command");
	return command_help(command);
}
