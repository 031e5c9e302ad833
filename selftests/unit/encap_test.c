// SPDX-License-Identifier: GPL-2.0-only
/*
 * Outer headers, byte by byte, in all mixes of versions and kinds of tunnel; and that what we
 * write is what we find again in the ICMP error about it.
 */
#include "packets.h"

#include <maglev/encap.h>

enum {
	INNER_LEN = 1000,
	GOLDEN_MAX = 48,
};

struct golden {
	u32 outer; /* version */
	u32 inner;
	u8 type;
	bool checksum;
	u32 len;
	u8 bytes[GOLDEN_MAX];
};

/* DSCP 46, ECN 2, TTL 63, DF, label abcde, 1000 bytes inside: from Python's struct. */
static const struct golden golden[] = {
	{ 4, 4, MAGLEV_TUNNEL_IPIP, false, 20, { 0x45, 0xba, 0x03, 0xfc, 0x00, 0x00, 0x40,
						 0x00, 0x3f, 0x04, 0x23, 0x42, 0x0a, 0x00,
						 0x00, 0x01, 0x0a, 0x00, 0x00, 0x02 } },
	{ 4, 4, MAGLEV_TUNNEL_GRE, false, 24, { 0x45, 0xba, 0x04, 0x00, 0x00, 0x00, 0x40, 0x00,
						0x3f, 0x2f, 0x23, 0x13, 0x0a, 0x00, 0x00, 0x01,
						0x0a, 0x00, 0x00, 0x02, 0x00, 0x00, 0x08, 0x00 } },
	{ 4, 4, MAGLEV_TUNNEL_GRE, true, 28, { 0x45, 0xba, 0x04, 0x04, 0x00, 0x00, 0x40,
					       0x00, 0x3f, 0x2f, 0x23, 0x0f, 0x0a, 0x00,
					       0x00, 0x01, 0x0a, 0x00, 0x00, 0x02, 0x80,
					       0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00 } },
	{ 4, 6, MAGLEV_TUNNEL_IPIP, false, 20, { 0x45, 0xba, 0x03, 0xfc, 0x00, 0x00, 0x40,
						 0x00, 0x3f, 0x29, 0x23, 0x1d, 0x0a, 0x00,
						 0x00, 0x01, 0x0a, 0x00, 0x00, 0x02 } },
	{ 4, 6, MAGLEV_TUNNEL_GRE, false, 24, { 0x45, 0xba, 0x04, 0x00, 0x00, 0x00, 0x40, 0x00,
						0x3f, 0x2f, 0x23, 0x13, 0x0a, 0x00, 0x00, 0x01,
						0x0a, 0x00, 0x00, 0x02, 0x00, 0x00, 0x86, 0xdd } },
	{ 4, 6, MAGLEV_TUNNEL_GRE, true, 28, { 0x45, 0xba, 0x04, 0x04, 0x00, 0x00, 0x40,
					       0x00, 0x3f, 0x2f, 0x23, 0x0f, 0x0a, 0x00,
					       0x00, 0x01, 0x0a, 0x00, 0x00, 0x02, 0x80,
					       0x00, 0x86, 0xdd, 0x00, 0x00, 0x00, 0x00 } },
	{ 6, 4, MAGLEV_TUNNEL_IPIP, false, 40, { 0x6b, 0xaa, 0xbc, 0xde, 0x03, 0xe8, 0x04, 0x3f,
						 0xfd, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
						 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
						 0xfd, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
						 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02 } },
	{ 6, 4, MAGLEV_TUNNEL_GRE, false, 44, { 0x6b, 0xaa, 0xbc, 0xde, 0x03, 0xec, 0x2f, 0x3f,
						0xfd, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
						0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
						0xfd, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
						0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
						0x00, 0x00, 0x08, 0x00 } },
	{ 6, 4, MAGLEV_TUNNEL_GRE, true, 48, { 0x6b, 0xaa, 0xbc, 0xde, 0x03, 0xf0, 0x2f, 0x3f,
					       0xfd, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
					       0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
					       0xfd, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
					       0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
					       0x80, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00 } },
	{ 6, 6, MAGLEV_TUNNEL_IPIP, false, 40, { 0x6b, 0xaa, 0xbc, 0xde, 0x03, 0xe8, 0x29, 0x3f,
						 0xfd, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
						 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
						 0xfd, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
						 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02 } },
	{ 6, 6, MAGLEV_TUNNEL_GRE, false, 44, { 0x6b, 0xaa, 0xbc, 0xde, 0x03, 0xec, 0x2f, 0x3f,
						0xfd, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
						0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
						0xfd, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
						0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
						0x00, 0x00, 0x86, 0xdd } },
	{ 6, 6, MAGLEV_TUNNEL_GRE, true, 48, { 0x6b, 0xaa, 0xbc, 0xde, 0x03, 0xf0, 0x2f, 0x3f,
					       0xfd, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
					       0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
					       0xfd, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
					       0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
					       0x80, 0x00, 0x86, 0xdd, 0x00, 0x00, 0x00, 0x00 } },
};

static void golden_init(const struct golden *golden, struct maglev_tunnel *tunnel,
			struct maglev_outer *outer)
{
	bool v4 = golden->outer == 4;

	memset(tunnel, 0, sizeof(*tunnel));
	memset(outer, 0, sizeof(*outer));
	tunnel->type = golden->type;
	tunnel->checksum = golden->checksum;
	tunnel->addr_len = v4 ? 4 : 16;
	memcpy(tunnel->addr, v4 ? backend4 : backend6, tunnel->addr_len);
	memcpy(outer->saddr, v4 ? balancer4 : balancer6, tunnel->addr_len);
	outer->dsfield = 0xba;
	outer->ttl = 63;
	outer->dont_fragment = true;
	outer->flow_label = 0xabcde;
}

/* Write into memory of the exact size, at an odd address. */
static u8 *write_outer(const struct maglev_tunnel *tunnel, const struct maglev_outer *outer,
		       u8 inner_version, u32 inner_len)
{
	u8 *memory = test_alloc(1 + maglev_tunnel_overhead(tunnel));

	maglev_outer_write(memory + 1, tunnel, outer, inner_version, inner_len);
	assert_int_equal(memory[0], 0xa5);
	return memory;
}

static void outer_bytes_equal_golden(void **state)
{
	struct maglev_tunnel tunnel;
	struct maglev_outer outer;
	u8 *memory;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(golden); i++) {
		golden_init(&golden[i], &tunnel, &outer);
		assert_int_equal(maglev_tunnel_overhead(&tunnel), golden[i].len);
		memory = write_outer(&tunnel, &outer, golden[i].inner, INNER_LEN);
		assert_memory_equal(memory + 1, golden[i].bytes, golden[i].len);
		free(memory);
	}
}

/* As RFC 1071 has it: the sum of all words is 0xffff. */
static u32 ones_sum(const u8 *bytes, u32 len)
{
	u32 sum = 0, i;

	for (i = 0; i < len; i += 2)
		sum += get16(bytes + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void ipv4_checksum_is_right_for_random_headers(void **state)
{
	struct maglev_tunnel tunnel = { .type = MAGLEV_TUNNEL_IPIP, .addr_len = 4 };
	struct maglev_outer outer;
	struct random random;
	u8 *memory;
	u32 i;

	(void)state;
	random_init(&random, __func__);
	for (i = 0; i < 100000; i++) {
		random_fill(&random, tunnel.addr, 4);
		random_fill(&random, outer.saddr, sizeof(outer.saddr));
		outer.dsfield = random_u64(&random);
		outer.ttl = random_u64(&random);
		outer.id = random_u64(&random);
		outer.dont_fragment = random_below(&random, 2);
		memory = write_outer(&tunnel, &outer, 4, random_below(&random, 1500));
		assert_int_equal(ones_sum(memory + 1, 20), 0xffff);
		free(memory);
	}
}

static void ipv4_has_df_and_id_as_asked(void **state)
{
	struct maglev_tunnel tunnel;
	struct maglev_outer outer;
	u8 *memory;

	(void)state;
	golden_init(&golden[0], &tunnel, &outer);
	outer.dont_fragment = false;
	outer.id = 0x1234;
	memory = write_outer(&tunnel, &outer, 4, INNER_LEN);
	assert_int_equal(get16(memory + 1 + 4), 0x1234);
	assert_int_equal(get16(memory + 1 + 6), 0);
	free(memory);
}

static void ipv6_flow_label_is_20_bits(void **state)
{
	struct maglev_tunnel tunnel;
	struct maglev_outer outer;
	u8 *memory;

	(void)state;
	golden_init(&golden[ARRAY_SIZE(golden) - 1], &tunnel, &outer);
	outer.flow_label = 0xffffffff;
	outer.dsfield = 0;
	memory = write_outer(&tunnel, &outer, 6, INNER_LEN);
	assert_memory_equal(memory + 1, ((u8[]){ 0x60, 0x0f, 0xff, 0xff }), 4);
	free(memory);
}

static void ipv4_length_above_65535_is_0(void **state)
{
	struct maglev_tunnel tunnel;
	struct maglev_outer outer;
	u8 *memory;
	u32 len;

	(void)state;
	golden_init(&golden[0], &tunnel, &outer);
	for (len = 65535 - 21; len < 65535 - 18; len++) {
		memory = write_outer(&tunnel, &outer, 4, len);
		assert_int_equal(get16(memory + 1 + 2), len + 20 <= 65535 ? len + 20 : 0);
		assert_int_equal(ones_sum(memory + 1, 20), 0xffff);
		free(memory);
	}
}

static void ipv6_payload_length_above_65535_is_0(void **state)
{
	struct maglev_tunnel tunnel;
	struct maglev_outer outer;
	u8 *memory;
	u32 len;

	(void)state;
	golden_init(&golden[ARRAY_SIZE(golden) - 1], &tunnel, &outer);
	for (len = 65535 - 9; len < 65535 - 6; len++) {
		memory = write_outer(&tunnel, &outer, 6, len);
		assert_int_equal(get16(memory + 1 + 4), len + 8 <= 65535 ? len + 8 : 0);
		free(memory);
	}
}

static void outer_takes_dscp_and_ecn_from_inside(void **state)
{
	struct maglev_packet packet = { .ttl = 64 };
	struct maglev_outer outer;
	u32 dsfield;

	(void)state;
	for (dsfield = 0; dsfield < 256; dsfield++) {
		packet.dsfield = dsfield;
		maglev_outer_init(&outer, &packet, true);
		assert_int_equal(outer.dsfield, dsfield);
	}
}

static void outer_ttl_is_one_less_and_never_0(void **state)
{
	struct maglev_packet packet = {};
	struct maglev_outer outer;
	u32 ttl;

	(void)state;
	for (ttl = 0; ttl < 256; ttl++) {
		packet.ttl = ttl;
		maglev_outer_init(&outer, &packet, true);
		assert_int_equal(outer.ttl, ttl < 2 ? 1 : ttl - 1);
	}
}

static void outer_has_df_if_inside_and_wanted(void **state)
{
	struct maglev_packet packet = { .ttl = 64 };
	struct maglev_outer outer;
	u32 df, pmtu_disc;

	(void)state;
	for (df = 0; df < 2; df++) {
		for (pmtu_disc = 0; pmtu_disc < 2; pmtu_disc++) {
			packet.dont_fragment = df;
			maglev_outer_init(&outer, &packet, pmtu_disc);
			assert_int_equal(outer.dont_fragment, df && pmtu_disc);
		}
	}
}

static void outer_of_ipv6_inside_has_df_if_wanted(void **state)
{
	struct maglev_packet packet;
	struct maglev_outer outer;
	struct build b = {};

	(void)state;
	put_udp(&b, CLIENT_PORT, VIP_PORT);
	put_ipv6(&b, 17, client6, vip6);
	parse_build(&packet, &b);
	maglev_outer_init(&outer, &packet, true);
	assert_true(outer.dont_fragment);
	maglev_outer_init(&outer, &packet, false);
	assert_false(outer.dont_fragment);
}

static void outer_starts_without_source_id_and_label(void **state)
{
	struct maglev_packet packet = { .ttl = 64 };
	struct maglev_outer outer;

	(void)state;
	memset(&outer, 0xff, sizeof(outer));
	maglev_outer_init(&outer, &packet, true);
	assert_int_equal(outer.id, 0);
	assert_int_equal(outer.flow_label, 0);
	assert_memory_equal(outer.saddr, (u8[16]){ 0 }, 16);
}

static void build_inner(struct build *b, u32 version)
{
	b->len = 0;
	put_payload(b, 20);
	put_tcp(b, CLIENT_PORT, VIP_PORT, 0x10);
	if (version == 4)
		put_ipv4(b, 6, client4, vip4);
	else
		put_ipv6(b, 6, client6, vip6);
}

/* Put @b into the tunnel, as a plane does. */
static void encapsulate(struct build *b, const struct golden *golden)
{
	struct maglev_tunnel tunnel;
	struct maglev_outer outer;
	u32 inner_len = b->len;

	golden_init(golden, &tunnel, &outer);
	maglev_outer_write(put(b, golden->len), &tunnel, &outer, golden->inner, inner_len);
}

static void error_about_what_we_wrote_has_the_same_flow(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(golden); i++) {
		build_inner(&b, golden[i].inner);
		encapsulate(&b, &golden[i]);
		put_icmp(&b, golden[i].outer == 4 ? 3 : 2, 4, 1400);
		if (golden[i].outer == 4)
			put_ipv4(&b, 1, router4, balancer4);
		else
			put_ipv6(&b, 58, router6, balancer6);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_TUNNEL_ERROR);
		assert_flow(&packet, golden[i].inner, 6);
		assert_int_equal(packet.tunnel_overhead, golden[i].len);
		assert_int_equal(packet.mtu, 1400);
	}
}

static void length_of_what_we_wrote_is_right(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(golden); i++) {
		build_inner(&b, golden[i].inner);
		encapsulate(&b, &golden[i]);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_OTHER);
		assert_int_equal(packet.total_len, b.len);
		assert_int_equal(packet.ttl, 63);
		assert_int_equal(packet.dsfield, 0xba);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outer_bytes_equal_golden),
		cmocka_unit_test(ipv4_checksum_is_right_for_random_headers),
		cmocka_unit_test(ipv4_has_df_and_id_as_asked),
		cmocka_unit_test(ipv6_flow_label_is_20_bits),
		cmocka_unit_test(ipv4_length_above_65535_is_0),
		cmocka_unit_test(ipv6_payload_length_above_65535_is_0),
		cmocka_unit_test(outer_takes_dscp_and_ecn_from_inside),
		cmocka_unit_test(outer_ttl_is_one_less_and_never_0),
		cmocka_unit_test(outer_has_df_if_inside_and_wanted),
		cmocka_unit_test(outer_of_ipv6_inside_has_df_if_wanted),
		cmocka_unit_test(outer_starts_without_source_id_and_label),
		cmocka_unit_test(error_about_what_we_wrote_has_the_same_flow),
		cmocka_unit_test(length_of_what_we_wrote_is_right),
	};

	return run_unit_tests("encap", tests);
}
