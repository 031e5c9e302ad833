/* SPDX-License-Identifier: GPL-2.0-only */
/* Readers of what a check asks, and of what counts as the answer. */
#ifndef MAGLEVD_CONFIG_QUESTION_H
#define MAGLEVD_CONFIG_QUESTION_H

#include "config_field.h"

/* Of struct check_http: one member each; headers and statuses with their number. */
bool config_read_path(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to);
bool config_read_host(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to);
bool config_read_sni(struct config_reader *reader, const struct config_node *node,
		     const struct config_field *field, void *to);
bool config_read_headers(struct config_reader *reader, const struct config_node *node,
			 const struct config_field *field, void *to);
bool config_read_statuses(struct config_reader *reader, const struct config_node *node,
			  const struct config_field *field, void *to);
bool config_read_body(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to);

/* "GET", for a const char *. */
bool config_read_method(struct config_reader *reader, const struct config_node *node,
			const struct config_field *field, void *to);

/* The name in TLS where nobody said: the host without its port. */
bool config_default_sni(struct config_reader *reader, struct check_http *http);

/* A name in DNS, for a const char *. */
bool config_read_domain(struct config_reader *reader, const struct config_node *node,
			const struct config_field *field, void *to);

/* Bytes, for a const char * and the size_t behind it. */
bool config_read_bytes(struct config_reader *reader, const struct config_node *node,
		       const struct config_field *field, void *to);

/* A program and its arguments, for a const char *const *. */
bool config_read_command(struct config_reader *reader, const struct config_node *node,
			 const struct config_field *field, void *to);

#endif
