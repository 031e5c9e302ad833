// SPDX-License-Identifier: GPL-2.0-only
/* C. C. Holt, "Forecasting seasonals and trends by exponentially weighted moving averages", 1957. */
#include "load_trend.h"

#include "clock.h"

#include <math.h>

static const double ns_per_s = 1e9;

void load_trend_add(struct load_trend *trend, double value, u64 now, u32 level_ms, u32 slope_ms)
{
	double elapsed = (double)(now - trend->at) / ns_per_s, before, expected, alpha, beta;

	if (!trend->n) {
		*trend = (struct load_trend){ 1, now, value, 0. };
		return;
	}
	if (now <= trend->at)
		return;
	alpha = 1. - exp(-elapsed * 1000. / level_ms);
	beta = 1. - exp(-elapsed * 1000. / slope_ms);
	before = trend->level;
	expected = before + trend->slope * elapsed;
	trend->level = alpha * value + (1. - alpha) * expected;
	trend->slope = beta * (trend->level - before) / elapsed + (1. - beta) * trend->slope;
	trend->at = now;
	trend->n = 2;
}

double load_trend_forecast(const struct load_trend *trend, u32 ahead_ms)
{
	double forecast = trend->level + trend->slope * ahead_ms / 1000.;

	return forecast > 0. ? forecast : 0.;
}
