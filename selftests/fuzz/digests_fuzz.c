// SPDX-License-Identifier: GPL-2.0-only
// fuzz-sources: userspace/maglevd/digests.c userspace/maglevd/endpoint.c userspace/lib/array.c
// fuzz-sources: userspace/lib/decode.c userspace/lib/names.c userspace/lib/objects.c
// fuzz-flags: -Iinclude/uapi -Iuserspace/lib -Iuserspace/maglevd -lcjson -lmnl
/*
 * Any bytes as what a peer says of its tables: they are refused, or each service of them is found
 * again, and what we would say of them is understood as the same.
 */
#include <assert.h>
#include <digests.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct digests *digests)
{
	struct digests again = {};
	cJSON *json = digests_create(digests);
	char *text = cJSON_PrintUnformatted(json);
	size_t i;

	assert(text && digests_parse(&again, text, strlen(text)));
	assert(again.n == digests->n);
	for (i = 0; i < digests->n; i++)
		assert(digests_find(digests, &again.digest[i].service));
	digests_fini(&again);
	cJSON_free(text);
	cJSON_Delete(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1); /* of its exact size, for ASan */
	struct digests digests = {};

	if (!text)
		return 0;
	memcpy(text, data, size);
	if (digests_parse(&digests, text, size))
		look(&digests);
	digests_fini(&digests);
	free(text);
	return 0;
}
