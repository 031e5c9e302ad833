/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints: /sys/kernel/tracing/events/maglev. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM maglev

#if !defined(MAGLEV_KMOD_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MAGLEV_KMOD_TRACE_H

#include <linux/in6.h>
#include <linux/tracepoint.h>
#include <net/ip_vs.h>

#include "publish.h"

/* So that perf and trace-cmd know the numbers behind the words of print fmt. */
TRACE_DEFINE_ENUM(IPPROTO_TCP);
TRACE_DEFINE_ENUM(IPPROTO_UDP);
TRACE_DEFINE_ENUM(IPPROTO_SCTP);
TRACE_DEFINE_ENUM(MAGLEV_MODE_TUPLE);
TRACE_DEFINE_ENUM(MAGLEV_MODE_SOURCE);

TRACE_EVENT(publish,
	TP_PROTO(const struct ip_vs_service *svc, const struct maglev_view *view, u64 build_ns),
	TP_ARGS(svc, view, build_ns),
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
		__entry->size = view->size;
		__entry->backends = view->n;
		__entry->mode = view->mode;
		__entry->build_us = div_u64(build_ns, NSEC_PER_USEC);
		__entry->generation = view->generation;
		__entry->base_digest = view->base_digest;
		__entry->live_digest = view->live_digest;
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

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
