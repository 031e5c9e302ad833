// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes and digests of tables, and the live table laid over a base table (design,
 * section 3). Pure functions in the caller's memory.
 */
#include <maglev/table.h>

#define GOLDEN_RATIO 0x9e3779b97f4a7c15ULL

/* What a place may do; one byte each, so that thousands stay in the L1 cache. */
enum place_flag {
	PLACE_KEEPS = 1 << 0, /* serves all its slots */
	PLACE_SERVES = 1 << 1, /* serves those its share gives it */
	PLACE_CANDIDATE = 1 << 2, /* may answer for others when draws have failed */
};

enum {
	BLOCK = 8, /* slots looked at together: most are served by their owners */
};

static bool is_prime(u32 x)
{
	u32 i;

	for (i = 2; i * i <= x; i++)
		if (x % i == 0)
			return false;
	return x > 1;
}

bool maglev_size_valid(u32 size)
{
	return size >= MAGLEV_SIZE_MIN && size <= MAGLEV_SIZE_MAX && is_prime(size);
}

u32 maglev_size_nearest(u32 size)
{
	u32 by;

	if (size < MAGLEV_SIZE_MIN)
		return MAGLEV_SIZE_MIN;
	if (size > MAGLEV_SIZE_MAX)
		return MAGLEV_SIZE_MAX;
	for (by = 0; !maglev_size_valid(size + by); by++)
		if (maglev_size_valid(size - by))
			return size - by;
	return size + by;
}

static inline u64 slot_digest(const struct maglev_backend *backends, u32 slot, u16 owner)
{
	u64 id = owner == MAGLEV_EMPTY ? 0 : backends[owner].id;

	return maglev_mix64(id + slot * GOLDEN_RATIO);
}

u64 maglev_table_digest(const u16 *table, u32 size, enum maglev_mode mode,
			const struct maglev_backend *backends)
{
	u64 digest = size + maglev_mix64(mode);
	u32 slot;

	for (slot = 0; slot < size; slot++)
		digest += slot_digest(backends, slot, table[slot]);
	return digest;
}

u16 maglev_slot_walk(const u16 *base, u32 size, const struct maglev_backend *backends, u32 slot,
		     bool (*can_take)(const void *ctx, u16 place), const void *ctx)
{
	u64 draw;
	u32 asked, k;
	u16 owner;

	if (base[slot] == MAGLEV_EMPTY)
		return MAGLEV_EMPTY;
	draw = backends[base[slot]].seed + ((u64)slot << 8);
	for (k = 1; k <= MAGLEV_DRAWS; k++) {
		asked = maglev_reduce(maglev_mix64(draw + k), size);
		owner = base[asked];
		if (can_take(ctx, owner) && maglev_slot_served(&backends[owner], asked))
			return owner;
	}
	return MAGLEV_EMPTY;
}

static bool place_serves(const void *ctx, u16 place)
{
	const u8 *flags = ctx;

	return flags[place] & PLACE_SERVES;
}

/* Return: the flags of all places together. */
static u8 set_flags(u8 *flags, const struct maglev_backend *backends, u32 n)
{
	bool any = false;
	u8 all = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		flags[i] = 0;
		if (backends[i].state == MAGLEV_UP && backends[i].share)
			flags[i] = PLACE_SERVES | PLACE_CANDIDATE;
		if (flags[i] && backends[i].share >= MAGLEV_SHARE_MAX)
			flags[i] |= PLACE_KEEPS;
		any = any || flags[i];
	}
	for (i = 0; i < n; i++) {
		if (!any && backends[i].state == MAGLEV_UP)
			flags[i] = PLACE_CANDIDATE;
		all |= flags[i];
	}
	return all;
}

/* The base owner of the first slot whose owner is a candidate, or the first candidate. */
static u16 first_candidate(const u16 *base, u32 size, const u8 *flags)
{
	u32 i;

	for (i = 0; i < size; i++)
		if (flags[base[i]] & PLACE_CANDIDATE)
			return base[i];
	for (i = 0; !(flags[i] & PLACE_CANDIDATE); i++)
		;
	return i;
}

static inline bool block_kept(const u16 *base, const u8 *flags)
{
	u8 all = PLACE_KEEPS;
	u32 i;

	for (i = 0; i < BLOCK; i++)
		all &= flags[base[i]];
	return all;
}

/* The overlay's pass over the slots, last to first. */
struct overlay {
	u16 *live;
	const u16 *base;
	u32 size;
	const struct maglev_backend *backends;
	const u8 *flags;
	bool draws; /* somebody serves, so draws can succeed */
	u16 next; /* owner of the next slot whose base owner is a candidate */
	u32 moved;
	u64 digest;
};

static void answer_slot(struct overlay *o, u32 slot)
{
	u16 owner = o->base[slot], answer = MAGLEV_EMPTY;
	u8 flags = o->flags[owner];

	if ((flags & PLACE_SERVES) && maglev_slot_served(&o->backends[owner], slot)) {
		o->next = owner;
		return;
	}
	if (o->draws)
		answer = maglev_slot_walk(o->base, o->size, o->backends, slot, place_serves,
					  o->flags);
	if (answer == MAGLEV_EMPTY)
		answer = o->next;
	if (flags & PLACE_CANDIDATE)
		o->next = owner;
	if (answer == owner)
		return;
	o->live[slot] = answer;
	o->moved++;
	o->digest += slot_digest(o->backends, slot, answer) - slot_digest(o->backends, slot, owner);
}

static void answer_slots(struct overlay *o)
{
	u32 slot = o->size;

	while (slot) {
		if (slot >= BLOCK && block_kept(o->base + slot - BLOCK, o->flags)) {
			slot -= BLOCK;
			o->next = o->base[slot];
		} else {
			answer_slot(o, --slot);
		}
	}
}

/* No up backend: nobody answers. */
static u32 empty_slots(struct overlay *o)
{
	u32 slot;

	for (slot = 0; slot < o->size; slot++)
		o->digest += slot_digest(o->backends, slot, MAGLEV_EMPTY) -
			     slot_digest(o->backends, slot, o->base[slot]);
	memset(o->live, 0xff, o->size * sizeof(*o->live));
	return o->size;
}

bool maglev_any_overlaid(const struct maglev_backend *backends, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (backends[i].state != MAGLEV_UP || backends[i].share != MAGLEV_SHARE_MAX)
			return true;
	return false;
}

size_t maglev_live_scratch(u32 n)
{
	return n;
}

u32 maglev_live_build(u16 *live, const u16 *base, u32 size, const struct maglev_backend *backends,
		      u32 n, u64 *digest, void *scratch)
{
	u8 all = set_flags(scratch, backends, n);
	struct overlay o = {
		.live = live,
		.base = base,
		.size = size,
		.backends = backends,
		.flags = scratch,
		.draws = all & PLACE_SERVES,
		.digest = *digest,
	};

	if (!all && n) {
		o.moved = empty_slots(&o);
	} else {
		memcpy(live, base, size * sizeof(*live));
		if (n) {
			o.next = first_candidate(base, size, scratch);
			answer_slots(&o);
		}
	}
	*digest = o.digest;
	return o.moved;
}
