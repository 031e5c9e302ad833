/* SPDX-License-Identifier: GPL-2.0-only */
/* The section "pools": who the backends are, pools within pools. */
#ifndef MAGLEVD_CONFIG_POOL_H
#define MAGLEVD_CONFIG_POOL_H

#include "config_field.h"

enum {
	CONFIG_POOLED_MAX = 1 << 20, /* backends of all pools, each counted in each */
};

/* Read the mapping into the configuration, and the names of what is in it. */
bool config_read_pools(struct config_reader *reader, const struct config_node *node,
		       const struct config_field *field, void *to);

/* The name of a pool, for a const struct config_pool *. */
bool config_read_pool(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to);

/*
 * Is each of a pool's backends one backend of a service with these ports? One that has no port of
 * its own gets the service's.
 *
 * Return: NULL, or one that is there with and without a port.
 */
const struct config_backend *config_pool_clash(const struct config_pool *pool, const u16 *port,
					       size_t n_ports);

#endif
