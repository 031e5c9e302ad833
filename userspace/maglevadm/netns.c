// SPDX-License-Identifier: GPL-2.0-only
/* Entering a network namespace, so that devices and sockets are its own. */
#define _GNU_SOURCE /* setns */
#include "netns.h"

#include "err.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NETNS_DIRECTORY "/run/netns/"

enum {
	NETNS_NAME_MAX = 255,
};

static bool is_entered;

static int open_netns(const char *name)
{
	char path[sizeof(NETNS_DIRECTORY) + NETNS_NAME_MAX];

	if (strchr(name, '/'))
		return open(name, O_RDONLY | O_CLOEXEC);
	if (!*name || !strcmp(name, ".") || !strcmp(name, "..") || strlen(name) > NETNS_NAME_MAX) {
		errno = ENOENT;
		return -1;
	}
	snprintf(path, sizeof(path), NETNS_DIRECTORY "%s", name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

int netns_enter(const char *name)
{
	int status = STATUS_DONE, fd = open_netns(name);

	if (fd < 0 && errno == ENOENT)
		return err_refuse(NULL, span_of(name), "-n",
				  "there is no such network namespace; see ip netns list");
	if (fd < 0)
		return err_deny(span_of(name), "-n", "%s", strerror(errno));
	if (setns(fd, CLONE_NEWNET))
		status = errno == EPERM ? err_deny(span_of(name), "-n",
						   "needs CAP_SYS_ADMIN, as root has it") :
					  err_deny(span_of(name), "-n", "%s", strerror(errno));
	close(fd);
	is_entered = !status;
	return status;
}

bool netns_is_entered(void)
{
	return is_entered;
}
