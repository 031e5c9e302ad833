/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel says of a world, for one page: by place in the world. */
#ifndef MAGLEVD_PAGE_KERNEL_H
#define MAGLEVD_PAGE_KERNEL_H

#include "gathered.h"

/* Of what the kernel did not tell, "has" is 0. */
struct page_kernel {
	struct gathered gathered;
	const struct maglev_lib_service **service;
	const struct maglev_lib_backend **backend; /* of all services, as world->members */
	char error[CONFIG_ERROR_TEXT]; /* "": it was read */
};

/*
 * page_kernel_read: by a connection of its own. What cannot be read is missing, and error says why;
 * page_kernel_fini() is due either way.
 *
 * Return: 0; -ENOMEM: there is no page.
 */
int page_kernel_read(struct page_kernel *kernel, const struct world *world);
void page_kernel_fini(struct page_kernel *kernel);

#endif
