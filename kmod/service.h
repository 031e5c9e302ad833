/* SPDX-License-Identifier: GPL-2.0-only */
/* The scheduler's state of one IPVS service, from init_service() to done_service(). */
#ifndef MAGLEV_KMOD_SERVICE_H
#define MAGLEV_KMOD_SERVICE_H

#include <maglev/tuple.h>

#include <linux/cache.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

struct ip_vs_service;
struct maglev_view;

/**
 * struct maglev_service - hangs at ip_vs_service.sched_data
 * @view: the published tables, or NULL before the first
 * @svc: IPVS's service; alive from init_service() to done_service()
 * @mode_flag: which of the service's scheduler flags sets the mode
 * @flag_mode: the mode while that flag is set; the other one while it is not
 * @build: builds what changed, a delay after the first change
 * @not_before: jiffies before which no further build starts; written under @build_lock
 * @build_lock: one build at a time; protects the members below and replacing @view. On a
 *              cache line that packets do not read.
 * @generation: of the last view published
 * @error: why the last build failed (the service is degraded), or 0
 * @warned: enum maglev_warning bits already logged
 * @rcu: a packet on its way since before done_service() may still read @view
 *
 * Changed by IPVS's callbacks (process context, IPVS's mutex held: it is taken before
 * @build_lock) and by @build, which takes @build_lock only.
 */
struct maglev_service {
	struct maglev_view __rcu *view;
	struct ip_vs_service *svc;
	u32 mode_flag;
	enum maglev_mode flag_mode;
	struct delayed_work build;
	unsigned long not_before;
	struct mutex build_lock ____cacheline_aligned_in_smp;
	u64 generation;
	int error;
	u32 warned;
	struct rcu_head rcu;
};

/**
 * enum maglev_warning - things worth one log line per service
 * @MAGLEV_WARN_SMALL: fewer than 100 slots a backend
 * @MAGLEV_WARN_NO_SLOT: a backend of so little weight that it has no slot
 * @MAGLEV_WARN_MAPPED: a backend given as a v4-mapped IPv6 address
 */
enum maglev_warning {
	MAGLEV_WARN_SMALL = 1 << 0,
	MAGLEV_WARN_NO_SLOT = 1 << 1,
	MAGLEV_WARN_MAPPED = 1 << 2,
};

/**
 * maglev_service_create() - init_service(): attach our state, build if it has backends
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
 */
void maglev_service_destroy(struct ip_vs_service *svc);

/**
 * maglev_service_changed() - a backend came, went or was edited
 * @svc: IPVS's service
 *
 * A service without a usable table gets one before this returns; otherwise changes are
 * gathered for rebuild_delay_ms, or for four times as long as the last
 * build took if that one is not yet so long ago, and built once.
 */
void maglev_service_changed(struct ip_vs_service *svc);

/**
 * maglev_service_mode() - the hash mode now: IPVS tells nobody when flags are edited
 * @service: the service
 *
 * Any context.
 */
enum maglev_mode maglev_service_mode(const struct maglev_service *service);

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
