// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flow tables. Workers insert, each into its own; this thread changes words too, by the core's
 * compare-and-exchange: it frees what has expired or is to be forgotten.
 */
#include "tables.h"

#include "build.h"
#include "publish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SWEEP_MS = 10000,
	SWEEP_FAST_MS = 1000,
	STEP_MS = 1, /* of the control thread's time, at most */
	CHUNK = 64, /* lines between two looks at the clock */
	WALK_WORDS = 1 << 16, /* looked at before something else gets its turn */
};

/**
 * struct sweep - a pass over all tables, old ones first
 * @old: it is in the old tables
 * @worker: whose
 * @line: the next one
 * @owed: lines that are due, for lack of time
 * @n_counts: entries of @counts; 0 with @blind: no memory
 * @counts: flows by pair index
 * @alive: flows
 * @old_alive: those in the old tables
 */
struct sweep {
	bool old;
	u32 worker;
	u32 line;
	u64 owed;
	u32 n_counts;
	bool blind;
	u32 *counts;
	u64 alive;
	u64 old_alive;
};

/* Tables whose words are freed after a grace period. */
struct gone {
	struct grace grace;
	struct maglev_flow_tables *tables;
};

static size_t table_bytes(const struct maglev_flow_table *table)
{
	return (size_t)table->lines * MAGLEV_LINE_BYTES;
}

static void free_tables(struct maglev_flow_tables *tables)
{
	u32 i;

	for (i = 0; tables && i < tables->n; i++)
		if (tables->cpu[i].words)
			data_free(tables->cpu[i].words, table_bytes(&tables->cpu[i]));
	free(tables);
}

static void release_gone(struct grace *grace)
{
	struct gone *gone = (struct gone *)grace;

	free_tables(gone->tables);
	free(gone);
}

static struct maglev_flow_tables *alloc_tables(const struct maglev_key *key, u32 flows)
{
	u32 i, n = data_workers(), lines = maglev_flow_lines(flows, n);
	struct maglev_flow_tables *tables;

	tables = calloc(1, sizeof(*tables) + n * sizeof(tables->cpu[0]));
	if (!tables)
		return NULL;
	tables->key = *key;
	tables->n = n;
	tables->active = n;
	for (i = 0; i < n; i++) {
		tables->cpu[i].lines = lines;
		tables->cpu[i].words = data_alloc(table_bytes(&tables->cpu[i]), i);
		if (!tables->cpu[i].words) {
			free_tables(tables);
			return NULL;
		}
	}
	return tables;
}

static void restart(struct sweep *sweep)
{
	u32 n = model.n_pairs;

	if (sweep->n_counts < n) {
		free(sweep->counts);
		sweep->counts = calloc(n, sizeof(*sweep->counts));
		sweep->n_counts = sweep->counts ? n : 0;
	} else if (sweep->counts) {
		memset(sweep->counts, 0, sweep->n_counts * sizeof(*sweep->counts));
	}
	sweep->blind = n && !sweep->counts;
	sweep->old = model.tables && model.tables->old;
	sweep->worker = 0;
	sweep->line = 0;
	sweep->alive = 0;
	sweep->old_alive = 0;
}

/* Nothing points to them any more once the next generation is published. */
static int retire_all(void)
{
	struct gone *gone[2] = { calloc(1, sizeof(*gone[0])), calloc(1, sizeof(*gone[0])) };
	struct maglev_flow_tables *tables = model.tables;
	u32 i;

	if (!gone[0] || !gone[1]) {
		free(gone[0]);
		free(gone[1]);
		return -ENOMEM;
	}
	gone[0]->tables = tables;
	gone[1]->tables = tables->old;
	model.tables = NULL;
	if (publish()) {
		model.tables = tables;
		free(gone[0]);
		free(gone[1]);
		return -ENOMEM;
	}
	for (i = 0; i < 2; i++)
		grace_begin(&model.graces, &gone[i]->grace, release_gone);
	for (i = 0; i < model.n_pairs; i++)
		if (model.pairs[i])
			model.pairs[i]->flows = 0;
	model.alive = 0;
	model.old_alive = 0;
	return 0;
}

int tables_replace(const struct maglev_key *key, u32 flows)
{
	struct maglev_flow_tables *tables, *old = model.tables;

	if (!flows)
		return old ? retire_all() : 0;
	if (old && old->old)
		return -EBUSY;
	if (!model.sweep)
		model.sweep = calloc(1, sizeof(*model.sweep));
	tables = model.sweep ? alloc_tables(key, flows) : NULL;
	if (!tables)
		return -ENOMEM;
	tables->old = old;
	model.tables = tables;
	if (publish()) {
		model.tables = old;
		free_tables(tables);
		return -ENOMEM;
	}
	model.old_until = model_now_ms() / 1000 + MAGLEV_TIMEOUT_ESTABLISHED_MAX;
	/* Not before a sweep that has seen them says so. */
	model.old_since = model.sweeps_done;
	restart(model.sweep);
	return 0;
}

bool tables_moving(void)
{
	return model.tables && model.tables->old;
}

u64 tables_bytes(void)
{
	const struct maglev_flow_tables *tables;
	u64 bytes = 0;
	u32 i;

	for (tables = model.tables; tables; tables = tables->old)
		for (i = 0; i < tables->n; i++)
			bytes += table_bytes(&tables->cpu[i]);
	return bytes;
}

u32 tables_capacity(void)
{
	u64 words = 0;
	u32 i;

	for (i = 0; model.tables && i < model.tables->n; i++)
		words += (u64)model.tables->cpu[i].lines * MAGLEV_LINE_WORDS;
	return words > 0xffffffff ? 0xffffffff : words;
}

void tables_flows(struct maglev_flows *flows)
{
	const struct generation *generation = &model.current->generation;

	flows->targets = generation->targets;
	flows->n_targets = generation->n_targets;
	flows->now = model_now_ms() / 1000;
}

/*
 * A flow on a slot whose answer is another backend: should it turn up on another worker, it must
 * be looked for, however long ago the answer changed.
 */
static void renew_stamp(const struct maglev_flow_tables *tables, u64 word, u32 index, u32 now)
{
	const struct pair *pair = index < model.n_pairs ? model.pairs[index] : NULL;
	const struct built *built = pair && pair->service ? pair->service->built : NULL;
	u32 slot;
	u16 place;

	if (!built || built->mode != MAGLEV_MODE_TUPLE ||
	    memcmp(&built->key, &tables->key, sizeof(built->key)))
		return;
	slot = maglev_word_slot(word, built->size);
	place = built->live->at[slot];
	if (place == MAGLEV_EMPTY || built->index[place] != index)
		WRITE_ONCE(built->stamps->at[slot], maglev_stamp(now));
}

struct seen {
	struct sweep *sweep;
	const struct maglev_flow_tables *tables;
	u32 now;
};

static void see(void *ctx, u64 word, const struct maglev_target *target)
{
	struct seen *seen = ctx;

	if (target->index < seen->sweep->n_counts)
		seen->sweep->counts[target->index]++;
	renew_stamp(seen->tables, word, target->index, seen->now);
}

static void gather(struct sweep *sweep)
{
	u32 i;

	for (i = 0; i < model.n_pairs; i++)
		if (model.pairs[i])
			model.pairs[i]->flows = i < sweep->n_counts ? sweep->counts[i] : 0;
	model.alive = sweep->alive;
	model.old_alive = sweep->old_alive;
	model.sweeps_done++;
}

/* Go on to the next table. Return: the pass is over. */
static bool step(struct sweep *sweep, const struct maglev_flow_tables *tables)
{
	sweep->line = 0;
	if (++sweep->worker < tables->n)
		return false;
	sweep->worker = 0;
	if (!sweep->old)
		return true;
	sweep->old = false;
	return false;
}

/* Return: lines swept; the pass is over if that is 0. */
static u32 sweep_chunk(struct sweep *sweep)
{
	const struct maglev_flow_tables *tables = model.tables;
	const struct maglev_flow_table *table;
	struct seen seen = { .sweep = sweep };
	struct maglev_flows flows;
	u32 n, alive;

	if (sweep->old && !tables->old)
		sweep->old = false;
	if (sweep->old)
		tables = tables->old;
	table = &tables->cpu[sweep->worker];
	if (sweep->line >= table->lines)
		return step(sweep, tables) ? 0 : 1;
	n = table->lines - sweep->line < CHUNK ? table->lines - sweep->line : CHUNK;
	tables_flows(&flows);
	seen.tables = tables;
	seen.now = flows.now;
	alive = maglev_flow_sweep(table, &flows, sweep->line, n, see, &seen);
	sweep->alive += alive;
	if (sweep->old)
		sweep->old_alive += alive;
	sweep->line += n;
	return n;
}

static u64 count_lines(void)
{
	const struct maglev_flow_tables *tables;
	u64 lines = 0;

	for (tables = model.tables; tables; tables = tables->old)
		lines += (u64)tables->n * tables->cpu[0].lines;
	return lines;
}

bool tables_sweep(bool fast, u32 elapsed_ms)
{
	u64 end = model_now_ms() + STEP_MS, lines;
	struct sweep *sweep = model.sweep;
	u32 n;

	if (!model.tables || !model.current)
		return false;
	lines = count_lines();
	sweep->owed += lines * elapsed_ms / (fast ? SWEEP_FAST_MS : SWEEP_MS) + 1;
	/* More than a pass is owed to nobody. */
	if (sweep->owed > lines)
		sweep->owed = lines;
	while (sweep->owed && model_now_ms() < end) {
		n = sweep_chunk(sweep);
		if (!n) {
			if (!sweep->blind)
				gather(sweep);
			restart(sweep);
			sweep->owed = 0;
		}
		sweep->owed -= n < sweep->owed ? n : sweep->owed;
	}
	return sweep->owed;
}

/* Of each worker. */
static u64 words_of(const struct maglev_flow_tables *tables)
{
	return (u64)tables->cpu[0].lines * MAGLEV_LINE_WORDS;
}

static const struct maglev_target *target_of(const struct maglev_flows *flows, u64 word)
{
	u32 index = maglev_word_index(word);

	return word && index < flows->n_targets ? flows->targets[index] : NULL;
}

bool walk_begins(const struct walk *walk)
{
	return walk->tables != model.tables;
}

/* The tables that the next word is in; NULL at the end. */
static const struct maglev_flow_tables *find_piece(struct walk *walk, u64 *words)
{
	const struct maglev_flow_tables *tables = model.tables;

	if (tables && !walk->old && walk->row >= tables->n * words_of(tables)) {
		walk->old = true;
		walk->row = 0;
	}
	if (tables && walk->old)
		tables = tables->old;
	if (!tables || walk->row >= tables->n * words_of(tables))
		return NULL;
	*words = words_of(tables) - walk->row % words_of(tables);
	if (*words > WALK_WORDS)
		*words = WALK_WORDS;
	return tables;
}

bool walk_on(struct walk *walk,
	     void (*seen)(void *ctx, const struct maglev_flow_tables *tables, u64 *at, u64 word,
			  const struct maglev_target *target),
	     void *ctx)
{
	const struct maglev_flow_tables *tables;
	const struct maglev_target *target;
	struct maglev_flows flows;
	u64 *at, word, words;

	if (walk_begins(walk))
		*walk = (struct walk){ .tables = model.tables };
	tables = find_piece(walk, &words);
	if (!tables)
		return false;
	tables_flows(&flows);
	at = tables->cpu[walk->row / words_of(tables)].words + walk->row % words_of(tables);
	walk->row += words;
	for (; words--; at++) {
		word = READ_ONCE(*at);
		target = target_of(&flows, word);
		if (target && !maglev_word_expired(word, target, flows.now))
			seen(ctx, tables, at, word, target);
	}
	return true;
}

bool tables_drop_old(void)
{
	struct gone *gone;

	if (!tables_moving() || ((!model_swept_since(model.old_since) || model.old_alive) &&
				 model_now_ms() / 1000 < model.old_until))
		return false;
	gone = calloc(1, sizeof(*gone));
	if (!gone)
		return false;
	gone->tables = model.tables->old;
	WRITE_ONCE(model.tables->old, NULL);
	grace_begin(&model.graces, &gone->grace, release_gone);
	return true;
}

void tables_end(void)
{
	if (model.tables)
		free_tables(model.tables->old);
	free_tables(model.tables);
	if (model.sweep)
		free(model.sweep->counts);
	free(model.sweep);
	model.tables = NULL;
	model.sweep = NULL;
}
