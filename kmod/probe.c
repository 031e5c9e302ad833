// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hook of probes. The VIP is local here, so the stack would answer itself; the mark says
 * which backend is meant. LOCAL_OUT, process or softirq context, RCU held.
 */
#include "probe.h"

#include "net.h"
#include "pair.h"
#include "stats.h"
#include "xmit.h"

#include <linux/ip.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>

static struct maglev_target *find_target(const struct maglev_net *mnet, u32 mark)
{
	const struct maglev_targets *targets = rcu_dereference(mnet->targets);
	u32 index = mark - READ_ONCE(mnet->probe_base);

	return targets && index < targets->n ? READ_ONCE(targets->at[index]) : NULL;
}

static void read_linear(struct maglev_packet *packet, const struct sk_buff *skb)
{
	struct maglev_bytes bytes = {
		.head = skb_network_header(skb),
		.head_len = skb_headlen(skb),
		.len = skb->len,
	};

	maglev_packet_parse(packet, &bytes);
}

static unsigned int send_probe(const struct maglev_net *mnet, struct maglev_pair *pair,
			       struct sk_buff *skb)
{
	struct maglev_packet packet;
	enum maglev_reason reason;
	struct maglev_load load;

	read_linear(&packet, skb);
	if (packet.kind == MAGLEV_KIND_MALFORMED || packet.kind == MAGLEV_KIND_FRAGMENT)
		return NF_ACCEPT;
	/*
	 * A probe with few hops ends at the backend: one that forwards, and lacks the VIP, would
	 * send it back to be balanced. On the way there it is the outer header's hops that count.
	 */
	if (packet.ttl > 1)
		packet.ttl = max_t(u8, packet.ttl, IPDEFTTL);
	reason = maglev_xmit(mnet, pair, &packet, skb, skb->mark, &load);
	if (reason == MAGLEV_REASON_NONE) {
		maglev_count(mnet, MAGLEV_COUNT_PROBES, 1);
		return NF_STOLEN;
	}
	maglev_count_reason(mnet, reason);
	/* Who probes is not told: the VIP is one, and the next probe may go to another backend. */
	if (reason != MAGLEV_REASON_TOO_BIG)
		maglev_xmit_answer(mnet, pair, &packet, skb, reason);
	if (reason == MAGLEV_REASON_LOCAL)
		return NF_ACCEPT;
	return reason == MAGLEV_REASON_NOT_SENT ? NF_STOLEN : NF_DROP;
}

static unsigned int take_probe(const struct maglev_net *mnet, struct sk_buff *skb)
{
	struct maglev_target *target = find_target(mnet, skb->mark);

	/* One that has just come has no tunnel yet. */
	if (!target || !READ_ONCE(target->tunnel.type)) {
		maglev_count_reason(mnet, MAGLEV_REASON_NO_PROBED);
		return NF_DROP;
	}
	return send_probe(mnet, maglev_pair_of(target), skb);
}

unsigned int maglev_probe_out(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct maglev_net *mnet = maglev_net_of(state->net);
	u32 index = skb->mark - READ_ONCE(mnet->probe_base);
	unsigned int verdict;

	/* An outer packet of ours, the probe's mark still on it, is a probe no more. */
	if (skb->ipvs_property || !READ_ONCE(mnet->probing) || index >= MAGLEV_PAIRS_MAX)
		return NF_ACCEPT;
	local_bh_disable();
	verdict = take_probe(mnet, skb);
	local_bh_enable();
	return verdict;
}
