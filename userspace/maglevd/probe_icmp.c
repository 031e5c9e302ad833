// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does it answer an echo request? RFC 792, RFC 4443. Ping sockets where net.ipv4.ping_group_range
 * lets us, else raw ones; both are connected, so that the kernel passes on what comes from there
 * only. A ping socket's ID is its port: the kernel writes and matches it.
 */
#include "probe_kind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

enum {
	SEQUENCE = 1,
	IP_WORD_BYTES = 4,
};

/* The same for ICMP and ICMPv6: type, code, checksum, ID, sequence, data (RFC 792, p. 14). */
struct echo {
	u8 type;
	u8 code;
	u16 checksum;
	u16 id;
	u16 sequence;
	u8 cookie[PROBE_COOKIE_BYTES];
};

static_assert(sizeof(struct echo) == 16, "an echo has no holes");

static u16 sum(const struct echo *echo)
{
	u16 words[sizeof(*echo) / sizeof(u16)];
	u32 total = 0;
	size_t i;

	memcpy(words, echo, sizeof(words));
	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		total += words[i];
	total = (total & 0xffff) + (total >> 16);
	return ~(total + (total >> 16));
}

/* IPv4 gives a raw socket the IP header too. */
static bool read_echo(const struct probe *probe, const u8 *at, size_t len, struct echo *echo)
{
	size_t skip = 0;

	if (probe->echo.raw && !probe_is_v6(probe)) {
		if (len < sizeof(struct iphdr))
			return false;
		skip = (at[0] & 0xf) * IP_WORD_BYTES;
	}
	if (len < skip + sizeof(*echo))
		return false;
	memcpy(echo, at + skip, sizeof(*echo));
	return true;
}

static bool is_ours(const struct probe *probe, const struct echo *echo)
{
	u8 reply = probe_is_v6(probe) ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY;

	return echo->type == reply && ntohs(echo->sequence) == SEQUENCE &&
	       (!probe->echo.raw || ntohs(echo->id) == probe->echo.id) &&
	       !memcmp(echo->cookie, probe->echo.cookie, sizeof(echo->cookie));
}

static void on_answer(struct ev_loop *loop, ev_io *io, int revents)
{
	struct probe *probe = io->data;
	char *scratch = probe->prober->scratch;
	ssize_t n = recv(probe->fd, scratch, sizeof(probe->prober->scratch), 0);
	struct echo echo;

	(void)loop;
	(void)revents;
	if (n < 0 && errno != EAGAIN)
		probe_end_errno(probe, "answer", errno);
	else if (n >= 0 && read_echo(probe, (const u8 *)scratch, n, &echo) && is_ours(probe, &echo))
		probe_end(probe, PROBE_PASS, "passed");
}

/* Raw sockets see all that its sender sends: the rest is not worth waking up for. */
static bool set_filter(struct probe *probe)
{
	struct icmp_filter filter4 = { .data = ~(1U << ICMP_ECHOREPLY) };
	struct icmp6_filter filter6;
	int err;

	ICMP6_FILTER_SETBLOCKALL(&filter6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter6);
	if (probe_is_v6(probe))
		err = setsockopt(probe->fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter6,
				 sizeof(filter6));
	else
		err = setsockopt(probe->fd, SOL_RAW, ICMP_FILTER, &filter4, sizeof(filter4));
	if (err)
		probe_end_errno(probe, "filter", errno);
	return !err;
}

static bool open_echo(struct probe *probe)
{
	int protocol = probe_is_v6(probe) ? IPPROTO_ICMPV6 : IPPROTO_ICMP;

	if (probe_socket(probe, SOCK_DGRAM, protocol))
		return probe_setup(probe, SOCK_DGRAM);
	if (errno != EACCES && errno != EPROTONOSUPPORT) {
		probe_end_errno(probe, "socket", errno);
		return false;
	}
	probe->echo.raw = true;
	return probe_open(probe, SOCK_RAW, protocol) && set_filter(probe);
}

static bool send_echo(struct probe *probe)
{
	struct echo echo = {
		.type = probe_is_v6(probe) ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
		.id = htons(probe->echo.id),
		.sequence = htons(SEQUENCE),
	};

	memcpy(echo.cookie, probe->echo.cookie, sizeof(echo.cookie));
	/* The kernel does this for ping sockets and IPv6, whose sum covers addresses. */
	if (!probe_is_v6(probe))
		echo.checksum = sum(&echo);
	if (send(probe->fd, &echo, sizeof(echo), 0) == sizeof(echo))
		return true;
	probe_end_errno(probe, "send", errno);
	return false;
}

static void start_icmp(struct probe *probe)
{
	struct probe_echo *echo = &probe->echo;

	if (getrandom(&echo->id, sizeof(echo->id), 0) < 0 ||
	    getrandom(echo->cookie, sizeof(echo->cookie), 0) < 0) {
		probe_end_errno(probe, "random", errno);
		return;
	}
	/* A raw socket's port would be its protocol. */
	probe->target.port = 0;
	if (!open_echo(probe) || !probe_connect(probe))
		return;
	probe->doing = "answer";
	if (send_echo(probe))
		probe_watch(probe, probe->fd, EV_READ, on_answer);
}

const struct probe_kind probe_icmp = {
	.start = start_icmp,
};
