// SPDX-License-Identifier: GPL-2.0-only
/*
 * Three arrays, each sorted once: services, the members of each, and streams. A member finds its
 * streams, and a stream those who use it, through pointers laid out once all are counted.
 */
#include "world.h"

#include <maglev/encap.h>
#include <stdlib.h>
#include <string.h>

static int compare_services(const void *a, const void *b)
{
	const struct service *left = a, *right = b;

	return service_key_compare(&left->key, &right->key);
}

static int compare_members(const void *a, const void *b)
{
	const struct member *left = a, *right = b;

	return endpoint_compare(&left->backend, &right->backend);
}

static int compare_streams(const void *a, const void *b)
{
	const struct stream *left = a, *right = b;
	int order = strcmp(left->check->name, right->check->name);

	if (!order)
		order = service_key_compare(&left->service, &right->service);
	if (!order)
		order = endpoint_compare(&left->backend, &right->backend);
	return order ?: left->port - right->port;
}

/* Of two that are one, the one that is checked comes first. */
static int order_members(const void *a, const void *b)
{
	const struct member *left = a, *right = b;

	return compare_members(a, b) ?: left->is_sorry - right->is_sorry;
}

struct service *world_find_service(const struct world *world, const struct service_key *key)
{
	struct service wanted = { .key = *key };

	return bsearch(&wanted, world->service, world->n_services, sizeof(wanted),
		       compare_services);
}

struct member *service_find_member(const struct service *service, const struct endpoint *backend)
{
	struct member wanted = { .backend = *backend };

	return bsearch(&wanted, service->member, service->n, sizeof(wanted), compare_members);
}

struct stream *world_find_stream(const struct world *world, const struct stream *wanted)
{
	return bsearch(wanted, world->stream, world->n_streams, sizeof(*wanted), compare_streams);
}

/* Which stream a check at a member is. */
static struct stream name_stream(const struct service *service, const struct member *member,
				 const struct check *check)
{
	struct stream name = { .check = check,
			       .backend = member->backend,
			       .index = INDEX_NONE,
			       .percent = SHARE_WHOLE,
			       .endpoint_weight = -1. };

	name.port = check->port ?: member->backend.port;
	if (check->via == CHECK_TUNNEL) {
		name.service = service->key;
		name.port = check->port ?: service->key.vip.port;
	}
	return name;
}

/* A service for each port. */
static int add_services(struct world *world, const struct config *config)
{
	struct service *service;
	size_t i, port;

	for (i = 0; i < config->n_services; i++)
		world->n_services += config->service[i].n_ports;
	world->service = calloc(world->n_services ?: 1, sizeof(*world->service));
	if (!world->service)
		return -1;
	service = world->service;
	for (i = 0; i < config->n_services; i++) {
		for (port = 0; port < config->service[i].n_ports; port++, service++) {
			service->config = &config->service[i];
			service->key.protocol = config->service[i].protocol;
			service->key.vip.addr = config->service[i].vip;
			service->key.vip.port = config->service[i].port[port];
		}
	}
	qsort(world->service, world->n_services, sizeof(*world->service), compare_services);
	return 0;
}

static size_t count_members(const struct service *service, const struct seen *seen)
{
	const struct config_service *config = service->config;
	const struct seen_service *found;

	if (!config->external)
		return config->pool->n + (config->policy.sorry ? config->policy.sorry->n : 0);
	found = seen_find_service(seen, &service->key);
	return found ? found->n : 0;
}

static struct member *add_member(struct service *service, const struct endpoint *backend)
{
	struct member *member = &service->member[service->n++];

	member->backend = *backend;
	member->index = INDEX_NONE;
	member->health = MAGLEV_NL_STATE_DOWN;
	member->share = SHARE_WHOLE;
	member->drain_ms = CONFIG_NO_DRAIN;
	return member;
}

static void add_pool(struct service *service, const struct config_pool *pool, bool is_sorry)
{
	const struct config_backend *from;
	struct endpoint backend;
	struct member *member;
	size_t i;

	for (i = 0; i < pool->n; i++) {
		from = &pool->backend[i];
		backend.addr = from->addr;
		backend.port = from->port ?: service->key.vip.port;
		member = add_member(service, &backend);
		member->weight = from->weight;
		member->drain_ms = from->drain_ms;
		member->is_sorry = is_sorry;
	}
}

static void add_seen(struct service *service, const struct seen_service *seen)
{
	size_t i;

	for (i = 0; seen && i < seen->n; i++)
		add_member(service, &seen->backend[i].backend)->weight =
			seen->backend[i].weight ?: seen->backend[i].ipvs_weight;
}

/* A pool may name the port that its service has as well as none: that is the same member. */
static void fill_members(struct service *service, const struct seen *seen)
{
	const struct config_service *config = service->config;
	size_t i, n = 0;

	service->n = 0;
	if (config->external)
		add_seen(service, seen_find_service(seen, &service->key));
	else
		add_pool(service, config->pool, false);
	if (!config->external && config->policy.sorry)
		add_pool(service, config->policy.sorry, true);
	qsort(service->member, service->n, sizeof(*service->member), order_members);
	for (i = 0; i < service->n; i++)
		if (!i || compare_members(&service->member[i], &service->member[n - 1]))
			service->member[n++] = service->member[i];
	service->n = n;
}

static int add_members(struct world *world, const struct seen *seen)
{
	struct member *member;
	size_t i, room;

	for (i = 0; i < world->n_services; i++) {
		world->service[i].n = count_members(&world->service[i], seen);
		world->n_members += world->service[i].n;
	}
	world->members = calloc(world->n_members ?: 1, sizeof(*world->members));
	if (!world->members)
		return -1;
	member = world->members;
	for (i = 0; i < world->n_services; i++) {
		world->service[i].member = member;
		room = world->service[i].n;
		fill_members(&world->service[i], seen);
		member += room;
	}
	return 0;
}

static size_t count_uses(const struct world *world)
{
	size_t uses = 0, i;

	for (i = 0; i < world->n_services; i++)
		uses += world->service[i].n * world->service[i].config->n_checks;
	return uses;
}

/* Call @use with each check at each member. */
static void for_each_use(struct world *world, void *ctx,
			 void (*use)(void *ctx, struct service *service, struct member *member,
				     size_t check))
{
	struct service *service;
	size_t i, k, check;

	for (i = 0; i < world->n_services; i++) {
		service = &world->service[i];
		for (k = 0; k < service->n; k++)
			for (check = 0; check < service->config->n_checks; check++)
				if (!service->member[k].is_sorry)
					use(ctx, service, &service->member[k], check);
	}
}

static void add_stream(void *ctx, struct service *service, struct member *member, size_t check)
{
	struct world *world = ctx;

	world->stream[world->n_streams++] =
		name_stream(service, member, service->config->check[check]);
}

static int add_streams(struct world *world, size_t uses)
{
	size_t i, n = 0;

	world->stream = calloc(uses ?: 1, sizeof(*world->stream));
	if (!world->stream)
		return -1;
	for_each_use(world, world, add_stream);
	qsort(world->stream, world->n_streams, sizeof(*world->stream), compare_streams);
	for (i = 0; i < world->n_streams; i++)
		if (!i || compare_streams(&world->stream[i], &world->stream[n - 1]))
			world->stream[n++] = world->stream[i];
	world->n_streams = n;
	return 0;
}

struct linker {
	struct world *world;
	void **free; /* pointers not handed out yet */
};

static void link_member(void *ctx, struct service *service, struct member *member, size_t check)
{
	struct stream name = name_stream(service, member, service->config->check[check]);
	struct linker *linker = ctx;

	if (!check) {
		member->stream = (struct stream **)linker->free;
		linker->free += service->config->n_checks;
		member->n_streams = service->config->n_checks;
	}
	member->stream[check] = world_find_stream(linker->world, &name);
	member->stream[check]->n_users++;
}

/* Services come in order, so that one that uses a stream more than once was the last to do so. */
static void link_user(void *ctx, struct service *service, struct member *member, size_t check)
{
	struct stream *stream = member->stream[check];
	struct linker *linker = ctx;

	if (!stream->user) {
		stream->user = (struct service **)linker->free;
		linker->free += stream->n_users;
		stream->n_users = 0;
	}
	if (!stream->n_users || stream->user[stream->n_users - 1] != service)
		stream->user[stream->n_users++] = service;
}

static int link_streams(struct world *world, size_t uses)
{
	struct linker linker = { .world = world };

	world->pointers = calloc(2 * uses ?: 1, sizeof(void *));
	if (!world->pointers)
		return -1;
	linker.free = world->pointers;
	for_each_use(world, &linker, link_member);
	for_each_use(world, &linker, link_user);
	return 0;
}

struct world *world_create(const struct config *config, const struct seen *seen)
{
	struct world *world = calloc(1, sizeof(*world));
	size_t uses;

	if (!world)
		return NULL;
	if (add_services(world, config) || add_members(world, seen))
		goto err_destroy;
	uses = count_uses(world);
	if (add_streams(world, uses) || link_streams(world, uses))
		goto err_destroy;
	world->config = config;
	return world;

err_destroy:
	world_destroy(world);
	return NULL;
}

void world_destroy(struct world *world)
{
	if (!world)
		return;
	free(world->service);
	free(world->members);
	free(world->stream);
	free(world->pointers);
	free(world);
}

static void inherit_service(struct service *service, const struct service *old)
{
	const struct member *from;
	struct member *member;
	size_t i;

	service->in_panic = old->in_panic;
	service->is_open = old->is_open;
	service->load_turn = old->load_turn;
	for (i = 0; i < service->n; i++) {
		member = &service->member[i];
		from = service_find_member(old, &member->backend);
		if (!from)
			continue;
		member->health = from->health;
		member->share = from->share;
		member->since = from->since;
		if (member->drain_ms == from->drain_ms)
			member->drain_until = from->drain_until;
		member->rising = from->rising;
		member->held_until = from->held_until;
		member->hold_ms = from->hold_ms;
		member->is_kept = from->is_kept;
		member->was_up = from->was_up;
		member->doubt = from->doubt;
		member->outvoted = from->outvoted;
		member->is_told = from->is_told;
		member->load = from->load;
	}
}

static void inherit_stream(struct stream *stream, const struct stream *old)
{
	stream->due = old->due;
	stream->planned = old->planned;
	stream->started = old->started;
	stream->streak = old->streak;
	stream->opinion = old->opinion;
	/* Only an agent would take them back. */
	if (stream->check->type == CHECK_AGENT) {
		stream->is_draining = old->is_draining;
		stream->percent = old->percent;
	}
	stream->endpoint_weight = old->endpoint_weight;
	stream->answered_at = old->answered_at;
	stream->time = old->time;
	stream->way = old->way;
	memcpy(stream->why, old->why, sizeof(old->why));
}

void world_inherit(struct world *world, const struct world *old)
{
	const struct service *service;
	const struct stream *stream;
	size_t i;

	for (i = 0; i < world->n_services; i++) {
		service = world_find_service(old, &world->service[i].key);
		if (service)
			inherit_service(&world->service[i], service);
	}
	for (i = 0; i < world->n_streams; i++) {
		stream = world_find_stream(old, &world->stream[i]);
		if (stream)
			inherit_stream(&world->stream[i], stream);
	}
}

/*
 * What is in the kernel and not in an old world was judged by us, or one like us, before. What an
 * agent says is asked anew.
 */
static void adopt_member(struct service *service, struct member *member,
			 const struct seen_backend *seen, bool is_known)
{
	bool is_up = seen->health != MAGLEV_NL_STATE_DOWN;
	size_t i;

	member->was_up |= is_up;
	/* That those are there says what goes on. */
	service->is_open |= member->is_sorry && !is_known;
	for (i = 0; i < member->n_streams && !is_known; i++)
		if (member->stream[i]->opinion == OPINION_NONE &&
		    member->stream[i]->check->type != CHECK_AGENT)
			member->stream[i]->opinion = is_up ? OPINION_UP : OPINION_DOWN;
}

void world_adopt(struct world *world, const struct seen *seen, const struct world *old)
{
	const struct seen_service *found;
	const struct seen_backend *backend;
	const struct service *before;
	struct service *service;
	struct member *member;
	size_t i, k;

	for (i = 0; i < world->n_services; i++) {
		service = &world->service[i];
		found = seen_find_service(seen, &service->key);
		before = old ? world_find_service(old, &service->key) : NULL;
		for (k = 0; found && k < service->n; k++) {
			member = &service->member[k];
			backend = seen_find_backend(found, &member->backend);
			if (backend && backend->is_ours)
				adopt_member(service, member, backend,
					     before &&
						     service_find_member(before, &member->backend));
		}
	}
}

static u32 overhead_of(const struct seen_backend *seen)
{
	struct maglev_tunnel tunnel = {
		.type = seen->tunnel == MAGLEV_NL_TUNNEL_GRE ? MAGLEV_TUNNEL_GRE :
							       MAGLEV_TUNNEL_IPIP,
		.checksum = seen->checksum,
		.addr_len = seen->backend.addr.len,
	};

	return maglev_tunnel_overhead(&tunnel);
}

static void sync_member(struct member *member, const struct seen_backend *seen)
{
	size_t i;

	member->index = seen ? seen->index : INDEX_NONE;
	for (i = 0; i < member->n_streams; i++) {
		if (member->stream[i]->check->via != CHECK_TUNNEL)
			continue;
		member->stream[i]->index = member->index;
		member->stream[i]->overhead = seen ? overhead_of(seen) : 0;
	}
	if (!seen)
		return;
	member->health = seen->health;
	member->share = seen->share;
}

void world_sync(struct world *world, const struct seen *seen)
{
	const struct seen_service *found;
	const struct seen_backend *backend;
	struct service *service;
	size_t i, k;

	for (i = 0; i < world->n_services; i++) {
		service = &world->service[i];
		found = seen_find_service(seen, &service->key);
		for (k = 0; k < service->n; k++) {
			backend = found ? seen_find_backend(found, &service->member[k].backend) :
					  NULL;
			sync_member(&service->member[k],
				    backend && backend->is_ours ? backend : NULL);
		}
	}
}
