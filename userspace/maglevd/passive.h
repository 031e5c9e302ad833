/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What clients' packets say of backends. It proves nothing: whoever looks ill is asked at once, and
 * what becomes of it is for its checks to say.
 */
#ifndef MAGLEVD_PASSIVE_H
#define MAGLEVD_PASSIVE_H

#include "checker.h"
#include "kernel.h"

enum {
	PASSIVE_WHY = 96,
};

struct passive;

/* Return: NULL without memory. */
struct passive *passive_create(struct ev_loop *loop, struct kernel *kernel);

/* @passive may be NULL. */
void passive_destroy(struct passive *passive);

/* Watch this world, which a checker runs, where its policies ask for it. */
void passive_run(struct passive *passive, struct world *world);

/*
 * passive_weigh: the backend's counters are @now. Those before are in @traffic, and are replaced
 * once there is enough between the two to say something.
 *
 * Return: does it look ill? Then @why (PASSIVE_WHY bytes) says so.
 */
bool passive_weigh(struct traffic *traffic, const struct traffic *now, u16 protocol, char *why);

#endif
