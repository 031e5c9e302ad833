// SPDX-License-Identifier: GPL-2.0-only
/* maglevadm stats: counters of the network namespace, and why packets were not forwarded. */
#include "plane.h"
#include "show.h"

#include <string.h>

static const struct out_column columns[] = {
	{ "REASON", OUT_LEFT },
	{ "VERDICT", OUT_LEFT },
	{ "PACKETS", OUT_RIGHT },
	{ "WHY", OUT_LEFT },
};

/* Text has a line for each counter, labelled by its attribute. */
static void show_counters(struct out *out, const struct maglev_lib_counters *counters, bool all)
{
	const struct maglev_lib_object *object = &maglev_lib_counters_object;
	const struct maglev_lib_field *field;
	const char *member;
	u64 value;
	u32 type, value32;

	for (type = 0; type < object->n; type++) {
		field = maglev_lib_field(object, type);
		if (!field || !(counters->has >> type & 1))
			continue;
		member = (const char *)counters + field->offset;
		memcpy(&value32, member, sizeof(value32));
		value = value32;
		if (field->size == sizeof(value))
			memcpy(&value, member, sizeof(value));
		if (value || all)
			out_text(out, field->name, "%llu", value);
	}
}

static int show_reasons(struct out *out, const struct maglev_lib_message *message, bool all)
{
	struct maglev_lib_reason_count reason;
	const void *cursor = NULL;
	char word[SHOW_NUMBER];
	int more;

	out_list_begin(out, "reason", SHOW_COLUMNS(columns));
	while ((more = maglev_lib_next(message, MAGLEV_A_REASON, &cursor, &reason)) > 0) {
		if (!out->json && !all && !reason.count)
			continue;
		out_row_begin(out);
		if (out->json)
			show_members(out, &maglev_lib_reason_count_object, &reason);
		out_text(out, NULL, "%s", reason.name);
		out_text(out, NULL, "%s",
			 show_word(&maglev_lib_verdict_names, reason.verdict, word));
		out_text(out, NULL, "%llu", reason.count);
		out_text(out, NULL, "%s", reason.text);
		out_row_end(out);
	}
	out_list_end(out);
	return more ? err_say("stats: the answer makes no sense") : STATUS_DONE;
}

int cmd_stats(struct order *order)
{
	struct maglev_lib_message reply;
	struct out out;
	int status = plane_call(order, MAGLEV_CMD_STATS_GET, &reply);

	if (status)
		return status;
	out_init(&out, order->json);
	show_message(&out, &reply);
	show_counters(&out, &reply.counters, order->all);
	status = show_reasons(&out, &reply, order->all);
	return out_fini(&out, status);
}
