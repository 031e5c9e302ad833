// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an attempt costs: PROBES of them at a steady RATE at a server on loopback, a child. The
 * time is this process's, user and system, with what loopback does in its name for both ends.
 *
 *   probe_bench tcp|http|hang [RATE [SECONDS]]
 *
 * "hang": HTTP at a server that never answers: how much memory those under way take.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <probe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

enum {
	RATE = 2000,
	SECONDS = 5,
	TICKS_PER_S = 200,
	BACKLOG = 4096,
};

struct bench {
	struct prober *prober;
	struct check check;
	struct probe_target target;
	u32 per_tick;
	u32 left;
	u32 under_way;
	u32 most;
	u32 result[PROBE_UNKNOWN + 1];
	char why[PROBE_WHY];
};

static void take(void *ctx, const struct probe_answer *answer)
{
	struct bench *bench = ctx;

	bench->under_way--;
	bench->result[answer->result]++;
	if (answer->result != PROBE_PASS)
		memcpy(bench->why, answer->why, sizeof(bench->why));
}

static void tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct bench *bench = timer->data;
	u32 i;

	(void)events;
	for (i = 0; i < bench->per_tick && bench->left; i++, bench->left--) {
		if (!probe_start(bench->prober, &bench->check, &bench->target, take, bench))
			abort();
		if (++bench->under_way > bench->most)
			bench->most = bench->under_way;
	}
	if (!bench->left)
		ev_timer_stop(loop, timer);
}

static void serve(int listener, bool hang)
{
	char request[1024];
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (hang && (fd = accept(listener, NULL, NULL)) >= 0)
		;
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		/* Of TCP, the reset. */
		if (recv(fd, request, sizeof(request), 0) > 0)
			send(fd, ANSWER, strlen(ANSWER), MSG_NOSIGNAL);
		close(fd);
	}
}

static void start_server(struct probe_target *target, bool hang)
{
	struct sockaddr_in end = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(end);

	if (bind(listener, (struct sockaddr *)&end, len) || listen(listener, BACKLOG) ||
	    getsockname(listener, (struct sockaddr *)&end, &len)) {
		perror("listen");
		exit(1);
	}
	target->addr.len = MAGLEV_IPV4_BYTES;
	memcpy(target->addr.byte, &end.sin_addr, MAGLEV_IPV4_BYTES);
	target->port = ntohs(end.sin_port);
	if (!fork())
		serve(listener, hang);
	close(listener);
}

static double seconds(const struct timeval *time)
{
	return time->tv_sec + time->tv_usec / 1e6;
}

static void report(const struct bench *bench, u32 n, const struct rusage *before)
{
	struct rusage after;
	double user, system;

	getrusage(RUSAGE_SELF, &after);
	user = seconds(&after.ru_utime) - seconds(&before->ru_utime);
	system = seconds(&after.ru_stime) - seconds(&before->ru_stime);
	printf("%u attempts: %u passed, %u failed, %u unknown %s\n", n, bench->result[PROBE_PASS],
	       bench->result[PROBE_FAIL], bench->result[PROBE_UNKNOWN], bench->why);
	printf("us of CPU each: %.1f user, %.1f system; at most %u under way; RSS %ld KiB, %ld before\n",
	       user * 1e6 / n, system * 1e6 / n, bench->most, after.ru_maxrss, before->ru_maxrss);
}

int main(int argc, char **argv)
{
	static const struct check_range good = { 200, 299 };
	u32 rate = argc > 2 ? strtoul(argv[2], NULL, 10) : RATE;
	u32 n = rate * (argc > 3 ? strtoul(argv[3], NULL, 10) : SECONDS);
	struct bench bench = { .per_tick = rate / TICKS_PER_S, .left = n };
	bool tcp = argc > 1 && !strcmp(argv[1], "tcp"), hang = argc > 1 && !strcmp(argv[1], "hang");
	struct rlimit many = { 65536, 65536 };
	struct rusage before;
	ev_timer timer;

	setrlimit(RLIMIT_NOFILE, &many);
	bench.check.type = tcp ? CHECK_TCP : CHECK_HTTP;
	bench.check.timeout_ms = 2000;
	if (!tcp)
		bench.check.http = (struct check_http){
			.method = "GET", .path = "/", .status = &good, .n_statuses = 1
		};
	start_server(&bench.target, hang);
	bench.prober = prober_create(ev_default_loop(0));
	ev_timer_init(&timer, tick, 0, 1.0 / TICKS_PER_S);
	timer.data = &bench;
	ev_timer_start(EV_DEFAULT, &timer);
	getrusage(RUSAGE_SELF, &before);
	ev_run(EV_DEFAULT, 0);
	report(&bench, n, &before);
	prober_destroy(bench.prober);
	return 0;
}
