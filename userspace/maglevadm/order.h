/* SPDX-License-Identifier: GPL-2.0-only */
/* What a command that talks to a balancer was told: its words, read into a message. */
#ifndef MAGLEVADM_ORDER_H
#define MAGLEVADM_ORDER_H

#include "command.h"

#include <maglev.h>

enum {
	ORDER_PATH = 40,
};

/* Where an attribute was typed; errors of the plane point there. */
struct note {
	u32 entry; /* of a preview; MAGLEV_ENTRY_NONE */
	char path[ORDER_PATH]; /* "backend.share" */
	const char *what; /* what it is called where it is typed */
	struct span at;
};

struct order {
	const struct command *command;
	bool json;
	bool help;
	int argc, next;
	char **argv;
	struct maglev_lib_message message;
	struct maglev_lib_entry *change; /* of a preview */
	size_t changes, changes_capacity;
	struct note *note;
	size_t notes, notes_capacity;
	u64 seen; /* parts, by their place in the command's list */
	u64 events; /* by command: bit 0 is the first event's */
	bool all;
	bool force;
	bool wait;
	u32 interval_ms, count; /* of frames; 0: not given */
	const char *key_file;
	const char *file;
	const char *directory; /* where maglevd runs; NULL: the default */
};

enum {
	PART_OPTIONAL = 1, /* one known by its place may be missing, and those behind it */
	PART_REPEATS = 2,
};

/* A thing that a command takes. The last of a list is all zero. */
struct part {
	const char *word; /* what it begins with; NULL: it is known by its place */
	const char *value; /* what follows or stands there, as the synopsis shows it; or NULL */
	int (*read)(struct order *order, const struct part *part);
	u32 flags;
	u32 number; /* for read */
};

/*
 * Read the words of a call, by its command's parts.
 *
 * Return: STATUS_DONE, or what has been said. Either way order_fini() is due.
 */
int order_init(struct order *order, const struct call *call);
void order_fini(struct order *order);

/* The next word, taken or left. Return: it; NULL at the end. */
const char *order_take(struct order *order);
const char *order_peek(struct order *order);

/* Take a word that must be there. Return: STATUS_DONE, or what has been said. */
int order_value(struct order *order, const struct part *part, struct span *value);

/* Remember where @path was typed, and as what. Return: STATUS_DONE, or what has been said. */
int order_note(struct order *order, u32 entry, const char *path, const char *what, struct span at);

/* Begin another entry of a preview. Return: it; NULL where there is no memory, said. */
struct maglev_lib_entry *order_change(struct order *order, u32 op);

/*
 * Find where the attribute at @path, of a preview's @entry or of none, was typed; or what is
 * around it.
 *
 * Return: the place; NULL if there is none.
 */
const struct note *order_find(const struct order *order, u32 entry, const char *path);

#endif
