// SPDX-License-Identifier: GPL-2.0-only
#include "build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct slots *slots_create(u32 size)
{
	struct slots *slots = calloc(1, sizeof(*slots) + size * sizeof(slots->at[0]));

	if (slots)
		slots->references = 1;
	return slots;
}

static struct slots *slots_get(struct slots *slots)
{
	slots->references++;
	return slots;
}

static void slots_put(struct slots *slots)
{
	if (slots && !--slots->references)
		free(slots);
}

void built_get(struct built *built)
{
	built->references++;
}

void built_put(struct built *built)
{
	if (!built || --built->references)
		return;
	slots_put(built->base);
	slots_put(built->live);
	slots_put(built->stamps);
	free(built->backends);
	free(built->index);
	free(built->base_slots);
	free(built->live_slots);
	memset(&built->key, 0, sizeof(built->key));
	free(built);
}

u16 timeouts_longest(const struct maglev_timeouts *timeouts)
{
	u16 longest = 0;
	u32 state;

	for (state = 0; state < MAGLEV_FLOW_STATES; state++)
		if (timeouts->seconds[state] > longest)
			longest = timeouts->seconds[state];
	return longest;
}

/* Those that have a place, in order. */
static void take_backends(struct built *built, const struct service *service)
{
	const struct pair *pair;
	struct maglev_backend *backend;
	u32 i;

	for (i = 0; i < service->n_pairs; i++) {
		pair = service->pairs[i];
		if (!plan_weight(&pair->plan))
			continue;
		backend = &built->backends[built->n];
		memcpy(backend->addr, pair->plan.addr, sizeof(backend->addr));
		backend->port = pair->plan.port;
		backend->weight = plan_weight(&pair->plan);
		backend->state = plan_state(&pair->plan);
		backend->share = pair->plan.share;
		maglev_backend_derive(backend, &built->key, built->size);
		built->index[built->n++] = pair->index;
	}
}

static struct built *create(const struct service *service)
{
	struct built *built = calloc(1, sizeof(*built));
	u32 n = service->n_pairs + 1;

	if (!built)
		return NULL;
	built->references = 1;
	built->key = model.key;
	built->size = service->size;
	built->mode = service->mode;
	built->longest = timeouts_longest(&service->timeouts);
	built->backends = calloc(n, sizeof(*built->backends));
	built->index = calloc(n, sizeof(*built->index));
	built->base_slots = calloc(n, sizeof(*built->base_slots));
	built->live_slots = calloc(n, sizeof(*built->live_slots));
	if (!built->backends || !built->index || !built->base_slots || !built->live_slots) {
		built_put(built);
		return NULL;
	}
	take_backends(built, service);
	return built;
}

static bool same_key(const struct built *a, const struct built *b)
{
	return !memcmp(&a->key, &b->key, sizeof(a->key));
}

/* The base table depends on who there is and their weights, not on states. */
static bool same_base(const struct built *a, const struct built *b)
{
	u32 i;

	if (a->n != b->n || a->size != b->size || !same_key(a, b))
		return false;
	for (i = 0; i < a->n; i++)
		if (maglev_backend_cmp(&a->backends[i], &b->backends[i]) ||
		    a->backends[i].weight != b->backends[i].weight)
			return false;
	return true;
}

static bool same_all(const struct built *a, const struct built *b)
{
	u32 i;

	if (a->mode != b->mode || a->longest != b->longest)
		return false;
	for (i = 0; i < a->n; i++)
		if (a->index[i] != b->index[i] || a->backends[i].state != b->backends[i].state ||
		    a->backends[i].share != b->backends[i].share)
			return false;
	return true;
}

/* Did some backend get no slot at all? Rounding can do that to a very small weight. */
static bool any_without_slot(const struct built *built)
{
	bool *placed = calloc(built->n + 1, sizeof(*placed)), any = false;
	u32 i;

	for (i = 0; placed && built->n && i < built->size; i++)
		placed[built->base->at[i]] = true;
	for (i = 0; placed && i < built->n; i++)
		any |= !placed[i];
	free(placed);
	return any;
}

static int build_base(struct built *built)
{
	void *scratch;
	int err;

	built->base = slots_create(built->size);
	scratch = malloc(maglev_base_scratch(built->size, built->n));
	if (!built->base || !scratch) {
		free(scratch);
		return -ENOMEM;
	}
	err = maglev_base_build(built->base->at, built->size, built->backends, built->n, scratch);
	free(scratch);
	if (err)
		return err;
	built->base_digest = maglev_table_digest(built->base->at, built->size,
						 (enum maglev_mode)built->mode, built->backends);
	if (built->size < MAGLEV_SLOTS_PER_BACKEND * built->n)
		built->warnings |= MAGLEV_NL_WARNING_FEW_SLOTS;
	if (any_without_slot(built))
		built->warnings |= MAGLEV_NL_WARNING_NO_SLOT;
	return 0;
}

static void keep_base(struct built *built, const struct built *old)
{
	built->base = slots_get(old->base);
	built->base_digest = old->base_digest - maglev_mix64(old->mode) + maglev_mix64(built->mode);
	built->warnings = old->warnings;
}

/* Two bytes a slot more, only while something is overlaid. */
static int build_live(struct built *built)
{
	void *scratch;

	built->live_digest = built->base_digest;
	if (!maglev_any_overlaid(built->backends, built->n)) {
		built->live = slots_get(built->base);
		return 0;
	}
	built->live = slots_create(built->size);
	scratch = malloc(maglev_live_scratch(built->n));
	if (!built->live || !scratch) {
		free(scratch);
		return -ENOMEM;
	}
	built->displaced = maglev_live_build(built->live->at, built->base->at, built->size,
					     built->backends, built->n, &built->live_digest,
					     scratch);
	free(scratch);
	return 0;
}

/* Kept while slots mean the same, which a key or a size ends. */
static int take_stamps(struct built *built, const struct built *old)
{
	u16 stamp = maglev_stamp(model_now_ms() / 1000);
	u32 slot;

	if (old && old->size == built->size && same_key(built, old)) {
		built->stamps = slots_get(old->stamps);
		return 0;
	}
	built->stamps = slots_create(built->size);
	if (!built->stamps)
		return -ENOMEM;
	for (slot = 0; old && slot < built->size; slot++)
		built->stamps->at[slot] = stamp;
	return 0;
}

static int build(struct built *built, const struct built *old)
{
	int err = 0;

	if (built->n > built->size || built->n > MAGLEV_BACKENDS_MAX)
		return -E2BIG;
	if (old && same_base(built, old))
		keep_base(built, old);
	else
		err = build_base(built);
	if (!err)
		err = build_live(built);
	return err ? err : take_stamps(built, old);
}

struct built *built_create(const struct service *service)
{
	struct built *built = create(service), *old = service->built;
	int err;

	if (!built) {
		errno = ENOMEM;
		return NULL;
	}
	if (old && same_base(built, old) && same_all(built, old)) {
		built_put(built);
		built_get(old);
		return old;
	}
	err = build(built, old);
	if (!err)
		return built;
	built_put(built);
	errno = -err;
	return NULL;
}

void built_count(struct built *built)
{
	u32 slot;
	u16 place;

	for (slot = 0; !built->counted && built->n && slot < built->size; slot++) {
		built->base_slots[built->base->at[slot]]++;
		place = built->live->at[slot];
		if (place != MAGLEV_EMPTY)
			built->live_slots[place]++;
	}
	built->counted = true;
}

static int answer(const struct built *built, u32 slot)
{
	u16 place = built->live->at[slot];

	return place == MAGLEV_EMPTY ? -1 : (int)built->index[place];
}

/* Before packets see the new answers: whoever does must find the stamps. */
static void stamp_changes(struct built *new, const struct built *old)
{
	u16 stamp = maglev_stamp(model_now_ms() / 1000);
	u32 slot;

	for (slot = 0; slot < new->size; slot++)
		if (answer(new, slot) != answer(old, slot))
			WRITE_ONCE(new->stamps->at[slot], stamp);
}

void built_take(struct service *service, struct built *built)
{
	struct built *old = service->built;
	u32 i;

	built->number = ++service->number;
	if (old && old->stamps == built->stamps)
		stamp_changes(built, old);
	service->built = built;
	for (i = 0; i < service->n_pairs; i++)
		service->pairs[i]->place = MAGLEV_EMPTY;
	for (i = 0; i < built->n; i++)
		model.pairs[built->index[i]]->place = i;
	built_put(old);
}

void built_age(struct built *built)
{
	u32 slot, now = model_now_ms() / 1000;
	u16 stamp;

	for (slot = 0; slot < built->size; slot++) {
		stamp = READ_ONCE(built->stamps->at[slot]);
		if (stamp && !maglev_stamp_recent(stamp, built->longest, now))
			__sync_bool_compare_and_swap(&built->stamps->at[slot], stamp, 0);
	}
}
