// SPDX-License-Identifier: GPL-2.0-only
/*
 * The family: which operations there are, who may call them, and what handlers share. The
 * table is written by hand, since 6.1 has no split operations; what requests may hold
 * is generated.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "netlink.h"

#include "compat.h"
#include "net.h"
#include "netlink_policy.h"
#include "pair.h"
#include "publish.h"
#include "service.h"

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/workqueue.h>

/* Far more than registering takes, hardly felt by who must wait it out. */
enum {
	REGISTER_WAIT_MS = 100
};

static bool registered;

bool maglev_netlink_listened(const struct maglev_net *mnet)
{
	/* After unregistering, the group's number may be another family's. */
	return READ_ONCE(registered) && genl_has_listeners(&maglev_netlink_family, mnet->net, 0);
}

struct maglev_service *maglev_netlink_find_service(struct maglev_net *mnet,
						   const struct maglev_request_service *service,
						   struct netlink_ext_ack *extack)
{
	struct maglev_service *found = maglev_service_find(mnet, &service->key);

	if (found)
		return found;
	NL_SET_ERR_MSG_ATTR(extack, service->at,
			    "no service of this name uses the scheduler maglev");
	return ERR_PTR(-ENOENT);
}

struct maglev_pair *maglev_netlink_find_pair(const struct maglev_service *service,
					     const struct maglev_request_backend *backend,
					     struct netlink_ext_ack *extack)
{
	struct maglev_backend named = { .port = backend->port };
	struct maglev_pair *pair;

	memcpy(named.addr, backend->addr, sizeof(named.addr));
	pair = maglev_pair_find(service, &named);
	if (pair && pair->listed)
		return pair;
	NL_SET_ERR_MSG_ATTR(extack, backend->at, "the service has no backend of this name");
	return ERR_PTR(-ENOENT);
}

int maglev_netlink_read_filter(struct maglev_netlink_filter *filter, struct maglev_net *mnet,
			       const struct nlattr *service, const struct nlattr *backend,
			       struct netlink_ext_ack *extack)
{
	struct maglev_request_service named;
	struct maglev_request_backend of;
	struct maglev_service *found;
	int err;

	*filter = (struct maglev_netlink_filter){ .index = -1 };
	if (!service && !backend)
		return 0;
	err = maglev_request_read_service(&named, service, MAGLEV_REQUEST_NAME, extack);
	if (err)
		return err;
	found = maglev_netlink_find_service(mnet, &named, extack);
	if (IS_ERR(found))
		return PTR_ERR(found);
	filter->service = found->id;
	if (!backend)
		return 0;
	err = maglev_request_read_backend(&of, backend, MAGLEV_REQUEST_NAME, extack);
	if (err)
		return err;
	filter->pair = maglev_netlink_find_pair(found, &of, extack);
	if (IS_ERR(filter->pair))
		return PTR_ERR(filter->pair);
	filter->index = filter->pair->target.index;
	return 0;
}

struct sk_buff *maglev_netlink_reply(struct genl_info *info, size_t size, void **head)
{
	struct sk_buff *msg = genlmsg_new(size, GFP_KERNEL);

	if (!msg)
		return NULL;
	*head = genlmsg_put_reply(msg, info, &maglev_netlink_family, 0, info->genlhdr->cmd);
	if (*head)
		return msg;
	nlmsg_free(msg);
	return NULL;
}

int maglev_netlink_send(struct sk_buff *msg, void *head, struct genl_info *info, int err)
{
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, head);
	return genlmsg_reply(msg, info);
}

int maglev_netlink_start(struct netlink_callback *cb,
			 int (*begin)(struct netlink_callback *cb, struct netlink_ext_ack *extack))
{
	struct maglev_netlink_refusal *refusal = (struct maglev_netlink_refusal *)cb->ctx;
	struct netlink_ext_ack extack = {};
	int err;

	if (cb->extack)
		return begin(cb, cb->extack);
	err = begin(cb, &extack);
	if (!err || !extack._msg)
		return err;
	refusal->text = extack._msg;
	refusal->err = err;
	return 0;
}

int maglev_netlink_refused(struct netlink_callback *cb)
{
	const struct maglev_netlink_refusal *refusal = (struct maglev_netlink_refusal *)cb->ctx;

	if (refusal->err && cb->extack)
		cb->extack->_msg = refusal->text;
	return refusal->err;
}

struct maglev_net *maglev_netlink_dump_net(const struct netlink_callback *cb)
{
	return maglev_net_of(sock_net(cb->skb->sk));
}

static int refuse_ipvs_owned(struct sk_buff *skb, struct genl_info *info)
{
	GENL_SET_ERR_MSG(info, "services and backends are created through IPVS (ipvsadm)");
	return -EOPNOTSUPP;
}

/* For operations without request: whatever they carry is refused. */
static const struct nla_policy nothing_policy[2];

static const struct genl_ops operations[] = {
	{
		.cmd = MAGLEV_CMD_SERVICE_GET,
		.policy = maglev_service_get_nl_policy,
		.maxattr = ARRAY_SIZE(maglev_service_get_nl_policy) - 1,
		.doit = maglev_netlink_service_get,
		.start = maglev_netlink_service_dump_start,
		.dumpit = maglev_netlink_service_dump,
	},
	{
		.cmd = MAGLEV_CMD_SERVICE_SET,
		.policy = maglev_service_set_nl_policy,
		.maxattr = ARRAY_SIZE(maglev_service_set_nl_policy) - 1,
		.doit = maglev_netlink_service_set,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MAGLEV_CMD_SERVICE_ADD,
		.policy = maglev_service_add_nl_policy,
		.maxattr = ARRAY_SIZE(maglev_service_add_nl_policy) - 1,
		.doit = refuse_ipvs_owned,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MAGLEV_CMD_SERVICE_DEL,
		.policy = maglev_service_del_nl_policy,
		.maxattr = ARRAY_SIZE(maglev_service_del_nl_policy) - 1,
		.doit = refuse_ipvs_owned,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MAGLEV_CMD_BACKEND_GET,
		.policy = maglev_backend_get_nl_policy,
		.maxattr = ARRAY_SIZE(maglev_backend_get_nl_policy) - 1,
		.doit = maglev_netlink_backend_get,
		.start = maglev_netlink_backend_dump_start,
		.dumpit = maglev_netlink_backend_dump,
	},
	{
		.cmd = MAGLEV_CMD_BACKEND_SET,
		.policy = maglev_backend_set_nl_policy,
		.maxattr = ARRAY_SIZE(maglev_backend_set_nl_policy) - 1,
		.doit = maglev_netlink_backend_set,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MAGLEV_CMD_BACKEND_ADD,
		.policy = maglev_backend_add_nl_policy,
		.maxattr = ARRAY_SIZE(maglev_backend_add_nl_policy) - 1,
		.doit = refuse_ipvs_owned,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MAGLEV_CMD_BACKEND_DEL,
		.policy = maglev_backend_del_nl_policy,
		.maxattr = ARRAY_SIZE(maglev_backend_del_nl_policy) - 1,
		.doit = refuse_ipvs_owned,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MAGLEV_CMD_BATCH,
		.policy = maglev_batch_nl_policy,
		.maxattr = ARRAY_SIZE(maglev_batch_nl_policy) - 1,
		.doit = maglev_netlink_batch,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MAGLEV_CMD_TABLE_GET,
		.policy = maglev_table_get_nl_policy,
		.maxattr = ARRAY_SIZE(maglev_table_get_nl_policy) - 1,
		.start = maglev_netlink_table_dump_start,
		.dumpit = maglev_netlink_table_dump,
	},
	{
		.cmd = MAGLEV_CMD_FLOW_GET,
		.policy = maglev_flow_get_nl_policy,
		.maxattr = ARRAY_SIZE(maglev_flow_get_nl_policy) - 1,
		.doit = maglev_netlink_flow_get,
		.start = maglev_netlink_flow_dump_start,
		.dumpit = maglev_netlink_flow_dump,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MAGLEV_CMD_FLOW_COUNT,
		.policy = maglev_flow_count_nl_policy,
		.maxattr = ARRAY_SIZE(maglev_flow_count_nl_policy) - 1,
		.start = maglev_netlink_flow_count_start,
		.dumpit = maglev_netlink_flow_count_dump,
		.done = maglev_netlink_flow_count_done,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MAGLEV_CMD_FLOW_FLUSH,
		.policy = maglev_flow_flush_nl_policy,
		.maxattr = ARRAY_SIZE(maglev_flow_flush_nl_policy) - 1,
		.doit = maglev_netlink_flow_flush,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MAGLEV_CMD_EXPLAIN,
		.policy = maglev_explain_nl_policy,
		.maxattr = ARRAY_SIZE(maglev_explain_nl_policy) - 1,
		.doit = maglev_netlink_explain,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MAGLEV_CMD_PREVIEW,
		.policy = maglev_preview_nl_policy,
		.maxattr = ARRAY_SIZE(maglev_preview_nl_policy) - 1,
		.start = maglev_netlink_preview_start,
		.dumpit = maglev_netlink_preview_dump,
		.done = maglev_netlink_preview_done,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MAGLEV_CMD_SETTINGS_GET,
		.policy = nothing_policy,
		.maxattr = ARRAY_SIZE(nothing_policy) - 1,
		.doit = maglev_netlink_settings_get,
	},
	{
		.cmd = MAGLEV_CMD_SETTINGS_SET,
		.policy = maglev_settings_set_nl_policy,
		.maxattr = ARRAY_SIZE(maglev_settings_set_nl_policy) - 1,
		.doit = maglev_netlink_settings_set,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MAGLEV_CMD_STATS_GET,
		.policy = nothing_policy,
		.maxattr = ARRAY_SIZE(nothing_policy) - 1,
		.doit = maglev_netlink_stats_get,
	},
	{
		.cmd = MAGLEV_CMD_FLOW_SAVE,
		.policy = nothing_policy,
		.maxattr = ARRAY_SIZE(nothing_policy) - 1,
		.start = maglev_netlink_flow_save_start,
		.dumpit = maglev_netlink_flow_save_dump,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MAGLEV_CMD_FLOW_RESTORE,
		.policy = maglev_flow_restore_nl_policy,
		.maxattr = ARRAY_SIZE(maglev_flow_restore_nl_policy) - 1,
		.doit = maglev_netlink_flow_restore,
		.flags = GENL_ADMIN_PERM,
	},
};

static const struct genl_multicast_group groups[] = {
	{ .name = MAGLEV_MCGRP_EVENTS },
};

/* Not __ro_after_init: it may be registered after that. */
struct genl_family maglev_netlink_family = {
	.name = MAGLEV_FAMILY_NAME,
	.version = MAGLEV_FAMILY_VERSION,
	.netnsok = true,
	.module = THIS_MODULE,
	.ops = operations,
	.n_ops = ARRAY_SIZE(operations),
	/* Each of them is new: headers and attributes are checked strictly. */
	.resv_start_op = MAGLEV_CMD_SERVICE_GET,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

static int register_error;
static DECLARE_COMPLETION(register_tried);

static void register_family(struct work_struct *work)
{
	register_error = genl_register_family(&maglev_netlink_family);
	WRITE_ONCE(registered, !register_error);
	if (register_error)
		pr_err("generic netlink family: %pe\n", ERR_PTR(register_error));
	complete(&register_tried);
}

static DECLARE_WORK(register_work, register_family);

/*
 * A service of IPVS's own family may load this module: modprobe then runs under the lock that
 * registering takes. So a worker registers. It is first in the queue for that lock when
 * modprobe ends, before any request for our family; all others wait for it here.
 */
int maglev_netlink_init(void)
{
	schedule_work(&register_work);
	wait_for_completion_timeout(&register_tried, msecs_to_jiffies(REGISTER_WAIT_MS));
	return READ_ONCE(register_error);
}

void maglev_netlink_fini(void)
{
	cancel_work_sync(&register_work);
	if (!registered)
		return;
	WRITE_ONCE(registered, false);
	genl_unregister_family(&maglev_netlink_family);
}
