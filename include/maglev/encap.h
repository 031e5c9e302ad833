/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Outer headers: GRE (RFC 2784) and IPIP (RFC 2003, 2473, 4213) in all four mixes of IPv4 and
 * IPv6. Says what is to be put in front of a packet and writes those bytes; finding the
 * route and sending are the plane's.
 */
#ifndef MAGLEV_ENCAP_H
#define MAGLEV_ENCAP_H

#include <maglev/packet.h>

/**
 * enum maglev_tunnel_type - how a backend gets its packets
 * @MAGLEV_TUNNEL_NONE: not by us
 * @MAGLEV_TUNNEL_IPIP: IP in IP, whatever the versions
 * @MAGLEV_TUNNEL_GRE: GRE without key and sequence number
 */
enum maglev_tunnel_type {
	MAGLEV_TUNNEL_NONE = 0,
	MAGLEV_TUNNEL_IPIP = 1,
	MAGLEV_TUNNEL_GRE = 2,
};

enum {
	MAGLEV_IPV4_HEADER_BYTES = 20,
	MAGLEV_IPV6_HEADER_BYTES = 40,
	MAGLEV_GRE_HEADER_BYTES = 4,
	MAGLEV_GRE_CSUM_HEADER_BYTES = 8,
	MAGLEV_OUTER_BYTES_MAX = MAGLEV_IPV6_HEADER_BYTES + MAGLEV_GRE_CSUM_HEADER_BYTES,
	MAGLEV_IPV4_MTU_MIN = 68, /* RFC 791 */
	MAGLEV_IPV6_MTU_MIN = 1280, /* RFC 8200, 5 */
};

/**
 * struct maglev_tunnel - the way to a backend
 * @type: enum maglev_tunnel_type
 * @addr_len: bytes of the backend's address: MAGLEV_IPV4_BYTES or MAGLEV_IPV6_BYTES
 * @checksum: GRE with a checksum
 * @addr: the backend's address, network order, from the first byte on
 */
struct maglev_tunnel {
	u8 type;
	u8 addr_len;
	bool checksum;
	u8 addr[MAGLEV_IPV6_BYTES];
};

/**
 * struct maglev_outer - what is put in front of one packet
 * @saddr: the outer source, of the family of the tunnel's address
 * @dsfield: DSCP and ECN of the outer header; see maglev_outer_init()
 * @ttl: of the outer header
 * @dont_fragment: DF of an IPv4 outer header
 * @id: of an IPv4 outer header, host order; 0 with DF set (RFC 6864, 4.1)
 * @flow_label: of an IPv6 outer header, 20 bits
 */
struct maglev_outer {
	u8 saddr[MAGLEV_IPV6_BYTES];
	u8 dsfield;
	u8 ttl;
	bool dont_fragment;
	u16 id;
	u32 flow_label;
};

/**
 * maglev_tunnel_overhead() - bytes in front of a packet
 * @tunnel: the way to the backend
 *
 * Return: 20 to 48.
 */
static inline u32 maglev_tunnel_overhead(const struct maglev_tunnel *tunnel)
{
	u32 len = tunnel->addr_len == MAGLEV_IPV4_BYTES ? MAGLEV_IPV4_HEADER_BYTES :
							  MAGLEV_IPV6_HEADER_BYTES;

	if (tunnel->type == MAGLEV_TUNNEL_GRE)
		len += tunnel->checksum ? MAGLEV_GRE_CSUM_HEADER_BYTES : MAGLEV_GRE_HEADER_BYTES;
	return len;
}

/**
 * maglev_outer_init() - what of the outer header follows from the packet inside
 * @outer: dsfield, ttl and dont_fragment are written, the rest set to 0
 * @packet: the packet to be encapsulated, as parsed, before its TTL, which is above 1, is
 *	    decremented
 * @pmtu_disc: inner DF is carried outside; otherwise the outer packet may be fragmented
 *
 * ECN by RFC 6040 in normal mode: copied; DSCP copied (RFC 2983's uniform model); the TTL is
 * that of the packet after our decrement, and never below 1.
 */
void maglev_outer_init(struct maglev_outer *outer, const struct maglev_packet *packet,
		       bool pmtu_disc);

/**
 * maglev_outer_write() - write the bytes in front of a packet
 * @to: maglev_tunnel_overhead() bytes, of any alignment
 * @tunnel: the way to the backend
 * @outer: the rest of the header
 * @inner_version: 4 or 6
 * @inner_len: bytes of the packet inside; with the overhead at most 65535 (for IPv6: payload
 *	       length), else the length field is written as 0 and is the caller's (super-packets)
 *
 * The IPv4 header's checksum is right; that of GRE is left 0 for the caller, who knows the
 * payload (its two bytes are at overhead - 4).
 */
void maglev_outer_write(void *to, const struct maglev_tunnel *tunnel,
			const struct maglev_outer *outer, u8 inner_version, u32 inner_len);

#endif
