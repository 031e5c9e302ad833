// SPDX-License-Identifier: GPL-2.0-only
/* The interface that frames are sent through, and who is next on the way: asked of rtnetlink. */
#define _GNU_SOURCE
#include "frames.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>

enum {
	RESOLVE_MS = 5000,
	POLL_NS = 5000000,
	ANSWER_BYTES = 8192,
};

struct request {
	struct nlmsghdr head;
	union {
		struct rtmsg route;
		struct ndmsg neighbour;
	};
	u8 attributes[64];
};

static u32 address_len(const struct in6_addr *address)
{
	return is_ip4(address) ? 4 : 16;
}

static const void *address_bytes(const struct in6_addr *address)
{
	return &address->s6_addr[16 - address_len(address)];
}

/*
 * Bound to the interface, but to no protocol: it receives nothing. PACKET_QDISC_BYPASS is not for tests: with it, a frame
 * sent while the interface is being unregistered has the kernel divide by its queues, of which there are none any more
 * (packet_pick_tx_queue() and remove_queue_kobjects() of Linux 6.1).
 */
void link_open(struct link *link, const char *device)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET };
	struct ifreq request = { 0 };

	if (strlen(device) >= sizeof(request.ifr_name))
		die("interface %s: the name is too long", device);
	strcpy(request.ifr_name, device);
	link->name = device;
	link->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (link->fd < 0)
		die("interface %s: AF_PACKET socket: %m", device);
	if (ioctl(link->fd, SIOCGIFINDEX, &request))
		die("interface %s: %m", device);
	link->index = at.sll_ifindex = request.ifr_ifindex;
	if (ioctl(link->fd, SIOCGIFMTU, &request))
		die("interface %s: MTU: %m", device);
	link->mtu = request.ifr_mtu;
	if (ioctl(link->fd, SIOCGIFHWADDR, &request))
		die("interface %s: MAC: %m", device);
	if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER &&
	    request.ifr_hwaddr.sa_family != ARPHRD_LOOPBACK)
		die("interface %s: not an Ethernet", device);
	memcpy(link->mac, request.ifr_hwaddr.sa_data, MAC_BYTES);
	if (bind(link->fd, (struct sockaddr *)&at, sizeof(at)))
		die("interface %s: bind: %m", device);
}

static void request_init(struct request *request, u16 type, u16 flags, size_t len)
{
	memset(request, 0, sizeof(*request));
	request->head.nlmsg_type = type;
	request->head.nlmsg_flags = NLM_F_REQUEST | flags;
	request->head.nlmsg_len = NLMSG_LENGTH(len);
}

static void request_put(struct request *request, u16 type, const void *data, u32 len)
{
	u8 *end = (u8 *)request + NLMSG_ALIGN(request->head.nlmsg_len);
	struct rtattr head = { .rta_type = type, .rta_len = RTA_LENGTH(len) };

	memcpy(end, &head, sizeof(head));
	memcpy(end + RTA_LENGTH(0), data, len);
	request->head.nlmsg_len = NLMSG_ALIGN(request->head.nlmsg_len) + RTA_ALIGN(head.rta_len);
}

/* Return: 0 with @answer, or the errno the kernel answers. */
static int ask(int fd, const struct request *request, struct nlmsghdr *answer)
{
	const struct nlmsgerr *error = NLMSG_DATA(answer);
	ssize_t len;

	if (send(fd, request, request->head.nlmsg_len, 0) < 0)
		die("rtnetlink: send: %m");
	len = recv(fd, answer, ANSWER_BYTES, 0);
	if (len < 0 || !NLMSG_OK(answer, (size_t)len))
		die("rtnetlink: no whole answer");
	return answer->nlmsg_type == NLMSG_ERROR ? -error->error : 0;
}

/* Return: the attribute of that type and at least that long in a message, or NULL. */
static const void *find_attribute(struct nlmsghdr *answer, size_t header, u16 type, u32 len)
{
	struct rtattr *at = (struct rtattr *)((u8 *)NLMSG_DATA(answer) + NLMSG_ALIGN(header));
	int left = (int)answer->nlmsg_len - (int)NLMSG_SPACE(header);

	for (; RTA_OK(at, left); at = RTA_NEXT(at, left))
		if (at->rta_type == type && RTA_PAYLOAD(at) >= len)
			return RTA_DATA(at);
	return NULL;
}

/* find_next: who @dst is reached through; itself where it is on the link. */
static void find_next(int fd, const struct link *link, const struct in6_addr *dst,
		      struct in6_addr *next)
{
	union {
		struct nlmsghdr head;
		u8 bytes[ANSWER_BYTES];
	} answer;
	u32 len = address_len(dst);
	struct request request;
	char text[ADDRESS_CHARS];
	const void *gateway;
	int error;

	request_init(&request, RTM_GETROUTE, 0, sizeof(request.route));
	request.route.rtm_family = is_ip4(dst) ? AF_INET : AF_INET6;
	request.route.rtm_dst_len = len * 8;
	request_put(&request, RTA_DST, address_bytes(dst), len);
	request_put(&request, RTA_OIF, &link->index, sizeof(link->index));
	error = ask(fd, &request, &answer.head);
	if (error)
		die("--dst-mac auto: no route to %s through %s: %s", address_text(dst, text),
		    link->name, strerror(error));
	*next = *dst;
	gateway = find_attribute(&answer.head, sizeof(request.route), RTA_GATEWAY, len);
	if (gateway)
		memcpy(&next->s6_addr[16 - len], gateway, len);
}

/* ask_neighbour: the MAC in the kernel's table; or an entry for which the kernel asks the link. */
static bool ask_neighbour(int fd, const struct link *link, const struct in6_addr *next, bool use,
			  u8 mac[MAC_BYTES])
{
	union {
		struct nlmsghdr head;
		u8 bytes[ANSWER_BYTES];
	} answer;
	const struct ndmsg *neighbour = NLMSG_DATA(&answer.head);
	struct request request;
	const void *found;

	request_init(&request, use ? RTM_NEWNEIGH : RTM_GETNEIGH,
		     use ? NLM_F_CREATE | NLM_F_ACK : 0, sizeof(request.neighbour));
	request.neighbour.ndm_family = is_ip4(next) ? AF_INET : AF_INET6;
	request.neighbour.ndm_ifindex = link->index;
	request.neighbour.ndm_flags = use ? NTF_USE : 0;
	request_put(&request, NDA_DST, address_bytes(next), address_len(next));
	if (ask(fd, &request, &answer.head) || use)
		return false;
	if (neighbour->ndm_state & (NUD_NONE | NUD_INCOMPLETE | NUD_FAILED))
		return false;
	found = find_attribute(&answer.head, sizeof(*neighbour), NDA_LLADDR, MAC_BYTES);
	if (found)
		memcpy(mac, found, MAC_BYTES);
	return found;
}

void link_resolve(const struct link *link, const struct in6_addr *dst, struct mac *mac)
{
	struct timespec pause = { .tv_nsec = POLL_NS };
	u64 end = now_ns() + RESOLVE_MS * 1000000ULL;
	char text[ADDRESS_CHARS];
	struct in6_addr next;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		die("rtnetlink: %m");
	find_next(fd, link, dst, &next);
	mac->known = ask_neighbour(fd, link, &next, false, mac->bytes);
	while (!mac->known) {
		if (frames_stopped || now_ns() > end)
			die("--dst-mac auto: %s: nobody answers on %s", address_text(&next, text),
			    link->name);
		ask_neighbour(fd, link, &next, true, NULL);
		nanosleep(&pause, NULL);
		mac->known = ask_neighbour(fd, link, &next, false, mac->bytes);
	}
	close(fd);
}

/* link_dropped: what the interface could not hand on; procfs, as sysfs may be another namespace's. */
u64 link_dropped(const struct link *link)
{
	FILE *file = fopen("/proc/self/net/dev", "re");
	unsigned long long dropped = 0;
	char line[512], name[64];

	if (!file)
		die("/proc/self/net/dev: %m");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " %63[^:]:", name) == 1 && !strcmp(name, link->name) &&
		    sscanf(strchr(line, ':') + 1,
			   "%*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %llu", &dropped) == 1)
			break;
	fclose(file);
	return dropped;
}
