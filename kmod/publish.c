// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generations: the tables built from a snapshot, and the pointer packets follow to them.
 * Allocate and build first, publish last. All under the service's build_lock, in process
 * context.
 */
#include "publish.h"

#include "compat.h"
#include "events.h"
#include "hook.h"
#include "main.h"
#include "net.h"
#include "pair.h"
#include "service.h"
#include "snapshot.h"
#include "tables.h"

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

static atomic_t generations = ATOMIC_INIT(0);

static void free_generation(struct maglev_generation *generation)
{
	if (generation->view.live != generation->view.base)
		kvfree(generation->view.live);
	kvfree(generation->view.base);
	kvfree(generation);
	atomic_dec(&generations);
}

static void free_generation_rcu(struct rcu_head *rcu)
{
	free_generation(container_of(rcu, struct maglev_generation, rcu));
}

/* Stamps go from generation to generation; the last that has them frees them. */
static void free_generation_and_stamps_rcu(struct rcu_head *rcu)
{
	struct maglev_generation *generation = container_of(rcu, struct maglev_generation, rcu);

	kvfree(generation->view.changed_at);
	free_generation(generation);
}

/* The generation and its arrays by place, filled from the snapshot; tables follow. */
static struct maglev_generation *create_generation(const struct maglev_service *service,
						   const struct maglev_snapshot *snapshot)
{
	struct maglev_generation *generation;
	struct maglev_view *view;
	u32 i, n = snapshot->n;

	generation = kvzalloc(sizeof(*generation) +
				      n * (sizeof(*view->backends) + sizeof(*view->targets) +
					   sizeof(*generation->dests)),
			      GFP_KERNEL_ACCOUNT);
	if (!generation)
		return NULL;
	atomic_inc(&generations);
	generation->left = snapshot->left;
	generation->warnings = snapshot->mapped ? MAGLEV_WARN_MAPPED : 0;
	view = &generation->view;
	view->backends = (struct maglev_backend *)(generation + 1);
	view->targets = (struct maglev_target **)(view->backends + n);
	generation->dests = (struct ip_vs_dest **)(view->targets + n);
	view->key = snapshot->key;
	view->size = snapshot->size;
	view->n = n;
	view->service = service->id;
	view->longest = snapshot->longest;
	view->mode = snapshot->mode;
	for (i = 0; i < n; i++) {
		view->backends[i] = snapshot->members[i].backend;
		view->targets[i] = &snapshot->members[i].pair->target;
		generation->dests[i] = snapshot->members[i].dest;
		maglev_backend_derive(&view->backends[i], &view->key, view->size);
	}
	return generation;
}

static bool same_key(const struct maglev_view *a, const struct maglev_view *b)
{
	return !memcmp(&a->key, &b->key, sizeof(a->key));
}

/* The base table depends on who there is and their weights, not on states. */
static bool same_base(const struct maglev_generation *new, const struct maglev_generation *old)
{
	const struct maglev_view *a = &new->view, *b = old ? &old->view : NULL;
	u32 i;

	if (!b || a->n != b->n || a->size != b->size || !same_key(a, b))
		return false;
	for (i = 0; i < a->n; i++)
		if (maglev_backend_cmp(&a->backends[i], &b->backends[i]) ||
		    a->backends[i].weight != b->backends[i].weight)
			return false;
	return true;
}

static bool same_generation(const struct maglev_generation *new,
			    const struct maglev_generation *old)
{
	const struct maglev_view *a = &new->view, *b = &old->view;
	u32 i;

	if (a->mode != b->mode || a->longest != b->longest || new->left != old->left ||
	    !old->dests || (new->warnings ^ old->warnings) & MAGLEV_WARN_MAPPED)
		return false;
	for (i = 0; i < a->n; i++)
		if (new->dests[i] != old->dests[i] || a->targets[i] != b->targets[i] ||
		    a->backends[i].state != b->backends[i].state ||
		    a->backends[i].share != b->backends[i].share)
			return false;
	return true;
}

static int build_base(struct maglev_generation *generation, const struct maglev_generation *old)
{
	struct maglev_view *view = &generation->view;
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
		memcpy(base, old->view.base, bytes);
		generation->base_digest = old->base_digest - maglev_mix64(old->view.mode) +
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
	generation->base_digest = maglev_table_digest(base, view->size, view->mode, view->backends);
	return 0;
}

/* Two bytes a slot more, only while something is overlaid. */
static int build_live(struct maglev_generation *generation)
{
	struct maglev_view *view = &generation->view;
	void *scratch;
	u16 *live;

	generation->live_digest = generation->base_digest;
	if (!maglev_any_overlaid(view->backends, view->n))
		return 0;
	live = kvmalloc_array(view->size, sizeof(*live), GFP_KERNEL_ACCOUNT);
	if (!live)
		return -ENOMEM;
	view->live = live;
	scratch = kvmalloc(maglev_live_scratch(view->n), GFP_KERNEL);
	if (!scratch)
		return -ENOMEM;
	generation->displaced = maglev_live_build(live, view->base, view->size, view->backends,
						  view->n, &generation->live_digest, scratch);
	kvfree(scratch);
	return 0;
}

static void stamp_all(u16 *stamps, u32 size, u16 stamp)
{
	u32 slot;

	for (slot = 0; slot < size; slot++)
		stamps[slot] = stamp;
}

/*
 * Stamps are kept while slots mean the same, which a key or a size ends. Flows that began
 * before there were any were IPVS's.
 */
static int take_stamps(struct maglev_generation *new, const struct maglev_generation *old)
{
	struct maglev_view *view = &new->view;

	if (old && old->view.changed_at && old->view.size == view->size &&
	    same_key(view, &old->view)) {
		view->changed_at = old->view.changed_at;
		return 0;
	}
	if (new->left != MAGLEV_LEFT_NOTHING && !(old && old->view.changed_at))
		return 0;
	view->changed_at = kvcalloc(view->size, sizeof(*view->changed_at), GFP_KERNEL_ACCOUNT);
	if (!view->changed_at)
		return -ENOMEM;
	if (old && old->view.changed_at)
		stamp_all(view->changed_at, view->size, maglev_stamp(ktime_get_seconds()));
	return 0;
}

static void drop_stamps(struct maglev_generation *new, const struct maglev_generation *old)
{
	if (!old || new->view.changed_at != old->view.changed_at)
		kvfree(new->view.changed_at);
}

static const struct maglev_target *answer(const struct maglev_view *view, u32 slot)
{
	u16 place = view->live[slot];

	return place == MAGLEV_EMPTY ? NULL : view->targets[place];
}

/* Before packets see the new answers: whoever does must find the stamps. */
static void stamp_changes(const struct maglev_view *new, const struct maglev_view *old)
{
	u16 stamp = maglev_stamp(ktime_get_seconds());
	u32 slot;

	if (!new->changed_at || new->changed_at != old->changed_at)
		return;
	for (slot = 0; slot < new->size; slot++)
		if (answer(new, slot) != answer(old, slot))
			WRITE_ONCE(new->changed_at[slot], stamp);
}

static void put_dests(const struct maglev_generation *generation)
{
	u32 i;

	for (i = 0; generation->dests && i < generation->view.n; i++)
		ip_vs_dest_put(generation->dests[i]);
}

/* Did some backend get no slot at all? Rounding can do that to a very small weight. */
static int find_without_slot(const struct maglev_view *view, bool *any)
{
	unsigned long *placed;
	u32 i;

	placed = bitmap_zalloc(view->n, GFP_KERNEL);
	if (!placed && view->n)
		return -ENOMEM;
	for (i = 0; view->n && i < view->size; i++)
		__set_bit(view->base[i], placed);
	*any = view->n && !bitmap_full(placed, view->n);
	bitmap_free(placed);
	return 0;
}

/* What follows from the base table; of the old one, if that is the same. */
static int find_warnings(struct maglev_generation *generation, const struct maglev_generation *same)
{
	const struct maglev_view *view = &generation->view;
	bool any;
	int err;

	if (same) {
		generation->warnings |= same->warnings & (MAGLEV_WARN_SMALL | MAGLEV_WARN_NO_SLOT);
		return 0;
	}
	err = find_without_slot(view, &any);
	if (err)
		return err;
	if (view->size < MAGLEV_SLOTS_PER_BACKEND * view->n)
		generation->warnings |= MAGLEV_WARN_SMALL;
	if (any)
		generation->warnings |= MAGLEV_WARN_NO_SLOT;
	return 0;
}

static void warn_about(struct maglev_service *service, u32 warnings)
{
	if (warnings & MAGLEV_WARN_SMALL)
		maglev_service_warn(service, MAGLEV_WARN_SMALL,
				    "fewer than 100 slots a backend, so shares differ by more than 1 %: load with a larger table_size");
	if (warnings & MAGLEV_WARN_NO_SLOT)
		maglev_service_warn(service, MAGLEV_WARN_NO_SLOT,
				    "a backend's weight is so small beside the others' that it gets no slot: load with a larger table_size");
}

static struct maglev_generation *current_generation(const struct maglev_service *service)
{
	return rcu_dereference_protected(service->generation,
					 lockdep_is_held(&service->build_lock));
}

static void retire_generation(struct maglev_generation *old, const struct maglev_generation *next)
{
	if (!old)
		return;
	put_dests(old);
	if (next && next->view.changed_at == old->view.changed_at)
		call_rcu(&old->rcu, free_generation_rcu);
	else
		call_rcu(&old->rcu, free_generation_and_stamps_rcu);
}

/* Those that IPVS has no more and no table has go; those without a place have no destination. */
static void retire_pairs(struct maglev_service *service)
{
	struct rb_node *node, *next;
	struct maglev_pair *pair;

	lockdep_assert_held(&service->mnet->lock);
	for (node = rb_first(&service->pairs); node; node = next) {
		next = rb_next(node);
		pair = rb_entry(node, struct maglev_pair, node);
		if (pair->place != MAGLEV_EMPTY)
			continue;
		RCU_INIT_POINTER(pair->dest, NULL);
		if (!pair->present) {
			maglev_pair_set_present(pair, false);
			maglev_pair_retire(pair);
		}
	}
}

/*
 * Bring pairs in line with what packets now see: those in the tables know their place and
 * their destination; those IPVS has no more go, and their flows select anew.
 */
static void settle_pairs(struct maglev_service *service, const struct maglev_generation *generation)
{
	struct maglev_net *mnet = service->mnet;
	struct maglev_pair *pair;
	struct rb_node *node;
	u32 i;

	mutex_lock(&mnet->lock);
	for (node = rb_first(&service->pairs); node; node = rb_next(node))
		rb_entry(node, struct maglev_pair, node)->place = MAGLEV_EMPTY;
	for (i = 0; i < generation->view.n; i++) {
		pair = maglev_pair_of(generation->view.targets[i]);
		pair->place = i;
		rcu_assign_pointer(pair->dest, generation->dests[i]);
	}
	retire_pairs(service);
	service->left = generation->left;
	mutex_unlock(&mnet->lock);
}

static void swap_generations(struct maglev_service *service, struct maglev_generation *generation,
			     u64 started_ns)
{
	struct maglev_generation *old = current_generation(service);

	generation->number = ++service->generation_number;
	if (old)
		stamp_changes(&generation->view, &old->view);
	/* Before packets see that the service is ours: they ask for IPVS's connections then. */
	if (service->left != MAGLEV_LEFT_NOTHING && generation->left == MAGLEV_LEFT_NOTHING)
		WRITE_ONCE(service->owned_at, jiffies);
	/* Pairs with rcu_dereference() of packets and of schedule_flow(). */
	rcu_assign_pointer(service->generation, generation);
	settle_pairs(service, generation);
	atomic64_inc(&service->mnet->published);
	WRITE_ONCE(service->build_us, div_u64(ktime_get_ns() - started_ns, NSEC_PER_USEC));
	trace_publish(service->svc, generation, service->build_us);
	maglev_event_published(service);
	retire_generation(old, generation);
}

static int build(struct maglev_service *service, struct maglev_generation *generation,
		 const struct maglev_generation *old, bool keep_base)
{
	int err;

	err = build_base(generation, keep_base ? old : NULL);
	if (err)
		return err;
	err = find_warnings(generation, keep_base ? old : NULL);
	if (err)
		return err;
	err = build_live(generation);
	if (err)
		return err;
	if (generation->left == MAGLEV_LEFT_NOTHING) {
		err = maglev_hook_forward(service->mnet);
		if (err)
			return err;
	}
	return take_stamps(generation, old);
}

int maglev_publish(struct maglev_service *service)
{
	struct maglev_generation *generation, *old = current_generation(service);
	u64 started_ns = ktime_get_ns();
	struct maglev_snapshot snapshot = { .n = 0 };
	bool keep_base;
	int err;

	lockdep_assert_held(&service->build_lock);
	err = maglev_snapshot_take(&snapshot, service);
	if (err)
		goto drop_members;
	err = -E2BIG;
	if (snapshot.n > maglev_publish_room(snapshot.size))
		goto drop_members;
	err = -ENOMEM;
	generation = create_generation(service, &snapshot);
	if (!generation)
		goto drop_members;
	keep_base = same_base(generation, old);
	if (keep_base && same_generation(generation, old)) {
		mutex_lock(&service->mnet->lock);
		retire_pairs(service);
		mutex_unlock(&service->mnet->lock);
		err = 0;
		goto drop_generation;
	}
	err = build(service, generation, old, keep_base);
	if (err)
		goto drop_stamps;
	swap_generations(service, generation, started_ns);
	if (!keep_base)
		warn_about(service, generation->warnings);
	kvfree(snapshot.members); /* the generation has their references now */
	return 0;

drop_stamps:
	drop_stamps(generation, old);
drop_generation:
	free_generation(generation);
drop_members:
	maglev_snapshot_put(&snapshot);
	return err;
}

/*
 * A copy of what packets read by place, its tables taken over from the original. IPVS takes no for
 * an answer as little here as elsewhere, and without it flows would be lost.
 */
static struct maglev_generation *copy_generation(struct maglev_generation *old)
{
	u32 n = old->view.n;
	size_t arrays = n * (sizeof(*old->view.backends) + sizeof(*old->view.targets));
	struct maglev_generation *generation;

	generation = kvmalloc(sizeof(*generation) + arrays, GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
	atomic_inc(&generations);
	memcpy(generation, old, sizeof(*generation) + arrays);
	generation->view.backends = (struct maglev_backend *)(generation + 1);
	generation->view.targets = (struct maglev_target **)(generation->view.backends + n);
	generation->dests = NULL;
	return generation;
}

static void release_pairs(struct maglev_service *service)
{
	struct rb_node *node;

	mutex_lock(&service->mnet->lock);
	for (node = rb_first(&service->pairs); node; node = rb_next(node))
		RCU_INIT_POINTER(rb_entry(node, struct maglev_pair, node)->dest, NULL);
	service->left = MAGLEV_LEFT_SCHEDULER;
	mutex_unlock(&service->mnet->lock);
}

static void free_shell_rcu(struct rcu_head *rcu)
{
	kvfree(container_of(rcu, struct maglev_generation, rcu));
	atomic_dec(&generations);
}

void maglev_publish_released(struct maglev_service *service)
{
	struct maglev_generation *old = current_generation(service), *generation;

	release_pairs(service);
	if (!old)
		return;
	generation = copy_generation(old);
	generation->left = MAGLEV_LEFT_SCHEDULER;
	rcu_assign_pointer(service->generation, generation);
	put_dests(old);
	call_rcu(&old->rcu, free_shell_rcu);
}

void maglev_unpublish(struct maglev_service *service)
{
	struct maglev_generation *generation = current_generation(service);

	RCU_INIT_POINTER(service->generation, NULL);
	retire_generation(generation, NULL);
}

u16 maglev_generation_place(const struct maglev_generation *generation,
			    const struct maglev_backend *backend)
{
	u32 low = 0, high = generation->view.n, middle;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		order = maglev_backend_cmp(backend, &generation->view.backends[middle]);
		if (!order)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return MAGLEV_EMPTY;
}

u32 maglev_publish_room(u32 size)
{
	return min_t(u32, size, MAGLEV_BACKENDS_MAX);
}

void maglev_publish_check(void)
{
	WARN_ON_ONCE(atomic_read(&generations));
}
