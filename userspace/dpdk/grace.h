/* SPDX-License-Identifier: GPL-2.0-only */
/* What workers may still look at, and is freed when all of them are past this moment. */
#ifndef MAGLEV_DPDK_GRACE_H
#define MAGLEV_DPDK_GRACE_H

#include "data.h"

struct grace {
	struct grace *next;
	u64 moment;
	void (*release)(struct grace *grace);
};

/* First in, first out. */
struct graces {
	struct grace *first;
	struct grace *last;
};

/* Call @release later; @grace is inside of what it frees. */
void grace_begin(struct graces *graces, struct grace *grace, void (*release)(struct grace *grace));

/* Release what may go by now. */
void grace_poll(struct graces *graces);

/* Workers are gone: release all of it. */
void grace_end(struct graces *graces);

#endif
