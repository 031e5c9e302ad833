/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Answers to probes through tunnels come from the VIP, which is an address of this host: IPv4
 * takes such packets only with accept_local, and no strict reverse path filter.
 */
#ifndef MAGLEVD_SYSCTL_H
#define MAGLEVD_SYSCTL_H

#include "config.h"

/* Name what is not as probes need it, or set it where the configuration says so. */
void sysctl_check(const struct config *config);

#endif
