// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a tunnelled packet is, and whether all of it is right: RFC 2003, 2473, 2784, 2890 and
 * 4213. Lengths must be exact: nothing after what the header says. Independent of the module's
 * own code, which is what is tested.
 */
#include "frames.h"

#include <linux/if_ether.h>

enum {
	GRE_BYTES = 4,
	GRE_CHECKSUM_BYTES = 8,
	GRE_CHECKSUM = 0x8000, /* the only flag a balancer may set; the version is 0 */
	FRAGMENT = 0x3fff, /* more fragments, or an offset */
};

const char *const verdict_names[VERDICTS] = {
	[IS_FLOW] = "flow",
	[OTHER_PROTOCOL] = "protocol",
	[OTHER_FRAGMENT] = "fragment",
	[OTHER_DESTINATION] = "destination",
	[BAD_TRUNCATED] = "truncated",
	[BAD_OUTER_HEADER] = "outer-header",
	[BAD_OUTER_LENGTH] = "outer-length",
	[BAD_OUTER_CHECKSUM] = "outer-checksum",
	[BAD_GRE_FLAGS] = "gre-flags",
	[BAD_GRE_CHECKSUM] = "gre-checksum",
	[BAD_GRE_PROTOCOL] = "gre-protocol",
	[BAD_INNER_HEADER] = "inner-header",
	[BAD_INNER_LENGTH] = "inner-length",
	[BAD_INNER_CHECKSUM] = "inner-checksum",
	[BAD_L4_LENGTH] = "l4-length",
	[BAD_L4_CHECKSUM] = "l4-checksum",
};

/* An IP packet: what its header says, and what is after it. */
struct ip {
	struct in6_addr src, dst;
	const u8 *data;
	u32 len;
	u8 protocol;
	bool fragment;
};

/* What is wrong with a header, of the outer or of the inner packet. */
enum fault {
	FAULT_NONE,
	FAULT_HEADER,
	FAULT_LENGTH,
	FAULT_CHECKSUM
};

static u16 get16(const u8 *at)
{
	return at[0] << 8 | at[1];
}

static void map_address(struct in6_addr *address, const u8 *bytes)
{
	memset(address, 0, 10);
	memset(&address->s6_addr[10], 0xff, 2);
	memcpy(&address->s6_addr[12], bytes, 4);
}

static enum fault parse_ip4(const u8 *packet, u32 len, struct ip *ip)
{
	u32 header = (packet[0] & 15) * 4;

	if (len < IP4_BYTES || header < IP4_BYTES || header > len)
		return FAULT_HEADER;
	if (get16(packet + 2) != len)
		return FAULT_LENGTH;
	if (fold(sum_bytes(0, packet, header)) != 0xffff)
		return FAULT_CHECKSUM;
	map_address(&ip->src, packet + 12);
	map_address(&ip->dst, packet + 16);
	ip->protocol = packet[9];
	ip->fragment = get16(packet + 6) & FRAGMENT;
	ip->data = packet + header;
	ip->len = len - header;
	return packet[8] ? FAULT_NONE : FAULT_HEADER;
}

static enum fault parse_ip6(const u8 *packet, u32 len, struct ip *ip)
{
	if (len < IP6_BYTES)
		return FAULT_HEADER;
	if (get16(packet + 4) != len - IP6_BYTES)
		return FAULT_LENGTH;
	memcpy(&ip->src, packet + 8, sizeof(ip->src));
	memcpy(&ip->dst, packet + 24, sizeof(ip->dst));
	ip->protocol = packet[6];
	ip->fragment = ip->protocol == IPPROTO_FRAGMENT;
	ip->data = packet + IP6_BYTES;
	ip->len = len - IP6_BYTES;
	return packet[7] ? FAULT_NONE : FAULT_HEADER;
}

static enum fault parse_ip(const u8 *packet, u32 len, struct ip *ip)
{
	if (!len)
		return FAULT_HEADER;
	switch (packet[0] >> 4) {
	case 4:
		return parse_ip4(packet, len, ip);
	case 6:
		return parse_ip6(packet, len, ip);
	}
	return FAULT_HEADER;
}

/* The limit of encapsulations, which Linux' IPv6 tunnels write (RFC 2473). */
static bool skip_options(struct ip *ip)
{
	u32 len;

	if (ip->len < 8)
		return false;
	len = (ip->data[1] + 1) * 8;
	if (len > ip->len)
		return false;
	ip->protocol = ip->data[0];
	ip->data += len;
	ip->len -= len;
	return true;
}

/* Return: IS_FLOW, with @ip moved on to what GRE carries, as if it came in @ip itself. */
static enum verdict skip_gre(struct ip *ip, bool has_checksums)
{
	u32 header = GRE_BYTES;
	u16 flags;

	if (ip->len < GRE_BYTES)
		return BAD_OUTER_LENGTH;
	flags = get16(ip->data);
	if (flags & ~GRE_CHECKSUM)
		return BAD_GRE_FLAGS;
	if (flags & GRE_CHECKSUM) {
		header = GRE_CHECKSUM_BYTES;
		if (ip->len < header)
			return BAD_OUTER_LENGTH;
		if (get16(ip->data + 6)) /* reserved */
			return BAD_GRE_FLAGS;
		if (has_checksums && fold(sum_bytes(0, ip->data, ip->len)) != 0xffff)
			return BAD_GRE_CHECKSUM;
	}
	switch (get16(ip->data + 2)) {
	case ETH_P_IP:
		ip->protocol = IPPROTO_IPIP;
		break;
	case ETH_P_IPV6:
		ip->protocol = IPPROTO_IPV6;
		break;
	default:
		return BAD_GRE_PROTOCOL;
	}
	ip->data += header;
	ip->len -= header;
	return IS_FLOW;
}

static bool is_ours(const struct options *options, const struct in6_addr *dst)
{
	u32 i;

	for (i = 0; i < options->n_vips; i++)
		if (IN6_ARE_ADDR_EQUAL(&options->vips[i], dst))
			return true;
	return false;
}

/*
 * A UDP datagram may do without, but not over IPv6. What is left to the hardware has the sum of
 * the pseudo header there; but it may be GRE's that is left, and this one be complete.
 */
static bool is_l4_sum_right(const struct ip *ip, bool has_checksums)
{
	const u8 *field = ip->data + (ip->protocol == IPPROTO_UDP ? 6 : 16);
	u64 pseudo = cpu_to_be16(ip->protocol) + cpu_to_be16(ip->len);
	u32 skip = is_ip4(&ip->src) ? 12 : 0;
	u16 seed;

	if (ip->protocol == IPPROTO_UDP && !get16(field))
		return is_ip4(&ip->src);
	pseudo = sum_bytes(pseudo, &ip->src.s6_addr[skip], 16 - skip);
	pseudo = sum_bytes(pseudo, &ip->dst.s6_addr[skip], 16 - skip);
	if (fold(sum_bytes(pseudo, ip->data, ip->len)) == 0xffff)
		return true;
	seed = fold(pseudo);
	return !has_checksums && !memcmp(field, &seed, sizeof(seed));
}

static enum verdict parse_l4(const struct options *options, const struct ip *ip, bool has_checksums)
{
	bool udp = ip->protocol == IPPROTO_UDP;

	if (ip->len < (udp ? UDP_BYTES : TCP_BYTES))
		return BAD_L4_LENGTH;
	if (udp ? get16(ip->data + 4) != ip->len :
		  ip->data[12] >> 4 < 5 || (ip->data[12] >> 4) * 4u > ip->len)
		return BAD_L4_LENGTH;
	if (!is_l4_sum_right(ip, has_checksums))
		return BAD_L4_CHECKSUM;
	if (options->proto >= 0 && (options->proto == PROTO_UDP) != udp)
		return OTHER_DESTINATION;
	if (options->port && get16(ip->data + 2) != options->port)
		return OTHER_DESTINATION;
	return IS_FLOW;
}

static enum verdict parse_inner(const struct options *options, const struct ip *outer,
				bool has_checksums, struct seen *seen)
{
	struct ip ip;

	if (!outer->len || outer->data[0] >> 4 != (outer->protocol == IPPROTO_IPIP ? 4 : 6))
		return BAD_INNER_HEADER;
	switch (parse_ip(outer->data, outer->len, &ip)) {
	case FAULT_NONE:
		break;
	case FAULT_HEADER:
		return BAD_INNER_HEADER;
	case FAULT_LENGTH:
		return BAD_INNER_LENGTH;
	case FAULT_CHECKSUM:
		return BAD_INNER_CHECKSUM;
	}
	if (!is_ours(options, &ip.dst))
		return OTHER_DESTINATION;
	if (ip.fragment)
		return OTHER_FRAGMENT;
	if (ip.protocol != IPPROTO_TCP && ip.protocol != IPPROTO_UDP)
		return OTHER_PROTOCOL;
	seen->src = ip.src;
	seen->sport = ip.len < 2 ? 0 : get16(ip.data);
	return parse_l4(options, &ip, has_checksums);
}

/* parse_tunnelled: @packet starts with the outer header; @seen is for IS_FLOW. */
enum verdict parse_tunnelled(const struct options *options, const u8 *packet, u32 len,
			     bool has_checksums, struct seen *seen)
{
	enum verdict verdict;
	struct ip outer;

	switch (parse_ip(packet, len, &outer)) {
	case FAULT_NONE:
		break;
	case FAULT_HEADER:
		return BAD_OUTER_HEADER;
	case FAULT_LENGTH:
		return BAD_OUTER_LENGTH;
	case FAULT_CHECKSUM:
		return BAD_OUTER_CHECKSUM;
	}
	if (outer.fragment)
		return OTHER_FRAGMENT;
	if (outer.protocol == IPPROTO_DSTOPTS && !is_ip4(&outer.src) && !skip_options(&outer))
		return BAD_OUTER_LENGTH;
	if (outer.protocol == IPPROTO_GRE) {
		verdict = skip_gre(&outer, has_checksums);
		if (verdict != IS_FLOW)
			return verdict;
	}
	if (outer.protocol != IPPROTO_IPIP && outer.protocol != IPPROTO_IPV6)
		return OTHER_PROTOCOL;
	seen->backend = outer.dst;
	return parse_inner(options, &outer, has_checksums, seen);
}
