/* SPDX-License-Identifier: GPL-2.0-only */
/* IPVS, over its own generic netlink family, in this network namespace. */
#ifndef MAGLEV_LIB_IPVS_NETLINK_H
#define MAGLEV_LIB_IPVS_NETLINK_H

#include "ipvs_table.h"

struct ipvs_netlink;

struct ipvs_timeouts {
	u32 tcp, tcp_fin, udp; /* seconds */
};

enum {
	IPVS_DAEMONS = 2, /* a master and a backup */
};

/* A synchronization daemon; what IPVS does not tell is 0. */
struct ipvs_daemon {
	u32 state; /* IP_VS_STATE_* */
	char interface[IP_VS_IFNAME_MAXLEN];
	u32 id;
	u16 length;
	u16 port;
	u8 ttl;
	struct ipvs_address group;
};

/*
 * All of these return 0 or -errno. ipvs_open(): -EPROTONOSUPPORT where IPVS is not
 * loaded; the others: -ESRCH if there is no such service, -EPERM without CAP_NET_ADMIN,
 * -EBADMSG if the answer makes no sense.
 */
int ipvs_open(struct ipvs_netlink **netlink);

/* Fill in version and size. */
int ipvs_read_info(struct ipvs_netlink *netlink, struct ipvs_table *table);

/* Add all services and their backends to an empty table, or the one of @key. */
int ipvs_read_table(struct ipvs_netlink *netlink, struct ipvs_table *table,
		    const struct ipvs_key *key);

int ipvs_read_timeouts(struct ipvs_netlink *netlink, struct ipvs_timeouts *timeouts);

/* Fill in up to IPVS_DAEMONS. */
int ipvs_read_daemons(struct ipvs_netlink *netlink, struct ipvs_daemon *daemons, size_t *n);

/*
 * Services and backends: key, scheduler and flags of a service, address, way and weight of a
 * backend are written, and no thresholds and no persistence. -EEXIST, -ESRCH or -ENOENT say what
 * is there or not, -ENOENT of a service also that there is no such scheduler.
 */
int ipvs_new_service(struct ipvs_netlink *netlink, const struct ipvs_service *service);
int ipvs_set_service(struct ipvs_netlink *netlink, const struct ipvs_service *service);
int ipvs_del_service(struct ipvs_netlink *netlink, const struct ipvs_key *key);
int ipvs_new_backend(struct ipvs_netlink *netlink, const struct ipvs_key *key,
		     const struct ipvs_backend *backend);
int ipvs_set_backend(struct ipvs_netlink *netlink, const struct ipvs_key *key,
		     const struct ipvs_backend *backend);
int ipvs_del_backend(struct ipvs_netlink *netlink, const struct ipvs_key *key,
		     const struct ipvs_address *address);

/* @netlink may be NULL. */
void ipvs_close(struct ipvs_netlink *netlink);

#endif
