// SPDX-License-Identifier: GPL-2.0-only
/*
 * SipHash-1-3 (Aumasson and Bernstein 2012), eight tuples of one length side by side, in the
 * compiler's vectors: it makes AVX-512, AVX2 or SSE2 of them, chosen when the program starts.
 */
#include "siphash.h"

enum {
	LANES = 8,
	LANES_MIN = 3, /* fewer are done sooner one by one */
	IPV4_WORDS = (2 * MAGLEV_IPV4_BYTES + MAGLEV_TUPLE_TAIL_BYTES) / 8,
	IPV6_WORDS = (2 * MAGLEV_IPV6_BYTES + MAGLEV_TUPLE_TAIL_BYTES) / 8,
};

typedef u64 lanes __attribute__((vector_size(8 * LANES)));

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define ROTATE(x, bits) ((x) << (bits) | (x) >> (64 - (bits)))

/* One SipRound on all lanes. */
#define ROUND(v0, v1, v2, v3)             \
	do {                              \
		v0 += v1;                 \
		v2 += v3;                 \
		v1 = ROTATE(v1, 13) ^ v0; \
		v3 = ROTATE(v3, 16) ^ v2; \
		v0 = ROTATE(v0, 32) + v3; \
		v2 += v1;                 \
		v1 = ROTATE(v1, 17) ^ v2; \
		v3 = ROTATE(v3, 21) ^ v0; \
		v2 = ROTATE(v2, 32);      \
	} while (0)

static ALWAYS_INLINE void hash_words(const struct maglev_key *key, const lanes *word, u32 n_words,
				     u64 *hash)
{
	lanes zero = {}, sum;
	lanes v0 = zero + (key->word[0] ^ 0x736f6d6570736575ULL);
	lanes v1 = zero + (key->word[1] ^ 0x646f72616e646f6dULL);
	lanes v2 = zero + (key->word[0] ^ 0x6c7967656e657261ULL);
	lanes v3 = zero + (key->word[1] ^ 0x7465646279746573ULL);
	lanes last = zero + ((u64)n_words * 8 << 56);
	u32 i;

	for (i = 0; i < n_words; i++) {
		v3 ^= word[i];
		ROUND(v0, v1, v2, v3);
		v0 ^= word[i];
	}
	v3 ^= last;
	ROUND(v0, v1, v2, v3);
	v0 ^= last;
	v2 ^= 0xff;
	for (i = 0; i < 3; i++)
		ROUND(v0, v1, v2, v3);
	sum = v0 ^ v1 ^ v2 ^ v3;
	memcpy(hash, &sum, sizeof(sum));
}

__attribute__((target_clones("avx512f", "avx2", "default"))) static void
hash_ipv4(const struct maglev_key *key, const lanes *word, u64 *hash)
{
	hash_words(key, word, IPV4_WORDS, hash);
}

__attribute__((target_clones("avx512f", "avx2", "default"))) static void
hash_ipv6(const struct maglev_key *key, const lanes *word, u64 *hash)
{
	hash_words(key, word, IPV6_WORDS, hash);
}

/* Tuples of one length that wait for their lanes to fill. */
struct group {
	lanes word[IPV6_WORDS];
	u32 place[LANES];
	u32 n;
};

static ALWAYS_INLINE void add(struct group *group, const struct maglev_tuple *tuple, u32 n_words,
			      u32 place)
{
	u64 word;
	u32 i;

	for (i = 0; i < n_words; i++) {
		memcpy(&word, tuple->byte + 8 * i, sizeof(word));
		((u64 *)&group->word[i])[group->n] = le64_to_cpu(word);
	}
	group->place[group->n++] = place;
}

static void finish(struct group *group, bool v6, const struct maglev_key *key,
		   const struct maglev_tuple *const *tuple, u64 *hash)
{
	u64 made[LANES];
	u32 i;

	if (group->n < LANES_MIN) {
		for (i = 0; i < group->n; i++)
			hash[group->place[i]] = maglev_tuple_hash(tuple[group->place[i]], key);
	} else {
		if (v6)
			hash_ipv6(key, group->word, made);
		else
			hash_ipv4(key, group->word, made);
		for (i = 0; i < group->n; i++)
			hash[group->place[i]] = made[i];
	}
	group->n = 0;
}

void siphash_tuples(const struct maglev_key *key, const struct maglev_tuple *const *tuple, u32 n,
		    u64 *hash)
{
	struct group v4, v6;
	u32 i;

	/* Lanes not filled are hashed all the same: whatever is in them. */
	v4.n = 0;
	v6.n = 0;
	for (i = 0; i < n; i++) {
		if (tuple[i]->len == 8 * IPV4_WORDS) {
			add(&v4, tuple[i], IPV4_WORDS, i);
			if (v4.n == LANES)
				finish(&v4, false, key, tuple, hash);
		} else {
			add(&v6, tuple[i], IPV6_WORDS, i);
			if (v6.n == LANES)
				finish(&v6, true, key, tuple, hash);
		}
	}
	finish(&v4, false, key, tuple, hash);
	finish(&v6, true, key, tuple, hash);
}
