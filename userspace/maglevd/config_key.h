/* SPDX-License-Identifier: GPL-2.0-only */
/* The cluster key's file. */
#ifndef MAGLEVD_CONFIG_KEY_H
#define MAGLEVD_CONFIG_KEY_H

#include "config_field.h"

/* The name of a file that nobody else can read, for the configuration's key. */
bool config_read_key(struct config_reader *reader, const struct config_node *node,
		     const struct config_field *field, void *to);

#endif
