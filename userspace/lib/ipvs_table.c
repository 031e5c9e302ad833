// SPDX-License-Identifier: GPL-2.0-only
/* The memory, the order and the names of what was read from IPVS. */
#include "ipvs_table.h"

#include "array.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

bool ipvs_address_equal(const struct ipvs_address *a, const struct ipvs_address *b)
{
	return a->af == b->af && a->port == b->port && !memcmp(a->byte, b->byte, sizeof(a->byte));
}

bool ipvs_key_equal(const struct ipvs_key *a, const struct ipvs_key *b)
{
	if (a->fwmark || b->fwmark)
		return a->fwmark == b->fwmark && a->address.af == b->address.af;
	return a->protocol == b->protocol && ipvs_address_equal(&a->address, &b->address);
}

struct ipvs_service *ipvs_find_service(const struct ipvs_table *table, const struct ipvs_key *key)
{
	size_t i;

	for (i = 0; i < table->n; i++)
		if (ipvs_key_equal(&table->service[i].key, key))
			return &table->service[i];
	return NULL;
}

struct ipvs_backend *ipvs_find_backend(const struct ipvs_service *service,
				       const struct ipvs_address *address)
{
	size_t i;

	for (i = 0; i < service->n; i++)
		if (ipvs_address_equal(&service->backend[i].address, address))
			return &service->backend[i];
	return NULL;
}

struct ipvs_service *ipvs_add_service(struct ipvs_table *table)
{
	struct ipvs_service *grown;

	grown = array_reserve(table->service, &table->capacity, table->n, 1, sizeof(*grown));
	if (!grown)
		return NULL;
	table->service = grown;
	grown += table->n++;
	memset(grown, 0, sizeof(*grown));
	return grown;
}

struct ipvs_backend *ipvs_add_backend(struct ipvs_service *service)
{
	struct ipvs_backend *grown;

	grown = array_reserve(service->backend, &service->capacity, service->n, 1, sizeof(*grown));
	if (!grown)
		return NULL;
	service->backend = grown;
	grown += service->n++;
	memset(grown, 0, sizeof(*grown));
	return grown;
}

static void free_service(struct ipvs_service *service)
{
	size_t i;

	for (i = 0; i < service->n; i++)
		free(service->backend[i].ours);
	free(service->backend);
	free(service->ours);
}

void ipvs_remove_service(struct ipvs_table *table, struct ipvs_service *service)
{
	free_service(service);
	*service = table->service[--table->n];
}

void ipvs_remove_backend(struct ipvs_service *service, struct ipvs_backend *backend)
{
	free(backend->ours);
	*backend = service->backend[--service->n];
}

/*
 * ipvsadm's order, to the letter: differences of addresses are cut to an int, so that
 * addresses further apart than 2^31 stand the other way round.
 */
static int compare_addresses(const struct ipvs_address *a, const struct ipvs_address *b)
{
	size_t words = a->af == AF_INET6 ? 4 : 1, i;
	u32 in_a[4], in_b[4];
	int order;

	memcpy(in_a, a->byte, sizeof(in_a));
	memcpy(in_b, b->byte, sizeof(in_b));
	for (i = 0; i < words; i++) {
		order = (int)(ntohl(in_a[i]) - ntohl(in_b[i]));
		if (order)
			return order;
	}
	return ntohs(a->port) - ntohs(b->port);
}

static int compare_services(const void *one, const void *other)
{
	const struct ipvs_key *a = &((const struct ipvs_service *)one)->key;
	const struct ipvs_key *b = &((const struct ipvs_service *)other)->key;

	if (a->fwmark != b->fwmark)
		return (int)(a->fwmark - b->fwmark);
	if (a->address.af != b->address.af)
		return a->address.af - b->address.af;
	if (a->protocol != b->protocol)
		return a->protocol - b->protocol;
	return compare_addresses(&a->address, &b->address);
}

static int compare_backends(const void *one, const void *other)
{
	const struct ipvs_backend *a = one, *b = other;

	return compare_addresses(&a->address, &b->address);
}

void ipvs_table_sort(struct ipvs_table *table)
{
	size_t i;

	if (table->n)
		qsort(table->service, table->n, sizeof(*table->service), compare_services);
	for (i = 0; i < table->n; i++)
		if (table->service[i].n)
			qsort(table->service[i].backend, table->service[i].n,
			      sizeof(*table->service[i].backend), compare_backends);
}

void ipvs_table_fini(struct ipvs_table *table)
{
	size_t i;

	for (i = 0; i < table->n; i++)
		free_service(&table->service[i]);
	free(table->service);
	memset(table, 0, sizeof(*table));
}
