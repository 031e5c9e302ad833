// SPDX-License-Identifier: GPL-2.0-only
/* maglevadm service: what a balancer does for each service. */
#include "plane.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

enum {
	NOTES_BYTES = 384,
};

static const struct out_column columns[] = {
	{ "SERVICE", OUT_LEFT },     { "FORWARDED BY", OUT_LEFT }, { "BACKENDS", OUT_RIGHT },
	{ "SLOTS", OUT_RIGHT },	     { "MODE", OUT_LEFT },	   { "FLOWS", OUT_RIGHT },
	{ "LIVE DIGEST", OUT_LEFT }, { "NOTES", OUT_LEFT },
};

/* Who forwards it, and why not we. */
static const char *forwarder(const struct maglev_lib_service *service, char text[SHOW_STATE])
{
	char who[SHOW_NUMBER], why[SHOW_NUMBER];

	if (!service->left_because)
		return show_word(&maglev_lib_forwarding_names, service->forwarding, text);
	snprintf(text, SHOW_STATE, "%s (%s)",
		 show_word(&maglev_lib_forwarding_names, service->forwarding, who),
		 show_word(&maglev_lib_left_because_names, service->left_because, why));
	return text;
}

/* What a line about a service ends with: failures first. */
static const char *notes(const struct maglev_lib_service *service, char text[NOTES_BYTES])
{
	char warnings[SHOW_WARNINGS];
	size_t len = 0;

	*text = 0;
	if (service->error)
		len += snprintf(text, NOTES_BYTES, "degraded: %s",
				*service->error_text ? service->error_text :
						       strerror((int)service->error));
	if (service->displaced_slots)
		len += snprintf(text + len, NOTES_BYTES - len, "%s%.2f %% displaced",
				len ? "; " : "",
				show_percent(service->displaced_slots, service->table_size));
	if (service->warnings)
		snprintf(text + len, NOTES_BYTES - len, "%s%s", len ? "; " : "",
			 show_warnings(service->warnings, warnings));
	return text;
}

static void show_row(struct out *out, const struct maglev_lib_message *message)
{
	const struct maglev_lib_service *service = &message->service;
	char name[SHOW_NAME], who[SHOW_STATE], mode[SHOW_NUMBER], note[NOTES_BYTES];

	out_row_begin(out);
	show_message(out, message);
	out_text(out, NULL, "%s", show_service(&service->key, name));
	out_text(out, NULL, "%s", forwarder(service, who));
	out_text(out, NULL, "%u", service->n_backends);
	out_text(out, NULL, "%u", service->table_size);
	out_text(out, NULL, "%s", show_word(&maglev_lib_mode_names, service->mode, mode));
	out_text(out, NULL, "%u", service->flows);
	out_text(out, NULL, "%016llx", service->live_digest);
	out_text(out, NULL, "%s", notes(service, note));
	out_row_end(out);
}

static void show_one(struct out *out, const struct maglev_lib_service *service)
{
	const struct maglev_lib_timeouts *timeouts = &service->timeouts;
	char text[NOTES_BYTES], who[SHOW_STATE], word[SHOW_NUMBER];

	out_text(out, "service", "%s", show_service(&service->key, text));
	if (service->left_because)
		out_text(out, "forwarded by", "IPVS: %s", show_left(service->left_because));
	else
		out_text(out, "forwarded by", "%s", forwarder(service, who));
	out_text(out, "scheduler", "%s", service->scheduler);
	out_text(out, "backends", "%u", service->n_backends);
	out_text(out, "table size", "%u slots", service->table_size);
	out_text(out, "mode", "%s%s", show_word(&maglev_lib_mode_names, service->mode, word),
		 service->mode_set == MAGLEV_NL_MODE_FLAG ? " (by IPVS's flags)" : "");
	out_text(out, "base digest", "%016llx", service->base_digest);
	out_text(out, "live digest", "%016llx", service->live_digest);
	out_text(out, "key check", "%016llx", service->key_check);
	out_text(out, "generation", "%llu, built in %u us", service->generation, service->build_us);
	out_text(out, "displaced", "%u slots (%.2f %%)", service->displaced_slots,
		 show_percent(service->displaced_slots, service->table_size));
	out_text(out, "timeouts", "half-open %u s, established %u s, closing %u s, reset %u s",
		 timeouts->half_open, timeouts->established, timeouts->closing, timeouts->reset);
	if (service->has & MAGLEV_LIB_HAS(SERVICE_FRAGMENTS))
		out_text(out, "fragments", "%s",
			 service->fragments ? "follow the first of them" : "dropped");
	out_text(out, "flows", "%u tracked", service->flows);
	show_stats(out, &service->stats);
	if (*notes(service, text))
		out_text(out, "notes", "%s", text);
}

int cmd_service_show(struct order *order)
{
	bool one = order->message.has & MAGLEV_LIB_HAS(SERVICE);
	struct maglev_lib_message message;
	struct rows rows;
	struct out out;
	int status;
	size_t i;

	out_init(&out, order->json);
	status = (one ? plane_get : plane_list)(order, MAGLEV_CMD_SERVICE_GET, &order->message,
						&rows);
	if (status)
		goto out;
	if (one && !order->json) {
		if (rows_read(&rows, 0, &message))
			show_one(&out, &message.service);
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

int cmd_service_add(struct order *order)
{
	return plane_call(order, MAGLEV_CMD_SERVICE_ADD, NULL);
}

int cmd_service_del(struct order *order)
{
	return plane_call(order, MAGLEV_CMD_SERVICE_DEL, NULL);
}

int cmd_service_set(struct order *order)
{
	return plane_call(order, MAGLEV_CMD_SERVICE_SET, NULL);
}
