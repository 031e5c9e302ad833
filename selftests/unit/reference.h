/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table a second time: DESIGN.md 3 taken literally and slowly, to compare the core
 * with. Uses nothing of the core but its structs. Needs a 64-bit host (__int128).
 */
#ifndef MAGLEV_TEST_REFERENCE_H
#define MAGLEV_TEST_REFERENCE_H

#include <maglev/table.h>
#include <stdlib.h>
#include <string.h>

#define REF_GOLDEN_RATIO 0x9e3779b97f4a7c15ULL

enum {
	REF_DRAWS = 64,
	REF_EMPTY = 0xffff,
};

static inline u64 ref_mix64(u64 x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	x ^= x >> 31;
	return x;
}

/* ((x >> 32) * range) >> 32 */
static inline u32 ref_reduce(u64 x, u32 range)
{
	return (u32)(((x >> 32) * range) >> 32);
}

static inline u64 ref_rotate(u64 x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void ref_sip_rounds(u64 v[4], int rounds)
{
	while (rounds--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = ref_rotate(v[1], 13) ^ v[0];
		v[3] = ref_rotate(v[3], 16) ^ v[2];
		v[0] = ref_rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = ref_rotate(v[1], 17) ^ v[2];
		v[3] = ref_rotate(v[3], 21) ^ v[0];
		v[2] = ref_rotate(v[2], 32);
	}
}

/* Byte by byte: the last word holds the length mod 256 in its top byte. */
static inline u64 ref_siphash(int compress, int finish, const struct maglev_key *key,
			      const void *data, size_t len)
{
	u64 v[4] = { key->word[0] ^ 0x736f6d6570736575ULL, key->word[1] ^ 0x646f72616e646f6dULL,
		     key->word[0] ^ 0x6c7967656e657261ULL, key->word[1] ^ 0x7465646279746573ULL };
	const u8 *bytes = data;
	size_t i, words = len / 8 + 1;
	u64 word;
	int j;

	for (i = 0; i < words; i++) {
		word = i == words - 1 ? (u64)(len % 256) << 56 : 0;
		for (j = 0; j < 8; j++)
			if (8 * i + j < len)
				word |= (u64)bytes[8 * i + j] << (8 * j);
		v[3] ^= word;
		ref_sip_rounds(v, compress);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	ref_sip_rounds(v, finish);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* SipHash-2-4 of the 24 bytes of identity with one tag. */
static inline u64 ref_identity(const struct maglev_backend *backend, const struct maglev_key *key,
			       u8 tag)
{
	u8 identity[24] = { 0 };

	memcpy(identity, backend->addr, 16);
	memcpy(identity + 16, &backend->port, 2);
	identity[23] = tag;
	return ref_siphash(2, 4, key, identity, sizeof(identity));
}

struct ref_remainder {
	u64 rest;
	u32 place;
};

/* Largest remainder first, ties to the lower place. */
static inline int ref_remainder_cmp(const void *left, const void *right)
{
	const struct ref_remainder *a = left, *b = right;

	if (a->rest != b->rest)
		return a->rest > b->rest ? -1 : 1;
	return a->place < b->place ? -1 : 1;
}

static inline void ref_quotas(u32 *quota, u32 size, const struct maglev_backend *backends, u32 n)
{
	struct ref_remainder *remainders = calloc(n + 1, sizeof(*remainders));
	unsigned __int128 product;
	u32 i, left = size;
	u64 total = 0;

	for (i = 0; i < n; i++)
		total += backends[i].weight;
	for (i = 0; i < n; i++) {
		product = (unsigned __int128)size * backends[i].weight;
		quota[i] = (u32)(product / total);
		remainders[i].rest = (u64)(product % total);
		remainders[i].place = i;
		left -= quota[i];
	}
	qsort(remainders, n, sizeof(*remainders), ref_remainder_cmp);
	for (i = 0; i < left; i++)
		quota[remainders[i].place]++;
	free(remainders);
}

/* Time (2k + 1) / w as the fraction it is. */
struct ref_claim {
	u64 numerator;
	u32 denominator;
	u32 place;
};

static inline int ref_claim_cmp(const void *left, const void *right)
{
	const struct ref_claim *a = left, *b = right;
	unsigned __int128 ab = (unsigned __int128)a->numerator * b->denominator;
	unsigned __int128 ba = (unsigned __int128)b->numerator * a->denominator;

	if (ab != ba)
		return ab < ba ? -1 : 1;
	return a->place == b->place ? 0 : a->place < b->place ? -1 : 1;
}

/* All claims there will ever be, sorted by time; then each takes its slot. */
static inline void ref_base(u16 *base, u32 size, const struct maglev_backend *backends, u32 n)
{
	struct ref_claim *claims = calloc(size, sizeof(*claims));
	u32 *quota = calloc(n + 1, sizeof(*quota));
	u64 *at = calloc(n + 1, sizeof(*at));
	u32 i, k, place, count = 0;

	for (i = 0; i < size; i++)
		base[i] = REF_EMPTY;
	if (n)
		ref_quotas(quota, size, backends, n);
	for (i = 0; i < n; i++) {
		at[i] = backends[i].offset;
		for (k = 0; k < quota[i]; k++)
			claims[count++] =
				(struct ref_claim){ 2 * (u64)k + 1, backends[i].weight, i };
	}
	qsort(claims, count, sizeof(*claims), ref_claim_cmp);
	for (i = 0; i < count; i++) {
		place = claims[i].place;
		while (base[at[place]] != REF_EMPTY)
			at[place] = (at[place] + backends[place].skip) % size;
		base[at[place]] = place;
	}
	free(at);
	free(quota);
	free(claims);
}

static inline u64 ref_digest(const u16 *table, u32 size, enum maglev_mode mode,
			     const struct maglev_backend *backends)
{
	u64 sum = size + ref_mix64(mode == MAGLEV_MODE_SOURCE ? 1 : 0);
	u64 id;
	u32 s;

	for (s = 0; s < size; s++) {
		id = table[s] == REF_EMPTY ? 0 : backends[table[s]].id;
		sum += ref_mix64(id + s * REF_GOLDEN_RATIO);
	}
	return sum;
}

/* What the text calls f, its candidates, and the slots those own in the base table. */
struct ref_overlay {
	const u16 *base;
	u32 size;
	const struct maglev_backend *backends;
	bool *candidate;
	u16 first; /* candidate in order, or REF_EMPTY */
	u32 *slots; /* whose base owner is a candidate, ascending */
	u32 count;
};

static inline bool ref_served(const struct ref_overlay *o, u32 slot)
{
	const struct maglev_backend *owner = &o->backends[o->base[slot]];

	return owner->state == MAGLEV_UP &&
	       ref_reduce(ref_mix64(owner->seed + ((u64)slot << 8)), 100) < owner->share;
}

/* The 64 draws; REF_EMPTY if all fail. */
static inline u16 ref_draw(const struct ref_overlay *o, u32 slot)
{
	u64 seed = o->backends[o->base[slot]].seed;
	u32 k, t;

	for (k = 1; k <= REF_DRAWS; k++) {
		t = ref_reduce(ref_mix64(seed + ((u64)slot << 8) + k), o->size);
		if (ref_served(o, t))
			return o->base[t];
	}
	return REF_EMPTY;
}

/* Base owner of the first of slots s + 1, s + 2, ... (mod M) whose owner is a candidate. */
static inline u16 ref_next(const struct ref_overlay *o, u32 slot)
{
	u32 low = 0, high = o->count, middle;

	if (!o->count)
		return o->first;
	while (low < high) {
		middle = (low + high) / 2;
		if (o->slots[middle] > slot)
			high = middle;
		else
			low = middle + 1;
	}
	return o->base[o->slots[low == o->count ? 0 : low]];
}

static inline u16 ref_answer(const struct ref_overlay *o, u32 slot)
{
	u16 drawn;

	if (o->first == REF_EMPTY)
		return REF_EMPTY;
	if (ref_served(o, slot))
		return o->base[slot];
	drawn = ref_draw(o, slot);
	return drawn == REF_EMPTY ? ref_next(o, slot) : drawn;
}

static inline void ref_overlay_init(struct ref_overlay *o, const u16 *base, u32 size,
				    const struct maglev_backend *backends, u32 n)
{
	bool any_share = false;
	u32 i;

	*o = (struct ref_overlay){ base, size, backends, NULL, REF_EMPTY, NULL, 0 };
	o->candidate = calloc(n + 1, sizeof(*o->candidate));
	o->slots = calloc(size, sizeof(*o->slots));
	for (i = 0; i < n; i++)
		if (backends[i].state == MAGLEV_UP && backends[i].share > 0)
			any_share = true;
	for (i = 0; i < n; i++) {
		o->candidate[i] = backends[i].state == MAGLEV_UP &&
				  (backends[i].share > 0 || !any_share);
		if (o->candidate[i] && o->first == REF_EMPTY)
			o->first = i;
	}
	for (i = 0; n && i < size; i++)
		if (o->candidate[base[i]])
			o->slots[o->count++] = i;
}

static inline void ref_overlay_fini(struct ref_overlay *o)
{
	free(o->candidate);
	free(o->slots);
}

static inline void ref_live(u16 *live, const u16 *base, u32 size,
			    const struct maglev_backend *backends, u32 n)
{
	struct ref_overlay overlay;
	u32 s;

	ref_overlay_init(&overlay, base, size, backends, n);
	for (s = 0; s < size; s++)
		live[s] = ref_answer(&overlay, s);
	ref_overlay_fini(&overlay);
}

#endif
