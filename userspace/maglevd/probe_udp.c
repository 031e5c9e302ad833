// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does it answer a datagram, or at least not refuse it? Without "expect" any answer is a pass, an
 * ICMP error a failure, and so is silence a pass, once the time is over: UDP cannot tell silence
 * from health, which only an expected answer can.
 */
#define _GNU_SOURCE /* memmem */
#include "probe_kind.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static void on_answer(struct ev_loop *loop, ev_io *io, int revents)
{
	struct probe *probe = io->data;
	const struct check_talk *talk = &probe->check->talk;
	char *scratch = probe->prober->scratch;
	ssize_t n = recv(probe->fd, scratch, sizeof(probe->prober->scratch), 0);

	(void)loop;
	(void)revents;
	if (n < 0 && errno != EAGAIN)
		probe_end_errno(probe, "answer", errno);
	else if (n >= 0 && (!talk->expect || memmem(scratch, n, talk->expect, talk->expect_len)))
		probe_end(probe, PROBE_PASS, "passed");
	else if (n >= 0)
		probe->doing = "answer, not as expected";
}

static void start_udp(struct probe *probe)
{
	const struct check_talk *talk = &probe->check->talk;

	if (!probe_open(probe, SOCK_DGRAM, 0) || !probe_connect(probe))
		return;
	probe->doing = "answer";
	if (send(probe->fd, talk->send, talk->send_len, 0) < 0)
		probe_end_errno(probe, "send", errno);
	else
		probe_watch(probe, probe->fd, EV_READ, on_answer);
}

static void expire_udp(struct probe *probe)
{
	if (probe->check->talk.expect)
		probe_time_out(probe);
	else
		probe_end(probe, PROBE_PASS, "passed: not refused in %u ms",
			  probe->check->timeout_ms);
}

const struct probe_kind probe_udp = {
	.start = start_udp,
	.expire = expire_udp,
};
