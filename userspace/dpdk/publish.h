/* SPDX-License-Identifier: GPL-2.0-only */
/* Generations of the whole plane: made from the model, handed to the workers. */
#ifndef MAGLEV_DPDK_PUBLISH_H
#define MAGLEV_DPDK_PUBLISH_H

#include "model.h"

/**
 * struct publication - a generation and what it holds on to
 * @generation: what workers see
 * @built: tables by service, with a reference each
 * @n_built: how many
 * @grace: until workers are past it
 */
struct publication {
	struct generation generation;
	struct built **built;
	u32 n_built;
	struct grace grace;
};

/*
 * publish: what the model says now; its tables as they are built.
 *
 * Return: 0 or -ENOMEM: workers go on with what they have.
 */
int publish(void);

/* Build services that are dirty, and publish. What fails is tried again. Return: all is done. */
bool publish_dirty(void);

/* A pair's state has changed: workers obey at once. */
void publish_state(const struct pair *pair);

/* Workers are gone. */
void publish_end(void);

/* The service's view in what workers see; NULL: not there yet. */
const struct service_view *publish_view(const struct service *service);

#endif
