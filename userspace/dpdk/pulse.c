// SPDX-License-Identifier: GPL-2.0-only
#include "pulse.h"

#include "build.h"
#include "events.h"
#include "publish.h"
#include "tables.h"

#include <ev.h>

enum {
	TICK_MS = 25,
	BEAT_MS = 250,
	PRESSURE_MS = 1000, /* at most one event in this time */
	RETRY_MS = 1000,
	STAMPS_MS = 3600 * 1000, /* stamps wrap after 72 hours */
};

struct pressure {
	u64 evicted, full, busy;
};

static struct {
	ev_timer tick;
	ev_timer build;
	u64 swept_at;
	u64 beat_at;
	u64 pressure_at;
	u64 stamps_at;
	bool waiting; /* for flows to leave, or for an index */
	struct pressure seen;
} pulse;

static void begin_drain(struct pair *pair)
{
	pair->draining = true;
	pair->drained = false;
	pair->told = false;
	pair->since = model.sweeps_done;
}

static void tell_drained(struct pair *pair, u8 cause)
{
	if (!pair->told)
		event_drained(pair, cause);
	pair->told = true;
}

static void pass_deadline(struct pair *pair)
{
	u8 from = pair->state;

	if (!pair->plan.deadline_ms || model_now_ms() < pair->plan.deadline_ms)
		return;
	pair->plan.deadline_ms = 0;
	pair->plan.admin = MAGLEV_DOWN;
	pair->state = plan_state(&pair->plan);
	if (pair->state != from) {
		publish_state(pair);
		event_state(pair, from, MAGLEV_NL_CAUSE_DEADLINE);
	}
	if (!pair->draining)
		begin_drain(pair);
	tell_drained(pair, MAGLEV_NL_CAUSE_DEADLINE);
	pair->service->dirty = true;
	pulse_build_later();
}

static void follow_drain(struct pair *pair)
{
	bool draining = pair->state != MAGLEV_UP;

	if (draining && !pair->draining) {
		begin_drain(pair);
	} else if (!draining) {
		pair->draining = false;
	} else if (!pair->told && model_swept_since(pair->since) && !pair->flows) {
		pair->drained = true;
		tell_drained(pair, MAGLEV_NL_CAUSE_LAST_FLOW);
	}
}

static void follow_pairs(void)
{
	struct service *service;
	struct pair *pair;
	u32 i;

	pulse.waiting = model.retired;
	for (service = model.services; service; service = service->next) {
		for (i = 0; i < service->n_pairs; i++) {
			pair = service->pairs[i];
			pass_deadline(pair);
			follow_drain(pair);
			pulse.waiting |= pair->draining && !pair->told;
		}
	}
}

static struct pressure sum_pressure(void)
{
	struct pressure sum = {};
	const u64 *counter;
	u32 i;

	for (i = 0; i < data_workers(); i++) {
		counter = data_counters(i)->counter;
		sum.evicted += READ_ONCE(counter[MAGLEV_A_COUNTERS_EVICTED]);
		sum.full += READ_ONCE(counter[MAGLEV_A_COUNTERS_UNTRACKED_FULL]);
		sum.busy += READ_ONCE(counter[MAGLEV_A_COUNTERS_UNTRACKED_BUSY]);
	}
	return sum;
}

static void tell_pressure(u64 now)
{
	struct pressure sum = sum_pressure(), *seen = &pulse.seen;

	if (now < pulse.pressure_at)
		return;
	pulse.pressure_at = now + PRESSURE_MS;
	if (sum.full == seen->full && sum.busy == seen->busy)
		return;
	event_pressure(sum.evicted - seen->evicted, sum.full - seen->full, sum.busy - seen->busy);
	*seen = sum;
}

static void age_stamps(u64 now)
{
	struct service *service;

	if (now < pulse.stamps_at)
		return;
	pulse.stamps_at = now + STAMPS_MS;
	for (service = model.services; service; service = service->next)
		if (service->built)
			built_age(service->built);
}

static void beat(u64 now)
{
	if (now < pulse.beat_at)
		return;
	pulse.beat_at = now + BEAT_MS;
	follow_pairs();
	model_reap();
	tell_pressure(now);
	age_stamps(now);
	if (tables_drop_old())
		event_settings();
}

static void tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	u64 now = model_now_ms();

	(void)events;
	grace_poll(&model.graces);
	timer->repeat = TICK_MS / 1000.0;
	/* In steps of a millisecond, with as much between them for everything else. */
	if (tables_sweep(pulse.waiting, now - pulse.swept_at))
		timer->repeat = 0.002;
	pulse.swept_at = now;
	beat(now);
	ev_timer_again(loop, timer);
}

void pulse_build(void)
{
	bool done = publish_dirty();

	ev_timer_stop(model.loop, &pulse.build);
	if (done)
		return;
	ev_timer_set(&pulse.build, RETRY_MS / 1000.0, 0);
	ev_timer_start(model.loop, &pulse.build);
}

static void build(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events;
	pulse_build();
}

/* Not pushed back by what comes meanwhile. */
void pulse_build_later(void)
{
	if (ev_is_active(&pulse.build))
		return;
	ev_timer_set(&pulse.build, model.rebuild_delay_ms / 1000.0, 0);
	ev_timer_start(model.loop, &pulse.build);
}

void pulse_start(struct ev_loop *loop)
{
	pulse.swept_at = model_now_ms();
	pulse.stamps_at = pulse.swept_at + STAMPS_MS;
	pulse.beat_at = 0;
	pulse.seen = sum_pressure();
	ev_timer_init(&pulse.build, build, 0, 0);
	ev_timer_init(&pulse.tick, tick, TICK_MS / 1000.0, TICK_MS / 1000.0);
	ev_timer_start(loop, &pulse.tick);
}

void pulse_stop(struct ev_loop *loop)
{
	ev_timer_stop(loop, &pulse.tick);
	ev_timer_stop(loop, &pulse.build);
}
