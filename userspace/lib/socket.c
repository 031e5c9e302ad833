// SPDX-License-Identifier: GPL-2.0-only
/*
 * The family over a stream socket, as maglev-dpdk speaks it: netlink messages one behind the other,
 * each padded to four bytes.
 */
#include "client.h"
#include "ready.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/**
 * struct stream - a connection
 * @fd: of the socket
 * @len: bytes in @bytes
 * @bytes: received and not yet handed on
 */
struct stream {
	int fd;
	size_t len;
	_Alignas(8) char bytes[CLIENT_BUFFER_BYTES];
};

static int stream_send(void *ctx, const void *message, size_t len)
{
	static const char padding[MNL_ALIGNTO];
	size_t sent = 0, whole = MNL_ALIGN(len);
	struct stream *stream = ctx;
	ssize_t n;
	int ready;

	while (sent < whole) {
		const char *from = sent < len ? (const char *)message + sent : padding;
		size_t more = sent < len ? len - sent : whole - sent;

		n = send(stream->fd, from, more, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0) {
			sent += n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		ready = ready_wait(stream->fd, POLLOUT, CLIENT_TIMEOUT_MS);
		if (ready <= 0)
			return ready ? ready : -ETIMEDOUT;
	}
	return 0;
}

/* Bytes of the whole messages in front; -EMSGSIZE if the first can never be whole here. */
static ssize_t count_whole(const struct stream *stream)
{
	const struct nlmsghdr *nlh;
	size_t whole = 0, step;

	while (stream->len - whole >= sizeof(*nlh)) {
		nlh = (const void *)(stream->bytes + whole);
		step = MNL_ALIGN((size_t)nlh->nlmsg_len);
		if (nlh->nlmsg_len < sizeof(*nlh) || nlh->nlmsg_len > sizeof(stream->bytes))
			return whole ? (ssize_t)whole : -EMSGSIZE;
		/* That some were lost is told of its own. */
		if (step > stream->len - whole || (whole && nlh->nlmsg_type == NLMSG_OVERRUN))
			break;
		whole += step;
		if (nlh->nlmsg_type == NLMSG_OVERRUN)
			break;
	}
	return whole;
}

static void drop(struct stream *stream, size_t len)
{
	stream->len -= len;
	memmove(stream->bytes, stream->bytes + len, stream->len);
}

/* Wait, and read. Return: bytes; 0 if none came in time; -errno. */
static ssize_t fill(struct stream *stream, int timeout_ms)
{
	int ready = ready_wait(stream->fd, POLLIN, timeout_ms);
	ssize_t len;

	if (ready <= 0)
		return ready;
	do
		len = recv(stream->fd, stream->bytes + stream->len,
			   sizeof(stream->bytes) - stream->len, MSG_DONTWAIT);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return errno == EAGAIN ? 0 : errno == ECONNRESET ? -EPIPE : -errno;
	stream->len += len;
	return len ? len : -EPIPE;
}

static ssize_t stream_recv(void *ctx, void *buffer, size_t size, int timeout_ms)
{
	struct stream *stream = ctx;
	const struct nlmsghdr *nlh = (const void *)stream->bytes;
	ssize_t whole, len;

	for (;;) {
		whole = count_whole(stream);
		if (whole)
			break;
		len = fill(stream, timeout_ms);
		if (len <= 0)
			return len;
	}
	if (whole < 0 || (size_t)whole > size)
		return -EMSGSIZE;
	if (nlh->nlmsg_type == NLMSG_OVERRUN) {
		drop(stream, whole);
		return -ENOBUFS;
	}
	memcpy(buffer, stream->bytes, whole);
	drop(stream, whole);
	return whole;
}

/* Asked and answered before anything else is: no event comes before the answer. */
static int stream_subscribe(void *ctx)
{
	struct nlmsghdr request = {
		.nlmsg_len = sizeof(request),
		.nlmsg_type = MAGLEV_SOCKET_SUBSCRIBE,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
	};
	const struct nlmsghdr *nlh;
	struct stream *stream = ctx;
	ssize_t len;
	int err;

	err = stream_send(stream, &request, sizeof(request));
	if (err)
		return err;
	while (count_whole(stream) == 0) {
		len = fill(stream, CLIENT_TIMEOUT_MS);
		if (len <= 0)
			return len ? (int)len : -ETIMEDOUT;
	}
	nlh = (const void *)stream->bytes;
	if (nlh->nlmsg_type != NLMSG_ERROR || nlh->nlmsg_len < NLMSG_LENGTH(sizeof(err)))
		return -EBADMSG;
	memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
	drop(stream, MNL_ALIGN((size_t)nlh->nlmsg_len));
	return err;
}

static int stream_fd(void *ctx)
{
	return ((struct stream *)ctx)->fd;
}

static void stream_close(void *ctx)
{
	close(stream_fd(ctx));
	free(ctx);
}

static const struct maglev_transport stream_transport = {
	.send = stream_send,
	.recv = stream_recv,
	.subscribe = stream_subscribe,
	.fd = stream_fd,
	.close = stream_close,
};

static int open_stream(struct maglev_client *client, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stream *stream;
	int err = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return client_fail(client, MAGLEV_FAILURE_SYSTEM, ENAMETOOLONG,
				   "%s: a socket's path has at most %zu bytes", path,
				   sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return client_fail(client, MAGLEV_FAILURE_SYSTEM, ENOMEM, "out of memory");
	stream->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (stream->fd < 0 || connect(stream->fd, (const void *)&address, sizeof(address)))
		err = errno;
	if (!err) {
		client->transport = stream_transport;
		client->ctx = stream;
		client->family = MAGLEV_SOCKET_FAMILY;
		return 0;
	}
	if (stream->fd >= 0)
		close(stream->fd);
	free(stream);
	return client_fail(client, MAGLEV_FAILURE_ABSENT, err, "maglev-dpdk: %s: %s", path,
			   strerror(err));
}

int maglev_client_open_socket(struct maglev_client **client, const char *path)
{
	static const struct maglev_transport none;
	int err;

	err = maglev_client_create(client, &none, NULL, 0);
	return err ? err : open_stream(*client, path);
}
