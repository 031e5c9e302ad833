// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module parameters, and how the module starts and stops. It is a scheduler of IPVS:
 * services hold it loaded, so at exit none is left but those another scheduler took over.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "main.h"

#include "compat.h"
#include "net.h"
#include "netlink.h"
#include "scheduler.h"
#include "service.h"
#include "tables.h"

#include <maglev/table.h>
#include <maglev/version.h>

#include <linux/cache.h>
#include <linux/completion.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/workqueue.h>

enum {
	REGISTER_WAIT_MS = 2000,
	REBUILD_DELAY_DEFAULT_MS = 10,
	REBUILD_DELAY_MAX_MS = 10000,
};

/* Not __ro_after_init, nor replace_mh: who registers may be late. */
struct maglev_settings maglev_settings = {
	.table_size = MAGLEV_SIZE_DEFAULT,
};

unsigned int maglev_rebuild_delay_ms = REBUILD_DELAY_DEFAULT_MS;

static bool replace_mh;
static bool key_valid __ro_after_init = true;
static size_t key_len __ro_after_init;

static int set_table_size(const char *text, const struct kernel_param *param)
{
	unsigned int size;

	if (kstrtouint(text, 0, &size)) {
		pr_err("table_size=%s: a prime from %u to %u is needed\n", text, MAGLEV_SIZE_MIN,
		       MAGLEV_SIZE_MAX);
		return -EINVAL;
	}
	if (!maglev_size_valid(size)) {
		pr_err("table_size=%u: a prime from %u to %u is needed, such as %u\n", size,
		       MAGLEV_SIZE_MIN, MAGLEV_SIZE_MAX, maglev_size_nearest(size));
		return -EINVAL;
	}
	*(unsigned int *)param->arg = size;
	return 0;
}

static const struct kernel_param_ops table_size_ops = {
	.set = set_table_size,
	.get = param_get_uint,
};

static int set_rebuild_delay(const char *text, const struct kernel_param *param)
{
	unsigned int delay_ms;

	if (kstrtouint(text, 0, &delay_ms) || delay_ms > REBUILD_DELAY_MAX_MS) {
		pr_err("rebuild_delay_ms=%.*s: 0 to %u milliseconds are accepted\n",
		       (int)strcspn(text, "\n"), text, REBUILD_DELAY_MAX_MS);
		return -EINVAL;
	}
	WRITE_ONCE(*(unsigned int *)param->arg, delay_ms);
	return 0;
}

static const struct kernel_param_ops rebuild_delay_ops = {
	.set = set_rebuild_delay,
	.get = param_get_uint,
};

/*
 * The kernel logs the value of a parameter whose set() fails, and the log is no place for
 * a key, not even a mistyped one: the load is refused later, by check_hash_key().
 */
static int set_hash_key(const char *text, const struct kernel_param *param)
{
	key_len = strlen(text);
	key_valid = !maglev_key_parse(param->arg, text);
	return 0;
}

static int __init check_hash_key(void)
{
	if (key_valid)
		return 0;
	pr_err("hash_key: %zu characters given, %u hex digits are needed\n", key_len,
	       MAGLEV_KEY_DIGITS);
	return -EINVAL;
}

static const struct kernel_param_ops hash_key_ops = {
	.set = set_hash_key,
};

module_param_cb(table_size, &table_size_ops, &maglev_settings.table_size, 0444);
MODULE_PARM_DESC(table_size,
		 "Slots of each service's table: a prime from 251 to 1048573 (default 65537)");
module_param_cb(rebuild_delay_ms, &rebuild_delay_ops, &maglev_rebuild_delay_ms, 0644);
MODULE_PARM_DESC(rebuild_delay_ms,
		 "Milliseconds that gather changes before a table is built (default 10)");
module_param_cb(hash_key, &hash_key_ops, &maglev_settings.key, 0);
MODULE_PARM_DESC(hash_key,
		 "Cluster key: 32 hex digits, the same on every balancer (default all zero)");
module_param(replace_mh, bool, 0444);
MODULE_PARM_DESC(replace_mh,
		 "Register as the scheduler mh as well, for tools that know no other name");

static int register_all(void)
{
	bool wanted = replace_mh;
	int err;

	err = maglev_net_init();
	if (err)
		return err;
	err = maglev_netlink_init();
	if (err)
		goto err_net;
	/* Last: from then on there may be services, and no way back. */
	err = maglev_scheduler_register(&replace_mh);
	if (err)
		goto err_netlink;
	if (wanted)
		maglev_settings.mh = replace_mh ? MAGLEV_MH_ON : MAGLEV_MH_TAKEN;
	return 0;

err_netlink:
	maglev_netlink_fini();
err_net:
	maglev_net_fini();
	return err;
}

static int register_error;
static DECLARE_COMPLETION(register_tried);

static void register_here(struct work_struct *work)
{
	register_error = register_all();
	if (register_error)
		pr_err("cannot be registered: %pe\n", ERR_PTR(register_error));
	complete(&register_tried);
}

static DECLARE_WORK(register_work, register_here);

/*
 * "ipvsadm -A -s maglev" has modprobe run under IPVS's mutex. Namespaces that end wait for it with
 * pernet_ops_rwsem held, devices that go down with RTNL, and who registers waits for both. So a
 * worker does; if that takes too long the load ends without: that one service is refused, the
 * mutex is free, and all go on.
 */
static int __init register_or_leave(void)
{
	queue_work(maglev_unbound_queue(), &register_work);
	if (!wait_for_completion_timeout(&register_tried, msecs_to_jiffies(REGISTER_WAIT_MS))) {
		pr_warn("registered later: who ends a namespace or takes a device down waits for IPVS\n");
		return 0;
	}
	flush_work(&register_work);
	return register_error;
}

static int __init maglev_init(void)
{
	int err;

	err = check_hash_key();
	if (err)
		return err;
	err = maglev_service_init();
	if (err)
		return err;
	err = maglev_tables_init();
	if (err)
		goto err_service;
	err = register_or_leave();
	if (err)
		goto err_tables;
	return 0;

err_tables:
	maglev_tables_fini();
err_service:
	maglev_service_fini();
	return err;
}

static void __exit maglev_exit(void)
{
	flush_work(&register_work);
	if (!register_error) {
		maglev_scheduler_unregister(replace_mh);
		maglev_netlink_fini();
		maglev_net_fini();
	}
	maglev_tables_fini();
	maglev_service_fini();
}

module_init(maglev_init);
module_exit(maglev_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Maglev scheduler for IPVS: tables that agree on every balancer");
MODULE_VERSION(MAGLEV_VERSION);
