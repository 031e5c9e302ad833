/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands there are, OBJECT VERB, from which help, usage, the manual's synopsis and completion
 * come too.
 */
#ifndef MAGLEVADM_COMMAND_H
#define MAGLEVADM_COMMAND_H

#include "err.h"

struct command;
struct order;
struct part;

enum {
	SYNOPSIS_BYTES = 512,
};

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

	/* One of the two: it reads its words itself; or they are read by its parts. */
	int (*run)(const struct call *call); /* both return enum status */
	int (*obey)(struct order *order);

	const struct part *parts;
	const char *choice; /* what the parts with a word are called together, or NULL */
	bool needs_word; /* at least one of these parts */
	u32 op; /* MAGLEV_NL_OP_*: it changes a service or a backend, alone or in a batch */
	bool (*starts)(struct span word); /* of two commands of one name, is it this one? */

	const char *help; /* one line */
	const char *synopsis; /* behind "maglevadm "; NULL: made from the parts */
	const char *details; /* its options and words, or NULL */
};

/* All of them. The last one is all zero. */
extern const struct command commands[];

/* Does this word begin a service? */
bool service_starts(struct span word);

/*
 * Find the command that argv[0], argv[1], ... start with.
 *
 * Return: STATUS_DONE, or what has been said.
 */
int command_find(struct call *call, int argc, char **argv, bool json);

/* Run what was found. Return: enum status. */
int command_run(const struct call *call);

/* Write the words behind "maglevadm ", all of them or, in brief, ... for settings. Return: @text. */
const char *command_synopsis(const struct command *command, bool brief, char text[SYNOPSIS_BYTES]);

/* Print on stdout. Return: enum status. */
int command_help_all(void);
int command_help(const struct command *command);

/* On stderr, after a refusal. */
void command_usage(const struct command *command);

/* Handlers, by the file they are in. */
int cmd_table_build(const struct call *call);
int cmd_table_lookup(const struct call *call);
int cmd_table_diff(const struct call *call);
int cmd_live_show(struct order *order);
int cmd_live_diff(struct order *order);
int cmd_service_show(struct order *order);
int cmd_service_set(struct order *order);
int cmd_service_add(struct order *order);
int cmd_service_del(struct order *order);
int cmd_backend_show(struct order *order);
int cmd_backend_set(struct order *order);
int cmd_backend_add(struct order *order);
int cmd_backend_del(struct order *order);
int cmd_backend_drain(struct order *order);
int cmd_flow_show(struct order *order);
int cmd_flow_count(struct order *order);
int cmd_flow_flush(struct order *order);
int cmd_flow_find(struct order *order);
int cmd_explain(struct order *order);
int cmd_stats(struct order *order);
int cmd_top(struct order *order);
int cmd_monitor(struct order *order);
int cmd_settings_set(struct order *order);
int cmd_settings_show(struct order *order);
int cmd_balancer_show(struct order *order);
int cmd_balancer_drain(struct order *order);
int cmd_balancer_up(struct order *order);
int cmd_state_save(struct order *order);
int cmd_state_restore(struct order *order);
int cmd_status(struct order *order);
int cmd_reload(struct order *order);
int cmd_doctor(struct order *order);
int cmd_help(const struct call *call);

#endif
