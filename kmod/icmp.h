/* SPDX-License-Identifier: GPL-2.0-only */
/* ICMP errors about packets we encapsulated. */
#ifndef MAGLEV_KMOD_ICMP_H
#define MAGLEV_KMOD_ICMP_H

#include <maglev/packet.h>

#include <linux/types.h>

struct maglev_net;
struct sk_buff;

/**
 * maglev_icmp_tunnel_error() - a router could not deliver an outer packet of ours
 * @mnet: the namespace
 * @packet: the error, as parsed: MAGLEV_KIND_TUNNEL_ERROR
 * @skb: the error; left as it is
 *
 * The route learns the path's MTU; the client is told, if the quote reaches far enough
 * to say who that is. RCU held, BH off.
 *
 * Return: was it about a tunnel of ours?
 */
bool maglev_icmp_tunnel_error(const struct maglev_net *mnet, const struct maglev_packet *packet,
			      struct sk_buff *skb);

#endif
