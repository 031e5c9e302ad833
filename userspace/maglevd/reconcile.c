// SPDX-License-Identifier: GPL-2.0-only
/*
 * A new backend is added to IPVS with weight 0, given weight and health (down) by the overlay, and
 * then its weight by IPVS: from the first it is in the base table, as on every other balancer, and
 * at no moment has it traffic. The overlay's weight is taken back at the end: from then on IPVS's
 * is what counts and what ipvsadm shows. maglev-dpdk gets the same in one batch.
 */
#include "reconcile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct run {
	struct kernel *kernel;
	const struct world *world;
	const struct seen *seen;
	const struct owned *owned;
	struct reconciled *done;
	char *error;
};

int reconcile_check(const struct world *world, const struct seen *seen, const struct owned *owned,
		    char *error)
{
	const struct service *service;
	char text[SERVICE_TEXT];
	size_t i;

	for (i = 0; i < world->n_services; i++) {
		service = &world->service[i];
		if (service->config->external || !seen_find_service(seen, &service->key) ||
		    owned_has(owned, &service->key))
			continue;
		snprintf(error, CONFIG_ERROR_TEXT,
			 "service \"%s\": %s: IPVS has it already, and not from maglevd: delete it there, or say external: true",
			 service->config->name, service_key_text(&service->key, text));
		return -EEXIST;
	}
	return 0;
}

static int delete_services(const struct run *run)
{
	const struct service *service;
	int err = 0;
	size_t i;

	for (i = 0; i < run->owned->n && !err; i++) {
		service = world_find_service(run->world, &run->owned->key[i]);
		if ((service && !service->config->external) ||
		    !seen_find_service(run->seen, &run->owned->key[i]))
			continue;
		err = kernel_del_service(run->kernel, &run->owned->key[i], run->error);
		run->done->services_deleted += !err;
	}
	return err;
}

static int add_service(const struct run *run, const struct service *service)
{
	const struct seen_service *seen = seen_find_service(run->seen, &service->key);
	int err = 0;

	if (!seen) {
		err = kernel_add_service(run->kernel, service, run->error);
		run->done->services_added += !err;
	} else if (strcmp(seen->scheduler, "maglev")) {
		err = kernel_replace_scheduler(run->kernel, service, run->error);
		run->done->services_changed += !err;
	}
	return err;
}

/* Take a timeout that is to be another one into @change. */
static void set_timeout(struct maglev_lib_timeouts *change, u32 *to, u64 bit,
			const struct maglev_lib_timeouts *wanted, u32 value, u32 now)
{
	if (!(wanted->has & bit) || value == now)
		return;
	change->has |= bit;
	*to = value;
}

static void set_timeouts(struct maglev_lib_timeouts *change,
			 const struct maglev_lib_timeouts *wanted,
			 const struct maglev_lib_timeouts *now)
{
	set_timeout(change, &change->half_open, MAGLEV_LIB_HAS(TIMEOUTS_HALF_OPEN), wanted,
		    wanted->half_open, now->half_open);
	set_timeout(change, &change->established, MAGLEV_LIB_HAS(TIMEOUTS_ESTABLISHED), wanted,
		    wanted->established, now->established);
	set_timeout(change, &change->closing, MAGLEV_LIB_HAS(TIMEOUTS_CLOSING), wanted,
		    wanted->closing, now->closing);
	set_timeout(change, &change->reset, MAGLEV_LIB_HAS(TIMEOUTS_RESET), wanted, wanted->reset,
		    now->reset);
}

/* Table size, mode, timeouts and fragments, where they are not as they should be. */
static int set_service(const struct run *run, const struct service *service)
{
	static const struct seen_service none = { .mode_set = MAGLEV_NL_MODE_FLAG };
	const struct config_service *config = service->config;
	const struct seen_service *seen = seen_find_service(run->seen, &service->key) ?: &none;
	struct maglev_lib_service change = {};

	if (config->table_size && config->table_size != seen->table_size) {
		change.has |= MAGLEV_LIB_HAS(SERVICE_TABLE_SIZE);
		change.table_size = config->table_size;
	}
	if (config->mode != seen->mode_set) {
		change.has |= MAGLEV_LIB_HAS(SERVICE_MODE_SET);
		change.mode_set = config->mode;
	}
	set_timeouts(&change.timeouts, &config->timeouts, &seen->timeouts);
	if (change.timeouts.has)
		change.has |= MAGLEV_LIB_HAS(SERVICE_TIMEOUTS);
	/* The kernel puts all of them together, and needs not be told. */
	if (kernel_is_atomic() && config->fragments != seen->fragments) {
		change.has |= MAGLEV_LIB_HAS(SERVICE_FRAGMENTS);
		change.fragments = config->fragments;
	}
	if (!change.has)
		return 0;
	run->done->services_changed += seen != &none;
	return kernel_batch_service(run->kernel, &service->key, &change);
}

static const struct seen_backend *find_seen(const struct run *run, const struct service *service,
					    const struct member *member)
{
	const struct seen_service *seen = seen_find_service(run->seen, &service->key);

	return seen ? seen_find_backend(seen, &member->backend) : NULL;
}

/* Those of a sorry pool are there only while they are needed. */
static bool is_wanted(const struct service *service, const struct member *member)
{
	return member && (!member->is_sorry || service->is_open);
}

/* Call @act for each wanted member of the services that are ours. */
static int for_each_member(const struct run *run,
			   int (*act)(const struct run *run, const struct service *service,
				      const struct member *member, const struct seen_backend *seen))
{
	const struct service *service;
	int err = 0;
	size_t i, k;

	for (i = 0; i < run->world->n_services && !err; i++) {
		service = &run->world->service[i];
		for (k = 0; k < service->n && !err && !service->config->external; k++)
			if (is_wanted(service, &service->member[k]))
				err = act(run, service, &service->member[k],
					  find_seen(run, service, &service->member[k]));
	}
	return err;
}

static int add_backend(const struct run *run, const struct service *service,
		       const struct member *member, const struct seen_backend *seen)
{
	return seen ? 0 : kernel_add_backend(run->kernel, service, member, run->error);
}

static int cover_backend(const struct run *run, const struct service *service,
			 const struct member *member, const struct seen_backend *seen)
{
	struct maglev_lib_backend overlay = {
		.has = MAGLEV_LIB_HAS(BACKEND_NOMINAL_WEIGHT) |
		       MAGLEV_LIB_HAS(BACKEND_HEALTH_STATE),
		.nominal_weight = member->weight,
		.health_state = member->n_streams ? MAGLEV_NL_STATE_DOWN : MAGLEV_NL_STATE_UP,
	};

	return seen ? 0 :
		      kernel_batch_backend(run->kernel, &service->key, &member->backend, &overlay);
}

static bool is_on_its_way(const struct service *service, const struct seen_backend *seen)
{
	return seen->method == IP_VS_CONN_F_TUNNEL && seen->tunnel == service->config->tunnel &&
	       seen->checksum == service->config->tunnel_checksum;
}

static int weigh_backend(const struct run *run, const struct service *service,
			 const struct member *member, const struct seen_backend *seen)
{
	bool on_its_way = seen && is_on_its_way(service, seen);
	int err;

	if (on_its_way && seen->ipvs_weight == member->weight)
		return 0;
	err = kernel_set_backend(run->kernel, service, member, run->error);
	if (err)
		return err;
	run->done->backends_added += !seen;
	run->done->backends_changed += !!seen;
	run->done->ways_changed += !on_its_way;
	return 0;
}

static int uncover_backend(const struct run *run, const struct service *service,
			   const struct member *member, const struct seen_backend *seen)
{
	struct maglev_lib_backend overlay = { .has = MAGLEV_LIB_HAS(BACKEND_NOMINAL_WEIGHT) };

	if (seen && !seen->weight)
		return 0;
	return kernel_batch_backend(run->kernel, &service->key, &member->backend, &overlay);
}

static int delete_backends(const struct run *run, const struct service *service)
{
	const struct seen_service *seen = seen_find_service(run->seen, &service->key);
	int err = 0;
	size_t i;

	for (i = 0; seen && i < seen->n && !err; i++) {
		if (is_wanted(service, service_find_member(service, &seen->backend[i].backend)))
			continue;
		err = kernel_del_backend(run->kernel, &service->key, &seen->backend[i].backend,
					 run->error);
		run->done->backends_deleted += !err;
	}
	return err;
}

/* Call @act for each service that is ours. */
static int for_each_service(const struct run *run,
			    int (*act)(const struct run *run, const struct service *service))
{
	int err = 0;
	size_t i;

	for (i = 0; i < run->world->n_services && !err; i++)
		if (!run->world->service[i].config->external)
			err = act(run, &run->world->service[i]);
	return err;
}

int reconcile(struct kernel *kernel, const struct world *world, const struct seen *seen,
	      const struct owned *owned, struct reconciled *done, char *error)
{
	const struct run run = { kernel, world, seen, owned, done, error };
	int err;

	*done = (struct reconciled){};
	snprintf(error, CONFIG_ERROR_TEXT, "%s", strerror(ENOMEM));
	err = kernel_set_up(kernel, world->config, error);
	if (!err)
		err = delete_services(&run);
	if (!err)
		err = for_each_service(&run, add_service);
	if (!err)
		err = for_each_member(&run, add_backend);
	if (!err)
		err = for_each_service(&run, set_service);
	if (!err)
		err = for_each_member(&run, cover_backend);
	if (!err && !kernel_is_atomic())
		err = kernel_batch(kernel, error);
	if (!err)
		err = for_each_member(&run, weigh_backend);
	if (!err)
		err = for_each_member(&run, uncover_backend);
	if (!err && !kernel_is_atomic())
		err = kernel_batch(kernel, error);
	if (!err)
		err = for_each_service(&run, delete_backends);
	/* All of it, where services and backends are in the batch as well. */
	if (!err)
		err = kernel_batch(kernel, error);
	kernel_batch_drop(kernel);
	return err;
}
