// SPDX-License-Identifier: GPL-2.0-only
/*
 * Share falls where more flows are going to be than elsewhere. New flows are equal already, that is
 * what the table is for; what differs is how long they stay: on a backend that is slow, has been
 * there for longest, or has the clients that never leave. So load is the flows that a backend holds
 * for each unit of its weight, as the module counts them, without those that are closing; it is
 * followed by Holt's trend, and what counts is what it will be in a while: by the time it is there
 * it would be too late, as flows that are held do not move.
 */
#include "load.h"

#include "clock.h"
#include "world.h"

#include <math.h>

enum {
	PATIENCE = 5, /* intervals without a count */
	FEW = 4, /* flows for which nobody's share moves */
};

static double weight_of(const struct member *member)
{
	return member->weight ?: 1;
}

static void read(const struct service *service, struct member *member, u64 now)
{
	const struct config_share *config = &service->config->policy.share;
	u64 patience = (u64)PATIENCE * config->interval_ms * NS_PER_MS;
	struct load *load = &member->load;

	if (!load->held.n || now - load->held.at > patience)
		return;
	load->is_known = true;
	load->value = load_trend_forecast(&load->held, config->horizon_ms);
	/* As of anything that comes one by one. */
	load->error = 1. / sqrt(load->held.level + FEW);
}

static void aim(struct service *service)
{
	double flows = 0., weights = 0., mean, own;
	struct member *member;
	size_t i;

	for (i = 0; i < service->n; i++) {
		member = &service->member[i];
		if (!member->load.is_serving || !member->load.is_known)
			continue;
		flows += member->load.value;
		weights += weight_of(member);
	}
	if (!(weights > 0.))
		return;
	mean = flows / weights;
	for (i = 0; i < service->n; i++) {
		member = &service->member[i];
		own = member->load.value / weight_of(member);
		if (member->load.is_known)
			member->load.target = (mean + FEW) / (own + FEW);
	}
}

const struct load_policy load_predictive = {
	.name = "predictive",
	.what = "expected-flows",
	.step_percent = 5,
	.read = read,
	.aim = aim,
};
