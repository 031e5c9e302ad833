/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a packet says: bounded parsing of IPv4 and IPv6 down to the ports, through options,
 * extension headers and the packet an ICMP error quotes. Reads bytes nobody vouches for:
 * every length is checked, every loop is bounded, nothing is written but the result.
 */
#ifndef MAGLEV_PACKET_H
#define MAGLEV_PACKET_H

#include <maglev/tuple.h>

enum {
	MAGLEV_EXTENSIONS_MAX = 8, /* IPv6 extension headers read; more are malformed */
	MAGLEV_ICMP_BYTES = 8, /* of an ICMP or ICMPv6 error before its quote */
	MAGLEV_PORTS_BYTES = 8, /* of a transport header that an ICMP error must quote */
};

/**
 * struct maglev_bytes - a packet to be read, from its IP header on
 * @head: the first bytes, in one piece
 * @head_len: how many of them
 * @len: of the whole packet, as received; at least @head_len
 * @copy: copies @len bytes at @offset to @to, where @head does not reach; returns false if
 *        it cannot. NULL if @head is all there is.
 * @source: what @copy reads
 */
struct maglev_bytes {
	const u8 *head;
	u32 head_len;
	u32 len;
	bool (*copy)(const void *source, u32 offset, void *to, u32 len);
	const void *source;
};

/**
 * maglev_bytes_at() - a header inside a packet
 * @bytes: the packet
 * @offset: of the header
 * @len: of the header
 * @buffer: @len bytes, used where the header is not in one piece
 *
 * Return: where the header can be read, of any alignment; NULL if the packet ends before it does.
 */
static inline const void *maglev_bytes_at(const struct maglev_bytes *bytes, u32 offset, u32 len,
					  void *buffer)
{
	if (offset <= bytes->head_len && len <= bytes->head_len - offset)
		return bytes->head + offset;
	if (offset > bytes->len || len > bytes->len - offset || !bytes->copy)
		return NULL;
	return bytes->copy(bytes->source, offset, buffer, len) ? buffer : NULL;
}

/**
 * enum maglev_kind - what a packet is to a balancer
 * @MAGLEV_KIND_FLOW: TCP, UDP or SCTP with ports: @tuple is the packet's own
 * @MAGLEV_KIND_ERROR: an ICMP error about a packet from a VIP to a client: @tuple is that
 *		       flow's, turned round to client -> VIP
 * @MAGLEV_KIND_TUNNEL_ERROR: an ICMP error about a packet that a balancer encapsulated:
 *		       @tuple is that of the flow inside, client -> VIP; @tuple.len is 0 if the
 *		       quote ends before MAGLEV_PORTS_BYTES of its transport header, or if the
 *		       packet inside has no ports
 * @MAGLEV_KIND_ECHO: an ICMP echo request
 * @MAGLEV_KIND_FRAGMENT: a fragment, the first one too; not IPv6's atomic ones (RFC 6946)
 * @MAGLEV_KIND_OTHER: well-formed, and nothing for a balancer
 * @MAGLEV_KIND_MALFORMED: ends too early, or its lengths contradict each other
 *
 * Only the first three have a tuple. Where the kind is MAGLEV_KIND_MALFORMED, fields that could
 * be read are set, others are 0; total_len is set if all of the packet is there.
 */
enum maglev_kind {
	MAGLEV_KIND_FLOW,
	MAGLEV_KIND_ERROR,
	MAGLEV_KIND_TUNNEL_ERROR,
	MAGLEV_KIND_ECHO,
	MAGLEV_KIND_FRAGMENT,
	MAGLEV_KIND_OTHER,
	MAGLEV_KIND_MALFORMED,
};

/* The flags of a TCP header that matter to us, as they stand in its byte 13 (RFC 9293, 3.1). */
enum {
	MAGLEV_TCP_FIN = 0x01,
	MAGLEV_TCP_SYN = 0x02,
	MAGLEV_TCP_RST = 0x04,
	MAGLEV_TCP_ACK = 0x10,
};

/**
 * struct maglev_packet - a packet, read
 * @tuple: the flow, client -> VIP; see enum maglev_kind for whose; @tuple.len 0 if none
 * @kind: enum maglev_kind
 * @version: 4 or 6: of the packet itself, not of a quote
 * @protocol: IPPROTO_* of the packet itself, behind all extension headers
 * @flags: MAGLEV_TCP_* of a TCP flow; MAGLEV_TCP_SYN for an SCTP INIT, MAGLEV_TCP_RST for an
 *	   ABORT, MAGLEV_TCP_FIN for SHUTDOWN and SHUTDOWN COMPLETE; else 0
 * @dsfield: DSCP and ECN
 * @ttl: TTL or hop limit
 * @dont_fragment: IPv4's DF; true for IPv6
 * @loops: source and destination of the packet itself are the same address
 * @network_len: bytes from the IP header to the transport header; 0 of fragments and of
 *		 malformed packets whose headers could not be read to their end
 * @total_len: of the IP packet, from its header (of super-packets, which may say 0: from
 *	       the bytes)
 * @icmp_type: of ICMP or ICMPv6
 * @icmp_code: likewise
 * @mtu: that a "fragmentation needed" or "packet too big" names, else 0
 * @tunnel_overhead: of a MAGLEV_KIND_TUNNEL_ERROR: bytes between the quoted outer header's
 *		     start and the inner packet
 * @inner_dont_fragment: of a MAGLEV_KIND_TUNNEL_ERROR: may the client's packet not be
 *			 fragmented? true for IPv6; false if the quote ends before DF
 * @inner_offset: of a MAGLEV_KIND_TUNNEL_ERROR: from the packet's start to the client's packet
 * @inner_version: 4 or 6, of the client's packet
 * @tunnel_daddr: of a MAGLEV_KIND_TUNNEL_ERROR: where the quoted outer packet went, as
 *		  IPv6 or ::ffff:a.b.c.d
 */
struct maglev_packet {
	struct maglev_tuple tuple;
	u8 kind;
	u8 version;
	u8 protocol;
	u8 flags;
	u8 dsfield;
	u8 ttl;
	bool dont_fragment;
	bool loops;
	u32 network_len;
	u32 total_len;
	u8 icmp_type;
	u8 icmp_code;
	u8 inner_version;
	bool inner_dont_fragment;
	u32 mtu;
	u32 tunnel_overhead;
	u32 inner_offset;
	u8 tunnel_daddr[MAGLEV_IPV6_BYTES];
};

/**
 * maglev_packet_parse() - read a packet
 * @packet: what it says; written whole
 * @bytes: the packet from its IP header on
 *
 * Packet path: no allocation, at most MAGLEV_EXTENSIONS_MAX steps for the packet and as many
 * for what it quotes. Checksums are not looked at.
 *
 * Return: @packet->kind.
 */
enum maglev_kind maglev_packet_parse(struct maglev_packet *packet,
				     const struct maglev_bytes *bytes);

#endif
