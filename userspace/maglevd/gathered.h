/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's numbers and ours of one moment, joined: for those who show them. */
#ifndef MAGLEVD_GATHERED_H
#define MAGLEVD_GATHERED_H

#include "daemon.h"

enum {
	GATHERED_REASONS_MAX = 64,
};

struct gathered_service {
	struct maglev_lib_service kernel;
	struct service_key key; /* of one named by a firewall mark: all 0 */
	const struct service *known; /* NULL: not in our file */
	u32 n_state[3]; /* backends by MAGLEV_NL_STATE_* */
};

struct gathered_backend {
	struct maglev_lib_backend kernel;
	const struct gathered_service *service;
	const struct member *known; /* NULL: not in our file */
};

struct gathered {
	struct maglev_lib_settings settings;
	struct maglev_lib_counters counters;
	struct maglev_lib_reason_count reason[GATHERED_REASONS_MAX];
	size_t n_reasons;
	struct gathered_service *service; /* as the kernel lists them */
	size_t n_services;
	struct gathered_backend *backend; /* service by service */
	size_t n_backends;
};

/*
 * gathered_read: over a socket of its own.
 *
 * Return: 0; -errno, and @error, CONFIG_ERROR_TEXT bytes, says what. gathered_fini() is due either way.
 */
int gathered_read(struct gathered *gathered, const struct world *world, char *error);
void gathered_fini(struct gathered *gathered);

#endif
