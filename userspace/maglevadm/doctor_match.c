// SPDX-License-Identifier: GPL-2.0-only
/* Matches of nftables, as "nft -j" writes them (libnftables-json(5)), against what we know of a packet. */
#include "doctor_match.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>

static enum truth truth_of(bool is_so)
{
	return is_so ? YES : NO;
}

static bool is_v6(const struct doctor_packet *packet)
{
	return (packet->daddr.len ?: packet->saddr.len) == MAGLEV_IPV6_BYTES;
}

static int family_of(const struct maglev_lib_addr *addr)
{
	return addr->len == MAGLEV_IPV6_BYTES ? AF_INET6 : AF_INET;
}

static enum truth match_prefix(const struct maglev_lib_addr *addr, const char *text, int len)
{
	u8 prefix[MAGLEV_IPV6_BYTES];
	int whole, bits;

	/* One of the other family, or a name that we do not know. */
	if (inet_pton(family_of(addr), text, prefix) != 1)
		return strspn(text, "0123456789abcdefABCDEF:.") == strlen(text) ? NO : MAYBE;
	if (len < 0 || len > (int)addr->len * 8)
		len = addr->len * 8;
	whole = len / 8;
	bits = len % 8;
	if (memcmp(prefix, addr->byte, whole))
		return NO;
	return truth_of(!bits || !((prefix[whole] ^ addr->byte[whole]) >> (8 - bits)));
}

static enum truth match_addr_range(const struct maglev_lib_addr *addr, const char *first,
				   const char *last)
{
	u8 least[MAGLEV_IPV6_BYTES], most[MAGLEV_IPV6_BYTES];

	if (inet_pton(family_of(addr), first, least) != 1 ||
	    inet_pton(family_of(addr), last, most) != 1)
		return NO;
	return truth_of(memcmp(addr->byte, least, addr->len) >= 0 &&
			memcmp(addr->byte, most, addr->len) <= 0);
}

/* What a field of the packet is: an address, a number that may have a name, or a word. */
enum kind {
	ADDRESS,
	PORT,
	PROTOCOL,
	WORD,
};

struct field {
	enum kind kind;
	long number;
	const char *word;
	const struct maglev_lib_addr *addr;
};

static long number_of(const cJSON *value, enum kind kind)
{
	const char *text = cJSON_GetStringValue(value);
	const struct protoent *protocol;
	const struct servent *service;
	char *end;
	long number;

	if (cJSON_IsNumber(value))
		return (long)value->valuedouble;
	if (!text)
		return -1;
	number = strtol(text, &end, 10);
	if (*text && !*end)
		return number;
	if (kind == PROTOCOL) {
		protocol = getprotobyname(text);
		return protocol ? protocol->p_proto : -1;
	}
	service = getservbyname(text, NULL);
	return service ? ntohs(service->s_port) : -1;
}

static enum truth match_value(const struct doctor_chain *chain, const struct field *field,
			      const cJSON *value, int depth);

const cJSON *doctor_find_set(const struct doctor_chain *chain, const char *name)
{
	const cJSON *item, *set;

	cJSON_ArrayForEach(item, chain->items) {
		set = nft_get(item, "set") ?: nft_get(item, "map");
		if (set && nft_is(set, "name", name) &&
		    nft_is(set, "table", nft_string(chain->base, "table")) &&
		    nft_is(set, "family", nft_string(chain->base, "family")))
			return set;
	}
	return NULL;
}

static enum truth match_any(const struct doctor_chain *chain, const struct field *field,
			    const cJSON *values, int depth)
{
	enum truth best = NO, one;
	const cJSON *value;

	cJSON_ArrayForEach(value, values) {
		one = match_value(chain, field, value, depth + 1);
		best = one > best ? one : best;
	}
	return best;
}

static enum truth match_range(const struct field *field, const cJSON *range)
{
	const cJSON *first = cJSON_GetArrayItem(range, 0), *last = cJSON_GetArrayItem(range, 1);
	long least, most;

	if (field->kind == ADDRESS && cJSON_IsString(first) && cJSON_IsString(last))
		return match_addr_range(field->addr, first->valuestring, last->valuestring);
	least = number_of(first, field->kind);
	most = number_of(last, field->kind);
	if (least < 0 || most < 0)
		return MAYBE;
	return truth_of(field->number >= least && field->number <= most);
}

static enum truth match_word(const char *word, const char *text)
{
	size_t len = strlen(text);

	/* The end of a device's name may be left open. */
	if (len && text[len - 1] == '*')
		return truth_of(!strncmp(word, text, len - 1));
	return truth_of(!strcmp(word, text));
}

static enum truth match_text(const struct doctor_chain *chain, const struct field *field,
			     const cJSON *value, int depth)
{
	const char *text = value->valuestring;
	const cJSON *set;

	if (text[0] == '@') {
		set = doctor_find_set(chain, text + 1);
		return set ? match_any(chain, field, nft_get(set, "elem"), depth) : MAYBE;
	}
	if (field->kind == ADDRESS)
		return match_prefix(field->addr, text, -1);
	if (field->kind == WORD)
		return match_word(field->word, text);
	return number_of(value, field->kind) < 0 ?
		       MAYBE :
		       truth_of(number_of(value, field->kind) == field->number);
}

static enum truth match_value(const struct doctor_chain *chain, const struct field *field,
			      const cJSON *value, int depth)
{
	const cJSON *part;

	if (depth > NFT_DEPTH)
		return MAYBE;
	if (cJSON_IsString(value))
		return match_text(chain, field, value, depth);
	if (cJSON_IsNumber(value))
		return field->kind == WORD || field->kind == ADDRESS ?
			       MAYBE :
			       truth_of((long)value->valuedouble == field->number);
	if (cJSON_IsArray(value))
		return match_any(chain, field, value, depth);
	part = nft_get(value, "set");
	if (part)
		return cJSON_IsArray(part) ? match_any(chain, field, part, depth) :
					     match_value(chain, field, part, depth + 1);
	part = nft_get(value, "prefix");
	if (part && field->kind == ADDRESS && cJSON_IsString(nft_get(part, "addr")))
		return match_prefix(field->addr, nft_string(part, "addr"),
				    nft_get(part, "len") ? nft_get(part, "len")->valueint : -1);
	part = nft_get(value, "range");
	if (part)
		return match_range(field, part);
	part = nft_get(value, "elem");
	if (part)
		return match_value(chain, field, nft_get(part, "val"), depth + 1);
	return MAYBE;
}

static bool is_header_of(const struct doctor_packet *packet, const char *name)
{
	static const struct {
		const char *name;
		u8 protocol;
	} known[] = {
		{ "tcp", IPPROTO_TCP },
		{ "udp", IPPROTO_UDP },
		{ "sctp", IPPROTO_SCTP },
		{ "icmp", IPPROTO_ICMP },
		{ "icmpv6", IPPROTO_ICMPV6 },
		{ "gre", IPPROTO_GRE },
		{ "udplite", 136 },
		{ "dccp", 33 },
		{ "esp", IPPROTO_ESP },
		{ "ah", IPPROTO_AH },
		{ "comp", 108 },
		{ "igmp", IPPROTO_IGMP },
	};
	size_t i;

	if (!strcmp(name, "ip") || !strcmp(name, "ip6"))
		return is_v6(packet) == !strcmp(name, "ip6");
	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(known[i].name, name))
			return known[i].protocol == packet->protocol;
	return true; /* not known: it may be */
}

static enum truth match_payload(const struct doctor_chain *chain, const cJSON *payload,
				const cJSON *right)
{
	const struct doctor_packet *packet = chain->packet;
	const char *header = nft_string(payload, "protocol"), *name = nft_string(payload, "field");
	struct field field = {};

	if (!is_header_of(packet, header))
		return NO;
	if (header[0] == 'i' && !strcmp(name, "daddr") && packet->daddr.len) {
		field.kind = ADDRESS;
		field.addr = &packet->daddr;
	} else if (header[0] == 'i' && !strcmp(name, "saddr") && packet->saddr.len) {
		field.kind = ADDRESS;
		field.addr = &packet->saddr;
	} else if (!strcmp(name, "dport") && packet->dport) {
		field.kind = PORT;
		field.number = packet->dport;
	} else if (!strcmp(name, "sport") && packet->sport) {
		field.kind = PORT;
		field.number = packet->sport;
	} else if ((!strcmp(header, "ip") && !strcmp(name, "protocol")) ||
		   (!strcmp(header, "ip6") && !strcmp(name, "nexthdr"))) {
		field.kind = PROTOCOL;
		field.number = packet->protocol;
	} else {
		return MAYBE;
	}
	return match_value(chain, &field, right, 0);
}

static enum truth match_meta(const struct doctor_chain *chain, const char *key, const cJSON *right)
{
	const struct doctor_packet *packet = chain->packet;
	struct field field = { .kind = WORD };

	if (!strcmp(key, "l4proto")) {
		field.kind = PROTOCOL;
		field.number = packet->protocol;
	} else if (!strcmp(key, "nfproto")) {
		field.word = is_v6(packet) ? "ipv6" : "ipv4";
	} else if (!strcmp(key, "protocol")) {
		field.word = is_v6(packet) ? "ip6" : "ip";
	} else if (packet->is_outer && packet->device &&
		   (!strcmp(key, "oifname") || !strcmp(key, "oif"))) {
		field.word = packet->device;
	} else if (!packet->is_outer && (!strcmp(key, "iifname") || !strcmp(key, "iif"))) {
		/* It comes by any device but the loopback's. */
		field.word = "lo";
		return match_value(chain, &field, right, 0) == YES &&
				       !cJSON_IsArray(nft_get(right, "set")) ?
			       NO :
			       MAYBE;
	} else {
		return MAYBE;
	}
	return match_value(chain, &field, right, 0);
}

static enum truth match_state(const struct doctor_chain *chain, const cJSON *right)
{
	struct field field = { .kind = WORD, .word = chain->packet->state };
	struct field other = { .kind = WORD, .word = "untracked" };
	enum truth is_state = match_value(chain, &field, right, 0);

	/* Whether clients' packets are tracked, rules decide that we do not weigh. */
	if (is_state == NO && match_value(chain, &other, right, 0) != NO)
		return MAYBE;
	return is_state;
}

enum truth doctor_match(const struct doctor_chain *chain, const cJSON *match)
{
	const cJSON *left = nft_get(match, "left"), *right = nft_get(match, "right"), *part;
	enum truth truth = MAYBE;

	part = nft_get(left, "payload");
	if (part)
		truth = match_payload(chain, part, right);
	part = nft_get(left, "meta");
	if (part)
		truth = match_meta(chain, nft_string(part, "key"), right);
	part = nft_get(left, "ct");
	if (part && nft_is(part, "key", "state"))
		truth = match_state(chain, right);
	if (nft_is(match, "op", "!=")) {
		/* A header that is not there is not unequal either. */
		part = nft_get(left, "payload");
		if (part && !is_header_of(chain->packet, nft_string(part, "protocol")))
			return NO;
		return YES - truth;
	}
	return nft_is(match, "op", "==") || nft_is(match, "op", "in") || truth == NO ? truth :
										       MAYBE;
}
