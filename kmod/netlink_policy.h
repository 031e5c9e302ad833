/* SPDX-License-Identifier: GPL-2.0-only */
/* Do not edit directly, auto-generated from: Documentation/netlink/specs/maglev.yaml */
/* What requests may hold; for struct genl_ops. */
#ifndef MAGLEV_KMOD_NETLINK_POLICY_H
#define MAGLEV_KMOD_NETLINK_POLICY_H

#include <linux/ip_vs_maglev.h>

#include <net/netlink.h>

extern const struct nla_policy maglev_backend_nl_policy[MAGLEV_A_BACKEND_TUNNEL_CHECKSUM + 1];
extern const struct nla_policy maglev_entry_nl_policy[MAGLEV_A_ENTRY_BACKEND + 1];
extern const struct nla_policy maglev_flow_nl_policy[MAGLEV_A_FLOW_STATE + 1];
extern const struct nla_policy maglev_prefix_nl_policy[MAGLEV_A_PREFIX_LEN + 1];
extern const struct nla_policy maglev_service_nl_policy[MAGLEV_A_SERVICE_FRAGMENTS + 1];
extern const struct nla_policy maglev_service_key_nl_policy[MAGLEV_A_SERVICE_KEY_FWMARK + 1];
extern const struct nla_policy maglev_settings_nl_policy[MAGLEV_A_SETTINGS_HOOK + 1];
extern const struct nla_policy maglev_timeouts_nl_policy[MAGLEV_A_TIMEOUTS_RESET + 1];
extern const struct nla_policy maglev_tuple_nl_policy[MAGLEV_A_TUPLE_LENGTH + 1];
extern const struct nla_policy maglev_words_nl_policy[MAGLEV_A_WORDS_WORD + 1];
extern const struct nla_policy maglev_service_get_nl_policy[MAGLEV_A_SERVICE + 1];
extern const struct nla_policy maglev_service_set_nl_policy[MAGLEV_A_SERVICE + 1];
extern const struct nla_policy maglev_service_add_nl_policy[MAGLEV_A_SERVICE + 1];
extern const struct nla_policy maglev_service_del_nl_policy[MAGLEV_A_SERVICE + 1];
extern const struct nla_policy maglev_backend_get_nl_policy[MAGLEV_A_BACKEND + 1];
extern const struct nla_policy maglev_backend_set_nl_policy[MAGLEV_A_BACKEND + 1];
extern const struct nla_policy maglev_backend_add_nl_policy[MAGLEV_A_BACKEND + 1];
extern const struct nla_policy maglev_backend_del_nl_policy[MAGLEV_A_BACKEND + 1];
extern const struct nla_policy maglev_batch_nl_policy[MAGLEV_A_ENTRY + 1];
extern const struct nla_policy maglev_table_get_nl_policy[MAGLEV_A_SERVICE + 1];
extern const struct nla_policy maglev_flow_get_nl_policy[MAGLEV_A_TUPLE + 1];
extern const struct nla_policy maglev_flow_count_nl_policy[MAGLEV_A_BACKEND + 1];
extern const struct nla_policy maglev_flow_flush_nl_policy[MAGLEV_A_BACKEND + 1];
extern const struct nla_policy maglev_explain_nl_policy[MAGLEV_A_TUPLE + 1];
extern const struct nla_policy maglev_preview_nl_policy[MAGLEV_A_ENTRY + 1];
extern const struct nla_policy maglev_settings_set_nl_policy[MAGLEV_A_SETTINGS + 1];
extern const struct nla_policy maglev_flow_restore_nl_policy[MAGLEV_A_WORDS + 1];

#endif
