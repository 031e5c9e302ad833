/* SPDX-License-Identifier: GPL-2.0-only */
/* Workers that are no threads, and next hops that are always there. */
#ifndef DPDK_STAND_IN_H
#define DPDK_STAND_IN_H

#include <data.h>
#include <hop.h>

/* What data.h and hop.h say of workers and hops, as tests want it. */
struct stand_in {
	u32 workers;
	u64 moment;
	bool stalled; /* no worker goes on: nothing is past */
	const struct generation *generation; /* what was published last */
	u32 published;
	struct hop hop[2];
	void (*hops_changed)(void *ctx);
};

extern struct stand_in stand_in;

/* Of a worker; tests count in it. */
struct counters *stand_in_counters(u32 worker);

#endif
