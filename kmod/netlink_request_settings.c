// SPDX-License-Identifier: GPL-2.0-only
/* Reading requests that change settings; as netlink_request.c. */
#include "netlink_policy.h"
#include "netlink_request.h"

#include <net/netlink.h>

#define HAS(attr) (1U << (attr))

static u32 get_u32(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static bool has_host_bits(const u8 *addr, u32 addr_len, u32 bits)
{
	u32 i;

	for (i = bits / 8; i < addr_len; i++)
		if (addr[i] & (i == bits / 8 ? 0xff >> bits % 8 : 0xff))
			return true;
	return false;
}

static int read_prefix(struct maglev_prefix *prefix, const struct nlattr *nest, u32 addr_len,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[MAGLEV_A_PREFIX_LEN + 1];
	int err;

	if (!nest)
		return 0;
	err = nla_parse_nested(tb, MAGLEV_A_PREFIX_LEN, nest, maglev_prefix_nl_policy, extack);
	if (err)
		return err;
	if (!tb[MAGLEV_A_PREFIX_LEN]) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "a prefix needs len; 0 is no prefix");
		NL_SET_ERR_ATTR_MISS(extack, nest, MAGLEV_A_PREFIX_LEN);
		return -EINVAL;
	}
	prefix->len = nla_get_u32(tb[MAGLEV_A_PREFIX_LEN]);
	if (!prefix->len)
		return 0;
	if (prefix->len > addr_len * 8) {
		NL_SET_ERR_MSG_ATTR(extack, tb[MAGLEV_A_PREFIX_LEN],
				    "len is at most 32 for IPv4 and 128 for IPv6");
		return -EINVAL;
	}
	if (!tb[MAGLEV_A_PREFIX_ADDR]) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "a prefix needs addr, unless len is 0");
		NL_SET_ERR_ATTR_MISS(extack, nest, MAGLEV_A_PREFIX_ADDR);
		return -EINVAL;
	}
	if ((u32)nla_len(tb[MAGLEV_A_PREFIX_ADDR]) != addr_len) {
		NL_SET_ERR_MSG_ATTR(extack, tb[MAGLEV_A_PREFIX_ADDR],
				    "addr of source4 is 4 bytes, of source6 16");
		return -EINVAL;
	}
	memcpy(prefix->addr, nla_data(tb[MAGLEV_A_PREFIX_ADDR]), addr_len);
	if (!has_host_bits(prefix->addr, addr_len, prefix->len))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, tb[MAGLEV_A_PREFIX_ADDR], "bits of addr behind len must be 0");
	return -EINVAL;
}

static void read_cluster_key(struct maglev_key *key, const struct nlattr *attr)
{
	__le64 word[2];

	static_assert(sizeof(word) == MAGLEV_KEY_BYTES);
	memcpy(word, nla_data(attr), sizeof(word));
	key->word[0] = le64_to_cpu(word[0]);
	key->word[1] = le64_to_cpu(word[1]);
	memset(word, 0, sizeof(word));
}

int maglev_request_read_settings(struct maglev_request_settings *settings,
				 const struct nlattr *nest, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[MAGLEV_A_SETTINGS_HOOK + 1];
	u32 type;
	int err;

	static_assert(sizeof(settings->at) / sizeof(*settings->at) > MAGLEV_A_SETTINGS_HOOK);
	memset(settings, 0, sizeof(*settings));
	if (!nest) {
		NL_SET_ERR_MSG(extack, "settings must be given");
		NL_SET_ERR_ATTR_MISS(extack, NULL, MAGLEV_A_SETTINGS);
		return -EINVAL;
	}
	err = nla_parse_nested(tb, MAGLEV_A_SETTINGS_HOOK, nest, maglev_settings_nl_policy, extack);
	if (err)
		return err;
	for (type = MAGLEV_A_SETTINGS_KEY; type <= MAGLEV_A_SETTINGS_HOOK; type++) {
		settings->at[type] = tb[type];
		if (tb[type])
			settings->has |= HAS(type);
	}
	settings->flows = get_u32(tb[MAGLEV_A_SETTINGS_FLOWS]);
	settings->fwmark_mask = get_u32(tb[MAGLEV_A_SETTINGS_FWMARK_MASK]);
	settings->hook = get_u32(tb[MAGLEV_A_SETTINGS_HOOK]);
	settings->probing = get_u32(tb[MAGLEV_A_SETTINGS_PROBE]);
	settings->probe_base = get_u32(tb[MAGLEV_A_SETTINGS_PROBE_BASE]);
	settings->rebuild_delay_ms = get_u32(tb[MAGLEV_A_SETTINGS_REBUILD_DELAY_MS]);
	if (tb[MAGLEV_A_SETTINGS_TABLE_SIZE])
		err = maglev_request_read_size(&settings->table_size,
					       tb[MAGLEV_A_SETTINGS_TABLE_SIZE], extack);
	if (!err)
		err = read_prefix(&settings->source[0], tb[MAGLEV_A_SETTINGS_SOURCE4],
				  MAGLEV_IPV4_BYTES, extack);
	if (!err)
		err = read_prefix(&settings->source[1], tb[MAGLEV_A_SETTINGS_SOURCE6],
				  MAGLEV_IPV6_BYTES, extack);
	if (!err && tb[MAGLEV_A_SETTINGS_KEY])
		read_cluster_key(&settings->key, tb[MAGLEV_A_SETTINGS_KEY]);
	return err;
}
