/* SPDX-License-Identifier: GPL-2.0-only */
/* The key "share" of a policy: a word, or a mapping. */
#ifndef MAGLEVD_CONFIG_SHARE_H
#define MAGLEVD_CONFIG_SHARE_H

#include "config_field.h"

/* For a struct config_share. What is not said is as its source has it. */
bool config_read_share(struct config_reader *reader, const struct config_node *node,
		       const struct config_field *field, void *to);

/* Find the check that the service's share comes from; @node is the service's. */
bool config_find_share_check(struct config_reader *reader, const struct config_node *node,
			     struct config_service *service);

#endif
