// SPDX-License-Identifier: GPL-2.0-only
/*
 * Through a tunnel packets are no larger than it takes here, as those of clients who have been told
 * so. For checks of full size they are that large, and never in fragments: an MTU too small on the
 * way stops them. Nobody tells us about that, as clients would be: the VIP is one, backends are many,
 * and what is too large for one would be kept from all. Otherwise there may be fragments.
 */
#include "probe_kind.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <sys/socket.h>

enum {
	/* Of clients: that of Ethernet. */
	PACKET_BYTES = 1500,
	PACKET_LEAST = 576,
	/* What is there beside the padding does not matter: whole segments leave anyway. */
	SEGMENTS = 2,
	/* Servers take 8 KiB of one header line and 16 KiB in all, or more. */
	REQUEST_MAX = 12 * 1024,
};

static bool set_discovery(const struct probe *probe, int type)
{
	int discover4 = !probe->check->full_size ? IP_PMTUDISC_DONT :
			type == SOCK_STREAM	 ? IP_PMTUDISC_DO :
						   IP_PMTUDISC_PROBE;
	int discover6 = IPV6_PMTUDISC_INTERFACE;

	if (probe_is_v6(probe))
		return !setsockopt(probe->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &discover6,
				   sizeof(discover6));
	return !setsockopt(probe->fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover4, sizeof(discover4));
}

static size_t ip_bytes(const struct probe *probe)
{
	return probe_is_v6(probe) ? sizeof(struct ip6_hdr) : sizeof(struct iphdr);
}

/* What is less than any network's is no limit but a mistake. */
static bool set_segment(const struct probe *probe)
{
	int segment = probe->target.mtu - ip_bytes(probe) - sizeof(struct tcphdr);

	return probe->target.mtu < PACKET_LEAST ||
	       !setsockopt(probe->fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
}

bool probe_size_set(struct probe *probe, int type)
{
	if (set_discovery(probe, type) && (type != SOCK_STREAM || set_segment(probe)))
		return true;
	probe_end_errno(probe, "size", errno);
	return false;
}

u32 probe_size_segment(int fd)
{
	socklen_t len = sizeof(int);
	int segment;

	if (getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, &len))
		return 0;
	return segment;
}

size_t probe_size_request(u32 segment)
{
	size_t bytes = (size_t)segment * SEGMENTS;

	return bytes < REQUEST_MAX ? bytes : REQUEST_MAX;
}

size_t probe_size_datagram(const struct probe *probe)
{
	u32 mtu = probe->target.mtu < PACKET_LEAST ? PACKET_BYTES : probe->target.mtu;

	return (mtu < PACKET_BYTES ? mtu : PACKET_BYTES) - ip_bytes(probe) - sizeof(struct udphdr);
}
