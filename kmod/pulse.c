// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pulse of a namespace: it sweeps, lets deadlines pass, tells of drained backends, looks
 * for flags of IPVS that changed (it tells nobody), and clears away what has ended. It
 * beats while there is a service or something of one left. Process context.
 */
#include "pulse.h"

#include "compat.h"
#include "events.h"
#include "hook.h"
#include "net.h"
#include "pair.h"
#include "publish.h"
#include "service.h"
#include "stats.h"
#include "tables.h"

#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <net/ip_vs.h>

enum {
	BEAT_MS = 250,
	PRESSURE_MS = 1000, /* at most one event in this time */
	STAMPS_MS = 3600 * 1000, /* stamps wrap after 72 hours */
};

void maglev_pulse_start(struct maglev_net *mnet)
{
	if (!READ_ONCE(mnet->dying))
		queue_delayed_work(maglev_unbound_queue(), &mnet->pulse, msecs_to_jiffies(BEAT_MS));
}

static void begin_drain(const struct maglev_net *mnet, struct maglev_pair *pair)
{
	pair->draining = true;
	pair->drained = false;
	pair->told = false;
	pair->since = mnet->sweeps_done;
}

static void tell_drained(struct maglev_pair *pair, enum maglev_who who)
{
	if (!pair->told)
		maglev_event_drained(pair, who);
	pair->told = true;
}

static void pass_deadline(struct maglev_net *mnet, struct maglev_pair *pair)
{
	u8 from = pair->target.state;

	if (!pair->deadline || time_before(jiffies, pair->deadline))
		return;
	pair->deadline = 0;
	pair->admin = MAGLEV_DOWN;
	if (maglev_pair_update(pair))
		maglev_event_state(pair, from, MAGLEV_WHO_DEADLINE);
	if (!pair->draining)
		begin_drain(mnet, pair);
	tell_drained(pair, MAGLEV_WHO_DEADLINE);
	maglev_service_build_later(pair->service);
}

static void follow_drain(struct maglev_net *mnet, struct maglev_pair *pair)
{
	bool draining = pair->target.state != MAGLEV_UP && pair->present;

	if (draining && !pair->draining) {
		begin_drain(mnet, pair);
	} else if (!draining) {
		pair->draining = false;
	} else if (!pair->told && maglev_sweep_since(mnet, pair->since) &&
		   !maglev_pair_flows(pair)) {
		pair->drained = true;
		tell_drained(pair, MAGLEV_WHO_LAST_FLOW);
	}
}

/* Return: does a backend wait for its flows to leave? */
static bool follow_pairs(struct maglev_net *mnet, struct maglev_service *service)
{
	struct maglev_pair *pair;
	struct rb_node *node;
	bool waiting = false;

	for (node = rb_first(&service->pairs); node; node = rb_next(node)) {
		pair = rb_entry(node, struct maglev_pair, node);
		pass_deadline(mnet, pair);
		follow_drain(mnet, pair);
		waiting |= pair->draining && !pair->told;
	}
	return waiting;
}

static bool has_ended(const struct maglev_net *mnet, const struct maglev_service *service)
{
	struct rb_node *node;

	if (service->svc || !maglev_sweep_since(mnet, service->released_at))
		return false;
	for (node = rb_first(&service->pairs); node; node = rb_next(node))
		if (rb_entry(node, struct maglev_pair, node)->flows)
			return false;
	return true;
}

/* Return: a service without IPVS and without flows, a reference to it held; or NULL. */
static struct maglev_service *follow_services(struct maglev_net *mnet, bool *waiting)
{
	struct maglev_service *service, *ended = NULL;

	list_for_each_entry(service, &mnet->service_list, list) {
		*waiting |= follow_pairs(mnet, service);
		if (service->svc && READ_ONCE(service->svc->flags) != service->svc_flags &&
		    rcu_access_pointer(service->generation))
			maglev_service_build_later(service);
		if (!ended && has_ended(mnet, service)) {
			ended = service;
			refcount_inc(&service->references);
		}
	}
	return ended;
}

static void tell_pressure(struct maglev_net *mnet)
{
	struct maglev_pressure *seen = &mnet->pressure_seen, now, since;
	struct maglev_percpu sum;

	if (time_before(jiffies, mnet->pressure_at))
		return;
	mnet->pressure_at = jiffies + msecs_to_jiffies(PRESSURE_MS);
	maglev_stats_sum(mnet, &sum);
	now.evicted = sum.counter[MAGLEV_COUNT_EVICTED];
	now.full = sum.counter[MAGLEV_COUNT_FULL];
	now.busy = sum.counter[MAGLEV_COUNT_BUSY];
	if (now.full == seen->full && now.busy == seen->busy)
		return;
	since.evicted = now.evicted - seen->evicted;
	since.full = now.full - seen->full;
	since.busy = now.busy - seen->busy;
	maglev_event_pressure(mnet, &since);
	*seen = now;
}

static void age_view(const struct maglev_view *view)
{
	u32 slot, now = ktime_get_seconds();
	u16 stamp;

	for (slot = 0; view->changed_at && slot < view->size; slot++) {
		stamp = READ_ONCE(view->changed_at[slot]);
		if (stamp && !maglev_stamp_recent(stamp, view->longest, now))
			cmpxchg(&view->changed_at[slot], stamp, 0);
	}
}

/* Before their clock comes round and they look young again. */
static void age_stamps(struct maglev_net *mnet)
{
	const struct maglev_generation *generation;
	struct maglev_service *service;

	if (time_before(jiffies, mnet->stamps_at))
		return;
	mnet->stamps_at = jiffies + msecs_to_jiffies(STAMPS_MS);
	list_for_each_entry(service, &mnet->service_list, list) {
		rcu_read_lock();
		generation = rcu_dereference(service->generation);
		if (generation)
			age_view(&generation->view);
		rcu_read_unlock();
	}
}

static bool old_has_gone(const struct maglev_net *mnet)
{
	return (maglev_sweep_since(mnet, mnet->old_since) && !mnet->old_alive) ||
	       ktime_get_seconds() >= mnet->old_until;
}

void maglev_pulse_work(struct work_struct *work)
{
	struct maglev_net *mnet = container_of(to_delayed_work(work), struct maglev_net, pulse);
	struct maglev_service *ended;
	struct maglev_flow_tables *old = NULL;
	bool waiting = false, alive;

	mutex_lock(&mnet->lock);
	ended = follow_services(mnet, &waiting);
	waiting |= !list_empty(&mnet->retired);
	if (maglev_sweep_step(mnet, waiting))
		maglev_tables_complete(mnet);
	maglev_pair_reap(mnet);
	tell_pressure(mnet);
	age_stamps(mnet);
	alive = mnet->n_services || !list_empty(&mnet->retired);
	if (!alive)
		maglev_tables_destroy(mnet);
	/* Tables become old under this lock only. */
	if (maglev_tables_moving(mnet) && old_has_gone(mnet))
		old = maglev_tables_detach_old(mnet);
	mutex_unlock(&mnet->lock);
	if (old) {
		maglev_tables_free(old);
		maglev_event_settings(mnet);
	}
	if (ended)
		maglev_service_end(ended);
	if (alive)
		maglev_pulse_start(mnet);
	else
		maglev_hook_idle(mnet);
}
