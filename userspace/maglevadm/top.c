// SPDX-License-Identifier: GPL-2.0-only
/*
 * Services and backends are lists of their own, and come in the same order each time: that is kept
 * until the two readings have been compared, and a search begins where the last one ended.
 */
#include "top.h"

#include <array.h>
#include <stdlib.h>
#include <string.h>

enum {
	BITS = 8,
	MS_PER_S = 1000,
};

static bool is_same_service(const struct maglev_lib_service_key *a,
			    const struct maglev_lib_service_key *b)
{
	return a->has == b->has && a->af == b->af && a->protocol == b->protocol &&
	       a->port == b->port && a->fwmark == b->fwmark && a->addr.len == b->addr.len &&
	       !memcmp(a->addr.byte, b->addr.byte, a->addr.len);
}

static bool is_same_backend(const struct maglev_lib_backend *a, const struct maglev_lib_backend *b)
{
	return a->port == b->port && a->addr.len == b->addr.len &&
	       !memcmp(a->addr.byte, b->addr.byte, a->addr.len);
}

static int read_services(struct top *top, const struct order *order)
{
	static const struct maglev_lib_message all;
	const struct maglev_lib_service_key *wanted = &order->message.service.key;
	struct maglev_lib_message message;
	struct top_service *grown;
	struct rows rows;
	size_t i;
	int status = plane_list(order, MAGLEV_CMD_SERVICE_GET, &all, &rows);

	for (i = 0; !status && rows_read(&rows, i, &message); i++) {
		if (order->message.has && !is_same_service(&message.service.key, wanted))
			continue;
		grown = array_reserve(top->service, &top->capacity, top->n, 1, sizeof(*grown));
		if (!grown) {
			status = err_memory();
			break;
		}
		top->service = grown;
		grown[top->n++] = (struct top_service){ .service = message.service };
	}
	rows_fini(&rows);
	return status;
}

/* Return: the service; NULL: it has come since services were read. */
static struct top_service *find_service(const struct top *top,
					const struct maglev_lib_service_key *key, size_t *hint)
{
	size_t i;

	for (i = 0; i < top->n; i++, ++*hint) {
		*hint %= top->n;
		if (is_same_service(&top->service[*hint].service.key, key))
			return &top->service[*hint];
	}
	return NULL;
}

static int add_backend(struct top_service *service, const struct maglev_lib_backend *backend)
{
	struct top_backend *grown =
		array_reserve(service->backend, &service->capacity, service->n, 1, sizeof(*grown));

	if (!grown)
		return err_memory();
	service->backend = grown;
	grown[service->n++] = (struct top_backend){ .backend = *backend };
	service->up += backend->state == MAGLEV_NL_STATE_UP;
	return STATUS_DONE;
}

static int read_backends(struct top *top, const struct order *order)
{
	struct maglev_lib_message message;
	struct top_service *service;
	struct rows rows;
	size_t i, hint = 0;
	int status = plane_list(order, MAGLEV_CMD_BACKEND_GET, &order->message, &rows);

	for (i = 0; !status && rows_read(&rows, i, &message); i++) {
		service = find_service(top, &message.service.key, &hint);
		if (service)
			status = add_backend(service, &message.backend);
	}
	rows_fini(&rows);
	return status;
}

static int read_counters(struct top *top, const struct order *order)
{
	struct maglev_lib_reason_count reason;
	struct maglev_lib_message reply;
	struct order plain = *order;
	const void *cursor = NULL;
	struct top_reason *grown;
	int status, more;

	plain.message.has = 0;
	status = plane_call(&plain, MAGLEV_CMD_STATS_GET, &reply);
	if (status)
		return status;
	top->counters = reply.counters;
	while ((more = maglev_lib_next(&reply, MAGLEV_A_REASON, &cursor, &reason)) > 0) {
		grown = array_reserve(top->reason, &top->reasons_capacity, top->n_reasons, 1,
				      sizeof(*grown));
		if (!grown)
			return err_memory();
		top->reason = grown;
		grown[top->n_reasons++] = (struct top_reason){ .count = reason };
	}
	return more ? err_say("top: the answer makes no sense") : STATUS_DONE;
}

int top_read(struct top *top, const struct order *order, u64 now_ms)
{
	int status;

	*top = (struct top){ .at_ms = now_ms };
	status = read_services(top, order);
	if (!status && !top->n && order->message.has)
		status = err_say("top: there is no such service");
	if (!status)
		status = read_backends(top, order);
	return status ? status : read_counters(top, order);
}

void top_fini(struct top *top)
{
	size_t i;

	for (i = 0; i < top->n; i++)
		free(top->service[i].backend);
	free(top->service);
	free(top->reason);
	*top = (struct top){};
}

static struct top_rates compare(const struct top_counts *now, const struct top_counts *before,
				u64 passed_ms)
{
	struct top_rates rates = {
		.is_known = passed_ms && now->packets >= before->packets &&
			    now->bytes >= before->bytes && now->flows_new >= before->flows_new,
	};
	double seconds = (double)passed_ms / MS_PER_S;

	if (!rates.is_known)
		return rates;
	rates.packets = (now->packets - before->packets) / seconds;
	rates.bits = (now->bytes - before->bytes) * BITS / seconds;
	rates.flows_new = (now->flows_new - before->flows_new) / seconds;
	return rates;
}

static struct top_counts counts_of(const struct maglev_lib_stats *stats)
{
	return (struct top_counts){ stats->packets, stats->bytes, stats->flows_new };
}

static struct top_rates compare_stats(const struct maglev_lib_stats *now,
				      const struct maglev_lib_stats *before, u64 passed_ms)
{
	struct top_counts counts = counts_of(now), counts_before = counts_of(before);

	return compare(&counts, &counts_before, passed_ms);
}

static void compare_backends(struct top_service *service, const struct top_service *before,
			     u64 passed_ms)
{
	size_t i, k, at = 0;

	for (i = 0; i < service->n; i++) {
		for (k = 0; k < before->n; k++, at++) {
			at %= before->n;
			if (is_same_backend(&service->backend[i].backend,
					    &before->backend[at].backend))
				break;
		}
		if (k < before->n)
			service->backend[i].rates =
				compare_stats(&service->backend[i].backend.stats,
					      &before->backend[at++].backend.stats, passed_ms);
	}
}

static void compare_services(struct top *top, const struct top *before)
{
	const struct top_service *from;
	size_t i, hint = 0;

	for (i = 0; i < top->n; i++) {
		from = find_service(before, &top->service[i].service.key, &hint);
		/* One that was deleted and added has another id; what IPVS forwards we do not count. */
		if (!from || from->service.id != top->service[i].service.id ||
		    top->service[i].service.forwarding == MAGLEV_NL_FORWARDING_IPVS)
			continue;
		top->service[i].rates = compare_stats(&top->service[i].service.stats,
						      &from->service.stats, top->passed_ms);
		compare_backends(&top->service[i], from, top->passed_ms);
	}
}

static void compare_reasons(struct top *top, const struct top *before)
{
	struct top_reason *reason;
	size_t i;

	for (i = 0; i < top->n_reasons && i < before->n_reasons; i++) {
		reason = &top->reason[i];
		if (reason->count.reason == before->reason[i].count.reason && top->passed_ms &&
		    reason->count.count >= before->reason[i].count.count)
			reason->rate =
				(double)(reason->count.count - before->reason[i].count.count) *
				MS_PER_S / top->passed_ms;
	}
}

/* What is equally busy stays as it was listed, which for qsort() has to be said. */
static int order_backends(const void *a, const void *b)
{
	const struct top_backend *left = a, *right = b;

	if (left->rates.packets != right->rates.packets)
		return left->rates.packets < right->rates.packets ? 1 : -1;
	return (left->backend.index > right->backend.index) -
	       (left->backend.index < right->backend.index);
}

static int order_services(const void *a, const void *b)
{
	const struct top_service *left = a, *right = b;

	if (left->rates.packets != right->rates.packets)
		return left->rates.packets < right->rates.packets ? 1 : -1;
	return (left->service.id > right->service.id) - (left->service.id < right->service.id);
}

static void sort(struct top *top)
{
	size_t i;

	for (i = 0; i < top->n; i++)
		if (top->service[i].n)
			qsort(top->service[i].backend, top->service[i].n,
			      sizeof(struct top_backend), order_backends);
	if (top->n)
		qsort(top->service, top->n, sizeof(*top->service), order_services);
}

void top_compare(struct top *top, const struct top *before)
{
	struct top_counts now = { top->counters.forwarded, top->counters.bytes,
				  top->counters.flows_new };
	struct top_counts then = { before->counters.forwarded, before->counters.bytes,
				   before->counters.flows_new };

	top->passed_ms = top->at_ms - before->at_ms;
	top->rates = compare(&now, &then, top->passed_ms);
	compare_services(top, before);
	compare_reasons(top, before);
	sort(top);
}
