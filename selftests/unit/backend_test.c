// SPDX-License-Identifier: GPL-2.0-only
/* Who a backend is, the canonical order, and what derives from identity, key and size. */
#include "fixture.h"
#include "reference.h"
#include "vectors.h"

static void backend_make(struct maglev_backend *backend, u32 addr_len, const void *addr, u16 port)
{
	memset(backend, 0xff, sizeof(*backend));
	maglev_backend_init(backend, addr_len, addr, __cpu_to_be16(port));
}

static void backend_init_maps_ipv4(void **state)
{
	static const u8 expected[16] = { [10] = 0xff, 0xff, 10, 1, 2, 3 };
	struct maglev_backend backend;

	(void)state;
	backend_make(&backend, MAGLEV_IPV4_BYTES, "\x0a\1\2\3", 80);
	assert_memory_equal(backend.addr, expected, sizeof(expected));
}

static void backend_init_keeps_ipv6(void **state)
{
	struct maglev_backend backend;

	(void)state;
	backend_make(&backend, MAGLEV_IPV6_BYTES, vector_backend[3].addr, 80);
	assert_memory_equal(backend.addr, vector_backend[3].addr, 16);
}

static void backend_init_keeps_port_in_network_order(void **state)
{
	struct maglev_backend backend;

	(void)state;
	backend_make(&backend, MAGLEV_IPV4_BYTES, "\x0a\1\2\3", 0x1234);
	assert_memory_equal(&backend.port, "\x12\x34", 2);
}

static void backend_init_makes_it_up_with_whole_share(void **state)
{
	struct maglev_backend backend;

	(void)state;
	backend_make(&backend, MAGLEV_IPV4_BYTES, "\x0a\1\2\3", 80);
	assert_int_equal(backend.state, MAGLEV_UP);
	assert_int_equal(backend.share, MAGLEV_SHARE_MAX);
}

static void backend_init_leaves_weight_and_derived_zero(void **state)
{
	struct maglev_backend backend;

	(void)state;
	backend_make(&backend, MAGLEV_IPV6_BYTES, vector_backend[3].addr, 80);
	assert_int_equal(backend.weight, 0);
	assert_int_equal(backend.id, 0);
	assert_int_equal(backend.seed, 0);
	assert_int_equal(backend.offset, 0);
	assert_int_equal(backend.skip, 0);
}

static void backend_init_takes_addresses_of_any_alignment(void **state)
{
	struct maglev_backend backend;
	u8 packet[17];

	(void)state;
	memcpy(packet + 1, vector_backend[3].addr, 16);
	backend_make(&backend, MAGLEV_IPV6_BYTES, packet + 1, 80);
	assert_memory_equal(backend.addr, packet + 1, 16);
}

static void states_are_ordered_up_drain_down(void **state)
{
	(void)state;
	assert_true(MAGLEV_UP < MAGLEV_DRAIN);
	assert_true(MAGLEV_DRAIN < MAGLEV_DOWN);
}

static int sign_of_cmp(u32 a_len, const void *a_addr, u16 a_port, u32 b_len, const void *b_addr,
		       u16 b_port)
{
	struct maglev_backend a, b;
	int ab, ba;

	backend_make(&a, a_len, a_addr, a_port);
	backend_make(&b, b_len, b_addr, b_port);
	ab = maglev_backend_cmp(&a, &b);
	ba = maglev_backend_cmp(&b, &a);
	assert_int_equal((ab > 0) - (ab < 0), (ba < 0) - (ba > 0));
	return (ab > 0) - (ab < 0);
}

static void order_of_addresses_is_bytewise(void **state)
{
	(void)state;
	assert_int_equal(sign_of_cmp(4, "\x0a\0\0\2", 80, 4, "\x0a\0\1\1", 80), -1);
	assert_int_equal(sign_of_cmp(4, "\x7f\xff\xff\xff", 80, 4, "\x80\0\0\0", 80), -1);
	assert_int_equal(sign_of_cmp(4, "\xff\0\0\0", 80, 4, "\1\0\0\0", 80), 1);
}

static void order_of_ports_is_bytewise(void **state)
{
	(void)state;
	assert_int_equal(sign_of_cmp(4, "\x0a\0\0\1", 255, 4, "\x0a\0\0\1", 256), -1);
	assert_int_equal(sign_of_cmp(4, "\x0a\0\0\1", 32768, 4, "\x0a\0\0\1", 32767), 1);
	assert_int_equal(sign_of_cmp(4, "\x0a\0\0\1", 65535, 4, "\x0a\0\0\1", 1), 1);
}

static void order_looks_at_the_address_before_the_port(void **state)
{
	(void)state;
	assert_int_equal(sign_of_cmp(4, "\x0a\0\0\1", 65535, 4, "\x0a\0\0\2", 1), -1);
}

/* ::1 < ::ffff:10.0.0.1 < 2001:db8::4, as 16 bytes say. */
static void order_mixes_ipv4_and_ipv6_by_their_16_bytes(void **state)
{
	static const u8 one[16] = { [15] = 1 };

	(void)state;
	assert_int_equal(sign_of_cmp(16, one, 80, 4, "\x0a\0\0\1", 80), -1);
	assert_int_equal(sign_of_cmp(4, "\xff\xff\xff\xff", 80, 16, vector_backend[3].addr, 80),
			 -1);
}

static void order_ignores_everything_else(void **state)
{
	struct maglev_backend a, b;

	(void)state;
	memset(&a, 0, sizeof(a));
	memset(&b, 0xff, sizeof(b));
	maglev_backend_init(&a, 4, "\x0a\0\0\1", __cpu_to_be16(80));
	maglev_backend_init(&b, 4, "\x0a\0\0\1", __cpu_to_be16(80));
	b.state = MAGLEV_DOWN;
	b.share = 1;
	b.weight = 5;
	b.id = b.seed = b.offset = b.skip = 9;
	assert_int_equal(maglev_backend_cmp(&a, &b), 0);
}

static void derive_equals_golden(void **state)
{
	struct maglev_backend backends[VECTOR_BACKENDS];
	u32 i;

	(void)state;
	vector_backends_init(backends);
	for (i = 0; i < VECTOR_BACKENDS; i++) {
		assert_int_equal(backends[i].id, vector_backend[i].id);
		assert_int_equal(backends[i].seed, vector_backend[i].seed);
		assert_int_equal(backends[i].offset, vector_backend[i].offset);
		assert_int_equal(backends[i].skip, vector_backend[i].skip);
	}
}

static void derive_equals_naive_for_random_backends(void **state)
{
	static const u32 sizes[] = { 251, 65537, 655373, 1048573 };
	struct maglev_backend backend;
	struct maglev_key key;
	struct random random;
	u8 addr[16];
	u32 i, size;

	(void)state;
	random_init(&random, __func__);
	for (i = 0; i < 10000; i++) {
		random_fill(&random, &key, sizeof(key));
		random_fill(&random, addr, sizeof(addr));
		size = sizes[i % ARRAY_SIZE(sizes)];
		backend_make(&backend, i % 3 ? 4 : 16, addr, random_u64(&random));
		maglev_backend_derive(&backend, &key, size);
		assert_int_equal(backend.id, ref_identity(&backend, &key, 0));
		assert_int_equal(backend.offset, ref_identity(&backend, &key, 1) % size);
		assert_int_equal(backend.skip, ref_identity(&backend, &key, 2) % (size - 1) + 1);
		assert_int_equal(backend.seed, ref_identity(&backend, &key, 3));
	}
}

static void derive_writes_derived_members_alone(void **state)
{
	struct maglev_backend backend, before;

	(void)state;
	backend_make(&backend, 4, "\x0a\0\0\1", 80);
	backend.state = MAGLEV_DRAIN;
	backend.share = 33;
	backend.weight = 77;
	before = backend;
	maglev_backend_derive(&backend, &vector_key, 251);
	assert_memory_equal(backend.addr, before.addr, 16);
	assert_int_equal(backend.port, before.port);
	assert_int_equal(backend.state, MAGLEV_DRAIN);
	assert_int_equal(backend.share, 33);
	assert_int_equal(backend.weight, 77);
}

static void derive_ignores_weight_state_and_share(void **state)
{
	struct maglev_backend plain, other;

	(void)state;
	backend_make(&plain, 4, "\x0a\0\0\1", 80);
	backend_make(&other, 4, "\x0a\0\0\1", 80);
	other.weight = 9;
	other.state = MAGLEV_DOWN;
	other.share = 0;
	maglev_backend_derive(&plain, &vector_key, 251);
	maglev_backend_derive(&other, &vector_key, 251);
	assert_int_equal(plain.id, other.id);
	assert_int_equal(plain.seed, other.seed);
	assert_int_equal(plain.offset, other.offset);
	assert_int_equal(plain.skip, other.skip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(backend_init_maps_ipv4),
		cmocka_unit_test(backend_init_keeps_ipv6),
		cmocka_unit_test(backend_init_keeps_port_in_network_order),
		cmocka_unit_test(backend_init_makes_it_up_with_whole_share),
		cmocka_unit_test(backend_init_leaves_weight_and_derived_zero),
		cmocka_unit_test(backend_init_takes_addresses_of_any_alignment),
		cmocka_unit_test(states_are_ordered_up_drain_down),
		cmocka_unit_test(order_of_addresses_is_bytewise),
		cmocka_unit_test(order_of_ports_is_bytewise),
		cmocka_unit_test(order_looks_at_the_address_before_the_port),
		cmocka_unit_test(order_mixes_ipv4_and_ipv6_by_their_16_bytes),
		cmocka_unit_test(order_ignores_everything_else),
		cmocka_unit_test(derive_equals_golden),
		cmocka_unit_test(derive_equals_naive_for_random_backends),
		cmocka_unit_test(derive_writes_derived_members_alone),
		cmocka_unit_test(derive_ignores_weight_state_and_share),
	};

	return run_unit_tests("backend", tests);
}
