/* SPDX-License-Identifier: GPL-2.0-only */
/* Workers as the main thread sees them: made, started, stopped. */
#ifndef MAGLEV_DPDK_WORKERS_H
#define MAGLEV_DPDK_WORKERS_H

#include "worker.h"

/**
 * workers_open() - memory for workers, one on each core that EAL was given but the first
 * @options: as given
 *
 * Return: 0, or -errno, said on stderr.
 */
int workers_open(const struct options *options);

/**
 * workers_start() - let them work; ports are open and a generation is published
 */
void workers_start(void);

/**
 * workers_stop() - wait until they have stopped
 */
void workers_stop(void);
void workers_close(void);

/* Of 0 .. data_workers() - 1. */
struct worker *workers_at(u32 worker);

#endif
