// SPDX-License-Identifier: GPL-2.0-only
/* How results become states. */
#include "config_policy.h"

#include "config_peers.h"
#include "config_pool.h"
#include "config_share.h"
#include "config_value.h"

#include <maglev/table.h>

enum {
	PERCENT_MAX = 100,
	SLOW_START_MAX_MS = 60 * 60 * 1000,
	HOLD_DOWN_MAX_MS = 24 * 60 * 60 * 1000,
};

const struct config_policy config_policy_default = {
	.panic_percent = 50,
	.when_down = CONFIG_KEEP,
	.hold_down_max_ms = 10 * 60 * 1000,
	.min_backends = 1,
};

static const struct config_word reactions[] = {
	{ "keep", CONFIG_KEEP },
	{ "refuse", CONFIG_REFUSE },
	{ "sorry", CONFIG_SORRY },
	{},
};

static const struct config_field fields[] = {
	{ "panic", config_read_number, CONFIG_MEMBER(struct config_policy, panic_percent),
	  .most = PERCENT_MAX },
	{ "when_down", config_read_word, CONFIG_MEMBER(struct config_policy, when_down),
	  .words = reactions },
	{ "sorry", config_read_pool, CONFIG_MEMBER(struct config_policy, sorry) },
	{ "passive", config_read_bool, CONFIG_MEMBER(struct config_policy, passive) },
	{ "slow_start", config_read_time, CONFIG_MEMBER(struct config_policy, slow_start_ms),
	  .most = SLOW_START_MAX_MS },
	{ "hold_down", config_read_time, CONFIG_MEMBER(struct config_policy, hold_down_ms),
	  .most = HOLD_DOWN_MAX_MS },
	{ "hold_down_max", config_read_time, CONFIG_MEMBER(struct config_policy, hold_down_max_ms),
	  .most = HOLD_DOWN_MAX_MS },
	{ "quorum", config_read_number, CONFIG_MEMBER(struct config_policy, quorum),
	  .most = CONFIG_PEERS_MAX },
	{ "share", config_read_share, CONFIG_MEMBER(struct config_policy, share) },
	{ "min_backends", config_read_number, CONFIG_MEMBER(struct config_policy, min_backends),
	  .most = MAGLEV_BACKENDS_MAX },
};

static const struct config_table table = CONFIG_TABLE(fields);

static bool check_sorry(struct config_reader *reader, const struct config_node *node,
			struct config_policy *policy)
{
	const struct config_node *sorry = config_node_find(node, "sorry");

	/* The other key is here then: the policy of all services is not so. */
	if (policy->when_down == CONFIG_SORRY && !policy->sorry)
		return config_refuse_key(reader, config_node_find(node, "when_down"),
					 "needs a pool: sorry: NAME");
	if (policy->when_down != CONFIG_SORRY && sorry)
		return config_refuse_key(reader, sorry, "only with when_down: sorry");
	/* The pool of all services' policy is not of one that does something else. */
	if (policy->when_down != CONFIG_SORRY)
		policy->sorry = NULL;
	return true;
}

static bool check_hold_down(struct config_reader *reader, const struct config_node *node,
			    const struct config_policy *policy)
{
	const struct config_node *key = config_node_find(node, "hold_down");
	char text[CONFIG_TIME_TEXT];

	if (policy->hold_down_ms <= policy->hold_down_max_ms)
		return true;
	if (key)
		return config_refuse_key(reader, key, "expected at most hold_down_max, %s",
					 config_time_text(policy->hold_down_max_ms, text));
	return config_refuse_key(reader, config_node_find(node, "hold_down_max"),
				 "expected at least hold_down, %s",
				 config_time_text(policy->hold_down_ms, text));
}

/* Where it is not given it was checked with the policy of all services. */
static bool check_quorum(struct config_reader *reader, const struct config_node *node,
			 const struct config_policy *policy)
{
	const struct config_node *key = config_node_find(node, "quorum");
	size_t n = reader->config->n_peers;

	if (!key || policy->quorum <= n)
		return true;
	if (!n)
		return config_refuse_key(reader, key, "needs peers: [ADDRESS:PORT, ...]");
	return config_refuse_key(reader, key, "expected at most as many as there are peers, %zu",
				 n);
}

bool config_read_policy(struct config_reader *reader, const struct config_node *node,
			const struct config_field *field, void *to)
{
	(void)field;
	return config_read_mapping(reader, node, &table, 0, NULL, to) &&
	       check_sorry(reader, node, to) && check_hold_down(reader, node, to) &&
	       check_quorum(reader, node, to);
}
