// SPDX-License-Identifier: GPL-2.0-only
// fuzz-sources: userspace/maglevd/http.c userspace/maglevd/scribe.c userspace/maglevd/clock.c
// fuzz-flags: -Iinclude/uapi -Iuserspace/lib -Iuserspace/maglevd -lev -lmicrohttpd
/*
 * Any bytes as what a stranger sends, in pieces: there is one answer at most, a page only for GET, and
 * none but ours. The first byte says how large the pieces are, whose end is where the stranger hangs up.
 */
#include <assert.h>
#include <ev.h>
#include <http.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ROUNDS = 4, /* of the loop, in which nothing comes */
	ANSWER_BYTES = 4096,
	FRESH_MS = 100,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char page_text[] = "a page";
static struct ev_loop *loop;
static struct http *http;
static struct sockaddr_in address = { .sin_family = AF_INET };

static char *write_page(void *ctx)
{
	(void)ctx;
	return strdup(page_text);
}

static const struct http_page pages[] = {
	{ "/", NULL, "text/html", FRESH_MS, false, write_page },
	{ "/status", "json", "application/json", FRESH_MS, false, write_page },
	{ "/status", NULL, "text/plain", FRESH_MS, false, write_page },
	{},
};

/* At a port that was free a moment ago. */
static void begin(void)
{
	struct endpoint at = { .addr = { MAGLEV_IPV4_BYTES, { 127, 0, 0, 1 } } };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&address, len) ||
	    getsockname(fd, (struct sockaddr *)&address, &len))
		abort();
	close(fd);
	at.port = ntohs(address.sin_port);
	loop = ev_default_loop(0);
	http = http_create(loop, &at, pages, NULL);
	if (!http)
		abort();
}

/* Return: a connection that leaves nothing behind when it is closed, or there would be too many. */
static int connect_here(void)
{
	struct linger linger = { .l_onoff = 1 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)))
		abort();
	return fd;
}

/* Hear what is said until nothing more comes. Return: bytes. */
static size_t hear(int fd, char *answer, size_t len)
{
	int round;
	ssize_t n;

	for (round = 0; round < ROUNDS; round++) {
		ev_run(loop, EVRUN_NOWAIT);
		n = recv(fd, answer + len, ANSWER_BYTES - len, MSG_DONTWAIT);
		if (n > 0) {
			len += n;
			round = 0;
		}
		assert(len < ANSWER_BYTES);
	}
	return len;
}

static unsigned int count(const char *text, const char *wanted)
{
	unsigned int n = 0;

	for (text = strstr(text, wanted); text; text = strstr(text + 1, wanted))
		n++;
	return n;
}

static void look(const char *answer, const uint8_t *data, size_t size)
{
	bool is_page = strstr(answer, " 200 OK\r\n");

	assert(!*answer || !strncmp(answer, "HTTP/1.", 7));
	assert(count(answer, "HTTP/1.") <= 1 + count(answer, " 100 Continue\r\n"));
	assert(count(answer, page_text) == is_page);
	/* libmicrohttpd takes some liberties with what stands between the words. */
	assert(!is_page || memmem(data, size, "GET", 3));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char answer[ANSWER_BYTES + 1];
	size_t piece, at, len = 0;
	int fd;

	if (!http)
		begin();
	if (!size)
		return 0;
	piece = *data ?: size;
	fd = connect_here();
	for (at = 1; at < size; at += piece) {
		if (piece > size - at)
			piece = size - at;
		if (send(fd, data + at, piece, MSG_NOSIGNAL) < 0)
			break;
		len = hear(fd, answer, len);
	}
	answer[len] = 0;
	if (!memchr(answer, 0, len))
		look(answer, data + 1, size - 1);
	close(fd);
	ev_run(loop, EVRUN_NOWAIT);
	ev_run(loop, EVRUN_NOWAIT);
	return 0;
}
