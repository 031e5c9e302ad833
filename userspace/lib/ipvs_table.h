/* SPDX-License-Identifier: GPL-2.0-only */
/* IPVS's services and backends as they were when they were read. */
#ifndef MAGLEV_LIB_IPVS_TABLE_H
#define MAGLEV_LIB_IPVS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/ip_vs.h>
#include <maglev/tuple.h>

enum {
	IPVS_STATS = IPVS_STATS_ATTR_MAX + 1,
};

/* An address as IPVS tells it: IPv4 in the first 4 bytes, the others 0. */
struct ipvs_address {
	u16 af;
	u8 byte[MAGLEV_IPV6_BYTES];
	__be16 port;
};

/* What names a service: protocol and address, or fwmark (not 0) and address.af. */
struct ipvs_key {
	struct ipvs_address address;
	u16 protocol;
	u32 fwmark;
};

/* How packets reach a backend. The last three are a tunnel's. */
struct ipvs_way {
	u32 method; /* IP_VS_CONN_F_MASQ, ... */
	u8 type; /* IP_VS_CONN_F_TUNNEL_TYPE_* */
	u16 flags; /* IP_VS_TUNNEL_ENCAP_FLAG_* */
	__be16 port;
};

/* Counters by IPVS_STATS_ATTR_*. */
struct ipvs_stats {
	u64 value[IPVS_STATS];
};

struct ipvs_backend {
	struct ipvs_address address;
	struct ipvs_way way;
	u32 weight;
	u32 u_threshold, l_threshold;
	u32 active, inactive, persistent; /* connections */
	struct ipvs_stats stats;
	struct maglev_lib_backend *ours; /* what our plane says; NULL: nothing */
};

struct ipvs_service {
	struct ipvs_key key;
	char scheduler[IP_VS_SCHEDNAME_MAXLEN];
	char engine[IP_VS_PENAME_MAXLEN + 1]; /* of persistence; "": none */
	u32 flags; /* IP_VS_SVC_F_* */
	u32 timeout; /* seconds, of persistence */
	u32 netmask; /* of persistence: a __be32 mask, or a prefix length for IPv6 */
	struct ipvs_stats stats;
	struct ipvs_backend *backend;
	size_t n, capacity;
	struct maglev_lib_service *ours; /* what our plane says; NULL: nothing */
};

struct ipvs_table {
	u32 version;
	u32 size; /* of the connection table */
	struct ipvs_service *service;
	size_t n, capacity;
};

bool ipvs_address_equal(const struct ipvs_address *a, const struct ipvs_address *b);
bool ipvs_key_equal(const struct ipvs_key *a, const struct ipvs_key *b);

/* Both return NULL where there is none. */
struct ipvs_service *ipvs_find_service(const struct ipvs_table *table, const struct ipvs_key *key);
struct ipvs_backend *ipvs_find_backend(const struct ipvs_service *service,
				       const struct ipvs_address *address);

/* Both append one, all zero. Return: it; NULL where there is no memory. */
struct ipvs_service *ipvs_add_service(struct ipvs_table *table);
struct ipvs_backend *ipvs_add_backend(struct ipvs_service *service);

/* Both go without order: the last one takes its place. */
void ipvs_remove_service(struct ipvs_table *table, struct ipvs_service *service);
void ipvs_remove_backend(struct ipvs_service *service, struct ipvs_backend *backend);

/* Put services and their backends in the order in which ipvsadm prints them. */
void ipvs_table_sort(struct ipvs_table *table);

/* Free what is in it; it is then empty. */
void ipvs_table_fini(struct ipvs_table *table);

#endif
