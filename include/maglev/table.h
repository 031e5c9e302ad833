/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The Maglev lookup table: a base table that only configuration decides, and the live
 * table that states and shares make of it, moving slots only from or to the backend
 * that changed. Normative in the design, section 3: every balancer of a cluster gets
 * these bytes. All memory is the caller's; any context, but a build takes milliseconds.
 */
#ifndef MAGLEV_TABLE_H
#define MAGLEV_TABLE_H

#include <maglev/tuple.h>

enum {
	MAGLEV_SIZE_MIN = 251,
	MAGLEV_SIZE_MAX = 1048573,
	MAGLEV_SIZE_DEFAULT = 65537,
	MAGLEV_BACKENDS_MAX = 65534,
	MAGLEV_SHARE_MAX = 100, /* percent of the nominal weight */
	MAGLEV_DRAWS = 64, /* slots a displaced slot asks before it gives up */
	MAGLEV_SLOTS_PER_BACKEND = 100, /* below this shares differ by over 1 % (paper 3.4) */
	MAGLEV_EMPTY = 0xffff, /* owner of a slot that nobody serves */
};

#define MAGLEV_WEIGHT_MAX 0x7fffffffU

/**
 * enum maglev_state - may a backend take new flows, keep old ones?
 * @MAGLEV_UP: both
 * @MAGLEV_DRAIN: it keeps what it has
 * @MAGLEV_DOWN: neither
 *
 * Ordered: the worst of several sources is the largest.
 */
enum maglev_state {
	MAGLEV_UP = 0,
	MAGLEV_DRAIN = 1,
	MAGLEV_DOWN = 2,
};

/**
 * struct maglev_backend - a backend as the table sees it
 * @addr: IPv6 address, or IPv4 as ::ffff:a.b.c.d, network order
 * @port: network order
 * @state: enum maglev_state, the effective one
 * @share: percent of @weight it gets now, 0 .. MAGLEV_SHARE_MAX
 * @weight: nominal weight, 1 .. MAGLEV_WEIGHT_MAX
 * @id: derived: what it adds to digests
 * @seed: derived: where its displaced slots go
 * @offset: derived: its first preferred slot
 * @skip: derived: from each preferred slot to the next, 1 .. size - 1
 *
 * Arrays of them stand in the order of maglev_backend_cmp(); the index is the
 * backend's place.
 */
struct maglev_backend {
	u8 addr[MAGLEV_IPV6_BYTES];
	__be16 port;
	u8 state;
	u8 share;
	u32 weight;
	u64 id;
	u64 seed;
	u32 offset;
	u32 skip;
};

/**
 * maglev_backend_init() - fill in who a backend is; it is up, has its whole share
 * @backend: what to fill; weight and everything derived are 0
 * @addr_len: bytes of the address: MAGLEV_IPV4_BYTES or MAGLEV_IPV6_BYTES
 * @addr: the address, network order; not a v4-mapped one, which the caller refuses
 * @port: network order
 */
void maglev_backend_init(struct maglev_backend *backend, u32 addr_len, const void *addr,
			 __be16 port);

/**
 * maglev_backend_cmp() - the canonical order: by address, then port, bytewise
 * @a: a backend
 * @b: another
 *
 * Return: below, equal to or above 0, as memcmp().
 */
int maglev_backend_cmp(const struct maglev_backend *a, const struct maglev_backend *b);

/**
 * maglev_backend_derive() - find id, seed, offset and skip from address and port
 * @backend: address and port are read, the rest written
 * @key: the cluster key
 * @size: slots of the table, M
 */
void maglev_backend_derive(struct maglev_backend *backend, const struct maglev_key *key, u32 size);

/**
 * maglev_size_valid() - is this a table size we take?
 * @size: slots
 *
 * Return: true for primes from MAGLEV_SIZE_MIN to MAGLEV_SIZE_MAX.
 */
bool maglev_size_valid(u32 size);

/**
 * maglev_size_nearest() - the valid size to suggest instead of a wrong one
 * @size: any number
 *
 * Return: the nearest valid size; of two, the larger.
 */
u32 maglev_size_nearest(u32 size);

/**
 * maglev_base_scratch() - work memory maglev_base_build() needs
 * @size: slots, M
 * @n: backends
 *
 * Return: bytes; M / 8, and 364 a backend around a thousand, falling to 112.
 */
size_t maglev_base_scratch(u32 size, u32 n);

/**
 * maglev_base_build() - build the base table
 * @base: @size entries, written: the place of each slot's owner
 * @size: slots, M; a prime (not checked: see maglev_size_valid())
 * @backends: in canonical order; offset, skip and weight are read
 * @n: how many; with 0 every slot is MAGLEV_EMPTY
 * @scratch: maglev_base_scratch() bytes, aligned to 8
 *
 * Paper section 3.4 with weights: the k-th claim of a backend of weight w happens at
 * time (2k+1)/w, ties by place, until floor or ceil of its proportional quota is
 * reached; a claim takes the first free slot of the backend's permutation.
 *
 * Return: 0; -EINVAL if @n exceeds @size or MAGLEV_BACKENDS_MAX, or a weight, offset or
 * skip is out of range (@base is then untouched).
 */
int maglev_base_build(u16 *base, u32 size, const struct maglev_backend *backends, u32 n,
		      void *scratch);

/**
 * maglev_table_digest() - the fingerprint of a table
 * @table: base or live table
 * @size: slots, M
 * @mode: of the service
 * @backends: id is read
 *
 * Return: M + mix64(mode) + sum over slots s of mix64(id of s's owner + s * golden
 * ratio), id 0 where empty. The sum is blind to the places of backends.
 */
u64 maglev_table_digest(const u16 *table, u32 size, enum maglev_mode mode,
			const struct maglev_backend *backends);

/**
 * maglev_any_overlaid() - does the live table differ from the base table, or may it?
 * @backends: state and share are read
 * @n: how many
 */
bool maglev_any_overlaid(const struct maglev_backend *backends, u32 n);

/**
 * maglev_live_scratch() - work memory maglev_live_build() needs
 * @n: backends
 *
 * Return: bytes.
 */
size_t maglev_live_scratch(u32 n);

/**
 * maglev_live_build() - lay states and shares over a base table
 * @live: @size entries, written whole
 * @base: the base table
 * @size: slots, M
 * @backends: state, share, seed and id are read
 * @n: how many
 * @digest: in: @base's digest; out: @live's; corrected at changed slots only
 * @scratch: maglev_live_scratch() bytes
 *
 * Depends on nothing but its arguments: any order of events that leads to the same
 * states and shares leads to the same table.
 *
 * Return: slots where @live differs from @base.
 */
u32 maglev_live_build(u16 *live, const u16 *base, u32 size, const struct maglev_backend *backends,
		      u32 n, u64 *digest, void *scratch);

/**
 * maglev_slot_served() - does an up backend serve this slot of its own?
 * @backend: the slot's base owner
 * @slot: the slot
 *
 * Return: true for the @share percent of slots it keeps; always the same ones, and
 * never one less when the share grows.
 */
static inline bool maglev_slot_served(const struct maglev_backend *backend, u32 slot)
{
	return backend->share >= MAGLEV_SHARE_MAX ||
	       maglev_reduce(maglev_mix64(backend->seed + ((u64)slot << 8)), MAGLEV_SHARE_MAX) <
		       backend->share;
}

/**
 * maglev_slot_walk() - who answers for a slot whose owner does not?
 * @base: the base table
 * @size: slots, M
 * @backends: seed and share are read
 * @slot: the slot
 * @can_take: may the backend at this place take the flow?
 * @ctx: passed to @can_take
 *
 * Asks up to MAGLEV_DRAWS slots drawn from the owner's seed. Packet path: bounded,
 * touches one line of @base and one of @backends a draw; RCU held where they need it.
 *
 * Return: the place of the first owner that serves the slot drawn and can take the
 * flow, or MAGLEV_EMPTY.
 */
u16 maglev_slot_walk(const u16 *base, u32 size, const struct maglev_backend *backends, u32 slot,
		     bool (*can_take)(const void *ctx, u16 place), const void *ctx);

#endif
