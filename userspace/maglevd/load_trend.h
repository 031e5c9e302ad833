/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a quantity goes: Holt's linear trend, with times between values that need not be equal. */
#ifndef MAGLEVD_LOAD_TREND_H
#define MAGLEVD_LOAD_TREND_H

#include <stdbool.h>
#include <maglev/env.h>

/**
 * struct load_trend - of one quantity; all 0: nothing is known
 * @n: values so far, no more than 2
 * @at: ns: of the last one
 * @level: what it is
 * @slope: by how much it grows in a second
 */
struct load_trend {
	u32 n;
	u64 at;
	double level;
	double slope;
};

/**
 * load_trend_add() - one more value
 * @trend: of the quantity
 * @value: what it is
 * @now: ns
 * @level_ms: how long values count for the level, until they count for a third
 * @slope_ms: the same for the slope
 */
void load_trend_add(struct load_trend *trend, double value, u64 now, u32 level_ms, u32 slope_ms);

/* What it will be, which is not less than 0. */
double load_trend_forecast(const struct load_trend *trend, u32 ahead_ms);

#endif
