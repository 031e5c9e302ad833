// SPDX-License-Identifier: GPL-2.0-only
/*
 * No callback of libcurl ends an attempt: what it decides is noted, libcurl told to stop, and the
 * end comes with its message.
 */
#include "probe_kind.h"

#include "curl_loop.h"
#include "probe_transfer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The address of all names, or libcurl would look them up. It is told that its connections stand;
 * 7.88 calls connect() nevertheless, which then only says so, whatever the address.
 */
#define NOWHERE "::127.0.0.1:"

enum {
	IDLE_MAX = 64,
	/* Of each transfer; what is sent with TLS has at least so much. */
	READ_BYTES = 1024,
	SEND_BYTES = 16 * 1024,
};

/**
 * struct connection - what is libcurl's, which in 8.14 may keep it to take leave of TLS when
 * the probe has long ended
 * @probe: NULL once it has ended
 * @io: watches it
 */
struct connection {
	struct probe *probe;
	ev_io io;
};

/**
 * struct probe_transfers - all transfers
 * @curl: where they wait
 * @nowhere: a list of NOWHERE
 * @connections: by descriptor
 * @n_connections: so many have room
 * @idle: lent to nobody
 * @n_idle: how many
 */
struct probe_transfers {
	struct curl_loop curl;
	struct curl_slist *nowhere;
	struct connection **connections;
	u32 n_connections;
	struct probe_transfer *idle;
	u32 n_idle;
};

static struct connection *find_connection(const struct probe_transfers *transfers, int fd)
{
	return (u32)fd < transfers->n_connections ? transfers->connections[fd] : NULL;
}

static struct probe *probe_of(CURL *easy)
{
	struct probe *probe = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&probe);
	return probe;
}

static void end(void *transfer, CURLcode code)
{
	probe_http_end(transfer, code);
}

static void on_ready(struct ev_loop *loop, ev_io *io, int revents)
{
	(void)loop;
	curl_loop_act(io->data, io->fd, revents);
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *of_socket)
{
	struct probe_transfers *transfers = ctx;
	struct connection *connection = find_connection(transfers, fd);
	int events = curl_loop_events(what);

	(void)easy;
	(void)of_socket;
	if (!connection)
		return 0;
	ev_io_stop(transfers->curl.loop, &connection->io);
	if (!events)
		return 0;
	/* A descriptor known already is not told to the kernel as new. */
	if (connection->io.fd == fd)
		ev_io_modify(&connection->io, events);
	else
		ev_io_set(&connection->io, fd, events);
	ev_io_start(transfers->curl.loop, &connection->io);
	return 0;
}

static bool make_room(struct probe_transfers *transfers, u32 n)
{
	struct connection **connections;

	if (n <= transfers->n_connections)
		return true;
	n *= 2;
	connections = reallocarray(transfers->connections, n, sizeof(*connections));
	if (!connections)
		return false;
	memset(connections + transfers->n_connections, 0,
	       (n - transfers->n_connections) * sizeof(*connections));
	transfers->connections = connections;
	transfers->n_connections = n;
	return true;
}

static bool add_connection(struct probe_transfers *transfers, struct probe *probe)
{
	struct connection *connection;

	if (!make_room(transfers, probe->fd + 1))
		return false;
	connection = calloc(1, sizeof(*connection));
	if (!connection)
		return false;
	connection->probe = probe;
	ev_init(&connection->io, on_ready);
	connection->io.fd = -1;
	connection->io.data = &transfers->curl;
	transfers->connections[probe->fd] = connection;
	return true;
}

static void free_connection(struct probe_transfers *transfers, int fd)
{
	ev_io_stop(transfers->curl.loop, &transfers->connections[fd]->io);
	free(transfers->connections[fd]);
	transfers->connections[fd] = NULL;
}

static curl_socket_t give_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct probe *probe = ctx;
	int fd = probe->fd;

	(void)purpose;
	(void)address;
	probe->fd = -1;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int say_connected(void *ctx, curl_socket_t fd, curlsocktype purpose)
{
	(void)ctx;
	(void)fd;
	(void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static int close_socket(void *ctx, curl_socket_t fd)
{
	struct probe_transfers *transfers = ctx;
	struct connection *connection = find_connection(transfers, fd);

	if (connection->probe)
		probe_http_closing(connection->probe, fd);
	free_connection(transfers, fd);
	return close(fd);
}

static void set_options(struct probe_transfers *transfers, struct probe_transfer *transfer)
{
	CURL *easy = transfer->easy;

	transfer->error[0] = 0;
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	/* With a directory of authorities besides the file libcurl reads the file for each transfer. */
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)READ_BYTES);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BYTES);
	curl_easy_setopt(easy, CURLOPT_CONNECT_TO, transfers->nowhere);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, give_socket);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, say_connected);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, transfers);
	curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 0L);
}

struct probe_transfer *probe_transfer_get(struct probe_transfers *transfers)
{
	struct probe_transfer *transfer = transfers->idle;

	if (transfer) {
		transfers->idle = transfer->next;
		transfers->n_idle--;
		curl_easy_reset(transfer->easy);
	} else {
		transfer = calloc(1, sizeof(*transfer));
		if (!transfer)
			return NULL;
		transfer->easy = curl_easy_init();
		if (!transfer->easy) {
			free(transfer);
			return NULL;
		}
	}
	set_options(transfers, transfer);
	return transfer;
}

CURLMcode probe_transfer_run(struct probe_transfers *transfers, struct probe *probe)
{
	CURL *easy = probe->exchange.transfer->easy;
	CURLMcode code;

	if (!add_connection(transfers, probe))
		return CURLM_OUT_OF_MEMORY;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, (void *)probe);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, (void *)probe);
	code = curl_multi_add_handle(transfers->curl.multi, easy);
	if (code == CURLM_OK)
		curl_loop_act(&transfers->curl, CURL_SOCKET_TIMEOUT, 0);
	return code;
}

static void destroy_transfer(struct probe_transfer *transfer)
{
	curl_easy_cleanup(transfer->easy);
	free(transfer);
}

static void leave_connection(struct probe_transfers *transfers, const struct probe *probe)
{
	struct connection *connection = find_connection(transfers, probe->exchange.fd);

	if (!connection || connection->probe != probe)
		return;
	connection->probe = NULL;
	/* libcurl has not asked for it. */
	if (probe->fd >= 0)
		free_connection(transfers, probe->fd);
}

void probe_transfer_put(struct probe_transfers *transfers, struct probe_transfer *transfer)
{
	const struct probe *probe = probe_of(transfer->easy);

	curl_multi_remove_handle(transfers->curl.multi, transfer->easy);
	if (probe)
		leave_connection(transfers, probe);
	curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, NULL);
	if (transfers->n_idle == IDLE_MAX) {
		destroy_transfer(transfer);
		return;
	}
	transfer->next = transfers->idle;
	transfers->idle = transfer;
	transfers->n_idle++;
}

struct probe_transfers *probe_transfers_create(struct ev_loop *loop)
{
	struct probe_transfers *transfers = calloc(1, sizeof(*transfers));

	if (!transfers || curl_loop_init(&transfers->curl, loop, end)) {
		free(transfers);
		return NULL;
	}
	transfers->nowhere = curl_slist_append(NULL, NOWHERE);
	if (!transfers->nowhere) {
		probe_transfers_destroy(transfers);
		return NULL;
	}
	curl_multi_setopt(transfers->curl.multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(transfers->curl.multi, CURLMOPT_SOCKETDATA, transfers);
	return transfers;
}

void probe_transfers_destroy(struct probe_transfers *transfers)
{
	struct probe_transfer *transfer;

	if (!transfers)
		return;
	while ((transfer = transfers->idle)) {
		transfers->idle = transfer->next;
		destroy_transfer(transfer);
	}
	curl_loop_fini(&transfers->curl);
	free(transfers->connections);
	curl_slist_free_all(transfers->nowhere);
	free(transfers);
}
