// SPDX-License-Identifier: GPL-2.0-only
// fuzz-sources: userspace/lib/*.c
// fuzz-flags: -Iinclude/uapi -Iuserspace/lib -lmnl
/*
 * Any bytes as what a peer sends, to a list, a call, a batch that is refused and a reader of events:
 * the client stays within them, ends, and what it understood survives being said again.
 */
#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <maglev.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	FAMILY = 33,
	EVENTS_MAX = 1000,
	AGAIN_BYTES = 256 * 1024,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A peer that sends these bytes, in packets of @step, then nothing. */
struct peer {
	const u8 *data;
	size_t size;
	size_t step;
};

static int peer_send(void *ctx, const void *message, size_t len)
{
	(void)ctx;
	(void)message;
	(void)len;
	return 0;
}

static ssize_t peer_recv(void *ctx, void *buffer, size_t size, int timeout_ms)
{
	struct peer *peer = ctx;
	size_t len = peer->size < peer->step ? peer->size : peer->step;

	(void)timeout_ms;
	if (len > size)
		return -EMSGSIZE;
	if (len)
		memcpy(buffer, peer->data, len);
	peer->data += len;
	peer->size -= len;
	return len;
}

static int peer_subscribe(void *ctx)
{
	(void)ctx;
	return 0;
}

static int peer_fd(void *ctx)
{
	(void)ctx;
	return -1;
}

static void peer_close(void *ctx)
{
	(void)ctx;
}

static const struct maglev_transport transport = {
	.send = peer_send,
	.recv = peer_recv,
	.subscribe = peer_subscribe,
	.fd = peer_fd,
	.close = peer_close,
};

/* What was understood can be said, and is then understood alike. */
static void say_again(const struct maglev_lib_message *message)
{
	struct nlmsghdr *nlh = malloc(AGAIN_BYTES);
	struct maglev_lib_message *again = malloc(sizeof(*again));
	struct maglev_lib_reason_count reason;
	struct maglev_lib_entry entry;
	const void *cursor = NULL;
	int err;

	assert(nlh && again);
	mnl_nlmsg_put_extra_header(mnl_nlmsg_put_header(nlh), GENL_HDRLEN);
	err = maglev_lib_encode(nlh, AGAIN_BYTES, &maglev_lib_message_object, message);
	assert(!err);
	err = maglev_lib_read(again, nlh);
	assert(!err);
	assert((message->has & ~again->has & ~MAGLEV_LIB_HAS(ENTRY) & ~MAGLEV_LIB_HAS(REASON)) ==
	       0);
	assert(!memcmp(&again->backend, &message->backend, sizeof(message->backend)));
	assert(!memcmp(&again->decision, &message->decision, sizeof(message->decision)));
	while (maglev_lib_next(message, MAGLEV_A_ENTRY, &cursor, &entry) == 1)
		;
	cursor = NULL;
	while (maglev_lib_next(message, MAGLEV_A_REASON, &cursor, &reason) == 1)
		;
	free(again);
	free(nlh);
}

static int take_row(void *ctx, const struct maglev_lib_message *message)
{
	(void)ctx;
	say_again(message);
	return 0;
}

static void send_request(struct maglev_client *client, bool dump)
{
	struct maglev_lib_entry entry = {
		.has = MAGLEV_LIB_HAS(ENTRY_OP) | MAGLEV_LIB_HAS(ENTRY_BACKEND),
		.backend = { .has = MAGLEV_LIB_HAS(BACKEND_SHARE) },
	};
	const struct maglev_error *error = maglev_client_error(client);
	struct maglev_request request;
	int err;

	err = maglev_request_init(&request, MAGLEV_CMD_PREVIEW);
	assert(!err);
	err = maglev_request_add(&request, &entry);
	assert(!err);
	err = dump ? maglev_client_dump(client, &request, take_row, NULL) :
		     maglev_client_do(client, &request, take_row, NULL);
	assert(!err == !error->failure);
	assert(memchr(error->text, 0, sizeof(error->text)));
	assert(memchr(error->path, 0, sizeof(error->path)));
	maglev_request_fini(&request);
}

static void converse(struct maglev_client *client, u8 what)
{
	struct maglev_lib_message reply;
	struct maglev_event event;
	u32 n = 0;

	switch (what & 3) {
	case 0:
	case 1:
		send_request(client, what & 1);
		break;
	case 2:
		if (!maglev_client_call(client, MAGLEV_CMD_EXPLAIN, NULL, &reply))
			say_again(&reply);
		break;
	case 3:
		while (maglev_client_event(client, &event, 0) == 1) {
			say_again(&event.message);
			assert(n++ < EVENTS_MAX);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct maglev_client *client;
	struct peer peer;
	int err;

	if (size < 2)
		return 0;
	peer = (struct peer){ data + 2, size - 2, data[1] ? data[1] * 4 : size };
	err = maglev_client_create(&client, &transport, &peer, FAMILY);
	assert(!err);
	converse(client, data[0]);
	maglev_client_close(client);
	return 0;
}
