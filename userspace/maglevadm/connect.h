/* SPDX-License-Identifier: GPL-2.0-only */
/* The way to the balancer; tests put another in its place. */
#ifndef MAGLEVADM_CONNECT_H
#define MAGLEVADM_CONNECT_H

#include <maglev.h>

/* As maglev_client_open(). */
int connect_plane(struct maglev_client **client);

#endif
