// SPDX-License-Identifier: GPL-2.0-only
/*
 * Three sockets: IPVS's, ours for requests, ours for events. maglev-dpdk has the last two, and what
 * IPVS would be told is part of the batch.
 */
#include "kernel.h"

#include "dataplane.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct kernel {
	struct ipvs_netlink *ipvs;
	struct maglev_client *client;
	struct maglev_client *events;
	struct maglev_request batch;
	bool in_batch;
};

__attribute__((format(printf, 3, 4))) static int fail(char *error, int err, const char *format, ...)
{
	va_list args;
	size_t len;

	va_start(args, format);
	len = vsnprintf(error, CONFIG_ERROR_TEXT, format, args);
	va_end(args);
	if (len < CONFIG_ERROR_TEXT)
		snprintf(error + len, CONFIG_ERROR_TEXT - len, ": %s", strerror(-err));
	return err;
}

/* What the module says is better than any errno. */
static int fail_client(const struct maglev_client *client, char *error, int err)
{
	const struct maglev_error *why = maglev_client_error(client);

	snprintf(error, CONFIG_ERROR_TEXT, "%s: %s%s%s", dataplane_name(), why->path,
		 *why->path ? ": " : "", *why->text ? why->text : strerror(-err));
	return err;
}

void kernel_batch_drop(struct kernel *kernel)
{
	if (kernel->in_batch)
		maglev_request_fini(&kernel->batch);
	kernel->in_batch = false;
}

/* To ask for our family loads the module, and that loads IPVS. */
static int open_clients(struct kernel *kernel, char *error)
{
	int err = dataplane_open(&kernel->client);

	if (!err)
		err = dataplane_open(&kernel->events);
	if (!err)
		err = maglev_client_subscribe(kernel->events);
	return err ? fail_client(kernel->events ?: kernel->client, error, err) : 0;
}

static void close_clients(struct kernel *kernel)
{
	maglev_client_close(kernel->events);
	maglev_client_close(kernel->client);
	kernel->events = NULL;
	kernel->client = NULL;
}

bool kernel_is_atomic(void)
{
	return dataplane_socket();
}

static int open_ipvs(struct kernel *kernel, char *error)
{
	int err = kernel_is_atomic() ? 0 : ipvs_open(&kernel->ipvs);

	return err ? fail(error, err, "IPVS") : 0;
}

static void close_all(struct kernel *kernel)
{
	kernel_batch_drop(kernel);
	if (kernel->ipvs)
		ipvs_close(kernel->ipvs);
	kernel->ipvs = NULL;
	close_clients(kernel);
}

/* As long as nobody is there, there are clients without connection: asking them fails. */
int kernel_reopen(struct kernel *kernel, char *error)
{
	close_all(kernel);
	return open_clients(kernel, error) ?: open_ipvs(kernel, error);
}

struct kernel *kernel_open(char *error)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));

	if (!kernel) {
		fail(error, -ENOMEM, "kernel");
		return NULL;
	}
	if (!open_clients(kernel, error) && !open_ipvs(kernel, error))
		return kernel;
	kernel_close(kernel);
	return NULL;
}

void kernel_close(struct kernel *kernel)
{
	if (!kernel)
		return;
	close_all(kernel);
	free(kernel);
}

int kernel_events_fd(const struct kernel *kernel)
{
	return maglev_client_fd(kernel->events);
}

int kernel_read_events(struct kernel *kernel)
{
	struct maglev_event event;
	int got, news = 0;

	for (;;) {
		got = maglev_client_event(kernel->events, &event, 0);
		if (got == -ENOBUFS)
			news = 1;
		else if (got <= 0)
			return got ?: news;
		else if (event.lost || (event.command >= MAGLEV_CMD_SERVICE_ADD_NTF &&
					event.command <= MAGLEV_CMD_BACKEND_DEL_NTF))
			news = 1;
	}
}

/* What came or went meanwhile is listed the next time. */
static int list(struct kernel *kernel, u8 command, maglev_row *row, void *ctx)
{
	int err = maglev_client_list(kernel->client, command, row, ctx);

	return maglev_client_error(kernel->client)->failure == MAGLEV_FAILURE_INTERRUPTED ? 0 : err;
}

int kernel_list_services(struct kernel *kernel, maglev_row *row, void *ctx)
{
	return list(kernel, MAGLEV_CMD_SERVICE_GET, row, ctx);
}

int kernel_list_backends(struct kernel *kernel, maglev_row *row, void *ctx)
{
	return list(kernel, MAGLEV_CMD_BACKEND_GET, row, ctx);
}

int kernel_ask(struct kernel *kernel, u8 command, struct maglev_lib_message *reply)
{
	return maglev_client_call(kernel->client, command, NULL, reply);
}

int kernel_count_flows(struct kernel *kernel, maglev_row *row, void *ctx)
{
	return list(kernel, MAGLEV_CMD_FLOW_COUNT, row, ctx);
}

int kernel_read(struct kernel *kernel, struct seen *seen, char *error)
{
	return kernel_is_atomic() ? seen_read_socket(seen, kernel->client, error) :
				    seen_read(seen, kernel->ipvs, kernel->client, error);
}

static bool has_tunnel_checks(const struct config *config)
{
	size_t i;

	for (i = 0; i < config->n_checks; i++)
		if (config->check[i].via == CHECK_TUNNEL)
			return true;
	return false;
}

/* Settings that are as they should be are not sent: each is an event, and some begin a move. */
int kernel_set_up(struct kernel *kernel, const struct config *config, char *error)
{
	struct maglev_lib_message now = {}, message = { .has = MAGLEV_LIB_HAS(SETTINGS) };
	struct maglev_lib_settings *settings = &message.settings;
	int err;

	err = maglev_client_call(kernel->client, MAGLEV_CMD_SETTINGS_GET, NULL, &now);
	if (err)
		return fail_client(kernel->client, error, err);
	if (config->has_key && now.settings.key_check != maglev_key_check(&config->key)) {
		settings->has |= MAGLEV_LIB_HAS(SETTINGS_KEY);
		maglev_key_bytes(&config->key, settings->key);
	}
	if (config->table_size && now.settings.table_size != config->table_size) {
		settings->has |= MAGLEV_LIB_HAS(SETTINGS_TABLE_SIZE);
		settings->table_size = config->table_size;
	}
	if (has_tunnel_checks(config) &&
	    (!now.settings.probe || now.settings.probe_base != config->probe_base)) {
		settings->has |= MAGLEV_LIB_HAS(SETTINGS_PROBE) |
				 MAGLEV_LIB_HAS(SETTINGS_PROBE_BASE);
		settings->probe = 1;
		settings->probe_base = config->probe_base;
	}
	if (!settings->has)
		return 0;
	err = maglev_client_call(kernel->client, MAGLEV_CMD_SETTINGS_SET, &message, NULL);
	return err ? fail_client(kernel->client, error, err) : 0;
}

static struct maglev_lib_service_key lib_key_of(const struct service_key *key)
{
	return (struct maglev_lib_service_key){
		.has = MAGLEV_LIB_HAS(SERVICE_KEY_AF) | MAGLEV_LIB_HAS(SERVICE_KEY_PROTOCOL) |
		       MAGLEV_LIB_HAS(SERVICE_KEY_ADDR) | MAGLEV_LIB_HAS(SERVICE_KEY_PORT),
		.af = key->vip.addr.len == MAGLEV_IPV6_BYTES ? AF_INET6 : AF_INET,
		.protocol = key->protocol,
		.addr = key->vip.addr,
		.port = htons(key->vip.port),
	};
}

static int add_entry(struct kernel *kernel, const struct maglev_lib_entry *entry)
{
	int err = 0;

	if (!kernel->in_batch)
		err = maglev_request_init(&kernel->batch, MAGLEV_CMD_BATCH);
	kernel->in_batch = true;
	return err ?: maglev_request_add(&kernel->batch, entry);
}

/* An entry about a service, for who is told of it in batches alone. */
static int batch_service(struct kernel *kernel, u32 op, const struct service_key *key)
{
	const struct maglev_lib_entry entry = {
		.has = MAGLEV_LIB_HAS(ENTRY_OP) | MAGLEV_LIB_HAS(ENTRY_SERVICE),
		.op = op,
		.service = { .has = MAGLEV_LIB_HAS(SERVICE_KEY), .key = lib_key_of(key) },
	};

	return add_entry(kernel, &entry);
}

static int batch_backend(struct kernel *kernel, u32 op, const struct service_key *key,
			 const struct endpoint *backend, const struct maglev_lib_backend *change)
{
	struct maglev_lib_entry entry = {
		.has = MAGLEV_LIB_HAS(ENTRY_OP) | MAGLEV_LIB_HAS(ENTRY_SERVICE) |
		       MAGLEV_LIB_HAS(ENTRY_BACKEND),
		.op = op,
		.service = { .has = MAGLEV_LIB_HAS(SERVICE_KEY), .key = lib_key_of(key) },
		.backend = *change,
	};

	entry.backend.has |= MAGLEV_LIB_HAS(BACKEND_ADDR) | MAGLEV_LIB_HAS(BACKEND_PORT);
	entry.backend.addr = backend->addr;
	entry.backend.port = htons(backend->port);
	return add_entry(kernel, &entry);
}

/* Its way and weight, as IPVS would be told. */
static int batch_way(struct kernel *kernel, u32 op, const struct service *service,
		     const struct member *member, u32 weight)
{
	const struct maglev_lib_backend change = {
		.has = MAGLEV_LIB_HAS(BACKEND_WEIGHT) | MAGLEV_LIB_HAS(BACKEND_TUNNEL) |
		       MAGLEV_LIB_HAS(BACKEND_TUNNEL_CHECKSUM),
		.weight = weight,
		.tunnel = service->config->tunnel,
		.tunnel_checksum = service->config->tunnel_checksum,
	};

	return batch_backend(kernel, op, &service->key, &member->backend, &change);
}

static void write_address(struct ipvs_address *to, const struct endpoint *from)
{
	to->af = from->addr.len == MAGLEV_IPV6_BYTES ? AF_INET6 : AF_INET;
	memcpy(to->byte, from->addr.byte, sizeof(to->byte));
	to->port = htons(from->port);
}

static struct ipvs_key ipvs_key_of(const struct service_key *key)
{
	struct ipvs_key to = { .protocol = key->protocol };

	write_address(&to.address, &key->vip);
	return to;
}

static struct ipvs_service ipvs_service_of(const struct service *service)
{
	return (struct ipvs_service){ .key = ipvs_key_of(&service->key), .scheduler = "maglev" };
}

int kernel_add_service(struct kernel *kernel, const struct service *service, char *error)
{
	struct ipvs_service to = ipvs_service_of(service);
	char text[SERVICE_TEXT];
	int err;

	if (kernel_is_atomic())
		return batch_service(kernel, MAGLEV_NL_OP_SERVICE_ADD, &service->key);
	err = ipvs_new_service(kernel->ipvs, &to);
	return err ? fail(error, err, "IPVS: add %s", service_key_text(&service->key, text)) : 0;
}

int kernel_replace_scheduler(struct kernel *kernel, const struct service *service, char *error)
{
	struct ipvs_service to = ipvs_service_of(service);
	char text[SERVICE_TEXT];
	int err = ipvs_set_service(kernel->ipvs, &to);

	return err ? fail(error, err, "IPVS: edit %s", service_key_text(&service->key, text)) : 0;
}

int kernel_del_service(struct kernel *kernel, const struct service_key *key, char *error)
{
	struct ipvs_key to = ipvs_key_of(key);
	char text[SERVICE_TEXT];
	int err;

	if (kernel_is_atomic())
		return batch_service(kernel, MAGLEV_NL_OP_SERVICE_DEL, key);
	err = ipvs_del_service(kernel->ipvs, &to);
	return err ? fail(error, err, "IPVS: delete %s", service_key_text(key, text)) : 0;
}

static struct ipvs_backend ipvs_backend_of(const struct service *service,
					   const struct member *member, u32 weight)
{
	const struct config_service *config = service->config;
	struct ipvs_backend to = { .weight = weight, .way.method = IP_VS_CONN_F_TUNNEL };

	write_address(&to.address, &member->backend);
	to.way.type = config->tunnel == MAGLEV_NL_TUNNEL_GRE ? IP_VS_CONN_F_TUNNEL_TYPE_GRE :
							       IP_VS_CONN_F_TUNNEL_TYPE_IPIP;
	to.way.flags = config->tunnel_checksum ? IP_VS_TUNNEL_ENCAP_FLAG_CSUM : 0;
	return to;
}

static int fail_backend(char *error, int err, const char *verb, const struct service_key *key,
			const struct endpoint *backend)
{
	char service[SERVICE_TEXT], text[ENDPOINT_TEXT];

	return fail(error, err, "IPVS: %s %s of %s", verb, endpoint_text(backend, text),
		    service_key_text(key, service));
}

/* With weight 0, so that nothing goes there before it has an overlay. */
int kernel_add_backend(struct kernel *kernel, const struct service *service,
		       const struct member *member, char *error)
{
	struct ipvs_backend to = ipvs_backend_of(service, member, 0);
	struct ipvs_key key = ipvs_key_of(&service->key);
	int err;

	if (kernel_is_atomic())
		return batch_way(kernel, MAGLEV_NL_OP_BACKEND_ADD, service, member, 0);
	err = ipvs_new_backend(kernel->ipvs, &key, &to);
	return err ? fail_backend(error, err, "add", &service->key, &member->backend) : 0;
}

int kernel_set_backend(struct kernel *kernel, const struct service *service,
		       const struct member *member, char *error)
{
	struct ipvs_backend to = ipvs_backend_of(service, member, member->weight);
	struct ipvs_key key = ipvs_key_of(&service->key);
	int err;

	if (kernel_is_atomic())
		return batch_way(kernel, MAGLEV_NL_OP_BACKEND_SET, service, member, member->weight);
	err = ipvs_set_backend(kernel->ipvs, &key, &to);
	return err ? fail_backend(error, err, "edit", &service->key, &member->backend) : 0;
}

int kernel_del_backend(struct kernel *kernel, const struct service_key *key,
		       const struct endpoint *backend, char *error)
{
	struct ipvs_key to = ipvs_key_of(key);
	const struct maglev_lib_backend nothing = {};
	struct ipvs_address address = {};
	int err;

	if (kernel_is_atomic())
		return batch_backend(kernel, MAGLEV_NL_OP_BACKEND_DEL, key, backend, &nothing);
	write_address(&address, backend);
	err = ipvs_del_backend(kernel->ipvs, &to, &address);
	return err ? fail_backend(error, err, "delete", key, backend) : 0;
}

int kernel_batch_service(struct kernel *kernel, const struct service_key *key,
			 const struct maglev_lib_service *change)
{
	struct maglev_lib_entry entry = {
		.has = MAGLEV_LIB_HAS(ENTRY_OP) | MAGLEV_LIB_HAS(ENTRY_SERVICE),
		.op = MAGLEV_NL_OP_SERVICE_SET,
		.service = *change,
	};

	entry.service.has |= MAGLEV_LIB_HAS(SERVICE_KEY);
	entry.service.key = lib_key_of(key);
	return add_entry(kernel, &entry);
}

int kernel_batch_backend(struct kernel *kernel, const struct service_key *key,
			 const struct endpoint *backend, const struct maglev_lib_backend *change)
{
	return batch_backend(kernel, MAGLEV_NL_OP_BACKEND_SET, key, backend, change);
}

int kernel_batch(struct kernel *kernel, char *error)
{
	int err = 0;

	if (!kernel->in_batch)
		return 0;
	if (kernel->batch.entries)
		err = maglev_client_do(kernel->client, &kernel->batch, NULL, NULL);
	kernel_batch_drop(kernel);
	return err ? fail_client(kernel->client, error, err) : 0;
}
