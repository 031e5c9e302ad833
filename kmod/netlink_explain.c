// SPDX-License-Identifier: GPL-2.0-only
/*
 * Explain: the decision a packet would meet, and what lies behind it. The same code decides as
 * for packets, told to change nothing; what is asked under RCU with BH off is copied, and put
 * into the message under the namespace's lock, which keeps backends where they are.
 */
#include "netlink.h"

#include "compat.h"
#include "net.h"
#include "netlink_fill.h"
#include "netlink_flow.h"
#include "netlink_policy.h"
#include "pair.h"
#include "plane.h"
#include "publish.h"
#include "scheduler.h"
#include "service.h"
#include "tables.h"
#include "xmit.h"

#include <linux/errno.h>
#include <linux/ktime.h>
#include <net/ip6_fib.h>
#include <net/ip_vs.h>
#include <net/route.h>

#define SAME(ours, theirs) static_assert((int)MAGLEV_##ours == (int)MAGLEV_NL_##theirs)

SAME(FORWARD, VERDICT_FORWARD);
SAME(PASS, VERDICT_PASS);
SAME(DROP, VERDICT_DROP);
SAME(REJECT, VERDICT_REJECT);
SAME(REASON_NONE, REASON_NONE);
SAME(REASON_NO_BACKEND, REASON_NO_BACKEND);
SAME(REASON_TTL, REASON_TTL);
SAME(REASON_TOO_BIG, REASON_TOO_BIG);
SAME(REASON_SOURCE_IS_VIP, REASON_SOURCE_IS_VIP);
SAME(REASON_NO_ROUTE, REASON_NO_ROUTE);
SAME(REASON_NO_MEMORY, REASON_NO_MEMORY);
SAME(REASON_NOT_SENT, REASON_NOT_SENT);
SAME(REASON_TOO_LONG, REASON_TOO_LONG);
SAME(REASON_MALFORMED, REASON_MALFORMED);
SAME(REASON_FRAGMENT, REASON_FRAGMENT);
SAME(REASON_ECHO, REASON_ECHO);
SAME(REASON_NOT_OURS, REASON_NOT_OURS);
SAME(REASON_CONNECTION, REASON_CONNECTION);
SAME(REASON_MARK, REASON_MARK);
SAME(REASON_LOCAL, REASON_LOCAL);
SAME(REASON_TUNNEL_ERROR, REASON_TUNNEL_ERROR);
SAME(REASON_NO_PROBED, REASON_NO_PROBED);
SAME(REASON_QUEUE_FULL, REASON_QUEUE_FULL);
SAME(SOURCE_NONE, SOURCE_NONE);
SAME(SOURCE_FLOW, SOURCE_FLOW);
SAME(SOURCE_ADOPTED, SOURCE_ADOPTED);
SAME(SOURCE_OUTSIDE, SOURCE_OUTSIDE);
SAME(SOURCE_TABLE, SOURCE_TABLE);
SAME(SOURCE_WALK, SOURCE_WALK);
SAME(SOURCE_FIRST, SOURCE_FIRST);
SAME(TRACK_NONE, TRACK_NONE);
SAME(TRACK_KEPT, TRACK_KEPT);
SAME(TRACK_NEW, TRACK_NEW);
SAME(TRACK_EVICTED, TRACK_EVICTED);
SAME(TRACK_FULL, TRACK_FULL);
SAME(TRACK_BUSY, TRACK_BUSY);

/* How a packet is sent. */
struct way {
	struct maglev_tunnel tunnel;
	u8 saddr[MAGLEV_IPV6_BYTES];
	u8 gateway[MAGLEV_IPV6_BYTES];
	u32 gateway_len; /* 0: none */
	u32 mtu;
	int ifindex;
	bool found;
};

/* What was found out. */
struct answer {
	struct maglev_decision decision;
	const struct maglev_pair *base_owner;
	const struct maglev_pair *live_answer;
	const struct maglev_pair *chosen;
	struct maglev_netlink_flow flow;
	bool tracked;
	struct way way;
};

static const struct maglev_pair *pair_at(const struct maglev_view *view, u16 place)
{
	return place < view->n ? maglev_pair_of(view->targets[place]) : NULL;
}

static void conclude(struct answer *answer, enum maglev_reason reason)
{
	answer->decision.reason = reason;
	answer->decision.verdict = maglev_reason_verdict(reason);
}

/* Whose slot it is; where the service is IPVS's, also whom IPVS would be told. */
static void look_at_tables(struct answer *answer, const struct maglev_service *service,
			   const struct maglev_request_tuple *request)
{
	const struct maglev_generation *generation = rcu_dereference(service->generation);
	struct maglev_decision *decision = &answer->decision;
	const struct maglev_view *view;
	enum maglev_source source;
	u64 hash;

	if (!generation)
		return;
	view = &generation->view;
	hash = maglev_tuple_slot_hash(&request->tuple, view->mode, &view->key);
	decision->slot = maglev_reduce(hash, view->size);
	if (!decision->hash)
		decision->hash = maglev_tuple_hash(&request->tuple, &view->key);
	answer->base_owner = pair_at(view, view->base[decision->slot]);
	answer->live_answer = pair_at(view, view->live[decision->slot]);
	if (decision->reason != MAGLEV_REASON_NOT_OURS && decision->reason != MAGLEV_REASON_MARK)
		return;
	answer->chosen =
		pair_at(view, maglev_scheduler_select(generation, decision->slot, &source));
	decision->source = source;
}

static void find_gateway4(struct way *way, const struct dst_entry *dst)
{
	const struct rtable *rt = container_of(dst, struct rtable, dst);

	if (rt->rt_gw_family == AF_INET) {
		way->gateway_len = MAGLEV_IPV4_BYTES;
		memcpy(way->gateway, &rt->rt_gw4, MAGLEV_IPV4_BYTES);
	} else if (rt->rt_gw_family == AF_INET6) {
		way->gateway_len = MAGLEV_IPV6_BYTES;
		memcpy(way->gateway, &rt->rt_gw6, MAGLEV_IPV6_BYTES);
	}
}

static void find_gateway6(struct way *way, const struct dst_entry *dst)
{
	const struct rt6_info *rt = container_of(dst, struct rt6_info, dst);

	if (!(rt->rt6i_flags & RTF_GATEWAY))
		return;
	way->gateway_len = MAGLEV_IPV6_BYTES;
	memcpy(way->gateway, &rt->rt6i_gateway, MAGLEV_IPV6_BYTES);
}

/* What maglev_xmit() would find. */
static enum maglev_reason find_way(struct way *way, const struct maglev_net *mnet,
				   struct maglev_pair *pair, const struct maglev_packet *packet,
				   u64 hash)
{
	const struct maglev_route *route = maglev_route_get(mnet, pair);
	u32 least = packet->version == 4 ? MAGLEV_IPV4_MTU_MIN : MAGLEV_IPV6_MTU_MIN;
	u32 overhead, fits;

	way->tunnel = maglev_pair_tunnel(pair);
	overhead = maglev_tunnel_overhead(&way->tunnel);
	if (!route)
		return MAGLEV_REASON_NO_ROUTE;
	if (route->is_local)
		return MAGLEV_REASON_LOCAL;
	fits = maglev_xmit_mtu(route, &way->tunnel);
	way->found = true;
	way->mtu = fits + overhead;
	way->ifindex = route->dst->dev->ifindex;
	maglev_xmit_source(mnet, route, way->tunnel.addr_len, hash, way->saddr);
	if (way->tunnel.addr_len == MAGLEV_IPV4_BYTES)
		find_gateway4(way, route->dst);
	else
		find_gateway6(way, route->dst);
	if (packet->total_len > max(fits, least) &&
	    (packet->version == 6 || sysctl_pmtu_disc(net_ipvs(mnet->net))))
		return MAGLEV_REASON_TOO_BIG;
	return packet->total_len + overhead > 0xffff ? MAGLEV_REASON_TOO_LONG : MAGLEV_REASON_NONE;
}

/*
 * A tracked flow's packets are taken to come to the CPU that tracks it, wherever we run; that
 * new ones find room is taken for granted.
 */
static void guess_track(struct answer *answer, const struct maglev_net *mnet, u8 flags)
{
	struct maglev_decision *decision = &answer->decision;
	u32 now = ktime_get_seconds();

	if (decision->verdict != MAGLEV_FORWARD || !rcu_access_pointer(mnet->tables))
		return;
	if (decision->source == MAGLEV_SOURCE_ADOPTED && !decision->old)
		decision->source = MAGLEV_SOURCE_FLOW;
	if (decision->source != MAGLEV_SOURCE_FLOW)
		decision->track = decision->word && !decision->old ? MAGLEV_TRACK_KEPT :
								     MAGLEV_TRACK_NEW;
	else if (maglev_word_next(decision->word, flags, now) != decision->word)
		decision->track = MAGLEV_TRACK_KEPT;
}

static void ask(struct answer *answer, const struct maglev_net *mnet,
		const struct maglev_service *service, const struct maglev_request_tuple *request)
{
	struct maglev_decision *decision = &answer->decision;
	struct maglev_packet packet;
	enum maglev_reason reason;
	struct maglev_pair *pair;

	memset(answer, 0, sizeof(*answer));
	maglev_request_packet(&packet, request);
	if (request->mark & mnet->fwmark_mask)
		conclude(answer, MAGLEV_REASON_MARK);
	else
		maglev_explain(decision, service, &packet);
	look_at_tables(answer, service, request);
	answer->tracked =
		maglev_netlink_find_flow(&answer->flow, mnet, &request->tuple, service->id);
	if (decision->verdict != MAGLEV_FORWARD)
		return;
	guess_track(answer, mnet, request->flags);
	pair = maglev_pair_of(decision->target);
	answer->chosen = pair;
	reason = find_way(&answer->way, mnet, pair, &packet, decision->hash);
	if (reason != MAGLEV_REASON_NONE)
		conclude(answer, reason);
}

/* A mark that is IPVS's first names a service, perhaps; another may be for every port. */
static struct maglev_service *find_service(const struct maglev_net *mnet,
					   const struct maglev_request_tuple *request)
{
	u32 addr_len = maglev_tuple_addr_len(&request->tuple);
	struct maglev_service_key key = { .addr_len = addr_len };
	struct maglev_service *service = NULL;

	if (request->mark & mnet->fwmark_mask) {
		key.fwmark = request->mark;
		service = maglev_service_lookup(mnet, &key);
	}
	if (!service)
		service = maglev_service_of_tuple(mnet, &request->tuple);
	if (service)
		return service;
	key.fwmark = 0;
	key.protocol = request->protocol;
	memcpy(key.addr, request->tuple.byte + addr_len, addr_len);
	return maglev_service_lookup(mnet, &key);
}

static int fill_way(struct sk_buff *msg, const struct way *way)
{
	u32 addr_len = way->tunnel.addr_len;
	struct nlattr *nest;

	if (!way->found)
		return 0;
	nest = nla_nest_start(msg, MAGLEV_A_DECISION_OUTER);
	if (!nest || nla_put_u32(msg, MAGLEV_A_OUTER_TUNNEL, way->tunnel.type) ||
	    nla_put(msg, MAGLEV_A_OUTER_SADDR, addr_len, way->saddr) ||
	    nla_put(msg, MAGLEV_A_OUTER_DADDR, addr_len, way->tunnel.addr) ||
	    nla_put_u32(msg, MAGLEV_A_OUTER_OVERHEAD, maglev_tunnel_overhead(&way->tunnel)) ||
	    nla_put_u32(msg, MAGLEV_A_OUTER_MTU, way->mtu) ||
	    nla_put_u32(msg, MAGLEV_A_OUTER_IFINDEX, way->ifindex) ||
	    (way->gateway_len &&
	     nla_put(msg, MAGLEV_A_OUTER_GATEWAY, way->gateway_len, way->gateway)))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int fill_pair(struct sk_buff *msg, int attr, const struct maglev_pair *pair)
{
	return pair ? maglev_fill_backend(msg, attr, pair, NULL) : 0;
}

static int fill_verdict(struct sk_buff *msg, const struct maglev_decision *decision)
{
	if (nla_put_u32(msg, MAGLEV_A_DECISION_VERDICT, decision->verdict) ||
	    nla_put_u32(msg, MAGLEV_A_DECISION_REASON, decision->reason) ||
	    nla_put_string(msg, MAGLEV_A_DECISION_REASON_NAME,
			   maglev_reason_name(decision->reason)) ||
	    nla_put_string(msg, MAGLEV_A_DECISION_REASON_TEXT,
			   maglev_reason_text(decision->reason)) ||
	    nla_put_u64_64bit(msg, MAGLEV_A_DECISION_HASH, decision->hash, MAGLEV_A_DECISION_PAD) ||
	    nla_put_u32(msg, MAGLEV_A_DECISION_SLOT, decision->slot) ||
	    nla_put_u32(msg, MAGLEV_A_DECISION_SOURCE, decision->source) ||
	    nla_put_u32(msg, MAGLEV_A_DECISION_TRACK, decision->track))
		return -EMSGSIZE;
	return 0;
}

static int fill_answer(struct sk_buff *msg, const struct answer *answer)
{
	struct nlattr *nest = nla_nest_start(msg, MAGLEV_A_DECISION);

	if (!nest || fill_verdict(msg, &answer->decision) ||
	    fill_pair(msg, MAGLEV_A_DECISION_BASE_OWNER, answer->base_owner) ||
	    fill_pair(msg, MAGLEV_A_DECISION_LIVE_ANSWER, answer->live_answer) ||
	    fill_pair(msg, MAGLEV_A_DECISION_CHOSEN, answer->chosen) ||
	    (answer->tracked &&
	     maglev_netlink_fill_flow(msg, MAGLEV_A_DECISION_FLOW, &answer->flow)) ||
	    fill_way(msg, &answer->way))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int explain(struct sk_buff *msg, struct maglev_net *mnet,
		   const struct maglev_request_tuple *request, struct netlink_ext_ack *extack)
{
	struct maglev_service *service;
	struct answer answer;

	lockdep_assert_held(&mnet->lock);
	rcu_read_lock();
	local_bh_disable();
	service = find_service(mnet, request);
	if (service)
		ask(&answer, mnet, service, request);
	local_bh_enable();
	rcu_read_unlock();
	if (service)
		return maglev_fill_service(msg, service) ?: fill_answer(msg, &answer);
	NL_SET_ERR_MSG_ATTR(extack, request->at,
			    "no service with this address and port uses the scheduler maglev");
	return -ENOENT;
}

int maglev_netlink_explain(struct sk_buff *skb, struct genl_info *info)
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
	mutex_lock(&mnet->lock);
	err = explain(msg, mnet, &request, info->extack);
	mutex_unlock(&mnet->lock);
	return maglev_netlink_send(msg, head, info, err);
}
