// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracked flows over netlink. Tables are read under RCU, a chunk of lines at a time; between
 * messages nothing is held, so a dump tells of flows that came and went meanwhile as it
 * happens to meet them.
 */
#include "netlink_flow.h"

#include "compat.h"
#include "net.h"
#include "netlink.h"
#include "netlink_fill.h"
#include "netlink_policy.h"
#include "pair.h"
#include "plane.h"
#include "publish.h"
#include "service.h"
#include "tables.h"

#include <linux/errno.h>
#include <linux/sched.h>

static_assert((int)MAGLEV_HALF_OPEN == MAGLEV_NL_FLOW_STATE_HALF_OPEN);
static_assert((int)MAGLEV_ESTABLISHED == MAGLEV_NL_FLOW_STATE_ESTABLISHED);
static_assert((int)MAGLEV_CLOSING == MAGLEV_NL_FLOW_STATE_CLOSING);
static_assert((int)MAGLEV_RESET == MAGLEV_NL_FLOW_STATE_RESET);

enum {
	CHUNK = 256, /* lines under one RCU lock */
};

static bool find_in(struct maglev_netlink_flow *flow, const struct maglev_flow_tables *tables,
		    const struct maglev_flows *flows, const struct maglev_tuple *tuple, u32 service)
{
	u64 hash = maglev_tuple_hash(tuple, &tables->key);
	const struct maglev_flow_table *table;
	u64 *at;

	for (flow->cpu = 0; flow->cpu < tables->n; flow->cpu++) {
		table = &tables->cpu[flow->cpu];
		at = maglev_flow_lookup(table, flows, hash, service, &flow->word);
		if (!at)
			continue;
		flow->line = (at - READ_ONCE(table->words)) / MAGLEV_LINE_WORDS;
		flow->key = tables->key;
		flow->target = READ_ONCE(flows->targets[maglev_word_index(flow->word)]);
		return flow->target;
	}
	return false;
}

bool maglev_netlink_find_flow(struct maglev_netlink_flow *flow, const struct maglev_net *mnet,
			      const struct maglev_tuple *tuple, u32 service)
{
	const struct maglev_flow_tables *tables = rcu_dereference(mnet->tables);
	struct maglev_flows flows;

	maglev_tables_flows(mnet, &flows);
	flow->now = flows.now;
	for (flow->old = false; tables; tables = READ_ONCE(tables->old), flow->old = true)
		if (find_in(flow, tables, &flows, tuple, service))
			return true;
	return false;
}

/* Return: MAGLEV_SIZE_MAX + 1 if the word does not tell. */
static u32 slot_of(const struct maglev_netlink_flow *flow, const struct maglev_service *service)
{
	const struct maglev_generation *generation = rcu_dereference(service->generation);

	if (!generation || generation->view.mode != MAGLEV_MODE_TUPLE || !generation->view.size ||
	    memcmp(&generation->view.key, &flow->key, sizeof(flow->key)))
		return MAGLEV_SIZE_MAX + 1;
	return maglev_word_slot(flow->word, generation->view.size);
}

static int fill_service(struct sk_buff *skb, const struct maglev_netlink_flow *flow,
			const struct maglev_service *service)
{
	u32 slot = slot_of(flow, service);

	if (nla_put_u32(skb, MAGLEV_A_FLOW_SERVICE_ID, service->id) ||
	    maglev_fill_key(skb, MAGLEV_A_FLOW_KEY, &service->key))
		return -EMSGSIZE;
	return slot <= MAGLEV_SIZE_MAX ? nla_put_u32(skb, MAGLEV_A_FLOW_SLOT, slot) : 0;
}

static int fill_word(struct sk_buff *skb, const struct maglev_netlink_flow *flow)
{
	u64 word = flow->word;

	if (nla_put_u32(skb, MAGLEV_A_FLOW_CPU, flow->cpu) ||
	    nla_put_u32(skb, MAGLEV_A_FLOW_LINE, flow->line) ||
	    nla_put_u64_64bit(skb, MAGLEV_A_FLOW_HASH, maglev_word_hash(word), MAGLEV_A_FLOW_PAD) ||
	    nla_put_u32(skb, MAGLEV_A_FLOW_INDEX, maglev_word_index(word)) ||
	    nla_put_u32(skb, MAGLEV_A_FLOW_STATE, maglev_word_state(word)) ||
	    nla_put_u32(skb, MAGLEV_A_FLOW_AGE, maglev_word_age(word, flow->now)) ||
	    nla_put_u32(skb, MAGLEV_A_FLOW_OLD, flow->old))
		return -EMSGSIZE;
	return 0;
}

int maglev_netlink_fill_flow(struct sk_buff *skb, int attr, const struct maglev_netlink_flow *flow)
{
	const struct maglev_pair *pair = container_of(flow->target, struct maglev_pair, target);
	const struct maglev_service *service = READ_ONCE(pair->service);
	struct nlattr *nest = nla_nest_start(skb, attr);
	int err;

	if (!nest || fill_word(skb, flow) ||
	    maglev_fill_addr_port(skb, MAGLEV_A_FLOW_ADDR, MAGLEV_A_FLOW_PORT, &pair->backend))
		return -EMSGSIZE;
	/* A pair that is just being retired has none any more. */
	if (service) {
		rcu_read_lock();
		err = fill_service(skb, flow, service);
		rcu_read_unlock();
		if (err)
			return err;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int get_flow(struct sk_buff *msg, const struct maglev_net *mnet,
		    const struct maglev_request_tuple *request, struct netlink_ext_ack *extack)
{
	const struct maglev_service *service = maglev_service_of_tuple(mnet, &request->tuple);
	struct maglev_netlink_flow flow;

	if (!service) {
		NL_SET_ERR_MSG_ATTR(extack, request->at,
				    "no service with this address and port uses the scheduler maglev");
		return -ENOENT;
	}
	if (maglev_netlink_find_flow(&flow, mnet, &request->tuple, service->id))
		return maglev_netlink_fill_flow(msg, MAGLEV_A_FLOW, &flow);
	NL_SET_ERR_MSG_ATTR(extack, request->at, "this flow is not tracked");
	return -ENOENT;
}

int maglev_netlink_flow_get(struct sk_buff *skb, struct genl_info *info)
{
	struct maglev_net *mnet = maglev_net_of(genl_info_net(info));
	struct maglev_request_tuple request;
	struct sk_buff *msg;
	void *head;
	int err;

	err = maglev_request_read_tuple(&request, info->attrs[MAGLEV_A_TUPLE], info->extack);
	if (err)
		return err;
	msg = maglev_netlink_reply(info, NLMSG_DEFAULT_SIZE, &head);
	if (!msg)
		return -ENOMEM;
	rcu_read_lock();
	err = get_flow(msg, mnet, &request, info->extack);
	rcu_read_unlock();
	return maglev_netlink_send(msg, head, info, err);
}

/* Of a dump: the next word, and what is looked for. */
struct position {
	struct maglev_netlink_refusal refusal;
	const void *tables; /* to be compared, not followed */
	u32 service; /* 0: all */
	int index; /* -1: all */
	u32 cpu;
	u32 line;
	u16 seq;
	s8 state; /* -1: all */
	u8 word;
	bool old;
	bool done;
};

static int begin(struct netlink_callback *cb, struct netlink_ext_ack *extack)
{
	struct maglev_net *mnet = maglev_netlink_dump_net(cb);
	struct position *at = (struct position *)cb->ctx;
	struct nlattr **attrs = maglev_dump_attrs(cb);
	struct maglev_netlink_filter filter;
	int state, err;

	static_assert(sizeof(*at) <= sizeof(cb->ctx));
	if (attrs[MAGLEV_A_TUPLE]) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[MAGLEV_A_TUPLE],
				    "a dump lists all flows: ask for one without NLM_F_DUMP");
		return -EINVAL;
	}
	err = maglev_request_read_flow_state(&state, attrs[MAGLEV_A_FLOW], extack);
	if (err)
		return err;
	mutex_lock(&mnet->lock);
	err = maglev_netlink_read_filter(&filter, mnet, attrs[MAGLEV_A_SERVICE],
					 attrs[MAGLEV_A_BACKEND], extack);
	mutex_unlock(&mnet->lock);
	at->service = filter.service;
	at->index = filter.index;
	at->state = state;
	at->seq = 1;
	return err;
}

int maglev_netlink_flow_dump_start(struct netlink_callback *cb)
{
	return maglev_netlink_start(cb, begin);
}

static bool is_wanted(const struct position *at, u64 word, const struct maglev_target *target,
		      u32 now)
{
	return target && !maglev_word_expired(word, target, now) &&
	       (!at->service || target->service == at->service) &&
	       (at->index < 0 || target->index == at->index) &&
	       (at->state < 0 || maglev_word_state(word) == at->state);
}

static int dump_flow(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct maglev_netlink_flow *flow)
{
	void *head = maglev_netlink_begin(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					  NLM_F_MULTI, MAGLEV_CMD_FLOW_GET);

	if (!head)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, head);
	if (maglev_netlink_fill_flow(skb, MAGLEV_A_FLOW, flow)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

static int dump_line(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct maglev_flow_tables *tables, const struct maglev_flows *flows)
{
	struct position *at = (struct position *)cb->ctx;
	const u64 *line = READ_ONCE(tables->cpu[at->cpu].words) +
			  (size_t)at->line * MAGLEV_LINE_WORDS;
	struct maglev_netlink_flow flow = {
		.cpu = at->cpu,
		.line = at->line,
		.old = at->old,
		.now = flows->now,
		.key = tables->key,
	};

	for (; at->word < MAGLEV_LINE_WORDS; at->word++) {
		flow.word = READ_ONCE(line[at->word]);
		flow.target = maglev_netlink_target_of(flows, flow.word);
		if (is_wanted(at, flow.word, flow.target, flows->now) && dump_flow(skb, cb, &flow))
			return -EMSGSIZE;
	}
	at->word = 0;
	at->line++;
	return 0;
}

/* Go to the next CPU, or on to the old tables. */
static void step(struct position *at, const struct maglev_flow_tables *tables)
{
	at->line = 0;
	at->word = 0;
	if (++at->cpu < tables->n)
		return;
	at->cpu = 0;
	at->done = at->old;
	at->old = true;
}

/* The tables the dump is in, if there are; it goes on as well as it can where they changed. */
static const struct maglev_flow_tables *tables_at(const struct maglev_net *mnet,
						  struct netlink_callback *cb)
{
	struct position *at = (struct position *)cb->ctx;
	const struct maglev_flow_tables *tables = rcu_dereference(mnet->tables);

	if (at->tables && at->tables != tables)
		at->seq = 2;
	at->tables = tables;
	cb->seq = at->seq;
	return tables && at->old ? READ_ONCE(tables->old) : tables;
}

static int dump_chunk(struct sk_buff *skb, struct netlink_callback *cb,
		      const struct maglev_net *mnet)
{
	struct position *at = (struct position *)cb->ctx;
	const struct maglev_flow_tables *tables = tables_at(mnet, cb);
	struct maglev_flows flows;
	u32 i;

	at->done = !tables || at->cpu >= tables->n;
	maglev_tables_flows(mnet, &flows);
	for (i = 0; i < CHUNK && !at->done; i++) {
		/* Pairs with the release of a CPU that comes. */
		if (!smp_load_acquire(&tables->cpu[at->cpu].words) ||
		    at->line >= tables->cpu[at->cpu].lines) {
			step(at, tables);
			if (at->old)
				break;
		} else if (dump_line(skb, cb, tables, &flows)) {
			return -EMSGSIZE;
		}
	}
	return 0;
}

int maglev_netlink_flow_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct maglev_net *mnet = maglev_netlink_dump_net(cb);
	struct position *at = (struct position *)cb->ctx;
	int err = maglev_netlink_refused(cb);

	if (err)
		return err;
	while (!err && !at->done) {
		rcu_read_lock();
		err = dump_chunk(skb, cb, mnet);
		rcu_read_unlock();
		cond_resched();
	}
	return skb->len;
}

/* Whom a walk tells. */
struct walker {
	void (*seen)(void *ctx, const struct maglev_flow_tables *tables, u64 word,
		     const struct maglev_target *target);
	void *ctx;
};

static void walk_lines(const struct walker *walker, const struct maglev_flow_tables *tables,
		       const struct maglev_flows *flows, const u64 *at, u32 n)
{
	const struct maglev_target *target;
	u32 i;
	u64 word;

	for (i = 0; i < n * MAGLEV_LINE_WORDS; i++) {
		word = READ_ONCE(at[i]);
		target = maglev_netlink_target_of(flows, word);
		if (target && !maglev_word_expired(word, target, flows->now))
			walker->seen(walker->ctx, tables, word, target);
	}
}

/* Return: false at the end of the CPU's table. */
static bool walk_chunk(const struct walker *walker, const struct maglev_net *mnet, bool old,
		       u32 cpu, u32 first)
{
	const struct maglev_flow_tables *tables = rcu_dereference(mnet->tables);
	const struct maglev_flow_table *table;
	struct maglev_flows flows;
	const u64 *words;

	if (tables && old)
		tables = READ_ONCE(tables->old);
	if (!tables)
		return false;
	table = &tables->cpu[cpu];
	/* Pairs with the release of a CPU that comes. */
	words = smp_load_acquire(&table->words);
	if (!words || first >= table->lines)
		return false;
	maglev_tables_flows(mnet, &flows);
	walk_lines(walker, tables, &flows, words + (size_t)first * MAGLEV_LINE_WORDS,
		   min_t(u32, CHUNK, table->lines - first));
	return true;
}

static void walk_table(const struct walker *walker, const struct maglev_net *mnet, bool old,
		       u32 cpu)
{
	u32 first = 0;
	bool more;

	do {
		rcu_read_lock();
		more = walk_chunk(walker, mnet, old, cpu, first);
		rcu_read_unlock();
		cond_resched();
		first += CHUNK;
	} while (more);
}

void maglev_netlink_walk_flows(const struct maglev_net *mnet,
			       void (*seen)(void *ctx, const struct maglev_flow_tables *tables,
					    u64 word, const struct maglev_target *target),
			       void *ctx)
{
	struct walker walker = { .seen = seen, .ctx = ctx };
	u32 cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		walk_table(&walker, mnet, false, cpu);
		walk_table(&walker, mnet, true, cpu);
	}
}
