// SPDX-License-Identifier: GPL-2.0-only
/* By rtnetlink. Another's route is never touched: what is deleted must have our protocol number. */
#include "routes.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
	BUFFER_BYTES = 32 * 1024, /* the kernel's dumps come in no more */
	REQUEST_BYTES = 256,
	PATIENCE_S = 10,
	BITS = 8,
};

struct routes {
	struct mnl_socket *socket;
	u32 sequence;
	u32 loopback;
	_Alignas(8) char buffer[BUFFER_BYTES];
};

struct listing {
	const struct routes *routes;
	routes_row *row;
	void *ctx;
	int result;
};

struct routes *routes_open(void)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	struct routes *routes = calloc(1, sizeof(*routes));
	int yes = 1;

	if (!routes)
		return NULL;
	routes->loopback = if_nametoindex("lo");
	routes->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!routes->loopback || !routes->socket ||
	    mnl_socket_bind(routes->socket, 0, MNL_SOCKET_AUTOPID) ||
	    setsockopt(mnl_socket_get_fd(routes->socket), SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience))) {
		routes_close(routes);
		return NULL;
	}
	/* The kernel then lists what is asked for alone; one that cannot is filtered here. */
	mnl_socket_setsockopt(routes->socket, NETLINK_GET_STRICT_CHK, &yes, sizeof(yes));
	return routes;
}

void routes_close(struct routes *routes)
{
	if (routes && routes->socket)
		mnl_socket_close(routes->socket);
	free(routes);
}

static struct nlmsghdr *begin(struct routes *routes, char *request, u16 type, u16 flags, u8 family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);
	struct rtmsg *route;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++routes->sequence;
	route = mnl_nlmsg_put_extra_header(nlh, sizeof(*route));
	route->rtm_family = family;
	route->rtm_protocol = ROUTES_PROTOCOL;
	return nlh;
}

/* Return: 0, what @take made of it, or -errno. */
static int exchange(struct routes *routes, const struct nlmsghdr *nlh, mnl_cb_t take, void *ctx)
{
	u32 port = mnl_socket_get_portid(routes->socket);
	ssize_t len;
	int more;

	if (mnl_socket_sendto(routes->socket, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		do
			len = mnl_socket_recvfrom(routes->socket, routes->buffer,
						  sizeof(routes->buffer));
		while (len < 0 && errno == EINTR);
		if (len < 0)
			return -errno;
		more = mnl_cb_run(routes->buffer, len, nlh->nlmsg_seq, port, take, ctx);
		/* An answer to what was given up on before has another number. */
		if (more < 0 && errno == EPROTO)
			more = MNL_CB_OK;
	} while (more > 0);
	return more ? -errno : 0;
}

static int take_attribute(const struct nlattr *attribute, void *ctx)
{
	const struct nlattr **attributes = ctx;

	if (mnl_attr_get_type(attribute) <= RTA_MAX)
		attributes[mnl_attr_get_type(attribute)] = attribute;
	return MNL_CB_OK;
}

static bool has_bytes(const struct nlattr *attribute, size_t len)
{
	return attribute && mnl_attr_get_payload_len(attribute) == len;
}

static int take_route(const struct nlmsghdr *nlh, void *ctx)
{
	const struct nlattr *attributes[RTA_MAX + 1] = {};
	const struct rtmsg *route = mnl_nlmsg_get_payload(nlh);
	struct maglev_lib_addr vip = {};
	struct listing *listing = ctx;
	u32 table;

	if (nlh->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(nlh) < sizeof(*route))
		return MNL_CB_OK;
	mnl_attr_parse(nlh, sizeof(*route), take_attribute, attributes);
	vip.len = route->rtm_family == AF_INET6 ? MAGLEV_IPV6_BYTES : MAGLEV_IPV4_BYTES;
	if (route->rtm_protocol != ROUTES_PROTOCOL || route->rtm_type != RTN_UNICAST ||
	    route->rtm_dst_len != vip.len * BITS || !has_bytes(attributes[RTA_DST], vip.len) ||
	    !has_bytes(attributes[RTA_OIF], sizeof(u32)) ||
	    mnl_attr_get_u32(attributes[RTA_OIF]) != listing->routes->loopback)
		return MNL_CB_OK;
	memcpy(vip.byte, mnl_attr_get_payload(attributes[RTA_DST]), vip.len);
	table = has_bytes(attributes[RTA_TABLE], sizeof(u32)) ?
			mnl_attr_get_u32(attributes[RTA_TABLE]) :
			route->rtm_table;
	/* The rest of the answer is read nevertheless. */
	if (!listing->result)
		listing->result = listing->row(listing->ctx, &vip, table);
	return MNL_CB_OK;
}

int routes_list(struct routes *routes, routes_row *row, void *ctx)
{
	struct listing listing = { .routes = routes, .row = row, .ctx = ctx };
	static const u8 families[] = { AF_INET, AF_INET6 };
	_Alignas(8) char request[REQUEST_BYTES];
	struct nlmsghdr *nlh;
	int err = 0;
	size_t i;

	for (i = 0; i < sizeof(families) && !err; i++) {
		nlh = begin(routes, request, RTM_GETROUTE, NLM_F_DUMP, families[i]);
		err = exchange(routes, nlh, take_route, &listing);
		/* Tables changed meanwhile, which large ones always do: ours, only we change. */
		if (err == -EINTR)
			err = 0;
	}
	return err ?: listing.result;
}

static int change(struct routes *routes, u16 type, u16 flags, const struct maglev_lib_addr *vip,
		  u32 table)
{
	bool v6 = vip->len == MAGLEV_IPV6_BYTES;
	_Alignas(8) char request[REQUEST_BYTES];
	struct nlmsghdr *nlh =
		begin(routes, request, type, NLM_F_ACK | flags, v6 ? AF_INET6 : AF_INET);
	struct rtmsg *route = mnl_nlmsg_get_payload(nlh);

	route->rtm_type = RTN_UNICAST;
	route->rtm_dst_len = vip->len * BITS;
	route->rtm_table = table <= UINT8_MAX ? table : RT_TABLE_UNSPEC;
	route->rtm_scope = v6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	mnl_attr_put(nlh, RTA_DST, vip->len, vip->byte);
	mnl_attr_put_u32(nlh, RTA_TABLE, table);
	mnl_attr_put_u32(nlh, RTA_OIF, routes->loopback);
	return exchange(routes, nlh, NULL, NULL);
}

int routes_add(struct routes *routes, const struct maglev_lib_addr *vip, u32 table)
{
	return change(routes, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, vip, table);
}

int routes_del(struct routes *routes, const struct maglev_lib_addr *vip, u32 table)
{
	int err = change(routes, RTM_DELROUTE, 0, vip, table);

	return err == -ESRCH || err == -ENOENT ? 0 : err;
}
