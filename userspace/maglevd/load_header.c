// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answers of checks carry a weight, of any unit: the greatest of the backends that are up has its
 * whole share, and the others theirs in proportion. One that says nothing, or nothing sensible, has
 * the whole share too, as one would expect of a backend that nothing is known of.
 */
#include "load.h"

#include "clock.h"
#include "world.h"

enum {
	PATIENCE = 5, /* intervals without an answer */
};

static bool is_fresh(const struct stream *stream, u64 now)
{
	u64 patience = (u64)PATIENCE * stream->check->interval_ms * NS_PER_MS;

	return stream->answered_at && now - stream->answered_at <= patience;
}

static void read(const struct service *service, struct member *member, u64 now)
{
	const struct stream *stream = load_stream(service, member);
	struct load *load = &member->load;

	if (!stream || stream->endpoint_weight < 0. || !is_fresh(stream, now))
		return;
	load->is_known = true;
	load->value = stream->endpoint_weight;
}

static void aim(struct service *service)
{
	double greatest = 0.;
	struct load *load;
	size_t i;

	for (i = 0; i < service->n; i++) {
		load = &service->member[i].load;
		if (load->is_serving && load->is_known && load->value > greatest)
			greatest = load->value;
	}
	for (i = 0; i < service->n; i++) {
		load = &service->member[i].load;
		if (load->is_known)
			load->target = greatest > 0. ? load->value / greatest : 0.;
	}
}

const struct load_policy load_header = {
	.name = "header",
	.what = "header-weight",
	.step_percent = 1,
	.read = read,
	.aim = aim,
};
