// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events. The namespace's lock is held from taking a number until the message is sent, so
 * numbers arrive in order. A number is taken also if nobody listens or there is no memory:
 * who comes back, or missed one, sees the gap and asks again for what there is. That there was
 * no memory listeners are told as if they had been too slow, or else they would wait for the next.
 */
#include "events.h"

#include "net.h"
#include "netlink.h"
#include "netlink_fill.h"
#include "netlink_policy.h"
#include "pair.h"
#include "service.h"

static_assert((int)MAGLEV_WHO_IPVS == MAGLEV_NL_CAUSE_IPVS);
static_assert((int)MAGLEV_WHO_ADMIN == MAGLEV_NL_CAUSE_ADMIN);
static_assert((int)MAGLEV_WHO_HEALTH == MAGLEV_NL_CAUSE_HEALTH);
static_assert((int)MAGLEV_WHO_DEADLINE == MAGLEV_NL_CAUSE_DEADLINE);
static_assert((int)MAGLEV_WHO_LAST_FLOW == MAGLEV_NL_CAUSE_LAST_FLOW);

/* A message under way. */
struct event {
	struct maglev_net *mnet;
	struct sk_buff *msg;
	void *head;
};

/* Return: false if there is nobody to tell, or no memory. */
static bool begin(struct event *event, struct maglev_net *mnet, u8 cmd)
{
	u32 seq = atomic_inc_return(&mnet->sequence);

	lockdep_assert_held(&mnet->lock);
	event->mnet = mnet;
	if (!maglev_netlink_listened(mnet))
		return false;
	event->msg = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!event->msg) {
		genl_set_err(&maglev_netlink_family, mnet->net, 0, 0, -ENOBUFS);
		return false;
	}
	event->head = genlmsg_put(event->msg, 0, 0, &maglev_netlink_family, 0, cmd);
	if (event->head && !nla_put_u32(event->msg, MAGLEV_A_SEQ, seq))
		return true;
	nlmsg_free(event->msg);
	return false;
}

static void send(struct event *event, int err)
{
	if (WARN_ON_ONCE(err)) {
		nlmsg_free(event->msg);
		return;
	}
	genlmsg_end(event->msg, event->head);
	genlmsg_multicast_netns(&maglev_netlink_family, event->mnet->net, event->msg, 0, 0,
				GFP_KERNEL);
}

static void tell_service(const struct maglev_service *service, u8 cmd)
{
	struct event event;

	if (begin(&event, service->mnet, cmd))
		send(&event, maglev_fill_service(event.msg, service));
}

void maglev_event_service_added(const struct maglev_service *service)
{
	tell_service(service, MAGLEV_CMD_SERVICE_ADD_NTF);
}

void maglev_event_service_gone(const struct maglev_service *service)
{
	struct event event;

	if (begin(&event, service->mnet, MAGLEV_CMD_SERVICE_DEL_NTF))
		send(&event, maglev_fill_service_name(event.msg, service));
}

void maglev_event_published(const struct maglev_service *service)
{
	mutex_lock(&service->mnet->lock);
	tell_service(service, MAGLEV_CMD_PUBLISH_NTF);
	mutex_unlock(&service->mnet->lock);
}

void maglev_event_degraded(const struct maglev_service *service)
{
	mutex_lock(&service->mnet->lock);
	tell_service(service, MAGLEV_CMD_DEGRADED_NTF);
	mutex_unlock(&service->mnet->lock);
}

static int fill_backend(struct sk_buff *msg, const struct maglev_pair *pair)
{
	return maglev_fill_service_name(msg, pair->service) ?:
		       maglev_fill_backend(msg, MAGLEV_A_BACKEND, pair, NULL);
}

static void tell_backend(const struct maglev_pair *pair, u8 cmd)
{
	struct event event;

	if (begin(&event, pair->service->mnet, cmd))
		send(&event, fill_backend(event.msg, pair));
}

void maglev_event_backend_added(const struct maglev_pair *pair)
{
	tell_backend(pair, MAGLEV_CMD_BACKEND_ADD_NTF);
}

void maglev_event_backend_gone(const struct maglev_pair *pair)
{
	tell_backend(pair, MAGLEV_CMD_BACKEND_DEL_NTF);
}

void maglev_event_state(const struct maglev_pair *pair, u8 from, enum maglev_who who)
{
	struct event event;

	if (begin(&event, pair->service->mnet, MAGLEV_CMD_STATE_NTF))
		send(&event, fill_backend(event.msg, pair)			      ?:
				     nla_put_u32(event.msg, MAGLEV_A_OLD_STATE, from) ?:
				     nla_put_u32(event.msg, MAGLEV_A_CAUSE, who));
}

void maglev_event_drained(const struct maglev_pair *pair, enum maglev_who who)
{
	struct event event;

	if (begin(&event, pair->service->mnet, MAGLEV_CMD_DRAINED_NTF))
		send(&event,
		     fill_backend(event.msg, pair) ?: nla_put_u32(event.msg, MAGLEV_A_CAUSE, who));
}

static int fill_pressure(struct sk_buff *msg, const struct maglev_pressure *pressure)
{
	struct nlattr *nest = nla_nest_start(msg, MAGLEV_A_COUNTERS);

	if (!nest ||
	    nla_put_u64_64bit(msg, MAGLEV_A_COUNTERS_EVICTED, pressure->evicted,
			      MAGLEV_A_COUNTERS_PAD) ||
	    nla_put_u64_64bit(msg, MAGLEV_A_COUNTERS_UNTRACKED_FULL, pressure->full,
			      MAGLEV_A_COUNTERS_PAD) ||
	    nla_put_u64_64bit(msg, MAGLEV_A_COUNTERS_UNTRACKED_BUSY, pressure->busy,
			      MAGLEV_A_COUNTERS_PAD))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

void maglev_event_pressure(struct maglev_net *mnet, const struct maglev_pressure *pressure)
{
	struct event event;

	if (begin(&event, mnet, MAGLEV_CMD_PRESSURE_NTF))
		send(&event, fill_pressure(event.msg, pressure));
}

void maglev_event_settings(struct maglev_net *mnet)
{
	struct event event;

	mutex_lock(&mnet->lock);
	if (begin(&event, mnet, MAGLEV_CMD_SETTINGS_NTF))
		send(&event, maglev_fill_settings(event.msg, mnet));
	mutex_unlock(&mnet->lock);
}
