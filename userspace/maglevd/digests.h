/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What balancers tell each other of their tables. Two agree on a service if all of it is equal
 * (DESIGN.md 3). As JSON:
 *
 *	{"services": [{"service": "tcp 192.0.2.10:80", "key_check": "b88fb28d06d5efe1",
 *		       "table_size": 65537, "mode": "tuple",
 *		       "base_digest": "4711fbf57d46ea1e", "live_digest": "9e4c80c06e370822"}]}
 */
#ifndef MAGLEVD_DIGESTS_H
#define MAGLEVD_DIGESTS_H

#include "endpoint.h"

#include <cjson/cJSON.h>

/**
 * enum difference - in what two balancers differ on a service, the first that holds
 * @DIFFERENCE_NONE: in nothing
 * @DIFFERENCE_MISSING: only one of them has it
 * @DIFFERENCE_KEY: the cluster's key
 * @DIFFERENCE_SIZE: slots of the table
 * @DIFFERENCE_MODE: what chooses a flow's slot
 * @DIFFERENCE_BASE: backends or weights
 * @DIFFERENCE_LIVE: states or shares of backends
 */
enum difference {
	DIFFERENCE_NONE,
	DIFFERENCE_MISSING,
	DIFFERENCE_KEY,
	DIFFERENCE_SIZE,
	DIFFERENCE_MODE,
	DIFFERENCE_BASE,
	DIFFERENCE_LIVE,
};

struct digest {
	struct service_key service;
	u64 key_check;
	u32 table_size;
	u32 mode;
	u64 base, live;
};

/* All zero: none. */
struct digests {
	struct digest *digest; /* ordered by service */
	size_t n, max;
};

/* Services named by a firewall mark are left out. Return: 0 or -ENOMEM. */
int digests_add(struct digests *digests, const struct maglev_lib_service *service);

/* Order what was added, in any order. */
void digests_sort(struct digests *digests);

void digests_fini(struct digests *digests);

const struct digest *digests_find(const struct digests *digests, const struct service_key *service);

/* Either may be NULL. */
enum difference digest_compare(const struct digest *ours, const struct digest *theirs);

/* "cluster key", "backends or weights", ... */
const char *difference_text(enum difference difference);

/* Return: to be deleted; NULL without memory. */
cJSON *digests_create(const struct digests *digests);

/*
 * digests_parse: any bytes, into empty @digests. What in them is not of a service as we name them,
 * or not whole, is left out: a newer one may know more.
 *
 * Return: was it such JSON, and was there memory?
 */
bool digests_parse(struct digests *digests, const char *text, size_t len);

#endif
