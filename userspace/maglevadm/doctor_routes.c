// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the routing table says of VIPs and backends, as "ip route get" does, and who holds the VIPs.
 * Where it says no, all routes are read to find the one that forbids it.
 */
#include "doctor.h"

#include "err.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/time.h>

enum {
	ANSWER_BYTES = 64 * 1024,
	PATIENCE_S = 10,
};

struct asking {
	struct mnl_socket *socket;
	u32 seq;
	_Alignas(8) char buffer[ANSWER_BYTES];
};

static u32 read_u32(const struct nlattr *attribute)
{
	return mnl_attr_get_payload_len(attribute) == sizeof(u32) ? mnl_attr_get_u32(attribute) : 0;
}

static void read_addr(struct maglev_lib_addr *addr, const struct nlattr *attribute)
{
	u16 len = mnl_attr_get_payload_len(attribute);

	if (len != MAGLEV_IPV4_BYTES && len != MAGLEV_IPV6_BYTES)
		return;
	addr->len = len;
	memcpy(addr->byte, mnl_attr_get_payload(attribute), len);
}

static struct nlmsghdr *begin(struct asking *asking, u16 type, u16 flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(asking->buffer);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++asking->seq;
	return nlh;
}

/* Return: 0 or an errno. */
static int exchange(struct asking *asking, const struct nlmsghdr *nlh, mnl_cb_t take, void *ctx)
{
	bool is_dump = nlh->nlmsg_flags & NLM_F_DUMP;
	int result = MNL_CB_OK;
	ssize_t len;

	if (mnl_socket_sendto(asking->socket, nlh, nlh->nlmsg_len) < 0)
		return errno;
	do {
		len = mnl_socket_recvfrom(asking->socket, asking->buffer, sizeof(asking->buffer));
		if (len <= 0)
			return len ? errno : EPIPE;
		result = mnl_cb_run(asking->buffer, len, asking->seq,
				    mnl_socket_get_portid(asking->socket), take, ctx);
	} while (result == MNL_CB_OK && is_dump);
	return result < 0 ? errno : 0;
}

static int take_metric(const struct nlattr *attribute, void *ctx)
{
	struct doctor_route *route = ctx;

	if (mnl_attr_get_type(attribute) == RTAX_MTU)
		route->mtu = read_u32(attribute);
	return MNL_CB_OK;
}

static int take_attribute(const struct nlattr *attribute, void *ctx)
{
	struct doctor_route *route = ctx;

	switch (mnl_attr_get_type(attribute)) {
	case RTA_OIF:
		route->device = read_u32(attribute);
		break;
	case RTA_GATEWAY:
		read_addr(&route->gateway, attribute);
		break;
	case RTA_PREFSRC:
		read_addr(&route->source, attribute);
		break;
	case RTA_METRICS:
		mnl_attr_parse_nested(attribute, take_metric, route);
		break;
	}
	return MNL_CB_OK;
}

static int take_route(const struct nlmsghdr *nlh, void *ctx)
{
	const struct rtmsg *message = mnl_nlmsg_get_payload(nlh);
	struct doctor_route *route = ctx;

	if (nlh->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(nlh) < sizeof(*message))
		return MNL_CB_OK;
	route->is_local = message->rtm_type == RTN_LOCAL;
	/* For IPv6 they come as routes. */
	if (message->rtm_type == RTN_BLACKHOLE)
		route->error = EINVAL;
	else if (message->rtm_type == RTN_PROHIBIT)
		route->error = EACCES;
	else if (message->rtm_type == RTN_UNREACHABLE)
		route->error = EHOSTUNREACH;
	return mnl_attr_parse(nlh, sizeof(*message), take_attribute, ctx);
}

/* The longest that covers an address and forbids it. */
struct stop {
	const struct maglev_lib_addr *addr;
	struct doctor_route *route;
};

static bool covers(const struct maglev_lib_addr *prefix, u32 len,
		   const struct maglev_lib_addr *addr)
{
	u32 whole = len / 8, bits = len % 8;
	u8 mask = 0xff00 >> bits;

	if (len > addr->len * 8 || memcmp(prefix->byte, addr->byte, whole))
		return false;
	return !bits || !((prefix->byte[whole] ^ addr->byte[whole]) & mask);
}

struct prefix {
	struct maglev_lib_addr to;
	u32 table;
};

static int take_prefix(const struct nlattr *attribute, void *ctx)
{
	struct prefix *prefix = ctx;

	if (mnl_attr_get_type(attribute) == RTA_DST)
		read_addr(&prefix->to, attribute);
	else if (mnl_attr_get_type(attribute) == RTA_TABLE)
		prefix->table = read_u32(attribute);
	return MNL_CB_OK;
}

static int take_stop(const struct nlmsghdr *nlh, void *ctx)
{
	const struct rtmsg *message = mnl_nlmsg_get_payload(nlh);
	const struct stop *stop = ctx;
	struct doctor_route *route = stop->route;
	struct prefix prefix = {};

	if (nlh->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(nlh) < sizeof(*message))
		return MNL_CB_OK;
	if (message->rtm_type != RTN_BLACKHOLE && message->rtm_type != RTN_UNREACHABLE &&
	    message->rtm_type != RTN_PROHIBIT)
		return MNL_CB_OK;
	prefix.table = message->rtm_table;
	prefix.to.len = stop->addr->len;
	mnl_attr_parse(nlh, sizeof(*message), take_prefix, &prefix);
	if (prefix.to.len != stop->addr->len ||
	    !covers(&prefix.to, message->rtm_dst_len, stop->addr) ||
	    (route->stop_type && message->rtm_dst_len < route->stop_len))
		return MNL_CB_OK;
	route->stop_type = message->rtm_type;
	route->stop_len = message->rtm_dst_len;
	route->stop_table = prefix.table;
	route->stop = prefix.to;
	return MNL_CB_OK;
}

static u8 family_of(const struct maglev_lib_addr *addr)
{
	return addr->len == MAGLEV_IPV6_BYTES ? AF_INET6 : AF_INET;
}

static void find_stop(struct asking *asking, const struct maglev_lib_addr *to,
		      struct doctor_route *route)
{
	struct nlmsghdr *nlh = begin(asking, RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg *message = mnl_nlmsg_put_extra_header(nlh, sizeof(*message));
	struct stop stop = { .addr = to, .route = route };

	message->rtm_family = family_of(to);
	exchange(asking, nlh, take_stop, &stop);
}

static void ask_route(struct asking *asking, const struct doctor_patient *patient,
		      const struct maglev_lib_addr *to, struct doctor_route *route)
{
	struct nlmsghdr *nlh = begin(asking, RTM_GETROUTE, 0);
	struct rtmsg *message = mnl_nlmsg_put_extra_header(nlh, sizeof(*message));
	const struct doctor_device *device;
	int err;

	memset(route, 0, sizeof(*route));
	message->rtm_family = family_of(to);
	message->rtm_dst_len = to->len * 8;
	mnl_attr_put(nlh, RTA_DST, to->len, to->byte);
	err = exchange(asking, nlh, take_route, route);
	route->is_asked = true;
	if (err)
		route->error = err;
	device = doctor_device(patient, route->device);
	if (!route->mtu && device)
		route->mtu = device->mtu;
	if (route->error)
		find_stop(asking, to, route);
}

/* Which device has an address. */
struct holding {
	const struct maglev_lib_addr *addr;
	u32 device;
	struct maglev_lib_addr found; /* of the message that is read */
};

static int take_address(const struct nlattr *attribute, void *ctx)
{
	struct holding *holding = ctx;
	u16 type = mnl_attr_get_type(attribute);

	/* The peer's stands in IFA_ADDRESS, if there is one. */
	if (type == IFA_LOCAL || (type == IFA_ADDRESS && !holding->found.len))
		read_addr(&holding->found, attribute);
	return MNL_CB_OK;
}

static int take_holder(const struct nlmsghdr *nlh, void *ctx)
{
	const struct ifaddrmsg *message = mnl_nlmsg_get_payload(nlh);
	struct holding *holding = ctx;

	if (nlh->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(nlh) < sizeof(*message))
		return MNL_CB_OK;
	holding->found.len = 0;
	mnl_attr_parse(nlh, sizeof(*message), take_address, holding);
	if (holding->found.len == holding->addr->len &&
	    !memcmp(holding->found.byte, holding->addr->byte, holding->found.len))
		holding->device = message->ifa_index;
	return MNL_CB_OK;
}

static u32 ask_holder(struct asking *asking, const struct maglev_lib_addr *addr)
{
	struct nlmsghdr *nlh = begin(asking, RTM_GETADDR, NLM_F_DUMP);
	struct ifaddrmsg *message = mnl_nlmsg_put_extra_header(nlh, sizeof(*message));
	struct holding holding = { .addr = addr };

	message->ifa_family = family_of(addr);
	exchange(asking, nlh, take_holder, &holding);
	return holding.device;
}

static void ask_service(struct asking *asking, const struct doctor_patient *patient,
			struct doctor_service *service)
{
	struct doctor_backend *backend;
	size_t i;

	if (!service->key.fwmark && service->key.addr.len) {
		ask_route(asking, patient, &service->key.addr, &service->route);
		service->holder = ask_holder(asking, &service->key.addr);
	}
	for (i = 0; i < service->n; i++) {
		backend = &service->backend[i];
		ask_route(asking, patient, &backend->addr, &backend->route);
		if (backend->route.mtu > doctor_overhead(backend))
			backend->inner_mtu = backend->route.mtu - doctor_overhead(backend);
	}
}

int doctor_read_routes(struct doctor_patient *patient)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	struct asking asking = { .seq = 0 };
	int status = STATUS_DONE;
	size_t i;

	asking.socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!asking.socket)
		return err_fail("rtnetlink", errno);
	setsockopt(mnl_socket_get_fd(asking.socket), SOL_SOCKET, SO_RCVTIMEO, &patience,
		   sizeof(patience));
	if (mnl_socket_bind(asking.socket, 0, MNL_SOCKET_AUTOPID))
		status = err_fail("rtnetlink", errno);
	for (i = 0; !status && i < patient->n; i++)
		ask_service(&asking, patient, &patient->service[i]);
	mnl_socket_close(asking.socket);
	return status;
}
