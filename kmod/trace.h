/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints: /sys/kernel/tracing/events/maglev. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM maglev

#if !defined(MAGLEV_KMOD_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MAGLEV_KMOD_TRACE_H

#include <linux/in6.h>
#include <linux/tracepoint.h>
#include <net/ip_vs.h>
#include <net/ipv6.h>

#include "net.h"
#include "publish.h"

/* So that perf and trace-cmd know the numbers behind the words of print fmt. */
TRACE_DEFINE_ENUM(IPPROTO_TCP);
TRACE_DEFINE_ENUM(IPPROTO_UDP);
TRACE_DEFINE_ENUM(IPPROTO_SCTP);
TRACE_DEFINE_ENUM(MAGLEV_MODE_TUPLE);
TRACE_DEFINE_ENUM(MAGLEV_MODE_SOURCE);

TRACE_EVENT(publish,
	TP_PROTO(const struct ip_vs_service *svc, const struct maglev_generation *generation,
		 u32 build_us),
	TP_ARGS(svc, generation, build_us),
	TP_STRUCT__entry(
		__array(__u8, vip, sizeof(struct sockaddr_in6))
		__field(__u16, protocol)
		__field(__u32, fwmark)
		__field(__u32, netns)
		__field(__u32, size)
		__field(__u32, backends)
		__field(__u32, mode)
		__field(__u32, build_us)
		__field(__u64, generation)
		__field(__u64, base_digest)
		__field(__u64, live_digest)
	),
	TP_fast_assign(
		struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)__entry->vip;
		struct sockaddr_in *sin = (struct sockaddr_in *)__entry->vip;

		memset(__entry->vip, 0, sizeof(__entry->vip));
		if (svc->af == AF_INET6) {
			sin6->sin6_family = AF_INET6;
			sin6->sin6_port = svc->port;
			sin6->sin6_addr = svc->addr.in6;
		} else {
			sin->sin_family = AF_INET;
			sin->sin_port = svc->port;
			sin->sin_addr = svc->addr.in;
		}
		__entry->protocol = svc->protocol;
		__entry->fwmark = svc->fwmark;
		__entry->netns = svc->ipvs->net->ns.inum;
		__entry->size = generation->view.size;
		__entry->backends = generation->view.n;
		__entry->mode = generation->view.mode;
		__entry->build_us = build_us;
		__entry->generation = generation->number;
		__entry->base_digest = generation->base_digest;
		__entry->live_digest = generation->live_digest;
	),
	TP_printk("netns=%u fwmark=%u protocol=%s vip=%pISpc size=%u backends=%u mode=%s generation=%llu base_digest=%016llx live_digest=%016llx build_us=%u",
		  __entry->netns, __entry->fwmark,
		  __print_symbolic(__entry->protocol, { IPPROTO_TCP, "tcp" },
				   { IPPROTO_UDP, "udp" }, { IPPROTO_SCTP, "sctp" }),
		  __entry->vip, __entry->size, __entry->backends,
		  __print_symbolic(__entry->mode, { MAGLEV_MODE_TUPLE, "tuple" },
				   { MAGLEV_MODE_SOURCE, "source" }),
		  __entry->generation, __entry->base_digest, __entry->live_digest,
		  __entry->build_us)
);

#ifndef MAGLEV_TRACE_FILL_FLOW
#define MAGLEV_TRACE_FILL_FLOW
/* IPv4 as ::ffff:a.b.c.d, so that one format serves both. */
static inline void maglev_trace_fill(struct in6_addr *addr, const struct maglev_tuple *tuple,
				     u32 which)
{
	u32 len = maglev_tuple_addr_len(tuple);

	ipv6_addr_set_v4mapped(0, addr);
	memcpy((u8 *)addr + sizeof(*addr) - len, tuple->byte + which * len, len);
}

static inline u16 maglev_trace_port(const struct maglev_tuple *tuple, u32 which)
{
	const u8 *port = tuple->byte + tuple->len - 8 + 2 * which;

	return port[0] << 8 | port[1];
}
#endif

DECLARE_EVENT_CLASS(flow,
	TP_PROTO(const struct maglev_net *mnet, const struct maglev_packet *packet,
		 const struct maglev_decision *decision),
	TP_ARGS(mnet, packet, decision),
	TP_STRUCT__entry(
		__field(__u32, netns)
		__array(__u8, saddr, sizeof(struct in6_addr))
		__array(__u8, daddr, sizeof(struct in6_addr))
		__field(__u16, sport)
		__field(__u16, dport)
		__field(__u8, protocol)
		__field(__u8, source)
		__field(__u32, slot)
		__field(__s32, pair)
		__field(__u64, hash)
		__field(__u64, word)
		__field(__u64, evicted)
	),
	TP_fast_assign(
		const struct maglev_tuple *tuple = &packet->tuple;

		__entry->netns = mnet->net->ns.inum;
		maglev_trace_fill((struct in6_addr *)__entry->saddr, tuple, 0);
		maglev_trace_fill((struct in6_addr *)__entry->daddr, tuple, 1);
		__entry->sport = maglev_trace_port(tuple, 0);
		__entry->dport = maglev_trace_port(tuple, 1);
		__entry->protocol = tuple->byte[tuple->len - 4];
		__entry->source = decision->source;
		__entry->slot = decision->slot;
		__entry->pair = decision->target ? decision->target->index : -1;
		__entry->hash = decision->hash;
		__entry->word = decision->word;
		__entry->evicted = decision->evicted;
	),
	TP_printk("netns=%u protocol=%u saddr=%pI6c sport=%u daddr=%pI6c dport=%u pair=%d slot=%u hash=%016llx source=%u word=%016llx evicted=%016llx",
		  __entry->netns, __entry->protocol, __entry->saddr, __entry->sport,
		  __entry->daddr, __entry->dport, __entry->pair, __entry->slot, __entry->hash,
		  __entry->source, __entry->word, __entry->evicted)
);

#define MAGLEV_FLOW_EVENT(name) \
	DEFINE_EVENT(flow, name, \
		TP_PROTO(const struct maglev_net *mnet, const struct maglev_packet *packet, \
			 const struct maglev_decision *decision), \
		TP_ARGS(mnet, packet, decision))

MAGLEV_FLOW_EVENT(new);
MAGLEV_FLOW_EVENT(adopted);
MAGLEV_FLOW_EVENT(evicted);
#undef MAGLEV_FLOW_EVENT

TRACE_EVENT(drop,
	TP_PROTO(const struct maglev_net *mnet, const struct maglev_packet *packet, u32 reason),
	TP_ARGS(mnet, packet, reason),
	TP_STRUCT__entry(
		__field(__u32, netns)
		__array(__u8, saddr, sizeof(struct in6_addr))
		__array(__u8, daddr, sizeof(struct in6_addr))
		__field(__u16, sport)
		__field(__u16, dport)
		__field(__u8, protocol)
		__field(__u32, reason)
	),
	TP_fast_assign(
		const struct maglev_tuple *tuple = &packet->tuple;

		__entry->netns = mnet->net->ns.inum;
		maglev_trace_fill((struct in6_addr *)__entry->saddr, tuple, 0);
		maglev_trace_fill((struct in6_addr *)__entry->daddr, tuple, 1);
		__entry->sport = maglev_trace_port(tuple, 0);
		__entry->dport = maglev_trace_port(tuple, 1);
		__entry->protocol = tuple->byte[tuple->len - 4];
		__entry->reason = reason;
	),
	TP_printk("netns=%u protocol=%u saddr=%pI6c sport=%u daddr=%pI6c dport=%u reason=%s",
		  __entry->netns, __entry->protocol, __entry->saddr, __entry->sport,
		  __entry->daddr, __entry->dport, maglev_reason_name(__entry->reason))
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
