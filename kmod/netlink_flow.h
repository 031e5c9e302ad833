/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracked flows, found and put into messages. */
#ifndef MAGLEV_KMOD_NETLINK_FLOW_H
#define MAGLEV_KMOD_NETLINK_FLOW_H

#include <maglev/flow.h>

struct maglev_net;
struct sk_buff;

/**
 * struct maglev_netlink_flow - a flow's word, and where it is
 * @word: the word
 * @cpu: in whose table
 * @line: in which of its lines
 * @old: in an old table
 * @now: seconds
 * @key: of the table
 * @target: of the word
 */
struct maglev_netlink_flow {
	u64 word;
	u32 cpu;
	u32 line;
	bool old;
	u32 now;
	struct maglev_key key;
	const struct maglev_target *target;
};

/**
 * maglev_netlink_target_of() - the target of a word
 * @flows: for understanding words; under RCU
 * @word: any, 0 too
 *
 * Return: the target; NULL if there is none (any more).
 */
static inline const struct maglev_target *maglev_netlink_target_of(const struct maglev_flows *flows,
								   u64 word)
{
	u32 index = maglev_word_index(word);

	return word && index < flows->n_targets ? READ_ONCE(flows->targets[index]) : NULL;
}

/**
 * maglev_netlink_walk_flows() - look at all flows tracked, old tables included
 * @mnet: the namespace
 * @seen: called for each, under RCU
 * @ctx: passed to @seen
 *
 * Process context; takes a while.
 */
void maglev_netlink_walk_flows(const struct maglev_net *mnet,
			       void (*seen)(void *ctx, const struct maglev_flow_tables *tables,
					    u64 word, const struct maglev_target *target),
			       void *ctx);

/**
 * maglev_netlink_find_flow() - find a flow, on whichever CPU it is
 * @flow: written
 * @mnet: the namespace; under RCU
 * @tuple: the flow
 * @service: of the flow
 *
 * Return: is it tracked?
 */
bool maglev_netlink_find_flow(struct maglev_netlink_flow *flow, const struct maglev_net *mnet,
			      const struct maglev_tuple *tuple, u32 service);

/**
 * maglev_netlink_fill_flow() - put a flow into a message
 * @skb: the message
 * @attr: of the nest
 * @flow: the flow; under the RCU it was found under, or the namespace's lock
 *
 * Return: 0 or -EMSGSIZE.
 */
int maglev_netlink_fill_flow(struct sk_buff *skb, int attr, const struct maglev_netlink_flow *flow);

#endif
