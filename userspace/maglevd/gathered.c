// SPDX-License-Identifier: GPL-2.0-only
/* What comes between the listings of services and of backends is left out: it is there next time. */
#include "gathered.h"

#include "kernel.h"

#include <array.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gathering {
	struct gathered *gathered;
	const struct world *world;
	struct gathered_service *last; /* backends come service by service */
	size_t services_max, backends_max;
};

static int take_service(void *ctx, const struct maglev_lib_message *message)
{
	struct gathering *gathering = ctx;
	struct gathered *gathered = gathering->gathered;
	struct gathered_service *service;

	service = array_reserve(gathered->service, &gathering->services_max, gathered->n_services,
				1, sizeof(*service));
	if (!service)
		return -ENOMEM;
	gathered->service = service;
	service += gathered->n_services++;
	*service = (struct gathered_service){ .kernel = message->service };
	if (service_key_read(&service->key, &message->service.key))
		service->known = world_find_service(gathering->world, &service->key);
	return 0;
}

static struct gathered_service *find_service(struct gathering *gathering, u32 id)
{
	struct gathered *gathered = gathering->gathered;
	size_t i;

	if (gathering->last && gathering->last->kernel.id == id)
		return gathering->last;
	for (i = 0; i < gathered->n_services; i++)
		if (gathered->service[i].kernel.id == id)
			return gathering->last = &gathered->service[i];
	return NULL;
}

static int take_backend(void *ctx, const struct maglev_lib_message *message)
{
	struct gathering *gathering = ctx;
	struct gathered *gathered = gathering->gathered;
	const struct maglev_lib_backend *from = &message->backend;
	struct endpoint at = { from->addr, ntohs(from->port) };
	struct gathered_service *service = find_service(gathering, message->service.id);
	struct gathered_backend *backend;

	if (!service)
		return 0;
	backend = array_reserve(gathered->backend, &gathering->backends_max, gathered->n_backends,
				1, sizeof(*backend));
	if (!backend)
		return -ENOMEM;
	gathered->backend = backend;
	backend += gathered->n_backends++;
	*backend = (struct gathered_backend){ .kernel = *from, .service = service };
	if (service->known)
		backend->known = service_find_member(service->known, &at);
	if (from->state < sizeof(service->n_state) / sizeof(*service->n_state))
		service->n_state[from->state]++;
	return 0;
}

static int take_stats(struct gathering *gathering, const struct maglev_lib_message *message)
{
	struct gathered *gathered = gathering->gathered;
	const void *cursor = NULL;
	int more = 0;

	gathered->counters = message->counters;
	while (message->raw && gathered->n_reasons < GATHERED_REASONS_MAX &&
	       (more = maglev_lib_next(message, MAGLEV_A_REASON, &cursor,
				       &gathered->reason[gathered->n_reasons])) > 0)
		gathered->n_reasons++;
	return more < 0 ? more : 0;
}

static int ask(struct kernel *kernel, struct gathering *gathering)
{
	struct maglev_lib_message reply;
	int err = kernel_ask(kernel, MAGLEV_CMD_SETTINGS_GET, &reply);

	if (err)
		return err;
	gathering->gathered->settings = reply.settings;
	err = kernel_ask(kernel, MAGLEV_CMD_STATS_GET, &reply);
	return err ?: take_stats(gathering, &reply);
}

int gathered_read(struct gathered *gathered, const struct world *world, char *error)
{
	struct gathering gathering = { .gathered = gathered, .world = world };
	struct kernel *kernel;
	int err;

	*gathered = (struct gathered){};
	kernel = kernel_open(error);
	if (!kernel)
		return -ENOTCONN;
	err = ask(kernel, &gathering);
	if (!err)
		err = kernel_list_services(kernel, take_service, &gathering);
	if (!err)
		err = kernel_list_backends(kernel, take_backend, &gathering);
	kernel_close(kernel);
	if (err)
		snprintf(error, CONFIG_ERROR_TEXT, "%s", strerror(-err));
	return err;
}

void gathered_fini(struct gathered *gathered)
{
	free(gathered->service);
	free(gathered->backend);
	*gathered = (struct gathered){};
}
