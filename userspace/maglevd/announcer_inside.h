/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the announcer: what its threads share. One lock for all of it, held for as long as it
 * takes to look at one VIP, or to copy all, and never while the module or the routing tables are
 * asked. Who has asked looks at "generation" before it writes down what it was told: the VIPs may
 * be others by then.
 */
#ifndef MAGLEVD_ANNOUNCER_INSIDE_H
#define MAGLEVD_ANNOUNCER_INSIDE_H

#include "announcer.h"

#include <pthread.h>

enum {
	ANNOUNCER_FILE = 256,
	ANNOUNCER_IDLE_MS = 1000, /* where there are no VIPs */
};

struct vip {
	struct maglev_lib_addr addr;
	const struct service_key *service; /* of its announcement */
	size_t n_services;
	size_t asked; /* which of them is asked about */

	struct announcement announcement;
	struct announce_probe probe;
	char why_probe[SELF_PROBE_WHY]; /* of the last bad answer */
	bool has_few, has_unchecked;
	char why_few[SELF_PROBE_WHY];

	bool is_begun; /* it is known whether it had a route */
	bool has_route;
	int route_error;
	u64 checked; /* ns: when the route was seen or made */
	enum announce_state told_state;
	enum announce_reason told_reason;
};

struct announcer {
	char drained_file[ANNOUNCER_FILE], count_file[ANNOUNCER_FILE];
	bool has_asker, has_keeper; /* the threads run */
	pthread_t asker, keeper;

	pthread_mutex_t lock; /* protects what follows */
	pthread_cond_t news;
	u32 generation; /* of "vip" */
	struct config_announce config;
	bool is_drained;
	bool is_ending;
	bool is_unsure; /* routes are to be looked at */
	struct vip *vip; /* ordered */
	size_t n;
	struct service_key *service;
	size_t n_services;
	bool is_asking; /* the module, */
	u64 asked; /* ns: since when */
	u64 now; /* ns: the keeper's time, which stands while the process does */
};

/* Wait for news until then. The lock is held. Return: ns: what time it is. */
u64 announcer_wait(struct announcer *announcer, u64 until);

/* The lock is held. Return: NULL: there is none. */
struct vip *announcer_find(const struct announcer *announcer, const struct maglev_lib_addr *addr);

/* Write why it is not announced. The lock is held. */
void announcer_explain(const struct vip *vip, char why[ANNOUNCER_WHY]);

const char *announcer_vip_text(const struct maglev_lib_addr *addr, char text[INET6_ADDRSTRLEN]);

/* The threads: they end by "is_ending". Return: 0 or -errno. */
int asker_start(struct announcer *announcer);
int keeper_start(struct announcer *announcer);

/* What the keeper does at its start, where there is none: routes of ours that nobody wants go. */
void keeper_sweep(struct announcer *announcer);

#endif
