// SPDX-License-Identifier: GPL-2.0-only
/* Each question is another flow, so that one backend's trouble is not the whole service's. */
#include "self_probe.h"

#include "clock.h"
#include "dataplane.h"

#include <maglev.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
	ANSWER_MS = 1000,
	REOPEN_MS = 500,
	PORT_FIRST = 1024,
	PORTS = 64512,
};

/* Nobody's: of RFC 7600 and of the discard prefix, RFC 6666. */
static const struct maglev_lib_addr client4 = { .len = MAGLEV_IPV4_BYTES,
						.byte = { 192, 0, 0, 8 } };
static const struct maglev_lib_addr client6 = {
	.len = MAGLEV_IPV6_BYTES,
	.byte = { 0x01, [MAGLEV_IPV6_BYTES - 1] = 8 },
};

bool self_probe_judge(const struct maglev_lib_message *answer, char why[SELF_PROBE_WHY])
{
	const struct maglev_lib_decision *decision = &answer->decision;
	bool is_left = decision->reason == MAGLEV_NL_REASON_NOT_OURS;

	if (!(answer->has & MAGLEV_LIB_HAS(DECISION))) {
		snprintf(why, SELF_PROBE_WHY, "the answer makes no sense");
		return false;
	}
	if (decision->verdict == MAGLEV_NL_VERDICT_FORWARD ||
	    decision->reason == MAGLEV_NL_REASON_LOCAL)
		return true;
	/* IPVS forwards it, to whom our table says. */
	if (is_left && decision->has & MAGLEV_LIB_HAS(DECISION_CHOSEN))
		return true;
	snprintf(why, SELF_PROBE_WHY, "%s",
		 is_left		? "no backend can take it" :
		 *decision->reason_text ? decision->reason_text :
					  "not forwarded");
	return false;
}

static void make_question(struct maglev_lib_tuple *tuple, const struct service_key *key, u32 number)
{
	*tuple = (struct maglev_lib_tuple){
		.has = MAGLEV_LIB_HAS(TUPLE_PROTOCOL) | MAGLEV_LIB_HAS(TUPLE_SADDR) |
		       MAGLEV_LIB_HAS(TUPLE_DADDR) | MAGLEV_LIB_HAS(TUPLE_SPORT) |
		       MAGLEV_LIB_HAS(TUPLE_DPORT),
		.protocol = key->protocol,
		.saddr = key->vip.addr.len == MAGLEV_IPV6_BYTES ? client6 : client4,
		.daddr = key->vip.addr,
		.sport = htons(PORT_FIRST + number % PORTS),
		.dport = htons(key->vip.port),
	};
}

/* The family's number is another one after the module was loaded anew. */
static bool reopen(struct self_probe *probe)
{
	u64 now = clock_now();

	if (probe->opened && now - probe->opened < (u64)REOPEN_MS * NS_PER_MS)
		return probe->client;
	self_probe_fini(probe);
	probe->opened = now;
	if (dataplane_open(&probe->client)) {
		self_probe_fini(probe);
		return false;
	}
	maglev_client_timeout(probe->client, ANSWER_MS);
	return true;
}

bool self_probe_ask(struct self_probe *probe, const struct service_key *key,
		    char why[SELF_PROBE_WHY])
{
	struct maglev_lib_message question = { .has = MAGLEV_LIB_HAS(TUPLE) }, answer;
	const struct maglev_error *error;

	if (!probe->client && !reopen(probe)) {
		snprintf(why, SELF_PROBE_WHY, "ip_vs_maglev is not there");
		return false;
	}
	make_question(&question.tuple, key, probe->asked++);
	if (!maglev_client_call(probe->client, MAGLEV_CMD_EXPLAIN, &question, &answer))
		return self_probe_judge(&answer, why);
	error = maglev_client_error(probe->client);
	snprintf(why, SELF_PROBE_WHY, "%.*s", SELF_PROBE_WHY - 1,
		 *error->text ? error->text : strerror(error->code));
	reopen(probe);
	return false;
}

void self_probe_fini(struct self_probe *probe)
{
	maglev_client_close(probe->client);
	probe->client = NULL;
}
