// SPDX-License-Identifier: GPL-2.0-only
/*
 * How an attempt begins and ends, whatever its kind. One timer bounds it as a whole. When it has
 * ended, that timer's watcher is fed to the loop as the message: so the caller is told from the
 * loop, once, with nothing of ours on the stack, and may cancel, start or destroy what it likes.
 */
#include "probe_kind.h"

#include "probe_transfer.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	US_PER_MS = 1000,
	US_PER_S = 1000 * 1000,
	NS_PER_US = 1000,
	BYTES_AT_FIRST = 1024,
	/* A timeout noticed later than that says more of us than of the backend. */
	LATE_US = 100 * US_PER_MS,
	/* After what has arrived: an answer that is there when time is over counts. */
	TIMER_PRIORITY = EV_MINPRI,
};

static const struct probe_kind *const kinds[] = {
	[CHECK_TCP] = &probe_tcp,	[CHECK_HTTP] = &probe_http,   [CHECK_HTTPS] = &probe_http,
	[CHECK_UDP] = &probe_udp,	[CHECK_DNS] = &probe_dns,     [CHECK_ICMP] = &probe_icmp,
	[CHECK_SCRIPT] = &probe_script, [CHECK_AGENT] = &probe_agent,
};

static u64 now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

bool probe_bytes_add(struct probe_bytes *bytes, const void *from, size_t len)
{
	size_t room = bytes->room ?: BYTES_AT_FIRST;
	char *at;

	while (room <= bytes->len + len)
		room *= 2;
	if (room > PROBE_BYTES)
		room = PROBE_BYTES + 1;
	if (room != bytes->room) {
		at = realloc(bytes->at, room);
		if (!at)
			return false;
		bytes->at = at;
		bytes->room = room;
	}
	memcpy(bytes->at + bytes->len, from, len);
	bytes->len += len;
	bytes->at[bytes->len] = 0;
	return true;
}

void probe_watch(struct probe *probe, int fd, int events,
		 void (*ready)(struct ev_loop *loop, ev_io *io, int revents))
{
	ev_set_cb(&probe->io, ready);
	if (ev_is_active(&probe->io) && probe->io.fd == fd &&
	    (probe->io.events & ~EV__IOFDSET) == events)
		return;
	ev_io_stop(probe->prober->loop, &probe->io);
	/* A descriptor known already is not told to the kernel as new. */
	if (probe->io.fd == fd)
		ev_io_modify(&probe->io, events);
	else
		ev_io_set(&probe->io, fd, events);
	ev_io_start(probe->prober->loop, &probe->io);
}

void probe_say(struct probe *probe, enum probe_result result, const char *format, ...)
{
	struct probe_answer *answer = &probe->answer;
	va_list args;
	char *at;

	answer->result = result;
	va_start(args, format);
	vsnprintf(answer->why, sizeof(answer->why), format, args);
	va_end(args);
	for (at = answer->why; *at; at++) {
		if (*at < ' ' || *at > '~')
			*at = '?';
	}
}

/* What it holds, not the attempt itself. */
static void release(struct probe *probe)
{
	ev_io_stop(probe->prober->loop, &probe->io);
	ev_timer_stop(probe->prober->loop, &probe->timer);
	if (probe->ended)
		return;
	probe->ended = true;
	if (probe->kind->stop)
		probe->kind->stop(probe);
	if (probe->fd >= 0)
		close(probe->fd);
	probe->fd = -1;
	free(probe->kept.at);
	probe->kept = (struct probe_bytes){};
}

void probe_close(struct probe *probe)
{
	if (probe->ended)
		return;
	release(probe);
	probe->answer.us = now_us() - probe->began_us;
	ev_feed_event(probe->prober->loop, &probe->timer, EV_CUSTOM);
}

void probe_time_out(struct probe *probe)
{
	probe_end(probe, PROBE_FAIL, "%s: timed out after %u ms", probe->doing,
		  probe->check->timeout_ms);
}

static void expire(struct probe *probe)
{
	u64 due_us = probe->began_us + (u64)probe->check->timeout_ms * US_PER_MS, now = now_us();

	if (now > due_us + LATE_US)
		probe_end(probe, PROBE_UNKNOWN, "%s: this host had no time for it, %llu ms late",
			  probe->doing, (unsigned long long)(now - due_us) / US_PER_MS);
	else if (probe->kind->expire)
		probe->kind->expire(probe);
	else
		probe_time_out(probe);
}

static void destroy(struct probe *probe)
{
	release(probe);
	*probe->link = probe->next;
	if (probe->next)
		probe->next->link = probe->link;
	free(probe);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
	struct probe *probe = timer->data;
	struct probe_answer answer;
	probe_done *done;
	void *ctx;

	(void)loop;
	(void)revents;
	if (!probe->ended) {
		expire(probe);
		return;
	}
	answer = probe->answer;
	done = probe->done;
	ctx = probe->ctx;
	destroy(probe);
	done(ctx, &answer);
}

static void enlist(struct probe *probe, struct prober *prober)
{
	probe->prober = prober;
	probe->link = &prober->probes;
	probe->next = prober->probes;
	if (probe->next)
		probe->next->link = &probe->next;
	prober->probes = probe;
}

static void start(struct probe *probe)
{
	struct ev_loop *loop = probe->prober->loop;

	/* The loop's clock stood still since its last round. */
	ev_now_update(loop);
	probe->began_us = now_us();
	ev_init(&probe->io, NULL);
	probe->io.fd = -1;
	probe->io.data = probe;
	ev_timer_init(&probe->timer, on_timer, probe->check->timeout_ms / 1e3, 0);
	ev_set_priority(&probe->timer, TIMER_PRIORITY);
	probe->timer.data = probe;
	ev_timer_start(loop, &probe->timer);
	if (probe->check->full_size && !probe->kind->full_size)
		probe_end(probe, PROBE_UNKNOWN,
			  "full size: this type of check has nothing to fill up");
	else
		probe->kind->start(probe);
}

struct probe *probe_start(struct prober *prober, const struct check *check,
			  const struct probe_target *target, probe_done *done, void *ctx)
{
	struct probe *probe = calloc(1, sizeof(*probe));

	if (!probe)
		return NULL;
	probe->check = check;
	probe->kind = kinds[check->type];
	probe->target = *target;
	probe->done = done;
	probe->ctx = ctx;
	probe->answer.weight_percent = -1;
	probe->answer.agent_state = -1;
	probe->answer.endpoint_weight = -1.;
	probe->fd = -1;
	probe->doing = "start";
	enlist(probe, prober);
	start(probe);
	return probe;
}

void probe_hand_over(struct probe *probe, void *ctx)
{
	probe->ctx = ctx;
}

void probe_cancel(struct probe *probe)
{
	destroy(probe);
}

struct prober *prober_create(struct ev_loop *loop)
{
	struct prober *prober = calloc(1, sizeof(*prober));

	if (!prober)
		return NULL;
	prober->loop = loop;
	prober->transfers = probe_transfers_create(loop);
	prober->patterns = probe_patterns_create();
	if (!prober->transfers || !prober->patterns) {
		prober_destroy(prober);
		return NULL;
	}
	/* TLS writes to connections that a backend may have closed. */
	signal(SIGPIPE, SIG_IGN);
	return prober;
}

void prober_destroy(struct prober *prober)
{
	if (!prober)
		return;
	while (prober->probes)
		destroy(prober->probes);
	probe_transfers_destroy(prober->transfers);
	probe_patterns_destroy(prober->patterns);
	free(prober);
}
