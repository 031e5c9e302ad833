/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands there are, OBJECT VERB, from which help and usage come too. */
#ifndef MAGLEVADM_COMMAND_H
#define MAGLEVADM_COMMAND_H

#include "err.h"

struct command;

/* A command as it was called. */
struct call {
	const struct command *command;
	int argc;
	char **argv; /* argv[0]: the last word of its name */
	bool json;
};

struct command {
	const char *object;
	const char *verb; /* NULL: the object's name is the whole command */
	int (*run)(const struct call *call); /* returns enum status */
	const char *help; /* one line */
	const char *synopsis; /* behind "maglevadm " */
	const char *details; /* its options and words, or NULL */
};

/*
 * Find and run the command that argv[0], argv[1], ... start with.
 *
 * Return: enum status.
 */
int command_run(int argc, char **argv, bool json);

/* Both print on stdout. Return: enum status. */
int command_help_all(void);
int command_help(const struct command *command);

/* Handlers, by the file they are in. */
int cmd_table_build(const struct call *call);
int cmd_table_lookup(const struct call *call);
int cmd_table_diff(const struct call *call);

#endif
