/* SPDX-License-Identifier: GPL-2.0-only */
/* What our plane knows of IPVS's services, where it is loaded. */
#ifndef MAGLEVADM_IPVS_OURS_H
#define MAGLEVADM_IPVS_OURS_H

#include <ipvs_table.h>

/*
 * Add it to a table. Without our module the table stays as it is; where our plane fails,
 * that is a warning.
 */
void ipvs_ours_read(struct ipvs_table *table);

/* Count the flows that are tracked now. Return: false without our module, or where it fails. */
bool ipvs_ours_flows(u64 *flows);

#endif
