// SPDX-License-Identifier: GPL-2.0-only
/* maglevadm show and set: what holds for a whole network namespace. */
#include "key.h"
#include "number.h"
#include "plane.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

static void show_prefix(struct out *out, const char *label, const struct maglev_lib_prefix *prefix)
{
	char text[SHOW_NAME];

	if (prefix->len)
		out_text(out, label, "%s/%u", show_address(&prefix->addr, text), prefix->len);
	else
		out_text(out, label, "as routed");
}

static void show_settings(struct out *out, const struct maglev_lib_settings *settings)
{
	char delay[DURATION_TEXT], word[SHOW_NUMBER], lines[SHOW_NAME] = "";

	out_text(out, "plane", "%s, version %s, %u CPUs", settings->plane, settings->version,
		 settings->cpus);
	out_text(out, "key check", "%016llx%s", settings->key_check,
		 settings->key_is_zero ? " (the key is all zero)" : "");
	out_text(out, "table size", "%u slots, of new services", settings->table_size);
	if (settings->lines)
		snprintf(lines, sizeof(lines), ", %u lines a CPU", settings->lines);
	out_text(out, "flows", "%u, in %llu KiB%s%s", settings->flows, settings->flow_bytes / 1024,
		 lines, settings->moving ? "; flows move from old tables" : "");
	if (settings->has & MAGLEV_LIB_HAS(SETTINGS_FWMARK_MASK))
		out_text(out, "fwmark mask", "0x%08x", settings->fwmark_mask);
	show_prefix(out, "source4", &settings->source4);
	show_prefix(out, "source6", &settings->source6);
	if (settings->has & MAGLEV_LIB_HAS(SETTINGS_PROBE))
		out_text(out, "probe", "%s, marks from 0x%08x on", settings->probe ? "on" : "off",
			 settings->probe_base);
	out_text(out, "rebuild delay", "%s", duration_format(settings->rebuild_delay_ms, delay));
	if (settings->has & MAGLEV_LIB_HAS(SETTINGS_HOOK))
		out_text(out, "hook", "%s",
			 show_word(&maglev_lib_hook_names, settings->hook, word));
	if (settings->has & MAGLEV_LIB_HAS(SETTINGS_REPLACE_MH))
		out_text(out, "replace mh", "%s",
			 show_word(&maglev_lib_replace_mh_names, settings->replace_mh, word));
}

int cmd_settings_show(struct order *order)
{
	struct maglev_lib_message reply;
	struct out out;
	int status = plane_call(order, MAGLEV_CMD_SETTINGS_GET, &reply);

	if (status)
		return status;
	out_init(&out, order->json);
	show_message(&out, &reply);
	show_settings(&out, &reply.settings);
	status = out_fini(&out, STATUS_DONE);
	if (!status && reply.settings.key_is_zero)
		err_warn("the cluster key is all zero and protects nobody: maglevadm set key FILE");
	return status;
}

int cmd_settings_set(struct order *order)
{
	struct maglev_lib_settings *settings = &order->message.settings;
	struct maglev_key key = {};
	int status = STATUS_DONE;

	if (order->key_file)
		status = key_read(&key, order->key_file, "key");
	if (status)
		return status;
	maglev_key_bytes(&key, settings->key);
	return plane_call(order, MAGLEV_CMD_SETTINGS_SET, NULL);
}
