// SPDX-License-Identifier: GPL-2.0-only
/*
 * Services that have nobody who fails are named too: who does not have one has no vote on it. What
 * was said is kept as one ordered array of backends, and of no backend for the service itself.
 */
#include "failing.h"

#include "judge.h"

#include <stdlib.h>

struct said {
	struct service_key service;
	struct endpoint backend; /* addr.len 0: none */
};

struct failing {
	size_t n;
	struct said said[];
};

static bool add_service(cJSON *services, const struct service *service)
{
	cJSON *object = cJSON_CreateObject(), *failing, *backend;
	char key[SERVICE_TEXT], text[ENDPOINT_TEXT];
	size_t i;

	if (!object || !cJSON_AddItemToArray(services, object))
		return false;
	if (!cJSON_AddStringToObject(object, "service", service_key_text(&service->key, key)))
		return false;
	failing = cJSON_AddArrayToObject(object, "failing");
	for (i = 0; failing && i < service->n; i++) {
		if (judge_opinion(&service->member[i]) != OPINION_DOWN)
			continue;
		backend = cJSON_CreateString(endpoint_text(&service->member[i].backend, text));
		if (!backend || !cJSON_AddItemToArray(failing, backend))
			return false;
	}
	return failing;
}

cJSON *failing_create(const struct world *world)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *services = cJSON_AddArrayToObject(object, "services");
	bool ok = services;
	size_t i;

	for (i = 0; ok && i < world->n_services; i++)
		ok = add_service(services, &world->service[i]);
	if (ok)
		return object;
	cJSON_Delete(object);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const struct said *left = a, *right = b;

	return service_key_compare(&left->service, &right->service) ?:
		       endpoint_compare(&left->backend, &right->backend);
}

/* Each item is a service at most, and each in a list of it a backend. */
static size_t count_room(const cJSON *services)
{
	const cJSON *item;
	size_t room = 0;

	cJSON_ArrayForEach(item, services)
		room += 1 + cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(item, "failing"));
	return room;
}

static void take_service(struct failing *failing, const cJSON *item)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(item, "service");
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(item, "failing"), *backend;
	struct said said = {};

	if (!cJSON_IsString(name) || !cJSON_IsArray(list) ||
	    !service_key_parse(&said.service, name->valuestring))
		return;
	failing->said[failing->n++] = said;
	cJSON_ArrayForEach(backend, list)
		if (cJSON_IsString(backend) && endpoint_parse(&said.backend, backend->valuestring))
			failing->said[failing->n++] = said;
}

struct failing *failing_parse(const char *text, size_t len)
{
	cJSON *root = cJSON_ParseWithLength(text, len);
	const cJSON *services = cJSON_GetObjectItemCaseSensitive(root, "services"), *item;
	struct failing *failing = NULL;

	if (cJSON_IsArray(services))
		failing = malloc(sizeof(*failing) + count_room(services) * sizeof(struct said));
	if (failing) {
		failing->n = 0;
		cJSON_ArrayForEach(item, services)
			take_service(failing, item);
		qsort(failing->said, failing->n, sizeof(*failing->said), compare);
	}
	cJSON_Delete(root);
	return failing;
}

void failing_destroy(struct failing *failing)
{
	free(failing);
}

static bool was_said(const struct failing *failing, const struct said *said)
{
	return bsearch(said, failing->said, failing->n, sizeof(*said), compare);
}

enum opinion failing_find(const struct failing *failing, const struct service_key *service,
			  const struct endpoint *backend)
{
	struct said said = { .service = *service };

	if (!was_said(failing, &said))
		return OPINION_NONE;
	said.backend = *backend;
	return was_said(failing, &said) ? OPINION_DOWN : OPINION_UP;
}
