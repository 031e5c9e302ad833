// SPDX-License-Identifier: GPL-2.0-only
/* Balancers are named by where they listen. */
#include "config_peers.h"

#include "config_value.h"

static const struct config_field http_fields[] = {
	{ "listen", config_read_endpoint, CONFIG_MEMBER(struct config, listen) },
};

/* Who is here may read; who is elsewhere only if the file says so. */
static const struct endpoint loopback = {
	.addr = { MAGLEV_IPV4_BYTES, { 127, 0, 0, 1 } },
	.port = CONFIG_HTTP_PORT,
};

static const struct config_table http_table = CONFIG_TABLE(http_fields);

bool config_read_http(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to)
{
	struct config *config = to;

	(void)field;
	config->listen = loopback;
	/* The section alone asks for its default. */
	return config_node_is_null(node) ||
	       config_read_mapping(reader, node, &http_table, 0, NULL, to);
}

static bool has_peer(const struct config *config, const struct endpoint *wanted)
{
	size_t i;

	for (i = 0; i < config->n_peers; i++)
		if (!endpoint_compare(&config->peer[i], wanted))
			return true;
	return false;
}

bool config_read_peers(struct config_reader *reader, const struct config_node *node,
		       const struct config_field *field, void *to)
{
	struct config *config = to;
	const struct config_node *item;
	struct config_node single;
	struct endpoint *peer;

	if (config_items_n(node) > CONFIG_PEERS_MAX)
		return config_refuse(reader, node, "expected at most %d peers", CONFIG_PEERS_MAX);
	config->peer = peer = config_keep(reader, config_items_n(node), sizeof(*peer));
	if (!peer)
		return false;
	for (item = config_items(node, &single); item; item = item->next) {
		if (!config_read_endpoint(reader, item, field, &peer[config->n_peers]))
			return false;
		if (!endpoint_compare(&peer[config->n_peers], &config->listen))
			return config_refuse(reader, item, "that is this one itself");
		if (has_peer(config, &peer[config->n_peers]))
			return config_refuse(reader, item, "given twice");
		config->n_peers++;
	}
	return true;
}
