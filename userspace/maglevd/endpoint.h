/* SPDX-License-Identifier: GPL-2.0-only */
/* An address and a port: of a VIP, of a backend, of another balancer. */
#ifndef MAGLEVD_ENDPOINT_H
#define MAGLEVD_ENDPOINT_H

#include <arpa/inet.h>
#include <objects.h>

enum {
	ENDPOINT_TEXT = INET6_ADDRSTRLEN + sizeof("[]:65535"),
	SERVICE_TEXT = ENDPOINT_TEXT + sizeof("sctp "),
};

/* Bytes of the address behind its length are 0. */
struct endpoint {
	struct maglev_lib_addr addr;
	u16 port; /* host order */
};

/* The name of a service. */
struct service_key {
	u16 protocol;
	struct endpoint vip;
};

/* Both order; 0: equal. IPv4 comes before IPv6. */
int endpoint_compare(const struct endpoint *a, const struct endpoint *b);
int service_key_compare(const struct service_key *a, const struct service_key *b);

/* 10.0.0.1:80, [2001:db8::1]:80; and tcp in front of it. Return: @text. */
const char *endpoint_text(const struct endpoint *endpoint, char text[ENDPOINT_TEXT]);
const char *service_key_text(const struct service_key *key, char text[SERVICE_TEXT]);

/* Read what these write. Return: was it that? */
bool endpoint_parse(struct endpoint *endpoint, const char *text);
bool service_key_parse(struct service_key *key, const char *text);

/* Return: false: it is named by a firewall mark. */
bool service_key_read(struct service_key *key, const struct maglev_lib_service_key *from);

const char *protocol_name(u16 protocol);

#endif
