// SPDX-License-Identifier: GPL-2.0-only
#include "publish.h"

#include "build.h"
#include "events.h"

#include <maglev/encap.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	TTL = 64, /* neutral: each packet writes its own */
};

static void release(struct publication *publication)
{
	struct generation *generation = &publication->generation;
	u32 i;

	for (i = 0; i < generation->n_services; i++)
		free(generation->services[i].view.targets);
	for (i = 0; i < publication->n_built; i++)
		built_put(publication->built[i]);
	free(publication->built);
	free(generation->services);
	free(generation->service_at);
	free(generation->address_at);
	free(generation->targets);
	free(generation->ways);
	free(publication);
}

static void release_grace(struct grace *grace)
{
	release((void *)((char *)grace - offsetof(struct publication, grace)));
}

static u32 mask_of(u32 n)
{
	u32 entries = 2;

	while (entries < 2 * n)
		entries *= 2;
	return entries - 1;
}

static struct publication *create(u32 n_services, u32 n_targets)
{
	struct publication *publication = calloc(1, sizeof(*publication));
	struct generation *generation;

	if (!publication)
		return NULL;
	generation = &publication->generation;
	generation->mask = mask_of(n_services);
	generation->n_targets = n_targets;
	generation->pmtu_disc = true;
	publication->built = calloc(n_services + 1, sizeof(*publication->built));
	generation->services = calloc(n_services + 1, sizeof(*generation->services));
	generation->service_at = calloc(generation->mask + 1, sizeof(*generation->service_at));
	generation->address_at = calloc(generation->mask + 1, sizeof(*generation->address_at));
	generation->targets = calloc(n_targets + 1, sizeof(*generation->targets));
	/* The last one is of whoever is in tables still and gone from the model. */
	generation->ways = aligned_alloc(LINE_BYTES, (n_targets + 1) * sizeof(struct way));
	if (publication->built && generation->services && generation->service_at &&
	    generation->address_at && generation->targets && generation->ways)
		return publication;
	release(publication);
	return NULL;
}

static void write_front(struct way *way, const struct hop *hop)
{
	u32 overhead = maglev_tunnel_overhead(&way->target.tunnel);
	struct maglev_outer outer = { .ttl = TTL };

	way->mtu = hop->mtu;
	way->port = hop->link_len ? hop->port : PORT_NONE;
	way->link_len = way->port == PORT_NONE ? 0 : hop->link_len;
	memcpy(way->front, hop->link, way->link_len);
	memcpy(outer.saddr, hop->saddr, sizeof(outer.saddr));
	maglev_outer_write(way->front + way->link_len, &way->target.tunnel, &outer, 4, 0);
	way->front_len = way->link_len + overhead;
}

static void write_way(struct way *way, const struct pair *pair)
{
	const struct service *service = pair->service;
	struct maglev_target *target = &way->target;
	const struct hop *hop;
	const u8 *addr;
	u32 state, len = plan_addr(&pair->plan, &addr);

	target->index = pair->index;
	target->service = service->id;
	target->state = pair->state;
	for (state = 0; state < MAGLEV_FLOW_STATES; state++)
		target->limit[state] = maglev_timeout_limit((enum maglev_flow_state)state,
							    service->timeouts.seconds[state]);
	target->tunnel.type = pair->plan.tunnel;
	target->tunnel.checksum = pair->plan.checksum;
	target->tunnel.addr_len = len;
	memcpy(target->tunnel.addr, addr, len);
	hop = hops_find(model.hops, addr, len);
	way->port = PORT_NONE;
	if (hop)
		write_front(way, hop);
}

static void write_ways(struct generation *generation)
{
	u32 i;

	memset(generation->ways, 0, (generation->n_targets + 1) * sizeof(struct way));
	for (i = 0; i < generation->n_targets; i++) {
		if (!model.pairs[i] || !model.pairs[i]->service)
			continue;
		write_way(&generation->ways[i], model.pairs[i]);
		generation->targets[i] = &generation->ways[i].target;
	}
	generation->ways[i].target.index = i;
	generation->ways[i].target.state = MAGLEV_DOWN;
	generation->ways[i].port = PORT_NONE;
}

/* The target at a place; the last one, if whoever was there is gone. */
static struct maglev_target *target_at(const struct generation *generation,
				       const struct service *service, u32 place)
{
	const struct built *built = service->built;
	u32 index = built->index[place];
	const struct pair *pair = index < model.n_pairs ? model.pairs[index] : NULL;

	if (!pair || pair->service != service || pair->plan.port != built->backends[place].port ||
	    memcmp(pair->plan.addr, built->backends[place].addr, sizeof(pair->plan.addr)))
		index = generation->n_targets;
	return &generation->ways[index].target;
}

static int write_view(struct service_view *to, const struct generation *generation,
		      const struct service *service)
{
	const struct built *built = service->built;
	struct maglev_view *view = &to->view;
	u32 i;

	view->targets = calloc(built->n + 1, sizeof(struct maglev_target *));
	if (!view->targets)
		return -ENOMEM;
	view->live = built->live->at;
	view->base = built->base->at;
	view->changed_at = built->stamps->at;
	view->backends = built->backends;
	view->size = built->size;
	view->n = built->n;
	view->key = built->key;
	view->service = service->id;
	view->longest = built->longest;
	view->mode = built->mode;
	for (i = 0; i < built->n; i++)
		view->targets[i] = target_at(generation, service, i);
	memcpy(to->addr, service->key.addr, sizeof(to->addr));
	to->port = service->key.port;
	to->addr_len = service->key.addr_len;
	to->protocol = service->key.protocol;
	to->fragments = service->fragments;
	return 0;
}

static int write_services(struct publication *publication)
{
	struct generation *generation = &publication->generation;
	const struct service *service;
	struct service_view *view;
	int err;

	for (service = model.services; service; service = service->next) {
		if (!service->built)
			continue;
		view = &generation->services[generation->n_services];
		err = write_view(view, generation, service);
		if (err)
			return err;
		generation->n_services++;
		built_get(service->built);
		publication->built[publication->n_built++] = service->built;
		generation_add(generation, view);
	}
	return 0;
}

static u32 count_targets(void)
{
	u32 n = model.n_pairs;

	while (n && !model.pairs[n - 1])
		n--;
	return n;
}

int publish(void)
{
	struct publication *old = model.current, *publication;
	u32 i;

	publication = create(model.n_services, count_targets());
	if (!publication)
		return -ENOMEM;
	publication->generation.number = old ? old->generation.number + 1 : 1;
	publication->generation.tables = model.tables;
	for (i = 0; i < 2; i++) {
		memcpy(publication->generation.source[i].addr, model.source[i].addr,
		       sizeof(model.source[i].addr));
		publication->generation.source[i].len = model.source[i].len;
	}
	write_ways(&publication->generation);
	if (write_services(publication)) {
		release(publication);
		return -ENOMEM;
	}
	/* no failure beyond this line */
	model.current = publication;
	data_publish(&publication->generation);
	if (old)
		grace_begin(&model.graces, &old->grace, release_grace);
	return 0;
}

static u64 now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void note_error(struct service *service, int error)
{
	bool changed = service->error != error;

	service->error = error;
	model.build_errors += error != 0;
	if (!changed)
		return;
	if (error)
		fprintf(stderr, "maglev-dpdk: service %u: the last table stays: %s\n", service->id,
			strerror(-error));
	event_service(MAGLEV_CMD_DEGRADED_NTF, service);
}

/* Return: are there new tables? */
static bool build(struct service *service)
{
	u64 began = now_us();
	struct built *built = built_create(service);

	if (!built) {
		note_error(service, -errno);
		return false;
	}
	service->dirty = false;
	note_error(service, 0);
	if (built == service->built) {
		built_put(built);
		return false;
	}
	built_take(service, built);
	service->build_us = now_us() - began;
	model.published++;
	return true;
}

bool publish_dirty(void)
{
	struct service *service;
	bool done = true;
	u64 *before;
	u32 i = 0;

	before = calloc(model.n_services + 1, sizeof(*before));
	if (!before)
		return false;
	for (service = model.services; service; service = service->next) {
		before[i++] = service->number;
		if (service->dirty)
			build(service);
		done &= !service->dirty;
	}
	/* Also where no table is new: tunnels, timeouts and who there is may be. */
	if (publish())
		done = false;
	for (service = model.services, i = 0; service; service = service->next, i++)
		if (service->number != before[i])
			event_service(MAGLEV_CMD_PUBLISH_NTF, service);
	free(before);
	return done;
}

void publish_state(const struct pair *pair)
{
	struct publication *current = model.current;

	if (!current || pair->index >= current->generation.n_targets)
		return;
	if (!current->generation.targets[pair->index])
		return;
	WRITE_ONCE(current->generation.ways[pair->index].target.state, pair->state);
	if (!pair->service)
		WRITE_ONCE(current->generation.targets[pair->index], NULL);
}

void publish_end(void)
{
	if (model.current)
		release(model.current);
	model.current = NULL;
}

const struct service_view *publish_view(const struct service *service)
{
	return model.current ? generation_service(&model.current->generation, service->key.addr,
						  service->key.addr_len, service->key.port,
						  service->key.protocol) :
			       NULL;
}
