// SPDX-License-Identifier: GPL-2.0-only
/* A timer, one list of services from the kernel each time, and the history it goes to. */
#include "sampler.h"

#include "clock.h"
#include "log.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>

struct sampler {
	struct ev_loop *loop;
	struct kernel *kernel;
	const struct world *world;
	struct history *history;
	struct ev_timer timer;
	bool has_failed; /* and that was said */
};

/* What the kernel says of the services of a world. */
struct look {
	const struct world *world;
	struct history_counts *counts;
	bool *known;
};

static int take_service(void *ctx, const struct maglev_lib_message *message)
{
	const struct maglev_lib_service *from = &message->service;
	struct service_key key = { .protocol = from->key.protocol,
				   .vip = { from->key.addr, ntohs(from->key.port) } };
	const struct service *service;
	struct look *look = ctx;
	size_t place;

	if (!(from->key.has & MAGLEV_LIB_HAS(SERVICE_KEY_ADDR)))
		return 0;
	service = world_find_service(look->world, &key);
	if (!service)
		return 0;
	place = service - look->world->service;
	look->known[place] = true;
	look->counts[place] = (struct history_counts){
		.packets = from->stats.packets,
		.bytes = from->stats.bytes,
		.flows_new = from->stats.flows_new,
		.flows = from->flows,
	};
	return 0;
}

static int take(struct sampler *sampler)
{
	size_t n = sampler->world->n_services;
	struct look look = {
		.world = sampler->world,
		.counts = calloc(n ?: 1, sizeof(*look.counts)),
		.known = calloc(n ?: 1, sizeof(*look.known)),
	};
	int err = -ENOMEM;

	if (look.counts && look.known)
		err = kernel_list_services(sampler->kernel, take_service, &look);
	/* Of a kernel that does not answer nothing is known. */
	if (err && look.known)
		memset(look.known, 0, n * sizeof(*look.known));
	if (look.counts && look.known)
		history_take(sampler->history, sampler->world, look.counts, look.known,
			     clock_now());
	free(look.counts);
	free(look.known);
	return err;
}

static void on_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct sampler *sampler = timer->data;
	int err = take(sampler);

	(void)loop;
	(void)events;
	if (err && !sampler->has_failed)
		log_say(LOG_WARNING, "counters of services cannot be read, history has a gap",
			"why=\"%s\"", strerror(-err));
	sampler->has_failed = err;
}

struct sampler *sampler_create(struct ev_loop *loop, struct kernel *kernel)
{
	struct sampler *sampler = calloc(1, sizeof(*sampler));

	if (!sampler)
		return NULL;
	sampler->loop = loop;
	sampler->kernel = kernel;
	ev_timer_init(&sampler->timer, on_timer, 0., HISTORY_SHORT_S);
	sampler->timer.data = sampler;
	return sampler;
}

void sampler_destroy(struct sampler *sampler)
{
	if (!sampler)
		return;
	ev_timer_stop(sampler->loop, &sampler->timer);
	history_destroy(sampler->history);
	free(sampler);
}

void sampler_run(struct sampler *sampler, const struct world *world, struct history *history)
{
	if (sampler->history)
		history_inherit(history, world, sampler->history, sampler->world);
	history_destroy(sampler->history);
	sampler->history = history;
	sampler->world = world;
	if (!ev_is_active(&sampler->timer))
		ev_timer_start(sampler->loop, &sampler->timer);
}

void sampler_note(struct sampler *sampler, const struct service *service,
		  const struct member *member, u32 to, const char *why)
{
	history_note(sampler->history, sampler->world, service, member, to, why, clock_now());
}

const struct history *sampler_history(const struct sampler *sampler)
{
	return sampler->history;
}
