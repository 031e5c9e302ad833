// SPDX-License-Identifier: GPL-2.0-only
/*
 * maglevadm top: what goes on now, again and again. On a terminal a frame takes the place of the one
 * before and fits; elsewhere frames follow each other, whole; in JSON each is a line.
 */
#include "number.h"
#include "screen.h"
#include "show.h"
#include "top.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TERMINAL_HOME "\033[H"
#define TERMINAL_LINE "\033[K\n" /* what is behind it goes */
#define TERMINAL_REST "\033[J"
#define COLOUR_BOLD "\033[1m"
#define COLOUR_DOWN "\033[31m"
#define COLOUR_DRAIN "\033[33m"
#define COLOUR_NONE "\033[m"

enum {
	INTERVAL_MS = 2000,
	FIRST_MS = 500, /* nobody wants to look at an empty screen for longer */
	LINE_BYTES = 512,
	REASONS_BYTES = 256,
	RATE_BYTES = 16,
	EVERYTHING = 0x7fffffff,
};

/* Where a frame goes. */
struct frame {
	struct out *out;
	bool is_terminal;
	bool has_colours;
	unsigned int columns;
	unsigned int left; /* lines */
};

static u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* One line, in a colour or NULL; on a terminal it is cut where the window ends. */
static void put_line(struct frame *frame, const char *colour, char *line)
{
	bool is_coloured = colour && frame->has_colours;

	if (!frame->left)
		return;
	frame->left--;
	if (strlen(line) > frame->columns)
		line[frame->columns] = 0;
	if (!frame->is_terminal)
		out_line(frame->out, "%s", line);
	else /* the last line has no end, which would scroll */
		printf("%s%s%s%s", is_coloured ? colour : "", line, is_coloured ? COLOUR_NONE : "",
		       frame->left ? TERMINAL_LINE : "\033[K");
}

static const char *show_rate(double rate, char text[RATE_BYTES])
{
	static const char units[] = " kMGT";
	size_t unit = 0;

	while (rate >= 999.5 && unit < sizeof(units) - 2) {
		rate /= 1000;
		unit++;
	}
	if (!unit)
		snprintf(text, RATE_BYTES, rate && rate < 9.95 ? "%.1f" : "%.0f", rate);
	else
		snprintf(text, RATE_BYTES, "%.*f%c",
			 rate < 9.995 ? 2 :
			 rate < 99.95 ? 1 :
					0,
			 rate, units[unit]);
	return text;
}

static const char *show_known(const struct top_rates *rates, double rate, char text[RATE_BYTES])
{
	if (rates->is_known)
		return show_rate(rate, text);
	snprintf(text, RATE_BYTES, "-");
	return text;
}

/* The widest name, so that columns are where they are in each line. */
static int measure_names(const struct top *top)
{
	char name[SHOW_NAME];
	size_t i, k, width = strlen("SERVICE"), len;

	for (i = 0; i < top->n; i++) {
		len = strlen(show_service(&top->service[i].service.key, name));
		width = len > width ? len : width;
		for (k = 0; k < top->service[i].n; k++) {
			len = strlen(show_backend(&top->service[i].backend[k].backend, name)) + 2;
			width = len > width ? len : width;
		}
	}
	return (int)width;
}

static void put_row(struct frame *frame, int width, const char *colour, const char *name,
		    const char *state, const char *share, const char *slots, u32 flows,
		    const struct top_rates *rates)
{
	char line[LINE_BYTES], packets[RATE_BYTES], bits[RATE_BYTES], flows_new[RATE_BYTES];

	snprintf(line, sizeof(line), "%-*s  %-15s %5s %7s %9u %8s %9s %8s", width, name, state,
		 share, slots, flows, show_known(rates, rates->flows_new, flows_new),
		 show_known(rates, rates->packets, packets), show_known(rates, rates->bits, bits));
	put_line(frame, colour, line);
}

static void put_backend(struct frame *frame, int width, const struct top_service *service,
			const struct top_backend *row)
{
	const struct maglev_lib_backend *backend = &row->backend;
	char name[SHOW_NAME + 2] = "  ", state[SHOW_STATE], share[SHOW_NUMBER], slots[SHOW_NUMBER];
	const char *colour = backend->state == MAGLEV_NL_STATE_DOWN  ? COLOUR_DOWN :
			     backend->state == MAGLEV_NL_STATE_DRAIN ? COLOUR_DRAIN :
								       NULL;

	show_backend(backend, name + 2);
	snprintf(share, sizeof(share), "%u%%", backend->share);
	snprintf(slots, sizeof(slots), "%.1f%%",
		 show_percent(backend->live_slots, service->service.table_size));
	put_row(frame, width, colour, name, show_state(backend, state), share, slots,
		backend->flows, &row->rates);
}

static void put_service(struct frame *frame, int width, const struct top_service *row, size_t most)
{
	char name[SHOW_NAME], state[SHOW_STATE], more[LINE_BYTES];
	size_t i, shown = row->n <= most ? row->n : most ? most - 1 : 0;

	snprintf(state, sizeof(state), "%u of %zu up", row->up, row->n);
	put_row(frame, width, COLOUR_BOLD, show_service(&row->service.key, name), state, "",
		row->service.forwarding == MAGLEV_NL_FORWARDING_MAGLEV ? "" : "by IPVS",
		row->service.flows, &row->rates);
	for (i = 0; i < shown; i++)
		put_backend(frame, width, row, &row->backend[i]);
	if (shown == row->n || !most)
		return;
	snprintf(more, sizeof(more), "  and %zu less busy", row->n - shown);
	put_line(frame, NULL, more);
}

/* Why packets were not forwarded, of late. */
static void put_reasons(struct frame *frame, const struct top *top)
{
	char line[LINE_BYTES] = "", text[REASONS_BYTES], rate[RATE_BYTES];
	const struct top_reason *reason;
	size_t i, len;

	for (i = 0; i < top->n_reasons; i++) {
		reason = &top->reason[i];
		if (!reason->rate || reason->count.verdict == MAGLEV_NL_VERDICT_FORWARD)
			continue;
		snprintf(text, sizeof(text), "%s%s %s/s", *line ? ", " : "", reason->count.name,
			 show_rate(reason->rate, rate));
		len = strlen(line);
		snprintf(line + len, sizeof(line) - len, "%s", text);
	}
	if (*line) {
		snprintf(text, sizeof(text), "%.240s", line);
		snprintf(line, sizeof(line), "not forwarded: %s", text);
	} else {
		snprintf(line, sizeof(line), "not forwarded: nothing");
	}
	put_line(frame, NULL, line);
}

static void put_head(struct frame *frame, const struct top *top, int width)
{
	char line[LINE_BYTES], when[SHOW_TIME], packets[RATE_BYTES], bits[RATE_BYTES],
		flows_new[RATE_BYTES];

	snprintf(line, sizeof(line), "%s  flows %u of %u (%.1f%%)", show_now(when),
		 top->counters.flows, top->counters.capacity,
		 show_percent(top->counters.flows, top->counters.capacity));
	put_line(frame, NULL, line);
	snprintf(line, sizeof(line), "all: %s packets/s, %s bit/s, %s new flows/s",
		 show_known(&top->rates, top->rates.packets, packets),
		 show_known(&top->rates, top->rates.bits, bits),
		 show_known(&top->rates, top->rates.flows_new, flows_new));
	put_line(frame, NULL, line);
	put_reasons(frame, top);
	*line = 0;
	put_line(frame, NULL, line);
	snprintf(line, sizeof(line), "%-*s  %-15s %5s %7s %9s %8s %9s %8s", width, "SERVICE",
		 "STATE", "SHARE", "SLOTS", "FLOWS", "NEW/S", "PACKETS/S", "BIT/S");
	put_line(frame, COLOUR_BOLD, line);
}

/* So many backends of each service, that all services are to be seen. */
static size_t find_most(const struct frame *frame, const struct top *top)
{
	if (!frame->is_terminal || !top->n)
		return EVERYTHING;
	return frame->left > top->n ? (frame->left - top->n) / top->n : 0;
}

static void show_text(struct out *out, const struct screen *screen, const struct top *top)
{
	struct frame frame = {
		.out = out,
		.is_terminal = screen->is_terminal,
		.has_colours = screen->is_terminal && !getenv("NO_COLOR"),
		.columns = screen->is_terminal ? screen->columns : EVERYTHING,
		.left = screen->is_terminal ? screen->rows : EVERYTHING,
	};
	int width = measure_names(top);
	size_t i, most;

	if (frame.is_terminal)
		fputs(TERMINAL_HOME, stdout);
	put_head(&frame, top, width);
	most = find_most(&frame, top);
	for (i = 0; i < top->n; i++)
		put_service(&frame, width, &top->service[i], most);
	if (!frame.is_terminal)
		out_line(out, "%s", "");
	else if (frame.left)
		fputs(TERMINAL_REST, stdout);
}

static void show_rates(struct out *out, const struct top_rates *rates)
{
	if (!rates->is_known)
		return;
	out_json_real(out, "packets", rates->packets);
	out_json_real(out, "bits", rates->bits);
	out_json_real(out, "new-flows", rates->flows_new);
}

static void show_json_backend(struct out *out, const struct maglev_lib_backend *backend,
			      const struct top_rates *rates)
{
	char name[SHOW_NAME], word[SHOW_NUMBER];

	out_object_begin(out, NULL);
	out_json_string(out, "backend", show_backend(backend, name));
	out_json_string(out, "state", show_word(&maglev_lib_state_names, backend->state, word));
	out_json_number(out, "share", backend->share);
	out_json_number(out, "live-slots", backend->live_slots);
	out_json_number(out, "flows", backend->flows);
	show_rates(out, rates);
	out_object_end(out);
}

static void show_json_service(struct out *out, const struct top_service *row)
{
	char name[SHOW_NAME], word[SHOW_NUMBER];
	size_t i;

	out_object_begin(out, NULL);
	out_json_string(out, "service", show_service(&row->service.key, name));
	out_json_string(out, "forwarding",
			show_word(&maglev_lib_forwarding_names, row->service.forwarding, word));
	out_json_number(out, "table-size", row->service.table_size);
	out_json_number(out, "flows", row->service.flows);
	show_rates(out, &row->rates);
	out_list_begin(out, "backends", NULL, 0);
	for (i = 0; i < row->n; i++)
		show_json_backend(out, &row->backend[i].backend, &row->backend[i].rates);
	out_list_end(out);
	out_object_end(out);
}

static void show_json(struct out *out, const struct top *top)
{
	char when[SHOW_TIME];
	size_t i;

	out_row_begin(out);
	out_json_string(out, "time", show_now(when));
	out_json_number(out, "interval-ms", top->passed_ms);
	out_json_number(out, "flows", top->counters.flows);
	out_json_number(out, "capacity", top->counters.capacity);
	show_rates(out, &top->rates);
	out_object_begin(out, "not-forwarded");
	for (i = 0; i < top->n_reasons; i++)
		if (top->reason[i].rate)
			out_json_real(out, top->reason[i].count.name, top->reason[i].rate);
	out_object_end(out);
	out_list_begin(out, "services", NULL, 0);
	for (i = 0; i < top->n; i++)
		show_json_service(out, &top->service[i]);
	out_list_end(out);
	out_row_end(out);
}

static void show(struct out *out, const struct screen *screen, const struct top *top)
{
	if (out->json)
		show_json(out, top);
	else
		show_text(out, screen, top);
	out_flush();
}

/* What fails is said where it stays, and not on a screen that goes. */
static int take(struct screen *screen, const struct order *order, struct top *top)
{
	int status = top_read(top, order, now_ms());

	if (!status || !screen->is_ours || !isatty(STDERR_FILENO))
		return status;
	screen_leave(screen);
	top_fini(top);
	status = top_read(top, order, now_ms());
	if (!status)
		screen_enter(screen);
	return status;
}

/* The next frame. Return: enum status; @last has what was read. */
static int renew(struct screen *screen, const struct order *order, struct out *out,
		 struct top *last)
{
	struct top top;
	int status = take(screen, order, &top);

	if (!status) {
		top_compare(&top, last);
		show(out, screen, &top);
	}
	top_fini(last);
	*last = top;
	return status;
}

static int run(struct screen *screen, const struct order *order, struct out *out, struct top *last)
{
	u32 interval_ms = order->interval_ms ?: INTERVAL_MS, shown = 0;
	u64 due = now_ms() +
		  (screen->is_terminal && interval_ms > FIRST_MS ? FIRST_MS : interval_ms);
	enum screen_event event;
	int status = STATUS_DONE;
	u64 now;

	while (!status && !out_failed(out)) {
		now = now_ms();
		event = screen_wait(screen, due > now ? (int)(due - now) : 0);
		if (event == SCREEN_QUIT || event == SCREEN_SIGNAL)
			break;
		if (event == SCREEN_TIME && now_ms() < due)
			continue;
		status = renew(screen, order, out, last);
		due = now_ms() + interval_ms;
		if (++shown == order->count)
			break;
	}
	return status;
}

int cmd_top(struct order *order)
{
	struct screen screen;
	struct top last = {};
	struct out out;
	int status;

	/* What cannot be read at all needs no screen. */
	status = top_read(&last, order, now_ms());
	out_init(&out, order->json);
	out_lines(&out);
	if (!status) {
		status = screen_init(&screen, out_is_terminal(&out));
		if (!status)
			status = run(&screen, order, &out, &last);
		screen_fini(&screen);
	}
	top_fini(&last);
	return out_fini(&out, status);
}
