/* SPDX-License-Identifier: GPL-2.0-only */
/* Which flows a plane tracks, by what their words hold of their hashes. */
#ifndef MAGLEVADM_TRACKED_H
#define MAGLEVADM_TRACKED_H

#include "order.h"

struct tracked {
	u64 *hash;
	size_t n, capacity;
};

/*
 * Ask the plane for all of them. tracked_fini() is due either way.
 *
 * Return: STATUS_DONE, or what has been said.
 */
int tracked_read(struct tracked *tracked, const struct order *order);

/* Is there a word of the same 38 bits? Of N flows one in 2^38 / N is taken for another. */
bool tracked_has(const struct tracked *tracked, u64 word);

void tracked_fini(struct tracked *tracked);

#endif
