// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errors about outer packets (RFC 2003, 4; RFC 2473, 8): no socket and no tunnel device here
 * knows them, so the path's MTU is learned and the client told here. As IPVS's
 * ip_vs_in_icmp() (6.1, net/netfilter/ipvs/ip_vs_core.c:1740), for all mixes of families.
 */
#include "icmp.h"

#include "net.h"
#include "pair.h"
#include "plane.h"
#include "publish.h"
#include "xmit.h"

#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <linux/ratelimit.h>
#include <net/addrconf.h>
#include <net/icmp.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>

static bool leads_to(const struct maglev_target *target, const u8 *daddr)
{
	struct maglev_backend backend;

	maglev_backend_init(&backend, target->tunnel.addr_len, target->tunnel.addr, 0);
	return !memcmp(backend.addr, daddr, sizeof(backend.addr));
}

static struct maglev_target *find_by_flow(const struct maglev_net *mnet,
					  const struct maglev_packet *packet)
{
	struct maglev_service *service = maglev_service_of_tuple(mnet, &packet->tuple);
	struct maglev_decision decision;

	if (!service || maglev_find(&decision, service, packet) != MAGLEV_FORWARD)
		return NULL;
	return leads_to(decision.target, packet->tunnel_daddr) ? decision.target : NULL;
}

/* Anybody can send such errors, and this takes a while: not too many. */
static struct maglev_target *find_by_address(const struct maglev_net *mnet, const u8 *daddr)
{
	static struct ratelimit_state limit =
		RATELIMIT_STATE_INIT_FLAGS(limit, HZ / 10, 16, RATELIMIT_MSG_ON_RELEASE);
	const struct maglev_targets *targets = rcu_dereference(mnet->targets);
	struct maglev_target *target;
	u32 i;

	if (!targets || !__ratelimit(&limit))
		return NULL;
	for (i = 0; i < targets->n; i++) {
		target = READ_ONCE(targets->at[i]);
		if (target && leads_to(target, daddr))
			return target;
	}
	return NULL;
}

static bool is_too_big(const struct maglev_packet *packet)
{
	return packet->version == 4 ? packet->icmp_type == ICMP_DEST_UNREACH &&
					      packet->icmp_code == ICMP_FRAG_NEEDED :
				      packet->icmp_type == ICMPV6_PKT_TOOBIG;
}

static bool checksum_is_right(struct sk_buff *skb, const struct maglev_packet *packet)
{
	bool v6 = packet->version == 6;

	return !nf_checksum(skb, NF_INET_LOCAL_IN, packet->network_len,
			    v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, v6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
}

/* @skb begins with the quoted outer header. */
static void learn_mtu(const struct maglev_net *mnet, const struct maglev_packet *packet,
		      struct sk_buff *skb, const struct maglev_target *target)
{
	u8 protocol = IPPROTO_GRE;

	if (READ_ONCE(target->tunnel.type) == MAGLEV_TUNNEL_IPIP)
		protocol = packet->inner_version == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	if (packet->version == 4)
		ipv4_update_pmtu(skb, mnet->net, packet->mtu, 0, protocol);
	else
		ip6_update_pmtu(skb, mnet->net, htonl(packet->mtu), 0, 0, INVALID_UID);
}

static u32 mtu_inside(const struct maglev_net *mnet, struct maglev_target *target,
		      const struct maglev_packet *packet)
{
	u32 least = packet->inner_version == 4 ? MAGLEV_IPV4_MTU_MIN : MAGLEV_IPV6_MTU_MIN;
	const struct maglev_route *route = maglev_route_get(mnet, maglev_pair_of(target));
	struct maglev_tunnel tunnel = maglev_pair_tunnel(maglev_pair_of(target));

	return max(route ? maglev_xmit_mtu(route, &tunnel) : 0, least);
}

/* @skb begins with the client's packet; it came to an address that is local. */
static void answer4(const struct maglev_net *mnet, const struct maglev_packet *packet,
		    struct sk_buff *skb, struct maglev_target *target)
{
	struct flowi4 flow = { .daddr = ip_hdr(skb)->daddr };
	u8 type = ICMP_DEST_UNREACH, code = ICMP_HOST_UNREACH;
	struct rtable *rt;
	u32 info = 0;

	if (is_too_big(packet)) {
		if (!packet->inner_dont_fragment)
			return;
		code = ICMP_FRAG_NEEDED;
		info = mtu_inside(mnet, target, packet);
	} else if (packet->version == 4) {
		type = packet->icmp_type;
		code = packet->icmp_code;
	}
	rt = ip_route_output_key(mnet->net, &flow);
	if (IS_ERR(rt))
		return;
	skb_dst_drop(skb);
	skb_dst_set(skb, &rt->dst);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	skb->protocol = htons(ETH_P_IP);
	icmp_send(skb, type, code, htonl(info));
}

static void answer6(const struct maglev_net *mnet, const struct maglev_packet *packet,
		    struct sk_buff *skb, struct maglev_target *target)
{
	u8 type = ICMPV6_DEST_UNREACH, code = ICMPV6_ADDR_UNREACH;
	u32 info = 0;

	if (is_too_big(packet)) {
		type = ICMPV6_PKT_TOOBIG;
		code = 0;
		info = mtu_inside(mnet, target, packet);
	} else if (packet->version == 6) {
		type = packet->icmp_type;
		code = packet->icmp_code;
	}
	skb_dst_drop(skb);
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	IP6CB(skb)->iif = skb->dev->ifindex;
	skb->protocol = htons(ETH_P_IPV6);
	icmpv6_send(skb, type, code, info);
}

/* A probe's sender is not told, see send_probe(). */
static bool is_probe(const struct maglev_net *mnet, const struct maglev_packet *packet,
		     const struct sk_buff *skb)
{
	if (!READ_ONCE(mnet->probing))
		return false;
	if (packet->inner_version == 4)
		return inet_addr_type(mnet->net, ip_hdr(skb)->saddr) == RTN_LOCAL;
	return ipv6_chk_addr(mnet->net, &ipv6_hdr(skb)->saddr, NULL, 0);
}

/* @skb is a copy of the error, ours to cut. */
static void handle(const struct maglev_net *mnet, const struct maglev_packet *packet,
		   struct sk_buff *skb, struct maglev_target *target)
{
	u32 quote = packet->network_len + MAGLEV_ICMP_BYTES;

	if (!pskb_pull(skb, quote))
		return;
	skb_reset_network_header(skb);
	if (is_too_big(packet))
		learn_mtu(mnet, packet, skb, target);
	if (!packet->tuple.len || !pskb_pull(skb, packet->inner_offset - quote))
		return;
	if (!pskb_may_pull(skb, packet->inner_version == 4 ? MAGLEV_IPV4_HEADER_BYTES :
							     MAGLEV_IPV6_HEADER_BYTES))
		return;
	skb_reset_network_header(skb);
	if (is_probe(mnet, packet, skb))
		return;
	if (packet->inner_version == 4)
		answer4(mnet, packet, skb, target);
	else
		answer6(mnet, packet, skb, target);
}

bool maglev_icmp_tunnel_error(const struct maglev_net *mnet, const struct maglev_packet *packet,
			      struct sk_buff *skb)
{
	struct maglev_target *target;
	struct sk_buff *copy;

	target = packet->tuple.len ? find_by_flow(mnet, packet) :
				     find_by_address(mnet, packet->tunnel_daddr);
	if (!target || !checksum_is_right(skb, packet))
		return false;
	if (!is_too_big(packet))
		maglev_count_unreachable(maglev_pair_of(target));
	copy = skb_copy(skb, GFP_ATOMIC);
	if (!copy)
		return false;
	/* skb_copy() takes a reference to the route as well; a borrowed one would not do. */
	handle(mnet, packet, copy, target);
	consume_skb(copy);
	return true;
}
