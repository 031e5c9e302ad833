// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel tells the core when it asks for a decision: the service's tables, this CPU's
 * flow table, and the connections that IPVS had before the service was ours.
 */
#include "plane.h"

#include "net.h"
#include "publish.h"
#include "service.h"
#include "snapshot.h"
#include "tables.h"

#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <net/ip_vs.h>

static int count_states(u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return IP_VS_TCP_S_LAST;
	case IPPROTO_UDP:
		return IP_VS_UDP_S_LAST;
	default:
		return IP_VS_SCTP_S_LAST;
	}
}

/* IPVS's longest timeout after we took over, no connection of its own is left. */
static bool may_be_connection(const struct maglev_context *context, u8 protocol)
{
	struct ip_vs_proto_data *pd = ip_vs_proto_data_get(net_ipvs(context->mnet->net), protocol);
	unsigned long longest = 0;
	int i, states = count_states(protocol);

	if (!pd || !pd->timeout_table)
		return false;
	for (i = 0; i < states; i++)
		longest = max_t(unsigned long, longest, pd->timeout_table[i]);
	return time_before(jiffies, READ_ONCE(context->service->owned_at) + longest);
}

static struct ip_vs_conn *find_connection(const struct maglev_context *context,
					  const struct maglev_packet *packet)
{
	const struct maglev_service_key *key = &context->service->key;
	union nf_inet_addr caddr = {}, vaddr = {};
	struct ip_vs_conn_param param;
	u32 addr_len = key->addr_len;
	__be16 cport;

	memcpy(&caddr, packet->tuple.byte, addr_len);
	memcpy(&vaddr, key->addr, addr_len);
	memcpy(&cport, packet->tuple.byte + 2 * addr_len, sizeof(cport));
	ip_vs_conn_fill_param(net_ipvs(context->mnet->net),
			      addr_len == MAGLEV_IPV4_BYTES ? AF_INET : AF_INET6, key->protocol,
			      &caddr, cport, &vaddr, key->port, &param);
	return ip_vs_conn_in_get(&param);
}

/* A connection that IPVS had before the service was ours. */
static enum maglev_outside ask_ipvs(void *ctx, const struct maglev_packet *packet,
				    struct maglev_target **target)
{
	const struct maglev_context *context = ctx;
	enum maglev_outside answer = MAGLEV_OUTSIDE_PASS;
	struct maglev_backend backend;
	struct ip_vs_conn *cp;
	u16 place = MAGLEV_EMPTY;

	if (!context->svc || !may_be_connection(context, context->service->key.protocol))
		return MAGLEV_OUTSIDE_UNKNOWN;
	cp = find_connection(context, packet);
	if (!cp)
		return MAGLEV_OUTSIDE_UNKNOWN;
	if (cp->dest && IP_VS_FWD_METHOD(cp) == IP_VS_CONN_F_TUNNEL) {
		if (maglev_dest_backend(&backend, cp->dest))
			place = maglev_generation_place(context->generation, &backend);
		if (place != MAGLEV_EMPTY) {
			*target = context->generation->view.targets[place];
			answer = MAGLEV_OUTSIDE_TARGET;
		}
	}
	ip_vs_conn_put(cp);
	return answer;
}

/* Flags of IPVS's service count as of now: nobody is told when they are edited. */
static bool is_ours(const struct ip_vs_service *svc)
{
	return !(READ_ONCE(svc->flags) & (IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_ONEPACKET)) &&
	       !sysctl_backup_only(svc->ipvs);
}

bool maglev_context_fill(struct maglev_context *context, const struct maglev_service *service)
{
	const struct maglev_generation *generation = rcu_dereference(service->generation);
	struct ip_vs_service *svc;

	if (!generation)
		return false;
	context->mnet = service->mnet;
	context->service = service;
	context->generation = generation;
	context->svc = NULL;
	if (generation->left == MAGLEV_LEFT_NOTHING) {
		svc = READ_ONCE(service->svc);
		if (svc && is_ours(svc))
			context->svc = svc;
	}
	return context->svc || generation->view.changed_at;
}

void maglev_plane_fill(struct maglev_plane *plane, const struct maglev_net *mnet,
		       const struct maglev_packet *packet, bool dry)
{
	plane->tables = rcu_dereference(mnet->tables);
	plane->cpu = smp_processor_id();
	plane->hash = maglev_decide_ahead(packet, plane->tables, plane->cpu);
	maglev_tables_flows(mnet, &plane->flows);
	plane->budget = dry ? NULL : &this_cpu_ptr(mnet->percpu)->budget;
	plane->now_ms = jiffies_to_msecs(jiffies);
	plane->dry = dry;
}

enum maglev_verdict maglev_plane_decide(struct maglev_decision *decision,
					const struct maglev_packet *packet,
					struct maglev_plane *plane, struct maglev_context *context)
{
	plane->owned = context->svc;
	plane->outside = ask_ipvs;
	plane->ctx = context;
	return maglev_decide(decision, packet, &context->generation->view, plane);
}

static enum maglev_verdict ask(struct maglev_decision *decision,
			       const struct maglev_service *service,
			       const struct maglev_packet *packet, bool dry)
{
	struct maglev_plane plane;
	struct maglev_context context;

	memset(decision, 0, sizeof(*decision));
	if (!maglev_context_fill(&context, service)) {
		decision->reason = MAGLEV_REASON_NOT_OURS;
		decision->verdict = MAGLEV_PASS;
		return MAGLEV_PASS;
	}
	maglev_plane_fill(&plane, service->mnet, packet, dry);
	return maglev_plane_decide(decision, packet, &plane, &context);
}

enum maglev_verdict maglev_explain(struct maglev_decision *decision,
				   const struct maglev_service *service,
				   const struct maglev_packet *packet)
{
	return ask(decision, service, packet, true);
}

enum maglev_verdict maglev_find(struct maglev_decision *decision,
				const struct maglev_service *service,
				const struct maglev_packet *packet)
{
	return ask(decision, service, packet, false);
}
