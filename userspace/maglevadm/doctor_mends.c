// SPDX-License-Identifier: GPL-2.0-only
/* Words that several checks say: of ipvsadm's commands, and of a firewall's rule. */
#include "doctor.h"

#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stdio.h>
#include <string.h>

enum {
	GRE_BYTES = 4, /* RFC 2784, each with a checksum */
};

const char *doctor_ipvs_service(const struct doctor_service *service, char text[SHOW_NAME])
{
	const struct maglev_lib_service_key *key = &service->key;
	const char *option = key->protocol == IPPROTO_TCP ? "-t" :
			     key->protocol == IPPROTO_UDP ? "-u" :
							    "--sctp-service";
	char endpoint[SHOW_NAME];

	if (key->fwmark)
		snprintf(text, SHOW_NAME, "-f %u%s", key->fwmark, key->af == AF_INET6 ? " -6" : "");
	else
		snprintf(text, SHOW_NAME, "%s %.70s", option,
			 show_endpoint(&key->addr, key->port, endpoint));
	return text;
}

const char *doctor_owned(const struct doctor_service *service)
{
	return service->is_owned ? "; maglevd has made it: change its file too" : "";
}

static bool is_tunnelled(const struct doctor_backend *backend)
{
	const struct ipvs_way *way = &backend->ipvs.way;

	return backend->is_ipvs && way->method == IP_VS_CONN_F_TUNNEL &&
	       (way->type == IP_VS_CONN_F_TUNNEL_TYPE_GRE ||
		way->type == IP_VS_CONN_F_TUNNEL_TYPE_IPIP);
}

/* Its own way if that is one of ours, else that of another backend, which is known to work. */
const char *doctor_ipvs_backend(const struct doctor_service *service,
				const struct doctor_backend *backend, u32 weight,
				char text[DOCTOR_COMMAND])
{
	const struct doctor_backend *like = is_tunnelled(backend) ? backend : NULL;
	bool is_gre;
	size_t i;

	for (i = 0; !like && i < service->n; i++)
		if (is_tunnelled(&service->backend[i]))
			like = &service->backend[i];
	is_gre = !like || like->ipvs.way.type == IP_VS_CONN_F_TUNNEL_TYPE_GRE;
	snprintf(text, DOCTOR_COMMAND, "-r %s -i --tun-type %s%s -w %u", backend->name,
		 is_gre ? "gre" : "ipip",
		 like && like->ipvs.way.flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM ? " --tun-csum" : "",
		 weight);
	return text;
}

u32 doctor_overhead(const struct doctor_backend *backend)
{
	u32 outer = backend->addr.len == MAGLEV_IPV6_BYTES ? sizeof(struct ip6_hdr) :
							     sizeof(struct iphdr);

	if (!backend->is_ours || backend->ours.tunnel != MAGLEV_NL_TUNNEL_GRE)
		return outer;
	return outer + GRE_BYTES * (backend->ours.tunnel_checksum ? 2 : 1);
}

void doctor_seen_drop(struct doctor_finding *finding, const struct doctor_drop *drop)
{
	char packets[SHOW_NUMBER] = "";

	if (drop->packets)
		snprintf(packets, sizeof(packets), ", %llu packets", drop->packets);
	doctor_seen(finding, "nftables, %s %s: the %s%s", drop->family, drop->table, drop->rule,
		    packets);
}
