/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MAGLEVD_PRIVILEGE_H
#define MAGLEVD_PRIVILEGE_H

/*
 * Give up every capability, of this process and of those it starts, but for those to talk to
 * IPVS and our module, to mark packets and to send pings.
 *
 * Return: 0 or -errno.
 */
int privilege_drop(void);

#endif
