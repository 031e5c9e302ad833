// SPDX-License-Identifier: GPL-2.0-only
/*
 * maglev-dpdk has its services from our family alone, so what ipvsadm's words mean is told to it in
 * that: -A, -E and -D of services, -a, -e and -d of backends, -L, -C, -S and -R.
 */
#include "dpdk.h"

#include "connect.h"
#include "dpdk_rules.h"
#include "err.h"
#include "ipvs_list.h"
#include "ipvs_words.h"

#include <maglev/table.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	IPVS_VERSION = 0x010201, /* whose layout lists have */
};

int dpdk_check(const char *object)
{
	if (!dpdk_socket || strcmp(object, "doctor"))
		return STATUS_DONE;
	return err_refuse(NULL, span_of(object), "command",
			  "without --dpdk: it looks at what the kernel forwards; of maglev-dpdk, stats, explain and maglevd's status page tell");
}

static int refuse(const struct ipvs_words *words, enum ipvs_word word, const char *why)
{
	return err_refuse(NULL, span_of(words->at[word]), "option", "%s", why);
}

/* What maglev-dpdk has no word for. */
static int check_words(const struct ipvs_words *words)
{
	static const struct {
		enum ipvs_word word;
		const char *why;
	} refused[] = {
		{ IPVS_FWMARK, "-t or -u: packets of maglev-dpdk have no firewall marks" },
		{ IPVS_MASQUERADING, "-i: maglev-dpdk reaches backends through tunnels alone" },
		{ IPVS_DIRECT, "-i: maglev-dpdk reaches backends through tunnels alone" },
		{ IPVS_TUN_PORT, "with gue, which maglev-dpdk does not send" },
		{ IPVS_TUN_REMCSUM, "with gue, which maglev-dpdk does not send" },
		{ IPVS_CONNECTION, "maglev-dpdk tracks flows: maglevadm --dpdk flow show" },
		{ IPVS_TIMEOUT, "timeouts are a service's: maglevadm --dpdk service show" },
		{ IPVS_DAEMON, "of IPVS, not with --dpdk" },
		{ IPVS_OTHER, "of IPVS, not with --dpdk" },
	};
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (words->given & IPVS_BIT(refused[i].word))
			return refuse(words, refused[i].word, refused[i].why);
	if (words->scheduler && strcmp(words->scheduler, "maglev") &&
	    strcmp(words->scheduler, "mh"))
		return err_refuse(NULL, span_of(words->scheduler), "scheduler", "maglev");
	return STATUS_DONE;
}

static void name_service(struct maglev_lib_message *message, const struct ipvs_key *key)
{
	bool v6 = key->address.af == AF_INET6;
	struct maglev_lib_service_key *to = &message->service.key;

	message->has |= MAGLEV_LIB_HAS(SERVICE);
	message->service.has |= MAGLEV_LIB_HAS(SERVICE_KEY);
	*to = (struct maglev_lib_service_key){
		.has = MAGLEV_LIB_HAS(SERVICE_KEY_AF) | MAGLEV_LIB_HAS(SERVICE_KEY_PROTOCOL) |
		       MAGLEV_LIB_HAS(SERVICE_KEY_ADDR) | MAGLEV_LIB_HAS(SERVICE_KEY_PORT),
		.af = key->address.af,
		.protocol = key->protocol,
		.addr.len = v6 ? MAGLEV_IPV6_BYTES : MAGLEV_IPV4_BYTES,
		.port = key->address.port,
	};
	memcpy(to->addr.byte, key->address.byte, to->addr.len);
}

static void name_backend(struct maglev_lib_message *message, const struct ipvs_address *address)
{
	struct maglev_lib_backend *backend = &message->backend;
	bool v6 = address->af == AF_INET6;

	message->has |= MAGLEV_LIB_HAS(BACKEND);
	backend->has |= MAGLEV_LIB_HAS(BACKEND_ADDR) | MAGLEV_LIB_HAS(BACKEND_PORT);
	backend->addr.len = v6 ? MAGLEV_IPV6_BYTES : MAGLEV_IPV4_BYTES;
	memcpy(backend->addr.byte, address->byte, backend->addr.len);
	backend->port = address->port;
}

/* What ipvsadm sets whether it is given or not: ipvsadm's defaults are ours. */
static int set_backend(struct maglev_lib_message *message, const struct ipvs_words *words)
{
	struct maglev_lib_backend *backend = &message->backend;

	if (words->way.type == IP_VS_CONN_F_TUNNEL_TYPE_GUE)
		return refuse(words, IPVS_TUN_TYPE, "ipip or gre");
	if (words->weight < 0 || words->weight > MAGLEV_WEIGHT_MAX)
		return refuse(words, IPVS_WEIGHT, "0 to 2147483647");
	backend->has |= MAGLEV_LIB_HAS(BACKEND_WEIGHT) | MAGLEV_LIB_HAS(BACKEND_TUNNEL) |
			MAGLEV_LIB_HAS(BACKEND_TUNNEL_CHECKSUM);
	backend->weight = words->weight;
	backend->tunnel = words->way.type == IP_VS_CONN_F_TUNNEL_TYPE_GRE ? MAGLEV_NL_TUNNEL_GRE :
									    MAGLEV_NL_TUNNEL_IPIP;
	backend->tunnel_checksum = words->way.flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM;
	return STATUS_DONE;
}

static int fail(struct maglev_client *client)
{
	const struct maglev_error *error = maglev_client_error(client);

	return err_say("%s", error->text);
}

static int change(struct maglev_client *client, const struct ipvs_words *words)
{
	static const u8 commands[IPVS_COMMANDS] = {
		[IPVS_ADD_SERVICE] = MAGLEV_CMD_SERVICE_ADD,
		[IPVS_EDIT_SERVICE] = MAGLEV_CMD_SERVICE_SET,
		[IPVS_DELETE_SERVICE] = MAGLEV_CMD_SERVICE_DEL,
		[IPVS_ADD_SERVER] = MAGLEV_CMD_BACKEND_ADD,
		[IPVS_EDIT_SERVER] = MAGLEV_CMD_BACKEND_SET,
		[IPVS_DELETE_SERVER] = MAGLEV_CMD_BACKEND_DEL,
	};
	bool of_backend = words->command == IPVS_ADD_SERVER || words->command == IPVS_EDIT_SERVER ||
			  words->command == IPVS_DELETE_SERVER;
	struct maglev_lib_message message = {};
	struct span end = {};
	int status = STATUS_DONE;

	if (!(words->given & IPVS_SERVICE_BITS))
		return err_refuse_unquoted(NULL, end, "service",
					   "missing: -t, -u or --sctp-service");
	if (of_backend && !(words->given & IPVS_BIT(IPVS_SERVER)))
		return err_refuse_unquoted(NULL, end, "-r", "missing: the backend");
	name_service(&message, &words->service);
	if (of_backend)
		name_backend(&message, &words->server);
	if (of_backend && words->command != IPVS_DELETE_SERVER)
		status = set_backend(&message, words);
	if (status)
		return status;
	return maglev_client_call(client, commands[words->command], &message, NULL) ? fail(client) :
										      STATUS_DONE;
}

/* All of it in one batch. */
static int add_deletion(void *ctx, const struct maglev_lib_message *message)
{
	struct maglev_lib_entry entry = {
		.has = MAGLEV_LIB_HAS(ENTRY_OP) | MAGLEV_LIB_HAS(ENTRY_SERVICE),
		.op = MAGLEV_NL_OP_SERVICE_DEL,
		.service = { .has = MAGLEV_LIB_HAS(SERVICE_KEY), .key = message->service.key },
	};

	return maglev_request_add(ctx, &entry);
}

static int clear(struct maglev_client *client)
{
	struct maglev_request request;
	int err = maglev_request_init(&request, MAGLEV_CMD_BATCH);

	if (!err)
		err = maglev_client_list(client, MAGLEV_CMD_SERVICE_GET, add_deletion, &request);
	if (!err && request.entries)
		err = maglev_client_do(client, &request, NULL, NULL);
	maglev_request_fini(&request);
	return err ? fail(client) : STATUS_DONE;
}

struct listing {
	struct ipvs_table table;
	const struct ipvs_key *only; /* or NULL */
};

static void read_key(struct ipvs_key *to, const struct maglev_lib_service_key *from)
{
	memset(to, 0, sizeof(*to));
	to->protocol = from->protocol;
	to->address.af = from->af;
	to->address.port = from->port;
	memcpy(to->address.byte, from->addr.byte,
	       from->addr.len <= sizeof(to->address.byte) ? from->addr.len : 0);
}

static int take_service(void *ctx, const struct maglev_lib_message *message)
{
	struct listing *listing = ctx;
	struct ipvs_service *service;
	struct ipvs_key key;

	read_key(&key, &message->service.key);
	if (listing->only && !ipvs_key_equal(listing->only, &key))
		return 0;
	service = ipvs_add_service(&listing->table);
	if (!service)
		return -ENOMEM;
	service->key = key;
	strcpy(service->scheduler, "maglev");
	service->stats.value[IPVS_STATS_ATTR_CONNS] = message->service.stats.flows_new;
	service->stats.value[IPVS_STATS_ATTR_INPKTS] = message->service.stats.packets;
	service->stats.value[IPVS_STATS_ATTR_INBYTES] = message->service.stats.bytes;
	service->ours = malloc(sizeof(*service->ours));
	if (!service->ours)
		return -ENOMEM;
	*service->ours = message->service;
	return 0;
}

static int take_backend(void *ctx, const struct maglev_lib_message *message)
{
	const struct maglev_lib_backend *from = &message->backend;
	struct listing *listing = ctx;
	struct ipvs_service *service;
	struct ipvs_backend *backend;
	struct ipvs_key key;

	read_key(&key, &message->service.key);
	service = ipvs_find_service(&listing->table, &key);
	if (!service)
		return 0;
	backend = ipvs_add_backend(service);
	if (!backend)
		return -ENOMEM;
	backend->address.af = from->addr.len == MAGLEV_IPV6_BYTES ? AF_INET6 : AF_INET;
	backend->address.port = from->port;
	memcpy(backend->address.byte, from->addr.byte,
	       from->addr.len <= sizeof(backend->address.byte) ? from->addr.len : 0);
	backend->weight = from->weight;
	backend->way.method = IP_VS_CONN_F_TUNNEL;
	backend->way.type = from->tunnel == MAGLEV_NL_TUNNEL_GRE ? IP_VS_CONN_F_TUNNEL_TYPE_GRE :
								   IP_VS_CONN_F_TUNNEL_TYPE_IPIP;
	backend->way.flags = from->tunnel_checksum ? IP_VS_TUNNEL_ENCAP_FLAG_CSUM : 0;
	backend->stats.value[IPVS_STATS_ATTR_CONNS] = from->stats.flows_new;
	backend->stats.value[IPVS_STATS_ATTR_INPKTS] = from->stats.packets;
	backend->stats.value[IPVS_STATS_ATTR_INBYTES] = from->stats.bytes;
	backend->ours = malloc(sizeof(*backend->ours));
	if (!backend->ours)
		return -ENOMEM;
	*backend->ours = *from;
	return 0;
}

static int list(struct out *out, struct maglev_client *client, const struct ipvs_words *words)
{
	struct listing listing = { .table.version = IPVS_VERSION };
	int err, status = STATUS_DONE;

	if (words->given & IPVS_SERVICE_BITS)
		listing.only = &words->service;
	err = maglev_client_list(client, MAGLEV_CMD_SERVICE_GET, take_service, &listing);
	if (!err)
		err = maglev_client_list(client, MAGLEV_CMD_BACKEND_GET, take_backend, &listing);
	if (!err && !(words->given & IPVS_BIT(IPVS_NOSORT)))
		ipvs_table_sort(&listing.table);
	if (err)
		status = fail(client);
	else if (listing.only && !listing.table.n)
		status = err_say("maglev-dpdk: no such service");
	else if (words->command == IPVS_SAVE)
		dpdk_save(out, &listing.table);
	else if (out->json)
		ipvs_json_services(out, &listing.table);
	else
		ipvs_list_services(out, &listing.table, words);
	ipvs_table_fini(&listing.table);
	return status;
}

static int restore_line(struct maglev_client *client, const struct ipvs_words *words)
{
	int status = STATUS_DONE;

	if (words->command != IPVS_ADD_SERVICE && words->command != IPVS_ADD_SERVER)
		status = err_say("a line of -R is -A or -a");
	if (!status)
		status = check_words(words);
	return status ? status : change(client, words);
}

static int obey(struct out *out, struct maglev_client *client, const struct ipvs_words *words)
{
	switch (words->command) {
	case IPVS_LIST:
	case IPVS_SAVE:
		return list(out, client, words);
	case IPVS_RESTORE:
		return dpdk_restore(client, restore_line);
	case IPVS_CLEAR:
		return clear(client);
	default:
		return change(client, words);
	}
}

int dpdk_ipvs(struct out *out, const struct ipvs_words *words)
{
	const u64 known = IPVS_BIT(IPVS_ADD_SERVICE) | IPVS_BIT(IPVS_EDIT_SERVICE) |
			  IPVS_BIT(IPVS_DELETE_SERVICE) | IPVS_BIT(IPVS_ADD_SERVER) |
			  IPVS_BIT(IPVS_EDIT_SERVER) | IPVS_BIT(IPVS_DELETE_SERVER) |
			  IPVS_BIT(IPVS_LIST) | IPVS_BIT(IPVS_CLEAR) | IPVS_BIT(IPVS_SAVE) |
			  IPVS_BIT(IPVS_RESTORE);
	struct maglev_client *client;
	struct span end = {};
	int status;

	if (words->command == IPVS_ZERO)
		return err_refuse_unquoted(
			NULL, end, "command",
			"-Z: counters of maglev-dpdk only grow: compare two of maglevadm --dpdk stats");
	if (!(IPVS_BIT(words->command) & known))
		return err_refuse_unquoted(NULL, end, "command",
					   "with --dpdk one of -A, -E, -D, -a, -e, -d, -L, -C, -S and -R");
	status = check_words(words);
	if (status)
		return status;
	if (connect_plane(&client))
		status = fail(client);
	else
		status = obey(out, client, words);
	maglev_client_close(client);
	return status;
}
