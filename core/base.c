// SPDX-License-Identifier: GPL-2.0-only
/*
 * Building the base table (paper, section 3.4; design, section 3). Two costs rule it:
 * finding a claim's slot, and, unless all weights are equal, putting claims in order.
 *
 * A claim walks its backend's permutation over a bitmap of taken slots, which stays in
 * the L1 cache at the default size. Half of all probes would fall to the last sqrt(M)
 * slots; those are found by arithmetic instead: the free slot fewest steps ahead.
 *
 * The k-th claim of weight w is due at time (2k+1)/w. Time is cut into M buckets of
 * 2/W each (W the sum of weights), one claim a bucket on average: a claim is in bucket
 * (2k+1) W / 2w, kept as a whole number and a remainder over 2w to which a step is
 * added and wrapped, so that order is exact. A window of buckets is sorted at a time.
 *
 * Pure functions in the caller's memory; milliseconds long.
 */
#include <maglev/table.h>

enum {
	WINDOW_PER_BACKEND = 8, /* buckets sorted at a time: more cost memory, fewer time */
	WINDOW_MIN = 256,
	WINDOW_ENOUGH = 8192,
	RUN = 8, /* claims sorted by insertion before runs are merged */
	WORD_BITS = 32,
	/*
	 * Steps are compared as fractions of M with 43 bits: they differ by 2^43 / M > 2^23
	 * and err by less than 2^20, so the order of fractions is the order of steps.
	 */
	FRACTION_BITS = 43,
};

static_assert(MAGLEV_SIZE_MAX < 1 << (63 - FRACTION_BITS), "fractions overflow");

/* Where a backend stands in its permutation. Few bytes: claims come in random order. */
struct walker {
	u32 slot; /* the next one to try */
	u32 skip;
};

/* When a backend claims. */
struct clock {
	u64 bucket; /* of its next claim, and where in it: rem / its period */
	u64 step; /* from claim to claim, with step_rem */
	u32 rem;
	u32 step_rem;
	u32 left; /* claims it still has */
	u32 place;
};

struct claim {
	u64 bucket;
	u32 rem;
	u32 place;
};

static_assert(sizeof(struct clock) <= 2 * sizeof(struct claim), "rank_clocks() borrows order[]");

struct builder {
	u16 *base;
	u32 size;
	u32 n;
	u32 window;
	u32 free; /* slots */
	u32 scan_below; /* free slots from which they are listed and searched */
	struct clock *clocks;
	struct walker *walkers;
	struct claim *due; /* claims of a window, backend by backend */
	struct claim *order; /* the same in order of time */
	u32 *periods; /* twice each weight */
	u32 *starts; /* per bucket of a window: its first claim in order[] */
	u32 *free_slots; /* listed from scan_below on */
	u32 *taken; /* bitmap of slots */
};

static u32 window_buckets(u32 n)
{
	u32 window = n < WINDOW_ENOUGH / WINDOW_PER_BACKEND ? n * WINDOW_PER_BACKEND :
							      WINDOW_ENOUGH;

	if (window < WINDOW_MIN)
		return WINDOW_MIN;
	return window > n ? window : n;
}

static u32 square_root(u32 x)
{
	u32 root = 0;

	while ((root + 1) * (root + 1) <= x)
		root++;
	return root;
}

/* a^-1 mod m by Euclid's extended algorithm; 0 < a < m, m prime. */
static u32 invert(u32 a, u32 m)
{
	u32 r0 = m, r1 = a, r2, quotient;
	s64 x0 = 0, x1 = 1, x2;

	while (r1 > 1) {
		quotient = r0 / r1;
		r2 = r0 - quotient * r1;
		x2 = x0 - (s64)quotient * x1;
		r0 = r1;
		r1 = r2;
		x0 = x1;
		x1 = x2;
	}
	return x1 < 0 ? x1 + m : x1;
}

static inline bool is_taken(const struct builder *b, u32 slot)
{
	return b->taken[slot / WORD_BITS] >> (slot % WORD_BITS) & 1;
}

static inline u32 advance(u32 slot, u32 by, u32 size)
{
	slot += by;
	return slot < size ? slot : slot - size;
}

static void list_free_slots(struct builder *b)
{
	u32 slot, i = 0;

	for (slot = 0; slot < b->size; slot++)
		if (!is_taken(b, slot))
			b->free_slots[i++] = slot;
}

/* The last free slots: take the one fewest steps ahead. */
static u32 search_free_slots(struct builder *b, const struct walker *w)
{
	u64 steps, fewest = ~0ULL, per_step;
	u32 i, slot, best = 0;

	per_step = maglev_div64((u64)invert(w->skip, b->size) << FRACTION_BITS, b->size)
		   << (64 - FRACTION_BITS);
	for (i = 0; i < b->free; i++) {
		slot = b->free_slots[i];
		slot = slot >= w->slot ? slot - w->slot : slot + b->size - w->slot;
		steps = slot * per_step;
		if (steps < fewest) {
			fewest = steps;
			best = i;
		}
	}
	slot = b->free_slots[best];
	b->free_slots[best] = b->free_slots[b->free - 1];
	return slot;
}

static inline u32 walk_permutation(struct builder *b, const struct walker *w)
{
	u32 slot = w->slot;

	while (is_taken(b, slot))
		slot = advance(slot, w->skip, b->size);
	b->taken[slot / WORD_BITS] |= 1U << (slot % WORD_BITS);
	return slot;
}

static inline void take_slot(struct builder *b, u32 place)
{
	struct walker *w = &b->walkers[place];
	u32 slot;

	if (b->free == b->scan_below)
		list_free_slots(b);
	slot = b->free > b->scan_below ? walk_permutation(b, w) : search_free_slots(b, w);
	b->base[slot] = place;
	w->slot = advance(slot, w->skip, b->size);
	b->free--;
}

/* The exact order of claims: by time, then by place. */
static inline bool claim_before(const struct builder *b, const struct claim *x,
				const struct claim *y)
{
	u64 x_time, y_time;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket;
	x_time = (u64)x->rem * b->periods[y->place];
	y_time = (u64)y->rem * b->periods[x->place];
	if (x_time != y_time)
		return x_time < y_time;
	return x->place < y->place;
}

static void sort_run(const struct builder *b, struct claim *claims, u32 n)
{
	struct claim claim;
	u32 i, at;

	for (i = 1; i < n; i++) {
		claim = claims[i];
		for (at = i; at && claim_before(b, &claim, &claims[at - 1]); at--)
			claims[at] = claims[at - 1];
		claims[at] = claim;
	}
}

/* Merge two sorted runs, the first of which starts at @claims; @spare holds the first. */
static void merge_runs(const struct builder *b, struct claim *claims, u32 first, u32 n,
		       struct claim *spare)
{
	u32 left = 0, right = first, to = 0;

	if (claim_before(b, &claims[first - 1], &claims[first]))
		return;
	memcpy(spare, claims, first * sizeof(*spare));
	while (left < first && right < n)
		if (claim_before(b, &claims[right], &spare[left]))
			claims[to++] = claims[right++];
		else
			claims[to++] = spare[left++];
	memcpy(&claims[to], &spare[left], (first - left) * sizeof(*spare));
}

/* Merge sort: nobody outside can make it quadratic. @spare has room for as many. */
static void sort_claims(const struct builder *b, struct claim *claims, u32 n, struct claim *spare)
{
	u32 run, at;

	for (at = 0; at < n; at += RUN)
		sort_run(b, claims + at, n - at < RUN ? n - at : RUN);
	for (run = RUN; run < n; run *= 2)
		for (at = 0; at + run < n; at += 2 * run)
			merge_runs(b, claims + at, run, n - at < 2 * run ? n - at : 2 * run, spare);
}

static inline void advance_clock(struct clock *c, u32 period)
{
	u64 rem = (u64)c->rem + c->step_rem;

	c->bucket += c->step;
	if (rem >= period) {
		rem -= period;
		c->bucket++;
	}
	c->rem = rem;
	c->left--;
}

/* List the claims due before bucket @end, backend by backend. Return: how many. */
static u32 list_due(struct builder *b, u64 end)
{
	struct clock *c;
	u32 i, n = 0;

	for (i = 0; i < b->n; i++) {
		c = &b->clocks[i];
		while (c->left && c->bucket < end) {
			b->due[n].bucket = c->bucket;
			b->due[n].rem = c->rem;
			b->due[n++].place = c->place;
			advance_clock(c, b->periods[c->place]);
		}
	}
	return n;
}

/* Bring due[] into the order of time in order[]: by bucket, then exactly within each. */
static void order_window(struct builder *b, u64 start, u32 n)
{
	u32 i, bucket, first = 0, count;

	memset(b->starts, 0, b->window * sizeof(*b->starts));
	for (i = 0; i < n; i++)
		b->starts[b->due[i].bucket - start]++;
	for (bucket = 0; bucket < b->window; bucket++) {
		count = b->starts[bucket];
		b->starts[bucket] = first;
		first += count;
	}
	for (i = 0; i < n; i++)
		b->order[b->starts[b->due[i].bucket - start]++] = b->due[i];
	/* starts[] now holds where each bucket ends */
	for (bucket = 0, first = 0; bucket < b->window; first = b->starts[bucket++])
		if (b->starts[bucket] - first > 1)
			sort_claims(b, b->order + first, b->starts[bucket] - first, b->due);
}

/*
 * Order the clocks by falling weight, as their first claims are. Then how many claims a
 * backend has in a window changes little from one to the next, which the branch
 * predictor likes, and claims of near weights are listed in the order they are due.
 */
static void rank_clocks(struct builder *b)
{
	struct clock *unranked = (struct clock *)b->order; /* a claim is half a clock */
	u32 i;

	for (i = 0; i < b->n; i++) {
		b->due[i].bucket = b->clocks[i].bucket;
		b->due[i].rem = b->clocks[i].rem;
		b->due[i].place = i;
	}
	sort_claims(b, b->due, b->n, b->order);
	memcpy(unranked, b->clocks, b->n * sizeof(*unranked));
	for (i = 0; i < b->n; i++)
		b->clocks[i] = unranked[b->due[i].place];
}

static void take_slots(struct builder *b, const struct claim *claims, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		take_slot(b, claims[i].place);
}

/*
 * All whole quotas are due before bucket M; what is left then is at most one claim of
 * each backend that got a slot by its remainder, at any distance in time.
 */
static void claim_by_time(struct builder *b)
{
	u64 start;
	u32 n;

	rank_clocks(b);
	for (start = 0; start < b->size; start += b->window) {
		n = list_due(b, start + b->window);
		order_window(b, start, n);
		take_slots(b, b->order, n);
	}
	n = list_due(b, ~0ULL);
	sort_claims(b, b->due, n, b->order);
	take_slots(b, b->due, n);
}

/* Equal weights are always due together: the paper's rounds. */
static void claim_by_round(struct builder *b)
{
	u32 place;

	while (b->free)
		for (place = 0; place < b->n && b->clocks[place].left; place++) {
			b->clocks[place].left--;
			take_slot(b, place);
		}
}

/* The number that exactly @wanted of the remainders exceed, ties aside. */
static u64 find_threshold(const u64 *remainders, u32 n, u32 wanted, u64 bound)
{
	u64 threshold = 0, bit = 1;
	u32 i, count;

	while (bit < bound)
		bit <<= 1;
	for (; bit; bit >>= 1) {
		for (count = 0, i = 0; i < n; i++)
			count += remainders[i] >= (threshold | bit);
		if (count >= wanted)
			threshold |= bit;
	}
	return threshold;
}

/* Quotas: floor(M w / W) each, the rest to the largest remainders, ties to the lower place. */
static void share_out(struct builder *b, const struct maglev_backend *backends, u64 total)
{
	u64 *remainders = (u64 *)b->due; /* not in use yet, and longer */
	u32 i, wanted = b->size;
	u64 product, threshold;

	for (i = 0; i < b->n; i++) {
		product = (u64)b->size * backends[i].weight;
		b->clocks[i].left = maglev_div64(product, total);
		remainders[i] = product - b->clocks[i].left * total;
		wanted -= b->clocks[i].left;
	}
	threshold = find_threshold(remainders, b->n, wanted, total);
	for (i = 0; i < b->n; i++)
		if (remainders[i] > threshold) {
			b->clocks[i].left++;
			wanted--;
		}
	for (i = 0; i < b->n && wanted; i++)
		if (remainders[i] == threshold) {
			b->clocks[i].left++;
			wanted--;
		}
}

static void init_clock(struct clock *c, const struct maglev_backend *backend, u64 total)
{
	u32 weight = backend->weight, period = 2 * weight;

	c->bucket = maglev_div64(total, period);
	c->rem = total - c->bucket * period;
	c->step = maglev_div64(total, weight);
	c->step_rem = 2 * (total - c->step * weight);
}

static bool backends_valid(u32 size, const struct maglev_backend *backends, u32 n)
{
	u32 i;

	if (n > size || n > MAGLEV_BACKENDS_MAX)
		return false;
	for (i = 0; i < n; i++)
		if (!backends[i].weight || backends[i].weight > MAGLEV_WEIGHT_MAX ||
		    backends[i].offset >= size || !backends[i].skip || backends[i].skip >= size)
			return false;
	return true;
}

/* Lay the arrays out in @scratch, widest members first. Return: bytes used. */
static size_t lay_out(struct builder *b, u32 size, u32 n, void *scratch)
{
	u32 claims = window_buckets(n) + n;
	u8 *at = scratch;

	b->clocks = (struct clock *)at;
	at += n * sizeof(*b->clocks);
	b->due = (struct claim *)at;
	at += claims * sizeof(*b->due);
	b->order = (struct claim *)at;
	at += claims * sizeof(*b->order);
	b->walkers = (struct walker *)at;
	at += n * sizeof(*b->walkers);
	b->periods = (u32 *)at;
	at += n * sizeof(*b->periods);
	b->starts = (u32 *)at;
	at += window_buckets(n) * sizeof(*b->starts);
	b->free_slots = (u32 *)at;
	at += square_root(size) * sizeof(*b->free_slots);
	b->taken = (u32 *)at;
	at += (size / WORD_BITS + 1) * sizeof(*b->taken);
	return at - (u8 *)scratch;
}

size_t maglev_base_scratch(u32 size, u32 n)
{
	struct builder b;

	/* Any address will do for measuring but NULL, from which C does not count. */
	return lay_out(&b, size, n, &b);
}

int maglev_base_build(u16 *base, u32 size, const struct maglev_backend *backends, u32 n,
		      void *scratch)
{
	struct builder b = { .base = base, .size = size, .n = n, .free = size };
	bool equal = true;
	u64 total = 0;
	u32 i;

	if (!backends_valid(size, backends, n))
		return -EINVAL;
	if (!n) {
		memset(base, 0xff, size * sizeof(*base));
		return 0;
	}
	b.window = window_buckets(n);
	b.scan_below = square_root(size);
	lay_out(&b, size, n, scratch);
	memset(b.taken, 0, (size / WORD_BITS + 1) * sizeof(*b.taken));
	for (i = 0; i < n; i++) {
		total += backends[i].weight;
		equal = equal && backends[i].weight == backends[0].weight;
	}
	share_out(&b, backends, total);
	for (i = 0; i < n; i++) {
		b.periods[i] = 2 * backends[i].weight;
		init_clock(&b.clocks[i], &backends[i], total);
		b.clocks[i].place = i;
		b.walkers[i].slot = backends[i].offset;
		b.walkers[i].skip = backends[i].skip;
	}
	if (equal)
		claim_by_round(&b);
	else
		claim_by_time(&b);
	return 0;
}
