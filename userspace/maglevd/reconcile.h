/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel becomes as a world wants it; what is so already is not touched. */
#ifndef MAGLEVD_RECONCILE_H
#define MAGLEVD_RECONCILE_H

#include "kernel.h"
#include "owned.h"

/* What was done. */
struct reconciled {
	u32 services_added, services_changed, services_deleted;
	u32 backends_added, backends_changed, backends_deleted;
	u32 ways_changed; /* of the backends: other than in their weight */
};

/* Is what was seen before still so, but for weights? */
static inline bool reconciled_weights_only(const struct reconciled *done)
{
	return !done->services_added && !done->services_changed && !done->services_deleted &&
	       !done->backends_added && !done->backends_deleted && !done->ways_changed;
}

/*
 * reconcile_check: may it be done at all? Nothing is sent.
 *
 * Return: 0, or -errno with @error (CONFIG_ERROR_TEXT bytes) written.
 */
int reconcile_check(const struct world *world, const struct seen *seen, const struct owned *owned,
		    char *error);

/*
 * reconcile: services of @owned that @world does not have are deleted; new backends have no
 * traffic, their health is down.
 *
 * Return: 0, or -errno with @error written: then do it again, from what is there by then.
 */
int reconcile(struct kernel *kernel, const struct world *world, const struct seen *seen,
	      const struct owned *owned, struct reconciled *done, char *error);

#endif
