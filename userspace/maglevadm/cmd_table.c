// SPDX-License-Identifier: GPL-2.0-only
/*
 * maglevadm table: tables built here, without a kernel, as every balancer with the same
 * key, size and backends builds them.
 */
#include "command.h"

#include "diff.h"
#include "key.h"
#include "lines.h"
#include "out.h"
#include "request.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	FLOW_WIDTH = 48, /* of the longest IPv4 flow */
	SLOT_WIDTH = 7,
};

static const struct out_column build_columns[] = {
	{ "BACKEND", OUT_LEFT }, { "WEIGHT", OUT_RIGHT }, { "STATE", OUT_LEFT },
	{ "SHARE", OUT_RIGHT },	 { "BASE", OUT_RIGHT },	  { "BASE %", OUT_RIGHT },
	{ "LIVE", OUT_RIGHT },	 { "LIVE %", OUT_RIGHT },
};

static const struct out_column diff_columns[] = {
	{ "BACKEND", OUT_LEFT }, { "OLD", OUT_RIGHT },	{ "NEW", OUT_RIGHT },
	{ "GAINED", OUT_RIGHT }, { "LOST", OUT_RIGHT },
};

#define COLUMNS(columns) columns, sizeof(columns) / sizeof(*(columns))

static double percent(u64 part, u64 whole)
{
	return 100.0 * part / whole;
}

/* What names a table: size, mode, key. */
static void show_request(struct out *out, const struct request *request)
{
	char check[17];

	out_number(out, "size", request->size, "slots");
	out_string(out, "mode", request_mode_name(request));
	snprintf(check, sizeof(check), "%016llx", maglev_key_check(&request->key));
	out_json_string(out, "key_check", check);
	out_text(out, "key check", "%s%s", check,
		 key_is_public(&request->key) ? " (the default key is public knowledge)" : "");
}

/* In JSON an address and a port, in text one word. */
static void show_backend(struct out *out, const struct maglev_backend *backend)
{
	struct endpoint endpoint;
	char text[ENDPOINT_TEXT];

	endpoint_of_backend(&endpoint, backend);
	out_json_string(out, "address", endpoint_address(&endpoint, text));
	out_json_number(out, "port", ntohs(endpoint.port));
	out_text(out, NULL, "%s", endpoint_format(&endpoint, text));
}

static void show_range(struct out *out, const char *label, const u32 *slots, u32 n)
{
	u32 i, least = n ? slots[0] : 0, most = least;

	for (i = 0; i < n; i++) {
		least = slots[i] < least ? slots[i] : least;
		most = slots[i] > most ? slots[i] : most;
	}
	out_text(out, label, "min %u, max %u", least, most);
}

static void show_build_rows(struct out *out, const struct request *request,
			    const struct tables *tables)
{
	const struct backends *list = &request->side[SIDE_OLD];
	const struct maglev_backend *backend;
	u32 i, base, live;

	out_list_begin(out, "backends", COLUMNS(build_columns));
	for (i = 0; i < list->n; i++) {
		backend = &list->backend[i].core;
		base = i < tables->n ? tables->base_slots[i] : 0;
		live = i < tables->n ? tables->live_slots[i] : 0;
		out_row_begin(out);
		show_backend(out, backend);
		out_number(out, "weight", backend->weight, NULL);
		out_string(out, "state", backend_state_name(backend));
		out_number(out, "share", backend->share, "%");
		out_number(out, "base_slots", base, NULL);
		out_text(out, NULL, "%.2f %%", percent(base, request->size));
		out_number(out, "live_slots", live, NULL);
		out_text(out, NULL, "%.2f %%", percent(live, request->size));
		out_row_end(out);
	}
	out_list_end(out);
}

static void show_build(struct out *out, const struct request *request, const struct tables *tables)
{
	show_request(out, request);
	out_text(out, "backends", "%u in the table, %zu of weight 0", tables->n,
		 request->side[SIDE_OLD].n - tables->n);
	show_range(out, "base slots", tables->base_slots, tables->n);
	show_range(out, "live slots", tables->live_slots, tables->n);
	out_hex(out, "base_digest", tables->base_digest);
	out_hex(out, "live_digest", tables->live_digest);
	out_json_number(out, "build_us", tables->build_us);
	out_text(out, "build time", "%llu us", tables->build_us);
	show_build_rows(out, request, tables);
}

static int answer_build(const struct request *request, const struct tables *tables)
{
	struct out out;

	out_init(&out, request->json);
	show_build(&out, request, tables);
	return out_fini(&out, STATUS_DONE);
}

/* Flows ask a built table; its backends' names are written once. */
struct lookup {
	struct out out;
	const struct request *request;
	const struct tables *tables;
	char (*name)[ENDPOINT_TEXT]; /* per place */
};

static int name_backends(struct lookup *lookup)
{
	const struct tables *tables = lookup->tables;
	struct endpoint endpoint;
	u32 place;

	lookup->name = calloc(tables->n + 1, sizeof(*lookup->name));
	if (!lookup->name)
		return err_memory();
	for (place = 0; place < tables->n; place++) {
		endpoint_of_backend(&endpoint, &tables->backend[place]);
		endpoint_format(&endpoint, lookup->name[place]);
	}
	return STATUS_DONE;
}

static void show_answer(struct lookup *lookup, const struct flow *flow)
{
	const struct request *request = lookup->request;
	u32 slot = flow_slot(flow, request->mode, &request->key, request->size);
	u16 owner = lookup->tables->live[slot];
	const char *name = owner == MAGLEV_EMPTY ? NULL : lookup->name[owner];
	struct out *out = &lookup->out;
	char text[FLOW_TEXT];

	flow_format(flow, text);
	out_row_begin(out);
	out_json_string(out, "flow", text);
	out_json_number(out, "slot", slot);
	out_json_string(out, "backend", name);
	out_line(out, "%-*s  slot %*u  %s", FLOW_WIDTH, text, SLOT_WIDTH, slot, name ?: "none");
	out_row_end(out);
}

static int answer_stdin(struct lookup *lookup)
{
	struct lines lines;
	struct input input;
	struct flow flow;
	int status;

	status = lines_init(&lines, NULL);
	while (!status && !out_failed(&lookup->out)) {
		if (lines_wait(&lines))
			out_flush();
		status = lines_next(&lines, &input);
		if (status || !input.text)
			break;
		status = flow_parse_line(&flow, &input);
		if (!status)
			show_answer(lookup, &flow);
	}
	lines_fini(&lines);
	return status;
}

static int answer_flows(const struct request *request, const struct tables *tables)
{
	struct lookup lookup = { .request = request, .tables = tables };
	size_t i;
	int status;

	out_init(&lookup.out, request->json);
	out_stream(&lookup.out);
	status = name_backends(&lookup);
	for (i = 0; !status && i < request->flows; i++)
		show_answer(&lookup, &request->flow[i]);
	if (!status && !request->flows)
		status = answer_stdin(&lookup);
	status = out_fini(&lookup.out, status);
	free(lookup.name);
	return status;
}

static void show_moves(struct out *out, const char *key, u32 slots, u32 size)
{
	out_json_number(out, key, slots);
	out_text(out, key, "%u slots (%.2f %%)", slots, percent(slots, size));
}

static void show_diff(struct out *out, const struct request *request, const struct diff *diff)
{
	const struct diff_row *row;

	show_request(out, request);
	show_moves(out, "moved", diff->moved, request->size);
	show_moves(out, "ideal", diff->ideal, request->size);
	out_text(out, "needless", "%u slots (%.2f %%)", diff->moved - diff->ideal,
		 percent(diff->moved - diff->ideal, request->size));
	show_moves(out, "collateral", diff->collateral, request->size);
	out_list_begin(out, "backends", COLUMNS(diff_columns));
	for (row = diff->row; row < diff->row + diff->n; row++) {
		out_row_begin(out);
		show_backend(out, &row->backend);
		out_number(out, "old_slots", row->old_slots, NULL);
		out_number(out, "new_slots", row->new_slots, NULL);
		out_number(out, "gained", row->gained, NULL);
		out_number(out, "lost", row->lost, NULL);
		out_row_end(out);
	}
	out_list_end(out);
}

static int answer_diff(const struct request *request, const struct tables *tables)
{
	struct diff diff = {};
	struct out out;
	int status;

	status = diff_init(&diff, &request->side[SIDE_OLD], &tables[SIDE_OLD],
			   &request->side[SIDE_NEW], &tables[SIDE_NEW]);
	if (!status) {
		out_init(&out, request->json);
		show_diff(&out, request, &diff);
		status = out_fini(&out, STATUS_DONE);
	}
	diff_fini(&diff);
	return status;
}

/* Read the words, build the tables they describe, show the answer, then warn. */
static int answer(const struct call *call, enum request_kind kind,
		  int (*show)(const struct request *request, const struct tables *tables))
{
	static const char *const labels[SIDES] = { "old: ", "new: " };
	int side, sides = kind == REQUEST_SIDES ? SIDES : 1, status;
	struct tables tables[SIDES] = {};
	struct request request;

	status = request_init(&request, call, kind);
	if (!status && request.help) {
		status = command_help(call->command);
		goto out;
	}
	for (side = 0; !status && side < sides; side++)
		status = tables_init(&tables[side], &request.side[side], request.size, request.mode,
				     &request.key);
	if (!status)
		status = show(&request, tables);
	if (status)
		goto out;
	request_warn(&request);
	for (side = 0; side < sides; side++)
		tables_warn(&tables[side], sides > 1 ? labels[side] : "");
out:
	for (side = 0; side < SIDES; side++)
		tables_fini(&tables[side]);
	request_fini(&request);
	return status;
}

int cmd_table_build(const struct call *call)
{
	return answer(call, REQUEST_BACKENDS, answer_build);
}

int cmd_table_lookup(const struct call *call)
{
	return answer(call, REQUEST_FLOWS, answer_flows);
}

int cmd_table_diff(const struct call *call)
{
	return answer(call, REQUEST_SIDES, answer_diff);
}
