// SPDX-License-Identifier: GPL-2.0-only
/*
 * Views: a snapshot of IPVS's destinations, the tables built from it, and the pointer
 * packets follow to them. Allocate and build first, publish last. All under the
 * service's build_lock, in process context.
 */
#include "publish.h"

#include "compat.h"
#include "main.h"
#include "service.h"

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <net/ip_vs.h>

#define CREATE_TRACE_POINTS
#include "trace.h"

enum {
	SPARE = 64, /* room for destinations that come while we look */
};

static atomic_t views = ATOMIC_INIT(0);

/* A destination that has a place in the table. */
struct member {
	struct maglev_backend backend;
	struct ip_vs_dest *dest;
};

struct snapshot {
	struct member *members;
	u32 n;
};

static int compare_members(const void *a, const void *b)
{
	return maglev_backend_cmp(&((const struct member *)a)->backend,
				  &((const struct member *)b)->backend);
}

/*
 * Weight 0 drains: the place in the base table is that of the last other weight.
 * Return: false if the destination never had one and so has no place.
 */
static bool init_member(struct member *member, struct ip_vs_dest *dest)
{
	bool v6 = dest->af == AF_INET6;
	int weight = atomic_read(&dest->weight);
	int nominal = weight > 0 ? weight : atomic_read(&dest->last_weight);

	if (nominal <= 0)
		return false;
	maglev_backend_init(&member->backend, v6 ? MAGLEV_IPV6_BYTES : MAGLEV_IPV4_BYTES,
			    &dest->addr, dest->port);
	member->backend.weight = nominal;
	member->backend.state = weight > 0 ? MAGLEV_UP : MAGLEV_DRAIN;
	member->dest = dest;
	return true;
}

static void put_members(struct snapshot *snapshot)
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
static void drop_doubles(struct snapshot *snapshot)
{
	struct member *members = snapshot->members;
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
static int take_snapshot(struct maglev_service *service, struct snapshot *snapshot)
{
	struct ip_vs_service *svc = service->svc;
	u32 room = READ_ONCE(svc->num_dests) + SPARE;
	struct ip_vs_dest *dest;
	int err = 0;

	snapshot->n = 0;
	snapshot->members = kvmalloc_array(room, sizeof(*snapshot->members), GFP_KERNEL);
	if (!snapshot->members)
		return -ENOMEM;
	rcu_read_lock();
	list_for_each_entry_rcu(dest, &svc->destinations, n_list) {
		if (snapshot->n == room) {
			err = -EAGAIN;
			break;
		}
		if (dest->af == AF_INET6 && ipv6_addr_v4mapped(&dest->addr.in6)) {
			maglev_service_warn(service, MAGLEV_WARN_MAPPED,
					    "a backend's address is IPv4 written as IPv6 (::ffff:a.b.c.d): it gets no slots; add it as IPv4");
			continue;
		}
		if (!init_member(&snapshot->members[snapshot->n], dest))
			continue;
		ip_vs_dest_hold(dest);
		snapshot->n++;
	}
	rcu_read_unlock();
	if (err) {
		put_members(snapshot);
		return err;
	}
	sort(snapshot->members, snapshot->n, sizeof(*snapshot->members), compare_members, NULL);
	drop_doubles(snapshot);
	return 0;
}

static void free_view(struct maglev_view *view)
{
	if (view->live != view->base)
		kvfree(view->live);
	kvfree(view->base);
	kvfree(view);
	atomic_dec(&views);
}

static void free_view_rcu(struct rcu_head *rcu)
{
	free_view(container_of(rcu, struct maglev_view, rcu));
}

/* The view and its arrays by place, filled from the snapshot; tables follow. */
static struct maglev_view *create_view(const struct snapshot *snapshot, u32 size)
{
	struct maglev_view *view;
	u32 i, n = snapshot->n;

	view = kvzalloc(sizeof(*view) + n * (sizeof(*view->backends) + sizeof(*view->dests)),
			GFP_KERNEL_ACCOUNT);
	if (!view)
		return NULL;
	atomic_inc(&views);
	view->backends = (struct maglev_backend *)(view + 1);
	view->dests = (struct ip_vs_dest **)(view->backends + n);
	view->key = maglev_settings.key;
	view->size = size;
	view->n = n;
	for (i = 0; i < n; i++) {
		view->backends[i] = snapshot->members[i].backend;
		view->dests[i] = snapshot->members[i].dest;
		maglev_backend_derive(&view->backends[i], &view->key, size);
	}
	return view;
}

/* The base table depends on who there is and their weights, not on states. */
static bool same_base(const struct maglev_view *view, const struct maglev_view *old)
{
	u32 i;

	if (!old || view->n != old->n || view->size != old->size)
		return false;
	for (i = 0; i < view->n; i++)
		if (maglev_backend_cmp(&view->backends[i], &old->backends[i]) ||
		    view->backends[i].weight != old->backends[i].weight)
			return false;
	return true;
}

static bool same_view(const struct maglev_view *view, const struct maglev_view *old)
{
	u32 i;

	if (view->mode != old->mode)
		return false;
	for (i = 0; i < view->n; i++)
		if (view->dests[i] != old->dests[i] ||
		    view->backends[i].state != old->backends[i].state ||
		    view->backends[i].share != old->backends[i].share)
			return false;
	return true;
}

static int build_base(struct maglev_view *view, const struct maglev_view *old)
{
	size_t bytes = view->size * sizeof(*view->base);
	void *scratch;
	u16 *base;
	int err;

	base = kvmalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (!base)
		return -ENOMEM;
	view->base = base;
	view->live = base;
	if (old) {
		memcpy(base, old->base, bytes);
		view->base_digest = old->base_digest - maglev_mix64(old->mode) +
				    maglev_mix64(view->mode);
		return 0;
	}
	scratch = kvmalloc(maglev_base_scratch(view->size, view->n), GFP_KERNEL);
	if (!scratch)
		return -ENOMEM;
	err = maglev_base_build(base, view->size, view->backends, view->n, scratch);
	kvfree(scratch);
	if (err)
		return err;
	view->base_digest = maglev_table_digest(base, view->size, view->mode, view->backends);
	return 0;
}

static bool any_overlaid(const struct maglev_view *view)
{
	u32 i;

	for (i = 0; i < view->n; i++)
		if (view->backends[i].state != MAGLEV_UP ||
		    view->backends[i].share != MAGLEV_SHARE_MAX)
			return true;
	return false;
}

/* Two bytes a slot more, only while something is overlaid. */
static int build_live(struct maglev_view *view)
{
	void *scratch;
	u16 *live;

	view->live_digest = view->base_digest;
	if (!any_overlaid(view))
		return 0;
	live = kvmalloc_array(view->size, sizeof(*live), GFP_KERNEL_ACCOUNT);
	if (!live)
		return -ENOMEM;
	view->live = live;
	scratch = kvmalloc(maglev_live_scratch(view->n), GFP_KERNEL);
	if (!scratch)
		return -ENOMEM;
	maglev_live_build(live, view->base, view->size, view->backends, view->n, &view->live_digest,
			  scratch);
	kvfree(scratch);
	return 0;
}

static void put_dests(const struct maglev_view *view)
{
	u32 i;

	for (i = 0; i < view->n; i++)
		ip_vs_dest_put(view->dests[i]);
}

/* Did some backend get no slot at all? Rounding can do that to a very small weight. */
static bool any_without_slot(const struct maglev_view *view)
{
	unsigned long *placed;
	bool any;
	u32 i;

	placed = bitmap_zalloc(view->n, GFP_KERNEL);
	if (!placed)
		return false;
	for (i = 0; view->n && i < view->size; i++)
		__set_bit(view->base[i], placed);
	any = !bitmap_full(placed, view->n);
	bitmap_free(placed);
	return any;
}

static void warn_about(struct maglev_service *service, const struct maglev_view *view)
{
	if (view->size < MAGLEV_SLOTS_PER_BACKEND * view->n)
		maglev_service_warn(service, MAGLEV_WARN_SMALL,
				    "fewer than 100 slots a backend, so shares differ by more than 1 %: load with a larger table_size");
	if (!(service->warned & MAGLEV_WARN_NO_SLOT) && any_without_slot(view))
		maglev_service_warn(service, MAGLEV_WARN_NO_SLOT,
				    "a backend's weight is so small beside the others' that it gets no slot: load with a larger table_size");
}

static struct maglev_view *current_view(const struct maglev_service *service)
{
	return rcu_dereference_protected(service->view, lockdep_is_held(&service->build_lock));
}

static void retire_view(struct maglev_view *view)
{
	if (!view)
		return;
	put_dests(view);
	call_rcu(&view->rcu, free_view_rcu);
}

static void swap_views(struct maglev_service *service, struct maglev_view *view, u64 started_ns)
{
	struct maglev_view *old = current_view(service);

	view->generation = ++service->generation;
	/* Pairs with rcu_dereference() in schedule_flow(). */
	rcu_assign_pointer(service->view, view);
	trace_publish(service->svc, view, ktime_get_ns() - started_ns);
	retire_view(old);
}

int maglev_publish(struct maglev_service *service)
{
	struct maglev_view *view, *old = current_view(service);
	u64 started_ns = ktime_get_ns();
	struct snapshot snapshot;
	bool keep_base;
	int err;

	lockdep_assert_held(&service->build_lock);
	err = take_snapshot(service, &snapshot);
	if (err)
		return err;
	err = -E2BIG;
	if (snapshot.n > maglev_publish_room())
		goto drop_members;
	err = -ENOMEM;
	view = create_view(&snapshot, maglev_settings.table_size);
	if (!view)
		goto drop_members;
	view->mode = maglev_service_mode(service);
	keep_base = same_base(view, old);
	if (keep_base && same_view(view, old)) {
		err = 0;
		goto drop_view;
	}
	err = build_base(view, keep_base ? old : NULL);
	if (err)
		goto drop_view;
	err = build_live(view);
	if (err)
		goto drop_view;
	swap_views(service, view, started_ns);
	if (!keep_base)
		warn_about(service, view);
	kvfree(snapshot.members); /* the view has their references now */
	return 0;

drop_view:
	free_view(view);
drop_members:
	put_members(&snapshot);
	return err;
}

void maglev_unpublish(struct maglev_service *service)
{
	struct maglev_view *view = rcu_dereference_protected(service->view, true);

	retire_view(view);
}

u32 maglev_publish_room(void)
{
	return min_t(u32, maglev_settings.table_size, MAGLEV_BACKENDS_MAX);
}

void maglev_publish_check(void)
{
	WARN_ON_ONCE(atomic_read(&views));
}
