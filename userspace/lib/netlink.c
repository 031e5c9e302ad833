// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way to the kernel: a generic netlink socket, in this network namespace or a named one, and
 * what the kernel calls our family and its events.
 */
#define _GNU_SOURCE /* setns */
#include "client.h"
#include "ready.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NETNS_DIRECTORY "/run/netns/"

enum {
	SEND_BYTES = 64 * 1024, /* longer messages need a larger buffer */
	EVENT_BYTES = 4 << 20, /* of events that wait to be read */
	NETNS_NAME_MAX = 255,
};

struct netlink {
	int fd;
	u32 group;
	int send_bytes;
};

/* As root's limits, or within those of everybody. */
static void set_buffer(int fd, int forced, int option, int bytes)
{
	if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof(bytes));
}

static int netlink_send(void *ctx, const void *message, size_t len)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct netlink *netlink = ctx;

	if ((int)len > netlink->send_bytes) {
		set_buffer(netlink->fd, SO_SNDBUFFORCE, SO_SNDBUF, (int)len + SEND_BYTES);
		netlink->send_bytes = (int)len;
	}
	if (sendto(netlink->fd, message, len, 0, (void *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

static ssize_t netlink_recv(void *ctx, void *buffer, size_t size, int timeout_ms)
{
	struct iovec part = { .iov_base = buffer, .iov_len = size };
	struct netlink *netlink = ctx;
	struct sockaddr_nl from = {};
	struct msghdr header = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &part,
		.msg_iovlen = 1,
	};
	ssize_t len;
	int ready;

	do {
		ready = ready_wait(netlink->fd, POLLIN, timeout_ms);
		if (ready <= 0)
			return ready;
		len = recvmsg(netlink->fd, &header, MSG_DONTWAIT);
		if (len < 0 && errno != EINTR)
			return errno == EAGAIN ? 0 : -errno;
	} while (len <= 0 || from.nl_pid); /* anybody may write to us; only the kernel counts */
	return header.msg_flags & MSG_TRUNC ? -EMSGSIZE : len;
}

static int netlink_subscribe(void *ctx)
{
	struct netlink *netlink = ctx;
	/* Of families that go, too: the group for that has the number of its family. */
	const u32 groups[] = { netlink->group, GENL_ID_CTRL };
	size_t i;

	set_buffer(netlink->fd, SO_RCVBUFFORCE, SO_RCVBUF, EVENT_BYTES);
	for (i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (setsockopt(netlink->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			       sizeof(groups[i])))
			return -errno;
	return 0;
}

static int netlink_fd(void *ctx)
{
	struct netlink *netlink = ctx;

	return netlink->fd;
}

static void netlink_close(void *ctx)
{
	struct netlink *netlink = ctx;

	close(netlink->fd);
	free(netlink);
}

static const struct maglev_transport netlink_transport = {
	.send = netlink_send,
	.recv = netlink_recv,
	.subscribe = netlink_subscribe,
	.fd = netlink_fd,
	.close = netlink_close,
};

/* Return: a socket bound in the thread's namespace; -errno. */
static int open_here(void)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int fd, yes = 1, err;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof(yes)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof(yes)) ||
	    bind(fd, (void *)&any, sizeof(any))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* Return: a descriptor of the namespace; -errno, said. */
static int open_netns(struct maglev_client *client, const char *name)
{
	char path[sizeof(NETNS_DIRECTORY) + NETNS_NAME_MAX];
	int fd;

	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..") ||
	    strlen(name) > NETNS_NAME_MAX)
		return client_fail(client, MAGLEV_FAILURE_SYSTEM, EINVAL,
				   "network namespace %s: not a name", name);
	snprintf(path, sizeof(path), NETNS_DIRECTORY "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return client_fail(client, MAGLEV_FAILURE_SYSTEM, errno, "network namespace %s: %s",
				   name, strerror(errno));
	return fd;
}

/* Return: a socket in that namespace; -errno, said. */
static int open_there(struct maglev_client *client, const char *name)
{
	int here, there, fd, err;

	there = open_netns(client, name);
	if (there < 0)
		return there;
	here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (here < 0 || setns(there, CLONE_NEWNET)) {
		fd = client_fail(client, MAGLEV_FAILURE_SYSTEM, errno, "network namespace %s: %s",
				 name, strerror(errno));
		goto out;
	}
	fd = open_here();
	err = setns(here, CLONE_NEWNET) ? errno : 0;
	if (err) {
		if (fd >= 0)
			close(fd);
		fd = client_fail(client, MAGLEV_FAILURE_SYSTEM, err,
				 "network namespace %s: there is no way back: %s", name,
				 strerror(err));
	} else if (fd < 0) {
		client_fail(client, MAGLEV_FAILURE_SYSTEM, -fd, "netlink socket: %s",
			    strerror(-fd));
	}
out:
	if (here >= 0)
		close(here);
	close(there);
	return fd;
}

struct family {
	u16 id;
	u32 group;
};

static int take_group_field(const struct nlattr *attr, void *ctx)
{
	const struct nlattr **fields = ctx;
	u32 type = mnl_attr_get_type(attr);

	if (type <= CTRL_ATTR_MCAST_GRP_MAX)
		fields[type] = attr;
	return MNL_CB_OK;
}

static int take_group(const struct nlattr *attr, void *ctx)
{
	const struct nlattr *fields[CTRL_ATTR_MCAST_GRP_MAX + 1] = {};
	const struct nlattr *name, *id;
	struct family *family = ctx;

	mnl_attr_parse_nested(attr, take_group_field, fields);
	name = fields[CTRL_ATTR_MCAST_GRP_NAME];
	id = fields[CTRL_ATTR_MCAST_GRP_ID];
	if (name && id && mnl_attr_validate(name, MNL_TYPE_NUL_STRING) >= 0 &&
	    mnl_attr_validate(id, MNL_TYPE_U32) >= 0 &&
	    !strcmp(mnl_attr_get_str(name), MAGLEV_MCGRP_EVENTS))
		family->group = mnl_attr_get_u32(id);
	return MNL_CB_OK;
}

static int take_family_field(const struct nlattr *attr, void *ctx)
{
	struct family *family = ctx;

	switch (mnl_attr_get_type(attr)) {
	case CTRL_ATTR_FAMILY_ID:
		if (mnl_attr_validate(attr, MNL_TYPE_U16) >= 0)
			family->id = mnl_attr_get_u16(attr);
		break;
	case CTRL_ATTR_MCAST_GROUPS:
		mnl_attr_parse_nested(attr, take_group, family);
		break;
	}
	return MNL_CB_OK;
}

static int take_family(void *ctx, const struct nlmsghdr *nlh)
{
	mnl_attr_parse(nlh, GENL_HDRLEN, take_family_field, ctx);
	return 0;
}

/* Ask the kernel for our family, which loads the module where that is allowed. */
static int find_family(struct maglev_client *client, struct family *family)
{
	_Alignas(8) char buffer[256] = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(request, sizeof(*genl));
	int err;

	genl->cmd = CTRL_CMD_GETFAMILY;
	genl->version = 1;
	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, MAGLEV_FAMILY_NAME);
	client->family = GENL_ID_CTRL;
	err = client_exchange(client, request, NLM_F_ACK, take_family, family);
	if (err == -ENOENT)
		return client_fail(client, MAGLEV_FAILURE_ABSENT, ENOENT,
				   "the kernel module ip_vs_maglev is not loaded");
	if (!err && (!family->id || !family->group))
		return client_fail(client, MAGLEV_FAILURE_MALFORMED, EBADMSG,
				   "the kernel says nothing of our family's id and events");
	return err;
}

int client_open_netlink(struct maglev_client *client, const char *netns)
{
	struct netlink *netlink;
	struct family family = {};
	int fd, err;

	fd = netns ? open_there(client, netns) : open_here();
	if (fd < 0 && !netns)
		client_fail(client, MAGLEV_FAILURE_SYSTEM, -fd, "netlink socket: %s",
			    strerror(-fd));
	if (fd < 0)
		return fd;
	netlink = malloc(sizeof(*netlink));
	if (!netlink) {
		close(fd);
		return client_fail(client, MAGLEV_FAILURE_SYSTEM, ENOMEM, "out of memory");
	}
	*netlink = (struct netlink){ .fd = fd, .send_bytes = SEND_BYTES };
	client->transport = netlink_transport;
	client->ctx = netlink;
	err = find_family(client, &family);
	if (err) {
		netlink_close(netlink);
		client->ctx = NULL;
		return err;
	}
	client->family = family.id;
	netlink->group = family.group;
	return 0;
}
