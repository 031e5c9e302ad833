// SPDX-License-Identifier: GPL-2.0-only
/*
 * maglevadm backend drain, and waiting for its end. The balancer is asked again and again: events
 * can be lost, none tells how many flows are left, and none will come of a drain that has ended
 * before.
 */
#include "number.h"
#include "plane.h"
#include "show.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

enum {
	ASK_MS = 500,
	TELL_MS = 5000, /* where lines stay: from one to the next, at least */
	LATE_MS = 250, /* so much earlier than we expect it a deadline may pass */
	PROGRESS_TEXT = 96,
};

enum outcome {
	DRAINING,
	DONE,
	FORCED,
	SET_DOWN,
	SET_UP,
	GONE,
	INTERRUPTED,
};

static const struct {
	const char *word; /* in JSON */
	int status;
} outcomes[] = {
	[DRAINING] = { "draining", STATUS_DONE },
	[DONE] = { "done", STATUS_DONE },
	[FORCED] = { "forced", STATUS_FORCED },
	[SET_DOWN] = { "down", STATUS_ENDED },
	[SET_UP] = { "up", STATUS_ENDED },
	[GONE] = { "gone", STATUS_ENDED },
	[INTERRUPTED] = { "interrupted", STATUS_FAILED },
};

struct wait {
	const struct order *order;
	struct maglev_lib_message name; /* what is asked for */
	struct maglev_lib_message last; /* what was said while it drained; first, what was ordered */
	u64 last_ms;
	struct out out;
	u64 told_ms; /* 0: nothing yet */
	u32 told_flows;
};

static u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* Those that would end us, so that it can be said what they do not end; whoever ignores them, does. */
static void hold_signals(sigset_t *held, sigset_t *before)
{
	static const int deadly[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction action;
	size_t i;

	sigemptyset(held);
	for (i = 0; i < sizeof(deadly) / sizeof(*deadly); i++)
		if (!sigaction(deadly[i], NULL, &action) && action.sa_handler != SIG_IGN)
			sigaddset(held, deadly[i]);
	sigprocmask(SIG_BLOCK, held, before);
}

/* Return: the signal that came meanwhile; 0 if none did. */
static int pause_for_signal(const sigset_t *held)
{
	static const struct timespec pause = { .tv_nsec = ASK_MS * 1000000L };
	int number = sigtimedwait(held, NULL, &pause);

	return number > 0 ? number : 0;
}

static void name_backend(struct maglev_lib_message *name, const struct maglev_lib_message *message)
{
	*name = *message;
	name->backend.has &= MAGLEV_LIB_HAS(BACKEND_ADDR) | MAGLEV_LIB_HAS(BACKEND_PORT);
}

/* Nobody but we knows of the deadline once it has passed; it is not far from when it was to. */
static bool is_late(const struct wait *wait)
{
	u32 left_ms = wait->last.backend.deadline_ms;

	return left_ms && now_ms() + LATE_MS >= wait->last_ms + left_ms;
}

static enum outcome judge(const struct wait *wait, const struct maglev_lib_backend *backend)
{
	if (backend->admin_state == MAGLEV_NL_STATE_UP)
		return SET_UP;
	if (backend->admin_state != MAGLEV_NL_STATE_DRAIN && !is_late(wait))
		return SET_DOWN;
	if (backend->drained)
		return DONE;
	return backend->admin_state == MAGLEV_NL_STATE_DRAIN ? DRAINING : FORCED;
}

/* Of a drain that has ended otherwise than by its last flow, what was before counts, if anything. */
static int look(struct wait *wait, enum outcome *outcome)
{
	bool is_first = !(wait->last.backend.has & MAGLEV_LIB_HAS(BACKEND_FLOWS));
	struct maglev_lib_message message;
	bool is_gone;
	int status;

	status = plane_look(wait->order, MAGLEV_CMD_BACKEND_GET, &wait->name, &message, &is_gone);
	if (status)
		return status;
	*outcome = is_gone ? GONE : judge(wait, &message.backend);
	if (*outcome == DRAINING || *outcome == DONE || (is_first && !is_gone)) {
		wait->last = message;
		wait->last_ms = now_ms();
	}
	return STATUS_DONE;
}

static const char *show_progress(const struct maglev_lib_backend *backend, char text[PROGRESS_TEXT])
{
	char left[DURATION_TEXT];

	if (backend->deadline_ms)
		snprintf(text, PROGRESS_TEXT, "flows left: %u, %s until it is down", backend->flows,
			 duration_format(backend->deadline_ms, left));
	else
		snprintf(text, PROGRESS_TEXT, "flows left: %u", backend->flows);
	return text;
}

static void show_row(struct wait *wait, enum outcome outcome)
{
	char when[SHOW_TIME];

	if (!wait->out.json)
		return;
	out_row_begin(&wait->out);
	out_json_string(&wait->out, "time", show_now(when));
	out_json_string(&wait->out, "outcome", outcomes[outcome].word);
	show_message(&wait->out, &wait->last);
	out_row_end(&wait->out);
}

static void tell(struct wait *wait)
{
	const struct maglev_lib_backend *backend = &wait->last.backend;
	bool is_due = !wait->told_ms || (backend->flows != wait->told_flows &&
					 wait->last_ms - wait->told_ms >= TELL_MS);
	char text[PROGRESS_TEXT];

	if (!is_due && !out_is_terminal(&wait->out))
		return;
	wait->told_ms = wait->last_ms;
	wait->told_flows = backend->flows;
	show_row(wait, DRAINING);
	out_progress(&wait->out, "%s", show_progress(backend, text));
}

/* IPVS asks nobody about a connection that it has: those outlive the deadline. */
static bool is_left_to_ipvs(const struct wait *wait)
{
	struct maglev_lib_message message = wait->name, reply;
	bool is_gone;

	message.has = MAGLEV_LIB_HAS(SERVICE);
	return !plane_look(wait->order, MAGLEV_CMD_SERVICE_GET, &message, &reply, &is_gone) &&
	       !is_gone && reply.service.left_because;
}

static void say(const struct wait *wait, enum outcome outcome)
{
	const struct maglev_lib_backend *backend = &wait->last.backend;
	char name[SHOW_NAME], service[SHOW_NAME], text[PROGRESS_TEXT];

	show_backend(backend, name);
	show_service(&wait->name.service.key, service);
	switch (outcome) {
	case DRAINING:
		break;
	case DONE:
		out_line(&wait->out, "done: no flow left");
		break;
	case FORCED:
		err_say("forced: %s is down, as its deadline has passed: %u flows %s, as last counted",
			name, backend->flows,
			is_left_to_ipvs(wait) ? "left, of which IPVS goes on with its connections" :
						"broken off");
		break;
	case SET_DOWN:
	case SET_UP:
		err_say("ended: somebody has set %s %s: %u flows left, as last counted", name,
			outcomes[outcome].word, backend->flows);
		break;
	case GONE:
		err_say("ended: %s has no backend %s any more", service, name);
		break;
	case INTERRUPTED:
		err_say("interrupted: %s goes on draining: %s", name, show_progress(backend, text));
		break;
	}
}

/* Return: enum status; *number is the signal that ended it, or 0. */
static int wait_for_end(struct wait *wait, const sigset_t *held, int *number)
{
	enum outcome outcome;
	int status;

	out_init(&wait->out, wait->order->json);
	out_lines(&wait->out);
	for (;;) {
		status = look(wait, &outcome);
		if (status || outcome != DRAINING)
			break;
		tell(wait);
		*number = pause_for_signal(held);
		if (*number)
			outcome = INTERRUPTED;
		if (*number || out_failed(&wait->out))
			break;
	}
	out_progress_end(&wait->out);
	if (!status && outcome != DRAINING) {
		show_row(wait, outcome);
		say(wait, outcome);
		status = outcomes[outcome].status;
	}
	return out_fini(&wait->out, status);
}

static int drain_and_wait(const struct order *order)
{
	struct wait wait = { .order = order, .last = order->message };
	sigset_t held, before;
	int status, number = 0;

	name_backend(&wait.name, &order->message);
	hold_signals(&held, &before);
	wait.last_ms = now_ms();
	status = plane_call(order, MAGLEV_CMD_BACKEND_SET, NULL);
	if (!status)
		status = wait_for_end(&wait, &held, &number);
	sigprocmask(SIG_SETMASK, &before, NULL);
	/* Whoever has called us is to see what it was. */
	if (number)
		raise(number);
	return status;
}

int cmd_backend_drain(struct order *order)
{
	if (order->wait)
		return drain_and_wait(order);
	return plane_call(order, MAGLEV_CMD_BACKEND_SET, NULL);
}
