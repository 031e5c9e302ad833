// SPDX-License-Identifier: GPL-2.0-only
/* maglevadm status, reload: what maglevd knows, and that it is to read its file. */
#include "balancer.h"
#include "daemon.h"
#include "number.h"
#include "order.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

enum {
	LOAD_TEXT = 32,
};

static const struct out_column columns[] = {
	{ "SERVICE", OUT_LEFT }, { "BACKEND", OUT_LEFT }, { "STATE", OUT_LEFT },
	{ "SHARE", OUT_RIGHT },	 { "LOAD", OUT_LEFT },	  { "SINCE", OUT_RIGHT },
	{ "CHECKS", OUT_LEFT },
};

static const char *string_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name)) ?: "";
}

static double number_of(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static bool is_true(const cJSON *object, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* Of checks that do not pass, each; of the others nothing but that they do. */
static void show_checks(struct out *out, const cJSON *backend)
{
	const cJSON *checks = cJSON_GetObjectItemCaseSensitive(backend, "checks"), *check;
	char text[SHOW_WARNINGS] = "";
	size_t len = 0;

	cJSON_ArrayForEach(check, checks) {
		if (!strcmp(string_of(check, "state"), "up") && !number_of(check, "contrary"))
			continue;
		if (len < sizeof(text))
			len += snprintf(text + len, sizeof(text) - len, "%s%s: %s", len ? "; " : "",
					string_of(check, "name"), string_of(check, "why"));
	}
	out_text(out, NULL, "%s", len ? text : checks && checks->child ? "pass" : "none");
}

/* What its share follows, and where it goes. */
static void show_load(struct out *out, const cJSON *backend)
{
	static const struct {
		const char *key, *format;
	} values[] = {
		{ "agent-percent", " %.0f %%" },
		{ "header-weight", " %g" },
		{ "latency-ms", " %.1f ms" },
		{ "expected-flows", " %.0f flows" },
	};
	const cJSON *load = cJSON_GetObjectItemCaseSensitive(backend, "load");
	const char *state = string_of(load, "state");
	char value[LOAD_TEXT] = "", target[LOAD_TEXT] = "";
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(*values); i++)
		if (cJSON_HasObjectItem(load, values[i].key))
			snprintf(value, sizeof(value), values[i].format,
				 number_of(load, values[i].key));
	if (!strcmp(state, "moving"))
		snprintf(target, sizeof(target), ", to %.0f %%", number_of(load, "target"));
	else if (!strcmp(state, "lost") || !strcmp(state, "unknown"))
		snprintf(target, sizeof(target), " %s", state);
	out_text(out, NULL, "%s%s%s", load ? string_of(load, "from") : "-", value, target);
}

static void show_row(struct out *out, const cJSON *service, const cJSON *backend)
{
	bool has_since = cJSON_HasObjectItem(backend, "since-ms");
	bool is_kept = is_true(backend, "kept");
	char text[DURATION_TEXT];

	out_row_begin(out);
	out_text(out, NULL, "%s", string_of(service, "service"));
	out_text(out, NULL, "%s", string_of(backend, "backend"));
	out_text(out, NULL, "%s%s%s%s", string_of(backend, "state"), is_kept ? " (kept: " : "",
		 is_kept ? string_of(backend, "kept-by") : "", is_kept ? ")" : "");
	out_text(out, NULL, "%.0f %%", number_of(backend, "share"));
	show_load(out, backend);
	out_text(out, NULL, "%s",
		 has_since ? duration_format(number_of(backend, "since-ms"), text) : "start");
	show_checks(out, backend);
	out_row_end(out);
}

static void show_checker(struct out *out, const cJSON *checker)
{
	out_text(out, "probes", "%.0f passed, %.0f failed, %.0f say nothing",
		 number_of(checker, "passed"), number_of(checker, "failed"),
		 number_of(checker, "unknown"));
	out_text(out, "lateness", "99 %% of starts within %.3f ms, %.0f stalls",
		 number_of(checker, "lateness-p99-us") / 1000, number_of(checker, "stalls"));
}

static void show_status(struct out *out, const cJSON *status)
{
	const cJSON *services = cJSON_GetObjectItemCaseSensitive(status, "services");
	const cJSON *balancer = cJSON_GetObjectItemCaseSensitive(status, "balancer");
	const cJSON *service, *backend;

	/* Where nothing is announced that is not worth a line. */
	if (cJSON_HasObjectItem(balancer, "table"))
		balancer_show(out, balancer);
	show_checker(out, cJSON_GetObjectItemCaseSensitive(status, "checker"));
	out_list_begin(out, "services", SHOW_COLUMNS(columns));
	cJSON_ArrayForEach(service, services) {
		cJSON_ArrayForEach(backend, cJSON_GetObjectItemCaseSensitive(service, "backends"))
			show_row(out, service, backend);
	}
	out_list_end(out);
}

int cmd_status(struct order *order)
{
	struct out out;
	cJSON *answer;
	int status = daemon_ask(order->directory, "status", &answer);

	if (status)
		return status;
	out_init(&out, order->json);
	if (order->json) {
		out_answer(&out, answer);
	} else {
		show_status(&out, answer);
		cJSON_Delete(answer);
	}
	return out_fini(&out, STATUS_DONE);
}

int cmd_reload(struct order *order)
{
	cJSON *answer;
	int status = daemon_ask(order->directory, "reload", &answer);

	if (!status)
		cJSON_Delete(answer);
	return status;
}
