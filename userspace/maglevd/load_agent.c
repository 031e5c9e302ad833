// SPDX-License-Identifier: GPL-2.0-only
/* What agents allow: of several the least. One that says nothing allows all. */
#include "load.h"

#include "world.h"

static void read(const struct service *service, struct member *member, u64 now)
{
	struct load *load = &member->load;
	const struct stream *stream;
	size_t i;

	(void)service;
	(void)now;
	load->value = SHARE_WHOLE;
	for (i = 0; i < member->n_streams; i++) {
		stream = member->stream[i];
		if (stream->check->role != CHECK_ROUTING || stream->check->type != CHECK_AGENT)
			continue;
		load->is_known = true;
		if (stream->percent < load->value)
			load->value = stream->percent;
	}
}

static void aim(struct service *service)
{
	struct load *load;
	size_t i;

	for (i = 0; i < service->n; i++) {
		load = &service->member[i].load;
		if (load->is_known)
			load->target = load->value / SHARE_WHOLE;
	}
}

const struct load_policy load_agent = {
	.name = "agent",
	.what = "agent-percent",
	.step_percent = 1,
	.read = read,
	.aim = aim,
};
