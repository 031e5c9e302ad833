// SPDX-License-Identifier: GPL-2.0-only
/* A TCP connection: connect, say something, listen until what came is enough or too much. */
#include "probe_kind.h"

#include <errno.h>
#include <sys/socket.h>

static void on_connected(struct ev_loop *loop, ev_io *io, int revents)
{
	struct probe *probe = io->data;
	socklen_t len = sizeof(int);
	int error = 0;

	(void)loop;
	(void)revents;
	if (getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	if (error)
		probe_end_errno(probe, probe->doing, error);
	else
		probe->stream.connected(probe);
}

void probe_stream_start(struct probe *probe, void (*connected)(struct probe *probe))
{
	probe->stream.connected = connected;
	if (probe_open(probe, SOCK_STREAM, 0) && probe_connect(probe))
		probe_watch(probe, probe->fd, EV_WRITE, on_connected);
}

/* Is there nothing left to be said? */
static bool flush(struct probe *probe)
{
	const struct check_talk *talk = &probe->check->talk;
	struct probe_stream *stream = &probe->stream;
	ssize_t n;

	if (stream->sent == talk->send_len)
		return true;
	n = send(probe->fd, talk->send + stream->sent, talk->send_len - stream->sent, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		probe_end_errno(probe, "send", errno);
	else if (n > 0)
		stream->sent += n;
	return stream->sent == talk->send_len;
}

static void receive(struct probe *probe)
{
	struct probe_stream *stream = &probe->stream;
	ssize_t n = recv(probe->fd, probe->prober->scratch, stream->limit - probe->kept.len, 0);

	if (n < 0) {
		if (errno != EAGAIN)
			probe_end_errno(probe, "answer", errno);
		return;
	}
	if (!probe_bytes_add(&probe->kept, probe->prober->scratch, n))
		probe_end_errno(probe, "answer", ENOMEM);
	else if (!stream->heard(probe, !n) && probe->kept.len == stream->limit)
		probe_end(probe, PROBE_FAIL, "answer: not as expected in %zu bytes", stream->limit);
}

static void talk(struct probe *probe);

static void on_ready(struct ev_loop *loop, ev_io *io, int revents)
{
	struct probe *probe = io->data;

	(void)loop;
	if (revents & EV_READ && probe->stream.heard)
		receive(probe);
	if (!probe->ended)
		talk(probe);
}

static void talk(struct probe *probe)
{
	bool said = flush(probe);

	if (probe->ended)
		return;
	if (said && !probe->stream.heard) {
		probe_end(probe, PROBE_PASS, "passed");
		return;
	}
	probe->doing = said ? "answer" : "send";
	probe_watch(probe, probe->fd, (probe->stream.heard ? EV_READ : 0) | (said ? 0 : EV_WRITE),
		    on_ready);
}

void probe_stream_talk(struct probe *probe, size_t limit, probe_heard *heard)
{
	probe->stream.limit = limit;
	probe->stream.heard = heard;
	talk(probe);
}
