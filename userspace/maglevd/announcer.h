/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeps a route for each VIP that this balancer can serve. Two threads of its own do it, as whoever
 * asks a module that hangs, hangs too, and the routes are to go just then: one asks, one has the
 * routes and never asks the module. Of what the daemon knows they have copies.
 */
#ifndef MAGLEVD_ANNOUNCER_H
#define MAGLEVD_ANNOUNCER_H

#include "announce.h"
#include "self_probe.h"
#include "world.h"

struct announcer;

enum {
	ANNOUNCER_WHY = SELF_PROBE_WHY + 32,
};

/**
 * struct announcer_vip - a VIP, for people
 * @vip: its address
 * @state: enum announce_state
 * @why: it is not announced, in words; "" if it is
 * @since_ms: for how long
 */
struct announcer_vip {
	struct maglev_lib_addr vip;
	enum announce_state state;
	char why[ANNOUNCER_WHY];
	u64 since_ms;
};

/*
 * announcer_create: whether the operator drains this balancer is read from @run_directory.
 *
 * Return: NULL, and why has been said.
 */
struct announcer *announcer_create(const char *run_directory);

/* Routes go, unless the configuration would keep them. @announcer may be NULL. */
void announcer_destroy(struct announcer *announcer);

/*
 * announcer_run: announce the VIPs of the configuration, which is the world's, and no others.
 *
 * Return: 0; -errno: all is as it was.
 */
int announcer_run(struct announcer *announcer, const struct config *config,
		  const struct world *world);

/* States of backends have changed. */
void announcer_count(struct announcer *announcer, const struct world *world);

/* The operator drains this balancer, or no longer. Return: 0; -errno: it would not outlive us. */
int announcer_drain(struct announcer *announcer, bool drain);

bool announcer_is_drained(const struct announcer *announcer);

/* Return: the table that VIPs are announced in; 0: they are not. */
u32 announcer_table(const struct announcer *announcer);

/* Return: VIPs in order, to be freed, *@n of them; NULL without memory. */
struct announcer_vip *announcer_list(struct announcer *announcer, size_t *n);

#endif
