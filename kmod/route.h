/* SPDX-License-Identifier: GPL-2.0-only */
/* Routes kept under RCU: those to backends, and those by which packets for a VIP come in. */
#ifndef MAGLEV_KMOD_ROUTE_H
#define MAGLEV_KMOD_ROUTE_H

#include <maglev/tuple.h>

#include <linux/rcupdate.h>
#include <linux/spinlock.h>

struct dst_entry;
struct maglev_net;
struct maglev_pair;
struct maglev_service;
struct net_device;
struct sk_buff;

/**
 * struct maglev_route - a route that was found once
 * @dst: a reference is held
 * @cookie: of an IPv6 route
 * @saddr: our address on the way to a backend, network order
 * @is_local: it ends here
 * @rcu: packets may still use it
 */
struct maglev_route {
	struct dst_entry *dst;
	u32 cookie;
	u8 saddr[MAGLEV_IPV6_BYTES];
	bool is_local;
	struct rcu_head rcu;
};

/**
 * maglev_route_get() - the valid route to a backend, looked up if need be
 * @mnet: the namespace
 * @pair: the backend
 *
 * RCU held, BH off. Allocates and takes a lock only when there is no valid route.
 *
 * Return: the route, valid under RCU; NULL if there is none.
 */
const struct maglev_route *maglev_route_get(const struct maglev_net *mnet,
					    struct maglev_pair *pair);

/**
 * maglev_route_learn() - a packet for a VIP has been routed here
 * @service: the service
 * @skb: the packet
 *
 * RCU held, BH off. Allocates and takes a lock only if that was not known.
 */
void maglev_route_learn(struct maglev_service *service, const struct sk_buff *skb);

/**
 * maglev_route_ends_here() - would packets for a VIP be routed here?
 * @service: the service
 *
 * Packet path: RCU held, BH off.
 *
 * Return: true if maglev_route_learn() was told so, and no route has changed since; false if
 * that is not known.
 */
bool maglev_route_ends_here(const struct maglev_service *service);

/**
 * maglev_route_drop_dev() - forget what a device that goes has to do with
 * @mnet: the namespace; its lock held
 * @dev: the device
 */
void maglev_route_drop_dev(struct maglev_net *mnet, const struct net_device *dev);

/**
 * maglev_route_release() - give a route back at once
 * @at: of a backend or a service that no packet can reach any more
 */
void maglev_route_release(struct maglev_route __rcu **at);

/**
 * maglev_route_release_all() - all routes of a namespace, at once
 * @mnet: the namespace, to which no packets come any more; its lock held
 */
void maglev_route_release_all(struct maglev_net *mnet);

#endif
