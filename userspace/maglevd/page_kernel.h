/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel says of a world, read at once for one page. */
#ifndef MAGLEVD_PAGE_KERNEL_H
#define MAGLEVD_PAGE_KERNEL_H

#include "kernel.h"

enum {
	PAGE_REASONS = 64,
};

/* By place in the world; of what the kernel did not tell, "has" is 0. */
struct page_kernel {
	const struct world *world;
	struct maglev_lib_service *service;
	struct maglev_lib_backend *backend; /* of all services, as world->members */
	struct maglev_lib_settings settings;
	struct maglev_lib_counters counters;
	struct maglev_lib_reason_count reason[PAGE_REASONS];
	size_t n_reasons;
	char error[CONFIG_ERROR_TEXT]; /* "": it was read */
};

/* By a connection of its own. What cannot be read is missing, and error says why; fini is due. */
void page_kernel_read(struct page_kernel *kernel, const struct world *world);
void page_kernel_fini(struct page_kernel *kernel);

#endif
