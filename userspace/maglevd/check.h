/* SPDX-License-Identifier: GPL-2.0-only */
/* What a check is: which question is asked, how often, and what answer counts. */
#ifndef MAGLEVD_CHECK_H
#define MAGLEVD_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <objects.h>

/**
 * enum check_type - what is asked
 * @CHECK_TCP: does it accept a connection, and, if given, answer as expected?
 * @CHECK_HTTP: does it answer a request?
 * @CHECK_HTTPS: the same over TLS
 * @CHECK_UDP: does it answer a datagram, or at least not refuse it?
 * @CHECK_DNS: does it answer a query?
 * @CHECK_ICMP: does it answer an echo request? Always direct.
 * @CHECK_SCRIPT: does a program end with 0?
 * @CHECK_AGENT: what does the agent there say, in HAProxy's words? Always direct.
 */
enum check_type {
	CHECK_TCP,
	CHECK_HTTP,
	CHECK_HTTPS,
	CHECK_UDP,
	CHECK_DNS,
	CHECK_ICMP,
	CHECK_SCRIPT,
	CHECK_AGENT,
};

/**
 * enum check_via - which way a probe goes
 * @CHECK_TUNNEL: to the VIP, in our tunnel to the backend, as clients' packets do
 * @CHECK_DIRECT: to the backend's own address
 */
enum check_via {
	CHECK_TUNNEL,
	CHECK_DIRECT,
};

/**
 * enum check_role - what a failure means
 * @CHECK_ROUTING: the backend is to have no traffic
 * @CHECK_DIAGNOSTIC: somebody is told
 */
enum check_role {
	CHECK_ROUTING,
	CHECK_DIAGNOSTIC,
};

/**
 * struct check_range - HTTP statuses that count as an answer
 * @first: the least
 * @last: the greatest
 */
struct check_range {
	u16 first, last;
};

/**
 * struct check_http - of CHECK_HTTP and CHECK_HTTPS
 * @method: "GET" or "HEAD"
 * @path: begins with '/'
 * @host: the Host header, and the name in TLS unless @sni is given; NULL: the address
 * @sni: the name in TLS; NULL: @host
 * @verify: is the certificate to be valid for that name?
 * @header: "Name: value", to be sent
 * @n_headers: how many
 * @status: what counts
 * @n_statuses: at least 1
 * @body: an extended regular expression that the first 64 KiB of the body must match; NULL: any body
 */
struct check_http {
	const char *method;
	const char *path;
	const char *host;
	const char *sni;
	bool verify;
	const char *const *header;
	size_t n_headers;
	const struct check_range *status;
	size_t n_statuses;
	const char *body;
};

/**
 * struct check_talk - of CHECK_TCP, CHECK_UDP and CHECK_AGENT
 * @send: what is said first; NULL: nothing
 * @send_len: bytes
 * @expect: what the answer must contain; NULL: any, of TCP none is waited for
 * @expect_len: bytes
 */
struct check_talk {
	const char *send;
	size_t send_len;
	const char *expect;
	size_t expect_len;
};

/**
 * struct check_dns - of CHECK_DNS, over UDP
 * @name: what is asked for
 * @type: its type, as in RFC 1035
 * @rcode: which the answer must have
 */
struct check_dns {
	const char *name;
	u16 type;
	u8 rcode;
};

/**
 * struct check_script - of CHECK_SCRIPT
 * @argv: program (an absolute path) and arguments, ended by NULL; it finds in its environment
 *	MAGLEV_BACKEND, MAGLEV_PORT, MAGLEV_VIP, MAGLEV_VPORT, MAGLEV_CHECK
 */
struct check_script {
	const char *const *argv;
};

/**
 * struct check - a check
 * @name: unique among checks
 * @type: enum check_type
 * @via: enum check_via
 * @role: enum check_role
 * @port: 0: that of the service (through the tunnel) or the backend
 * @interval_ms: from start to start, while nothing is in doubt
 * @fast_interval_ms: the same, while results contradict the state
 * @timeout_ms: of an attempt, as a whole; less than @interval_ms
 * @rise: so many passes in a row and it is up
 * @fall: so many failures in a row and it is down
 * @jitter_percent: starts lie that far apart around their time: +- half of it, of the interval
 * @full_size: first a packet as large as clients may send must get through (CHECK_TUNNEL)
 * @http: of its type
 * @talk: of its type
 * @dns: of its type
 * @script: of its type
 */
struct check {
	const char *name;
	enum check_type type;
	enum check_via via;
	enum check_role role;
	u16 port;
	u32 interval_ms, fast_interval_ms, timeout_ms;
	u32 rise, fall;
	u32 jitter_percent;
	bool full_size;
	union {
		struct check_http http;
		struct check_talk talk;
		struct check_dns dns;
		struct check_script script;
	};
};

#endif
