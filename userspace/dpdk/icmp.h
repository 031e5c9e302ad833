/* SPDX-License-Identifier: GPL-2.0-only */
/* ICMP: what clients are told of packets that are not forwarded (RFC 792, 4443, 1812 4.3.2). */
#ifndef MAGLEV_DPDK_ICMP_H
#define MAGLEV_DPDK_ICMP_H

#include "burst.h"

/**
 * icmp_answer() - tell a client why its packet was not forwarded
 * @worker: who does, at most 1000 times a second
 * @item: the packet, as it came; not consumed
 * @reason: nothing is told unless its verdict is MAGLEV_REJECT
 * @mtu: that of MAGLEV_REASON_TOO_BIG
 *
 * From the address the packet went to, back by the port and to the link address it came from.
 */
void icmp_answer(struct worker *worker, const struct item *item, enum maglev_reason reason,
		 u32 mtu);

/**
 * icmp_tunnel_error() - an ICMP error about an outer packet of ours
 * @worker: who got it
 * @generation: what it sees
 * @item: the error, of kind MAGLEV_KIND_TUNNEL_ERROR; not consumed
 *
 * The way's MTU is learned, the client told if the quote holds its ports.
 *
 * Return: true if it was about a packet to a backend of ours.
 */
bool icmp_tunnel_error(struct worker *worker, const struct generation *generation,
		       const struct item *item);

#endif
