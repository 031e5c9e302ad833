// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a packet says: every kind in both versions, every way to cut it, and what lengths and
 * chains of headers can be made to claim. All parsing is done in one piece and split at every
 * offset, see packets.h.
 */
#include "packets.h"

enum {
	ICMP = 1,
	IPIP = 4,
	TCP = 6,
	UDP = 17,
	IPV6 = 41,
	ROUTING = 43,
	FRAGMENT = 44,
	GRE = 47,
	ESP = 50,
	AH = 51,
	ICMPV6 = 58,
	NO_NEXT = 59,
	OPTIONS = 60,
	MOBILITY = 135,
	SCTP = 132,
};

static void put_ip(struct build *b, u32 version, u8 protocol, bool to_vip)
{
	const u8 *c = version == 4 ? client4 : client6, *v = version == 4 ? vip4 : vip6;

	if (version == 4)
		put_ipv4(b, protocol, to_vip ? c : v, to_vip ? v : c);
	else
		put_ipv6(b, protocol, to_vip ? c : v, to_vip ? v : c);
}

/* A transport header and 20 bytes, client to VIP or back. */
static void put_transport(struct build *b, u8 protocol, bool to_vip)
{
	u16 sport = to_vip ? CLIENT_PORT : VIP_PORT, dport = to_vip ? VIP_PORT : CLIENT_PORT;

	put_payload(b, 20);
	if (protocol == TCP)
		put_tcp(b, sport, dport, 0x18);
	else if (protocol == UDP)
		put_udp(b, sport, dport);
	else
		put_sctp(b, sport, dport, 0);
}

static void build_flow(struct build *b, u32 version, u8 protocol)
{
	b->len = 0;
	put_transport(b, protocol, true);
	put_ip(b, version, protocol, true);
}

/* An error from a router to what is in @b already, and was sent from the VIP or balancer. */
static void put_error(struct build *b, u32 version, u8 type, u8 code, u32 mtu)
{
	put_icmp(b, type, code, mtu);
	if (version == 4)
		put_ipv4(b, ICMP, router4, vip4);
	else
		put_ipv6(b, ICMPV6, router6, vip6);
}

static u8 unreachable(u32 version)
{
	return version == 4 ? 3 : 1;
}

static void build_error(struct build *b, u32 version, u8 protocol)
{
	b->len = 0;
	put_transport(b, protocol, false);
	put_ip(b, version, protocol, false);
	put_error(b, version, unreachable(version), 3, 0);
}

static void put_outer(struct build *b, u32 version, u8 protocol)
{
	if (version == 4)
		put_ipv4(b, protocol, balancer4, backend4);
	else
		put_ipv6(b, protocol, balancer6, backend6);
}

/* GRE flags to build_tunnel_error(): none of GRE's. */
#define WITHOUT_GRE 0xffff

static void put_tunnel(struct build *b, u32 outer, u32 inner, u32 gre)
{
	if (gre == WITHOUT_GRE) {
		put_outer(b, outer, inner == 4 ? IPIP : IPV6);
	} else {
		put_gre(b, gre, inner == 4 ? 0x0800 : 0x86dd);
		put_outer(b, outer, GRE);
	}
}

static void build_tunnel_error(struct build *b, u32 outer, u32 inner, u32 gre)
{
	build_flow(b, inner, TCP);
	put_tunnel(b, outer, inner, gre);
	put_error(b, outer, unreachable(outer), 3, 0);
}

static const u32 versions[] = { 4, 6 };
static const u8 transports[] = { TCP, UDP, SCTP };
static const u32 gre_kinds[] = { WITHOUT_GRE, 0, 0x8000 };

static void flow_has_the_tuple_of_its_headers(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 v, t;

	(void)state;
	for (v = 0; v < 2; v++) {
		for (t = 0; t < 3; t++) {
			build_flow(&b, versions[v], transports[t]);
			assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FLOW);
			assert_flow(&packet, versions[v], transports[t]);
			assert_int_equal(packet.version, versions[v]);
			assert_int_equal(packet.protocol, transports[t]);
			assert_int_equal(packet.network_len, v ? 40 : 20);
			assert_int_equal(packet.total_len, b.len);
		}
	}
}

static void flow_fields_of_others_are_zero(void **state)
{
	struct maglev_packet packet;
	struct build b;

	(void)state;
	build_flow(&b, 4, TCP);
	parse_build(&packet, &b);
	assert_int_equal(packet.icmp_type | packet.icmp_code | packet.inner_version, 0);
	assert_int_equal(packet.mtu | packet.tunnel_overhead | packet.inner_offset, 0);
	assert_false(packet.inner_dont_fragment);
	assert_false(packet.loops);
	assert_memory_equal(packet.tunnel_daddr, (u8[16]){ 0 }, 16);
}

static void tcp_flags_are_those_that_matter(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 flags;

	(void)state;
	for (flags = 0; flags < 256; flags++) {
		build_flow(&b, 4, TCP);
		bytes_of(&b)[33] = flags;
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FLOW);
		assert_int_equal(packet.flags, flags & 0x17);
	}
}

static void sctp_flags_are_of_the_first_chunk(void **state)
{
	static const u8 expected[256] = {
		[1] = MAGLEV_TCP_SYN,
		[6] = MAGLEV_TCP_RST,
		[7] = MAGLEV_TCP_FIN,
		[14] = MAGLEV_TCP_FIN,
	};
	struct maglev_packet packet;
	struct build b;
	u32 chunk;

	(void)state;
	for (chunk = 0; chunk < 256; chunk++) {
		build_flow(&b, 6, SCTP);
		bytes_of(&b)[52] = chunk;
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FLOW);
		assert_int_equal(packet.flags, expected[chunk]);
	}
}

static void sctp_without_a_chunk_is_a_flow_without_flags(void **state)
{
	struct maglev_packet packet;
	struct build b = {};

	(void)state;
	put_ports(&b, 12, CLIENT_PORT, VIP_PORT);
	put_ipv4(&b, SCTP, client4, vip4);
	assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FLOW);
	assert_int_equal(packet.flags, 0);
}

static void ipv4_says_dsfield_ttl_and_df(void **state)
{
	struct maglev_packet packet;
	struct build b;

	(void)state;
	build_flow(&b, 4, UDP);
	bytes_of(&b)[1] = 0xb9;
	bytes_of(&b)[8] = 33;
	parse_build(&packet, &b);
	assert_int_equal(packet.dsfield, 0xb9);
	assert_int_equal(packet.ttl, 33);
	assert_false(packet.dont_fragment);
	bytes_of(&b)[6] = 0x40;
	assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FLOW);
	assert_true(packet.dont_fragment);
}

static void ipv6_says_dsfield_and_ttl_and_has_df(void **state)
{
	struct maglev_packet packet;
	struct build b;

	(void)state;
	build_flow(&b, 6, UDP);
	set16(bytes_of(&b), 0x6b9f);
	bytes_of(&b)[7] = 33;
	parse_build(&packet, &b);
	assert_int_equal(packet.dsfield, 0xb9);
	assert_int_equal(packet.ttl, 33);
	assert_true(packet.dont_fragment);
}

static void packet_from_its_own_destination_loops(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 v;

	(void)state;
	for (v = 0; v < 2; v++) {
		build_flow(&b, versions[v], TCP);
		if (v)
			memcpy(bytes_of(&b) + 8, vip6, 16);
		else
			memcpy(bytes_of(&b) + 12, vip4, 4);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FLOW);
		assert_true(packet.loops);
	}
}

static void addresses_that_differ_in_one_bit_do_not_loop(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 v, bit, at;

	(void)state;
	for (v = 0; v < 2; v++) {
		for (bit = 0; bit < (v ? 128 : 32); bit++) {
			build_flow(&b, versions[v], TCP);
			at = v ? 8 : 12;
			memcpy(bytes_of(&b) + at, v ? vip6 : vip4, v ? 16 : 4);
			bytes_of(&b)[at + bit / 8] ^= 1 << bit % 8;
			parse_build(&packet, &b);
			assert_false(packet.loops);
		}
	}
}

/* Every sample, by number; false behind the last. */
static bool build_sample(struct build *b, u32 number)
{
	u32 v = number % 2, kind = number / 2, g;

	if (kind < 3) {
		build_flow(b, versions[v], transports[kind]);
	} else if (kind < 6) {
		build_error(b, versions[v], transports[kind - 3]);
	} else if (kind < 12) {
		g = (kind - 6) % 3;
		build_tunnel_error(b, versions[v], versions[(kind - 6) / 3], gre_kinds[g]);
	} else if (kind == 12) {
		b->len = 0;
		put_icmp(b, v ? 128 : 8, 0, 1);
		put_ip(b, versions[v], v ? ICMPV6 : ICMP, true);
	} else if (kind == 13) {
		b->len = 0;
		put_transport(b, TCP, true);
		put_fragment(b, TCP, 0);
		put_ah(b, FRAGMENT);
		put_extension(b, AH, 1);
		put_extension(b, OPTIONS, 0);
		put_extension(b, ROUTING, 2);
		put_ipv6(b, 0, client6, vip6);
	} else if (kind == 14) {
		b->len = 0;
		put_transport(b, UDP, true);
		put_ipv4_options(b, 40, UDP, client4, vip4);
	} else {
		return false;
	}
	return true;
}

static void whole_sample_is_never_malformed(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 number;

	(void)state;
	for (number = 0; build_sample(&b, number); number++) {
		assert_int_not_equal(parse_build(&packet, &b), MAGLEV_KIND_MALFORMED);
		assert_int_equal(packet.total_len, b.len);
		assert_true(packet.network_len <= packet.total_len);
	}
	assert_int_equal(number, 30);
}

static void packet_cut_anywhere_is_malformed(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 number, len;

	(void)state;
	for (number = 0; build_sample(&b, number); number++) {
		for (len = 0; len < b.len; len++) {
			assert_int_equal(parse_bytes(&packet, bytes_of(&b), len),
					 MAGLEV_KIND_MALFORMED);
			assert_int_equal(packet.tuple.len, 0);
			assert_int_equal(packet.total_len, 0);
		}
	}
}

/* Make the IP header say @len. */
static void set_length(struct build *b, u32 len)
{
	u8 *ip = bytes_of(b);

	if (ip[0] >> 4 == 4)
		set16(ip + 2, len);
	else
		set16(ip + 4, len - 40);
}

static void packet_that_says_it_ends_in_a_header_is_malformed(void **state)
{
	static const u32 whole[] = { 20, 28, 12 };
	struct maglev_packet packet;
	struct build b;
	u32 v, t, len, ip;

	(void)state;
	for (v = 0; v < 2; v++) {
		for (t = 0; t < 3; t++) {
			ip = v ? 40 : 20;
			for (len = ip; len < ip + whole[t]; len++) {
				build_flow(&b, versions[v], transports[t]);
				set_length(&b, len);
				if (v && len == ip)
					continue; /* 0 says nothing */
				assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_MALFORMED);
				assert_int_equal(packet.tuple.len, 0);
			}
			build_flow(&b, versions[v], transports[t]);
			set_length(&b, len);
			assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FLOW);
		}
	}
}

static void bytes_behind_the_packet_are_not_part_of_it(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 v, len;

	(void)state;
	for (v = 0; v < 2; v++) {
		build_flow(&b, versions[v], TCP);
		len = b.len - 20;
		set_length(&b, len);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FLOW);
		assert_int_equal(packet.total_len, len);
	}
}

static void packet_that_says_it_is_longer_is_malformed(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 v;

	(void)state;
	for (v = 0; v < 2; v++) {
		build_flow(&b, versions[v], TCP);
		set_length(&b, b.len + 1);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_MALFORMED);
	}
}

static void packet_that_says_length_0_is_as_long_as_its_bytes(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 v;

	(void)state;
	for (v = 0; v < 2; v++) {
		build_flow(&b, versions[v], TCP);
		set16(bytes_of(&b) + (v ? 4 : 2), 0);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FLOW);
		assert_int_equal(packet.total_len, b.len);
	}
}

static void super_packet_is_longer_than_a_length_field(void **state)
{
	struct maglev_packet packet;
	struct maglev_bytes bytes;
	struct build b;
	u32 v;

	(void)state;
	for (v = 0; v < 2; v++) {
		build_flow(&b, versions[v], TCP);
		set16(bytes_of(&b) + (v ? 4 : 2), 0);
		bytes = (struct maglev_bytes){ bytes_of(&b), b.len, 180000, NULL, NULL };
		assert_int_equal(maglev_packet_parse(&packet, &bytes), MAGLEV_KIND_FLOW);
		assert_int_equal(packet.total_len, 180000);
	}
}

static void jumbo_option_is_skipped(void **state)
{
	struct maglev_packet packet;
	struct build b = {};

	(void)state;
	put_transport(&b, TCP, true);
	put_extension(&b, TCP, 0);
	memcpy(bytes_of(&b) + 2, (u8[]){ 0xc2, 4, 0, 1, 0x11, 0x70 }, 6);
	put_ipv6(&b, 0, client6, vip6);
	set16(bytes_of(&b) + 4, 0);
	assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FLOW);
	assert_flow(&packet, 6, TCP);
	assert_int_equal(packet.network_len, 48);
}

static void ipv6_header_alone_is_not_a_flow(void **state)
{
	struct maglev_packet packet;
	struct build b = {};

	(void)state;
	put_ipv6(&b, TCP, client6, vip6);
	assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_MALFORMED);
	assert_int_equal(packet.total_len, 40);
}

static void udp_length_0_is_for_super_packets(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 v;

	(void)state;
	for (v = 0; v < 2; v++) {
		build_flow(&b, versions[v], UDP);
		set16(bytes_of(&b) + (v ? 44 : 24), 0);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_MALFORMED);
		set16(bytes_of(&b) + (v ? 4 : 2), 0);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FLOW);
	}
}

static void udp_length_is_from_its_header_to_the_end_of_the_packet(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 len;

	(void)state;
	build_flow(&b, 4, UDP);
	for (len = 1; len < 40; len++) {
		set16(bytes_of(&b) + 24, len);
		assert_int_equal(parse_build(&packet, &b),
				 len >= 8 && len <= 28 ? MAGLEV_KIND_FLOW : MAGLEV_KIND_MALFORMED);
	}
}

static void tcp_offset_is_from_its_header_to_the_end_of_the_packet(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 words;

	(void)state;
	build_flow(&b, 6, TCP);
	for (words = 0; words < 16; words++) {
		bytes_of(&b)[52] = words << 4;
		assert_int_equal(parse_build(&packet, &b), words >= 5 && words <= 10 ?
								   MAGLEV_KIND_FLOW :
								   MAGLEV_KIND_MALFORMED);
	}
}

static void ipv4_options_are_skipped(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 options;

	(void)state;
	for (options = 0; options <= 40; options += 4) {
		b.len = 0;
		put_transport(&b, TCP, true);
		put_ipv4_options(&b, options, TCP, client4, vip4);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FLOW);
		assert_flow(&packet, 4, TCP);
		assert_int_equal(packet.network_len, 20 + options);
	}
}

static void ipv4_header_length_below_5_is_malformed(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 words;

	(void)state;
	for (words = 0; words < 5; words++) {
		build_flow(&b, 4, TCP);
		bytes_of(&b)[0] = 0x40 + words;
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_MALFORMED);
		assert_int_equal(packet.ttl, 64);
	}
}

static void ipv4_total_length_below_its_header_is_malformed(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 len;

	(void)state;
	for (len = 1; len < 24; len++) {
		b.len = 0;
		put_payload(&b, 8);
		put_ipv4_options(&b, 4, ESP, client4, vip4);
		set_length(&b, len);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_MALFORMED);
	}
}

static void versions_other_than_4_and_6_are_malformed(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 version;

	(void)state;
	for (version = 0; version < 16; version++) {
		build_flow(&b, 4, TCP);
		bytes_of(&b)[0] = version << 4 | 5;
		if (version != 4)
			assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_MALFORMED);
		if (version != 4 && version != 6)
			assert_int_equal(packet.version, version);
	}
}

static void ipv4_fragments_are_fragments(void **state)
{
	static const u16 fields[] = { 0x2000, 0x0001, 0x1fff, 0x2001, 0x6000 };
	struct maglev_packet packet;
	struct build b;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		build_flow(&b, 4, TCP);
		set16(bytes_of(&b) + 6, fields[i]);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FRAGMENT);
		assert_int_equal(packet.tuple.len, 0);
		assert_int_equal(packet.protocol, TCP);
	}
}

static void ipv6_fragments_are_fragments(void **state)
{
	static const u16 fields[] = { 0x0001, 0x0008, 0xfff8, 0x0009 };
	struct maglev_packet packet;
	struct build b;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		b.len = 0;
		put_transport(&b, TCP, true);
		put_fragment(&b, TCP, fields[i]);
		put_ipv6(&b, FRAGMENT, client6, vip6);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FRAGMENT);
		assert_int_equal(packet.tuple.len, 0);
		assert_int_equal(packet.protocol, TCP);
	}
}

static void ipv6_fragment_stays_one_behind_an_atomic_header(void **state)
{
	struct maglev_packet packet;
	struct build b = {};

	(void)state;
	put_transport(&b, TCP, true);
	put_fragment(&b, TCP, 0);
	put_fragment(&b, FRAGMENT, 1);
	put_ipv6(&b, FRAGMENT, client6, vip6);
	assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FRAGMENT);
}

static void ipv6_atomic_fragment_is_a_flow(void **state)
{
	struct maglev_packet packet;
	struct build b = {};

	(void)state;
	put_transport(&b, UDP, true);
	put_fragment(&b, UDP, 0x0006); /* reserved bits */
	put_ipv6(&b, FRAGMENT, client6, vip6);
	assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FLOW);
	assert_flow(&packet, 6, UDP);
}

static void ipv6_extension_headers_are_skipped(void **state)
{
	static const u8 kinds[] = { 0, ROUTING, OPTIONS };
	struct maglev_packet packet;
	struct build b;
	u32 i, units;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (units = 0; units < 4; units++) {
			b.len = 0;
			put_transport(&b, TCP, true);
			put_extension(&b, TCP, units);
			put_ipv6(&b, kinds[i], client6, vip6);
			assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FLOW);
			assert_flow(&packet, 6, TCP);
			assert_int_equal(packet.protocol, TCP);
			assert_int_equal(packet.network_len, 48 + 8 * units);
		}
	}
}

static void ipv6_ah_is_measured_in_words(void **state)
{
	struct maglev_packet packet;
	struct build b = {};

	(void)state;
	put_transport(&b, TCP, true);
	put_ah(&b, TCP);
	put_ipv6(&b, AH, client6, vip6);
	assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_FLOW);
	assert_flow(&packet, 6, TCP);
	assert_int_equal(packet.network_len, 64);
}

static void ipv6_ah_too_short_for_itself_is_malformed(void **state)
{
	struct maglev_packet packet;
	struct build b = {};

	(void)state;
	put_transport(&b, TCP, true);
	put_extension(&b, TCP, 0); /* 8 bytes; AH has 12 at least */
	put_ipv6(&b, AH, client6, vip6);
	assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_MALFORMED);
}

static void ipv6_extension_longer_than_the_packet_is_malformed(void **state)
{
	static const u8 kinds[] = { 0, ROUTING, OPTIONS, AH };
	struct maglev_packet packet;
	struct build b;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		b.len = 0;
		put_transport(&b, TCP, true);
		put_extension(&b, TCP, 0);
		bytes_of(&b)[1] = 255;
		put_ipv6(&b, kinds[i], client6, vip6);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_MALFORMED);
	}
}

static void ipv6_extensions_up_to_the_limit_are_read(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 n, i;

	(void)state;
	for (n = 1; n <= MAGLEV_EXTENSIONS_MAX + 1; n++) {
		b.len = 0;
		put_transport(&b, TCP, true);
		for (i = 0; i < n; i++)
			put_extension(&b, i ? OPTIONS : TCP, 0);
		put_ipv6(&b, OPTIONS, client6, vip6);
		assert_int_equal(parse_build(&packet, &b), n <= MAGLEV_EXTENSIONS_MAX ?
								   MAGLEV_KIND_FLOW :
								   MAGLEV_KIND_MALFORMED);
	}
}

static void ipv6_with_segments_left_is_not_ours(void **state)
{
	struct maglev_packet packet;
	struct build b = {};

	(void)state;
	put_transport(&b, TCP, true);
	put_extension(&b, TCP, 2);
	bytes_of(&b)[3] = 1;
	put_ipv6(&b, ROUTING, client6, vip6);
	assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_OTHER);
	assert_int_equal(packet.protocol, ROUTING);
}

static void protocols_without_ports_are_other(void **state)
{
	static const u8 protocols[] = { 2, IPIP, IPV6, GRE, ESP, NO_NEXT, MOBILITY, 136, 255 };
	struct maglev_packet packet;
	struct build b;
	u32 i, v;

	(void)state;
	for (v = 0; v < 2; v++) {
		for (i = 0; i < ARRAY_SIZE(protocols); i++) {
			b.len = 0;
			put_payload(&b, 40);
			put_ip(&b, versions[v], protocols[i], true);
			assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_OTHER);
			assert_int_equal(packet.protocol, protocols[i]);
			assert_int_equal(packet.tuple.len, 0);
			assert_int_equal(packet.ttl, 64);
		}
	}
}

static void icmp_of_the_other_version_is_other(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 v;

	(void)state;
	for (v = 0; v < 2; v++) {
		b.len = 0;
		put_icmp(&b, v ? 8 : 128, 0, 0);
		put_ip(&b, versions[v], v ? ICMP : ICMPV6, true);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_OTHER);
	}
}

static void echo_requests_are_echo(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 v;

	(void)state;
	for (v = 0; v < 2; v++) {
		b.len = 0;
		put_icmp(&b, v ? 128 : 8, 0, 0x12340001);
		put_ip(&b, versions[v], v ? ICMPV6 : ICMP, true);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_ECHO);
		assert_int_equal(packet.icmp_type, v ? 128 : 8);
		assert_int_equal(packet.mtu, 0);
	}
}

static bool is_error_type(u32 version, u32 type)
{
	if (version == 6)
		return type >= 1 && type <= 4;
	return type == 3 || type == 4 || type == 11 || type == 12;
}

static void icmp_types_are_errors_echo_or_other(void **state)
{
	struct maglev_packet packet;
	enum maglev_kind expected;
	struct build b;
	u32 v, type;

	(void)state;
	for (v = 0; v < 2; v++) {
		for (type = 0; type < 256; type++) {
			b.len = 0;
			put_transport(&b, TCP, false);
			put_ip(&b, versions[v], TCP, false);
			put_error(&b, versions[v], type, 1, 0);
			expected = MAGLEV_KIND_OTHER;
			if (is_error_type(versions[v], type))
				expected = MAGLEV_KIND_ERROR;
			else if (type == (v ? 128 : 8))
				expected = MAGLEV_KIND_ECHO;
			assert_int_equal(parse_build(&packet, &b), expected);
			assert_int_equal(packet.icmp_type, type);
			assert_int_equal(packet.icmp_code, 1);
		}
	}
}

static void error_has_the_quoted_flow_turned_round(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 v, t;

	(void)state;
	for (v = 0; v < 2; v++) {
		for (t = 0; t < 3; t++) {
			build_error(&b, versions[v], transports[t]);
			assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_ERROR);
			assert_flow(&packet, versions[v], transports[t]);
			assert_int_equal(packet.protocol, v ? ICMPV6 : ICMP);
			assert_int_equal(packet.inner_offset | packet.tunnel_overhead, 0);
		}
	}
}

static void error_says_the_mtu_of_too_big_alone(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 code;

	(void)state;
	for (code = 0; code < 16; code++) {
		b.len = 0;
		put_transport(&b, TCP, false);
		put_ip(&b, 4, TCP, false);
		put_error(&b, 4, 3, code, 0xabcdf578);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_ERROR);
		assert_int_equal(packet.mtu, code == 4 ? 0xf578 : 0);
	}
	b.len = 0;
	put_transport(&b, TCP, false);
	put_ip(&b, 6, TCP, false);
	put_error(&b, 6, 2, 0, 0x00010578);
	assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_ERROR);
	assert_int_equal(packet.mtu, 0x00010578);
}

/* Cut the quote behind @len bytes; the packet around it says so. */
static void cut_quote(struct build *b, u32 version, u32 len)
{
	memmove(b->room + sizeof(b->room) - len, bytes_of(b), len);
	b->len = len;
	put_error(b, version, unreachable(version), 3, 0);
}

static void error_needs_8_bytes_of_the_quoted_transport_header(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 v, len, ip;

	(void)state;
	for (v = 0; v < 2; v++) {
		ip = v ? 40 : 20;
		for (len = v; len <= ip + 40; len++) {
			b.len = 0;
			put_transport(&b, TCP, false);
			put_ip(&b, versions[v], TCP, false);
			cut_quote(&b, versions[v], len);
			assert_int_equal(parse_build(&packet, &b),
					 len >= ip + 8 ? MAGLEV_KIND_ERROR : MAGLEV_KIND_MALFORMED);
			if (len >= ip + 8)
				assert_flow(&packet, versions[v], TCP);
		}
	}
}

static void error_quote_that_says_it_ends_before_its_ports_is_malformed(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 v;

	(void)state;
	for (v = 0; v < 2; v++) {
		b.len = 0;
		put_transport(&b, TCP, false);
		put_ip(&b, versions[v], TCP, false);
		set_length(&b, v ? 47 : 27);
		put_error(&b, versions[v], unreachable(versions[v]), 3, 0);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_MALFORMED);
	}
}

static void error_quoting_the_other_version_is_malformed(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 v;

	(void)state;
	for (v = 0; v < 2; v++) {
		b.len = 0;
		put_transport(&b, TCP, false);
		put_ip(&b, versions[!v], TCP, false);
		put_error(&b, versions[v], unreachable(versions[v]), 3, 0);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_MALFORMED);
	}
}

static void error_quote_is_read_through_options_and_extensions(void **state)
{
	struct maglev_packet packet;
	struct build b = {};

	(void)state;
	put_transport(&b, UDP, false);
	put_ipv4_options(&b, 40, UDP, vip4, client4);
	put_error(&b, 4, 11, 0, 0);
	assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_ERROR);
	assert_flow(&packet, 4, UDP);
	b.len = 0;
	put_transport(&b, UDP, false);
	put_fragment(&b, UDP, 1);
	put_extension(&b, FRAGMENT, 3);
	put_ipv6(&b, OPTIONS, vip6, client6);
	put_error(&b, 6, 3, 0, 0);
	assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_ERROR);
	assert_flow(&packet, 6, UDP);
}

static void error_quote_cut_in_its_options_is_malformed(void **state)
{
	struct maglev_packet packet;
	struct build b = {};

	(void)state;
	put_payload(&b, 8);
	put_ipv4_options(&b, 40, ESP, vip4, client4);
	cut_quote(&b, 4, 59);
	assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_MALFORMED);
}

static void error_about_a_first_fragment_is_of_its_flow(void **state)
{
	struct maglev_packet packet;
	struct build b = {};

	(void)state;
	put_transport(&b, UDP, false);
	put_ip(&b, 4, UDP, false);
	set16(bytes_of(&b) + 6, 0x2000);
	put_error(&b, 4, 11, 1, 0);
	assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_ERROR);
	assert_flow(&packet, 4, UDP);
}

static void error_about_a_later_fragment_is_other(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 v;

	(void)state;
	for (v = 0; v < 2; v++) {
		b.len = 0;
		put_payload(&b, 8);
		if (v) {
			put_fragment(&b, UDP, 0x0100);
			put_ip(&b, 6, FRAGMENT, false);
		} else {
			put_ip(&b, 4, UDP, false);
			set16(bytes_of(&b) + 6, 0x0020);
		}
		put_error(&b, versions[v], unreachable(versions[v]), 0, 0);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_OTHER);
		assert_int_equal(packet.tuple.len, 0);
	}
}

static void error_about_icmp_is_other(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 v, type;

	(void)state;
	for (v = 0; v < 2; v++) {
		for (type = 0; type < 256; type++) {
			b.len = 0;
			put_icmp(&b, type, 0, 0);
			put_ip(&b, versions[v], v ? ICMPV6 : ICMP, false);
			put_error(&b, versions[v], unreachable(versions[v]), 0, 0);
			assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_OTHER);
		}
	}
}

static void tunnel_error_has_the_inner_flow_as_it_goes(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 outer, inner, gre, overhead;

	(void)state;
	for (outer = 0; outer < 2; outer++) {
		for (inner = 0; inner < 2; inner++) {
			for (gre = 0; gre < 3; gre++) {
				build_tunnel_error(&b, versions[outer], versions[inner],
						   gre_kinds[gre]);
				overhead = (outer ? 40 : 20) + gre * 4;
				assert_int_equal(parse_build(&packet, &b),
						 MAGLEV_KIND_TUNNEL_ERROR);
				assert_flow(&packet, versions[inner], TCP);
				assert_int_equal(packet.tunnel_overhead, overhead);
				assert_int_equal(packet.inner_offset, (outer ? 48 : 28) + overhead);
				assert_int_equal(packet.inner_version, versions[inner]);
				assert_int_equal(packet.version, versions[outer]);
			}
		}
	}
}

static void tunnel_error_says_where_the_packet_went(void **state)
{
	static const u8 mapped[16] = { [10] = 0xff, 0xff, 10, 0, 0, 2 };
	struct maglev_packet packet;
	struct build b;

	(void)state;
	build_tunnel_error(&b, 4, 6, 0);
	parse_build(&packet, &b);
	assert_memory_equal(packet.tunnel_daddr, mapped, 16);
	build_tunnel_error(&b, 6, 4, 0);
	parse_build(&packet, &b);
	assert_memory_equal(packet.tunnel_daddr, backend6, 16);
}

static void tunnel_error_cut_before_the_inner_ports_has_no_tuple(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 outer, inner, gre, len, ip, need;

	(void)state;
	for (outer = 0; outer < 2; outer++) {
		for (inner = 0; inner < 2; inner++) {
			for (gre = 0; gre < 3; gre++) {
				ip = outer ? 40 : 20;
				need = ip + 4 * gre + (inner ? 40 : 20) + 8;
				for (len = ip + 8; len <= need; len++) {
					build_flow(&b, versions[inner], TCP);
					put_tunnel(&b, versions[outer], versions[inner],
						   gre_kinds[gre]);
					cut_quote(&b, versions[outer], len);
					assert_int_equal(parse_build(&packet, &b),
							 MAGLEV_KIND_TUNNEL_ERROR);
					assert_int_equal(packet.inner_version, versions[inner]);
					assert_int_equal(packet.tunnel_overhead, ip + 4 * gre);
					assert_int_equal(packet.tuple.len, len < need ? 0 :
									   inner      ? 40 :
											16);
				}
			}
		}
	}
}

static void tunnel_error_needs_8_bytes_behind_the_outer_header(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 gre, len;

	(void)state;
	for (gre = 0; gre < 3; gre++) {
		for (len = 0; len < 28; len++) {
			build_flow(&b, 4, TCP);
			put_tunnel(&b, 4, 4, gre_kinds[gre]);
			cut_quote(&b, 4, len);
			assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_MALFORMED);
		}
	}
}

static void tunnel_error_says_whether_the_inner_packet_has_df(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 df;

	(void)state;
	for (df = 0; df < 2; df++) {
		build_flow(&b, 4, TCP);
		bytes_of(&b)[6] = df ? 0x40 : 0;
		put_tunnel(&b, 4, 4, WITHOUT_GRE);
		cut_quote(&b, 4, 28);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_TUNNEL_ERROR);
		assert_int_equal(packet.inner_dont_fragment, df);
	}
	build_tunnel_error(&b, 4, 6, 0);
	parse_build(&packet, &b);
	assert_true(packet.inner_dont_fragment);
}

static void tunnel_error_about_a_packet_without_ports_has_no_tuple(void **state)
{
	struct maglev_packet packet;
	struct build b = {};

	(void)state;
	put_icmp(&b, 3, 3, 0);
	put_ip(&b, 4, ICMP, true);
	put_tunnel(&b, 4, 4, 0);
	put_error(&b, 4, 3, 4, 1400);
	assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_TUNNEL_ERROR);
	assert_int_equal(packet.tuple.len, 0);
	assert_int_equal(packet.mtu, 1400);
}

static void tunnel_error_about_a_later_fragment_has_no_tuple(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 later;

	(void)state;
	for (later = 0; later < 2; later++) {
		build_flow(&b, 4, UDP);
		set16(bytes_of(&b) + 6, later ? 0x0003 : 0x2000);
		put_tunnel(&b, 4, 4, 0);
		put_error(&b, 4, 3, 4, 1400);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_TUNNEL_ERROR);
		assert_int_equal(packet.tuple.len, later ? 0 : 16);
	}
}

static void tunnel_error_with_contradictions_inside_is_malformed(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		build_flow(&b, 4, UDP);
		if (i)
			bytes_of(&b)[0] = 0x44;
		else
			set_length(&b, 19);
		put_tunnel(&b, 4, 4, 0);
		put_error(&b, 4, 3, 4, 1400);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_MALFORMED);
	}
}

static void tunnel_error_is_read_through_a_tunnel_limit_option(void **state)
{
	struct maglev_packet packet;
	struct build b;

	(void)state;
	build_flow(&b, 4, TCP);
	put_extension(&b, IPIP, 0);
	put_outer(&b, 6, OPTIONS);
	put_error(&b, 6, 2, 0, 1280);
	assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_TUNNEL_ERROR);
	assert_flow(&packet, 4, TCP);
	assert_int_equal(packet.tunnel_overhead, 48);
}

static void tunnel_error_of_gre_that_is_not_ours_is_other(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 bit;

	(void)state;
	for (bit = 0; bit < 15; bit++) {
		build_flow(&b, 4, TCP);
		put_tunnel(&b, 4, 4, 1 << bit);
		put_error(&b, 4, 3, 4, 1400);
		assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_OTHER);
	}
	build_flow(&b, 4, TCP);
	put_gre(&b, 0, 0x6558);
	put_outer(&b, 4, GRE);
	put_error(&b, 4, 3, 4, 1400);
	assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_OTHER);
}

static void tunnel_error_with_the_wrong_version_inside_is_malformed(void **state)
{
	struct maglev_packet packet;
	struct build b;
	u32 v, gre;

	(void)state;
	for (v = 0; v < 2; v++) {
		for (gre = 0; gre < 3; gre++) {
			build_flow(&b, versions[v], TCP);
			put_tunnel(&b, 4, versions[!v], gre_kinds[gre]);
			put_error(&b, 4, 3, 0, 0);
			assert_int_equal(parse_build(&packet, &b), MAGLEV_KIND_MALFORMED);
			assert_int_equal(packet.tuple.len, 0);
		}
	}
}

static void random_bytes_never_break_the_result(void **state)
{
	struct maglev_packet packet;
	struct random random;
	struct build b;
	u32 i, k;

	(void)state;
	random_init(&random, __func__);
	for (i = 0; i < 20000; i++) {
		assert_true(build_sample(&b, random_below(&random, 30)));
		for (k = random_below(&random, 4); k; k--)
			bytes_of(&b)[random_below(&random, b.len)] = random_u64(&random);
		parse_bytes(&packet, bytes_of(&b), b.len);
		assert_true(packet.total_len <= b.len);
		assert_true(packet.network_len <= packet.total_len);
		if (packet.kind <= MAGLEV_KIND_ERROR)
			assert_int_not_equal(packet.tuple.len, 0);
		if (packet.kind > MAGLEV_KIND_TUNNEL_ERROR)
			assert_int_equal(packet.tuple.len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flow_has_the_tuple_of_its_headers),
		cmocka_unit_test(flow_fields_of_others_are_zero),
		cmocka_unit_test(tcp_flags_are_those_that_matter),
		cmocka_unit_test(sctp_flags_are_of_the_first_chunk),
		cmocka_unit_test(sctp_without_a_chunk_is_a_flow_without_flags),
		cmocka_unit_test(ipv4_says_dsfield_ttl_and_df),
		cmocka_unit_test(ipv6_says_dsfield_and_ttl_and_has_df),
		cmocka_unit_test(packet_from_its_own_destination_loops),
		cmocka_unit_test(addresses_that_differ_in_one_bit_do_not_loop),
		cmocka_unit_test(whole_sample_is_never_malformed),
		cmocka_unit_test(packet_cut_anywhere_is_malformed),
		cmocka_unit_test(packet_that_says_it_ends_in_a_header_is_malformed),
		cmocka_unit_test(bytes_behind_the_packet_are_not_part_of_it),
		cmocka_unit_test(packet_that_says_it_is_longer_is_malformed),
		cmocka_unit_test(packet_that_says_length_0_is_as_long_as_its_bytes),
		cmocka_unit_test(super_packet_is_longer_than_a_length_field),
		cmocka_unit_test(jumbo_option_is_skipped),
		cmocka_unit_test(ipv6_header_alone_is_not_a_flow),
		cmocka_unit_test(udp_length_0_is_for_super_packets),
		cmocka_unit_test(udp_length_is_from_its_header_to_the_end_of_the_packet),
		cmocka_unit_test(tcp_offset_is_from_its_header_to_the_end_of_the_packet),
		cmocka_unit_test(ipv4_options_are_skipped),
		cmocka_unit_test(ipv4_header_length_below_5_is_malformed),
		cmocka_unit_test(ipv4_total_length_below_its_header_is_malformed),
		cmocka_unit_test(versions_other_than_4_and_6_are_malformed),
		cmocka_unit_test(ipv4_fragments_are_fragments),
		cmocka_unit_test(ipv6_fragments_are_fragments),
		cmocka_unit_test(ipv6_fragment_stays_one_behind_an_atomic_header),
		cmocka_unit_test(ipv6_atomic_fragment_is_a_flow),
		cmocka_unit_test(ipv6_extension_headers_are_skipped),
		cmocka_unit_test(ipv6_ah_is_measured_in_words),
		cmocka_unit_test(ipv6_ah_too_short_for_itself_is_malformed),
		cmocka_unit_test(ipv6_extension_longer_than_the_packet_is_malformed),
		cmocka_unit_test(ipv6_extensions_up_to_the_limit_are_read),
		cmocka_unit_test(ipv6_with_segments_left_is_not_ours),
		cmocka_unit_test(protocols_without_ports_are_other),
		cmocka_unit_test(icmp_of_the_other_version_is_other),
		cmocka_unit_test(echo_requests_are_echo),
		cmocka_unit_test(icmp_types_are_errors_echo_or_other),
		cmocka_unit_test(error_has_the_quoted_flow_turned_round),
		cmocka_unit_test(error_says_the_mtu_of_too_big_alone),
		cmocka_unit_test(error_needs_8_bytes_of_the_quoted_transport_header),
		cmocka_unit_test(error_quote_that_says_it_ends_before_its_ports_is_malformed),
		cmocka_unit_test(error_quoting_the_other_version_is_malformed),
		cmocka_unit_test(error_quote_is_read_through_options_and_extensions),
		cmocka_unit_test(error_quote_cut_in_its_options_is_malformed),
		cmocka_unit_test(error_about_a_first_fragment_is_of_its_flow),
		cmocka_unit_test(error_about_a_later_fragment_is_other),
		cmocka_unit_test(error_about_icmp_is_other),
		cmocka_unit_test(tunnel_error_has_the_inner_flow_as_it_goes),
		cmocka_unit_test(tunnel_error_says_where_the_packet_went),
		cmocka_unit_test(tunnel_error_cut_before_the_inner_ports_has_no_tuple),
		cmocka_unit_test(tunnel_error_needs_8_bytes_behind_the_outer_header),
		cmocka_unit_test(tunnel_error_says_whether_the_inner_packet_has_df),
		cmocka_unit_test(tunnel_error_about_a_packet_without_ports_has_no_tuple),
		cmocka_unit_test(tunnel_error_about_a_later_fragment_has_no_tuple),
		cmocka_unit_test(tunnel_error_with_contradictions_inside_is_malformed),
		cmocka_unit_test(tunnel_error_is_read_through_a_tunnel_limit_option),
		cmocka_unit_test(tunnel_error_of_gre_that_is_not_ours_is_other),
		cmocka_unit_test(tunnel_error_with_the_wrong_version_inside_is_malformed),
		cmocka_unit_test(random_bytes_never_break_the_result),
	};

	return run_unit_tests("packet", tests);
}
