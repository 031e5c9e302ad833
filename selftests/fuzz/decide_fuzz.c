// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as a story: packets on two CPUs, time, backends that change or go, sweeps, another
 * key, words zeroed or overwritten by anything. Whatever the tables hold, a decision reads
 * and writes nothing beside them and does not contradict itself. Run by scripts/fuzz.
 */
#include <maglev/decide.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	SIZE = 251,
	BACKENDS = 4,
	CPUS = 2,
	PAIRS = 6, /* indexes 4 and 5 are nobody's */
	CLIENTS = 64,
	SERVICE = 1,
	SWEEP_SECONDS = 512, /* half of what it takes a clock of four-second steps to come round */
	SCRATCH_BYTES = 16384, /* maglev_base_scratch() is nothing for clang's UBSan yet */
	TABLE_BYTES = 4 * MAGLEV_LINE_BYTES,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read of the input; 0 behind its end. */
struct input {
	const u8 *data;
	size_t left;
};

struct story {
	struct input input;
	struct maglev_backend backends[BACKENDS];
	struct maglev_target target[BACKENDS];
	struct maglev_target *by_place[BACKENDS];
	struct maglev_target **by_index;
	u16 *base;
	u16 *live;
	u16 *changed_at;
	struct maglev_flow_tables *tables;
	struct maglev_budget budget;
	struct maglev_view view;
	struct maglev_plane plane;
	u32 swept; /* seconds */
	u8 outside_says;
	bool corrupted;
	bool rewritten; /* a flow selected anew: its word, of whatever state, is half-open in place */
};

static u8 next_byte(struct input *input)
{
	if (!input->left)
		return 0;
	input->left--;
	return *input->data++;
}

static u64 next_word(struct input *input)
{
	u64 word = 0;
	u32 i;

	for (i = 0; i < 8; i++)
		word = word << 8 | next_byte(input);
	return word;
}

static void *allocate(size_t len)
{
	void *memory = malloc(len);

	assert(memory);
	memset(memory, 0, len);
	return memory;
}

static struct maglev_flow_tables *tables_create(struct story *story, struct maglev_flow_tables *old)
{
	struct maglev_flow_tables *tables;
	u8 shape = next_byte(&story->input);
	u32 cpu;

	tables = allocate(sizeof(*tables) + CPUS * sizeof(tables->cpu[0]));
	tables->key.word[0] = shape >> 4;
	tables->old = old;
	tables->n = CPUS;
	for (cpu = 0; cpu < CPUS; cpu++) {
		if (shape >> 2 == 0x3f && cpu) /* rarely: none */
			continue;
		tables->active++;
		tables->cpu[cpu].lines = 1 + (shape & 3);
		tables->cpu[cpu].words = aligned_alloc(MAGLEV_LINE_BYTES,
						       tables->cpu[cpu].lines * MAGLEV_LINE_BYTES);
		assert(tables->cpu[cpu].words);
		memset(tables->cpu[cpu].words, 0, tables->cpu[cpu].lines * MAGLEV_LINE_BYTES);
	}
	return tables;
}

static void tables_destroy(struct maglev_flow_tables *tables)
{
	u32 cpu;

	if (!tables)
		return;
	tables_destroy(tables->old);
	for (cpu = 0; cpu < CPUS; cpu++)
		free(tables->cpu[cpu].words);
	free(tables);
}

/* One of the tables there are, with words. */
static struct maglev_flow_table *pick_table(struct story *story)
{
	struct maglev_flow_tables *tables = story->tables;
	u8 which = next_byte(&story->input);
	struct maglev_flow_table *table;

	if (which & 2 && tables->old)
		tables = tables->old;
	table = &tables->cpu[which & 1];
	return table->words ? table : &tables->cpu[0];
}

static u64 *pick_word(struct story *story)
{
	struct maglev_flow_table *table = pick_table(story);

	return &table->words[next_byte(&story->input) % (table->lines * MAGLEV_LINE_WORDS)];
}

/* All tables' bytes, one after the other. */
static u32 image_of(const struct story *story, u8 *image)
{
	const struct maglev_flow_tables *tables;
	u32 cpu, len, n = 0;

	for (tables = story->tables; tables; tables = tables->old) {
		for (cpu = 0; cpu < CPUS; cpu++) {
			len = tables->cpu[cpu].lines * MAGLEV_LINE_BYTES;
			if (tables->cpu[cpu].words)
				memcpy(image + n, tables->cpu[cpu].words, len);
			n += len;
		}
	}
	return n;
}

static void check_line(const struct story *story, const u64 *line)
{
	u32 i, j, half_open = 0;

	for (i = 0; i < MAGLEV_LINE_WORDS; i++) {
		if (!line[i])
			continue;
		assert(maglev_word_index(line[i]) < BACKENDS);
		half_open += maglev_word_state(line[i]) == MAGLEV_HALF_OPEN &&
			     story->by_index[maglev_word_index(line[i])] &&
			     !maglev_word_expired(line[i],
						  story->by_index[maglev_word_index(line[i])],
						  story->plane.flows.now);
		for (j = 0; j < i; j++) /* a flow twice in a line: only as a leftover */
			assert(!line[j] || maglev_word_hash(line[i]) != maglev_word_hash(line[j]) ||
			       maglev_word_index(line[i]) != maglev_word_index(line[j]) ||
			       maglev_word_state(line[i]) != maglev_word_state(line[j]) ||
			       (line[i] & 0xff) != (line[j] & 0xff));
	}
	assert(story->rewritten || half_open <= MAGLEV_HALF_OPEN_MAX);
}

/* What holds of tables that only decisions have written. */
static void check_tables(const struct story *story)
{
	const struct maglev_flow_tables *tables;
	u32 cpu, line;

	if (story->corrupted)
		return;
	for (tables = story->tables; tables; tables = tables->old)
		for (cpu = 0; cpu < CPUS; cpu++)
			for (line = 0; tables->cpu[cpu].words && line < tables->cpu[cpu].lines;
			     line++)
				check_line(story,
					   tables->cpu[cpu].words + line * MAGLEV_LINE_WORDS);
}

static enum maglev_outside say_outside(void *ctx, const struct maglev_packet *packet,
				       struct maglev_target **target)
{
	struct story *story = ctx;

	assert(packet->tuple.len);
	if (story->outside_says % 4 == MAGLEV_OUTSIDE_TARGET)
		*target = story->by_place[story->outside_says / 4 % BACKENDS];
	return story->outside_says % 4 % 3;
}

static void check_decision(const struct story *story, const struct maglev_decision *decision)
{
	u32 i, known = 0;

	assert(decision->reason < MAGLEV_REASON_COUNT);
	assert(decision->verdict == maglev_reason_verdict(decision->reason));
	assert((decision->verdict == MAGLEV_FORWARD) == (decision->target != NULL));
	assert((decision->verdict == MAGLEV_FORWARD) == (decision->reason == MAGLEV_REASON_NONE));
	assert(decision->source <= MAGLEV_SOURCE_FIRST && decision->track <= MAGLEV_TRACK_BUSY);
	assert((decision->evicted != 0) == (decision->track == MAGLEV_TRACK_EVICTED));
	assert(decision->cpu < CPUS);
	if (!decision->target)
		return;
	for (i = 0; i < BACKENDS; i++)
		known += decision->target == &story->target[i];
	assert(known == 1);
	assert(decision->source != MAGLEV_SOURCE_NONE);
	assert(decision->target->state != MAGLEV_DOWN);
	assert(decision->target->state == MAGLEV_UP || decision->source < MAGLEV_SOURCE_TABLE);
}

static void packet_of(struct maglev_packet *packet, struct input *input)
{
	u8 client = next_byte(input) % CLIENTS, kind = next_byte(input);
	u8 addr[2][16] = { { 1, client / 4 }, { 2 } };

	memset(packet, 0, sizeof(*packet));
	maglev_tuple_init(&packet->tuple, client % 8 ? MAGLEV_IPV4_BYTES : MAGLEV_IPV6_BYTES,
			  addr[0], addr[1], client, 80, 6);
	packet->flags = next_byte(input);
	packet->kind = kind % 8 == 1 ? MAGLEV_KIND_ERROR : MAGLEV_KIND_FLOW;
	packet->loops = kind % 32 == 2;
}

static void tell_packet(struct story *story)
{
	u8 before[2 * CPUS * TABLE_BYTES], after[2 * CPUS * TABLE_BYTES], how;
	struct maglev_decision dry, decision;
	struct maglev_plane *plane = &story->plane;
	struct maglev_packet packet;
	u32 n;

	packet_of(&packet, &story->input);
	how = next_byte(&story->input);
	plane->cpu = how & 1;
	plane->owned = (how & 6) != 2;
	plane->tables = (how & 0x18) == 8 ? NULL : story->tables;
	plane->outside = how & 0x20 ? say_outside : NULL;
	n = image_of(story, before);
	plane->budget = NULL;
	plane->hash = 0;
	plane->dry = true;
	maglev_decide(&dry, &packet, &story->view, plane);
	check_decision(story, &dry);
	assert(dry.track == MAGLEV_TRACK_NONE);
	assert(n == image_of(story, after) && !memcmp(before, after, n));
	plane->budget = how & 0x40 ? &story->budget : NULL;
	plane->hash = maglev_decide_ahead(&packet, plane->tables, plane->cpu);
	plane->dry = false;
	maglev_decide(&decision, &packet, &story->view, plane);
	check_decision(story, &decision);
	story->rewritten |= decision.track == MAGLEV_TRACK_KEPT &&
			    decision.source >= MAGLEV_SOURCE_TABLE;
	assert(decision.hash == dry.hash);
	/* Where it has a hash of its own it is known only if it was needed. */
	if (decision.slot != dry.slot)
		assert((!decision.slot || !dry.slot) && plane->tables &&
		       (story->view.mode != MAGLEV_MODE_TUPLE ||
			memcmp(&plane->tables->key, &story->view.key, sizeof(story->view.key))));
	if (dry.source == MAGLEV_SOURCE_FLOW)
		assert(decision.target == dry.target && decision.source == dry.source);
	if (packet.kind == MAGLEV_KIND_ERROR || !plane->tables) {
		assert(decision.track == MAGLEV_TRACK_NONE);
		assert(n == image_of(story, after) && !memcmp(before, after, n));
	}
	assert(story->budget.lines <= MAGLEV_BUDGET_LINES * MAGLEV_BUDGET_KEPT_MS);
}

static void publish(struct story *story)
{
	u8 scratch[64];
	u16 before[SIZE];
	u64 digest = 0;
	u32 i;

	assert(maglev_live_scratch(BACKENDS) <= sizeof(scratch));
	memcpy(before, story->live, sizeof(before));
	for (i = 0; i < BACKENDS; i++)
		story->backends[i].state = story->target[i].state;
	maglev_live_build(story->live, story->base, SIZE, story->backends, BACKENDS, &digest,
			  scratch);
	for (i = 0; i < SIZE; i++)
		if (story->live[i] != before[i])
			story->changed_at[i] = maglev_stamp(story->plane.flows.now);
}

static void sweep_all(struct story *story)
{
	const struct maglev_flow_tables *tables;
	u32 cpu;

	for (tables = story->tables; tables; tables = tables->old)
		for (cpu = 0; cpu < CPUS; cpu++)
			maglev_flow_sweep(&tables->cpu[cpu], &story->plane.flows, 0, ~0U, NULL,
					  NULL);
	story->swept = story->plane.flows.now;
}

/* State, share, going for good and coming back; the table follows or does not. */
static void tell_backend(struct story *story)
{
	u8 what = next_byte(&story->input), value = next_byte(&story->input);
	u32 i = what % BACKENDS;

	switch (what / BACKENDS % 4) {
	case 0:
		if (story->by_index[i]) /* who is gone stays down */
			story->target[i].state = value % 3;
		break;
	case 1:
		story->backends[i].share = value % 101;
		break;
	case 2:
		story->target[i].state = MAGLEV_DOWN;
		story->by_index[i] = NULL;
		break;
	default: /* an index is free again after a sweep */
		sweep_all(story);
		story->by_index[i] = &story->target[i];
	}
	if (what & 0x80)
		publish(story);
}

static void tell_key(struct story *story)
{
	if (story->tables->old) {
		tables_destroy(story->tables->old);
		story->tables->old = NULL;
	}
	story->tables = tables_create(story, story->tables);
}

/* Sweeps pass before the clocks come round, as the planes see to. */
static void tell_time(struct story *story)
{
	u8 step = next_byte(&story->input);
	u32 left = step < 192 ? step % 64 : (step - 192) * 128, piece;

	story->plane.now_ms += step;
	for (; left; left -= piece) {
		piece = story->swept + SWEEP_SECONDS - story->plane.flows.now;
		if (piece > left)
			piece = left;
		story->plane.flows.now += piece;
		if (story->plane.flows.now - story->swept == SWEEP_SECONDS)
			sweep_all(story);
	}
}

static void tell_sweep(struct story *story)
{
	struct maglev_flow_table *table = pick_table(story);
	u8 range = next_byte(&story->input);
	u32 left;

	left = maglev_flow_sweep(table, &story->plane.flows, range & 7,
				 range >> 3 == 31 ? ~0U : range >> 3, NULL, NULL);
	assert(left <= table->lines * MAGLEV_LINE_WORDS);
}

static void story_begin(struct story *story)
{
	static const u16 seconds[MAGLEV_FLOW_STATES] = { 60, 900, 120, 10 };
	u8 addr[4] = { 10, 0, 0, 0 }, mode = next_byte(&story->input);
	u32 i, state;
	void *scratch;

	story->view.key.word[0] = mode >> 4;
	for (i = 0; i < BACKENDS; i++) {
		addr[3] = i;
		maglev_backend_init(&story->backends[i], MAGLEV_IPV4_BYTES, addr, 80);
		story->backends[i].weight = 1 + i;
		maglev_backend_derive(&story->backends[i], &story->view.key, SIZE);
		story->target[i].index = i;
		story->target[i].service = SERVICE;
		for (state = 0; state < MAGLEV_FLOW_STATES; state++)
			story->target[i].limit[state] = maglev_timeout_limit(state, seconds[state]);
		story->by_place[i] = &story->target[i];
		story->by_index[i] = &story->target[i];
	}
	scratch = allocate(SCRATCH_BYTES);
	assert(!maglev_base_build(story->base, SIZE, story->backends, BACKENDS, scratch));
	free(scratch);
	publish(story);
	story->tables = tables_create(story, NULL);
	story->view.live = story->live;
	story->view.base = story->base;
	story->view.changed_at = mode & 2 ? NULL : story->changed_at;
	story->view.backends = story->backends;
	story->view.targets = story->by_place;
	story->view.size = SIZE;
	story->view.n = BACKENDS;
	story->view.service = SERVICE;
	story->view.longest = 900;
	story->view.mode = mode & 1;
	story->plane.flows = (struct maglev_flows){ story->by_index, PAIRS, mode & 4 ? 0 : 100000 };
	story->swept = story->plane.flows.now;
	story->plane.now_ms = mode & 8 ? 0xffffff00U : 0;
	story->plane.ctx = story;
}

static void tell(struct story *story)
{
	u8 what = next_byte(&story->input);

	switch (what % 16) {
	case 0:
		tell_time(story);
		break;
	case 1:
		tell_backend(story);
		break;
	case 2:
		*pick_word(story) = 0;
		break;
	case 3:
		if (what >= 128) { /* else a story without lies */
			*pick_word(story) = next_word(&story->input);
			story->corrupted = true;
		}
		break;
	case 4:
		tell_key(story);
		break;
	case 5:
		tell_sweep(story);
		break;
	case 6:
		story->outside_says = next_byte(&story->input);
		break;
	case 7:
		story->changed_at[next_byte(&story->input) % SIZE] = next_word(&story->input);
		break;
	default:
		tell_packet(story);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct story *story = allocate(sizeof(*story));

	story->input = (struct input){ data, size };
	story->base = allocate(SIZE * sizeof(u16));
	story->live = allocate(SIZE * sizeof(u16));
	story->changed_at = allocate(SIZE * sizeof(u16));
	story->by_index = allocate(PAIRS * sizeof(void *));
	story_begin(story);
	while (story->input.left) {
		tell(story);
		check_tables(story);
	}
	tables_destroy(story->tables);
	free(story->base);
	free(story->live);
	free(story->changed_at);
	free(story->by_index);
	free(story);
	return 0;
}
