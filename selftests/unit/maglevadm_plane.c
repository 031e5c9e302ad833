// SPDX-License-Identifier: GPL-2.0-only
/*
 * A way to a plane that maglevadm_plane.py plays, instead of the kernel's: the Unix socket that
 * MAGLEV_TEST_PLANE names, a message a packet. Linked in place of connect.c; not a test itself.
 */
#include <client.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	FAMILY = 33,
};

int connect_plane(struct maglev_client **client);

static int plane_fd(void *ctx)
{
	return *(int *)ctx;
}

static int plane_send(void *ctx, const void *message, size_t len)
{
	return send(plane_fd(ctx), message, len, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static ssize_t plane_recv(void *ctx, void *buffer, size_t size, int timeout_ms)
{
	struct pollfd waiting = { .fd = plane_fd(ctx), .events = POLLIN };
	int ready = poll(&waiting, 1, timeout_ms);
	ssize_t len;

	if (ready <= 0)
		return ready ? -errno : 0;
	len = recv(waiting.fd, buffer, size, 0);
	if (len == 1) /* says that messages were lost */
		return -ENOBUFS;
	return len < 0 ? -errno : len ? len : -EPIPE;
}

static int plane_subscribe(void *ctx)
{
	return send(plane_fd(ctx), "subscribe", strlen("subscribe"), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void plane_close(void *ctx)
{
	close(plane_fd(ctx));
	free(ctx);
}

static const struct maglev_transport transport = {
	.send = plane_send,
	.recv = plane_recv,
	.subscribe = plane_subscribe,
	.fd = plane_fd,
	.close = plane_close,
};

int connect_plane(struct maglev_client **client)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("MAGLEV_TEST_PLANE");
	int *fd;

	if (!path) {
		if (maglev_client_create(client, &transport, NULL, FAMILY))
			return -ENOMEM;
		return client_fail(*client, MAGLEV_FAILURE_ABSENT, ENOENT,
				   "the kernel module ip_vs_maglev is not loaded");
	}
	fd = malloc(sizeof(*fd));
	if (!fd)
		abort();
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	*fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	if (*fd < 0 || connect(*fd, (void *)&address, sizeof(address)))
		abort();
	return maglev_client_create(client, &transport, fd, FAMILY);
}
