/* SPDX-License-Identifier: GPL-2.0-only */
/* What a namespace does a few times a second: deadlines, sweeps, whatever has ended. */
#ifndef MAGLEV_KMOD_PULSE_H
#define MAGLEV_KMOD_PULSE_H

struct maglev_net;
struct work_struct;

/**
 * maglev_pulse_start() - a namespace has a service: its pulse is to beat
 * @mnet: the namespace
 */
void maglev_pulse_start(struct maglev_net *mnet);

/**
 * maglev_pulse_work() - one beat
 * @work: of struct maglev_net's @pulse
 */
void maglev_pulse_work(struct work_struct *work);

#endif
