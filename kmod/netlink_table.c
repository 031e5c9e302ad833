// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables over netlink, in pieces. Each message reads the generation packets see at that
 * moment; a dump that meets two of them is marked interrupted.
 */
#include "netlink.h"

#include "compat.h"
#include "net.h"
#include "netlink_policy.h"
#include "publish.h"
#include "service.h"

#include <linux/err.h>
#include <linux/errno.h>

enum {
	PIECE_SLOTS = 8192,
	PIECE_BYTES_MIN = 1024, /* worth another message */
	OVERHEAD_BYTES = 128, /* of a message, but for its slots */
};

struct position {
	struct maglev_netlink_refusal refusal;
	u32 service;
	u32 slot;
};

static int begin(struct netlink_callback *cb, struct netlink_ext_ack *extack)
{
	struct maglev_net *mnet = maglev_netlink_dump_net(cb);
	struct position *at = (struct position *)cb->ctx;
	struct nlattr **attrs = maglev_dump_attrs(cb);
	struct maglev_request_service request;
	struct maglev_service *service;
	int err;

	static_assert(sizeof(*at) <= sizeof(cb->ctx));
	err = maglev_request_read_service(&request, attrs[MAGLEV_A_SERVICE], MAGLEV_REQUEST_NAME,
					  extack);
	if (err)
		return err;
	mutex_lock(&mnet->lock);
	service = maglev_netlink_find_service(mnet, &request, extack);
	if (IS_ERR(service)) {
		err = PTR_ERR(service);
	} else if (!rcu_access_pointer(service->generation)) {
		NL_SET_ERR_MSG_ATTR(extack, request.at, "the service has no table yet");
		err = -ENOENT;
	} else {
		at->service = service->id;
	}
	mutex_unlock(&mnet->lock);
	return err;
}

int maglev_netlink_table_dump_start(struct netlink_callback *cb)
{
	return maglev_netlink_start(cb, begin);
}

static int fill_piece(struct sk_buff *skb, const struct maglev_generation *generation, u32 first,
		      u32 n)
{
	const struct maglev_view *view = &generation->view;
	const u16 *live = view->live + first, *base = view->base + first;
	struct nlattr *nest = nla_nest_start(skb, MAGLEV_A_TABLE);
	u32 bytes = n * sizeof(*live);

	if (!nest || nla_put_u32(skb, MAGLEV_A_TABLE_FIRST_SLOT, first) ||
	    nla_put(skb, MAGLEV_A_TABLE_LIVE, bytes, live) ||
	    (memcmp(live, base, bytes) && nla_put(skb, MAGLEV_A_TABLE_BASE, bytes, base)) ||
	    nla_put_u64_64bit(skb, MAGLEV_A_TABLE_GENERATION, generation->number,
			      MAGLEV_A_TABLE_PAD) ||
	    nla_put_u32(skb, MAGLEV_A_TABLE_TABLE_SIZE, view->size))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int dump_piece(struct sk_buff *skb, struct netlink_callback *cb,
		      const struct maglev_generation *generation, u32 n)
{
	struct position *at = (struct position *)cb->ctx;
	void *head = maglev_netlink_begin(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					  NLM_F_MULTI, MAGLEV_CMD_TABLE_GET);

	if (!head)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, head);
	if (fill_piece(skb, generation, at->slot, n)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	at->slot += n;
	return 0;
}

static void dump_pieces(struct sk_buff *skb, struct netlink_callback *cb,
			const struct maglev_generation *generation)
{
	const struct position *at = (struct position *)cb->ctx;
	u32 n, size = generation->view.size;

	cb->seq = (u32)generation->number | 1U << 31; /* 0 is none */
	while (at->slot < size && skb_tailroom(skb) >= PIECE_BYTES_MIN) {
		n = (skb_tailroom(skb) - OVERHEAD_BYTES) / (2 * sizeof(u16));
		n = min3(n, (u32)PIECE_SLOTS, size - at->slot);
		if (dump_piece(skb, cb, generation, n))
			break;
	}
}

int maglev_netlink_table_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct maglev_net *mnet = maglev_netlink_dump_net(cb);
	const struct position *at = (struct position *)cb->ctx;
	const struct maglev_generation *generation;
	const struct maglev_service *service;
	int err = maglev_netlink_refused(cb);

	if (err)
		return err;
	mutex_lock(&mnet->lock);
	service = maglev_service_find_id(mnet, at->service);
	rcu_read_lock();
	generation = service ? rcu_dereference(service->generation) : NULL;
	if (generation)
		dump_pieces(skb, cb, generation);
	rcu_read_unlock();
	mutex_unlock(&mnet->lock);
	return generation ? skb->len : -ENOENT;
}
