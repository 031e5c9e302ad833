// SPDX-License-Identifier: GPL-2.0-only
/*
 * Services: their state, when their tables are built, and what is said when that fails.
 * Through IPVS nothing can be refused once a service exists (its core ignores what
 * add_dest() returns), so a failed build leaves the last table, is logged once and
 * tried again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "service.h"

#include "main.h"
#include "publish.h"

#include <linux/atomic.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <net/ip_vs.h>

enum {
	RETRY_MS = 1000,
	REST = 4, /* times what a build took until the next: a fifth of a CPU per service */
	REST_MAX_MS = 1000,
	FLAGS_STORED_MS = 10, /* by then IPVS has stored the flags of an edit */
	NAME_LEN = 80,
};

static struct workqueue_struct *build_queue __ro_after_init;
static atomic_t services = ATOMIC_INIT(0);

static const char *service_name(const struct ip_vs_service *svc, char *name)
{
	const char *protocol = "SCTP";

	if (svc->protocol == IPPROTO_TCP)
		protocol = "TCP";
	else if (svc->protocol == IPPROTO_UDP)
		protocol = "UDP";
	if (svc->fwmark)
		snprintf(name, NAME_LEN, "FWM %u", svc->fwmark);
	else if (svc->af == AF_INET)
		snprintf(name, NAME_LEN, "%s %pI4:%u", protocol, &svc->addr.ip, ntohs(svc->port));
	else
		snprintf(name, NAME_LEN, "%s [%pI6c]:%u", protocol, &svc->addr.in6,
			 ntohs(svc->port));
	return name;
}

static void log_build(struct maglev_service *service, int error)
{
	const char *then = rcu_access_pointer(service->view) ? "the last table stays" :
							       "there is no table";
	const struct ip_vs_service *svc = service->svc;
	char name[NAME_LEN];

	service_name(svc, name);
	if (!error)
		pr_info_ratelimited("%s: the table is built again\n", name);
	else if (error == -E2BIG)
		pr_err_ratelimited("%s: %u backends, table_size=%u takes at most %u: %s\n", name,
				   svc->num_dests, maglev_settings.table_size,
				   maglev_publish_room(), then);
	else
		pr_err_ratelimited("%s: building the table failed (%pe): %s\n", name,
				   ERR_PTR(error), then);
}

static int build_now(struct maglev_service *service)
{
	u64 rest_ns, started_ns = ktime_get_ns();
	int error;

	lockdep_assert_held(&service->build_lock);
	error = maglev_publish(service);
	rest_ns = min_t(u64, REST * (ktime_get_ns() - started_ns), REST_MAX_MS * NSEC_PER_MSEC);
	WRITE_ONCE(service->not_before, jiffies + nsecs_to_jiffies(rest_ns));
	if (error == -EAGAIN) {
		queue_delayed_work(build_queue, &service->build, 1);
		return 0;
	}
	if (error != service->error)
		log_build(service, error);
	service->error = error;
	/* What does not fit will not until IPVS tells of a change. */
	if (error && error != -E2BIG)
		queue_delayed_work(build_queue, &service->build, msecs_to_jiffies(RETRY_MS));
	return error;
}

static void build_later(struct maglev_service *service)
{
	unsigned long delay = msecs_to_jiffies(READ_ONCE(maglev_rebuild_delay_ms));
	unsigned long not_before = READ_ONCE(service->not_before);
	unsigned long now = jiffies;

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
	build_now(service);
	mutex_unlock(&service->build_lock);
}

static void free_service(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct maglev_service, rcu));
	atomic_dec(&services);
}

enum maglev_mode maglev_service_mode(const struct maglev_service *service)
{
	bool set = READ_ONCE(service->svc->flags) & service->mode_flag;

	return set == (service->flag_mode == MAGLEV_MODE_SOURCE) ? MAGLEV_MODE_SOURCE :
								   MAGLEV_MODE_TUPLE;
}

void maglev_service_warn(struct maglev_service *service, enum maglev_warning warning,
			 const char *text)
{
	char name[NAME_LEN];

	lockdep_assert_held(&service->build_lock);
	if (service->warned & warning)
		return;
	service->warned |= warning;
	pr_warn_ratelimited("%s: %s\n", service_name(service->svc, name), text);
}

int maglev_service_create(struct ip_vs_service *svc, u32 mode_flag, enum maglev_mode flag_mode)
{
	struct maglev_service *service;
	int err = 0;

	service = kzalloc(sizeof(*service), GFP_KERNEL_ACCOUNT);
	if (!service)
		return -ENOMEM;
	atomic_inc(&services);
	service->svc = svc;
	service->mode_flag = mode_flag;
	service->flag_mode = flag_mode;
	service->not_before = jiffies;
	mutex_init(&service->build_lock);
	INIT_DELAYED_WORK(&service->build, build_work);

	/*
	 * A new service has no backends and is not to be shown to anybody yet: IPVS may
	 * still free it without a grace period. With backends this is a change of
	 * scheduler, which is refused if they do not fit; short of memory, connections go
	 * to any backend until the next try. IPVS stores the edited flags after we return,
	 * so the mode in the digests is looked at again later.
	 */
	if (svc->num_dests) {
		mutex_lock(&service->build_lock);
		err = build_now(service);
		mutex_unlock(&service->build_lock);
		queue_delayed_work(build_queue, &service->build, msecs_to_jiffies(FLAGS_STORED_MS));
	}
	svc->sched_data = service;
	if (err != -E2BIG)
		return 0;
	maglev_service_destroy(svc);
	return err;
}

void maglev_service_destroy(struct ip_vs_service *svc)
{
	struct maglev_service *service = svc->sched_data;

	cancel_delayed_work_sync(&service->build);
	maglev_unpublish(service);
	mutex_destroy(&service->build_lock);
	call_rcu(&service->rcu, free_service);
}

void maglev_service_changed(struct ip_vs_service *svc)
{
	struct maglev_service *service = svc->sched_data;
	const struct maglev_view *view;
	bool usable;

	rcu_read_lock();
	view = rcu_dereference(service->view);
	usable = view && view->n;
	rcu_read_unlock();
	/*
	 * Not under build_lock, or IPVS's mutex would wait for a build. Nothing is missed:
	 * IPVS changed its list before it called, and a running work can be queued again.
	 */
	if (usable) {
		build_later(service);
		return;
	}
	mutex_lock(&service->build_lock);
	build_now(service);
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
