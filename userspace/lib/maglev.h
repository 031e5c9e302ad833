/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The client library: talk to a balancer's data plane, the kernel's by netlink, or any other that
 * speaks the same bytes. Requests are written from structs, replies and events come back as structs
 * (objects.h); every function that can fail says why in its client's struct maglev_error.
 *
 * A client is used by one thread at a time. Requests and events take one client each.
 */
#ifndef MAGLEV_LIB_H
#define MAGLEV_LIB_H

#include "objects.h"

#include <sys/types.h>

struct maglev_client;

/**
 * enum maglev_failure - what kind of thing went wrong
 * @MAGLEV_FAILURE_NONE: nothing
 * @MAGLEV_FAILURE_REFUSED: the plane refused the request, and says why
 * @MAGLEV_FAILURE_ABSENT: there is no plane
 * @MAGLEV_FAILURE_SYSTEM: a system call failed here
 * @MAGLEV_FAILURE_TIMEOUT: the plane did not answer in time
 * @MAGLEV_FAILURE_INTERRUPTED: what was listed changed meanwhile: the list may have
 *	holes, ask again
 * @MAGLEV_FAILURE_LOST: messages were lost because they were not read in time: ask for
 *	everything again
 * @MAGLEV_FAILURE_MALFORMED: the plane's answer makes no sense
 */
enum maglev_failure {
	MAGLEV_FAILURE_NONE,
	MAGLEV_FAILURE_REFUSED,
	MAGLEV_FAILURE_ABSENT,
	MAGLEV_FAILURE_SYSTEM,
	MAGLEV_FAILURE_TIMEOUT,
	MAGLEV_FAILURE_INTERRUPTED,
	MAGLEV_FAILURE_LOST,
	MAGLEV_FAILURE_MALFORMED,
};

enum {
	MAGLEV_ERROR_TEXT = 256,
	MAGLEV_ERROR_PATH = 96,
	MAGLEV_ENTRY_NONE = 0xffffffff,
};

/**
 * struct maglev_error - what went wrong last
 * @failure: enum maglev_failure
 * @code: an errno, positive
 * @entry: which entry of a batch or preview is meant, from 0; or MAGLEV_ENTRY_NONE
 * @is_missing: @path is an attribute that should be there
 * @has_range: @min and @max are what @path may be
 * @min: smallest value accepted
 * @max: largest value accepted
 * @text: what the plane says, verbatim; or what failed here
 * @path: the attribute that is meant: "backend.share", "entry[3].service.key.port"; or ""
 */
struct maglev_error {
	u32 failure;
	int code;
	u32 entry;
	bool is_missing;
	bool has_range;
	u64 min;
	u64 max;
	char text[MAGLEV_ERROR_TEXT];
	char path[MAGLEV_ERROR_PATH];
};

/**
 * struct maglev_transport - how messages come and go
 * @send: send one message whole. Return: 0 or -errno.
 * @recv: wait up to @timeout_ms for messages, read some, always whole ones. Return: bytes; 0 if
 *	  none came in time; -ENOBUFS if some were lost; -EMSGSIZE if one is longer than @size;
 *	  -EPIPE if the peer is gone; another -errno.
 * @subscribe: receive events from now on. Return: 0 or -errno.
 * @fd: what becomes readable when @recv would not wait
 * @close: the last call
 *
 * The kernel's is built in; that of a plane behind a stream socket cuts the stream by nlmsg_len.
 */
struct maglev_transport {
	int (*send)(void *ctx, const void *message, size_t len);
	ssize_t (*recv)(void *ctx, void *buffer, size_t size, int timeout_ms);
	int (*subscribe)(void *ctx);
	int (*fd)(void *ctx);
	void (*close)(void *ctx);
};

/**
 * struct maglev_request - a message being written
 * @at: its bytes, beginning with struct nlmsghdr
 * @size: bytes there is room for
 * @entries: how many were added
 */
struct maglev_request {
	void *at;
	size_t size;
	u32 entries;
};

/**
 * struct maglev_event - something happened
 * @command: MAGLEV_CMD_*_NTF
 * @lost: events missed before this one: with any, ask for everything again
 * @message: what it holds
 */
struct maglev_event {
	u32 command;
	u32 lost;
	struct maglev_lib_message message;
};

/**
 * typedef maglev_row - take one message of an answer
 * @ctx: as passed
 * @message: it; gone after the return
 *
 * Return: 0 to go on; anything else ends the listing and is its result.
 */
typedef int maglev_row(void *ctx, const struct maglev_lib_message *message);

/**
 * maglev_client_open() - a client of the kernel's plane
 * @client: written, also on failure if memory allows: ask it maglev_client_error(), close it
 * @netns: name of a network namespace, as "ip netns" knows it; NULL for the caller's
 *
 * The calling thread is in another namespace for a moment.
 *
 * Return: 0 or -errno.
 */
int maglev_client_open(struct maglev_client **client, const char *netns);

/* Where maglev-dpdk listens, unless told otherwise. */
#define MAGLEV_SOCKET_PATH "/run/maglev-dpdk/socket"

/**
 * enum maglev_socket_type - types of messages on the socket of maglev-dpdk
 * @MAGLEV_SOCKET_SUBSCRIBE: nothing but a header: events are to come from now on, on this connection
 * @MAGLEV_SOCKET_FAMILY: those of our family
 *
 * A connection that reads its events too slowly is sent NLMSG_OVERRUN for those it lost.
 */
enum maglev_socket_type {
	MAGLEV_SOCKET_SUBSCRIBE = 32,
	MAGLEV_SOCKET_FAMILY = 33,
};

/**
 * maglev_client_open_socket() - a client of maglev-dpdk
 * @client: as maglev_client_open()
 * @path: of its socket
 *
 * Return: 0 or -errno.
 */
int maglev_client_open_socket(struct maglev_client **client, const char *path);

/**
 * maglev_client_create() - a client of whatever plane
 * @client: written
 * @transport: how to reach it
 * @ctx: passed to @transport, which owns it; closed on failure too
 * @family: message type of our messages
 *
 * Return: 0 or -ENOMEM.
 */
int maglev_client_create(struct maglev_client **client, const struct maglev_transport *transport,
			 void *ctx, u16 family);

/**
 * maglev_client_close() - the end of a client
 * @client: may be NULL
 */
void maglev_client_close(struct maglev_client *client);

/**
 * maglev_client_error() - why the last call failed
 * @client: NULL for one that there was no memory for
 *
 * Return: the error; valid until the next call.
 */
const struct maglev_error *maglev_client_error(const struct maglev_client *client);

/**
 * maglev_client_timeout() - how long to wait for the plane
 * @client: the client
 * @timeout_ms: from one message to the next; 10 s unless told otherwise
 */
void maglev_client_timeout(struct maglev_client *client, int timeout_ms);

/**
 * maglev_request_init() - begin a request
 * @request: to be ended by maglev_request_fini(), also on failure
 * @command: MAGLEV_CMD_*
 *
 * Return: 0 or -ENOMEM.
 */
int maglev_request_init(struct maglev_request *request, u8 command);

/**
 * maglev_request_put() - add what a message has
 * @request: the request
 * @message: what to add
 *
 * Return: 0, -ENOMEM, -EMSGSIZE beyond 16 MiB, -E2BIG or -EINVAL; see maglev_lib_encode().
 */
int maglev_request_put(struct maglev_request *request, const struct maglev_lib_message *message);

/**
 * maglev_request_add() - add an entry of a batch or a preview
 * @request: the request
 * @entry: the entry
 *
 * Return: as maglev_request_put().
 */
int maglev_request_add(struct maglev_request *request, const struct maglev_lib_entry *entry);

/**
 * maglev_request_fini() - free what a request holds
 * @request: may have failed to begin
 */
void maglev_request_fini(struct maglev_request *request);

/**
 * maglev_client_do() - have a request answered
 * @client: the client
 * @request: the request; can be sent again
 * @row: called for each message of the answer, if there is any; or NULL
 * @ctx: passed to @row
 *
 * Return: 0, what @row returned, or -errno.
 */
int maglev_client_do(struct maglev_client *client, struct maglev_request *request, maglev_row *row,
		     void *ctx);

/**
 * maglev_client_dump() - have a list
 * @client: the client
 * @request: the request; can be sent again
 * @row: called for each message of the answer
 * @ctx: passed to @row
 *
 * After -EINTR (MAGLEV_FAILURE_INTERRUPTED) all rows were seen, but they are of different times.
 *
 * Return: 0, what @row returned, or -errno.
 */
int maglev_client_dump(struct maglev_client *client, struct maglev_request *request,
		       maglev_row *row, void *ctx);

/**
 * maglev_client_list() - have a list of all there are
 * @client: the client
 * @command: MAGLEV_CMD_*_GET, or another that can be dumped
 * @row: called for each message of the answer
 * @ctx: passed to @row
 *
 * Return: as maglev_client_dump().
 */
int maglev_client_list(struct maglev_client *client, u8 command, maglev_row *row, void *ctx);

/**
 * maglev_client_call() - a request in one message, and its answer in one
 * @client: the client
 * @command: MAGLEV_CMD_*
 * @message: what to ask; NULL for nothing
 * @reply: written; "raw" and all struct maglev_lib_bytes in it hold until the next call; or NULL
 *
 * Return: 0 or -errno; -EBADMSG if @reply was expected and did not come.
 */
int maglev_client_call(struct maglev_client *client, u8 command,
		       const struct maglev_lib_message *message, struct maglev_lib_message *reply);

/**
 * maglev_client_subscribe() - receive events from now on
 * @client: a client without requests
 *
 * Subscribe first, list afterwards: nothing is missed.
 *
 * Return: 0 or -errno.
 */
int maglev_client_subscribe(struct maglev_client *client);

/**
 * maglev_client_fd() - what to poll
 * @client: the client
 *
 * Return: a file descriptor. When it is readable, call maglev_client_event() until it returns 0.
 */
int maglev_client_fd(const struct maglev_client *client);

/**
 * maglev_client_event() - read an event
 * @client: after maglev_client_subscribe()
 * @event: written; "raw" in it holds until the next call
 * @timeout_ms: how long to wait; 0 for not at all
 *
 * Return: 1; 0 if there was none; -ENOBUFS (MAGLEV_FAILURE_LOST) if some were lost, and the
 * next call goes on; another -errno.
 */
int maglev_client_event(struct maglev_client *client, struct maglev_event *event, int timeout_ms);

/**
 * maglev_lib_read() - a message's struct
 * @message: written whole
 * @raw: a whole struct nlmsghdr of ours, aligned to 4
 *
 * Return: 0 or -EBADMSG.
 */
int maglev_lib_read(struct maglev_lib_message *message, const void *raw);

/**
 * maglev_lib_next() - walk along what a message holds several of
 * @message: as received
 * @type: MAGLEV_A_ENTRY or MAGLEV_A_REASON
 * @cursor: begins as NULL; where we are
 * @object: of the kind of @type (struct maglev_lib_entry, struct maglev_lib_reason_count), written
 *
 * Return: 1; 0 at the end; -EBADMSG.
 */
int maglev_lib_next(const struct maglev_lib_message *message, u32 type, const void **cursor,
		    void *object);

#endif
