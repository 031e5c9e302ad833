// SPDX-License-Identifier: GPL-2.0-only
/*
 * Putting objects into messages. What packets read is read under RCU; all else under the
 * namespace's lock, which the caller holds. Here numbers of the module become numbers of
 * the ABI, so here is asserted that they are the same.
 */
#include "netlink_fill.h"

#include "compat.h"
#include "main.h"
#include "net.h"
#include "netlink_policy.h"
#include "pair.h"
#include "publish.h"
#include "service.h"
#include "slots.h"
#include "tables.h"

#include <maglev/version.h>

#include <linux/mm.h>
#include <linux/slab.h>
#include <net/ip_vs.h>
#include <net/netlink.h>

#define SAME(ours, theirs) static_assert((int)MAGLEV_##ours == (int)MAGLEV_NL_##theirs)

SAME(UP, STATE_UP);
SAME(DRAIN, STATE_DRAIN);
SAME(DOWN, STATE_DOWN);
SAME(MODE_SET_TUPLE, MODE_TUPLE);
SAME(MODE_SET_SOURCE, MODE_SOURCE);
SAME(MODE_SET_FLAG, MODE_FLAG);
SAME(LEFT_NOTHING, LEFT_BECAUSE_NONE);
SAME(LEFT_SETTING, LEFT_BECAUSE_SETTING);
SAME(LEFT_FWMARK, LEFT_BECAUSE_FWMARK);
SAME(LEFT_PROTOCOL, LEFT_BECAUSE_PROTOCOL);
SAME(LEFT_PORT, LEFT_BECAUSE_PORT);
SAME(LEFT_FTP, LEFT_BECAUSE_FTP);
SAME(LEFT_PERSISTENT, LEFT_BECAUSE_PERSISTENT);
SAME(LEFT_ONE_PACKET, LEFT_BECAUSE_ONE_PACKET);
SAME(LEFT_METHOD, LEFT_BECAUSE_METHOD);
SAME(LEFT_TUNNEL, LEFT_BECAUSE_TUNNEL);
SAME(LEFT_THRESHOLD, LEFT_BECAUSE_THRESHOLD);
SAME(LEFT_ADDRESS, LEFT_BECAUSE_ADDRESS);
SAME(LEFT_MEMORY, LEFT_BECAUSE_MEMORY);
SAME(LEFT_NO_TABLE, LEFT_BECAUSE_TABLE);
SAME(WARN_SMALL, WARNING_FEW_SLOTS);
SAME(WARN_NO_SLOT, WARNING_NO_SLOT);
SAME(WARN_MAPPED, WARNING_MAPPED);
SAME(HOOK_NONE, HOOK_NONE);
SAME(HOOK_LOCAL, HOOK_LOCAL);
SAME(HOOK_EARLY, HOOK_EARLY);
SAME(MH_OFF, REPLACE_MH_OFF);
SAME(MH_ON, REPLACE_MH_ON);
SAME(MH_TAKEN, REPLACE_MH_TAKEN);
SAME(TUNNEL_NONE, TUNNEL_NONE);
SAME(TUNNEL_IPIP, TUNNEL_IPIP);
SAME(TUNNEL_GRE, TUNNEL_GRE);
static_assert(MAGLEV_NL_METHOD_MASQUERADE == IP_VS_CONN_F_MASQ);
static_assert(MAGLEV_NL_METHOD_LOCAL == IP_VS_CONN_F_LOCALNODE);
static_assert(MAGLEV_NL_METHOD_TUNNEL == IP_VS_CONN_F_TUNNEL);
static_assert(MAGLEV_NL_METHOD_DIRECT == IP_VS_CONN_F_DROUTE);

int maglev_fill_key(struct sk_buff *skb, int attr, const struct maglev_service_key *key)
{
	u16 af = key->addr_len == MAGLEV_IPV4_BYTES ? AF_INET : AF_INET6;
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest || nla_put_u16(skb, MAGLEV_A_SERVICE_KEY_AF, af))
		return -EMSGSIZE;
	if (key->fwmark) {
		if (nla_put_u32(skb, MAGLEV_A_SERVICE_KEY_FWMARK, key->fwmark))
			return -EMSGSIZE;
	} else if (nla_put_u16(skb, MAGLEV_A_SERVICE_KEY_PROTOCOL, key->protocol) ||
		   nla_put(skb, MAGLEV_A_SERVICE_KEY_ADDR, key->addr_len, key->addr) ||
		   nla_put_be16(skb, MAGLEV_A_SERVICE_KEY_PORT, key->port)) {
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_name(struct sk_buff *skb, const struct maglev_service *service)
{
	if (maglev_fill_key(skb, MAGLEV_A_SERVICE_KEY, &service->key) ||
	    nla_put_u32(skb, MAGLEV_A_SERVICE_ID, service->id))
		return -EMSGSIZE;
	return 0;
}

int maglev_fill_service_name(struct sk_buff *skb, const struct maglev_service *service)
{
	struct nlattr *nest = nla_nest_start(skb, MAGLEV_A_SERVICE);

	if (!nest || fill_name(skb, service))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_timeouts(struct sk_buff *skb, const struct maglev_timeouts *timeouts)
{
	struct nlattr *nest = nla_nest_start(skb, MAGLEV_A_SERVICE_TIMEOUTS);
	const u16 *seconds = timeouts->seconds;

	if (!nest || nla_put_u32(skb, MAGLEV_A_TIMEOUTS_HALF_OPEN, seconds[MAGLEV_HALF_OPEN]) ||
	    nla_put_u32(skb, MAGLEV_A_TIMEOUTS_ESTABLISHED, seconds[MAGLEV_ESTABLISHED]) ||
	    nla_put_u32(skb, MAGLEV_A_TIMEOUTS_CLOSING, seconds[MAGLEV_CLOSING]) ||
	    nla_put_u32(skb, MAGLEV_A_TIMEOUTS_RESET, seconds[MAGLEV_RESET]))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_stats(struct sk_buff *skb, int attr, const struct maglev_pair_stats *stats)
{
	static const int attrs[] = {
		[MAGLEV_PAIR_PACKETS] = MAGLEV_A_STATS_PACKETS,
		[MAGLEV_PAIR_SEGMENTS] = MAGLEV_A_STATS_SEGMENTS,
		[MAGLEV_PAIR_BYTES] = MAGLEV_A_STATS_BYTES,
		[MAGLEV_PAIR_NEW] = MAGLEV_A_STATS_FLOWS_NEW,
		[MAGLEV_PAIR_ANSWERED] = MAGLEV_A_STATS_FLOWS_ANSWERED,
		[MAGLEV_PAIR_RESET] = MAGLEV_A_STATS_FLOWS_RESET,
		[MAGLEV_PAIR_UNREACHABLE] = MAGLEV_A_STATS_UNREACHABLE,
	};
	struct nlattr *nest = nla_nest_start(skb, attr);
	u32 i;

	static_assert(ARRAY_SIZE(attrs) == MAGLEV_PAIR_COUNTERS);
	for (i = 0; nest && i < MAGLEV_PAIR_COUNTERS; i++)
		if (nla_put_u64_64bit(skb, attrs[i], stats->counter[i], MAGLEV_A_STATS_PAD))
			return -EMSGSIZE;
	if (!nest)
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_service_stats(struct sk_buff *skb, const struct maglev_service *service)
{
	struct maglev_pair_stats total = service->gone_stats, sum;
	const struct maglev_pair *pair;
	struct rb_node *node;
	u32 i;

	for (node = rb_first(&service->pairs); node; node = rb_next(node)) {
		pair = rb_entry(node, struct maglev_pair, node);
		if (!pair->stats)
			continue;
		maglev_pair_stats_sum(pair, &sum);
		for (i = 0; i < ARRAY_SIZE(sum.counter); i++)
			total.counter[i] += sum.counter[i];
	}
	return fill_stats(skb, MAGLEV_A_SERVICE_STATS, &total);
}

/* What packets see of it now. */
static int fill_tables(struct sk_buff *skb, const struct maglev_service *service,
		       const struct maglev_generation *generation)
{
	u32 size = generation ? generation->view.size : service->size;
	u32 mode = generation ? generation->view.mode : maglev_service_mode(service);

	if (nla_put_u32(skb, MAGLEV_A_SERVICE_TABLE_SIZE, size) ||
	    nla_put_u32(skb, MAGLEV_A_SERVICE_MODE, mode))
		return -EMSGSIZE;
	if (!generation)
		return 0;
	if (nla_put_u64_64bit(skb, MAGLEV_A_SERVICE_GENERATION, generation->number,
			      MAGLEV_A_SERVICE_PAD) ||
	    nla_put_u64_64bit(skb, MAGLEV_A_SERVICE_BASE_DIGEST, generation->base_digest,
			      MAGLEV_A_SERVICE_PAD) ||
	    nla_put_u64_64bit(skb, MAGLEV_A_SERVICE_LIVE_DIGEST, generation->live_digest,
			      MAGLEV_A_SERVICE_PAD) ||
	    nla_put_u64_64bit(skb, MAGLEV_A_SERVICE_KEY_CHECK,
			      maglev_key_check(&generation->view.key), MAGLEV_A_SERVICE_PAD) ||
	    nla_put_u32(skb, MAGLEV_A_SERVICE_DISPLACED_SLOTS, generation->displaced))
		return -EMSGSIZE;
	return 0;
}

static const char *error_text(int error)
{
	switch (error) {
	case 0:
		return NULL;
	case -E2BIG:
		return "more backends than the table has slots: the last table stays";
	case -ENOSPC:
		return "all 65535 backends of a network namespace are in use: the last table stays";
	case -ENOMEM:
		return "no memory: the last table stays, the next try is in a second";
	default:
		return "the build failed: the last table stays, the next try is in a second";
	}
}

static u32 find_warnings(const struct maglev_service *service,
			 const struct maglev_generation *generation)
{
	const struct maglev_key *key = &service->mnet->key;
	u32 warnings = generation ? generation->warnings : 0;

	if (!(key->word[0] | key->word[1]))
		warnings |= MAGLEV_NL_WARNING_KEY_ZERO;
	return warnings;
}

static int fill_health(struct sk_buff *skb, const struct maglev_service *service, u32 warnings)
{
	int error = READ_ONCE(service->error);
	const char *text = error_text(error);

	if (nla_put_u32(skb, MAGLEV_A_SERVICE_ERROR, -error) ||
	    (text && nla_put_string(skb, MAGLEV_A_SERVICE_ERROR_TEXT, text)) ||
	    nla_put_u32(skb, MAGLEV_A_SERVICE_WARNINGS, warnings) ||
	    nla_put_u32(skb, MAGLEV_A_SERVICE_BUILD_US, READ_ONCE(service->build_us)))
		return -EMSGSIZE;
	return 0;
}

/* Of what is left to IPVS, flows tracked before are ours until they end. */
static u32 forwarding(const struct maglev_service *service, u32 flows)
{
	if (!service->svc || service->left == MAGLEV_LEFT_SCHEDULER)
		return MAGLEV_NL_FORWARDING_RELEASED;
	if (service->left == MAGLEV_LEFT_NOTHING)
		return MAGLEV_NL_FORWARDING_MAGLEV;
	return flows ? MAGLEV_NL_FORWARDING_RELEASED : MAGLEV_NL_FORWARDING_IPVS;
}

static int fill_forwarding(struct sk_buff *skb, const struct maglev_service *service)
{
	u32 left = service->left == MAGLEV_LEFT_SCHEDULER ? MAGLEV_LEFT_NOTHING : service->left;
	u32 flows = maglev_service_flows(service);

	if (nla_put_u32(skb, MAGLEV_A_SERVICE_FORWARDING, forwarding(service, flows)) ||
	    nla_put_u32(skb, MAGLEV_A_SERVICE_LEFT_BECAUSE, left) ||
	    nla_put_u32(skb, MAGLEV_A_SERVICE_FLOWS, flows))
		return -EMSGSIZE;
	return 0;
}

/* IPVS unbinds a scheduler before it lets go of it; done_service() then takes svc from us. */
static int fill_scheduler(struct sk_buff *skb, const struct maglev_service *service)
{
	const struct ip_vs_scheduler *scheduler;

	scheduler = service->svc ? rcu_dereference(service->svc->scheduler) : NULL;
	return scheduler ? nla_put_string(skb, MAGLEV_A_SERVICE_SCHEDULER, scheduler->name) : 0;
}

static u32 count_listed(const struct maglev_service *service)
{
	struct rb_node *node;
	u32 n = 0;

	for (node = rb_first(&service->pairs); node; node = rb_next(node))
		n += rb_entry(node, struct maglev_pair, node)->listed;
	return n;
}

int maglev_fill_service(struct sk_buff *skb, const struct maglev_service *service)
{
	struct nlattr *nest = nla_nest_start(skb, MAGLEV_A_SERVICE);
	const struct maglev_generation *generation;
	int err;

	lockdep_assert_held(&service->mnet->lock);
	if (!nest || fill_name(skb, service) ||
	    nla_put_u32(skb, MAGLEV_A_SERVICE_MODE_SET, service->mode_setting) ||
	    nla_put_u32(skb, MAGLEV_A_SERVICE_FRAGMENTS, 1) ||
	    nla_put_u32(skb, MAGLEV_A_SERVICE_N_BACKENDS, count_listed(service)) ||
	    fill_timeouts(skb, &service->timeouts) || fill_forwarding(skb, service) ||
	    fill_service_stats(skb, service))
		return -EMSGSIZE;
	rcu_read_lock();
	generation = rcu_dereference(service->generation);
	err = fill_tables(skb, service, generation);
	if (!err)
		err = fill_health(skb, service, find_warnings(service, generation));
	if (!err)
		err = fill_scheduler(skb, service);
	rcu_read_unlock();
	if (err)
		return err;
	nla_nest_end(skb, nest);
	return 0;
}

int maglev_fill_addr_port(struct sk_buff *skb, int addr_attr, int port_attr,
			  const struct maglev_backend *backend)
{
	const struct in6_addr *addr = (const struct in6_addr *)backend->addr;
	int err;

	if (ipv6_addr_v4mapped(addr))
		err = nla_put(skb, addr_attr, MAGLEV_IPV4_BYTES, &addr->s6_addr32[3]);
	else
		err = nla_put(skb, addr_attr, MAGLEV_IPV6_BYTES, addr);
	return err ?: nla_put_be16(skb, port_attr, backend->port);
}

static u32 deadline_ms(const struct maglev_pair *pair)
{
	if (!pair->deadline)
		return 0;
	/* What has passed, but was not yet looked at, is not none. */
	if (!time_before(jiffies, pair->deadline))
		return 1;
	return max(jiffies_to_msecs(pair->deadline - jiffies), 1U);
}

static int fill_overlay(struct sk_buff *skb, const struct maglev_pair *pair)
{
	if (nla_put_u32(skb, MAGLEV_A_BACKEND_INDEX, pair->target.index) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_STATE, pair->target.state) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_IPVS_STATE, pair->ipvs) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_ADMIN_STATE, pair->admin) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_HEALTH_STATE, pair->health) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_WEIGHT, max(pair->ipvs_weight, 0)) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_NOMINAL_WEIGHT, pair->nominal) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_SHARE, pair->share) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_DEADLINE_MS, deadline_ms(pair)))
		return -EMSGSIZE;
	return 0;
}

/* Its place by the tables packets see; what is counted of others is not told. */
static int fill_place(struct sk_buff *skb, const struct maglev_pair *pair,
		      const struct maglev_slots *slots, const struct maglev_generation *generation)
{
	u16 place = generation ? maglev_generation_place(generation, &pair->backend) : MAGLEV_EMPTY;
	bool counted = generation && slots->generation == generation->number && place < slots->n;
	u32 weight = place == MAGLEV_EMPTY ? 0 : generation->view.backends[place].weight;

	if ((place != MAGLEV_EMPTY && nla_put_u32(skb, MAGLEV_A_BACKEND_PLACE, place)) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_TABLE_WEIGHT, weight))
		return -EMSGSIZE;
	if (place != MAGLEV_EMPTY && !counted)
		return 0;
	if (nla_put_u32(skb, MAGLEV_A_BACKEND_BASE_SLOTS, counted ? slots->count[place].base : 0) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_LIVE_SLOTS, counted ? slots->count[place].live : 0))
		return -EMSGSIZE;
	return 0;
}

/* Whether it is full only IPVS knows. */
static int fill_use(struct sk_buff *skb, const struct maglev_pair *pair)
{
	const struct ip_vs_dest *dest;
	bool overloaded;

	rcu_read_lock();
	dest = rcu_dereference(pair->dest);
	overloaded = dest && maglev_dest_overloaded(dest);
	rcu_read_unlock();
	if (nla_put_u32(skb, MAGLEV_A_BACKEND_FLOWS, maglev_pair_flows(pair)) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_OVERLOADED, overloaded) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_DRAINED, pair->draining && pair->drained))
		return -EMSGSIZE;
	return 0;
}

static u32 tunnel_of(const struct maglev_pair *pair)
{
	if (pair->method != IP_VS_CONN_F_TUNNEL && pair->method != IP_VS_CONN_F_LOCALNODE)
		return MAGLEV_NL_TUNNEL_NONE;
	return pair->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_GUE ? MAGLEV_NL_TUNNEL_GUE :
								pair->target.tunnel.type;
}

static int fill_way(struct sk_buff *skb, const struct maglev_pair *pair)
{
	if (nla_put_u32(skb, MAGLEV_A_BACKEND_METHOD, pair->method) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_TUNNEL, tunnel_of(pair)) ||
	    nla_put_u32(skb, MAGLEV_A_BACKEND_TUNNEL_CHECKSUM, pair->target.tunnel.checksum))
		return -EMSGSIZE;
	return 0;
}

static int fill_rest(struct sk_buff *skb, const struct maglev_pair *pair,
		     const struct maglev_slots *slots)
{
	struct maglev_pair_stats sum = {};
	int err;

	rcu_read_lock();
	err = fill_place(skb, pair, slots, rcu_dereference(pair->service->generation));
	rcu_read_unlock();
	if (err)
		return err;
	if (pair->stats)
		maglev_pair_stats_sum(pair, &sum);
	return fill_way(skb, pair) ?: fill_stats(skb, MAGLEV_A_BACKEND_STATS, &sum);
}

int maglev_fill_backend(struct sk_buff *skb, int attr, const struct maglev_pair *pair,
			const struct maglev_slots *slots)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	lockdep_assert_held(&pair->service->mnet->lock);
	if (!nest ||
	    maglev_fill_addr_port(skb, MAGLEV_A_BACKEND_ADDR, MAGLEV_A_BACKEND_PORT,
				  &pair->backend) ||
	    fill_overlay(skb, pair) || fill_use(skb, pair) ||
	    (slots && fill_rest(skb, pair, slots)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_prefix(struct sk_buff *skb, int attr, const struct maglev_prefix *prefix,
		       u32 addr_len)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest || nla_put_u32(skb, MAGLEV_A_PREFIX_LEN, prefix->len) ||
	    (prefix->len && nla_put(skb, MAGLEV_A_PREFIX_ADDR, addr_len, prefix->addr)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Never the key. */
static int fill_tables_settings(struct sk_buff *skb, struct maglev_net *mnet)
{
	const struct maglev_key *key = &mnet->key;

	if (nla_put_u64_64bit(skb, MAGLEV_A_SETTINGS_KEY_CHECK, maglev_key_check(key),
			      MAGLEV_A_SETTINGS_PAD) ||
	    nla_put_u32(skb, MAGLEV_A_SETTINGS_KEY_IS_ZERO, !(key->word[0] | key->word[1])) ||
	    nla_put_u32(skb, MAGLEV_A_SETTINGS_TABLE_SIZE, mnet->table_size) ||
	    nla_put_u32(skb, MAGLEV_A_SETTINGS_FLOWS, mnet->flows) ||
	    nla_put_u64_64bit(skb, MAGLEV_A_SETTINGS_FLOW_BYTES, maglev_tables_bytes(mnet),
			      MAGLEV_A_SETTINGS_PAD) ||
	    nla_put_u32(skb, MAGLEV_A_SETTINGS_MOVING, maglev_tables_moving(mnet)) ||
	    nla_put_u32(skb, MAGLEV_A_SETTINGS_CPUS, num_online_cpus()))
		return -EMSGSIZE;
	return 0;
}

static int fill_path_settings(struct sk_buff *skb, const struct maglev_net *mnet)
{
	if (nla_put_u32(skb, MAGLEV_A_SETTINGS_FWMARK_MASK, mnet->fwmark_mask) ||
	    fill_prefix(skb, MAGLEV_A_SETTINGS_SOURCE4, &mnet->source[0], MAGLEV_IPV4_BYTES) ||
	    fill_prefix(skb, MAGLEV_A_SETTINGS_SOURCE6, &mnet->source[1], MAGLEV_IPV6_BYTES) ||
	    nla_put_u32(skb, MAGLEV_A_SETTINGS_PROBE, mnet->probing) ||
	    nla_put_u32(skb, MAGLEV_A_SETTINGS_PROBE_BASE, mnet->probe_base) ||
	    nla_put_u32(skb, MAGLEV_A_SETTINGS_REBUILD_DELAY_MS,
			READ_ONCE(maglev_rebuild_delay_ms)) ||
	    nla_put_u32(skb, MAGLEV_A_SETTINGS_HOOK, mnet->hook))
		return -EMSGSIZE;
	return 0;
}

int maglev_fill_settings(struct sk_buff *skb, struct maglev_net *mnet)
{
	struct nlattr *nest = nla_nest_start(skb, MAGLEV_A_SETTINGS);

	lockdep_assert_held(&mnet->lock);
	if (!nest || fill_tables_settings(skb, mnet) || fill_path_settings(skb, mnet) ||
	    nla_put_u32(skb, MAGLEV_A_SETTINGS_REPLACE_MH, maglev_settings.mh) ||
	    nla_put_string(skb, MAGLEV_A_SETTINGS_VERSION, MAGLEV_VERSION) ||
	    nla_put_string(skb, MAGLEV_A_SETTINGS_PLANE, "kernel") ||
	    nla_put_u32(skb, MAGLEV_A_SETTINGS_LINES, maglev_tables_lines(mnet)) ||
	    nla_put_u32(skb, MAGLEV_A_SETTINGS_CHANGES, mnet->changes))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
