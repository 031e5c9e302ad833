/* SPDX-License-Identifier: GPL-2.0-only */
/* Flow tables: their memory, CPUs that come and go, a new key or size, and the sweep. */
#ifndef MAGLEV_KMOD_TABLES_H
#define MAGLEV_KMOD_TABLES_H

#include "net.h"

struct maglev_pair;

/**
 * maglev_tables_create() - see to it that a namespace that forwards has flow tables
 * @mnet: the namespace
 *
 * Under its lock; allocates. Nothing happens where they exist, or tracking is off.
 *
 * Return: 0 or -ENOMEM; flows are then not tracked, and whoever called may try again.
 */
int maglev_tables_create(struct maglev_net *mnet);

/**
 * maglev_tables_complete() - a table for each online CPU that could not be given one as it came
 * @mnet: the namespace
 *
 * Under its lock; allocates.
 */
void maglev_tables_complete(struct maglev_net *mnet);

/**
 * maglev_tables_replace() - go on with another key or size
 * @mnet: the namespace
 * @key: of the new tables
 * @flows: they are to hold; 0: flows are not tracked any more
 *
 * Under the namespace's lock; allocates. Flows move from the old tables as their packets
 * come; what is still in them after the longest timeout is gone.
 *
 * Return: 0, -ENOMEM, or -EBUSY while the tables before these still stand.
 */
int maglev_tables_replace(struct maglev_net *mnet, const struct maglev_key *key, u32 flows);

/**
 * maglev_tables_moving() - do old tables still stand?
 * @mnet: the namespace
 */
bool maglev_tables_moving(struct maglev_net *mnet);

/**
 * maglev_tables_detach_old() - take old tables away
 * @mnet: the namespace
 *
 * Return: them, for maglev_tables_free(); NULL if there are none.
 */
struct maglev_flow_tables *maglev_tables_detach_old(struct maglev_net *mnet);

/**
 * maglev_tables_free() - free tables that have been taken away
 * @tables: them
 *
 * Waits for packets; not under a lock that these wait for.
 */
void maglev_tables_free(struct maglev_flow_tables *tables);

/**
 * maglev_tables_destroy() - free them all
 * @mnet: the namespace
 *
 * Waits for packets and sweeps.
 */
void maglev_tables_destroy(struct maglev_net *mnet);

/**
 * maglev_tables_bytes() - memory of a namespace's flow tables
 * @mnet: the namespace
 */
u64 maglev_tables_bytes(struct maglev_net *mnet);

/**
 * maglev_tables_flows() - how a control path reads words
 * @mnet: the namespace; under RCU
 * @flows: filled in
 */
void maglev_tables_flows(const struct maglev_net *mnet, struct maglev_flows *flows);

/**
 * maglev_tables_lines() - lines of each CPU's table
 * @mnet: the namespace; its lock held
 *
 * Return: lines; 0 without tables.
 */
u32 maglev_tables_lines(const struct maglev_net *mnet);

/**
 * maglev_tables_renew() - see to it that a flow is looked for on other CPUs if it has to be
 * @tables: where @word is
 * @word: of the flow
 * @target: of @word
 * @now: seconds
 *
 * Under RCU. A flow on a slot whose answer is another backend must be found, should it turn up
 * on another CPU, however long ago the answer changed.
 */
void maglev_tables_renew(const struct maglev_flow_tables *tables, u64 word,
			 const struct maglev_target *target, u32 now);

/**
 * maglev_tables_flush() - forget flows
 * @mnet: the namespace
 * @service: of this service; 0: of all
 * @pair: of this backend; NULL: of all
 *
 * Process context; takes a while.
 *
 * Return: flows forgotten.
 */
u64 maglev_tables_flush(struct maglev_net *mnet, u32 service, const struct maglev_pair *pair);

/**
 * maglev_sweep_step() - sweep on, a part of each CPU's table on that CPU
 * @mnet: the namespace; its lock held
 * @fast: a full sweep in a second, not in ten
 *
 * Return: true when a full sweep has been completed: pairs then know their flows.
 */
bool maglev_sweep_step(struct maglev_net *mnet, bool fast);

/**
 * maglev_sweep_since() - has a full sweep been done that began after a moment?
 * @mnet: the namespace; its lock held
 * @since: mnet->sweeps_done at that moment
 */
static inline bool maglev_sweep_since(const struct maglev_net *mnet, u64 since)
{
	return !rcu_access_pointer(mnet->tables) || mnet->sweeps_done >= since + 2;
}

/**
 * maglev_tables_init() - module start
 *
 * Return: 0 or an errno.
 */
int maglev_tables_init(void);

/**
 * maglev_tables_fini() - module exit
 */
void maglev_tables_fini(void);

#endif
