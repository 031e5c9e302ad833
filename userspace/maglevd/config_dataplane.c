// SPDX-License-Identifier: GPL-2.0-only
#include "config_dataplane.h"

#include "config_value.h"

#include <maglev.h>
#include <sys/un.h>

static const struct config_word dataplanes[] = {
	{ "kernel", false },
	{ "dpdk", true },
	{},
};

bool config_read_dataplane(struct config_reader *reader, const struct config_node *node,
			   const struct config_field *field, void *to)
{
	const struct config_field word = { .key = field->key,
					   .size = sizeof(bool),
					   .words = dataplanes };
	struct config *config = to;
	bool is_dpdk;

	if (!config_read_word(reader, node, &word, &is_dpdk))
		return false;
	config->socket = is_dpdk ? MAGLEV_SOCKET_PATH : NULL;
	return true;
}

bool config_read_socket(struct config_reader *reader, const struct config_node *node,
			const struct config_field *field, void *to)
{
	struct config *config = to;

	(void)field;
	if (!config->socket)
		return config_refuse(reader, node, "only behind dataplane: dpdk");
	if (!config_is_text(node, sizeof(((struct sockaddr_un *)0)->sun_path) - 1, '!', "") ||
	    *node->text != '/')
		return config_refuse(reader, node,
				     "expected a path of at most 107 bytes such as %s",
				     MAGLEV_SOCKET_PATH);
	return config_keep_text(reader, node, &config->socket);
}
