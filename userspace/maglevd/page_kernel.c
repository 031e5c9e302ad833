// SPDX-License-Identifier: GPL-2.0-only
/* Four questions: services, backends, settings, counters. */
#include "page_kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct service *find_service(const struct world *world,
					  const struct maglev_lib_service_key *from)
{
	struct service_key key = { .protocol = from->protocol,
				   .vip = { from->addr, ntohs(from->port) } };

	if (!(from->has & MAGLEV_LIB_HAS(SERVICE_KEY_ADDR)))
		return NULL;
	return world_find_service(world, &key);
}

static int take_service(void *ctx, const struct maglev_lib_message *message)
{
	struct page_kernel *kernel = ctx;
	const struct service *service = find_service(kernel->world, &message->service.key);

	if (service)
		kernel->service[service - kernel->world->service] = message->service;
	return 0;
}

static int take_backend(void *ctx, const struct maglev_lib_message *message)
{
	struct page_kernel *kernel = ctx;
	const struct service *service = find_service(kernel->world, &message->service.key);
	struct endpoint backend = { message->backend.addr, ntohs(message->backend.port) };
	const struct member *member = service ? service_find_member(service, &backend) : NULL;

	if (member)
		kernel->backend[member - kernel->world->members] = message->backend;
	return 0;
}

static int ask_settings(struct page_kernel *kernel, struct kernel *from)
{
	struct maglev_lib_message reply;
	int err = kernel_ask(from, MAGLEV_CMD_SETTINGS_GET, &reply);

	if (!err)
		kernel->settings = reply.settings;
	return err;
}

static int ask_counters(struct page_kernel *kernel, struct kernel *from)
{
	struct maglev_lib_reason_count reason;
	struct maglev_lib_message reply;
	const void *cursor = NULL;
	int err = kernel_ask(from, MAGLEV_CMD_STATS_GET, &reply);

	if (err)
		return err;
	kernel->counters = reply.counters;
	while (reply.raw && kernel->n_reasons < PAGE_REASONS &&
	       maglev_lib_next(&reply, MAGLEV_A_REASON, &cursor, &reason) > 0)
		kernel->reason[kernel->n_reasons++] = reason;
	return 0;
}

static int ask(struct page_kernel *kernel, struct kernel *from)
{
	int err = kernel_list_services(from, take_service, kernel);

	if (!err)
		err = kernel_list_backends(from, take_backend, kernel);
	if (!err)
		err = ask_settings(kernel, from);
	return err ?: ask_counters(kernel, from);
}

void page_kernel_read(struct page_kernel *kernel, const struct world *world)
{
	struct kernel *from;
	int err = -ENOMEM;

	*kernel = (struct page_kernel){ .world = world };
	kernel->service = calloc(world->n_services ?: 1, sizeof(*kernel->service));
	kernel->backend = calloc(world->n_members ?: 1, sizeof(*kernel->backend));
	if (!kernel->service || !kernel->backend) {
		snprintf(kernel->error, sizeof(kernel->error), "%s", strerror(ENOMEM));
		return;
	}
	from = kernel_open(kernel->error);
	if (!from)
		return;
	err = ask(kernel, from);
	kernel_close(from);
	if (err)
		snprintf(kernel->error, sizeof(kernel->error), "ip_vs_maglev: %s", strerror(-err));
}

void page_kernel_fini(struct page_kernel *kernel)
{
	free(kernel->service);
	free(kernel->backend);
	*kernel = (struct page_kernel){};
}
