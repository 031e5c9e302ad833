// SPDX-License-Identifier: GPL-2.0-only
/* What comes between the listings of services and of backends is left out: it is there next time. */
#include "gathered.h"

#include "dataplane.h"

#include <array.h>
#include <errno.h>
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

static int take_stats(void *ctx, const struct maglev_lib_message *message)
{
	struct gathering *gathering = ctx;
	struct gathered *gathered = gathering->gathered;
	const void *cursor = NULL;
	int more = 0;

	gathered->counters = message->counters;
	while (gathered->n_reasons < GATHERED_REASONS_MAX &&
	       (more = maglev_lib_next(message, MAGLEV_A_REASON, &cursor,
				       &gathered->reason[gathered->n_reasons])) > 0)
		gathered->n_reasons++;
	return more < 0 ? more : 0;
}

static int take_settings(void *ctx, const struct maglev_lib_message *message)
{
	struct gathering *gathering = ctx;

	gathering->gathered->settings = message->settings;
	return 0;
}

static int ask(struct maglev_client *client, u8 command, maglev_row *row, void *ctx)
{
	struct maglev_request request;
	int err = maglev_request_init(&request, command);

	if (!err)
		err = maglev_client_do(client, &request, row, ctx);
	maglev_request_fini(&request);
	return err;
}

/* Of a list that changed meanwhile all rows were seen. */
static int list(struct maglev_client *client, u8 command, maglev_row *row, void *ctx)
{
	int err = maglev_client_list(client, command, row, ctx);

	return err == -EINTR ? 0 : err;
}

int gathered_read(struct gathered *gathered, const struct world *world)
{
	struct gathering gathering = { .gathered = gathered, .world = world };
	struct maglev_client *client;
	int err;

	*gathered = (struct gathered){};
	err = dataplane_open(&client);
	if (!err)
		err = ask(client, MAGLEV_CMD_SETTINGS_GET, take_settings, &gathering);
	if (!err)
		err = ask(client, MAGLEV_CMD_STATS_GET, take_stats, &gathering);
	if (!err)
		err = list(client, MAGLEV_CMD_SERVICE_GET, take_service, &gathering);
	if (!err)
		err = list(client, MAGLEV_CMD_BACKEND_GET, take_backend, &gathering);
	maglev_client_close(client);
	return err;
}

void gathered_fini(struct gathered *gathered)
{
	free(gathered->service);
	free(gathered->backend);
	*gathered = (struct gathered){};
}
