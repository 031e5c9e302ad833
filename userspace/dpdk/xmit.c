// SPDX-License-Identifier: GPL-2.0-only
/*
 * Encapsulating, in the order of kmod/xmit.c. What of the outer header is the way's is copied from
 * it, what is each packet's is the core's to write.
 */
#include "xmit.h"

#include "split.h"

#include <maglev/encap.h>
#include <maglev/wire.h>

#include <rte_branch_prediction.h>
#include <rte_ip.h>

enum {
	IPV4_TTL_AT = 8, /* of an IPv4 header */
	IPV4_CHECKSUM_AT = 10,
	IPV6_HOP_LIMIT_AT = 7,
	IPV4_SADDR_AT = 12,
	IPV6_SADDR_AT = 8,
};

u32 xmit_mtu(const struct way *way)
{
	u32 mtu = READ_ONCE(way->mtu), overhead = maglev_tunnel_overhead(&way->target.tunnel);

	return mtu > overhead ? mtu - overhead : 0;
}

/*
 * What the client may send: no less than its protocol's least MTU, however narrow the way
 * (RFC 4213, 3.2.2; RFC 2473, 7.1).
 */
static inline bool is_too_big(const struct maglev_packet *packet, u32 mtu, bool pmtu_disc)
{
	if (packet->version == 4)
		return pmtu_disc && packet->dont_fragment &&
		       packet->total_len > RTE_MAX(mtu, (u32)MAGLEV_IPV4_MTU_MIN);
	return packet->total_len > RTE_MAX(mtu, (u32)MAGLEV_IPV6_MTU_MIN);
}

static inline enum maglev_reason check(const struct generation *generation, const struct item *item,
				       const struct way *way, u32 mtu)
{
	const struct maglev_packet *packet = &item->packet;

	if (unlikely(way->port == PORT_NONE))
		return MAGLEV_REASON_NO_ROUTE;
	if (unlikely(packet->ttl <= 1))
		return MAGLEV_REASON_TTL;
	if (unlikely(is_too_big(packet, mtu, generation->pmtu_disc)))
		return MAGLEV_REASON_TOO_BIG;
	if (unlikely(packet->total_len + maglev_tunnel_overhead(&way->target.tunnel) > 0xffff))
		return MAGLEV_REASON_TOO_LONG;
	return MAGLEV_REASON_NONE;
}

/* The low bits of the address from the low bits of the hash, up to 64 of them. */
static void spread_source(u8 *saddr, const struct source_prefix *prefix, u32 addr_len, u64 hash)
{
	u32 i;
	u8 mask;

	memcpy(saddr, prefix->addr, addr_len);
	for (i = addr_len; i-- > 0 && i * 8 + 8 > prefix->len && addr_len - i <= 8; hash >>= 8) {
		mask = i * 8 >= prefix->len ? 0xff : 0xff >> (prefix->len - i * 8);
		saddr[i] = (saddr[i] & ~mask) | (hash & mask);
	}
}

/* What of an outer header is not the way's but the packet's. */
struct own {
	u32 ident;
	bool dont_fragment;
	bool by_port; /* the port fills in the checksum */
	u64 hash;
};

/* Whatever there is, by the core. */
static __rte_noinline void write_outer(u8 *to, const struct generation *generation,
				       const struct item *item, const struct way *way,
				       const struct own *own)
{
	const struct maglev_tunnel *tunnel = &way->target.tunnel;
	bool v6 = tunnel->addr_len == MAGLEV_IPV6_BYTES;
	const struct source_prefix *prefix = &generation->source[v6];
	struct maglev_outer outer;

	maglev_outer_init(&outer, &item->packet, true);
	memcpy(outer.saddr, way->front + way->link_len + (v6 ? IPV6_SADDR_AT : IPV4_SADDR_AT),
	       tunnel->addr_len);
	if (prefix->len)
		spread_source(outer.saddr, prefix, tunnel->addr_len, own->hash);
	outer.dont_fragment = own->dont_fragment;
	outer.id = own->ident;
	outer.flow_label = own->hash & 0xfffff;
	memcpy(to, way->front, way->link_len);
	maglev_outer_write(to + way->link_len, tunnel, &outer, item->packet.version,
			   item->packet.total_len);
}

/*
 * By far the most: IPv4 in GRE without a checksum, in IPv4, on plain Ethernet. The same bytes:
 * addresses and GRE are copied, and the checksum is made of what they and the rest add up to.
 */
static inline bool is_usual(const struct generation *generation, const struct item *item,
			    const struct way *way)
{
	const struct maglev_tunnel *tunnel = &way->target.tunnel;

	return way->link_len == sizeof(struct rte_ether_hdr) &&
	       tunnel->addr_len == MAGLEV_IPV4_BYTES && tunnel->type == MAGLEV_TUNNEL_GRE &&
	       !tunnel->checksum && item->packet.version == 4 && !generation->source[0].len;
}

static inline u64 add_up(u64 first, u64 second, u32 third)
{
	u64 sum = (first & 0xffffffff) + (first >> 32) + (second & 0xffffffff) + (second >> 32) +
		  third;

	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum + (sum >> 16);
}

static inline void write_usual(u8 *to, const struct maglev_packet *packet, const struct way *way,
			       const struct own *own)
{
	const u8 *from = way->front + sizeof(struct rte_ether_hdr);
	u32 gre = rte_cpu_to_be_32(MAGLEV_GRE_IPV4), third;
	u8 *ip = to + sizeof(struct rte_ether_hdr);
	u64 first, addresses, sum;

	/* In the order of the wire, two words each; the sum is the same whatever the byte order. */
	first = rte_cpu_to_be_64(
		(u64)(0x45 << 8 | packet->dsfield) << 48 |
		(u64)(packet->total_len + MAGLEV_IPV4_HEADER_BYTES + MAGLEV_GRE_HEADER_BYTES)
			<< 32 |
		own->ident << 16 | (own->dont_fragment ? MAGLEV_IPV4_DONT_FRAGMENT : 0));
	third = rte_cpu_to_be_32((u32)(packet->ttl - 1) << 24 | MAGLEV_PROTO_GRE << 16);
	memcpy(&addresses, from + IPV4_SADDR_AT, sizeof(addresses));
	sum = own->by_port ? 0xffff : add_up(first, addresses, third);
	memcpy(to, way->front, sizeof(struct rte_ether_hdr));
	memcpy(ip, &first, sizeof(first));
	third |= rte_cpu_to_be_32(rte_be_to_cpu_16(~sum & 0xffff));
	memcpy(ip + IPV4_TTL_AT, &third, sizeof(third));
	memcpy(ip + IPV4_SADDR_AT, &addresses, sizeof(addresses));
	memcpy(ip + MAGLEV_IPV4_HEADER_BYTES, &gre, sizeof(gre));
}

/* The header that write_usual() has left without its checksum. */
static inline void leave_checksum(struct rte_mbuf *mbuf)
{
	mbuf->ol_flags |= RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM;
	mbuf->l2_len = sizeof(struct rte_ether_hdr);
	mbuf->l3_len = MAGLEV_IPV4_HEADER_BYTES;
}

/* RFC 1624, as the kernel's ip_decrease_ttl(). */
static inline void decrement_ttl(u8 *ip, u8 version)
{
	u32 check;
	u16 word;

	if (version == 6) {
		ip[IPV6_HOP_LIMIT_AT]--;
		return;
	}
	memcpy(&word, ip + IPV4_CHECKSUM_AT, sizeof(word));
	check = word;
	check += rte_cpu_to_be_16(0x0100);
	word = check + (check >= 0xffff);
	memcpy(ip + IPV4_CHECKSUM_AT, &word, sizeof(word));
	ip[IPV4_TTL_AT]--;
}

/* Over the GRE header and all behind it (RFC 2784, 2.3). */
static void set_gre_checksum(struct rte_mbuf *mbuf, u32 gre_at)
{
	u8 *at = rte_pktmbuf_mtod_offset(mbuf, u8 *, gre_at + MAGLEV_GRE_HEADER_BYTES);
	u16 sum = 0;

	rte_raw_cksum_mbuf(mbuf, gre_at, mbuf->pkt_len - gre_at, &sum);
	sum = ~sum;
	memcpy(at, &sum, sizeof(sum));
}

/* The IP header in one piece and nothing behind the packet, where it is not so already. */
static inline bool prepare(const struct item *item)
{
	u32 len = item->link_len + item->packet.total_len;
	struct rte_mbuf *mbuf = item->mbuf;

	if (unlikely(mbuf->pkt_len > len) && rte_pktmbuf_trim(mbuf, mbuf->pkt_len - len) < 0)
		return !rte_pktmbuf_linearize(mbuf) && !rte_pktmbuf_trim(mbuf, mbuf->pkt_len - len);
	return likely(mbuf->nb_segs == 1) ||
	       mbuf->data_len >= item->link_len + MAGLEV_IPV6_HEADER_BYTES ||
	       !rte_pktmbuf_linearize(mbuf);
}

/* It may be fragmented, or the client would have been told; its buffer goes in any case. */
static __rte_noinline enum maglev_reason send_split(struct worker *worker, const struct way *way,
						    struct rte_mbuf *mbuf)
{
	if (!split_send(worker, way, mbuf))
		worker_count_reason(worker, MAGLEV_REASON_NOT_SENT);
	rte_pktmbuf_free(mbuf);
	return MAGLEV_REASON_NONE;
}

enum maglev_reason xmit(struct worker *worker, const struct generation *generation,
			const struct item *item, const struct way *way, u64 hash)
{
	u32 mtu = xmit_mtu(way), overhead = maglev_tunnel_overhead(&way->target.tunnel);
	u32 front = way->link_len + overhead, inner_len = item->packet.total_len;
	enum maglev_reason reason = check(generation, item, way, mtu);
	struct own own = { .hash = hash };
	struct rte_mbuf *mbuf = item->mbuf;
	u8 *inner;

	if (unlikely(reason != MAGLEV_REASON_NONE))
		return reason;
	if (unlikely(!prepare(item)) || unlikely(mbuf->data_off + item->link_len < front))
		return MAGLEV_REASON_NO_MEMORY;
	/* What is let pass although it does not fit leaves in fragments, which need an ID. */
	own.dont_fragment = generation->pmtu_disc && inner_len <= mtu && item->packet.dont_fragment;
	if (!own.dont_fragment)
		own.ident = (u16)(worker->ident++ + hash);
	inner = rte_pktmbuf_mtod_offset(mbuf, u8 *, item->link_len);
	decrement_ttl(inner, item->packet.version);
	mbuf->data_off += item->link_len - front;
	mbuf->data_len += front - item->link_len;
	mbuf->pkt_len += front - item->link_len;
	if (likely(is_usual(generation, item, way))) {
		own.by_port = worker->output_at[way->port]->checksums && inner_len <= mtu;
		write_usual(inner - front, &item->packet, way, &own);
		if (own.by_port)
			leave_checksum(mbuf);
	} else {
		write_outer(inner - front, generation, item, way, &own);
	}
	if (unlikely(way->target.tunnel.checksum))
		set_gre_checksum(mbuf, front - MAGLEV_GRE_CSUM_HEADER_BYTES);
	if (unlikely(inner_len > mtu))
		return send_split(worker, way, mbuf);
	worker_forward(worker, way->port, mbuf);
	return MAGLEV_REASON_NONE;
}
