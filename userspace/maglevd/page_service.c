// SPDX-License-Identifier: GPL-2.0-only
/* A service: a line that says how it is, and behind it curves, digests and backends. */
#include "page.h"

#include <stdlib.h>

enum {
	BITS = 8,
	OPEN_BACKENDS = 60, /* with so few, all services are unfolded */
};

struct order {
	size_t place;
	bool has_trouble;
};

/* Those with trouble come first, otherwise as they are named. */
static int compare_orders(const void *a, const void *b)
{
	const struct order *left = a, *right = b;

	if (left->has_trouble != right->has_trouble)
		return right->has_trouble - left->has_trouble;
	return (left->place > right->place) - (left->place < right->place);
}

static void write_value(struct page_text *text, const char *name, double value, bool is_known)
{
	page_put(text, "<span><b>");
	if (is_known)
		page_number(text, value);
	else
		page_put(text, "–");
	page_add(text, "</b> %s</span>", name);
}

static void write_counts(struct page_text *text, const struct page_sum *sum)
{
	const char *class = sum->up == sum->n ? " up" : sum->up ? "" : " down";

	page_add(text, "<span class=\"badge%s\">%s%u of %u up</span>", class,
		 sum->up == sum->n ? "▲ " : "", sum->up, sum->n);
	if (sum->down)
		page_add(text, " <span class=\"badge down\">▼ %u down</span>", sum->down);
	if (sum->drained)
		page_add(text, " <span class=\"badge drain\">◆ %u drain</span>", sum->drained);
	if (sum->kept)
		page_add(text, " <span class=\"badge down\">%u fail and are kept</span>",
			 sum->kept);
}

static void write_badges(struct page_text *text, const struct service *service,
			 const struct maglev_lib_service *kernel)
{
	if (service->in_panic)
		page_put(text, " <span class=\"badge down\">panic</span>");
	if (service->is_open)
		page_add(text, " <span class=\"badge down\">%s</span>",
			 service->config->policy.when_down == CONFIG_SORRY ? "sorry pool" :
									     "all down, all used");
	if (service->config->external)
		page_put(text, " <span class=badge>external</span>");
	if (kernel->error) {
		page_put(text, " <span class=\"badge down\">degraded: ");
		page_escape(text, kernel->error_text);
		page_put(text, "</span>");
	}
	if (kernel->has & MAGLEV_LIB_HAS(SERVICE_FORWARDING) &&
	    kernel->forwarding == MAGLEV_NL_FORWARDING_IPVS)
		page_put(text, " <span class=badge>forwarded by IPVS, not counted here</span>");
}

static void write_summary(struct page_text *text, const struct page *page,
			  const struct service *service, const struct page_sum *sum)
{
	size_t place = service - page->world->service;
	const struct maglev_lib_service *kernel = page->kernel->service[place];
	char key[SERVICE_TEXT];

	page_put(text, "<summary><span class=name><strong>");
	page_escape(text, service->config->name);
	page_add(text, "</strong> <code>%s</code></span><span class=badges>",
		 service_key_text(&service->key, key));
	write_counts(text, sum);
	write_badges(text, service, kernel);
	page_put(text, "</span><span class=rates>");
	write_value(text, "flows", kernel->flows, kernel->has & MAGLEV_LIB_HAS(SERVICE_FLOWS));
	write_value(text, "new/s", sum->flows_new, sum->has_rates);
	write_value(text, "packets/s", sum->packets, sum->has_rates);
	write_value(text, "bit/s", sum->bytes * BITS, sum->has_rates);
	page_put(text, "</span>");
	if (page->history)
		page_draw_up(text, &page->history->service[place].recent, "last hour");
	page_put(text, "</summary>\n");
}

static void write_curves(struct page_text *text, const struct history_service *history)
{
	page_put(text, "<div class=curves>");
	page_draw_curve(text, &history->recent, PAGE_PACKETS, "packets/s, 1 h");
	page_draw_curve(text, &history->recent, PAGE_BITS, "bit/s, 1 h");
	page_draw_curve(text, &history->recent, PAGE_FLOWS_NEW, "new flows/s, 1 h");
	page_draw_curve(text, &history->recent, PAGE_FLOWS, "flows, 1 h");
	page_draw_curve(text, &history->day, PAGE_PACKETS, "packets/s, 1 day");
	page_put(text, "<figure><figcaption>backends up, 1 day</figcaption>");
	page_draw_up(text, &history->day, "last day");
	page_put(text, "</figure></div>\n");
}

static void write_table(struct page_text *text, const struct maglev_lib_service *kernel)
{
	if (!(kernel->has & MAGLEV_LIB_HAS(SERVICE_LIVE_DIGEST)))
		return;
	page_add(text,
		 "<p class=facts>table of %u slots, generation %llu, base <code>%016llx</code>, live <code>%016llx</code>, key check <code>%016llx</code></p>\n",
		 kernel->table_size, kernel->generation, kernel->base_digest, kernel->live_digest,
		 kernel->key_check);
}

/* So many backends of each service, that a page is no larger than it may be. */
static u32 find_most(const struct world *world)
{
	size_t shown = world->n_services < PAGE_SERVICES ? world->n_services : PAGE_SERVICES;

	return world->n_members <= PAGE_ROWS ? PAGE_ROWS : PAGE_ROWS / shown;
}

static void write_service(struct page_text *text, const struct page *page,
			  const struct service *service, const struct page_sum *sum,
			  const struct page_row *row, bool has_curves)
{
	size_t place = service - page->world->service;
	char key[SERVICE_TEXT], *blank;

	service_key_text(&service->key, key);
	for (blank = key; *blank && *blank != ' '; blank++)
		;
	*blank = '-';
	page_add(text, "<details id=\"%s\"%s>", key,
		 sum->has_trouble || page->world->n_members <= OPEN_BACKENDS ? " class=o open" :
									       "");
	write_summary(text, page, service, sum);
	if (page->history && has_curves)
		write_curves(text, &page->history->service[place]);
	write_table(text, page->kernel->service[place]);
	page_write_backends(text, page, service, row, sum, find_most(page->world));
	page_put(text, "</details>\n");
}

void page_write_services(struct page_text *text, const struct page *page,
			 const struct page_sum *sum, const struct page_row *row)
{
	const struct world *world = page->world;
	struct order *order = calloc(world->n_services ?: 1, sizeof(*order));
	const struct service *service;
	size_t i;

	if (!order) {
		text->has_failed = true;
		return;
	}
	for (i = 0; i < world->n_services; i++)
		order[i] = (struct order){ i, sum[i].has_trouble };
	qsort(order, world->n_services, sizeof(*order), compare_orders);
	for (i = 0; i < world->n_services && i < PAGE_SERVICES; i++) {
		service = &world->service[order[i].place];
		write_service(text, page, service, &sum[order[i].place],
			      &row[service->member - world->members], i < PAGE_CURVES);
	}
	if (i < world->n_services)
		page_add(text,
			 "<p>%zu more services: <a href=\"/status\">/status</a> has all.</p>\n",
			 world->n_services - i);
	free(order);
}
