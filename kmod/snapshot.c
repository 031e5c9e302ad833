// SPDX-License-Identifier: GPL-2.0-only
/*
 * Snapshots: IPVS's destinations as they are now, with what is laid over each, and whether
 * the service is ours to forward.
 */
#include "snapshot.h"

#include "compat.h"
#include "net.h"
#include "pair.h"
#include "publish.h"
#include "service.h"
#include "tables.h"

#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <net/ip_vs.h>

enum {
	SPARE = 64, /* room for destinations that come while we look */
};

static int compare_members(const void *a, const void *b)
{
	return maglev_backend_cmp(&((const struct maglev_member *)a)->backend,
				  &((const struct maglev_member *)b)->backend);
}

bool maglev_dest_backend(struct maglev_backend *backend, const struct ip_vs_dest *dest)
{
	if (dest->af == AF_INET6 && ipv6_addr_v4mapped(&dest->addr.in6))
		return false;
	maglev_backend_init(backend, dest->af == AF_INET6 ? MAGLEV_IPV6_BYTES : MAGLEV_IPV4_BYTES,
			    &dest->addr, dest->port);
	return true;
}

void maglev_snapshot_put(struct maglev_snapshot *snapshot)
{
	u32 i;

	for (i = 0; i < snapshot->n; i++)
		ip_vs_dest_put(snapshot->members[i].dest);
	kvfree(snapshot->members);
}

/*
 * A destination deleted and added again while we walk is met twice, as IPVS revives the
 * same object. Keep one of each.
 */
static void drop_doubles(struct maglev_snapshot *snapshot)
{
	struct maglev_member *members = snapshot->members;
	u32 i, kept = 0;

	for (i = 0; i < snapshot->n; i++) {
		if (kept && !compare_members(&members[kept - 1], &members[i]))
			ip_vs_dest_put(members[i].dest);
		else
			members[kept++] = members[i];
	}
	snapshot->n = kept;
}

/*
 * The callbacks' mutex is IPVS's and not ours to take, so the list is read under RCU;
 * whatever changes meanwhile calls us again.
 */
static int list_dests(struct maglev_snapshot *snapshot, struct maglev_service *service)
{
	struct ip_vs_service *svc = service->svc;
	struct ip_vs_dest *dest;
	int err = 0;
	u32 room;

	/* IPVS writes it plainly; what comes of that is -EAGAIN. */
	room = data_race(svc->num_dests) + SPARE;
	snapshot->members = kvmalloc_array(room, sizeof(*snapshot->members), GFP_KERNEL);
	if (!snapshot->members)
		return -ENOMEM;
	rcu_read_lock();
	list_for_each_entry_rcu(dest, &svc->destinations, n_list) {
		if (snapshot->n == room) {
			err = -EAGAIN;
			break;
		}
		if (!maglev_dest_backend(&snapshot->members[snapshot->n].backend, dest)) {
			snapshot->mapped = true;
			maglev_service_warn(service, MAGLEV_WARN_MAPPED,
					    "a backend's address is IPv4 written as IPv6 (::ffff:a.b.c.d): it gets no slots; add it as IPv4");
			continue;
		}
		ip_vs_dest_hold(dest);
		snapshot->members[snapshot->n++].dest = dest;
	}
	rcu_read_unlock();
	sort(snapshot->members, snapshot->n, sizeof(*snapshot->members), compare_members, NULL);
	drop_doubles(snapshot);
	return err;
}

/* Why a destination keeps its service from being forwarded by us; or nothing does. */
static enum maglev_left left_for_dest(const struct ip_vs_dest *dest)
{
	u32 method = IP_VS_DFWD_METHOD(dest);

	if (method != IP_VS_CONN_F_TUNNEL && method != IP_VS_CONN_F_LOCALNODE)
		return MAGLEV_LEFT_METHOD;
	if ((dest->tun_type != IP_VS_CONN_F_TUNNEL_TYPE_IPIP &&
	     dest->tun_type != IP_VS_CONN_F_TUNNEL_TYPE_GRE) ||
	    dest->tun_flags & IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM)
		return MAGLEV_LEFT_TUNNEL;
	return dest->u_threshold ? MAGLEV_LEFT_THRESHOLD : MAGLEV_LEFT_NOTHING;
}

static enum maglev_left left_for_service(const struct maglev_service *service)
{
	const struct ip_vs_service *svc = service->svc;
	u32 flags = READ_ONCE(svc->flags);

	if (service->mnet->hook == MAGLEV_HOOK_NONE)
		return MAGLEV_LEFT_SETTING;
	if (svc->fwmark)
		return MAGLEV_LEFT_FWMARK;
	if (svc->protocol != IPPROTO_TCP && svc->protocol != IPPROTO_UDP &&
	    svc->protocol != IPPROTO_SCTP)
		return MAGLEV_LEFT_PROTOCOL;
	if (!svc->port)
		return MAGLEV_LEFT_PORT;
	if (svc->protocol == IPPROTO_TCP && svc->port == FTPPORT)
		return MAGLEV_LEFT_FTP;
	if (flags & IP_VS_SVC_F_PERSISTENT)
		return MAGLEV_LEFT_PERSISTENT;
	return flags & IP_VS_SVC_F_ONEPACKET ? MAGLEV_LEFT_ONE_PACKET : MAGLEV_LEFT_NOTHING;
}

static void find_left(struct maglev_snapshot *snapshot, const struct maglev_service *service)
{
	u32 i;

	snapshot->left = left_for_service(service);
	for (i = 0; i < snapshot->n && snapshot->left == MAGLEV_LEFT_NOTHING; i++)
		snapshot->left = left_for_dest(snapshot->members[i].dest);
}

/* What is laid over a destination, and what of it packets see before there is a table. */
static int attach_pair(struct maglev_service *service, struct maglev_member *member, bool owned)
{
	struct maglev_pair_stats __percpu *stats;
	struct maglev_pair *pair;
	u32 state;

	pair = maglev_pair_get(service, &member->backend);
	if (IS_ERR(pair))
		return PTR_ERR(pair);
	if (owned && !pair->stats) {
		stats = alloc_percpu_gfp(struct maglev_pair_stats, GFP_KERNEL_ACCOUNT);
		if (!stats)
			return -ENOMEM;
		/* Packets may count in it from now on, and find it zeroed. */
		smp_store_release(&pair->stats, stats);
	}
	for (state = 0; state < MAGLEV_FLOW_STATES; state++)
		WRITE_ONCE(pair->target.limit[state],
			   maglev_timeout_limit(state, service->timeouts.seconds[state]));
	maglev_pair_observe(pair, member->dest);
	member->pair = pair;
	member->backend.weight = maglev_pair_weight(pair->nominal, member->dest);
	member->backend.state = pair->target.state;
	member->backend.share = pair->share;
	return 0;
}

/* Those without a place go, once they have their pair. */
static void drop_placeless(struct maglev_snapshot *snapshot)
{
	struct maglev_member *members = snapshot->members;
	u32 i, kept = 0;

	for (i = 0; i < snapshot->n; i++) {
		if (members[i].backend.weight)
			members[kept++] = members[i];
		else
			ip_vs_dest_put(members[i].dest);
	}
	snapshot->n = kept;
}

int maglev_snapshot_take(struct maglev_snapshot *snapshot, struct maglev_service *service)
{
	struct maglev_net *mnet = service->mnet;
	u32 i;
	int err;

	err = list_dests(snapshot, service);
	if (err)
		return err;
	mutex_lock(&mnet->lock);
	find_left(snapshot, service);
	for (i = 0; i < snapshot->n && !err; i++)
		err = attach_pair(service, &snapshot->members[i],
				  snapshot->left == MAGLEV_LEFT_NOTHING);
	service->svc_flags = READ_ONCE(service->svc->flags);
	snapshot->size = service->size;
	snapshot->key = mnet->key;
	snapshot->mode = maglev_service_mode(service);
	snapshot->longest = maglev_service_longest(service);
	mutex_unlock(&mnet->lock);
	if (!err)
		drop_placeless(snapshot);
	return err;
}
