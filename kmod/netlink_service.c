// SPDX-License-Identifier: GPL-2.0-only
/*
 * Services over netlink. A change of table size, mode or timeouts is built before the answer
 * is sent; if it cannot be, the service is as it was.
 */
#include "netlink.h"

#include "compat.h"
#include "net.h"
#include "netlink_fill.h"
#include "netlink_policy.h"
#include "pair.h"
#include "publish.h"
#include "service.h"

#include <linux/err.h>
#include <linux/errno.h>

enum {
	TRIES = 3, /* of a build that backends disturb by coming */
};

int maglev_netlink_service_get(struct sk_buff *skb, struct genl_info *info)
{
	struct maglev_net *mnet = maglev_net_of(genl_info_net(info));
	struct maglev_request_service request;
	struct maglev_service *service;
	struct sk_buff *msg;
	void *head;
	int err;

	err = maglev_request_read_service(&request, info->attrs[MAGLEV_A_SERVICE],
					  MAGLEV_REQUEST_NAME, info->extack);
	if (err)
		return err;
	msg = maglev_netlink_reply(info, NLMSG_DEFAULT_SIZE, &head);
	if (!msg)
		return -ENOMEM;
	mutex_lock(&mnet->lock);
	service = maglev_netlink_find_service(mnet, &request, info->extack);
	err = IS_ERR(service) ? PTR_ERR(service) : maglev_fill_service(msg, service);
	mutex_unlock(&mnet->lock);
	return maglev_netlink_send(msg, head, info, err);
}

/* Of a dump: ids are given in the order of the list. */
struct position {
	struct maglev_netlink_refusal refusal;
	u32 last;
};

static int begin(struct netlink_callback *cb, struct netlink_ext_ack *extack)
{
	struct nlattr **attrs = maglev_dump_attrs(cb);

	static_assert(sizeof(struct position) <= sizeof(cb->ctx));
	if (!attrs[MAGLEV_A_SERVICE])
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attrs[MAGLEV_A_SERVICE],
			    "a dump lists all services: ask for one without NLM_F_DUMP");
	return -EINVAL;
}

int maglev_netlink_service_dump_start(struct netlink_callback *cb)
{
	return maglev_netlink_start(cb, begin);
}

static int dump_service(struct sk_buff *skb, struct netlink_callback *cb,
			const struct maglev_service *service)
{
	void *head = maglev_netlink_begin(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					  NLM_F_MULTI, MAGLEV_CMD_SERVICE_GET);

	if (!head)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, head);
	if (maglev_fill_service(skb, service)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

int maglev_netlink_service_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct maglev_net *mnet = maglev_netlink_dump_net(cb);
	struct position *at = (struct position *)cb->ctx;
	struct maglev_service *service;
	int err = maglev_netlink_refused(cb);

	if (err)
		return err;
	mutex_lock(&mnet->lock);
	cb->seq = mnet->changes | 1U << 31; /* 0 is none */
	list_for_each_entry(service, &mnet->service_list, list) {
		if (service->id <= at->last)
			continue;
		if (dump_service(skb, cb, service))
			break;
		at->last = service->id;
	}
	mutex_unlock(&mnet->lock);
	return skb->len;
}

/* Of those listed, those that have a weight or have had one. */
static u32 count_weighted(const struct maglev_service *service)
{
	const struct maglev_pair *pair;
	struct rb_node *node;
	u32 n = 0;

	for (node = rb_first(&service->pairs); node; node = rb_next(node)) {
		pair = rb_entry(node, struct maglev_pair, node);
		n += pair->listed &&
		     (pair->nominal || pair->ipvs_weight > 0 || pair->place != MAGLEV_EMPTY);
	}
	return n;
}

int maglev_netlink_check_set(const struct maglev_service *service,
			     const struct maglev_request_service *request,
			     struct netlink_ext_ack *extack)
{
	if (!service->svc) {
		NL_SET_ERR_MSG_ATTR(extack, request->at,
				    "another scheduler has this service: only its flows are still here");
		return -EBUSY;
	}
	if (request->fragments_at && !request->fragments) {
		NL_SET_ERR_MSG_ATTR(extack, request->fragments_at,
				    "fragments: the kernel puts them together before it forwards: 1 is all there is");
		return -EOPNOTSUPP;
	}
	if (!request->table_size ||
	    count_weighted(service) <= maglev_publish_room(request->table_size))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, request->table_size_at,
			    "table-size: the service has more backends than that");
	return -E2BIG;
}

void maglev_netlink_set(struct maglev_service *service,
			const struct maglev_request_service *request)
{
	u32 state;

	lockdep_assert_held(&service->mnet->lock);
	if (request->table_size)
		service->size = request->table_size;
	if (request->has_mode)
		WRITE_ONCE(service->mode_setting, request->mode_setting);
	for (state = 0; state < MAGLEV_FLOW_STATES; state++)
		if (request->timeouts.seconds[state])
			service->timeouts.seconds[state] = request->timeouts.seconds[state];
}

/* What to ask for to have everything as it is. */
static void save(struct maglev_request_service *saved, const struct maglev_service *service)
{
	memset(saved, 0, sizeof(*saved));
	saved->table_size = service->size;
	saved->has_mode = true;
	saved->mode_setting = service->mode_setting;
	saved->timeouts = service->timeouts;
}

static int build(struct maglev_service *service, struct netlink_ext_ack *extack)
{
	int err, tries = TRIES;

	do {
		err = maglev_service_build_try(service);
	} while (err == -EAGAIN && --tries);
	if (err == -EAGAIN) {
		maglev_service_build_later(service);
		return 0;
	}
	if (err == -E2BIG)
		NL_SET_ERR_MSG(extack,
			       "more backends than the table has slots: nothing has changed");
	else if (err)
		NL_SET_ERR_MSG(extack,
			       "the table cannot be built for lack of memory: nothing has changed");
	return err;
}

/* Under build_lock, so that nobody builds what may have to be taken back. */
static int set_and_build(struct maglev_service *service,
			 const struct maglev_request_service *request,
			 struct netlink_ext_ack *extack)
{
	struct maglev_net *mnet = service->mnet;
	struct maglev_request_service saved;
	int err;

	lockdep_assert_held(&service->build_lock);
	mutex_lock(&mnet->lock);
	err = maglev_netlink_check_set(service, request, extack);
	if (!err) {
		save(&saved, service);
		maglev_netlink_set(service, request);
	}
	mutex_unlock(&mnet->lock);
	if (err)
		return err;
	err = build(service, extack);
	if (!err)
		return 0;
	mutex_lock(&mnet->lock);
	maglev_netlink_set(service, &saved);
	mutex_unlock(&mnet->lock);
	/* The try may have changed what packets see of timeouts. */
	maglev_service_build_later(service);
	return err;
}

int maglev_netlink_service_set(struct sk_buff *skb, struct genl_info *info)
{
	struct maglev_net *mnet = maglev_net_of(genl_info_net(info));
	struct maglev_request_service request;
	struct maglev_service *service;
	int err;

	err = maglev_request_read_service(&request, info->attrs[MAGLEV_A_SERVICE],
					  MAGLEV_REQUEST_SET, info->extack);
	if (err)
		return err;
	mutex_lock(&mnet->lock);
	service = maglev_netlink_find_service(mnet, &request, info->extack);
	if (!IS_ERR(service))
		refcount_inc(&service->references);
	mutex_unlock(&mnet->lock);
	if (IS_ERR(service))
		return PTR_ERR(service);
	mutex_lock(&service->build_lock);
	err = set_and_build(service, &request, info->extack);
	mutex_unlock(&service->build_lock);
	maglev_service_put(service);
	return err;
}
