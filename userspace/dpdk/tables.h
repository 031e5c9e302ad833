/* SPDX-License-Identifier: GPL-2.0-only */
/* Flow tables: their memory, a new key or size, the sweep, and looking through them. */
#ifndef MAGLEV_DPDK_TABLES_H
#define MAGLEV_DPDK_TABLES_H

#include "model.h"

/**
 * tables_replace() - go on with another key or size
 * @key: of the new tables
 * @flows: they are to hold; 0: none are tracked
 *
 * Flows move as their packets come. The new tables are in the model, not yet published.
 *
 * Return: 0, -ENOMEM, or -EBUSY while older ones still stand.
 */
int tables_replace(const struct maglev_key *key, u32 flows);

bool tables_moving(void);

/* Memory of all of them. */
u64 tables_bytes(void);

/* Flows there is room for, old tables left out. */
u32 tables_capacity(void);

/* How the control thread reads words. */
void tables_flows(struct maglev_flows *flows);

/*
 * tables_sweep: a part of a full sweep, in a millisecond at most. @fast: one takes a second, not ten.
 *
 * Return: is there more to be done at once?
 */
bool tables_sweep(bool fast, u32 elapsed_ms);

/**
 * struct walk - a walk through all tables, in pieces; begins as zeros
 * @tables: the newest, to be compared and not followed
 * @old: it is in the old ones
 * @row: the next word, those of all workers in turn
 */
struct walk {
	const void *tables;
	bool old;
	u64 row;
};

/* Does the next piece begin with the first word, as there are other tables by now? */
bool walk_begins(const struct walk *walk);

/* walk_on: call @seen for each flow alive in a piece, a millisecond's. Return: there is more. */
bool walk_on(struct walk *walk,
	     void (*seen)(void *ctx, const struct maglev_flow_tables *tables, u64 *at, u64 word,
			  const struct maglev_target *target),
	     void *ctx);

/* Old tables whose flows are gone. Return: have they gone now? */
bool tables_drop_old(void);

/* Workers are gone. */
void tables_end(void);

#endif
