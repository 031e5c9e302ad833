/* SPDX-License-Identifier: GPL-2.0-only */
/* How many flows backends hold, for services whose shares follow that. */
#ifndef MAGLEVD_CENSUS_H
#define MAGLEVD_CENSUS_H

#include "kernel.h"

#include <ev.h>

struct census;

/* Return: NULL without memory. */
struct census *census_create(struct ev_loop *loop, struct kernel *kernel);

/* @census may be NULL. */
void census_destroy(struct census *census);

/* Count in this world, where its policies ask for it; NULL: nowhere. */
void census_run(struct census *census, struct world *world);

#endif
