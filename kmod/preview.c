// SPDX-License-Identifier: GPL-2.0-only
/*
 * Previews: a copy of a service's backends, changes applied to it, and tables built from it by
 * the same core as those that are published. The service's build_lock is held throughout,
 * so the generation compared with stays.
 */
#include "preview.h"

#include "net.h"
#include "netlink_flow.h"
#include "netlink_policy.h"
#include "netlink_request.h"
#include "pair.h"
#include "publish.h"
#include "service.h"

#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/sort.h>
#include <net/ip_vs.h>

#define HAS(attr) (1U << MAGLEV_A_BACKEND_##attr)

enum {
	NOBODY = MAGLEV_EMPTY - 1, /* no place: whoever was there is gone */
};

/* What is needed while a preview is made. */
struct maker {
	struct maglev_service *service;
	const struct maglev_generation *now; /* or NULL */
	struct maglev_preview *preview;
	struct maglev_key key;
	struct maglev_backend *backends; /* by place */
	u32 n_places;
	u16 *base;
	u16 *live;
	u16 *moved; /* by place now: the place there would be */
	unsigned long *changed; /* by slot, where the size stays */
	unsigned long *lost; /* by pair index */
};

static int compare_plans(const void *a, const void *b)
{
	return maglev_backend_cmp(&((const struct maglev_plan *)a)->backend,
				  &((const struct maglev_plan *)b)->backend);
}

static u32 last_weight(const struct maglev_pair *pair)
{
	const struct ip_vs_dest *dest;
	u32 weight;

	rcu_read_lock();
	dest = rcu_dereference(pair->dest);
	weight = maglev_pair_weight(0, dest);
	rcu_read_unlock();
	return weight;
}

static void copy_pair(struct maglev_plan *plan, const struct maker *maker,
		      const struct maglev_pair *pair)
{
	*plan = (struct maglev_plan){
		.backend = pair->backend,
		.place = MAGLEV_EMPTY,
		.old_place = maker->now ? maglev_generation_place(maker->now, &pair->backend) :
					  MAGLEV_EMPTY,
		.index = pair->target.index,
		.ipvs = pair->ipvs,
		.admin = pair->admin,
		.health = pair->health,
		.old_state = pair->target.state,
		.nominal = pair->nominal,
		.weight = max(pair->ipvs_weight, 0),
		.last_weight = last_weight(pair),
	};
	plan->backend.share = pair->share;
}

/* Return: a preview with room for @more backends, of the service as it is. */
static struct maglev_preview *copy_service(struct maker *maker, u32 more)
{
	struct maglev_service *service = maker->service;
	struct maglev_preview *preview;
	const struct maglev_pair *pair;
	struct rb_node *node;

	lockdep_assert_held(&service->mnet->lock);
	preview = kvzalloc(struct_size(preview, plans, service->n_pairs + more), GFP_KERNEL);
	if (!preview)
		return NULL;
	preview->service = service->id;
	preview->size = service->size;
	preview->mode = maglev_service_mode(service);
	maker->key = service->mnet->key;
	for (node = rb_first(&service->pairs); node; node = rb_next(node)) {
		pair = rb_entry(node, struct maglev_pair, node);
		if (pair->listed)
			copy_pair(&preview->plans[preview->n++], maker, pair);
	}
	return preview;
}

/* In all of them: those added stand behind those in order. */
static struct maglev_plan *find_plan(struct maglev_preview *preview,
				     const struct maglev_request_backend *named)
{
	u32 i;

	for (i = 0; i < preview->n; i++)
		if (preview->plans[i].backend.port == named->port &&
		    !memcmp(preview->plans[i].backend.addr, named->addr, sizeof(named->addr)))
			return &preview->plans[i];
	return NULL;
}

static void lay(struct maglev_plan *plan, const struct maglev_request_backend *request)
{
	if (request->has & HAS(WEIGHT)) {
		plan->weight = request->weight;
		plan->ipvs = plan->weight ? MAGLEV_UP : MAGLEV_DRAIN;
		if (plan->weight)
			plan->last_weight = plan->weight;
	}
	if (request->has & HAS(ADMIN_STATE))
		plan->admin = request->admin;
	if (request->has & HAS(HEALTH_STATE))
		plan->health = request->health;
	if (request->has & HAS(SHARE))
		plan->backend.share = request->share;
	if (request->has & HAS(NOMINAL_WEIGHT))
		plan->nominal = request->nominal;
}

static void add(struct maglev_preview *preview, struct maglev_plan *gone,
		const struct maglev_request_backend *request)
{
	struct maglev_plan *plan = gone ?: &preview->plans[preview->n++];
	int index = gone ? gone->index : -1;
	u16 old_place = gone ? gone->old_place : MAGLEV_EMPTY;
	u8 old_state = gone ? gone->old_state : MAGLEV_DOWN;

	*plan = (struct maglev_plan){
		.place = MAGLEV_EMPTY,
		.old_place = old_place,
		.old_state = old_state,
		.index = index,
		.weight = 1,
		.last_weight = 1,
	};
	memcpy(plan->backend.addr, request->addr, sizeof(plan->backend.addr));
	plan->backend.port = request->port;
	plan->backend.share = MAGLEV_SHARE_MAX;
	lay(plan, request);
	if (!plan->weight)
		plan->last_weight = 0;
}

static int apply_backend(struct maglev_preview *preview, const struct maglev_request_entry *entry,
			 struct netlink_ext_ack *extack)
{
	const struct maglev_request_backend *request = &entry->backend;
	struct maglev_plan *plan = find_plan(preview, request);
	bool there = plan && !plan->gone;

	if (entry->op == MAGLEV_NL_OP_BACKEND_ADD && there) {
		NL_SET_ERR_MSG_ATTR(extack, request->at, "the service has this backend already");
		return -EEXIST;
	}
	if (entry->op == MAGLEV_NL_OP_BACKEND_ADD && preview->n >= MAGLEV_BACKENDS_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, request->at, "more backends than a service can have");
		return -E2BIG;
	}
	if (entry->op != MAGLEV_NL_OP_BACKEND_ADD && !there) {
		NL_SET_ERR_MSG_ATTR(extack, request->at, "the service has no backend of this name");
		return -ENOENT;
	}
	if (entry->op == MAGLEV_NL_OP_BACKEND_ADD)
		add(preview, plan, request);
	else if (entry->op == MAGLEV_NL_OP_BACKEND_DEL)
		plan->gone = true;
	else
		lay(plan, request);
	return 0;
}

static int apply(struct maker *maker, const struct maglev_request_entry *entries, u32 n,
		 struct netlink_ext_ack *extack)
{
	const struct maglev_request_service *request;
	int err = 0;
	u32 i;

	for (i = 0; i < n && !err; i++) {
		cond_resched();
		request = &entries[i].service;
		if (entries[i].op != MAGLEV_NL_OP_SERVICE_SET) {
			err = apply_backend(maker->preview, &entries[i], extack);
			continue;
		}
		if (request->table_size)
			maker->preview->size = request->table_size;
		if (request->has_mode)
			maker->preview->mode =
				maglev_service_mode_as(maker->service, request->mode_setting);
	}
	return err;
}

/* Is this backend, to tables, what it was? */
static bool is_same(const struct maker *maker, const struct maglev_plan *plan)
{
	const struct maglev_backend *old;

	if (plan->old_place == MAGLEV_EMPTY || plan->backend.state != MAGLEV_UP)
		return false;
	old = &maker->now->view.backends[plan->old_place];
	return old->state == MAGLEV_UP && old->share == plan->backend.share &&
	       old->weight == plan->backend.weight;
}

/* Effective states and weights; who goes is noted, and goes. */
static void settle(struct maker *maker)
{
	struct maglev_preview *preview = maker->preview;
	struct maglev_plan *plan;
	u32 i, kept = 0;

	for (i = 0; i < preview->n; i++) {
		plan = &preview->plans[i];
		plan->backend.state = max3(plan->ipvs, plan->admin, plan->health);
		plan->backend.weight = plan->nominal ?: plan->weight ?: plan->last_weight;
		plan->same = is_same(maker, plan);
		if (plan->index >= 0 && plan->old_state != MAGLEV_DOWN &&
		    (plan->gone || plan->backend.state == MAGLEV_DOWN))
			__set_bit(plan->index, maker->lost);
		if (!plan->gone)
			preview->plans[kept++] = *plan;
	}
	preview->n = kept;
	sort(preview->plans, kept, sizeof(*plan), compare_plans, NULL);
}

static int alloc_arrays(struct maker *maker)
{
	u32 size = maker->preview->size, n_now = maker->now ? maker->now->view.n : 0;

	maker->backends =
		kvmalloc_array(maker->preview->n + 1, sizeof(*maker->backends), GFP_KERNEL);
	maker->base = kvmalloc_array(size, sizeof(*maker->base), GFP_KERNEL);
	maker->live = kvmalloc_array(size, sizeof(*maker->live), GFP_KERNEL);
	maker->moved = kvmalloc_array(n_now + 1, sizeof(*maker->moved), GFP_KERNEL);
	maker->changed = bitmap_zalloc(size, GFP_KERNEL);
	if (!maker->backends || !maker->base || !maker->live || !maker->moved || !maker->changed)
		return -ENOMEM;
	return 0;
}

static void free_arrays(struct maker *maker)
{
	bitmap_free(maker->lost);
	bitmap_free(maker->changed);
	kvfree(maker->moved);
	kvfree(maker->live);
	kvfree(maker->base);
	kvfree(maker->backends);
}

static void give_places(struct maker *maker)
{
	struct maglev_preview *preview = maker->preview;
	struct maglev_plan *plan;
	u32 i;

	for (i = 0; maker->now && i < maker->now->view.n; i++)
		maker->moved[i] = NOBODY;
	for (i = 0; i < preview->n; i++) {
		plan = &preview->plans[i];
		if (!plan->backend.weight)
			continue;
		maglev_backend_derive(&plan->backend, &maker->key, preview->size);
		plan->place = maker->n_places;
		maker->backends[maker->n_places++] = plan->backend;
		if (plan->old_place != MAGLEV_EMPTY)
			maker->moved[plan->old_place] = plan->place;
	}
}

static int build(struct maker *maker)
{
	struct maglev_preview *preview = maker->preview;
	u32 size = preview->size, n = maker->n_places;
	size_t bytes = max(maglev_base_scratch(size, n), maglev_live_scratch(n));
	void *scratch = kvmalloc(bytes, GFP_KERNEL);
	int err;

	if (!scratch)
		return -ENOMEM;
	err = maglev_base_build(maker->base, size, maker->backends, n, scratch);
	if (!err) {
		preview->base_digest =
			maglev_table_digest(maker->base, size, preview->mode, maker->backends);
		preview->live_digest = preview->base_digest;
		preview->displaced = maglev_live_build(maker->live, maker->base, size,
						       maker->backends, n, &preview->live_digest,
						       scratch);
	}
	kvfree(scratch);
	return err;
}

static int count_slots(struct maker *maker)
{
	struct maglev_preview *preview = maker->preview;
	struct maglev_plan **by_place;
	u32 i, slot;

	by_place = kvmalloc_array(maker->n_places + 1, sizeof(*by_place), GFP_KERNEL);
	if (!by_place)
		return -ENOMEM;
	for (i = 0; i < preview->n; i++)
		if (preview->plans[i].place != MAGLEV_EMPTY)
			by_place[preview->plans[i].place] = &preview->plans[i];
	for (slot = 0; maker->n_places && slot < preview->size; slot++) {
		by_place[maker->base[slot]]->base_slots++;
		if (maker->live[slot] != MAGLEV_EMPTY)
			by_place[maker->live[slot]]->live_slots++;
	}
	kvfree(by_place);
	return 0;
}

/* Who is the same before and after, by the place there would be. */
static void mark_same(unsigned long *same, const struct maglev_preview *preview)
{
	u32 i;

	for (i = 0; i < preview->n; i++)
		if (preview->plans[i].place != MAGLEV_EMPTY && preview->plans[i].same)
			__set_bit(preview->plans[i].place, same);
}

static int compare_tables(struct maker *maker)
{
	const struct maglev_view *view = &maker->now->view;
	struct maglev_preview *preview = maker->preview;
	unsigned long *same;
	u16 before, after;
	u32 slot;

	same = bitmap_zalloc(NOBODY + 1, GFP_KERNEL);
	if (!same)
		return -ENOMEM;
	mark_same(same, preview);
	for (slot = 0; slot < preview->size; slot++) {
		before = view->live[slot];
		if (before != MAGLEV_EMPTY)
			before = maker->moved[before];
		after = maker->live[slot];
		if (before == after)
			continue;
		__set_bit(slot, maker->changed);
		preview->slots_changed++;
		if (before != MAGLEV_EMPTY && after != MAGLEV_EMPTY && test_bit(before, same) &&
		    test_bit(after, same))
			preview->slots_collateral++;
	}
	bitmap_free(same);
	return 0;
}

static int compare(struct maker *maker)
{
	struct maglev_preview *preview = maker->preview;
	const struct maglev_view *view = maker->now ? &maker->now->view : NULL;

	preview->tells_slots = view && view->mode == MAGLEV_MODE_TUPLE &&
			       preview->mode == MAGLEV_MODE_TUPLE;
	preview->comparable = view && view->size == preview->size &&
			      !memcmp(&view->key, &maker->key, sizeof(view->key));
	if (preview->comparable)
		return compare_tables(maker);
	preview->slots_changed = preview->size;
	return 0;
}

static bool is_moved(const struct maker *maker, const struct maglev_flow_tables *tables, u64 word)
{
	const struct maglev_view *view = &maker->now->view;

	if (!maker->preview->tells_slots || memcmp(&tables->key, &view->key, sizeof(view->key)))
		return false;
	return !maker->preview->comparable ||
	       test_bit(maglev_word_slot(word, view->size), maker->changed);
}

static void look_at_flow(void *ctx, const struct maglev_flow_tables *tables, u64 word,
			 const struct maglev_target *target)
{
	struct maker *maker = ctx;

	if (target->service != maker->preview->service)
		return;
	maker->preview->flows_lost += test_bit(target->index, maker->lost);
	maker->preview->flows_moved += is_moved(maker, tables, word);
}

static void warn(struct maker *maker)
{
	struct maglev_preview *preview = maker->preview;
	u32 i;

	if (preview->size < MAGLEV_SLOTS_PER_BACKEND * maker->n_places)
		preview->warnings |= MAGLEV_NL_WARNING_FEW_SLOTS;
	if (!(maker->key.word[0] | maker->key.word[1]))
		preview->warnings |= MAGLEV_NL_WARNING_KEY_ZERO;
	for (i = 0; i < preview->n; i++)
		if (preview->plans[i].place != MAGLEV_EMPTY && !preview->plans[i].base_slots)
			preview->warnings |= MAGLEV_NL_WARNING_NO_SLOT;
}

static int make(struct maker *maker, const struct maglev_request_entry *entries, u32 n,
		struct netlink_ext_ack *extack)
{
	struct maglev_net *mnet = maker->service->mnet;
	int err;

	mutex_lock(&mnet->lock);
	maker->preview = copy_service(maker, n);
	mutex_unlock(&mnet->lock);
	maker->lost = bitmap_zalloc(MAGLEV_PAIRS_MAX, GFP_KERNEL);
	if (!maker->preview || !maker->lost)
		return -ENOMEM;
	err = apply(maker, entries, n, extack);
	if (err)
		return err;
	settle(maker);
	err = alloc_arrays(maker);
	if (err)
		return err;
	give_places(maker);
	if (maker->n_places > maglev_publish_room(maker->preview->size)) {
		NL_SET_ERR_MSG(extack, "there would be more backends than the table has slots");
		return -E2BIG;
	}
	err = build(maker) ?: compare(maker) ?: count_slots(maker);
	if (err)
		return err;
	if (maker->now)
		maglev_netlink_walk_flows(maker->service->mnet, look_at_flow, maker);
	warn(maker);
	return 0;
}

struct maglev_preview *maglev_preview_create(struct maglev_service *service,
					     const struct maglev_request_entry *entries, u32 n,
					     struct netlink_ext_ack *extack)
{
	struct maker maker = {
		.service = service,
		.now = rcu_dereference_protected(service->generation,
						 lockdep_is_held(&service->build_lock)),
	};
	int err;

	lockdep_assert_held(&service->build_lock);
	err = make(&maker, entries, n, extack);
	free_arrays(&maker);
	memzero_explicit(&maker.key, sizeof(maker.key));
	if (!err)
		return maker.preview;
	kvfree(maker.preview);
	return ERR_PTR(err);
}

void maglev_preview_destroy(struct maglev_preview *preview)
{
	kvfree(preview);
}
