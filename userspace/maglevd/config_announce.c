// SPDX-License-Identifier: GPL-2.0-only
/* Which routes there are for VIPs, and when. */
#include "config_announce.h"

#include "config_value.h"

#include <linux/rtnetlink.h>

enum {
	TABLE_DEFAULT = 119,
	INTERVAL_DEFAULT_MS = 100,
	INTERVAL_LEAST_MS = 20,
	INTERVAL_MOST_MS = 250, /* what fails is withdrawn within a second */
	SETTLE_DEFAULT_MS = 5000,
	SETTLE_MOST_MS = 60 * 60 * 1000,
};

static const struct config_word tables[] = {
	{ "main", RT_TABLE_MAIN },
	{},
};

static const struct config_word endings[] = {
	{ "withdraw", false },
	{ "keep", true },
	{},
};

/* A route in the local table would take the place of the VIP itself. */
static bool read_table(struct config_reader *reader, const struct config_node *node,
		       const struct config_field *field, void *to)
{
	struct config_announce *announce = to;

	if (!config_read_word(reader, node, field, &announce->table))
		return false;
	if (announce->table != RT_TABLE_LOCAL)
		return true;
	return config_refuse(reader, node, "expected another one: this is the local table");
}

static const struct config_field fields[] = {
	{ "table", read_table, .size = sizeof(u32), .least = 1, .most = 0xffffffff,
	  .words = tables },
	{ "interval", config_read_time, CONFIG_MEMBER(struct config_announce, interval_ms),
	  .least = INTERVAL_LEAST_MS, .most = INTERVAL_MOST_MS },
	{ "settle", config_read_time, CONFIG_MEMBER(struct config_announce, settle_ms),
	  .most = SETTLE_MOST_MS },
	{ "on_stop", config_read_word, CONFIG_MEMBER(struct config_announce, keep),
	  .words = endings },
};

static const struct config_table table = CONFIG_TABLE(fields);

bool config_read_announce(struct config_reader *reader, const struct config_node *node,
			  const struct config_field *field, void *to)
{
	struct config *config = to;

	(void)field;
	config->announce = (struct config_announce){
		.is_given = true,
		.table = TABLE_DEFAULT,
		.interval_ms = INTERVAL_DEFAULT_MS,
		.settle_ms = SETTLE_DEFAULT_MS,
	};
	return config_read_mapping(reader, node, &table, 0, NULL, &config->announce);
}
