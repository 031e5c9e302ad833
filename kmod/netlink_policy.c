// SPDX-License-Identifier: GPL-2.0-only
/* Do not edit directly, auto-generated from: Documentation/netlink/specs/maglev.yaml */
#include "netlink_policy.h"

/* Integer value ranges */
static struct netlink_range_validation maglev_a_service_table_size_range = {
	.min = 251ULL,
	.max = 1048573ULL,
};

static struct netlink_range_validation maglev_a_backend_weight_range = {
	.max = 2147483647ULL,
};

static struct netlink_range_validation maglev_a_backend_nominal_weight_range = {
	.max = 2147483647ULL,
};

static struct netlink_range_validation maglev_a_backend_deadline_ms_range = {
	.max = 2147483647ULL,
};

static struct netlink_range_validation maglev_a_tuple_length_range = {
	.max = 65535ULL,
};

static struct netlink_range_validation maglev_a_settings_table_size_range = {
	.min = 251ULL,
	.max = 1048573ULL,
};

static struct netlink_range_validation maglev_a_settings_flows_range = {
	.max = 268435456ULL,
};

/* backend */
const struct nla_policy maglev_backend_nl_policy[MAGLEV_A_BACKEND_TUNNEL_CHECKSUM + 1] = {
	[MAGLEV_A_BACKEND_ADDR] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[MAGLEV_A_BACKEND_PORT] = { .type = NLA_U16 },
	[MAGLEV_A_BACKEND_ADMIN_STATE] = NLA_POLICY_MAX(NLA_U32, 2),
	[MAGLEV_A_BACKEND_HEALTH_STATE] = NLA_POLICY_MAX(NLA_U32, 2),
	[MAGLEV_A_BACKEND_WEIGHT] = NLA_POLICY_FULL_RANGE(NLA_U32, &maglev_a_backend_weight_range),
	[MAGLEV_A_BACKEND_NOMINAL_WEIGHT] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &maglev_a_backend_nominal_weight_range),
	[MAGLEV_A_BACKEND_SHARE] = NLA_POLICY_MAX(NLA_U32, 100),
	[MAGLEV_A_BACKEND_DEADLINE_MS] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &maglev_a_backend_deadline_ms_range),
	[MAGLEV_A_BACKEND_METHOD] = NLA_POLICY_MAX(NLA_U32, 3),
	[MAGLEV_A_BACKEND_TUNNEL] = NLA_POLICY_MAX(NLA_U32, 3),
	[MAGLEV_A_BACKEND_TUNNEL_CHECKSUM] = NLA_POLICY_MAX(NLA_U32, 1),
};

/* entry */
const struct nla_policy maglev_entry_nl_policy[MAGLEV_A_ENTRY_BACKEND + 1] = {
	[MAGLEV_A_ENTRY_OP] = NLA_POLICY_RANGE(NLA_U32, 1, 6),
	[MAGLEV_A_ENTRY_SERVICE] = NLA_POLICY_NESTED(maglev_service_nl_policy),
	[MAGLEV_A_ENTRY_BACKEND] = NLA_POLICY_NESTED(maglev_backend_nl_policy),
};

/* flow */
const struct nla_policy maglev_flow_nl_policy[MAGLEV_A_FLOW_STATE + 1] = {
	[MAGLEV_A_FLOW_STATE] = NLA_POLICY_MAX(NLA_U32, 3),
};

/* prefix */
const struct nla_policy maglev_prefix_nl_policy[MAGLEV_A_PREFIX_LEN + 1] = {
	[MAGLEV_A_PREFIX_ADDR] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[MAGLEV_A_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U32, 128),
};

/* service */
const struct nla_policy maglev_service_nl_policy[MAGLEV_A_SERVICE_FRAGMENTS + 1] = {
	[MAGLEV_A_SERVICE_KEY] = NLA_POLICY_NESTED(maglev_service_key_nl_policy),
	[MAGLEV_A_SERVICE_TABLE_SIZE] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &maglev_a_service_table_size_range),
	[MAGLEV_A_SERVICE_MODE_SET] = NLA_POLICY_MAX(NLA_U32, 2),
	[MAGLEV_A_SERVICE_TIMEOUTS] = NLA_POLICY_NESTED(maglev_timeouts_nl_policy),
	[MAGLEV_A_SERVICE_FRAGMENTS] = NLA_POLICY_MAX(NLA_U32, 1),
};

/* service-key */
const struct nla_policy maglev_service_key_nl_policy[MAGLEV_A_SERVICE_KEY_FWMARK + 1] = {
	[MAGLEV_A_SERVICE_KEY_AF] = { .type = NLA_U16 },
	[MAGLEV_A_SERVICE_KEY_PROTOCOL] = NLA_POLICY_MAX(NLA_U16, 255),
	[MAGLEV_A_SERVICE_KEY_ADDR] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[MAGLEV_A_SERVICE_KEY_PORT] = { .type = NLA_U16 },
	[MAGLEV_A_SERVICE_KEY_FWMARK] = { .type = NLA_U32 },
};

/* settings */
const struct nla_policy maglev_settings_nl_policy[MAGLEV_A_SETTINGS_HOOK + 1] = {
	[MAGLEV_A_SETTINGS_KEY] = NLA_POLICY_EXACT_LEN(16),
	[MAGLEV_A_SETTINGS_TABLE_SIZE] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &maglev_a_settings_table_size_range),
	[MAGLEV_A_SETTINGS_FLOWS] = NLA_POLICY_FULL_RANGE(NLA_U32, &maglev_a_settings_flows_range),
	[MAGLEV_A_SETTINGS_FWMARK_MASK] = { .type = NLA_U32 },
	[MAGLEV_A_SETTINGS_SOURCE4] = NLA_POLICY_NESTED(maglev_prefix_nl_policy),
	[MAGLEV_A_SETTINGS_SOURCE6] = NLA_POLICY_NESTED(maglev_prefix_nl_policy),
	[MAGLEV_A_SETTINGS_PROBE] = NLA_POLICY_MAX(NLA_U32, 1),
	[MAGLEV_A_SETTINGS_PROBE_BASE] = { .type = NLA_U32 },
	[MAGLEV_A_SETTINGS_REBUILD_DELAY_MS] = NLA_POLICY_MAX(NLA_U32, 10000),
	[MAGLEV_A_SETTINGS_HOOK] = NLA_POLICY_MAX(NLA_U32, 2),
};

/* timeouts */
const struct nla_policy maglev_timeouts_nl_policy[MAGLEV_A_TIMEOUTS_RESET + 1] = {
	[MAGLEV_A_TIMEOUTS_HALF_OPEN] = NLA_POLICY_RANGE(NLA_U32, 1, 900),
	[MAGLEV_A_TIMEOUTS_ESTABLISHED] = NLA_POLICY_RANGE(NLA_U32, 1, 7200),
	[MAGLEV_A_TIMEOUTS_CLOSING] = NLA_POLICY_RANGE(NLA_U32, 1, 900),
	[MAGLEV_A_TIMEOUTS_RESET] = NLA_POLICY_RANGE(NLA_U32, 1, 900),
};

/* tuple */
const struct nla_policy maglev_tuple_nl_policy[MAGLEV_A_TUPLE_LENGTH + 1] = {
	[MAGLEV_A_TUPLE_PROTOCOL] = NLA_POLICY_MAX(NLA_U16, 255),
	[MAGLEV_A_TUPLE_SADDR] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[MAGLEV_A_TUPLE_DADDR] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[MAGLEV_A_TUPLE_SPORT] = { .type = NLA_U16 },
	[MAGLEV_A_TUPLE_DPORT] = { .type = NLA_U16 },
	[MAGLEV_A_TUPLE_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x1f),
	[MAGLEV_A_TUPLE_MARK] = { .type = NLA_U32 },
	[MAGLEV_A_TUPLE_LENGTH] = NLA_POLICY_FULL_RANGE(NLA_U32, &maglev_a_tuple_length_range),
};

/* words */
const struct nla_policy maglev_words_nl_policy[MAGLEV_A_WORDS_WORD + 1] = {
	[MAGLEV_A_WORDS_CPU] = { .type = NLA_U32 },
	[MAGLEV_A_WORDS_LINES] = { .type = NLA_U32 },
	[MAGLEV_A_WORDS_KEY_CHECK] = { .type = NLA_U64 },
	[MAGLEV_A_WORDS_CHANGES] = { .type = NLA_U32 },
	[MAGLEV_A_WORDS_LINE] = { .type = NLA_BINARY },
	[MAGLEV_A_WORDS_WORD] = { .type = NLA_BINARY },
};

/* MAGLEV_CMD_SERVICE_GET */
const struct nla_policy maglev_service_get_nl_policy[MAGLEV_A_SERVICE + 1] = {
	[MAGLEV_A_SERVICE] = NLA_POLICY_NESTED(maglev_service_nl_policy),
};

/* MAGLEV_CMD_SERVICE_SET */
const struct nla_policy maglev_service_set_nl_policy[MAGLEV_A_SERVICE + 1] = {
	[MAGLEV_A_SERVICE] = NLA_POLICY_NESTED(maglev_service_nl_policy),
};

/* MAGLEV_CMD_SERVICE_ADD */
const struct nla_policy maglev_service_add_nl_policy[MAGLEV_A_SERVICE + 1] = {
	[MAGLEV_A_SERVICE] = NLA_POLICY_NESTED(maglev_service_nl_policy),
};

/* MAGLEV_CMD_SERVICE_DEL */
const struct nla_policy maglev_service_del_nl_policy[MAGLEV_A_SERVICE + 1] = {
	[MAGLEV_A_SERVICE] = NLA_POLICY_NESTED(maglev_service_nl_policy),
};

/* MAGLEV_CMD_BACKEND_GET */
const struct nla_policy maglev_backend_get_nl_policy[MAGLEV_A_BACKEND + 1] = {
	[MAGLEV_A_SERVICE] = NLA_POLICY_NESTED(maglev_service_nl_policy),
	[MAGLEV_A_BACKEND] = NLA_POLICY_NESTED(maglev_backend_nl_policy),
};

/* MAGLEV_CMD_BACKEND_SET */
const struct nla_policy maglev_backend_set_nl_policy[MAGLEV_A_BACKEND + 1] = {
	[MAGLEV_A_SERVICE] = NLA_POLICY_NESTED(maglev_service_nl_policy),
	[MAGLEV_A_BACKEND] = NLA_POLICY_NESTED(maglev_backend_nl_policy),
};

/* MAGLEV_CMD_BACKEND_ADD */
const struct nla_policy maglev_backend_add_nl_policy[MAGLEV_A_BACKEND + 1] = {
	[MAGLEV_A_SERVICE] = NLA_POLICY_NESTED(maglev_service_nl_policy),
	[MAGLEV_A_BACKEND] = NLA_POLICY_NESTED(maglev_backend_nl_policy),
};

/* MAGLEV_CMD_BACKEND_DEL */
const struct nla_policy maglev_backend_del_nl_policy[MAGLEV_A_BACKEND + 1] = {
	[MAGLEV_A_SERVICE] = NLA_POLICY_NESTED(maglev_service_nl_policy),
	[MAGLEV_A_BACKEND] = NLA_POLICY_NESTED(maglev_backend_nl_policy),
};

/* MAGLEV_CMD_BATCH */
const struct nla_policy maglev_batch_nl_policy[MAGLEV_A_ENTRY + 1] = {
	[MAGLEV_A_ENTRY] = NLA_POLICY_NESTED(maglev_entry_nl_policy),
};

/* MAGLEV_CMD_TABLE_GET */
const struct nla_policy maglev_table_get_nl_policy[MAGLEV_A_SERVICE + 1] = {
	[MAGLEV_A_SERVICE] = NLA_POLICY_NESTED(maglev_service_nl_policy),
};

/* MAGLEV_CMD_FLOW_GET */
const struct nla_policy maglev_flow_get_nl_policy[MAGLEV_A_TUPLE + 1] = {
	[MAGLEV_A_SERVICE] = NLA_POLICY_NESTED(maglev_service_nl_policy),
	[MAGLEV_A_BACKEND] = NLA_POLICY_NESTED(maglev_backend_nl_policy),
	[MAGLEV_A_FLOW] = NLA_POLICY_NESTED(maglev_flow_nl_policy),
	[MAGLEV_A_TUPLE] = NLA_POLICY_NESTED(maglev_tuple_nl_policy),
};

/* MAGLEV_CMD_FLOW_COUNT */
const struct nla_policy maglev_flow_count_nl_policy[MAGLEV_A_BACKEND + 1] = {
	[MAGLEV_A_SERVICE] = NLA_POLICY_NESTED(maglev_service_nl_policy),
	[MAGLEV_A_BACKEND] = NLA_POLICY_NESTED(maglev_backend_nl_policy),
};

/* MAGLEV_CMD_FLOW_FLUSH */
const struct nla_policy maglev_flow_flush_nl_policy[MAGLEV_A_BACKEND + 1] = {
	[MAGLEV_A_SERVICE] = NLA_POLICY_NESTED(maglev_service_nl_policy),
	[MAGLEV_A_BACKEND] = NLA_POLICY_NESTED(maglev_backend_nl_policy),
};

/* MAGLEV_CMD_EXPLAIN */
const struct nla_policy maglev_explain_nl_policy[MAGLEV_A_TUPLE + 1] = {
	[MAGLEV_A_TUPLE] = NLA_POLICY_NESTED(maglev_tuple_nl_policy),
};

/* MAGLEV_CMD_PREVIEW */
const struct nla_policy maglev_preview_nl_policy[MAGLEV_A_ENTRY + 1] = {
	[MAGLEV_A_SERVICE] = NLA_POLICY_NESTED(maglev_service_nl_policy),
	[MAGLEV_A_ENTRY] = NLA_POLICY_NESTED(maglev_entry_nl_policy),
};

/* MAGLEV_CMD_SETTINGS_SET */
const struct nla_policy maglev_settings_set_nl_policy[MAGLEV_A_SETTINGS + 1] = {
	[MAGLEV_A_SETTINGS] = NLA_POLICY_NESTED(maglev_settings_nl_policy),
};

/* MAGLEV_CMD_FLOW_RESTORE */
const struct nla_policy maglev_flow_restore_nl_policy[MAGLEV_A_WORDS + 1] = {
	[MAGLEV_A_WORDS] = NLA_POLICY_NESTED(maglev_words_nl_policy),
};
