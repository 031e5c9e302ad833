// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting and forgetting tracked flows over netlink. They are counted when a dump starts,
 * and told of from memory.
 */
#include "netlink_flow.h"

#include "compat.h"
#include "net.h"
#include "netlink.h"
#include "netlink_fill.h"
#include "netlink_policy.h"
#include "pair.h"
#include "service.h"
#include "tables.h"

#include <linux/errno.h>
#include <linux/mm.h>

/* Flows by pair index and state, as a dump's start has counted them. */
struct counts {
	u32 n;
	u32 service; /* 0: all */
	int index; /* -1: all */
	u32 row; /* the next */
	u32 flows[][MAGLEV_FLOW_STATES];
};

struct position {
	struct maglev_netlink_refusal refusal;
	struct counts *counts;
};

static void count_flow(void *ctx, const struct maglev_flow_tables *tables, u64 word,
		       const struct maglev_target *target)
{
	struct counts *counts = ctx;

	if (target->index < counts->n)
		counts->flows[target->index][maglev_word_state(word)]++;
}

static struct counts *create_counts(const struct maglev_net *mnet)
{
	const struct maglev_targets *targets =
		rcu_dereference_protected(mnet->targets, lockdep_is_held(&mnet->lock));
	u32 n = targets ? targets->n : 0;
	struct counts *counts;

	counts = kvzalloc(struct_size(counts, flows, n), GFP_KERNEL);
	if (counts)
		counts->n = n;
	return counts;
}

static int begin(struct netlink_callback *cb, struct netlink_ext_ack *extack)
{
	struct maglev_net *mnet = maglev_netlink_dump_net(cb);
	struct position *at = (struct position *)cb->ctx;
	struct nlattr **attrs = maglev_dump_attrs(cb);
	struct maglev_netlink_filter filter;
	struct counts *counts = NULL;
	int err;

	static_assert(sizeof(*at) <= sizeof(cb->ctx));
	mutex_lock(&mnet->lock);
	err = maglev_netlink_read_filter(&filter, mnet, attrs[MAGLEV_A_SERVICE],
					 attrs[MAGLEV_A_BACKEND], extack);
	if (!err) {
		counts = create_counts(mnet);
		err = counts ? 0 : -ENOMEM;
	}
	mutex_unlock(&mnet->lock);
	if (err)
		return err;
	counts->service = filter.service;
	counts->index = filter.index;
	maglev_netlink_walk_flows(mnet, count_flow, counts);
	at->counts = counts;
	return 0;
}

int maglev_netlink_flow_count_start(struct netlink_callback *cb)
{
	return maglev_netlink_start(cb, begin);
}

static int fill_counts(struct sk_buff *skb, const u32 *flows)
{
	struct nlattr *nest = nla_nest_start(skb, MAGLEV_A_FLOW_COUNT);

	if (!nest || nla_put_u32(skb, MAGLEV_A_FLOW_COUNT_HALF_OPEN, flows[MAGLEV_HALF_OPEN]) ||
	    nla_put_u32(skb, MAGLEV_A_FLOW_COUNT_ESTABLISHED, flows[MAGLEV_ESTABLISHED]) ||
	    nla_put_u32(skb, MAGLEV_A_FLOW_COUNT_CLOSING, flows[MAGLEV_CLOSING]) ||
	    nla_put_u32(skb, MAGLEV_A_FLOW_COUNT_RESET, flows[MAGLEV_RESET]))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int dump_counts(struct sk_buff *skb, struct netlink_callback *cb,
		       const struct maglev_pair *pair, const u32 *flows)
{
	void *head = maglev_netlink_begin(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					  NLM_F_MULTI, MAGLEV_CMD_FLOW_COUNT);

	if (!head)
		return -EMSGSIZE;
	if (maglev_fill_service_name(skb, pair->service) ||
	    maglev_fill_backend(skb, MAGLEV_A_BACKEND, pair, NULL) || fill_counts(skb, flows)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

/* By index, which is who had flows when they were counted, if it is still there. */
int maglev_netlink_flow_count_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct maglev_net *mnet = maglev_netlink_dump_net(cb);
	struct counts *counts = ((struct position *)cb->ctx)->counts;
	const struct maglev_targets *targets;
	struct maglev_target *target;
	int err = maglev_netlink_refused(cb);
	u32 row;

	if (err)
		return err;
	mutex_lock(&mnet->lock);
	targets = rcu_dereference_protected(mnet->targets, lockdep_is_held(&mnet->lock));
	for (; targets && counts->row < counts->n; counts->row++) {
		row = counts->row;
		target = row < targets->n ? targets->at[row] : NULL;
		if (!target || !maglev_pair_of(target)->listed ||
		    (counts->service && target->service != counts->service) ||
		    (counts->index >= 0 && row != counts->index))
			continue;
		if (dump_counts(skb, cb, maglev_pair_of(target), counts->flows[row]))
			break;
	}
	mutex_unlock(&mnet->lock);
	return skb->len;
}

int maglev_netlink_flow_count_done(struct netlink_callback *cb)
{
	kvfree(((struct position *)cb->ctx)->counts);
	return 0;
}

static int flush(struct maglev_net *mnet, struct genl_info *info, u64 *n)
{
	struct maglev_netlink_filter filter;
	int err;

	mutex_lock(&mnet->lock);
	err = maglev_netlink_read_filter(&filter, mnet, info->attrs[MAGLEV_A_SERVICE],
					 info->attrs[MAGLEV_A_BACKEND], info->extack);
	mutex_unlock(&mnet->lock);
	/* It takes a while. A pair that goes meanwhile is only compared with, never followed. */
	if (!err)
		*n = maglev_tables_flush(mnet, filter.service, filter.pair);
	return err;
}

int maglev_netlink_flow_flush(struct sk_buff *skb, struct genl_info *info)
{
	struct maglev_net *mnet = maglev_net_of(genl_info_net(info));
	struct sk_buff *msg;
	u64 n = 0;
	void *head;
	int err;

	msg = maglev_netlink_reply(info, NLMSG_DEFAULT_SIZE, &head);
	if (!msg)
		return -ENOMEM;
	err = flush(mnet, info, &n) ?: nla_put_u32(msg, MAGLEV_A_FLOWS, min_t(u64, n, U32_MAX));
	return maglev_netlink_send(msg, head, info, err);
}
