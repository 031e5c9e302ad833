/* SPDX-License-Identifier: GPL-2.0-only */
/* What -L prints: in ipvsadm's layout, or as JSON. */
#ifndef MAGLEVADM_IPVS_LIST_H
#define MAGLEVADM_IPVS_LIST_H

#include "ipvs_words.h"
#include "out.h"

#include <ipvs_netlink.h>

/* The services of a table as @words ask for it. */
void ipvs_list_services(struct out *out, const struct ipvs_table *table,
			const struct ipvs_words *words);

void ipvs_list_timeouts(struct out *out, const struct ipvs_timeouts *timeouts);
void ipvs_list_daemons(struct out *out, const struct ipvs_daemon *daemon, size_t n);

/* The same as the first, in JSON. */
void ipvs_json_services(struct out *out, const struct ipvs_table *table);

#endif
