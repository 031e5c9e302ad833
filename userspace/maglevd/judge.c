// SPDX-License-Identifier: GPL-2.0-only
/*
 * A member is down when one of its checks says so, up when all do, and as it was while they have
 * not spoken. Over this lie quorum (it may be that we alone cannot reach it: peers are asked),
 * hold-down (who flaps waits), panic (when too many fail it is more likely us, or the network, than
 * them: states stay) and fail-open (of none that can, all may).
 */
#include "judge.h"

#include "clock.h"

enum {
	STEPS = 50, /* of a slow start, each a new table */
	STEP_MS = 100, /* none comes sooner after another */
};

enum opinion judge_opinion(const struct member *member)
{
	enum opinion opinion = OPINION_UP;
	const struct stream *stream;
	size_t i;

	for (i = 0; i < member->n_streams; i++) {
		stream = member->stream[i];
		if (stream->check->role == CHECK_DIAGNOSTIC)
			continue;
		if (stream->opinion == OPINION_DOWN)
			return OPINION_DOWN;
		if (stream->opinion == OPINION_NONE)
			opinion = OPINION_NONE;
	}
	return opinion;
}

const struct stream *judge_failing(const struct member *member)
{
	size_t i;

	for (i = 0; i < member->n_streams; i++)
		if (member->stream[i]->opinion == OPINION_DOWN &&
		    member->stream[i]->check->role == CHECK_ROUTING)
			return member->stream[i];
	return NULL;
}

static void remind(struct judgement *judgement, u64 at)
{
	if (!judgement->next || at < judgement->next)
		judgement->next = at;
}

/* Of one that is not down: does the file, or an agent, drain it? */
static u32 find_running(struct member *member, u64 now, struct judgement *judgement)
{
	size_t i;

	if (member->drain_ms != CONFIG_NO_DRAIN) {
		if (member->drain_ms && !member->drain_until)
			member->drain_until = now + (u64)member->drain_ms * NS_PER_MS;
		if (member->drain_until && now >= member->drain_until)
			return MAGLEV_NL_STATE_DOWN;
		if (member->drain_until)
			remind(judgement, member->drain_until);
		return MAGLEV_NL_STATE_DRAIN;
	}
	for (i = 0; i < member->n_streams; i++)
		if (member->stream[i]->is_draining &&
		    member->stream[i]->check->role == CHECK_ROUTING)
			return MAGLEV_NL_STATE_DRAIN;
	return MAGLEV_NL_STATE_UP;
}

static u32 count_failing(const struct service *service)
{
	u32 failing = 0;
	size_t i;

	for (i = 0; i < service->n; i++)
		failing += judge_opinion(&service->member[i]) == OPINION_DOWN;
	return failing;
}

static bool is_panic(const struct service *service, u32 failing)
{
	u32 percent = service->config->policy.panic_percent, n = 0;
	size_t i;

	for (i = 0; i < service->n; i++)
		n += !service->member[i].is_sorry;
	return percent < 100 && (u64)failing * 100 > (u64)percent * n;
}

/*
 * Once it is settled it is until checks pass again, as peers are not asked any more. Panic keeps
 * without asking.
 */
static enum doubt find_doubt(const struct service *service, const struct member *member,
			     bool in_panic)
{
	u32 quorum = service->config->policy.quorum;
	const struct votes *votes = &member->votes;

	if (!quorum || judge_opinion(member) != OPINION_DOWN)
		return DOUBT_NONE;
	if (member->doubt == DOUBT_SETTLED || member->health == MAGLEV_NL_STATE_DOWN)
		return DOUBT_SETTLED;
	if (in_panic)
		return DOUBT_NONE;
	if (votes->failing >= quorum)
		return DOUBT_SETTLED;
	if (votes->awaited)
		return member->doubt == DOUBT_OUTVOTED ? DOUBT_OUTVOTED : DOUBT_ASKING;
	return votes->failing < votes->heard ? DOUBT_OUTVOTED : DOUBT_SETTLED;
}

static bool is_doubted(const struct member *member)
{
	return member->doubt == DOUBT_ASKING || member->doubt == DOUBT_OUTVOTED;
}

/* By its checks, peers and hold-down alone. */
static u32 find_health(struct member *member, u64 now, struct judgement *judgement)
{
	switch (judge_opinion(member)) {
	case OPINION_DOWN:
		if (is_doubted(member))
			return find_running(member, now, judgement);
		return MAGLEV_NL_STATE_DOWN;
	case OPINION_UP:
		if (member->health != MAGLEV_NL_STATE_DOWN || now >= member->held_until)
			return find_running(member, now, judgement);
		remind(judgement, member->held_until);
		return MAGLEV_NL_STATE_DOWN;
	default:
		return member->health;
	}
}

/* How much of a slow start is done, in percent. */
static u32 find_rise(const struct service *service, const struct member *member, u64 now,
		     struct judgement *judgement)
{
	u64 whole = (u64)service->config->policy.slow_start_ms * NS_PER_MS, rising, step;

	if (member->wanted == MAGLEV_NL_STATE_DOWN || !whole)
		return SHARE_WHOLE;
	/* It begins as the kernel is told that it is up. */
	rising = member->health == MAGLEV_NL_STATE_DOWN ? now : member->rising;
	if (!rising || now - rising >= whole)
		return SHARE_WHOLE;
	step = whole / STEPS;
	if (step < (u64)STEP_MS * NS_PER_MS)
		step = (u64)STEP_MS * NS_PER_MS;
	remind(judgement, now + step);
	return 1 + (now - rising) * (SHARE_WHOLE - 1) / whole;
}

/* 0 % by its load is none, anything else at least the least. */
static u32 find_share(const struct service *service, const struct member *member, u64 now,
		      struct judgement *judgement)
{
	u32 rise = find_rise(service, member, now, judgement);

	return (rise * member->load.percent + SHARE_WHOLE - 1) / SHARE_WHOLE;
}

/* Who takes over when there is nobody left: those that were up once, or those that are kept for that. */
static bool is_helper(const struct service *service, const struct member *member)
{
	switch (service->config->policy.when_down) {
	case CONFIG_KEEP:
		return member->was_up;
	case CONFIG_SORRY:
		return member->is_sorry;
	default:
		return false;
	}
}

/* Is there nobody left, and somebody to take over? */
static bool is_open(const struct service *service)
{
	bool has_helper = false, is_known = true;
	const struct member *member;
	size_t i;

	for (i = 0; i < service->n; i++) {
		member = &service->member[i];
		if (!member->is_sorry && member->wanted != MAGLEV_NL_STATE_DOWN)
			return false;
		is_known &= member->is_sorry || judge_opinion(member) != OPINION_NONE;
		has_helper |= is_helper(service, member);
	}
	return is_known ? has_helper : service->is_open;
}

static void change_mode(struct service *service, struct judgement *judgement, bool in_panic,
			bool open)
{
	judgement->panic_began = in_panic && !service->in_panic;
	judgement->panic_ended = !in_panic && service->in_panic;
	judgement->open_began = open && !service->is_open;
	judgement->open_ended = !open && service->is_open;
	service->in_panic = in_panic;
	service->is_open = open;
}

static void sentence_member(struct service *service, struct member *member, u64 now,
			    struct judgement *judgement)
{
	u32 share = find_share(service, member, now, judgement);

	if (member->wanted == member->health && share == member->share)
		return;
	/* It is not there, and comes and goes as a whole. */
	if (member->is_sorry && member->index == INDEX_NONE)
		return;
	judgement->sentence[judgement->n++] = (struct sentence){ member, member->wanted, share };
}

void judge_service(struct service *service, u64 now, struct sentence *room,
		   struct judgement *judgement)
{
	u32 failing = count_failing(service);
	bool in_panic = is_panic(service, failing), open;
	struct member *member;
	u64 again;
	size_t i;

	*judgement = (struct judgement){ .sentence = room, .n_failing = failing };
	service->n_doubted = 0;
	for (i = 0; i < service->n; i++) {
		member = &service->member[i];
		member->doubt = find_doubt(service, member, in_panic);
		service->n_doubted += is_doubted(member);
		member->wanted = member->is_sorry ? MAGLEV_NL_STATE_DOWN :
						    find_health(member, now, judgement);
		member->is_kept = in_panic && member->wanted == MAGLEV_NL_STATE_DOWN &&
				  member->health != MAGLEV_NL_STATE_DOWN;
		if (member->is_kept)
			member->wanted = member->health;
		member->is_kept |= is_doubted(member) && member->wanted != MAGLEV_NL_STATE_DOWN;
	}
	open = is_open(service);
	for (i = 0; i < service->n && open; i++) {
		member = &service->member[i];
		if (is_helper(service, member)) {
			member->is_kept = !member->is_sorry;
			member->wanted = MAGLEV_NL_STATE_UP;
		}
	}
	again = load_weigh(service, now);
	if (again)
		remind(judgement, again);
	for (i = 0; i < service->n; i++)
		sentence_member(service, &service->member[i], now, judgement);
	change_mode(service, judgement, in_panic, open);
}

/* The next time is twice as long, unless it was up for as long as any hold lasts. */
static void hold(const struct config_policy *policy, struct member *member, u64 now)
{
	u64 longest = (u64)policy->hold_down_max_ms * NS_PER_MS;

	if (!policy->hold_down_ms || judge_opinion(member) != OPINION_DOWN)
		return;
	if (!member->hold_ms || now - member->since > longest)
		member->hold_ms = policy->hold_down_ms;
	else if (member->hold_ms < policy->hold_down_max_ms / 2)
		member->hold_ms *= 2;
	else
		member->hold_ms = policy->hold_down_max_ms;
	member->held_until = now + (u64)member->hold_ms * NS_PER_MS;
}

void judge_carry_out(const struct service *service, const struct sentence *sentence, u64 now)
{
	const struct config_policy *policy = &service->config->policy;
	struct member *member = sentence->member;

	if (sentence->health == MAGLEV_NL_STATE_DOWN && member->health != MAGLEV_NL_STATE_DOWN)
		hold(policy, member, now);
	if (sentence->health != MAGLEV_NL_STATE_DOWN && member->health == MAGLEV_NL_STATE_DOWN)
		member->rising = policy->slow_start_ms ? now : 0;
	if (sentence->health != member->health)
		member->since = now;
	member->was_up |= sentence->health != MAGLEV_NL_STATE_DOWN;
	member->health = sentence->health;
	member->share = sentence->share;
	if (member->rising && now - member->rising >= (u64)policy->slow_start_ms * NS_PER_MS)
		member->rising = 0;
}
