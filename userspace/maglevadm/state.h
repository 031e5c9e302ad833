/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a balancer knows and its module takes along when it goes, as a file: a header, messages of
 * our family as netlink has them, and an end that says how many there were and what they add up to.
 *
 *	struct state_header
 *	settings-get   first and once: key-check and lines, of which all flows are
 *	service-get    of each service what is set of it
 *	backend-get    of each backend its index, and what is laid over it
 *	flow-save      flows, the words of one CPU's table
 *	struct state_end
 *
 * in this order. Numbers are in the order of the host that wrote them. The key is not in it.
 */
#ifndef MAGLEVADM_STATE_H
#define MAGLEVADM_STATE_H

#include <maglev.h>
#include <stdio.h>

enum {
	STATE_VERSION = 1,
	STATE_MESSAGE_MAX = 66 * 1024, /* a nest of 64 KiB and what is around it */
	STATE_MAGIC_BYTES = 16,
	STATE_ORDER = 0x01020304,
};

#define STATE_MAGIC "maglevadm state\n"

struct state_header {
	char magic[STATE_MAGIC_BYTES];
	u32 order; /* STATE_ORDER, to whom it is readable */
	u32 version;
	u64 saved_ms; /* since 1970 */
};

/* Behind a struct nlmsghdr of type NLMSG_DONE, the last of a file. */
struct state_end {
	u64 messages;
	u64 sum; /* of all bytes before this struct */
};

struct state_writer {
	FILE *file;
	const char *name;
	u64 messages;
	u64 sum;
};

struct state_reader {
	FILE *file;
	const char *name;
	u64 saved_ms;
	u64 messages;
	u64 bytes; /* before the message read last */
	u64 next; /* behind it */
	u64 sum;
	u32 lines;
	u32 command; /* of the message read last */
	_Alignas(8) char buffer[STATE_MESSAGE_MAX];
};

/* All Return: STATUS_DONE, or what has been said. */

/* Write a file: begin, each message, end. What is written may be in @file's buffer afterwards. */
int state_begin(struct state_writer *writer, FILE *file, const char *name, u64 saved_ms);
int state_add(struct state_writer *writer, u8 command, const struct maglev_lib_message *message);
int state_end(struct state_writer *writer);

/* Read a file's header; @file is at its first byte. */
int state_open(struct state_reader *reader, FILE *file, const char *name);

/*
 * Read the next message: *command is one of those above, @message holds what there has to be, and
 * indexes, lines and lengths are in range. At the end *command is 0, and the file is whole.
 */
int state_next(struct state_reader *reader, u32 *command, struct maglev_lib_message *message);

/* Flows in a message of the command flow-save, their lines and words. */
u32 state_flows(const struct maglev_lib_message *message);
u32 state_line(const struct maglev_lib_message *message, u32 i);
u64 state_word(const struct maglev_lib_message *message, u32 i);

#endif
