// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module and IPVS say of services, backends and counters, and maglevd of its checks. Those
 * who are not there, or do not let us ask, are a finding of doctor's and no error.
 */
#include "connect.h"
#include "daemon.h"
#include "doctor.h"

#include <errno.h>
#include <ipvs_netlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MODULE_DIRECTORY "/sys/module/ip_vs_maglev"
#define RUN_DIRECTORY "/run/maglevd"

/* Documentation's addresses (RFC 5737, RFC 3849): no client of anybody's. */
static const struct maglev_lib_addr client4 = { MAGLEV_IPV4_BYTES, { 203, 0, 113, 7 } };
static const struct maglev_lib_addr client6 = { MAGLEV_IPV6_BYTES,
						{ 0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, [15] = 7 } };
enum {
	CLIENT_PORT = 40000,
};

/* A listing that goes on. */
struct reading {
	struct doctor_patient *patient;
	const struct maglev_lib_service_key *only; /* NULL: all */
};

static bool is_same_addr(const struct maglev_lib_addr *a, const struct maglev_lib_addr *b)
{
	return a->len == b->len && a->len <= sizeof(a->byte) && !memcmp(a->byte, b->byte, a->len);
}

static bool is_same_key(const struct maglev_lib_service_key *a,
			const struct maglev_lib_service_key *b)
{
	if (a->fwmark || b->fwmark)
		return a->fwmark == b->fwmark && a->af == b->af;
	return a->protocol == b->protocol && a->port == b->port && is_same_addr(&a->addr, &b->addr);
}

static struct doctor_service *find_service(const struct reading *reading,
					   const struct maglev_lib_service_key *key)
{
	size_t i;

	for (i = 0; i < reading->patient->n; i++)
		if (is_same_key(&reading->patient->service[i].key, key))
			return &reading->patient->service[i];
	return NULL;
}

static struct doctor_service *get_service(const struct reading *reading,
					  const struct maglev_lib_service_key *key)
{
	struct doctor_service *service = find_service(reading, key);

	if (service)
		return service;
	service = doctor_add_service(reading->patient);
	if (!service)
		return NULL;
	service->key = *key;
	show_service(key, service->name);
	return service;
}

static struct doctor_backend *get_backend(struct doctor_service *service,
					  const struct maglev_lib_addr *addr, __be16 port)
{
	struct doctor_backend *backend;
	size_t i;

	for (i = 0; i < service->n; i++)
		if (service->backend[i].port == port &&
		    is_same_addr(&service->backend[i].addr, addr))
			return &service->backend[i];
	backend = doctor_add_backend(service);
	if (!backend)
		return NULL;
	backend->addr = *addr;
	backend->port = port;
	show_endpoint(addr, port, backend->name);
	return backend;
}

static int take_service(void *ctx, const struct maglev_lib_message *message)
{
	const struct reading *reading = ctx;
	struct doctor_service *service;

	if (reading->only && !is_same_key(reading->only, &message->service.key))
		return 0;
	service = get_service(reading, &message->service.key);
	if (!service)
		return -ENOMEM;
	service->is_ours = true;
	service->ours = message->service;
	return 0;
}

static int take_backend(void *ctx, const struct maglev_lib_message *message)
{
	struct doctor_service *service = find_service(ctx, &message->service.key);
	const struct maglev_lib_backend *ours = &message->backend;
	struct doctor_backend *backend;

	if (!service)
		return 0;
	backend = get_backend(service, &ours->addr, ours->port);
	if (!backend)
		return -ENOMEM;
	backend->is_ours = true;
	backend->ours = *ours;
	return 0;
}

static void explain(struct maglev_client *client, struct doctor_service *service)
{
	const struct maglev_lib_service_key *key = &service->key;
	struct maglev_lib_message message = { .has = MAGLEV_LIB_HAS(TUPLE) }, reply;
	struct maglev_lib_tuple *tuple = &message.tuple;

	if (key->fwmark || !key->port)
		return;
	tuple->has = MAGLEV_LIB_HAS(TUPLE_PROTOCOL) | MAGLEV_LIB_HAS(TUPLE_SADDR) |
		     MAGLEV_LIB_HAS(TUPLE_DADDR) | MAGLEV_LIB_HAS(TUPLE_SPORT) |
		     MAGLEV_LIB_HAS(TUPLE_DPORT);
	tuple->protocol = key->protocol;
	tuple->saddr = key->addr.len == MAGLEV_IPV6_BYTES ? client6 : client4;
	tuple->daddr = key->addr;
	tuple->sport = htons(CLIENT_PORT);
	tuple->dport = key->port;
	if (maglev_client_call(client, MAGLEV_CMD_EXPLAIN, &message, &reply))
		return;
	service->has_decision = true;
	service->decision = reply.decision;
}

/* What changed while it was read is looked at as it was met. */
static int list(struct maglev_client *client, u8 command, maglev_row *row, void *ctx)
{
	int err = maglev_client_list(client, command, row, ctx);

	return maglev_client_error(client)->failure == MAGLEV_FAILURE_INTERRUPTED ? 0 : err;
}

static int ask_plane(struct maglev_client *client, const struct reading *reading)
{
	struct doctor_patient *patient = reading->patient;
	struct maglev_lib_message reply;
	size_t i;
	int err;

	err = maglev_client_call(client, MAGLEV_CMD_SETTINGS_GET, NULL, &reply);
	if (err)
		return err;
	patient->has_plane = true;
	patient->settings = reply.settings;
	err = list(client, MAGLEV_CMD_SERVICE_GET, take_service, (void *)reading);
	if (!err)
		err = list(client, MAGLEV_CMD_BACKEND_GET, take_backend, (void *)reading);
	for (i = 0; !err && i < patient->n; i++)
		explain(client, &patient->service[i]);
	return err;
}

static int read_plane(const struct reading *reading)
{
	struct maglev_client *client;
	int err;

	/* To ask for the family loads the module where it is installed: that would be a change. */
	reading->patient->has_module = !access(MODULE_DIRECTORY, F_OK);
	if (!reading->patient->has_module)
		return 0;
	err = connect_plane(&client);
	if (!err)
		err = ask_plane(client, reading);
	if (err && err != -ENOMEM && maglev_client_error(client)->failure != MAGLEV_FAILURE_ABSENT)
		doctor_blind(reading->patient, "the module: %s", maglev_client_error(client)->text);
	maglev_client_close(client);
	return err == -ENOMEM ? err : 0;
}

static void copy_address(struct maglev_lib_addr *to, const struct ipvs_address *from)
{
	to->len = from->af == AF_INET6 ? MAGLEV_IPV6_BYTES : MAGLEV_IPV4_BYTES;
	memcpy(to->byte, from->byte, to->len);
}

static void name_service(struct maglev_lib_service_key *key, const struct ipvs_key *from)
{
	memset(key, 0, sizeof(*key));
	key->af = from->address.af;
	key->has = MAGLEV_LIB_HAS(SERVICE_KEY_AF);
	if (from->fwmark) {
		key->has |= MAGLEV_LIB_HAS(SERVICE_KEY_FWMARK);
		key->fwmark = from->fwmark;
		return;
	}
	key->has |= MAGLEV_LIB_HAS(SERVICE_KEY_PROTOCOL) | MAGLEV_LIB_HAS(SERVICE_KEY_ADDR) |
		    MAGLEV_LIB_HAS(SERVICE_KEY_PORT);
	key->protocol = from->protocol;
	copy_address(&key->addr, &from->address);
	key->port = from->address.port;
}

static int take_ipvs(const struct reading *reading, const struct ipvs_service *from)
{
	struct maglev_lib_service_key key;
	struct doctor_service *service;
	struct doctor_backend *backend;
	struct maglev_lib_addr addr;
	size_t i;

	name_service(&key, &from->key);
	if (reading->only && !is_same_key(reading->only, &key))
		return 0;
	service = get_service(reading, &key);
	if (!service)
		return -ENOMEM;
	service->is_ipvs = true;
	service->flags = from->flags;
	snprintf(service->scheduler, sizeof(service->scheduler), "%s", from->scheduler);
	for (i = 0; i < from->n; i++) {
		copy_address(&addr, &from->backend[i].address);
		backend = get_backend(service, &addr, from->backend[i].address.port);
		if (!backend)
			return -ENOMEM;
		backend->is_ipvs = true;
		backend->ipvs = from->backend[i];
	}
	return 0;
}

static int read_ipvs(const struct reading *reading)
{
	struct ipvs_netlink *netlink = NULL;
	struct ipvs_table table = {};
	size_t i;
	int err;

	err = ipvs_open(&netlink);
	if (!err)
		err = ipvs_read_table(netlink, &table, NULL);
	reading->patient->has_ipvs = !err;
	reading->patient->is_denied = err && err != -EPROTONOSUPPORT;
	if (err == -EPERM)
		doctor_blind(reading->patient, "IPVS: needs CAP_NET_ADMIN, as root has it");
	else if (err && err != -EPROTONOSUPPORT && err != -ENOMEM)
		doctor_blind(reading->patient, "IPVS: %s", strerror(-err));
	if (err != -ENOMEM)
		err = 0;
	ipvs_table_sort(&table);
	for (i = 0; !err && i < table.n; i++)
		err = take_ipvs(reading, &table.service[i]);
	ipvs_table_fini(&table);
	ipvs_close(netlink);
	return err;
}

int doctor_read_services(struct doctor_patient *patient, const struct maglev_lib_service_key *only)
{
	struct reading reading = { .patient = patient, .only = only };
	int err;

	patient->is_named = only;
	err = read_plane(&reading);
	if (!err)
		err = read_ipvs(&reading);
	if (!err && only && !get_service(&reading, only))
		err = -ENOMEM;
	return err ? err_memory() : STATUS_DONE;
}

/* Counters stay; what was lost between two calls is told. */
void doctor_read_losses(struct doctor_patient *patient)
{
	struct maglev_lib_reason_count reason;
	struct maglev_lib_message reply;
	struct maglev_client *client;
	const void *cursor = NULL;

	if (!patient->has_plane)
		return;
	if (!connect_plane(&client) &&
	    !maglev_client_call(client, MAGLEV_CMD_STATS_GET, NULL, &reply)) {
		patient->counters = reply.counters;
		while (maglev_lib_next(&reply, MAGLEV_A_REASON, &cursor, &reason) > 0) {
			if (reason.reason >= DOCTOR_REASONS)
				continue;
			patient->lost[reason.reason].count = reason.count -
							     patient->lost[reason.reason].count;
			patient->lost[reason.reason].verdict = reason.verdict;
			memcpy(patient->lost[reason.reason].name, reason.name, sizeof(reason.name));
			memcpy(patient->lost[reason.reason].text, reason.text, sizeof(reason.text));
		}
	}
	maglev_client_close(client);
}

static const char *string_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name)) ?: "";
}

static void take_checks(struct doctor_backend *backend, const cJSON *from)
{
	const cJSON *check;
	size_t len = 0;

	backend->is_checked = true;
	snprintf(backend->health, sizeof(backend->health), "%s", string_of(from, "checked"));
	cJSON_ArrayForEach(check, cJSON_GetObjectItemCaseSensitive(from, "checks")) {
		if (!strcmp(string_of(check, "state"), "up") || len >= sizeof(backend->why))
			continue;
		len += snprintf(backend->why + len, sizeof(backend->why) - len, "%s%s: %s",
				len ? "; " : "", string_of(check, "name"), string_of(check, "why"));
	}
}

static void take_checked(struct doctor_service *service, const cJSON *from)
{
	const cJSON *one;
	size_t i;

	service->is_owned = cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(from, "external"));
	cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(from, "backends"))
		for (i = 0; i < service->n; i++)
			if (!strcmp(service->backend[i].name, string_of(one, "backend")))
				take_checks(&service->backend[i], one);
}

static void take_disagreement(struct doctor_patient *patient, const char *peer, const cJSON *from)
{
	struct doctor_service *service;
	size_t i;

	if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(from, "alarm")))
		return;
	for (i = 0; i < patient->n; i++) {
		service = &patient->service[i];
		if (*service->peer || strcmp(service->name, string_of(from, "service")))
			continue;
		snprintf(service->peer, sizeof(service->peer), "%s", peer);
		snprintf(service->difference, sizeof(service->difference), "%s",
			 string_of(from, "difference"));
	}
}

static void take_peers(struct doctor_patient *patient, const cJSON *status)
{
	const cJSON *peer, *one;

	cJSON_ArrayForEach(peer, cJSON_GetObjectItemCaseSensitive(status, "peers"))
		cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(peer, "disagreements"))
			take_disagreement(patient, string_of(peer, "peer"), one);
}

void doctor_read_daemon(struct doctor_patient *patient, const char *directory)
{
	char path[DOCTOR_WHY];
	cJSON *status;
	const cJSON *one;
	size_t i;

	snprintf(path, sizeof(path), "%s/control", directory ?: RUN_DIRECTORY);
	if (access(path, F_OK) || daemon_ask(directory, "status", &status))
		return;
	patient->has_daemon = true;
	cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(status, "services"))
		for (i = 0; i < patient->n; i++)
			if (!strcmp(patient->service[i].name, string_of(one, "service")))
				take_checked(&patient->service[i], one);
	take_peers(patient, status);
	cJSON_Delete(status);
}
