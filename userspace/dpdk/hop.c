// SPDX-License-Identifier: GPL-2.0-only
/*
 * Next hops, as the kernel has them. Which route an address takes is asked of the kernel for each
 * (rules and all; a table of all routes may be the Internet's); links and neighbours are libnl's
 * caches, which follow their events. Whatever changes among routes, everything is asked again, not
 * more than once in SETTLE seconds. Neighbours are kept: the kernel does not see our packets, and
 * would forget who is there.
 */
#include "hop.h"

#include "ports.h"

#include <ev.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/cache.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/vlan.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#define SETTLE 0.1 /* seconds */
#define KEEP 5.0 /* seconds between looks at neighbours that have not been heard of lately */

enum {
	BUCKETS = 4096,
	EVENT_BYTES = 4 << 20, /* of events that wait */
	NUD_KNOWN = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY,
	NUD_FRESH = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_DELAY,
};

/* An address that is followed. */
struct followed {
	struct followed *next;
	struct hop hop;
	u32 addr_len;
	u8 addr[MAGLEV_IPV6_BYTES];
};

struct hops {
	struct ev_loop *loop;
	void (*changed)(void *ctx);
	void *ctx;
	struct nl_sock *query; /* asked, and waited for */
	struct nl_sock *routes; /* events about routes, rules and addresses */
	struct nl_cache_mngr *manager;
	struct nl_cache *links;
	struct nl_cache *neighbours;
	ev_io on_routes;
	ev_io on_caches;
	ev_timer settle;
	ev_timer keep;
	struct followed *bucket[BUCKETS];
};

static struct followed **find_bucket(struct hops *hops, const u8 *addr, u32 addr_len)
{
	return &hops->bucket[service_hash(addr, addr_len, 0, 0) % BUCKETS];
}

static void look_soon(struct hops *hops)
{
	if (ev_is_active(&hops->settle))
		return;
	ev_timer_set(&hops->settle, SETTLE, 0);
	ev_timer_start(hops->loop, &hops->settle);
}

static int family_of(u32 addr_len)
{
	return addr_len == MAGLEV_IPV4_BYTES ? AF_INET : AF_INET6;
}

static int take_route(struct nl_msg *msg, void *ctx)
{
	struct rtnl_route **route = ctx;

	if (!*route && rtnl_route_parse(nlmsg_hdr(msg), route) < 0)
		*route = NULL;
	return NL_STOP;
}

static int ask(struct hops *hops, struct nl_msg *msg, struct rtnl_route **route)
{
	struct nl_cb *callback = nl_cb_alloc(NL_CB_DEFAULT);
	int err = -NLE_NOMEM;

	if (!callback)
		return err;
	nl_cb_set(callback, NL_CB_VALID, NL_CB_CUSTOM, take_route, route);
	err = nl_send_auto(hops->query, msg);
	if (err >= 0)
		err = nl_recvmsgs(hops->query, callback);
	nl_cb_put(callback);
	return err;
}

/* The route that the kernel would take. Return: to be put; NULL if there is none. */
static struct rtnl_route *find_route(struct hops *hops, const u8 *addr, u32 addr_len)
{
	struct rtmsg header = { .rtm_family = family_of(addr_len), .rtm_dst_len = addr_len * 8 };
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_REQUEST);
	struct rtnl_route *route = NULL;

	if (!msg)
		return NULL;
	if (!nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) &&
	    !nla_put(msg, RTA_DST, addr_len, addr))
		ask(hops, msg, &route);
	nlmsg_free(msg);
	return route;
}

static void copy_address(u8 *to, u8 *len, struct nl_addr *addr)
{
	*len = nl_addr_get_len(addr);
	if (*len > MAGLEV_IPV6_BYTES)
		*len = 0;
	memcpy(to, nl_addr_get_binary_addr(addr), *len);
}

static struct rtnl_neigh *find_neighbour(struct hops *hops, const struct hop *hop,
					 const struct followed *followed)
{
	u32 len = hop->gateway_len ? hop->gateway_len : followed->addr_len;
	const u8 *addr = hop->gateway_len ? hop->gateway : followed->addr;
	struct nl_addr *dst = nl_addr_build(family_of(len), addr, len);
	struct rtnl_neigh *neighbour;

	if (!dst)
		return NULL;
	neighbour = rtnl_neigh_get(hops->neighbours, hop->ifindex, dst);
	nl_addr_put(dst);
	return neighbour;
}

/* Have the kernel find out who, or whether they still, are there; the answer is an event. */
static void ask_neighbour(struct hops *hops, const struct followed *followed)
{
	const struct hop *hop = &followed->hop;
	u32 len = hop->gateway_len ? hop->gateway_len : followed->addr_len;
	struct ndmsg header = {
		.ndm_family = family_of(len),
		.ndm_ifindex = hop->ifindex,
		.ndm_state = NUD_NONE,
		.ndm_flags = NTF_USE,
	};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWNEIGH, NLM_F_REQUEST | NLM_F_CREATE);

	if (!msg)
		return;
	if (!nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) &&
	    !nla_put(msg, NDA_DST, len, hop->gateway_len ? hop->gateway : followed->addr) &&
	    nl_send_auto(hops->routes, msg) < 0)
		look_soon(hops);
	nlmsg_free(msg);
}

/* The link header: from the device, by way of its tag, to the neighbour. */
static void write_link(struct hop *hop, const struct port *port, int tag, struct nl_addr *to,
		       u32 addr_len)
{
	u16 type = rte_cpu_to_be_16(addr_len == MAGLEV_IPV4_BYTES ? RTE_ETHER_TYPE_IPV4 :
								    RTE_ETHER_TYPE_IPV6);
	struct rte_ether_hdr *ether = (struct rte_ether_hdr *)hop->link;
	u16 tci = rte_cpu_to_be_16(tag);

	memcpy(&ether->dst_addr, nl_addr_get_binary_addr(to), RTE_ETHER_ADDR_LEN);
	ether->src_addr = port->mac;
	hop->link_len = sizeof(*ether);
	if (tag >= 0) {
		ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN);
		memcpy(ether + 1, &tci, sizeof(tci));
		hop->link_len += sizeof(struct rte_vlan_hdr);
	}
	memcpy(hop->link + hop->link_len - sizeof(type), &type, sizeof(type));
}

/* The port that a device or the device below its tag stands for. */
static const struct port *find_port(struct rtnl_link *link, int *tag)
{
	const struct port *port = ports_of_device(rtnl_link_get_ifindex(link));

	*tag = -1;
	if (port || !rtnl_link_is_vlan(link))
		return port;
	*tag = rtnl_link_vlan_get_id(link);
	return ports_of_device(rtnl_link_get_link(link));
}

static void resolve_neighbour(struct hops *hops, struct followed *followed, struct hop *hop,
			      const struct port *port, int tag)
{
	struct rtnl_neigh *neighbour = find_neighbour(hops, hop, followed);
	struct nl_addr *to = neighbour ? rtnl_neigh_get_lladdr(neighbour) : NULL;

	if (to && nl_addr_get_len(to) == RTE_ETHER_ADDR_LEN &&
	    rtnl_neigh_get_state(neighbour) & NUD_KNOWN)
		write_link(hop, port, tag, to, followed->addr_len);
	if (neighbour)
		rtnl_neigh_put(neighbour);
}

static void resolve_link(struct hops *hops, struct followed *followed, struct hop *hop)
{
	struct rtnl_link *link = rtnl_link_get(hops->links, hop->ifindex);
	const struct port *port;
	int tag;

	if (!link)
		return;
	if (!hop->mtu || hop->mtu > rtnl_link_get_mtu(link))
		hop->mtu = RTE_MIN(rtnl_link_get_mtu(link), 0xffffU);
	port = find_port(link, &tag);
	if (port) {
		hop->mtu = RTE_MIN(hop->mtu, port->mtu);
		resolve_neighbour(hops, followed, hop, port, tag);
		hop->port = hop->link_len ? port->id : PORT_NONE;
	}
	rtnl_link_put(link);
}

static void read_route(struct hop *hop, struct rtnl_route *route)
{
	struct rtnl_nexthop *nexthop = rtnl_route_nexthop_n(route, 0);
	struct nl_addr *gateway, *source = rtnl_route_get_pref_src(route);
	u32 mtu = 0;
	u8 len;

	if (!nexthop || rtnl_route_get_type(route) != RTN_UNICAST)
		return;
	hop->ifindex = rtnl_route_nh_get_ifindex(nexthop);
	if (source)
		copy_address(hop->saddr, &len, source);
	gateway = rtnl_route_nh_get_gateway(nexthop);
	if (!gateway)
		gateway = rtnl_route_nh_get_via(nexthop);
	if (gateway)
		copy_address(hop->gateway, &hop->gateway_len, gateway);
	if (!rtnl_route_get_metric(route, RTAX_MTU, &mtu))
		hop->mtu = RTE_MIN(mtu, 0xffffU);
}

/* Return: did it change? */
static bool resolve(struct hops *hops, struct followed *followed)
{
	struct rtnl_route *route = find_route(hops, followed->addr, followed->addr_len);
	struct hop hop = { .port = PORT_NONE };

	if (route) {
		read_route(&hop, route);
		rtnl_route_put(route);
	}
	if (hop.ifindex)
		resolve_link(hops, followed, &hop);
	if (!memcmp(&hop, &followed->hop, sizeof(hop)))
		return false;
	followed->hop = hop;
	return true;
}

/* Those that are not known, or have not been heard of lately; each next hop once in a row. */
static void keep_neighbours(struct ev_loop *loop, ev_timer *timer, int revents)
{
	const struct followed *followed, *last = NULL;
	struct hops *hops = timer->data;
	struct rtnl_neigh *neighbour;
	u32 i;

	(void)loop;
	(void)revents;
	for (i = 0; i < BUCKETS; i++) {
		for (followed = hops->bucket[i]; followed; followed = followed->next) {
			const struct hop *hop = &followed->hop;

			if (!hop->ifindex ||
			    (last && hop->gateway_len && last->hop.ifindex == hop->ifindex &&
			     !memcmp(last->hop.gateway, hop->gateway, sizeof(hop->gateway))))
				continue;
			neighbour = find_neighbour(hops, hop, followed);
			if (!neighbour || !(rtnl_neigh_get_state(neighbour) & NUD_FRESH))
				ask_neighbour(hops, followed);
			if (neighbour)
				rtnl_neigh_put(neighbour);
			last = followed;
		}
	}
}

static void look_again(struct ev_loop *loop, ev_timer *timer, int revents)
{
	struct hops *hops = timer->data;
	struct followed *followed;
	bool changed = false;
	u32 i;

	(void)revents;
	ev_timer_stop(loop, timer);
	for (i = 0; i < BUCKETS; i++)
		for (followed = hops->bucket[i]; followed; followed = followed->next)
			if (resolve(hops, followed)) {
				changed = true;
				if (followed->hop.ifindex && !followed->hop.link_len)
					ask_neighbour(hops, followed);
			}
	if (changed)
		hops->changed(hops->ctx);
}

/* What they say does not matter. What was lost (ENOBUFS) neither: all is asked again. */
static void on_routes(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct hops *hops = watcher->data;

	(void)loop;
	(void)revents;
	nl_recvmsgs_default(hops->routes);
	look_soon(hops);
}

static void on_caches(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct hops *hops = watcher->data;

	(void)loop;
	(void)revents;
	if (nl_cache_mngr_data_ready(hops->manager) < 0) {
		nl_cache_refill(hops->query, hops->links);
		nl_cache_refill(hops->query, hops->neighbours);
	}
	look_soon(hops);
}

static void ignore(struct nl_cache *cache, struct nl_object *object, int action, void *ctx)
{
	(void)cache;
	(void)object;
	(void)action;
	(void)ctx;
}

static struct nl_sock *open_socket(void)
{
	struct nl_sock *sock = nl_socket_alloc();

	if (sock && !nl_connect(sock, NETLINK_ROUTE)) {
		nl_socket_disable_auto_ack(sock);
		return sock;
	}
	nl_socket_free(sock);
	return NULL;
}

static bool open_events(struct hops *hops)
{
	hops->query = open_socket();
	hops->routes = open_socket();
	if (!hops->query || !hops->routes)
		return false;
	nl_socket_disable_seq_check(hops->routes);
	nl_socket_set_nonblocking(hops->routes);
	nl_socket_set_buffer_size(hops->routes, EVENT_BYTES, 0);
	return !nl_socket_add_memberships(hops->routes, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
					  RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, RTNLGRP_IPV4_IFADDR,
					  RTNLGRP_IPV6_IFADDR, 0);
}

static bool open_caches(struct hops *hops)
{
	if (nl_cache_mngr_alloc(NULL, NETLINK_ROUTE, NL_AUTO_PROVIDE, &hops->manager))
		return false;
	return !nl_cache_mngr_add(hops->manager, "route/link", ignore, NULL, &hops->links) &&
	       !nl_cache_mngr_add(hops->manager, "route/neigh", ignore, NULL, &hops->neighbours);
}

static void start(struct hops *hops)
{
	ev_io_init(&hops->on_routes, on_routes, nl_socket_get_fd(hops->routes), EV_READ);
	ev_io_init(&hops->on_caches, on_caches, nl_cache_mngr_get_fd(hops->manager), EV_READ);
	ev_timer_init(&hops->settle, look_again, SETTLE, 0);
	ev_timer_init(&hops->keep, keep_neighbours, KEEP, KEEP);
	hops->on_routes.data = hops->on_caches.data = hops;
	hops->settle.data = hops->keep.data = hops;
	ev_io_start(hops->loop, &hops->on_routes);
	ev_io_start(hops->loop, &hops->on_caches);
	ev_timer_start(hops->loop, &hops->keep);
}

struct hops *hops_create(struct ev_loop *loop, void (*changed)(void *ctx), void *ctx)
{
	struct hops *hops = calloc(1, sizeof(*hops));

	if (!hops)
		return NULL;
	hops->loop = loop;
	hops->changed = changed;
	hops->ctx = ctx;
	if (!open_events(hops) || !open_caches(hops)) {
		hops_destroy(hops);
		errno = EPROTO;
		return NULL;
	}
	start(hops);
	return hops;
}

const struct hop *hops_find(struct hops *hops, const u8 *addr, u32 addr_len)
{
	struct followed **bucket = find_bucket(hops, addr, addr_len), *followed;
	static const struct hop none = { .port = PORT_NONE };

	for (followed = *bucket; followed; followed = followed->next)
		if (followed->addr_len == addr_len && !memcmp(followed->addr, addr, addr_len))
			return &followed->hop;
	followed = calloc(1, sizeof(*followed));
	if (!followed)
		return &none;
	followed->addr_len = addr_len;
	memcpy(followed->addr, addr, addr_len);
	followed->next = *bucket;
	*bucket = followed;
	resolve(hops, followed);
	if (followed->hop.ifindex && !followed->hop.link_len)
		ask_neighbour(hops, followed);
	return &followed->hop;
}

void hops_forget(struct hops *hops, const u8 *addr, u32 addr_len)
{
	struct followed **at = find_bucket(hops, addr, addr_len), *followed;

	for (; (followed = *at); at = &followed->next) {
		if (followed->addr_len != addr_len || memcmp(followed->addr, addr, addr_len))
			continue;
		*at = followed->next;
		free(followed);
		return;
	}
}

void hops_destroy(struct hops *hops)
{
	struct followed *followed;
	u32 i;

	if (!hops)
		return;
	if (ev_is_active(&hops->keep)) {
		ev_io_stop(hops->loop, &hops->on_routes);
		ev_io_stop(hops->loop, &hops->on_caches);
		ev_timer_stop(hops->loop, &hops->settle);
		ev_timer_stop(hops->loop, &hops->keep);
	}
	for (i = 0; i < BUCKETS; i++) {
		while ((followed = hops->bucket[i])) {
			hops->bucket[i] = followed->next;
			free(followed);
		}
	}
	nl_cache_mngr_free(hops->manager);
	nl_socket_free(hops->routes);
	nl_socket_free(hops->query);
	free(hops);
}
