// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/http.c userspace/maglevd/scribe.c userspace/maglevd/clock.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib -lev -lmicrohttpd
#define _GNU_SOURCE /* asprintf */
/* Pages by HTTP on loopback, asked by clients that are polite, rude, slow and many. */
#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <ev.h>
#include <http.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PATIENCE_MS = 5000,
	MANY = 100,
	PER_IP = 16,
	LARGE_BYTES = 4 * 1024 * 1024,
	FRESH_MS = 200,
};

struct answer {
	size_t len;
	char text[LARGE_BYTES + 4096];
};

static struct ev_loop *loop;
static struct endpoint at;
static struct answer answer;
static u32 n_written;

static u32 count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	u32 n = 0;

	assert_non_null(directory);
	while (readdir(directory))
		n++;
	closedir(directory);
	return n;
}

static char *write_small(void *ctx)
{
	n_written++;
	return strdup(ctx);
}

static char *write_large(void *ctx)
{
	char *text = malloc(LARGE_BYTES + 1);

	(void)ctx;
	assert_non_null(text);
	memset(text, 'x', LARGE_BYTES);
	text[LARGE_BYTES] = 0;
	return text;
}

static char *write_nothing(void *ctx)
{
	(void)ctx;
	return NULL;
}

/* In a child: what it counts, nobody sees. It is slow enough for others to ask meanwhile. */
static char *write_process(void *ctx)
{
	char *text = NULL;

	(void)ctx;
	poll(NULL, 0, 100);
	assert_true(asprintf(&text, "%d %u", getpid(), count_descriptors()) > 0);
	return text;
}

static char *write_and_die(void *ctx)
{
	(void)ctx;
	kill(getpid(), SIGKILL);
	return NULL;
}

static char *write_forever(void *ctx)
{
	(void)ctx;
	while (!pause() || errno == EINTR)
		;
	return NULL;
}

static const struct http_page pages[] = {
	{ "/small", NULL, "application/json", FRESH_MS, false, write_small },
	{ "/large", NULL, "text/plain", 0, false, write_large },
	{ "/nothing", NULL, "text/plain", 0, false, write_nothing },
	{ "/choice", "application/json", "application/json", 0, false, write_small },
	{ "/choice", NULL, "text/plain", 0, false, write_nothing },
	{ "/long", NULL, "text/plain", FRESH_MS, true, write_process },
	{ "/long-large", NULL, "text/plain", 0, true, write_large },
	{ "/long-nothing", NULL, "text/plain", 0, true, write_nothing },
	{ "/dies", NULL, "text/plain", 0, true, write_and_die },
	{ "/forever", NULL, "text/plain", 0, true, write_forever },
	{},
};

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* A port that was free a moment ago. */
static void choose_port(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(any);

	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&any, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &len), 0);
	close(fd);
	at.addr.len = MAGLEV_IPV4_BYTES;
	memcpy(at.addr.byte, &any.sin_addr, MAGLEV_IPV4_BYTES);
	at.port = ntohs(any.sin_port);
}

static struct http *begin(void)
{
	struct http *http;

	choose_port();
	n_written = 0;
	http = http_create(loop, &at, pages, "{}");
	assert_non_null(http);
	return http;
}

static int connect_to(const struct endpoint *to)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(to->port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	memcpy(&address.sin_addr, to->addr.byte, MAGLEV_IPV4_BYTES);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* The loop goes on until the other end hangs up. */
static void hear_out(int fd)
{
	double began = now_ms();
	ssize_t n;
	int error;

	answer.len = 0;
	do {
		assert_true(now_ms() < began + PATIENCE_MS);
		ev_run(loop, EVRUN_NOWAIT);
		n = recv(fd, answer.text + answer.len, sizeof(answer.text) - 1 - answer.len,
			 MSG_DONTWAIT);
		error = errno;
		if (n > 0)
			answer.len += n;
		else if (n < 0 && error == EAGAIN)
			poll(NULL, 0, 1);
	} while (n > 0 || (n < 0 && error == EAGAIN));
	answer.text[answer.len] = 0;
	close(fd);
}

static void ask(const char *request)
{
	int fd = connect_to(&at);

	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	hear_out(fd);
}

static void expect_said(const char *text)
{
	if (!strstr(answer.text, text))
		fail_msg("no %s in %.500s", text, answer.text);
}

static void a_page_is_answered_and_the_connection_closed(void **state)
{
	struct http *http = begin();

	(void)state;
	ask("GET /small?q=1 HTTP/1.1\r\nHost: x\r\n\r\n");
	expect_said("HTTP/1.1 200 ");
	expect_said("Content-Type: application/json\r\n");
	expect_said("Connection: close\r\n");
	expect_said("\r\n\r\n{}");
	http_destroy(http);
}

static void a_large_page_comes_whole(void **state)
{
	struct http *http = begin();

	(void)state;
	ask("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(strlen(strstr(answer.text, "\r\n\r\n") + 4), LARGE_BYTES);
	http_destroy(http);
}

static void only_pages_that_are_there_are_read_and_nothing_is_written(void **state)
{
	struct http *http = begin();

	(void)state;
	ask("GET /smallest HTTP/1.1\r\nHost: x\r\n\r\n");
	expect_said("HTTP/1.1 404 ");
	ask("GET /small/../large HTTP/1.1\r\nHost: x\r\n\r\n");
	expect_said("HTTP/1.1 404 ");
	ask("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
	expect_said("HTTP/1.1 405 ");
	expect_said("Allow: GET\r\n");
	ask("DELETE /small HTTP/1.1\r\nHost: x\r\n\r\n");
	expect_said("HTTP/1.1 405 ");
	ask("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
	expect_said("HTTP/1.1 503 ");
	assert_int_equal(n_written, 0);
	http_destroy(http);
}

static void what_is_no_http_is_hung_up_on(void **state)
{
	struct http *http = begin();
	char line[32 * 1024];

	(void)state;
	ask("\x16\x03\x01\r\n\r\n");
	assert_null(strstr(answer.text, " 200 "));
	memset(line, 'x', sizeof(line));
	memcpy(line, "GET /", 5);
	line[sizeof(line) - 1] = 0;
	ask(line);
	assert_null(strstr(answer.text, " 200 "));
	ask("GET /small HTTP/1.1\r\nHost: x\r\n\r\n");
	expect_said("HTTP/1.1 200 ");
	http_destroy(http);
}

static void a_page_is_not_written_more_often_than_it_says(void **state)
{
	struct http *http = begin();
	double began = now_ms();
	u32 i;

	(void)state;
	for (i = 0; i < MANY; i++)
		ask("GET /small HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_in_range(n_written, 1, 1 + (now_ms() - began) / FRESH_MS);
	i = n_written;
	while (now_ms() < began + 2 * FRESH_MS || n_written == i)
		ask("GET /small HTTP/1.1\r\nHost: x\r\n\r\n");
	http_destroy(http);
}

/* Those that are too many are hung up on, and the others served. */
static void many_connections_that_say_nothing_are_bounded(void **state)
{
	struct http *http = begin();
	int fd[MANY], i, open = 0;
	double began = now_ms();
	char byte;

	(void)state;
	for (i = 0; i < MANY; i++) {
		fd[i] = connect_to(&at);
		ev_run(loop, EVRUN_NOWAIT);
	}
	do {
		ev_run(loop, EVRUN_NOWAIT);
		for (open = i = 0; i < MANY; i++)
			open += recv(fd[i], &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 &&
				errno == EAGAIN;
	} while (open > PER_IP && now_ms() < began + PATIENCE_MS);
	assert_in_range(open, 1, PER_IP);
	for (i = 0; i < MANY; i++)
		close(fd[i]);
	do
		ask("GET /small HTTP/1.1\r\nHost: x\r\n\r\n");
	while (!answer.len && now_ms() < began + PATIENCE_MS);
	expect_said("HTTP/1.1 200 ");
	http_destroy(http);
}

static void an_address_in_use_or_of_another_host_is_refused(void **state)
{
	struct http *http = begin();
	struct endpoint elsewhere = at;

	(void)state;
	assert_null(http_create(loop, &at, pages, "{}"));
	assert_int_equal(errno, EADDRINUSE);
	memcpy(elsewhere.addr.byte, (u8[]){ 192, 0, 2, 1 }, MAGLEV_IPV4_BYTES);
	assert_null(http_create(loop, &elsewhere, pages, "{}"));
	assert_int_equal(errno, EADDRNOTAVAIL);
	http_destroy(http);
	http = http_create(loop, &at, pages, "{}");
	assert_non_null(http);
	http_destroy(http);
}

static void nothing_stays_open_afterwards(void **state)
{
	u32 before = count_descriptors();
	struct http *http = begin();
	int fd = connect_to(&at);

	(void)state;
	ev_run(loop, EVRUN_NOWAIT);
	http_destroy(http);
	close(fd);
	assert_int_equal(count_descriptors(), before);
}

static void of_two_pages_the_first_that_suits_is_taken(void **state)
{
	struct http *http = begin();

	(void)state;
	ask("GET /choice HTTP/1.1\r\nHost: x\r\nAccept: text/html, application/json;q=0.5\r\n\r\n");
	expect_said("HTTP/1.1 200 ");
	ask("GET /choice HTTP/1.1\r\nHost: x\r\n\r\n");
	expect_said("HTTP/1.1 503 ");
	http_destroy(http);
}

/* Sends, and does not wait. */
static int begin_to_ask(const char *path)
{
	char request[100];
	int fd = connect_to(&at);

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	return fd;
}

static void one_child_writes_a_long_page_for_all_who_ask(void **state)
{
	struct http *http = begin();
	unsigned int descriptors, more;
	int fd[PER_IP], i, pid, child;

	(void)state;
	for (i = 0; i < PER_IP; i++)
		fd[i] = begin_to_ask("/long");
	hear_out(fd[0]);
	expect_said("HTTP/1.1 200 ");
	assert_int_equal(sscanf(strstr(answer.text, "\r\n\r\n"), "%d %u", &child, &descriptors), 2);
	assert_int_not_equal(child, getpid());
	/* Of a directory: ".", "..", four, and its own. */
	assert_int_equal(descriptors, 7);
	for (i = 1; i < PER_IP; i++) {
		hear_out(fd[i]);
		assert_int_equal(sscanf(strstr(answer.text, "\r\n\r\n"), "%d %u", &pid, &more), 2);
		assert_int_equal(pid, child);
	}
	http_destroy(http);
}

static void a_long_page_may_be_large(void **state)
{
	struct http *http = begin();

	(void)state;
	ask("GET /long-large HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(strlen(strstr(answer.text, "\r\n\r\n") + 4), LARGE_BYTES);
	http_destroy(http);
}

static void a_child_that_cannot_write_is_said(void **state)
{
	struct http *http = begin();

	(void)state;
	ask("GET /long-nothing HTTP/1.1\r\nHost: x\r\n\r\n");
	expect_said("HTTP/1.1 503 ");
	ask("GET /dies HTTP/1.1\r\nHost: x\r\n\r\n");
	expect_said("HTTP/1.1 503 ");
	ask("GET /small HTTP/1.1\r\nHost: x\r\n\r\n");
	expect_said("HTTP/1.1 200 ");
	http_destroy(http);
}

/* Who waits for a page keeps nobody else waiting, and may go. */
static void others_are_served_while_a_child_writes(void **state)
{
	u32 before = count_descriptors();
	struct http *http = begin();
	int forever = begin_to_ask("/forever"), gone = begin_to_ask("/forever");

	(void)state;
	ask("GET /small HTTP/1.1\r\nHost: x\r\n\r\n");
	expect_said("HTTP/1.1 200 ");
	close(gone);
	ask("GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
	expect_said("HTTP/1.1 200 ");
	http_destroy(http);
	close(forever);
	assert_int_equal(count_descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_answered_and_the_connection_closed),
		cmocka_unit_test(a_large_page_comes_whole),
		cmocka_unit_test(only_pages_that_are_there_are_read_and_nothing_is_written),
		cmocka_unit_test(what_is_no_http_is_hung_up_on),
		cmocka_unit_test(a_page_is_not_written_more_often_than_it_says),
		cmocka_unit_test(many_connections_that_say_nothing_are_bounded),
		cmocka_unit_test(an_address_in_use_or_of_another_host_is_refused),
		cmocka_unit_test(nothing_stays_open_afterwards),
		cmocka_unit_test(of_two_pages_the_first_that_suits_is_taken),
		cmocka_unit_test(one_child_writes_a_long_page_for_all_who_ask),
		cmocka_unit_test(a_long_page_may_be_large),
		cmocka_unit_test(a_child_that_cannot_write_is_said),
		cmocka_unit_test(others_are_served_while_a_child_writes),
	};

	loop = ev_default_loop(0);
	return run_unit_tests("maglevd_pages", tests);
}
