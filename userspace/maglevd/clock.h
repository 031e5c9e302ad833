/* SPDX-License-Identifier: GPL-2.0-only */
/* The time that nobody sets. */
#ifndef MAGLEVD_CLOCK_H
#define MAGLEVD_CLOCK_H

#include <maglev/env.h>

/* ns of CLOCK_MONOTONIC. */
u64 clock_now(void);

enum {
	NS_PER_MS = 1000000,
};

#endif
