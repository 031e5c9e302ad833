// SPDX-License-Identifier: GPL-2.0-only
/*
 * A share rests while its target is near: within the hysteresis, or within what the measurement may
 * be wrong by, whichever is more. Once it moves it goes all the way, and follows for a while, as
 * what was measured first of a change is not all of it. But all shares of a service together move
 * no more than a part of its table's slots in an interval: so much is wrong at most if the
 * measurement is, and so slowly that what moves is felt by the next measurement.
 */
#include "load.h"

#include "world.h"

#include <math.h>

enum {
	FOLLOW_TURNS = 10,
};

static const double band_sigmas = 3.;
static const double arrived = .005;

static double weight_of(const struct member *member)
{
	return member->weight ?: 1;
}

/* Is it so near that nothing is to be done? */
static bool is_near(struct load *load, const struct config_share *config)
{
	double band = config->hysteresis / (double)SHARE_WHOLE;
	double larger = load->target > load->share ? load->target : load->share;

	if (band < band_sigmas * load->error)
		band = band_sigmas * load->error;
	load->band = band;
	return fabs(load->target - load->share) <= (1. - exp(-band)) * larger;
}

/* Return: the part of the table that would move if nothing stopped it. */
static double set_out(struct service *service)
{
	const struct config_share *config = &service->config->policy.share;
	double all = 0., moving = 0.;
	struct member *member;
	struct load *load;
	size_t i;

	for (i = 0; i < service->n; i++) {
		member = &service->member[i];
		load = &member->load;
		if (!load->is_serving) {
			load->share = load->target;
			load->is_moving = false;
			continue;
		}
		all += weight_of(member);
		if (!is_near(load, config)) {
			load->is_moving = true;
			load->turns = FOLLOW_TURNS;
		}
		if (load->is_moving)
			moving += weight_of(member) * fabs(load->target - load->share);
	}
	return all > 0. ? moving / all : 0.;
}

/* The least that is not nothing is one step, or one percent. */
static u32 percent_of(double share, u32 step)
{
	double percent = share * SHARE_WHOLE;
	u32 rounded = step > 1 ? (u32)(percent / step + .5) * step : (u32)ceil(percent - 1e-9);

	if (!rounded && share > 0.)
		return 1;
	return rounded < SHARE_WHOLE ? rounded : SHARE_WHOLE;
}

void load_limit(struct service *service, u32 step_percent)
{
	double most = service->config->policy.share.step_percent / (double)SHARE_WHOLE;
	double wanted = set_out(service), part = 1.;
	struct load *load;
	size_t i;

	if (most > 0. && wanted > most)
		part = most / wanted;
	for (i = 0; i < service->n; i++) {
		load = &service->member[i].load;
		if (load->is_moving)
			load->share += part * (load->target - load->share);
		load->turns -= load->turns > 0;
		if (fabs(load->target - load->share) <= arrived && (!load->turns || !load->band))
			load->is_moving = false;
		load->percent = percent_of(load->share, step_percent);
	}
}
