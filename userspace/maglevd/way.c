// SPDX-License-Identifier: GPL-2.0-only
/* As "ip route get" does. */
#include "way.h"

#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

enum {
	ANSWER_BYTES = 8192,
};

struct answer {
	struct way *way;
	u32 addr_len;
	u32 interface;
};

static int take_attribute(const struct nlattr *attribute, void *ctx)
{
	struct answer *answer = ctx;
	u16 len = mnl_attr_get_payload_len(attribute);

	if (mnl_attr_get_type(attribute) == RTA_OIF && len == sizeof(u32))
		answer->interface = mnl_attr_get_u32(attribute);
	if (mnl_attr_get_type(attribute) == RTA_PREFSRC && len == answer->addr_len) {
		answer->way->source.len = len;
		memcpy(answer->way->source.byte, mnl_attr_get_payload(attribute), len);
	}
	return MNL_CB_OK;
}

static int take_route(const struct nlmsghdr *nlh, void *ctx)
{
	return mnl_attr_parse(nlh, sizeof(struct rtmsg), take_attribute, ctx);
}

static u32 read_mtu(int fd, u32 interface)
{
	struct ifreq request = {};

	if (!if_indextoname(interface, request.ifr_name) || ioctl(fd, SIOCGIFMTU, &request))
		return 0;
	return request.ifr_mtu;
}

/* Return: the interface that it goes to; 0: none. */
static u32 ask(struct mnl_socket *socket, const struct maglev_lib_addr *to, struct way *way)
{
	_Alignas(8) char buffer[ANSWER_BYTES];
	struct answer answer = { .way = way, .addr_len = to->len };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct rtmsg *route;
	ssize_t len;

	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = time(NULL);
	route = mnl_nlmsg_put_extra_header(nlh, sizeof(*route));
	route->rtm_family = to->len == MAGLEV_IPV6_BYTES ? AF_INET6 : AF_INET;
	route->rtm_dst_len = to->len * 8;
	mnl_attr_put(nlh, RTA_DST, to->len, to->byte);
	if (mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		return 0;
	len = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
	if (len <= 0 || mnl_cb_run(buffer, len, 0, 0, take_route, &answer) < 0)
		return 0;
	way->mtu = read_mtu(mnl_socket_get_fd(socket), answer.interface);
	return answer.interface;
}

static struct maglev_lib_addr read_address(const struct sockaddr *from)
{
	const struct sockaddr_in6 *in6 = (const void *)from;
	const struct sockaddr_in *in = (const void *)from;
	struct maglev_lib_addr addr = {};

	if (from && from->sa_family == AF_INET) {
		addr.len = sizeof(in->sin_addr);
		memcpy(addr.byte, &in->sin_addr, addr.len);
	} else if (from && from->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr)) {
		addr.len = sizeof(in6->sin6_addr);
		memcpy(addr.byte, &in6->sin6_addr, addr.len);
	}
	return addr;
}

/* The first address of the interface that is of the VIP's family, and not the VIP. */
static struct maglev_lib_addr find_address(u32 interface, const struct maglev_lib_addr *vip)
{
	struct maglev_lib_addr addr = {};
	struct ifaddrs *all, *one;
	char name[IF_NAMESIZE];

	if (!if_indextoname(interface, name) || getifaddrs(&all))
		return addr;
	for (one = all; one; one = one->ifa_next) {
		if (strcmp(one->ifa_name, name))
			continue;
		addr = read_address(one->ifa_addr);
		if (addr.len == vip->len && memcmp(addr.byte, vip->byte, addr.len))
			break;
	}
	freeifaddrs(all);
	return one ? addr : (struct maglev_lib_addr){};
}

struct way way_towards(const struct maglev_lib_addr *to, const struct maglev_lib_addr *vip)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	struct way way = {};
	u32 interface = 0;

	if (!socket)
		return way;
	if (!mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID))
		interface = ask(socket, to, &way);
	mnl_socket_close(socket);
	if (to->len != vip->len)
		way.source = find_address(interface, vip);
	return way;
}
