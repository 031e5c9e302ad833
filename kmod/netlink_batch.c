// SPDX-License-Identifier: GPL-2.0-only
/*
 * Batches: all entries or none. They are read and found first, all under one hold of the lock,
 * and only then applied, which cannot fail; every service touched is built once, later. Of
 * two entries for the same thing the later wins.
 */
#include "netlink.h"

#include "net.h"
#include "netlink_policy.h"
#include "pair.h"
#include "publish.h"
#include "service.h"

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/sched.h>

/* An entry, found. */
struct found {
	struct maglev_service *service;
	struct maglev_pair *pair;
};

static int find(struct found *found, struct maglev_net *mnet,
		const struct maglev_request_entry *entry, struct netlink_ext_ack *extack)
{
	found->service = maglev_netlink_find_service(mnet, &entry->service, extack);
	if (IS_ERR(found->service))
		return PTR_ERR(found->service);
	if (entry->op == MAGLEV_NL_OP_SERVICE_SET)
		return maglev_netlink_check_set(found->service, &entry->service, extack);
	found->pair = maglev_netlink_find_pair(found->service, &entry->backend, extack);
	if (IS_ERR(found->pair))
		return PTR_ERR(found->pair);
	return maglev_netlink_check_lay(found->pair, &entry->backend, extack);
}

static void apply(const struct found *found, const struct maglev_request_entry *entry)
{
	struct maglev_overlay overlay;

	if (entry->op == MAGLEV_NL_OP_SERVICE_SET) {
		maglev_netlink_set(found->service, &entry->service);
	} else {
		maglev_netlink_overlay(&overlay, &entry->backend);
		if (!maglev_pair_lay(found->pair, &overlay))
			return;
	}
	/* One build, however many ask for it while it waits. */
	maglev_service_build_later(found->service);
}

static int find_and_apply(struct found *found, struct maglev_net *mnet,
			  const struct maglev_request_entry *entries, u32 n,
			  struct netlink_ext_ack *extack)
{
	u32 i;
	int err;

	lockdep_assert_held(&mnet->lock);
	for (i = 0; i < n; i++) {
		err = find(&found[i], mnet, &entries[i], extack);
		if (err)
			return err;
		cond_resched();
	}
	/* no failure beyond this line */
	for (i = 0; i < n; i++) {
		apply(&found[i], &entries[i]);
		cond_resched();
	}
	return 0;
}

int maglev_netlink_batch(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *head = genlmsg_data(info->genlhdr);
	struct maglev_net *mnet = maglev_net_of(genl_info_net(info));
	int err, len = genlmsg_len(info->genlhdr);
	struct maglev_request_entry *entries;
	struct found *found;
	u32 n;

	if (info->nlhdr->nlmsg_len > MAGLEV_NL_MESSAGE_MAX) {
		GENL_SET_ERR_MSG(info, "a batch is at most 16 MiB long");
		return -EMSGSIZE;
	}
	n = maglev_request_count_entries(head, len);
	if (!n)
		return 0;
	entries = kvmalloc_array(n, sizeof(*entries), GFP_KERNEL);
	found = kvcalloc(n, sizeof(*found), GFP_KERNEL);
	err = -ENOMEM;
	if (!entries || !found)
		goto out;
	err = maglev_request_read_entries(entries, head, len, MAGLEV_REQUEST_SET, info->extack);
	if (err)
		goto out;
	mutex_lock(&mnet->lock);
	err = find_and_apply(found, mnet, entries, n, info->extack);
	mutex_unlock(&mnet->lock);
out:
	kvfree(found);
	kvfree(entries);
	return err;
}
