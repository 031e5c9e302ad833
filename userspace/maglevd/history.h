/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What went before: rates and backends in service of each service, states of each backend, and the
 * last changes with their reasons. No I/O; the caller brings the time. Memory is fixed when a world
 * is made: 16 KiB a service, 108 bytes a backend, 132 KiB for changes.
 */
#ifndef MAGLEVD_HISTORY_H
#define MAGLEVD_HISTORY_H

#include "world.h"

enum {
	HISTORY_SHORT_S = 10, /* from sample to sample: an hour */
	HISTORY_SHORT = 360,
	HISTORY_LONG_S = 300, /* a day */
	HISTORY_LONG = 288,
	HISTORY_TURNS = 8, /* of a backend */
	HISTORY_CHANGES = 512, /* of all */
	HISTORY_WHY = 192,
	HISTORY_READING_S = 60, /* older counters say nothing of now */
};

/* What the module has counted. */
struct history_counts {
	u64 packets, bytes, flows_new;
	u32 flows; /* now */
};

/* Means of the time since the sample before, but for flows. */
struct history_sample {
	float packets, bytes, flows_new; /* a second */
	u32 flows;
	u16 up, n; /* backends in service, and all */
	bool is_known;
};

/* The last samples; the oldest goes. */
struct history_ring {
	struct history_sample *sample;
	u32 size, next;
};

/* A backend has become this. */
struct history_turn {
	u32 at_s; /* of CLOCK_MONOTONIC */
	u8 from, to; /* MAGLEV_NL_STATE_* */
};

/* The last of a backend, oldest first. */
struct history_backend {
	struct history_turn turn[HISTORY_TURNS];
	u32 n;
	u32 total; /* so many there were */
	u32 since_s; /* it has been watched */
};

struct history_service {
	struct history_ring recent, day;
	struct history_counts last;
	bool is_known; /* last is */
};

/* A backend's counters when a page was written last. */
struct history_reading {
	u64 at; /* ns; 0: never */
	u64 packets, bytes, flows_new;
};

struct history_change {
	u64 at; /* ns */
	struct service_key service;
	struct endpoint backend;
	u8 from, to; /* MAGLEV_NL_STATE_* */
	char why[HISTORY_WHY];
};

struct history {
	struct history_service *service; /* by place in the world */
	size_t n_services;
	struct history_backend *backend; /* by place in the world's members */
	size_t n_backends;
	struct history_sample *samples; /* of all rings */
	struct history_change *change; /* a ring */
	u32 n_changes; /* ever */
	u32 n_long; /* short samples since the last long one */
	u64 begun; /* ns: of the last sample; 0: there is none */
	struct history_reading *reading; /* as backends; shared with children who write pages */
};

/* Return: room for the past of @world, which begins @now; NULL without memory. */
struct history *history_create(const struct world *world, u64 now);

/* @history may be NULL. */
void history_destroy(struct history *history);

/* Take over what there is of what is in both worlds. */
void history_inherit(struct history *history, const struct world *world, const struct history *old,
		     const struct world *old_world);

/* A member's health has changed. */
void history_note(struct history *history, const struct world *world, const struct service *service,
		  const struct member *member, u32 to, const char *why, u64 now);

/*
 * history_take: @counts of each service, by place, of which those with @known are known. Times
 * of which there was no sample are unknown.
 */
void history_take(struct history *history, const struct world *world,
		  const struct history_counts *counts, const bool *known, u64 now);

/* Return: the sample that is @back before the newest; NULL: it is unknown. */
const struct history_sample *history_at(const struct history_ring *ring, u32 back);

/* Return: the change that is @back before the newest; NULL: there is none. */
const struct history_change *history_change_at(const struct history *history, u32 back);

/* Return: the state of a backend whose state is @now, @at_s seconds of the clock; -1: nobody knows. */
int history_state_at(const struct history_backend *backend, u32 now, u32 at_s);

#endif
