// SPDX-License-Identifier: GPL-2.0-only
/* maglevadm flow: what is tracked. Addresses of clients are not stored. */
#include "number.h"
#include "plane.h"
#include "show.h"

#include <stdio.h>

enum {
	SERVICE_WIDTH = 22, /* of most of IPv4 */
	BACKEND_WIDTH = 18,
};

static const struct out_column count_columns[] = {
	{ "SERVICE", OUT_LEFT },      { "BACKEND", OUT_LEFT },	{ "HALF-OPEN", OUT_RIGHT },
	{ "ESTABLISHED", OUT_RIGHT }, { "CLOSING", OUT_RIGHT }, { "RESET", OUT_RIGHT },
	{ "TOTAL", OUT_RIGHT },
};

static int show_flow(void *ctx, const struct maglev_lib_message *message)
{
	const struct maglev_lib_flow *flow = &message->flow;
	char service[SHOW_NAME], backend[SHOW_NAME], state[SHOW_NUMBER], slot[SHOW_NUMBER] = "-";
	struct out *out = ctx;

	if (flow->has & MAGLEV_LIB_HAS(FLOW_SLOT))
		snprintf(slot, sizeof(slot), "%u", flow->slot);
	if (!out->rows)
		out_line(out, "%-*s  %-*s  %-11s  %6s  %7s  %-10s  %3s  %s", SERVICE_WIDTH,
			 "SERVICE", BACKEND_WIDTH, "BACKEND", "STATE", "AGE", "SLOT", "HASH", "CPU",
			 "LINE");
	out_row_begin(out);
	show_message(out, message);
	out_line(out, "%-*s  %-*s  %-11s  %4u s  %7s  %010llx  %3u  %u%s", SERVICE_WIDTH,
		 show_service(&flow->key, service), BACKEND_WIDTH,
		 show_endpoint(&flow->addr, flow->port, backend),
		 show_word(&maglev_lib_flow_state_names, flow->state, state), flow->age, slot,
		 flow->hash, flow->cpu, flow->line, flow->old ? ", old table" : "");
	out_row_end(out);
	return out_failed(out) ? STATUS_FAILED : STATUS_DONE;
}

int cmd_flow_show(struct order *order)
{
	struct out out;
	int status;

	out_init(&out, order->json);
	out_stream(&out);
	status = plane_stream(order, MAGLEV_CMD_FLOW_GET, show_flow, &out);
	/* If writing failed, out_fini() says so. */
	return out_fini(&out, out_failed(&out) ? STATUS_DONE : status);
}

static void show_count(struct out *out, const struct maglev_lib_message *message)
{
	const struct maglev_lib_flow_count *count = &message->flow_count;
	char text[SHOW_NAME];

	out_row_begin(out);
	show_message(out, message);
	out_text(out, NULL, "%s", show_service(&message->service.key, text));
	out_text(out, NULL, "%s", show_backend(&message->backend, text));
	out_text(out, NULL, "%u", count->half_open);
	out_text(out, NULL, "%u", count->established);
	out_text(out, NULL, "%u", count->closing);
	out_text(out, NULL, "%u", count->reset);
	out_text(out, NULL, "%llu",
		 (u64)count->half_open + count->established + count->closing + count->reset);
	out_row_end(out);
}

int cmd_flow_count(struct order *order)
{
	struct maglev_lib_message message;
	struct rows rows;
	struct out out;
	int status;
	size_t i;

	out_init(&out, order->json);
	status = plane_list(order, MAGLEV_CMD_FLOW_COUNT, &order->message, &rows);
	if (!status) {
		out_list_begin(&out, NULL, SHOW_COLUMNS(count_columns));
		for (i = 0; rows_read(&rows, i, &message); i++)
			show_count(&out, &message);
		out_list_end(&out);
	}
	rows_fini(&rows);
	return out_fini(&out, status);
}

int cmd_flow_flush(struct order *order)
{
	struct maglev_lib_message reply;
	struct out out;
	int status = plane_call(order, MAGLEV_CMD_FLOW_FLUSH, &reply);

	if (status)
		return status;
	out_init(&out, order->json);
	show_message(&out, &reply);
	out_line(&out, "%u flows forgotten", reply.flows);
	return out_fini(&out, STATUS_DONE);
}

int cmd_flow_find(struct order *order)
{
	struct maglev_lib_message reply;
	const struct maglev_lib_flow *flow = &reply.flow;
	char text[SHOW_NAME], age[DURATION_TEXT];
	struct out out;
	int status = plane_call(order, MAGLEV_CMD_FLOW_GET, &reply);

	if (status)
		return status;
	out_init(&out, order->json);
	show_message(&out, &reply);
	out_text(&out, "service", "%s", show_service(&flow->key, text));
	out_text(&out, "backend", "%s", show_endpoint(&flow->addr, flow->port, text));
	out_text(&out, "state", "%s", show_word(&maglev_lib_flow_state_names, flow->state, text));
	out_text(&out, "age", "%s", duration_format(flow->age * 1000ULL, age));
	if (flow->has & MAGLEV_LIB_HAS(FLOW_SLOT))
		out_text(&out, "slot", "%u", flow->slot);
	out_text(&out, "hash", "%010llx", flow->hash);
	out_text(&out, "where", "CPU %u, line %u%s", flow->cpu, flow->line,
		 flow->old ? ", in an old table" : "");
	return out_fini(&out, STATUS_DONE);
}
