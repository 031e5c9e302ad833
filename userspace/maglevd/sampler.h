/* SPDX-License-Identifier: GPL-2.0-only */
/* Keeps the history: reads the counters of services now and then, never those of all backends. */
#ifndef MAGLEVD_SAMPLER_H
#define MAGLEVD_SAMPLER_H

#include "history.h"
#include "kernel.h"

struct sampler;

/* Return: NULL without memory. */
struct sampler *sampler_create(struct ev_loop *loop, struct kernel *kernel);

/* @sampler may be NULL. */
void sampler_destroy(struct sampler *sampler);

/*
 * sampler_run: from now on the past is that of @world, in @history, which was made for it and is the
 * sampler's now, and inherits. The world before is still there.
 */
void sampler_run(struct sampler *sampler, const struct world *world, struct history *history);

/* A member's health is about to change. */
void sampler_note(struct sampler *sampler, const struct service *service,
		  const struct member *member, u32 to, const char *why);

/* NULL: there is none yet. */
const struct history *sampler_history(const struct sampler *sampler);

#endif
