// SPDX-License-Identifier: GPL-2.0-only
/*
 * Routes, found once and kept under RCU, as IPVS does for its destinations and sockets do for
 * what they receive. One that has become invalid is found again by the packet that finds out.
 */
#include "route.h"

#include "net.h"
#include "pair.h"
#include "service.h"

#include <linux/netdevice.h>
#include <linux/slab.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/route.h>

static void free_route(struct rcu_head *rcu)
{
	struct maglev_route *route = container_of(rcu, struct maglev_route, rcu);

	dst_release(route->dst);
	kfree(route);
}

static bool find_route4(struct net *net, const u8 *daddr, struct maglev_route *route)
{
	struct flowi4 flow = { .flowi4_oif = 0 };
	struct rtable *rt;

	memcpy(&flow.daddr, daddr, sizeof(flow.daddr));
	rt = ip_route_output_key(net, &flow);
	if (IS_ERR(rt))
		return false;
	route->dst = &rt->dst;
	route->is_local = rt->rt_flags & RTCF_LOCAL;
	memcpy(route->saddr, &flow.saddr, sizeof(flow.saddr));
	return true;
}

#if IS_ENABLED(CONFIG_IPV6)
static bool find_route6(struct net *net, const u8 *daddr, struct maglev_route *route)
{
	struct flowi6 flow = { .flowi6_oif = 0 };
	struct dst_entry *dst;

	memcpy(&flow.daddr, daddr, sizeof(flow.daddr));
	dst = ip6_route_output(net, NULL, &flow);
	if (dst->error) {
		dst_release(dst);
		return false;
	}
	route->is_local = ((struct rt6_info *)dst)->rt6i_flags & RTF_LOCAL;
	if (!route->is_local && ipv6_dev_get_saddr(net, ip6_dst_idev(dst)->dev, &flow.daddr, 0,
						   (struct in6_addr *)route->saddr)) {
		dst_release(dst);
		return false;
	}
	route->dst = dst;
	route->cookie = rt6_get_cookie((struct rt6_info *)dst);
	return true;
}
#else
static bool find_route6(struct net *net, const u8 *daddr, struct maglev_route *route)
{
	return false;
}
#endif

static struct maglev_route *find_route(const struct maglev_net *mnet,
				       const struct maglev_tunnel *tunnel)
{
	struct maglev_route *route;
	bool found;

	route = kzalloc(sizeof(*route), GFP_ATOMIC);
	if (!route)
		return NULL;
	if (tunnel->addr_len == MAGLEV_IPV4_BYTES)
		found = find_route4(mnet->net, tunnel->addr, route);
	else
		found = find_route6(mnet->net, tunnel->addr, route);
	if (found)
		return route;
	kfree(route);
	return NULL;
}

static bool is_valid(const struct maglev_route *route)
{
	return dst_check(route->dst, route->cookie);
}

/* Replace what was found invalid, unless somebody has done so already. */
static bool replace(struct maglev_route __rcu **at, spinlock_t *lock,
		    const struct maglev_route *seen, struct maglev_route *route)
{
	struct maglev_route *old;

	spin_lock_bh(lock);
	old = rcu_dereference_protected(*at, lockdep_is_held(lock));
	if (old == seen)
		rcu_assign_pointer(*at, route);
	spin_unlock_bh(lock);
	if (old != seen)
		return false;
	if (old)
		call_rcu(&old->rcu, free_route);
	return true;
}

static const struct maglev_route *renew_route(const struct maglev_net *mnet,
					      struct maglev_pair *pair,
					      const struct maglev_route *seen)
{
	struct maglev_route *route = find_route(mnet, &pair->target.tunnel);

	/* Not yet seen by anybody, but it is us who use it now. */
	if (route && !replace(&pair->route, &pair->route_lock, seen, route))
		call_rcu(&route->rcu, free_route);
	return route;
}

const struct maglev_route *maglev_route_get(const struct maglev_net *mnet, struct maglev_pair *pair)
{
	const struct maglev_route *route = rcu_dereference(pair->route);

	if (likely(route && is_valid(route)))
		return route;
	return renew_route(mnet, pair, route);
}

static u32 cookie_of(struct dst_entry *dst)
{
	if (dst->ops->family != AF_INET6)
		return 0;
	return rt6_get_cookie(container_of(dst, struct rt6_info, dst));
}

void maglev_route_learn(struct maglev_service *service, const struct sk_buff *skb)
{
	const struct maglev_route *seen = rcu_dereference(service->route);
	struct maglev_route found = { .dst = skb_dst(skb) }, *route;

	if (likely(seen && is_valid(seen)))
		return;
	found.cookie = cookie_of(found.dst);
	if (!is_valid(&found))
		return;
	route = kmemdup(&found, sizeof(found), GFP_ATOMIC);
	if (!route)
		return;
	if (!dst_hold_safe(route->dst))
		kfree(route);
	else if (!replace(&service->route, &service->route_lock, seen, route))
		call_rcu(&route->rcu, free_route);
}

bool maglev_route_ends_here(const struct maglev_service *service)
{
	const struct maglev_route *route = rcu_dereference(service->route);

	return route && is_valid(route);
}

static void drop(struct maglev_route __rcu **at, spinlock_t *lock)
{
	struct maglev_route *old;

	spin_lock_bh(lock);
	old = rcu_dereference_protected(*at, lockdep_is_held(lock));
	RCU_INIT_POINTER(*at, NULL);
	spin_unlock_bh(lock);
	if (old)
		call_rcu(&old->rcu, free_route);
}

void maglev_route_release(struct maglev_route __rcu **at)
{
	struct maglev_route *route = rcu_dereference_protected(*at, true);

	RCU_INIT_POINTER(*at, NULL);
	if (route)
		free_route(&route->rcu);
}

static bool goes_out(struct maglev_pair *pair, const struct net_device *dev)
{
	const struct maglev_route *route;
	bool goes;

	rcu_read_lock();
	route = rcu_dereference(pair->route);
	/* One that is obsolete may have lost its device already. */
	goes = route && (READ_ONCE(route->dst->dev) == dev || READ_ONCE(route->dst->obsolete) > 0);
	rcu_read_unlock();
	return goes;
}

/* That goes out of this device; or, as no packets come any more, any. */
static void forget(struct maglev_pair *pair, const struct net_device *dev)
{
	if (!dev)
		maglev_route_release(&pair->route);
	else if (goes_out(pair, dev))
		drop(&pair->route, &pair->route_lock);
}

/* A VIP's may hold a device that does not show; it is soon learnt again. */
static void forget_service(struct maglev_service *service, const struct net_device *dev)
{
	struct rb_node *node;

	if (!dev)
		maglev_route_release(&service->route);
	else
		drop(&service->route, &service->route_lock);
	for (node = rb_first(&service->pairs); node; node = rb_next(node))
		forget(rb_entry(node, struct maglev_pair, node), dev);
}

/* Of the retired as well: packets may have found them a moment ago. */
static void forget_all(struct maglev_net *mnet, const struct net_device *dev)
{
	struct maglev_service *service;
	struct maglev_pair *pair;

	lockdep_assert_held(&mnet->lock);
	list_for_each_entry(service, &mnet->service_list, list)
		forget_service(service, dev);
	list_for_each_entry(pair, &mnet->retired, retired)
		forget(pair, dev);
}

void maglev_route_drop_dev(struct maglev_net *mnet, const struct net_device *dev)
{
	forget_all(mnet, dev);
}

void maglev_route_release_all(struct maglev_net *mnet)
{
	forget_all(mnet, NULL);
}
