// SPDX-License-Identifier: GPL-2.0-only
/*
 * SipHash (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012) with one or
 * two compression rounds, and how a cluster key is read and shown. Pure functions.
 */
#include <maglev/hash.h>

struct siphash {
	u64 v0, v1, v2, v3;
};

static inline u64 rotate_left(u64 x, unsigned int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void sip_rounds(struct siphash *s, unsigned int rounds)
{
	while (rounds--) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rotate_left(s->v1, 13) ^ s->v0;
		s->v3 = rotate_left(s->v3, 16) ^ s->v2;
		s->v0 = rotate_left(s->v0, 32) + s->v3;
		s->v2 += s->v1;
		s->v1 = rotate_left(s->v1, 17) ^ s->v2;
		s->v3 = rotate_left(s->v3, 21) ^ s->v0;
		s->v2 = rotate_left(s->v2, 32);
	}
}

static inline void sip_word(struct siphash *s, u64 word, unsigned int rounds)
{
	s->v3 ^= word;
	sip_rounds(s, rounds);
	s->v0 ^= word;
}

/* Inlined with constant @rounds and @finals: one function, two unrolled copies. */
static inline u64 siphash(const struct maglev_key *key, const void *data, size_t len,
			  unsigned int rounds, unsigned int finals)
{
	struct siphash s = {
		.v0 = key->word[0] ^ 0x736f6d6570736575ULL,
		.v1 = key->word[1] ^ 0x646f72616e646f6dULL,
		.v2 = key->word[0] ^ 0x6c7967656e657261ULL,
		.v3 = key->word[1] ^ 0x7465646279746573ULL,
	};
	const u8 *byte = data;
	size_t left;
	u64 word;

	for (left = len; left >= sizeof(word); left -= sizeof(word)) {
		memcpy(&word, byte, sizeof(word));
		sip_word(&s, le64_to_cpu((__force __le64)word), rounds);
		byte += sizeof(word);
	}
	word = (u64)len << 56;
	while (left--)
		word |= (u64)byte[left] << (8 * left);
	sip_word(&s, word, rounds);
	s.v2 ^= 0xff;
	sip_rounds(&s, finals);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

/* Return: the digit's value, or -1. */
static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

u64 maglev_siphash13(const struct maglev_key *key, const void *data, size_t len)
{
	return siphash(key, data, len, 1, 3);
}

u64 maglev_siphash24(const struct maglev_key *key, const void *data, size_t len)
{
	return siphash(key, data, len, 2, 4);
}

u64 maglev_key_check(const struct maglev_key *key)
{
	static const u8 zero[24];

	return maglev_mix64(maglev_siphash24(key, zero, sizeof(zero)));
}

int maglev_key_parse(struct maglev_key *key, const char *digits)
{
	struct maglev_key parsed = {};
	unsigned int i;
	int digit;

	for (i = 0; i < MAGLEV_KEY_DIGITS; i++) {
		digit = hex_digit(digits[i]);
		if (digit < 0)
			return -EINVAL;
		/* byte i / 2 of the key, its upper half first */
		parsed.word[i / 16] |= (u64)digit << (8 * (i / 2 % 8) + 4 * (1 - i % 2));
	}
	if (digits[i])
		return -EINVAL;
	*key = parsed;
	return 0;
}
