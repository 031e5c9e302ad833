// SPDX-License-Identifier: GPL-2.0-only
/* Arrays of numbers, the oldest first, written as they go: as objects they would take a hundred times the memory. */
#include "page_history.h"

#include "page_draw.h"

static const u64 MS = 1000000;

static const struct {
	const char *key;
	enum page_value value;
} values[] = {
	{ "packets", PAGE_PACKETS },
	{ "bits", PAGE_BITS },
	{ "new-flows", PAGE_FLOWS_NEW },
	{ "flows", PAGE_FLOWS },
};

static void write_values(struct page_text *text, const struct history_ring *ring, const char *key,
			 enum page_value value, u32 n)
{
	const struct history_sample *sample;
	u32 back;

	page_add(text, "\"%s\":[", key);
	for (back = n; back--;) {
		sample = history_at(ring, back);
		if (sample)
			page_add(text, "%.10g", page_value(sample, value));
		else
			page_put(text, "null");
		page_put(text, back ? "," : "");
	}
	page_put(text, "],");
}

static void write_counts(struct page_text *text, const struct history_ring *ring, const char *key,
			 bool is_up, u32 n)
{
	const struct history_sample *sample;
	u32 back;

	page_add(text, "\"%s\":[", key);
	for (back = n; back--;) {
		sample = history_at(ring, back);
		if (sample)
			page_add(text, "%u", is_up ? sample->up : sample->n);
		else
			page_put(text, "null");
		page_put(text, back ? "," : "");
	}
	page_put(text, "]");
}

/* So many samples there have been; what is before them is left out. */
static u32 count_known(const struct history_ring *ring)
{
	u32 n = ring->size;

	while (n && !history_at(ring, n - 1))
		n--;
	return n;
}

static void write_ring(struct page_text *text, const struct history_ring *ring, const char *key,
		       u32 interval_s)
{
	u32 n = count_known(ring);
	size_t i;

	page_add(text, ",\"%s\":{\"interval-s\":%u,", key, interval_s);
	for (i = 0; i < sizeof(values) / sizeof(*values); i++)
		write_values(text, ring, values[i].key, values[i].value, n);
	write_counts(text, ring, "up", true, n);
	page_put(text, ",");
	write_counts(text, ring, "backends", false, n);
	page_put(text, "}");
}

static void write_service(struct page_text *text, const struct service *service,
			  const struct history_service *history)
{
	char key[SERVICE_TEXT];

	page_put(text, "{\"name\":");
	page_json(text, service->config->name);
	page_add(text, ",\"service\":\"%s\"", service_key_text(&service->key, key));
	write_ring(text, &history->recent, "recent", HISTORY_SHORT_S);
	write_ring(text, &history->day, "day", HISTORY_LONG_S);
	page_put(text, "}");
}

static void write_state(struct page_text *text, const char *key, u32 state)
{
	page_add(text, ",\"%s\":\"%s\"", key,
		 maglev_lib_word(&maglev_lib_state_names, state) ?: "unknown");
}

static void write_change(struct page_text *text, const struct history_change *change, u64 now)
{
	char service[SERVICE_TEXT], backend[ENDPOINT_TEXT];

	page_add(text, "{\"ago-ms\":%llu,\"service\":\"%s\",\"backend\":\"%s\"",
		 (now - change->at) / MS, service_key_text(&change->service, service),
		 endpoint_text(&change->backend, backend));
	write_state(text, "from", change->from);
	write_state(text, "to", change->to);
	page_put(text, ",\"why\":");
	page_json(text, change->why);
	page_put(text, "}");
}

char *page_history_write(const struct world *world, const struct history *history, u64 now)
{
	const struct history_change *change;
	struct page_text text = {};
	u32 i;

	page_put(&text, "{\"services\":[");
	for (i = 0; history && i < world->n_services; i++) {
		page_put(&text, i ? "," : "");
		write_service(&text, &world->service[i], &history->service[i]);
	}
	page_put(&text, "],\"changes\":[");
	for (i = 0; history && (change = history_change_at(history, i)); i++) {
		page_put(&text, i ? "," : "");
		write_change(&text, change, now);
	}
	page_put(&text, "]}\n");
	return page_text_take(&text);
}
