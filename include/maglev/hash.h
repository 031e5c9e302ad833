/* SPDX-License-Identifier: GPL-2.0-only */
/* Keyed hashing: SipHash under the cluster key, and the mixers the table is made of. */
#ifndef MAGLEV_HASH_H
#define MAGLEV_HASH_H

#include <maglev/env.h>

enum {
	MAGLEV_KEY_BYTES = 16,
	MAGLEV_KEY_DIGITS = 2 * MAGLEV_KEY_BYTES,
};

/**
 * struct maglev_key - the 128-bit cluster secret K
 * @word: the key's 16 bytes as two little-endian words
 *
 * The same on every balancer of a cluster. All zero works and protects nobody.
 */
struct maglev_key {
	u64 word[2];
};

/**
 * maglev_key_parse() - read a key written as hex digits
 * @key: where the key goes; untouched on failure
 * @digits: text, ended by NUL
 *
 * The digits are the key's bytes in order: "000102...0f" is the key of SipHash's
 * reference vectors. Any context.
 *
 * Return: 0, or -EINVAL unless @digits are exactly 32 hex digits.
 */
int maglev_key_parse(struct maglev_key *key, const char *digits);

/**
 * maglev_key_bytes() - write a key as messages hold it
 * @key: the key
 * @bytes: its MAGLEV_KEY_BYTES bytes, in order, are written here
 *
 * Any context.
 */
static inline void maglev_key_bytes(const struct maglev_key *key, u8 *bytes)
{
	u32 i;

	for (i = 0; i < MAGLEV_KEY_BYTES; i++)
		bytes[i] = key->word[i / 8] >> (i % 8 * 8);
}

/**
 * maglev_siphash13() - SipHash-1-3 with a 64-bit result
 * @key: the cluster key
 * @data: bytes to hash, any alignment
 * @len: how many
 *
 * The reference algorithm (Aumasson and Bernstein 2012), not the kernel's hsiphash.
 * One compression round, three final ones: the hash of flows. Any context.
 *
 * Return: the hash.
 */
u64 maglev_siphash13(const struct maglev_key *key, const void *data, size_t len);

/**
 * maglev_siphash24() - SipHash-2-4 with a 64-bit result
 * @key: the cluster key
 * @data: bytes to hash, any alignment
 * @len: how many
 *
 * The hash of backends and of the key itself: computed once, off the packet path.
 *
 * Return: the hash.
 */
u64 maglev_siphash24(const struct maglev_key *key, const void *data, size_t len);

/**
 * maglev_key_check() - what may be shown of a key
 * @key: the cluster key
 *
 * Two balancers show the same value iff they hold the same key (but for a chance of
 * 2^-64); the key cannot be found from it.
 *
 * Return: mix64(SipHash-2-4(K, 24 zero bytes)).
 */
u64 maglev_key_check(const struct maglev_key *key);

/**
 * maglev_mix64() - splitmix64's finalizer
 * @x: any number
 *
 * Return: @x with every input bit spread over all output bits; a bijection.
 */
static inline u64 maglev_mix64(u64 x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/**
 * maglev_reduce() - map a hash to 0 .. @range - 1 without a division
 * @hash: a hash; its upper 32 bits count
 * @range: size of the range
 *
 * Return: the hash's place in the range; uneven by at most @range / 2^32.
 */
static inline u32 maglev_reduce(u64 hash, u32 range)
{
	return ((hash >> 32) * range) >> 32;
}

#endif
