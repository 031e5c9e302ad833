/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Backends for probes: children that behave as badly as a test wants, on loopback, and one
 * attempt at one of them, which must end in its time and leave no descriptor behind.
 */
#ifndef MAGLEV_TEST_BACKEND_H
#define MAGLEV_TEST_BACKEND_H

#include "fixture.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <probe.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	TIMEOUT_MS = 200,
	LATE_MS = 100,
	TRIES = 20,
	PATIENCE_MS = 5000,
	HEARD_BYTES = 32 * 1024,
	DRIP_MS = 1,
	CHUNK_BYTES = 16 * 1024,
};

/* What a backend saw; shared with it. */
struct witness {
	volatile bool ready;
	u32 connections;
	bool reset;
	u32 peer;
	size_t sent;
	size_t len;
	char heard[HEARD_BYTES];
};

struct backend {
	pid_t pid;
	struct probe_target target;
};

static struct witness *seen;
static struct ev_loop *loop;
static struct prober *prober;

static inline double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* Not a wait for something: time that is to be lost. Children that end interrupt poll(). */
static inline void lose_time(double ms)
{
	double end = now_ms() + ms;

	while (now_ms() < end)
		poll(NULL, 0, 1);
}

/* Behaviour of a backend towards a connection or, of UDP, its socket. */
typedef void behave(int fd);

/* Reads once what there is. */
static inline ssize_t hear(int fd)
{
	ssize_t n = recv(fd, seen->heard + seen->len, sizeof(seen->heard) - 1 - seen->len, 0);

	if (n > 0)
		seen->len += n;
	if (n < 0 && errno == ECONNRESET)
		seen->reset = true;
	return n;
}

static inline void hear_out(int fd)
{
	while (hear(fd) > 0)
		;
}

static inline bool say(int fd, const void *text, size_t len)
{
	ssize_t n;

	while (len) {
		n = send(fd, text, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		seen->sent += n;
		text = (const char *)text + n;
		len -= n;
	}
	return true;
}

/* Until the end of a request's header. Return: false if it does not come. */
static inline bool hear_request(int fd)
{
	seen->len = 0;
	do {
		if (hear(fd) <= 0)
			return false;
		seen->heard[seen->len] = 0;
	} while (!strstr(seen->heard, "\r\n\r\n"));
	return true;
}

static inline bool say_text(int fd, const char *text)
{
	return say(fd, text, strlen(text));
}

/* Byte by byte, until it is hung up. */
static inline bool drip(int fd, const char *text)
{
	for (; *text; text++) {
		if (!say(fd, text, 1) || poll(NULL, 0, DRIP_MS))
			return false;
	}
	return true;
}

static inline void say_for_ever(int fd, const char *text)
{
	size_t len = strlen(text), at;
	char chunk[CHUNK_BYTES];

	for (at = 0; at + len <= sizeof(chunk); at += len)
		memcpy(chunk + at, text, len);
	while (say(fd, chunk, at))
		;
}

static inline void hang_up_hard(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static inline int listen_on(int family, int type, struct probe_target *target)
{
	struct sockaddr_in6 any = { .sin6_family = family };
	socklen_t len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(any);
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	*target = (struct probe_target){};
	if (family == AF_INET6) {
		any.sin6_addr = in6addr_loopback;
		target->addr.len = MAGLEV_IPV6_BYTES;
		memcpy(target->addr.byte, &any.sin6_addr, target->addr.len);
	} else {
		((struct sockaddr_in *)&any)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		target->addr.len = MAGLEV_IPV4_BYTES;
		memcpy(target->addr.byte, (u8[]){ 127, 0, 0, 1 }, target->addr.len);
	}
	target->backend = target->addr;
	assert_return_code(fd, errno);
	assert_return_code(bind(fd, (struct sockaddr *)&any, len), errno);
	if (type == SOCK_STREAM)
		assert_return_code(listen(fd, 128), errno);
	assert_return_code(getsockname(fd, (struct sockaddr *)&any, &len), errno);
	target->port = ntohs(any.sin6_port);
	return fd;
}

static inline void serve(int listener, int type, behave *behave)
{
	struct sockaddr_in peer;
	socklen_t len;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	seen->ready = true;
	while (type == SOCK_DGRAM)
		behave(listener);
	for (;;) {
		len = sizeof(peer);
		fd = accept(listener, (struct sockaddr *)&peer, &len);
		seen->peer = ntohl(peer.sin_addr.s_addr);
		seen->connections++;
		behave(fd);
		close(fd);
	}
}

static inline struct backend backend_start(int family, int type, behave *behave)
{
	struct backend backend;
	int listener = listen_on(family, type, &backend.target);

	memset(seen, 0, sizeof(*seen));
	backend.pid = fork();
	assert_return_code(backend.pid, errno);
	if (!backend.pid)
		serve(listener, type, behave);
	close(listener);
	while (!seen->ready)
		lose_time(1);
	return backend;
}

static inline void backend_stop(struct backend *backend)
{
	kill(backend->pid, SIGKILL);
}

static inline u32 count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	u32 n = 0;

	assert_non_null(directory);
	while (readdir(directory))
		n++;
	closedir(directory);
	return n;
}

struct attempt {
	struct probe *probe;
	struct probe_answer answer;
	u32 n;
};

static inline void take(void *ctx, const struct probe_answer *answer)
{
	struct attempt *attempt = ctx;

	attempt->probe = NULL;
	attempt->answer = *answer;
	attempt->n++;
}

/* An attempt from its beginning to its end. Return: ms. */
static inline double run_attempt(const struct check *check, const struct probe_target *target,
				 struct probe_answer *answer)
{
	u32 before = count_descriptors();
	struct attempt attempt = {};
	double began = now_ms();

	attempt.probe = probe_start(prober, check, target, take, &attempt);
	assert_non_null(attempt.probe);
	assert_int_equal(attempt.n, 0);
	/* What is known at once is told before the loop waits for anything else. */
	ev_run(loop, EVRUN_NOWAIT);
	while (!attempt.n && now_ms() < began + PATIENCE_MS)
		ev_run(loop, EVRUN_ONCE);
	assert_int_equal(attempt.n, 1);
	assert_int_equal(count_descriptors(), before);
	*answer = attempt.answer;
	return now_ms() - began;
}

/* It ends not much later than it may; on a machine that has other things to do, in one of some tries. */
static inline struct probe_answer ask(const struct check *check, const struct probe_target *target)
{
	struct probe_answer answer;
	double took = 0;
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		took = run_attempt(check, target, &answer);
		if (took <= check->timeout_ms + LATE_MS)
			return answer;
	}
	fail_msg("%s: after %.0f ms", answer.why, took);
	return answer;
}

#define expect_answer(answer, how, text)                                                           \
	({                                                                                         \
		const struct probe_answer answer_ = (answer);                                      \
                                                                                                   \
		if (answer_.result != (how) || !strstr(answer_.why, (text)))                       \
			fail_msg("%u, \"%s\", not %u, \"%s\"", answer_.result, answer_.why, (how), \
				 (text));                                                          \
	})

static inline struct check with_talk(enum check_type type, const char *send, const char *expect)
{
	return (struct check){
		.name = "talk",
		.type = type,
		.timeout_ms = TIMEOUT_MS,
		.talk = {
			.send = send,
			.send_len = send ? strlen(send) : 0,
			.expect = expect,
			.expect_len = expect ? strlen(expect) : 0,
		},
	};
}

static inline struct probe_target nobody(int type)
{
	struct probe_target target;

	close(listen_on(AF_INET, type, &target));
	return target;
}

/* One attempt at one backend. */
static inline struct probe_answer ask_once(struct check check, int type, behave *behave)
{
	struct backend backend = backend_start(AF_INET, type, behave);
	struct probe_answer answer = ask(&check, &backend.target);

	backend_stop(&backend);
	return answer;
}

static inline void until(bool (*is_so)(void), const char *what)
{
	double began = now_ms();

	while (!is_so()) {
		if (now_ms() > began + PATIENCE_MS)
			fail_msg("not so in time: %s", what);
		ev_run(loop, EVRUN_NOWAIT);
		poll(NULL, 0, 1);
	}
}

static inline int probes_setup(void **state)
{
	(void)state;
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	loop = ev_default_loop(0);
	prober = prober_create(loop);
	return seen == MAP_FAILED || !loop || !prober;
}

static inline int probes_teardown(void **state)
{
	(void)state;
	prober_destroy(prober);
	ev_loop_destroy(loop);
	return munmap(seen, sizeof(*seen));
}

/* As run_unit_tests(), with a loop and a prober; call last in main(). */
#define run_probe_tests(name, tests)                                                             \
	({                                                                                       \
		cmocka_set_message_output(CM_OUTPUT_TAP);                                        \
		cmocka_run_group_tests_name(name, tests, probes_setup, probes_teardown) ? 1 : 0; \
	})

#endif
