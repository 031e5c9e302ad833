// SPDX-License-Identifier: GPL-2.0-only
/*
 * Settings and counters of a namespace over netlink. What can fail, flow tables under another
 * key or of another size and hooks, comes first; the rest is written when it
 * is there. The key comes in and never goes out.
 */
#include "netlink.h"

#include "compat.h"
#include "events.h"
#include "hook.h"
#include "main.h"
#include "net.h"
#include "netlink_fill.h"
#include "netlink_policy.h"
#include "publish.h"
#include "service.h"
#include "stats.h"
#include "tables.h"

#include <linux/errno.h>
#include <linux/inetdevice.h>
#include <linux/string.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/route.h>

#define HAS(attr) (1U << MAGLEV_A_SETTINGS_##attr)

enum {
	STATS_BYTES = 8192, /* of the longest reply: every reason with its text */
};

int maglev_netlink_settings_get(struct sk_buff *skb, struct genl_info *info)
{
	struct maglev_net *mnet = maglev_net_of(genl_info_net(info));
	struct sk_buff *msg;
	void *head;
	int err;

	msg = maglev_netlink_reply(info, NLMSG_DEFAULT_SIZE, &head);
	if (!msg)
		return -ENOMEM;
	mutex_lock(&mnet->lock);
	err = maglev_fill_settings(msg, mnet);
	mutex_unlock(&mnet->lock);
	return maglev_netlink_send(msg, head, info, err);
}

static bool is_local4(struct net *net, const u8 *addr)
{
	__be32 word;

	memcpy(&word, addr, sizeof(word));
	return inet_addr_type(net, word) == RTN_LOCAL;
}

#if IS_ENABLED(CONFIG_IPV6)
static bool is_local6(struct net *net, const u8 *addr)
{
	struct flowi6 flow = { .flowi6_oif = 0 };
	struct dst_entry *dst;
	bool is_local;

	memcpy(&flow.daddr, addr, sizeof(flow.daddr));
	dst = ip6_route_output(net, NULL, &flow);
	is_local = !dst->error && container_of(dst, struct rt6_info, dst)->rt6i_flags & RTF_LOCAL;
	dst_release(dst);
	return is_local;
}
#else
static bool is_local6(struct net *net, const u8 *addr)
{
	return false;
}
#endif

static bool is_local(struct net *net, bool v6, const u8 *addr)
{
	return v6 ? is_local6(net, addr) : is_local4(net, addr);
}

/* Its first and its last address stand for all of them. */
static int check_source(struct net *net, const struct maglev_prefix *prefix, bool v6,
			const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	u32 i, addr_len = v6 ? MAGLEV_IPV6_BYTES : MAGLEV_IPV4_BYTES;
	u8 last[MAGLEV_IPV6_BYTES];

	if (!prefix->len)
		return 0;
	memcpy(last, prefix->addr, sizeof(last));
	for (i = prefix->len; i < addr_len * 8; i++)
		last[i / 8] |= 0x80 >> i % 8;
	if (is_local(net, v6, prefix->addr) && is_local(net, v6, last))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "not all of these addresses are local here: add them (ip route add local PREFIX dev lo)");
	return -EADDRNOTAVAIL;
}

static bool changes_tables(const struct maglev_net *mnet,
			   const struct maglev_request_settings *request)
{
	return (request->has & HAS(KEY) && memcmp(&request->key, &mnet->key, sizeof(mnet->key))) ||
	       (request->has & HAS(FLOWS) && request->flows != mnet->flows);
}

/* Mark 0 is that of every packet nobody marked. */
static int check_probes(const struct maglev_net *mnet,
			const struct maglev_request_settings *request,
			struct netlink_ext_ack *extack)
{
	u32 base = request->has & HAS(PROBE_BASE) ? request->probe_base : mnet->probe_base;
	bool probing = request->has & HAS(PROBE) ? request->probing : mnet->probing;

	if (!probing || (base && base <= U32_MAX - MAGLEV_PAIRS_MAX))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack,
			    request->at[MAGLEV_A_SETTINGS_PROBE_BASE] ?:
				    request->at[MAGLEV_A_SETTINGS_PROBE],
			    "probes need a probe-base from 1 to 4294901760: mark 0 is no mark");
	return -EINVAL;
}

static int check(struct maglev_net *mnet, const struct maglev_request_settings *request,
		 struct netlink_ext_ack *extack)
{
	int err;

	err = check_probes(mnet, request, extack);
	if (err)
		return err;
	if (request->has & HAS(REBUILD_DELAY_MS) && !net_eq(mnet->net, &init_net)) {
		NL_SET_ERR_MSG_ATTR(extack, request->at[MAGLEV_A_SETTINGS_REBUILD_DELAY_MS],
				    "rebuild-delay-ms holds for the whole host: set it in the first network namespace");
		return -EOPNOTSUPP;
	}
	err = check_source(mnet->net, &request->source[0], false,
			   request->at[MAGLEV_A_SETTINGS_SOURCE4], extack);
	if (!err)
		err = check_source(mnet->net, &request->source[1], true,
				   request->at[MAGLEV_A_SETTINGS_SOURCE6], extack);
	return err;
}

static bool forwards(const struct maglev_net *mnet)
{
	const struct maglev_service *service;

	list_for_each_entry(service, &mnet->service_list, list)
		if (service->left == MAGLEV_LEFT_NOTHING)
			return true;
	return false;
}

/* Key and size, and the flow tables under them; all as it was if they cannot be had. */
static int set_tables(struct maglev_net *mnet, const struct maglev_key *key, u32 flows)
{
	struct maglev_key old_key = mnet->key;
	u32 old_flows = mnet->flows;
	int err;

	lockdep_assert_held(&mnet->lock);
	err = maglev_tables_replace(mnet, key, flows);
	if (err)
		return err;
	mnet->key = *key;
	mnet->flows = flows;
	if (forwards(mnet))
		err = maglev_tables_create(mnet);
	if (err) {
		mnet->key = old_key;
		mnet->flows = old_flows;
	}
	memzero_explicit(&old_key, sizeof(old_key));
	return err;
}

static int change_tables(struct maglev_net *mnet, const struct maglev_request_settings *request,
			 struct netlink_ext_ack *extack)
{
	u32 flows = request->has & HAS(FLOWS) ? request->flows : mnet->flows;
	const struct nlattr *attr = request->at[MAGLEV_A_SETTINGS_KEY] ?:
					    request->at[MAGLEV_A_SETTINGS_FLOWS];
	int err;

	if (!changes_tables(mnet, request))
		return 0;
	err = set_tables(mnet, request->has & HAS(KEY) ? &request->key : &mnet->key, flows);
	if (err == -EBUSY)
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "flows still move from the old tables: try again when moving is 0");
	else if (err)
		NL_SET_ERR_MSG_ATTR(extack, attr, "no memory for flow tables of this size");
	return err;
}

/* Packets read the length first: while it is 0 they do not look at the address. */
static void set_source(struct maglev_prefix *to, const struct maglev_prefix *prefix)
{
	WRITE_ONCE(to->len, 0);
	synchronize_rcu();
	memcpy(to->addr, prefix->addr, sizeof(to->addr));
	/* Pairs with maglev_xmit_source(). */
	smp_store_release(&to->len, prefix->len);
}

/*
 * Packets that were IPVS's by their mark may be ours now: it is asked for their connections, as
 * after a service has become ours.
 */
static void set_fwmark_mask(struct maglev_net *mnet, u32 mask)
{
	struct maglev_service *service;

	list_for_each_entry(service, &mnet->service_list, list)
		WRITE_ONCE(service->owned_at, jiffies);
	WRITE_ONCE(mnet->fwmark_mask, mask);
}

static void apply(struct maglev_net *mnet, const struct maglev_request_settings *request)
{
	u32 has = request->has;

	lockdep_assert_held(&mnet->lock);
	if (has & HAS(TABLE_SIZE))
		mnet->table_size = request->table_size;
	if (has & HAS(FWMARK_MASK))
		set_fwmark_mask(mnet, request->fwmark_mask);
	if (has & HAS(SOURCE4))
		set_source(&mnet->source[0], &request->source[0]);
	if (has & HAS(SOURCE6))
		set_source(&mnet->source[1], &request->source[1]);
	if (has & HAS(PROBE_BASE))
		WRITE_ONCE(mnet->probe_base, request->probe_base);
	if (has & HAS(PROBE))
		WRITE_ONCE(mnet->probing, request->probing);
	if (has & HAS(REBUILD_DELAY_MS))
		WRITE_ONCE(maglev_rebuild_delay_ms, request->rebuild_delay_ms);
	if (has & HAS(HOOK)) {
		mnet->hook = request->hook;
		WRITE_ONCE(mnet->early, mnet->hook == MAGLEV_HOOK_EARLY);
	}
}

static void build_all(struct maglev_net *mnet)
{
	struct maglev_service *service;

	lockdep_assert_held(&mnet->lock);
	list_for_each_entry(service, &mnet->service_list, list)
		maglev_service_build_later(service);
}

static int set_locked(struct maglev_net *mnet, const struct maglev_request_settings *request,
		      struct netlink_ext_ack *extack)
{
	int err;

	err = change_tables(mnet, request, extack);
	if (err)
		return err;
	/* no failure beyond this line */
	apply(mnet, request);
	if (request->has & (HAS(KEY) | HAS(HOOK)))
		build_all(mnet);
	return 0;
}

/* The hooks that settings say there are, beside those that a request wants. */
static int switch_hooks(struct maglev_net *mnet, bool early, bool probes)
{
	int err;

	err = maglev_hook_switch(mnet, MAGLEV_HOOKS_EARLY, early || READ_ONCE(mnet->early));
	return err   ?:
		       maglev_hook_switch(mnet, MAGLEV_HOOKS_PROBES,
					  probes || READ_ONCE(mnet->probing));
}

/* Hooks are there before settings say so, and as long: their lock comes before the namespace's. */
static int set(struct maglev_net *mnet, const struct maglev_request_settings *request,
	       struct netlink_ext_ack *extack)
{
	int err;

	err = check(mnet, request, extack);
	if (err)
		return err;
	err = switch_hooks(mnet, request->has & HAS(HOOK) && request->hook == MAGLEV_HOOK_EARLY,
			   request->has & HAS(PROBE) && request->probing);
	if (err) {
		NL_SET_ERR_MSG(extack, "no memory for the hooks of packets");
	} else {
		mutex_lock(&mnet->lock);
		err = set_locked(mnet, request, extack);
		mutex_unlock(&mnet->lock);
	}
	switch_hooks(mnet, false, false);
	return err;
}

int maglev_netlink_settings_set(struct sk_buff *skb, struct genl_info *info)
{
	struct maglev_net *mnet = maglev_net_of(genl_info_net(info));
	struct maglev_request_settings request;
	int err;

	err = maglev_request_read_settings(&request, info->attrs[MAGLEV_A_SETTINGS], info->extack);
	if (!err && request.has)
		err = set(mnet, &request, info->extack);
	memzero_explicit(&request.key, sizeof(request.key));
	if (!err && request.has)
		maglev_event_settings(mnet);
	return err;
}

/* Of all CPUs, old tables left out. */
static u32 capacity(const struct maglev_net *mnet)
{
	const struct maglev_flow_tables *tables;
	u64 words = 0;
	u32 cpu;

	rcu_read_lock();
	tables = rcu_dereference(mnet->tables);
	for (cpu = 0; tables && cpu < tables->n; cpu++)
		if (READ_ONCE(tables->cpu[cpu].words))
			words += (u64)tables->cpu[cpu].lines * MAGLEV_LINE_WORDS;
	rcu_read_unlock();
	return min_t(u64, words, U32_MAX);
}

static int fill_counter(struct sk_buff *msg, int attr, u64 value)
{
	return nla_put_u64_64bit(msg, attr, value, MAGLEV_A_COUNTERS_PAD);
}

static int fill_counted(struct sk_buff *msg, const struct maglev_percpu *sum)
{
	static const u16 attrs[MAGLEV_COUNTERS] = {
		[MAGLEV_COUNT_PACKETS] = MAGLEV_A_COUNTERS_FORWARDED,
		[MAGLEV_COUNT_SEGMENTS] = MAGLEV_A_COUNTERS_SEGMENTS,
		[MAGLEV_COUNT_BYTES] = MAGLEV_A_COUNTERS_BYTES,
		[MAGLEV_COUNT_NEW] = MAGLEV_A_COUNTERS_FLOWS_NEW,
		[MAGLEV_COUNT_ADOPTED] = MAGLEV_A_COUNTERS_ADOPTED,
		[MAGLEV_COUNT_EVICTED] = MAGLEV_A_COUNTERS_EVICTED,
		[MAGLEV_COUNT_FULL] = MAGLEV_A_COUNTERS_UNTRACKED_FULL,
		[MAGLEV_COUNT_BUSY] = MAGLEV_A_COUNTERS_UNTRACKED_BUSY,
		[MAGLEV_COUNT_OUTSIDE] = MAGLEV_A_COUNTERS_OUTSIDE,
		[MAGLEV_COUNT_FOREIGN] = MAGLEV_A_COUNTERS_FOREIGN_LINES,
		[MAGLEV_COUNT_ERRORS] = MAGLEV_A_COUNTERS_ERRORS,
		[MAGLEV_COUNT_PROBES] = MAGLEV_A_COUNTERS_PROBES,
		[MAGLEV_COUNT_GAP] = MAGLEV_A_COUNTERS_GAP,
		[MAGLEV_COUNT_EARLY] = MAGLEV_A_COUNTERS_EARLY,
	};
	u32 i;

	for (i = 0; i < MAGLEV_COUNTERS; i++)
		if (fill_counter(msg, attrs[i], sum->counter[i]))
			return -EMSGSIZE;
	return 0;
}

static int fill_counters(struct sk_buff *msg, const struct maglev_net *mnet,
			 const struct maglev_percpu *sum)
{
	struct nlattr *nest = nla_nest_start(msg, MAGLEV_A_COUNTERS);

	if (!nest || fill_counted(msg, sum) ||
	    nla_put_u32(msg, MAGLEV_A_COUNTERS_FLOWS, min_t(u64, mnet->alive, U32_MAX)) ||
	    nla_put_u32(msg, MAGLEV_A_COUNTERS_CAPACITY, capacity(mnet)) ||
	    fill_counter(msg, MAGLEV_A_COUNTERS_PUBLISHED, atomic64_read(&mnet->published)) ||
	    fill_counter(msg, MAGLEV_A_COUNTERS_BUILD_ERRORS, atomic64_read(&mnet->build_errors)))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int fill_reason(struct sk_buff *msg, enum maglev_reason reason, u64 count)
{
	struct nlattr *nest = nla_nest_start(msg, MAGLEV_A_REASON);

	if (!nest || nla_put_u32(msg, MAGLEV_A_REASON_COUNT_REASON, reason) ||
	    nla_put_string(msg, MAGLEV_A_REASON_COUNT_NAME, maglev_reason_name(reason)) ||
	    nla_put_u32(msg, MAGLEV_A_REASON_COUNT_VERDICT, maglev_reason_verdict(reason)) ||
	    nla_put_u64_64bit(msg, MAGLEV_A_REASON_COUNT_COUNT, count, MAGLEV_A_REASON_COUNT_PAD) ||
	    nla_put_string(msg, MAGLEV_A_REASON_COUNT_TEXT, maglev_reason_text(reason)))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/* All but "none", which is not counted: those packets were forwarded. */
static int fill_reasons(struct sk_buff *msg, const struct maglev_percpu *sum)
{
	u32 reason;

	for (reason = MAGLEV_REASON_NONE + 1; reason < MAGLEV_REASON_COUNT; reason++)
		if (fill_reason(msg, reason, sum->reason[reason]))
			return -EMSGSIZE;
	return 0;
}

int maglev_netlink_stats_get(struct sk_buff *skb, struct genl_info *info)
{
	struct maglev_net *mnet = maglev_net_of(genl_info_net(info));
	struct maglev_percpu sum;
	struct sk_buff *msg;
	void *head;
	int err;

	msg = maglev_netlink_reply(info, STATS_BYTES, &head);
	if (!msg)
		return -ENOMEM;
	maglev_stats_sum(mnet, &sum);
	mutex_lock(&mnet->lock);
	err = fill_counters(msg, mnet, &sum) ?: fill_reasons(msg, &sum);
	mutex_unlock(&mnet->lock);
	return maglev_netlink_send(msg, head, info, err);
}
