/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets without options, extensions and surprises, read in a few loads. Whatever is not so is for
 * maglev_packet_parse(), which says of those that are what is said here.
 */
#ifndef MAGLEV_DPDK_PLAIN_H
#define MAGLEV_DPDK_PLAIN_H

#include <maglev/encap.h>
#include <maglev/wire.h>

/* The transport header's: TCP whole, UDP of the right length. Sets ports and flags. */
static inline bool plain_transport(struct maglev_packet *packet, const u8 *transport, u32 len,
				   u8 *tail)
{
	const struct maglev_tcp_header *tcp = (const void *)transport;
	const struct maglev_udp_header *udp = (const void *)transport;
	u32 header_len, protocol = (__force u32)cpu_to_be32((u32)packet->protocol << 24);

	if (packet->protocol == MAGLEV_PROTO_TCP) {
		if (len < 20)
			return false;
		header_len = (tcp->offset >> 4) * 4;
		if (header_len < 20 || header_len > len)
			return false;
		packet->flags = tcp->flags &
				(MAGLEV_TCP_FIN | MAGLEV_TCP_SYN | MAGLEV_TCP_RST | MAGLEV_TCP_ACK);
	} else if (packet->protocol == MAGLEV_PROTO_UDP) {
		if (len < sizeof(*udp) || be16_to_cpu(udp->len) < sizeof(*udp) ||
		    be16_to_cpu(udp->len) > len)
			return false;
		packet->flags = 0;
	} else {
		return false;
	}
	memcpy(tail, transport, 4);
	memcpy(tail + 4, &protocol, sizeof(protocol));
	return true;
}

static inline bool plain_ipv4(struct maglev_packet *packet, const u8 *head, u32 len)
{
	const struct maglev_ipv4_header *ip = (const void *)head;
	u32 total_len, word[5];
	u64 sum;

	if (len < sizeof(*ip) || ip->version_ihl != 0x45)
		return false;
	total_len = be16_to_cpu(ip->total_len);
	if (total_len > len || total_len < sizeof(*ip) ||
	    be16_to_cpu(ip->fragment) & (MAGLEV_IPV4_MORE_FRAGMENTS | MAGLEV_IPV4_FRAGMENT_OFFSET))
		return false;
	/* The header must add up, as the kernel wants it before it looks at anything else. */
	memcpy(word, head, sizeof(word));
	sum = (u64)word[0] + word[1] + word[2] + word[3] + word[4];
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	if ((u16)(sum + (sum >> 16)) != 0xffff)
		return false;
	packet->version = 4;
	packet->protocol = ip->protocol;
	packet->dsfield = ip->dsfield;
	packet->ttl = ip->ttl;
	packet->dont_fragment = be16_to_cpu(ip->fragment) & MAGLEV_IPV4_DONT_FRAGMENT;
	packet->loops = word[3] == word[4];
	packet->network_len = sizeof(*ip);
	packet->total_len = total_len;
	packet->tuple.len = 2 * MAGLEV_IPV4_BYTES + MAGLEV_TUPLE_TAIL_BYTES;
	/* From the packet: what was just stored in pieces is slow to load as one. */
	memcpy(packet->tuple.byte, ip->saddr, 2 * MAGLEV_IPV4_BYTES);
	return plain_transport(packet, head + sizeof(*ip), total_len - sizeof(*ip),
			       packet->tuple.byte + 2 * MAGLEV_IPV4_BYTES);
}

static inline bool plain_ipv6(struct maglev_packet *packet, const u8 *head, u32 len)
{
	const struct maglev_ipv6_header *ip = (const void *)head;
	u32 payload_len;

	if (len < sizeof(*ip) || head[0] >> 4 != 6)
		return false;
	payload_len = be16_to_cpu(ip->payload_len);
	if (!payload_len || payload_len > len - sizeof(*ip))
		return false;
	packet->version = 6;
	packet->protocol = ip->next_header;
	packet->dsfield = be32_to_cpu(ip->version_class_label) >> 20;
	packet->ttl = ip->hop_limit;
	packet->dont_fragment = true;
	packet->loops = !memcmp(ip->saddr, ip->daddr, sizeof(ip->saddr));
	packet->network_len = sizeof(*ip);
	packet->total_len = sizeof(*ip) + payload_len;
	packet->tuple.len = 2 * MAGLEV_IPV6_BYTES + MAGLEV_TUPLE_TAIL_BYTES;
	memcpy(packet->tuple.byte, ip->saddr, 2 * MAGLEV_IPV6_BYTES);
	return plain_transport(packet, head + sizeof(*ip), payload_len,
			       packet->tuple.byte + 2 * MAGLEV_IPV6_BYTES);
}

/**
 * plain_parse() - read a packet, if it is plain
 * @packet: what it says; what only ICMP errors have is not written
 * @head: from the IP header on, in one piece
 * @len: bytes of that
 * @version: that the link header says
 *
 * Packet path.
 *
 * Return: true if it is TCP or UDP, of kind MAGLEV_KIND_FLOW, and its IPv4 header adds up;
 * false: ask maglev_packet_parse().
 */
static inline bool plain_parse(struct maglev_packet *packet, const u8 *head, u32 len, u8 version)
{
	packet->kind = MAGLEV_KIND_FLOW;
	return version == 4 ? plain_ipv4(packet, head, len) : plain_ipv6(packet, head, len);
}

#endif
