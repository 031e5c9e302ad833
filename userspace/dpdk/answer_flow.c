// SPDX-License-Identifier: GPL-2.0-only
/* Tracked flows. A list meets those that come and go meanwhile as it happens to. */
#include "answer.h"
#include "build.h"
#include "reply.h"
#include "tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HAS(name) MAGLEV_LIB_HAS(name)

enum {
	WORDS_A_ROW = 1 << 16, /* looked at before something else gets its turn */
};

/* A word, and where it is. */
struct place {
	const struct maglev_flow_tables *tables;
	u64 word;
	u32 cpu;
	u32 line;
	u32 now;
	bool old;
};

static void write_flow(struct maglev_lib_flow *to, const struct place *place)
{
	const struct pair *pair = model.pairs[maglev_word_index(place->word)];
	const struct service *service = pair->service;
	const struct built *built = service ? service->built : NULL;

	*to = (struct maglev_lib_flow){
		.has = HAS(FLOW_CPU) | HAS(FLOW_LINE) | HAS(FLOW_HASH) | HAS(FLOW_INDEX) |
		       HAS(FLOW_ADDR) | HAS(FLOW_PORT) | HAS(FLOW_STATE) | HAS(FLOW_AGE) |
		       HAS(FLOW_OLD),
		.cpu = place->cpu,
		.line = place->line,
		.hash = maglev_word_hash(place->word),
		.index = pair->index,
		.state = maglev_word_state(place->word),
		.age = maglev_word_age(place->word, place->now),
		.old = place->old,
	};
	reply_addr(&to->addr, &to->port, &pair->plan);
	if (!service)
		return;
	to->has |= HAS(FLOW_SERVICE_ID) | HAS(FLOW_KEY);
	to->service_id = service->id;
	reply_key(&to->key, &service->key);
	if (!built || built->mode != MAGLEV_MODE_TUPLE ||
	    memcmp(&built->key, &place->tables->key, sizeof(built->key)))
		return;
	to->has |= HAS(FLOW_SLOT);
	to->slot = maglev_word_slot(place->word, built->size);
}

static bool find_in(struct place *place, const struct maglev_flows *flows,
		    const struct maglev_tuple *tuple, u32 service)
{
	u64 hash = maglev_tuple_hash(tuple, &place->tables->key);
	const struct maglev_flow_table *table;
	u64 *at;

	for (place->cpu = 0; place->cpu < place->tables->n; place->cpu++) {
		table = &place->tables->cpu[place->cpu];
		at = maglev_flow_lookup(table, flows, hash, service, &place->word);
		if (!at)
			continue;
		place->line = (at - table->words) / MAGLEV_LINE_WORDS;
		return true;
	}
	return false;
}

bool answer_find_flow(struct maglev_lib_flow *to, const struct maglev_tuple *tuple, u32 service)
{
	struct place place = { .tables = model.tables };
	struct maglev_flows flows;

	tables_flows(&flows);
	place.now = flows.now;
	for (; place.tables; place.tables = place.tables->old, place.old = true) {
		if (!find_in(&place, &flows, tuple, service))
			continue;
		write_flow(to, &place);
		return true;
	}
	return false;
}

int answer_flow_get(struct asked *asked, struct maglev_lib_message *reply)
{
	struct maglev_request_tuple packet;
	const struct service *service;
	int err;

	err = maglev_request_read_tuple(&packet, asked->tb[MAGLEV_A_TUPLE], &asked->extack);
	if (err)
		return err;
	service = model_service_of(&packet.tuple);
	if (!service) {
		NL_SET_ERR_MSG_ATTR(&asked->extack, packet.at,
				    "there is no service with this address and port");
		return -ENOENT;
	}
	reply->has = HAS(FLOW);
	if (answer_find_flow(&reply->flow, &packet.tuple, service->id))
		return 1;
	NL_SET_ERR_MSG_ATTR(&asked->extack, packet.at, "this flow is not tracked");
	return -ENOENT;
}

/* The word number @dump->row of a table's words, all workers in turn. */
static bool read_place(const struct dump *dump, struct place *place)
{
	u64 words = (u64)place->tables->cpu[0].lines * MAGLEV_LINE_WORDS;
	u64 at = dump->row % words;

	place->cpu = dump->row / words;
	if (place->cpu >= place->tables->n)
		return false;
	place->line = at / MAGLEV_LINE_WORDS;
	place->word = READ_ONCE(place->tables->cpu[place->cpu].words[at]);
	return true;
}

static bool is_wanted(const struct dump *dump, const struct maglev_flows *flows, u64 word)
{
	u32 index = maglev_word_index(word);
	const struct maglev_target *target;

	target = word && index < flows->n_targets ? flows->targets[index] : NULL;
	return target && !maglev_word_expired(word, target, flows->now) &&
	       (!dump->only || target->service == dump->only) &&
	       (dump->index < 0 || target->index == (u32)dump->index) &&
	       (dump->state < 0 || (int)maglev_word_state(word) == dump->state);
}

/* Return: as of struct dump; -EAGAIN: none yet, and it has taken long enough. */
static int next_flow(struct dump *dump, struct maglev_lib_message *row)
{
	struct place place = { .tables = model.tables };
	struct maglev_flows flows;
	u32 looked;

	if (dump->tables != model.tables)
		dump->interrupted = true;
	dump->tables = model.tables;
	tables_flows(&flows);
	place.now = flows.now;
	for (looked = 0; looked < WORDS_A_ROW; looked++) {
		place.tables = dump->old && model.tables ? model.tables->old : model.tables;
		place.old = dump->old;
		if (!place.tables)
			return 0;
		if (!read_place(dump, &place)) {
			if (dump->old)
				return 0;
			dump->old = true;
			dump->row = 0;
			continue;
		}
		dump->row++;
		if (!is_wanted(dump, &flows, place.word))
			continue;
		row->has = HAS(FLOW);
		write_flow(&row->flow, &place);
		return 1;
	}
	return -EAGAIN;
}

int answer_flow_dump(struct asked *asked, struct dump *dump)
{
	int err;

	dump->next = next_flow;
	dump->tables = model.tables;
	if (asked->tb[MAGLEV_A_TUPLE]) {
		NL_SET_ERR_MSG_ATTR(&asked->extack, asked->tb[MAGLEV_A_TUPLE],
				    "a dump lists all flows: ask for one without NLM_F_DUMP");
		return -EINVAL;
	}
	err = maglev_request_read_flow_state(&dump->state, asked->tb[MAGLEV_A_FLOW],
					     &asked->extack);
	return err ? err : answer_filter(asked, &dump->only, &dump->index);
}

/* Flows by pair index and state, counted before the first row. */
struct counts {
	struct walk walk;
	u32 n;
	u32 flows[][MAGLEV_FLOW_STATES];
};

static void count_flow(void *ctx, const struct maglev_flow_tables *tables, u64 *at, u64 word,
		       const struct maglev_target *target)
{
	struct counts *counts = ctx;

	(void)tables;
	(void)at;
	if (target->index < counts->n)
		counts->flows[target->index][maglev_word_state(word)]++;
}

/* By index, which is who had flows when they were counted, if it is still there. */
static int next_count(struct dump *dump, struct maglev_lib_message *row)
{
	struct counts *counts = dump->data;
	const struct pair *pair;
	const u32 *flows;

	if (walk_begins(&counts->walk) && !dump->row)
		memset(counts->flows, 0, counts->n * sizeof(counts->flows[0]));
	if (!dump->row && walk_on(&counts->walk, count_flow, counts))
		return -EAGAIN;
	for (; dump->row < counts->n; dump->row++) {
		pair = model.pairs[dump->row];
		if (!pair || !pair->service || (dump->only && pair->service->id != dump->only) ||
		    (dump->index >= 0 && dump->row != (u64)dump->index))
			continue;
		flows = counts->flows[dump->row++];
		reply_service_name(row, pair->service);
		row->has |= HAS(BACKEND) | HAS(FLOW_COUNT);
		reply_backend(&row->backend, pair, true);
		row->flow_count = (struct maglev_lib_flow_count){
			.has = HAS(FLOW_COUNT_HALF_OPEN) | HAS(FLOW_COUNT_ESTABLISHED) |
			       HAS(FLOW_COUNT_CLOSING) | HAS(FLOW_COUNT_RESET),
			.half_open = flows[MAGLEV_HALF_OPEN],
			.established = flows[MAGLEV_ESTABLISHED],
			.closing = flows[MAGLEV_CLOSING],
			.reset = flows[MAGLEV_RESET],
		};
		return 1;
	}
	return 0;
}

static void end_counts(struct dump *dump)
{
	free(dump->data);
}

int answer_flow_count(struct asked *asked, struct dump *dump)
{
	struct counts *counts;
	int err;

	err = answer_filter(asked, &dump->only, &dump->index);
	if (err)
		return err;
	counts = calloc(1, sizeof(*counts) + model.n_pairs * sizeof(counts->flows[0]));
	if (!counts)
		return -ENOMEM;
	counts->n = model.n_pairs;
	dump->data = counts;
	dump->next = next_count;
	dump->end = end_counts;
	return 0;
}

/* What is to be forgotten, and how many were. */
struct flush {
	struct walk walk;
	u32 service;
	int index;
	u64 n;
};

static void flush_flow(void *ctx, const struct maglev_flow_tables *tables, u64 *at, u64 word,
		       const struct maglev_target *target)
{
	struct flush *flush = ctx;

	(void)tables;
	if ((!flush->service || target->service == flush->service) &&
	    (flush->index < 0 || target->index == (u32)flush->index))
		flush->n += maglev_flow_change(at, word, 0);
}

static int next_flush(struct dump *dump, struct maglev_lib_message *row)
{
	struct flush *flush = dump->data;

	if (dump->row)
		return 0;
	if (walk_on(&flush->walk, flush_flow, flush))
		return -EAGAIN;
	row->has = HAS(FLOWS);
	row->flows = flush->n > 0xffffffff ? 0xffffffff : flush->n;
	dump->row++;
	return 1;
}

static void end_flush(struct dump *dump)
{
	free(dump->data);
}

int answer_flow_flush(struct asked *asked, struct dump *dump)
{
	struct flush *flush = calloc(1, sizeof(*flush));

	if (!flush)
		return -ENOMEM;
	dump->data = flush;
	dump->next = next_flush;
	dump->end = end_flush;
	return answer_filter(asked, &flush->service, &flush->index);
}
