// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backends over netlink: what is laid over them. Packets obey a change of state at once, the
 * tables follow with the next build.
 */
#include "netlink.h"

#include "compat.h"
#include "net.h"
#include "netlink_fill.h"
#include "netlink_policy.h"
#include "pair.h"
#include "publish.h"
#include "service.h"
#include "slots.h"

#include <linux/err.h>
#include <linux/errno.h>

static int get_backend(struct sk_buff *msg, struct maglev_net *mnet,
		       const struct maglev_request_service *named,
		       const struct maglev_request_backend *of, struct netlink_ext_ack *extack)
{
	const struct maglev_slots *slots;
	struct maglev_service *service;
	struct maglev_pair *pair;

	service = maglev_netlink_find_service(mnet, named, extack);
	if (IS_ERR(service))
		return PTR_ERR(service);
	pair = maglev_netlink_find_pair(service, of, extack);
	if (IS_ERR(pair))
		return PTR_ERR(pair);
	slots = maglev_slots_count(service);
	if (IS_ERR(slots))
		return PTR_ERR(slots);
	return maglev_fill_service_name(msg, service) ?:
		       maglev_fill_backend(msg, MAGLEV_A_BACKEND, pair, slots);
}

/* The service and the backend that a request names. */
static int read_both(struct maglev_request_service *service, struct maglev_request_backend *backend,
		     enum maglev_request_use use, struct genl_info *info)
{
	int err;

	err = maglev_request_read_service(service, info->attrs[MAGLEV_A_SERVICE],
					  MAGLEV_REQUEST_NAME, info->extack);
	if (err)
		return err;
	return maglev_request_read_backend(backend, info->attrs[MAGLEV_A_BACKEND], use,
					   info->extack);
}

int maglev_netlink_backend_get(struct sk_buff *skb, struct genl_info *info)
{
	struct maglev_net *mnet = maglev_net_of(genl_info_net(info));
	struct maglev_request_service named;
	struct maglev_request_backend of;
	struct sk_buff *msg;
	void *head;
	int err;

	err = read_both(&named, &of, MAGLEV_REQUEST_NAME, info);
	if (err)
		return err;
	msg = maglev_netlink_reply(info, NLMSG_DEFAULT_SIZE, &head);
	if (!msg)
		return -ENOMEM;
	mutex_lock(&mnet->lock);
	err = get_backend(msg, mnet, &named, &of, info->extack);
	mutex_unlock(&mnet->lock);
	return maglev_netlink_send(msg, head, info, err);
}

/* Of a dump: the backend told of last. */
struct position {
	struct maglev_netlink_refusal refusal;
	u32 only; /* this service; 0: all */
	u32 service;
	bool within; /* @addr and @port count */
	__be16 port;
	u8 addr[MAGLEV_IPV6_BYTES];
};

static int begin(struct netlink_callback *cb, struct netlink_ext_ack *extack)
{
	struct maglev_net *mnet = maglev_netlink_dump_net(cb);
	struct position *at = (struct position *)cb->ctx;
	struct nlattr **attrs = maglev_dump_attrs(cb);
	struct maglev_netlink_filter filter;
	int err;

	static_assert(sizeof(*at) <= sizeof(cb->ctx));
	if (attrs[MAGLEV_A_BACKEND]) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[MAGLEV_A_BACKEND],
				    "a dump lists all backends: ask for one without NLM_F_DUMP");
		return -EINVAL;
	}
	mutex_lock(&mnet->lock);
	err = maglev_netlink_read_filter(&filter, mnet, attrs[MAGLEV_A_SERVICE], NULL, extack);
	at->only = filter.service;
	mutex_unlock(&mnet->lock);
	return err;
}

int maglev_netlink_backend_dump_start(struct netlink_callback *cb)
{
	return maglev_netlink_start(cb, begin);
}

static bool is_told(const struct position *at, const struct maglev_pair *pair)
{
	struct maglev_backend last = { .port = at->port };

	memcpy(last.addr, at->addr, sizeof(last.addr));
	return at->within && maglev_backend_cmp(&pair->backend, &last) <= 0;
}

static int dump_backend(struct sk_buff *skb, struct netlink_callback *cb,
			const struct maglev_pair *pair, const struct maglev_slots *slots)
{
	void *head = maglev_netlink_begin(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					  NLM_F_MULTI, MAGLEV_CMD_BACKEND_GET);

	if (!head)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, head);
	if (maglev_fill_service_name(skb, pair->service) ||
	    maglev_fill_backend(skb, MAGLEV_A_BACKEND, pair, slots)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

static int dump_service(struct sk_buff *skb, struct netlink_callback *cb,
			struct maglev_service *service)
{
	struct position *at = (struct position *)cb->ctx;
	const struct maglev_slots *slots = maglev_slots_count(service);
	int err = PTR_ERR_OR_ZERO(slots);
	const struct maglev_pair *pair;
	struct rb_node *node;

	for (node = rb_first(&service->pairs); node && !err; node = rb_next(node)) {
		pair = rb_entry(node, struct maglev_pair, node);
		if (!pair->listed || is_told(at, pair))
			continue;
		err = dump_backend(skb, cb, pair, slots);
		if (err)
			break;
		at->within = true;
		at->port = pair->backend.port;
		memcpy(at->addr, pair->backend.addr, sizeof(at->addr));
	}
	return err;
}

int maglev_netlink_backend_dump(struct sk_buff *skb, struct netlink_callback *cb)
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
		if (service->id < at->service || (at->only && service->id != at->only))
			continue;
		if (service->id != at->service)
			at->within = false;
		at->service = service->id;
		err = dump_service(skb, cb, service);
		if (err)
			break;
	}
	if (!err)
		at->service = U32_MAX;
	mutex_unlock(&mnet->lock);
	return skb->len ?: (err == -EMSGSIZE ? 0 : err);
}

/* Who has a weight for the first time needs a place in the table. */
int maglev_netlink_check_lay(const struct maglev_pair *pair,
			     const struct maglev_request_backend *request,
			     struct netlink_ext_ack *extack)
{
	const struct maglev_service *service = pair->service;

	if (!request->nominal || pair->nominal || pair->ipvs_weight > 0 ||
	    pair->place != MAGLEV_EMPTY || service->n_pairs <= maglev_publish_room(service->size))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, request->nominal_at,
			    "nominal-weight: the service's table has fewer slots than there are backends");
	return -E2BIG;
}

void maglev_netlink_overlay(struct maglev_overlay *overlay,
			    const struct maglev_request_backend *request)
{
	u32 has = request->has;

	*overlay = (struct maglev_overlay){
		.admin = request->admin,
		.health = request->health,
		.share = request->share,
		.nominal = request->nominal,
		.deadline_ms = request->deadline_ms,
	};
	if (has & 1U << MAGLEV_A_BACKEND_ADMIN_STATE)
		overlay->parts |= MAGLEV_OVERLAY_ADMIN;
	if (has & 1U << MAGLEV_A_BACKEND_HEALTH_STATE)
		overlay->parts |= MAGLEV_OVERLAY_HEALTH;
	if (has & 1U << MAGLEV_A_BACKEND_SHARE)
		overlay->parts |= MAGLEV_OVERLAY_SHARE;
	if (has & 1U << MAGLEV_A_BACKEND_NOMINAL_WEIGHT)
		overlay->parts |= MAGLEV_OVERLAY_NOMINAL;
	if (has & 1U << MAGLEV_A_BACKEND_DEADLINE_MS)
		overlay->parts |= MAGLEV_OVERLAY_DEADLINE;
}

static int set_backend(struct maglev_net *mnet, const struct maglev_request_service *named,
		       const struct maglev_request_backend *request, struct netlink_ext_ack *extack)
{
	struct maglev_overlay overlay;
	struct maglev_service *service;
	struct maglev_pair *pair;
	int err;

	service = maglev_netlink_find_service(mnet, named, extack);
	if (IS_ERR(service))
		return PTR_ERR(service);
	pair = maglev_netlink_find_pair(service, request, extack);
	if (IS_ERR(pair))
		return PTR_ERR(pair);
	err = maglev_netlink_check_lay(pair, request, extack);
	if (err)
		return err;
	/* no failure beyond this line */
	maglev_netlink_overlay(&overlay, request);
	if (maglev_pair_lay(pair, &overlay))
		maglev_service_build_later(service);
	return 0;
}

int maglev_netlink_backend_set(struct sk_buff *skb, struct genl_info *info)
{
	struct maglev_net *mnet = maglev_net_of(genl_info_net(info));
	struct maglev_request_backend request;
	struct maglev_request_service named;
	int err;

	err = read_both(&named, &request, MAGLEV_REQUEST_SET, info);
	if (err)
		return err;
	mutex_lock(&mnet->lock);
	err = set_backend(mnet, &named, &request, info->extack);
	mutex_unlock(&mnet->lock);
	return err;
}
