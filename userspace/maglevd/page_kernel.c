// SPDX-License-Identifier: GPL-2.0-only
#include "page_kernel.h"

#include <errno.h>
#include <stdlib.h>

static void place_services(struct page_kernel *kernel, const struct world *world)
{
	static const struct maglev_lib_service none;
	const struct gathered_service *service = kernel->gathered.service;
	size_t i;

	for (i = 0; i < world->n_services; i++)
		kernel->service[i] = &none;
	for (i = 0; i < kernel->gathered.n_services; i++)
		if (service[i].known)
			kernel->service[service[i].known - world->service] = &service[i].kernel;
}

static void place_backends(struct page_kernel *kernel, const struct world *world)
{
	static const struct maglev_lib_backend none;
	const struct gathered_backend *backend = kernel->gathered.backend;
	size_t i;

	for (i = 0; i < world->n_members; i++)
		kernel->backend[i] = &none;
	for (i = 0; i < kernel->gathered.n_backends; i++)
		if (backend[i].known)
			kernel->backend[backend[i].known - world->members] = &backend[i].kernel;
}

int page_kernel_read(struct page_kernel *kernel, const struct world *world)
{
	*kernel = (struct page_kernel){};
	kernel->service = calloc(world->n_services ?: 1, sizeof(*kernel->service));
	kernel->backend = calloc(world->n_members ?: 1, sizeof(*kernel->backend));
	if (!kernel->service || !kernel->backend)
		return -ENOMEM;
	gathered_read(&kernel->gathered, world, kernel->error);
	place_services(kernel, world);
	place_backends(kernel, world);
	return 0;
}

void page_kernel_fini(struct page_kernel *kernel)
{
	gathered_fini(&kernel->gathered);
	free(kernel->service);
	free(kernel->backend);
	*kernel = (struct page_kernel){};
}
