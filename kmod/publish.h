/* SPDX-License-Identifier: GPL-2.0-only */
/* One generation of a service's tables: built aside, published by one pointer. */
#ifndef MAGLEV_KMOD_PUBLISH_H
#define MAGLEV_KMOD_PUBLISH_H

#include <maglev/table.h>

#include <linux/rcupdate.h>

struct ip_vs_dest;
struct ip_vs_service;
struct maglev_service;

/**
 * struct maglev_view - what a packet sees of a service: read-only once published
 * @live: the live table; @base where nothing is overlaid
 * @base: the base table
 * @dests: IPVS's destination at each place; the view holds a reference to each
 * @backends: the backend at each place, in canonical order
 * @key: the key the tables were built with
 * @size: slots, M
 * @n: backends
 * @generation: 1 for the service's first view
 * @base_digest: of @base
 * @live_digest: of @live
 * @mode: the service's mode at build time; it enters the digests only
 * @rcu: for freeing after a grace period
 *
 * A lookup reads sched_data and flags of IPVS's service, the line of struct
 * maglev_service, the first 64 bytes here, one line of @live, one of @dests, and the line
 * of the destination IPVS reads next anyway.
 */
struct maglev_view {
	const u16 *live;
	const u16 *base;
	struct ip_vs_dest **dests;
	struct maglev_backend *backends;
	struct maglev_key key;
	u32 size;
	u32 n;
	u64 generation;
	u64 base_digest;
	u64 live_digest;
	enum maglev_mode mode;
	struct rcu_head rcu;
};

/**
 * maglev_publish() - build what IPVS has configured now and publish it
 * @service: the service; service->build_lock held
 *
 * Nothing is published if nothing changed. Process context; takes milliseconds.
 *
 * Return: 0; -E2BIG if the backends do not fit the table, -ENOMEM, or -EAGAIN if
 * backends were added meanwhile: the last view then stays.
 */
int maglev_publish(struct maglev_service *service);

/**
 * maglev_unpublish() - give the last view back
 * @service: the service; nobody builds for it any more
 *
 * References to destinations are dropped at once, as IPVS demands of done_service(). A
 * reader still inside is safe: a destination without users stays in IPVS's trash for
 * 120 seconds more.
 */
void maglev_unpublish(struct maglev_service *service);

/**
 * maglev_publish_room() - how many backends fit a table
 */
u32 maglev_publish_room(void);

/**
 * maglev_publish_check() - at module exit, after rcu_barrier(): was every view freed?
 */
void maglev_publish_check(void);

#endif
