/* SPDX-License-Identifier: GPL-2.0-only */
/* Is a packet what a rule of nftables says? Of what we do not know of it, it may be. */
#ifndef MAGLEVADM_DOCTOR_MATCH_H
#define MAGLEVADM_DOCTOR_MATCH_H

#include "doctor.h"

#include <string.h>

enum {
	NFT_DEPTH = 16, /* of jumps, nftables' own limit; of sets in sets */
};

enum truth {
	NO,
	MAYBE,
	YES,
};

/* Where a packet is met. */
struct doctor_chain {
	const cJSON *items; /* of the ruleset */
	const cJSON *base; /* the base chain that is walked */
	const struct doctor_packet *packet;
};

/* Members of a JSON object; NULL and "" where there are none. */
static inline const cJSON *nft_get(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static inline const char *nft_string(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(nft_get(object, name)) ?: "";
}

static inline bool nft_is(const cJSON *object, const char *name, const char *value)
{
	return !strcmp(nft_string(object, name), value);
}

/* A named set or map of the table. Return: NULL where there is none. */
const cJSON *doctor_find_set(const struct doctor_chain *chain, const char *name);

/* A "match" of libnftables-json(5). */
enum truth doctor_match(const struct doctor_chain *chain, const cJSON *match);

#endif
