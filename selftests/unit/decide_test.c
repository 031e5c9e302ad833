// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decision, after DESIGN.md 3 to 5: a service of five backends, three CPUs with a flow
 * table each, packets of numbered clients; what the answer says and what the tables hold. Last,
 * random operations against a map from flow to backend.
 */
#include "fixture.h"

#include <maglev/decide.h>

enum {
	SIZE = 251,
	BACKENDS = 5,
	CPUS = 3,
	LINES = 64,
	PAIRS = 32,
	SERVICE = 9,
	NOW = 1000000,
	SYN = MAGLEV_TCP_SYN,
	FIN = MAGLEV_TCP_FIN,
	RST = MAGLEV_TCP_RST,
	ACK = MAGLEV_TCP_ACK,
};

static const u16 timeout_of[MAGLEV_FLOW_STATES] = { 60, 900, 120, 10 };

struct world {
	struct scene scene;
	u16 *changed_at;
	u16 *answers; /* pair index by slot, before a publish */
	struct maglev_target target[PAIRS];
	struct maglev_target **by_index; /* PAIRS of them */
	struct maglev_target **by_place;
	struct maglev_view view;
	struct maglev_flow_tables *tables;
	struct maglev_budget budget;
	struct maglev_plane plane;
	struct maglev_decision decision;
	struct random random;
	u32 asked; /* times of outside() */
	bool ahead; /* the last packet was hashed ahead */
	enum maglev_outside outside_says;
	struct maglev_target *outside_target;
};

/* Tables of exact size, so that ASan sees one word too many. */
static struct maglev_flow_tables *tables_create(const struct maglev_key *key, u32 lines,
						struct maglev_flow_tables *old)
{
	struct maglev_flow_tables *tables;
	u32 cpu;

	tables = test_alloc(sizeof(*tables) + CPUS * sizeof(tables->cpu[0]));
	tables->key = *key;
	tables->old = old;
	tables->active = CPUS;
	tables->n = CPUS;
	for (cpu = 0; cpu < CPUS; cpu++) {
		tables->cpu[cpu].lines = lines;
		tables->cpu[cpu].words =
			aligned_alloc(MAGLEV_LINE_BYTES, lines * MAGLEV_LINE_BYTES);
		assert_non_null(tables->cpu[cpu].words);
		memset(tables->cpu[cpu].words, 0, lines * MAGLEV_LINE_BYTES);
	}
	return tables;
}

static void tables_destroy(struct maglev_flow_tables *tables)
{
	u32 cpu;

	if (!tables)
		return;
	tables_destroy(tables->old);
	for (cpu = 0; cpu < CPUS; cpu++)
		free(tables->cpu[cpu].words);
	free(tables);
}

/* All words of all tables, one after the other: to be compared and freed. */
static u64 *tables_image(const struct maglev_flow_tables *tables, u32 *n)
{
	const struct maglev_flow_tables *each;
	u64 *image = NULL;
	u32 cpu, words;

	*n = 0;
	for (each = tables; each; each = each->old) {
		for (cpu = 0; cpu < CPUS; cpu++) {
			words = each->cpu[cpu].words ? each->cpu[cpu].lines * MAGLEV_LINE_WORDS : 0;
			image = realloc(image, (*n + words + 1) * sizeof(*image));
			assert_non_null(image);
			memcpy(image + *n, each->cpu[cpu].words ? (void *)each->cpu[cpu].words : "",
			       words * sizeof(*image));
			*n += words;
		}
	}
	return image;
}

static void assert_tables_are(const struct maglev_flow_tables *tables, u64 *image, u32 n)
{
	u32 now_n;
	u64 *now = tables_image(tables, &now_n);

	assert_int_equal(now_n, n);
	assert_memory_equal(now, image, n * sizeof(*image));
	free(now);
	free(image);
}

static enum maglev_outside say_outside(void *ctx, const struct maglev_packet *packet,
				       struct maglev_target **target)
{
	struct world *world = ctx;

	assert_true(packet->tuple.len);
	world->asked++;
	if (world->outside_says == MAGLEV_OUTSIDE_TARGET)
		*target = world->outside_target;
	return world->outside_says;
}

static void target_init(struct maglev_target *target, u32 index)
{
	u32 state;

	memset(target, 0, sizeof(*target));
	target->index = index;
	target->service = SERVICE;
	target->tunnel.type = MAGLEV_TUNNEL_IPIP;
	target->tunnel.addr_len = MAGLEV_IPV4_BYTES;
	for (state = 0; state < MAGLEV_FLOW_STATES; state++)
		target->limit[state] = maglev_timeout_limit(state, timeout_of[state]);
}

static u16 answer_of(const struct world *world, u32 slot)
{
	u16 place = world->view.live[slot];

	return place == MAGLEV_EMPTY ? MAGLEV_EMPTY : world->by_place[place]->index;
}

static void note_answers(struct world *world)
{
	u32 slot;

	for (slot = 0; slot < SIZE; slot++)
		world->answers[slot] = answer_of(world, slot);
}

static void stamp_changes(struct world *world)
{
	u32 slot;

	for (slot = 0; slot < SIZE; slot++)
		if (world->answers[slot] != answer_of(world, slot))
			world->changed_at[slot] = maglev_stamp(world->plane.flows.now);
}

/* The targets' states into the live table; stamps where answers change. */
static void publish(struct world *world)
{
	u32 place;

	note_answers(world);
	for (place = 0; place < world->view.n; place++)
		world->scene.backends[place].state = world->by_place[place]->state;
	scene_build_live(&world->scene);
	stamp_changes(world);
}

static void world_init_sized(struct world *world, enum maglev_mode mode, u32 n, u32 lines,
			     const char *stream)
{
	u32 i;

	memset(world, 0, sizeof(*world));
	random_init(&world->random, stream);
	scene_init(&world->scene, SIZE, n);
	scene_populate(&world->scene, &world->random);
	world->scene.mode = mode;
	scene_build(&world->scene);
	world->changed_at = test_alloc(SIZE * sizeof(u16));
	memset(world->changed_at, 0, SIZE * sizeof(u16));
	world->answers = test_alloc(SIZE * sizeof(u16));
	world->by_index = test_alloc(PAIRS * sizeof(void *));
	memset(world->by_index, 0, PAIRS * sizeof(void *));
	world->by_place = test_alloc(n * sizeof(void *));
	for (i = 0; i < n; i++) {
		target_init(&world->target[i], (i * 7 + 3) % PAIRS); /* neither place nor order */
		world->by_place[i] = &world->target[i];
		world->by_index[world->target[i].index] = &world->target[i];
	}
	world->tables = tables_create(&world->scene.key, lines, NULL);
	world->view = (struct maglev_view){
		.live = world->scene.live,
		.base = world->scene.base,
		.changed_at = world->changed_at,
		.backends = world->scene.backends,
		.targets = world->by_place,
		.size = SIZE,
		.n = n,
		.key = world->scene.key,
		.service = SERVICE,
		.longest = 900,
		.mode = mode,
	};
	world->plane = (struct maglev_plane){
		.flows = { world->by_index, PAIRS, NOW },
		.tables = world->tables,
		.now_ms = 12345,
		.owned = true,
		.ctx = world,
	};
}

static void world_init(struct world *world, const char *stream)
{
	world_init_sized(world, MAGLEV_MODE_TUPLE, BACKENDS, LINES, stream);
}

static void world_fini(struct world *world)
{
	scene_fini(&world->scene);
	free(world->changed_at);
	free(world->answers);
	free(world->by_index);
	free(world->by_place);
	tables_destroy(world->tables);
}

/* Client 0, 1, ...: sixteen ports to an address. */
static void packet_of(struct maglev_packet *packet, u32 client, u8 flags)
{
	u8 saddr[4] = { 10, client >> 20, client >> 12, client >> 4 }, daddr[4] = { 192, 0, 2, 10 };

	memset(packet, 0, sizeof(*packet));
	maglev_tuple_init(&packet->tuple, MAGLEV_IPV4_BYTES, saddr, daddr,
			  __cpu_to_be16(40000 + client % 16), __cpu_to_be16(80), 6);
	packet->kind = MAGLEV_KIND_FLOW;
	packet->version = 4;
	packet->protocol = 6;
	packet->flags = flags;
	packet->ttl = 64;
	packet->network_len = 20;
	packet->total_len = 40;
}

static u64 client_hash(const struct world *world, u32 client, const struct maglev_key *key)
{
	struct maglev_packet packet;

	(void)world;
	packet_of(&packet, client, 0);
	return maglev_tuple_hash(&packet.tuple, key);
}

static u32 slot_of(const struct world *world, u32 client)
{
	struct maglev_packet packet;

	packet_of(&packet, client, 0);
	return maglev_reduce(maglev_tuple_slot_hash(&packet.tuple, world->view.mode,
						    &world->view.key),
			     SIZE);
}

/* What holds of every decision. */
static void assert_consistent(const struct world *world)
{
	const struct maglev_decision *decision = &world->decision;

	assert_int_equal(decision->verdict, maglev_reason_verdict(decision->reason));
	assert_int_equal(decision->verdict == MAGLEV_FORWARD, decision->target != NULL);
	assert_int_equal(decision->verdict == MAGLEV_FORWARD,
			 decision->reason == MAGLEV_REASON_NONE);
	assert_true(decision->source <= MAGLEV_SOURCE_FIRST);
	assert_true(decision->track <= MAGLEV_TRACK_BUSY);
	assert_int_equal(decision->evicted != 0, decision->track == MAGLEV_TRACK_EVICTED);
	if (decision->target) {
		assert_int_equal(decision->target->service, SERVICE);
		assert_int_not_equal(decision->target->state, MAGLEV_DOWN);
		assert_int_not_equal(decision->source, MAGLEV_SOURCE_NONE);
	}
}

static struct maglev_target *decide(struct world *world, u32 cpu,
				    const struct maglev_packet *packet)
{
	enum maglev_verdict verdict;

	/* Every other packet is hashed ahead, which nothing but speed may tell. */
	world->ahead = !world->ahead;
	world->plane.cpu = cpu;
	world->plane.hash = world->ahead ? maglev_decide_ahead(packet, world->plane.tables, cpu) :
					   0;
	memset(&world->decision, 0x5a, sizeof(world->decision));
	verdict = maglev_decide(&world->decision, packet, &world->view, &world->plane);
	assert_int_equal(verdict, world->decision.verdict);
	assert_consistent(world);
	return world->decision.target;
}

static struct maglev_target *send(struct world *world, u32 cpu, u32 client, u8 flags)
{
	struct maglev_packet packet;

	packet_of(&packet, client, flags);
	return decide(world, cpu, &packet);
}

/* An ICMP error about a packet of the flow's. */
static struct maglev_target *send_error(struct world *world, u32 cpu, u32 client)
{
	struct maglev_packet packet;

	packet_of(&packet, client, 0);
	packet.kind = MAGLEV_KIND_ERROR;
	packet.protocol = 1;
	packet.icmp_type = 3;
	packet.icmp_code = 4;
	return decide(world, cpu, &packet);
}

static struct maglev_target *live_answer(const struct world *world, u32 client)
{
	u16 place = world->view.live[slot_of(world, client)];

	return place == MAGLEV_EMPTY ? NULL : world->by_place[place];
}

/* The first client from @from on whose answer is the backend at @place. */
static u32 client_at(const struct world *world, u32 place, u32 from)
{
	while (world->view.live[slot_of(world, from)] != place)
		from++;
	return from;
}

/* The words of a client's flow in one table; the last of them to @word. */
static u32 words_in(const struct maglev_flow_tables *tables, u32 cpu, u64 hash, u64 *word)
{
	const struct maglev_flow_table *table = &tables->cpu[cpu];
	u32 i, n = 0;

	for (i = 0; i < table->lines * MAGLEV_LINE_WORDS; i++) {
		if (!table->words[i] || maglev_word_hash(table->words[i]) != hash >> 26)
			continue;
		*word = table->words[i];
		n++;
	}
	return n;
}

static u32 words_on(const struct world *world, u32 cpu, u32 client, u64 *word)
{
	return words_in(world->tables, cpu, client_hash(world, client, &world->tables->key), word);
}

static void assert_word(const struct world *world, u32 cpu, u32 client,
			const struct maglev_target *target, enum maglev_flow_state state)
{
	u64 word;

	assert_int_equal(words_on(world, cpu, client, &word), 1);
	assert_int_equal(maglev_word_index(word), target->index);
	assert_int_equal(maglev_word_state(word), state);
}

static void assert_no_word(const struct world *world, u32 cpu, u32 client)
{
	u64 word;

	assert_int_equal(words_on(world, cpu, client, &word), 0);
}

/* Takes the share of the backend at a place, so that every slot of it has another answer. */
static void move_away(struct world *world, u32 place)
{
	world->scene.backends[place].share = 0;
	publish(world);
	assert_int_equal(slots_of(world->view.live, SIZE, place), 0);
}

static void forget_stamps(struct world *world)
{
	memset(world->changed_at, 0, SIZE * sizeof(u16));
}

static void set_state(struct world *world, struct maglev_target *target, enum maglev_state state)
{
	(void)world;
	target->state = state;
}

/* A client whose flow is established on CPU 0 at the backend of place 2. */
static u32 establish(struct world *world, u32 from)
{
	u32 client = client_at(world, 2, from);

	send(world, 0, client, SYN);
	assert_ptr_equal(send(world, 0, client, ACK), world->by_place[2]);
	assert_word(world, 0, client, world->by_place[2], MAGLEV_ESTABLISHED);
	return client;
}

/* New flows. */

static void first_packet_goes_to_the_live_answer_and_is_tracked(void **state)
{
	static const u8 flags[] = { SYN, 0, ACK, SYN | ACK, FIN | ACK, RST };
	struct world world;
	u32 client;

	(void)state;
	world_init_sized(&world, MAGLEV_MODE_TUPLE, BACKENDS, 4096, __func__);
	world.scene.backends[1].share = 30;
	set_state(&world, world.by_place[3], MAGLEV_DRAIN);
	publish(&world);
	for (client = 0; client < 120; client++) {
		assert_ptr_equal(send(&world, client % CPUS, client, flags[client % 6]),
				 live_answer(&world, client));
		assert_int_equal(world.decision.source, MAGLEV_SOURCE_TABLE);
		assert_int_equal(world.decision.track, MAGLEV_TRACK_NEW);
		assert_int_equal(world.decision.slot, slot_of(&world, client));
		assert_int_equal(world.decision.hash, client_hash(&world, client, &world.view.key));
		assert_int_equal(world.decision.word, 0);
		assert_word(&world, client % CPUS, client, world.decision.target, MAGLEV_HALF_OPEN);
		assert_no_word(&world, (client + 1) % CPUS, client);
		assert_no_word(&world, (client + 2) % CPUS, client);
	}
	world_fini(&world);
}

static void flows_of_ipv6_are_tracked_as_well(void **state)
{
	struct maglev_packet packet;
	struct world world;
	u8 addr[2][16];

	(void)state;
	world_init(&world, __func__);
	random_fill(&world.random, addr, sizeof(addr));
	packet_of(&packet, 0, SYN);
	maglev_tuple_init(&packet.tuple, MAGLEV_IPV6_BYTES, addr[0], addr[1], 7, 8, 6);
	packet.version = 6;
	decide(&world, 0, &packet);
	assert_int_equal(world.decision.track, MAGLEV_TRACK_NEW);
	assert_int_equal(world.decision.hash, maglev_tuple_hash(&packet.tuple, &world.view.key));
	decide(&world, 0, &packet);
	assert_int_equal(world.decision.source, MAGLEV_SOURCE_FLOW);
	world_fini(&world);
}

static void no_backend_up_rejects(void **state)
{
	struct world world;
	u32 place;

	(void)state;
	world_init(&world, __func__);
	for (place = 0; place < BACKENDS; place++)
		set_state(&world, world.by_place[place], place % 2 ? MAGLEV_DRAIN : MAGLEV_DOWN);
	assert_null(send(&world, 0, 1, SYN)); /* before the table knows */
	assert_int_equal(world.decision.verdict, MAGLEV_REJECT);
	assert_int_equal(world.decision.reason, MAGLEV_REASON_NO_BACKEND);
	publish(&world);
	assert_null(send(&world, 0, 1, ACK));
	assert_int_equal(world.decision.verdict, MAGLEV_REJECT);
	assert_int_equal(world.decision.reason, MAGLEV_REASON_NO_BACKEND);
	assert_no_word(&world, 0, 1);
	world_fini(&world);
}

static void no_backend_at_all_rejects(void **state)
{
	struct world world;

	(void)state;
	world_init_sized(&world, MAGLEV_MODE_TUPLE, 0, LINES, __func__);
	assert_null(send(&world, 0, 1, SYN));
	assert_int_equal(world.decision.reason, MAGLEV_REASON_NO_BACKEND);
	assert_null(send(&world, 0, 1, ACK));
	assert_int_equal(world.decision.reason, MAGLEV_REASON_NO_BACKEND);
	world_fini(&world);
}

static void loops_are_dropped_and_not_tracked(void **state)
{
	struct maglev_packet packet;
	struct world world;
	u64 *image;
	u32 n;

	(void)state;
	world_init(&world, __func__);
	image = tables_image(world.tables, &n);
	packet_of(&packet, 1, SYN);
	packet.loops = true;
	assert_null(decide(&world, 0, &packet));
	assert_int_equal(world.decision.verdict, MAGLEV_DROP);
	assert_int_equal(world.decision.reason, MAGLEV_REASON_SOURCE_IS_VIP);
	assert_tables_are(world.tables, image, n);
	world_fini(&world);
}

/* Tracked flows. */

static void second_packet_keeps_the_backend_after_the_table_changed(void **state)
{
	static const u8 flags[] = { ACK, 0, SYN, FIN, RST };
	u32 i, client = 0;
	struct world world;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		world_init(&world, __func__);
		client = client_at(&world, 2, client + 1);
		send(&world, 0, client, SYN);
		move_away(&world, 2);
		forget_stamps(&world);
		assert_ptr_equal(send(&world, 0, client, flags[i]), world.by_place[2]);
		assert_int_equal(world.decision.source, MAGLEV_SOURCE_FLOW);
		assert_int_equal(world.decision.cpu, 0);
		assert_false(world.decision.old);
		assert_int_equal(maglev_word_index(world.decision.word), world.by_place[2]->index);
		world_fini(&world);
	}
}

static void packet_of_the_same_time_unit_writes_nothing(void **state)
{
	struct world world;
	u32 client, n;
	u64 *image;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	image = tables_image(world.tables, &n);
	send(&world, 0, client, ACK);
	assert_int_equal(world.decision.track, MAGLEV_TRACK_NONE);
	assert_tables_are(world.tables, image, n);
	world_fini(&world);
}

static void packet_of_a_later_time_unit_refreshes(void **state)
{
	struct world world;
	u64 before, after;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	words_on(&world, 0, client, &before);
	world.plane.flows.now += 64;
	send(&world, 0, client, ACK);
	assert_int_equal(world.decision.track, MAGLEV_TRACK_KEPT);
	assert_int_equal(words_on(&world, 0, client, &after), 1);
	assert_int_equal(after, before + 2);
	world_fini(&world);
}

static void fin_and_rst_set_their_states(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	send(&world, 0, client, FIN | ACK);
	assert_word(&world, 0, client, world.by_place[2], MAGLEV_CLOSING);
	send(&world, 0, client, RST);
	assert_word(&world, 0, client, world.by_place[2], MAGLEV_RESET);
	send(&world, 0, client, ACK);
	assert_word(&world, 0, client, world.by_place[2], MAGLEV_ESTABLISHED);
	world_fini(&world);
}

static void expired_flow_goes_by_the_table(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	move_away(&world, 2);
	world.plane.flows.now += 900 + 64;
	assert_ptr_equal(send(&world, 0, client, ACK), live_answer(&world, client));
	assert_int_equal(world.decision.source, MAGLEV_SOURCE_TABLE);
	assert_word(&world, 0, client, live_answer(&world, client), MAGLEV_HALF_OPEN);
	world_fini(&world);
}

static void drain_keeps_tracked_flows(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	set_state(&world, world.by_place[2], MAGLEV_DRAIN);
	assert_ptr_equal(send(&world, 0, client, ACK), world.by_place[2]);
	publish(&world);
	assert_ptr_equal(send(&world, 0, client, ACK), world.by_place[2]);
	assert_ptr_equal(send(&world, 0, client, SYN), world.by_place[2]);
	assert_ptr_equal(send(&world, 1, client, ACK), world.by_place[2]); /* adopted */
	assert_ptr_not_equal(send(&world, 0, client_at(&world, 1, client + 1), SYN),
			     world.by_place[2]);
	world_fini(&world);
}

/* At once, and when the table knows: for good, and in one word. */
static void down_selects_anew_and_keeps_that(void **state)
{
	struct maglev_target *chosen;
	u32 client, published;
	struct world world;

	(void)state;
	for (published = 0; published < 2; published++) {
		world_init(&world, __func__);
		client = establish(&world, 0);
		set_state(&world, world.by_place[2], MAGLEV_DOWN);
		if (published)
			publish(&world);
		chosen = send(&world, 0, client, ACK);
		assert_ptr_not_equal(chosen, world.by_place[2]);
		assert_int_equal(chosen->state, MAGLEV_UP);
		publish(&world);
		assert_ptr_equal(chosen, live_answer(&world, client));
		assert_ptr_equal(send(&world, 0, client, ACK), chosen);
		assert_int_equal(world.decision.source, MAGLEV_SOURCE_FLOW);
		set_state(&world, world.by_place[2], MAGLEV_UP);
		publish(&world);
		assert_ptr_equal(send(&world, 0, client, ACK), chosen);
		assert_int_equal(maglev_word_index(world.decision.word), chosen->index);
		world_fini(&world);
	}
}

static void removed_backend_selects_anew(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	set_state(&world, world.by_place[2], MAGLEV_DOWN);
	publish(&world);
	world.by_index[world.by_place[2]->index] = NULL;
	assert_ptr_equal(send(&world, 0, client, ACK), live_answer(&world, client));
	assert_ptr_equal(send(&world, 0, client, ACK), live_answer(&world, client));
	assert_int_equal(world.decision.source, MAGLEV_SOURCE_FLOW);
	world_fini(&world);
}

static void syn_keeps_the_backend_of_half_open_and_established(void **state)
{
	struct world world;
	u32 client, other;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	other = client_at(&world, 2, client + 1);
	send(&world, 0, other, SYN);
	move_away(&world, 2);
	assert_ptr_equal(send(&world, 0, client, SYN), world.by_place[2]);
	assert_ptr_equal(send(&world, 0, other, SYN), world.by_place[2]);
	assert_word(&world, 0, client, world.by_place[2], MAGLEV_ESTABLISHED);
	assert_word(&world, 0, other, world.by_place[2], MAGLEV_HALF_OPEN);
	world_fini(&world);
}

/* Words of the flow on all CPUs, from times when no slot had changed. */
static u32 scatter(struct world *world)
{
	u32 client = establish(world, 0);

	send(world, 1, client, ACK);
	send(world, 2, client, ACK);
	assert_word(world, 0, client, world->by_place[2], MAGLEV_ESTABLISHED);
	assert_word(world, 1, client, world->by_place[2], MAGLEV_HALF_OPEN);
	assert_word(world, 2, client, world->by_place[2], MAGLEV_HALF_OPEN);
	return client;
}

static void syn_on_closing_selects_anew_and_zeroes_foreign_words(void **state)
{
	static const u8 flags[] = { FIN, RST };
	struct world world;
	u32 client, i;

	(void)state;
	for (i = 0; i < 4; i++) {
		world_init(&world, __func__);
		client = scatter(&world);
		send(&world, 0, client, flags[i % 2]);
		move_away(&world, 2);
		if (i / 2)
			forget_stamps(&world);
		assert_ptr_equal(send(&world, 0, client, SYN), live_answer(&world, client));
		assert_ptr_not_equal(world.decision.target, world.by_place[2]);
		assert_int_equal(world.decision.source, MAGLEV_SOURCE_TABLE);
		assert_int_equal(world.decision.track, MAGLEV_TRACK_KEPT);
		assert_word(&world, 0, client, world.decision.target, MAGLEV_HALF_OPEN);
		assert_no_word(&world, 1, client);
		assert_no_word(&world, 2, client);
		assert_ptr_equal(send(&world, 1, client, ACK), live_answer(&world, client));
		world_fini(&world);
	}
}

/* Adoption. */

static void flow_is_adopted_and_moved_once(void **state)
{
	static const u8 flags[] = { ACK, 0, SYN, FIN };
	static const enum maglev_flow_state becomes[] = { MAGLEV_ESTABLISHED, MAGLEV_ESTABLISHED,
							  MAGLEV_ESTABLISHED, MAGLEV_CLOSING };
	struct world world;
	u32 client, i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		world_init(&world, __func__);
		client = establish(&world, 0);
		move_away(&world, 2);
		assert_ptr_equal(send(&world, 1, client, flags[i]), world.by_place[2]);
		assert_int_equal(world.decision.source, MAGLEV_SOURCE_ADOPTED);
		assert_int_equal(world.decision.cpu, 0);
		assert_int_equal(world.decision.track, MAGLEV_TRACK_NEW);
		assert_no_word(&world, 0, client);
		assert_word(&world, 1, client, world.by_place[2], becomes[i]);
		forget_stamps(&world);
		assert_ptr_equal(send(&world, 1, client, ACK), world.by_place[2]);
		assert_int_equal(world.decision.source, MAGLEV_SOURCE_FLOW);
		assert_int_equal(world.decision.cpu, 1);
		assert_no_word(&world, 0, client);
		assert_no_word(&world, 2, client);
		world_fini(&world);
	}
}

static void flow_is_not_looked_for_where_the_slot_has_not_changed(void **state)
{
	struct world world;
	u32 client, age;

	(void)state;
	for (age = 0; age < 3; age++) {
		world_init(&world, __func__);
		client = establish(&world, 0);
		move_away(&world, 2);
		forget_stamps(&world);
		if (age) /* a stamp, but an old one */
			world.changed_at[slot_of(&world, client)] =
				maglev_stamp(NOW - 900 - age * 200);
		assert_ptr_equal(send(&world, 1, client, ACK), live_answer(&world, client));
		assert_int_equal(world.decision.source, MAGLEV_SOURCE_TABLE);
		assert_word(&world, 0, client, world.by_place[2], MAGLEV_ESTABLISHED);
		assert_word(&world, 1, client, live_answer(&world, client), MAGLEV_HALF_OPEN);
		world_fini(&world);
	}
}

/* As long as it lives: changed at once after its last packet, looked for at its last second. */
static void flow_is_adopted_to_its_last_second(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	move_away(&world, 2);
	world.plane.flows.now += 900;
	assert_ptr_equal(send(&world, 1, client, ACK), world.by_place[2]);
	world_fini(&world);
}

static void stamp_is_recent_for_the_longest_timeout_and_no_hour_more(void **state)
{
	static const u32 longest[] = { 1, 10, 60, 900, 7200 };
	static const u32 bases[] = { 4, 1000000, 4 * 65536 - 4000, 4 * 65536 * 5 - 7300,
				     0xffffffffU - 40000 };
	u32 i, j, offset, age, changed;
	u16 stamp;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(longest); i++) {
		for (j = 0; j < ARRAY_SIZE(bases); j++) {
			for (offset = 0; offset < 8000; offset += 3) {
				changed = bases[j] + offset;
				stamp = maglev_stamp(changed);
				assert_int_not_equal(stamp, 0);
				/* the timeout, two units, a sweep of 10 s; all of it, to the second */
				for (age = 0; age <= longest[i] + 74; age += 1 + age / 8)
					assert_true(maglev_stamp_recent(stamp, longest[i],
									changed + age));
				assert_true(maglev_stamp_recent(stamp, longest[i],
								changed + longest[i] + 74));
				assert_false(maglev_stamp_recent(stamp, longest[i],
								 changed + longest[i] + 120));
				assert_false(
					maglev_stamp_recent(stamp, longest[i], changed + 250000));
			}
		}
	}
	assert_false(maglev_stamp_recent(0, 7200, 0));
	assert_false(maglev_stamp_recent(0, 7200, 4 * 65536));
}

static void mode_source_always_looks(void **state)
{
	struct world world;
	u32 client, cpu;

	(void)state;
	for (cpu = 1; cpu < CPUS; cpu++) {
		world_init_sized(&world, MAGLEV_MODE_SOURCE, BACKENDS, LINES, __func__);
		client = establish(&world, 0);
		move_away(&world, 2);
		forget_stamps(&world);
		assert_ptr_equal(send(&world, cpu, client, ACK), world.by_place[2]);
		assert_int_equal(world.decision.source, MAGLEV_SOURCE_ADOPTED);
		assert_no_word(&world, 0, client);
		assert_word(&world, cpu, client, world.by_place[2], MAGLEV_ESTABLISHED);
		world_fini(&world);
	}
}

static void mode_source_gives_a_client_one_backend(void **state)
{
	struct maglev_target *target = NULL;
	struct world world;
	u32 client;

	(void)state;
	world_init_sized(&world, MAGLEV_MODE_SOURCE, BACKENDS, LINES, __func__);
	for (client = 0; client < 160; client++) {
		send(&world, client % CPUS, client, SYN);
		target = client % 16 ? target : world.decision.target;
		assert_ptr_equal(world.decision.target, target);
		assert_int_equal(world.decision.slot, slot_of(&world, client));
		assert_int_equal(world.decision.hash, client_hash(&world, client, &world.view.key));
	}
	world_fini(&world);
}

static void dead_words_are_never_moved(void **state)
{
	u32 client, gone, i;
	struct world world;
	u64 word;

	(void)state;
	for (gone = 0; gone < 2; gone++) {
		world_init(&world, __func__);
		client = establish(&world, 0);
		set_state(&world, world.by_place[2], MAGLEV_DOWN);
		publish(&world);
		if (gone)
			world.by_index[world.by_place[2]->index] = NULL;
		assert_ptr_equal(send(&world, 1, client, ACK), live_answer(&world, client));
		assert_int_equal(world.decision.source, MAGLEV_SOURCE_TABLE);
		assert_word(&world, 1, client, live_answer(&world, client), MAGLEV_HALF_OPEN);
		for (i = 1; i < CPUS; i++)
			if (words_on(&world, i, client, &word))
				assert_int_not_equal(maglev_word_index(word),
						     world.by_place[2]->index);
		world_fini(&world);
	}
}

/* B went down, its flow went to C on another CPU; B comes back: the flow stays with C. */
static void flow_that_left_a_dead_backend_does_not_go_back(void **state)
{
	struct maglev_target *chosen;
	struct world world;
	u32 client, scattered;

	(void)state;
	for (scattered = 0; scattered < 2; scattered++) {
		world_init(&world, __func__);
		client = scattered ? scatter(&world) : establish(&world, 0);
		set_state(&world, world.by_place[2], MAGLEV_DOWN);
		publish(&world);
		chosen = send(&world, 1, client, ACK);
		assert_ptr_not_equal(chosen, world.by_place[2]);
		set_state(&world, world.by_place[2], MAGLEV_UP);
		publish(&world);
		assert_ptr_equal(send(&world, 1, client, ACK), chosen);
		assert_ptr_equal(send(&world, 0, client, ACK), chosen);
		world_fini(&world);
	}
}

/* B went down, its flow went to C on CPU 1: B's word on CPU 0 does not hide that. */
static void dead_word_here_does_not_hide_a_living_one_elsewhere(void **state)
{
	struct maglev_target *chosen;
	struct world world;
	u32 client, place;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	set_state(&world, world.by_place[2], MAGLEV_DOWN);
	publish(&world);
	chosen = send(&world, 1, client, SYN);
	assert_ptr_equal(send(&world, 1, client, ACK), chosen);
	for (place = 0; world.by_place[place] != chosen; place++)
		;
	move_away(&world, place);
	assert_ptr_equal(send(&world, 0, client, ACK), chosen);
	world_fini(&world);
}

/* The operator drains, the table follows 10 ms later: flows that change CPU meanwhile stay. */
static void drain_keeps_flows_of_other_cpus_before_the_table_knows(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	set_state(&world, world.by_place[2], MAGLEV_DRAIN);
	assert_ptr_equal(send(&world, 1, client, ACK), world.by_place[2]);
	publish(&world);
	assert_ptr_equal(send(&world, 1, client, ACK), world.by_place[2]);
	world_fini(&world);
}

static void cpu_without_a_table_forwards_by_others_and_the_live_table(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	free(world.tables->cpu[1].words);
	world.tables->cpu[1] = (struct maglev_flow_table){ NULL, 0 };
	world.tables->active = CPUS - 1;
	move_away(&world, 2);
	assert_ptr_equal(send(&world, 1, client, ACK), world.by_place[2]);
	assert_word(&world, 0, client, world.by_place[2], MAGLEV_ESTABLISHED);
	assert_ptr_equal(send(&world, 1, client + 1, SYN), live_answer(&world, client + 1));
	assert_ptr_equal(send(&world, 2, client, ACK), world.by_place[2]);
	world_fini(&world);
}

/* A second table under another key. */

static void change_key(struct world *world)
{
	struct maglev_key key;

	random_fill(&world->random, &key, sizeof(key));
	world->tables = tables_create(&key, LINES / 2 + 1, world->tables);
	world->plane.tables = world->tables;
}

static void flow_under_the_old_key_moves_to_the_new(void **state)
{
	struct maglev_key old_key;
	u32 client, cpu;
	struct world world;
	u64 word;

	(void)state;
	for (cpu = 0; cpu < CPUS; cpu++) {
		world_init(&world, __func__);
		client = establish(&world, 0);
		move_away(&world, 2);
		forget_stamps(&world);
		old_key = world.tables->key;
		change_key(&world);
		assert_ptr_equal(send(&world, cpu, client, ACK), world.by_place[2]);
		assert_int_equal(world.decision.source, MAGLEV_SOURCE_ADOPTED);
		assert_int_equal(world.decision.cpu, 0);
		assert_true(world.decision.old);
		assert_int_equal(world.decision.hash,
				 client_hash(&world, client, &world.tables->key));
		assert_word(&world, cpu, client, world.by_place[2], MAGLEV_ESTABLISHED);
		assert_int_equal(words_in(world.tables->old, 0,
					  client_hash(&world, client, &old_key), &word),
				 0);
		assert_ptr_equal(send(&world, cpu, client, ACK), world.by_place[2]);
		assert_int_equal(world.decision.source, MAGLEV_SOURCE_FLOW);
		assert_false(world.decision.old);
		world_fini(&world);
	}
}

static void flow_of_another_cpu_is_looked_for_while_an_old_table_stands(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	change_key(&world); /* the view's tables are under the first key still */
	client = establish(&world, 0);
	move_away(&world, 2);
	forget_stamps(&world);
	assert_ptr_equal(send(&world, 1, client, ACK), world.by_place[2]);
	assert_int_equal(world.decision.source, MAGLEV_SOURCE_ADOPTED);
	assert_false(world.decision.old);
	assert_no_word(&world, 0, client);
	world_fini(&world);
}

static void syn_on_an_old_closing_word_selects_anew(void **state)
{
	struct world world;
	u32 client, cpu, n;
	u64 word;

	(void)state;
	for (cpu = 0; cpu < CPUS; cpu++) {
		world_init(&world, __func__);
		client = scatter(&world);
		send(&world, 0, client, FIN);
		send(&world, 1, client, FIN);
		send(&world, 2, client, FIN);
		move_away(&world, 2);
		forget_stamps(&world);
		change_key(&world);
		assert_ptr_equal(send(&world, cpu, client, SYN), live_answer(&world, client));
		assert_word(&world, cpu, client, live_answer(&world, client), MAGLEV_HALF_OPEN);
		for (n = 0; n < CPUS; n++)
			assert_int_equal(words_in(world.tables->old, n,
						  client_hash(&world, client,
							      &world.tables->old->key),
						  &word),
					 0);
		world_fini(&world);
	}
}

static void dead_words_of_the_old_table_are_never_moved(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	set_state(&world, world.by_place[2], MAGLEV_DOWN);
	publish(&world);
	change_key(&world);
	assert_ptr_equal(send(&world, 0, client, ACK), live_answer(&world, client));
	assert_word(&world, 0, client, live_answer(&world, client), MAGLEV_HALF_OPEN);
	set_state(&world, world.by_place[2], MAGLEV_UP);
	assert_ptr_not_equal(send(&world, 0, client, ACK), world.by_place[2]);
	world_fini(&world);
}

/* The budget for other CPUs' lines. */

static void budget_over_forwards_by_the_table_and_does_not_track(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	move_away(&world, 2);
	world.budget = (struct maglev_budget){ .now_ms = world.plane.now_ms };
	world.plane.budget = &world.budget;
	assert_ptr_equal(send(&world, 1, client, ACK), live_answer(&world, client));
	assert_int_equal(world.decision.track, MAGLEV_TRACK_BUSY);
	assert_no_word(&world, 1, client);
	assert_word(&world, 0, client, world.by_place[2], MAGLEV_ESTABLISHED);
	world.plane.now_ms++;
	assert_ptr_equal(send(&world, 1, client, ACK), world.by_place[2]);
	assert_int_equal(world.decision.source, MAGLEV_SOURCE_ADOPTED);
	world_fini(&world);
}

static void budget_over_still_tracks_a_syn(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	client = client_at(&world, 2, 0);
	move_away(&world, 2);
	world.budget = (struct maglev_budget){ .now_ms = world.plane.now_ms };
	world.plane.budget = &world.budget;
	assert_ptr_equal(send(&world, 1, client, SYN), live_answer(&world, client));
	assert_int_equal(world.decision.track, MAGLEV_TRACK_NEW);
	assert_word(&world, 1, client, live_answer(&world, client), MAGLEV_HALF_OPEN);
	world_fini(&world);
}

/* A flood of SYNs on changed slots leaves others something, in every millisecond. */
static void budget_of_syns_is_half(void **state)
{
	u32 client, ms, i, adopted = 0;
	struct world world;

	(void)state;
	world_init(&world, __func__);
	world.plane.budget = &world.budget;
	for (i = 0; i < SIZE; i++)
		world.changed_at[i] = maglev_stamp(NOW);
	for (ms = 0; ms < 50; ms++) {
		world.plane.now_ms++;
		world.changed_at[slot_of(&world, 0)] = 0; /* CPU 0's own are none of the flood */
		client = establish(&world, 100000 * (ms + 1));
		for (i = 1; i < 1200; i++)
			send(&world, 1, 100000000 + ms * 2000 + i, SYN);
		for (i = 0; i < SIZE; i++)
			world.changed_at[i] = maglev_stamp(NOW);
		adopted += send(&world, 1, client, ACK) == world.by_place[2] &&
			   world.decision.source == MAGLEV_SOURCE_ADOPTED;
		assert_int_not_equal(world.decision.track, MAGLEV_TRACK_BUSY);
	}
	assert_int_equal(adopted, 50);
	world_fini(&world);
}

/* Whatever is sent: 2,000 lines a millisecond, and what ten of them left over. */
static void budget_bounds_the_lines_read(void **state)
{
	u32 ms, i, looks = 0;
	struct world world;

	(void)state;
	world_init(&world, __func__);
	world.plane.budget = &world.budget;
	for (i = 0; i < SIZE; i++)
		world.changed_at[i] = maglev_stamp(NOW);
	for (ms = 0; ms < 100; ms++) {
		world.plane.now_ms++;
		for (i = 0; i < 700; i++) {
			send(&world, 1, 5000000 + ms * 1000 + i, ACK);
			looks += world.decision.track != MAGLEV_TRACK_BUSY;
		}
	}
	/* two lines on each of two other CPUs */
	printf("# budget: %u looks of 4 lines in 100 ms\n", looks);
	assert_true(looks * 4 <= 2000 * 110);
	assert_true(looks * 4 >= 2000 * 95);
	world_fini(&world);
}

static void budget_refills_by_the_millisecond_up_to_ten(void **state)
{
	static const u32 bases[] = { 0, 77, 0xffffffffU, 0xfffffffcU, 0x7fffffffU };
	static const u32 passed[] = { 0, 1, 2, 5, 9, 10, 11, 1000, 1U << 28, 3000000000U };
	u32 i, j, expected;
	struct world world;
	u64 lines;

	(void)state;
	world_init(&world, __func__);
	world.plane.budget = &world.budget;
	for (i = 0; i < SIZE; i++)
		world.changed_at[i] = maglev_stamp(NOW);
	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		for (j = 0; j < ARRAY_SIZE(passed); j++) {
			world.budget = (struct maglev_budget){ .now_ms = bases[i], .lines = 1000 };
			world.plane.now_ms = bases[i] + passed[j];
			send(&world, 1, 1000 + i * 100 + j, ACK);
			lines = 1000 + (u64)passed[j] * MAGLEV_BUDGET_LINES;
			expected = lines < 20000 ? lines : 20000;
			assert_int_equal(world.budget.now_ms, world.plane.now_ms);
			assert_int_equal(world.budget.lines, expected - 4);
		}
	}
	world_fini(&world);
}

/* Two lines of the new table and two of the old one, on each of two other CPUs. */
static void budget_pays_for_the_lines_of_old_tables(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, __func__);
	change_key(&world);
	world.plane.budget = &world.budget;
	world.budget = (struct maglev_budget){ .now_ms = world.plane.now_ms, .lines = 1000 };
	send(&world, 1, 1, ACK);
	assert_int_equal(world.budget.lines, 1000 - 8);
	assert_int_equal(world.decision.foreign_lines, 8);
	world_fini(&world);
}

/* "explain". */

static void dry_changes_nothing_and_finds_flows_on_any_cpu(void **state)
{
	static const u8 flags[] = { ACK, SYN, FIN, RST };
	u32 client, cpu, i, n, turn;
	struct world world;
	u64 *image;
	u16 stamps[SIZE];

	(void)state;
	for (turn = 0; turn < 2; turn++) {
		world_init(&world, __func__);
		client = establish(&world, 0);
		move_away(&world, 2);
		if (!turn)
			forget_stamps(&world);
		else
			change_key(&world);
		world.plane.flows.now += 40;
		world.plane.dry = true;
		memcpy(stamps, world.changed_at, sizeof(stamps));
		for (i = 0; i < 4 * CPUS; i++) {
			image = tables_image(world.tables, &n);
			cpu = i / 4;
			assert_ptr_equal(send(&world, cpu, client, flags[i % 4]),
					 world.by_place[2]);
			assert_int_equal(world.decision.cpu, 0);
			assert_int_equal(world.decision.old, turn);
			assert_int_equal(world.decision.source,
					 cpu || turn ? MAGLEV_SOURCE_ADOPTED : MAGLEV_SOURCE_FLOW);
			assert_ptr_equal(send(&world, cpu, client + 1, flags[i % 4]),
					 live_answer(&world, client + 1));
			assert_tables_are(world.tables, image, n);
			assert_memory_equal(stamps, world.changed_at, sizeof(stamps));
		}
		world_fini(&world);
	}
}

static void dry_says_what_would_happen(void **state)
{
	struct maglev_target *target;
	struct world world;
	u32 client, i, n, cpu;
	u64 *image;
	u8 flags;

	(void)state;
	world_init_sized(&world, MAGLEV_MODE_SOURCE, BACKENDS, LINES, __func__);
	for (i = 0; i < 20000; i++) {
		client = random_below(&world.random, 100);
		cpu = random_below(&world.random, CPUS);
		flags = random_below(&world.random, 32);
		if (i % 50 == 0) {
			set_state(&world, world.by_place[random_below(&world.random, BACKENDS)],
				  random_below(&world.random, 3));
			publish(&world);
			world.plane.flows.now += random_below(&world.random, 20);
		}
		image = tables_image(world.tables, &n);
		world.plane.dry = true;
		target = send(&world, cpu, client, flags);
		assert_tables_are(world.tables, image, n);
		world.plane.dry = false;
		assert_ptr_equal(send(&world, cpu, client, flags), target);
	}
	world_fini(&world);
}

/* ICMP errors. */

static void errors_follow_the_flow_and_change_nothing(void **state)
{
	u32 client, cpu, n;
	struct world world;
	u64 *image;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	move_away(&world, 2);
	world.plane.flows.now += 100;
	for (cpu = 0; cpu < CPUS; cpu++) {
		image = tables_image(world.tables, &n);
		assert_ptr_equal(send_error(&world, cpu, client), world.by_place[2]);
		assert_int_equal(world.decision.track, MAGLEV_TRACK_NONE);
		assert_tables_are(world.tables, image, n);
	}
	world_fini(&world);
}

static void errors_of_unknown_flows_go_by_the_table_and_change_nothing(void **state)
{
	struct world world;
	u64 *image;
	u32 n;

	(void)state;
	world_init(&world, __func__);
	image = tables_image(world.tables, &n);
	assert_ptr_equal(send_error(&world, 0, 17), live_answer(&world, 17));
	assert_tables_are(world.tables, image, n);
	world_fini(&world);
}

static void errors_of_dead_backends_flows_change_nothing(void **state)
{
	u32 client, n;
	struct world world;
	u64 *image;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	set_state(&world, world.by_place[2], MAGLEV_DOWN);
	image = tables_image(world.tables, &n);
	assert_ptr_not_equal(send_error(&world, 0, client), world.by_place[2]);
	assert_tables_are(world.tables, image, n);
	world_fini(&world);
}

static void errors_of_old_tables_flows_follow_and_change_nothing(void **state)
{
	u32 client, n;
	struct world world;
	u64 *image;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	move_away(&world, 2);
	change_key(&world);
	image = tables_image(world.tables, &n);
	assert_ptr_equal(send_error(&world, 0, client), world.by_place[2]);
	assert_ptr_equal(send_error(&world, 2, client), world.by_place[2]);
	assert_tables_are(world.tables, image, n);
	world_fini(&world);
}

/* Ownership, and connections older than it. */

static void not_owned_forwards_tracked_flows_and_passes_new_ones(void **state)
{
	struct world world;
	u32 client, n;
	u64 *image;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	world.plane.owned = false;
	assert_ptr_equal(send(&world, 0, client, ACK), world.by_place[2]);
	image = tables_image(world.tables, &n);
	assert_null(send(&world, 0, client + 1, SYN));
	assert_int_equal(world.decision.verdict, MAGLEV_PASS);
	assert_int_equal(world.decision.reason, MAGLEV_REASON_NOT_OURS);
	assert_null(send(&world, 0, client + 1, ACK));
	assert_int_equal(world.decision.reason, MAGLEV_REASON_NOT_OURS);
	assert_null(send_error(&world, 0, client + 1));
	assert_int_equal(world.decision.reason, MAGLEV_REASON_NOT_OURS);
	assert_tables_are(world.tables, image, n);
	send(&world, 0, client, FIN);
	assert_null(send(&world, 0, client, SYN)); /* it has ended: a new one */
	assert_int_equal(world.decision.reason, MAGLEV_REASON_NOT_OURS);
	assert_null(send(&world, 0, client, ACK)); /* whose packets follow it */
	assert_int_equal(world.decision.reason, MAGLEV_REASON_NOT_OURS);
	world_fini(&world);
}

static void not_owned_flows_that_begin_again_are_forgotten_on_every_cpu(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	send(&world, 0, client, FIN);
	world.plane.owned = false;
	assert_null(send(&world, 1, client, SYN));
	assert_null(send(&world, 1, client, ACK));
	assert_null(send(&world, 0, client, ACK));
	assert_int_equal(world.decision.reason, MAGLEV_REASON_NOT_OURS);
	world_fini(&world);
}

static void not_owned_flows_of_another_cpu_are_looked_for_though_nothing_changed(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	world.plane.owned = false;
	assert_ptr_equal(send(&world, 1, client, ACK), world.by_place[2]);
	assert_int_equal(world.decision.source, MAGLEV_SOURCE_ADOPTED);
	assert_ptr_equal(send(&world, 1, client, ACK), world.by_place[2]);
	assert_int_equal(world.decision.source, MAGLEV_SOURCE_FLOW);
	assert_int_equal(world.decision.foreign_lines, 0);
	world_fini(&world);
}

static void outside_is_asked_on_misses_of_all_but_syn(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	world.plane.outside = say_outside;
	client = establish(&world, 0);
	assert_int_equal(world.asked, 0);
	send(&world, 0, client, ACK);
	send(&world, 0, client, FIN);
	send(&world, 0, client, SYN);
	assert_int_equal(world.asked, 0);
	assert_ptr_equal(send(&world, 0, client + 1, ACK), live_answer(&world, client + 1));
	assert_int_equal(world.asked, 1);
	send(&world, 0, client + 1, ACK); /* tracked by now */
	assert_int_equal(world.asked, 1);
	send(&world, 0, client + 2, 0);
	send(&world, 0, client + 3, RST);
	assert_int_equal(world.asked, 3);
	world_fini(&world);
}

static void outside_is_not_asked_about_adopted_flows(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	world.plane.outside = say_outside;
	client = establish(&world, 0);
	move_away(&world, 2);
	send(&world, 1, client, ACK);
	assert_int_equal(world.decision.source, MAGLEV_SOURCE_ADOPTED);
	assert_int_equal(world.asked, 0);
	world_fini(&world);
}

static void outside_target_is_tracked_as_established(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	world.plane.outside = say_outside;
	world.outside_says = MAGLEV_OUTSIDE_TARGET;
	world.outside_target = world.by_place[4];
	client = client_at(&world, 1, 0);
	assert_ptr_equal(send(&world, 0, client, ACK), world.by_place[4]);
	assert_int_equal(world.decision.source, MAGLEV_SOURCE_OUTSIDE);
	assert_word(&world, 0, client, world.by_place[4], MAGLEV_ESTABLISHED);
	world.outside_says = MAGLEV_OUTSIDE_UNKNOWN;
	world.plane.flows.now += 890;
	assert_ptr_equal(send(&world, 0, client, ACK), world.by_place[4]);
	assert_int_equal(world.decision.source, MAGLEV_SOURCE_FLOW);
	assert_int_equal(world.asked, 1);
	world_fini(&world);
}

static void outside_target_that_is_down_selects_anew(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	world.plane.outside = say_outside;
	world.outside_says = MAGLEV_OUTSIDE_TARGET;
	world.outside_target = world.by_place[4];
	set_state(&world, world.by_place[4], MAGLEV_DOWN);
	publish(&world);
	client = client_at(&world, 1, 0);
	assert_ptr_equal(send(&world, 0, client, ACK), world.by_place[1]);
	set_state(&world, world.by_place[4], MAGLEV_DRAIN);
	client = client_at(&world, 1, client + 1);
	assert_ptr_equal(send(&world, 0, client, ACK), world.by_place[4]);
	world_fini(&world);
}

static void outside_pass_leaves_the_packet_to_others(void **state)
{
	struct world world;
	u64 *image;
	u32 n;

	(void)state;
	world_init(&world, __func__);
	world.plane.outside = say_outside;
	world.outside_says = MAGLEV_OUTSIDE_PASS;
	image = tables_image(world.tables, &n);
	assert_null(send(&world, 0, 5, ACK));
	assert_int_equal(world.decision.verdict, MAGLEV_PASS);
	assert_int_equal(world.decision.reason, MAGLEV_REASON_CONNECTION);
	assert_tables_are(world.tables, image, n);
	assert_ptr_equal(send(&world, 0, 5, SYN), live_answer(&world, 5));
	world_fini(&world);
}

/* Tracking off, or out of room. */

static void without_tables_every_packet_goes_by_the_live_table(void **state)
{
	struct world world;
	u32 i, client;

	(void)state;
	world_init(&world, __func__);
	world.plane.tables = NULL;
	for (i = 0; i < 1000; i++) {
		client = random_below(&world.random, 50);
		if (i % 100 == 99) {
			set_state(&world, world.by_place[random_below(&world.random, 4)],
				  i / 100 % 3);
			publish(&world);
		}
		assert_ptr_equal(send(&world, i % CPUS, client, i % 32),
				 live_answer(&world, client));
		assert_int_equal(world.decision.source, MAGLEV_SOURCE_TABLE);
		assert_int_equal(world.decision.track, MAGLEV_TRACK_NONE);
		assert_int_equal(world.decision.hash, client_hash(&world, client, &world.view.key));
	}
	world_fini(&world);
}

static void without_stamps_no_other_cpu_is_asked(void **state)
{
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	client = establish(&world, 0);
	move_away(&world, 2);
	world.view.changed_at = NULL;
	assert_ptr_equal(send(&world, 1, client, ACK), live_answer(&world, client));
	assert_int_equal(world.decision.source, MAGLEV_SOURCE_TABLE);
	world_fini(&world);
}

static void full_table_forwards_by_the_live_table(void **state)
{
	struct world world;
	u32 client, i, n;
	u64 *image;

	(void)state;
	world_init_sized(&world, MAGLEV_MODE_TUPLE, BACKENDS, 1, __func__);
	for (i = 0; i < MAGLEV_LINE_WORDS; i++)
		world.tables->cpu[0].words[i] = maglev_word_make(random_u64(&world.random),
								 world.by_place[i % 5]->index,
								 MAGLEV_ESTABLISHED, NOW);
	image = tables_image(world.tables, &n);
	for (client = 0; client < 100; client++) {
		assert_ptr_equal(send(&world, 0, client, client % 2 ? SYN : ACK),
				 live_answer(&world, client));
		assert_int_equal(world.decision.track, MAGLEV_TRACK_FULL);
	}
	assert_tables_are(world.tables, image, n);
	world_fini(&world);
}

/* No room on the new CPU: the flow keeps its backend, and its word where it was. */
static void full_table_leaves_an_adopted_word_where_it_is(void **state)
{
	struct world world;
	u32 client, i;

	(void)state;
	world_init_sized(&world, MAGLEV_MODE_TUPLE, BACKENDS, 1, __func__);
	client = establish(&world, 0);
	for (i = 0; i < MAGLEV_LINE_WORDS; i++)
		world.tables->cpu[1].words[i] = maglev_word_make(random_u64(&world.random),
								 world.by_place[i % 5]->index,
								 MAGLEV_ESTABLISHED, NOW);
	move_away(&world, 2);
	for (i = 0; i < 3; i++) {
		assert_ptr_equal(send(&world, 1, client, ACK), world.by_place[2]);
		assert_word(&world, 0, client, world.by_place[2], MAGLEV_ESTABLISHED);
	}
	world_fini(&world);
}

/* Only ever used on another CPU, which is full: it must not expire there. */
static void full_table_keeps_an_adopted_flow_alive(void **state)
{
	struct world world;
	u32 client, i, t;

	(void)state;
	world_init_sized(&world, MAGLEV_MODE_TUPLE, BACKENDS, 1, __func__);
	client = establish(&world, 0);
	move_away(&world, 2);
	for (t = 0; t < 10; t++) {
		world.plane.flows.now += 300;
		world.changed_at[slot_of(&world, client)] = maglev_stamp(world.plane.flows.now);
		for (i = 0; i < MAGLEV_LINE_WORDS; i++)
			world.tables->cpu[1].words[i] =
				maglev_word_make(i * 0x123456789abcdefULL,
						 world.by_place[i % 5]->index, MAGLEV_ESTABLISHED,
						 world.plane.flows.now);
		assert_ptr_equal(send(&world, 1, client, ACK), world.by_place[2]);
	}
	world_fini(&world);
}

static void evicted_flow_is_reported(void **state)
{
	struct world world;
	u32 i, n = 0;
	u64 word;

	(void)state;
	world_init_sized(&world, MAGLEV_MODE_TUPLE, BACKENDS, 1, __func__);
	for (i = 0; i < 3; i++) {
		send(&world, 0, i, SYN);
		n += world.decision.evicted != 0;
	}
	assert_int_equal(n, 1);
	assert_int_equal(world.decision.track, MAGLEV_TRACK_EVICTED);
	assert_int_equal(words_on(&world, 0, 0, &word) + words_on(&world, 0, 1, &word), 1);
	world_fini(&world);
}

/* Selection. */

struct taker {
	const struct world *world;
	u32 without; /* bits of places that cannot take a flow, whatever their state */
};

static bool can_take(const void *ctx, u16 place)
{
	const struct taker *taker = ctx;

	assert_true(place < taker->world->view.n);
	return taker->world->by_place[place]->state == MAGLEV_UP && !(taker->without >> place & 1);
}

static enum maglev_state random_state(struct random *random)
{
	return random_below(random, 3) ? MAGLEV_UP : 1 + random_below(random, 2);
}

/*
 * Some went down after the table was built: for slots whose answer still can take a flow that
 * answer, for the others what the next table says, unless its draws run out.
 */
static void assert_selects_as_the_next_table(struct world *world, bool shares)
{
	struct taker taker = { world, 0 };
	enum maglev_source source;
	u16 *stale, place, first = MAGLEV_EMPTY;
	u32 slot, i, firsts = 0;

	for (i = 0; i < world->view.n; i++) {
		world->by_place[i]->state = random_state(&world->random);
		if (shares)
			world->scene.backends[i].share = random_below(&world->random, 3) ?
								 100 :
								 random_below(&world->random, 101);
	}
	publish(world);
	stale = test_alloc(SIZE * sizeof(*stale));
	memcpy(stale, world->scene.live, SIZE * sizeof(*stale));
	for (i = 0; i < world->view.n; i++)
		if (!random_below(&world->random, 3))
			world->by_place[i]->state = random_state(&world->random);
	publish(world);
	world->view.live = stale;
	for (i = world->view.n; i-- > 0;)
		if (can_take(&taker, i) && world->scene.backends[i].share)
			first = i;
	for (slot = 0; slot < SIZE; slot++) {
		source = 99;
		place = maglev_select(&world->view, slot, can_take, &taker, &source);
		if (stale[slot] != MAGLEV_EMPTY && can_take(&taker, stale[slot])) {
			assert_int_equal(source, MAGLEV_SOURCE_TABLE);
			assert_int_equal(place, stale[slot]);
		} else if (source == MAGLEV_SOURCE_FIRST && first != MAGLEV_EMPTY) {
			assert_int_equal(place, first);
			firsts++;
		} else if (source != MAGLEV_SOURCE_FIRST) {
			assert_int_equal(place, world->scene.live[slot]);
			assert_int_equal(source == MAGLEV_SOURCE_NONE, place == MAGLEV_EMPTY);
		}
	}
	assert_true(shares || !firsts);
	world->view.live = world->scene.live;
	free(stale);
}

static void select_walks_to_what_the_next_table_says(void **state)
{
	struct world world;
	u32 round;

	(void)state;
	for (round = 0; round < 400; round++) {
		world_init(&world, __func__);
		world.random.state += round * 77;
		assert_selects_as_the_next_table(&world, round % 2);
		world_fini(&world);
	}
}

static void select_takes_the_live_answer_where_it_can(void **state)
{
	enum maglev_source source;
	struct world world;
	struct taker taker = { &world, 0 };
	u32 slot;

	(void)state;
	world_init(&world, __func__);
	for (slot = 0; slot < SIZE; slot++) {
		assert_int_equal(maglev_select(&world.view, slot, can_take, &taker, &source),
				 world.view.live[slot]);
		assert_int_equal(source, MAGLEV_SOURCE_TABLE);
	}
	world_fini(&world);
}

/* All shares 0: nobody serves a slot drawn; up ones are candidates all the same. */
static void select_falls_back_to_the_first_who_can(void **state)
{
	enum maglev_source source;
	struct world world;
	struct taker taker = { &world, 0x3 };
	u32 slot, i;

	(void)state;
	world_init(&world, __func__);
	for (i = 0; i < BACKENDS; i++)
		world.scene.backends[i].share = 0;
	set_state(&world, world.by_place[2], MAGLEV_DRAIN);
	publish(&world);
	for (slot = 0; slot < SIZE; slot++) {
		i = maglev_select(&world.view, slot, can_take, &taker, &source);
		if (world.view.live[slot] >= 3) {
			assert_int_equal(i, world.view.live[slot]);
			continue;
		}
		assert_int_equal(i, 3);
		assert_int_equal(source, MAGLEV_SOURCE_FIRST);
	}
	world_fini(&world);
}

/* The only one with a share comes before an earlier one without. */
static void select_prefers_candidates_with_a_share(void **state)
{
	enum maglev_source source;
	struct world world;
	struct taker taker = { &world, 0x8 }; /* place 3, which answers for all, is overloaded */
	u32 slot, i;

	(void)state;
	world_init(&world, __func__);
	for (i = 0; i < BACKENDS; i++)
		world.scene.backends[i].share = i == 3 ? 100 : i == 4;
	publish(&world);
	for (slot = 0; slot < SIZE; slot++)
		assert_int_equal(maglev_select(&world.view, slot, can_take, &taker, &source), 4);
	world_fini(&world);
}

static void select_is_empty_where_nobody_can(void **state)
{
	enum maglev_source source;
	struct world world;
	struct taker taker = { &world, ~0U };
	u32 slot;

	(void)state;
	world_init(&world, __func__);
	for (slot = 0; slot < SIZE; slot++) {
		assert_int_equal(maglev_select(&world.view, slot, can_take, &taker, &source),
				 MAGLEV_EMPTY);
		assert_int_equal(source, MAGLEV_SOURCE_NONE);
	}
	world_fini(&world);
}

/* decide() on stale tables: the flow goes where it will go when the table is built. */
static void decide_walks_around_a_backend_that_just_went_down(void **state)
{
	struct maglev_target *target;
	struct world world;
	u32 client;

	(void)state;
	world_init(&world, __func__);
	set_state(&world, world.by_place[1], MAGLEV_DOWN);
	set_state(&world, world.by_place[2], MAGLEV_DRAIN);
	for (client = 0; client < 100; client++) {
		target = send(&world, 0, client, SYN);
		assert_int_equal(target->state, MAGLEV_UP);
		assert_int_equal(world.decision.source, live_answer(&world, client) == target ?
								MAGLEV_SOURCE_TABLE :
								MAGLEV_SOURCE_WALK);
		publish(&world);
		assert_ptr_equal(target, live_answer(&world, client));
		set_state(&world, world.by_place[1], MAGLEV_UP);
		set_state(&world, world.by_place[2], MAGLEV_UP);
		publish(&world);
		set_state(&world, world.by_place[1], MAGLEV_DOWN);
		set_state(&world, world.by_place[2], MAGLEV_DRAIN);
	}
	world_fini(&world);
}

/* Reasons. */

static void reasons_have_unique_kebab_names_texts_and_verdicts(void **state)
{
	const char *name, *text;
	u32 i, j;

	(void)state;
	for (i = 0; i < MAGLEV_REASON_COUNT; i++) {
		name = maglev_reason_name(i);
		text = maglev_reason_text(i);
		assert_non_null(name);
		assert_true(name[0] && text && strlen(text) > 5);
		for (j = 0; name[j]; j++)
			assert_true((name[j] >= 'a' && name[j] <= 'z') ||
				    (name[j] == '-' && j && name[j - 1] != '-' && name[j + 1]));
		assert_string_not_equal(name, "unknown");
		for (j = 0; j < i; j++) {
			assert_string_not_equal(name, maglev_reason_name(j));
			assert_string_not_equal(text, maglev_reason_text(j));
		}
		assert_true(maglev_reason_verdict(i) <= MAGLEV_REJECT);
		assert_int_equal(maglev_reason_verdict(i) == MAGLEV_FORWARD,
				 i == MAGLEV_REASON_NONE);
	}
	assert_string_equal(maglev_reason_name(MAGLEV_REASON_COUNT), "unknown");
	assert_int_not_equal(maglev_reason_verdict(MAGLEV_REASON_COUNT), MAGLEV_FORWARD);
	assert_string_equal(maglev_reason_name(MAGLEV_REASON_SOURCE_IS_VIP), "source-is-vip");
	assert_int_equal(maglev_reason_verdict(MAGLEV_REASON_NO_BACKEND), MAGLEV_REJECT);
	assert_int_equal(maglev_reason_verdict(MAGLEV_REASON_NOT_OURS), MAGLEV_PASS);
}

/*
 * Random operations: backends change state and share, come and go, the table follows at once
 * or a moment later; the key changes; time passes, sweeps pass every 10 s at most; packets arrive
 * on any CPU. Against it a map from flow to backend: who is tracked and alive stays.
 */
enum {
	PLAY_POOL = 8,
	PLAY_CLIENTS = 250,
	PLAY_STEPS = 100000,
};

/* What the map knows of a flow. */
struct known {
	const struct maglev_target *target;
	u32 incarnation;
	u32 until; /* alive, to be sure */
	u32 cpu;
	enum maglev_flow_state state; /* after its last packet */
	bool live;
};

struct play {
	struct world world;
	struct maglev_backend pool[PLAY_POOL];
	struct maglev_target *of_pool[PLAY_POOL]; /* NULL: not there */
	u32 incarnation[PAIRS]; /* by pair index */
	u32 retired_at[PAIRS]; /* sweeps, plus 1; 0: in use or free */
	u32 incarnations;
	u32 sweeps;
	u32 step;
	u32 old_until;
	bool pending;
	struct known known[PLAY_CLIENTS];
	u32 kept, moved, adopted, old, anew; /* figures */
};

static void play_publish(struct play *play)
{
	struct world *world = &play->world;
	u32 i, n = 0;

	note_answers(world);
	for (i = 0; i < PLAY_POOL; i++) {
		if (!play->of_pool[i])
			continue;
		world->scene.backends[n] = play->pool[i];
		world->scene.backends[n].state = play->of_pool[i]->state;
		world->by_place[n++] = play->of_pool[i];
	}
	world->scene.n = n;
	world->view.n = n;
	scene_build(&world->scene);
	stamp_changes(world);
	play->pending = false;
}

static void play_add(struct play *play, u32 at)
{
	struct world *world = &play->world;
	u32 index;

	for (index = 0; index < PAIRS; index++)
		if (!world->by_index[index] &&
		    (!play->retired_at[index] || play->sweeps > play->retired_at[index]))
			break;
	if (index == PAIRS)
		return;
	target_init(&world->target[index], index);
	world->by_index[index] = &world->target[index];
	play->of_pool[at] = &world->target[index];
	play->incarnation[index] = ++play->incarnations;
	play->retired_at[index] = 0;
}

/* Gone for words; the table that still names it finds it down. */
static void play_remove(struct play *play, u32 at)
{
	struct maglev_target *target = play->of_pool[at];

	target->state = MAGLEV_DOWN;
	play->world.by_index[target->index] = NULL;
	play->retired_at[target->index] = play->sweeps + 1;
	play->incarnation[target->index] = 0;
	play->of_pool[at] = NULL;
}

static void play_init(struct play *play, const char *stream, u32 round)
{
	struct world *world = &play->world;
	u32 i;

	memset(play, 0, sizeof(*play));
	world_init_sized(world, MAGLEV_MODE_TUPLE, PLAY_POOL, LINES, stream);
	world->random.state += round * 0x123456789ULL;
	memset(world->by_index, 0, PAIRS * sizeof(void *));
	for (i = 0; i < PLAY_POOL; i++) {
		play->pool[i] = world->scene.backends[i];
		play_add(play, i);
	}
	play_publish(play);
	forget_stamps(world);
}

struct sweep {
	struct world *world;
	bool old;
};

static void renew_stamp(void *ctx, u64 word, const struct maglev_target *target)
{
	struct sweep *sweep = ctx;
	struct world *world = sweep->world;
	u32 slot = maglev_word_slot(word, SIZE);

	if (!sweep->old && answer_of(world, slot) != target->index)
		world->changed_at[slot] = maglev_stamp(world->plane.flows.now);
}

static u32 sweep_tables(struct world *world, struct maglev_flow_tables *tables, bool old)
{
	struct sweep sweep = { world, old };
	u32 cpu, left = 0;

	for (cpu = 0; cpu < CPUS; cpu++)
		left += maglev_flow_sweep(&tables->cpu[cpu], &world->plane.flows, 0, ~0U,
					  renew_stamp, &sweep);
	return left;
}

static void play_sweep(struct play *play)
{
	struct world *world = &play->world;
	u32 slot, now = world->plane.flows.now;

	for (slot = 0; slot < SIZE; slot++)
		if (!maglev_stamp_recent(world->changed_at[slot], world->view.longest, now))
			world->changed_at[slot] = 0;
	sweep_tables(world, world->tables, false);
	if (world->tables->old &&
	    (!sweep_tables(world, world->tables->old, true) || now >= play->old_until)) {
		tables_destroy(world->tables->old);
		world->tables->old = NULL;
	}
	play->sweeps++;
}

static void play_time(struct play *play)
{
	struct world *world = &play->world;
	u32 left = random_below(&world->random, 4), piece;

	if (!random_below(&world->random, 10))
		left = random_below(&world->random, 60);
	if (!random_below(&world->random, 300))
		left = random_below(&world->random, 1000);
	if (left && play->pending)
		play_publish(play);
	for (; left; left -= piece) {
		piece = left < 10 ? left : 10;
		world->plane.flows.now += piece;
		world->plane.now_ms = world->plane.flows.now * 1000;
		if (piece == 10 || random_below(&world->random, 3) == 0)
			play_sweep(play);
	}
}

static void play_backend(struct play *play)
{
	struct world *world = &play->world;
	u32 at = random_below(&world->random, PLAY_POOL);
	struct maglev_target *target = play->of_pool[at];

	switch (random_below(&world->random, 8)) {
	case 0:
		if (target)
			play_remove(play, at);
		else
			play_add(play, at);
		break;
	case 1:
	case 2:
		play->pool[at].share =
			random_below(&world->random, 2) ? 100 : random_below(&world->random, 101);
		break;
	default:
		if (target)
			target->state = random_below(&world->random, 3) ?
						MAGLEV_UP :
						1 + random_below(&world->random, 2);
	}
	play->pending = true;
	if (random_below(&world->random, 2))
		play_publish(play);
}

static void play_key(struct play *play)
{
	struct world *world = &play->world;
	u32 i;

	if (world->tables->old)
		return;
	change_key(world);
	world->view.key = world->tables->key;
	world->scene.key = world->tables->key;
	for (i = 0; i < PLAY_POOL; i++)
		maglev_backend_derive(&play->pool[i], &world->scene.key, SIZE);
	play_publish(play);
	for (i = 0; i < SIZE; i++)
		world->changed_at[i] = maglev_stamp(world->plane.flows.now);
	play->old_until = world->plane.flows.now + world->view.longest;
}

static bool is_still_there(const struct play *play, const struct known *known)
{
	return play->world.by_index[known->target->index] == known->target &&
	       play->incarnation[known->target->index] == known->incarnation &&
	       known->target->state != MAGLEV_DOWN;
}

/* A SYN on a word of a flow that has ended. Words left on other CPUs may have seen less. */
static bool begins_anew(const struct world *world, u8 flags)
{
	return flags == SYN && world->decision.word &&
	       maglev_word_state(world->decision.word) >= MAGLEV_CLOSING;
}

static void forget_evicted(struct play *play, u64 word)
{
	u32 i;

	for (i = 0; word && i < PLAY_CLIENTS; i++)
		if (client_hash(&play->world, i, &play->world.tables->key) >> 26 == word >> 26)
			play->known[i].live = false;
}

static void note(struct play *play, u32 client, u32 cpu, u8 flags)
{
	const struct maglev_decision *decision = &play->world.decision;
	struct known *known = &play->known[client];
	u32 now = play->world.plane.flows.now, until = known->until;
	enum maglev_flow_state state;
	bool goes_on;
	u64 word;

	goes_on = decision->source == MAGLEV_SOURCE_FLOW ||
		  decision->source == MAGLEV_SOURCE_ADOPTED;
	play->kept += goes_on;
	play->adopted += decision->source == MAGLEV_SOURCE_ADOPTED;
	play->old += goes_on && decision->old;
	forget_evicted(play, decision->evicted);
	known->live = decision->target && words_on(&play->world, cpu, client, &word) == 1;
	if (!known->live)
		return;
	assert_int_equal(maglev_word_index(word), decision->target->index);
	state = maglev_word_state(word);
	known->target = decision->target;
	known->incarnation = play->incarnation[known->target->index];
	known->state = state;
	known->until = now + timeout_of[state];
	known->cpu = cpu;
	if (state == MAGLEV_ESTABLISHED && flags == SYN) /* refreshes nothing */
		known->until = until;
}

static void play_packet(struct play *play)
{
	static const u8 kinds[] = { SYN, FIN, RST, ACK, ACK, ACK, ACK, ACK, ACK, ACK, ACK, 0 };
	struct world *world = &play->world;
	u32 client = random_below(&world->random, PLAY_CLIENTS), cpu;
	struct known *known = &play->known[client];
	u8 flags = kinds[random_below(&world->random, ARRAY_SIZE(kinds))];
	const struct maglev_target *target, *before = known->target;

	cpu = random_below(&world->random, 4) ? known->cpu : random_below(&world->random, CPUS);
	target = send(world, cpu, client, flags);
	if (known->live && world->plane.flows.now <= known->until && is_still_there(play, known)) {
		if (begins_anew(world, flags))
			play->anew++;
		else if (target != before)
			fail_msg("step %u: flow %u of pair %u in state %u (%u s left, last on CPU %u), "
				 "flags %#x on CPU %u at %u: pair %d, source %u, track %u, word %#llx, "
				 "slot %u changed at %u, pending %u",
				 play->step, client, before->index, known->state,
				 known->until - world->plane.flows.now, known->cpu, flags, cpu,
				 world->plane.flows.now, target ? (int)target->index : -1,
				 world->decision.source, world->decision.track,
				 (unsigned long long)world->decision.word, world->decision.slot,
				 world->changed_at[world->decision.slot], play->pending);
		play->moved += target != live_answer(world, client);
	}
	note(play, client, cpu, flags);
}

static void live_tracked_flows_never_change_their_backend(void **state)
{
	struct play *play = test_alloc(sizeof(*play));
	u32 what, round, step = 0;

	(void)state;
	for (round = 0; round < 4; round++) {
		play_init(play, __func__, round);
		for (step = 0; step < PLAY_STEPS / 4; step++) {
			play->step = step;
			what = random_below(&play->world.random, 1000);
			if (what < 20)
				play_backend(play);
			else if (what < 100)
				play_time(play);
			else if (what == 100 && random_below(&play->world.random, 3) == 0)
				play_key(play);
			else
				play_packet(play);
		}
		printf("# %u steps: %u found tracked, %u adopted, %u from old tables, %u not by the table, "
		       "%u anew\n",
		       step, play->kept, play->adopted, play->old, play->moved, play->anew);
		world_fini(&play->world);
	}
	free(play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_packet_goes_to_the_live_answer_and_is_tracked),
		cmocka_unit_test(flows_of_ipv6_are_tracked_as_well),
		cmocka_unit_test(no_backend_up_rejects),
		cmocka_unit_test(no_backend_at_all_rejects),
		cmocka_unit_test(loops_are_dropped_and_not_tracked),
		cmocka_unit_test(second_packet_keeps_the_backend_after_the_table_changed),
		cmocka_unit_test(packet_of_the_same_time_unit_writes_nothing),
		cmocka_unit_test(packet_of_a_later_time_unit_refreshes),
		cmocka_unit_test(fin_and_rst_set_their_states),
		cmocka_unit_test(expired_flow_goes_by_the_table),
		cmocka_unit_test(drain_keeps_tracked_flows),
		cmocka_unit_test(down_selects_anew_and_keeps_that),
		cmocka_unit_test(removed_backend_selects_anew),
		cmocka_unit_test(syn_keeps_the_backend_of_half_open_and_established),
		cmocka_unit_test(syn_on_closing_selects_anew_and_zeroes_foreign_words),
		cmocka_unit_test(flow_is_adopted_and_moved_once),
		cmocka_unit_test(flow_is_not_looked_for_where_the_slot_has_not_changed),
		cmocka_unit_test(flow_is_adopted_to_its_last_second),
		cmocka_unit_test(stamp_is_recent_for_the_longest_timeout_and_no_hour_more),
		cmocka_unit_test(mode_source_always_looks),
		cmocka_unit_test(mode_source_gives_a_client_one_backend),
		cmocka_unit_test(dead_words_are_never_moved),
		cmocka_unit_test(flow_that_left_a_dead_backend_does_not_go_back),
		cmocka_unit_test(dead_word_here_does_not_hide_a_living_one_elsewhere),
		cmocka_unit_test(drain_keeps_flows_of_other_cpus_before_the_table_knows),
		cmocka_unit_test(cpu_without_a_table_forwards_by_others_and_the_live_table),
		cmocka_unit_test(flow_under_the_old_key_moves_to_the_new),
		cmocka_unit_test(flow_of_another_cpu_is_looked_for_while_an_old_table_stands),
		cmocka_unit_test(syn_on_an_old_closing_word_selects_anew),
		cmocka_unit_test(dead_words_of_the_old_table_are_never_moved),
		cmocka_unit_test(budget_over_forwards_by_the_table_and_does_not_track),
		cmocka_unit_test(budget_over_still_tracks_a_syn),
		cmocka_unit_test(budget_of_syns_is_half),
		cmocka_unit_test(budget_bounds_the_lines_read),
		cmocka_unit_test(budget_refills_by_the_millisecond_up_to_ten),
		cmocka_unit_test(budget_pays_for_the_lines_of_old_tables),
		cmocka_unit_test(dry_changes_nothing_and_finds_flows_on_any_cpu),
		cmocka_unit_test(dry_says_what_would_happen),
		cmocka_unit_test(errors_follow_the_flow_and_change_nothing),
		cmocka_unit_test(errors_of_unknown_flows_go_by_the_table_and_change_nothing),
		cmocka_unit_test(errors_of_dead_backends_flows_change_nothing),
		cmocka_unit_test(errors_of_old_tables_flows_follow_and_change_nothing),
		cmocka_unit_test(not_owned_forwards_tracked_flows_and_passes_new_ones),
		cmocka_unit_test(not_owned_flows_that_begin_again_are_forgotten_on_every_cpu),
		cmocka_unit_test(
			not_owned_flows_of_another_cpu_are_looked_for_though_nothing_changed),
		cmocka_unit_test(outside_is_asked_on_misses_of_all_but_syn),
		cmocka_unit_test(outside_is_not_asked_about_adopted_flows),
		cmocka_unit_test(outside_target_is_tracked_as_established),
		cmocka_unit_test(outside_target_that_is_down_selects_anew),
		cmocka_unit_test(outside_pass_leaves_the_packet_to_others),
		cmocka_unit_test(without_tables_every_packet_goes_by_the_live_table),
		cmocka_unit_test(without_stamps_no_other_cpu_is_asked),
		cmocka_unit_test(full_table_forwards_by_the_live_table),
		cmocka_unit_test(full_table_leaves_an_adopted_word_where_it_is),
		cmocka_unit_test(full_table_keeps_an_adopted_flow_alive),
		cmocka_unit_test(evicted_flow_is_reported),
		cmocka_unit_test(select_walks_to_what_the_next_table_says),
		cmocka_unit_test(select_takes_the_live_answer_where_it_can),
		cmocka_unit_test(select_falls_back_to_the_first_who_can),
		cmocka_unit_test(select_prefers_candidates_with_a_share),
		cmocka_unit_test(select_is_empty_where_nobody_can),
		cmocka_unit_test(decide_walks_around_a_backend_that_just_went_down),
		cmocka_unit_test(reasons_have_unique_kebab_names_texts_and_verdicts),
		cmocka_unit_test(live_tracked_flows_never_change_their_backend),
	};

	return run_unit_tests("decide", tests);
}
