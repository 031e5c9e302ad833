// SPDX-License-Identifier: GPL-2.0-only
/* The page from top to bottom: how all is together, what troubles, services, and what has changed. */
#include "page.h"

#include <maglev/version.h>
#include <stdlib.h>

enum {
	BITS = 8,
	CHANGES = 25, /* shown */
};

static const u64 SECOND = 1000000000;

u64 page_age_s(u64 now, u64 at)
{
	return at && now > at ? (now - at) / SECOND : 0;
}

void page_write_state(struct page_text *text, u32 state)
{
	static const struct {
		const char *class, *sign;
	} states[] = {
		[MAGLEV_NL_STATE_UP] = { "up", "▲" },
		[MAGLEV_NL_STATE_DRAIN] = { "drain", "◆" },
		[MAGLEV_NL_STATE_DOWN] = { "down", "▼" },
	};
	const char *word = maglev_lib_word(&maglev_lib_state_names, state);

	if (word && state < sizeof(states) / sizeof(*states))
		page_add(text, "<b class=%s>%s %s</b>", states[state].class, states[state].sign,
			 word);
	else
		page_put(text, "<b>unknown</b>");
}

static void add_row(struct page_sum *sum, const struct page_row *row)
{
	sum->n++;
	sum->up += row->state == MAGLEV_NL_STATE_UP;
	sum->drained += row->state == MAGLEV_NL_STATE_DRAIN;
	sum->down += row->state == MAGLEV_NL_STATE_DOWN;
	sum->kept += row->member->is_kept;
	sum->flows += row->kernel->flows;
	sum->weight += row->kernel->has ? row->kernel->table_weight : row->member->weight;
	sum->has_rates |= row->has_rates;
	sum->packets += row->packets;
	sum->bytes += row->bytes;
	sum->flows_new += row->flows_new;
}

/* Of what no page has been written for a while, the history knows the last seconds. */
static void take_sample(const struct page *page, struct page_sum *sum, size_t place)
{
	const struct history_sample *sample =
		page->history ? history_at(&page->history->service[place].recent, 0) : NULL;

	if (!sample || sum->has_rates)
		return;
	sum->has_rates = true;
	sum->packets = sample->packets;
	sum->bytes = sample->bytes;
	sum->flows_new = sample->flows_new;
}

static void add_sum(struct page_sum *all, const struct page_sum *sum)
{
	all->n += sum->n;
	all->up += sum->up;
	all->drained += sum->drained;
	all->down += sum->down;
	all->kept += sum->kept;
	all->flows += sum->flows;
	all->has_rates |= sum->has_rates;
	all->packets += sum->packets;
	all->bytes += sum->bytes;
	all->flows_new += sum->flows_new;
}

/* Return: of all services. */
static struct page_sum sum_up(const struct page *page, struct page_sum *sum, struct page_row *row)
{
	const struct service *service;
	struct page_sum all = {};
	size_t i, k, place;

	for (i = 0; i < page->world->n_services; i++) {
		service = &page->world->service[i];
		for (k = 0; k < service->n; k++) {
			place = &service->member[k] - page->world->members;
			row[place] = page_find_row(page, service, &service->member[k]);
			if (page_is_shown(service, &service->member[k]))
				add_row(&sum[i], &row[place]);
		}
		sum[i].has_trouble = sum[i].up < sum[i].n || sum[i].kept || service->in_panic ||
				     service->is_open || page->kernel->service[i]->error;
		take_sample(page, &sum[i], i);
		add_sum(&all, &sum[i]);
	}
	return all;
}

/* The tab tells it too: how many are not up, and a picture in that colour. */
static void write_head(struct page_text *text, const struct page *page, const struct page_sum *all)
{
	const char *colour = all->down ? "%23cf222e" : all->drained ? "%239a6700" : "%231a7f37";

	page_put(text, "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>\n"
		       "<meta http-equiv=Content-Security-Policy content=\"");
	page_put(text, page_policy);
	page_put(text, "\">\n<meta name=viewport content=\"width=device-width,initial-scale=1\">\n"
		       "<meta name=color-scheme content=\"light dark\">\n<title>");
	if (all->up < all->n)
		page_add(text, "%u of %u up · ", all->up, all->n);
	page_escape(text, page->host);
	page_put(text,
		 " · maglevd</title>\n<link rel=icon href=\"data:image/svg+xml,%3Csvg "
		 "xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Ccircle cx='4' cy='4' "
		 "r='4' fill='");
	page_put(text, colour);
	page_add(text,
		 "'/%%3E%%3C/svg%%3E\">\n<noscript><meta http-equiv=refresh content=%d></noscript>\n",
		 PAGE_REFRESH_S);
	page_put(text, "<style>");
	page_put(text, page_style);
	page_put(text, "</style></head><body>\n");
}

static void write_tile(struct page_text *text, const char *class, const char *name, double value,
		       bool is_known)
{
	page_add(text, "<div%s><dt>%s</dt><dd>", class, name);
	if (is_known)
		page_number(text, value);
	else
		page_put(text, "–");
	page_put(text, "</dd></div>");
}

static u64 count_drops(const struct gathered *kernel)
{
	u64 n = 0;
	size_t i;

	for (i = 0; i < kernel->n_reasons; i++)
		if (kernel->reason[i].verdict == MAGLEV_NL_VERDICT_DROP ||
		    kernel->reason[i].verdict == MAGLEV_NL_VERDICT_REJECT)
			n += kernel->reason[i].count;
	return n;
}

static void write_tiles(struct page_text *text, const struct page *page, const struct page_sum *all)
{
	page_add(text,
		 "<dl class=tiles><div class=%s><dt>backends up</dt><dd>%u<small> of %u</small></dd></div>",
		 all->up == all->n ? "up" : "down", all->up, all->n);
	write_tile(text, "", "flows", page->kernel->gathered.counters.flows,
		   page->kernel->gathered.counters.has);
	write_tile(text, "", "new flows/s", all->flows_new, all->has_rates);
	write_tile(text, "", "packets/s", all->packets, all->has_rates);
	write_tile(text, "", "bit/s", all->bytes * BITS, all->has_rates);
	write_tile(text, "", "packets dropped", count_drops(&page->kernel->gathered),
		   page->kernel->gathered.n_reasons);
	page_put(text, "</dl>\n");
}

/* What is so of all: checks, the key, settings. */
static void write_facts(struct page_text *text, const struct page *page)
{
	const struct maglev_lib_settings *settings = &page->kernel->gathered.settings;

	page_add(text,
		 "<p class=facts>checks: %llu passed, %llu failed, %llu unknown, %llu stalls; 99 of 100 start at most %.1f ms late",
		 page->checked->passed, page->checked->failed, page->checked->unknown,
		 page->checked->stalls, page->lateness_us / 1000.);
	if (settings->has & MAGLEV_LIB_HAS(SETTINGS_KEY_CHECK))
		page_add(text, " · cluster key check <code>%016llx</code>%s", settings->key_check,
			 settings->key_is_zero ? ", <b class=drain>◆ no key is set</b>" : "");
	if (page->kernel->gathered.counters.capacity)
		page_add(text, " · flow table %.1f %% full",
			 100. * page->kernel->gathered.counters.flows /
				 page->kernel->gathered.counters.capacity);
	page_put(text, "</p>\n");
}

static void write_vips(struct page_text *text, const struct page *page)
{
	char address[INET6_ADDRSTRLEN];
	const struct announcer_vip *vip;
	bool is_announced;
	size_t i;

	if (!page->n_vips && !page->is_drained)
		return;
	page_put(text, "<p class=facts>");
	if (page->is_drained)
		page_put(text, "<b class=drain>◆ this balancer is drained</b> ");
	for (i = 0; i < page->n_vips && i < PAGE_SERVICES; i++) {
		vip = &page->vip[i];
		is_announced = vip->state == ANNOUNCE_ANNOUNCED;
		inet_ntop(vip->vip.len == MAGLEV_IPV6_BYTES ? AF_INET6 : AF_INET, vip->vip.byte,
			  address, sizeof(address));
		page_put(text, i ? " · " : "");
		page_add(text, "<b class=%s>%s</b> %s %s", is_announced ? "up" : "down",
			 is_announced ? "▲" : "▼", address, announce_state_name(vip->state));
		if (*vip->why) {
			page_put(text, ": ");
			page_escape(text, vip->why);
		}
	}
	page_put(text, "</p>\n");
}

static void write_peers(struct page_text *text, const struct page *page)
{
	const struct agreement_peer *peer;
	char at[ENDPOINT_TEXT];
	size_t i;

	for (i = 0; i < page->n_peers; i++) {
		peer = &page->peer[i];
		page_put(text, i ? " · " : "<p class=facts>peers: ");
		page_escape(text, endpoint_text(&peer->at, at));
		if (!peer->is_heard)
			page_put(text, " <b class=drain>◆ not heard</b>");
		else if (!peer->n)
			page_put(text, " has the same tables");
		else
			page_add(text, " <b class=down>▼ has other tables of %zu services</b>",
				 peer->n);
	}
	page_put(text, page->n_peers ? "</p>\n" : "");
}

static void write_reasons(struct page_text *text, const struct gathered *kernel)
{
	const struct maglev_lib_reason_count *reason;
	size_t i, n = 0;

	for (i = 0; i < kernel->n_reasons; i++) {
		reason = &kernel->reason[i];
		if (!reason->count || (reason->verdict != MAGLEV_NL_VERDICT_DROP &&
				       reason->verdict != MAGLEV_NL_VERDICT_REJECT))
			continue;
		page_put(text,
			 n++ ? " · <span title=\"" : "<p class=facts>dropped: <span title=\"");
		page_escape(text, reason->text);
		page_put(text, "\">");
		page_escape(text, reason->name);
		page_put(text, " ");
		page_number(text, reason->count);
		page_put(text, "</span>");
	}
	if (n)
		page_put(text, "</p>\n");
}

static void write_change(struct page_text *text, const struct page *page,
			 const struct history_change *change)
{
	char service[SERVICE_TEXT], backend[ENDPOINT_TEXT];

	page_put(text, "<li><time>");
	page_duration(text, page_age_s(page->now, change->at));
	page_add(text, " ago</time> <code>%s</code> of <code>%s</code> ",
		 endpoint_text(&change->backend, backend),
		 service_key_text(&change->service, service));
	page_write_state(text, change->from);
	page_put(text, " → ");
	page_write_state(text, change->to);
	if (*change->why) {
		page_put(text, " <q>");
		page_escape(text, change->why);
		page_put(text, "</q>");
	}
	page_put(text, "</li>\n");
}

static void write_changes(struct page_text *text, const struct page *page)
{
	const struct history_change *change;
	u32 i;

	page_put(text, "<section><h2>Changes</h2>");
	change = page->history ? history_change_at(page->history, 0) : NULL;
	if (!change)
		page_put(text, "<p>none yet</p>");
	page_put(text, "<ul class=changes>");
	for (i = 0; change && i < CHANGES; i++) {
		write_change(text, page, change);
		change = history_change_at(page->history, i + 1);
	}
	page_put(text, "</ul></section>\n");
}

static void write_header(struct page_text *text, const struct page *page)
{
	page_put(text, "<header><h1>");
	page_escape(text, page->host);
	page_add(text, "</h1><p>maglevd %s · <span id=live>as of %s</span></p></header>\n",
		 MAGLEV_VERSION, page->clock);
	if (!*page->kernel->error)
		return;
	page_put(text,
		 "<p class=\"alarm\">▼ The kernel cannot be read, states are as maglevd knows them: ");
	page_escape(text, page->kernel->error);
	page_put(text, "</p>\n");
}

char *page_write(const struct page *page)
{
	struct page_sum *sum = calloc(page->world->n_services ?: 1, sizeof(*sum)), all;
	struct page_row *row = calloc(page->world->n_members ?: 1, sizeof(*row));
	struct page_text text = { .has_failed = !sum || !row };

	if (!text.has_failed) {
		all = sum_up(page, sum, row);
		write_head(&text, page, &all);
		page_add(&text, "<main id=page%s>\n",
			 page->world->n_members && !row[0].has_rates ? " data-soon" : "");
		write_header(&text, page);
		write_tiles(&text, page, &all);
		write_facts(&text, page);
		write_vips(&text, page);
		write_peers(&text, page);
		write_reasons(&text, &page->kernel->gathered);
		page_write_services(&text, page, sum, row);
		write_changes(&text, page);
		page_put(&text,
			 "<footer>▲ up, ◆ drain, ▼ down; grey: not watched then. For programs: <a href=\"/status\">/status</a> · "
			 "<a href=\"/history\">/history</a></footer>\n</main>\n<script>");
		page_put(&text, page_script);
		page_put(&text, "</script></body></html>\n");
	}
	free(sum);
	free(row);
	return page_text_take(&text);
}
