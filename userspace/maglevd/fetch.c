// SPDX-License-Identifier: GPL-2.0-only
/*
 * libcurl makes the connections here, unlike in probe_transfer.c, which gives it those that stand,
 * with the marks and sources of probes.
 */
#include "fetch.h"

#include "curl_loop.h"

#include <array.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	STATUS_OK = 200,
	STATUS_TEXT = 32,
};

struct fetcher {
	struct curl_loop curl;
};

struct fetch {
	struct fetcher *fetcher;
	CURL *easy;
	fetch_done *done;
	void *ctx;
	size_t most, received; /* bytes, with the header's */
	char *text;
	size_t len, capacity;
	char error[CURL_ERROR_SIZE];
};

static void destroy(struct fetch *fetch)
{
	curl_easy_cleanup(fetch->easy);
	free(fetch->text);
	free(fetch);
}

/* Return: what is wrong, or NULL. */
static const char *find_fault(struct fetch *fetch, CURLcode code, char status[STATUS_TEXT])
{
	long number = 0;

	if (fetch->received > fetch->most)
		return "more than is read";
	if (code != CURLE_OK)
		return *fetch->error ? fetch->error : curl_easy_strerror(code);
	curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &number);
	if (number == STATUS_OK)
		return NULL;
	snprintf(status, STATUS_TEXT, "status %ld", number);
	return status;
}

static void end(void *transfer, CURLcode code)
{
	struct fetch *fetch = transfer;
	char status[STATUS_TEXT];
	const char *why = find_fault(fetch, code, status);

	curl_multi_remove_handle(fetch->fetcher->curl.multi, fetch->easy);
	fetch->done(fetch->ctx, why, fetch->text, fetch->len);
	destroy(fetch);
}

static void on_ready(struct ev_loop *loop, struct ev_io *io, int events)
{
	(void)loop;
	curl_loop_act(io->data, io->fd, events);
}

/* Each socket has a watcher, which goes as soon as libcurl says so: before it is closed. */
static int set_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *of_socket)
{
	struct curl_loop *curl = ctx;
	struct ev_io *io = of_socket;

	(void)easy;
	if (io)
		ev_io_stop(curl->loop, io);
	if (what == CURL_POLL_REMOVE) {
		free(io);
		return 0;
	}
	if (!io) {
		io = calloc(1, sizeof(*io));
		if (!io)
			return -1;
		curl_multi_assign(curl->multi, fd, io);
	}
	ev_io_init(io, on_ready, fd, curl_loop_events(what));
	io->data = curl;
	ev_io_start(curl->loop, io);
	return 0;
}

static bool has_room(struct fetch *fetch, size_t len)
{
	fetch->received += len;
	return fetch->received <= fetch->most;
}

static size_t on_header(char *at, size_t size, size_t n, void *ctx)
{
	(void)at;
	return has_room(ctx, size * n) ? size * n : 0;
}

static size_t on_body(char *at, size_t size, size_t n, void *ctx)
{
	struct fetch *fetch = ctx;
	size_t len = size * n;
	char *grown;

	if (!has_room(fetch, len))
		return 0;
	grown = array_reserve(fetch->text, &fetch->capacity, fetch->len, len, 1);
	if (!grown)
		return 0;
	fetch->text = grown;
	memcpy(fetch->text + fetch->len, at, len);
	fetch->len += len;
	return len;
}

static void set_options(struct fetch *fetch, unsigned int timeout_ms)
{
	CURL *easy = fetch->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, (void *)fetch);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->error);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "maglevd");
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, fetch);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
}

struct fetch *fetch_start(struct fetcher *fetcher, const char *url, size_t most_bytes,
			  unsigned int timeout_ms, fetch_done *done, void *ctx)
{
	struct fetch *fetch = calloc(1, sizeof(*fetch));

	if (!fetch)
		return NULL;
	fetch->fetcher = fetcher;
	fetch->done = done;
	fetch->ctx = ctx;
	fetch->most = most_bytes;
	fetch->easy = curl_easy_init();
	if (!fetch->easy)
		goto err_destroy;
	set_options(fetch, timeout_ms);
	/* That makes libcurl ask for its timer, and goes on from there. */
	if (curl_easy_setopt(fetch->easy, CURLOPT_URL, url) == CURLE_OK &&
	    curl_multi_add_handle(fetcher->curl.multi, fetch->easy) == CURLM_OK)
		return fetch;

err_destroy:
	destroy(fetch);
	return NULL;
}

void fetch_cancel(struct fetch *fetch)
{
	curl_multi_remove_handle(fetch->fetcher->curl.multi, fetch->easy);
	destroy(fetch);
}

struct fetcher *fetcher_create(struct ev_loop *loop)
{
	struct fetcher *fetcher = calloc(1, sizeof(*fetcher));

	if (!fetcher || curl_loop_init(&fetcher->curl, loop, end)) {
		free(fetcher);
		return NULL;
	}
	curl_multi_setopt(fetcher->curl.multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(fetcher->curl.multi, CURLMOPT_SOCKETDATA, &fetcher->curl);
	return fetcher;
}

void fetcher_destroy(struct fetcher *fetcher)
{
	if (!fetcher)
		return;
	curl_loop_fini(&fetcher->curl);
	free(fetcher);
}
