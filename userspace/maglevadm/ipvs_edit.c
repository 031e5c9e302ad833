// SPDX-License-Identifier: GPL-2.0-only
/*
 * A small model of IPVS: which backends there are, and the way to each. Commands that
 * ipvsadm or the kernel refuse leave it as it is.
 */
#include "ipvs_edit.h"

#include "err.h"
#include "flows.h"
#include "ipvs_name.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum {
	OPTIONS_TEXT = sizeof(" -i --tun-type gue --tun-port 65535 --tun-remcsum"),
};

static bool is_given(const struct ipvs_words *words, enum ipvs_word word)
{
	return words->given & IPVS_BIT(word);
}

/* Does ipvsadm take these options of tunnels together? */
static bool is_accepted(const struct ipvs_words *words)
{
	u64 tunnel = IPVS_BIT(IPVS_TUN_TYPE) | IPVS_BIT(IPVS_TUN_PORT) | IPVS_CHECKSUM_BITS;
	u64 checksum = words->given & IPVS_CHECKSUM_BITS;

	if (!is_given(words, IPVS_SERVER) || !(words->given & IPVS_SERVICE_BITS))
		return false;
	if (words->way.method != IP_VS_CONN_F_TUNNEL)
		return !(words->given & tunnel);
	if (checksum & (checksum - 1))
		return false;
	switch (words->way.type) {
	case IP_VS_CONN_F_TUNNEL_TYPE_IPIP:
		return !is_given(words, IPVS_TUN_PORT) && !checksum;
	case IP_VS_CONN_F_TUNNEL_TYPE_GUE:
		return is_given(words, IPVS_TUN_PORT);
	default:
		return !is_given(words, IPVS_TUN_PORT) && !is_given(words, IPVS_TUN_REMCSUM);
	}
}

/* The flags that this type of tunnel can have. */
static u16 flags_of(u8 type)
{
	switch (type) {
	case IP_VS_CONN_F_TUNNEL_TYPE_GUE:
		return IP_VS_TUNNEL_ENCAP_FLAG_CSUM | IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM;
	case IP_VS_CONN_F_TUNNEL_TYPE_GRE:
		return IP_VS_TUNNEL_ENCAP_FLAG_CSUM;
	default:
		return 0;
	}
}

/* Does the edit take away from @now what it does not mention? */
static bool forgets(const struct ipvs_words *words, const struct ipvs_way *now)
{
	if (!(words->given & IPVS_METHOD_BITS))
		return now->method == IP_VS_CONN_F_MASQ || now->method == IP_VS_CONN_F_TUNNEL;
	if (words->way.method != IP_VS_CONN_F_TUNNEL || now->method != IP_VS_CONN_F_TUNNEL)
		return false;
	if (!is_given(words, IPVS_TUN_TYPE) && now->type != words->way.type)
		return true;
	return !(words->given & IPVS_CHECKSUM_BITS) && now->flags & flags_of(words->way.type);
}

/* The options that would have kept @now, a blank before each. */
static void list_options(char text[OPTIONS_TEXT], const struct ipvs_words *words,
			 const struct ipvs_way *now)
{
	bool tunnel = now->method == IP_VS_CONN_F_TUNNEL;
	bool typed = tunnel && now->type != IP_VS_CONN_F_TUNNEL_TYPE_IPIP;
	bool port = now->type == IP_VS_CONN_F_TUNNEL_TYPE_GUE && !is_given(words, IPVS_TUN_PORT);
	const char *checksum = now->flags & IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM ? " --tun-remcsum" :
			       now->flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM    ? " --tun-csum" :
									      "";
	char type[sizeof(" --tun-type gue")] = "", number[sizeof(" --tun-port 65535")] = "";
	const char *method = "";

	if (!(words->given & IPVS_METHOD_BITS))
		method = tunnel ? " -i" : " -m";
	if (typed && !is_given(words, IPVS_TUN_TYPE))
		snprintf(type, sizeof(type), " --tun-type %s", ipvs_name_type(now->type));
	if (typed && port && *type)
		snprintf(number, sizeof(number), " --tun-port %u", ntohs(now->port));
	if (!typed || words->given & IPVS_CHECKSUM_BITS)
		checksum = "";
	snprintf(text, OPTIONS_TEXT, "%s%s%s%s", method, type, number, checksum);
}

static void warn(const struct ipvs_words *words, const struct ipvs_backend *backend,
		 unsigned long line)
{
	char now[IPVS_WAY], after[IPVS_WAY], options[OPTIONS_TEXT], place[32] = "";
	char address[IPVS_NAME], service[IPVS_NAME + sizeof("sctp ")];
	const struct ipvs_key *key = &words->service;

	if (line)
		snprintf(place, sizeof(place), "stdin:%lu: ", line);
	if (key->fwmark)
		snprintf(service, sizeof(service), "fwmark %u", key->fwmark);
	else
		snprintf(service, sizeof(service), "%s %s", flow_protocol_name(key->protocol),
			 ipvs_name_address(&key->address, key->protocol, true, address));
	list_options(options, words, &backend->way);
	err_warn("%s%s of %s is %s and becomes %s: to keep it add%s", place,
		 ipvs_name_address(&backend->address, 0, true, address), service,
		 ipvs_name_way(&backend->way, now), ipvs_name_way(&words->way, after), options);
}

static void follow_backend(struct ipvs_service *service, const struct ipvs_words *words,
			   unsigned long line)
{
	struct ipvs_backend *backend = ipvs_find_backend(service, &words->server);

	switch (words->command) {
	case IPVS_ADD_SERVER:
		backend = backend || !is_accepted(words) ? NULL : ipvs_add_backend(service);
		if (!backend)
			return;
		backend->address = words->server;
		backend->way = words->way;
		break;
	case IPVS_EDIT_SERVER:
		if (!backend || !is_accepted(words))
			return;
		if (forgets(words, &backend->way))
			warn(words, backend, line);
		backend->way = words->way;
		break;
	default:
		if (backend)
			ipvs_remove_backend(service, backend);
	}
}

void ipvs_edit_follow(struct ipvs_table *table, const struct ipvs_words *words, unsigned long line)
{
	struct ipvs_service *service = ipvs_find_service(table, &words->service);

	switch (words->command) {
	case IPVS_CLEAR:
		ipvs_table_fini(table);
		break;
	case IPVS_ADD_SERVICE:
		service = service ? NULL : ipvs_add_service(table);
		if (service)
			service->key = words->service;
		break;
	case IPVS_DELETE_SERVICE:
		if (service)
			ipvs_remove_service(table, service);
		break;
	case IPVS_ADD_SERVER:
	case IPVS_EDIT_SERVER:
	case IPVS_DELETE_SERVER:
		if (service)
			follow_backend(service, words, line);
		break;
	default:
		break;
	}
}
