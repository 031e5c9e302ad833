/* SPDX-License-Identifier: GPL-2.0-only */
/* IPVS's services and their overlay as the kernel told them. */
#ifndef MAGLEVD_SEEN_H
#define MAGLEVD_SEEN_H

#include "endpoint.h"

#include <ipvs_netlink.h>
#include <maglev.h>

struct seen_backend {
	struct endpoint backend;
	u32 ipvs_weight;
	u32 method; /* IP_VS_CONN_F_* */
	u32 tunnel; /* MAGLEV_NL_TUNNEL_* */
	bool checksum;
	bool is_ours; /* the rest is known */
	u32 index;
	u32 health;
	u32 share;
	u32 weight; /* of the overlay, 0: unset */
};

struct seen_service {
	struct service_key key;
	char scheduler[IP_VS_SCHEDNAME_MAXLEN];
	bool is_ours; /* the rest is known */
	u32 table_size;
	u32 mode_set;
	struct maglev_lib_timeouts timeouts;
	bool fragments;
	struct seen_backend *backend; /* ordered */
	size_t n;
};

/* Services named by a firewall mark are left out. */
struct seen {
	struct seen_service *service; /* ordered */
	size_t n;
};

/* Return: 0, or -errno with @error (CONFIG_ERROR_TEXT bytes) written; seen_fini() is due either way. */
int seen_read(struct seen *seen, struct ipvs_netlink *ipvs, struct maglev_client *client,
	      char *error);

/* The same of maglev-dpdk, which has no IPVS. */
int seen_read_socket(struct seen *seen, struct maglev_client *client, char *error);
void seen_fini(struct seen *seen);

struct seen_service *seen_find_service(const struct seen *seen, const struct service_key *key);
struct seen_backend *seen_find_backend(const struct seen_service *service,
				       const struct endpoint *backend);

#endif
