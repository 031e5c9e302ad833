// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IPVS scheduler. Callbacks run in process context under IPVS's mutex; schedule()
 * runs per new connection under RCU, in softirq or process context.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "scheduler.h"

#include "compat.h"
#include "publish.h"
#include "service.h"
#include "snapshot.h"

#include <linux/init.h>
#include <linux/module.h>
#include <linux/skbuff.h>
#include <net/ip_vs.h>

/* Whatever the table says: is the destination still there, up, and not full? */
static bool dest_can_take(const struct ip_vs_dest *dest)
{
	return maglev_dest_available(dest) && atomic_read(&dest->weight) > 0 &&
	       !maglev_dest_overloaded(dest);
}

static bool place_can_take(const void *ctx, u16 place)
{
	const struct maglev_generation *generation = ctx;

	return READ_ONCE(generation->view.targets[place]->state) == MAGLEV_UP &&
	       dest_can_take(generation->dests[place]);
}

u16 maglev_scheduler_select(const struct maglev_generation *generation, u32 slot,
			    enum maglev_source *source)
{
	*source = MAGLEV_SOURCE_NONE;
	if (!generation->view.n || !generation->dests)
		return MAGLEV_EMPTY;
	return maglev_select(&generation->view, slot, place_can_take, generation, source);
}

/* IPVS schedules TCP, UDP and SCTP only. Return: false if the packet ends before its ports. */
static bool read_tuple(struct maglev_tuple *tuple, u16 af, const struct sk_buff *skb,
		       const struct ip_vs_iphdr *iph)
{
	u32 addr_len = af == AF_INET6 ? MAGLEV_IPV6_BYTES : MAGLEV_IPV4_BYTES;
	const __be16 *ports;
	__be16 buffer[2];

	ports = skb_header_pointer(skb, iph->len, sizeof(buffer), buffer);
	if (!ports)
		return false;
	/* An ICMP error quotes a packet that went from the VIP to the client. */
	if (ip_vs_iph_inverse(iph))
		maglev_tuple_init(tuple, addr_len, &iph->daddr, &iph->saddr, ports[1], ports[0],
				  iph->protocol);
	else
		maglev_tuple_init(tuple, addr_len, &iph->saddr, &iph->daddr, ports[0], ports[1],
				  iph->protocol);
	return true;
}

/* Those that a table has; none if it was IPVS's meanwhile, and could not be built again yet. */
static bool is_built(const struct maglev_generation *generation, const struct ip_vs_dest *dest)
{
	struct maglev_backend backend;

	return generation && generation->dests && maglev_dest_backend(&backend, dest) &&
	       maglev_generation_place(generation, &backend) != MAGLEV_EMPTY;
}

/* The last resort, as long as IPVS's list: a destination no table has seen yet. */
static struct ip_vs_dest *find_unbuilt(const struct ip_vs_service *svc,
				       const struct maglev_generation *generation)
{
	struct ip_vs_dest *dest;

	list_for_each_entry_rcu(dest, &svc->destinations, n_list)
		if (dest_can_take(dest) && !is_built(generation, dest))
			return dest;
	return NULL;
}

static struct ip_vs_dest *find_in_tables(const struct maglev_service *service,
					 const struct maglev_generation *generation,
					 const struct maglev_tuple *tuple)
{
	const struct maglev_view *view = &generation->view;
	enum maglev_source source;
	u64 hash;
	u16 place;

	hash = maglev_tuple_slot_hash(tuple, maglev_service_mode(service), &view->key);
	place = maglev_scheduler_select(generation, maglev_reduce(hash, view->size), &source);
	return place == MAGLEV_EMPTY ? NULL : generation->dests[place];
}

/*
 * Packet path: allocates, locks and writes nothing. Bounded by 64 draws, nearly always;
 * by the number of backends when hardly any of them can take a flow.
 */
static struct ip_vs_dest *schedule_flow(struct ip_vs_service *svc, const struct sk_buff *skb,
					struct ip_vs_iphdr *iph)
{
	const struct maglev_service *service = svc->sched_data;
	const struct maglev_generation *generation = rcu_dereference(service->generation);
	struct ip_vs_dest *dest = NULL;
	struct maglev_tuple tuple;

	if (!read_tuple(&tuple, svc->af, skb, iph))
		return NULL;
	if (generation)
		dest = find_in_tables(service, generation, &tuple);
	if (unlikely(!dest))
		dest = find_unbuilt(svc, generation);
	if (unlikely(!dest))
		ip_vs_scheduler_err(svc, "no destination available");
	return dest;
}

/* IPVS does not tell a callback which name it was called by. */
static int init_maglev(struct ip_vs_service *svc)
{
	return maglev_service_create(svc, IP_VS_SVC_F_SCHED1, MAGLEV_MODE_SOURCE);
}

/* mh hashes the source address only, unless mh-port is set; our fallback is always on. */
static int init_mh(struct ip_vs_service *svc)
{
	return maglev_service_create(svc, IP_VS_SVC_F_SCHED2, MAGLEV_MODE_TUPLE);
}

static void done(struct ip_vs_service *svc)
{
	maglev_service_destroy(svc);
}

/* One for add, delete and edit: the builder looks at what there is. */
static int dest_changed(struct ip_vs_service *svc, struct ip_vs_dest *dest)
{
	maglev_service_dest_changed(svc, dest);
	return 0;
}

static struct ip_vs_scheduler maglev_scheduler = {
	.name = "maglev",
	.module = THIS_MODULE,
	.n_list = LIST_HEAD_INIT(maglev_scheduler.n_list),
	.init_service = init_maglev,
	.done_service = done,
	.add_dest = dest_changed,
	.del_dest = dest_changed,
	.upd_dest = dest_changed,
	.schedule = schedule_flow,
};

static struct ip_vs_scheduler mh_scheduler = {
	.name = "mh",
	.module = THIS_MODULE,
	.n_list = LIST_HEAD_INIT(mh_scheduler.n_list),
	.init_service = init_mh,
	.done_service = done,
	.add_dest = dest_changed,
	.del_dest = dest_changed,
	.upd_dest = dest_changed,
	.schedule = schedule_flow,
};

int maglev_scheduler_register(bool *replace_mh)
{
	int err;

	err = register_ip_vs_scheduler(&maglev_scheduler);
	if (err)
		return err;
	if (*replace_mh && register_ip_vs_scheduler(&mh_scheduler)) {
		pr_warn("replace_mh: the name mh is taken; unload ip_vs_mh and load this module before it\n");
		*replace_mh = false;
	}
	return 0;
}

void maglev_scheduler_unregister(bool replaced_mh)
{
	if (replaced_mh)
		unregister_ip_vs_scheduler(&mh_scheduler);
	unregister_ip_vs_scheduler(&maglev_scheduler);
}
