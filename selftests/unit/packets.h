/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets for tests, built from the inside out by something that knows nothing of the core:
 * each function puts a header in front of what is there, with lengths that fit.
 */
#ifndef MAGLEV_TEST_PACKETS_H
#define MAGLEV_TEST_PACKETS_H

#include "fixture.h"

#include <maglev/packet.h>

struct build {
	u8 room[2048];
	u32 len; /* used, at the end of room */
};

static const u8 client4[4] = { 198, 51, 100, 7 };
static const u8 vip4[4] = { 192, 0, 2, 10 };
static const u8 client6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 7 };
static const u8 vip6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 0x10 };
static const u8 router4[4] = { 203, 0, 113, 1 };
static const u8 router6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0xff, [15] = 1 };
static const u8 balancer4[4] = { 10, 0, 0, 1 };
static const u8 backend4[4] = { 10, 0, 0, 2 };
static const u8 balancer6[16] = { 0xfd, [15] = 1 };
static const u8 backend6[16] = { 0xfd, [15] = 2 };

enum {
	CLIENT_PORT = 4242,
	VIP_PORT = 80,
};

static inline u8 *bytes_of(struct build *b)
{
	return b->room + sizeof(b->room) - b->len;
}

/* Return: @len bytes of zero in front of what is there. */
static inline u8 *put(struct build *b, u32 len)
{
	b->len += len;
	assert_true(b->len <= sizeof(b->room));
	memset(bytes_of(b), 0, len);
	return bytes_of(b);
}

static inline void set16(u8 *at, u32 value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static inline u32 get16(const u8 *at)
{
	return at[0] << 8 | at[1];
}

static inline void put_payload(struct build *b, u32 len)
{
	memset(put(b, len), 'x', len);
}

static inline void put_ports(struct build *b, u32 len, u16 sport, u16 dport)
{
	u8 *header = put(b, len);

	set16(header, sport);
	set16(header + 2, dport);
}

static inline void put_tcp(struct build *b, u16 sport, u16 dport, u8 flags)
{
	put_ports(b, 20, sport, dport);
	bytes_of(b)[12] = 5 << 4;
	bytes_of(b)[13] = flags;
}

static inline void put_udp(struct build *b, u16 sport, u16 dport)
{
	put_ports(b, 8, sport, dport);
	set16(bytes_of(b) + 4, b->len);
}

/* A first chunk of 4 bytes. */
static inline void put_sctp(struct build *b, u16 sport, u16 dport, u8 chunk)
{
	put(b, 4)[0] = chunk;
	bytes_of(b)[3] = 4;
	put_ports(b, 12, sport, dport);
}

static inline void put_icmp(struct build *b, u8 type, u8 code, u32 mtu)
{
	u8 *header = put(b, 8);

	header[0] = type;
	header[1] = code;
	set16(header + 4, mtu >> 16);
	set16(header + 6, mtu);
}

/* @options: bytes, a multiple of 4. */
static inline void put_ipv4_options(struct build *b, u32 options, u8 protocol, const u8 *saddr,
				    const u8 *daddr)
{
	u8 *header;

	memset(put(b, options), 1, options); /* no operation */
	header = put(b, 20);
	header[0] = 0x45 + options / 4;
	set16(header + 2, b->len);
	header[8] = 64;
	header[9] = protocol;
	memcpy(header + 12, saddr, 4);
	memcpy(header + 16, daddr, 4);
}

static inline void put_ipv4(struct build *b, u8 protocol, const u8 *saddr, const u8 *daddr)
{
	put_ipv4_options(b, 0, protocol, saddr, daddr);
}

static inline void put_ipv6(struct build *b, u8 next, const u8 *saddr, const u8 *daddr)
{
	u8 *header = put(b, 40);

	header[0] = 0x60;
	set16(header + 4, b->len - 40);
	header[6] = next;
	header[7] = 64;
	memcpy(header + 8, saddr, 16);
	memcpy(header + 24, daddr, 16);
}

/* Hop-by-hop, routing or destination options: 8 bytes and @units times 8 more. */
static inline void put_extension(struct build *b, u8 next, u8 units)
{
	u8 *header = put(b, 8 + 8 * units);

	header[0] = next;
	header[1] = units;
}

static inline void put_fragment(struct build *b, u8 next, u16 offset_and_more)
{
	u8 *header = put(b, 8);

	header[0] = next;
	set16(header + 2, offset_and_more);
}

/* Its own length unit is 4 bytes: 24 bytes are written as 4. */
static inline void put_ah(struct build *b, u8 next)
{
	u8 *header = put(b, 24);

	header[0] = next;
	header[1] = 4;
}

static inline void put_gre(struct build *b, u16 flags, u16 protocol)
{
	u8 *header = put(b, flags & 0x8000 ? 8 : 4);

	set16(header, flags);
	set16(header + 2, protocol);
}

/* A source that ends exactly where the packet does. */
struct source {
	const u8 *bytes;
	u32 len;
};

static inline bool source_copy(const void *ctx, u32 offset, void *to, u32 len)
{
	const struct source *source = ctx;

	assert_true(offset <= source->len && len <= source->len - offset);
	memcpy(to, source->bytes + offset, len);
	return true;
}

/* Parse with the first @split bytes in one piece, the rest to be copied. */
static inline void parse_split(struct maglev_packet *packet, const u8 *bytes, u32 len, u32 split)
{
	struct source source = { .bytes = bytes, .len = len };
	struct maglev_bytes view = { .head_len = split, .len = len };
	u8 *head = test_alloc(split);
	enum maglev_kind kind;

	memcpy(head, bytes, split);
	view.head = head;
	if (split < len) {
		view.copy = source_copy;
		view.source = &source;
	}
	memset(packet, 0x5a, sizeof(*packet));
	kind = maglev_packet_parse(packet, &view);
	assert_int_equal(kind, packet->kind);
	free(head);
}

/*
 * Parse in one piece and split at every offset: all must say the same. Memory is of the exact
 * size, so that ASan sees a byte read too many.
 */
static inline enum maglev_kind parse_bytes(struct maglev_packet *packet, const u8 *bytes, u32 len)
{
	struct maglev_packet other;
	u32 split;

	parse_split(packet, bytes, len, len);
	for (split = 0; split < len; split++) {
		parse_split(&other, bytes, len, split);
		assert_memory_equal(packet, &other, sizeof(other));
	}
	return packet->kind;
}

static inline enum maglev_kind parse_build(struct maglev_packet *packet, struct build *b)
{
	return parse_bytes(packet, bytes_of(b), b->len);
}

static inline void assert_tuple_equal(const struct maglev_tuple *tuple,
				      const struct maglev_tuple *expected)
{
	assert_int_equal(tuple->len, expected->len);
	assert_memory_equal(tuple->byte, expected->byte, expected->len);
}

/* The flow client to VIP. */
static inline void assert_flow(const struct maglev_packet *packet, u32 version, u8 protocol)
{
	struct maglev_tuple expected;

	maglev_tuple_init(&expected, version == 4 ? 4 : 16, version == 4 ? client4 : client6,
			  version == 4 ? vip4 : vip6, __cpu_to_be16(CLIENT_PORT),
			  __cpu_to_be16(VIP_PORT), protocol);
	assert_tuple_equal(&packet->tuple, &expected);
}

#endif
