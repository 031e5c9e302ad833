/* SPDX-License-Identifier: GPL-2.0-only */
/* Who forwards: the kernel, or maglev-dpdk behind a socket. */
#ifndef MAGLEVD_CONFIG_DATAPLANE_H
#define MAGLEVD_CONFIG_DATAPLANE_H

#include "config_field.h"

/* Both read into the configuration's @socket. */
bool config_read_dataplane(struct config_reader *reader, const struct config_node *node,
			   const struct config_field *field, void *to);
bool config_read_socket(struct config_reader *reader, const struct config_node *node,
			const struct config_field *field, void *to);

#endif
