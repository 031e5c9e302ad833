/* SPDX-License-Identifier: GPL-2.0-only */
/* What is done a few times a second: deadlines, drained backends, the sweep, what has ended. */
#ifndef MAGLEV_DPDK_PULSE_H
#define MAGLEV_DPDK_PULSE_H

struct ev_loop;

void pulse_start(struct ev_loop *loop);
void pulse_stop(struct ev_loop *loop);

/* Build soon what is dirty: within the delay of the settings. */
void pulse_build_later(void);

/* Build now. */
void pulse_build(void);

#endif
