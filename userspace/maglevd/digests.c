// SPDX-License-Identifier: GPL-2.0-only
#include "digests.h"

#include <array.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	DIGEST_TEXT = 16 + 1,
};

static const char *const difference_texts[] = {
	[DIFFERENCE_NONE] = "nothing",
	[DIFFERENCE_MISSING] = "only one has it",
	[DIFFERENCE_KEY] = "cluster key",
	[DIFFERENCE_SIZE] = "table size",
	[DIFFERENCE_MODE] = "mode",
	[DIFFERENCE_BASE] = "backends or weights",
	[DIFFERENCE_LIVE] = "states or shares",
};

const char *difference_text(enum difference difference)
{
	return difference_texts[difference];
}

static int add(struct digests *digests, const struct digest *digest)
{
	struct digest *array =
		array_reserve(digests->digest, &digests->max, digests->n, 1, sizeof(*array));

	if (!array)
		return -ENOMEM;
	digests->digest = array;
	array[digests->n++] = *digest;
	return 0;
}

int digests_add(struct digests *digests, const struct maglev_lib_service *service)
{
	struct digest digest = {
		.key_check = service->key_check,
		.table_size = service->table_size,
		.mode = service->mode,
		.base = service->base_digest,
		.live = service->live_digest,
	};

	return service_key_read(&digest.service, &service->key) ? add(digests, &digest) : 0;
}

static int compare(const void *a, const void *b)
{
	_Static_assert(!offsetof(struct digest, service), "compared by its service");
	return service_key_compare(a, b);
}

void digests_sort(struct digests *digests)
{
	if (digests->n)
		qsort(digests->digest, digests->n, sizeof(*digests->digest), compare);
}

void digests_fini(struct digests *digests)
{
	free(digests->digest);
	*digests = (struct digests){};
}

const struct digest *digests_find(const struct digests *digests, const struct service_key *service)
{
	return digests->n ? bsearch(service, digests->digest, digests->n, sizeof(*digests->digest),
				    compare) :
			    NULL;
}

enum difference digest_compare(const struct digest *ours, const struct digest *theirs)
{
	if (!ours || !theirs)
		return ours == theirs ? DIFFERENCE_NONE : DIFFERENCE_MISSING;
	if (ours->key_check != theirs->key_check)
		return DIFFERENCE_KEY;
	if (ours->table_size != theirs->table_size)
		return DIFFERENCE_SIZE;
	if (ours->mode != theirs->mode)
		return DIFFERENCE_MODE;
	if (ours->base != theirs->base)
		return DIFFERENCE_BASE;
	return ours->live == theirs->live ? DIFFERENCE_NONE : DIFFERENCE_LIVE;
}

static bool write_digest(cJSON *object, const char *name, u64 digest)
{
	char text[DIGEST_TEXT];

	snprintf(text, sizeof(text), "%016llx", digest);
	return cJSON_AddStringToObject(object, name, text);
}

static bool write_service(cJSON *services, const struct digest *digest)
{
	cJSON *object = cJSON_CreateObject();
	char text[SERVICE_TEXT];

	if (!object || !cJSON_AddItemToArray(services, object))
		return false;
	return cJSON_AddStringToObject(object, "service",
				       service_key_text(&digest->service, text)) &&
	       write_digest(object, "key_check", digest->key_check) &&
	       cJSON_AddNumberToObject(object, "table_size", digest->table_size) &&
	       cJSON_AddStringToObject(object, "mode",
				       maglev_lib_word(&maglev_lib_mode_names, digest->mode) ?:
											       "") &&
	       write_digest(object, "base_digest", digest->base) &&
	       write_digest(object, "live_digest", digest->live);
}

cJSON *digests_create(const struct digests *digests)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *services = cJSON_AddArrayToObject(object, "services");
	bool ok = services;
	size_t i;

	for (i = 0; ok && i < digests->n; i++)
		ok = write_service(services, &digests->digest[i]);
	if (ok)
		return object;
	cJSON_Delete(object);
	return NULL;
}

static bool read_digest(u64 *digest, const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	char *end;

	if (!cJSON_IsString(item) || strlen(item->valuestring) != DIGEST_TEXT - 1 ||
	    strspn(item->valuestring, "0123456789abcdef") != DIGEST_TEXT - 1)
		return false;
	*digest = strtoull(item->valuestring, &end, 16);
	return true;
}

static bool read_service(struct digest *digest, const cJSON *object)
{
	const cJSON *service = cJSON_GetObjectItemCaseSensitive(object, "service");
	const cJSON *size = cJSON_GetObjectItemCaseSensitive(object, "table_size");
	const cJSON *mode = cJSON_GetObjectItemCaseSensitive(object, "mode");

	if (!cJSON_IsString(service) || !service_key_parse(&digest->service, service->valuestring))
		return false;
	/* Another mode than ours, one of a newer version too, is another mode. */
	if (!cJSON_IsString(mode) ||
	    !maglev_lib_value(&maglev_lib_mode_names, mode->valuestring, &digest->mode))
		digest->mode = ~0U;
	if (!cJSON_IsNumber(size) || !(size->valuedouble >= 0 && size->valuedouble <= ~0U))
		return false;
	digest->table_size = size->valuedouble;
	return read_digest(&digest->key_check, object, "key_check") &&
	       read_digest(&digest->base, object, "base_digest") &&
	       read_digest(&digest->live, object, "live_digest");
}

bool digests_parse(struct digests *digests, const char *text, size_t len)
{
	cJSON *root = cJSON_ParseWithLength(text, len);
	const cJSON *services = cJSON_GetObjectItemCaseSensitive(root, "services"), *item;
	bool ok = cJSON_IsArray(services);
	struct digest digest;

	cJSON_ArrayForEach(item, services) {
		digest = (struct digest){};
		if (ok && read_service(&digest, item))
			ok = !add(digests, &digest);
	}
	digests_sort(digests);
	cJSON_Delete(root);
	if (!ok)
		digests_fini(digests);
	return ok;
}
