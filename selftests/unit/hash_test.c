// SPDX-License-Identifier: GPL-2.0-only
/* Keys, SipHash against the reference's vectors and a naive one, mixers, fair slots. */
#include "fixture.h"
#include "reference.h"
#include "vectors.h"

static const u8 *counting_bytes(void)
{
	static u8 bytes[64];
	u32 i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = i;
	return bytes;
}

static void siphash24_equals_reference_vectors(void **state)
{
	u32 len;

	(void)state;
	for (len = 0; len < 64; len++)
		assert_int_equal(maglev_siphash24(&vector_key, counting_bytes(), len),
				 vector_siphash24[len]);
}

static void siphash13_equals_vectors(void **state)
{
	u32 len;

	(void)state;
	for (len = 0; len < 64; len++)
		assert_int_equal(maglev_siphash13(&vector_key, counting_bytes(), len),
				 vector_siphash13[len]);
}

static void siphash_takes_any_alignment(void **state)
{
	u8 memory[64 + 8];
	u32 shift;

	(void)state;
	for (shift = 0; shift < 8; shift++) {
		memcpy(memory + shift, counting_bytes(), 63);
		assert_int_equal(maglev_siphash24(&vector_key, memory + shift, 63),
				 vector_siphash24[63]);
		assert_int_equal(maglev_siphash13(&vector_key, memory + shift, 63),
				 vector_siphash13[63]);
	}
}

/* Memory of the exact length: ASan reports a byte read beyond it. Past 255 the length wraps. */
static void siphash_equals_naive_at_every_length(void **state)
{
	struct maglev_key key;
	struct random random;
	u32 len;
	u8 *data;

	(void)state;
	random_init(&random, __func__);
	for (len = 0; len < 600; len++) {
		data = test_alloc(len);
		random_fill(&random, data, len);
		random_fill(&random, &key, sizeof(key));
		assert_int_equal(maglev_siphash13(&key, data, len),
				 ref_siphash(1, 3, &key, data, len));
		assert_int_equal(maglev_siphash24(&key, data, len),
				 ref_siphash(2, 4, &key, data, len));
		free(data);
	}
}

static void siphash_depends_on_both_key_words(void **state)
{
	struct maglev_key key = vector_key;

	(void)state;
	key.word[0] ^= 1ULL << 63;
	assert_int_not_equal(maglev_siphash13(&key, "x", 1), maglev_siphash13(&vector_key, "x", 1));
	key = vector_key;
	key.word[1] ^= 1;
	assert_int_not_equal(maglev_siphash13(&key, "x", 1), maglev_siphash13(&vector_key, "x", 1));
}

static void key_parse_reads_bytes_in_order(void **state)
{
	struct maglev_key key;

	(void)state;
	assert_int_equal(maglev_key_parse(&key, VECTOR_KEY_TEXT), 0);
	assert_memory_equal(&key, &vector_key, sizeof(key));
	assert_int_equal(maglev_key_parse(&key, "0123456789abcdeffedcba9876543210"), 0);
	assert_int_equal(key.word[0], 0xefcdab8967452301ULL);
	assert_int_equal(key.word[1], 0x1032547698badcfeULL);
}

static void key_bytes_are_those_that_were_parsed(void **state)
{
	u8 bytes[MAGLEV_KEY_BYTES];
	struct maglev_key key;
	u32 i;

	(void)state;
	assert_int_equal(maglev_key_parse(&key, VECTOR_KEY_TEXT), 0);
	maglev_key_bytes(&key, bytes);
	for (i = 0; i < MAGLEV_KEY_BYTES; i++)
		assert_int_equal(bytes[i], i);
}

static void key_parse_takes_upper_case(void **state)
{
	struct maglev_key lower, upper;

	(void)state;
	assert_int_equal(maglev_key_parse(&lower, "abcdefabcdefabcdefabcdefabcdef09"), 0);
	assert_int_equal(maglev_key_parse(&upper, "ABCDEFabcdefABCDEFabcdefABCDEF09"), 0);
	assert_memory_equal(&lower, &upper, sizeof(lower));
}

static void assert_key_refused(const char *text)
{
	size_t len = strlen(text) + 1;
	char *exact = test_alloc(len);
	struct maglev_key key, before;

	memcpy(exact, text, len);
	memset(&key, 0x5a, sizeof(key));
	before = key;
	assert_int_equal(maglev_key_parse(&key, exact), -EINVAL);
	assert_memory_equal(&key, &before, sizeof(key));
	free(exact);
}

static void key_parse_refuses_every_other_length(void **state)
{
	char text[80];
	u32 len;

	(void)state;
	for (len = 0; len < sizeof(text) - 1; len++) {
		if (len == MAGLEV_KEY_DIGITS)
			continue;
		memset(text, '7', len);
		text[len] = '\0';
		assert_key_refused(text);
	}
}

static void key_parse_refuses_all_but_hex_digits_anywhere(void **state)
{
	char text[] = VECTOR_KEY_TEXT;
	u32 at, byte;
	char kept;

	(void)state;
	for (at = 0; at < MAGLEV_KEY_DIGITS; at++) {
		kept = text[at];
		for (byte = 1; byte < 256; byte++) {
			if (strchr("0123456789abcdefABCDEF", byte))
				continue;
			text[at] = (char)byte;
			assert_key_refused(text);
		}
		text[at] = kept;
	}
}

static void key_parse_refuses_decoration(void **state)
{
	(void)state;
	assert_key_refused("0x" VECTOR_KEY_TEXT);
	assert_key_refused("0x0102030405060708090a0b0c0d0e0f");
	assert_key_refused(" " VECTOR_KEY_TEXT);
	assert_key_refused(VECTOR_KEY_TEXT "\n");
}

static void key_check_equals_golden(void **state)
{
	(void)state;
	assert_int_equal(maglev_key_check(&vector_key), VECTOR_KEY_CHECK);
}

static void key_check_equals_its_definition(void **state)
{
	u8 zeros[24] = { 0 };
	struct maglev_key key;
	struct random random;
	u32 i;

	(void)state;
	random_init(&random, __func__);
	memset(&key, 0, sizeof(key));
	for (i = 0; i < 100; i++) {
		assert_int_equal(maglev_key_check(&key),
				 ref_mix64(ref_siphash(2, 4, &key, zeros, sizeof(zeros))));
		random_fill(&random, &key, sizeof(key));
	}
}

/* The first outputs of splitmix64 seeded with 0 and with 1234567. */
static void mix64_is_the_finalizer_of_splitmix64(void **state)
{
	const u64 step = 0x9e3779b97f4a7c15ULL;

	(void)state;
	assert_int_equal(maglev_mix64(0), 0);
	assert_int_equal(maglev_mix64(step), 0xe220a8397b1dcdafULL);
	assert_int_equal(maglev_mix64(1234567 + step), 6457827717110365317ULL);
	assert_int_equal(maglev_mix64(1234567 + 2 * step), 3203168211198807973ULL);
}

static void reduce_stays_in_range(void **state)
{
	(void)state;
	assert_int_equal(maglev_reduce(0, 65537), 0);
	assert_int_equal(maglev_reduce(~0ULL, 65537), 65536);
	assert_int_equal(maglev_reduce(~0ULL, 0xffffffffU), 0xfffffffeU);
	assert_int_equal(maglev_reduce(~0ULL, 1), 0);
}

static void reduce_takes_the_upper_half_alone(void **state)
{
	(void)state;
	assert_int_equal(maglev_reduce(0x00000000ffffffffULL, 1048573), 0);
	assert_int_equal(maglev_reduce(0x8000000000000000ULL, 1048573), 524286);
	assert_int_equal(maglev_reduce(0x80000000ffffffffULL, 1048573), 524286);
}

/* Clients count up, as they do: 10^6 tuples, two sizes, within 5 standard deviations. */
static void slots_of_flows_are_evenly_spread(void **state)
{
	static const u32 sizes[] = { 251, 65537 };
	const u32 flows = 1000000;
	struct maglev_tuple tuple;
	double chi, mean, excess;
	u32 i, m, slot, saddr;
	u32 *hits;

	(void)state;
	for (m = 0; m < ARRAY_SIZE(sizes); m++) {
		hits = calloc(sizes[m], sizeof(*hits));
		for (i = 0; i < flows; i++) {
			saddr = __cpu_to_be32(0x0a000000 + i / 100);
			maglev_tuple_init(&tuple, 4, &saddr, "\xc0\0\x02\x0a",
					  __cpu_to_be16(1024 + i % 100), __cpu_to_be16(80), 6);
			slot = maglev_reduce(maglev_tuple_hash(&tuple, &vector_key), sizes[m]);
			assert_in_range(slot, 0, sizes[m] - 1);
			hits[slot]++;
		}
		mean = (double)flows / sizes[m];
		for (chi = 0, i = 0; i < sizes[m]; i++)
			chi += (hits[i] - mean) * (hits[i] - mean) / mean;
		free(hits);
		excess = chi - (sizes[m] - 1); /* its variance is twice its mean */
		if (excess * excess > 25 * 2.0 * (sizes[m] - 1))
			fail_msg("M=%u: chi-square %.0f", sizes[m], chi);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash24_equals_reference_vectors),
		cmocka_unit_test(siphash13_equals_vectors),
		cmocka_unit_test(siphash_takes_any_alignment),
		cmocka_unit_test(siphash_equals_naive_at_every_length),
		cmocka_unit_test(siphash_depends_on_both_key_words),
		cmocka_unit_test(key_parse_reads_bytes_in_order),
		cmocka_unit_test(key_bytes_are_those_that_were_parsed),
		cmocka_unit_test(key_parse_takes_upper_case),
		cmocka_unit_test(key_parse_refuses_every_other_length),
		cmocka_unit_test(key_parse_refuses_all_but_hex_digits_anywhere),
		cmocka_unit_test(key_parse_refuses_decoration),
		cmocka_unit_test(key_check_equals_golden),
		cmocka_unit_test(key_check_equals_its_definition),
		cmocka_unit_test(mix64_is_the_finalizer_of_splitmix64),
		cmocka_unit_test(reduce_stays_in_range),
		cmocka_unit_test(reduce_takes_the_upper_half_alone),
		cmocka_unit_test(slots_of_flows_are_evenly_spread),
	};

	return run_unit_tests("hash", tests);
}
