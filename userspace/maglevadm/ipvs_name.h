/* SPDX-License-Identifier: GPL-2.0-only */
/* Services, backends and the ways to them as ipvsadm writes them. */
#ifndef MAGLEVADM_IPVS_NAME_H
#define MAGLEVADM_IPVS_NAME_H

#include <ipvs_table.h>

enum {
	IPVS_HOST = sizeof("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"),
	IPVS_NAME = 60, /* names are cut where ipvsadm cuts them */
	IPVS_SERVICE_NAME = IPVS_NAME + sizeof("SCTP "),
	IPVS_WAY = sizeof("Tunnel gue port 65535 with remote checksum"),
	IPVS_INFO = 16, /* "gue:65535:r+c" */
};

/* All write and return @text; without @numeric, names are looked up. */
const char *ipvs_name_address(const struct ipvs_address *address, u16 protocol, bool numeric,
			      char text[IPVS_NAME]);
const char *ipvs_name_service(const struct ipvs_key *key, bool numeric,
			      char text[IPVS_SERVICE_NAME]);

/* The address alone, numeric, without brackets. */
const char *ipvs_name_host(const struct ipvs_address *address, char text[IPVS_HOST]);

/* "TCP", or "?" */
const char *ipvs_name_protocol(u16 protocol);

/* "Masq", "Local", "Tunnel" or "Route". */
const char *ipvs_name_method(u32 method);

/* "ipip", "gue", "gre", or NULL. */
const char *ipvs_name_type(u32 type);

/* What ipvsadm --tun-info shows: "gre:+c", or "n/a". */
const char *ipvs_name_info(const struct ipvs_way *way, char text[IPVS_INFO]);

/* For people: "Tunnel gre with checksum". */
const char *ipvs_name_way(const struct ipvs_way *way, char text[IPVS_WAY]);

#endif
