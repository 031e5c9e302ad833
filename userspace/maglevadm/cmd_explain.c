// SPDX-License-Identifier: GPL-2.0-only
/* maglevadm explain: the steps of one decision, in the order in which they are taken. */
#include "number.h"
#include "plane.h"
#include "show.h"

#include <net/if.h>
#include <stdio.h>

/* Why this backend: what a decision's source means. */
static const char *const source_sentences[] = {
	[MAGLEV_NL_SOURCE_FLOW] = "its flow is tracked on this CPU",
	[MAGLEV_NL_SOURCE_ADOPTED] = "its flow is tracked on another CPU, or in an old table",
	[MAGLEV_NL_SOURCE_OUTSIDE] = "it is a connection of IPVS",
	[MAGLEV_NL_SOURCE_TABLE] = "the live table's answer",
	[MAGLEV_NL_SOURCE_WALK] = "the answer of a slot drawn, as the live table's cannot take it",
	[MAGLEV_NL_SOURCE_FIRST] = "the first backend that can take it, as no slot drawn could",
};

static const char *const track_sentences[] = {
	[MAGLEV_NL_TRACK_NONE] = "nothing is written",
	[MAGLEV_NL_TRACK_KEPT] = "its entry is written anew",
	[MAGLEV_NL_TRACK_NEW] = "it takes a free entry",
	[MAGLEV_NL_TRACK_EVICTED] = "it takes the entry of a closing, reset or half-open flow",
	[MAGLEV_NL_TRACK_FULL] = "established flows all around: it is not tracked",
	[MAGLEV_NL_TRACK_BUSY] = "no budget to look at other CPUs: it is not tracked",
};

#define SENTENCE(table, value) \
	((value) < sizeof(table) / sizeof(*(table)) && (table)[value] ? (table)[value] : "?")

static void show_backend_step(struct out *out, const char *label,
			      const struct maglev_lib_backend *backend)
{
	char text[SHOW_NAME], state[SHOW_STATE];

	out_text(out, label, "%s, %s%s", show_backend(backend, text), show_state(backend, state),
		 backend->overloaded ? ", overloaded" : "");
}

static void show_slot(struct out *out, const struct maglev_lib_service *service,
		      const struct maglev_lib_decision *decision)
{
	if (decision->has & MAGLEV_LIB_HAS(DECISION_HASH))
		out_text(out, "hash", "%016llx", decision->hash);
	if (!(decision->has & MAGLEV_LIB_HAS(DECISION_SLOT)))
		return;
	out_text(out, "slot", "%u of %u", decision->slot, service->table_size);
	if (decision->has & MAGLEV_LIB_HAS(DECISION_BASE_OWNER))
		show_backend_step(out, "base owner", &decision->base_owner);
	else
		out_text(out, "base owner", "none");
	if (decision->has & MAGLEV_LIB_HAS(DECISION_LIVE_ANSWER))
		show_backend_step(out, "live answer", &decision->live_answer);
	else
		out_text(out, "live answer", "none: no backend is up");
}

static void show_tracked(struct out *out, const struct maglev_lib_decision *decision)
{
	const struct maglev_lib_flow *flow = &decision->flow;
	char text[SHOW_NAME], state[SHOW_NUMBER], age[DURATION_TEXT];

	if (!(decision->has & MAGLEV_LIB_HAS(DECISION_FLOW))) {
		out_text(out, "tracked", "no");
		return;
	}
	out_text(out, "tracked", "to %s, %s for %s, on CPU %u%s",
		 show_endpoint(&flow->addr, flow->port, text),
		 show_word(&maglev_lib_flow_state_names, flow->state, state),
		 duration_format(flow->age * 1000ULL, age), flow->cpu,
		 flow->old ? ", in an old table" : "");
}

static void show_outer(struct out *out, const struct maglev_lib_outer *outer)
{
	char source[SHOW_NAME] = "?", to[SHOW_NAME], via[SHOW_NAME], word[SHOW_NUMBER];
	char device[IF_NAMESIZE];

	if (outer->has & MAGLEV_LIB_HAS(OUTER_SADDR))
		show_address(&outer->saddr, source);
	out_text(out, "outer", "%s, %s to %s, %u bytes",
		 show_word(&maglev_lib_tunnel_names, outer->tunnel, word), source,
		 show_address(&outer->daddr, to), outer->overhead);
	if (outer->mtu)
		out_text(out, "mtu", "%u, of which %u are the client's", outer->mtu,
			 outer->mtu > outer->overhead ? outer->mtu - outer->overhead : 0);
	if (!outer->ifindex)
		return;
	if (!if_indextoname(outer->ifindex, device))
		snprintf(device, sizeof(device), "device-%u", outer->ifindex);
	if (outer->has & MAGLEV_LIB_HAS(OUTER_GATEWAY))
		out_text(out, "way", "%s by %s", device, show_address(&outer->gateway, via));
	else
		out_text(out, "way", "%s", device);
}

static void show_verdict(struct out *out, const struct maglev_lib_decision *decision)
{
	char verdict[SHOW_NUMBER];

	if (decision->reason)
		out_text(out, "verdict", "%s: %s (%s)",
			 show_word(&maglev_lib_verdict_names, decision->verdict, verdict),
			 decision->reason_text, decision->reason_name);
	else
		out_text(out, "verdict", "%s",
			 show_word(&maglev_lib_verdict_names, decision->verdict, verdict));
}

static void show_decision(struct out *out, const struct maglev_lib_message *message)
{
	const struct maglev_lib_decision *decision = &message->decision;
	const struct maglev_lib_service *service = &message->service;
	char text[SHOW_NAME], who[SHOW_NUMBER];

	if (!(message->has & MAGLEV_LIB_HAS(SERVICE)))
		out_text(out, "service", "none of ours");
	else if (service->left_because)
		out_text(out, "service", "%s, left to IPVS: %s", show_service(&service->key, text),
			 show_left(service->left_because));
	else
		out_text(out, "service", "%s, forwarded by %s", show_service(&service->key, text),
			 show_word(&maglev_lib_forwarding_names, service->forwarding, who));
	show_slot(out, service, decision);
	if (decision->has & MAGLEV_LIB_HAS(DECISION_HASH))
		show_tracked(out, decision);
	if (decision->has & MAGLEV_LIB_HAS(DECISION_CHOSEN))
		out_text(out, "chosen", "%s: %s", show_backend(&decision->chosen, text),
			 SENTENCE(source_sentences, decision->source));
	if (decision->has & MAGLEV_LIB_HAS(DECISION_TRACK))
		out_text(out, "flow table", "%s", SENTENCE(track_sentences, decision->track));
	if (decision->has & MAGLEV_LIB_HAS(DECISION_OUTER))
		show_outer(out, &decision->outer);
	show_verdict(out, decision);
}

int cmd_explain(struct order *order)
{
	struct maglev_lib_message reply;
	struct out out;
	int status = plane_call(order, MAGLEV_CMD_EXPLAIN, &reply);

	if (status)
		return status;
	out_init(&out, order->json);
	show_message(&out, &reply);
	show_decision(&out, &reply);
	return out_fini(&out, STATUS_DONE);
}
