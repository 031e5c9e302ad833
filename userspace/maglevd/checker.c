// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starts lie on a grid: each stream has a phase of its own in its interval, the phases of all are
 * spread evenly, and jitter moves a start around its place without moving the ones after it. Thus
 * thousands of streams never bunch. While results contradict the opinion the grid is left for the
 * fast interval.
 *
 * A process that did not get the CPU finds deadlines passed and answers unread, and would have
 * everybody fail at once. The loop therefore has a heartbeat; when it was late, failures of probes
 * begun before say nothing.
 */
#include "checker.h"

#include "clock.h"
#include "log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	BEAT_MS = 100,
	STALL_MS = 400, /* a beat that comes so much too late is one */
	FIRST_US = 500, /* from the first probe of a stream to that of the next */
	LATENESS_BINS = 24, /* of powers of two of a microsecond */
	LATENESS_WINDOWS = 2, /* one fills, the other is the one before */
	LATENESS_MS = 30000,
	GOLDEN = 0x9e3779b9, /* 2^32 / phi: multiples of it mod 2^32 lie evenly */
};

/* Starts that were later than planned by 2^i us and less than twice that. */
struct lateness {
	u64 starts[LATENESS_BINS];
};

struct checker {
	struct ev_loop *loop;
	struct prober *prober;
	struct world *world;
	checker_changed *changed;
	void *ctx;
	struct ev_timer beat;
	struct ev_check look;
	u64 looked; /* ns */
	u64 stalled_until; /* ns */
	u64 random;
	u32 turn4, turn6; /* whose turn it is to be the source */
	struct checker_stats stats;
	struct lateness lateness[LATENESS_WINDOWS];
	u32 window;
	u64 window_until; /* ns */
};

/* xorshift64: whoever can foresee it knows when probes come, which they see anyway. */
static u32 draw(struct checker *checker)
{
	checker->random ^= checker->random << 13;
	checker->random ^= checker->random >> 7;
	checker->random ^= checker->random << 17;
	return checker->random >> 32;
}

/* ns, of an interval in ms: up to half the jitter earlier or later. */
static s64 draw_jitter(struct checker *checker, u32 interval_ms, u32 percent)
{
	u64 range = (u64)interval_ms * NS_PER_MS * percent / 100;

	return (s64)(((u64)draw(checker) * (range >> 8)) >> 24) - (s64)(range / 2);
}

static void set_timer(struct stream *stream, u64 at)
{
	struct checker *checker = stream->checker;
	u64 now = clock_now();

	stream->planned = at;
	ev_timer_stop(checker->loop, &stream->timer);
	ev_now_update(checker->loop);
	ev_timer_set(&stream->timer, at > now ? (at - now) * 1e-9 : 0., 0.);
	ev_timer_start(checker->loop, &stream->timer);
}

/* ns: of its interval, half the jitter. */
static u64 reach_of(const struct check *check)
{
	return (u64)check->interval_ms * NS_PER_MS * check->jitter_percent / 200;
}

/* The first place on the grid that the last start was not meant for, however early that came. */
static u64 next_due(const struct stream *stream)
{
	u64 interval = (u64)stream->check->interval_ms * NS_PER_MS;
	u64 taken = stream->started + reach_of(stream->check);

	if (stream->due > taken)
		return stream->due;
	return stream->due + ((taken - stream->due) / interval + 1) * interval;
}

/* Who failed is to be found in time: from one start to the next it is an interval and half the jitter at most. */
static u64 next_on_grid(const struct stream *stream)
{
	const struct check *check = stream->check;
	u64 latest = stream->started + (u64)check->interval_ms * NS_PER_MS + reach_of(check);
	u64 at = stream->due +
		 draw_jitter(stream->checker, check->interval_ms, check->jitter_percent);

	return at < latest ? at : latest;
}

static void plan(struct stream *stream)
{
	const struct check *check = stream->check;
	bool is_doubtful = stream->streak || stream->opinion == OPINION_NONE;
	u64 now = clock_now(), at;

	stream->due = next_due(stream);
	if (is_doubtful)
		at = stream->started + (u64)check->fast_interval_ms * NS_PER_MS +
		     draw_jitter(stream->checker, check->fast_interval_ms, check->jitter_percent);
	else
		at = next_on_grid(stream);
	set_timer(stream, at > now ? at : now);
}

static void tell(struct stream *stream)
{
	stream->checker->changed(stream->checker->ctx, stream);
}

static void weigh_result(struct stream *stream, enum opinion result)
{
	const struct check *check = stream->check;
	u32 enough = result == OPINION_UP ? check->rise : check->fall;

	if (result == stream->opinion) {
		stream->streak = 0;
		return;
	}
	if (++stream->streak < enough && stream->opinion != OPINION_NONE)
		return;
	stream->opinion = result;
	stream->streak = 0;
	tell(stream);
}

/*
 * What an agent says counts at once. That it says nothing is, as HAProxy has it, no matter of the
 * backend's: other checks find that.
 */
static void weigh_agent(struct stream *stream, const struct probe_answer *answer)
{
	bool passed = answer->result == PROBE_PASS;
	enum opinion opinion = stream->opinion == OPINION_NONE ? OPINION_UP : stream->opinion;
	bool is_draining = stream->is_draining;
	u32 percent = stream->percent;

	if (passed) {
		opinion = answer->agent_state == MAGLEV_NL_STATE_DOWN ? OPINION_DOWN : OPINION_UP;
		is_draining = answer->agent_state == MAGLEV_NL_STATE_DRAIN;
		percent = answer->weight_percent < 0 ? SHARE_WHOLE : (u32)answer->weight_percent;
	}
	if (opinion == stream->opinion && is_draining == stream->is_draining &&
	    percent == stream->percent)
		return;
	stream->opinion = opinion;
	stream->is_draining = is_draining;
	stream->percent = percent;
	tell(stream);
}

/* Of one that has not come in time it is known that it takes longer. */
static void weigh_time(struct stream *stream, const struct probe_answer *answer)
{
	const struct check *check = stream->check;

	if (answer->result == PROBE_PASS || answer->us >= (u64)check->timeout_ms * 1000)
		load_gauge_add(&stream->time, answer->us, clock_now(), check->interval_ms);
}

static void weigh_header(struct stream *stream, const struct probe_answer *answer)
{
	stream->answered_at = clock_now();
	if (answer->endpoint_weight == stream->endpoint_weight)
		return;
	stream->endpoint_weight = answer->endpoint_weight;
	tell(stream);
}

/* Was it we who were late? */
static bool is_own_fault(const struct stream *stream)
{
	return stream->started < stream->checker->stalled_until ||
	       stream->started > stream->planned + (u64)STALL_MS * NS_PER_MS;
}

static void take_answer(void *ctx, const struct probe_answer *answer)
{
	struct stream *stream = ctx;
	struct checker_stats *stats = &stream->checker->stats;
	enum probe_result result = answer->result;

	stream->probe = NULL;
	memcpy(stream->why, answer->why, sizeof(stream->why));
	if (result == PROBE_FAIL && is_own_fault(stream))
		result = PROBE_UNKNOWN;
	if (result == PROBE_PASS)
		weigh_header(stream, answer);
	if (result != PROBE_UNKNOWN && !is_own_fault(stream))
		weigh_time(stream, answer);
	if (result == PROBE_UNKNOWN)
		stats->unknown++;
	else if (result == PROBE_PASS)
		stats->passed++;
	else
		stats->failed++;
	if (result != PROBE_UNKNOWN && stream->check->type == CHECK_AGENT)
		weigh_agent(stream, answer);
	else if (result != PROBE_UNKNOWN)
		weigh_result(stream, result == PROBE_PASS ? OPINION_UP : OPINION_DOWN);
	plan(stream);
}

/* As long as it is answered, the way is right. */
static const struct way *find_way(struct stream *stream)
{
	if (!stream->way.source.len || stream->streak || stream->opinion != OPINION_UP)
		stream->way = way_towards(&stream->backend.addr, &stream->service.vip.addr);
	return &stream->way;
}

static struct maglev_lib_addr next_source(struct checker *checker, bool v6)
{
	const struct config *config = checker->world->config;
	size_t n = v6 ? config->n_source6 : config->n_source4;
	u32 *turn = v6 ? &checker->turn6 : &checker->turn4;

	if (!n)
		return (struct maglev_lib_addr){};
	return (v6 ? config->source6 : config->source4)[(*turn)++ % n];
}

/*
 * The VIP is an address of this host, so that the kernel would talk to it from the VIP itself:
 * through a tunnel a probe has a source that this host has towards the backend.
 */
static void aim_through_tunnel(struct stream *stream, struct probe_target *target)
{
	const struct way *way = find_way(stream);

	target->addr = target->vip = stream->service.vip.addr;
	target->vport = stream->service.vip.port;
	target->mark = stream->checker->world->config->probe_base + stream->index;
	target->mtu = way->mtu > stream->overhead ? way->mtu - stream->overhead : 0;
	target->source = next_source(stream->checker, target->addr.len == MAGLEV_IPV6_BYTES);
	if (!target->source.len)
		target->source = way->source;
}

static struct probe_target find_target(struct stream *stream)
{
	struct probe_target target = {
		.addr = stream->backend.addr,
		.port = stream->port,
		.backend = stream->backend.addr,
	};

	if (stream->check->via == CHECK_TUNNEL)
		aim_through_tunnel(stream, &target);
	else
		target.source = next_source(stream->checker, target.addr.len == MAGLEV_IPV6_BYTES);
	return target;
}

static void count_lateness(struct checker *checker, u64 planned, u64 now)
{
	u64 us = (now - planned) / 1000;
	u32 bin = us ? 63 - __builtin_clzll(us) : 0;

	if (now >= checker->window_until) {
		checker->window = (checker->window + 1) % LATENESS_WINDOWS;
		checker->window_until = now + (u64)LATENESS_MS * NS_PER_MS;
		checker->lateness[checker->window] = (struct lateness){};
	}
	checker->lateness[checker->window].starts[bin < LATENESS_BINS ? bin : LATENESS_BINS - 1]++;
}

static void start_probe(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct stream *stream = timer->data;
	struct checker *checker = stream->checker;
	struct probe_target target;

	(void)loop;
	(void)events;
	stream->started = clock_now();
	count_lateness(checker, stream->planned, stream->started);
	target = find_target(stream);
	/* One that the kernel does not know now is looked for again. */
	if (stream->check->via == CHECK_DIRECT || stream->index != INDEX_NONE)
		stream->probe =
			probe_start(checker->prober, stream->check, &target, take_answer, stream);
	if (stream->probe)
		return;
	checker->stats.unknown++;
	plan(stream);
}

/* Before anything else is told of what the loop has waited for. */
static void look(struct ev_loop *loop, struct ev_check *watcher, int events)
{
	struct checker *checker = watcher->data;
	u64 now = clock_now(), gap = now - checker->looked;

	(void)loop;
	(void)events;
	checker->looked = now;
	if (gap < (u64)(BEAT_MS + STALL_MS) * NS_PER_MS)
		return;
	checker->stalled_until = now;
	checker->stats.stalls++;
	log_say(LOG_WARNING, "checks were late, failures of the time are not counted",
		"late_ms=%llu", (unsigned long long)gap / NS_PER_MS - BEAT_MS);
}

static void beat(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events;
}

struct checker *checker_create(struct ev_loop *loop, checker_changed *changed, void *ctx)
{
	struct checker *checker = calloc(1, sizeof(*checker));

	if (!checker)
		return NULL;
	checker->loop = loop;
	checker->changed = changed;
	checker->ctx = ctx;
	checker->looked = clock_now();
	if (getrandom(&checker->random, sizeof(checker->random), GRND_NONBLOCK) < 0 ||
	    !checker->random)
		checker->random = checker->looked;
	checker->prober = prober_create(loop);
	if (!checker->prober) {
		free(checker);
		return NULL;
	}
	ev_timer_init(&checker->beat, beat, BEAT_MS / 1000., BEAT_MS / 1000.);
	ev_timer_start(loop, &checker->beat);
	ev_check_init(&checker->look, look);
	ev_set_priority(&checker->look, EV_MAXPRI);
	checker->look.data = checker;
	ev_check_start(loop, &checker->look);
	return checker;
}

/*
 * Worlds may come faster than probes time out. What is asked goes on, unless it is asked otherwise
 * now.
 */
static void hand_over(const struct checker *checker, const struct world *world)
{
	struct stream *from, *to;
	size_t i;

	for (i = 0; i < checker->world->n_streams; i++) {
		from = &checker->world->stream[i];
		to = from->probe ? world_find_stream(world, from) : NULL;
		if (!to || to->check != from->check || to->index != from->index)
			continue;
		probe_hand_over(from->probe, to);
		to->probe = from->probe;
		from->probe = NULL;
	}
}

static void stop(struct checker *checker)
{
	struct stream *stream;
	size_t i;

	for (i = 0; checker->world && i < checker->world->n_streams; i++) {
		stream = &checker->world->stream[i];
		ev_timer_stop(checker->loop, &stream->timer);
		if (stream->probe)
			probe_cancel(stream->probe);
		stream->probe = NULL;
	}
	checker->world = NULL;
}

void checker_destroy(struct checker *checker)
{
	if (!checker)
		return;
	stop(checker);
	prober_destroy(checker->prober);
	ev_check_stop(checker->loop, &checker->look);
	ev_timer_stop(checker->loop, &checker->beat);
	free(checker);
}

/* One that begins now has a phase of its own, one whose interval was a longer one, no later place. */
static u64 first_due(const struct stream *stream, size_t i, u64 now)
{
	u64 interval = (u64)stream->check->interval_ms * NS_PER_MS;

	if (!stream->due)
		return now + ((interval >> 8) * ((u32)i * (u32)GOLDEN) >> 24);
	return stream->due > now + interval ? now + (stream->due - now) % interval : stream->due;
}

/*
 * Who ran before goes on as planned. Who has no opinion yet, or was being asked otherwise, is asked
 * at once, one after the other; all others have their place on the grid.
 */
static void begin(struct checker *checker, struct stream *stream, size_t i, u64 now, u32 *n_first)
{
	u64 interval = (u64)stream->check->interval_ms * NS_PER_MS;
	u64 soon = now + (u64)*n_first * FIRST_US * 1000;

	stream->checker = checker;
	ev_timer_init(&stream->timer, start_probe, 0., 0.);
	stream->timer.data = stream;
	stream->due = first_due(stream, i, now);
	if (stream->probe)
		return;
	if (stream->planned > now && stream->planned - now < interval * 3 / 2) {
		set_timer(stream, stream->planned);
	} else if (stream->planned || (stream->opinion == OPINION_NONE && soon < stream->due)) {
		set_timer(stream, soon);
		++*n_first;
	} else {
		set_timer(stream, stream->due);
	}
}

void checker_run(struct checker *checker, struct world *world)
{
	u64 now = clock_now();
	u32 n_first = 0;
	size_t i;

	if (checker->world && world)
		hand_over(checker, world);
	stop(checker);
	checker->world = world;
	for (i = 0; world && i < world->n_streams; i++)
		begin(checker, &world->stream[i], i, now, &n_first);
}

bool checker_ask(struct stream *stream)
{
	u64 at = stream->started + (u64)stream->check->fast_interval_ms * NS_PER_MS;
	u64 now = clock_now();

	if (at < now)
		at = now;
	if (stream->probe || stream->planned <= at)
		return false;
	set_timer(stream, at);
	stream->checker->stats.hastened++;
	return true;
}

const struct checker_stats *checker_stats(const struct checker *checker)
{
	return &checker->stats;
}

u64 checker_lateness_p99(const struct checker *checker)
{
	u64 starts[LATENESS_BINS] = {}, all = 0, later = 0;
	u32 window, bin;

	for (window = 0; window < LATENESS_WINDOWS; window++) {
		for (bin = 0; bin < LATENESS_BINS; bin++) {
			starts[bin] += checker->lateness[window].starts[bin];
			all += checker->lateness[window].starts[bin];
		}
	}
	for (bin = LATENESS_BINS; bin-- > 0;) {
		later += starts[bin];
		if (later * 100 > all)
			return 2ULL << bin;
	}
	return 0;
}
