// SPDX-License-Identifier: GPL-2.0-only
/*
 * Share falls as the time grows that checks take: target = reference / time. The reference is the
 * lower median, so that up to half of the backends may be slow and the others still have all.
 *
 * Why in proportion, and why not on until times are equal? A server that is busy for a part u of
 * the time answers after service / (1 - u) (M/M/1; others do much the same). So that shares agree
 * with times (load_i ~ 1 / time_i) loads must be to each other as capacities are: all are equally
 * busy, whatever the load. And where load is too small to matter, a backend that is three times
 * slower has a third. To go on until times are equal would take the last flow from a backend that
 * is slower by nature, and would wind up while it has no load to feel.
 *
 * Load makes times, and times make load: at the point of rest a change d of a share comes back as
 * -d * u / (1 - u), more than it was from u = 1/2 on. If all of it was followed at once shares
 * would swing. They do not, as the gauge is a low-pass that is slow against queues (a first-order
 * lag is stable with any such gain), as what noise explains is ignored, and as a table moves only a
 * part at a time. An integral controller, which adds up small steps until times are equal, would be
 * stable too, and go where nobody wants to be.
 */
#include "load.h"

#include "world.h"

#include <math.h>

enum {
	LONGEST_MS = 1 << 23, /* more than any timeout */
	HALVINGS = 48, /* of that: far below a microsecond */
};

static void read(const struct service *service, struct member *member, u64 now)
{
	const struct stream *stream = load_stream(service, member);
	struct load *load = &member->load;

	if (!stream || !load_gauge_is_known(&stream->time, now, stream->check->interval_ms))
		return;
	load->is_known = true;
	load->value = stream->time.mean_ms;
	load->error = load_gauge_error(&stream->time);
}

static bool counts(const struct load *load)
{
	return load->is_serving && load->is_known;
}

/* How many answer within @ms. */
static size_t count_within(const struct service *service, double ms)
{
	size_t i, n = 0;

	for (i = 0; i < service->n; i++)
		n += counts(&service->member[i].load) && service->member[i].load.value <= ms;
	return n;
}

/* Who answers latest of the faster half. A service may have tens of thousands: they are not sorted. */
static const struct load *find_reference(const struct service *service)
{
	size_t half = (count_within(service, LONGEST_MS) + 1) / 2, i;
	double least = 0., most = LONGEST_MS, middle;

	for (i = 0; i < HALVINGS; i++) {
		middle = (least + most) / 2.;
		if (count_within(service, middle) >= half)
			most = middle;
		else
			least = middle;
	}
	for (i = 0; i < service->n; i++)
		if (counts(&service->member[i].load) && service->member[i].load.value <= most &&
		    service->member[i].load.value >= least)
			return &service->member[i].load;
	return NULL;
}

static void aim(struct service *service)
{
	const struct load *reference = find_reference(service);
	double value, error;
	struct load *load;
	size_t i;

	if (!reference)
		return;
	value = reference->value;
	error = reference->error;
	for (i = 0; i < service->n; i++) {
		load = &service->member[i].load;
		if (!load->is_known)
			continue;
		load->target = (value + LOAD_TOLERANCE_MS) / (load->value + LOAD_TOLERANCE_MS);
		load->error = sqrt(load->error * load->error + error * error);
	}
}

const struct load_policy load_latency = {
	.name = "latency",
	.what = "latency-ms",
	.step_percent = 5,
	.read = read,
	.aim = aim,
};
