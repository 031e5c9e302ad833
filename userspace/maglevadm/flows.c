// SPDX-License-Identifier: GPL-2.0-only
/* Reading flows, and finding their slots as a balancer does. */
#include "flows.h"

#include <netinet/in.h>
#include <string.h>

#define FLOW_SYNTAX "PROTO CLIENT:PORT VIP:PORT"

static const struct protocol {
	const char *name;
	u8 number;
} protocols[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "sctp", IPPROTO_SCTP },
};

enum {
	PROTOCOLS = sizeof(protocols) / sizeof(*protocols),
};

static const struct protocol *find_protocol(struct span word)
{
	size_t i;

	for (i = 0; i < PROTOCOLS; i++)
		if (span_is(word, protocols[i].name))
			return &protocols[i];
	return NULL;
}

bool flow_starts(struct span word)
{
	return find_protocol(word);
}

u8 flow_protocol(struct span name)
{
	const struct protocol *protocol = find_protocol(name);

	return protocol ? protocol->number : 0;
}

const char *flow_protocol_name(u8 protocol)
{
	size_t i;

	for (i = 0; i < PROTOCOLS; i++)
		if (protocols[i].number == protocol)
			return protocols[i].name;
	return NULL;
}

int flow_parse(struct flow *flow, const struct input *input, const struct span word[FLOW_WORDS])
{
	const struct protocol *protocol = find_protocol(word[0]);
	int status;

	if (!protocol)
		return err_refuse(input, word[0], "protocol", "tcp, udp or sctp: " FLOW_SYNTAX);
	flow->protocol = protocol->number;
	status = endpoint_parse(&flow->client, input, word[1], "client");
	if (!status)
		status = endpoint_parse(&flow->vip, input, word[2], "VIP");
	if (!status && flow->client.addr_len != flow->vip.addr_len)
		status = err_refuse(input, word[2], "VIP", "an address of the client's family: %s",
				    flow->client.addr_len == MAGLEV_IPV4_BYTES ? "IPv4" : "IPv6");
	return status;
}

int flow_parse_line(struct flow *flow, const struct input *input)
{
	struct span rest = { .at = input->text, .len = input->len }, line = rest;
	struct span word[FLOW_WORDS], more;
	int i;

	for (i = 0; i < FLOW_WORDS; i++) {
		word[i] = span_word(&rest);
		if (word[i].len)
			continue;
		line.len = word[i].at - line.at;
		return err_refuse(input, line, "flow", "not all of " FLOW_SYNTAX);
	}
	more = span_word(&rest);
	if (more.len)
		return err_refuse(input, more, "word", "one flow a line: " FLOW_SYNTAX);
	return flow_parse(flow, input, word);
}

const char *flow_format(const struct flow *flow, char text[FLOW_TEXT])
{
	char *to = stpcpy(text, flow_protocol_name(flow->protocol));

	*to++ = ' ';
	endpoint_format(&flow->client, to);
	to += strlen(to);
	*to++ = ' ';
	endpoint_format(&flow->vip, to);
	return text;
}

u32 flow_slot(const struct flow *flow, enum maglev_mode mode, const struct maglev_key *key,
	      u32 size)
{
	struct maglev_tuple tuple;

	maglev_tuple_init(&tuple, flow->client.addr_len, flow->client.addr, flow->vip.addr,
			  flow->client.port, flow->vip.port, flow->protocol);
	return maglev_reduce(maglev_tuple_slot_hash(&tuple, mode, key), size);
}
