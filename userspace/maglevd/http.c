// SPDX-License-Identifier: GPL-2.0-only
/*
 * libmicrohttpd in the loop, by its epoll descriptor: no threads. Whoever asks is a stranger: there
 * are so many connections, of so much memory, for so long, each for one request; and a page that
 * costs time to write is not written more often than it says, by a child if it is long. Whoever
 * asks for one meanwhile waits for that.
 */
#include "http.h"

#include "clock.h"
#include "scribe.h"

#include <errno.h>
#include <ev.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CONNECTIONS = 64,
	CONNECTIONS_IP = 16,
	CONNECTION_BYTES = 16 * 1024,
	TIMEOUT_S = 10,
	BACKLOG = 64,
	MS_PER_S = 1000,
	PAGES_MAX = 16,
};

/* What was written last for a page. */
struct answer {
	struct http *http;
	const struct http_page *page;
	struct MHD_Response *response;
	u64 written; /* ns */
	struct scribe *scribe; /* writes anew */
	struct MHD_Connection *waiting[CONNECTIONS]; /* for it */
	u32 n_waiting;
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

static struct MHD_Response *dress(struct MHD_Response *response, const char *type)
{
	if (!response)
		return NULL;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "X-Frame-Options", "DENY");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	return response;
}

static struct MHD_Response *make_response(char *text, const char *type)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);

	if (!response)
		free(text);
	return dress(response, type);
}

static struct MHD_Response *make_response_of_file(int fd, const char *type)
{
	struct MHD_Response *response;
	struct stat file;

	if (fd < 0)
		return NULL;
	response = fstat(fd, &file) ? NULL : MHD_create_response_from_fd64(file.st_size, fd);
	if (!response)
		close(fd);
	return dress(response, type);
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned int status,
			      const char *words)
{
	struct MHD_Response *response =
		dress(MHD_create_response_from_buffer(strlen(words), (char *)words,
						      MHD_RESPMEM_PERSISTENT),
		      "text/plain");
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, MHD_HTTP_METHOD_GET);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static void keep(struct answer *answer, struct MHD_Response *response)
{
	if (answer->response)
		MHD_destroy_response(answer->response);
	answer->response = response;
	answer->written = clock_now();
}

static void run(struct http *http);

static void resume_waiting(struct answer *answer)
{
	while (answer->n_waiting)
		MHD_resume_connection(answer->waiting[--answer->n_waiting]);
}

static void take_text(void *ctx, int fd)
{
	struct answer *answer = ctx;

	answer->scribe = NULL;
	keep(answer, make_response_of_file(fd, answer->page->type));
	resume_waiting(answer);
	run(answer->http);
}

static enum MHD_Result answer_with(struct MHD_Connection *connection, struct answer *answer)
{
	if (!answer->response)
		return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory\n");
	return MHD_queue_response(connection, MHD_HTTP_OK, answer->response);
}

/* It is asked about again once it does not wait any more. */
static enum MHD_Result wait_for(struct MHD_Connection *connection, struct answer *answer,
				void **state)
{
	struct http *http = answer->http;

	if (!answer->scribe)
		answer->scribe =
			scribe_start(http->loop, answer->page->write, http->ctx, take_text, answer);
	if (!answer->scribe || answer->n_waiting == CONNECTIONS)
		return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory\n");
	*state = answer;
	answer->waiting[answer->n_waiting++] = connection;
	MHD_suspend_connection(connection);
	return MHD_YES;
}

static struct answer *find_answer(struct http *http, struct MHD_Connection *connection,
				  const char *url)
{
	const char *accept =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	const struct http_page *page;

	for (page = http->pages; page->path; page++)
		if (!strcmp(page->path, url) &&
		    (!page->accept || (accept && strstr(accept, page->accept))))
			return &http->answer[page - http->pages];
	return NULL;
}

static enum MHD_Result take_request(void *ctx, struct MHD_Connection *connection, const char *url,
				    const char *method, const char *version, const char *upload,
				    size_t *upload_len, void **state)
{
	struct http *http = ctx;
	struct answer *answer;
	char *text;

	(void)version;
	(void)upload;
	(void)upload_len;
	if (*state)
		return answer_with(connection, *state);
	if (strcmp(method, MHD_HTTP_METHOD_GET))
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
	answer = find_answer(http, connection, url);
	if (!answer)
		return refuse(connection, MHD_HTTP_NOT_FOUND, "no such page\n");
	if (answer->response &&
	    clock_now() - answer->written < (u64)answer->page->fresh_ms * NS_PER_MS)
		return answer_with(connection, answer);
	if (answer->page->is_long)
		return wait_for(connection, answer, state);
	text = answer->page->write(http->ctx);
	keep(answer, text ? make_response(text, answer->page->type) : NULL);
	return answer_with(connection, answer);
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

	http->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
					take_request, http, MHD_OPTION_LISTEN_SOCKET, fd,
					MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS,
					MHD_OPTION_PER_IP_CONNECTION_LIMIT,
					(unsigned int)CONNECTIONS_IP,
					MHD_OPTION_CONNECTION_MEMORY_LIMIT,
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
	int fd, i;

	if (!http)
		return NULL;
	http->loop = loop;
	http->pages = pages;
	http->ctx = ctx;
	for (i = 0; pages[i].path; i++) {
		http->answer[i].http = http;
		http->answer[i].page = &pages[i];
	}
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
	for (i = 0; i < PAGES_MAX; i++) {
		resume_waiting(&http->answer[i]);
		if (http->answer[i].scribe)
			scribe_cancel(http->answer[i].scribe);
	}
	if (http->daemon)
		MHD_stop_daemon(http->daemon);
	for (i = 0; i < PAGES_MAX; i++)
		if (http->answer[i].response)
			MHD_destroy_response(http->answer[i].response);
	free(http);
	errno = error;
}
