// SPDX-License-Identifier: GPL-2.0-only
/* What maglev-dpdk has, which is all of it ours: the same as IPVS's listing joined with ours. */
#include "seen.h"

#include "config.h"

#include <array.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Backends come service by service. */
struct listing {
	struct seen *seen;
	struct seen_service *last;
	size_t capacity;
};

static int compare_services(const void *a, const void *b)
{
	return service_key_compare(a, b);
}

static int compare_backends(const void *a, const void *b)
{
	return endpoint_compare(a, b);
}

static int take_service(void *ctx, const struct maglev_lib_message *message)
{
	const struct maglev_lib_service *from = &message->service;
	struct listing *listing = ctx;
	struct seen_service *grown;

	grown = array_reserve(listing->seen->service, &listing->capacity, listing->seen->n, 1,
			      sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	listing->seen->service = grown;
	grown += listing->seen->n;
	memset(grown, 0, sizeof(*grown));
	if (!service_key_read(&grown->key, &from->key))
		return 0;
	listing->seen->n++;
	snprintf(grown->scheduler, sizeof(grown->scheduler), "maglev");
	grown->is_ours = true;
	grown->table_size = from->table_size;
	grown->mode_set = from->mode_set;
	grown->timeouts = from->timeouts;
	grown->fragments = from->fragments;
	return 0;
}

/* Return: the service of this row, room for one backend of it kept in @capacity. */
static struct seen_service *find_service(struct listing *listing,
					 const struct maglev_lib_service_key *from)
{
	struct service_key key;

	if (!service_key_read(&key, from))
		return NULL;
	if (!listing->last || service_key_compare(&listing->last->key, &key)) {
		listing->last = seen_find_service(listing->seen, &key);
		listing->capacity = 0;
	}
	return listing->last;
}

static int take_backend(void *ctx, const struct maglev_lib_message *message)
{
	const struct maglev_lib_backend *from = &message->backend;
	struct listing *listing = ctx;
	struct seen_service *service = find_service(listing, &message->service.key);
	struct seen_backend *grown;

	/* It came meanwhile, or is told of in two parts: an event says so. */
	if (!service || (service->n && !listing->capacity))
		return 0;
	grown = array_reserve(service->backend, &listing->capacity, service->n, 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	service->backend = grown;
	grown += service->n++;
	*grown = (struct seen_backend){
		.backend = { from->addr, ntohs(from->port) },
		.ipvs_weight = from->weight,
		.method = IP_VS_CONN_F_TUNNEL,
		.tunnel = from->tunnel,
		.checksum = from->tunnel_checksum,
		.is_ours = true,
		.index = from->has & MAGLEV_LIB_HAS(BACKEND_INDEX) ? from->index : ~0U,
		.health = from->health_state,
		.share = from->share,
		.weight = from->nominal_weight,
	};
	return 0;
}

/* What changed meanwhile comes as an event. */
static int list(struct maglev_client *client, u8 command, maglev_row *row, void *ctx)
{
	int err = maglev_client_list(client, command, row, ctx);

	return maglev_client_error(client)->failure == MAGLEV_FAILURE_INTERRUPTED ? 0 : err;
}

static void sort_backends(struct seen *seen)
{
	size_t i;

	for (i = 0; i < seen->n; i++)
		if (seen->service[i].n)
			qsort(seen->service[i].backend, seen->service[i].n,
			      sizeof(*seen->service[i].backend), compare_backends);
}

int seen_read_socket(struct seen *seen, struct maglev_client *client, char *error)
{
	struct listing listing = { .seen = seen };
	int err;

	*seen = (struct seen){};
	err = list(client, MAGLEV_CMD_SERVICE_GET, take_service, &listing);
	if (seen->n)
		qsort(seen->service, seen->n, sizeof(*seen->service), compare_services);
	listing.capacity = 0;
	if (!err)
		err = list(client, MAGLEV_CMD_BACKEND_GET, take_backend, &listing);
	sort_backends(seen);
	if (err)
		snprintf(error, CONFIG_ERROR_TEXT, "maglev-dpdk: list: %s",
			 maglev_client_error(client)->text);
	return err;
}
