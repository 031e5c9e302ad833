// SPDX-License-Identifier: GPL-2.0-only
/* A client: requests, their answers and lists, over whatever transport. */
#include "client.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

int maglev_client_create(struct maglev_client **client, const struct maglev_transport *transport,
			 void *ctx, u16 family)
{
	*client = calloc(1, sizeof(**client));
	if (!*client) {
		if (ctx)
			transport->close(ctx);
		return -ENOMEM;
	}
	(*client)->transport = *transport;
	(*client)->ctx = ctx;
	(*client)->family = family;
	(*client)->timeout_ms = CLIENT_TIMEOUT_MS;
	client_begin(*client);
	return 0;
}

int maglev_client_open(struct maglev_client **client, const char *netns)
{
	static const struct maglev_transport none;
	int err;

	err = maglev_client_create(client, &none, NULL, 0);
	if (err)
		return err;
	return client_open_netlink(*client, netns);
}

void maglev_client_close(struct maglev_client *client)
{
	if (client && client->ctx)
		client->transport.close(client->ctx);
	free(client);
}

const struct maglev_error *maglev_client_error(const struct maglev_client *client)
{
	static const struct maglev_error no_memory = {
		.failure = MAGLEV_FAILURE_SYSTEM,
		.code = ENOMEM,
		.entry = MAGLEV_ENTRY_NONE,
		.text = "out of memory",
	};

	return client ? &client->error : &no_memory;
}

void maglev_client_timeout(struct maglev_client *client, int timeout_ms)
{
	client->timeout_ms = timeout_ms;
}

struct answer {
	const struct nlmsghdr *request;
	take *take;
	void *ctx;
	int result; /* what take() returned */
	bool is_done;
	bool is_interrupted;
};

/* Look at one message. Return: 0, or -errno, said. */
static int take_message(struct maglev_client *client, struct answer *answer,
			const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_seq != client->seq)
		return 0; /* of a request that timed out */
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->is_interrupted = true;
	if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
		answer->is_done = true;
		return client_verdict(client, nlh, answer->request);
	}
	if (nlh->nlmsg_type != client->family || !answer->take || answer->result)
		return 0;
	answer->result = answer->take(answer->ctx, nlh);
	return 0;
}

const struct nlmsghdr *client_cut(struct rest *rest)
{
	const struct nlmsghdr *nlh = (const void *)rest->at;
	size_t step;

	if (rest->len < sizeof(*nlh) || nlh->nlmsg_len < sizeof(*nlh) || nlh->nlmsg_len > rest->len)
		return NULL;
	step = MNL_ALIGN((size_t)nlh->nlmsg_len);
	if (step > rest->len)
		step = rest->len;
	rest->at += step;
	rest->len -= step;
	return nlh;
}

/* Look at what was read. Return: 0, or -errno, said. */
static int take_messages(struct maglev_client *client, struct answer *answer, ssize_t len)
{
	struct rest rest = { client->buffer, len };
	const struct nlmsghdr *nlh;
	int err;

	while (!answer->is_done && (nlh = client_cut(&rest))) {
		err = take_message(client, answer, nlh);
		if (err)
			return err;
	}
	if (rest.len && !answer->is_done)
		return client_fail(client, MAGLEV_FAILURE_MALFORMED, EBADMSG,
				   "a message's length is wrong");
	return 0;
}

/* Read until the peer has said yes or no; also what nobody wants, as the next request waits. */
static int take_answers(struct maglev_client *client, struct answer *answer)
{
	ssize_t len;
	int err;

	while (!answer->is_done) {
		len = client->transport.recv(client->ctx, client->buffer, sizeof(client->buffer),
					     client->timeout_ms);
		if (!len)
			return client_fail(client, MAGLEV_FAILURE_TIMEOUT, ETIMEDOUT,
					   "no answer within %d ms", client->timeout_ms);
		if (len < 0)
			return client_fail_recv(client, (int)len);
		err = take_messages(client, answer, len);
		if (err)
			return err;
	}
	return 0;
}

int client_exchange(struct maglev_client *client, struct nlmsghdr *request, u16 flags, take *take,
		    void *ctx)
{
	struct answer answer = { .request = request, .take = take, .ctx = ctx };
	int err;

	client_begin(client);
	if (!client->ctx)
		return client_fail(client, MAGLEV_FAILURE_ABSENT, ENOTCONN, "not connected");
	request->nlmsg_type = client->family;
	request->nlmsg_flags = NLM_F_REQUEST | flags;
	request->nlmsg_seq = ++client->seq;
	err = client->transport.send(client->ctx, request, request->nlmsg_len);
	if (err)
		return client_fail(client, MAGLEV_FAILURE_SYSTEM, -err, "send: %s", strerror(-err));
	err = take_answers(client, &answer);
	if (err)
		return err;
	if (answer.result)
		return answer.result;
	if (answer.is_interrupted)
		return client_fail(client, MAGLEV_FAILURE_INTERRUPTED, EINTR,
				   "what is listed changed meanwhile");
	return 0;
}

struct rows {
	struct maglev_client *client;
	struct maglev_lib_message message;
	maglev_row *row;
	void *ctx;
};

static int take_row(void *ctx, const struct nlmsghdr *nlh)
{
	struct rows *rows = ctx;
	int err = maglev_lib_read(&rows->message, nlh);

	if (err)
		return client_fail(rows->client, MAGLEV_FAILURE_MALFORMED, -err,
				   "an answer makes no sense");
	return rows->row(rows->ctx, &rows->message);
}

static int exchange_rows(struct maglev_client *client, struct maglev_request *request, u16 flags,
			 maglev_row *row, void *ctx)
{
	struct rows rows = { .client = client, .row = row, .ctx = ctx };

	return client_exchange(client, request->at, flags, row ? take_row : NULL, &rows);
}

int maglev_client_do(struct maglev_client *client, struct maglev_request *request, maglev_row *row,
		     void *ctx)
{
	return exchange_rows(client, request, NLM_F_ACK, row, ctx);
}

int maglev_client_dump(struct maglev_client *client, struct maglev_request *request,
		       maglev_row *row, void *ctx)
{
	return exchange_rows(client, request, NLM_F_DUMP, row, ctx);
}

struct copy {
	struct maglev_client *client;
	struct maglev_lib_message *reply;
	struct nlmsghdr *raw; /* in the client's buffer, which the acknowledgement may overwrite */
};

static int take_copy(void *ctx, const struct nlmsghdr *nlh)
{
	struct copy *copy = ctx;

	if (copy->raw)
		return 0;
	copy->raw = malloc(nlh->nlmsg_len);
	if (!copy->raw)
		return client_fail(copy->client, MAGLEV_FAILURE_SYSTEM, ENOMEM, "out of memory");
	memcpy(copy->raw, nlh, nlh->nlmsg_len);
	return 0;
}

/* Put the reply where it holds until the next call. Return: 0, or -errno, said. */
static int keep_copy(struct maglev_client *client, struct copy *copy)
{
	int err = -EBADMSG;

	if (copy->raw) {
		memcpy(client->buffer, copy->raw, copy->raw->nlmsg_len);
		err = maglev_lib_read(copy->reply, client->buffer);
	}
	if (err)
		return client_fail(client, MAGLEV_FAILURE_MALFORMED, -err, "%s",
				   copy->raw ? "the answer makes no sense" : "there is no answer");
	return 0;
}

int maglev_client_list(struct maglev_client *client, u8 command, maglev_row *row, void *ctx)
{
	struct maglev_request request;
	int err;

	client_begin(client);
	err = maglev_request_init(&request, command);
	if (!err)
		err = maglev_client_dump(client, &request, row, ctx);
	maglev_request_fini(&request);
	return err;
}

int maglev_client_call(struct maglev_client *client, u8 command,
		       const struct maglev_lib_message *message, struct maglev_lib_message *reply)
{
	struct copy copy = { .client = client, .reply = reply };
	struct maglev_request request;
	int err;

	client_begin(client);
	err = maglev_request_init(&request, command);
	if (!err && message)
		err = maglev_request_put(&request, message);
	if (err) {
		client_fail(client, MAGLEV_FAILURE_SYSTEM, -err, "request: %s", strerror(-err));
		goto out;
	}
	err = client_exchange(client, request.at, NLM_F_ACK, reply ? take_copy : NULL, &copy);
	if (!err && reply)
		err = keep_copy(client, &copy);
out:
	free(copy.raw);
	maglev_request_fini(&request);
	return err;
}
