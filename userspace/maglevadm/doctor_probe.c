// SPDX-License-Identifier: GPL-2.0-only
/*
 * Echo requests of any size, and connections, through a tunnel by the mark of its backend or as they
 * are. One raw socket of each family hears all answers, and errors about our outer packets.
 */
#define _GNU_SOURCE /* struct icmp6_filter, SO_MARK */
#include "doctor_probe.h"

#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	HOPS = 2, /* the tunnel takes one, the backend's own stack the other */
	HOPS_OUTSIDE = 64,
	IP_WORD_BYTES = 4,
	ICMP_BYTES = 8,
	GRE = 47,
};

union end {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static bool is_v6(const struct maglev_lib_addr *addr)
{
	return addr->len == MAGLEV_IPV6_BYTES;
}

static bool is_same(const struct maglev_lib_addr *a, const struct maglev_lib_addr *b)
{
	return a->len == b->len && !memcmp(a->byte, b->byte, a->len);
}

static socklen_t set_end(union end *end, const struct maglev_lib_addr *addr, __be16 port)
{
	memset(end, 0, sizeof(*end));
	if (is_v6(addr)) {
		end->in6.sin6_family = AF_INET6;
		end->in6.sin6_port = port;
		memcpy(&end->in6.sin6_addr, addr->byte, addr->len);
		return sizeof(end->in6);
	}
	end->in.sin_family = AF_INET;
	end->in.sin_port = port;
	memcpy(&end->in.sin_addr, addr->byte, addr->len);
	return sizeof(end->in);
}

void doctor_probe_listen(struct doctor_probes *probes)
{
	struct icmp_filter filter4 = { .data = ~(1U << ICMP_ECHOREPLY | 1U << ICMP_DEST_UNREACH |
						 1U << ICMP_TIME_EXCEEDED) };
	struct icmp6_filter filter6;

	probes->ear[0] = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP);
	probes->ear[1] = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
	if (probes->ear[0] >= 0)
		setsockopt(probes->ear[0], SOL_RAW, ICMP_FILTER, &filter4, sizeof(filter4));
	ICMP6_FILTER_SETBLOCKALL(&filter6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter6);
	ICMP6_FILTER_SETPASS(ICMP6_DST_UNREACH, &filter6);
	ICMP6_FILTER_SETPASS(ICMP6_TIME_EXCEEDED, &filter6);
	ICMP6_FILTER_SETPASS(ICMP6_PARAM_PROB, &filter6);
	if (probes->ear[1] >= 0)
		setsockopt(probes->ear[1], IPPROTO_ICMPV6, ICMP6_FILTER, &filter6, sizeof(filter6));
}

/* Never in fragments; what is known of the way does not count, as it is what we ask. */
static bool set_socket(int fd, const struct doctor_probe *probe)
{
	const struct maglev_lib_addr *source = &probe->backend->route.source;
	int hops = probe->mark ? HOPS : HOPS_OUTSIDE, discover = IP_PMTUDISC_PROBE;
	socklen_t len;
	union end end;

	if (probe->mark && setsockopt(fd, SOL_SOCKET, SO_MARK, &probe->mark, sizeof(probe->mark)))
		return false;
	if (is_v6(&probe->to)) {
		discover = IPV6_PMTUDISC_PROBE;
		setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof(hops));
		setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &discover, sizeof(discover));
	} else {
		setsockopt(fd, IPPROTO_IP, IP_TTL, &hops, sizeof(hops));
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover));
	}
	/* The VIP is our own: without this a probe would be from the VIP to the VIP. */
	if (!probe->mark || source->len != probe->to.len)
		return true;
	len = set_end(&end, source, 0);
	return !bind(fd, &end.any, len);
}

static u16 sum(const u8 *at, size_t len)
{
	u32 total = 0;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		total += at[i] << 8 | at[i + 1];
	if (len % 2)
		total += at[len - 1] << 8;
	total = (total & 0xffff) + (total >> 16);
	return ~(total + (total >> 16));
}

static size_t header_bytes(const struct doctor_probe *probe)
{
	return is_v6(&probe->to) ? sizeof(struct ip6_hdr) : sizeof(struct iphdr);
}

void doctor_probe_echo(const struct doctor_probes *probes, struct doctor_probe *probe)
{
	u8 packet[PROBE_BYTES] = { is_v6(&probe->to) ? ICMP6_ECHO_REQUEST : ICMP_ECHO };
	size_t len = 2 * ICMP_BYTES;
	socklen_t end_len;
	union end end;
	u16 check;
	int fd;

	if (probe->bytes > header_bytes(probe) + len && probe->bytes <= PROBE_BYTES)
		len = probe->bytes - header_bytes(probe);
	packet[4] = probes->id >> 8;
	packet[5] = probes->id & 0xff;
	packet[6] = probe->sequence >> 8;
	packet[7] = probe->sequence & 0xff;
	/* The kernel does this for IPv6, whose sum covers addresses. */
	check = is_v6(&probe->to) ? 0 : sum(packet, len);
	packet[2] = check >> 8;
	packet[3] = check & 0xff;
	fd = socket(is_v6(&probe->to) ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC,
		    is_v6(&probe->to) ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	if (fd < 0)
		return;
	end_len = set_end(&end, &probe->to, 0);
	if (!set_socket(fd, probe))
		probe->answer = DOCTOR_UNASKED;
	else
		sendto(fd, packet, len, 0, &end.any, end_len);
	close(fd);
}

/* Those of TCP go with a reset; of UDP, an empty datagram is asked for a refusal only. */
void doctor_probe_connect(struct doctor_probe *probe)
{
	bool is_tcp = probe->service->key.protocol == IPPROTO_TCP;
	struct linger linger = { .l_onoff = 1 };
	socklen_t len;
	union end end;

	probe->fd = socket(is_v6(&probe->to) ? AF_INET6 : AF_INET,
			   (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	len = set_end(&end, &probe->to, probe->service->key.port);
	if (is_tcp && probe->fd >= 0)
		setsockopt(probe->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	if (probe->fd >= 0 && set_socket(probe->fd, probe) &&
	    (!connect(probe->fd, &end.any, len) || errno == EINPROGRESS)) {
		if (!is_tcp)
			send(probe->fd, "", 0, 0);
		return;
	}
	probe->answer = DOCTOR_UNASKED;
	if (probe->fd >= 0)
		close(probe->fd);
	probe->fd = -1;
}

static struct doctor_probe *find_probe(const struct doctor_probes *probes, u16 id, u16 sequence)
{
	return id == probes->id && sequence < probes->n ? &probes->at[sequence] : NULL;
}

static u16 read_u16(const u8 *at)
{
	return at[0] << 8 | at[1];
}

/* Cut an IP header off. Return: the protocol behind it; -1 if there is no whole one. */
static int cut_header(const u8 **at, size_t *len, struct maglev_lib_addr *from,
		      struct maglev_lib_addr *to)
{
	size_t header, addr_at;
	int protocol;

	if (!*len)
		return -1;
	if (**at >> 4 == 4) {
		header = (size_t)(**at & 0xf) * IP_WORD_BYTES;
		if (header < sizeof(struct iphdr) || *len < header)
			return -1;
		protocol = (*at)[9];
		from->len = to->len = MAGLEV_IPV4_BYTES;
		addr_at = 12;
	} else {
		header = sizeof(struct ip6_hdr);
		if (*len < header)
			return -1;
		protocol = (*at)[6];
		from->len = to->len = MAGLEV_IPV6_BYTES;
		addr_at = 8;
	}
	memcpy(from->byte, *at + addr_at, from->len);
	memcpy(to->byte, *at + addr_at + from->len, to->len);
	*at += header;
	*len -= header;
	return protocol;
}

/* An error about an outer packet of ours, or about an echo that came out of its tunnel. */
static void take_error(struct doctor_probes *probes, const u8 *at, size_t len,
		       const struct maglev_lib_addr *from, u8 type, u8 code)
{
	struct maglev_lib_addr source, to;
	int protocol = cut_header(&at, &len, &source, &to);
	struct doctor_probe *probe;
	size_t i;

	if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6) {
		probe = len >= ICMP_BYTES ? find_probe(probes, read_u16(at + 4), read_u16(at + 6)) :
					    NULL;
		if (probe && probe->answer == DOCTOR_SILENT)
			probe->answer = DOCTOR_UNREACHABLE;
		return;
	}
	if (protocol != GRE && protocol != IPPROTO_IPIP && protocol != IPPROTO_IPV6)
		return;
	for (i = 0; i < probes->n; i++) {
		if (!is_same(&probes->at[i].backend->addr, &to))
			continue;
		probes->at[i].backend->trouble = (struct doctor_trouble){
			.is_told = true, .type = type, .code = code, .from = *from
		};
	}
}

static void take_packet(struct doctor_probes *probes, const u8 *at, size_t len,
			const struct maglev_lib_addr *from)
{
	bool is_6 = is_v6(from);
	struct doctor_probe *probe;

	if (len < ICMP_BYTES)
		return;
	if (at[0] != (is_6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY)) {
		take_error(probes, at + ICMP_BYTES, len - ICMP_BYTES, from, at[0], at[1]);
		return;
	}
	probe = find_probe(probes, read_u16(at + 4), read_u16(at + 6));
	if (probe && probe->question != DOCTOR_CONNECT && is_same(from, &probe->to))
		probe->answer = DOCTOR_ANSWERED;
}

void doctor_probe_hear(struct doctor_probes *probes, unsigned int ear)
{
	struct maglev_lib_addr from = { .len = MAGLEV_IPV6_BYTES }, to;
	u8 packet[4 * PROBE_BYTES];
	socklen_t end_len;
	const u8 *at;
	union end end;
	ssize_t got;
	size_t len;

	for (;;) {
		end_len = sizeof(end);
		got = recvfrom(probes->ear[ear], packet, sizeof(packet), 0, &end.any, &end_len);
		if (got < 0)
			return;
		at = packet;
		len = got;
		if (ear)
			memcpy(from.byte, &end.in6.sin6_addr, sizeof(end.in6.sin6_addr));
		else if (cut_header(&at, &len, &from, &to) != IPPROTO_ICMP)
			continue;
		take_packet(probes, at, len, &from);
	}
}

void doctor_probe_end(struct doctor_probe *probe)
{
	bool is_tcp = probe->service->key.protocol == IPPROTO_TCP;
	socklen_t len = sizeof(int);
	int error = 0;

	getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error == ECONNREFUSED)
		probe->answer = DOCTOR_REFUSED;
	else if (error == EHOSTUNREACH || error == ENETUNREACH || error == ENOPROTOOPT)
		probe->answer = DOCTOR_UNREACHABLE;
	else if (!error)
		probe->answer = is_tcp || recv(probe->fd, &error, sizeof(error), 0) >= 0 ?
					DOCTOR_ANSWERED :
					DOCTOR_SILENT;
	close(probe->fd);
	probe->fd = -1;
}

bool doctor_probe_is_open(const struct doctor_probes *probes, const struct doctor_probe *probe)
{
	if (probe->question == DOCTOR_CONNECT)
		return probe->fd >= 0;
	return probe->answer == DOCTOR_SILENT && probes->ear[is_v6(&probe->to)] >= 0;
}
