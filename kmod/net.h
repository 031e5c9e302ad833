/* SPDX-License-Identifier: GPL-2.0-only */
/* A network namespace: its services, backends, flow tables, settings and counters. */
#ifndef MAGLEV_KMOD_NET_H
#define MAGLEV_KMOD_NET_H

#include "prefix.h"
#include "stats.h"

#include <maglev/decide.h>

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

struct maglev_sweep;

enum {
	MAGLEV_SERVICE_BUCKETS = 256,
	MAGLEV_FLOWS_DEFAULT = 1 << 20,
	MAGLEV_FLOWS_MAX = 1 << 28,
};

/**
 * struct maglev_targets - targets by pair index, for packets and sweeps
 * @rcu: replaced when it grows
 * @n: entries
 * @at: NULL where an index is free, or its flows are to be forgotten
 */
struct maglev_targets {
	struct rcu_head rcu;
	u32 n;
	struct maglev_target *at[];
};

/**
 * enum maglev_hook_setting - where packets are taken
 * @MAGLEV_HOOK_NONE: nowhere: every service is left to IPVS
 * @MAGLEV_HOOK_LOCAL: on local input, before IPVS
 * @MAGLEV_HOOK_EARLY: plain packets before routing and conntrack, the others on local input
 *
 * Numbers are part of the netlink ABI.
 */
enum maglev_hook_setting {
	MAGLEV_HOOK_NONE,
	MAGLEV_HOOK_LOCAL,
	MAGLEV_HOOK_EARLY,
};

/**
 * struct maglev_pressure - what says that flow tables are too small
 * @evicted: flows that had to go
 * @full: packets forwarded untracked, as there were established flows all around
 * @busy: packets forwarded untracked, as other CPUs could not be looked at
 */
struct maglev_pressure {
	u64 evicted;
	u64 full;
	u64 busy;
};

/**
 * struct maglev_net - what the module keeps for a namespace
 * @targets: by pair index
 * @tables: flow tables; NULL while no service is forwarded, or tracking is off
 * @percpu: counters and budgets
 * @fwmark_mask: packets with a mark under it are IPVS's first
 * @probe_base: the mark of a probe to pair 0
 * @probing: probes are to be sent
 * @early: @hook is MAGLEV_HOOK_EARLY
 * @source: outer sources, IPv4 and IPv6
 * @net: the namespace
 * @lock: protects services, pairs, overlays, settings, and all below down to @pulse; held
 *	  briefly, never while a table is built
 * @key: the cluster key; new views are built with it
 * @table_size: of new services
 * @flows: how many are to be tracked, over all CPUs; 0: none
 * @hook: enum maglev_hook_setting
 * @changes: how often a service or a backend came or went, so that dumps know
 * @service_list: all, in order of creation
 * @n_services: in @service_list
 * @next_service: the id the next one gets
 * @index_map: pair indexes in use
 * @retired: pairs whose index is not free yet
 * @sweeps_done: full sweeps of all flow tables since the module was loaded
 * @alive: flows in all tables, as of the last of them
 * @old_alive: flows in old tables, likewise
 * @old_since: sweeps done when old tables became old
 * @dying: the namespace goes; nothing of it is to be started any more
 * @hooked: 1 << enum maglev_hooks: which are registered; under @hook_lock
 * @hook_lock: hooks are registered and unregistered one at a time
 * @tables_lock: protects replacing @tables, and @sweeps
 * @sweeps: by CPU; they exist while @tables do
 * @old_until: seconds; the old tables are gone then, whatever is in them
 * @pulse: what is done a few times a second; see pulse.c
 * @pressure_seen: what the last event told of, summed up
 * @pressure_at: jiffies; when the next one may
 * @stamps_at: jiffies; when stamps of slots are next looked at for their age
 * @sequence: of the last event
 * @published: tables published
 * @build_errors: builds that failed
 * @nets: in the list of namespaces that have tables
 * @services: by key, for packets
 *
 * Lock order: IPVS's mutex, a service's build_lock, @hook_lock, @lock, CPU hotplug,
 * @tables_lock.
 */
struct maglev_net {
	struct maglev_targets __rcu *targets;
	struct maglev_flow_tables __rcu *tables;
	struct maglev_percpu __percpu *percpu;
	u32 fwmark_mask;
	u32 probe_base;
	bool probing;
	bool early;
	struct maglev_prefix source[2];

	struct net *net ____cacheline_aligned_in_smp;
	struct mutex lock;
	struct maglev_key key;
	u32 table_size;
	u32 flows;
	u8 hook;
	u32 changes;
	struct list_head service_list;
	u32 n_services;
	u32 next_service;
	unsigned long *index_map;
	struct list_head retired;
	u64 sweeps_done;
	u64 alive;
	u64 old_alive;
	u64 old_since;
	bool dying;
	u8 hooked;
	struct mutex hook_lock;
	struct mutex tables_lock;
	struct maglev_sweep *sweeps;
	u64 old_until;
	struct delayed_work pulse;
	struct maglev_pressure pressure_seen;
	unsigned long pressure_at;
	unsigned long stamps_at;
	atomic_t sequence;
	atomic64_t published;
	atomic64_t build_errors;
	struct list_head nets;
	struct hlist_head services[MAGLEV_SERVICE_BUCKETS];
};

/**
 * maglev_net_of() - the state of a namespace
 * @net: the namespace
 *
 * Any context; never NULL while the module is loaded.
 */
struct maglev_net *maglev_net_of(const struct net *net);

/**
 * maglev_net_clear() - a namespace that goes: free what its last service left
 * @mnet: the namespace; its lock held
 *
 * Nothing happens while there are services, or in a namespace that stays.
 */
void maglev_net_clear(struct maglev_net *mnet);

/**
 * maglev_net_init() - module start
 *
 * Return: 0 or an errno.
 */
int maglev_net_init(void);

/**
 * maglev_net_fini() - module exit
 */
void maglev_net_fini(void);

#endif
