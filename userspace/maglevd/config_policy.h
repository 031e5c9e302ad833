/* SPDX-License-Identifier: GPL-2.0-only */
/* The mapping "policy", of a service or of all that do not say. */
#ifndef MAGLEVD_CONFIG_POLICY_H
#define MAGLEVD_CONFIG_POLICY_H

#include "config_field.h"

/* What holds where nothing is said. */
extern const struct config_policy config_policy_default;

/* Write what is said over what is there, for a struct config_policy. Pools are known by then. */
bool config_read_policy(struct config_reader *reader, const struct config_node *node,
			const struct config_field *field, void *to);

#endif
