// SPDX-License-Identifier: GPL-2.0-only
/*
 * libmicrohttpd in the loop, by its epoll descriptor: no threads. Whoever asks is a stranger: there
 * are so many connections, of so much memory, for so long, each for one request; and a page that
 * costs time to write, which checks have need of, is not written more often than it says.
 */
#include "http.h"

#include "clock.h"

#include <errno.h>
#include <ev.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONNECTIONS = 64,
	CONNECTIONS_IP = 16,
	CONNECTION_BYTES = 16 * 1024,
	TIMEOUT_S = 10,
	BACKLOG = 64,
	MS_PER_S = 1000,
	PAGES_MAX = 8,
};

/* What was written last for a page. */
struct answer {
	struct MHD_Response *response;
	u64 written; /* ns */
};

struct http {
	struct ev_loop *loop;
	const struct http_page *pages;
	void *ctx;
	struct MHD_Daemon *daemon;
	struct ev_io io;
	struct ev_timer timer;
	struct answer answer[PAGES_MAX];
};

/* One that takes over @text, or one of a few words of ours. */
static struct MHD_Response *make_response(char *text, const char *words, const char *type)
{
	struct MHD_Response *response =
		text ? MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE) :
		       MHD_create_response_from_buffer(strlen(words), (char *)words,
						       MHD_RESPMEM_PERSISTENT);

	if (!response) {
		free(text);
		return NULL;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	return response;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned int status,
			      const char *words)
{
	struct MHD_Response *response = make_response(NULL, words, "text/plain");
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, MHD_HTTP_METHOD_GET);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static struct MHD_Response *find_response(struct http *http, const struct http_page *page)
{
	struct answer *answer = &http->answer[page - http->pages];
	u64 now = clock_now();
	char *text;

	if (answer->response && now - answer->written < (u64)page->fresh_ms * NS_PER_MS)
		return answer->response;
	if (answer->response)
		MHD_destroy_response(answer->response);
	text = page->write(http->ctx);
	answer->response = text ? make_response(text, NULL, page->type) : NULL;
	answer->written = now;
	return answer->response;
}

static enum MHD_Result take_request(void *ctx, struct MHD_Connection *connection, const char *url,
				    const char *method, const char *version, const char *upload,
				    size_t *upload_len, void **state)
{
	const struct http_page *page;
	struct MHD_Response *response;
	struct http *http = ctx;

	(void)version;
	(void)upload;
	(void)upload_len;
	(void)state;
	if (strcmp(method, MHD_HTTP_METHOD_GET))
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
	for (page = http->pages; page->path && strcmp(page->path, url); page++)
		;
	if (!page->path)
		return refuse(connection, MHD_HTTP_NOT_FOUND, "no such page\n");
	response = find_response(http, page);
	if (!response)
		return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory\n");
	return MHD_queue_response(connection, MHD_HTTP_OK, response);
}

/* It may have more to do than its descriptor tells: timeouts, and what did not fit into a buffer. */
static void run(struct http *http)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(http->daemon);
	ev_timer_stop(http->loop, &http->timer);
	if (MHD_get_timeout(http->daemon, &ms) != MHD_YES)
		return;
	ev_now_update(http->loop);
	ev_timer_set(&http->timer, (double)ms / MS_PER_S, 0.);
	ev_timer_start(http->loop, &http->timer);
}

static void on_ready(struct ev_loop *loop, struct ev_io *io, int events)
{
	(void)loop;
	(void)events;
	run(io->data);
}

static void on_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	run(timer->data);
}

/* Return: the socket, or -1. */
static int listen_at(const struct endpoint *at)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(at->port) };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(at->port) };
	bool is_v6 = at->addr.len == MAGLEV_IPV6_BYTES;
	const void *address = is_v6 ? (const void *)&v6 : &v4;
	socklen_t len = is_v6 ? sizeof(v6) : sizeof(v4);
	int fd, yes = 1, error;

	memcpy(is_v6 ? (void *)&v6.sin6_addr : &v4.sin_addr, at->addr.byte, at->addr.len);
	fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	/* Connections of the one before us may linger. */
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) &&
	    !bind(fd, address, len) && !listen(fd, BACKLOG))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static bool begin(struct http *http, int fd)
{
	const union MHD_DaemonInfo *info;

	http->daemon =
		MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, take_request, http,
				 MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
				 (unsigned int)CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
				 (unsigned int)CONNECTIONS_IP, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				 (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
				 (unsigned int)TIMEOUT_S, MHD_OPTION_END);
	if (!http->daemon) {
		close(fd);
		return false;
	}
	info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return false;
	ev_io_set(&http->io, info->epoll_fd, EV_READ);
	ev_io_start(http->loop, &http->io);
	return true;
}

struct http *http_create(struct ev_loop *loop, const struct endpoint *listen,
			 const struct http_page *pages, void *ctx)
{
	struct http *http = calloc(1, sizeof(*http));
	int fd;

	if (!http)
		return NULL;
	http->loop = loop;
	http->pages = pages;
	http->ctx = ctx;
	ev_init(&http->io, on_ready);
	ev_init(&http->timer, on_timer);
	http->io.data = http->timer.data = http;
	fd = listen_at(listen);
	if (fd >= 0 && begin(http, fd))
		return http;
	if (fd >= 0)
		errno = ENOMEM;
	http_destroy(http);
	return NULL;
}

void http_destroy(struct http *http)
{
	int error = errno;
	u32 i;

	if (!http)
		return;
	ev_io_stop(http->loop, &http->io);
	ev_timer_stop(http->loop, &http->timer);
	if (http->daemon)
		MHD_stop_daemon(http->daemon);
	for (i = 0; i < PAGES_MAX; i++)
		if (http->answer[i].response)
			MHD_destroy_response(http->answer[i].response);
	free(http);
	errno = error;
}
