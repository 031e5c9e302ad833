// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets of attempts. Those of TCP go with a reset: no TIME_WAIT, of which there would soon be
 * more than there are ports, and no FIN, which the backend need not answer.
 */
#define _GNU_SOURCE /* IP_BIND_ADDRESS_NO_PORT */
#include "probe_kind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

union end {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* What we have run out of. All other errors are the backend's, or those of the way to it. */
static const struct {
	int error;
	const char *text;
} wants[] = {
	{ EADDRNOTAVAIL, "no local port is left" },
	{ EADDRINUSE, "no local port is left" },
	{ EAGAIN, "no local port is left" }, /* of UDP's connect() */
	{ EMFILE, "no descriptor is left to this process (RLIMIT_NOFILE)" },
	{ ENFILE, "no descriptor is left on this host (fs.file-max)" },
	{ ENOBUFS, "no buffer is left" },
	{ ENOMEM, "no memory is left" },
	{ EPERM, "this host does not permit it" },
};

void probe_end_errno(struct probe *probe, const char *what, int error)
{
	size_t i;

	for (i = 0; i < sizeof(wants) / sizeof(*wants); i++) {
		if (wants[i].error == error) {
			probe_end(probe, PROBE_UNKNOWN, "%s: %s", what, wants[i].text);
			return;
		}
	}
	probe_end(probe, PROBE_FAIL, "%s: %s", what, strerror(error));
}

static socklen_t set_end(union end *end, const struct maglev_lib_addr *addr, u16 port)
{
	memset(end, 0, sizeof(*end));
	if (addr->len == MAGLEV_IPV4_BYTES) {
		end->in.sin_family = AF_INET;
		end->in.sin_port = htons(port);
		memcpy(&end->in.sin_addr, addr->byte, addr->len);
		return sizeof(end->in);
	}
	end->in6.sin6_family = AF_INET6;
	end->in6.sin6_port = htons(port);
	memcpy(&end->in6.sin6_addr, addr->byte, addr->len);
	return sizeof(end->in6);
}

static bool set_source(struct probe *probe)
{
	const struct maglev_lib_addr *source = &probe->target.source;
	socklen_t len;
	union end end;
	int one = 1;

	if (!source->len)
		return true;
	len = set_end(&end, source, 0);
	/* The port is chosen by connect(), when the other end is known; ping sockets cannot. */
	setsockopt(probe->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (!bind(probe->fd, &end.any, len))
		return true;
	if (errno == EADDRNOTAVAIL)
		probe_end(probe, PROBE_UNKNOWN, "source: no address of this host");
	else
		probe_end_errno(probe, "source", errno);
	return false;
}

/*
 * Through the tunnel a probe is to end at the backend: one that forwards, and has no VIP, would send
 * it back, and we would take it for a client's and have another backend answer. The tunnel takes one
 * hop, the backend's own stack needs the other.
 */
static bool set_mark(struct probe *probe)
{
	u32 mark = probe->target.mark;
	int hops = 2, err;

	if (!mark)
		return true;
	err = setsockopt(probe->fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	if (!err && probe_is_v6(probe))
		err = setsockopt(probe->fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof(hops));
	else if (!err)
		err = setsockopt(probe->fd, IPPROTO_IP, IP_TTL, &hops, sizeof(hops));
	if (!err)
		return true;
	probe_end_errno(probe, "mark", errno);
	return false;
}

static bool set_linger(struct probe *probe, int type)
{
	struct linger linger = { .l_onoff = 1 };

	if (type != SOCK_STREAM ||
	    !setsockopt(probe->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)))
		return true;
	probe_end_errno(probe, "linger", errno);
	return false;
}

bool probe_socket(struct probe *probe, int type, int protocol)
{
	int family = probe_is_v6(probe) ? AF_INET6 : AF_INET;

	probe->fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	return probe->fd >= 0;
}

bool probe_setup(struct probe *probe, int type)
{
	if ((probe->target.mark || probe->check->full_size) && !probe_size_set(probe, type))
		return false;
	return set_mark(probe) && set_linger(probe, type) && set_source(probe);
}

bool probe_open(struct probe *probe, int type, int protocol)
{
	if (probe_socket(probe, type, protocol))
		return probe_setup(probe, type);
	probe_end_errno(probe, "socket", errno);
	return false;
}

bool probe_connect(struct probe *probe)
{
	union end end;
	socklen_t len = set_end(&end, &probe->target.addr, probe->target.port);

	probe->doing = "connect";
	if (!connect(probe->fd, &end.any, len) || errno == EINPROGRESS)
		return true;
	probe_end_errno(probe, "connect", errno);
	return false;
}
