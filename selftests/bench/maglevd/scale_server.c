// SPDX-License-Identifier: GPL-2.0-only
/*
 * All backends: accepts at PORT of every address of its namespace, answers what looks like a
 * request, and counts connections in FILE: u32 for each 10 ms of CLOCK_MONOTONIC.
 *
 *   scale_server PORT FILE
 */
#define _GNU_SOURCE /* accept4 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n"

enum {
	BIN_MS = 10,
	BINS = 3600 * 1000 / BIN_MS, /* after an hour it begins anew */
	BACKLOG = 4096,
	EVENTS = 256,
	DESCRIPTORS = 65536,
};

struct server {
	int listener;
	int epoll;
	uint32_t *bin;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void count(const struct server *server)
{
	struct timespec now;
	uint64_t bin;

	clock_gettime(CLOCK_MONOTONIC, &now);
	bin = ((uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000) / BIN_MS;
	server->bin[bin % BINS]++;
}

/* Return: false: there is nothing to be read yet. */
static bool serve(int fd)
{
	char request[2048];
	ssize_t len = recv(fd, request, sizeof(request), 0);

	if (len < 0 && errno == EAGAIN)
		return false;
	/* Of a TCP check, the reset. */
	if (len > 0)
		send(fd, ANSWER, strlen(ANSWER), MSG_NOSIGNAL);
	close(fd);
	return true;
}

static void accept_all(const struct server *server)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd;

	while ((fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		count(server);
		event.data.fd = fd;
		if (!serve(fd) && epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event))
			die("epoll_ctl");
	}
	if (errno != EAGAIN && errno != ECONNABORTED)
		die("accept");
}

static void listen_at(struct server *server, uint16_t port)
{
	struct sockaddr_in end = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct epoll_event event = { .events = EPOLLIN };
	int one = 1;

	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	server->epoll = epoll_create1(0);
	event.data.fd = server->listener;
	setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(server->listener, (struct sockaddr *)&end, sizeof(end)) ||
	    listen(server->listener, BACKLOG) ||
	    epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->listener, &event))
		die("listen");
}

static void open_bins(struct server *server, const char *file)
{
	int fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || ftruncate(fd, BINS * sizeof(*server->bin)))
		die(file);
	server->bin =
		mmap(NULL, BINS * sizeof(*server->bin), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (server->bin == MAP_FAILED)
		die(file);
}

int main(int argc, char **argv)
{
	struct rlimit many = { DESCRIPTORS, DESCRIPTORS };
	struct epoll_event event[EVENTS];
	struct server server;
	int i, n;

	if (argc != 3) {
		fprintf(stderr, "usage: scale_server PORT FILE\n");
		return 2;
	}
	setrlimit(RLIMIT_NOFILE, &many);
	open_bins(&server, argv[2]);
	listen_at(&server, strtoul(argv[1], NULL, 10));
	for (;;) {
		n = epoll_wait(server.epoll, event, EVENTS, -1);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (i = 0; i < n; i++) {
			if (event[i].data.fd == server.listener)
				accept_all(&server);
			else
				serve(event[i].data.fd);
		}
	}
}
