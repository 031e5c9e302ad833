// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as a packet: reading stays within them, says the same however they are split, and
 * contradicts neither itself nor what we write in front of a flow. Run by scripts/fuzz.
 */
#include <maglev/encap.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	LEN_MAX = 4096,
	ICMP_PACKET_BYTES = 8, /* in front of a quote, behind the IP header */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct source {
	const u8 *bytes;
	u32 len;
};

static bool copy(const void *ctx, u32 offset, void *to, u32 len)
{
	const struct source *source = ctx;

	assert(offset <= source->len && len <= source->len - offset);
	memcpy(to, source->bytes + offset, len);
	return true;
}

/* Parse @len bytes of which the first @head_len are in one piece; all memory is exactly as long. */
static struct maglev_packet parse_split(const u8 *bytes, u32 len, u32 head_len)
{
	struct source source = { .len = len };
	struct maglev_bytes view = { .head_len = head_len, .len = len };
	struct maglev_packet packet;
	u8 *head = malloc(head_len), *all = malloc(len);
	enum maglev_kind kind;

	memcpy(head, bytes, head_len);
	memcpy(all, bytes, len);
	view.head = head;
	source.bytes = all;
	if (head_len < len) {
		view.copy = copy;
		view.source = &source;
	}
	memset(&packet, 0x5a, sizeof(packet));
	kind = maglev_packet_parse(&packet, &view);
	assert(kind == packet.kind);
	free(head);
	free(all);
	return packet;
}

static struct maglev_packet parse(const u8 *bytes, u32 len)
{
	return parse_split(bytes, len, len);
}

static bool is_same(const struct maglev_packet *a, const struct maglev_packet *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static void check_lengths(const struct maglev_packet *packet, u32 len)
{
	assert(packet->kind <= MAGLEV_KIND_MALFORMED);
	assert(packet->network_len <= packet->total_len && packet->total_len <= len);
	assert(packet->tuple.len == 0 || packet->tuple.len == 16 || packet->tuple.len == 40);
	if (packet->kind <= MAGLEV_KIND_ERROR)
		assert(packet->tuple.len == (packet->version == 4 ? 16 : 40));
	if (packet->kind > MAGLEV_KIND_TUNNEL_ERROR)
		assert(packet->tuple.len == 0);
	if (packet->kind < MAGLEV_KIND_FRAGMENT)
		assert(packet->total_len >= packet->network_len + MAGLEV_PORTS_BYTES);
	if (packet->kind != MAGLEV_KIND_TUNNEL_ERROR)
		return;
	assert(packet->inner_version == 4 || packet->inner_version == 6);
	assert(packet->inner_offset <= packet->total_len);
	assert(packet->inner_offset ==
	       packet->network_len + MAGLEV_ICMP_BYTES + packet->tunnel_overhead);
	if (packet->tuple.len)
		assert(packet->tuple.len == (packet->inner_version == 4 ? 16 : 40));
}

/* The tuple's addresses and ports are where the packet says that they are. */
static void check_flow(const struct maglev_packet *packet, const u8 *bytes)
{
	u32 addr_len = packet->version == 4 ? 4 : 16, at = packet->version == 4 ? 12 : 8;
	const u8 *tail = packet->tuple.byte + 2 * addr_len;

	assert(!memcmp(packet->tuple.byte, bytes + at, 2 * addr_len));
	assert(!memcmp(tail, bytes + packet->network_len, 4));
	assert(tail[4] == packet->protocol && !tail[5] && !tail[6] && !tail[7]);
	assert(packet->loops == !memcmp(bytes + at, bytes + at + addr_len, addr_len));
}

/* An IP header of @addr_len's version for the @len bytes behind it. */
static u32 write_header(u8 *to, u32 addr_len, u8 protocol, u32 len)
{
	memset(to, 0, 40);
	to[0] = addr_len == 4 ? 0x45 : 0x60;
	if (addr_len == 4)
		len += 20;
	to[addr_len == 4 ? 2 : 4] = len >> 8;
	to[addr_len == 4 ? 3 : 5] = len;
	to[addr_len == 4 ? 9 : 6] = protocol;
	return addr_len == 4 ? 20 : 40;
}

/* What we encapsulate is found inside, and again when an ICMP error quotes it. */
static void check_tunnel(const struct maglev_packet *packet, const u8 *bytes,
			 const struct maglev_tunnel *tunnel)
{
	u32 overhead = maglev_tunnel_overhead(tunnel), before, len;
	bool v4 = tunnel->addr_len == MAGLEV_IPV4_BYTES;
	u8 *room = calloc(1, 48 + MAGLEV_OUTER_BYTES_MAX + packet->total_len);
	struct maglev_packet other;
	struct maglev_outer outer;

	before = write_header(room, tunnel->addr_len, v4 ? 1 : 58,
			      ICMP_PACKET_BYTES + overhead + packet->total_len);
	room[before] = v4 ? 3 : 1;
	before += ICMP_PACKET_BYTES;
	maglev_outer_init(&outer, packet, true);
	maglev_outer_write(room + before, tunnel, &outer, packet->version, packet->total_len);
	memcpy(room + before + overhead, bytes, packet->total_len);
	len = before + overhead + packet->total_len;

	other = parse(room + before + overhead, packet->total_len);
	assert(is_same(packet, &other));
	other = parse(room + before, len - before);
	assert(other.kind == MAGLEV_KIND_OTHER && other.total_len == len - before);
	assert(other.dsfield == packet->dsfield);
	other = parse(room, len);
	assert(other.kind == MAGLEV_KIND_TUNNEL_ERROR);
	assert(other.tunnel_overhead == overhead && other.inner_offset == before + overhead);
	assert(other.inner_version == packet->version);
	assert(other.inner_dont_fragment == packet->dont_fragment);
	assert(!memcmp(&other.tuple, &packet->tuple, sizeof(other.tuple)));
	free(room);
}

static void check_tunnels(const struct maglev_packet *packet, const u8 *bytes)
{
	struct maglev_tunnel tunnel = {};
	u32 i;

	for (i = 0; i < 6; i++) {
		tunnel.addr_len = i % 2 ? MAGLEV_IPV4_BYTES : MAGLEV_IPV6_BYTES;
		tunnel.type = i < 2 ? MAGLEV_TUNNEL_IPIP : MAGLEV_TUNNEL_GRE;
		tunnel.checksum = i >= 4;
		check_tunnel(packet, bytes, &tunnel);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct maglev_packet packet, other;
	u32 len = size, chosen;

	if (size > LEN_MAX)
		return 0;
	packet = parse(data, len);
	check_lengths(&packet, len);
	chosen = len ? (data[len - 1] * 31 + data[len / 2]) % len : 0;
	other = parse_split(data, len, chosen);
	assert(is_same(&packet, &other));
	if (chosen < packet.total_len && (data[0] >> 4 != 4 || data[2] || data[3]) &&
	    (data[0] >> 4 != 6 || data[4] || data[5])) {
		other = parse(data, chosen);
		assert(other.kind == MAGLEV_KIND_MALFORMED);
	}
	if (packet.kind == MAGLEV_KIND_FLOW) {
		check_flow(&packet, data);
		check_tunnels(&packet, data);
	}
	return 0;
}
