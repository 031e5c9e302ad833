// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module counts per backend how many flows begin, go on, and are reset by their clients, and
 * how often a router says that the backend cannot be reached. Replies do not come by here: that
 * a client goes on after its first packet is all that is to be seen of them.
 */
#include "passive.h"

#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	LOOK_MS = 1000,
	FLOWS_MIN = 4, /* fewer say nothing */
};

struct passive {
	struct ev_loop *loop;
	struct kernel *kernel;
	struct world *world;
	struct ev_timer timer;
	struct service *last; /* backends are listed service by service */
};

bool passive_weigh(struct traffic *traffic, const struct traffic *now, u16 protocol, char *why)
{
	u64 begun = now->begun - traffic->begun, answered = now->answered - traffic->answered;
	u64 reset = now->reset - traffic->reset;
	u64 unreachable = now->unreachable - traffic->unreachable;
	/* Who asks by UDP once, and is answered, need not come again. */
	bool is_silent = protocol != IPPROTO_UDP && answered * 2 < begun;

	if (!traffic->is_known || now->begun < traffic->begun ||
	    now->unreachable < traffic->unreachable) {
		*traffic = *now;
		return false;
	}
	if (!unreachable && begun + reset < FLOWS_MIN)
		return false;
	snprintf(why, PASSIVE_WHY, "flows begun %llu, answered %llu, reset %llu, unreachable %llu",
		 begun, answered, reset, unreachable);
	*traffic = *now;
	return unreachable || is_silent || reset * 2 > begun;
}

static void ask(const struct service *service, const struct member *member, const char *why)
{
	char key[SERVICE_TEXT], backend[ENDPOINT_TEXT];
	bool asked = false;
	size_t i;

	for (i = 0; i < member->n_streams; i++)
		asked |= checker_ask(member->stream[i]);
	if (asked)
		log_say(LOG_INFO, "a backend looks ill and is asked at once",
			"service=\"%s\" backend=%s why=\"%s\"",
			service_key_text(&service->key, key),
			endpoint_text(&member->backend, backend), why);
}

static struct service *find_service(struct passive *passive,
				    const struct maglev_lib_service_key *from)
{
	struct service_key key;

	if (!service_key_read(&key, from))
		return NULL;
	if (!passive->last || service_key_compare(&passive->last->key, &key))
		passive->last = world_find_service(passive->world, &key);
	return passive->last;
}

static int take_backend(void *ctx, const struct maglev_lib_message *message)
{
	const struct maglev_lib_backend *from = &message->backend;
	struct service *service = find_service(ctx, &message->service.key);
	struct endpoint backend = { from->addr, ntohs(from->port) };
	struct traffic now = {
		.begun = from->stats.flows_new,
		.answered = from->stats.flows_answered,
		.reset = from->stats.flows_reset,
		.unreachable = from->stats.unreachable,
		.is_known = true,
	};
	struct member *member;
	char why[PASSIVE_WHY];

	if (!service || !service->config->policy.passive)
		return 0;
	member = service_find_member(service, &backend);
	if (member && passive_weigh(&member->traffic, &now, service->key.protocol, why))
		ask(service, member, why);
	return 0;
}

static void look(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct passive *passive = timer->data;
	int err;

	(void)loop;
	(void)events;
	passive->last = NULL;
	err = kernel_list_backends(passive->kernel, take_backend, passive);
	if (err)
		log_say(LOG_WARNING, "counters cannot be read", "why=\"%s\"", strerror(-err));
}

struct passive *passive_create(struct ev_loop *loop, struct kernel *kernel)
{
	struct passive *passive = calloc(1, sizeof(*passive));

	if (!passive)
		return NULL;
	passive->loop = loop;
	passive->kernel = kernel;
	ev_timer_init(&passive->timer, look, LOOK_MS / 1000., LOOK_MS / 1000.);
	passive->timer.data = passive;
	return passive;
}

void passive_destroy(struct passive *passive)
{
	if (passive)
		ev_timer_stop(passive->loop, &passive->timer);
	free(passive);
}

void passive_run(struct passive *passive, struct world *world)
{
	bool is_wanted = false;
	size_t i;

	passive->world = world;
	for (i = 0; i < world->n_services; i++)
		is_wanted |= world->service[i].config->policy.passive;
	if (is_wanted && !ev_is_active(&passive->timer))
		ev_timer_again(passive->loop, &passive->timer);
	else if (!is_wanted)
		ev_timer_stop(passive->loop, &passive->timer);
}
