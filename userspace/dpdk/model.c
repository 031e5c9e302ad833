// SPDX-License-Identifier: GPL-2.0-only
#include "model.h"

#include "build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct model model;

enum {
	PAIRS_FIRST = 64,
	V4_OFFSET = MAGLEV_IPV6_BYTES - MAGLEV_IPV4_BYTES,
};

u64 model_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct service *model_find_service(const struct maglev_service_key *key)
{
	struct service *service;

	for (service = model.services; service; service = service->next)
		if (!memcmp(&service->key, key, sizeof(*key)))
			break;
	return service;
}

struct service *model_find_id(u32 id)
{
	struct service *service;

	for (service = model.services; service; service = service->next)
		if (service->id == id)
			break;
	return service;
}

struct service *model_service_of(const struct maglev_tuple *tuple)
{
	u32 addr_len = maglev_tuple_addr_len(tuple);
	struct maglev_service_key key;

	memset(&key, 0, sizeof(key));
	key.addr_len = addr_len;
	memcpy(key.addr, tuple->byte + addr_len, addr_len);
	memcpy(&key.port, tuple->byte + 2 * addr_len + sizeof(key.port), sizeof(key.port));
	key.protocol = tuple->byte[2 * addr_len + 2 * sizeof(key.port)];
	return model_find_service(&key);
}

int plan_compare(const struct plan *a, const struct plan *b)
{
	int order = memcmp(a->addr, b->addr, sizeof(a->addr));

	return order ? order : memcmp(&a->port, &b->port, sizeof(a->port));
}

struct pair *model_find_pair(const struct service *service, const u8 *addr, __be16 port)
{
	u32 low = 0, high = service->n_pairs, middle;
	struct plan named = { .port = port };
	int order;

	memcpy(named.addr, addr, sizeof(named.addr));
	while (low < high) {
		middle = low + (high - low) / 2;
		order = plan_compare(&named, &service->pairs[middle]->plan);
		if (!order)
			return service->pairs[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

u32 plan_weight(const struct plan *plan)
{
	if (plan->nominal)
		return plan->nominal;
	return plan->weight ? plan->weight : plan->last_weight;
}

u8 plan_state(const struct plan *plan)
{
	u8 state = plan->weight ? MAGLEV_UP : MAGLEV_DRAIN;

	if (plan->admin > state)
		state = plan->admin;
	return plan->health > state ? plan->health : state;
}

u32 plan_addr(const struct plan *plan, const u8 **at)
{
	static const u8 mapped[V4_OFFSET] = { [10] = 0xff, [11] = 0xff };
	bool v4 = !memcmp(plan->addr, mapped, sizeof(mapped));

	*at = plan->addr + (v4 ? V4_OFFSET : 0);
	return v4 ? MAGLEV_IPV4_BYTES : MAGLEV_IPV6_BYTES;
}

static void sum_workers(u32 index, struct pair_counters *sum)
{
	const struct pair_counters *pair;
	u32 worker;

	memset(sum, 0, sizeof(*sum));
	for (worker = 0; worker < data_workers(); worker++) {
		pair = &data_counters(worker)->pair[index];
		sum->flows_new += READ_ONCE(pair->flows_new);
		sum->packets += READ_ONCE(pair->packets);
		sum->bytes += READ_ONCE(pair->bytes);
		sum->flows_answered += READ_ONCE(pair->flows_answered);
		sum->flows_reset += READ_ONCE(pair->flows_reset);
		sum->unreachable += READ_ONCE(pair->unreachable);
	}
}

static void add(struct pair_counters *to, const struct pair_counters *more, u64 sign)
{
	to->flows_new += sign * more->flows_new;
	to->packets += sign * more->packets;
	to->bytes += sign * more->bytes;
	to->flows_answered += sign * more->flows_answered;
	to->flows_reset += sign * more->flows_reset;
	to->unreachable += sign * more->unreachable;
}

void model_count_pair(const struct pair *pair, struct pair_counters *sum)
{
	sum_workers(pair->index, sum);
	add(sum, &pair->began, -1ULL);
}

void model_count_service(const struct service *service, struct pair_counters *sum)
{
	struct pair_counters one;
	u32 i;

	*sum = service->gone;
	for (i = 0; i < service->n_pairs; i++) {
		model_count_pair(service->pairs[i], &one);
		add(sum, &one, 1);
	}
}

u32 model_service_flows(const struct service *service)
{
	u32 i, flows = 0;

	for (i = 0; i < service->n_pairs; i++)
		flows += service->pairs[i]->flows;
	return flows;
}

static int grow_pairs(void)
{
	u32 n = model.n_pairs ? 2 * model.n_pairs : PAIRS_FIRST;
	struct pair **pairs;

	if (model.n_pairs == MAGLEV_PAIRS_MAX)
		return -ENOSPC;
	if (n > MAGLEV_PAIRS_MAX)
		n = MAGLEV_PAIRS_MAX;
	pairs = realloc(model.pairs, n * sizeof(struct pair *));
	if (!pairs)
		return -ENOMEM;
	memset(pairs + model.n_pairs, 0, (n - model.n_pairs) * sizeof(struct pair *));
	model.pairs = pairs;
	model.n_pairs = n;
	return 0;
}

int model_take_index(struct pair *pair)
{
	u32 index = 0;
	int err;

	while (index < model.n_pairs && model.pairs[index])
		index++;
	if (index == model.n_pairs) {
		err = grow_pairs();
		if (err)
			return err;
	}
	model.pairs[index] = pair;
	pair->index = index;
	sum_workers(index, &pair->began);
	return 0;
}

void model_give_index(struct pair *pair)
{
	model.pairs[pair->index] = NULL;
}

/* Another backend may have the same address. */
static void forget_hop(const struct pair *pair)
{
	const struct pair *other;
	const u8 *addr;
	u32 i, len;

	for (i = 0; i < model.n_pairs; i++) {
		other = model.pairs[i];
		if (other && other->service &&
		    !memcmp(other->plan.addr, pair->plan.addr, sizeof(pair->plan.addr)))
			return;
	}
	len = plan_addr(&pair->plan, &addr);
	hops_forget(model.hops, addr, len);
}

static void end_grace(struct grace *grace)
{
	struct pair *pair = (void *)((char *)grace - offsetof(struct pair, grace));

	pair->graced = true;
	pair->since = model.sweeps_done;
}

void model_retire(struct pair *pair)
{
	struct pair_counters sum;

	model_count_pair(pair, &sum);
	add(&pair->service->gone, &sum, 1);
	pair->service = NULL;
	pair->state = MAGLEV_DOWN;
	pair->next_retired = model.retired;
	model.retired = pair;
	forget_hop(pair);
	grace_begin(&model.graces, &pair->grace, end_grace);
}

bool model_swept_since(u64 since)
{
	return !model.tables || model.sweeps_done >= since + 2;
}

void model_reap(void)
{
	struct pair **at = &model.retired, *pair;

	while ((pair = *at)) {
		if (!pair->graced || !model_swept_since(pair->since)) {
			at = &pair->next_retired;
			continue;
		}
		*at = pair->next_retired;
		model_give_index(pair);
		free(pair);
	}
}

void model_clear(void)
{
	struct service *service;
	u32 i;

	while ((service = model.services)) {
		model.services = service->next;
		built_put(service->built);
		free(service->pairs);
		free(service);
	}
	for (i = 0; i < model.n_pairs; i++)
		free(model.pairs[i]);
	free(model.pairs);
	memset(&model, 0, sizeof(model));
}
