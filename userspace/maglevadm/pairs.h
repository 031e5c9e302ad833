/* SPDX-License-Identifier: GPL-2.0-only */
/* Backends of services by their names, and the indexes that a plane has given them. */
#ifndef MAGLEVADM_PAIRS_H
#define MAGLEVADM_PAIRS_H

#include <maglev.h>

/* All of a name that tells one from another; of a service alone, the address is of length 0. */
struct pair_name {
	u32 fwmark;
	u16 af;
	u16 protocol;
	__be16 vport;
	__be16 port;
	u8 vip[MAGLEV_IPV6_BYTES];
	u32 addr_len;
	u8 addr[MAGLEV_IPV6_BYTES];
};

/* What of a backend, or of a service alone, is set by nobody but our own tools; and its index. */
struct pair {
	struct pair_name name;
	u32 index;
	u32 admin_state;
	u32 health_state;
	u32 nominal_weight;
	u32 share;
	u32 table_size;
	u32 mode_set;
	struct maglev_lib_timeouts timeouts;
};

struct pairs {
	struct pair *pair;
	size_t n, capacity;
};

/* Add what a message of service-get or backend-get names. Return: STATUS_DONE, or what has been said. */
int pairs_add(struct pairs *pairs, const struct maglev_lib_message *message);

/* After the last one, before the first is looked for. */
void pairs_sort(struct pairs *pairs);

/* Return: what has this name, or NULL. */
const struct pair *pairs_find(const struct pairs *pairs, const struct pair_name *name);

/* The name of what a message is about. */
void pair_name_of(struct pair_name *name, const struct maglev_lib_message *message);

void pairs_fini(struct pairs *pairs);

#endif
