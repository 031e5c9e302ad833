// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pairs: their index, their state, and how they go: a pair that is retired is out of the
 * targets' array at once; packets that still see it are through after a grace period,
 * and after a full sweep of every flow table no word holds its index any more.
 */
#include "pair.h"

#include "compat.h"
#include "events.h"
#include "net.h"
#include "route.h"
#include "service.h"
#include "tables.h"

#include <linux/bitmap.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/ip_vs.h>

enum {
	TARGETS_FIRST = 64,
};

static struct maglev_targets *targets_of(const struct maglev_net *mnet)
{
	return rcu_dereference_protected(mnet->targets, lockdep_is_held(&mnet->lock));
}

static int grow_targets(struct maglev_net *mnet)
{
	struct maglev_targets *old = targets_of(mnet), *new;
	u32 n = old ? min_t(u32, 2 * old->n, MAGLEV_PAIRS_MAX) : TARGETS_FIRST;

	new = kvzalloc(struct_size(new, at, n), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	new->n = n;
	if (old)
		memcpy(new->at, old->at, old->n * sizeof(old->at[0]));
	rcu_assign_pointer(mnet->targets, new);
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

/* Return: a free index, taken; or -ENOMEM, -ENOSPC. */
static int take_index(struct maglev_net *mnet)
{
	u32 index;
	int err;

	if (!mnet->index_map) {
		mnet->index_map = bitmap_zalloc(MAGLEV_PAIRS_MAX, GFP_KERNEL_ACCOUNT);
		if (!mnet->index_map)
			return -ENOMEM;
	}
	index = find_first_zero_bit(mnet->index_map, MAGLEV_PAIRS_MAX);
	if (index == MAGLEV_PAIRS_MAX)
		return -ENOSPC;
	if (!targets_of(mnet) || index >= targets_of(mnet)->n) {
		err = grow_targets(mnet);
		if (err)
			return err;
	}
	__set_bit(index, mnet->index_map);
	return index;
}

/* Where a backend is, or where it is to be linked. */
static struct maglev_pair *seek(const struct maglev_service *service,
				const struct maglev_backend *backend, struct rb_node ***link,
				struct rb_node **parent)
{
	struct rb_node **at = (struct rb_node **)&service->pairs.rb_node;
	struct maglev_pair *pair;
	int order;

	*parent = NULL;
	while (*at) {
		pair = rb_entry(*at, struct maglev_pair, node);
		order = maglev_backend_cmp(backend, &pair->backend);
		if (!order)
			return pair;
		*parent = *at;
		at = order < 0 ? &(*at)->rb_left : &(*at)->rb_right;
	}
	*link = at;
	return NULL;
}

struct maglev_pair *maglev_pair_find(const struct maglev_service *service,
				     const struct maglev_backend *backend)
{
	struct rb_node **link, *parent;

	lockdep_assert_held(&service->mnet->lock);
	return seek(service, backend, &link, &parent);
}

/* Where it leads to never changes; what it is like comes with the first look at the destination. */
static void init_tunnel(struct maglev_tunnel *tunnel, const struct maglev_backend *backend)
{
	const struct in6_addr *addr = (const struct in6_addr *)backend->addr;

	if (ipv6_addr_v4mapped(addr)) {
		tunnel->addr_len = MAGLEV_IPV4_BYTES;
		memcpy(tunnel->addr, &addr->s6_addr32[3], MAGLEV_IPV4_BYTES);
	} else {
		tunnel->addr_len = MAGLEV_IPV6_BYTES;
		memcpy(tunnel->addr, addr, MAGLEV_IPV6_BYTES);
	}
}

struct maglev_pair *maglev_pair_get(struct maglev_service *service,
				    const struct maglev_backend *backend)
{
	struct maglev_net *mnet = service->mnet;
	struct rb_node **link, *parent;
	struct maglev_pair *pair;
	int index;

	lockdep_assert_held(&mnet->lock);
	pair = seek(service, backend, &link, &parent);
	if (pair)
		return pair;
	pair = kzalloc(sizeof(*pair), GFP_KERNEL_ACCOUNT);
	if (!pair)
		return ERR_PTR(-ENOMEM);
	index = take_index(mnet);
	if (index < 0) {
		kfree(pair);
		return ERR_PTR(index);
	}
	spin_lock_init(&pair->route_lock);
	INIT_LIST_HEAD(&pair->retired);
	pair->service = service;
	pair->backend = *backend;
	pair->share = MAGLEV_SHARE_MAX;
	pair->place = MAGLEV_EMPTY;
	pair->target.index = index;
	pair->target.service = service->id;
	init_tunnel(&pair->target.tunnel, backend);
	rb_link_node(&pair->node, parent, link);
	rb_insert_color(&pair->node, &service->pairs);
	service->n_pairs++;
	/* Pairs with the READ_ONCE() of whoever finds the index in a word. */
	smp_store_release(&targets_of(mnet)->at[index], &pair->target);
	return pair;
}

static void keep_stats(struct maglev_service *service, const struct maglev_pair *pair)
{
	struct maglev_pair_stats sum;
	u32 i;

	if (!pair->stats)
		return;
	maglev_pair_stats_sum(pair, &sum);
	for (i = 0; i < ARRAY_SIZE(sum.counter); i++)
		service->gone_stats.counter[i] += sum.counter[i];
}

void maglev_pair_retire(struct maglev_pair *pair)
{
	struct maglev_net *mnet = pair->service->mnet;

	lockdep_assert_held(&mnet->lock);
	WRITE_ONCE(pair->target.state, MAGLEV_DOWN);
	WRITE_ONCE(targets_of(mnet)->at[pair->target.index], NULL);
	RCU_INIT_POINTER(pair->dest, NULL);
	rb_erase(&pair->node, &pair->service->pairs);
	pair->service->n_pairs--;
	keep_stats(pair->service, pair);
	WRITE_ONCE(pair->service, NULL);
	pair->grace = get_state_synchronize_rcu();
	list_add_tail(&pair->retired, &mnet->retired);
}

static void free_pair(struct rcu_head *rcu)
{
	struct maglev_pair *pair = container_of(rcu, struct maglev_pair, rcu);

	/* At once, or rcu_barrier() would not wait for it. */
	maglev_route_release(&pair->route);
	free_percpu(pair->stats);
	kfree(pair);
}

static void reap(struct maglev_net *mnet, struct maglev_pair *pair)
{
	list_del(&pair->retired);
	__clear_bit(pair->target.index, mnet->index_map);
	call_rcu(&pair->rcu, free_pair);
}

/* First a grace period, then a full sweep that began after it. */
void maglev_pair_reap(struct maglev_net *mnet)
{
	struct maglev_pair *pair, *next;

	lockdep_assert_held(&mnet->lock);
	list_for_each_entry_safe(pair, next, &mnet->retired, retired) {
		if (pair->graced && maglev_sweep_since(mnet, pair->since)) {
			reap(mnet, pair);
		} else if (!pair->graced && poll_state_synchronize_rcu(pair->grace)) {
			pair->graced = true;
			pair->since = mnet->sweeps_done;
		}
	}
}

void maglev_pair_free_all(struct maglev_net *mnet)
{
	struct maglev_pair *pair, *next;

	list_for_each_entry_safe(pair, next, &mnet->retired, retired)
		reap(mnet, pair);
}

bool maglev_pair_update(struct maglev_pair *pair)
{
	u8 state = max3(pair->ipvs, pair->admin, pair->health), before = pair->target.state;

	lockdep_assert_held(&pair->service->mnet->lock);
	/* What it may get now has to leave anew, however soon it is taken away again. */
	if (state < before)
		pair->draining = false;
	if (state != before)
		WRITE_ONCE(pair->target.state, state);
	return state != before;
}

static void clear_overlay(struct maglev_pair *pair)
{
	pair->admin = MAGLEV_UP;
	pair->health = MAGLEV_UP;
	pair->share = MAGLEV_SHARE_MAX;
	pair->nominal = 0;
	pair->deadline = 0;
}

void maglev_pair_set_present(struct maglev_pair *pair, bool present)
{
	struct maglev_net *mnet = pair->service->mnet;

	lockdep_assert_held(&mnet->lock);
	pair->present = present;
	if (pair->listed == present)
		return;
	pair->listed = present;
	mnet->changes++;
	if (present) {
		maglev_event_backend_added(pair);
		return;
	}
	maglev_event_backend_gone(pair);
	clear_overlay(pair);
}

/* Pairs with maglev_pair_tunnel(). */
static void set_tunnel(struct maglev_tunnel *tunnel, const struct ip_vs_dest *dest)
{
	bool gre = dest->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_GRE;

	WRITE_ONCE(tunnel->type, gre ? MAGLEV_TUNNEL_GRE : MAGLEV_TUNNEL_IPIP);
	WRITE_ONCE(tunnel->checksum, gre && dest->tun_flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM);
}

void maglev_pair_observe(struct maglev_pair *pair, const struct ip_vs_dest *dest)
{
	bool present = maglev_dest_available(dest), listed = pair->listed;
	u8 from = pair->target.state;

	lockdep_assert_held(&pair->service->mnet->lock);
	pair->ipvs_weight = atomic_read(&dest->weight);
	pair->method = IP_VS_DFWD_METHOD(dest);
	pair->tun_type = dest->tun_type;
	pair->ipvs = !present ? MAGLEV_DOWN : pair->ipvs_weight > 0 ? MAGLEV_UP : MAGLEV_DRAIN;
	set_tunnel(&pair->target.tunnel, dest);
	if (maglev_pair_update(pair) && listed && present)
		maglev_event_state(pair, from, MAGLEV_WHO_IPVS);
	maglev_pair_set_present(pair, present);
}

static void set_deadline(struct maglev_pair *pair, u32 deadline_ms)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(deadline_ms);

	/* 0 is none. */
	pair->deadline = deadline_ms ? deadline ?: 1 : 0;
}

bool maglev_pair_lay(struct maglev_pair *pair, const struct maglev_overlay *overlay)
{
	u8 from = pair->target.state, share = pair->share;
	enum maglev_who who = MAGLEV_WHO_HEALTH;
	u32 nominal = pair->nominal;

	if (overlay->parts & MAGLEV_OVERLAY_HEALTH)
		pair->health = overlay->health;
	if (overlay->parts & MAGLEV_OVERLAY_NOMINAL)
		pair->nominal = overlay->nominal;
	if (overlay->parts & MAGLEV_OVERLAY_SHARE)
		pair->share = overlay->share;
	if (overlay->parts & MAGLEV_OVERLAY_ADMIN) {
		if (pair->admin != overlay->admin)
			who = MAGLEV_WHO_ADMIN;
		pair->admin = overlay->admin;
		if (pair->admin != MAGLEV_DRAIN)
			pair->deadline = 0;
	}
	if (overlay->parts & MAGLEV_OVERLAY_DEADLINE)
		set_deadline(pair, overlay->deadline_ms);
	if (maglev_pair_update(pair)) {
		maglev_event_state(pair, from, who);
		return true;
	}
	return pair->share != share || pair->nominal != nominal;
}

u32 maglev_pair_flows(const struct maglev_pair *pair)
{
	const struct ip_vs_dest *dest;
	u32 flows = pair->flows;

	lockdep_assert_held(&pair->service->mnet->lock);
	if (pair->service->left == MAGLEV_LEFT_NOTHING)
		return flows;
	rcu_read_lock();
	dest = rcu_dereference(pair->dest);
	if (dest)
		flows += maglev_dest_conns(dest) + atomic_read(&dest->persistconns);
	rcu_read_unlock();
	return flows;
}

u32 maglev_pair_weight(u32 nominal, const struct ip_vs_dest *dest)
{
	int weight = dest ? atomic_read(&dest->weight) : 0;

	if (nominal || !dest)
		return nominal;
	return max(weight > 0 ? weight : atomic_read(&dest->last_weight), 0);
}
