// SPDX-License-Identifier: GPL-2.0-only
/* What is common to all policies: when they are asked, and what holds while nothing is known. */
#include "load.h"

#include "clock.h"
#include "world.h"

#include <math.h>

enum {
	PATIENCE_MS = 5000, /* at least, with those that never said anything */
};

static const struct load_policy load_static = {
	.name = "static",
	.step_percent = 1,
};

static const struct load_policy *const policies[] = {
	[CONFIG_SHARE_AGENT] = &load_agent,	      [CONFIG_SHARE_STATIC] = &load_static,
	[CONFIG_SHARE_HEADER] = &load_header,	      [CONFIG_SHARE_LATENCY] = &load_latency,
	[CONFIG_SHARE_PREDICTIVE] = &load_predictive,
};

const struct load_policy *load_policy_of(const struct service *service)
{
	return policies[service->config->policy.share.from];
}

const struct stream *load_stream(const struct service *service, const struct member *member)
{
	u32 check = service->config->policy.share.check;

	return check < member->n_streams ? member->stream[check] : NULL;
}

/* What the kernel has of a share that load does not say is how far the member had risen. */
static void begin_rise(const struct service *service, struct member *member, u64 now)
{
	u64 whole = (u64)service->config->policy.slow_start_ms * NS_PER_MS;

	if (whole && member->share && member->share < SHARE_WHOLE)
		member->rising = now - whole * (member->share - 1) / (SHARE_WHOLE - 1);
}

/* A daemon that starts anew goes on from where the one before was, if it may take time to know better. */
static void begin(const struct service *service, struct member *member, u64 now)
{
	bool is_slow = service->config->policy.share.interval_ms;
	bool is_adopted = member->health != MAGLEV_NL_STATE_DOWN;
	struct load *load = &member->load;

	if (load->is_set)
		return;
	load->is_set = true;
	load->since = now;
	load->share = is_adopted && is_slow ? member->share / (double)SHARE_WHOLE : 1.;
	if (is_adopted && !is_slow)
		begin_rise(service, member, now);
}

/* Has there been nothing for so long that there might have been something by now? */
static bool is_silent(const struct service *service, const struct member *member, u64 now)
{
	const struct stream *stream = load_stream(service, member);
	u64 patience_ms = PATIENCE_MS;

	if (stream && patience_ms < 2ULL * stream->check->interval_ms)
		patience_ms = 2ULL * stream->check->interval_ms;
	return now - member->load.since >= patience_ms * NS_PER_MS;
}

static void read(const struct service *service, struct member *member, u64 now)
{
	const struct load_policy *policy = load_policy_of(service);
	struct load *load = &member->load;

	begin(service, member, now);
	load->is_serving = member->wanted == MAGLEV_NL_STATE_UP && !member->is_sorry;
	load->is_known = false;
	load->value = load->error = 0.;
	if (policy->read && !member->is_sorry)
		policy->read(service, member, now);
	load->was_known |= load->is_known;
	load->target = 1.;
	if (!load->was_known && !is_silent(service, member, now))
		load->target = load->share;
}

static void bound(const struct service *service, struct load *load)
{
	double least = service->config->policy.share.least / (double)SHARE_WHOLE;

	if (load->target < least)
		load->target = least;
	if (load->target > 1.)
		load->target = 1.;
}

/* May all of the table move at once? */
static bool is_free(const struct config_share *share)
{
	return !share->interval_ms || share->step_percent >= SHARE_WHOLE;
}

static void take_turn(struct service *service, u64 now)
{
	const struct load_policy *policy = load_policy_of(service);
	size_t i;

	for (i = 0; i < service->n; i++)
		read(service, &service->member[i], now);
	if (policy->aim)
		policy->aim(service);
	for (i = 0; i < service->n; i++)
		bound(service, &service->member[i].load);
	load_limit(service, policy->step_percent);
}

u64 load_weigh(struct service *service, u64 now)
{
	const struct config_share *share = &service->config->policy.share;
	u64 interval = (u64)share->interval_ms * NS_PER_MS;

	/* A turn that is further away is that of a policy before. */
	if (is_free(share) || now >= service->load_turn || service->load_turn > now + interval) {
		take_turn(service, now);
		service->load_turn = now + interval;
	}
	return interval ? service->load_turn : 0;
}

const char *load_state(const struct service *service, const struct member *member)
{
	const struct load *load = &member->load;

	if (!load_policy_of(service)->what)
		return "static";
	if (!load->is_known)
		return load->was_known ? "lost" : "unknown";
	return load->is_moving ? "moving" : "settled";
}

u32 load_target(const struct member *member)
{
	return member->load.target * SHARE_WHOLE + .5;
}

double load_value(const struct member *member)
{
	return round(member->load.value * 1000.) / 1000.;
}
