/* SPDX-License-Identifier: GPL-2.0-only */
/* From IPVS's netlink attributes to our structs; lengths are checked. */
#ifndef MAGLEV_LIB_IPVS_DECODE_H
#define MAGLEV_LIB_IPVS_DECODE_H

#include "ipvs_netlink.h"

struct nlmsghdr;

/* All read one message. Return: 0, or -EBADMSG. Members that are not told stay as they are. */
int ipvs_decode_family(const struct nlmsghdr *nlh, u16 *id);
int ipvs_decode_info(const struct nlmsghdr *nlh, struct ipvs_table *table);
int ipvs_decode_service(const struct nlmsghdr *nlh, struct ipvs_service *service);
int ipvs_decode_backend(const struct nlmsghdr *nlh, struct ipvs_backend *backend);
int ipvs_decode_timeouts(const struct nlmsghdr *nlh, struct ipvs_timeouts *timeouts);
int ipvs_decode_daemon(const struct nlmsghdr *nlh, struct ipvs_daemon *daemon);

#endif
