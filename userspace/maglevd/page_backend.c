// SPDX-License-Identifier: GPL-2.0-only
/* The table of a service: a row for each backend, and one for all of them. */
#include "page.h"

#include "judge.h"

#include <string.h>

enum {
	BITS = 8,
};

static const u64 SECOND = 1000000000;

/* Counters since a page was written last; and what they are now, for the next. */
static void find_rates(const struct page *page, struct page_row *row,
		       struct history_reading *reading)
{
	const struct maglev_lib_stats *stats = &row->kernel->stats;
	struct history_reading last = *reading;
	double seconds = (double)(page->now - last.at) / SECOND;

	*reading = (struct history_reading){ page->now, stats->packets, stats->bytes,
					     stats->flows_new };
	if (!last.at || page->now <= last.at || seconds > HISTORY_READING_S ||
	    stats->packets < last.packets || stats->bytes < last.bytes ||
	    stats->flows_new < last.flows_new)
		return;
	row->has_rates = true;
	row->packets = (stats->packets - last.packets) / seconds;
	row->bytes = (stats->bytes - last.bytes) / seconds;
	row->flows_new = (stats->flows_new - last.flows_new) / seconds;
}

struct page_row page_find_row(const struct page *page, const struct service *service,
			      const struct member *member)
{
	size_t place = member - page->world->members;
	struct page_row row = { .service = service,
				.member = member,
				.kernel = page->kernel->backend[place],
				.state = member->health };

	if (row.kernel->has & MAGLEV_LIB_HAS(BACKEND_STATE))
		row.state = row.kernel->state;
	if (row.kernel->has & MAGLEV_LIB_HAS(BACKEND_STATS) && page->history)
		find_rates(page, &row, &page->history->reading[place]);
	return row;
}

static void write_note(struct page_text *text, const char *note)
{
	page_add(text, " <small>%s</small>", note);
}

/* Why it is in service though it fails, or not though it passes. */
static void write_state(struct page_text *text, const struct page_row *row)
{
	const struct member *member = row->member;
	const struct maglev_lib_backend *kernel = row->kernel;

	page_put(text, "<td>");
	page_write_state(text, row->state);
	if (row->state != member->health && kernel->admin_state == row->state)
		write_note(text, "operator");
	else if (row->state != member->health)
		write_note(text, "IPVS");
	if (member->is_kept)
		write_note(text, member->doubt == DOUBT_ASKING || member->doubt == DOUBT_OUTVOTED ?
					 "kept: peers" :
				 row->service->is_open ? "kept: all are down" :
							 "kept: panic");
	if (member->is_sorry)
		write_note(text, "sorry");
	if (member->rising)
		write_note(text, "slow start");
	if (kernel->overloaded)
		write_note(text, "overloaded");
	page_put(text, "</td>");
}

static void write_rate(struct page_text *text, bool is_known, double rate)
{
	page_put(text, "<td>");
	if (is_known)
		page_number(text, rate);
	else
		page_put(text, "–");
	page_put(text, "</td>");
}

static void write_share(struct page_text *text, const struct page *page, const struct page_row *row)
{
	const struct maglev_lib_service *service =
		page->kernel->service[row->service - page->world->service];
	u32 weight = row->kernel->has ? row->kernel->table_weight : row->member->weight;
	u32 share = row->kernel->has ? row->kernel->share : row->member->share;

	page_add(text, "<td>%u", weight);
	if (share != SHARE_WHOLE)
		page_add(text, " × %u %%", share);
	page_put(text, "</td><td>");
	if (row->kernel->has & MAGLEV_LIB_HAS(BACKEND_LIVE_SLOTS) && service->table_size)
		page_add(text, "%.1f %%", 100. * row->kernel->live_slots / service->table_size);
	else
		page_put(text, "–");
	page_put(text, "</td>");
}

/* The check that fails, or the first; how many others there are. */
static void write_check(struct page_text *text, const struct member *member)
{
	const struct stream *stream = judge_failing(member);

	page_put(text, "<td>");
	if (!stream && member->n_streams)
		stream = member->stream[0];
	if (!stream) {
		page_put(text, "not checked</td>");
		return;
	}
	page_escape(text, stream->check->name);
	page_put(text, stream->opinion == OPINION_UP   ? " passes" :
		       stream->opinion == OPINION_DOWN ? " fails" :
							 " has not ended yet");
	if (stream->streak)
		page_add(text, ", %u to the contrary", stream->streak);
	/* That a check passes because it has passed goes without saying. */
	if (*stream->why && (stream->opinion != OPINION_UP || strcmp(stream->why, "passed"))) {
		page_put(text, ": <q>");
		page_escape(text, stream->why);
		page_put(text, "</q>");
	}
	if (member->n_streams > 1)
		page_add(text, " <small>of %u checks</small>", member->n_streams);
	page_put(text, "</td>");
}

static void write_since(struct page_text *text, const struct page *page,
			const struct member *member)
{
	page_put(text, "<td>");
	if (member->since)
		page_duration(text, page_age_s(page->now, member->since));
	else
		page_put(text, "–");
	page_put(text, "</td>");
}

static void write_row(struct page_text *text, const struct page *page, const struct page_row *row)
{
	char backend[ENDPOINT_TEXT];

	page_add(text, "<tr><th scope=row>%s</th>", endpoint_text(&row->member->backend, backend));
	write_state(text, row);
	write_share(text, page, row);
	if (row->kernel->has & MAGLEV_LIB_HAS(BACKEND_FLOWS))
		write_rate(text, true, row->kernel->flows);
	else
		write_rate(text, false, 0);
	write_rate(text, row->has_rates, row->flows_new);
	write_rate(text, row->has_rates, row->packets);
	write_rate(text, row->has_rates, row->bytes * BITS);
	write_check(text, row->member);
	write_since(text, page, row->member);
	page_put(text, "<td>");
	if (page->history)
		page_draw_states(text, &page->history->backend[row->member - page->world->members],
				 row->member->health, page->now);
	page_put(text, "</td></tr>\n");
}

static void write_sum(struct page_text *text, const struct page_sum *sum)
{
	page_add(text,
		 "<tfoot><tr><th scope=row>all</th><td>%u of %u up</td><td>%llu</td><td></td>",
		 sum->up, sum->n, sum->weight);
	write_rate(text, true, sum->flows);
	write_rate(text, sum->has_rates, sum->flows_new);
	write_rate(text, sum->has_rates, sum->packets);
	write_rate(text, sum->has_rates, sum->bytes * BITS);
	page_put(text, "<td></td><td></td><td></td></tr></tfoot>");
}

static bool has_trouble(const struct page_row *row)
{
	return row->state != MAGLEV_NL_STATE_UP || row->member->is_kept;
}

/* Those with trouble first, where not all are shown. */
static u32 write_rows(struct page_text *text, const struct page *page,
		      const struct service *service, const struct page_row *row, u32 most,
		      bool is_trouble)
{
	u32 n = 0;
	size_t i;

	for (i = 0; i < service->n && n < most; i++) {
		if (!page_is_shown(service, &service->member[i]) ||
		    has_trouble(&row[i]) != is_trouble)
			continue;
		write_row(text, page, &row[i]);
		n++;
	}
	return n;
}

void page_write_backends(struct page_text *text, const struct page *page,
			 const struct service *service, const struct page_row *row,
			 const struct page_sum *sum, u32 most)
{
	u32 shown;

	page_put(text,
		 "<div class=box><table><thead><tr><th>backend</th><th>state</th><th>weight</th>"
		 "<th>slots</th><th>flows</th><th>new/s</th><th>packets/s</th><th>bit/s</th>"
		 "<th>last check</th><th>for</th><th>last hour</th></tr></thead><tbody>\n");
	shown = write_rows(text, page, service, row, most, true);
	shown += write_rows(text, page, service, row, most - shown, false);
	page_put(text, "</tbody>");
	write_sum(text, sum);
	page_put(text, "</table></div>");
	if (shown < sum->n)
		page_add(text,
			 "<p class=more>%u more, of which %s: <a href=\"/status\">/status</a> has all.</p>",
			 sum->n - shown,
			 sum->n - sum->up > shown ? "some are not up" : "all are up");
}
