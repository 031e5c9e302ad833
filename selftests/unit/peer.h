/* SPDX-License-Identifier: GPL-2.0-only */
/* A peer of the client library that says what a test put into its mouth. */
#ifndef MAGLEV_TEST_PEER_H
#define MAGLEV_TEST_PEER_H

#include "fixture.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <maglev.h>

enum {
	FAMILY = 33,
	PACKETS_MAX = 8,
	PACKET_BYTES = 4096,
};

/* What the peer will send: in @packet[i] @len[i] bytes, or the errno -@len[i]. */
struct peer {
	_Alignas(8) char packet[PACKETS_MAX][PACKET_BYTES];
	ssize_t len[PACKETS_MAX];
	u32 n;
	u32 next;
	u32 seq;
	_Alignas(8) char sent[PACKET_BYTES];
	bool is_closed;
};

static struct peer peer;

static int peer_send(void *ctx, const void *message, size_t len)
{
	(void)ctx;
	assert_true(len <= sizeof(peer.sent));
	memcpy(peer.sent, message, len);
	return 0;
}

static ssize_t peer_recv(void *ctx, void *buffer, size_t size, int timeout_ms)
{
	u32 i = peer.next;

	(void)ctx;
	(void)timeout_ms;
	assert_true(size >= PACKET_BYTES);
	if (i >= peer.n)
		return 0;
	peer.next++;
	if (peer.len[i] > 0)
		memcpy(buffer, peer.packet[i], peer.len[i]);
	return peer.len[i];
}

static int peer_subscribe(void *ctx)
{
	(void)ctx;
	return 0;
}

static int peer_fd(void *ctx)
{
	(void)ctx;
	return 5;
}

static void peer_close(void *ctx)
{
	(void)ctx;
	peer.is_closed = true;
}

static const struct maglev_transport transport = {
	.send = peer_send,
	.recv = peer_recv,
	.subscribe = peer_subscribe,
	.fd = peer_fd,
	.close = peer_close,
};

static inline struct maglev_client *connect_peer(void)
{
	struct maglev_client *client;

	memset(&peer, 0, sizeof(peer));
	peer.seq = 1; /* of a client's first request */
	assert_int_equal(maglev_client_create(&client, &transport, &peer, FAMILY), 0);
	return client;
}

/* Append a message to the packet the peer is to send next. */
static inline struct nlmsghdr *say(u16 type, u16 flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(peer.packet[peer.n] + peer.len[peer.n]);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = peer.seq;
	return nlh;
}

static inline void said(const struct nlmsghdr *nlh)
{
	peer.len[peer.n] += nlh->nlmsg_len;
}

static inline void end_packet(void)
{
	peer.n++;
}

/* One of ours, with what @message has. */
static inline void say_message(u8 command, u16 flags, const struct maglev_lib_message *message)
{
	struct nlmsghdr *nlh = say(FAMILY, flags);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	genl->cmd = command;
	assert_int_equal(maglev_lib_encode(nlh, 2048, &maglev_lib_message_object, message), 0);
	said(nlh);
}

static inline void say_backend(u16 flags, u32 share)
{
	struct maglev_lib_message message = {
		.has = MAGLEV_LIB_HAS(BACKEND),
		.backend = { .has = MAGLEV_LIB_HAS(BACKEND_SHARE), .share = share },
	};

	say_message(MAGLEV_CMD_BACKEND_GET, flags, &message);
}

static inline void say_event(u32 seq)
{
	struct maglev_lib_message message = { .has = MAGLEV_LIB_HAS(SEQ), .seq = seq };

	say_message(MAGLEV_CMD_STATE_NTF, 0, &message);
}

static inline void say_done(u16 flags, int err)
{
	struct nlmsghdr *nlh = say(NLMSG_DONE, NLM_F_MULTI | flags);

	memcpy(mnl_nlmsg_put_extra_header(nlh, sizeof(err)), &err, sizeof(err));
	said(nlh);
}

/* The head of a refusal or, with @err 0, an acknowledgement. */
static inline struct nlmsghdr *say_verdict(int err)
{
	struct nlmsghdr *nlh = say(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	struct nlmsgerr *answer = mnl_nlmsg_put_extra_header(nlh, sizeof(*answer));

	answer->error = err;
	return nlh;
}

static inline void say_yes(void)
{
	said(say_verdict(0));
}

#endif
