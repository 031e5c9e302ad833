/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A backend of a service: what packets need of it, and its overlay. It begins when IPVS's
 * destination is first seen, and ends some time after the last flow could refer to it.
 */
#ifndef MAGLEV_KMOD_PAIR_H
#define MAGLEV_KMOD_PAIR_H

#include "stats.h"

#include <maglev/decide.h>

#include <linux/cache.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

struct ip_vs_dest;
struct maglev_net;
struct maglev_route;
struct maglev_service;

/**
 * enum maglev_overlay_part - what of an overlay a request carries
 * @MAGLEV_OVERLAY_ADMIN: the operator's state
 * @MAGLEV_OVERLAY_HEALTH: the checker's state
 * @MAGLEV_OVERLAY_NOMINAL: the nominal weight
 * @MAGLEV_OVERLAY_SHARE: the share
 * @MAGLEV_OVERLAY_DEADLINE: the deadline of a drain
 */
enum maglev_overlay_part {
	MAGLEV_OVERLAY_ADMIN = 1 << 0,
	MAGLEV_OVERLAY_HEALTH = 1 << 1,
	MAGLEV_OVERLAY_NOMINAL = 1 << 2,
	MAGLEV_OVERLAY_SHARE = 1 << 3,
	MAGLEV_OVERLAY_DEADLINE = 1 << 4,
};

/**
 * struct maglev_overlay - what is to be laid over a backend
 * @parts: enum maglev_overlay_part: which of these count
 * @admin: enum maglev_state
 * @health: enum maglev_state
 * @share: percent
 * @nominal: weight; 0: IPVS's
 * @deadline_ms: from now; 0: none
 */
struct maglev_overlay {
	u8 parts;
	u8 admin;
	u8 health;
	u8 share;
	u32 nominal;
	u32 deadline_ms;
};

/**
 * struct maglev_pair - a backend of a service
 * @target: what the core knows of it
 * @dest: IPVS's destination, while it is one of the service; counted into. RCU
 * @stats: our counters; NULL while the service is IPVS's
 * @route: the way to it; RCU, replaced under @route_lock
 * @route_lock: taken by a packet that finds no valid route, and by whoever drops one
 * @service: whose backend it is
 * @node: in the service's pairs, by backend
 * @retired: in the namespace's list of pairs whose index is not free yet
 * @backend: address and port; the rest as of the last snapshot
 * @ipvs: enum maglev_state by IPVS's weight; down once IPVS has removed the destination
 * @admin: enum maglev_state an operator has set
 * @health: enum maglev_state a checker has set
 * @share: percent of the nominal weight, 0 .. 100
 * @present: IPVS has it, as far as we were told
 * @listed: events and dumps say that it is there
 * @draining: it is not up, and so loses its flows
 * @drained: it has lost the last of them in time
 * @told: an event has said so, or that there is no time any more
 * @nominal: weight of the overlay; 0: IPVS's
 * @ipvs_weight: IPVS's weight
 * @method: IP_VS_CONN_F_MASQ and so on, as last told by IPVS
 * @tun_type: IP_VS_CONN_F_TUNNEL_TYPE_*, likewise
 * @deadline: jiffies at which a drain becomes down; 0: never
 * @place: in the current tables, or MAGLEV_EMPTY
 * @flows: tracked to it, as of the last full sweep
 * @since: sweeps completed when it began to drain, or when its grace period was over
 * @grace: of RCU, when it was retired
 * @graced: that grace period is over
 * @rcu: packets may still read it
 *
 * The first 64 bytes are what packets read, and nobody writes while they do, but for the
 * target's state and a route that changes. All else is under the namespace's lock.
 */
struct maglev_pair {
	struct maglev_target target;
	struct ip_vs_dest __rcu *dest;
	struct maglev_pair_stats __percpu *stats;
	struct maglev_route __rcu *route;

	spinlock_t route_lock ____cacheline_aligned_in_smp;
	struct maglev_service *service;
	struct rb_node node;
	struct list_head retired;
	struct maglev_backend backend;
	u8 ipvs;
	u8 admin;
	u8 health;
	u8 share;
	bool present;
	bool listed;
	bool draining;
	bool drained;
	bool told;
	u32 nominal;
	int ipvs_weight;
	u32 method;
	u16 tun_type;
	unsigned long deadline;
	u16 place;
	u32 flows;
	u64 since;
	unsigned long grace;
	bool graced;
	struct rcu_head rcu;
};

/**
 * maglev_pair_get() - the pair of a backend, created if need be
 * @service: the service
 * @backend: address and port
 *
 * Under the namespace's lock.
 *
 * Return: the pair, or ERR_PTR: -ENOMEM, -ENOSPC if all indexes are in use.
 */
struct maglev_pair *maglev_pair_get(struct maglev_service *service,
				    const struct maglev_backend *backend);

/**
 * maglev_pair_find() - the pair of a backend, if there is one
 * @service: the service
 * @backend: address and port
 *
 * Under the namespace's lock.
 */
struct maglev_pair *maglev_pair_find(const struct maglev_service *service,
				     const struct maglev_backend *backend);

/**
 * maglev_pair_retire() - nobody uses it any more but flows, and they are to leave
 * @pair: the pair; its service's no longer
 *
 * Under the namespace's lock. Its index is free again after a grace period and one full
 * sweep begun after that.
 */
void maglev_pair_retire(struct maglev_pair *pair);

/**
 * maglev_pair_reap() - free what was retired long enough ago
 * @mnet: the namespace
 *
 * Under its lock.
 */
void maglev_pair_reap(struct maglev_net *mnet);

/**
 * maglev_pair_free_all() - free everything retired, at the end of a namespace
 * @mnet: the namespace; no packet comes and no sweep runs any more
 */
void maglev_pair_free_all(struct maglev_net *mnet);

/**
 * maglev_pair_update() - find the effective state again
 * @pair: the pair; one of its three states has changed
 *
 * Under the namespace's lock. Packets see it at once.
 *
 * Return: true if it is another one.
 */
bool maglev_pair_update(struct maglev_pair *pair);

/**
 * maglev_pair_set_present() - IPVS has the backend, or has removed it
 * @pair: the pair; its states are right already
 * @present: which
 *
 * Under the namespace's lock. Events tell of it; with a backend goes its overlay.
 */
void maglev_pair_set_present(struct maglev_pair *pair, bool present);

/**
 * maglev_pair_observe() - bring a pair in line with IPVS's destination
 * @pair: the pair
 * @dest: its destination
 *
 * Under the namespace's lock. Packets obey a change of state at once; events tell of it, and
 * of a backend that is new or gone.
 */
void maglev_pair_observe(struct maglev_pair *pair, const struct ip_vs_dest *dest);

/**
 * maglev_pair_lay() - change the overlay of a backend
 * @pair: the pair
 * @overlay: what is to be changed, valid
 *
 * Under the namespace's lock. Packets obey a change of state at once, and an event tells of it.
 *
 * Return: true if the service's tables are to be built anew.
 */
bool maglev_pair_lay(struct maglev_pair *pair, const struct maglev_overlay *overlay);

/**
 * maglev_pair_flows() - what a backend would have to lose
 * @pair: the pair
 *
 * Of a service left to IPVS also IPVS's connections, and the clients that its persistence sends
 * there again without asking anybody. Under the namespace's lock.
 *
 * Return: how many, flows as of the last full sweep.
 */
u32 maglev_pair_flows(const struct maglev_pair *pair);

/**
 * maglev_pair_weight() - the weight that counts in the base table
 * @nominal: that of the overlay; 0: IPVS's
 * @dest: IPVS's destination, or NULL
 *
 * Weight 0 drains: the place in the base table is that of the last other weight.
 */
u32 maglev_pair_weight(u32 nominal, const struct ip_vs_dest *dest);

static inline struct maglev_pair *maglev_pair_of(struct maglev_target *target)
{
	return container_of(target, struct maglev_pair, target);
}

/**
 * maglev_pair_tunnel() - the way to a backend, as of now
 * @pair: the backend
 *
 * Any context. IPVS may change the kind of the tunnel at any time: whoever needs it twice needs
 * the same one.
 */
static inline struct maglev_tunnel maglev_pair_tunnel(const struct maglev_pair *pair)
{
	const struct maglev_tunnel *tunnel = &pair->target.tunnel;
	struct maglev_tunnel copy;

	copy.type = READ_ONCE(tunnel->type);
	copy.checksum = READ_ONCE(tunnel->checksum);
	copy.addr_len = tunnel->addr_len;
	memcpy(copy.addr, tunnel->addr, sizeof(copy.addr));
	return copy;
}

#endif
