/* SPDX-License-Identifier: GPL-2.0-only */
/* What a service has in IPVS and over it at one moment: what a generation is built from. */
#ifndef MAGLEV_KMOD_SNAPSHOT_H
#define MAGLEV_KMOD_SNAPSHOT_H

#include "service.h"

#include <maglev/table.h>
#include <maglev/hash.h>

struct ip_vs_dest;
struct maglev_pair;

/**
 * struct maglev_member - a destination of IPVS
 * @backend: what the core is to know of it
 * @dest: the destination; a reference is held
 * @pair: what is laid over it
 */
struct maglev_member {
	struct maglev_backend backend;
	struct ip_vs_dest *dest;
	struct maglev_pair *pair;
};

/**
 * struct maglev_snapshot - a service, and those of its destinations that have a place
 * @members: in the order of places; from kvmalloc()
 * @n: how many
 * @size: slots of its tables
 * @key: of the hash
 * @left: what keeps the service with IPVS, if anything
 * @mode: of the hash
 * @longest: seconds: the longest of the service's timeouts
 * @mapped: some are left out, being v4-mapped
 */
struct maglev_snapshot {
	struct maglev_member *members;
	u32 n;
	u32 size;
	struct maglev_key key;
	enum maglev_left left;
	enum maglev_mode mode;
	u16 longest;
	bool mapped;
};

/**
 * maglev_snapshot_take() - look
 * @snapshot: zeroed
 * @service: the service; service->build_lock held
 *
 * Pairs come to be for destinations that had none, and what packets read of pairs without
 * a table (tunnel, timeouts, state) is brought up to date.
 *
 * Return: 0, -ENOMEM, -ENOSPC if there are too many backends in the namespace, or -EAGAIN
 * if backends were added meanwhile. What was taken is to be given back in each case.
 */
int maglev_snapshot_take(struct maglev_snapshot *snapshot, struct maglev_service *service);

/**
 * maglev_snapshot_put() - give it back
 * @snapshot: the snapshot
 */
void maglev_snapshot_put(struct maglev_snapshot *snapshot);

/**
 * maglev_dest_backend() - who a destination is
 * @backend: address and port are filled in, unless it is nobody
 * @dest: IPVS's destination
 *
 * Return: false if it is nobody: its address is IPv4 written as IPv6.
 */
bool maglev_dest_backend(struct maglev_backend *backend, const struct ip_vs_dest *dest);

#endif
