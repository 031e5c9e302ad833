/* SPDX-License-Identifier: GPL-2.0-only */
/* The section "announce". */
#ifndef MAGLEVD_CONFIG_ANNOUNCE_H
#define MAGLEVD_CONFIG_ANNOUNCE_H

#include "config_field.h"

/* Read the mapping into the configuration. */
bool config_read_announce(struct config_reader *reader, const struct config_node *node,
			  const struct config_field *field, void *to);

#endif
