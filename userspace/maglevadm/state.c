// SPDX-License-Identifier: GPL-2.0-only
/* Files of state, written and read a message at a time; what is read may be anything. */
#include "state.h"

#include "err.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <maglev/flow.h>
#include <maglev/hash.h>
#include <string.h>

/* Chance alone does not hit it; it is no defence against who may write files for root. */
static u64 add_up(u64 sum, const void *bytes, size_t len)
{
	const char *at = bytes;
	u32 four;

	for (; len >= sizeof(four); len -= sizeof(four), at += sizeof(four)) {
		memcpy(&four, at, sizeof(four));
		sum = maglev_mix64(sum ^ four);
	}
	return sum;
}

static int put(struct state_writer *writer, const void *bytes, size_t len)
{
	writer->sum = add_up(writer->sum, bytes, len);
	if (fwrite(bytes, 1, len, writer->file) == len)
		return STATUS_DONE;
	return err_fail(writer->name, errno);
}

int state_begin(struct state_writer *writer, FILE *file, const char *name, u64 saved_ms)
{
	struct state_header header = {
		.order = STATE_ORDER,
		.version = STATE_VERSION,
		.saved_ms = saved_ms,
	};

	_Static_assert(sizeof(STATE_MAGIC) - 1 == STATE_MAGIC_BYTES, "no NUL");
	memcpy(header.magic, STATE_MAGIC, sizeof(header.magic));
	*writer = (struct state_writer){ .file = file, .name = name };
	return put(writer, &header, sizeof(header));
}

int state_add(struct state_writer *writer, u8 command, const struct maglev_lib_message *message)
{
	struct maglev_request request = {};
	struct nlmsghdr *nlh;
	int status, err = maglev_request_init(&request, command);

	if (!err)
		err = maglev_request_put(&request, message);
	nlh = request.at;
	if (!err && nlh->nlmsg_len > STATE_MESSAGE_MAX)
		err = -EMSGSIZE;
	if (err) {
		status = err_fail("state", -err);
	} else {
		nlh->nlmsg_type = MAGLEV_SOCKET_FAMILY;
		nlh->nlmsg_flags = 0;
		status = put(writer, nlh, nlh->nlmsg_len);
		writer->messages++;
	}
	maglev_request_fini(&request);
	return status;
}

int state_end(struct state_writer *writer)
{
	struct state_end end = { .messages = writer->messages };
	struct nlmsghdr nlh = {
		.nlmsg_len = sizeof(nlh) + sizeof(end),
		.nlmsg_type = NLMSG_DONE,
	};
	int status = put(writer, &nlh, sizeof(nlh));

	end.sum = writer->sum;
	return status ? status : put(writer, &end, sizeof(end));
}

/* Read @len bytes or say why not. */
static int get(struct state_reader *reader, void *to, size_t len)
{
	if (fread(to, 1, len, reader->file) == len) {
		reader->next += len;
		return STATUS_DONE;
	}
	if (ferror(reader->file))
		return err_fail(reader->name, errno);
	return err_say("%s: it ends within message %llu, at byte %llu: not all of it was written",
		       reader->name, reader->messages, reader->bytes);
}

static int refuse_damaged(const struct state_reader *reader, const char *why)
{
	return err_say("%s: damaged: message %llu, at byte %llu: %s", reader->name,
		       reader->messages, reader->bytes, why);
}

int state_open(struct state_reader *reader, FILE *file, const char *name)
{
	struct state_header header;
	size_t len;

	reader->file = file;
	reader->name = name;
	reader->messages = 0;
	reader->bytes = 0;
	reader->lines = 0;
	reader->command = 0;
	len = fread(&header, 1, sizeof(header), file);
	if (ferror(file))
		return err_fail(name, errno);
	if (len < sizeof(header) || memcmp(header.magic, STATE_MAGIC, sizeof(header.magic)))
		return err_say("%s: not a file of maglevadm state save", name);
	if (header.order != STATE_ORDER)
		return err_say("%s: written by a host of the other byte order", name);
	if (header.version != STATE_VERSION)
		return err_say("%s: version %u of the format: this maglevadm reads version %u",
			       name, header.version, STATE_VERSION);
	reader->saved_ms = header.saved_ms;
	reader->next = sizeof(header);
	reader->sum = add_up(0, &header, sizeof(header));
	return STATUS_DONE;
}

static int read_end(struct state_reader *reader, const struct nlmsghdr *nlh)
{
	struct state_end end;
	int status;

	if (nlh->nlmsg_len != sizeof(*nlh) + sizeof(end))
		return refuse_damaged(reader, "its end has another length");
	status = get(reader, &end, sizeof(end));
	if (status)
		return status;
	if (end.messages != reader->messages || end.sum != add_up(reader->sum, nlh, sizeof(*nlh)))
		return refuse_damaged(reader, "the sum of what is before it is another");
	if (!reader->messages)
		return refuse_damaged(reader, "there is nothing before it");
	if (fgetc(reader->file) != EOF)
		return refuse_damaged(reader, "something follows its end");
	return STATUS_DONE;
}

/* Where a command's messages stand; 0: nowhere. */
static u32 rank_of(u32 command)
{
	switch (command) {
	case MAGLEV_CMD_SETTINGS_GET:
		return 1;
	case MAGLEV_CMD_SERVICE_GET:
		return 2;
	case MAGLEV_CMD_BACKEND_GET:
		return 3;
	case MAGLEV_CMD_FLOW_SAVE:
		return 4;
	default:
		return 0;
	}
}

/* Settings are first, and there is one message of them. */
static bool may_follow(u32 before, u32 rank)
{
	return before ? rank > 1 && rank >= before : rank == 1;
}

static bool has_key(const struct maglev_lib_message *message)
{
	const struct maglev_lib_service_key *key = &message->service.key;
	u64 vip = MAGLEV_LIB_HAS(SERVICE_KEY_PROTOCOL) | MAGLEV_LIB_HAS(SERVICE_KEY_ADDR) |
		  MAGLEV_LIB_HAS(SERVICE_KEY_PORT);

	return message->has & MAGLEV_LIB_HAS(SERVICE) &&
	       message->service.has & MAGLEV_LIB_HAS(SERVICE_KEY) &&
	       key->has & MAGLEV_LIB_HAS(SERVICE_KEY_AF) &&
	       (key->has & MAGLEV_LIB_HAS(SERVICE_KEY_FWMARK) || (key->has & vip) == vip);
}

static bool has_pair(const struct maglev_lib_message *message)
{
	const struct maglev_lib_backend *backend = &message->backend;
	u64 name = MAGLEV_LIB_HAS(BACKEND_ADDR) | MAGLEV_LIB_HAS(BACKEND_PORT) |
		   MAGLEV_LIB_HAS(BACKEND_INDEX);

	return has_key(message) && message->has & MAGLEV_LIB_HAS(BACKEND) &&
	       (backend->has & name) == name && backend->index < MAGLEV_PAIRS_MAX;
}

static bool has_words(const struct state_reader *reader, const struct maglev_lib_message *message)
{
	const struct maglev_lib_words *words = &message->words;
	u64 all = MAGLEV_LIB_HAS(WORDS_CPU) | MAGLEV_LIB_HAS(WORDS_LINE) |
		  MAGLEV_LIB_HAS(WORDS_WORD);
	u32 i, n = state_flows(message);

	if (!(message->has & MAGLEV_LIB_HAS(WORDS)) || (words->has & all) != all)
		return false;
	if (n > MAGLEV_NL_WORDS_MAX || words->word.len != n * sizeof(u64) ||
	    words->line.len != n * sizeof(u32))
		return false;
	for (i = 0; i < n; i++)
		if (state_line(message, i) >= reader->lines)
			return false;
	return true;
}

static bool has_settings(struct state_reader *reader, const struct maglev_lib_message *message)
{
	u64 all = MAGLEV_LIB_HAS(SETTINGS_KEY_CHECK) | MAGLEV_LIB_HAS(SETTINGS_LINES);

	reader->lines = message->settings.lines;
	return message->has & MAGLEV_LIB_HAS(SETTINGS) && (message->settings.has & all) == all;
}

static bool is_whole(struct state_reader *reader, const struct maglev_lib_message *message)
{
	switch (reader->command) {
	case MAGLEV_CMD_SETTINGS_GET:
		return has_settings(reader, message);
	case MAGLEV_CMD_SERVICE_GET:
		return has_key(message);
	case MAGLEV_CMD_BACKEND_GET:
		return has_pair(message);
	default:
		return has_words(reader, message);
	}
}

static int read_message(struct state_reader *reader, struct maglev_lib_message *message)
{
	const struct nlmsghdr *nlh = (void *)reader->buffer;
	u32 before = rank_of(reader->command);
	int status;

	if (nlh->nlmsg_type != MAGLEV_SOCKET_FAMILY ||
	    nlh->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(u32) ||
	    nlh->nlmsg_len > sizeof(reader->buffer) || nlh->nlmsg_len % sizeof(u32))
		return refuse_damaged(reader, "no message begins here");
	status = get(reader, reader->buffer + sizeof(*nlh), nlh->nlmsg_len - sizeof(*nlh));
	if (status)
		return status;
	reader->sum = add_up(reader->sum, nlh, nlh->nlmsg_len);
	reader->command = *(u8 *)mnl_nlmsg_get_payload(nlh);
	if (!may_follow(before, rank_of(reader->command)))
		return refuse_damaged(reader, "it does not stand where it belongs");
	if (maglev_lib_read(message, nlh) || !is_whole(reader, message))
		return refuse_damaged(reader, "what it says makes no sense");
	reader->messages++;
	return STATUS_DONE;
}

int state_next(struct state_reader *reader, u32 *command, struct maglev_lib_message *message)
{
	struct nlmsghdr *nlh = (void *)reader->buffer;
	int status;

	*command = 0;
	reader->bytes = reader->next;
	status = get(reader, nlh, sizeof(*nlh));
	if (status)
		return status;
	if (nlh->nlmsg_type == NLMSG_DONE)
		return read_end(reader, nlh);
	status = read_message(reader, message);
	if (!status)
		*command = reader->command;
	return status;
}

u32 state_flows(const struct maglev_lib_message *message)
{
	return message->words.word.len / sizeof(u64);
}

u32 state_line(const struct maglev_lib_message *message, u32 i)
{
	u32 line;

	memcpy(&line, (const char *)message->words.line.at + i * sizeof(line), sizeof(line));
	return line;
}

u64 state_word(const struct maglev_lib_message *message, u32 i)
{
	u64 word;

	memcpy(&word, (const char *)message->words.word.at + i * sizeof(word), sizeof(word));
	return word;
}
