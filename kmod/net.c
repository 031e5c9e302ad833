// SPDX-License-Identifier: GPL-2.0-only
/*
 * Namespaces: how ours begin and end. IPVS registered before us, so its services go after our
 * exit: what its callbacks touch then lives in struct maglev_net itself, and is cleared away by
 * the last of them.
 */
#include "net.h"

#include "hook.h"
#include "main.h"
#include "pair.h"
#include "pulse.h"
#include "route.h"
#include "service.h"
#include "tables.h"

#include <linux/bitmap.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/netns/generic.h>

static unsigned int net_id; /* not __ro_after_init: registered by a worker */

struct maglev_net *maglev_net_of(const struct net *net)
{
	return net_generic(net, net_id);
}

/* CPUs begin apart, so that a flow on two of them is not given the same numbers. */
static void init_idents(struct maglev_net *mnet)
{
	u32 cpu;

	for_each_possible_cpu(cpu)
		per_cpu_ptr(mnet->percpu, cpu)->ident = get_random_u32();
}

static int __net_init init_net_state(struct net *net)
{
	struct maglev_net *mnet = maglev_net_of(net);

	mnet->percpu = alloc_percpu_gfp(struct maglev_percpu, GFP_KERNEL_ACCOUNT);
	if (!mnet->percpu)
		return -ENOMEM;
	init_idents(mnet);
	mnet->net = net;
	mnet->key = maglev_settings.key;
	mnet->table_size = maglev_settings.table_size;
	mnet->flows = MAGLEV_FLOWS_DEFAULT;
	mnet->fwmark_mask = ~0U;
	mnet->hook = MAGLEV_HOOK_LOCAL;
	mnet->pressure_at = jiffies;
	mnet->stamps_at = jiffies;
	mutex_init(&mnet->lock);
	mutex_init(&mnet->hook_lock);
	mutex_init(&mnet->tables_lock);
	INIT_LIST_HEAD(&mnet->service_list);
	INIT_LIST_HEAD(&mnet->retired);
	INIT_DELAYED_WORK(&mnet->pulse, maglev_pulse_work);
	return 0;
}

/* No packet comes any more; between this and the next netfilter waits for those under way. */
static void __net_exit quiesce_net(struct net *net)
{
	struct maglev_net *mnet = maglev_net_of(net);

	mutex_lock(&mnet->lock);
	WRITE_ONCE(mnet->dying, true);
	mutex_unlock(&mnet->lock);
	cancel_delayed_work_sync(&mnet->pulse);
	maglev_hook_unregister(mnet);
}

void maglev_net_clear(struct maglev_net *mnet)
{
	struct maglev_targets *targets;

	lockdep_assert_held(&mnet->lock);
	if (!mnet->dying || mnet->n_services)
		return;
	maglev_pair_free_all(mnet);
	targets = rcu_dereference_protected(mnet->targets, true);
	RCU_INIT_POINTER(mnet->targets, NULL);
	if (targets)
		kvfree_rcu(targets, rcu);
	bitmap_free(mnet->index_map);
	mnet->index_map = NULL;
}

static struct maglev_service *find_released(struct maglev_net *mnet)
{
	struct maglev_service *service, *found = NULL;

	mutex_lock(&mnet->lock);
	list_for_each_entry(service, &mnet->service_list, list) {
		if (!service->svc) {
			refcount_inc(&service->references);
			found = service;
			break;
		}
	}
	mutex_unlock(&mnet->lock);
	return found;
}

/* Services released to another scheduler have nobody else to end them. */
static void end_released(struct maglev_net *mnet)
{
	struct maglev_service *service;

	while ((service = find_released(mnet)))
		maglev_service_end(service);
}

static void __net_exit exit_net_state(struct net *net)
{
	struct maglev_net *mnet = maglev_net_of(net);
	bool had_pairs;

	maglev_tables_destroy(mnet);
	/* No packet any more. At once: what IPv6's routes count in goes with the namespace. */
	mutex_lock(&mnet->lock);
	maglev_route_release_all(mnet);
	had_pairs = mnet->index_map;
	mutex_unlock(&mnet->lock);
	end_released(mnet);
	if (had_pairs)
		rcu_barrier();
	mutex_lock(&mnet->lock);
	maglev_net_clear(mnet);
	mutex_unlock(&mnet->lock);
	free_percpu(mnet->percpu);
	mnet->percpu = NULL;
}

static struct pernet_operations net_ops = {
	.init = init_net_state,
	.pre_exit = quiesce_net,
	.exit = exit_net_state,
	.id = &net_id,
	.size = sizeof(struct maglev_net),
};

/* A cached route holds its device; under RTNL, which our lock may be taken in. */
static int device_event(struct notifier_block *block, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct maglev_net *mnet;

	if (event != NETDEV_DOWN && event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	mnet = maglev_net_of(dev_net(dev));
	mutex_lock(&mnet->lock);
	maglev_route_drop_dev(mnet, dev);
	mutex_unlock(&mnet->lock);
	return NOTIFY_DONE;
}

static struct notifier_block device_notifier = {
	.notifier_call = device_event,
};

int maglev_net_init(void)
{
	int err;

	err = register_pernet_subsys(&net_ops);
	if (err)
		return err;
	err = register_netdevice_notifier(&device_notifier);
	if (err)
		unregister_pernet_subsys(&net_ops);
	return err;
}

void maglev_net_fini(void)
{
	unregister_netdevice_notifier(&device_notifier);
	unregister_pernet_subsys(&net_ops);
}
