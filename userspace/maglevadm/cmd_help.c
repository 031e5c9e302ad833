// SPDX-License-Identifier: GPL-2.0-only
/* maglevadm help: in text for people, in JSON for scripts/gen-man. */
#include "command.h"

#include "order.h"
#include "out.h"

#include <string.h>

enum {
	SYNOPSIS_WIDTH = 54,
};

/* What a choice is between. */
static void show_choice(struct out *out, const struct command *command)
{
	const struct part *part;

	out_line(out, "\n%s is one of:", command->choice);
	for (part = command->parts; part->read; part++)
		if (part->word)
			out_line(out, "  %s %s", part->word, part->value ?: "");
}

static void show_command(struct out *out, const struct command *command)
{
	char synopsis[SYNOPSIS_BYTES];

	out_line(out, "usage: maglevadm %s", command_synopsis(command, false, synopsis));
	out_line(out, "%s", command->help);
	if (command->choice)
		show_choice(out, command);
	if (command->details)
		out_line(out, "\n%s", command->details);
}

int command_help(const struct command *command)
{
	struct out out;

	out_init(&out, false);
	show_command(&out, command);
	return out_fini(&out, STATUS_DONE);
}

int command_help_all(void)
{
	const struct command *command;
	char synopsis[SYNOPSIS_BYTES];
	struct out out;

	out_init(&out, false);
	out_line(&out,
		 "usage: maglevadm [-j] [-n NETNS | --dpdk[=SOCKET]] OBJECT VERB [WORD]...\n"
		 "       maglevadm [-j] [-n NETNS | --dpdk[=SOCKET]] -b FILE\n"
		 "       maglevadm [-j] [-n NETNS | --dpdk[=SOCKET]] -L|-A|-E|... (what ipvsadm knows)\n");
	for (command = commands; command->object; command++) {
		command_synopsis(command, false, synopsis);
		if (strlen(synopsis) > SYNOPSIS_WIDTH)
			command_synopsis(command, true, synopsis);
		out_line(&out, "  %-*s  %s", SYNOPSIS_WIDTH, synopsis, command->help);
	}
	out_line(&out,
		 "\n  -j, --json         JSON instead of text\n"
		 "  -n, --netns NETNS  in this network namespace, a name or a path\n"
		 "      --dpdk[=SOCKET]  of maglev-dpdk, not of the kernel\n"
		 "  -b, --batch FILE   a command a line; - is stdin. Stops at the first error.\n"
		 "                     Lines that set, one after the other, are one change\n"
		 "      --help         this help; behind OBJECT VERB, its own\n"
		 "  -V, --version      the version");
	return out_fini(&out, STATUS_DONE);
}

static void show_parts(struct out *out, const struct command *command)
{
	const struct part *part;

	out_list_begin(out, "words", NULL, 0);
	for (part = command->parts; part && part->read; part++) {
		out_row_begin(out);
		out_json_string(out, "word", part->word);
		out_json_string(out, "value", part->value);
		out_row_end(out);
	}
	out_list_end(out);
}

static int show_all_json(void)
{
	const struct command *command;
	char synopsis[SYNOPSIS_BYTES];
	struct out out;

	out_init(&out, true);
	out_list_begin(&out, NULL, NULL, 0);
	for (command = commands; command->object; command++) {
		out_row_begin(&out);
		out_json_string(&out, "object", command->object);
		out_json_string(&out, "verb", command->verb);
		out_json_string(&out, "synopsis", command_synopsis(command, false, synopsis));
		out_json_string(&out, "help", command->help);
		show_parts(&out, command);
		out_row_end(&out);
	}
	out_list_end(&out);
	return out_fini(&out, STATUS_DONE);
}

static bool is_named(const struct command *command, int n, char **words)
{
	if (strcmp(command->object, words[0]))
		return false;
	return n == 1 || (command->verb && !strcmp(command->verb, words[1]));
}

int cmd_help(const struct call *call)
{
	const struct command *command;
	int n = call->argc - 1, status, shown = 0;
	struct call named;
	struct out out;

	if (!n)
		return call->json ? show_all_json() : command_help_all();
	if (n > 2)
		return err_refuse(NULL, span_of(call->argv[3]), "word",
				  "nothing follows the name of a command");
	out_init(&out, false);
	for (command = commands; command->object; command++) {
		if (!is_named(command, n, call->argv + 1))
			continue;
		shown++;
		show_command(&out, command);
	}
	status = shown ? STATUS_DONE : command_find(&named, n, call->argv + 1, false);
	if (!shown && !status)
		status = err_refuse(NULL, span_of(call->argv[2]), "word",
				    "nothing follows the name of a command");
	return out_fini(&out, status);
}
