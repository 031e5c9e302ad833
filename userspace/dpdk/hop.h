/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way to an address, as the kernel's route and neighbour tables have it: asked and followed
 * by libnl-route-3 on the control thread.
 */
#ifndef MAGLEV_DPDK_HOP_H
#define MAGLEV_DPDK_HOP_H

#include "generation.h"

struct ev_loop;
struct hops;

/**
 * struct hop - the way to an address
 * @saddr: the source that route would give
 * @link: Ethernet header and tag
 * @link_len: bytes of @link; 0: there is no way, or the next hop has not answered yet
 * @port: it leaves by, or PORT_NONE
 * @mtu: of the route, else of the device
 * @ifindex: of the kernel's device that stands for the port; 0: there is no route
 * @gateway: the next hop; @gateway_len 0: the address itself
 * @gateway_len: bytes of @gateway
 */
struct hop {
	u8 saddr[MAGLEV_IPV6_BYTES];
	u8 link[LINK_BYTES_MAX];
	u8 link_len;
	u8 gateway_len;
	u16 port;
	u16 mtu;
	u32 ifindex;
	u8 gateway[MAGLEV_IPV6_BYTES];
};

/**
 * hops_create() - begin to follow the kernel's tables
 * @loop: of the control thread
 * @changed: called, not more than once a turn of the loop, when the way to an address asked for
 *	     has changed
 * @ctx: passed to @changed
 *
 * Return: it, or NULL with errno set.
 */
struct hops *hops_create(struct ev_loop *loop, void (*changed)(void *ctx), void *ctx);

/**
 * hops_find() - the way to an address, as of now; it is followed from then on
 * @hops: the tables
 * @addr: the address
 * @addr_len: its bytes
 *
 * A next hop that is not known is asked for.
 *
 * Return: the way; stays until hops_forget().
 */
const struct hop *hops_find(struct hops *hops, const u8 *addr, u32 addr_len);

/**
 * hops_forget() - an address need not be followed any more
 */
void hops_forget(struct hops *hops, const u8 *addr, u32 addr_len);

void hops_destroy(struct hops *hops);

#endif
