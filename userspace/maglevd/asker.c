// SPDX-License-Identifier: GPL-2.0-only
/* The announcer's thread that asks the module, and hangs if that does. */
#include "announcer_inside.h"

#include "clock.h"

#include <stdio.h>

enum {
	PAUSE_MS = 10, /* who asks about many asks about several at once */
};

static void write_answer(struct vip *vip, bool is_good, const char *why)
{
	announce_answer(&vip->probe, is_good);
	/* Of several services one that fails is asked about until it does not. */
	if (is_good)
		vip->asked = (vip->asked + 1) % vip->n_services;
	else
		snprintf(vip->why_probe, sizeof(vip->why_probe), "%s", why);
}

/* Ask about one VIP. The lock is held before and after, not meanwhile. */
static void ask(struct announcer *announcer, struct self_probe *probe, size_t i)
{
	struct service_key key = announcer->vip[i].service[announcer->vip[i].asked];
	u32 generation = announcer->generation;
	char why[SELF_PROBE_WHY] = "";
	bool is_good;

	announcer->is_asking = true;
	announcer->asked = announcer->now;
	pthread_mutex_unlock(&announcer->lock);
	is_good = self_probe_ask(probe, &key, why);
	pthread_mutex_lock(&announcer->lock);
	announcer->is_asking = false;
	if (generation == announcer->generation)
		write_answer(&announcer->vip[i], is_good, why);
}

/* The asker: about each VIP once an interval, about all of them evenly within it. */
static void *run(void *ctx)
{
	struct announcer *announcer = ctx;
	u64 now = clock_now(), due = now, pause, interval;
	struct self_probe probe = {};
	size_t i = 0, left;

	pthread_mutex_lock(&announcer->lock);
	while (!announcer->is_ending) {
		if (now < due || !announcer->n) {
			if (!announcer->n)
				due = now + (u64)ANNOUNCER_IDLE_MS * NS_PER_MS;
			now = announcer_wait(announcer, due);
			continue;
		}
		interval = (u64)announcer->config.interval_ms * NS_PER_MS;
		pause = interval / announcer->n;
		if (pause < (u64)PAUSE_MS * NS_PER_MS)
			pause = (u64)PAUSE_MS * NS_PER_MS;
		left = (announcer->n * pause + interval - 1) / interval;
		for (; left && announcer->n && !announcer->is_ending; left--) {
			i = (i + 1) % announcer->n;
			ask(announcer, &probe, i);
		}
		now = clock_now();
		due = due + pause > now ? due + pause : now;
	}
	pthread_mutex_unlock(&announcer->lock);
	self_probe_fini(&probe);
	return NULL;
}

int asker_start(struct announcer *announcer)
{
	return -pthread_create(&announcer->asker, NULL, run, announcer);
}
