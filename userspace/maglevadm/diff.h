/* SPDX-License-Identifier: GPL-2.0-only */
/* What a change of backends does to the slots of the live table. */
#ifndef MAGLEVADM_DIFF_H
#define MAGLEVADM_DIFF_H

#include "tables.h"

struct diff_row {
	struct maglev_backend backend; /* address and port count */
	bool in_old, in_new; /* listed there, with a weight or without */
	bool weighted; /* has a weight in one of them */
	u32 old_slots, new_slots;
	u32 gained, lost; /* slots that moved to it, away from it */
};

struct diff {
	u32 moved; /* slots with another owner */
	u32 ideal; /* what any table would have to move */
	u32 collateral; /* moved from a backend listed in new to one listed in old */
	struct diff_row *row; /* in the table's order; who has no weight last */
	size_t n;
};

/*
 * Compare live tables of one size, built from these settled lists.
 *
 * Return: STATUS_DONE, or what has been said.
 */
int diff_init(struct diff *diff, const struct backends *old_list, const struct tables *old_tables,
	      const struct backends *new_list, const struct tables *new_tables);
void diff_fini(struct diff *diff);

#endif
