// SPDX-License-Identifier: GPL-2.0-only
/* The decision a packet would meet, by the same code as for packets, told to change nothing. */
#include "answer.h"
#include "build.h"
#include "publish.h"
#include "reply.h"
#include "tables.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HAS(name) MAGLEV_LIB_HAS(name)

enum {
	PACKET_MAX = 0xffff,
};

static void decide(struct maglev_decision *decision, const struct maglev_packet *packet,
		   const struct maglev_view *view)
{
	struct maglev_plane plane = {
		.tables = model.tables,
		.now_ms = model_now_ms(),
		.owned = true,
		.dry = true,
	};

	memset(decision, 0, sizeof(*decision));
	tables_flows(&plane.flows);
	plane.hash = maglev_decide_ahead(packet, plane.tables, 0);
	maglev_decide(decision, packet, view, &plane);
}

static void write_pair(struct maglev_lib_decision *to, struct maglev_lib_backend *backend, u64 has,
		       u32 index)
{
	const struct pair *pair = index < model.n_pairs ? model.pairs[index] : NULL;

	if (!pair || !pair->service)
		return;
	to->has |= has;
	reply_backend(backend, pair, true);
}

static void write_place(struct maglev_lib_decision *to, struct maglev_lib_backend *backend, u64 has,
			const struct maglev_view *view, u16 place)
{
	if (place < view->n)
		write_pair(to, backend, has, view->targets[place]->index);
}

/* As the kernel does: the low bits of the address from the low bits of the hash, up to 64 of them. */
static void choose_source(struct maglev_lib_addr *saddr, const struct hop *hop, u32 addr_len,
			  u64 hash)
{
	const struct maglev_prefix *prefix = &model.source[addr_len == MAGLEV_IPV6_BYTES];
	u32 i, bits = prefix->len;
	u8 mask;

	saddr->len = addr_len;
	memcpy(saddr->byte, bits ? prefix->addr : hop->saddr, addr_len);
	for (i = addr_len; bits && i-- > 0 && i * 8 + 8 > bits && addr_len - i <= 8; hash >>= 8) {
		mask = i * 8 >= bits ? 0xff : 0xff >> (bits - i * 8);
		saddr->byte[i] = (saddr->byte[i] & ~mask) | (hash & mask);
	}
}

static enum maglev_reason find_way(struct maglev_lib_decision *to, const struct pair *pair,
				   const struct maglev_packet *packet, u64 hash)
{
	const struct maglev_target *target = &model.current->generation.ways[pair->index].target;
	u32 overhead = maglev_tunnel_overhead(&target->tunnel), fits;
	u32 least = packet->version == 4 ? MAGLEV_IPV4_MTU_MIN : MAGLEV_IPV6_MTU_MIN;
	struct maglev_lib_outer *outer = &to->outer;
	const struct hop *hop;

	hop = hops_find(model.hops, target->tunnel.addr, target->tunnel.addr_len);
	if (!hop || !hop->ifindex)
		return MAGLEV_REASON_NO_ROUTE;
	to->has |= HAS(DECISION_OUTER);
	*outer = (struct maglev_lib_outer){
		.has = HAS(OUTER_TUNNEL) | HAS(OUTER_SADDR) | HAS(OUTER_DADDR) |
		       HAS(OUTER_OVERHEAD) | HAS(OUTER_MTU) | HAS(OUTER_IFINDEX),
		.tunnel = target->tunnel.type,
		.overhead = overhead,
		.mtu = hop->mtu,
		.ifindex = hop->ifindex,
		.daddr.len = target->tunnel.addr_len,
	};
	choose_source(&outer->saddr, hop, target->tunnel.addr_len, hash);
	memcpy(outer->daddr.byte, target->tunnel.addr, target->tunnel.addr_len);
	if (hop->gateway_len) {
		outer->has |= HAS(OUTER_GATEWAY);
		outer->gateway.len = hop->gateway_len;
		memcpy(outer->gateway.byte, hop->gateway, hop->gateway_len);
	}
	fits = hop->mtu > overhead ? hop->mtu - overhead : 0;
	if (packet->total_len > (fits > least ? fits : least))
		return MAGLEV_REASON_TOO_BIG;
	if (packet->total_len + overhead > PACKET_MAX)
		return MAGLEV_REASON_TOO_LONG;
	return hop->link_len ? MAGLEV_REASON_NONE : MAGLEV_REASON_NO_ROUTE;
}

/*
 * A tracked flow's packets are taken to come to the worker that tracks it; that new ones find room
 * is taken for granted.
 */
static void guess_track(struct maglev_decision *decision, u8 flags)
{
	u32 now = model_now_ms() / 1000;

	if (decision->verdict != MAGLEV_FORWARD || !model.tables)
		return;
	if (decision->source == MAGLEV_SOURCE_ADOPTED && !decision->old)
		decision->source = MAGLEV_SOURCE_FLOW;
	if (decision->source != MAGLEV_SOURCE_FLOW)
		decision->track = decision->word && !decision->old ? MAGLEV_TRACK_KEPT :
								     MAGLEV_TRACK_NEW;
	else if (maglev_word_next(decision->word, flags, now) != decision->word)
		decision->track = MAGLEV_TRACK_KEPT;
}

static void write_verdict(struct maglev_lib_decision *to, const struct maglev_decision *decision,
			  enum maglev_reason reason)
{
	to->has |= HAS(DECISION_VERDICT) | HAS(DECISION_REASON) | HAS(DECISION_REASON_NAME) |
		   HAS(DECISION_REASON_TEXT) | HAS(DECISION_HASH) | HAS(DECISION_SLOT) |
		   HAS(DECISION_SOURCE) | HAS(DECISION_TRACK);
	to->verdict = maglev_reason_verdict(reason);
	to->reason = reason;
	to->hash = decision->hash;
	to->slot = decision->slot;
	to->source = decision->source;
	to->track = decision->track;
	snprintf(to->reason_name, sizeof(to->reason_name), "%s", maglev_reason_name(reason));
	snprintf(to->reason_text, sizeof(to->reason_text), "%s", maglev_reason_text(reason));
}

static void explain(struct maglev_lib_decision *to, const struct service *service,
		    const struct maglev_view *view, const struct maglev_request_tuple *request)
{
	struct maglev_decision decision;
	struct maglev_packet packet;
	enum maglev_reason reason;

	maglev_request_packet(&packet, request);
	decide(&decision, &packet, view);
	decision.slot =
		maglev_reduce(maglev_tuple_slot_hash(&request->tuple, (enum maglev_mode)view->mode,
						     &view->key),
			      view->size);
	if (!decision.hash)
		decision.hash = maglev_tuple_hash(&request->tuple, &view->key);
	write_place(to, &to->base_owner, HAS(DECISION_BASE_OWNER), view, view->base[decision.slot]);
	write_place(to, &to->live_answer, HAS(DECISION_LIVE_ANSWER), view,
		    view->live[decision.slot]);
	if (answer_find_flow(&to->flow, &request->tuple, service->id))
		to->has |= HAS(DECISION_FLOW);
	reason = (enum maglev_reason)decision.reason;
	if (decision.verdict == MAGLEV_FORWARD) {
		guess_track(&decision, request->flags);
		write_pair(to, &to->chosen, HAS(DECISION_CHOSEN), decision.target->index);
		if (to->has & HAS(DECISION_CHOSEN))
			reason = find_way(to, model.pairs[decision.target->index], &packet,
					  decision.hash);
	}
	write_verdict(to, &decision, reason);
}

int answer_explain(struct asked *asked, struct maglev_lib_message *reply)
{
	struct maglev_request_tuple request;
	const struct service_view *view;
	const struct service *service;
	int err;

	err = maglev_request_read_tuple(&request, asked->tb[MAGLEV_A_TUPLE], &asked->extack);
	if (err)
		return err;
	service = model_service_of(&request.tuple);
	view = service ? publish_view(service) : NULL;
	if (!view) {
		NL_SET_ERR_MSG_ATTR(&asked->extack, request.at,
				    service ? "the service has no table yet" :
					      "there is no service with this address and port");
		return -ENOENT;
	}
	reply_service(reply, service);
	reply->has |= HAS(DECISION);
	explain(&reply->decision, service, &view->view, &request);
	return 1;
}
