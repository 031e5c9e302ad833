/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A service: what we keep for one of IPVS, from init_service() until done_service(), or,
 * where another scheduler took it over, until its last tracked flow has left.
 */
#ifndef MAGLEV_KMOD_SERVICE_H
#define MAGLEV_KMOD_SERVICE_H

#include "service_key.h"
#include "stats.h"

#include <maglev/decide.h>

#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

struct ip_vs_dest;
struct ip_vs_service;
struct maglev_generation;
struct maglev_net;
struct maglev_route;
struct maglev_slots;

/**
 * enum maglev_left - why a service is left to IPVS, or to itself
 * @MAGLEV_LEFT_NOTHING: it is not: we forward it
 * @MAGLEV_LEFT_SETTING: the namespace's packets are not to come to us
 * @MAGLEV_LEFT_FWMARK: the service is a firewall mark
 * @MAGLEV_LEFT_PROTOCOL: the service is neither TCP, UDP nor SCTP
 * @MAGLEV_LEFT_PORT: the service is for any port
 * @MAGLEV_LEFT_FTP: the service is FTP, whose data connections IPVS knows to find
 * @MAGLEV_LEFT_PERSISTENT: the service is persistent
 * @MAGLEV_LEFT_ONE_PACKET: the service schedules each packet
 * @MAGLEV_LEFT_METHOD: a backend is not reached by a tunnel
 * @MAGLEV_LEFT_TUNNEL: a backend's tunnel is GUE, or has remote checksums
 * @MAGLEV_LEFT_THRESHOLD: a backend has a connection threshold, which IPVS keeps
 * @MAGLEV_LEFT_ADDRESS: unused
 * @MAGLEV_LEFT_MEMORY: unused
 * @MAGLEV_LEFT_NO_TABLE: no table could be built yet
 * @MAGLEV_LEFT_SCHEDULER: another scheduler has taken it over
 *
 * Numbers are part of the netlink ABI.
 */
enum maglev_left {
	MAGLEV_LEFT_NOTHING,
	MAGLEV_LEFT_SETTING,
	MAGLEV_LEFT_FWMARK,
	MAGLEV_LEFT_PROTOCOL,
	MAGLEV_LEFT_PORT,
	MAGLEV_LEFT_FTP,
	MAGLEV_LEFT_PERSISTENT,
	MAGLEV_LEFT_ONE_PACKET,
	MAGLEV_LEFT_METHOD,
	MAGLEV_LEFT_TUNNEL,
	MAGLEV_LEFT_THRESHOLD,
	MAGLEV_LEFT_ADDRESS,
	MAGLEV_LEFT_MEMORY,
	MAGLEV_LEFT_NO_TABLE,
	MAGLEV_LEFT_SCHEDULER,
};

/**
 * enum maglev_mode_setting - who decides the hash mode
 * @MAGLEV_MODE_SET_TUPLE: it is set
 * @MAGLEV_MODE_SET_SOURCE: it is set
 * @MAGLEV_MODE_SET_FLAG: the scheduler's flag, as ipvsadm -b sets it
 */
enum maglev_mode_setting {
	MAGLEV_MODE_SET_TUPLE = MAGLEV_MODE_TUPLE,
	MAGLEV_MODE_SET_SOURCE = MAGLEV_MODE_SOURCE,
	MAGLEV_MODE_SET_FLAG = 2,
};

/**
 * struct maglev_service - a service
 * @node: in the namespace's hash, by @key
 * @key: which service
 * @generation: the tables; RCU; replaced under @build_lock; NULL before the first
 * @svc: IPVS's service; NULL once IPVS has taken it from us. Readable by packets under RCU
 * @route: by which packets for it come in, for the early hook; RCU, replaced under @route_lock
 * @id: unique in the namespace; in each of its targets
 * @mnet: its namespace
 * @list: in the namespace's list
 * @pairs: its backends, by address and port
 * @n_pairs: in @pairs
 * @references: the registry's, and that of anybody who works on it without a lock
 * @mode_flag: which of IPVS's flags sets the mode
 * @flag_mode: the mode while that flag is set; the other one while it is not
 * @mode_setting: enum maglev_mode_setting
 * @size: slots its tables are to have
 * @timeouts: of its flows
 * @left: enum maglev_left, as of the last build
 * @svc_flags: IPVS's flags as of the last build
 * @owned_at: jiffies when we began to forward it
 * @gap_until: jiffies until which what another scheduler gets counts as lost perhaps
 * @released_at: full sweeps done when another scheduler took it over
 * @gone_stats: counted for backends that it does not have any more
 * @slots: those of each backend, as last counted; NULL: never
 * @forgotten: it is out of the registry
 * @build: builds what changed, a delay after the first change
 * @not_before: jiffies before which no further build starts
 * @route_lock: taken by a packet that learns of a route, and by whoever drops one
 * @build_lock: one build at a time; protects replacing @generation, and the members below
 * @generation_number: of the last one published
 * @build_us: how long the last build took
 * @error: why the last build failed (the service is degraded), or 0
 * @warned: enum maglev_warning bits already logged
 * @rcu: packets may still read it
 *
 * All between @mnet and @released_at is under the namespace's lock. IPVS's callbacks run
 * in process context under IPVS's mutex.
 */
struct maglev_service {
	struct hlist_node node;
	struct maglev_service_key key;
	struct maglev_generation __rcu *generation;
	struct ip_vs_service *svc;
	struct maglev_route __rcu *route;
	u32 id;

	struct maglev_net *mnet;
	struct list_head list;
	struct rb_root pairs;
	u32 n_pairs;
	refcount_t references;
	u32 mode_flag;
	enum maglev_mode flag_mode;
	u8 mode_setting;
	u32 size;
	struct maglev_timeouts timeouts;
	enum maglev_left left;
	u32 svc_flags;
	unsigned long owned_at;
	unsigned long gap_until;
	u64 released_at;
	struct maglev_pair_stats gone_stats;
	struct maglev_slots *slots;
	bool forgotten;

	struct delayed_work build;
	unsigned long not_before;
	spinlock_t route_lock;
	struct mutex build_lock ____cacheline_aligned_in_smp;
	u64 generation_number;
	u32 build_us;
	int error;
	u32 warned;
	struct rcu_head rcu;
};

/**
 * enum maglev_warning - things worth one log line per service
 * @MAGLEV_WARN_SMALL: fewer than 100 slots a backend
 * @MAGLEV_WARN_NO_SLOT: a backend of so little weight that it has no slot
 * @MAGLEV_WARN_MAPPED: a backend given as a v4-mapped IPv6 address
 * @MAGLEV_WARN_PAIRS: no pair index is free for a backend
 */
enum maglev_warning {
	MAGLEV_WARN_SMALL = 1 << 0,
	MAGLEV_WARN_NO_SLOT = 1 << 1,
	MAGLEV_WARN_MAPPED = 1 << 2,
	MAGLEV_WARN_PAIRS = 1 << 3,
};

/**
 * maglev_service_create() - init_service(): begin, or go on with one that was released
 * @svc: IPVS's service
 * @mode_flag: IP_VS_SVC_F_SCHED*
 * @flag_mode: what @mode_flag means when set
 *
 * Return: 0, -ENOMEM for the state itself, or -E2BIG if its backends do not fit the table.
 */
int maglev_service_create(struct ip_vs_service *svc, u32 mode_flag, enum maglev_mode flag_mode);

/**
 * maglev_service_destroy() - done_service(): nothing of ours touches @svc after this
 * @svc: IPVS's service
 *
 * If another scheduler takes it over, flows that are tracked are forwarded until they end.
 */
void maglev_service_destroy(struct ip_vs_service *svc);

/**
 * maglev_service_dest_changed() - a backend came, went or was edited
 * @svc: IPVS's service
 * @dest: the backend
 *
 * Packets obey at once where they need not wait for a table. A service without a usable
 * table gets one before this returns; otherwise changes are gathered for
 * rebuild_delay_ms, or for four times as long as the last build took if that one is not
 * yet so long ago, and built once.
 */
void maglev_service_dest_changed(struct ip_vs_service *svc, struct ip_vs_dest *dest);

/**
 * maglev_service_build_later() - something a table depends on has changed
 * @service: the service
 */
void maglev_service_build_later(struct maglev_service *service);

/**
 * maglev_service_build_now() - build, and wait for it
 * @service: the service; its build_lock held
 *
 * Return: 0 or an errno, which is logged, and told of by an event, when it is news.
 */
int maglev_service_build_now(struct maglev_service *service);

/**
 * maglev_service_build_try() - build, and let the caller deal with a failure
 * @service: the service; its build_lock held
 *
 * Return: 0 or an errno: the last table then stays, nothing is said and nothing tried again.
 */
int maglev_service_build_try(struct maglev_service *service);

/**
 * maglev_service_lookup() - the service of a packet
 * @mnet: the namespace
 * @key: which service; not a fwmark
 *
 * Packet path: under RCU; one hash, one bucket, and of the service its first cache line.
 */
struct maglev_service *maglev_service_lookup(const struct maglev_net *mnet,
					     const struct maglev_service_key *key);

/**
 * maglev_service_of_tuple() - the service a flow is for
 * @mnet: the namespace; under RCU
 * @tuple: the flow
 */
struct maglev_service *maglev_service_of_tuple(const struct maglev_net *mnet,
					       const struct maglev_tuple *tuple);

/**
 * maglev_service_find() - the service of a request
 * @mnet: the namespace; its lock held
 * @key: which service
 */
struct maglev_service *maglev_service_find(const struct maglev_net *mnet,
					   const struct maglev_service_key *key);

/**
 * maglev_service_find_id() - the service with an id
 * @mnet: the namespace; its lock held
 * @id: unique, and never given again
 */
struct maglev_service *maglev_service_find_id(const struct maglev_net *mnet, u32 id);

/**
 * maglev_service_flows() - flows of a service, as the last sweep saw them
 * @service: the service
 *
 * Under the namespace's lock.
 */
u32 maglev_service_flows(const struct maglev_service *service);

/**
 * maglev_service_put() - give a reference back
 * @service: the service
 */
void maglev_service_put(struct maglev_service *service);

/**
 * maglev_service_end() - the end of a service that was released
 * @service: the service; the caller's reference is given back
 *
 * Nothing happens if IPVS has given it to us again meanwhile.
 */
void maglev_service_end(struct maglev_service *service);

/**
 * maglev_service_mode() - the hash mode now: IPVS tells nobody when flags are edited
 * @service: the service
 *
 * Any context in which @service->svc stays, or is NULL.
 */
enum maglev_mode maglev_service_mode(const struct maglev_service *service);

/**
 * maglev_service_mode_as() - the hash mode there would be
 * @service: the service
 * @setting: enum maglev_mode_setting
 */
enum maglev_mode maglev_service_mode_as(const struct maglev_service *service, u8 setting);

/**
 * maglev_service_longest() - the longest of a service's timeouts, seconds
 * @service: the service
 */
u16 maglev_service_longest(const struct maglev_service *service);

/**
 * maglev_service_warn() - log a line about a service, once per kind
 * @service: the service; service->build_lock held
 * @warning: the kind
 * @text: what is wrong, without newline
 */
void maglev_service_warn(struct maglev_service *service, enum maglev_warning warning,
			 const char *text);

/**
 * maglev_service_init() - module start
 *
 * Return: 0 or -ENOMEM.
 */
int maglev_service_init(void);

/**
 * maglev_service_fini() - module exit: waits until everything of ours is freed
 */
void maglev_service_fini(void);

#endif
