/* SPDX-License-Identifier: GPL-2.0-only */
/* The section "services". */
#ifndef MAGLEVD_CONFIG_SERVICE_H
#define MAGLEVD_CONFIG_SERVICE_H

#include "config_field.h"

enum {
	CONFIG_SERVICES_MAX = 65534, /* all their ports counted */
	CONFIG_SERVICE_CHECKS_MAX = 64,
};

/* Read the list into the configuration. Checks, pools and the policy are known by then. */
bool config_read_services(struct config_reader *reader, const struct config_node *node,
			  const struct config_field *field, void *to);

#endif
