// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preview: what entries of a batch would do to a service. The backends are copied, the entries
 * applied to the copy and the tables built aside, all when the dump starts; its messages
 * only tell. Under the service's build_lock, so that "now" is one generation.
 */
#include "netlink.h"

#include "compat.h"
#include "net.h"
#include "netlink_fill.h"
#include "netlink_flow.h"
#include "netlink_policy.h"
#include "pair.h"
#include "preview.h"
#include "publish.h"
#include "service.h"

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/mm.h>

/* Of a dump. */
struct position {
	struct maglev_netlink_refusal refusal;
	struct maglev_preview *preview;
	u32 row; /* 0: the summary */
};

static int read_entries(struct maglev_request_entry **entries, u32 *n,
			const struct netlink_callback *cb, struct netlink_ext_ack *extack)
{
	const struct nlattr *head = nlmsg_attrdata(cb->nlh, GENL_HDRLEN);
	int err, len = nlmsg_attrlen(cb->nlh, GENL_HDRLEN);

	if (cb->nlh->nlmsg_len > MAGLEV_NL_MESSAGE_MAX) {
		NL_SET_ERR_MSG(extack, "a preview is at most 16 MiB long");
		return -EMSGSIZE;
	}
	*n = maglev_request_count_entries(head, len);
	*entries = kvmalloc_array(*n + 1, sizeof(**entries), GFP_KERNEL);
	if (!*entries)
		return -ENOMEM;
	err = maglev_request_read_entries(*entries, head, len, MAGLEV_REQUEST_PREVIEW, extack);
	if (err)
		kvfree(*entries);
	return err;
}

static int check_entries(const struct maglev_request_service *service,
			 const struct maglev_request_entry *entries, u32 n,
			 struct netlink_ext_ack *extack)
{
	u32 i;

	for (i = 0; i < n; i++) {
		if (!entries[i].service.at ||
		    !memcmp(&entries[i].service.key, &service->key, sizeof(service->key)))
			continue;
		NL_SET_ERR_MSG_ATTR(extack, entries[i].service.at,
				    "the entries of a preview are about the service it names");
		return -EINVAL;
	}
	return 0;
}

static int look_ahead(struct position *at, struct maglev_net *mnet,
		      const struct maglev_request_service *request,
		      const struct maglev_request_entry *entries, u32 n,
		      struct netlink_ext_ack *extack)
{
	struct maglev_preview *preview;
	struct maglev_service *service;
	int err;

	mutex_lock(&mnet->lock);
	service = maglev_netlink_find_service(mnet, request, extack);
	if (!IS_ERR(service))
		refcount_inc(&service->references);
	mutex_unlock(&mnet->lock);
	if (IS_ERR(service))
		return PTR_ERR(service);
	mutex_lock(&service->build_lock);
	preview = maglev_preview_create(service, entries, n, extack);
	mutex_unlock(&service->build_lock);
	err = PTR_ERR_OR_ZERO(preview);
	at->preview = err ? NULL : preview;
	maglev_service_put(service);
	return err;
}

static int begin(struct netlink_callback *cb, struct netlink_ext_ack *extack)
{
	struct position *at = (struct position *)cb->ctx;
	struct nlattr **attrs = maglev_dump_attrs(cb);
	struct maglev_request_service request;
	struct maglev_request_entry *entries;
	int err;
	u32 n;

	static_assert(sizeof(*at) <= sizeof(cb->ctx));
	err = maglev_request_read_service(&request, attrs[MAGLEV_A_SERVICE], MAGLEV_REQUEST_NAME,
					  extack);
	if (err)
		return err;
	err = read_entries(&entries, &n, cb, extack);
	if (err)
		return err;
	err = check_entries(&request, entries, n, extack);
	if (!err)
		err = look_ahead(at, maglev_netlink_dump_net(cb), &request, entries, n, extack);
	kvfree(entries);
	return err;
}

int maglev_netlink_preview_start(struct netlink_callback *cb)
{
	return maglev_netlink_start(cb, begin);
}

static int fill_tables(struct sk_buff *skb, const struct maglev_preview *preview)
{
	if (nla_put_u32(skb, MAGLEV_A_PREVIEW_TABLE_SIZE, preview->size) ||
	    nla_put_u32(skb, MAGLEV_A_PREVIEW_N_BACKENDS, preview->n) ||
	    nla_put_u64_64bit(skb, MAGLEV_A_PREVIEW_BASE_DIGEST, preview->base_digest,
			      MAGLEV_A_PREVIEW_PAD) ||
	    nla_put_u64_64bit(skb, MAGLEV_A_PREVIEW_LIVE_DIGEST, preview->live_digest,
			      MAGLEV_A_PREVIEW_PAD) ||
	    nla_put_u32(skb, MAGLEV_A_PREVIEW_DISPLACED_SLOTS, preview->displaced) ||
	    nla_put_u32(skb, MAGLEV_A_PREVIEW_WARNINGS, preview->warnings))
		return -EMSGSIZE;
	return 0;
}

/* What a change of size leaves nothing to compare with, or a mode hides, is left out. */
static int fill_summary(struct sk_buff *skb, const struct maglev_preview *preview)
{
	struct nlattr *nest = nla_nest_start(skb, MAGLEV_A_PREVIEW);

	if (!nest || fill_tables(skb, preview) ||
	    nla_put_u32(skb, MAGLEV_A_PREVIEW_SLOTS_CHANGED, preview->slots_changed) ||
	    (preview->comparable &&
	     nla_put_u32(skb, MAGLEV_A_PREVIEW_SLOTS_COLLATERAL, preview->slots_collateral)) ||
	    (preview->tells_slots &&
	     nla_put_u32(skb, MAGLEV_A_PREVIEW_FLOWS_MOVED, preview->flows_moved)) ||
	    nla_put_u32(skb, MAGLEV_A_PREVIEW_FLOWS_LOST, preview->flows_lost))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_first(struct sk_buff *skb, struct maglev_net *mnet,
		      const struct maglev_preview *preview)
{
	const struct maglev_service *service;
	int err = -ENOENT;

	mutex_lock(&mnet->lock);
	service = maglev_service_find_id(mnet, preview->service);
	if (service)
		err = maglev_fill_service(skb, service);
	mutex_unlock(&mnet->lock);
	return err ?: fill_summary(skb, preview);
}

static int fill_plan(struct sk_buff *skb, const struct maglev_plan *plan)
{
	struct nlattr *nest = nla_nest_start(skb, MAGLEV_A_BACKEND);

	if (!nest ||
	    maglev_fill_addr_port(skb, MAGLEV_A_BACKEND_ADDR, MAGLEV_A_BACKEND_PORT,
				  &plan->backend) ||
	    (plan->index >= 0 && nla_put_u32(skb, MAGLEV_A_BACKEND_INDEX, plan->index)) ||
	    (plan->place != MAGLEV_EMPTY &&
	     nla_put_u32(skb, MAGLEV_A_BACKEND_PLACE, plan->place)) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_STATE, plan->backend.state) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_IPVS_STATE, plan->ipvs) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_ADMIN_STATE, plan->admin) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_HEALTH_STATE, plan->health) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_WEIGHT, plan->weight) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_NOMINAL_WEIGHT, plan->nominal) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_TABLE_WEIGHT, plan->backend.weight) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_SHARE, plan->backend.share) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_BASE_SLOTS, plan->base_slots) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_LIVE_SLOTS, plan->live_slots))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int dump_row(struct sk_buff *skb, struct netlink_callback *cb, struct maglev_net *mnet)
{
	const struct position *at = (struct position *)cb->ctx;
	const struct maglev_preview *preview = at->preview;
	void *head = maglev_netlink_begin(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					  NLM_F_MULTI, MAGLEV_CMD_PREVIEW);
	int err;

	if (!head)
		return -EMSGSIZE;
	err = at->row ? fill_plan(skb, &preview->plans[at->row - 1]) :
			fill_first(skb, mnet, preview);
	if (err) {
		genlmsg_cancel(skb, head);
		return err;
	}
	genlmsg_end(skb, head);
	return 0;
}

int maglev_netlink_preview_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct maglev_net *mnet = maglev_netlink_dump_net(cb);
	struct position *at = (struct position *)cb->ctx;
	int err = maglev_netlink_refused(cb);

	if (err)
		return err;
	while (at->row <= at->preview->n && !err) {
		err = dump_row(skb, cb, mnet);
		at->row += !err;
	}
	return skb->len ?: (err == -EMSGSIZE ? 0 : err);
}

int maglev_netlink_preview_done(struct netlink_callback *cb)
{
	struct position *at = (struct position *)cb->ctx;

	if (at->preview)
		maglev_preview_destroy(at->preview);
	return 0;
}
