// SPDX-License-Identifier: GPL-2.0-only
/* Services: what they are, and that no two are the same. */
#include "config_service.h"

#include "config_policy.h"
#include "config_pool.h"
#include "config_share.h"
#include "config_value.h"
#include "endpoint.h"

#include <maglev/flow.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>

enum variant {
	VARIANT_OURS = 1,
	VARIANT_EXTERNAL = 2,
};

enum {
	FIELD_EXTERNAL = 0,
};

/* A port of a service, and where it is written. */
struct port {
	struct service_key key;
	const struct config_service *service;
	const struct config_node *at;
};

/* A service while it is read. */
struct draft {
	struct config_service *service;
	const struct config_node *name;
	const struct config_node *ports;
};

static const struct config_word protocols[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "sctp", IPPROTO_SCTP },
	{},
};

static const struct config_word tunnels[] = {
	{ "gre", MAGLEV_NL_TUNNEL_GRE },
	{ "ipip", MAGLEV_NL_TUNNEL_IPIP },
	{},
};

static const struct config_word modes[] = {
	{ "tuple", MAGLEV_NL_MODE_TUPLE },
	{ "source", MAGLEV_NL_MODE_SOURCE },
	{},
};

static const struct config_field timeout_fields[] = {
	{ "half_open", config_read_seconds, CONFIG_MEMBER(struct maglev_lib_timeouts, half_open),
	  .least = 1, .most = MAGLEV_TIMEOUT_MAX },
	{ "established", config_read_seconds,
	  CONFIG_MEMBER(struct maglev_lib_timeouts, established), .least = 1,
	  .most = MAGLEV_TIMEOUT_ESTABLISHED_MAX },
	{ "closing", config_read_seconds, CONFIG_MEMBER(struct maglev_lib_timeouts, closing),
	  .least = 1, .most = MAGLEV_TIMEOUT_MAX },
	{ "reset", config_read_seconds, CONFIG_MEMBER(struct maglev_lib_timeouts, reset),
	  .least = 1, .most = MAGLEV_TIMEOUT_MAX },
};

static const struct config_table timeout_table = CONFIG_TABLE(timeout_fields);

static bool read_timeouts(struct config_reader *reader, const struct config_node *node,
			  const struct config_field *field, void *to)
{
	static const u64 has[] = {
		MAGLEV_LIB_HAS(TIMEOUTS_HALF_OPEN),
		MAGLEV_LIB_HAS(TIMEOUTS_ESTABLISHED),
		MAGLEV_LIB_HAS(TIMEOUTS_CLOSING),
		MAGLEV_LIB_HAS(TIMEOUTS_RESET),
	};
	struct maglev_lib_timeouts *timeouts = to;
	u32 i;

	(void)field;
	if (!config_read_mapping(reader, node, &timeout_table, 0, NULL, timeouts))
		return false;
	for (i = 0; i < timeout_table.n; i++)
		if (config_node_find(node, timeout_fields[i].key))
			timeouts->has |= has[i];
	return true;
}

static bool read_name(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to)
{
	(void)field;
	return config_name_check(reader, node) && config_keep_text(reader, node, to);
}

static bool read_ports(struct config_reader *reader, const struct config_node *node,
		       const struct config_field *field, void *to)
{
	static const struct config_field one = { .size = sizeof(u16),
						 .least = 1,
						 .most = UINT16_MAX };
	struct config_service *service = to;
	u32 seen[(UINT16_MAX + 1) / 32] = {};
	const struct config_node *item;
	struct config_node single;
	u16 *port;

	(void)field;
	if (!config_items_n(node) || config_items_n(node) > UINT16_MAX)
		return config_refuse(reader, node, "expected a list of ports");
	port = config_keep(reader, config_items_n(node), sizeof(*port));
	if (!port)
		return false;
	service->port = port;
	for (item = config_items(node, &single); item; item = item->next, port++) {
		if (!config_read_number(reader, item, &one, port))
			return false;
		if (seen[*port / 32] & 1U << *port % 32)
			return config_refuse(reader, item, "given twice");
		seen[*port / 32] |= 1U << *port % 32;
		service->n_ports++;
	}
	return true;
}

static bool read_port(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to)
{
	if (node->kind == CONFIG_LIST)
		return config_refuse(reader, node, "expected one; of several, write ports");
	return read_ports(reader, node, field, to);
}

static bool has_check(const struct config_service *service, const struct check *check)
{
	size_t i;

	for (i = 0; i < service->n_checks; i++)
		if (service->check[i] == check)
			return true;
	return false;
}

static bool read_checks(struct config_reader *reader, const struct config_node *node,
			const struct config_field *field, void *to)
{
	struct config_service *service = to;
	const struct config_node *item;
	struct config_node single;
	const struct check **check;

	(void)field;
	if (config_items_n(node) > CONFIG_SERVICE_CHECKS_MAX)
		return config_refuse(reader, node, "expected at most %d",
				     CONFIG_SERVICE_CHECKS_MAX);
	check = config_keep(reader, config_items_n(node), sizeof(*check));
	if (!check)
		return false;
	service->check = check;
	for (item = config_items(node, &single); item; item = item->next, check++) {
		*check = config_names_find(&reader->checks, item);
		if (!*check)
			return config_refuse(reader, item, "expected the name of a check");
		if (has_check(service, *check))
			return config_refuse(reader, item, "given twice");
		service->n_checks++;
	}
	return true;
}

static const struct config_field fields[] = {
	{ "external", config_read_bool, CONFIG_MEMBER(struct config_service, external) },
	{ "name", read_name, "web", CONFIG_MEMBER(struct config_service, name) },
	{ "vip", config_read_address, "192.0.2.10", CONFIG_MEMBER(struct config_service, vip) },
	{ .key = "port", .read = read_port },
	{ .key = "ports", .read = read_ports },
	{ "protocol", config_read_word, CONFIG_MEMBER(struct config_service, protocol),
	  .words = protocols },
	{ "tunnel", config_read_word, CONFIG_MEMBER(struct config_service, tunnel),
	  .words = tunnels, .variants = VARIANT_OURS },
	{ "tunnel_checksum", config_read_bool,
	  CONFIG_MEMBER(struct config_service, tunnel_checksum), .variants = VARIANT_OURS },
	{ "mode", config_read_word, CONFIG_MEMBER(struct config_service, mode), .words = modes,
	  .variants = VARIANT_OURS },
	{ "table_size", config_read_size, CONFIG_MEMBER(struct config_service, table_size),
	  .variants = VARIANT_OURS },
	{ "timeouts", read_timeouts, CONFIG_MEMBER(struct config_service, timeouts),
	  .variants = VARIANT_OURS },
	{ "fragments", config_read_bool, CONFIG_MEMBER(struct config_service, fragments),
	  .variants = VARIANT_OURS },
	{ "pool", config_read_pool, "NAME", CONFIG_MEMBER(struct config_service, pool),
	  .variants = VARIANT_OURS },
	{ .key = "checks", .read = read_checks },
	{ "policy", config_read_policy, CONFIG_MEMBER(struct config_service, policy) },
	{ "announce", config_read_bool, CONFIG_MEMBER(struct config_service, announce) },
};

static const struct config_table table = CONFIG_TABLE(fields);

/*
 * A table must have a slot for each backend, and each backend must be one. The pool may be that of
 * all services' policy, which is not where the service is.
 */
static bool check_pool(struct config_reader *reader, const struct config_node *at, const char *key,
		       const struct config_service *service, const struct config_pool *pool)
{
	u32 size = service->table_size ?: reader->config->table_size;
	const struct config_backend *clash;
	char text[ENDPOINT_TEXT];
	struct endpoint endpoint;

	if (size && pool->n > size)
		return config_refuse_unquoted(reader, at,
					      "%s: %s: %zu backends are more than table_size, %u",
					      key, pool->name, pool->n, size);
	clash = config_pool_clash(pool, service->port, service->n_ports);
	if (!clash)
		return true;
	endpoint.addr = clash->addr;
	endpoint.port = clash->port;
	return config_refuse_unquoted(reader, at, "%s: %s: %s is there twice, once without a port",
				      key, pool->name, endpoint_text(&endpoint, text));
}

static bool check_pools(struct config_reader *reader, const struct config_node *node,
			const struct config_service *service)
{
	const struct config_node *at = node, *key = config_node_find(node, "policy");

	if (service->pool && !check_pool(reader, config_node_find(node, "pool")->next, "pool",
					 service, service->pool))
		return false;
	if (!service->policy.sorry)
		return true;
	key = key ? config_node_find(key->next, "sorry") : NULL;
	if (key)
		at = key->next;
	if (service->external)
		return config_refuse_unquoted(reader, at,
					      "policy: sorry: %s: not of an external service",
					      service->policy.sorry->name);
	if (service->policy.sorry == service->pool)
		return config_refuse_unquoted(reader, at,
					      "policy: sorry: %s: the service's own pool",
					      service->pool->name);
	return check_pool(reader, at, "policy: sorry", service, service->policy.sorry);
}

static bool check_service(struct config_reader *reader, const struct config_node *node,
			  struct config_service *service)
{
	const struct config_node *ports = config_node_find(node, "ports");

	if (ports && config_node_find(node, "port"))
		return config_refuse_key(reader, ports, "there is a port already");
	if (!service->n_ports)
		return config_refuse_missing(reader, node, "port", "80");
	if (service->tunnel_checksum && service->tunnel != MAGLEV_NL_TUNNEL_GRE)
		return config_refuse_key(reader, config_node_find(node, "tunnel_checksum"),
					 "only with tunnel: gre");
	return check_pools(reader, node, service) && config_find_share_check(reader, node, service);
}

static bool read_keys(struct config_reader *reader, const struct config_node *node,
		      struct draft *draft)
{
	struct config_service *service = draft->service;
	bool external;

	/* It says which keys there are. */
	if (!config_read_ahead(reader, node, &fields[FIELD_EXTERNAL], service))
		return false;
	external = service->external;
	service->protocol = IPPROTO_TCP;
	service->tunnel = MAGLEV_NL_TUNNEL_GRE;
	service->mode = MAGLEV_NL_MODE_TUPLE;
	service->policy = reader->policy;
	service->announce = true;
	if (!config_read_mapping(reader, node, &table, external ? VARIANT_EXTERNAL : VARIANT_OURS,
				 external ? "an external service" : "a service", service) ||
	    !check_service(reader, node, service))
		return false;
	draft->name = config_node_find(node, "name")->next;
	draft->ports = (config_node_find(node, "port") ?: config_node_find(node, "ports"))->next;
	return true;
}

static bool read_service(struct config_reader *reader, const struct config_node *node,
			 struct draft *draft)
{
	const struct config_node *name = config_node_find(node, "name");
	struct config_place place = { .word = "service" };
	const struct config_place *outer = reader->place;
	bool ok;

	if (name && config_is_name(name->next)) {
		place.name = name->next->text;
		reader->place = &place;
	}
	ok = read_keys(reader, node, draft);
	reader->place = outer;
	return ok;
}

static int compare_ports(const void *a, const void *b)
{
	const struct port *x = a, *y = b;

	return service_key_compare(&x->key, &y->key) ?:
		       (x->service > y->service) - (x->service < y->service);
}

static bool refuse_port(struct config_reader *reader, const struct port *first,
			const struct port *second)
{
	struct config_place place = { .word = "service", .name = second->service->name };
	const struct config_place *outer = reader->place;
	char text[SERVICE_TEXT];

	reader->place = &place;
	config_refuse_unquoted(reader, second->at, "%s is that of service \"%s\" in line %u",
			       service_key_text(&second->key, text), first->service->name,
			       first->at->line);
	reader->place = outer;
	return false;
}

static bool check_ports(struct config_reader *reader, struct port *port, size_t n)
{
	size_t i;

	qsort(port, n, sizeof(*port), compare_ports);
	for (i = 1; i < n; i++)
		if (!service_key_compare(&port[i - 1].key, &port[i].key))
			return refuse_port(reader, &port[i - 1], &port[i]);
	return true;
}

/* Return: how many. */
static size_t list_ports(const struct draft *draft, struct port *port)
{
	const struct config_service *service = draft->service;
	const struct config_node *item;
	struct config_node single;
	size_t i = 0;

	for (item = config_items(draft->ports, &single); item; item = item->next, i++) {
		port[i].key.protocol = service->protocol;
		port[i].key.vip.addr = service->vip;
		port[i].key.vip.port = service->port[i];
		port[i].service = service;
		port[i].at = item == &single ? draft->ports : item;
	}
	return i;
}

static bool check_unique(struct config_reader *reader, const struct draft *draft, size_t n)
{
	struct config_names names = {};
	size_t i, n_ports = 0;
	struct port *port;

	for (i = 0; i < n; i++)
		n_ports += draft[i].service->n_ports;
	if (n_ports > CONFIG_SERVICES_MAX)
		return config_refuse_unquoted(reader, draft[n - 1].name, "more than %d ports",
					      CONFIG_SERVICES_MAX);
	names.name = config_scratch(reader, n, sizeof(*names.name));
	port = config_scratch(reader, n_ports, sizeof(*port));
	if (!names.name || !port)
		return false;
	n_ports = 0;
	for (i = 0; i < n; i++) {
		names.name[names.n++].at = draft[i].name;
		n_ports += list_ports(&draft[i], port + n_ports);
	}
	return config_names_sort(reader, &names) && check_ports(reader, port, n_ports);
}

bool config_read_services(struct config_reader *reader, const struct config_node *node,
			  const struct config_field *field, void *to)
{
	const struct config_node *item;
	struct config_service *service;
	struct draft *draft;
	size_t n = 0;

	(void)field;
	(void)to;
	if (node->kind != CONFIG_LIST || node->n > CONFIG_SERVICES_MAX)
		return config_refuse(reader, node, "expected a list of at most %d services",
				     CONFIG_SERVICES_MAX);
	service = config_keep(reader, node->n, sizeof(*service));
	draft = config_scratch(reader, node->n, sizeof(*draft));
	if (!service || !draft)
		return false;
	reader->config->service = service;
	for (item = node->first; item; item = item->next) {
		draft[n].service = &service[n];
		if (!read_service(reader, item, &draft[n]))
			return false;
		reader->config->n_services = ++n;
	}
	return check_unique(reader, draft, n);
}
