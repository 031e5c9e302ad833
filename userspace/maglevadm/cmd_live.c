// SPDX-License-Identifier: GPL-2.0-only
/* maglevadm table, of a service that runs: who has how many slots, and what a change would move. */
#include "plane.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

static const struct out_column show_columns[] = {
	{ "BACKEND", OUT_LEFT },  { "STATE", OUT_LEFT }, { "WEIGHT", OUT_RIGHT },
	{ "NOMINAL", OUT_RIGHT }, { "BASE", OUT_RIGHT }, { "BASE %", OUT_RIGHT },
	{ "SHARE", OUT_RIGHT },	  { "LIVE", OUT_RIGHT }, { "LIVE %", OUT_RIGHT },
};

static const struct out_column diff_columns[] = {
	{ "BACKEND", OUT_LEFT }, { "STATE", OUT_LEFT }, { "WEIGHT", OUT_RIGHT },
	{ "SHARE", OUT_RIGHT },	 { "NOW", OUT_RIGHT },	{ "THEN", OUT_RIGHT },
	{ "CHANGE", OUT_RIGHT },
};

static u64 sum_weights(const struct rows *rows)
{
	struct maglev_lib_message message;
	u64 sum = 0;
	size_t i;

	for (i = 0; rows_read(rows, i, &message); i++)
		sum += message.backend.table_weight;
	return sum;
}

static void show_row(struct out *out, const struct maglev_lib_backend *backend, u32 size,
		     u64 weights)
{
	char text[SHOW_NAME], state[SHOW_STATE];

	out_row_begin(out);
	if (out->json)
		show_members(out, &maglev_lib_backend_object, backend);
	out_text(out, NULL, "%s", show_backend(backend, text));
	out_text(out, NULL, "%s", show_state(backend, state));
	out_text(out, NULL, "%u", backend->table_weight);
	out_text(out, NULL, "%.2f %%", show_percent(backend->table_weight, weights));
	out_text(out, NULL, "%u", backend->base_slots);
	out_text(out, NULL, "%.2f %%", show_percent(backend->base_slots, size));
	out_text(out, NULL, "%u %%", backend->share);
	out_text(out, NULL, "%u", backend->live_slots);
	out_text(out, NULL, "%.2f %%", show_percent(backend->live_slots, size));
	out_row_end(out);
}

static void show_table(struct out *out, const struct maglev_lib_service *service,
		       const struct rows *backends)
{
	struct maglev_lib_message message;
	char text[SHOW_WARNINGS], word[SHOW_NUMBER];
	u64 weights = sum_weights(backends);
	size_t i;

	show_object(out, "service", &maglev_lib_service_object, service);
	out_text(out, "service", "%s", show_service(&service->key, text));
	out_text(out, "table size", "%u slots", service->table_size);
	out_text(out, "mode", "%s", show_word(&maglev_lib_mode_names, service->mode, word));
	out_text(out, "key check", "%016llx", service->key_check);
	out_text(out, "base digest", "%016llx", service->base_digest);
	out_text(out, "live digest", "%016llx", service->live_digest);
	out_text(out, "generation", "%llu, built in %u us", service->generation, service->build_us);
	out_text(out, "displaced", "%u slots (%.2f %%)", service->displaced_slots,
		 show_percent(service->displaced_slots, service->table_size));
	if (service->error)
		out_text(out, "degraded", "%s", service->error_text);
	if (service->warnings)
		out_text(out, "warnings", "%s", show_warnings(service->warnings, text));
	out_list_begin(out, "backend", SHOW_COLUMNS(show_columns));
	for (i = 0; rows_read(backends, i, &message); i++)
		show_row(out, &message.backend, service->table_size, weights);
	out_list_end(out);
}

int cmd_live_show(struct order *order)
{
	struct rows services = {}, backends = {};
	struct maglev_lib_message message;
	struct out out;
	int status;

	out_init(&out, order->json);
	status = plane_get(order, MAGLEV_CMD_SERVICE_GET, &order->message, &services);
	if (!status)
		status = plane_list(order, MAGLEV_CMD_BACKEND_GET, &order->message, &backends);
	if (!status && rows_read(&services, 0, &message))
		show_table(&out, &message.service, &backends);
	rows_fini(&backends);
	rows_fini(&services);
	return out_fini(&out, status);
}

/* Slots that a backend has now; 0 if it is not there. */
static u32 slots_now(const struct rows *now, const struct maglev_lib_backend *backend)
{
	struct maglev_lib_message message;
	size_t i;

	for (i = 0; rows_read(now, i, &message); i++)
		if (message.backend.port == backend->port &&
		    !memcmp(&message.backend.addr, &backend->addr, sizeof(backend->addr)))
			return message.backend.live_slots;
	return 0;
}

static void show_change(struct out *out, const struct maglev_lib_backend *backend, u32 before)
{
	char text[SHOW_NAME], state[SHOW_STATE];

	out_row_begin(out);
	if (out->json)
		show_members(out, &maglev_lib_backend_object, backend);
	out_text(out, NULL, "%s", show_backend(backend, text));
	out_text(out, NULL, "%s", show_state(backend, state));
	out_text(out, NULL, "%u", backend->table_weight);
	out_text(out, NULL, "%u %%", backend->share);
	out_text(out, NULL, "%u", before);
	out_text(out, NULL, "%u", backend->live_slots);
	out_text(out, NULL, "%+lld", (long long)backend->live_slots - before);
	out_row_end(out);
}

static void show_digests(struct out *out, const char *label, u64 now, u64 then)
{
	if (now == then)
		out_text(out, label, "%016llx, as now", now);
	else
		out_text(out, label, "%016llx, now %016llx", then, now);
}

static void show_summary(struct out *out, const struct maglev_lib_message *message)
{
	const struct maglev_lib_service *service = &message->service;
	const struct maglev_lib_preview *preview = &message->preview;
	u32 size = preview->table_size;
	char text[SHOW_WARNINGS];

	show_message(out, message);
	out_text(out, "service", "%s", show_service(&service->key, text));
	if (size == service->table_size)
		out_text(out, "table size", "%u slots", size);
	else
		out_text(out, "table size", "%u slots, now %u", size, service->table_size);
	out_text(out, "moved", "%u slots (%.2f %%)", preview->slots_changed,
		 show_percent(preview->slots_changed, size));
	if (preview->has & MAGLEV_LIB_HAS(PREVIEW_SLOTS_COLLATERAL))
		out_text(out, "collateral", "%u slots (%.2f %%)", preview->slots_collateral,
			 show_percent(preview->slots_collateral, size));
	out_text(out, "displaced", "%u slots (%.2f %%)", preview->displaced_slots,
		 show_percent(preview->displaced_slots, size));
	if (preview->has & MAGLEV_LIB_HAS(PREVIEW_FLOWS_MOVED))
		out_text(out, "flows moved", "%u, which stay with their backend",
			 preview->flows_moved);
	out_text(out, "flows lost", "%u, whose backend goes down or away", preview->flows_lost);
	show_digests(out, "base digest", service->base_digest, preview->base_digest);
	show_digests(out, "live digest", service->live_digest, preview->live_digest);
	if (preview->warnings)
		out_text(out, "warnings", "%s", show_warnings(preview->warnings, text));
}

static void show_preview(struct out *out, const struct rows *then, const struct rows *now)
{
	struct maglev_lib_message message;
	size_t i;

	if (rows_read(then, 0, &message))
		show_summary(out, &message);
	out_list_begin(out, "backend", SHOW_COLUMNS(diff_columns));
	for (i = 1; rows_read(then, i, &message); i++)
		show_change(out, &message.backend, slots_now(now, &message.backend));
	out_list_end(out);
}

int cmd_live_diff(struct order *order)
{
	struct rows then = {}, now = {};
	struct out out;
	int status;

	out_init(&out, order->json);
	status = plane_list(order, MAGLEV_CMD_PREVIEW, &order->message, &then);
	if (!status && !order->json)
		status = plane_list(order, MAGLEV_CMD_BACKEND_GET, &order->message, &now);
	if (!status)
		show_preview(&out, &then, &now);
	rows_fini(&now);
	rows_fini(&then);
	return out_fini(&out, status);
}
