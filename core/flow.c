// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flow words and the lines they stand in (design, section 4). One CPU inserts into a table;
 * it, sweeps and other CPUs change words, each by compare-and-exchange from what it saw, so
 * whoever comes second finds out and looks again or lets be.
 */
#include <maglev/flow.h>

enum {
	HASH_SHIFT = 26, /* hash bits a word does not hold; they choose the line */
	TRIES = 3, /* of an insert that is disturbed */
};

/* What a packet is to a flow's state. */
enum event {
	EVENT_DATA,
	EVENT_SYN,
	EVENT_FIN,
	EVENT_RST,
	EVENTS,
};

/* What becomes of the word. */
enum step {
	KEEP, /* nothing is written */
	RENEW, /* the next state, as of now */
	RENEW_BACK, /* the next state, dated one unit back */
	RENEW_LATER, /* the next state as of now, if the word is of an earlier time unit */
	ANEW, /* the flow has ended, another begins */
};

struct transition {
	enum step step;
	enum maglev_flow_state next;
};

static const struct transition transitions[MAGLEV_FLOW_STATES][EVENTS] = {
	[MAGLEV_HALF_OPEN] = {
		/* The answer to a SYN-ACK; without a SYN, one that goes on beyond a burst. */
		[EVENT_DATA] = { RENEW_LATER, MAGLEV_ESTABLISHED },
		/* The client did not see the SYN-ACK and tries again: same backend. */
		[EVENT_SYN] = { RENEW_BACK, MAGLEV_HALF_OPEN },
		[EVENT_FIN] = { RENEW, MAGLEV_CLOSING },
		[EVENT_RST] = { RENEW, MAGLEV_RESET },
	},
	[MAGLEV_ESTABLISHED] = {
		[EVENT_DATA] = { RENEW, MAGLEV_ESTABLISHED },
		/* Spoofed or stray: the backend answers it by a challenge ACK (RFC 5961). */
		[EVENT_SYN] = { KEEP, MAGLEV_ESTABLISHED },
		[EVENT_FIN] = { RENEW, MAGLEV_CLOSING },
		[EVENT_RST] = { RENEW, MAGLEV_RESET },
	},
	[MAGLEV_CLOSING] = {
		/* The other half may stay open for long. */
		[EVENT_DATA] = { RENEW, MAGLEV_CLOSING },
		[EVENT_SYN] = { ANEW, MAGLEV_HALF_OPEN },
		[EVENT_FIN] = { RENEW, MAGLEV_CLOSING },
		[EVENT_RST] = { RENEW, MAGLEV_RESET },
	},
	[MAGLEV_RESET] = {
		/* The backend did not believe the RST: it was out of its window. */
		[EVENT_DATA] = { RENEW, MAGLEV_ESTABLISHED },
		[EVENT_SYN] = { ANEW, MAGLEV_HALF_OPEN },
		[EVENT_FIN] = { RENEW, MAGLEV_CLOSING },
		[EVENT_RST] = { RENEW, MAGLEV_RESET },
	},
};

static enum event event_of(u8 flags)
{
	if (flags & MAGLEV_TCP_RST)
		return EVENT_RST;
	if (flags & MAGLEV_TCP_FIN)
		return EVENT_FIN;
	return flags & MAGLEV_TCP_SYN ? EVENT_SYN : EVENT_DATA;
}

/* The word in another state, as of now. */
static u64 restate(u64 word, enum maglev_flow_state state, u32 now)
{
	return maglev_word_make(word, maglev_word_index(word), state, now);
}

static u64 date_back(u64 word)
{
	return (word & ~0xffULL) | ((word - 1) & 0xff);
}

u64 maglev_word_begin(u64 hash, u32 index, u8 flags, u32 now)
{
	u64 word = maglev_word_make(hash, index, MAGLEV_HALF_OPEN, now);

	return event_of(flags) == EVENT_SYN ? date_back(word) : word;
}

u32 maglev_word_age(u64 word, u32 now)
{
	return maglev_word_units(word, now) * maglev_time_unit(maglev_word_state(word));
}

u64 maglev_word_next(u64 word, u8 flags, u32 now)
{
	const struct transition *transition =
		&transitions[maglev_word_state(word)][event_of(flags)];

	switch (transition->step) {
	case RENEW_LATER:
		if (!maglev_word_units(word, now))
			return word;
		return restate(word, transition->next, now);
	case RENEW:
		return restate(word, transition->next, now);
	case RENEW_BACK:
		return date_back(restate(word, transition->next, now));
	case ANEW:
		return 0;
	default:
		return word;
	}
}

static struct maglev_target *target_of(const struct maglev_flows *flows, u64 word)
{
	u32 index = maglev_word_index(word);

	return index < flows->n_targets ? READ_ONCE(flows->targets[index]) : NULL;
}

/* Which words hold these 38 bits: a bit each. Which it will be no CPU can foresee: no branches. */
static u32 match_line(const u64 *line, u64 hash)
{
	u32 i, matches = 0;

	for (i = 0; i < MAGLEV_LINE_WORDS; i++)
		matches |= (u32)((READ_ONCE(line[i]) ^ hash) >> HASH_SHIFT == 0) << i;
	return matches;
}

static u64 *find_in_line(u64 *line, const struct maglev_flows *flows, u64 hash, u32 service,
			 u64 *found)
{
	const struct maglev_target *target;
	u32 i, matches;
	u64 word;

	for (matches = match_line(line, hash); matches; matches &= matches - 1) {
		i = __builtin_ctz(matches);
		word = READ_ONCE(line[i]);
		if ((word ^ hash) >> HASH_SHIFT)
			continue;
		target = target_of(flows, word);
		if (!target || target->service != service ||
		    maglev_word_expired(word, target, flows->now))
			continue;
		*found = word;
		return &line[i];
	}
	return NULL;
}

void maglev_flow_prefetch(const struct maglev_flow_table *table, u64 hash)
{
	if (!READ_ONCE(table->words))
		return;
	__builtin_prefetch(maglev_flow_line(table, hash));
	__builtin_prefetch(maglev_flow_line(table, maglev_mix64(hash)));
}

u64 *maglev_flow_lookup(const struct maglev_flow_table *table, const struct maglev_flows *flows,
			u64 hash, u32 service, u64 *found)
{
	u64 *at;

	if (!READ_ONCE(table->words))
		return NULL;
	at = find_in_line(maglev_flow_line(table, hash), flows, hash, service, found);
	if (!at)
		at = find_in_line(maglev_flow_line(table, maglev_mix64(hash)), flows, hash, service,
				  found);
	return at;
}

/* A word that may be written over, as seen. */
struct candidate {
	u64 *at;
	u64 seen;
};

/* A line as an insert sees it. */
struct scan {
	struct candidate free;
	struct candidate ending; /* closing or reset */
	struct candidate half_open; /* the oldest */
	u32 n_free;
	u32 n_half_open;
	u32 age; /* of @half_open */
};

/* Of two that are equally old either may go, as @second says; not always the same. */
static void scan_half_open(struct scan *scan, u64 *at, u64 word, u32 now, bool second)
{
	u32 age = maglev_word_units(word, now);

	if (!scan->n_half_open++ || age > scan->age || (age == scan->age && second)) {
		scan->half_open = (struct candidate){ at, word };
		scan->age = age;
	}
}

static void scan_line(struct scan *scan, u64 *line, const struct maglev_flows *flows, u64 hash)
{
	const struct maglev_target *target;
	u64 word;
	u32 i;

	memset(scan, 0, sizeof(*scan));
	for (i = 0; i < MAGLEV_LINE_WORDS; i++) {
		word = READ_ONCE(line[i]);
		target = target_of(flows, word);
		if (!target || maglev_word_expired(word, target, flows->now)) {
			scan->free = (struct candidate){ &line[i], word };
			scan->n_free++;
		} else if (maglev_word_state(word) == MAGLEV_HALF_OPEN) {
			scan_half_open(scan, &line[i], word, flows->now,
				       hash >> (HASH_SHIFT + i) & 1);
		} else if (maglev_word_state(word) != MAGLEV_ESTABLISHED) {
			scan->ending = (struct candidate){ &line[i], word };
		}
	}
}

/* May one more half-open word stand in this line? */
static bool has_room(const struct scan *scan, enum maglev_flow_state state)
{
	return state != MAGLEV_HALF_OPEN || scan->n_half_open < MAGLEV_HALF_OPEN_MAX;
}

/* Where a word of this state goes, the lines being as scanned. */
static enum maglev_track choose(const struct scan *a, const struct scan *b,
				enum maglev_flow_state state, struct candidate *chosen)
{
	bool room_a = has_room(a, state), room_b = has_room(b, state);
	u32 free_a = room_a ? a->n_free : 0, free_b = room_b ? b->n_free : 0;

	if (free_a || free_b) {
		*chosen = free_a >= free_b ? a->free : b->free;
		return MAGLEV_TRACK_NEW;
	}
	if (room_a && a->ending.at)
		*chosen = a->ending;
	else if (room_b && b->ending.at)
		*chosen = b->ending;
	else if (a->n_half_open && (!b->n_half_open || a->age >= b->age))
		*chosen = a->half_open;
	else if (b->n_half_open)
		*chosen = b->half_open;
	else
		return MAGLEV_TRACK_FULL;
	return MAGLEV_TRACK_EVICTED;
}

enum maglev_track maglev_flow_insert(const struct maglev_flow_table *table,
				     const struct maglev_flows *flows, u64 hash, u64 word,
				     u64 *evicted)
{
	enum maglev_track track = MAGLEV_TRACK_FULL;
	struct candidate chosen;
	u64 *line_a, *line_b;
	struct scan a, b;
	u32 i;

	*evicted = 0;
	if (!READ_ONCE(table->words))
		return MAGLEV_TRACK_FULL;
	line_a = maglev_flow_line(table, hash);
	line_b = maglev_flow_line(table, maglev_mix64(hash));
	for (i = 0; i < TRIES; i++) {
		scan_line(&a, line_a, flows, hash);
		scan_line(&b, line_b, flows, hash);
		track = choose(&a, &b, maglev_word_state(word), &chosen);
		if (track == MAGLEV_TRACK_FULL)
			return track;
		if (maglev_flow_change(chosen.at, chosen.seen, word)) {
			if (track == MAGLEV_TRACK_EVICTED)
				*evicted = chosen.seen;
			return track;
		}
	}
	return MAGLEV_TRACK_FULL;
}

bool maglev_flow_known(const struct maglev_flow_table *table, const struct maglev_flows *flows,
		       u32 line, u64 word)
{
	u64 *at = table->words + (size_t)line * MAGLEV_LINE_WORDS, found;
	const struct maglev_target *target = target_of(flows, word);

	return target && find_in_line(at, flows, word, target->service, &found);
}

enum maglev_track maglev_flow_restore(const struct maglev_flow_table *table,
				      const struct maglev_flows *flows, u32 line, u64 word)
{
	u64 *at = table->words + (size_t)line * MAGLEV_LINE_WORDS;
	struct scan scan;
	u32 i;

	for (i = 0; i < TRIES; i++) {
		scan_line(&scan, at, flows, word);
		if (!scan.n_free || !has_room(&scan, maglev_word_state(word)))
			return MAGLEV_TRACK_FULL;
		if (maglev_flow_change(scan.free.at, scan.free.seen, word))
			return MAGLEV_TRACK_NEW;
	}
	return MAGLEV_TRACK_FULL;
}

u32 maglev_flow_sweep(const struct maglev_flow_table *table, const struct maglev_flows *flows,
		      u32 first, u32 n,
		      void (*seen)(void *ctx, u64 word, const struct maglev_target *target),
		      void *ctx)
{
	u32 end = first < table->lines && n < table->lines - first ? first + n : table->lines;
	const struct maglev_target *target;
	u64 *words = READ_ONCE(table->words), *at, *stop, word;
	u32 left = 0;

	if (!words || first >= end)
		return 0;
	stop = words + (size_t)end * MAGLEV_LINE_WORDS;
	for (at = words + (size_t)first * MAGLEV_LINE_WORDS; at < stop; at++) {
		word = READ_ONCE(*at);
		if (!word)
			continue;
		target = target_of(flows, word);
		if (!target || maglev_word_expired(word, target, flows->now)) {
			maglev_flow_change(at, word, 0);
			continue;
		}
		left++;
		if (seen)
			seen(ctx, word, target);
	}
	return left;
}
