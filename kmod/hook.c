// SPDX-License-Identifier: GPL-2.0-only
/*
 * The packet path: parse, find the service, decide, act. Two entries. On local input, just
 * before IPVS's own hooks, firewall, defragmentation and rp_filter have had their say, exactly
 * as for IPVS. The early one is before routing and conntrack; it forwards what is plain, and
 * leaves all else, and whatever needs an answer, to the other. Softirq, or process context
 * with BH off; RCU held by netfilter.
 */
#include "hook.h"

#include "compat.h"
#include "icmp.h"
#include "net.h"
#include "pair.h"
#include "plane.h"
#include "probe.h"
#include "publish.h"
#include "route.h"
#include "service.h"
#include "stats.h"
#include "tables.h"
#include "trace.h"
#include "xmit.h"

#include <linux/icmpv6.h>
#include <linux/jiffies.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/icmp.h>
#include <net/ip_vs.h>

enum {
	BEFORE_IPVS = NF_IP_PRI_NAT_SRC - 3, /* IPVS is at - 2 and - 1 */
	BEFORE_CONNTRACK = NF_IP_PRI_RAW + 1, /* behind what firewalls drop or mark as "raw" */
};

static void refuse(struct sk_buff *skb, u8 version)
{
	if (version == 4)
		icmp_send(skb, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0);
	else
		icmpv6_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_PORT_UNREACH, 0);
}

static unsigned int finish(const struct maglev_net *mnet, enum maglev_reason reason)
{
	maglev_count_reason(mnet, reason);
	return maglev_reason_verdict(reason) == MAGLEV_PASS ? NF_ACCEPT : NF_DROP;
}

/*
 * TCP or SCTP in its midst has only come to another CPU, where the table's answer was the same;
 * of what is not tracked nothing else says when it begins.
 */
static bool is_new(const struct maglev_decision *decision, const struct maglev_packet *packet)
{
	if (packet->kind != MAGLEV_KIND_FLOW || decision->source < MAGLEV_SOURCE_TABLE)
		return false;
	return packet->protocol == IPPROTO_UDP ? maglev_track_placed(decision->track) :
						 packet->flags & MAGLEV_TCP_SYN;
}

/* What is it to its flow, that tells of the backend? */
static enum maglev_pair_counter find_event(const struct maglev_decision *decision,
					   const struct maglev_packet *packet)
{
	enum maglev_flow_state before = maglev_word_state(decision->word);

	if (is_new(decision, packet))
		return MAGLEV_PAIR_NEW;
	if (likely(decision->track == MAGLEV_TRACK_NONE) ||
	    decision->source > MAGLEV_SOURCE_ADOPTED)
		return MAGLEV_PAIR_COUNTERS;
	if (packet->flags & MAGLEV_TCP_RST)
		return before == MAGLEV_RESET ? MAGLEV_PAIR_COUNTERS : MAGLEV_PAIR_RESET;
	return before == MAGLEV_HALF_OPEN && !(packet->flags & MAGLEV_TCP_SYN) ?
		       MAGLEV_PAIR_ANSWERED :
		       MAGLEV_PAIR_COUNTERS;
}

static void trace_reason(const struct maglev_net *mnet, const struct maglev_packet *packet,
			 enum maglev_reason reason)
{
	if (maglev_reason_verdict(reason) != MAGLEV_PASS)
		trace_drop(mnet, packet, reason);
}

static void trace_decision(const struct maglev_net *mnet, const struct maglev_packet *packet,
			   const struct maglev_decision *decision)
{
	if (unlikely(decision->reason != MAGLEV_REASON_NONE))
		trace_reason(mnet, packet, decision->reason);
	if (likely(decision->track == MAGLEV_TRACK_NONE))
		return;
	if (decision->source == MAGLEV_SOURCE_ADOPTED)
		trace_adopted(mnet, packet, decision);
	else if (maglev_track_placed(decision->track))
		trace_new(mnet, packet, decision);
	if (decision->evicted)
		trace_evicted(mnet, packet, decision);
}

static void count_forwarded(const struct maglev_context *context,
			    const struct maglev_packet *packet,
			    const struct maglev_decision *decision, const struct maglev_load *load)
{
	maglev_count_forwarded(context->mnet, maglev_pair_of(decision->target), load,
			       find_event(decision, packet), context->svc);
}

/* Not forwarded; the packet is as it came, unless it was sent and lost. */
static unsigned int give_up(const struct maglev_context *context,
			    const struct maglev_packet *packet,
			    const struct maglev_decision *decision, const struct maglev_load *load,
			    enum maglev_reason reason, struct sk_buff *skb)
{
	const struct maglev_net *mnet = context->mnet;

	maglev_count_reason(mnet, reason);
	trace_reason(mnet, packet, reason);
	if (reason == MAGLEV_REASON_NOT_SENT)
		return NF_STOLEN;
	maglev_xmit_answer(mnet, maglev_pair_of(decision->target), packet, skb, reason);
	if (reason != MAGLEV_REASON_LOCAL)
		return NF_DROP;
	/* Our other hook and IPVS are to leave it alone as well. */
	count_forwarded(context, packet, decision, load);
	skb->ipvs_property = 1;
	return NF_ACCEPT;
}

static unsigned int forward(const struct maglev_context *context,
			    const struct maglev_packet *packet,
			    const struct maglev_decision *decision, bool early, struct sk_buff *skb)
{
	struct maglev_pair *pair = maglev_pair_of(decision->target);
	const struct maglev_net *mnet = context->mnet;
	struct maglev_load load;
	enum maglev_reason reason;

	reason = maglev_xmit(mnet, pair, packet, skb, decision->hash, &load);
	if (unlikely(reason != MAGLEV_REASON_NONE)) {
		if (early && maglev_reason_verdict(reason) == MAGLEV_REJECT)
			return NF_ACCEPT;
		return give_up(context, packet, decision, &load, reason, skb);
	}
	if (early)
		maglev_count(mnet, MAGLEV_COUNT_EARLY, 1);
	if (unlikely(packet->kind != MAGLEV_KIND_FLOW))
		maglev_count(mnet, MAGLEV_COUNT_ERRORS, 1);
	count_forwarded(context, packet, decision, &load);
	return NF_STOLEN;
}

/* Of a packet of a service that is not forwarded. */
static unsigned int conclude(const struct maglev_context *context,
			     const struct maglev_packet *packet, enum maglev_reason reason,
			     struct sk_buff *skb)
{
	if (maglev_reason_verdict(reason) == MAGLEV_REJECT)
		refuse(skb, packet->version);
	/* What another scheduler is to get may be lost between the two, for a moment. */
	if (reason == MAGLEV_REASON_NOT_OURS && !READ_ONCE(context->service->svc) &&
	    time_before(jiffies, READ_ONCE(context->service->gap_until)))
		maglev_count(context->mnet, MAGLEV_COUNT_GAP, 1);
	return finish(context->mnet, reason);
}

/* What the early hook does not forward is decided, and counted, again on local input. */
static unsigned int handle_flow(struct maglev_context *context, struct maglev_plane *plane,
				const struct maglev_packet *packet, bool early, struct sk_buff *skb)
{
	const struct maglev_net *mnet = context->mnet;
	struct maglev_decision decision;

	maglev_plane_decide(&decision, packet, plane, context);
	maglev_count_track(mnet, &decision);
	if (early && unlikely(decision.verdict != MAGLEV_FORWARD))
		return NF_ACCEPT;
	trace_decision(mnet, packet, &decision);
	if (likely(decision.verdict == MAGLEV_FORWARD))
		return forward(context, packet, &decision, early, skb);
	return conclude(context, packet, decision.reason, skb);
}

static bool copy_bytes(const void *source, u32 offset, void *to, u32 len)
{
	const struct sk_buff *skb = source;

	return !skb_copy_bits(skb, skb_network_offset(skb) + offset, to, len);
}

static void read_skb(struct maglev_packet *packet, const struct sk_buff *skb)
{
	int offset = skb_network_offset(skb);
	struct maglev_bytes bytes = {
		.head = skb_network_header(skb),
		.head_len = skb_headlen(skb) - offset,
		.len = skb->len - offset,
		.copy = copy_bytes,
		.source = skb,
	};

	maglev_packet_parse(packet, &bytes);
}

/* A VRF's: what is local for it need not be so for others. */
static bool has_own_routes(const struct net_device *dev)
{
	return netif_is_l3_slave(dev) || netif_is_l3_master(dev);
}

typedef unsigned int take_fn(const struct maglev_net *mnet, struct sk_buff *skb);

/*
 * Per-CPU state is ours alone until we are through. BH is off already, but for what a queue to
 * user space gives back.
 */
static __always_inline unsigned int take_alone(take_fn *take, const struct maglev_net *mnet,
					       struct sk_buff *skb)
{
	unsigned int verdict;

	if (likely(in_softirq()))
		return take(mnet, skb);
	local_bh_disable();
	verdict = take(mnet, skb);
	local_bh_enable();
	return verdict;
}

static unsigned int take_packet(const struct maglev_net *mnet, struct sk_buff *skb)
{
	struct maglev_service *service;
	struct maglev_context context;
	struct maglev_packet packet;
	struct maglev_plane plane;

	read_skb(&packet, skb);
	switch (packet.kind) {
	case MAGLEV_KIND_FLOW:
	case MAGLEV_KIND_ERROR:
		break;
	case MAGLEV_KIND_TUNNEL_ERROR:
		if (maglev_icmp_tunnel_error(mnet, &packet, skb))
			maglev_count_reason(mnet, MAGLEV_REASON_TUNNEL_ERROR);
		return NF_ACCEPT;
	case MAGLEV_KIND_MALFORMED:
		return finish(mnet, MAGLEV_REASON_MALFORMED);
	default:
		return NF_ACCEPT;
	}
	service = maglev_service_of_tuple(mnet, &packet.tuple);
	if (!service)
		return NF_ACCEPT;
	maglev_plane_fill(&plane, mnet, &packet, false);
	if (!maglev_context_fill(&context, service))
		return NF_ACCEPT;
	if (unlikely(skb->mark & READ_ONCE(mnet->fwmark_mask)))
		return finish(mnet, MAGLEV_REASON_MARK);
	if (READ_ONCE(mnet->early) && !has_own_routes(skb->dev))
		maglev_route_learn(service, skb);
	return handle_flow(&context, &plane, &packet, false, skb);
}

static unsigned int local_in(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (skb->ipvs_property || skb->pkt_type != PACKET_HOST || !skb_dst(skb))
		return NF_ACCEPT;
	return take_alone(take_packet, maglev_net_of(state->net), skb);
}

/* Routing would not have it (RFC 1812, 5.3.7); of IPv6 the stack has seen to that before. */
static bool is_martian(const struct maglev_packet *packet)
{
	u8 first = packet->tuple.byte[0];

	return packet->version == 4 && (first == 0 || first == 127 || first >= 224);
}

/* Neither options nor extensions, nothing odd, and no router would have to answer it. */
static bool is_plain(const struct maglev_packet *packet)
{
	u32 plain_len = packet->version == 4 ? MAGLEV_IPV4_HEADER_BYTES : MAGLEV_IPV6_HEADER_BYTES;

	return packet->kind == MAGLEV_KIND_FLOW && packet->network_len == plain_len &&
	       packet->ttl > 1 && !packet->loops && !is_martian(packet);
}

static unsigned int take_early(const struct maglev_net *mnet, struct sk_buff *skb)
{
	struct maglev_service *service;
	struct maglev_context context;
	struct maglev_packet packet;
	struct maglev_plane plane;

	read_skb(&packet, skb);
	if (!is_plain(&packet))
		return NF_ACCEPT;
	service = maglev_service_of_tuple(mnet, &packet.tuple);
	if (!service)
		return NF_ACCEPT;
	maglev_plane_fill(&plane, mnet, &packet, false);
	if (!maglev_route_ends_here(service) || !maglev_context_fill(&context, service))
		return NF_ACCEPT;
	return handle_flow(&context, &plane, &packet, true, skb);
}

static unsigned int pre_routing(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct maglev_net *mnet = maglev_net_of(state->net);

	if (skb->ipvs_property || skb->pkt_type != PACKET_HOST || skb->sk ||
	    skb->mark & READ_ONCE(mnet->fwmark_mask) || nf_bridge_in_prerouting(skb) ||
	    has_own_routes(skb->dev))
		return NF_ACCEPT;
	return take_alone(take_early, mnet, skb);
}

static const struct nf_hook_ops local_hooks[] = {
	{
		.hook = local_in,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = BEFORE_IPVS,
	},
	{
		.hook = local_in,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = BEFORE_IPVS,
	},
};

static const struct nf_hook_ops early_hooks[] = {
	{
		.hook = pre_routing,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = BEFORE_CONNTRACK,
	},
	{
		.hook = pre_routing,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = BEFORE_CONNTRACK,
	},
};

/* Before IPVS's and NAT's: a probe carries its own way. */
static const struct nf_hook_ops probe_hooks[] = {
	{
		.hook = maglev_probe_out,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP_PRI_NAT_DST - 1,
	},
	{
		.hook = maglev_probe_out,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP_PRI_NAT_DST - 1,
	},
};

enum {
	PER_SET = 2, /* one a family */
};

static const struct nf_hook_ops *const sets[] = {
	[MAGLEV_HOOKS_LOCAL] = local_hooks,
	[MAGLEV_HOOKS_EARLY] = early_hooks,
	[MAGLEV_HOOKS_PROBES] = probe_hooks,
};

static int switch_locked(struct maglev_net *mnet, enum maglev_hooks hooks, bool on)
{
	u8 bit = 1 << hooks;
	int err;

	static_assert(ARRAY_SIZE(local_hooks) == PER_SET && ARRAY_SIZE(early_hooks) == PER_SET &&
		      ARRAY_SIZE(probe_hooks) == PER_SET);
	lockdep_assert_held(&mnet->hook_lock);
	if (!(mnet->hooked & bit) == !on || (on && READ_ONCE(mnet->dying)))
		return 0;
	if (!on) {
		nf_unregister_net_hooks(mnet->net, sets[hooks], PER_SET);
		mnet->hooked &= ~bit;
		return 0;
	}
	err = nf_register_net_hooks(mnet->net, sets[hooks], PER_SET);
	if (!err)
		mnet->hooked |= bit;
	return err;
}

int maglev_hook_switch(struct maglev_net *mnet, enum maglev_hooks hooks, bool on)
{
	int err;

	mutex_lock(&mnet->hook_lock);
	err = switch_locked(mnet, hooks, on);
	mutex_unlock(&mnet->hook_lock);
	return err;
}

int maglev_hook_forward(struct maglev_net *mnet)
{
	int err;

	mutex_lock(&mnet->lock);
	err = maglev_tables_create(mnet);
	mutex_unlock(&mnet->lock);
	return err ?: maglev_hook_switch(mnet, MAGLEV_HOOKS_LOCAL, true);
}

/* Who adds a service registers the hooks after that, under hook_lock. */
void maglev_hook_idle(struct maglev_net *mnet)
{
	bool idle;

	mutex_lock(&mnet->hook_lock);
	mutex_lock(&mnet->lock);
	idle = !mnet->n_services;
	mutex_unlock(&mnet->lock);
	if (idle)
		switch_locked(mnet, MAGLEV_HOOKS_LOCAL, false);
	mutex_unlock(&mnet->hook_lock);
}

void maglev_hook_unregister(struct maglev_net *mnet)
{
	enum maglev_hooks hooks;

	for (hooks = MAGLEV_HOOKS_LOCAL; hooks <= MAGLEV_HOOKS_PROBES; hooks++)
		maglev_hook_switch(mnet, hooks, false);
}
