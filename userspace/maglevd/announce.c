// SPDX-License-Identifier: GPL-2.0-only
/* Away at once, back after a while. */
#include "announce.h"

enum {
	NS_PER_MS = 1000000,
	NS_PER_S = 1000000000,
};

const char *announce_state_name(enum announce_state state)
{
	static const char *const names[] = {
		[ANNOUNCE_WITHDRAWN] = "withdrawn",
		[ANNOUNCE_SETTLING] = "settling",
		[ANNOUNCE_ANNOUNCED] = "announced",
	};

	return names[state];
}

void announce_begin(struct announcement *announcement, bool has_route, u64 now)
{
	*announcement = (struct announcement){
		.state = has_route ? ANNOUNCE_ANNOUNCED : ANNOUNCE_WITHDRAWN,
		.reason = has_route ? ANNOUNCE_FINE : ANNOUNCE_UNASKED,
		.since = now,
		.patience = now + (u64)ANNOUNCE_PATIENCE_S * NS_PER_S,
	};
}

void announce_answer(struct announce_probe *probe, bool is_good)
{
	probe->is_asked = true;
	if (is_good)
		probe->misses = 0;
	else if (probe->misses < ANNOUNCE_MISSES)
		probe->misses++;
}

enum announce_opinion announce_opinion(const struct announce_probe *probe, u64 waiting)
{
	if (probe->misses >= ANNOUNCE_MISSES || waiting > (u64)ANNOUNCE_SILENCE_MS * NS_PER_MS)
		return ANNOUNCE_BAD;
	return probe->is_asked && !probe->misses ? ANNOUNCE_GOOD : ANNOUNCE_UNKNOWN;
}

/* In the order in which they are told: what somebody wants comes before what happens. */
static enum announce_reason find_reason(const struct announce_input *input)
{
	if (input->is_drained)
		return ANNOUNCE_DRAINED;
	if (input->opinion == ANNOUNCE_BAD)
		return ANNOUNCE_PROBE;
	if (input->has_few)
		return ANNOUNCE_FEW;
	return ANNOUNCE_FINE;
}

static bool move(struct announcement *announcement, enum announce_state state,
		 enum announce_reason reason, u64 now)
{
	if (announcement->state == state && announcement->reason == reason)
		return false;
	announcement->state = state;
	announcement->reason = reason;
	announcement->since = now;
	return true;
}

bool announce_step(struct announcement *announcement, const struct announce_input *input)
{
	enum announce_reason reason = find_reason(input);

	if (reason != ANNOUNCE_FINE)
		return move(announcement, ANNOUNCE_WITHDRAWN, reason, input->now);
	/* What it is goes on until the self-probe is sure. */
	if (announcement->state == ANNOUNCE_ANNOUNCED || input->opinion != ANNOUNCE_GOOD)
		return false;
	if (input->has_unchecked && input->now < announcement->patience)
		return move(announcement, ANNOUNCE_WITHDRAWN, ANNOUNCE_UNCHECKED, input->now);
	if (announcement->state == ANNOUNCE_WITHDRAWN) {
		announcement->until = input->now + input->settle;
		if (input->settle)
			return move(announcement, ANNOUNCE_SETTLING, ANNOUNCE_FINE, input->now);
	}
	if (input->now < announcement->until)
		return false;
	return move(announcement, ANNOUNCE_ANNOUNCED, ANNOUNCE_FINE, input->now);
}

bool announce_fail(struct announcement *announcement, u64 pause, u64 now)
{
	announcement->until = now + pause;
	return move(announcement, ANNOUNCE_SETTLING, ANNOUNCE_ROUTE, now);
}
