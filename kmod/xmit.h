/* SPDX-License-Identifier: GPL-2.0-only */
/* To a backend: the outer header, and off. */
#ifndef MAGLEV_KMOD_XMIT_H
#define MAGLEV_KMOD_XMIT_H

#include "route.h"
#include "stats.h"

#include <maglev/encap.h>
#include <maglev/reason.h>

struct maglev_net;
struct maglev_pair;
struct sk_buff;

/**
 * maglev_xmit() - encapsulate a packet and send it to its backend
 * @mnet: the namespace
 * @pair: the backend
 * @packet: as parsed
 * @skb: the packet, skb->data at its IP header; consumed if the answer is
 *	 MAGLEV_REASON_NONE or MAGLEV_REASON_NOT_SENT, and only then
 * @hash: of the flow; chooses an outer source, if there is a prefix
 * @load: what was sent, written before it is
 *
 * RCU held, BH off. Allocates only where the headroom is short or the header shared.
 *
 * Return: MAGLEV_REASON_NONE if it was sent, or why not; MAGLEV_REASON_LOCAL if the stack
 * here is its backend. Where that reason's verdict is MAGLEV_REJECT, the client is still to be
 * answered, see maglev_xmit_answer().
 */
enum maglev_reason maglev_xmit(const struct maglev_net *mnet, struct maglev_pair *pair,
			       const struct maglev_packet *packet, struct sk_buff *skb, u64 hash,
			       struct maglev_load *load);

/**
 * maglev_xmit_answer() - tell the client by ICMP why its packet was not sent
 * @mnet: the namespace
 * @pair: the backend
 * @packet: as parsed
 * @skb: the packet, as it came; not consumed; routed
 * @reason: that maglev_xmit() gave; nothing is told unless its verdict is MAGLEV_REJECT
 *
 * RCU held, BH off.
 */
void maglev_xmit_answer(const struct maglev_net *mnet, struct maglev_pair *pair,
			const struct maglev_packet *packet, struct sk_buff *skb,
			enum maglev_reason reason);

/**
 * maglev_xmit_source() - the outer source of a flow
 * @mnet: the namespace
 * @route: to the backend
 * @addr_len: of the outer family
 * @hash: of the flow
 * @saddr: written; MAGLEV_IPV6_BYTES, whatever @addr_len is
 */
void maglev_xmit_source(const struct maglev_net *mnet, const struct maglev_route *route,
			u32 addr_len, u64 hash, u8 *saddr);

/**
 * maglev_xmit_mtu() - the largest packet that fits into the tunnel
 * @route: to the backend
 * @tunnel: the tunnel
 *
 * Return: bytes; 0 if the way is too narrow for any.
 */
u32 maglev_xmit_mtu(const struct maglev_route *route, const struct maglev_tunnel *tunnel);

#endif
