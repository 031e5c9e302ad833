/* SPDX-License-Identifier: GPL-2.0-only */
/* This balancer as a whole, as maglevd knows it. */
#ifndef MAGLEVADM_BALANCER_H
#define MAGLEVADM_BALANCER_H

#include "number.h"
#include "show.h"

#include <cjson/cJSON.h>

/* Show "balancer" of maglevd's status; NULL: nothing is announced. */
void balancer_show(struct out *out, const cJSON *balancer);

#endif
