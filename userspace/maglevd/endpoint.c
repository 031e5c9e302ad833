// SPDX-License-Identifier: GPL-2.0-only
/* Order and text of addresses and ports. */
#include "endpoint.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_numbers(u32 a, u32 b)
{
	return (a > b) - (a < b);
}

int endpoint_compare(const struct endpoint *a, const struct endpoint *b)
{
	int order = compare_numbers(a->addr.len, b->addr.len);

	if (!order)
		order = memcmp(a->addr.byte, b->addr.byte, sizeof(a->addr.byte));
	return order ?: compare_numbers(a->port, b->port);
}

int service_key_compare(const struct service_key *a, const struct service_key *b)
{
	return compare_numbers(a->protocol, b->protocol) ?: endpoint_compare(&a->vip, &b->vip);
}

const char *endpoint_text(const struct endpoint *endpoint, char text[ENDPOINT_TEXT])
{
	bool v6 = endpoint->addr.len == MAGLEV_IPV6_BYTES;
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(v6 ? AF_INET6 : AF_INET, endpoint->addr.byte, addr, sizeof(addr));
	snprintf(text, ENDPOINT_TEXT, v6 ? "[%s]:%u" : "%s:%u", addr, endpoint->port);
	return text;
}

bool service_key_read(struct service_key *key, const struct maglev_lib_service_key *from)
{
	*key = (struct service_key){ from->protocol, { from->addr, ntohs(from->port) } };
	return from->has & MAGLEV_LIB_HAS(SERVICE_KEY_ADDR);
}

const char *protocol_name(u16 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	default:
		return "sctp";
	}
}

const char *service_key_text(const struct service_key *key, char text[SERVICE_TEXT])
{
	char vip[ENDPOINT_TEXT];

	snprintf(text, SERVICE_TEXT, "%s %s", protocol_name(key->protocol),
		 endpoint_text(&key->vip, vip));
	return text;
}

static bool parse_protocol(u16 *protocol, const char *text, size_t len)
{
	static const u16 protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
	size_t i;

	for (i = 0; i < sizeof(protocols) / sizeof(*protocols); i++) {
		*protocol = protocols[i];
		if (strlen(protocol_name(*protocol)) == len &&
		    !strncmp(protocol_name(*protocol), text, len))
			return true;
	}
	return false;
}

static bool parse_address(struct maglev_lib_addr *addr, const char *text, size_t len)
{
	bool v6 = len > 1 && *text == '[' && text[len - 1] == ']';
	char copy[INET6_ADDRSTRLEN];

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text + v6, len - 2 * v6);
	copy[len - 2 * v6] = 0;
	memset(addr, 0, sizeof(*addr));
	addr->len = v6 ? MAGLEV_IPV6_BYTES : MAGLEV_IPV4_BYTES;
	return inet_pton(v6 ? AF_INET6 : AF_INET, copy, addr->byte) == 1;
}

bool endpoint_parse(struct endpoint *endpoint, const char *text)
{
	const char *colon = strrchr(text, ':');
	unsigned long port;
	char *end;

	/* strtoul() takes blanks and signs too. */
	if (!colon || colon[1] < '0' || colon[1] > '9')
		return false;
	port = strtoul(colon + 1, &end, 10);
	endpoint->port = port;
	return !*end && port && port <= 0xffff &&
	       parse_address(&endpoint->addr, text, colon - text);
}

bool service_key_parse(struct service_key *key, const char *text)
{
	const char *space = strchr(text, ' ');

	return space && parse_protocol(&key->protocol, text, space - text) &&
	       endpoint_parse(&key->vip, space + 1);
}
