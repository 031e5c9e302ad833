// SPDX-License-Identifier: GPL-2.0-only
/* Addresses with ports, strictly: one way to write each, no names, no zones. */
#include "endpoint.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum {
	PORT_MAX = 65535,
};

static bool read_address(int family, struct span text, void *addr)
{
	char copy[INET6_ADDRSTRLEN];

	if (text.len >= sizeof(copy) || memchr(text.at, 0, text.len))
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = 0;
	return inet_pton(family, copy, addr) == 1;
}

static bool is_mapped(const u8 addr[MAGLEV_IPV6_BYTES])
{
	struct in6_addr copy;

	memcpy(&copy, addr, sizeof(copy));
	return IN6_IS_ADDR_V4MAPPED(&copy);
}

static int parse_port(struct endpoint *endpoint, const struct input *input, struct span text,
		      u32 least)
{
	u64 port;

	if (!span_number(text, &port) || port < least || port > PORT_MAX)
		return err_refuse(input, text, "port", "%u to %d", least, PORT_MAX);
	endpoint->port = htons(port);
	return STATUS_DONE;
}

static int refuse_mapped(const struct endpoint *endpoint, const struct input *input,
			 struct span text, const char *what)
{
	const u8 *v4 = endpoint->addr + MAGLEV_IPV6_BYTES - MAGLEV_IPV4_BYTES;

	return err_refuse(input, text, what,
			  "an IPv4 address mapped to IPv6: write it as %d.%d.%d.%d:%d", v4[0],
			  v4[1], v4[2], v4[3], ntohs(endpoint->port));
}

static int parse_v6(struct endpoint *endpoint, const struct input *input, struct span text,
		    const char *what, u32 least_port)
{
	struct span inner = { .at = text.at + 1, .len = text.len - 1 }, rest, port;
	int status;

	inner = span_cut(inner, ']', &rest);
	if (!rest.at)
		return err_refuse(input, text, what, "] is missing: [2001:db8::1]:80");
	if (memchr(inner.at, '%', inner.len))
		return err_refuse(input, text, what,
				  "zones are not taken, only addresses without: [2001:db8::1]:80");
	if (!read_address(AF_INET6, inner, endpoint->addr))
		return err_refuse(input, text, what,
				  "an IPv6 address stands in brackets: [2001:db8::1]:80");
	if (!rest.len)
		return err_refuse(input, text, what, "the port is missing: [2001:db8::1]:80");
	if (span_cut(rest, ':', &port).len || !port.at)
		return err_refuse(input, rest, what, "only :PORT follows the address");
	status = parse_port(endpoint, input, port, least_port);
	if (!status && is_mapped(endpoint->addr))
		return refuse_mapped(endpoint, input, text, what);
	endpoint->addr_len = MAGLEV_IPV6_BYTES;
	return status;
}

static int parse(struct endpoint *endpoint, const struct input *input, struct span text,
		 const char *what, u32 least_port)
{
	struct span port, more, addr;

	if (text.len && *text.at == '[')
		return parse_v6(endpoint, input, text, what, least_port);
	addr = span_cut(text, ':', &port);
	if (read_address(AF_INET, addr, endpoint->addr)) {
		if (!port.at)
			return err_refuse(input, text, what, "the port is missing: 10.0.0.1:80");
		endpoint->addr_len = MAGLEV_IPV4_BYTES;
		return parse_port(endpoint, input, port, least_port);
	}
	if (port.at) {
		span_cut(port, ':', &more);
		if (more.at)
			return err_refuse(input, text, what,
					  "IPv6 addresses need brackets: [2001:db8::1]:80");
	}
	return err_refuse(input, text, what,
			  "an address and a port: 10.0.0.1:80 or [2001:db8::1]:80");
}

int endpoint_parse(struct endpoint *endpoint, const struct input *input, struct span text,
		   const char *what)
{
	return parse(endpoint, input, text, what, 1);
}

int endpoint_parse_any(struct endpoint *endpoint, const struct input *input, struct span text,
		       const char *what)
{
	return parse(endpoint, input, text, what, 0);
}

void endpoint_of_backend(struct endpoint *endpoint, const struct maglev_backend *backend)
{
	endpoint->addr_len = is_mapped(backend->addr) ? MAGLEV_IPV4_BYTES : MAGLEV_IPV6_BYTES;
	memcpy(endpoint->addr, backend->addr + MAGLEV_IPV6_BYTES - endpoint->addr_len,
	       endpoint->addr_len);
	endpoint->port = backend->port;
}

/* Much faster than printf, which counts when a million flows are looked up. */
static char *append_number(char *to, unsigned int number)
{
	char digits[10];
	int n = 0;

	do
		digits[n++] = '0' + number % 10;
	while (number /= 10);
	while (n)
		*to++ = digits[--n];
	return to;
}

static char *append_address(char *to, const struct endpoint *endpoint)
{
	int i;

	if (endpoint->addr_len == MAGLEV_IPV6_BYTES) {
		inet_ntop(AF_INET6, endpoint->addr, to, INET6_ADDRSTRLEN);
		return to + strlen(to);
	}
	for (i = 0; i < MAGLEV_IPV4_BYTES; i++) {
		if (i)
			*to++ = '.';
		to = append_number(to, endpoint->addr[i]);
	}
	return to;
}

const char *endpoint_address(const struct endpoint *endpoint, char text[ENDPOINT_TEXT])
{
	*append_address(text, endpoint) = 0;
	return text;
}

const char *endpoint_format(const struct endpoint *endpoint, char text[ENDPOINT_TEXT])
{
	bool brackets = endpoint->addr_len == MAGLEV_IPV6_BYTES;
	char *to = text;

	if (brackets)
		*to++ = '[';
	to = append_address(to, endpoint);
	if (brackets)
		*to++ = ']';
	*to++ = ':';
	*append_number(to, ntohs(endpoint->port)) = 0;
	return text;
}
