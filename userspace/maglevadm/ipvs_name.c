// SPDX-License-Identifier: GPL-2.0-only
/* Names of protocols, methods and tunnels; names of hosts and ports from the system. */
#include "ipvs_name.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

const char *ipvs_name_protocol(u16 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_SCTP:
		return "SCTP";
	default:
		return "?";
	}
}

const char *ipvs_name_host(const struct ipvs_address *address, char text[IPVS_HOST])
{
	if (!inet_ntop(address->af, address->byte, text, IPVS_HOST))
		snprintf(text, IPVS_HOST, "?");
	return text;
}

static const char *find_host(const struct ipvs_address *address, char text[IPVS_HOST])
{
	size_t len = address->af == AF_INET6 ? MAGLEV_IPV6_BYTES : MAGLEV_IPV4_BYTES;
	struct hostent *host = gethostbyaddr(address->byte, len, address->af);

	return host ? host->h_name : ipvs_name_host(address, text);
}

static const char *find_port(__be16 port, u16 protocol)
{
	const char *name = protocol == IPPROTO_TCP  ? "tcp" :
			   protocol == IPPROTO_UDP  ? "udp" :
			   protocol == IPPROTO_SCTP ? "sctp" :
						      NULL;
	struct servent *service = name ? getservbyport(port, name) : NULL;

	return service ? service->s_name : NULL;
}

const char *ipvs_name_address(const struct ipvs_address *address, u16 protocol, bool numeric,
			      char text[IPVS_NAME])
{
	const char *host, *port = numeric ? NULL : find_port(address->port, protocol);
	bool brackets = address->af != AF_INET;
	char digits[sizeof("65535")], numbers[IPVS_HOST];

	host = numeric ? ipvs_name_host(address, numbers) : find_host(address, numbers);
	snprintf(digits, sizeof(digits), "%u", ntohs(address->port));
	snprintf(text, IPVS_NAME, "%s%s%s:%s", brackets ? "[" : "", host, brackets ? "]" : "",
		 port ? port : digits);
	return text;
}

const char *ipvs_name_service(const struct ipvs_key *key, bool numeric,
			      char text[IPVS_SERVICE_NAME])
{
	char address[IPVS_NAME];

	/* ipvsadm prints a mark as an int */
	if (key->fwmark)
		snprintf(text, IPVS_SERVICE_NAME, "FWM  %d%s", (int)key->fwmark,
			 key->address.af == AF_INET6 ? " IPv6" : "");
	else
		snprintf(text, IPVS_SERVICE_NAME, "%-4s %s", ipvs_name_protocol(key->protocol),
			 ipvs_name_address(&key->address, key->protocol, numeric, address));
	return text;
}

const char *ipvs_name_method(u32 method)
{
	switch (method) {
	case IP_VS_CONN_F_MASQ:
		return "Masq";
	case IP_VS_CONN_F_LOCALNODE:
		return "Local";
	case IP_VS_CONN_F_TUNNEL:
		return "Tunnel";
	case IP_VS_CONN_F_DROUTE:
		return "Route";
	default:
		return "?";
	}
}

const char *ipvs_name_type(u32 type)
{
	switch (type) {
	case IP_VS_CONN_F_TUNNEL_TYPE_IPIP:
		return "ipip";
	case IP_VS_CONN_F_TUNNEL_TYPE_GUE:
		return "gue";
	case IP_VS_CONN_F_TUNNEL_TYPE_GRE:
		return "gre";
	default:
		return NULL;
	}
}

const char *ipvs_name_info(const struct ipvs_way *way, char text[IPVS_INFO])
{
	const char *type = way->method == IP_VS_CONN_F_TUNNEL ? ipvs_name_type(way->type) : NULL;
	const char *checksum = way->flags & IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM ? "r+c" :
			       way->flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM    ? "+c" :
									      "-c";

	if (!type)
		snprintf(text, IPVS_INFO, "n/a");
	else if (way->type == IP_VS_CONN_F_TUNNEL_TYPE_IPIP)
		snprintf(text, IPVS_INFO, "%s", type);
	else if (way->type == IP_VS_CONN_F_TUNNEL_TYPE_GUE)
		snprintf(text, IPVS_INFO, "%s:%u:%s", type, ntohs(way->port), checksum);
	else
		snprintf(text, IPVS_INFO, "%s:%s", type, checksum);
	return text;
}

const char *ipvs_name_way(const struct ipvs_way *way, char text[IPVS_WAY])
{
	const char *type = ipvs_name_type(way->type);
	const char *checksum = way->flags & IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM ?
				       " with remote checksum" :
			       way->flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM ? " with checksum" :
									   "";

	if (way->method != IP_VS_CONN_F_TUNNEL || !type)
		snprintf(text, IPVS_WAY, "%s", ipvs_name_method(way->method));
	else if (way->type == IP_VS_CONN_F_TUNNEL_TYPE_GUE)
		snprintf(text, IPVS_WAY, "Tunnel gue port %u%s", ntohs(way->port), checksum);
	else
		snprintf(text, IPVS_WAY, "Tunnel %s%s", type, checksum);
	return text;
}
