// SPDX-License-Identifier: GPL-2.0-only
/* maglevadm balancer show, drain, up: which VIPs this balancer announces, and that it is not to. */
#include "balancer.h"
#include "daemon.h"
#include "order.h"

static const char *string_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name)) ?: "";
}

static const struct out_column columns[] = {
	{ "VIP", OUT_LEFT },
	{ "STATE", OUT_LEFT },
	{ "SINCE", OUT_RIGHT },
	{ "WHY", OUT_LEFT },
};

static void show_vip(struct out *out, const cJSON *vip)
{
	const cJSON *since = cJSON_GetObjectItemCaseSensitive(vip, "since-ms");
	char text[DURATION_TEXT];

	out_row_begin(out);
	out_text(out, NULL, "%s", string_of(vip, "vip"));
	out_text(out, NULL, "%s", string_of(vip, "state"));
	out_text(out, NULL, "%s",
		 duration_format(cJSON_IsNumber(since) ? since->valuedouble : 0, text));
	out_text(out, NULL, "%s", string_of(vip, "why"));
	out_row_end(out);
}

void balancer_show(struct out *out, const cJSON *balancer)
{
	const cJSON *table = cJSON_GetObjectItemCaseSensitive(balancer, "table");
	bool is_drained = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(balancer, "drained"));
	const cJSON *vip;

	out_text(out, "balancer", "%s", is_drained ? "drained by operator" : "in service");
	if (!cJSON_IsNumber(table)) {
		out_text(out, "announced", "nothing");
		return;
	}
	out_text(out, "announced", "by routes in table %.0f", table->valuedouble);
	out_list_begin(out, "vips", SHOW_COLUMNS(columns));
	cJSON_ArrayForEach(vip, cJSON_GetObjectItemCaseSensitive(balancer, "vips"))
		show_vip(out, vip);
	out_list_end(out);
}

int cmd_balancer_show(struct order *order)
{
	cJSON *answer, *balancer;
	struct out out;
	int status = daemon_ask(order->directory, "status", &answer);

	if (status)
		return status;
	balancer = cJSON_DetachItemFromObjectCaseSensitive(answer, "balancer");
	cJSON_Delete(answer);
	if (!balancer) {
		err_say("maglevd: it is too old to announce anything");
		return STATUS_FAILED;
	}
	out_init(&out, order->json);
	if (order->json) {
		out_answer(&out, balancer);
	} else {
		balancer_show(&out, balancer);
		cJSON_Delete(balancer);
	}
	return out_fini(&out, STATUS_DONE);
}

static int tell(struct order *order, const char *command)
{
	cJSON *answer;
	int status = daemon_ask(order->directory, command, &answer);

	if (!status)
		cJSON_Delete(answer);
	return status;
}

int cmd_balancer_drain(struct order *order)
{
	return tell(order, "balancer-drain");
}

int cmd_balancer_up(struct order *order)
{
	return tell(order, "balancer-up");
}
