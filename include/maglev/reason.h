/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Verdicts, and the reasons counted beside them: one list, from which the numbers and the
 * names are made. Numbers are part of the netlink ABI: append only.
 */
#ifndef MAGLEV_REASON_H
#define MAGLEV_REASON_H

#include <maglev/env.h>

/**
 * enum maglev_verdict - what becomes of a packet
 * @MAGLEV_FORWARD: encapsulated and sent to the backend
 * @MAGLEV_PASS: left alone: IPVS and the stack see it as if we were not here
 * @MAGLEV_DROP: dropped
 * @MAGLEV_REJECT: dropped, and the client is told so by ICMP
 */
enum maglev_verdict {
	MAGLEV_FORWARD,
	MAGLEV_PASS,
	MAGLEV_DROP,
	MAGLEV_REJECT,
};

/*
 * X(NAME, "name", verdict, what it says to a human); counted once per packet that is not
 * forwarded. In this order: see above.
 */
#define MAGLEV_REASONS(X)                                                                         \
	X(NONE, "none", FORWARD, "forwarded")                                                     \
	X(NO_BACKEND, "no-backend", REJECT, "no backend is up: port unreachable sent")            \
	X(TTL, "ttl", REJECT, "its time to live is over: time exceeded sent")                     \
	X(TOO_BIG, "too-big", REJECT,                                                             \
	  "does not fit the way to the backend: fragmentation needed sent")                       \
	X(SOURCE_IS_VIP, "source-is-vip", DROP, "comes from the address it goes to")              \
	X(NO_ROUTE, "no-route", DROP, "there is no way to the backend")                           \
	X(NO_MEMORY, "no-memory", DROP, "no memory for the outer header")                         \
	X(NOT_SENT, "not-sent", DROP, "the firewall or the device did not take the outer packet") \
	X(TOO_LONG, "too-long", DROP, "with the outer header longer than an IP packet can be")    \
	X(MALFORMED, "malformed", PASS, "its headers contradict each other")                      \
	X(FRAGMENT, "fragment", PASS, "a fragment")                                               \
	X(ECHO, "echo", PASS, "an echo request: answered here")                                   \
	X(NOT_OURS, "not-ours", PASS, "the service is left to IPVS")                              \
	X(CONNECTION, "connection", PASS, "a connection of IPVS to a backend we do not know")     \
	X(MARK, "mark", PASS, "marked by the firewall, so IPVS's fwmark services come first")     \
	X(LOCAL, "local", PASS, "its backend is this host: delivered here")                       \
	X(TUNNEL_ERROR, "tunnel-error", PASS,                                                     \
	  "an ICMP error about a packet of ours: the route knows, the client was told")           \
	X(NO_PROBED, "no-probed", DROP, "a probe with a mark that is no backend's")               \
	X(QUEUE_FULL, "queue-full", DROP,                                                         \
	  "of a flow that floods a worker's queue, and no other has room (maglev-dpdk)")

/* Why a packet was not forwarded; each reason belongs to one verdict. */
enum maglev_reason {
#define MAGLEV_REASON_ENUM(upper, name, verdict, text) MAGLEV_REASON_##upper,
	MAGLEV_REASONS(MAGLEV_REASON_ENUM)
#undef MAGLEV_REASON_ENUM
	MAGLEV_REASON_COUNT
};

/**
 * maglev_reason_verdict() - the verdict a reason belongs to
 * @reason: the reason
 */
enum maglev_verdict maglev_reason_verdict(enum maglev_reason reason);

/**
 * maglev_reason_name() - a reason as scripts know it
 * @reason: the reason
 *
 * Return: "no-backend" and the like; "unknown" out of range.
 */
const char *maglev_reason_name(enum maglev_reason reason);

/**
 * maglev_reason_text() - a reason as people read it
 * @reason: the reason
 */
const char *maglev_reason_text(enum maglev_reason reason);

#endif
