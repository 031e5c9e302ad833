// SPDX-License-Identifier: GPL-2.0-only
/* maglevadm backend: states, weights and shares. */
#include "number.h"
#include "owned.h"
#include "plane.h"
#include "show.h"

#include <stdio.h>

static const struct out_column columns[] = {
	{ "SERVICE", OUT_LEFT }, { "BACKEND", OUT_LEFT }, { "STATE", OUT_LEFT },
	{ "LEFT", OUT_RIGHT },	 { "WEIGHT", OUT_RIGHT }, { "SHARE", OUT_RIGHT },
	{ "SLOTS", OUT_RIGHT },	 { "BASE", OUT_RIGHT },	  { "FLOWS", OUT_RIGHT },
	{ "VIA", OUT_LEFT },
};

/* Until its drain ends. */
static const char *show_time_left(const struct maglev_lib_backend *backend,
				  char text[DURATION_TEXT])
{
	return backend->deadline_ms ? duration_format(backend->deadline_ms, text) : "";
}

static const char *show_via(const struct maglev_lib_backend *backend, char text[SHOW_STATE])
{
	char word[SHOW_NUMBER];

	if (backend->method == MAGLEV_NL_METHOD_TUNNEL)
		snprintf(text, SHOW_STATE, "%s%s",
			 show_word(&maglev_lib_tunnel_names, backend->tunnel, word),
			 backend->tunnel_checksum ? " with checksum" : "");
	else
		snprintf(text, SHOW_STATE, "%s",
			 show_word(&maglev_lib_method_names, backend->method, word));
	return text;
}

static void show_row(struct out *out, const struct maglev_lib_message *message)
{
	const struct maglev_lib_backend *backend = &message->backend;
	char text[SHOW_NAME], state[SHOW_STATE], left[DURATION_TEXT];

	out_row_begin(out);
	show_message(out, message);
	out_text(out, NULL, "%s", show_service(&message->service.key, text));
	out_text(out, NULL, "%s", show_backend(backend, text));
	out_text(out, NULL, "%s%s%s", show_state(backend, state),
		 backend->drained ? ", drained" : "", backend->overloaded ? ", overloaded" : "");
	out_text(out, NULL, "%s", show_time_left(backend, left));
	out_text(out, NULL, "%u", backend->table_weight);
	out_text(out, NULL, "%u %%", backend->share);
	out_text(out, NULL, "%u", backend->live_slots);
	out_text(out, NULL, "%u", backend->base_slots);
	out_text(out, NULL, "%u", backend->flows);
	out_text(out, NULL, "%s", show_via(backend, state));
	out_row_end(out);
}

static void show_states(struct out *out, const struct maglev_lib_backend *backend)
{
	char a[SHOW_NUMBER], b[SHOW_NUMBER], c[SHOW_NUMBER], left[DURATION_TEXT];

	out_text(out, "state", "%s: admin %s, health %s, ipvs %s%s%s",
		 show_word(&maglev_lib_state_names, backend->state, a),
		 maglev_lib_word(&maglev_lib_state_names, backend->admin_state) ?: "?",
		 show_word(&maglev_lib_state_names, backend->health_state, b),
		 show_word(&maglev_lib_state_names, backend->ipvs_state, c),
		 backend->drained ? ", drained" : "", backend->overloaded ? ", overloaded" : "");
	if (backend->deadline_ms)
		out_text(out, "drains", "%s until it is down",
			 duration_format(backend->deadline_ms, left));
}

static void show_one(struct out *out, const struct maglev_lib_message *message)
{
	const struct maglev_lib_backend *backend = &message->backend;
	char text[SHOW_NAME];

	out_text(out, "service", "%s", show_service(&message->service.key, text));
	out_text(out, "backend", "%s", show_backend(backend, text));
	show_states(out, backend);
	if (backend->nominal_weight)
		out_text(out, "weight", "%u, instead of IPVS's %u", backend->nominal_weight,
			 backend->weight);
	else if (backend->table_weight != backend->weight)
		out_text(out, "weight", "%u in the table, IPVS has %u", backend->table_weight,
			 backend->weight);
	else
		out_text(out, "weight", "%u", backend->weight);
	out_text(out, "share", "%u %%", backend->share);
	out_text(out, "slots", "%u, in the base table %u", backend->live_slots,
		 backend->base_slots);
	out_text(out, "via", "%s", show_via(backend, text));
	out_text(out, "index", "%u", backend->index);
	out_text(out, "flows", "%u", backend->flows);
	show_stats(out, &backend->stats);
}

int cmd_backend_show(struct order *order)
{
	bool one = order->message.has & MAGLEV_LIB_HAS(BACKEND);
	struct maglev_lib_message message;
	struct rows rows;
	struct out out;
	int status;
	size_t i;

	out_init(&out, order->json);
	status = (one ? plane_get : plane_list)(order, MAGLEV_CMD_BACKEND_GET, &order->message,
						&rows);
	if (status)
		goto out;
	if (one && !order->json) {
		if (rows_read(&rows, 0, &message))
			show_one(&out, &message);
		goto out;
	}
	out_list_begin(&out, NULL, SHOW_COLUMNS(columns));
	for (i = 0; rows_read(&rows, i, &message); i++)
		show_row(&out, &message);
	out_list_end(&out);
out:
	rows_fini(&rows);
	return out_fini(&out, status);
}

int cmd_backend_add(struct order *order)
{
	return plane_call(order, MAGLEV_CMD_BACKEND_ADD, NULL);
}

int cmd_backend_del(struct order *order)
{
	return plane_call(order, MAGLEV_CMD_BACKEND_DEL, NULL);
}

int cmd_backend_set(struct order *order)
{
	int status = owned_check(order);

	return status ? status : plane_call(order, MAGLEV_CMD_BACKEND_SET, NULL);
}
