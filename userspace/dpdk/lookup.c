// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flow words, in the compiler's vectors: AVX-512, AVX2 or SSE2 by the time the program runs. A lane
 * is read whole, so that what another thread writes is seen before or after, not in between; what
 * was found is read again.
 */
#include "lookup.h"

typedef u64 words __attribute__((vector_size(MAGLEV_LINE_BYTES)));
typedef s64 equals __attribute__((vector_size(MAGLEV_LINE_BYTES)));
typedef signed char bytes __attribute__((vector_size(MAGLEV_LINE_WORDS)));

static_assert(sizeof(words) == MAGLEV_LINE_WORDS * sizeof(u64));

/* Which words hold the hash's 38 bits: a byte each. */
static inline __attribute__((always_inline)) u64 match(const u64 *line, u64 hash)
{
	words different = (*(const words *)line ^ hash) & ~0x3ffffffULL;
	equals equal = different == 0;
	bytes narrow = __builtin_convertvector(equal, bytes);
	u64 matches;

	memcpy(&matches, &narrow, sizeof(matches));
	return matches;
}

/* In which of its two lines a flow is no CPU can foresee: no branches. */
__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"))) void
lookup_words(const struct maglev_flow_table *table, const u64 *hash, u32 n, u64 *word)
{
	u64 in_first, in_second, matches, select, found, wrong;
	size_t first, second;
	const u64 *at;
	u32 i;

	for (i = 0; i < n; i++) {
		first = (size_t)maglev_flow_line(table, hash[i]);
		second = (size_t)maglev_flow_line(table, maglev_mix64(hash[i]));
		in_first = match((const u64 *)first, hash[i]);
		in_second = match((const u64 *)second, hash[i]);
		matches = in_first | in_second;
		select = -(u64)(in_first != 0);
		at = (const u64 *)(second ^ ((first ^ second) & select));
		found = READ_ONCE(at[__builtin_ctzll(matches | 1ULL << 63) / 8]);
		/* Changed meanwhile; not one byte alone; the same one in both, which may be one line. */
		wrong = (found ^ hash[i]) >> 26 | (matches ^ (matches & -matches) * 0xff) |
			(in_first & in_second & -(u64)(first != second));
		word[i] = found & -(u64)(wrong == 0);
	}
}
