// SPDX-License-Identifier: GPL-2.0-only
/*
 * What in-tree mh does, over our permutations: in every round a backend takes as many slots
 * in a row as it has turns, each the next one its cursor finds free in the bitmap. It is
 * spared what slows the real one down: entries are of two bytes, not counted references, and
 * the cursor stays in a register while it moves.
 */
#include "in_tree.h"

enum {
	WORD_BITS = 64,
};

struct taker {
	u32 cursor; /* the slot it took last; before that its offset */
	u32 skip;
	u32 turns; /* slots in a round */
};

static u32 common_divisor(u32 a, u32 b)
{
	u32 rest;

	while (b) {
		rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/*
 * Weights become turns: divided by their greatest common divisor, then shifted until the
 * largest has at most half as many bits as the size; never fewer than one.
 */
static void count_turns(struct taker *takers, u32 size, const struct maglev_backend *backends,
			u32 n)
{
	u32 i, divisor = 0, largest = 0, shift = 0, bits = 32 - __builtin_clz(size);

	for (i = 0; i < n; i++) {
		divisor = common_divisor(backends[i].weight, divisor);
		if (backends[i].weight > largest)
			largest = backends[i].weight;
	}
	while (largest / divisor >> shift >> bits / 2)
		shift++;
	for (i = 0; i < n; i++) {
		takers[i].turns = backends[i].weight / divisor >> shift;
		takers[i].turns += !takers[i].turns;
	}
}

static size_t bitmap_bytes(u32 size)
{
	return (size / WORD_BITS + 1) * sizeof(u64);
}

/*
 * Before the end the wrapped slot is below zero and so huge: the lesser one is it. A branch,
 * mispredicted half of the time, would be all that is measured; compiled in-tree mh has none.
 */
static inline u32 next_slot(u32 slot, u32 skip, u32 size)
{
	u32 wrapped = slot + (skip - size);

	return wrapped < slot + skip ? wrapped : slot + skip;
}

static inline u32 take_slot(u64 *taken, u32 size, struct taker *taker)
{
	u32 slot = taker->cursor;

	while (taken[slot / WORD_BITS] >> (slot % WORD_BITS) & 1)
		slot = next_slot(slot, taker->skip, size);
	taken[slot / WORD_BITS] |= 1ULL << (slot % WORD_BITS);
	taker->cursor = slot;
	return slot;
}

size_t in_tree_scratch(u32 size, u32 n)
{
	return bitmap_bytes(size) + n * sizeof(struct taker);
}

void in_tree_build(u16 *table, u32 size, const struct maglev_backend *backends, u32 n,
		   void *scratch)
{
	struct taker *takers = (void *)((u8 *)scratch + bitmap_bytes(size));
	u32 i, turn, free_slots = size;

	memset(scratch, 0, bitmap_bytes(size));
	count_turns(takers, size, backends, n);
	for (i = 0; i < n; i++) {
		takers[i].cursor = backends[i].offset;
		takers[i].skip = backends[i].skip;
	}
	for (i = 0; free_slots; i = i + 1 < n ? i + 1 : 0)
		for (turn = 0; turn < takers[i].turns && free_slots; turn++) {
			table[take_slot(scratch, size, &takers[i])] = i;
			free_slots--;
		}
}
