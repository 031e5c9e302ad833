/* SPDX-License-Identifier: GPL-2.0-only */
/* The section "checks". */
#ifndef MAGLEVD_CONFIG_CHECK_H
#define MAGLEVD_CONFIG_CHECK_H

#include "config_field.h"

/* Read the mapping into the configuration, and the names of what is in it. */
bool config_read_checks(struct config_reader *reader, const struct config_node *node,
			const struct config_field *field, void *to);

#endif
