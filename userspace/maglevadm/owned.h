/* SPDX-License-Identifier: GPL-2.0-only */
/* What is maglevd's to change. */
#ifndef MAGLEVADM_OWNED_H
#define MAGLEVADM_OWNED_H

#include "order.h"

/*
 * May this be set by hand? Weight and share of maglevd's services have their values from its file,
 * and are refused without --force. Return: STATUS_DONE, or what has been said.
 */
int owned_check(const struct order *order);

#endif
