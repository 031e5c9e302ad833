// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does it answer a query? By hand rather than by res_mkquery(), which reads resolv.conf first.
 * RFC 1035; a query of full size is padded as RFC 6891 and RFC 7830 have it.
 */
#include "probe_kind.h"

#include <arpa/nameser.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

enum {
	QUERY_MAX = 1500,
	FLAG_RECURSION = 0x0100,
	OPT_FIXED_BYTES = 1 + NS_RRFIXEDSZ, /* the root's name before it */
	OPTION_PADDING = 12,
	OPTION_HEADER_BYTES = 4,
};

static const char *rcode_name(unsigned int rcode)
{
	static const char *const names[] = {
		[ns_r_noerror] = "NOERROR",   [ns_r_formerr] = "FORMERR",
		[ns_r_servfail] = "SERVFAIL", [ns_r_nxdomain] = "NXDOMAIN",
		[ns_r_notimpl] = "NOTIMP",    [ns_r_refused] = "REFUSED",
	};

	return rcode < sizeof(names) / sizeof(*names) ? names[rcode] : "other";
}

/* An OPT record that fills a message of @len up to @whole. */
static size_t pad(u8 *message, size_t len, size_t whole)
{
	u8 *at = message + len;

	*at++ = 0;
	NS_PUT16(ns_t_opt, at);
	NS_PUT16(whole, at); /* what we would take in return */
	NS_PUT32(0, at);
	NS_PUT16(whole - len - OPT_FIXED_BYTES, at);
	NS_PUT16(OPTION_PADDING, at);
	NS_PUT16(whole - len - OPT_FIXED_BYTES - OPTION_HEADER_BYTES, at);
	memset(at, 0, message + whole - at);
	return whole;
}

/* The question section. Returns how long it is; 0 if the name is none. */
static size_t write_question(const struct probe *probe, u8 *question)
{
	const struct check_dns *dns = &probe->check->dns;
	u8 name[NS_MAXCDNAME], *at = question;
	int len;

	if (ns_name_pton(dns->name, name, sizeof(name)) < 0)
		return 0;
	len = ns_name_pack(name, at, NS_MAXCDNAME, NULL, NULL);
	if (len < 0)
		return 0;
	at += len;
	NS_PUT16(dns->type, at);
	NS_PUT16(ns_c_in, at);
	return at - question;
}

/* Returns how long it is; 0 if the name is none. */
static size_t write_query(const struct probe *probe, u8 *message)
{
	bool full_size = probe->check->full_size;
	u8 *at = message;
	size_t len;

	NS_PUT16(probe->query.id, at);
	NS_PUT16(FLAG_RECURSION, at);
	NS_PUT16(1, at); /* question */
	NS_PUT16(0, at); /* answer */
	NS_PUT16(0, at); /* authority */
	NS_PUT16(full_size, at); /* additional */
	len = write_question(probe, at);
	if (!len)
		return 0;
	len += NS_HFIXEDSZ;
	return full_size ? pad(message, len, probe_size_datagram(probe)) : len;
}

/* But for case; a label's length is no letter's code. */
static bool is_our_question(const struct probe *probe, ns_msg *message)
{
	u8 question[NS_MAXCDNAME + NS_QFIXEDSZ];
	const u8 *at = ns_msg_base(*message) + NS_HFIXEDSZ;
	size_t len = write_question(probe, question), i;

	if (ns_msg_count(*message, ns_s_qd) != 1 ||
	    (size_t)ns_msg_size(*message) < NS_HFIXEDSZ + len)
		return false;
	for (i = 0; i < len - NS_QFIXEDSZ; i++) {
		if (tolower(at[i]) != tolower(question[i]))
			return false;
	}
	return !memcmp(at + i, question + i, NS_QFIXEDSZ);
}

static void judge(struct probe *probe, ns_msg *message)
{
	unsigned int rcode = ns_msg_getflag(*message, ns_f_rcode);
	u8 wanted = probe->check->dns.rcode;

	if (!ns_msg_getflag(*message, ns_f_qr))
		probe_end(probe, PROBE_FAIL, "answer: a query");
	else if (rcode != wanted)
		probe_end(probe, PROBE_FAIL, "answer: rcode %u (%s), not %u (%s)", rcode,
			  rcode_name(rcode), wanted, rcode_name(wanted));
	else if (!is_our_question(probe, message))
		probe_end(probe, PROBE_FAIL, "answer: to another question");
	else
		probe_end(probe, PROBE_PASS, "passed");
}

static void on_answer(struct ev_loop *loop, ev_io *io, int revents)
{
	struct probe *probe = io->data;
	const u8 *scratch = (const u8 *)probe->prober->scratch;
	ssize_t n = recv(probe->fd, probe->prober->scratch, sizeof(probe->prober->scratch), 0);
	ns_msg message;

	(void)loop;
	(void)revents;
	if (n < 0) {
		if (errno != EAGAIN)
			probe_end_errno(probe, "answer", errno);
		return;
	}
	/* Anybody may have sent this: what does not know our ID is no answer. */
	if (n < NS_HFIXEDSZ || ns_get16(scratch) != probe->query.id)
		probe->doing = "answer, with our ID";
	else if (ns_initparse(scratch, n, &message))
		probe_end(probe, PROBE_FAIL, "answer: malformed");
	else
		judge(probe, &message);
}

static void start_dns(struct probe *probe)
{
	u8 message[QUERY_MAX];
	size_t len;

	if (getrandom(&probe->query.id, sizeof(probe->query.id), 0) < 0) {
		probe_end_errno(probe, "random", errno);
		return;
	}
	len = write_query(probe, message);
	if (!len) {
		probe_end(probe, PROBE_UNKNOWN, "query: no name: %s", probe->check->dns.name);
		return;
	}
	if (!probe_open(probe, SOCK_DGRAM, 0) || !probe_connect(probe))
		return;
	probe->doing = "answer";
	if (send(probe->fd, message, len, 0) < 0)
		probe_end_errno(probe, "send", errno);
	else
		probe_watch(probe, probe->fd, EV_READ, on_answer);
}

const struct probe_kind probe_dns = {
	.full_size = true,
	.start = start_dns,
};
