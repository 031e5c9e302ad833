/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracked flows: one 64-bit word each, IPv4 and IPv6 alike, eight words to a cache line, a
 * table per CPU. No pointers, timers or allocation; words change by compare-and-exchange
 * only, so that the owning CPU, sweeps, moves and resizes need no lock between them.
 *
 *	63              26 25            10 9     8 7       0
 *	+-----------------+----------------+-------+---------+
 *	| flow hash >> 26 | pair index + 1 | state | time    |
 *	+-----------------+----------------+-------+---------+
 *
 * A flow's word is in one of two lines, both chosen by bits the word does not hold. The
 * word's 38 bits contain those that choose the slot, so in mode tuple a word tells its slot.
 *
 * False hits: a lookup compares 38 bits with at most 16 words, each a flow of its own hash: it
 * meets a wrong one with probability at most 16 * 2^-38 = 2^-34, on the own CPU's table; it
 * counts only if that flow is of the same service, so 2^-32 holds with room to spare, old
 * table included. Adoption reads as many words on every CPU: CPUs * 2^-34.
 */
#ifndef MAGLEV_FLOW_H
#define MAGLEV_FLOW_H

#include <maglev/encap.h>

enum {
	MAGLEV_LINE_WORDS = 8,
	MAGLEV_LINE_BYTES = 64,
	MAGLEV_HALF_OPEN_MAX = 2, /* of a line's words, after an insert */
	MAGLEV_PAIRS_MAX = 65535, /* per network namespace: index + 1 fits 16 bits */
	MAGLEV_LOAD_PERCENT = 80, /* flows per word a table is laid out for */
};

/**
 * enum maglev_flow_state - what a balancer that sees one direction knows of a flow
 * @MAGLEV_HALF_OPEN: begun, by a packet of any kind; the only one a flood can reach
 * @MAGLEV_ESTABLISHED: its client has answered, or kept sending
 * @MAGLEV_CLOSING: its client has sent FIN
 * @MAGLEV_RESET: its client has sent RST
 * @MAGLEV_FLOW_STATES: how many there are
 */
enum maglev_flow_state {
	MAGLEV_HALF_OPEN = 0,
	MAGLEV_ESTABLISHED = 1,
	MAGLEV_CLOSING = 2,
	MAGLEV_RESET = 3,
	MAGLEV_FLOW_STATES = 4,
};

/**
 * struct maglev_timeouts - after how many seconds without a packet a flow is forgotten
 * @seconds: by enum maglev_flow_state
 */
struct maglev_timeouts {
	u16 seconds[MAGLEV_FLOW_STATES];
};

enum {
	MAGLEV_TIMEOUT_HALF_OPEN = 60,
	MAGLEV_TIMEOUT_ESTABLISHED = 900,
	MAGLEV_TIMEOUT_ESTABLISHED_UDP = 300,
	MAGLEV_TIMEOUT_CLOSING = 120,
	MAGLEV_TIMEOUT_RESET = 10,
	MAGLEV_TIMEOUT_MAX = 900,
	MAGLEV_TIMEOUT_ESTABLISHED_MAX = 7200,
};

/**
 * struct maglev_target - a backend of a service, as a packet and a word see it
 * @index: of the (service, backend) pair, 0 .. MAGLEV_PAIRS_MAX - 1
 * @service: of whose flows it takes; unique among services of the namespace
 * @state: enum maglev_state, the effective one; changes while packets read it
 * @limit: by enum maglev_flow_state: time units after which a word of it has expired; see
 *	   maglev_timeout_limit()
 * @tunnel: the way to it
 *
 * 32 bytes of one cache line, which packets only read.
 */
struct maglev_target {
	u32 index;
	u32 service;
	u8 state;
	u8 limit[MAGLEV_FLOW_STATES];
	struct maglev_tunnel tunnel;
};

/**
 * struct maglev_flow_table - the flows of one CPU
 * @words: @lines * MAGLEV_LINE_WORDS, aligned to a line, zeroed; NULL: none here
 * @lines: any number from 1 to 2^26
 */
struct maglev_flow_table {
	u64 *words;
	u32 lines;
};

/**
 * struct maglev_flow_tables - the flows of all CPUs, under one key
 * @key: words hold hashes under this key
 * @old: tables that these replace, or NULL; theirs is NULL
 * @active: CPUs that have a table
 * @n: CPUs
 * @cpu: by number
 */
struct maglev_flow_tables {
	struct maglev_key key;
	struct maglev_flow_tables *old;
	u32 active;
	u32 n;
	struct maglev_flow_table cpu[];
};

/**
 * struct maglev_flows - what a lookup needs to understand words
 * @targets: by pair index; NULL where there is none (any more)
 * @n_targets: entries of @targets
 * @now: CLOCK_MONOTONIC, seconds
 */
struct maglev_flows {
	struct maglev_target *const *targets;
	u32 n_targets;
	u32 now;
};

/**
 * maglev_timeout_valid() - is this a timeout we take?
 * @state: of which state
 * @seconds: the timeout
 *
 * Return: true from 1 to 900, in state established to 7200.
 */
static inline bool maglev_timeout_valid(enum maglev_flow_state state, u32 seconds)
{
	return seconds >= 1 &&
	       seconds <= (state == MAGLEV_ESTABLISHED ? MAGLEV_TIMEOUT_ESTABLISHED_MAX :
							 MAGLEV_TIMEOUT_MAX);
}

/**
 * maglev_time_unit() - seconds a step of a word's time takes
 * @state: of the word
 *
 * Return: 32 for established, 4 for the others.
 */
static inline u32 maglev_time_unit(enum maglev_flow_state state)
{
	return state == MAGLEV_ESTABLISHED ? 32 : 4;
}

/**
 * maglev_time_units() - a moment as words of a state tell it
 * @state: of the word
 * @now: seconds
 *
 * Return: @now / maglev_time_unit(@state), without a division.
 */
static inline u32 maglev_time_units(enum maglev_flow_state state, u32 now)
{
	return now >> (state == MAGLEV_ESTABLISHED ? 5 : 2);
}

/**
 * maglev_timeout_limit() - a timeout in the units of a word
 * @state: of the word
 * @seconds: the timeout, valid
 *
 * Return: what a word's age must exceed for the word to have expired. Never early, at most
 * two units late. One more for half-open words, because those of a SYN are dated one unit
 * back (see maglev_word_begin()).
 */
static inline u8 maglev_timeout_limit(enum maglev_flow_state state, u32 seconds)
{
	u32 unit = maglev_time_unit(state);

	return (seconds + unit - 1) / unit + (state == MAGLEV_HALF_OPEN);
}

/* A word's parts. */
static inline u64 maglev_word_hash(u64 word)
{
	return word >> 26;
}

static inline u32 maglev_word_index(u64 word)
{
	return (u32)((word >> 10) & 0xffff) - 1;
}

static inline enum maglev_flow_state maglev_word_state(u64 word)
{
	return (enum maglev_flow_state)((word >> 8) & 3);
}

/**
 * maglev_word_slot() - the slot a word's flow hashes to, in mode tuple
 * @word: the word
 * @size: slots of the table, M, built under the key of the word's table
 */
static inline u32 maglev_word_slot(u64 word, u32 size)
{
	return maglev_reduce(word, size);
}

/**
 * maglev_word_make() - a word
 * @hash: the flow's, whole
 * @index: of the pair
 * @state: of the flow
 * @now: seconds
 */
static inline u64 maglev_word_make(u64 hash, u32 index, enum maglev_flow_state state, u32 now)
{
	return (hash >> 26 << 26) | (u64)(index + 1) << 10 | (u64)state << 8 |
	       (maglev_time_units(state, now) & 0xff);
}

/**
 * maglev_word_rehash() - a word as it is in a table under another key
 * @word: the word
 * @hash: the flow's under that key, whole
 */
static inline u64 maglev_word_rehash(u64 word, u64 hash)
{
	return (hash >> 26 << 26) | (word & 0x3ffffff);
}

/**
 * maglev_word_save() - a word as it is kept where no clock of ours runs
 * @word: the word
 * @now: seconds
 *
 * Return: the word with its age, in the time units of its state, in place of its time.
 */
static inline u64 maglev_word_save(u64 word, u32 now)
{
	u32 units = (maglev_time_units(maglev_word_state(word), now) - (u32)word) & 0xff;

	/* As maglev_word_units() has it. */
	return (word & ~0xffULL) | (units == 0xff ? 0 : units);
}

/**
 * maglev_word_load() - the mirror
 * @saved: a word with its age, which is less than 255 units
 * @now: seconds
 *
 * Return: the word, of that age now.
 */
static inline u64 maglev_word_load(u64 saved, u32 now)
{
	u32 units = maglev_time_units(maglev_word_state(saved), now);

	return (saved & ~0xffULL) | ((units - (u32)saved) & 0xff);
}

/**
 * maglev_word_begin() - the word of a flow's first packet
 * @hash: the flow's, whole
 * @index: of the pair
 * @flags: MAGLEV_TCP_* of the packet
 * @now: seconds
 *
 * Half-open. A word becomes established by a packet in a later time unit than its own; that
 * of a SYN is dated one unit back, so the next packet of any kind but SYN will do. One
 * packet, or any number of them within four seconds, does not establish a flow otherwise.
 */
u64 maglev_word_begin(u64 hash, u32 index, u8 flags, u32 now);

/**
 * maglev_word_age() - seconds since the word was written, in whole units
 * @word: the word
 * @now: seconds
 */
u32 maglev_word_age(u64 word, u32 now);

/**
 * maglev_word_units() - how old a word is
 * @word: the word
 * @now: seconds
 *
 * Return: in time units of its state, modulo 256; 0 too if it was written, in the next unit,
 * since @now was read.
 */
static inline u32 maglev_word_units(u64 word, u32 now)
{
	u32 units = (maglev_time_units(maglev_word_state(word), now) - (u32)word) & 0xff;

	return units == 0xff ? 0 : units;
}

/**
 * maglev_word_expired() - is the flow to be forgotten?
 * @word: the word
 * @target: of its pair
 * @now: seconds
 */
static inline bool maglev_word_expired(u64 word, const struct maglev_target *target, u32 now)
{
	return maglev_word_units(word, now) > READ_ONCE(target->limit[maglev_word_state(word)]);
}

/**
 * maglev_word_next() - what a packet makes of its flow's word
 * @word: the word, not expired
 * @flags: MAGLEV_TCP_* of the packet
 * @now: seconds
 *
 * Return: the word to be written; @word itself if nothing is; 0 if the packet begins a flow
 * anew (SYN on closing or reset).
 */
u64 maglev_word_next(u64 word, u8 flags, u32 now);

/**
 * maglev_word_rests() - does a packet leave its flow's word as it is?
 * @word: the word
 * @flags: MAGLEV_TCP_* of the packet
 * @now: seconds
 *
 * Return: true only if maglev_word_next() would return @word, and it has not expired: nearly
 * always the case of an established flow.
 */
static inline bool maglev_word_rests(u64 word, u8 flags, u32 now)
{
	u32 rests = MAGLEV_ESTABLISHED << 8 | (maglev_time_units(MAGLEV_ESTABLISHED, now) & 0xff);

	return (word & 0x3ff) == rests && !(flags & (MAGLEV_TCP_FIN | MAGLEV_TCP_RST));
}

/**
 * maglev_flow_line() - one of the two lines that a flow's word may be in
 * @table: of some CPU; it has words
 * @hash: of the flow, under the table's key; or maglev_mix64() of that, for the second
 */
static inline u64 *maglev_flow_line(const struct maglev_flow_table *table, u64 hash)
{
	u64 line = ((hash & 0x3ffffff) * table->lines) >> 26;

	return READ_ONCE(table->words) + line * MAGLEV_LINE_WORDS;
}

/**
 * maglev_flow_prefetch() - begin to fetch the lines that a flow's word may be in
 * @table: of this CPU
 * @hash: of the flow, under the table's key
 */
void maglev_flow_prefetch(const struct maglev_flow_table *table, u64 hash);

/**
 * maglev_flow_lookup() - find a flow's word
 * @table: of some CPU
 * @flows: for understanding words
 * @hash: of the flow, under the table's key
 * @service: of the flow
 * @found: the word as seen, if there is one
 *
 * Packet path: reads two cache lines of the table, and the target of a hit.
 *
 * Return: where the word is; NULL if the flow is not tracked here, or has expired.
 */
u64 *maglev_flow_lookup(const struct maglev_flow_table *table, const struct maglev_flows *flows,
			u64 hash, u32 service, u64 *found);

/**
 * enum maglev_track - what became of a word that was to be written
 * @MAGLEV_TRACK_NONE: nothing was to be written
 * @MAGLEV_TRACK_KEPT: written over the flow's own word
 * @MAGLEV_TRACK_NEW: put into a free or expired word
 * @MAGLEV_TRACK_EVICTED: put in place of a closing, reset or half-open flow
 * @MAGLEV_TRACK_FULL: not put: established flows all around
 * @MAGLEV_TRACK_BUSY: not put: there is no budget for looking at other CPUs first
 */
enum maglev_track {
	MAGLEV_TRACK_NONE,
	MAGLEV_TRACK_KEPT,
	MAGLEV_TRACK_NEW,
	MAGLEV_TRACK_EVICTED,
	MAGLEV_TRACK_FULL,
	MAGLEV_TRACK_BUSY,
};

/**
 * maglev_track_placed() - has the flow a word where it had none?
 * @track: what became of it
 */
static inline bool maglev_track_placed(enum maglev_track track)
{
	return track == MAGLEV_TRACK_NEW || track == MAGLEV_TRACK_EVICTED;
}

/**
 * maglev_flow_insert() - put a word into a table
 * @table: of this CPU
 * @flows: for understanding words
 * @hash: of the flow, whole
 * @word: to be put; its flow is in neither line
 * @evicted: the word in whose place it was put, or 0
 *
 * Into a free or expired word, of the emptier line; else in place of a closing or reset one;
 * else of the oldest half-open one; never of an established one. A half-open word in a line
 * with MAGLEV_HALF_OPEN_MAX others takes the place of one of those, of the other
 * line or of none.
 *
 * Packet path, or any context in which no other inserts into @table at the same time.
 *
 * Return: MAGLEV_TRACK_NEW, _EVICTED or _FULL.
 */
enum maglev_track maglev_flow_insert(const struct maglev_flow_table *table,
				     const struct maglev_flows *flows, u64 hash, u64 word,
				     u64 *evicted);

/**
 * maglev_flow_known() - is a flow tracked in a line?
 * @table: of some CPU
 * @flows: for understanding words
 * @line: which of its lines
 * @word: of the flow; it has a target
 *
 * Of its two lines a word does not tell the other one: the flow may be tracked there.
 *
 * Return: true if a word of the same hash and service, not expired, stands in it.
 */
bool maglev_flow_known(const struct maglev_flow_table *table, const struct maglev_flows *flows,
		       u32 line, u64 word);

/**
 * maglev_flow_restore() - put a word back into its line, of this table or of another CPU's
 * @table: of this CPU
 * @flows: for understanding words
 * @line: which of its lines
 * @word: to be put, not expired
 *
 * Into a free or expired word only: whatever lives there is newer. No line gets more than
 * MAGLEV_HALF_OPEN_MAX half-open words. Where maglev_flow_insert() may be called.
 *
 * Return: MAGLEV_TRACK_NEW or _FULL.
 */
enum maglev_track maglev_flow_restore(const struct maglev_flow_table *table,
				      const struct maglev_flows *flows, u32 line, u64 word);

/**
 * maglev_flow_change() - replace a word if it is still what was seen
 * @at: where it is
 * @seen: what it was
 * @word: what it becomes
 *
 * Return: false if somebody else changed it first.
 */
static inline bool maglev_flow_change(u64 *at, u64 seen, u64 word)
{
	return maglev_cmpxchg64(at, seen, word) == seen;
}

/**
 * maglev_flow_sweep() - free what has expired, look at the rest
 * @table: of any CPU
 * @flows: for understanding words
 * @first: line to begin with
 * @n: lines to sweep; fewer if the table ends
 * @seen: called for each flow alive, with its target; may be NULL
 * @ctx: passed to @seen
 *
 * Words without target are freed as well. Not for the packet path.
 *
 * Return: words in use that were left.
 */
u32 maglev_flow_sweep(const struct maglev_flow_table *table, const struct maglev_flows *flows,
		      u32 first, u32 n,
		      void (*seen)(void *ctx, u64 word, const struct maglev_target *target),
		      void *ctx);

/**
 * maglev_flow_lines() - lines each CPU's table needs
 * @flows: how many are to be tracked, over all CPUs, at MAGLEV_LOAD_PERCENT load
 * @cpus: how many share them
 *
 * Return: lines; at least 1.
 */
static inline u32 maglev_flow_lines(u32 flows, u32 cpus)
{
	u64 words = maglev_div64((u64)flows * 100 + MAGLEV_LOAD_PERCENT - 1, MAGLEV_LOAD_PERCENT);
	u64 per_line = (u64)cpus * MAGLEV_LINE_WORDS;
	u64 lines = maglev_div64(words + per_line - 1, per_line);

	return lines ? (u32)lines : 1;
}

#endif
