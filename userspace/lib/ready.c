// SPDX-License-Identifier: GPL-2.0-only
#include "ready.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

enum {
	MS_PER_S = 1000,
	NS_PER_MS = 1000000,
};

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

static int left_ms(long long end_ms)
{
	long long left = end_ms - now_ms();

	return left > 0 ? (int)left : 0;
}

int ready_wait(int fd, short events, int timeout_ms)
{
	struct pollfd waiting = { .fd = fd, .events = events };
	long long end_ms = now_ms() + timeout_ms;
	int ready;

	for (;;) {
		ready = poll(&waiting, 1, timeout_ms);
		if (ready >= 0)
			return ready;
		if (errno != EINTR)
			return -errno;
		if (timeout_ms > 0)
			timeout_ms = left_ms(end_ms);
	}
}
