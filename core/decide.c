// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decision (design, sections 3 to 5): the flow's word; on a miss, words other CPUs hold
 * and what the plane knows; then the live table. Packet path: no allocation, no lock,
 * bounded by two lines a table looked at and MAGLEV_DRAWS.
 */
#include <maglev/decide.h>

/* A flow's word: where, and as seen. */
struct found {
	u64 *at;
	u64 word;
	u32 cpu;
	bool old; /* in a table that is being replaced */
};

/* What all steps of one decision share. */
struct question {
	const struct maglev_packet *packet;
	const struct maglev_view *view;
	const struct maglev_plane *plane;
	struct maglev_decision *decision;
	u64 old_hash; /* under the key of the old tables, once there is need */
	bool quiet; /* nothing is to be written */
	bool has_slot; /* not from the first where its hash is another than the flow's */
};

static enum maglev_verdict conclude(struct maglev_decision *decision, enum maglev_reason reason)
{
	decision->reason = reason;
	decision->verdict = maglev_reason_verdict(reason);
	return decision->verdict;
}

static bool begins(const struct maglev_packet *packet)
{
	return (packet->flags & (MAGLEV_TCP_SYN | MAGLEV_TCP_RST | MAGLEV_TCP_FIN)) ==
	       MAGLEV_TCP_SYN;
}

static bool same_key(const struct maglev_key *a, const struct maglev_key *b)
{
	return a->word[0] == b->word[0] && a->word[1] == b->word[1];
}

/* Is the flow's hash its slot's as well? */
static bool hash_is_slots(const struct question *q)
{
	const struct maglev_flow_tables *tables = q->plane->tables;
	const struct maglev_view *view = q->view;

	return view->mode == MAGLEV_MODE_TUPLE && (!tables || same_key(&tables->key, &view->key));
}

static void set_slot(struct question *q, u64 hash)
{
	const struct maglev_view *view = q->view;

	if (!view->size)
		return;
	q->decision->slot = maglev_reduce(hash, view->size);
	q->has_slot = true;
	/* For new flows, which in a flood are most of them; they come along with the lines. */
	__builtin_prefetch(&view->live[q->decision->slot]);
	if (view->changed_at)
		__builtin_prefetch(&view->changed_at[q->decision->slot]);
}

/* Whoever needs it asks: most packets' words say all. */
static u32 slot_of(struct question *q)
{
	const struct maglev_view *view = q->view;

	if (!q->has_slot)
		set_slot(q, maglev_tuple_slot_hash(&q->packet->tuple, view->mode, &view->key));
	return q->decision->slot;
}

static struct maglev_target *target_of(const struct question *q, u64 word)
{
	return READ_ONCE(q->plane->flows.targets[maglev_word_index(word)]);
}

static bool is_down(const struct maglev_target *target)
{
	return !target || READ_ONCE(target->state) == MAGLEV_DOWN;
}

static bool find_in(const struct question *q, const struct maglev_flow_tables *tables, u32 cpu,
		    u64 hash, struct found *found)
{
	found->at = maglev_flow_lookup(&tables->cpu[cpu], &q->plane->flows, hash, q->view->service,
				       &found->word);
	found->cpu = cpu;
	return found->at;
}

/* On one CPU, in the table that is and in the one it replaces. */
static bool find_on(const struct question *q, u32 cpu, struct found *found)
{
	const struct maglev_flow_tables *tables = q->plane->tables;
	const struct maglev_flow_tables *old = READ_ONCE(tables->old);

	found->old = false;
	if (find_in(q, tables, cpu, q->decision->hash, found))
		return true;
	found->old = true;
	return old && find_in(q, old, cpu, q->old_hash, found);
}

static u32 refill(u32 lines, u32 elapsed_ms, u32 per_ms)
{
	const u32 full = per_ms * MAGLEV_BUDGET_KEPT_MS;

	if (elapsed_ms >= MAGLEV_BUDGET_KEPT_MS)
		return full;
	lines += elapsed_ms * per_ms;
	return lines < full ? lines : full;
}

/* What begins a flow, and so comes in floods, has half of it. */
static bool spend(struct maglev_budget *budget, u32 now_ms, u32 lines, bool begins)
{
	u32 elapsed_ms = now_ms - budget->now_ms;

	if (elapsed_ms) {
		budget->now_ms = now_ms;
		budget->lines = refill(budget->lines, elapsed_ms, MAGLEV_BUDGET_LINES);
		budget->begin_lines =
			refill(budget->begin_lines, elapsed_ms, MAGLEV_BUDGET_LINES / 2);
	}
	if (budget->lines < lines || (begins && budget->begin_lines < lines))
		return false;
	budget->lines -= lines;
	if (begins)
		budget->begin_lines -= lines;
	return true;
}

/* Tables of other CPUs among these. */
static u32 count_foreign(const struct maglev_flow_tables *tables, u32 cpu)
{
	return tables ? READ_ONCE(tables->active) - !!READ_ONCE(tables->cpu[cpu].words) : 0;
}

/* May the other CPUs' tables be read now? */
static bool may_look(const struct question *q, bool *busy)
{
	const struct maglev_plane *plane = q->plane;
	u32 lines = 2 * (count_foreign(plane->tables, plane->cpu) +
			 count_foreign(READ_ONCE(plane->tables->old), plane->cpu));

	if (!lines)
		return false;
	if (!plane->budget || plane->dry ||
	    spend(plane->budget, plane->now_ms, lines, begins(q->packet))) {
		q->decision->foreign_lines += lines;
		return true;
	}
	*busy = true;
	return false;
}

static bool target_can_take(const void *ctx, u16 place)
{
	const struct maglev_view *view = ctx;

	return READ_ONCE(view->targets[place]->state) == MAGLEV_UP;
}

/*
 * Could another CPU hold this flow with a backend that is not the answer? Where the service is
 * not ours any more there is no answer but a word. A backend that has just been drained is
 * passed over before the next table, and its stamps, say so.
 */
static bool is_movable(struct question *q)
{
	const struct maglev_view *view = q->view;
	u16 place;

	if (q->plane->dry || !q->plane->owned || READ_ONCE(q->plane->tables->old))
		return true;
	if (!view->changed_at || !view->size)
		return false;
	if (view->mode != MAGLEV_MODE_TUPLE ||
	    maglev_stamp_recent(READ_ONCE(view->changed_at[slot_of(q)]), view->longest,
				q->plane->flows.now))
		return true;
	place = view->live[slot_of(q)];
	return place == MAGLEV_EMPTY || !target_can_take(view, place);
}

/*
 * A word of a backend that is down is as good as none: whoever finds it selects anew, and so
 * that the flow does not come back to that backend, the word goes.
 */
static bool find_foreign(const struct question *q, struct found *found)
{
	u32 cpu;

	for (cpu = 0; cpu < q->plane->tables->n; cpu++) {
		if (cpu == q->plane->cpu || !find_on(q, cpu, found))
			continue;
		if (!is_down(target_of(q, found->word)))
			return true;
		if (!q->quiet)
			maglev_flow_change(found->at, found->word, 0);
	}
	return false;
}

/* The flow begins anew here: what other CPUs know of it is of the past. */
static void forget_foreign(const struct question *q)
{
	struct found found;
	u32 cpu;

	for (cpu = 0; cpu < q->plane->tables->n; cpu++)
		if (cpu != q->plane->cpu && find_on(q, cpu, &found))
			maglev_flow_change(found.at, found.word, 0);
}

static enum maglev_track insert(const struct question *q, u64 word)
{
	return maglev_flow_insert(&q->plane->tables->cpu[q->plane->cpu], &q->plane->flows,
				  q->decision->hash, word, &q->decision->evicted);
}

/*
 * Move a word here from another CPU's or an old table. It is put here first, so the flow is
 * never without; where there is no room it stays, its clock set.
 */
static enum maglev_track move(const struct question *q, const struct found *found, u64 next)
{
	u64 word = maglev_word_rehash(next, q->decision->hash);
	enum maglev_track track = insert(q, word);

	if (track == MAGLEV_TRACK_FULL) {
		maglev_flow_change(found->at, found->word, next);
		return MAGLEV_TRACK_KEPT;
	}
	maglev_flow_change(found->at, found->word, 0);
	return track;
}

static bool is_here(const struct question *q, const struct found *found)
{
	return found->cpu == q->plane->cpu && !found->old;
}

/* Return: false if the flow begins anew. */
static bool keep(struct question *q, const struct found *found)
{
	struct maglev_decision *decision = q->decision;
	struct maglev_target *target = target_of(q, found->word);
	u64 next = maglev_word_next(found->word, q->packet->flags, q->plane->flows.now);

	if (is_down(target) || !next)
		return false;
	decision->target = target;
	decision->source = is_here(q, found) ? MAGLEV_SOURCE_FLOW : MAGLEV_SOURCE_ADOPTED;
	if (q->quiet)
		return true;
	if (!is_here(q, found)) {
		slot_of(q); /* for whoever traces */
		decision->track = move(q, found, next);
	} else if (next != found->word) {
		maglev_flow_change(found->at, found->word, next);
		decision->track = MAGLEV_TRACK_KEPT;
	}
	return true;
}

/* Write the first word of a flow; over its last one if that is here. */
static void track(const struct question *q, const struct found *found, u64 word, bool busy)
{
	struct maglev_decision *decision = q->decision;

	if (q->quiet || !q->plane->tables)
		return;
	if (busy && !begins(q->packet) && !found->at) {
		decision->track = MAGLEV_TRACK_BUSY;
		return;
	}
	if (found->at && is_here(q, found) && maglev_flow_change(found->at, found->word, word)) {
		decision->track = MAGLEV_TRACK_KEPT;
		return;
	}
	if (found->at && !is_here(q, found))
		maglev_flow_change(found->at, found->word, 0);
	decision->track = insert(q, word);
}

/*
 * Find the flow's word: here, or, if here is none that leads anywhere, elsewhere. A dead one
 * here is left in @found only if it is all there is.
 */
static bool find_word(struct question *q, struct found *found, bool *busy)
{
	struct found foreign, dead = { .at = NULL };

	if (find_on(q, q->plane->cpu, found)) {
		if (!is_down(target_of(q, found->word)))
			return true;
		dead = *found;
	}
	*found = dead;
	if (!(dead.at || is_movable(q)) || !may_look(q, busy) || !find_foreign(q, &foreign))
		return dead.at;
	if (dead.at && !q->quiet)
		maglev_flow_change(dead.at, dead.word, 0);
	*found = foreign;
	return true;
}

/* Is there a word of the flow, and does it say where? Otherwise what is left of it. */
static bool find_tracked(struct question *q, struct found *found, bool *busy)
{
	struct maglev_decision *decision = q->decision;
	const struct maglev_flow_tables *old = READ_ONCE(q->plane->tables->old);

	if (old)
		q->old_hash = maglev_tuple_hash(&q->packet->tuple, &old->key);
	if (!find_word(q, found, busy))
		return false;
	decision->word = found->word;
	decision->cpu = found->cpu;
	decision->old = found->old;
	if (keep(q, found))
		return true;
	if (!q->quiet && begins(q->packet) && may_look(q, busy))
		forget_foreign(q);
	return false;
}

/* A candidate is up and has a share; if none has, one that is up. */
static u16 first_candidate(const struct maglev_view *view,
			   bool (*can_take)(const void *ctx, u16 place), const void *ctx)
{
	u16 without_share = MAGLEV_EMPTY;
	u32 place;

	for (place = 0; place < view->n; place++) {
		if (!can_take(ctx, place))
			continue;
		if (view->backends[place].share)
			return place;
		if (without_share == MAGLEV_EMPTY)
			without_share = place;
	}
	return without_share;
}

u16 maglev_select(const struct maglev_view *view, u32 slot,
		  bool (*can_take)(const void *ctx, u16 place), const void *ctx,
		  enum maglev_source *source)
{
	u16 place = view->live[slot];

	*source = MAGLEV_SOURCE_TABLE;
	if (place != MAGLEV_EMPTY && can_take(ctx, place))
		return place;
	*source = MAGLEV_SOURCE_WALK;
	place = view->base[slot];
	if (place != MAGLEV_EMPTY && can_take(ctx, place) &&
	    maglev_slot_served(&view->backends[place], slot))
		return place;
	place = maglev_slot_walk(view->base, view->size, view->backends, slot, can_take, ctx);
	if (place != MAGLEV_EMPTY)
		return place;
	place = first_candidate(view, can_take, ctx);
	*source = place == MAGLEV_EMPTY ? MAGLEV_SOURCE_NONE : MAGLEV_SOURCE_FIRST;
	return place;
}

/* Return: false unless the plane knows a backend; the verdict is then in the decision. */
static bool ask_outside(struct question *q, const struct found *found, bool busy)
{
	const struct maglev_plane *plane = q->plane;
	struct maglev_decision *decision = q->decision;
	u64 word;

	switch (plane->outside(plane->ctx, q->packet, &decision->target)) {
	case MAGLEV_OUTSIDE_TARGET:
		if (is_down(decision->target))
			return false;
		decision->source = MAGLEV_SOURCE_OUTSIDE;
		conclude(decision, MAGLEV_REASON_NONE);
		/* It has been a connection for a while. */
		word = maglev_word_make(decision->hash, decision->target->index, MAGLEV_ESTABLISHED,
					plane->flows.now);
		track(q, found, maglev_word_next(word, q->packet->flags, plane->flows.now), busy);
		return true;
	case MAGLEV_OUTSIDE_PASS:
		conclude(decision, MAGLEV_REASON_CONNECTION);
		return true;
	default:
		return false;
	}
}

/* The flow is new, or must be as if it were. */
static enum maglev_verdict select_anew(struct question *q, const struct found *found, bool busy)
{
	struct maglev_decision *decision = q->decision;
	const struct maglev_view *view = q->view;
	enum maglev_source source;
	u16 place;

	decision->target = NULL;
	if (!q->plane->owned) {
		/* What others forward now is not to be led away by a word of what was before. */
		if (found->at && !q->quiet && begins(q->packet))
			maglev_flow_change(found->at, found->word, 0);
		return conclude(decision, MAGLEV_REASON_NOT_OURS);
	}
	/* Nobody was up when the table was built: no search for who is since, packet by packet. */
	if (!view->n || view->live[slot_of(q)] == MAGLEV_EMPTY)
		return conclude(decision, MAGLEV_REASON_NO_BACKEND);
	place = maglev_select(view, decision->slot, target_can_take, view, &source);
	if (place == MAGLEV_EMPTY)
		return conclude(decision, MAGLEV_REASON_NO_BACKEND);
	decision->target = view->targets[place];
	decision->source = source;
	track(q, found,
	      maglev_word_begin(decision->hash, decision->target->index, q->packet->flags,
				q->plane->flows.now),
	      busy);
	return conclude(decision, MAGLEV_REASON_NONE);
}

u64 maglev_decide_ahead(const struct maglev_packet *packet, const struct maglev_flow_tables *tables,
			u32 cpu)
{
	u64 hash;

	if (!tables)
		return 0;
	hash = maglev_tuple_hash(&packet->tuple, &tables->key);
	maglev_flow_prefetch(&tables->cpu[cpu], hash);
	return hash;
}

enum maglev_verdict maglev_decide(struct maglev_decision *decision,
				  const struct maglev_packet *packet,
				  const struct maglev_view *view, const struct maglev_plane *plane)
{
	struct question q = {
		.packet = packet,
		.view = view,
		.plane = plane,
		.decision = decision,
		.quiet = plane->dry || packet->kind != MAGLEV_KIND_FLOW,
	};
	struct found found = { .at = NULL };
	const struct maglev_key *key;
	bool busy = false;

	memset(decision, 0, sizeof(*decision));
	if (packet->loops)
		return conclude(decision, MAGLEV_REASON_SOURCE_IS_VIP);
	key = plane->tables ? &plane->tables->key : &view->key;
	decision->hash = plane->hash ? plane->hash : maglev_tuple_hash(&packet->tuple, key);
	if (hash_is_slots(&q))
		set_slot(&q, decision->hash);
	if (plane->tables && find_tracked(&q, &found, &busy))
		return conclude(decision, MAGLEV_REASON_NONE);
	if (!found.at && plane->outside && plane->owned && !begins(packet) &&
	    ask_outside(&q, &found, busy))
		return decision->verdict;
	return select_anew(&q, &found, busy);
}
