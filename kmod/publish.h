/* SPDX-License-Identifier: GPL-2.0-only */
/* One generation of a service's tables: built aside, published by one pointer. */
#ifndef MAGLEV_KMOD_PUBLISH_H
#define MAGLEV_KMOD_PUBLISH_H

#include "service.h"

#include <maglev/decide.h>

#include <linux/rcupdate.h>

/**
 * struct maglev_generation - what packets see of a service: read-only once published
 * @view: what the core sees: tables and targets by place
 * @left: enum maglev_left: we forward the service unless it is left to IPVS
 * @dests: IPVS's destination at each place; a reference to each is held. NULL once IPVS
 *	   has taken the service from us
 * @number: 1 for the service's first
 * @displaced: slots where the live table differs from the base table
 * @warnings: enum maglev_warning: what is worth a look
 * @base_digest: of the base table
 * @live_digest: of the live table
 * @rcu: for freeing after a grace period
 *
 * A lookup that schedules for IPVS reads the first 128 bytes here, one line of the live
 * table, one of @dests, and the line of the destination IPVS reads next anyway.
 */
struct maglev_generation {
	struct maglev_view view;
	enum maglev_left left;
	struct ip_vs_dest **dests;
	u64 number;
	u32 displaced;
	u32 warnings;
	u64 base_digest;
	u64 live_digest;
	struct rcu_head rcu;
};

/**
 * maglev_publish() - build what is configured now and publish it
 * @service: the service; service->build_lock held
 *
 * Nothing is published if nothing changed. Process context; takes milliseconds.
 *
 * Return: 0; -E2BIG if the backends do not fit the table, -ENOMEM, -ENOSPC if there are
 * too many backends in the namespace, or -EAGAIN if backends were added meanwhile: the last
 * generation then stays.
 */
int maglev_publish(struct maglev_service *service);

/**
 * maglev_publish_released() - go on without IPVS: same tables, no destinations
 * @service: the service; service->build_lock held
 *
 * References to destinations are dropped before this returns, as IPVS demands of
 * done_service(). A reader still inside is safe: a destination without users stays in
 * IPVS's trash for 120 seconds more.
 */
void maglev_publish_released(struct maglev_service *service);

/**
 * maglev_unpublish() - give the last generation back
 * @service: the service; nobody builds for it any more
 */
void maglev_unpublish(struct maglev_service *service);

/**
 * maglev_generation_place() - the place of a backend
 * @generation: the generation
 * @backend: address and port
 *
 * Return: the place, or MAGLEV_EMPTY.
 */
u16 maglev_generation_place(const struct maglev_generation *generation,
			    const struct maglev_backend *backend);

/**
 * maglev_publish_room() - how many backends fit a service's table
 * @size: slots
 */
u32 maglev_publish_room(u32 size);

/**
 * maglev_publish_check() - at module exit, after rcu_barrier(): was everything freed?
 */
void maglev_publish_check(void);

#endif
