/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long answers take, without their noise: the mean of the times since the last change of them,
 * and how far that may be wrong.
 */
#ifndef MAGLEVD_LOAD_GAUGE_H
#define MAGLEVD_LOAD_GAUGE_H

#include <stdbool.h>
#include <maglev/env.h>

enum {
	LOAD_TOLERANCE_MS = 1, /* times differ by so much for reasons of ours */
};

/**
 * struct load_gauge - of one series of times; all 0: none yet
 * @n: how many
 * @at: ns: when the last one came
 * @mean_ms: of those that count
 * @quick_ms: of the last ones
 * @variance: of one of them, in relation to the mean
 */
struct load_gauge {
	u32 n;
	u64 at;
	double mean_ms, quick_ms;
	double variance;
};

/**
 * load_gauge_add() - one more time
 * @gauge: of the series
 * @us: the time, in microseconds
 * @now: ns
 * @interval_ms: how far apart times should be; after several without one all is forgotten
 */
void load_gauge_add(struct load_gauge *gauge, u64 us, u64 now, u32 interval_ms);

/* Is there anything, and not too old? */
bool load_gauge_is_known(const struct load_gauge *gauge, u64 now, u32 interval_ms);

/* The standard error of the mean, in relation to it. */
double load_gauge_error(const struct load_gauge *gauge);

#endif
