/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside the library: what a client is made of. */
#ifndef MAGLEV_LIB_CLIENT_H
#define MAGLEV_LIB_CLIENT_H

#include "maglev.h"

struct nlmsghdr;

enum {
	CLIENT_BUFFER_BYTES = 64 * 1024, /* the kernel's dumps come in at most 32 KiB */
	CLIENT_TIMEOUT_MS = 10000,
};

/* Messages read and not yet looked at. */
struct rest {
	const char *at;
	size_t len;
};

/**
 * struct maglev_client - a connection
 * @transport: its way
 * @ctx: of @transport; NULL: there is no connection
 * @family: message type of our messages
 * @seq: of the last request
 * @timeout_ms: from message to message
 * @error: of the last call
 * @pending: what was read and not yet looked at
 * @event_seq: of the last event
 * @event_known: @event_seq is the last event's
 * @buffer: what was read last
 */
struct maglev_client {
	struct maglev_transport transport;
	void *ctx;
	u16 family;
	u32 seq;
	int timeout_ms;
	struct maglev_error error;
	struct rest pending;
	u32 event_seq;
	bool event_known;
	_Alignas(8) char buffer[CLIENT_BUFFER_BYTES];
};

/*
 * Cut a message off the front of what was read; mnl_nlmsg_ok() believes lengths above 2^31.
 *
 * Return: it; NULL if there is no whole one left.
 */
const struct nlmsghdr *client_cut(struct rest *rest);

/* Take one message of an answer. Return: 0 to go on. */
typedef int take(void *ctx, const struct nlmsghdr *nlh);

/* Say what went wrong. Return: -@code. */
__attribute__((format(printf, 4, 5))) int client_fail(struct maglev_client *client,
						      enum maglev_failure failure, int code,
						      const char *format, ...);

/* Forget the error of the call before. */
void client_begin(struct maglev_client *client);

/* Say what a transport's -errno means. Return: @err. */
int client_fail_recv(struct maglev_client *client, int err);

/*
 * Read what the peer says about @request: an NLMSG_ERROR, or an NLMSG_DONE of a list that failed.
 *
 * Return: 0 if it says yes; -errno.
 */
int client_verdict(struct maglev_client *client, const struct nlmsghdr *nlh,
		   const struct nlmsghdr *request);

/* Send @request with @flags, hand the answers to @take (or NULL). Return: as maglev_client_do(). */
int client_exchange(struct maglev_client *client, struct nlmsghdr *request, u16 flags, take *take,
		    void *ctx);

/* Connect to the kernel. Return: 0 or -errno, said. */
int client_open_netlink(struct maglev_client *client, const char *netns);

#endif
