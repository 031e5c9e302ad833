// SPDX-License-Identifier: GPL-2.0-only
/* maglevadm monitor: events, one a line, each at the reader's at once. */
#include "plane.h"
#include "show.h"
#include "word.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	EVENT_WIDTH = 11,
	DETAIL_BYTES = 320,
	LINE_BYTES = 640,
	WAIT_MS = -1,
};

static bool is_wanted(const struct order *order, u32 command)
{
	return !order->events ||
	       (command >= EVENT_FIRST && order->events >> (command - EVENT_FIRST) & 1);
}

static void show_cause(const struct maglev_lib_message *message, char text[SHOW_STATE])
{
	char cause[SHOW_NUMBER];

	*text = 0;
	if (message->has & MAGLEV_LIB_HAS(CAUSE))
		snprintf(text, SHOW_STATE, " (%s)",
			 show_word(&maglev_lib_cause_names, message->cause, cause));
}

/* What an event has to say of a service. */
static void detail_service(u32 command, const struct maglev_lib_service *service,
			   char text[DETAIL_BYTES])
{
	char who[SHOW_NUMBER];

	if (command == MAGLEV_CMD_PUBLISH_NTF)
		snprintf(text, DETAIL_BYTES, "generation %llu, live %016llx, forwarded by %s",
			 service->generation, service->live_digest,
			 show_word(&maglev_lib_forwarding_names, service->forwarding, who));
	else if (command == MAGLEV_CMD_DEGRADED_NTF && service->error)
		snprintf(text, DETAIL_BYTES, "the build failed: %s",
			 *service->error_text ? service->error_text :
						strerror((int)service->error));
	else if (command == MAGLEV_CMD_DEGRADED_NTF)
		snprintf(text, DETAIL_BYTES, "builds succeed again");
}

static void detail(const struct maglev_event *event, char text[DETAIL_BYTES])
{
	const struct maglev_lib_message *message = &event->message;
	char cause[SHOW_STATE], before[SHOW_NUMBER], after[SHOW_NUMBER];

	*text = 0;
	show_cause(message, cause);
	switch (event->command) {
	case MAGLEV_CMD_STATE_NTF:
		snprintf(text, DETAIL_BYTES, "%s to %s%s",
			 show_word(&maglev_lib_state_names, message->old_state, before),
			 show_word(&maglev_lib_state_names, message->backend.state, after), cause);
		break;
	case MAGLEV_CMD_DRAINED_NTF:
		snprintf(text, DETAIL_BYTES, "%u flows left%s", message->backend.flows, cause);
		break;
	case MAGLEV_CMD_PRESSURE_NTF:
		snprintf(text, DETAIL_BYTES, "%llu flows evicted, %llu packets untracked",
			 message->counters.evicted,
			 message->counters.untracked_full + message->counters.untracked_busy);
		break;
	case MAGLEV_CMD_SETTINGS_NTF:
		snprintf(text, DETAIL_BYTES, "key check %016llx, %u flows%s",
			 message->settings.key_check, message->settings.flows,
			 message->settings.moving ? ", which move from old tables" : "");
		break;
	default:
		detail_service(event->command, &message->service, text);
		break;
	}
}

/* Text leaves out what ends all names. */
static int name_len(const char *name)
{
	size_t len = strlen(name), end = strlen("-ntf");

	return (int)(len > end && !strcmp(name + len - end, "-ntf") ? len - end : len);
}

/* Add a word, where there is one. */
static void append(char line[LINE_BYTES], const char *word)
{
	size_t len = strlen(line);

	if (*word)
		snprintf(line + len, LINE_BYTES - len, "  %s", word);
}

static void show_event(struct out *out, const struct maglev_event *event)
{
	const struct maglev_lib_message *message = &event->message;
	const char *name = maglev_lib_word(&maglev_lib_command_names, event->command) ?: "unknown";
	char when[SHOW_TIME], text[DETAIL_BYTES], line[LINE_BYTES] = "";

	out_row_begin(out);
	out_json_string(out, "time", show_now(when));
	out_json_string(out, "event", name);
	show_message(out, message);
	if (message->has & MAGLEV_LIB_HAS(SERVICE))
		append(line, show_service(&message->service.key, text));
	if (message->has & MAGLEV_LIB_HAS(BACKEND))
		append(line, show_backend(&message->backend, text));
	detail(event, text);
	append(line, text);
	out_line(out, "%s  %-*.*s%s", when, EVENT_WIDTH, name_len(name), name, line);
	out_row_end(out);
}

/* Events were missed: what the reader believes may be wrong. */
static void show_lost(struct out *out, u32 lost)
{
	char when[SHOW_TIME];

	out_row_begin(out);
	out_json_string(out, "time", show_now(when));
	out_json_string(out, "event", "lost");
	if (lost)
		out_json_number(out, "lost", lost);
	if (lost)
		out_line(out, "%s  %-*s  %u events: list everything again", when, EVENT_WIDTH,
			 "lost", lost);
	else
		out_line(out, "%s  %-*s  events, nobody knows how many: list everything again",
			 when, EVENT_WIDTH, "lost");
	out_row_end(out);
}

int cmd_monitor(struct order *order)
{
	struct maglev_client *client;
	struct maglev_event event;
	struct out out;
	int got, status = plane_subscribe(order, &client);

	if (status)
		return status;
	out_init(&out, order->json);
	out_lines(&out);
	while (!status && !out_failed(&out)) {
		got = maglev_client_event(client, &event, WAIT_MS);
		if (got == -ENOBUFS)
			show_lost(&out, 0);
		else if (got < 0)
			status = plane_fail(order, maglev_client_error(client));
		if (got <= 0)
			continue;
		if (event.lost)
			show_lost(&out, event.lost);
		if (is_wanted(order, event.command))
			show_event(&out, &event);
	}
	return out_fini(&out, status);
}
