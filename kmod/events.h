/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events: what the netlink family's group "events" is told. Each carries the next sequence
 * number of its namespace, and they are sent in that order: under the namespace's lock, which
 * the caller holds or which is taken here, as each of them says. Process context. Nothing is
 * built where nobody listens.
 */
#ifndef MAGLEV_KMOD_EVENTS_H
#define MAGLEV_KMOD_EVENTS_H

#include <linux/types.h>

struct maglev_net;
struct maglev_pressure;
struct maglev_pair;
struct maglev_service;

/**
 * enum maglev_who - who changed a backend's state
 * @MAGLEV_WHO_IPVS: its weight in IPVS became or ceased to be 0
 * @MAGLEV_WHO_ADMIN: an operator
 * @MAGLEV_WHO_HEALTH: a checker
 * @MAGLEV_WHO_DEADLINE: the deadline of a drain
 * @MAGLEV_WHO_LAST_FLOW: the last flow, by leaving
 *
 * Numbers are part of the netlink ABI.
 */
enum maglev_who {
	MAGLEV_WHO_IPVS,
	MAGLEV_WHO_ADMIN,
	MAGLEV_WHO_HEALTH,
	MAGLEV_WHO_DEADLINE,
	MAGLEV_WHO_LAST_FLOW,
};

/* A service uses the scheduler from now on. Lock held. */
void maglev_event_service_added(const struct maglev_service *service);

/* A service goes, with its backends and their overlays. Lock held. */
void maglev_event_service_gone(const struct maglev_service *service);

/* A new generation, or somebody else forwards the service. Takes the lock; build_lock held. */
void maglev_event_published(const struct maglev_service *service);

/* service->error has changed: the last table stays, or all is well again. As above. */
void maglev_event_degraded(const struct maglev_service *service);

/* A backend came; nothing is laid over it. Lock held. */
void maglev_event_backend_added(const struct maglev_pair *pair);

/* A backend leaves its service, and its overlay with it. Lock held. */
void maglev_event_backend_gone(const struct maglev_pair *pair);

/* A backend's effective state was @from. Lock held. */
void maglev_event_state(const struct maglev_pair *pair, u8 from, enum maglev_who who);

/* A backend that drains has no flows any more, or no time. Lock held. */
void maglev_event_drained(const struct maglev_pair *pair, enum maglev_who who);

/* So much since the last such event. Lock held. */
void maglev_event_pressure(struct maglev_net *mnet, const struct maglev_pressure *pressure);

/* Settings of the namespace have changed, or old tables are gone. Takes the lock. */
void maglev_event_settings(struct maglev_net *mnet);

#endif
