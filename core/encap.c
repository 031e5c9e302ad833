// SPDX-License-Identifier: GPL-2.0-only
/* Writing outer headers: IPv4 or IPv6, then GRE or nothing. Packet path: pure. */
#include <maglev/encap.h>
#include <maglev/wire.h>

enum {
	LENGTH_MAX = 65535, /* of an IPv4 packet, or of an IPv6 payload */
	FLOW_LABEL_MAX = 0xfffff,
};

/* One store, so that whoever reads the header next, a word at a time, gets it at once. */
static inline void put(u8 *to, u32 word)
{
	memcpy(to, &word, sizeof(word));
}

static inline void put_be(u8 *to, u32 word)
{
	put(to, (__force u32)cpu_to_be32(word));
}

static inline u32 get(const u8 *from)
{
	u32 word;

	memcpy(&word, from, sizeof(word));
	return word;
}

/* The Internet checksum (RFC 1071), of what a header's words add up to. */
static inline u16 checksum(u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	return ~sum;
}

static inline u32 wire_length(u32 len)
{
	return len <= LENGTH_MAX ? len : 0;
}

static void write_ipv4(u8 *to, const struct maglev_tunnel *tunnel, const struct maglev_outer *outer,
		       u8 protocol, u32 payload_len)
{
	u32 total_len = wire_length(MAGLEV_IPV4_HEADER_BYTES + payload_len);
	u32 fragment = outer->dont_fragment ? MAGLEV_IPV4_DONT_FRAGMENT : 0;
	u32 first = 4U << 28 | MAGLEV_IPV4_HEADER_BYTES / 4 << 24 | outer->dsfield << 16 |
		    total_len;
	u32 second = (u32)outer->id << 16 | fragment;
	u32 third = (u32)outer->ttl << 24 | protocol << 16;
	u32 saddr = get(outer->saddr), daddr = get(tunnel->addr);
	u64 sum = (u64)first + second + third + be32_to_cpu((__force __be32)saddr) +
		  be32_to_cpu((__force __be32)daddr);

	put_be(to, first);
	put_be(to + 4, second);
	put_be(to + 8, third | checksum(sum));
	put(to + 12, saddr);
	put(to + 16, daddr);
}

static void write_ipv6(u8 *to, const struct maglev_tunnel *tunnel, const struct maglev_outer *outer,
		       u8 protocol, u32 payload_len)
{
	u32 label = outer->flow_label & FLOW_LABEL_MAX;

	put_be(to, 6U << 28 | (u32)outer->dsfield << 20 | label);
	put_be(to + 4, wire_length(payload_len) << 16 | protocol << 8 | outer->ttl);
	memcpy(to + 8, outer->saddr, MAGLEV_IPV6_BYTES);
	memcpy(to + 24, tunnel->addr, MAGLEV_IPV6_BYTES);
}

static void write_gre(u8 *to, const struct maglev_tunnel *tunnel, u8 inner_version)
{
	u32 protocol = inner_version == 4 ? MAGLEV_GRE_IPV4 : MAGLEV_GRE_IPV6;

	put_be(to, (tunnel->checksum ? MAGLEV_GRE_CSUM : 0U) << 16 | protocol);
	if (tunnel->checksum)
		put(to + 4, 0);
}

static u8 tunnel_protocol(const struct maglev_tunnel *tunnel, u8 inner_version)
{
	if (tunnel->type == MAGLEV_TUNNEL_GRE)
		return MAGLEV_PROTO_GRE;
	return inner_version == 4 ? MAGLEV_PROTO_IPV4 : MAGLEV_PROTO_IPV6;
}

void maglev_outer_init(struct maglev_outer *outer, const struct maglev_packet *packet,
		       bool pmtu_disc)
{
	memset(outer, 0, sizeof(*outer));
	outer->dsfield = packet->dsfield;
	outer->ttl = packet->ttl > 1 ? packet->ttl - 1 : 1;
	outer->dont_fragment = pmtu_disc && packet->dont_fragment;
}

void maglev_outer_write(void *to, const struct maglev_tunnel *tunnel,
			const struct maglev_outer *outer, u8 inner_version, u32 inner_len)
{
	bool v4 = tunnel->addr_len == MAGLEV_IPV4_BYTES;
	u32 ip_len = v4 ? MAGLEV_IPV4_HEADER_BYTES : MAGLEV_IPV6_HEADER_BYTES;
	u32 tunnel_len = maglev_tunnel_overhead(tunnel) - ip_len;
	u8 protocol = tunnel_protocol(tunnel, inner_version);

	if (v4)
		write_ipv4(to, tunnel, outer, protocol, tunnel_len + inner_len);
	else
		write_ipv6(to, tunnel, outer, protocol, tunnel_len + inner_len);
	if (tunnel_len)
		write_gre((u8 *)to + ip_len, tunnel, inner_version);
}
