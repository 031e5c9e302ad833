// SPDX-License-Identifier: GPL-2.0-only
/* Weights from life: where shares come from, and how they follow. */
#include "config_share.h"

#include "config_value.h"

enum {
	AGENT = 1 << CONFIG_SHARE_AGENT,
	HEADER = 1 << CONFIG_SHARE_HEADER,
	LATENCY = 1 << CONFIG_SHARE_LATENCY,
	PREDICTIVE = 1 << CONFIG_SHARE_PREDICTIVE,
	MOVING = AGENT | HEADER | LATENCY | PREDICTIVE,
	INTERVAL_MIN_MS = 100,
	INTERVAL_DEFAULT_MS = 1000,
	INTERVAL_MAX_MS = 60 * 1000,
	HORIZON_MIN_MS = 1000,
	HORIZON_MAX_MS = 10 * 60 * 1000,
	PERCENT_MAX = 100,
	FIELD_FROM = 0,
};

static const struct config_word sources[] = {
	{ "static", CONFIG_SHARE_STATIC },	   { "agent", CONFIG_SHARE_AGENT },
	{ "header", CONFIG_SHARE_HEADER },	   { "latency", CONFIG_SHARE_LATENCY },
	{ "predictive", CONFIG_SHARE_PREDICTIVE }, {},
};

static const struct source {
	const char *name;
	const char *needs; /* of the checks one of such a type; NULL: none */
	u32 types; /* bits of these */
	struct config_share share;
} of[] = {
	[CONFIG_SHARE_STATIC] = { "share: static", .share = { .from = CONFIG_SHARE_STATIC } },
	/* What is said is meant, and holds at once. */
	[CONFIG_SHARE_AGENT] = { "share: agent",
				 "agent",
				 1 << CHECK_AGENT,
				 { .from = CONFIG_SHARE_AGENT, .step_percent = 100 } },
	[CONFIG_SHARE_HEADER] = { "share: header",
				  "http or https",
				  1 << CHECK_HTTP | 1 << CHECK_HTTPS,
				  { .from = CONFIG_SHARE_HEADER,
				    .interval_ms = 1000,
				    .step_percent = 100 } },
	/* What is measured is believed slowly, and never that nobody should come. */
	[CONFIG_SHARE_LATENCY] = { "share: latency",
				   "tcp, http, https, udp, dns or icmp",
				   1 << CHECK_TCP | 1 << CHECK_HTTP | 1 << CHECK_HTTPS |
					   1 << CHECK_UDP | 1 << CHECK_DNS | 1 << CHECK_ICMP,
				   { .from = CONFIG_SHARE_LATENCY,
				     .interval_ms = 1000,
				     .step_percent = 10,
				     .least = 10,
				     .hysteresis = 10 } },
	[CONFIG_SHARE_PREDICTIVE] = { "share: predictive",
				      .share = { .from = CONFIG_SHARE_PREDICTIVE,
						 .interval_ms = 2000,
						 .step_percent = 10,
						 .least = 10,
						 .hysteresis = 10,
						 .horizon_ms = 30000 } },
};

static const struct config_field fields[] = {
	{ "from", config_read_word, "latency", CONFIG_MEMBER(struct config_share, from),
	  .words = sources },
	{ "interval", config_read_time, CONFIG_MEMBER(struct config_share, interval_ms),
	  .variants = MOVING, .least = INTERVAL_MIN_MS, .most = INTERVAL_MAX_MS },
	{ "step", config_read_number, CONFIG_MEMBER(struct config_share, step_percent),
	  .variants = MOVING, .least = 1, .most = PERCENT_MAX },
	{ "least", config_read_number, CONFIG_MEMBER(struct config_share, least),
	  .variants = MOVING, .most = PERCENT_MAX },
	{ "hysteresis", config_read_number, CONFIG_MEMBER(struct config_share, hysteresis),
	  .variants = MOVING, .most = PERCENT_MAX },
	{ "horizon", config_read_time, CONFIG_MEMBER(struct config_share, horizon_ms),
	  .variants = PREDICTIVE, .least = HORIZON_MIN_MS, .most = HORIZON_MAX_MS },
};

static const struct config_table table = CONFIG_TABLE(fields);

/* The source says which keys there are, and what they are if they are not given. */
static bool read_mapping(struct config_reader *reader, const struct config_node *node,
			 struct config_share *share)
{
	bool has_from = config_node_find(node, "from");

	if (!config_read_ahead(reader, node, &fields[FIELD_FROM], share))
		return false;
	*share = of[share->from].share;
	if (!config_read_mapping(reader, node, &table, has_from ? 1U << share->from : ~0U,
				 has_from ? of[share->from].name : NULL, share))
		return false;
	/* Who does not go at once goes by the clock. */
	if (!share->interval_ms && (share->step_percent < PERCENT_MAX || share->hysteresis))
		share->interval_ms = INTERVAL_DEFAULT_MS;
	return true;
}

bool config_read_share(struct config_reader *reader, const struct config_node *node,
		       const struct config_field *field, void *to)
{
	struct config_share *share = to;

	(void)field;
	if (node->kind == CONFIG_MAPPING) {
		if (!read_mapping(reader, node, share))
			return false;
	} else {
		if (!config_read_word(reader, node, &fields[FIELD_FROM], &share->from))
			return false;
		*share = of[share->from].share;
	}
	share->is_said = true;
	return true;
}

bool config_find_share_check(struct config_reader *reader, const struct config_node *node,
			     struct config_service *service)
{
	const struct config_node *policy = config_node_find(node, "policy");
	struct config_share *share = &service->policy.share;
	const struct source *source = &of[share->from];
	const struct config_node *at = NULL;

	if (!source->needs)
		return true;
	for (share->check = 0; share->check < service->n_checks; share->check++)
		if (source->types & 1U << service->check[share->check]->type)
			return true;
	if (!share->is_said) {
		*share = of[CONFIG_SHARE_STATIC].share;
		return true;
	}
	if (policy)
		at = config_node_find(policy->next, "share");
	return config_refuse_unquoted(reader, at ? at->next : node,
				      "policy: %s: needs a check of type %s; or share: static",
				      source->name, source->needs);
}
