// SPDX-License-Identifier: GPL-2.0-only
/* What is said of services and backends where they are created: in maglev-dpdk. */
#include "number.h"
#include "word.h"

#include <maglev/table.h>

#include <string.h>

int read_own_weight(struct order *order, const struct part *part)
{
	struct maglev_lib_backend *backend = &order->message.backend;
	struct span at;
	int status = order_value(order, part, &at);

	backend->has |= MAGLEV_LIB_HAS(BACKEND_WEIGHT);
	if (!status)
		status = number_parse(&backend->weight, at, part->word, 0, MAGLEV_WEIGHT_MAX);
	return status ? status :
			order_note(order, MAGLEV_ENTRY_NONE, "backend.weight", part->word, at);
}

int read_tunnel(struct order *order, const struct part *part)
{
	struct maglev_lib_backend *backend = &order->message.backend;
	struct span at;
	int status = order_value(order, part, &at);

	if (status)
		return status;
	backend->has |= MAGLEV_LIB_HAS(BACKEND_TUNNEL);
	if (!maglev_lib_value(&maglev_lib_tunnel_names, at.at, &backend->tunnel) ||
	    (backend->tunnel != MAGLEV_NL_TUNNEL_IPIP && backend->tunnel != MAGLEV_NL_TUNNEL_GRE))
		return err_refuse(NULL, at, part->word, "ipip or gre");
	return order_note(order, MAGLEV_ENTRY_NONE, "backend.tunnel", part->word, at);
}

static int read_switch(struct order *order, const struct part *part, const char *path, u32 *on)
{
	struct span at;
	int status = order_value(order, part, &at);

	if (status)
		return status;
	if (!span_is(at, "on") && !span_is(at, "off"))
		return err_refuse(NULL, at, part->word, "on or off");
	*on = span_is(at, "on");
	return order_note(order, MAGLEV_ENTRY_NONE, path, part->word, at);
}

int read_checksum(struct order *order, const struct part *part)
{
	struct maglev_lib_backend *backend = &order->message.backend;

	backend->has |= MAGLEV_LIB_HAS(BACKEND_TUNNEL_CHECKSUM);
	return read_switch(order, part, "backend.tunnel-checksum", &backend->tunnel_checksum);
}

int read_fragments(struct order *order, const struct part *part)
{
	struct maglev_lib_service *service = &order->message.service;

	service->has |= MAGLEV_LIB_HAS(SERVICE_FRAGMENTS);
	return read_switch(order, part, "service.fragments", &service->fragments);
}
