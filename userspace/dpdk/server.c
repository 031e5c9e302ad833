// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE /* struct ucred, accept4 */
#include "server.h"

#include "talk.h"

#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 64,
	PAUSE_S = 1, /* where the system has no descriptor left for a connection */
	READ_BYTES = 64 * 1024,
	GROUPS_MAX = 1024,
};

struct connection {
	struct connection *next;
	struct talk talk;
	ev_io readable;
	ev_io writable;
	int fd;
	bool is_root;
};

static struct {
	struct ev_loop *loop;
	ev_io listening;
	ev_timer pause;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	gid_t group;
	struct connection *connections;
	u32 n;
	int fd;
} server = { .fd = -1 };

static void drop(struct connection *connection)
{
	struct connection **at = &server.connections;

	while (*at != connection)
		at = &(*at)->next;
	*at = connection->next;
	server.n--;
	ev_io_stop(server.loop, &connection->readable);
	ev_io_stop(server.loop, &connection->writable);
	close(connection->fd);
	talk_fini(&connection->talk);
	free(connection);
}

static void watch(ev_io *io, bool on)
{
	if (on)
		ev_io_start(server.loop, io);
	else
		ev_io_stop(server.loop, io);
}

static void watch_both(struct connection *connection)
{
	struct talk *talk = &connection->talk;

	watch(&connection->readable, talk_listens(talk));
	/* A list that looked for a while and found nothing goes on at its next turn. */
	watch(&connection->writable, buffer_left(&talk->out) || talk->dumping);
}

/* Return: false if the peer has gone. */
static bool flush(struct connection *connection)
{
	struct buffer *out = &connection->talk.out;
	ssize_t len;

	while (buffer_left(out)) {
		len = send(connection->fd, out->at + out->from, buffer_left(out),
			   MSG_DONTWAIT | MSG_NOSIGNAL);
		if (len < 0)
			return errno == EAGAIN || errno == EINTR;
		buffer_use(out, len);
	}
	return true;
}

static void go_on(struct connection *connection)
{
	if (talk_go_on(&connection->talk) || !flush(connection) ||
	    (connection->talk.ending && !buffer_left(&connection->talk.out)))
		drop(connection);
	else
		watch_both(connection);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct connection *connection = io->data;
	struct buffer *in = &connection->talk.in;
	void *to = buffer_reserve(in, READ_BYTES);
	ssize_t len;

	(void)loop;
	(void)events;
	len = to ? recv(connection->fd, to, READ_BYTES, MSG_DONTWAIT) : 0;
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		drop(connection);
		return;
	}
	in->len += len;
	go_on(connection);
}

static void on_writable(struct ev_loop *loop, ev_io *io, int events)
{
	struct connection *connection = io->data;

	(void)loop;
	(void)events;
	if (flush(connection))
		go_on(connection);
	else
		drop(connection);
}

struct connection *server_take(int fd)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection) {
		close(fd);
		return NULL;
	}
	connection->fd = fd;
	ev_io_init(&connection->readable, on_readable, fd, EV_READ);
	ev_io_init(&connection->writable, on_writable, fd, EV_WRITE);
	connection->readable.data = connection;
	connection->writable.data = connection;
	connection->next = server.connections;
	server.connections = connection;
	server.n++;
	ev_io_start(server.loop, &connection->readable);
	return connection;
}

static bool in_group(int fd, gid_t group)
{
	static gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(groups), i;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		return false;
	for (i = 0; i < len / sizeof(*groups); i++)
		if (groups[i] == group)
			return true;
	return false;
}

static bool is_root(const struct ucred *peer)
{
	return !peer->uid || peer->uid == geteuid();
}

static bool is_trusted(int fd, const struct ucred *peer)
{
	return is_root(peer) || (server.group != (gid_t)-1 &&
				 (peer->gid == server.group || in_group(fd, server.group)));
}

/* All places may be the group's: then root has that of who is there for the longest. */
static bool make_place(bool for_root)
{
	struct connection *connection, *oldest = NULL;

	if (server.n < CONNECTIONS_MAX)
		return true;
	for (connection = server.connections; for_root && connection; connection = connection->next)
		if (!connection->is_root)
			oldest = connection;
	if (oldest)
		drop(oldest);
	return oldest;
}

static void begin_connection(int fd)
{
	struct connection *connection;
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) || !is_trusted(fd, &peer) ||
	    !make_place(is_root(&peer))) {
		close(fd);
		return;
	}
	connection = server_take(fd);
	if (connection)
		connection->is_root = is_root(&peer);
}

/* Who cannot be taken keeps the socket readable: looking at once would be forever. */
static void pause_taking(void)
{
	ev_io_stop(server.loop, &server.listening);
	ev_timer_stop(server.loop, &server.pause);
	ev_timer_set(&server.pause, PAUSE_S, 0.);
	ev_timer_start(server.loop, &server.pause);
}

static void go_on_taking(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)timer;
	(void)events;
	ev_io_start(loop, &server.listening);
}

static bool is_exhausted(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM;
}

static void on_connection(struct ev_loop *loop, ev_io *io, int events)
{
	int fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)loop;
	(void)events;
	if (fd >= 0)
		begin_connection(fd);
	else if (is_exhausted(errno))
		pause_taking();
}

void server_event(u8 command, struct maglev_lib_message *message)
{
	struct connection *connection;

	for (connection = server.connections; connection; connection = connection->next) {
		talk_event(&connection->talk, command, message);
		watch_both(connection);
	}
}

/* Somebody's who is no more may be removed; one that answers is another's, and a file is not ours. */
static int remove_stale(const struct sockaddr_un *address)
{
	struct stat stat;
	int fd, err = 0;

	if (lstat(address->sun_path, &stat))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(stat.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (const void *)address, sizeof(*address)))
		err = -EADDRINUSE;
	else if (errno == ECONNREFUSED)
		unlink(address->sun_path);
	close(fd);
	return err;
}

static int listen_at(const struct sockaddr_un *address, gid_t group)
{
	mode_t mask = umask(0117);
	int err = 0;

	server.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server.fd < 0 || bind(server.fd, (const void *)address, sizeof(*address)))
		err = -errno;
	umask(mask);
	if (!err && group != (gid_t)-1 && chown(address->sun_path, -1, group))
		err = -errno;
	if (!err && listen(server.fd, SOMAXCONN))
		err = -errno;
	return err;
}

/* One level, as a directory in /run goes with the reboot. */
static void make_directory(const char *path)
{
	char directory[sizeof(server.path)];
	char *slash;

	snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (!slash || slash == directory)
		return;
	*slash = 0;
	mkdir(directory, 0755);
}

int server_open(struct ev_loop *loop, const char *path, gid_t group)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int err = -ENAMETOOLONG;

	server.loop = loop;
	server.group = group;
	if (strlen(path) >= sizeof(address.sun_path))
		goto out;
	strcpy(address.sun_path, path);
	make_directory(path);
	err = remove_stale(&address);
	if (!err)
		err = listen_at(&address, group);
	if (err)
		goto out;
	strcpy(server.path, path);
	ev_io_init(&server.listening, on_connection, server.fd, EV_READ);
	ev_timer_init(&server.pause, go_on_taking, PAUSE_S, 0.);
	ev_io_start(loop, &server.listening);
	return 0;
out:
	fprintf(stderr, "maglev-dpdk: socket: %s: %s\n", path, strerror(-err));
	if (server.fd >= 0)
		close(server.fd);
	server.fd = -1;
	return err;
}

void server_close(void)
{
	while (server.connections)
		drop(server.connections);
	if (server.fd < 0)
		return;
	ev_io_stop(server.loop, &server.listening);
	ev_timer_stop(server.loop, &server.pause);
	close(server.fd);
	unlink(server.path);
	server.fd = -1;
}
