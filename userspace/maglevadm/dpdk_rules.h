/* SPDX-License-Identifier: GPL-2.0-only */
/* Services of maglev-dpdk as lines of ipvsadm's grammar: -S writes them, -R obeys them. */
#ifndef MAGLEVADM_DPDK_RULES_H
#define MAGLEVADM_DPDK_RULES_H

#include "out.h"

struct ipvs_table;
struct ipvs_words;
struct maglev_client;

void dpdk_save(struct out *out, const struct ipvs_table *table);

/* Lines of stdin, until one is refused. Return: enum status. */
int dpdk_restore(struct maglev_client *client,
		 int (*obey)(struct maglev_client *client, const struct ipvs_words *words));

#endif
