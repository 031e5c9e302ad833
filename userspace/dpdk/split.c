// SPDX-License-Identifier: GPL-2.0-only
/* Fragments as the kernel's ip_fragment() and ip6_fragment() cut them. */
#include "split.h"

#include <maglev/encap.h>
#include <maglev/wire.h>

#include <rte_ip.h>

enum {
	PIECES_MAX = 128, /* 64 kB by the least MTU of IPv4 that a device may have, 576 */
	FRAGMENT_BYTES = 8, /* IPv6's header */
};

/* What all pieces of a packet share. */
struct split {
	struct worker *worker;
	const struct rte_mbuf *mbuf;
	u32 head; /* link and IP header */
	u32 link_len;
	u32 room; /* of payload in each */
	u32 len; /* of payload in all */
	u32 ident; /* IPv6's */
	bool v6;
};

static void finish_ipv4(struct rte_ipv4_hdr *ip, u32 offset, u32 len, bool more)
{
	ip->total_length = rte_cpu_to_be_16(sizeof(*ip) + len);
	ip->fragment_offset =
		rte_cpu_to_be_16((more ? MAGLEV_IPV4_MORE_FRAGMENTS : 0) | offset / 8);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

static void finish_ipv6(struct rte_ipv6_hdr *ip, u32 offset, u32 len, bool more, u32 ident)
{
	u8 *fragment = (u8 *)(ip + 1);
	u16 field = rte_cpu_to_be_16(offset | more);
	u32 id = rte_cpu_to_be_32(ident);

	fragment[0] = ip->proto;
	fragment[1] = 0;
	memcpy(fragment + 2, &field, sizeof(field));
	memcpy(fragment + 4, &id, sizeof(id));
	ip->proto = MAGLEV_PROTO_FRAGMENT;
	ip->payload_len = rte_cpu_to_be_16(FRAGMENT_BYTES + len);
}

static bool copy(const struct rte_mbuf *mbuf, u32 offset, u32 len, u8 *to)
{
	const void *from = rte_pktmbuf_read(mbuf, offset, len, to);

	if (from && from != to)
		memcpy(to, from, len);
	return from;
}

static struct rte_mbuf *make_piece(const struct split *split, u32 offset)
{
	u32 len = RTE_MIN(split->room, split->len - offset);
	u32 head = split->head + (split->v6 ? FRAGMENT_BYTES : 0);
	struct rte_mbuf *piece = rte_pktmbuf_alloc(split->worker->pool);
	bool more = offset + len < split->len;
	u8 *to;

	if (!piece)
		return NULL;
	to = (u8 *)rte_pktmbuf_append(piece, head + len);
	if (!to || !copy(split->mbuf, 0, split->head, to) ||
	    !copy(split->mbuf, split->head + offset, len, to + head)) {
		rte_pktmbuf_free(piece);
		return NULL;
	}
	if (split->v6)
		finish_ipv6((void *)(to + split->link_len), offset, len, more, split->ident);
	else
		finish_ipv4((void *)(to + split->link_len), offset, len, more);
	return piece;
}

/* A piece is one buffer. */
static u32 piece_mtu(const struct worker *worker, const struct way *way)
{
	u32 room = rte_pktmbuf_data_room_size(worker->pool) - RTE_PKTMBUF_HEADROOM;

	return RTE_MIN((u32)READ_ONCE(way->mtu), room - way->link_len);
}

bool split_send(struct worker *worker, const struct way *way, struct rte_mbuf *mbuf)
{
	bool v6 = way->target.tunnel.addr_len == MAGLEV_IPV6_BYTES;
	u32 ip_len = v6 ? MAGLEV_IPV6_HEADER_BYTES : MAGLEV_IPV4_HEADER_BYTES;
	struct split split = {
		.worker = worker,
		.mbuf = mbuf,
		.link_len = way->link_len,
		.head = way->link_len + ip_len,
		.room = (piece_mtu(worker, way) - ip_len - (v6 ? FRAGMENT_BYTES : 0)) & ~7U,
		.len = mbuf->pkt_len - way->link_len - ip_len,
		.ident = maglev_mix64(worker->ident++ + ((u64)worker->id << 32)),
		.v6 = v6,
	};
	struct rte_mbuf *piece[PIECES_MAX];
	u32 offset, i, n = 0;

	for (offset = 0; offset < split.len && n < PIECES_MAX; offset += split.room) {
		piece[n] = make_piece(&split, offset);
		if (!piece[n++])
			break;
	}
	if (offset < split.len) {
		rte_pktmbuf_free_bulk(piece, n);
		return false;
	}
	for (i = 0; i < n; i++)
		worker_send(worker, way->port, piece[i]);
	return true;
}
