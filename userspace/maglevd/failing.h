/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What balancers tell each other: which backends fail by their own checks alone. States would not
 * do: balancers that wait for each other's would wait for ever. As JSON, by service:
 *
 *	{"services": [{"service": "tcp 192.0.2.10:80", "failing": ["10.0.0.1:80"]}]}
 */
#ifndef MAGLEVD_FAILING_H
#define MAGLEVD_FAILING_H

#include "world.h"

#include <cjson/cJSON.h>

/* What one of them said. */
struct failing;

/* What we say. Return: to be deleted; NULL without memory. */
cJSON *failing_create(const struct world *world);

/*
 * failing_parse: any bytes. What in them is of no service or backend as we name them is left out:
 * a newer one may know more.
 *
 * Return: NULL if they are no such JSON, or without memory.
 */
struct failing *failing_parse(const char *text, size_t len);

/* @failing may be NULL. */
void failing_destroy(struct failing *failing);

/* Return: OPINION_DOWN if it fails, OPINION_UP if not, OPINION_NONE if the service is not known there. */
enum opinion failing_find(const struct failing *failing, const struct service_key *service,
			  const struct endpoint *backend);

#endif
