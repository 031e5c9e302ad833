// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists as JSON: everything there is whatever columns were asked for, keys as our spec
 * has them where it has them, otherwise IPVS's attributes in lower case. What our plane
 * says stands apart, under "maglev".
 */
#include "ipvs_list.h"

#include "show.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

struct counter {
	const char *key;
	int attribute; /* IPVS_STATS_ATTR_* */
};

static const struct counter counters[] = {
	{ "conns", IPVS_STATS_ATTR_CONNS },	  { "inpkts", IPVS_STATS_ATTR_INPKTS },
	{ "outpkts", IPVS_STATS_ATTR_OUTPKTS },	  { "inbytes", IPVS_STATS_ATTR_INBYTES },
	{ "outbytes", IPVS_STATS_ATTR_OUTBYTES }, { "cps", IPVS_STATS_ATTR_CPS },
	{ "inpps", IPVS_STATS_ATTR_INPPS },	  { "outpps", IPVS_STATS_ATTR_OUTPPS },
	{ "inbps", IPVS_STATS_ATTR_INBPS },	  { "outbps", IPVS_STATS_ATTR_OUTBPS },
};

static void put_stats(struct out *out, const struct ipvs_stats *stats)
{
	size_t i;

	out_object_begin(out, "stats");
	for (i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		out_json_number(out, counters[i].key, stats->value[counters[i].attribute]);
	out_object_end(out);
}

static void copy_address(struct maglev_lib_addr *to, const struct ipvs_address *from)
{
	to->len = from->af == AF_INET6 ? MAGLEV_IPV6_BYTES : MAGLEV_IPV4_BYTES;
	memcpy(to->byte, from->byte, to->len);
}

static void put_key(struct out *out, const struct ipvs_key *from)
{
	struct maglev_lib_service_key key = {
		.has = MAGLEV_LIB_HAS(SERVICE_KEY_AF),
		.af = from->address.af,
		.protocol = from->protocol,
		.port = from->address.port,
		.fwmark = from->fwmark,
	};

	copy_address(&key.addr, &from->address);
	if (from->fwmark)
		key.has |= MAGLEV_LIB_HAS(SERVICE_KEY_FWMARK);
	else
		key.has |= MAGLEV_LIB_HAS(SERVICE_KEY_PROTOCOL) | MAGLEV_LIB_HAS(SERVICE_KEY_ADDR) |
			   MAGLEV_LIB_HAS(SERVICE_KEY_PORT);
	show_object(out, "key", &maglev_lib_service_key_object, &key);
}

static void put_persistence(struct out *out, const struct ipvs_service *service)
{
	struct in_addr mask = { .s_addr = service->netmask };
	char text[INET_ADDRSTRLEN];

	out_json_number(out, "timeout", service->timeout);
	if (service->key.address.af == AF_INET6)
		out_json_number(out, "netmask", service->netmask);
	else
		out_json_string(out, "netmask", inet_ntop(AF_INET, &mask, text, sizeof(text)));
	if (service->engine[0])
		out_json_string(out, "pe-name", service->engine);
}

static void put_flags(struct out *out, u32 flags)
{
	static const struct {
		u32 flag;
		const char *word;
	} known[] = {
		{ IP_VS_SVC_F_PERSISTENT, "persistent" }, { IP_VS_SVC_F_ONEPACKET, "one-packet" },
		{ IP_VS_SVC_F_SCHED1, "flag-1" },	  { IP_VS_SVC_F_SCHED2, "flag-2" },
		{ IP_VS_SVC_F_SCHED3, "flag-3" },
	};
	size_t i;

	out_list_begin(out, "flags", NULL, 0);
	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (flags & known[i].flag)
			out_json_string(out, NULL, known[i].word);
	out_list_end(out);
}

/* The way to a backend, and its name, as our spec has them. */
static void put_way(struct out *out, const struct ipvs_backend *from)
{
	static const u32 tunnels[] = {
		[IP_VS_CONN_F_TUNNEL_TYPE_IPIP] = MAGLEV_NL_TUNNEL_IPIP,
		[IP_VS_CONN_F_TUNNEL_TYPE_GUE] = MAGLEV_NL_TUNNEL_GUE,
		[IP_VS_CONN_F_TUNNEL_TYPE_GRE] = MAGLEV_NL_TUNNEL_GRE,
	};
	const struct ipvs_way *way = &from->way;
	bool tunnel = way->method == IP_VS_CONN_F_TUNNEL &&
		      way->type < sizeof(tunnels) / sizeof(*tunnels);
	struct maglev_lib_backend backend = {
		.has = MAGLEV_LIB_HAS(BACKEND_ADDR) | MAGLEV_LIB_HAS(BACKEND_PORT) |
		       MAGLEV_LIB_HAS(BACKEND_WEIGHT) | MAGLEV_LIB_HAS(BACKEND_METHOD) |
		       MAGLEV_LIB_HAS(BACKEND_TUNNEL),
		.port = from->address.port,
		.weight = from->weight,
		.method = way->method, /* our spec has IPVS's numbers */
		.tunnel = tunnel ? tunnels[way->type] : MAGLEV_NL_TUNNEL_NONE,
		.tunnel_checksum = !!(way->flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM),
	};

	copy_address(&backend.addr, &from->address);
	if (tunnel)
		backend.has |= MAGLEV_LIB_HAS(BACKEND_TUNNEL_CHECKSUM);
	show_members(out, &maglev_lib_backend_object, &backend);
	if (backend.tunnel != MAGLEV_NL_TUNNEL_GUE)
		return;
	out_json_number(out, "tun-port", ntohs(way->port));
	out_json_number(out, "tun-remcsum", !!(way->flags & IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM));
}

static void put_backend(struct out *out, const struct ipvs_backend *backend)
{
	out_row_begin(out);
	put_way(out, backend);
	out_json_number(out, "u-thresh", backend->u_threshold);
	out_json_number(out, "l-thresh", backend->l_threshold);
	out_json_number(out, "active-conns", backend->active);
	out_json_number(out, "inact-conns", backend->inactive);
	out_json_number(out, "persist-conns", backend->persistent);
	put_stats(out, &backend->stats);
	if (backend->ours)
		show_object(out, "maglev", &maglev_lib_backend_object, backend->ours);
	out_row_end(out);
}

static void put_service(struct out *out, const struct ipvs_service *service)
{
	size_t i;

	out_row_begin(out);
	put_key(out, &service->key);
	out_json_string(out, "scheduler", service->scheduler);
	put_flags(out, service->flags);
	if (service->flags & IP_VS_SVC_F_PERSISTENT)
		put_persistence(out, service);
	put_stats(out, &service->stats);
	if (service->ours)
		show_object(out, "maglev", &maglev_lib_service_object, service->ours);
	out_list_begin(out, "backends", NULL, 0);
	for (i = 0; i < service->n; i++)
		put_backend(out, &service->backend[i]);
	out_list_end(out);
	out_row_end(out);
}

void ipvs_json_services(struct out *out, const struct ipvs_table *table)
{
	char version[sizeof("255.255.255")];
	size_t i;

	snprintf(version, sizeof(version), "%u.%u.%u", NVERSION(table->version));
	out_json_string(out, "version", version);
	out_json_number(out, "conn-tab-size", table->size);
	out_list_begin(out, "services", NULL, 0);
	for (i = 0; i < table->n; i++)
		put_service(out, &table->service[i]);
	out_list_end(out);
}
