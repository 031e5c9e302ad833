// SPDX-License-Identifier: GPL-2.0-only
/* Changes: read and prepared whole, then taken, which cannot fail. */
#include "answer.h"
#include "events.h"
#include "publish.h"
#include "pulse.h"
#include "tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HAS(attr) (1U << MAGLEV_A_SETTINGS_##attr)

static int fail(struct asked *asked, int err)
{
	if (err == -ENOMEM && !asked->extack._msg)
		NL_SET_ERR_MSG(&asked->extack, "out of memory: nothing has changed");
	else if (err == -ENOSPC)
		NL_SET_ERR_MSG(&asked->extack,
			       "all 65535 indexes of backends are in use, those of backends deleted a moment ago too: nothing has changed");
	return err;
}

static int change(struct asked *asked, const struct maglev_request_entry *entries, u32 n)
{
	struct drafts drafts = {};
	bool at_once = false;
	int err = 0;
	u32 i;

	for (i = 0; i < n && !err; i++)
		err = drafts_apply(&drafts, &entries[i], &asked->extack);
	if (!err)
		err = drafts_prepare(&drafts);
	if (!err)
		at_once = drafts_commit(&drafts);
	drafts_end(&drafts);
	if (err)
		return fail(asked, err);
	/* Tables of a new size or mode are there when the answer is. */
	if (at_once || (n == 1 && entries->op == MAGLEV_NL_OP_SERVICE_SET))
		pulse_build();
	else
		pulse_build_later();
	return 0;
}

static const u8 op_of[] = {
	[MAGLEV_CMD_SERVICE_SET] = MAGLEV_NL_OP_SERVICE_SET,
	[MAGLEV_CMD_SERVICE_ADD] = MAGLEV_NL_OP_SERVICE_ADD,
	[MAGLEV_CMD_SERVICE_DEL] = MAGLEV_NL_OP_SERVICE_DEL,
	[MAGLEV_CMD_BACKEND_SET] = MAGLEV_NL_OP_BACKEND_SET,
	[MAGLEV_CMD_BACKEND_ADD] = MAGLEV_NL_OP_BACKEND_ADD,
	[MAGLEV_CMD_BACKEND_DEL] = MAGLEV_NL_OP_BACKEND_DEL,
};

int answer_change(struct asked *asked, struct maglev_lib_message *reply)
{
	struct maglev_request_entry entry = { .op = op_of[asked->command] };
	bool of_backend = entry.op >= MAGLEV_NL_OP_BACKEND_SET;
	bool is_del = entry.op == MAGLEV_NL_OP_SERVICE_DEL || entry.op == MAGLEV_NL_OP_BACKEND_DEL;
	enum maglev_request_use use = is_del ? MAGLEV_REQUEST_NAME : MAGLEV_REQUEST_OWN;
	int err;

	(void)reply;
	err = maglev_request_read_service(&entry.service, asked->tb[MAGLEV_A_SERVICE],
					  of_backend ? MAGLEV_REQUEST_NAME : use, &asked->extack);
	if (!err && of_backend)
		err = maglev_request_read_backend(&entry.backend, asked->tb[MAGLEV_A_BACKEND], use,
						  &asked->extack);
	return err ? err : change(asked, &entry, 1);
}

int answer_batch(struct asked *asked, struct maglev_lib_message *reply)
{
	u32 n = maglev_request_count_entries(asked->head, asked->len);
	struct maglev_request_entry *entries;
	int err;

	(void)reply;
	if (!n)
		return 0;
	entries = calloc(n, sizeof(*entries));
	if (!entries)
		return fail(asked, -ENOMEM);
	err = maglev_request_read_entries(entries, asked->head, asked->len, MAGLEV_REQUEST_OWN,
					  &asked->extack);
	if (!err)
		err = change(asked, entries, n);
	free(entries);
	return err;
}

/* What a plane without the kernel's hooks and marks has nothing to do with. */
static int check_settings(struct asked *asked, const struct maglev_request_settings *request)
{
	static const struct {
		u32 attr;
		const char *text;
	} refused[] = {
		{ MAGLEV_A_SETTINGS_FWMARK_MASK,
		  "fwmark-mask: packets of maglev-dpdk have no firewall marks" },
		{ MAGLEV_A_SETTINGS_PROBE, "probe: maglev-dpdk sends no probes" },
		{ MAGLEV_A_SETTINGS_PROBE_BASE, "probe-base: maglev-dpdk sends no probes" },
		{ MAGLEV_A_SETTINGS_HOOK, "hook: maglev-dpdk takes packets from its ports" },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		if (!(request->has & 1U << refused[i].attr))
			continue;
		NL_SET_ERR_MSG_ATTR(&asked->extack, request->at[refused[i].attr], refused[i].text);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* Key and size, and the flow tables under them; all as it was if they cannot be had. */
static int change_tables(struct asked *asked, const struct maglev_request_settings *request)
{
	bool has_key = request->has & HAS(KEY) &&
		       memcmp(&request->key, &model.key, sizeof(model.key));
	u32 flows = request->has & HAS(FLOWS) ? request->flows : model.flows;
	const struct nlattr *at = request->at[MAGLEV_A_SETTINGS_KEY];
	int err;

	if (!has_key && flows == model.flows)
		return 0;
	err = tables_replace(has_key ? &request->key : &model.key, flows);
	if (!at)
		at = request->at[MAGLEV_A_SETTINGS_FLOWS];
	if (err == -EBUSY)
		NL_SET_ERR_MSG_ATTR(&asked->extack, at,
				    "flows still move from the old tables: try again when moving is 0");
	else if (err)
		NL_SET_ERR_MSG_ATTR(&asked->extack, at, "no memory for flow tables of this size");
	return err;
}

static void apply_settings(const struct maglev_request_settings *request)
{
	struct service *service;

	if (request->has & HAS(KEY))
		model.key = request->key;
	if (request->has & HAS(FLOWS))
		model.flows = request->flows;
	if (request->has & HAS(TABLE_SIZE))
		model.table_size = request->table_size;
	if (request->has & HAS(SOURCE4))
		model.source[0] = request->source[0];
	if (request->has & HAS(SOURCE6))
		model.source[1] = request->source[1];
	if (request->has & HAS(REBUILD_DELAY_MS))
		model.rebuild_delay_ms = request->rebuild_delay_ms;
	for (service = model.services; request->has & HAS(KEY) && service; service = service->next)
		service->dirty = true;
	if (request->has & (HAS(KEY) | HAS(SOURCE4) | HAS(SOURCE6)))
		pulse_build_later();
	event_settings();
}

int answer_settings_set(struct asked *asked, struct maglev_lib_message *reply)
{
	struct maglev_request_settings request;
	int err;

	(void)reply;
	err = maglev_request_read_settings(&request, asked->tb[MAGLEV_A_SETTINGS], &asked->extack);
	if (!err)
		err = check_settings(asked, &request);
	if (!err)
		err = change_tables(asked, &request);
	if (!err && request.has)
		apply_settings(&request);
	explicit_bzero(&request.key, sizeof(request.key));
	return err;
}
