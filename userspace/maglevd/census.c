// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flows that are closing or were reset need nothing of a backend any more, so that the figure of
 * the listings, which has them too, does not do. To count by state the module reads all its flows,
 * some milliseconds for a million.
 */
#include "census.h"

#include "clock.h"
#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	LEVEL_MS = 5000,
	SLOPE_MS = 15000,
};

struct census {
	struct ev_loop *loop;
	struct kernel *kernel;
	struct world *world;
	struct ev_timer timer;
	u64 now; /* ns: of the count under way */
};

static int take_count(void *ctx, const struct maglev_lib_message *message)
{
	const struct maglev_lib_service_key *from = &message->service.key;
	const struct maglev_lib_flow_count *count = &message->flow_count;
	struct service_key key = { .protocol = from->protocol,
				   .vip = { from->addr, ntohs(from->port) } };
	struct endpoint backend = { message->backend.addr, ntohs(message->backend.port) };
	struct census *census = ctx;
	struct service *service;
	struct member *member;

	service = from->has & MAGLEV_LIB_HAS(SERVICE_KEY_ADDR) ?
			  world_find_service(census->world, &key) :
			  NULL;
	if (!service || service->config->policy.share.from != CONFIG_SHARE_PREDICTIVE)
		return 0;
	member = service_find_member(service, &backend);
	if (member)
		load_trend_add(&member->load.held, (double)count->half_open + count->established,
			       census->now, LEVEL_MS, SLOPE_MS);
	return 0;
}

static void look(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct census *census = timer->data;
	int err;

	(void)loop;
	(void)events;
	census->now = clock_now();
	err = kernel_count_flows(census->kernel, take_count, census);
	if (err)
		log_say(LOG_WARNING, "flows cannot be counted", "why=\"%s\"", strerror(-err));
}

struct census *census_create(struct ev_loop *loop, struct kernel *kernel)
{
	struct census *census = calloc(1, sizeof(*census));

	if (!census)
		return NULL;
	census->loop = loop;
	census->kernel = kernel;
	ev_init(&census->timer, look);
	census->timer.data = census;
	return census;
}

void census_destroy(struct census *census)
{
	if (census)
		ev_timer_stop(census->loop, &census->timer);
	free(census);
}

/* ms: the shortest interval of those that want to know; 0: nobody does. */
static u32 find_interval(const struct world *world)
{
	const struct config_share *share;
	u32 interval = 0;
	size_t i;

	for (i = 0; world && i < world->n_services; i++) {
		share = &world->service[i].config->policy.share;
		if (share->from == CONFIG_SHARE_PREDICTIVE &&
		    (!interval || share->interval_ms < interval))
			interval = share->interval_ms;
	}
	return interval;
}

void census_run(struct census *census, struct world *world)
{
	u32 interval = find_interval(world);

	census->world = world;
	ev_timer_stop(census->loop, &census->timer);
	if (!interval)
		return;
	ev_now_update(census->loop);
	ev_timer_set(&census->timer, 0., interval / 1000.);
	ev_timer_start(census->loop, &census->timer);
}
