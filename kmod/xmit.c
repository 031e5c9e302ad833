// SPDX-License-Identifier: GPL-2.0-only
/*
 * Encapsulating and sending, in the order of IPVS's ip_vs_tunnel_xmit() (6.1,
 * net/netfilter/ipvs/ip_vs_xmit.c:1160), without its connection. Runs under RCU with BH off.
 */
#include "xmit.h"

#include "compat.h"
#include "net.h"
#include "pair.h"

#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <net/gre.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ip_tunnels.h>
#include <net/ip_vs.h>

enum {
	JUMBO_BYTES = 8, /* of a hop-by-hop header with a jumbo option alone */
};

u32 maglev_xmit_mtu(const struct maglev_route *route, const struct maglev_tunnel *tunnel)
{
	u32 mtu = dst_mtu(route->dst), overhead = maglev_tunnel_overhead(tunnel);

	return mtu > overhead ? mtu - overhead : 0;
}

void maglev_xmit_source(const struct maglev_net *mnet, const struct maglev_route *route,
			u32 addr_len, u64 hash, u8 *saddr)
{
	const struct maglev_prefix *prefix = &mnet->source[addr_len == MAGLEV_IPV6_BYTES];
	u32 i, bits;
	u8 mask;

	memcpy(saddr, route->saddr, MAGLEV_IPV6_BYTES);
	/* Pairs with set_source(). */
	bits = smp_load_acquire(&prefix->len);
	if (!bits)
		return;
	/* The low bits of the address from the low bits of the hash, up to 64 of them. */
	memcpy(saddr, prefix->addr, addr_len);
	for (i = addr_len; i-- > 0 && i * 8 + 8 > bits && addr_len - i <= 8; hash >>= 8) {
		mask = i * 8 >= bits ? 0xff : 0xff >> (bits - i * 8);
		saddr[i] = (saddr[i] & ~mask) | (hash & mask);
	}
}

/* Does it fit, whole or in the segments it will leave in? */
static bool fits(const struct sk_buff *skb, u32 len, u32 mtu)
{
	return len <= mtu || (skb_is_gso(skb) && skb_gso_validate_network_len(skb, mtu));
}

static void send_too_big(struct sk_buff *skb, const struct maglev_packet *packet, u32 mtu)
{
	if (packet->version == 4)
		icmp_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, htonl(mtu));
	else
		icmpv6_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
}

static void send_ttl(struct sk_buff *skb, const struct maglev_packet *packet)
{
	if (packet->version == 4)
		icmp_send(skb, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, 0);
	else
		icmpv6_send(skb, ICMPV6_TIME_EXCEED, ICMPV6_EXC_HOPLIMIT, 0);
}

/*
 * What the client may send: no less than its protocol's least MTU, however narrow the way
 * (RFC 4213, 3.2.2; RFC 2473, 7.1).
 */
static u32 mtu_for_client(u8 version, u32 mtu)
{
	return max_t(u32, mtu, version == 4 ? MAGLEV_IPV4_MTU_MIN : MAGLEV_IPV6_MTU_MIN);
}

static bool is_too_big(const struct sk_buff *skb, const struct maglev_packet *packet, u32 mtu,
		       bool pmtu_disc)
{
	u32 len = packet->total_len;

	if (packet->version == 4) {
		if (!pmtu_disc || !packet->dont_fragment)
			return false;
		return !fits(skb, len, mtu);
	}
	if (IP6CB(skb)->frag_max_size && IP6CB(skb)->frag_max_size <= mtu)
		return false;
	return !fits(skb, len, mtu);
}

static void decrement_ttl(struct sk_buff *skb, u8 version)
{
	if (version == 4)
		ip_decrease_ttl(ip_hdr(skb));
	else
		ipv6_hdr(skb)->hop_limit--;
}

static int gso_type(const struct maglev_tunnel *tunnel)
{
	if (tunnel->type == MAGLEV_TUNNEL_GRE)
		return tunnel->checksum ? SKB_GSO_GRE_CSUM : SKB_GSO_GRE;
	return tunnel->addr_len == MAGLEV_IPV4_BYTES ? SKB_GSO_IPXIP4 : SKB_GSO_IPXIP6;
}

/* SCTP's is no sum from which an outer checksum would follow: not to be left to a device. */
static bool write_crc(struct sk_buff *skb)
{
	return skb_is_gso(skb) || skb->ip_summed != CHECKSUM_PARTIAL || !skb_csum_is_sctp(skb) ||
	       !skb_csum_hwoffload_help(skb, 0);
}

/* As iptunnel_handle_offloads() has it; nearly always there is nothing to be left to a device. */
static inline bool encapsulate(struct sk_buff *skb, int gso_type)
{
	if (unlikely(skb_is_gso(skb) || skb->ip_summed == CHECKSUM_PARTIAL || skb->encapsulation))
		return !iptunnel_handle_offloads(skb, gso_type);
	skb_reset_inner_headers(skb);
	skb->ip_summed = CHECKSUM_NONE;
	return true;
}

/* Room in front, the header our own, and what segmentation must know of the inside. */
static bool prepare_skb(struct sk_buff *skb, const struct maglev_route *route,
			const struct maglev_tunnel *tunnel, const struct maglev_packet *packet)
{
	bool inner6 = packet->version == 6;
	u32 inner_len = inner6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);

	if (skb_ensure_writable(skb, inner_len) ||
	    skb_cow_head(skb, LL_RESERVED_SPACE(READ_ONCE(route->dst->dev)) +
				      maglev_tunnel_overhead(tunnel)))
		return false;
	if (tunnel->checksum && !write_crc(skb))
		return false;
	skb_orphan(skb);
	decrement_ttl(skb, packet->version);
	if (!encapsulate(skb, gso_type(tunnel)))
		return false;
	if (tunnel->type == MAGLEV_TUNNEL_GRE)
		skb_set_inner_protocol(skb, inner6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP));
	else
		skb_set_inner_ipproto(skb, inner6 ? IPPROTO_IPV6 : IPPROTO_IPIP);
	/* There is no inner MAC header: segmentation of GRE starts there. */
	skb_set_inner_mac_header(skb, skb_inner_network_offset(skb));
	return true;
}

/*
 * Segmentation fills it in per segment; where the inner checksum is left to the device, ours
 * is known from its pseudo header alone.
 */
static void set_gre_checksum(struct sk_buff *skb, u32 gre_offset)
{
	__sum16 *at = (__sum16 *)(skb->data + gre_offset + MAGLEV_GRE_HEADER_BYTES);
	u32 len = skb->len - gre_offset;

	if (skb_is_gso(skb))
		return;
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		*at = csum_fold(lco_csum(skb));
	else
		*at = csum_fold(skb_checksum(skb, gre_offset, len, 0));
}

static void push_outer(struct sk_buff *skb, const struct maglev_tunnel *tunnel,
		       const struct maglev_outer *outer, u8 inner_version)
{
	u32 overhead = maglev_tunnel_overhead(tunnel), inner_len = skb->len;
	bool outer4 = tunnel->addr_len == MAGLEV_IPV4_BYTES;
	u32 ip_len = outer4 ? MAGLEV_IPV4_HEADER_BYTES : MAGLEV_IPV6_HEADER_BYTES;

	skb_push(skb, overhead);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, ip_len);
	maglev_outer_write(skb->data, tunnel, outer, inner_version, inner_len);
	if (tunnel->type == MAGLEV_TUNNEL_GRE && tunnel->checksum)
		set_gre_checksum(skb, ip_len);
	if (outer4) {
		skb->protocol = htons(ETH_P_IP);
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	} else {
		skb->protocol = htons(ETH_P_IPV6);
		memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	}
}

/* IDs need only differ while fragments of the same pair of addresses are under way. */
static u16 next_ident(const struct maglev_net *mnet, const struct sk_buff *skb, u64 hash)
{
	u16 segments = skb_is_gso(skb) ? max_t(u16, skb_shinfo(skb)->gso_segs, 1) : 1;

	return __this_cpu_add_return(mnet->percpu->ident, segments) - segments + (u16)hash;
}

static void detach(struct sk_buff *skb, const struct maglev_route *route)
{
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, route->dst);
	nf_reset_ct(skb);
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	skb_forward_csum(skb);
	skb_clear_tstamp(skb);
	skb->ipvs_property = 1; /* IPVS's hooks leave it alone */
	skb->ignore_df = 1; /* too big nevertheless: fragments, not an ICMP error to ourselves */
}

static enum maglev_reason send(const struct maglev_net *mnet, struct sk_buff *skb, bool outer4)
{
	int err = outer4 ? ip_local_out(mnet->net, NULL, skb) : ip6_local_out(mnet->net, NULL, skb);

	return net_xmit_eval(err) ? MAGLEV_REASON_NOT_SENT : MAGLEV_REASON_NONE;
}

static void weigh(struct maglev_load *load, const struct sk_buff *skb)
{
	load->segments = skb_is_gso(skb) ? max_t(u16, skb_shinfo(skb)->gso_segs, 1) : 1;
	load->bytes = skb->len;
}

/*
 * Super-packets of IPv6 longer than 64 KiB have a jumbo option (before 7.x), which is no part of
 * the packets that they are. Their length is the skb's without it, too.
 */
static bool has_jumbo(const struct sk_buff *skb, const struct maglev_packet *packet)
{
	u8 buffer[JUMBO_BYTES], *option;

	if (packet->version != 6 || ipv6_hdr(skb)->nexthdr != NEXTHDR_HOP)
		return false;
	option = skb_header_pointer(skb, sizeof(struct ipv6hdr), sizeof(buffer), buffer);
	return option && !option[1] && option[2] == IPV6_TLV_JUMBO;
}

static bool take_out_jumbo(struct sk_buff *skb, struct maglev_packet *packet)
{
	u8 next;

	if (skb_ensure_writable(skb, sizeof(struct ipv6hdr) + JUMBO_BYTES))
		return false;
	next = skb->data[sizeof(struct ipv6hdr)];
	memmove(skb->data + JUMBO_BYTES, skb->data, sizeof(struct ipv6hdr));
	__skb_pull(skb, JUMBO_BYTES);
	skb_reset_network_header(skb);
	ipv6_hdr(skb)->nexthdr = next;
	packet->network_len -= JUMBO_BYTES;
	packet->total_len -= JUMBO_BYTES;
	return true;
}

static bool trim(struct sk_buff *skb, const struct maglev_packet *packet)
{
	return skb->len <= packet->total_len || !pskb_trim_rcsum(skb, packet->total_len);
}

/*
 * Would segmentation not know it behind our header? A length above 64 KiB is in no header of a
 * tunnel's packets, and there are inner headers but once.
 */
static bool must_be_segmented(const struct sk_buff *skb, u32 outer_len)
{
	return skb_is_gso(skb) && (outer_len > 0xffff || skb->encapsulation);
}

/* Return: MAGLEV_REASON_NONE if all were sent, MAGLEV_REASON_NO_MEMORY if none was. */
static noinline enum maglev_reason xmit_segments(const struct maglev_net *mnet,
						 struct maglev_pair *pair,
						 const struct maglev_packet *packet,
						 struct sk_buff *skb, u64 hash)
{
	struct sk_buff *segments = skb_gso_segment(skb, 0), *segment, *next;
	enum maglev_reason reason, worst = MAGLEV_REASON_NONE;
	struct maglev_packet own = *packet;
	struct maglev_load ignored;

	if (IS_ERR_OR_NULL(segments))
		return MAGLEV_REASON_NO_MEMORY;
	skb_list_walk_safe(segments, segment, next)
	{
		skb_mark_not_on_list(segment);
		own.total_len = segment->len;
		reason = maglev_xmit(mnet, pair, &own, segment, hash, &ignored);
		if (reason == MAGLEV_REASON_NONE)
			continue;
		if (reason != MAGLEV_REASON_NOT_SENT)
			kfree_skb(segment);
		worst = MAGLEV_REASON_NOT_SENT;
	}
	consume_skb(skb);
	return worst;
}

/* Calls itself for the segments of a super-packet, which are none. */
enum maglev_reason maglev_xmit(const struct maglev_net *mnet, struct maglev_pair *pair,
			       const struct maglev_packet *packet, struct sk_buff *skb, u64 hash,
			       struct maglev_load *load)
{
	const struct maglev_tunnel tunnel = maglev_pair_tunnel(pair);
	bool outer4 = tunnel.addr_len == MAGLEV_IPV4_BYTES;
	bool pmtu_disc = sysctl_pmtu_disc(net_ipvs(mnet->net));
	const struct maglev_route *route;
	struct maglev_packet without;
	struct maglev_outer outer;
	u32 mtu, outer_len;
	bool whole;

	route = maglev_route_get(mnet, pair);
	if (unlikely(!route))
		return MAGLEV_REASON_NO_ROUTE;
	weigh(load, skb);
	if (unlikely(route->is_local))
		return MAGLEV_REASON_LOCAL;
	if (unlikely(packet->ttl <= 1))
		return MAGLEV_REASON_TTL;
	if (skb_is_gso(skb)) {
		if (unlikely(has_jumbo(skb, packet))) {
			without = *packet;
			if (!take_out_jumbo(skb, &without))
				return MAGLEV_REASON_NO_MEMORY;
			packet = &without;
		}
		skb_set_transport_header(skb, packet->network_len);
	}
	mtu = maglev_xmit_mtu(route, &tunnel);
	if (unlikely(is_too_big(skb, packet, mtu_for_client(packet->version, mtu), pmtu_disc)))
		return MAGLEV_REASON_TOO_BIG;
	outer_len = packet->total_len + maglev_tunnel_overhead(&tunnel);
	if (unlikely(must_be_segmented(skb, outer_len)))
		return xmit_segments(mnet, pair, packet, skb, hash);
	if (unlikely(!skb_is_gso(skb) && outer_len > 0xffff))
		return MAGLEV_REASON_TOO_LONG;
	/* What is let pass although it does not fit leaves in fragments, which need an ID. */
	whole = pmtu_disc && fits(skb, packet->total_len, mtu);
	if (unlikely(!trim(skb, packet) || !prepare_skb(skb, route, &tunnel, packet)))
		return MAGLEV_REASON_NO_MEMORY;
	maglev_outer_init(&outer, packet, whole);
	maglev_xmit_source(mnet, route, tunnel.addr_len, hash, outer.saddr);
	if (!outer.dont_fragment)
		outer.id = next_ident(mnet, skb, hash);
	outer.flow_label = hash & 0xfffff;
	push_outer(skb, &tunnel, &outer, packet->version);
	detach(skb, route);
	return send(mnet, skb, outer4);
}

void maglev_xmit_answer(const struct maglev_net *mnet, struct maglev_pair *pair,
			const struct maglev_packet *packet, struct sk_buff *skb,
			enum maglev_reason reason)
{
	const struct maglev_route *route;
	struct maglev_tunnel tunnel;
	u32 mtu;

	if (reason == MAGLEV_REASON_TTL) {
		send_ttl(skb, packet);
	} else if (reason == MAGLEV_REASON_TOO_BIG) {
		route = maglev_route_get(mnet, pair);
		tunnel = maglev_pair_tunnel(pair);
		mtu = route ? maglev_xmit_mtu(route, &tunnel) : 0;
		send_too_big(skb, packet, mtu_for_client(packet->version, mtu));
	}
}
