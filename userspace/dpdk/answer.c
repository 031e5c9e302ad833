// SPDX-License-Identifier: GPL-2.0-only
/* Which commands there are, and what handlers share; texts are the kernel module's where both can say them. */
#include "answer.h"

#include "build.h"

#include <errno.h>
#include <netlink_policy.h>
#include <string.h>

struct command {
	const struct nla_policy *policy;
	int max;
	int (*doit)(struct asked *asked, struct maglev_lib_message *reply);
	int (*dump)(struct asked *asked, struct dump *dump);
	int (*slow)(struct asked *asked, struct dump *dump);
};

#define POLICY(lower) \
	.policy = maglev_##lower##_nl_policy, .max = ARRAY_SIZE(maglev_##lower##_nl_policy) - 1

/* For commands without request: whatever they carry is refused. */
static const struct nla_policy nothing_policy[2];

static const struct command commands[] = {
	[MAGLEV_CMD_SERVICE_GET] = { POLICY(service_get), answer_service_get, answer_service_dump },
	[MAGLEV_CMD_SERVICE_SET] = { POLICY(service_set), answer_change, NULL },
	[MAGLEV_CMD_SERVICE_ADD] = { POLICY(service_add), answer_change, NULL },
	[MAGLEV_CMD_SERVICE_DEL] = { POLICY(service_del), answer_change, NULL },
	[MAGLEV_CMD_BACKEND_GET] = { POLICY(backend_get), answer_backend_get, answer_backend_dump },
	[MAGLEV_CMD_BACKEND_SET] = { POLICY(backend_set), answer_change, NULL },
	[MAGLEV_CMD_BACKEND_ADD] = { POLICY(backend_add), answer_change, NULL },
	[MAGLEV_CMD_BACKEND_DEL] = { POLICY(backend_del), answer_change, NULL },
	[MAGLEV_CMD_BATCH] = { POLICY(batch), answer_batch, NULL },
	[MAGLEV_CMD_TABLE_GET] = { POLICY(table_get), NULL, answer_table_dump },
	[MAGLEV_CMD_FLOW_GET] = { POLICY(flow_get), answer_flow_get, answer_flow_dump },
	[MAGLEV_CMD_FLOW_COUNT] = { POLICY(flow_count), NULL, answer_flow_count },
	[MAGLEV_CMD_FLOW_FLUSH] = { POLICY(flow_flush), NULL, NULL, answer_flow_flush },
	[MAGLEV_CMD_EXPLAIN] = { POLICY(explain), answer_explain, NULL },
	[MAGLEV_CMD_PREVIEW] = { POLICY(preview), NULL, answer_preview },
	[MAGLEV_CMD_SETTINGS_GET] = { nothing_policy, 1, answer_settings_get, NULL },
	[MAGLEV_CMD_SETTINGS_SET] = { POLICY(settings_set), answer_settings_set, NULL },
	[MAGLEV_CMD_STATS_GET] = { nothing_policy, 1, answer_stats_get, NULL },
};

static const struct command *command_of(const struct asked *asked)
{
	if (asked->command >= ARRAY_SIZE(commands) || !commands[asked->command].policy)
		return NULL;
	return &commands[asked->command];
}

int answer_read(struct asked *asked)
{
	const struct command *command = command_of(asked);

	if (command)
		return shim_nla_parse(asked->tb, command->max, asked->head, asked->len,
				      command->policy, &asked->extack);
	NL_SET_ERR_MSG(&asked->extack, "there is no such command");
	return -EOPNOTSUPP;
}

int answer_do(struct asked *asked, struct maglev_lib_message *reply)
{
	const struct command *command = command_of(asked);

	memset(reply, 0, sizeof(*reply));
	if (command->doit)
		return command->doit(asked, reply);
	NL_SET_ERR_MSG(&asked->extack, "this is a list: ask with NLM_F_DUMP");
	return -EOPNOTSUPP;
}

int answer_dump(struct asked *asked, struct dump *dump)
{
	const struct command *command = command_of(asked);

	*dump = (struct dump){ .index = -1, .state = -1, .changes = model.changes };
	if (command->dump)
		return command->dump(asked, dump);
	NL_SET_ERR_MSG(&asked->extack, "this is no list: ask without NLM_F_DUMP");
	return -EOPNOTSUPP;
}

bool answer_is_long(const struct asked *asked)
{
	return command_of(asked)->slow;
}

int answer_long(struct asked *asked, struct dump *dump)
{
	*dump = (struct dump){ .index = -1, .state = -1, .changes = model.changes };
	return command_of(asked)->slow(asked, dump);
}

void dump_end(struct dump *dump)
{
	if (dump->end)
		dump->end(dump);
	built_put(dump->built);
	memset(dump, 0, sizeof(*dump));
}

struct service *answer_find(struct asked *asked, struct maglev_request_service *named, int *err)
{
	struct service *service;

	*err = maglev_request_read_service(named, asked->tb[MAGLEV_A_SERVICE], MAGLEV_REQUEST_NAME,
					   &asked->extack);
	if (*err)
		return NULL;
	service = model_find_service(&named->key);
	*err = service ? 0 : -ENOENT;
	if (!service)
		NL_SET_ERR_MSG_ATTR(&asked->extack, named->at, "there is no service of this name");
	return service;
}

struct pair *answer_find_pair(struct asked *asked, const struct service *service,
			      const struct maglev_request_backend *named, int *err)
{
	struct pair *pair = model_find_pair(service, named->addr, named->port);

	*err = pair ? 0 : -ENOENT;
	if (!pair)
		NL_SET_ERR_MSG_ATTR(&asked->extack, named->at,
				    "the service has no backend of this name");
	return pair;
}

int answer_filter(struct asked *asked, u32 *service, int *index)
{
	struct maglev_request_service named;
	struct maglev_request_backend of;
	struct service *found;
	struct pair *pair;
	int err;

	*service = 0;
	*index = -1;
	if (!asked->tb[MAGLEV_A_SERVICE] && !asked->tb[MAGLEV_A_BACKEND])
		return 0;
	found = answer_find(asked, &named, &err);
	if (!found)
		return err;
	*service = found->id;
	if (!asked->tb[MAGLEV_A_BACKEND])
		return 0;
	err = maglev_request_read_backend(&of, asked->tb[MAGLEV_A_BACKEND], MAGLEV_REQUEST_NAME,
					  &asked->extack);
	if (err)
		return err;
	pair = answer_find_pair(asked, found, &of, &err);
	if (pair)
		*index = pair->index;
	return err;
}
