// SPDX-License-Identifier: GPL-2.0-only
/*
 * The announcer's thread that has the routes. It asks nothing of the module; if the routing tables'
 * lock is held for ever nobody can change a route, and it waits.
 */
#include "announcer_inside.h"

#include "clock.h"
#include "log.h"
#include "routes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	CHECK_MS = 1000, /* a route that somebody else has deleted is back by then */
	COUNT_MOST = 100, /* that keepalived can multiply */
	COUNT_CHARS = 16,
};

struct keeper {
	struct announcer *announcer;
	struct routes *routes;
	u64 woken;
	u64 look; /* ns: not to list routes before */
	u32 told_count;
};

static void tell(struct vip *vip)
{
	char text[INET6_ADDRSTRLEN], why[ANNOUNCER_WHY];
	const struct announcement *now = &vip->announcement;

	if (vip->told_state == now->state && vip->told_reason == now->reason)
		return;
	vip->told_state = now->state;
	vip->told_reason = now->reason;
	announcer_vip_text(&vip->addr, text);
	announcer_explain(vip, why);
	if (now->state == ANNOUNCE_ANNOUNCED)
		log_say(LOG_NOTICE, "VIP is announced", "vip=%s", text);
	else if (now->reason == ANNOUNCE_FINE)
		log_say(LOG_INFO, "VIP is announced soon", "vip=%s", text);
	else
		log_say(now->reason == ANNOUNCE_UNASKED ? LOG_INFO : LOG_WARNING,
			"VIP is not announced", "vip=%s why=\"%s\"", text, why);
}

/* Routes of ours, as listed. */
struct found {
	struct {
		struct maglev_lib_addr addr;
		u32 table;
	} * route;
	size_t n, capacity;
};

static int take_found(void *ctx, const struct maglev_lib_addr *vip, u32 table)
{
	struct found *found = ctx;
	void *grown;

	if (found->n == found->capacity) {
		found->capacity = 2 * found->capacity + 64;
		grown = realloc(found->route, found->capacity * sizeof(*found->route));
		if (!grown)
			return -ENOMEM;
		found->route = grown;
	}
	found->route[found->n].addr = *vip;
	found->route[found->n++].table = table;
	return 0;
}

static void tell_undeleted(const struct maglev_lib_addr *addr, u32 table, int err)
{
	char text[INET6_ADDRSTRLEN];

	log_say(LOG_ERR, "a route could not be deleted", "vip=%s table=%u why=\"%s\"",
		announcer_vip_text(addr, text), table, strerror(-err));
}

static void del_route(struct keeper *keeper, const struct maglev_lib_addr *addr, u32 table)
{
	int err = routes_del(keeper->routes, addr, table);

	if (err)
		tell_undeleted(addr, table, err);
}

/* Which VIPs have a route; those that are not to be deleted lose their table. The lock is held. */
static void take_over(struct announcer *announcer, struct found *found)
{
	struct vip *vip;
	size_t i;

	for (i = 0; i < announcer->n; i++)
		announcer->vip[i].has_route = false;
	for (i = 0; i < found->n; i++) {
		if (found->route[i].table != announcer->config.table)
			continue;
		vip = announcer_find(announcer, &found->route[i].addr);
		if (!vip)
			continue;
		vip->has_route = true;
		found->route[i].table = 0;
	}
	for (i = 0; i < announcer->n; i++) {
		vip = &announcer->vip[i];
		if (vip->is_begun)
			continue;
		vip->is_begun = true;
		announce_begin(&vip->announcement, vip->has_route, announcer->now);
	}
}

/* Take over the routes that are wanted, delete the others. The lock is not held. */
static void look_at_routes(struct keeper *keeper)
{
	struct announcer *announcer = keeper->announcer;
	struct found found = {};
	int err = routes_list(keeper->routes, take_found, &found);
	size_t i;

	if (err) {
		keeper->look = keeper->woken + (u64)CHECK_MS * NS_PER_MS;
		log_say(LOG_ERR, "routes could not be listed", "why=\"%s\"", strerror(-err));
		goto out;
	}
	pthread_mutex_lock(&announcer->lock);
	announcer->is_unsure = false;
	take_over(announcer, &found);
	pthread_mutex_unlock(&announcer->lock);
	for (i = 0; i < found.n; i++)
		if (found.route[i].table)
			del_route(keeper, &found.route[i].addr, found.route[i].table);
out:
	free(found.route);
}

/* What the route of a VIP should be. */
static void step(struct announcer *announcer, struct vip *vip)
{
	u64 waiting = announcer->is_asking ? announcer->now - announcer->asked : 0;
	struct announce_input input = {
		.now = announcer->now,
		.settle = (u64)announcer->config.settle_ms * NS_PER_MS,
		.is_drained = announcer->is_drained,
		.has_few = vip->has_few,
		.has_unchecked = vip->has_unchecked,
		.opinion = announce_opinion(&vip->probe, waiting),
	};

	announce_step(&vip->announcement, &input);
}

/* The route of a VIP was added, or tried to be. */
static void take_added(struct announcer *announcer, struct vip *vip, int err)
{
	char text[INET6_ADDRSTRLEN];

	vip->checked = announcer->now;
	if (vip->has_route && (!err || err == -EEXIST)) {
		if (!err)
			log_say(LOG_WARNING, "a route was deleted by somebody else, it is back",
				"vip=%s", announcer_vip_text(&vip->addr, text));
		return;
	}
	vip->has_route = !err;
	vip->route_error = err;
	if (!err)
		return;
	announce_fail(&vip->announcement, (u64)CHECK_MS * NS_PER_MS, announcer->now);
	announcer->is_unsure = true;
}

static void take_deleted(struct announcer *announcer, struct vip *vip, int err)
{
	if (err && err != vip->route_error)
		tell_undeleted(&vip->addr, announcer->config.table, err);
	vip->checked = announcer->now;
	vip->route_error = err;
	vip->has_route = err;
}

/* Is nothing to be done about the route now? One that is there is looked at now and then. */
static bool is_done(const struct announcer *announcer, const struct vip *vip, bool is_wanted)
{
	bool is_fresh = announcer->now - vip->checked < (u64)CHECK_MS * NS_PER_MS;

	if (is_wanted)
		return vip->has_route && is_fresh;
	return !vip->has_route || (vip->route_error && is_fresh);
}

/* Look at one VIP. The lock is held before and after, not while the kernel is told. */
static void keep_vip(struct keeper *keeper, size_t i)
{
	struct announcer *announcer = keeper->announcer;
	struct vip *vip = &announcer->vip[i];
	u32 generation = announcer->generation, table = announcer->config.table;
	struct maglev_lib_addr addr = vip->addr;
	bool is_wanted;
	int err;

	if (!vip->is_begun)
		return;
	step(announcer, vip);
	is_wanted = vip->announcement.state == ANNOUNCE_ANNOUNCED;
	if (is_done(announcer, vip, is_wanted)) {
		tell(vip);
		return;
	}
	pthread_mutex_unlock(&announcer->lock);
	err = is_wanted ? routes_add(keeper->routes, &addr, table) :
			  routes_del(keeper->routes, &addr, table);
	pthread_mutex_lock(&announcer->lock);
	if (generation != announcer->generation)
		return; /* all routes are looked at anyway */
	if (is_wanted)
		take_added(announcer, vip, err);
	else
		take_deleted(announcer, vip, err);
	tell(vip);
}

/* How many VIPs have no route, for those who cannot see routes. The lock is held. */
static void write_count(struct keeper *keeper)
{
	struct announcer *announcer = keeper->announcer;
	u32 count = 0;
	char text[COUNT_CHARS];
	size_t i;
	int fd;

	for (i = 0; i < announcer->n; i++)
		count += !announcer->vip[i].has_route;
	if (count > COUNT_MOST)
		count = COUNT_MOST;
	if (!announcer->n || count == keeper->told_count)
		return;
	fd = open(announcer->count_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	if (write(fd, text, snprintf(text, sizeof(text), "%u\n", count)) > 0)
		keeper->told_count = count;
	close(fd);
}

/* Time goes on, but not while the process stood still: then nobody could answer either. */
static void go_on(struct keeper *keeper, u64 pause)
{
	u64 now = clock_now(), step = now - keeper->woken;

	keeper->announcer->now += step < 2 * pause ? step : 2 * pause;
	keeper->woken = now;
}

static void end_keeping(struct keeper *keeper)
{
	struct announcer *announcer = keeper->announcer;
	size_t i;

	/* Nobody waits for the lock any more. */
	for (i = 0; i < announcer->n && !announcer->config.keep; i++) {
		if (!announcer->vip[i].has_route)
			continue;
		del_route(keeper, &announcer->vip[i].addr, announcer->config.table);
		announcer->vip[i].has_route = false;
	}
	write_count(keeper);
}

static struct keeper *create(struct announcer *announcer)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper)
		return NULL;
	keeper->announcer = announcer;
	keeper->told_count = ~0U;
	keeper->woken = clock_now();
	keeper->routes = routes_open();
	if (keeper->routes)
		return keeper;
	free(keeper);
	return NULL;
}

static void destroy(struct keeper *keeper)
{
	routes_close(keeper->routes);
	free(keeper);
}

/* The keeper of routes. */
static void *run(void *ctx)
{
	struct keeper *keeper = ctx;
	struct announcer *announcer = keeper->announcer;
	u64 pause;
	size_t i;

	pthread_mutex_lock(&announcer->lock);
	while (!announcer->is_ending) {
		if (announcer->is_unsure && keeper->woken >= keeper->look) {
			pthread_mutex_unlock(&announcer->lock);
			look_at_routes(keeper);
			pthread_mutex_lock(&announcer->lock);
		}
		pause = (u64)(announcer->n ? announcer->config.interval_ms / 2 :
					     ANNOUNCER_IDLE_MS) *
			NS_PER_MS;
		go_on(keeper, pause);
		for (i = 0; i < announcer->n && !announcer->is_ending; i++)
			keep_vip(keeper, i);
		write_count(keeper);
		if (!announcer->is_ending)
			announcer_wait(announcer, keeper->woken + pause);
	}
	end_keeping(keeper);
	pthread_mutex_unlock(&announcer->lock);
	destroy(keeper);
	return NULL;
}

int keeper_start(struct announcer *announcer)
{
	struct keeper *keeper = create(announcer);
	int err = keeper ? -pthread_create(&announcer->keeper, NULL, run, keeper) : -errno;

	if (err && keeper)
		destroy(keeper);
	return err;
}

void keeper_sweep(struct announcer *announcer)
{
	struct keeper *keeper = create(announcer);

	if (!keeper)
		return;
	look_at_routes(keeper);
	destroy(keeper);
}
