// SPDX-License-Identifier: GPL-2.0-only
/* Reading the clock. */
#include "clock.h"

#include <time.h>

u64 clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}
