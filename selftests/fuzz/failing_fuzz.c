// SPDX-License-Identifier: GPL-2.0-only
// fuzz-sources: userspace/maglevd/failing.c userspace/maglevd/judge.c userspace/maglevd/endpoint.c userspace/maglevd/load*.c
// fuzz-flags: -Iinclude/uapi -Iuserspace/lib -Iuserspace/maglevd -lcjson -lm
/*
 * Any bytes as what a peer says of backends: it is refused, or it has an opinion on each; no backend
 * of a service that it does not name fails.
 */
#include <assert.h>
#include <failing.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct failing *failing, const char *service, const char *backend)
{
	struct endpoint endpoint, nobody = {};
	struct service_key key;
	enum opinion opinion;

	assert(service_key_parse(&key, service) && endpoint_parse(&endpoint, backend));
	opinion = failing_find(failing, &key, &endpoint);
	nobody.addr.len = MAGLEV_IPV4_BYTES; /* port 0 has none */
	assert(failing_find(failing, &key, &nobody) ==
	       (opinion == OPINION_NONE ? OPINION_NONE : OPINION_UP));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1); /* of its exact size, for ASan */
	struct failing *failing;

	if (!text)
		return 0;
	memcpy(text, data, size);
	failing = failing_parse(text, size);
	if (failing) {
		look(failing, "udp [2001:db8::10]:53", "[2001:db8::1]:53");
		look(failing, "tcp 192.0.2.10:80", "10.0.0.1:80");
	}
	failing_destroy(failing);
	free(text);
	return 0;
}
