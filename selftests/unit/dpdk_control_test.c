// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: selftests/unit/dpdk_stand_in.c userspace/dpdk/answer.c userspace/dpdk/answer_change.c
// unit-sources: userspace/dpdk/answer_explain.c userspace/dpdk/answer_flow.c userspace/dpdk/answer_list.c
// unit-sources: userspace/dpdk/answer_preview.c userspace/dpdk/buffer.c userspace/dpdk/build.c userspace/dpdk/control.c
// unit-sources: userspace/dpdk/draft.c userspace/dpdk/events.c userspace/dpdk/grace.c userspace/dpdk/model.c
// unit-sources: userspace/dpdk/publish.c userspace/dpdk/pulse.c userspace/dpdk/reply.c userspace/dpdk/server.c
// unit-sources: userspace/dpdk/tables.c userspace/dpdk/talk.c userspace/lib/*.c
// unit-sources: kmod/netlink_policy.c kmod/netlink_request.c kmod/netlink_request_settings.c
// unit-flags: -Iuserspace/dpdk -Iuserspace/dpdk/kernel -Iinclude/uapi -Iuserspace/lib -Ikmod -lmnl -lev
// unit-flags: -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=aligned_alloc
/*
 * maglev-dpdk's control half, asked in bytes: what is built and published, what a refusal or a lack
 * of memory leaves as it was, when indexes are free again, and what becomes of flows.
 */
#include "dpdk_stand_in.h"
#include "fixture.h"

#include <arpa/inet.h>
#include <build.h>
#include <control.h>
#include <errno.h>
#include <ev.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <publish.h>
#include <pulse.h>
#include <sys/socket.h>
#include <tables.h>
#include <talk.h>
#include <unistd.h>

#define HAS(name) MAGLEV_LIB_HAS(name)

static struct talk talk;
static struct ev_loop *loop;
static struct maglev_request request;

/* Allocations from now on until one fails; -1: none does. */
static int left = -1;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *at, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *at, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static bool fails(void)
{
	return left >= 0 && !left--;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *at, size_t size)
{
	return fails() ? NULL : __real_realloc(at, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

static int set_up(void **state)
{
	struct control_options options = { .flows = 1 << 10, .table_size = 251 };
	char path[64];
	u32 i;

	(void)state;
	snprintf(path, sizeof(path), "build/unit/dpdk_control_%d", (int)getpid());
	options.socket = path;
	stand_in = (struct stand_in){ .workers = 2 };
	loop = ev_loop_new(0);
	assert_int_equal(control_open(loop, &options), 0);
	for (i = 0; i < 2; i++)
		memset(stand_in_counters(i)->counter, 0, sizeof(stand_in_counters(i)->counter));
	model.key = (struct maglev_key){ { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL } };
	assert_int_equal(tables_replace(&model.key, 0), 0);
	assert_int_equal(tables_replace(&model.key, 1 << 10), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	talk_fini(&talk);
	memset(&talk, 0, sizeof(talk));
	maglev_request_fini(&request);
	control_close();
	ev_loop_destroy(loop);
	return 0;
}

static void begin(u8 command)
{
	maglev_request_fini(&request);
	assert_int_equal(maglev_request_init(&request, command), 0);
}

/* Send the request. Return: what the first verdict or list's end says; its bytes stay in talk.out. */
static int ask_with(u16 flags)
{
	struct nlmsghdr *nlh = request.at, *answer;
	void *to;

	nlh->nlmsg_type = MAGLEV_SOCKET_FAMILY;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	buffer_use(&talk.out, buffer_left(&talk.out));
	to = buffer_reserve(&talk.in, MNL_ALIGN(nlh->nlmsg_len));
	if (!to)
		return -ENOMEM;
	memcpy(to, nlh, nlh->nlmsg_len);
	talk.in.len += MNL_ALIGN(nlh->nlmsg_len);
	while (talk_go_on(&talk) == 0 && talk.dumping)
		;
	for (to = talk.out.at + talk.out.from; to < (void *)(talk.out.at + talk.out.len);
	     to = (char *)to + MNL_ALIGN(answer->nlmsg_len)) {
		answer = to;
		if (answer->nlmsg_type == NLMSG_ERROR || answer->nlmsg_type == NLMSG_DONE)
			return *(int *)mnl_nlmsg_get_payload(answer);
	}
	return -ENOMSG;
}

static int ask(void)
{
	return ask_with(NLM_F_ACK);
}

static struct maglev_lib_entry entry_of(u32 op)
{
	struct maglev_lib_entry entry = {
		.has = HAS(ENTRY_OP) | HAS(ENTRY_SERVICE),
		.op = op,
		.service = { .has = HAS(SERVICE_KEY),
			     .key = { .has = HAS(SERVICE_KEY_AF) | HAS(SERVICE_KEY_PROTOCOL) |
					     HAS(SERVICE_KEY_ADDR) | HAS(SERVICE_KEY_PORT),
				      .af = AF_INET,
				      .protocol = IPPROTO_TCP,
				      .addr = { 4, { 192, 0, 2, 10 } },
				      .port = htons(80) } },
	};

	return entry;
}

/* 10.0.0.NUMBER:80; 0: [2001:db8::4]:80. */
static struct maglev_lib_entry backend_entry(u32 op, u8 number)
{
	static const struct maglev_lib_addr v6 = { 16, { 0x20, 1, 0xd, 0xb8, [15] = 4 } };
	struct maglev_lib_entry entry = entry_of(op);

	entry.has |= HAS(ENTRY_BACKEND);
	entry.backend.has = HAS(BACKEND_ADDR) | HAS(BACKEND_PORT);
	entry.backend.addr = number ? (struct maglev_lib_addr){ 4, { 10, 0, 0, number } } : v6;
	entry.backend.port = htons(80);
	return entry;
}

static void add(const struct maglev_lib_entry entry)
{
	assert_int_equal(maglev_request_add(&request, &entry), 0);
}

static void add_weight(u32 op, u8 number, u32 weight)
{
	struct maglev_lib_entry entry = backend_entry(op, number);

	entry.backend.has |= HAS(BACKEND_WEIGHT);
	entry.backend.weight = weight;
	add(entry);
}

static void add_share(u8 number, u32 state, u32 share)
{
	struct maglev_lib_entry entry = backend_entry(MAGLEV_NL_OP_BACKEND_SET, number);

	entry.backend.has |= HAS(BACKEND_ADMIN_STATE) | HAS(BACKEND_SHARE);
	entry.backend.admin_state = state;
	entry.backend.share = share;
	add(entry);
}

/* Those of the design's golden vectors, in no order. */
static void begin_golden(void)
{
	begin(MAGLEV_CMD_BATCH);
	add(entry_of(MAGLEV_NL_OP_SERVICE_ADD));
	add_weight(MAGLEV_NL_OP_BACKEND_ADD, 3, 2);
	add_weight(MAGLEV_NL_OP_BACKEND_ADD, 0, 1);
	add(backend_entry(MAGLEV_NL_OP_BACKEND_ADD, 1));
	add(backend_entry(MAGLEV_NL_OP_BACKEND_ADD, 2));
}

static void make_golden(void)
{
	begin_golden();
	assert_int_equal(ask(), 0);
}

static const struct maglev_view *view(void)
{
	assert_non_null(publish_view(model.services));
	return &publish_view(model.services)->view;
}

static void a_batch_gives_the_golden_tables(void **state)
{
	static const u16 first[] = { 3, 0, 1, 1, 0, 2, 1, 0 };
	u64 number = stand_in.generation->number;

	(void)state;
	make_golden();
	assert_int_equal(stand_in.generation->number, number + 1);
	assert_int_equal(model.services->built->base_digest, 0x4711fbf57d46ea1eULL);
	assert_memory_equal(view()->live, first, sizeof(first));
	begin(MAGLEV_CMD_BATCH);
	add_share(3, MAGLEV_NL_STATE_DOWN, 100);
	assert_int_equal(ask(), 0);
	/* At once for packets, in a moment in the tables. */
	assert_int_equal(view()->targets[2]->state, MAGLEV_DOWN);
	pulse_build();
	assert_int_equal(model.services->built->live_digest, 0x9e4c80c06e370822ULL);
	assert_int_equal(model.services->built->base_digest, 0x4711fbf57d46ea1eULL);
	begin(MAGLEV_CMD_BATCH);
	add_share(3, MAGLEV_NL_STATE_UP, 50);
	assert_int_equal(ask(), 0);
	pulse_build();
	assert_int_equal(model.services->built->live_digest, 0x006a589d30586067ULL);
}

static bool follows_fragments(void)
{
	const struct service_view *view = publish_view(model.services);

	return generation_address(stand_in.generation, view->addr, view->addr_len)->addr_fragments;
}

static void fragments_are_followed_where_that_is_asked_for(void **state)
{
	struct maglev_lib_entry entry = entry_of(MAGLEV_NL_OP_SERVICE_SET);
	const struct built *built;

	(void)state;
	make_golden();
	built = model.services->built;
	assert_false(publish_view(model.services)->fragments);
	assert_false(follows_fragments());
	entry.service.has |= HAS(SERVICE_FRAGMENTS);
	for (entry.service.fragments = 1; entry.service.fragments < 2; entry.service.fragments--) {
		begin(MAGLEV_CMD_BATCH);
		add(entry);
		assert_int_equal(ask(), 0);
		pulse_build();
		assert_int_equal(publish_view(model.services)->fragments, entry.service.fragments);
		assert_int_equal(follows_fragments(), entry.service.fragments);
	}
	assert_ptr_equal(model.services->built, built);
}

static void weight_0_drains_with_the_last_weight(void **state)
{
	(void)state;
	make_golden();
	begin(MAGLEV_CMD_BATCH);
	add_weight(MAGLEV_NL_OP_BACKEND_SET, 3, 0);
	assert_int_equal(ask(), 0);
	pulse_build();
	assert_int_equal(model.services->built->base_digest, 0x4711fbf57d46ea1eULL);
	assert_int_equal(model.services->built->live_digest, 0x9e4c80c06e370822ULL);
	assert_int_equal(view()->targets[2]->state, MAGLEV_DRAIN);
}

static u64 next_random(u64 *seed)
{
	*seed += 0x9e3779b97f4a7c15ULL;
	return maglev_mix64(*seed);
}

enum {
	MEMBERS = 24,
	EVENTS = 300,
};

/* What random events come to. */
struct member {
	bool there;
	u32 weight, state, share;
};

static void happen(struct member *member, u8 number, u64 random)
{
	begin(MAGLEV_CMD_BATCH);
	if (!member->there) {
		*member = (struct member){ true, random % 7 + 1, MAGLEV_NL_STATE_UP, 100 };
		add_weight(MAGLEV_NL_OP_BACKEND_ADD, number, member->weight);
	} else if (random % 5 == 0) {
		member->there = false;
		add(backend_entry(MAGLEV_NL_OP_BACKEND_DEL, number));
	} else if (random % 5 == 1) {
		member->weight = random / 8 % 9 + 1;
		add_weight(MAGLEV_NL_OP_BACKEND_SET, number, member->weight);
	} else {
		member->state = random / 8 % 3;
		member->share = random / 64 % 101;
		add_share(number, member->state, member->share);
	}
	assert_int_equal(ask(), 0);
	if (random / 1024 % 3 == 0)
		pulse_build();
	if (random / 4096 % 5 == 0)
		tables_sweep(true, 10000);
	grace_poll(&model.graces);
	model_reap();
}

static void random_events_in_any_order_give_equal_digests(void **state)
{
	struct member members[MEMBERS + 1] = {};
	u64 seed = test_seed(), random, base, live;
	u8 number, i;
	u32 event;

	begin(MAGLEV_CMD_BATCH);
	add(entry_of(MAGLEV_NL_OP_SERVICE_ADD));
	assert_int_equal(ask(), 0);
	for (event = 0; event < EVENTS; event++) {
		random = next_random(&seed);
		number = random % MEMBERS + 1;
		happen(&members[number], number, next_random(&seed));
	}
	pulse_build();
	base = model.services->built->base_digest;
	live = model.services->built->live_digest;
	tear_down(state);
	set_up(state);
	begin(MAGLEV_CMD_BATCH);
	add(entry_of(MAGLEV_NL_OP_SERVICE_ADD));
	for (i = 0; i < MEMBERS; i++) {
		number = i * 7 % MEMBERS + 1;
		if (!members[number].there)
			continue;
		add_weight(MAGLEV_NL_OP_BACKEND_ADD, number, members[number].weight);
		add_share(number, members[number].state, members[number].share);
	}
	assert_int_equal(ask(), 0);
	assert_int_equal(model.services->built->base_digest, base);
	assert_int_equal(model.services->built->live_digest, live);
}

static void assert_golden(void)
{
	assert_int_equal(model.n_services, 1);
	assert_int_equal(model.services->n_pairs, 4);
	assert_int_equal(model.services->pairs[2]->plan.weight, 2);
	assert_int_equal(model.services->pairs[2]->state, MAGLEV_UP);
	pulse_build();
	assert_int_equal(model.services->built->live_digest, 0x4711fbf57d46ea1eULL);
	assert_int_equal(model.services->built->number, 1);
}

static void begin_many_changes(void)
{
	struct maglev_lib_entry second = entry_of(MAGLEV_NL_OP_SERVICE_ADD);

	begin(MAGLEV_CMD_BATCH);
	second.service.key.port = htons(81);
	add(second);
	add_share(3, MAGLEV_NL_STATE_DOWN, 10);
	add_weight(MAGLEV_NL_OP_BACKEND_SET, 3, 9);
	add(backend_entry(MAGLEV_NL_OP_BACKEND_DEL, 1));
	add(backend_entry(MAGLEV_NL_OP_BACKEND_ADD, 77));
	add(backend_entry(MAGLEV_NL_OP_BACKEND_ADD, 1));
	add(backend_entry(MAGLEV_NL_OP_BACKEND_DEL, 77));
	add(backend_entry(MAGLEV_NL_OP_BACKEND_ADD, 78));
}

static void a_batch_with_a_bad_entry_changes_nothing(void **state)
{
	(void)state;
	make_golden();
	begin_many_changes();
	add(backend_entry(MAGLEV_NL_OP_BACKEND_DEL, 99));
	assert_int_equal(ask(), -ENOENT);
	assert_golden();
	assert_int_equal(model.n_pairs, 64);
	assert_null(model.pairs[4]);
}

static void a_batch_without_memory_changes_nothing(void **state)
{
	u32 sequence;
	int i, err;

	(void)state;
	make_golden();
	begin_many_changes();
	sequence = model.sequence;
	for (i = 0;; i++) {
		left = i;
		err = ask();
		left = -1;
		if (model.sequence != sequence)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_golden();
		assert_null(model.pairs[4]);
	}
	assert_true(i > 10);
	pulse_build();
	assert_int_equal(model.n_services, 2);
	assert_int_equal(model.services->n_pairs, 5);
	assert_null(model_find_pair(model.services,
				    (const u8 *)"\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x4d",
				    htons(80)));
}

/* A build that fails leaves the table, says so, and is tried again. */
static void a_build_without_memory_leaves_the_last_table(void **state)
{
	u64 digest;

	(void)state;
	make_golden();
	digest = model.services->built->live_digest;
	begin(MAGLEV_CMD_BATCH);
	add_share(3, MAGLEV_NL_STATE_DOWN, 100);
	assert_int_equal(ask(), 0);
	left = 1;
	assert_false(publish_dirty());
	left = -1;
	assert_int_equal(model.services->error, -ENOMEM);
	assert_int_equal(model.services->built->live_digest, digest);
	assert_true(publish_dirty());
	assert_int_equal(model.services->error, 0);
	assert_int_equal(model.services->built->live_digest, 0x9e4c80c06e370822ULL);
}

static void add_one(u8 number)
{
	begin(MAGLEV_CMD_BATCH);
	add(backend_entry(MAGLEV_NL_OP_BACKEND_ADD, number));
	assert_int_equal(ask(), 0);
	pulse_build();
}

static u32 index_of(u8 number)
{
	u8 addr[MAGLEV_IPV6_BYTES] = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = number };
	const struct pair *pair = model_find_pair(model.services, addr, htons(80));

	assert_non_null(pair);
	return pair->index;
}

/* One full sweep: its steps are a millisecond each. */
static void sweep(void)
{
	u64 done = model.sweeps_done;

	while (model.sweeps_done == done)
		tables_sweep(true, 1000);
}

static void an_index_is_free_again_after_grace_and_a_sweep(void **state)
{
	u32 index;

	(void)state;
	make_golden();
	index = index_of(1);
	begin(MAGLEV_CMD_BATCH);
	add(backend_entry(MAGLEV_NL_OP_BACKEND_DEL, 1));
	assert_int_equal(ask(), 0);
	pulse_build();
	stand_in.stalled = true;
	grace_poll(&model.graces);
	sweep();
	sweep();
	model_reap();
	add_one(11);
	assert_int_not_equal(index_of(11), index);
	stand_in.stalled = false;
	grace_poll(&model.graces);
	model_reap();
	add_one(12);
	assert_int_not_equal(index_of(12), index);
	/* The sweep under way does not count: it began before. */
	sweep();
	model_reap();
	add_one(13);
	assert_int_not_equal(index_of(13), index);
	sweep();
	model_reap();
	add_one(14);
	assert_int_equal(index_of(14), index);
}

/* A packet of a flow; @number of the client. */
static struct maglev_decision send_packet(u16 number, u8 flags)
{
	static const u8 saddr[] = { 198, 51, 100, 7 }, daddr[] = { 192, 0, 2, 10 };
	struct maglev_packet packet = {
		.kind = MAGLEV_KIND_FLOW,
		.version = 4,
		.protocol = IPPROTO_TCP,
		.flags = flags,
		.ttl = 64,
	};
	struct maglev_plane plane = { .owned = true, .tables = stand_in.generation->tables };
	struct maglev_decision decision;

	maglev_tuple_init(&packet.tuple, sizeof(saddr), saddr, daddr, htons(number), htons(80),
			  IPPROTO_TCP);
	plane.flows.targets = stand_in.generation->targets;
	plane.flows.n_targets = stand_in.generation->n_targets;
	plane.flows.now = model_now_ms() / 1000;
	plane.now_ms = model_now_ms();
	plane.cpu = number % 2;
	maglev_decide(&decision, &packet, view(), &plane);
	return decision;
}

enum {
	FLOWS = 200,
};

static void send_flows(void)
{
	u16 i;

	/* Established, as half-open ones make room for each other. */
	for (i = 0; i < FLOWS; i++) {
		assert_int_equal(send_packet(1000 + i, MAGLEV_TCP_SYN).verdict, MAGLEV_FORWARD);
		assert_int_equal(send_packet(1000 + i, MAGLEV_TCP_ACK).verdict, MAGLEV_FORWARD);
	}
}

static void flows_are_swept_counted_and_forgotten(void **state)
{
	(void)state;
	make_golden();
	send_flows();
	/* The one under way counts no backends that came after it began. */
	sweep();
	sweep();
	assert_int_equal(model_service_flows(model.services), FLOWS);
	assert_int_equal(model.alive, FLOWS);
	begin(MAGLEV_CMD_FLOW_FLUSH);
	assert_int_equal(ask(), 0);
	sweep();
	assert_int_equal(model.alive, 0);
}

static void flows_move_under_another_key_before_the_next_change(void **state)
{
	struct maglev_lib_message message = {
		.has = HAS(SETTINGS),
		.settings = { .has = HAS(SETTINGS_KEY), .key = { 1, 2, 3 } },
	};
	u32 index[FLOWS];
	u16 i;

	(void)state;
	make_golden();
	send_flows();
	for (i = 0; i < FLOWS; i++)
		index[i] = send_packet(1000 + i, MAGLEV_TCP_ACK).target->index;
	begin(MAGLEV_CMD_SETTINGS_SET);
	assert_int_equal(maglev_request_put(&request, &message), 0);
	assert_int_equal(ask(), 0);
	pulse_build();
	assert_true(tables_moving());
	message.settings.key[0] = 9;
	begin(MAGLEV_CMD_SETTINGS_SET);
	assert_int_equal(maglev_request_put(&request, &message), 0);
	assert_int_equal(ask(), -EBUSY);
	for (i = 0; i < FLOWS; i++)
		assert_int_equal(send_packet(1000 + i, MAGLEV_TCP_ACK).target->index, index[i]);
	sweep();
	assert_int_equal(model.old_alive, 0);
	assert_int_equal(model.alive, FLOWS);
	sweep();
	assert_true(tables_drop_old());
	assert_false(tables_moving());
}

static void slots_that_change_are_stamped(void **state)
{
	u16 before[251];
	u32 slot;

	(void)state;
	make_golden();
	memcpy(before, view()->live, sizeof(before));
	begin(MAGLEV_CMD_BATCH);
	add_share(3, MAGLEV_NL_STATE_DOWN, 100);
	assert_int_equal(ask(), 0);
	pulse_build();
	for (slot = 0; slot < 251; slot++)
		assert_int_equal(view()->changed_at[slot] != 0, before[slot] != view()->live[slot]);
}

static void a_generation_stays_until_workers_are_past_it(void **state)
{
	const struct generation *old;

	(void)state;
	make_golden();
	grace_poll(&model.graces);
	old = stand_in.generation;
	stand_in.stalled = true;
	stand_in.hops_changed(NULL);
	assert_ptr_not_equal(stand_in.generation, old);
	grace_poll(&model.graces);
	/* ASan looks whether this is still there. */
	assert_int_equal(old->n_services, 1);
	assert_ptr_equal(old->services[0].view.live, stand_in.generation->services[0].view.live);
	stand_in.stalled = false;
	grace_poll(&model.graces);
	assert_null(model.graces.first);
}

static void ways_have_what_is_in_front_of_packets(void **state)
{
	const struct way *way;

	(void)state;
	make_golden();
	way = &stand_in.generation->ways[index_of(3)];
	assert_int_equal(way->link_len, 14);
	assert_int_equal(way->front_len, 14 + 20);
	assert_int_equal(way->mtu, 1500);
	assert_memory_equal(way->front + 14 + 12, "\xc0\0\x02\x01\x0a\0\0\x03", 8);
	stand_in.hop[0].link_len = 0;
	stand_in.hops_changed(NULL);
	way = &stand_in.generation->ways[index_of(3)];
	assert_int_equal(way->port, PORT_NONE);
	assert_int_equal(way->link_len, 0);
}

static void who_reads_events_too_slowly_is_told(void **state)
{
	struct maglev_lib_message message = { .has = HAS(SEQ) | HAS(SETTINGS) };
	const struct nlmsghdr *nlh;
	size_t most;
	u32 i;

	(void)state;
	talk.subscribed = true;
	for (i = 0; i < 1 << 18 && !talk.lost; i++)
		talk_event(&talk, MAGLEV_CMD_SETTINGS_NTF, &message);
	assert_true(talk.lost);
	most = buffer_left(&talk.out);
	talk_event(&talk, MAGLEV_CMD_SETTINGS_NTF, &message);
	assert_int_equal(buffer_left(&talk.out), most);
	assert_int_equal(talk_go_on(&talk), 0);
	assert_true(talk.lost);
	buffer_use(&talk.out, most);
	assert_int_equal(talk_go_on(&talk), 0);
	assert_false(talk.lost);
	nlh = (const void *)talk.out.at;
	assert_int_equal(nlh->nlmsg_type, NLMSG_OVERRUN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		CASE(a_batch_gives_the_golden_tables),
		CASE(fragments_are_followed_where_that_is_asked_for),
		CASE(weight_0_drains_with_the_last_weight),
		CASE(random_events_in_any_order_give_equal_digests),
		CASE(a_batch_with_a_bad_entry_changes_nothing),
		CASE(a_batch_without_memory_changes_nothing),
		CASE(a_build_without_memory_leaves_the_last_table),
		CASE(an_index_is_free_again_after_grace_and_a_sweep),
		CASE(flows_are_swept_counted_and_forgotten),
		CASE(flows_move_under_another_key_before_the_next_change),
		CASE(slots_that_change_are_stamped),
		CASE(a_generation_stays_until_workers_are_past_it),
		CASE(ways_have_what_is_in_front_of_packets),
		CASE(who_reads_events_too_slowly_is_told),
#undef CASE
	};

	return run_unit_tests("dpdk_control", tests);
}
