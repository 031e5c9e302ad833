// SPDX-License-Identifier: GPL-2.0-only
/*
 * Joins IPVS's listing with ours. What only one of them has came or went between the two: it is
 * taken as IPVS has it, and an event says that it is to be looked at again.
 */
#include "seen.h"

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct join {
	struct seen *seen;
	struct seen_service *last; /* backends come service by service */
};

static void read_endpoint(struct endpoint *to, const struct ipvs_address *from)
{
	to->addr.len = from->af == AF_INET6 ? MAGLEV_IPV6_BYTES : MAGLEV_IPV4_BYTES;
	memcpy(to->addr.byte, from->byte, to->addr.len);
	to->port = ntohs(from->port);
}

static int compare_services(const void *a, const void *b)
{
	return service_key_compare(a, b);
}

static int compare_backends(const void *a, const void *b)
{
	return endpoint_compare(a, b);
}

struct seen_service *seen_find_service(const struct seen *seen, const struct service_key *key)
{
	_Static_assert(!offsetof(struct seen_service, key), "compared by its key");
	return bsearch(key, seen->service, seen->n, sizeof(*seen->service), compare_services);
}

struct seen_backend *seen_find_backend(const struct seen_service *service,
				       const struct endpoint *backend)
{
	_Static_assert(!offsetof(struct seen_backend, backend), "compared by its endpoint");
	return bsearch(backend, service->backend, service->n, sizeof(*service->backend),
		       compare_backends);
}

static u32 tunnel_of(const struct ipvs_way *way)
{
	if (way->method != IP_VS_CONN_F_TUNNEL)
		return MAGLEV_NL_TUNNEL_NONE;
	switch (way->type) {
	case IP_VS_CONN_F_TUNNEL_TYPE_GRE:
		return MAGLEV_NL_TUNNEL_GRE;
	case IP_VS_CONN_F_TUNNEL_TYPE_IPIP:
		return MAGLEV_NL_TUNNEL_IPIP;
	default:
		return MAGLEV_NL_TUNNEL_GUE;
	}
}

static int copy_service(struct seen_service *to, const struct ipvs_service *from)
{
	size_t i;

	to->key.protocol = from->key.protocol;
	read_endpoint(&to->key.vip, &from->key.address);
	snprintf(to->scheduler, sizeof(to->scheduler), "%s", from->scheduler);
	to->backend = calloc(from->n ?: 1, sizeof(*to->backend));
	if (!to->backend)
		return -ENOMEM;
	for (i = 0; i < from->n; i++) {
		read_endpoint(&to->backend[i].backend, &from->backend[i].address);
		to->backend[i].ipvs_weight = from->backend[i].weight;
		to->backend[i].method = from->backend[i].way.method;
		to->backend[i].tunnel = tunnel_of(&from->backend[i].way);
		to->backend[i].checksum = from->backend[i].way.flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM;
	}
	to->n = from->n;
	qsort(to->backend, to->n, sizeof(*to->backend), compare_backends);
	return 0;
}

static int copy_table(struct seen *seen, const struct ipvs_table *table)
{
	int err = 0;
	size_t i;

	seen->service = calloc(table->n ?: 1, sizeof(*seen->service));
	if (!seen->service)
		return -ENOMEM;
	for (i = 0; i < table->n && !err; i++)
		if (!table->service[i].key.fwmark)
			err = copy_service(&seen->service[seen->n++], &table->service[i]);
	qsort(seen->service, seen->n, sizeof(*seen->service), compare_services);
	return err;
}

static struct seen_service *find_service(struct join *join,
					 const struct maglev_lib_service_key *from)
{
	struct service_key key;

	if (!service_key_read(&key, from))
		return NULL;
	if (!join->last || service_key_compare(&join->last->key, &key))
		join->last = seen_find_service(join->seen, &key);
	return join->last;
}

static int take_service(void *ctx, const struct maglev_lib_message *message)
{
	struct seen_service *service = find_service(ctx, &message->service.key);

	if (!service)
		return 0;
	service->is_ours = true;
	service->table_size = message->service.table_size;
	service->mode_set = message->service.mode_set;
	service->timeouts = message->service.timeouts;
	return 0;
}

static int take_backend(void *ctx, const struct maglev_lib_message *message)
{
	struct seen_service *service = find_service(ctx, &message->service.key);
	const struct maglev_lib_backend *from = &message->backend;
	struct endpoint backend = { from->addr, ntohs(from->port) };
	struct seen_backend *to;

	to = service ? seen_find_backend(service, &backend) : NULL;
	if (!to)
		return 0;
	to->is_ours = true;
	to->index = from->has & MAGLEV_LIB_HAS(BACKEND_INDEX) ? from->index : ~0U;
	to->health = from->health_state;
	to->share = from->share;
	to->weight = from->nominal_weight;
	return 0;
}

/* What changed meanwhile comes as an event. */
static int list(struct maglev_client *client, u8 command, maglev_row *row, void *ctx)
{
	int err = maglev_client_list(client, command, row, ctx);

	return maglev_client_error(client)->failure == MAGLEV_FAILURE_INTERRUPTED ? 0 : err;
}

static int join(struct seen *seen, struct maglev_client *client, char *error)
{
	struct join join = { .seen = seen };
	int err = list(client, MAGLEV_CMD_SERVICE_GET, take_service, &join);

	join.last = NULL;
	if (!err)
		err = list(client, MAGLEV_CMD_BACKEND_GET, take_backend, &join);
	if (err)
		snprintf(error, CONFIG_ERROR_TEXT, "ip_vs_maglev: list: %s",
			 maglev_client_error(client)->text);
	return err;
}

int seen_read(struct seen *seen, struct ipvs_netlink *ipvs, struct maglev_client *client,
	      char *error)
{
	struct ipvs_table table = {};
	int err;

	*seen = (struct seen){};
	err = ipvs_read_table(ipvs, &table, NULL);
	if (!err)
		err = copy_table(seen, &table);
	ipvs_table_fini(&table);
	if (err) {
		snprintf(error, CONFIG_ERROR_TEXT, "IPVS: list: %s", strerror(-err));
		return err;
	}
	return join(seen, client, error);
}

void seen_fini(struct seen *seen)
{
	size_t i;

	for (i = 0; i < seen->n; i++)
		free(seen->service[i].backend);
	free(seen->service);
	*seen = (struct seen){};
}
