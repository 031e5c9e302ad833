// SPDX-License-Identifier: GPL-2.0-only
// fuzz-sources: userspace/maglevadm/[abdeklnoprstw]*.c userspace/maglevadm/cmd_*.c
// fuzz-sources: userspace/maglevadm/command*.c userspace/maglevadm/flows.c userspace/lib/*.c
// fuzz-sources: userspace/maglevadm/ipvs_list.c userspace/maglevadm/ipvs_json.c userspace/maglevadm/ipvs_name.c userspace/maglevadm/ipvs_words.c
// fuzz-flags: -Iinclude/uapi -Iuserspace/lib -Iuserspace/maglevadm -lmnl -lcjson
/*
 * Any bytes as the words of a command, a line a word: reading them ends, and what was understood can
 * be sent, and found again where an error means it. Nothing is run, and there are no files.
 */
#include <assert.h>
#include <connect.h>
#include <errno.h>
#include <file.h>
#include <order.h>
#include <request.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WORDS_MAX = 64,
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int connect_plane(struct maglev_client **client)
{
	(void)client;
	abort();
}

int file_open(const char *name)
{
	(void)name;
	return -ENOENT;
}

void file_close(int fd)
{
	(void)fd;
}

int file_create(const char *name, char **aside)
{
	(void)name;
	*aside = NULL;
	return -EACCES;
}

int file_replace(int fd, char *aside, const char *name)
{
	(void)fd;
	(void)aside;
	(void)name;
	return -EACCES;
}

void file_drop(char *aside)
{
	(void)aside;
}

void file_claim_stdin(void)
{
}

static void check_notes(const struct order *order)
{
	const struct note *found;
	size_t i;

	for (i = 0; i < order->notes; i++) {
		found = order_find(order, order->note[i].entry, order->note[i].path);
		assert(found && found->at.at && strlen(found->at.at) >= found->at.len);
	}
}

static void check_order(const struct call *call)
{
	char synopsis[SYNOPSIS_BYTES];
	struct maglev_request request;
	struct order order;
	size_t i;

	if (!order_init(&order, call) && !order.help) {
		assert(!maglev_request_init(&request, MAGLEV_CMD_PREVIEW));
		assert(!maglev_request_put(&request, &order.message));
		for (i = 0; i < order.changes; i++)
			assert(!maglev_request_add(&request, &order.change[i]));
		maglev_request_fini(&request);
	}
	check_notes(&order);
	order_fini(&order);
	command_synopsis(call->command, false, synopsis);
	assert(strlen(synopsis) < sizeof(synopsis) - 1);
}

static void check_request(const struct call *call, enum request_kind kind)
{
	struct request request;

	request_init(&request, call, kind);
	request_fini(&request);
}

static void check_words(int n, char **word)
{
	struct err_place place = { .words = n, .word = word };
	struct call call = {};

	err_init(place);
	if (n < 2 || command_find(&call, n - 1, word + 1, false))
		return;
	if (call.command->obey)
		check_order(&call);
	else if (call.command->run == cmd_table_build)
		check_request(&call, REQUEST_BACKENDS);
	else if (call.command->run == cmd_table_lookup)
		check_request(&call, REQUEST_FLOWS);
	else if (call.command->run == cmd_table_diff)
		check_request(&call, REQUEST_SIDES);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	stderr = fopen("/dev/null", "w");
	assert(stderr);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size, *stop;
	char *word[WORDS_MAX + 1] = { strdup("maglevadm") };
	int i, n = 1;

	for (; at < end && n < WORDS_MAX; at = stop + 1) {
		stop = memchr(at, '\n', end - at) ?: end;
		word[n++] = strndup(at, stop - at);
	}
	check_words(n, word);
	for (i = 0; i < n; i++)
		free(word[i]);
	return 0;
}
