/* SPDX-License-Identifier: GPL-2.0-only */
/* What IPVS calls: the scheduler "maglev", and "mh" where it is asked for. */
#ifndef MAGLEV_KMOD_SCHEDULER_H
#define MAGLEV_KMOD_SCHEDULER_H

#include <maglev/decide.h>

struct maglev_generation;

/**
 * maglev_scheduler_register() - become visible to IPVS
 * @replace_mh: register as "mh" too; set to false if that name is taken
 *
 * Return: 0 or an errno.
 */
int maglev_scheduler_register(bool *replace_mh);

/**
 * maglev_scheduler_select() - whom a new connection of a slot goes to
 * @generation: of the service; under RCU
 * @slot: of the connection
 * @source: enum maglev_source, written
 *
 * Return: the place; MAGLEV_EMPTY if nobody in the tables can take it.
 */
u16 maglev_scheduler_select(const struct maglev_generation *generation, u32 slot,
			    enum maglev_source *source);

/**
 * maglev_scheduler_unregister() - the mirror; no service uses us any more
 * @replaced_mh: "mh" was registered
 */
void maglev_scheduler_unregister(bool replaced_mh);

#endif
