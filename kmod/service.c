// SPDX-License-Identifier: GPL-2.0-only
/*
 * Services: their state, when their tables are built, and what is said when that fails.
 * Through IPVS nothing can be refused once a service exists (its core ignores what
 * add_dest() returns), so a failed build leaves the last table, is logged once and
 * tried again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "service.h"

#include "compat.h"
#include "events.h"
#include "main.h"
#include "net.h"
#include "pair.h"
#include "publish.h"
#include "pulse.h"
#include "route.h"
#include "snapshot.h"

#include <linux/atomic.h>
#include <linux/init.h>
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/ip_vs.h>

enum {
	RETRY_MS = 1000,
	REST = 4, /* times what a build took until the next: a fifth of a CPU per service */
	REST_MAX_MS = 1000,
	GAP_MS = 1000, /* more than IPVS is without a scheduler while it changes it */
	FLAGS_STORED_MS = 10, /* by then IPVS has stored the flags of an edit */
	NAME_LEN = 80,
};

static struct workqueue_struct *build_queue __ro_after_init;
static atomic_t services = ATOMIC_INIT(0);

static const char *service_name(const struct maglev_service *service, char *name)
{
	const struct maglev_service_key *key = &service->key;
	const char *protocol = "SCTP";

	if (key->protocol == IPPROTO_TCP)
		protocol = "TCP";
	else if (key->protocol == IPPROTO_UDP)
		protocol = "UDP";
	if (key->fwmark)
		snprintf(name, NAME_LEN, "FWM %u", key->fwmark);
	else if (key->addr_len == MAGLEV_IPV4_BYTES)
		snprintf(name, NAME_LEN, "%s %pI4:%u", protocol, key->addr, ntohs(key->port));
	else
		snprintf(name, NAME_LEN, "%s [%pI6c]:%u", protocol, key->addr, ntohs(key->port));
	return name;
}

static void log_build(struct maglev_service *service, int error)
{
	const char *then = rcu_access_pointer(service->generation) ? "the last table stays" :
								     "there is no table";
	char name[NAME_LEN];

	service_name(service, name);
	if (!error)
		pr_info_ratelimited("%s: the table is built again\n", name);
	else if (error == -E2BIG)
		pr_err_ratelimited("%s: %u backends, table_size=%u takes at most %u: %s\n", name,
				   service->svc->num_dests, service->size,
				   maglev_publish_room(service->size), then);
	else if (error == -ENOSPC)
		pr_err_ratelimited("%s: a namespace takes at most %u backends: %s\n", name,
				   MAGLEV_PAIRS_MAX, then);
	else
		pr_err_ratelimited("%s: building the table failed (%pe): %s\n", name,
				   ERR_PTR(error), then);
}

static int publish(struct maglev_service *service)
{
	u64 rest_ns, started_ns = ktime_get_ns();
	int error;

	lockdep_assert_held(&service->build_lock);
	error = maglev_publish(service);
	rest_ns = min_t(u64, REST * (ktime_get_ns() - started_ns), REST_MAX_MS * NSEC_PER_MSEC);
	WRITE_ONCE(service->not_before, jiffies + nsecs_to_jiffies(rest_ns));
	return error;
}

static void note_error(struct maglev_service *service, int error)
{
	if (error == service->error)
		return;
	log_build(service, error);
	WRITE_ONCE(service->error, error);
	maglev_event_degraded(service);
}

int maglev_service_build_try(struct maglev_service *service)
{
	int error;

	if (!READ_ONCE(service->svc))
		return 0;
	error = publish(service);
	if (!error)
		note_error(service, 0);
	return error;
}

int maglev_service_build_now(struct maglev_service *service)
{
	int error;

	if (!READ_ONCE(service->svc))
		return 0;
	error = publish(service);
	if (error == -EAGAIN) {
		queue_delayed_work(build_queue, &service->build, 1);
		return 0;
	}
	if (error)
		atomic64_inc(&service->mnet->build_errors);
	note_error(service, error);
	/* What does not fit will not until IPVS tells of a change. */
	if (error && error != -E2BIG)
		queue_delayed_work(build_queue, &service->build, msecs_to_jiffies(RETRY_MS));
	return error;
}

void maglev_service_build_later(struct maglev_service *service)
{
	unsigned long delay = msecs_to_jiffies(READ_ONCE(maglev_rebuild_delay_ms));
	unsigned long not_before = READ_ONCE(service->not_before);
	unsigned long now = jiffies;

	if (!READ_ONCE(service->svc))
		return;
	/* In range, because one from long ago looks like the future once jiffies wrap. */
	if (time_in_range(not_before, now + delay, now + msecs_to_jiffies(REST_MAX_MS)))
		delay = not_before - now;
	/* Does nothing while it waits already: a stream of changes cannot push it back. */
	queue_delayed_work(build_queue, &service->build, delay);
}

static void build_work(struct work_struct *work)
{
	struct maglev_service *service =
		container_of(to_delayed_work(work), struct maglev_service, build);

	mutex_lock(&service->build_lock);
	maglev_service_build_now(service);
	mutex_unlock(&service->build_lock);
}

static void free_service(struct rcu_head *rcu)
{
	struct maglev_service *service = container_of(rcu, struct maglev_service, rcu);

	/* At once, or rcu_barrier() would not wait for it. */
	maglev_route_release(&service->route);
	kfree(service);
	atomic_dec(&services);
}

void maglev_service_put(struct maglev_service *service)
{
	if (!refcount_dec_and_test(&service->references))
		return;
	mutex_destroy(&service->build_lock);
	kvfree(service->slots);
	call_rcu(&service->rcu, free_service);
}

enum maglev_mode maglev_service_mode_as(const struct maglev_service *service, u8 setting)
{
	const struct ip_vs_service *svc = READ_ONCE(service->svc);
	bool set;

	if (setting != MAGLEV_MODE_SET_FLAG)
		return (enum maglev_mode)setting;
	set = svc && READ_ONCE(svc->flags) & service->mode_flag;
	return set == (service->flag_mode == MAGLEV_MODE_SOURCE) ? MAGLEV_MODE_SOURCE :
								   MAGLEV_MODE_TUPLE;
}

enum maglev_mode maglev_service_mode(const struct maglev_service *service)
{
	return maglev_service_mode_as(service, READ_ONCE(service->mode_setting));
}

u16 maglev_service_longest(const struct maglev_service *service)
{
	u16 longest = 0;
	u32 state;

	for (state = 0; state < MAGLEV_FLOW_STATES; state++)
		longest = max(longest, service->timeouts.seconds[state]);
	return longest;
}

void maglev_service_warn(struct maglev_service *service, enum maglev_warning warning,
			 const char *text)
{
	char name[NAME_LEN];

	lockdep_assert_held(&service->build_lock);
	if (service->warned & warning)
		return;
	service->warned |= warning;
	pr_warn_ratelimited("%s: %s\n", service_name(service, name), text);
}

static void fill_key(struct maglev_service_key *key, const struct ip_vs_service *svc)
{
	memset(key, 0, sizeof(*key));
	key->addr_len = svc->af == AF_INET6 ? MAGLEV_IPV6_BYTES : MAGLEV_IPV4_BYTES;
	if (svc->fwmark) {
		key->fwmark = svc->fwmark;
		return;
	}
	memcpy(key->addr, &svc->addr, key->addr_len);
	key->port = svc->port;
	key->protocol = svc->protocol;
}

/* Keys are the operator's, not the clients': no need for more. */
static u32 bucket_of(const struct maglev_service_key *key)
{
	static_assert(sizeof(*key) == sizeof(key->word));
	return hash_64(key->word[0] + key->word[1] + key->word[2], ilog2(MAGLEV_SERVICE_BUCKETS));
}

static bool same_key(const struct maglev_service_key *a, const struct maglev_service_key *b)
{
	return !((a->word[0] ^ b->word[0]) | (a->word[1] ^ b->word[1]) | (a->word[2] ^ b->word[2]));
}

/*
 * Whole words are written, as whole words are read a moment later: a CPU cannot hand the
 * pieces of one on before they are in its cache.
 */
static void key_of_tuple(struct maglev_service_key *key, const struct maglev_tuple *tuple)
{
	u32 addr_len = maglev_tuple_addr_len(tuple);
	__be64 tail;

	key->word[0] = 0;
	key->word[1] = 0;
	if (addr_len == MAGLEV_IPV4_BYTES)
		memcpy(key->word, tuple->byte + MAGLEV_IPV4_BYTES, MAGLEV_IPV4_BYTES);
	else
		memcpy(key->word, tuple->byte + MAGLEV_IPV6_BYTES, MAGLEV_IPV6_BYTES);
	memcpy(&tail, tuple->byte + 2 * addr_len, sizeof(tail));
	/* Behind the source port of the one, and behind the mark of the other. */
	key->word[2] = (__force u64)cpu_to_be64((be64_to_cpu(tail) >> 16 & 0xffffff00) | addr_len);
}

struct maglev_service *maglev_service_of_tuple(const struct maglev_net *mnet,
					       const struct maglev_tuple *tuple)
{
	struct maglev_service_key key;

	key_of_tuple(&key, tuple);
	return maglev_service_lookup(mnet, &key);
}

struct maglev_service *maglev_service_lookup(const struct maglev_net *mnet,
					     const struct maglev_service_key *key)
{
	struct maglev_service *service;

	hlist_for_each_entry_rcu(service, &mnet->services[bucket_of(key)], node)
		if (same_key(&service->key, key))
			return service;
	return NULL;
}

struct maglev_service *maglev_service_find(const struct maglev_net *mnet,
					   const struct maglev_service_key *key)
{
	struct maglev_service *service;

	lockdep_assert_held(&mnet->lock);
	rcu_read_lock();
	service = maglev_service_lookup(mnet, key);
	rcu_read_unlock();
	return service;
}

struct maglev_service *maglev_service_find_id(const struct maglev_net *mnet, u32 id)
{
	struct maglev_service *service;

	lockdep_assert_held(&mnet->lock);
	list_for_each_entry(service, &mnet->service_list, list)
		if (service->id == id)
			return service;
	return NULL;
}

u32 maglev_service_flows(const struct maglev_service *service)
{
	struct rb_node *node;
	u32 flows = 0;

	lockdep_assert_held(&service->mnet->lock);
	for (node = rb_first(&service->pairs); node; node = rb_next(node))
		flows += rb_entry(node, struct maglev_pair, node)->flows;
	return flows;
}

static struct maglev_service *alloc_service(struct maglev_net *mnet,
					    const struct maglev_service_key *key, gfp_t gfp)
{
	static const struct maglev_timeouts defaults = { {
		[MAGLEV_HALF_OPEN] = MAGLEV_TIMEOUT_HALF_OPEN,
		[MAGLEV_ESTABLISHED] = MAGLEV_TIMEOUT_ESTABLISHED,
		[MAGLEV_CLOSING] = MAGLEV_TIMEOUT_CLOSING,
		[MAGLEV_RESET] = MAGLEV_TIMEOUT_RESET,
	} };
	struct maglev_service *service;

	service = kzalloc(sizeof(*service), gfp);
	if (!service)
		return NULL;
	atomic_inc(&services);
	service->key = *key;
	service->mnet = mnet;
	service->pairs = RB_ROOT;
	refcount_set(&service->references, 1);
	service->mode_setting = MAGLEV_MODE_SET_FLAG;
	service->size = mnet->table_size;
	service->timeouts = defaults;
	if (key->protocol == IPPROTO_UDP)
		service->timeouts.seconds[MAGLEV_ESTABLISHED] = MAGLEV_TIMEOUT_ESTABLISHED_UDP;
	service->left = MAGLEV_LEFT_NO_TABLE;
	service->not_before = jiffies;
	spin_lock_init(&service->route_lock);
	mutex_init(&service->build_lock);
	INIT_DELAYED_WORK(&service->build, build_work);
	return service;
}

static void add_service(struct maglev_net *mnet, struct maglev_service *service)
{
	service->id = ++mnet->next_service;
	list_add_tail(&service->list, &mnet->service_list);
	mnet->n_services++;
	mnet->changes++;
	hlist_add_head_rcu(&service->node, &mnet->services[bucket_of(&service->key)]);
}

/* Meanwhile IPVS told nobody who left; the next snapshot sees who is still there. */
static void forget_presence(struct maglev_service *service)
{
	struct rb_node *node;

	for (node = rb_first(&service->pairs); node; node = rb_next(node))
		rb_entry(node, struct maglev_pair, node)->present = false;
}

/*
 * The one that was released, with its flows, or a new one; bound to IPVS's. One that is hashed
 * had another scheduler until now: IPVS has unbound that, and can at best bind it anew.
 */
static struct maglev_service *bind_service(struct maglev_net *mnet, struct ip_vs_service *svc,
					   u32 mode_flag, enum maglev_mode flag_mode)
{
	gfp_t gfp = GFP_KERNEL_ACCOUNT | (svc->flags & IP_VS_SVC_F_HASHED ? __GFP_NOFAIL : 0);
	struct maglev_service *service;
	struct maglev_service_key key;

	fill_key(&key, svc);
	mutex_lock(&mnet->lock);
	service = maglev_service_find(mnet, &key);
	if (service) {
		forget_presence(service);
	} else {
		service = alloc_service(mnet, &key, gfp);
		if (service)
			add_service(mnet, service);
	}
	if (service) {
		service->mode_flag = mode_flag;
		service->flag_mode = flag_mode;
		WRITE_ONCE(service->svc, svc);
		maglev_event_service_added(service);
	}
	mutex_unlock(&mnet->lock);
	return service;
}

/*
 * A new service has no backends and no generation, so packets do not touch it: IPVS may still
 * free it without a grace period. With backends this is a change of scheduler, which is
 * refused if they do not fit; short of memory, connections go to any backend until the next
 * try. IPVS stores the edited flags after we return, so they are looked at again later.
 */
int maglev_service_create(struct ip_vs_service *svc, u32 mode_flag, enum maglev_mode flag_mode)
{
	struct maglev_net *mnet = maglev_net_of(svc->ipvs->net);
	struct maglev_service *service;
	int err = 0;

	service = bind_service(mnet, svc, mode_flag, flag_mode);
	if (!service)
		return -ENOMEM;
	if (svc->num_dests) {
		mutex_lock(&service->build_lock);
		err = maglev_service_build_now(service);
		mutex_unlock(&service->build_lock);
	}
	if (svc->num_dests || service->n_pairs)
		queue_delayed_work(build_queue, &service->build, msecs_to_jiffies(FLAGS_STORED_MS));
	svc->sched_data = service;
	maglev_pulse_start(mnet);
	if (err != -E2BIG)
		return 0;
	maglev_service_destroy(svc);
	return err;
}

/* Out of the registry; its backends are retired. */
static void forget(struct maglev_service *service)
{
	struct maglev_net *mnet = service->mnet;
	struct rb_node *node;

	lockdep_assert_held(&mnet->lock);
	maglev_event_service_gone(service);
	while ((node = rb_first(&service->pairs)))
		maglev_pair_retire(rb_entry(node, struct maglev_pair, node));
	service->forgotten = true;
	hlist_del_rcu(&service->node);
	list_del(&service->list);
	mnet->n_services--;
	mnet->changes++;
	maglev_net_clear(mnet);
	maglev_service_put(service);
}

void maglev_service_end(struct maglev_service *service)
{
	struct maglev_net *mnet = service->mnet;
	bool ended;

	mutex_lock(&service->build_lock);
	mutex_lock(&mnet->lock);
	ended = !service->svc && !service->forgotten;
	if (ended)
		forget(service);
	mutex_unlock(&mnet->lock);
	if (ended)
		maglev_unpublish(service);
	mutex_unlock(&service->build_lock);
	/* One that was asked for before it was released; out of the registry nobody asks again. */
	if (ended)
		cancel_delayed_work_sync(&service->build);
	maglev_service_put(service);
}

/*
 * IPVS unhashes a service that it deletes before it unbinds the scheduler, and leaves one
 * whose scheduler it changes where it is. That one may have flows, if it ever had stamps.
 */
static bool is_taken_over(const struct ip_vs_service *svc, const struct maglev_service *service)
{
	const struct maglev_generation *generation =
		rcu_dereference_protected(service->generation,
					  lockdep_is_held(&service->build_lock));

	return svc->flags & IP_VS_SVC_F_HASHED && generation && generation->view.changed_at &&
	       !service->mnet->dying;
}

void maglev_service_destroy(struct ip_vs_service *svc)
{
	struct maglev_service *service = svc->sched_data;
	struct maglev_net *mnet = service->mnet;
	bool taken_over;

	cancel_delayed_work_sync(&service->build);
	mutex_lock(&service->build_lock);
	mutex_lock(&mnet->lock);
	taken_over = is_taken_over(svc, service);
	service->released_at = mnet->sweeps_done;
	WRITE_ONCE(service->gap_until, jiffies + msecs_to_jiffies(GAP_MS));
	mutex_unlock(&mnet->lock);
	if (taken_over)
		maglev_publish_released(service);
	else
		maglev_unpublish(service);
	mutex_lock(&mnet->lock);
	WRITE_ONCE(service->svc, NULL);
	refcount_inc(&service->references);
	if (!taken_over)
		forget(service);
	mutex_unlock(&mnet->lock);
	if (taken_over)
		maglev_event_published(service);
	mutex_unlock(&service->build_lock);
	/* Whoever held a reference may have asked for a build; it finds no svc. */
	cancel_delayed_work_sync(&service->build);
	maglev_service_put(service);
}

/*
 * Who need not wait for a table: packets, which obey a state at once, and an operator, whose
 * script sets the state of a backend that it has just added. What cannot be kept for it now
 * the build tries again, and tells of.
 */
static void tell_of_dest(struct maglev_service *service, const struct ip_vs_dest *dest)
{
	struct maglev_net *mnet = service->mnet;
	struct maglev_backend backend;
	struct maglev_pair *pair;

	if (!maglev_dest_backend(&backend, dest))
		return;
	mutex_lock(&mnet->lock);
	if (maglev_dest_available(dest))
		pair = maglev_pair_get(service, &backend);
	else
		pair = maglev_pair_find(service, &backend);
	if (!IS_ERR_OR_NULL(pair))
		maglev_pair_observe(pair, dest);
	mutex_unlock(&mnet->lock);
}

void maglev_service_dest_changed(struct ip_vs_service *svc, struct ip_vs_dest *dest)
{
	struct maglev_service *service = svc->sched_data;
	const struct maglev_generation *generation;
	bool usable;

	tell_of_dest(service, dest);
	rcu_read_lock();
	generation = rcu_dereference(service->generation);
	usable = generation && generation->view.n;
	rcu_read_unlock();
	/*
	 * Not under build_lock, or IPVS's mutex would wait for a build. Nothing is missed:
	 * IPVS changed its list before it called, and a running work can be queued again.
	 */
	if (usable) {
		maglev_service_build_later(service);
		return;
	}
	mutex_lock(&service->build_lock);
	maglev_service_build_now(service);
	mutex_unlock(&service->build_lock);
}

int __init maglev_service_init(void)
{
	build_queue = alloc_workqueue("ip_vs_maglev", WQ_UNBOUND, 0);
	return build_queue ? 0 : -ENOMEM;
}

void maglev_service_fini(void)
{
	destroy_workqueue(build_queue);
	rcu_barrier();
	WARN_ON_ONCE(atomic_read(&services));
	maglev_publish_check();
}
