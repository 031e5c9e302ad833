/* SPDX-License-Identifier: GPL-2.0-only */
/* The sections "http" and "peers": where we can be asked what we know, and whom we ask. */
#ifndef MAGLEVD_CONFIG_PEERS_H
#define MAGLEVD_CONFIG_PEERS_H

#include "config_field.h"

enum {
	CONFIG_PEERS_MAX = 16,
	CONFIG_HTTP_PORT = 8470,
};

/* Read the mapping into the configuration. */
bool config_read_http(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to);

/* Read the list into the configuration; "http" has been read by then. */
bool config_read_peers(struct config_reader *reader, const struct config_node *node,
		       const struct config_field *field, void *to);

#endif
