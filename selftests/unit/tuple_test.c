// SPDX-License-Identifier: GPL-2.0-only
/* Flows as bytes, their hash h, and hs that chooses the slot in either mode. */
#include "fixture.h"
#include "reference.h"
#include "vectors.h"

/* What mode source makes of the vector flows: no golden in the design, derived from its text. */
static const u64 source_hash[VECTOR_FLOWS] = { 0x31728e04a306dbc7ULL, 0x933a1d22e51cbb85ULL };

static void tuple_of_ipv4_is_16_bytes_in_order(void **state)
{
	static const u8 expected[16] = { 198,  51,   100, 7,  192, 0, 2, 10,
					 0x10, 0x92, 0,	  80, 6,   0, 0, 0 };
	struct maglev_tuple tuple;

	(void)state;
	memset(&tuple, 0xff, sizeof(tuple));
	vector_flow_init(&tuple, 0);
	assert_int_equal(tuple.len, sizeof(expected));
	assert_memory_equal(tuple.byte, expected, sizeof(expected));
}

static void tuple_of_ipv6_is_40_bytes_in_order(void **state)
{
	static const u8 tail[8] = { 0x10, 0x92, 0x01, 0xbb, 17, 0, 0, 0 };
	struct maglev_tuple tuple;

	(void)state;
	memset(&tuple, 0xff, sizeof(tuple));
	vector_flow_init(&tuple, 1);
	assert_int_equal(tuple.len, 40);
	assert_memory_equal(tuple.byte, vector_flow[1].saddr, 16);
	assert_memory_equal(tuple.byte + 16, vector_flow[1].daddr, 16);
	assert_memory_equal(tuple.byte + 32, tail, sizeof(tail));
}

static void tuple_takes_addresses_of_any_alignment(void **state)
{
	struct maglev_tuple tuple, expected;
	u8 packet[1 + 32];

	(void)state;
	memcpy(packet + 1, vector_flow[1].saddr, 16);
	memcpy(packet + 17, vector_flow[1].daddr, 16);
	vector_flow_init(&expected, 1);
	maglev_tuple_init(&tuple, 16, packet + 1, packet + 17, __cpu_to_be16(4242),
			  __cpu_to_be16(443), 17);
	assert_memory_equal(tuple.byte, expected.byte, 40);
}

static void flow_hash_equals_golden(void **state)
{
	struct maglev_tuple tuple;
	u32 i;

	(void)state;
	for (i = 0; i < VECTOR_FLOWS; i++) {
		vector_flow_init(&tuple, i);
		assert_int_equal(maglev_tuple_hash(&tuple, &vector_key), vector_flow[i].hash);
	}
}

static void flow_slot_equals_golden(void **state)
{
	struct maglev_tuple tuple;
	u64 hs;
	u32 i;

	(void)state;
	for (i = 0; i < VECTOR_FLOWS; i++) {
		vector_flow_init(&tuple, i);
		hs = maglev_tuple_slot_hash(&tuple, MAGLEV_MODE_TUPLE, &vector_key);
		assert_int_equal(maglev_reduce(hs, VECTOR_FLOW_SIZE), vector_flow[i].slot);
	}
}

static void slot_hash_in_mode_tuple_is_the_flow_hash(void **state)
{
	struct maglev_tuple tuple;
	u32 i;

	(void)state;
	for (i = 0; i < VECTOR_FLOWS; i++) {
		vector_flow_init(&tuple, i);
		assert_int_equal(maglev_tuple_slot_hash(&tuple, MAGLEV_MODE_TUPLE, &vector_key),
				 vector_flow[i].hash);
	}
}

static void slot_hash_in_mode_source_equals_vectors(void **state)
{
	struct maglev_tuple tuple;
	u32 i;

	(void)state;
	for (i = 0; i < VECTOR_FLOWS; i++) {
		vector_flow_init(&tuple, i);
		assert_int_equal(maglev_tuple_slot_hash(&tuple, MAGLEV_MODE_SOURCE, &vector_key),
				 source_hash[i]);
	}
}

static u32 addr_len_of(bool v6)
{
	return v6 ? MAGLEV_IPV6_BYTES : MAGLEV_IPV4_BYTES;
}

static void slot_hash_in_mode_source_sees_the_client_alone(void **state)
{
	struct maglev_tuple tuple;
	struct random random;
	u8 saddr[16], daddr[16];
	u64 first = 0, hs;
	u32 i, v6;

	(void)state;
	random_init(&random, __func__);
	random_fill(&random, saddr, sizeof(saddr));
	for (v6 = 0; v6 < 2; v6++) {
		for (i = 0; i < 100; i++) {
			random_fill(&random, daddr, sizeof(daddr));
			maglev_tuple_init(&tuple, addr_len_of(v6), saddr, daddr,
					  random_u64(&random), random_u64(&random),
					  random_u64(&random));
			hs = maglev_tuple_slot_hash(&tuple, MAGLEV_MODE_SOURCE, &vector_key);
			first = i ? first : hs;
			assert_int_equal(hs, first);
		}
	}
}

static void slot_hash_in_mode_source_sees_every_bit_of_the_client(void **state)
{
	struct maglev_tuple tuple;
	u32 bit, v6;
	u64 hs;

	(void)state;
	for (v6 = 0; v6 < 2; v6++) {
		for (bit = 0; bit < 8 * addr_len_of(v6); bit++) {
			vector_flow_init(&tuple, v6);
			tuple.byte[bit / 8] ^= 1 << bit % 8;
			hs = maglev_tuple_slot_hash(&tuple, MAGLEV_MODE_SOURCE, &vector_key);
			assert_int_not_equal(hs, source_hash[v6]);
		}
	}
}

static void flow_hash_sees_every_bit_of_the_flow(void **state)
{
	struct maglev_tuple tuple;
	u32 bit, v6;

	(void)state;
	for (v6 = 0; v6 < 2; v6++) {
		for (bit = 0; bit < (v6 ? 320 : 128); bit++) {
			vector_flow_init(&tuple, v6);
			tuple.byte[bit / 8] ^= 1 << bit % 8;
			assert_int_not_equal(maglev_tuple_hash(&tuple, &vector_key),
					     vector_flow[v6].hash);
		}
	}
}

static void flow_hash_equals_naive_for_random_flows(void **state)
{
	u8 text[40], addr[2][16], protocol;
	struct maglev_tuple tuple;
	struct maglev_key key;
	struct random random;
	__be16 port[2];
	u32 i, len;

	(void)state;
	random_init(&random, __func__);
	for (i = 0; i < 10000; i++) {
		len = addr_len_of(random_below(&random, 2));
		random_fill(&random, addr, sizeof(addr));
		random_fill(&random, port, sizeof(port));
		random_fill(&random, &key, sizeof(key));
		random_fill(&random, &tuple, sizeof(tuple));
		protocol = random_u64(&random);
		memset(text, 0, sizeof(text));
		memcpy(text, addr[0], len);
		memcpy(text + len, addr[1], len);
		memcpy(text + 2 * len, port, sizeof(port));
		text[2 * len + 4] = protocol;
		maglev_tuple_init(&tuple, len, addr[0], addr[1], port[0], port[1], protocol);
		assert_int_equal(maglev_tuple_hash(&tuple, &key),
				 ref_siphash(1, 3, &key, text, 2 * len + 8));
		memset(text + len, 0, sizeof(text) - len);
		assert_int_equal(maglev_tuple_slot_hash(&tuple, MAGLEV_MODE_SOURCE, &key),
				 ref_siphash(1, 3, &key, text, 2 * len + 8));
	}
}

static void mapped_and_plain_ipv4_are_different_flows(void **state)
{
	static const u8 mapped[2][16] = {
		{ [10] = 0xff, 0xff, 198, 51, 100, 7 },
		{ [10] = 0xff, 0xff, 192, 0, 2, 10 },
	};
	struct maglev_tuple tuple;

	(void)state;
	maglev_tuple_init(&tuple, 16, mapped[0], mapped[1], __cpu_to_be16(4242), __cpu_to_be16(80),
			  6);
	assert_int_not_equal(maglev_tuple_hash(&tuple, &vector_key), vector_flow[0].hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tuple_of_ipv4_is_16_bytes_in_order),
		cmocka_unit_test(tuple_of_ipv6_is_40_bytes_in_order),
		cmocka_unit_test(tuple_takes_addresses_of_any_alignment),
		cmocka_unit_test(flow_hash_equals_golden),
		cmocka_unit_test(flow_slot_equals_golden),
		cmocka_unit_test(slot_hash_in_mode_tuple_is_the_flow_hash),
		cmocka_unit_test(slot_hash_in_mode_source_equals_vectors),
		cmocka_unit_test(slot_hash_in_mode_source_sees_the_client_alone),
		cmocka_unit_test(slot_hash_in_mode_source_sees_every_bit_of_the_client),
		cmocka_unit_test(flow_hash_sees_every_bit_of_the_flow),
		cmocka_unit_test(flow_hash_equals_naive_for_random_flows),
		cmocka_unit_test(mapped_and_plain_ipv4_are_different_flows),
	};

	return run_unit_tests("tuple", tests);
}
