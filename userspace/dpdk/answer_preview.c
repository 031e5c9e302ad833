// SPDX-License-Identifier: GPL-2.0-only
/*
 * What changes would do to a service: a draft of it, tables built from that by the same core as
 * those that are published, and compared when the list begins; then flows are looked at.
 */
#include "answer.h"
#include "build.h"
#include "reply.h"
#include "tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HAS(name) MAGLEV_LIB_HAS(name)

enum {
	NOBODY = MAGLEV_EMPTY - 1, /* no place: whoever was there is gone */
};

/* A service as it would be. */
struct preview {
	u32 service; /* its id */
	struct built *now; /* or NULL; with a reference */
	struct drafts drafts;
	struct draft *draft;
	struct service would;
	struct pair *pairs; /* of @would, @n of them */
	struct row **rows; /* theirs */
	int *index; /* theirs now; -1: none */
	u32 n;
	struct built *built;
	u16 *moved; /* by place now: the place there would be */
	bool *same; /* by place there would be */
	bool *changed; /* by slot */
	bool *lost; /* by pair index */
	bool comparable;
	bool tells_slots;
	struct walk walk;
	struct maglev_lib_preview summary;
};

static void preview_free(struct preview *preview)
{
	if (!preview)
		return;
	drafts_end(&preview->drafts);
	built_put(preview->built);
	built_put(preview->now);
	free(preview->pairs);
	free(preview->rows);
	free(preview->index);
	free(preview->would.pairs);
	free(preview->moved);
	free(preview->same);
	free(preview->changed);
	free(preview->lost);
	free(preview);
}

static int compare_rows(const void *a, const void *b)
{
	return plan_compare(&(*(struct row *const *)a)->plan, &(*(struct row *const *)b)->plan);
}

/* The rows that stay, in order, as a service of their own. */
static int take_rows(struct preview *preview)
{
	struct draft *draft = preview->draft;
	u32 i, room = draft->n_rows + 1;

	preview->rows = calloc(room, sizeof(*preview->rows));
	preview->index = calloc(room, sizeof(*preview->index));
	preview->pairs = calloc(room, sizeof(*preview->pairs));
	preview->would.pairs = calloc(room, sizeof(*preview->would.pairs));
	preview->moved = calloc(preview->now ? preview->now->n + 1 : 1, sizeof(u16));
	preview->same = calloc(NOBODY + 1, sizeof(bool));
	preview->changed = calloc(draft->size, sizeof(bool));
	preview->lost = calloc(MAGLEV_PAIRS_MAX, sizeof(bool));
	if (!preview->rows || !preview->index || !preview->pairs || !preview->would.pairs ||
	    !preview->moved || !preview->same || !preview->changed || !preview->lost)
		return -ENOMEM;
	for (i = 0; i < draft->n_rows; i++)
		if (!draft->rows[i].gone)
			preview->rows[preview->n++] = &draft->rows[i];
	qsort(preview->rows, preview->n, sizeof(*preview->rows), compare_rows);
	for (i = 0; i < preview->n; i++) {
		preview->pairs[i].plan = preview->rows[i]->plan;
		/* Its number among these, by which places are found again. */
		preview->pairs[i].index = i;
		preview->pairs[i].place = MAGLEV_EMPTY;
		preview->would.pairs[i] = &preview->pairs[i];
	}
	preview->would.n_pairs = preview->n;
	preview->would.size = draft->size;
	preview->would.mode = draft->mode;
	preview->would.timeouts = draft->timeouts;
	return 0;
}

/* Is this backend, to tables, what it was? */
static bool is_same(const struct preview *preview, u32 place, u32 old_place)
{
	const struct maglev_backend *new = &preview->built->backends[place];
	const struct maglev_backend *old = &preview->now->backends[old_place];

	return new->state == MAGLEV_UP &&
	       old->state == MAGLEV_UP &&new->share == old->share &&new->weight == old->weight;
}

static void give_places(struct preview *preview)
{
	const struct pair *pair;
	u32 i, place = 0;

	for (i = 0; preview->now && i < preview->now->n; i++)
		preview->moved[i] = NOBODY;
	for (i = 0; i < preview->n; i++) {
		if (!plan_weight(&preview->pairs[i].plan))
			continue;
		preview->pairs[i].place = place++;
		pair = preview->rows[i]->pair;
		if (!pair || pair->place == MAGLEV_EMPTY || !preview->now ||
		    pair->place >= preview->now->n)
			continue;
		preview->moved[pair->place] = preview->pairs[i].place;
		preview->same[preview->pairs[i].place] =
			is_same(preview, preview->pairs[i].place, pair->place);
	}
}

static void find_lost(struct preview *preview)
{
	const struct row *row;
	u32 i;

	for (i = 0; i < preview->draft->n_rows; i++) {
		row = &preview->draft->rows[i];
		if (row->pair && row->pair->state != MAGLEV_DOWN &&
		    (row->gone || plan_state(&row->plan) == MAGLEV_DOWN))
			preview->lost[row->pair->index] = true;
	}
}

static void compare_tables(struct preview *preview)
{
	struct maglev_lib_preview *summary = &preview->summary;
	u16 before, after;
	u32 slot;

	for (slot = 0; slot < preview->built->size; slot++) {
		before = preview->now->live->at[slot];
		if (before != MAGLEV_EMPTY)
			before = preview->moved[before];
		after = preview->built->live->at[slot];
		if (before == after)
			continue;
		preview->changed[slot] = true;
		summary->slots_changed++;
		if (before != MAGLEV_EMPTY && after != MAGLEV_EMPTY && preview->same[before] &&
		    preview->same[after])
			summary->slots_collateral++;
	}
}

static void compare(struct preview *preview)
{
	const struct built *now = preview->now, *would = preview->built;

	preview->tells_slots = now && now->mode == MAGLEV_MODE_TUPLE &&
			       would->mode == MAGLEV_MODE_TUPLE;
	preview->comparable = now && now->size == would->size &&
			      !memcmp(&now->key, &would->key, sizeof(now->key));
	if (preview->comparable)
		compare_tables(preview);
	else
		preview->summary.slots_changed = would->size;
}

static void look_at_flow(void *ctx, const struct maglev_flow_tables *tables, u64 *at, u64 word,
			 const struct maglev_target *target)
{
	struct preview *preview = ctx;
	const struct built *now = preview->now;

	(void)at;
	if (target->service != preview->service)
		return;
	preview->summary.flows_lost += preview->lost[target->index];
	if (!preview->tells_slots || memcmp(&tables->key, &now->key, sizeof(now->key)))
		return;
	preview->summary.flows_moved += !preview->comparable ||
					preview->changed[maglev_word_slot(word, now->size)];
}

static void summarise(struct preview *preview)
{
	struct maglev_lib_preview *summary = &preview->summary;
	const struct built *built = preview->built;

	summary->has = HAS(PREVIEW_TABLE_SIZE) | HAS(PREVIEW_N_BACKENDS) |
		       HAS(PREVIEW_BASE_DIGEST) | HAS(PREVIEW_LIVE_DIGEST) |
		       HAS(PREVIEW_SLOTS_CHANGED) | HAS(PREVIEW_FLOWS_LOST) |
		       HAS(PREVIEW_DISPLACED_SLOTS) | HAS(PREVIEW_WARNINGS);
	if (preview->comparable)
		summary->has |= HAS(PREVIEW_SLOTS_COLLATERAL);
	if (preview->tells_slots)
		summary->has |= HAS(PREVIEW_FLOWS_MOVED);
	summary->table_size = built->size;
	summary->n_backends = preview->n;
	summary->base_digest = built->base_digest;
	summary->live_digest = built->live_digest;
	summary->displaced_slots = built->displaced;
	summary->warnings = built->warnings;
	if (!(model.key.word[0] | model.key.word[1]))
		summary->warnings |= MAGLEV_NL_WARNING_KEY_ZERO;
}

/* What was asked about may be gone when rows are told. */
static void let_go(struct preview *preview)
{
	u32 i;

	for (i = 0; i < preview->n; i++)
		preview->index[i] = preview->rows[i]->pair ? (int)preview->rows[i]->pair->index :
							     -1;
	for (i = 0; i < preview->draft->n_rows; i++)
		preview->draft->rows[i].pair = NULL;
}

static int make(struct preview *preview, struct asked *asked,
		const struct maglev_request_entry *entries, u32 n)
{
	int err = 0;
	u32 i;

	for (i = 0; i < n && !err; i++)
		err = drafts_apply(&preview->drafts, &entries[i], &asked->extack);
	if (!err)
		err = take_rows(preview);
	if (err)
		return err;
	preview->built = built_create(&preview->would);
	if (!preview->built)
		return -errno;
	give_places(preview);
	find_lost(preview);
	compare(preview);
	built_count(preview->built);
	summarise(preview);
	let_go(preview);
	return 0;
}

static void write_row(const struct preview *preview, struct maglev_lib_message *to, u32 i)
{
	const struct pair *pair = &preview->pairs[i];
	struct maglev_lib_backend *backend = &to->backend;
	struct pair shown = *pair;

	shown.index = preview->index[i] < 0 ? 0 : preview->index[i];
	shown.state = plan_state(&pair->plan);
	reply_backend(backend, &shown, true);
	backend->has &= ~(HAS(BACKEND_FLOWS) | HAS(BACKEND_OVERLOADED) | HAS(BACKEND_DRAINED) |
			  HAS(BACKEND_DEADLINE_MS));
	if (preview->index[i] < 0)
		backend->has &= ~HAS(BACKEND_INDEX);
	backend->has |= HAS(BACKEND_TABLE_WEIGHT) | HAS(BACKEND_BASE_SLOTS) |
			HAS(BACKEND_LIVE_SLOTS);
	if (pair->place != MAGLEV_EMPTY) {
		backend->has |= HAS(BACKEND_PLACE);
		backend->place = pair->place;
		backend->table_weight = plan_weight(&pair->plan);
		backend->base_slots = preview->built->base_slots[pair->place];
		backend->live_slots = preview->built->live_slots[pair->place];
	}
	to->has = HAS(BACKEND);
}

/* Return: there are more flows to look at. */
static bool look_at_flows(struct preview *preview)
{
	if (walk_begins(&preview->walk)) {
		preview->summary.flows_lost = 0;
		preview->summary.flows_moved = 0;
	}
	return walk_on(&preview->walk, look_at_flow, preview);
}

static int next_row(struct dump *dump, struct maglev_lib_message *row)
{
	struct preview *preview = dump->data;
	const struct service *service;

	if (!dump->row && look_at_flows(preview))
		return -EAGAIN;
	if (dump->row > preview->n)
		return 0;
	if (dump->row) {
		write_row(preview, row, dump->row++ - 1);
		return 1;
	}
	service = model_find_id(dump->only);
	if (!service)
		return -ENOENT;
	reply_service(row, service);
	row->has |= HAS(PREVIEW);
	row->preview = preview->summary;
	dump->row++;
	return 1;
}

static void end_preview(struct dump *dump)
{
	preview_free(dump->data);
}

/* All of them are about the service named, which they need not name. */
static int check_entries(struct asked *asked, const struct maglev_request_service *named,
			 struct maglev_request_entry *entries, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		if (!entries[i].service.at) {
			entries[i].service.at = named->at;
			entries[i].service.key = named->key;
		} else if (memcmp(&entries[i].service.key, &named->key, sizeof(named->key))) {
			NL_SET_ERR_MSG_ATTR(&asked->extack, entries[i].service.at,
					    "the entries of a preview are about the service it names");
			return -EINVAL;
		}
	}
	return 0;
}

static int begin(struct asked *asked, struct dump *dump, struct service *service,
		 const struct maglev_request_entry *entries, u32 n)
{
	struct preview *preview;
	int err;

	preview = calloc(1, sizeof(*preview));
	if (!preview)
		return -ENOMEM;
	preview->service = service->id;
	preview->now = service->built;
	if (preview->now)
		built_get(preview->now);
	preview->draft = drafts_begin(&preview->drafts, service);
	err = preview->draft ? make(preview, asked, entries, n) : -ENOMEM;
	if (err) {
		preview_free(preview);
		return err;
	}
	dump->only = service->id;
	dump->data = preview;
	dump->next = next_row;
	dump->end = end_preview;
	return 0;
}

int answer_preview(struct asked *asked, struct dump *dump)
{
	u32 n = maglev_request_count_entries(asked->head, asked->len);
	struct maglev_request_entry *entries;
	struct maglev_request_service named;
	struct service *service;
	int err;

	service = answer_find(asked, &named, &err);
	if (!service)
		return err;
	entries = calloc(n + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	err = maglev_request_read_entries(entries, asked->head, asked->len, MAGLEV_REQUEST_PREVIEW,
					  &asked->extack);
	if (!err)
		err = check_entries(asked, &named, entries, n);
	if (!err)
		err = begin(asked, dump, service, entries, n);
	free(entries);
	return err;
}
