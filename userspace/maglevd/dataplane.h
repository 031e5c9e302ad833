/* SPDX-License-Identifier: GPL-2.0-only */
/* Which plane this daemon drives, from its start to its end; read by all threads. */
#ifndef MAGLEVD_DATAPLANE_H
#define MAGLEVD_DATAPLANE_H

#include <maglev.h>

/* Before there are threads. @socket: of maglev-dpdk; NULL: the kernel. Return: 0 or -ENOMEM. */
int dataplane_use(const char *socket);

/* NULL: the kernel. */
const char *dataplane_socket(void);

/* "maglev-dpdk" or "ip_vs_maglev", for messages. */
const char *dataplane_name(void);

/* As maglev_client_open(). */
int dataplane_open(struct maglev_client **client);

#endif
