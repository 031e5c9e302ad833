/* SPDX-License-Identifier: GPL-2.0-only */
/* What IPVS calls: the scheduler "maglev", and "mh" where it is asked for. */
#ifndef MAGLEV_KMOD_SCHEDULER_H
#define MAGLEV_KMOD_SCHEDULER_H

#include <linux/types.h>

/**
 * maglev_scheduler_register() - become visible to IPVS
 * @replace_mh: register as "mh" too; set to false if that name is taken
 *
 * Return: 0 or an errno.
 */
int maglev_scheduler_register(bool *replace_mh);

/**
 * maglev_scheduler_unregister() - the mirror; no service uses us any more
 * @replaced_mh: "mh" was registered
 */
void maglev_scheduler_unregister(bool replaced_mh);

#endif
