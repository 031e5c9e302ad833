// SPDX-License-Identifier: GPL-2.0-only
/*
 * Joins two listings that are not of one moment: what only one of them has is left out.
 * To ask for our family loads our module where it is installed; who lists IPVS's services
 * did not ask for that, so we look whether it is there first.
 */
#include "ipvs_ours.h"

#include "connect.h"
#include "err.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MODULE_DIRECTORY "/sys/module/ip_vs_maglev"

struct join {
	struct ipvs_table *table;
	struct ipvs_service *last; /* backends come service by service */
};

/* Return: NULL without our module, or where that has been said. */
static struct maglev_client *open_client(void)
{
	struct maglev_client *client;

	if (access(MODULE_DIRECTORY, F_OK))
		return NULL;
	if (!connect_plane(&client))
		return client;
	if (maglev_client_error(client)->failure != MAGLEV_FAILURE_ABSENT)
		err_warn("ip_vs_maglev: %s", maglev_client_error(client)->text);
	maglev_client_close(client);
	return NULL;
}

static void copy_address(struct ipvs_address *to, const struct maglev_lib_addr *from, __be16 port)
{
	to->af = from->len == MAGLEV_IPV6_BYTES ? AF_INET6 : AF_INET;
	memcpy(to->byte, from->byte, from->len <= sizeof(to->byte) ? from->len : 0);
	to->port = port;
}

static struct ipvs_service *find_service(struct join *join,
					 const struct maglev_lib_service_key *from)
{
	struct ipvs_key key = { .protocol = from->protocol, .fwmark = from->fwmark };

	if (from->has & MAGLEV_LIB_HAS(SERVICE_KEY_ADDR))
		copy_address(&key.address, &from->addr, from->port);
	if (from->has & MAGLEV_LIB_HAS(SERVICE_KEY_AF))
		key.address.af = from->af;
	if (!join->last || !ipvs_key_equal(&join->last->key, &key))
		join->last = ipvs_find_service(join->table, &key);
	return join->last;
}

static int take_service(void *ctx, const struct maglev_lib_message *message)
{
	struct ipvs_service *service = find_service(ctx, &message->service.key);

	if (!service || service->ours)
		return 0;
	service->ours = malloc(sizeof(*service->ours));
	if (!service->ours)
		return -ENOMEM;
	*service->ours = message->service;
	return 0;
}

static int take_backend(void *ctx, const struct maglev_lib_message *message)
{
	struct ipvs_service *service = find_service(ctx, &message->service.key);
	struct ipvs_address address = {};
	struct ipvs_backend *backend;

	copy_address(&address, &message->backend.addr, message->backend.port);
	backend = service ? ipvs_find_backend(service, &address) : NULL;
	if (!backend || backend->ours)
		return 0;
	backend->ours = malloc(sizeof(*backend->ours));
	if (!backend->ours)
		return -ENOMEM;
	*backend->ours = message->backend;
	return 0;
}

void ipvs_ours_read(struct ipvs_table *table)
{
	struct join join = { .table = table };
	struct maglev_client *client = open_client();
	int err;

	if (!client)
		return;
	err = maglev_client_list(client, MAGLEV_CMD_SERVICE_GET, take_service, &join);
	if (!err)
		err = maglev_client_list(client, MAGLEV_CMD_BACKEND_GET, take_backend, &join);
	/* listings that changed meanwhile are good enough for people */
	if (err && maglev_client_error(client)->failure != MAGLEV_FAILURE_INTERRUPTED)
		err_warn("ip_vs_maglev: %s", maglev_client_error(client)->text);
	maglev_client_close(client);
}

static int take_count(void *ctx, const struct maglev_lib_message *message)
{
	const struct maglev_lib_flow_count *count = &message->flow_count;
	u64 *flows = ctx;

	*flows += (u64)count->half_open + count->established + count->closing + count->reset;
	return 0;
}

bool ipvs_ours_flows(u64 *flows)
{
	struct maglev_client *client = open_client();
	int err;

	if (!client)
		return false;
	*flows = 0;
	err = maglev_client_list(client, MAGLEV_CMD_FLOW_COUNT, take_count, flows);
	maglev_client_close(client);
	return !err;
}
