// SPDX-License-Identifier: GPL-2.0-only
/* Names of backends as bytes, sorted by these. */
#include "pairs.h"

#include "err.h"

#include <array.h>
#include <stdlib.h>
#include <string.h>

void pair_name_of(struct pair_name *name, const struct maglev_lib_message *message)
{
	const struct maglev_lib_service_key *key = &message->service.key;
	const struct maglev_lib_backend *backend = &message->backend;

	memset(name, 0, sizeof(*name));
	name->fwmark = key->fwmark;
	name->af = key->af;
	if (!key->fwmark) {
		name->protocol = key->protocol;
		name->vport = key->port;
		memcpy(name->vip, key->addr.byte, sizeof(name->vip));
	}
	if (!(message->has & MAGLEV_LIB_HAS(BACKEND)))
		return;
	name->port = backend->port;
	name->addr_len = backend->addr.len;
	memcpy(name->addr, backend->addr.byte, sizeof(name->addr));
}

int pairs_add(struct pairs *pairs, const struct maglev_lib_message *message)
{
	struct pair *grown;

	grown = array_reserve(pairs->pair, &pairs->capacity, pairs->n, 1, sizeof(*grown));
	if (!grown)
		return err_memory();
	pairs->pair = grown;
	grown += pairs->n++;
	memset(grown, 0, sizeof(*grown));
	pair_name_of(&grown->name, message);
	grown->index = message->backend.index;
	grown->admin_state = message->backend.admin_state;
	grown->health_state = message->backend.health_state;
	grown->nominal_weight = message->backend.nominal_weight;
	grown->share = message->backend.share;
	grown->table_size = message->service.table_size;
	grown->mode_set = message->service.mode_set;
	grown->timeouts = message->service.timeouts;
	return STATUS_DONE;
}

static int compare(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return memcmp(&x->name, &y->name, sizeof(x->name));
}

void pairs_sort(struct pairs *pairs)
{
	if (pairs->n)
		qsort(pairs->pair, pairs->n, sizeof(*pairs->pair), compare);
}

const struct pair *pairs_find(const struct pairs *pairs, const struct pair_name *name)
{
	struct pair wanted = { .name = *name };

	if (!pairs->n)
		return NULL;
	return bsearch(&wanted, pairs->pair, pairs->n, sizeof(*pairs->pair), compare);
}

void pairs_fini(struct pairs *pairs)
{
	free(pairs->pair);
	memset(pairs, 0, sizeof(*pairs));
}
