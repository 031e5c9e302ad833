/* SPDX-License-Identifier: GPL-2.0-only */
/* A base table and the live table over it, with what people ask of them. */
#ifndef MAGLEVADM_TABLES_H
#define MAGLEVADM_TABLES_H

#include "backends.h"

struct tables {
	u32 size;
	u32 n; /* backends with a weight: the places of the tables */
	struct maglev_backend *backend;
	u16 *base;
	u16 *live;
	u32 *base_slots; /* per place */
	u32 *live_slots;
	u64 base_digest;
	u64 live_digest;
	u64 build_us; /* base, digest and live */
};

/*
 * Build from a settled list.
 *
 * Return: STATUS_DONE, or what has been said.
 */
int tables_init(struct tables *tables, const struct backends *backends, u32 size,
		enum maglev_mode mode, const struct maglev_key *key);
void tables_fini(struct tables *tables);

/* Warn of what is legal and seldom meant; @side, if not empty, says of which tables. */
void tables_warn(const struct tables *tables, const char *side);

#endif
