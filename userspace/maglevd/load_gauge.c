// SPDX-License-Identifier: GPL-2.0-only
/*
 * A check comes once in seconds, and its time holds that of whoever was queued before it: of a
 * queue at work single times vary by as much as their mean, so that it takes very many of them for
 * a mean that rests, and very few may be waited for when a backend fails. Hence two: a slow one, and
 * a quick one that takes its place when the two differ by more than noise explains. How noisy a
 * series is it says itself: one that is steady is caught by a small change, another by a large one.
 *
 * They are means of times, not of logarithms: a queue that builds up multiplies times, and pulls a
 * mean up within a few of them, while a backend that is well again has to be so for a while. Fast
 * away and slowly back is what keeps shares from swinging.
 *
 * Constants are numbers of times, as it is numbers that make a mean precise; but a time weighs by
 * how long it was in coming.
 */
#include "load_gauge.h"

#include "clock.h"

#include <math.h>

enum {
	MEAN_TIMES = 80,
	QUICK_TIMES = 20,
	VARIANCE_TIMES = 100,
	FIRST_TIMES = 20, /* for which that of below counts */
	PATIENCE = 5, /* intervals without a time */
};

static const double first_deviation = .4; /* of a series that has not shown its own */
static const double least_deviation = .1; /* less is luck */
static const double most_deviations = 4.; /* a change is not to pass for noise */
static const double change_errors = 4.;

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

/* How much of what is known of @n times is replaced by one that was @elapsed intervals in coming. */
static double gain(u32 n, double elapsed, u32 times)
{
	return larger(1. / n, 1. - exp(-elapsed / times));
}

static void note_deviation(struct load_gauge *gauge, double time, double elapsed)
{
	double deviation = (time - gauge->mean_ms) / (gauge->mean_ms + LOAD_TOLERANCE_MS);
	double most = most_deviations * most_deviations * gauge->variance;
	double square = smaller(deviation * deviation, most);

	gauge->variance += gain(gauge->n + FIRST_TIMES, elapsed, VARIANCE_TIMES) *
			   (square - gauge->variance);
	gauge->variance = larger(gauge->variance, least_deviation * least_deviation);
}

/* Of a mean that forgets in so many times: it is as good as a plain one of twice as many. */
static double error_of(const struct load_gauge *gauge, u32 times)
{
	return sqrt(gauge->variance / smaller(gauge->n, 2 * times));
}

static bool has_changed(const struct load_gauge *gauge)
{
	double by = fabs(gauge->quick_ms - gauge->mean_ms) / (gauge->mean_ms + LOAD_TOLERANCE_MS);

	return gauge->n > QUICK_TIMES / 2 && by > change_errors * error_of(gauge, QUICK_TIMES);
}

void load_gauge_add(struct load_gauge *gauge, u64 us, u64 now, u32 interval_ms)
{
	double time = us / 1000., elapsed;

	if (!load_gauge_is_known(gauge, now, interval_ms)) {
		*gauge = (struct load_gauge){
			.n = 1,
			.at = now,
			.mean_ms = time,
			.quick_ms = time,
			.variance = first_deviation * first_deviation,
		};
		return;
	}
	elapsed = (now - gauge->at) / ((double)interval_ms * NS_PER_MS);
	gauge->at = now;
	gauge->n++;
	note_deviation(gauge, time, elapsed);
	gauge->mean_ms += gain(gauge->n, elapsed, MEAN_TIMES) * (time - gauge->mean_ms);
	gauge->quick_ms += gain(gauge->n, elapsed, QUICK_TIMES) * (time - gauge->quick_ms);
	if (!has_changed(gauge))
		return;
	gauge->mean_ms = gauge->quick_ms;
	gauge->n = smaller(gauge->n, 2 * QUICK_TIMES);
}

bool load_gauge_is_known(const struct load_gauge *gauge, u64 now, u32 interval_ms)
{
	return gauge->n && now >= gauge->at &&
	       now - gauge->at <= (u64)PATIENCE * interval_ms * NS_PER_MS;
}

double load_gauge_error(const struct load_gauge *gauge)
{
	return gauge->n ? error_of(gauge, MEAN_TIMES) : 0.;
}
