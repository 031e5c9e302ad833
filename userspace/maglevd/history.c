// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings of samples lie in one array, and are zero, and not in memory, until they are written. What
 * pages have read of backends' counters is shared memory: who writes a page is a child of ours, and
 * the next child wants to know.
 */
#include "history.h"

#include <maglev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	SAMPLES = HISTORY_SHORT + HISTORY_LONG, /* of a service */
	SHORTS_PER_LONG = HISTORY_LONG_S / HISTORY_SHORT_S,
	U16_MOST = 0xffff,
};

static const u64 SECOND = 1000000000;

static size_t reading_bytes(const struct history *history)
{
	return (history->n_backends ?: 1) * sizeof(*history->reading);
}

static void lay_out(struct history *history, u64 now)
{
	struct history_sample *sample = history->samples;
	size_t i;

	for (i = 0; i < history->n_services; i++, sample += SAMPLES) {
		history->service[i].recent = (struct history_ring){ sample, HISTORY_SHORT, 0 };
		history->service[i].day =
			(struct history_ring){ sample + HISTORY_SHORT, HISTORY_LONG, 0 };
	}
	for (i = 0; i < history->n_backends; i++)
		history->backend[i].since_s = now / SECOND;
}

struct history *history_create(const struct world *world, u64 now)
{
	struct history *history = calloc(1, sizeof(*history));
	void *reading;

	if (!history)
		return NULL;
	history->n_services = world->n_services;
	history->n_backends = world->n_members;
	history->service = calloc(world->n_services ?: 1, sizeof(*history->service));
	history->backend = calloc(world->n_members ?: 1, sizeof(*history->backend));
	history->samples = calloc((world->n_services ?: 1) * SAMPLES, sizeof(*history->samples));
	history->change = calloc(HISTORY_CHANGES, sizeof(*history->change));
	reading = mmap(NULL, reading_bytes(history), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	history->reading = reading == MAP_FAILED ? NULL : reading;
	if (history->service && history->backend && history->samples && history->change &&
	    history->reading) {
		lay_out(history, now);
		return history;
	}
	history_destroy(history);
	return NULL;
}

void history_destroy(struct history *history)
{
	if (!history)
		return;
	if (history->reading)
		munmap(history->reading, reading_bytes(history));
	free(history->service);
	free(history->backend);
	free(history->samples);
	free(history->change);
	free(history);
}

static void inherit_ring(struct history_ring *ring, const struct history_ring *old)
{
	memcpy(ring->sample, old->sample, ring->size * sizeof(*ring->sample));
	ring->next = old->next;
}

static void inherit_service(struct history_service *service, const struct history_service *old)
{
	inherit_ring(&service->recent, &old->recent);
	inherit_ring(&service->day, &old->day);
	service->last = old->last;
	service->is_known = old->is_known;
}

static void inherit_backends(struct history *history, const struct world *world, size_t place,
			     const struct history *old, const struct world *old_world,
			     const struct service *from)
{
	const struct service *service = &world->service[place];
	const struct member *member;
	size_t i, to, at;

	for (i = 0; i < service->n; i++) {
		member = service_find_member(from, &service->member[i].backend);
		if (!member)
			continue;
		to = &service->member[i] - world->members;
		at = member - old_world->members;
		history->backend[to] = old->backend[at];
		history->reading[to] = old->reading[at];
	}
}

void history_inherit(struct history *history, const struct world *world, const struct history *old,
		     const struct world *old_world)
{
	const struct service *from;
	size_t i;

	for (i = 0; i < world->n_services; i++) {
		from = world_find_service(old_world, &world->service[i].key);
		if (!from)
			continue;
		inherit_service(&history->service[i], &old->service[from - old_world->service]);
		inherit_backends(history, world, i, old, old_world, from);
	}
	memcpy(history->change, old->change, HISTORY_CHANGES * sizeof(*history->change));
	history->n_changes = old->n_changes;
	history->n_long = old->n_long;
	history->begun = old->begun;
}

void history_note(struct history *history, const struct world *world, const struct service *service,
		  const struct member *member, u32 to, const char *why, u64 now)
{
	struct history_backend *backend = &history->backend[member - world->members];
	struct history_change *change = &history->change[history->n_changes++ % HISTORY_CHANGES];

	if (backend->n == HISTORY_TURNS)
		memmove(backend->turn, backend->turn + 1, --backend->n * sizeof(*backend->turn));
	backend->turn[backend->n++] = (struct history_turn){ now / SECOND, member->health, to };
	backend->total++;
	*change = (struct history_change){ .at = now,
					   .service = service->key,
					   .backend = member->backend,
					   .from = member->health,
					   .to = to };
	snprintf(change->why, sizeof(change->why), "%s", why);
}

static void push(struct history_ring *ring, const struct history_sample *sample)
{
	ring->sample[ring->next] = *sample;
	ring->next = (ring->next + 1) % ring->size;
}

static u16 clip(size_t n)
{
	return n < U16_MOST ? n : U16_MOST;
}

/* Who takes over while others are down is counted while it does. */
static void count_backends(struct history_sample *sample, const struct service *service)
{
	size_t i, n = 0, up = 0;

	for (i = 0; i < service->n; i++) {
		if (service->member[i].is_sorry && !service->is_open)
			continue;
		n++;
		up += service->member[i].health == MAGLEV_NL_STATE_UP;
	}
	sample->n = clip(n);
	sample->up = clip(up);
}

/* A counter that went back is that of another service of the same name. */
static struct history_sample compare(struct history_service *service,
				     const struct history_counts *now, double seconds)
{
	const struct history_counts *last = &service->last;
	struct history_sample sample = { .flows = now->flows };

	sample.is_known = service->is_known && now->packets >= last->packets &&
			  now->bytes >= last->bytes && now->flows_new >= last->flows_new;
	if (sample.is_known) {
		sample.packets = (now->packets - last->packets) / seconds;
		sample.bytes = (now->bytes - last->bytes) / seconds;
		sample.flows_new = (now->flows_new - last->flows_new) / seconds;
	}
	service->last = *now;
	service->is_known = true;
	return sample;
}

/* The mean of the last short samples; of backends, the fewest that were up. */
static struct history_sample sum_up(const struct history_ring *ring)
{
	struct history_sample mean = {}, *from;
	u32 i, n = 0;

	for (i = 1; i <= SHORTS_PER_LONG; i++) {
		from = &ring->sample[(ring->next + ring->size - i) % ring->size];
		if (!from->is_known)
			continue;
		mean.packets += from->packets;
		mean.bytes += from->bytes;
		mean.flows_new += from->flows_new;
		if (!n || from->up * mean.n < mean.up * from->n) {
			mean.up = from->up;
			mean.n = from->n;
		}
		if (from->flows > mean.flows)
			mean.flows = from->flows;
		n++;
	}
	if (!n)
		return mean;
	mean.packets /= n;
	mean.bytes /= n;
	mean.flows_new /= n;
	mean.is_known = true;
	return mean;
}

/* One step of the grid, for all services; @counts may be NULL: nothing is known of it. */
static void step(struct history *history, const struct world *world,
		 const struct history_counts *counts, const bool *known, double seconds)
{
	struct history_sample sample;
	size_t i;

	history->n_long++;
	for (i = 0; i < history->n_services; i++) {
		sample = (struct history_sample){};
		if (counts && known[i])
			sample = compare(&history->service[i], &counts[i], seconds);
		else if (counts)
			history->service[i].is_known = false;
		count_backends(&sample, &world->service[i]);
		push(&history->service[i].recent, &sample);
		if (history->n_long == SHORTS_PER_LONG) {
			sample = sum_up(&history->service[i].recent);
			push(&history->service[i].day, &sample);
		}
	}
	if (history->n_long == SHORTS_PER_LONG)
		history->n_long = 0;
}

void history_take(struct history *history, const struct world *world,
		  const struct history_counts *counts, const bool *known, u64 now)
{
	u64 passed = now - history->begun, steps;

	/* The nearest point of the grid: timers are late by a little. */
	steps = history->begun ?
			(passed + SECOND * HISTORY_SHORT_S / 2) / (SECOND * HISTORY_SHORT_S) :
			1;
	if (!steps)
		return;
	if (steps > (u64)HISTORY_LONG * SHORTS_PER_LONG)
		steps = (u64)HISTORY_LONG * SHORTS_PER_LONG;
	while (--steps)
		step(history, world, NULL, NULL, 0);
	step(history, world, counts, known, (double)passed / SECOND);
	history->begun = now;
}

const struct history_sample *history_at(const struct history_ring *ring, u32 back)
{
	const struct history_sample *sample;

	if (back >= ring->size)
		return NULL;
	sample = &ring->sample[(ring->next + ring->size - 1 - back) % ring->size];
	return sample->is_known ? sample : NULL;
}

const struct history_change *history_change_at(const struct history *history, u32 back)
{
	if (back >= HISTORY_CHANGES || back >= history->n_changes)
		return NULL;
	return &history->change[(history->n_changes - 1 - back) % HISTORY_CHANGES];
}

int history_state_at(const struct history_backend *backend, u32 now, u32 at_s)
{
	u32 i = backend->n;

	if (at_s < backend->since_s)
		return -1;
	if (!i)
		return (int)now;
	while (i && backend->turn[i - 1].at_s > at_s)
		i--;
	if (i)
		return backend->turn[i - 1].to;
	/* Before the oldest that is kept there may have been others. */
	return backend->total > backend->n ? -1 : backend->turn[0].from;
}
