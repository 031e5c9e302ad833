/* SPDX-License-Identifier: GPL-2.0-only */
/* An address and a port, as clients, VIPs and backends are written. */
#ifndef MAGLEVADM_ENDPOINT_H
#define MAGLEVADM_ENDPOINT_H

#include <arpa/inet.h>
#include <maglev/table.h>
#include "err.h"

enum {
	ENDPOINT_TEXT = INET6_ADDRSTRLEN + sizeof("[]:65535"),
};

struct endpoint {
	u32 addr_len; /* MAGLEV_IPV4_BYTES or MAGLEV_IPV6_BYTES */
	u8 addr[MAGLEV_IPV6_BYTES];
	__be16 port;
};

/*
 * Read 10.0.0.1:80 or [2001:db8::1]:80; @what names it in errors.
 *
 * Return: STATUS_DONE, or what has been said.
 */
int endpoint_parse(struct endpoint *endpoint, const struct input *input, struct span text,
		   const char *what);

/* The same for what may take every port: 0 is a port. */
int endpoint_parse_any(struct endpoint *endpoint, const struct input *input, struct span text,
		       const char *what);

void endpoint_of_backend(struct endpoint *endpoint, const struct maglev_backend *backend);

/* Write the address alone, or with brackets and port as it is read. Return: @text. */
const char *endpoint_address(const struct endpoint *endpoint, char text[ENDPOINT_TEXT]);
const char *endpoint_format(const struct endpoint *endpoint, char text[ENDPOINT_TEXT]);

#endif
