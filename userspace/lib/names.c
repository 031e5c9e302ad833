// SPDX-License-Identifier: GPL-2.0-only
/* Do not edit directly, auto-generated from: Documentation/netlink/specs/maglev.yaml */
#include "objects.h"

static const char *const state_words[] = {
	[MAGLEV_NL_STATE_UP] = "up",
	[MAGLEV_NL_STATE_DRAIN] = "drain",
	[MAGLEV_NL_STATE_DOWN] = "down",
};

const struct maglev_lib_names maglev_lib_state_names = {
	.words = state_words,
	.n = sizeof(state_words) / sizeof(*state_words),
};

static const char *const mode_words[] = {
	[MAGLEV_NL_MODE_TUPLE] = "tuple",
	[MAGLEV_NL_MODE_SOURCE] = "source",
	[MAGLEV_NL_MODE_FLAG] = "flag",
};

const struct maglev_lib_names maglev_lib_mode_names = {
	.words = mode_words,
	.n = sizeof(mode_words) / sizeof(*mode_words),
};

static const char *const forwarding_words[] = {
	[MAGLEV_NL_FORWARDING_IPVS] = "ipvs",
	[MAGLEV_NL_FORWARDING_MAGLEV] = "maglev",
	[MAGLEV_NL_FORWARDING_RELEASED] = "released",
};

const struct maglev_lib_names maglev_lib_forwarding_names = {
	.words = forwarding_words,
	.n = sizeof(forwarding_words) / sizeof(*forwarding_words),
};

static const char *const left_because_words[] = {
	[MAGLEV_NL_LEFT_BECAUSE_NONE] = "none",
	[MAGLEV_NL_LEFT_BECAUSE_SETTING] = "setting",
	[MAGLEV_NL_LEFT_BECAUSE_FWMARK] = "fwmark",
	[MAGLEV_NL_LEFT_BECAUSE_PROTOCOL] = "protocol",
	[MAGLEV_NL_LEFT_BECAUSE_PORT] = "port",
	[MAGLEV_NL_LEFT_BECAUSE_FTP] = "ftp",
	[MAGLEV_NL_LEFT_BECAUSE_PERSISTENT] = "persistent",
	[MAGLEV_NL_LEFT_BECAUSE_ONE_PACKET] = "one-packet",
	[MAGLEV_NL_LEFT_BECAUSE_METHOD] = "method",
	[MAGLEV_NL_LEFT_BECAUSE_TUNNEL] = "tunnel",
	[MAGLEV_NL_LEFT_BECAUSE_THRESHOLD] = "threshold",
	[MAGLEV_NL_LEFT_BECAUSE_ADDRESS] = "address",
	[MAGLEV_NL_LEFT_BECAUSE_MEMORY] = "memory",
	[MAGLEV_NL_LEFT_BECAUSE_TABLE] = "table",
};

const struct maglev_lib_names maglev_lib_left_because_names = {
	.words = left_because_words,
	.n = sizeof(left_because_words) / sizeof(*left_because_words),
};

static const char *const flow_state_words[] = {
	[MAGLEV_NL_FLOW_STATE_HALF_OPEN] = "half-open",
	[MAGLEV_NL_FLOW_STATE_ESTABLISHED] = "established",
	[MAGLEV_NL_FLOW_STATE_CLOSING] = "closing",
	[MAGLEV_NL_FLOW_STATE_RESET] = "reset",
};

const struct maglev_lib_names maglev_lib_flow_state_names = {
	.words = flow_state_words,
	.n = sizeof(flow_state_words) / sizeof(*flow_state_words),
};

static const char *const method_words[] = {
	[MAGLEV_NL_METHOD_MASQUERADE] = "masquerade",
	[MAGLEV_NL_METHOD_LOCAL] = "local",
	[MAGLEV_NL_METHOD_TUNNEL] = "tunnel",
	[MAGLEV_NL_METHOD_DIRECT] = "direct",
};

const struct maglev_lib_names maglev_lib_method_names = {
	.words = method_words,
	.n = sizeof(method_words) / sizeof(*method_words),
};

static const char *const tunnel_words[] = {
	[MAGLEV_NL_TUNNEL_NONE] = "none",
	[MAGLEV_NL_TUNNEL_IPIP] = "ipip",
	[MAGLEV_NL_TUNNEL_GRE] = "gre",
	[MAGLEV_NL_TUNNEL_GUE] = "gue",
};

const struct maglev_lib_names maglev_lib_tunnel_names = {
	.words = tunnel_words,
	.n = sizeof(tunnel_words) / sizeof(*tunnel_words),
};

static const char *const verdict_words[] = {
	[MAGLEV_NL_VERDICT_FORWARD] = "forward",
	[MAGLEV_NL_VERDICT_PASS] = "pass",
	[MAGLEV_NL_VERDICT_DROP] = "drop",
	[MAGLEV_NL_VERDICT_REJECT] = "reject",
};

const struct maglev_lib_names maglev_lib_verdict_names = {
	.words = verdict_words,
	.n = sizeof(verdict_words) / sizeof(*verdict_words),
};

static const char *const reason_words[] = {
	[MAGLEV_NL_REASON_NONE] = "none",
	[MAGLEV_NL_REASON_NO_BACKEND] = "no-backend",
	[MAGLEV_NL_REASON_TTL] = "ttl",
	[MAGLEV_NL_REASON_TOO_BIG] = "too-big",
	[MAGLEV_NL_REASON_SOURCE_IS_VIP] = "source-is-vip",
	[MAGLEV_NL_REASON_NO_ROUTE] = "no-route",
	[MAGLEV_NL_REASON_NO_MEMORY] = "no-memory",
	[MAGLEV_NL_REASON_NOT_SENT] = "not-sent",
	[MAGLEV_NL_REASON_TOO_LONG] = "too-long",
	[MAGLEV_NL_REASON_MALFORMED] = "malformed",
	[MAGLEV_NL_REASON_FRAGMENT] = "fragment",
	[MAGLEV_NL_REASON_ECHO] = "echo",
	[MAGLEV_NL_REASON_NOT_OURS] = "not-ours",
	[MAGLEV_NL_REASON_CONNECTION] = "connection",
	[MAGLEV_NL_REASON_MARK] = "mark",
	[MAGLEV_NL_REASON_LOCAL] = "local",
	[MAGLEV_NL_REASON_TUNNEL_ERROR] = "tunnel-error",
	[MAGLEV_NL_REASON_NO_PROBED] = "no-probed",
	[MAGLEV_NL_REASON_QUEUE_FULL] = "queue-full",
};

const struct maglev_lib_names maglev_lib_reason_names = {
	.words = reason_words,
	.n = sizeof(reason_words) / sizeof(*reason_words),
};

static const char *const source_words[] = {
	[MAGLEV_NL_SOURCE_NONE] = "none",	[MAGLEV_NL_SOURCE_FLOW] = "flow",
	[MAGLEV_NL_SOURCE_ADOPTED] = "adopted", [MAGLEV_NL_SOURCE_OUTSIDE] = "outside",
	[MAGLEV_NL_SOURCE_TABLE] = "table",	[MAGLEV_NL_SOURCE_WALK] = "walk",
	[MAGLEV_NL_SOURCE_FIRST] = "first",
};

const struct maglev_lib_names maglev_lib_source_names = {
	.words = source_words,
	.n = sizeof(source_words) / sizeof(*source_words),
};

static const char *const track_words[] = {
	[MAGLEV_NL_TRACK_NONE] = "none", [MAGLEV_NL_TRACK_KEPT] = "kept",
	[MAGLEV_NL_TRACK_NEW] = "new",	 [MAGLEV_NL_TRACK_EVICTED] = "evicted",
	[MAGLEV_NL_TRACK_FULL] = "full", [MAGLEV_NL_TRACK_BUSY] = "busy",
};

const struct maglev_lib_names maglev_lib_track_names = {
	.words = track_words,
	.n = sizeof(track_words) / sizeof(*track_words),
};

static const char *const cause_words[] = {
	[MAGLEV_NL_CAUSE_IPVS] = "ipvs",	   [MAGLEV_NL_CAUSE_ADMIN] = "admin",
	[MAGLEV_NL_CAUSE_HEALTH] = "health",	   [MAGLEV_NL_CAUSE_DEADLINE] = "deadline",
	[MAGLEV_NL_CAUSE_LAST_FLOW] = "last-flow",
};

const struct maglev_lib_names maglev_lib_cause_names = {
	.words = cause_words,
	.n = sizeof(cause_words) / sizeof(*cause_words),
};

static const char *const hook_words[] = {
	[MAGLEV_NL_HOOK_NONE] = "none",
	[MAGLEV_NL_HOOK_LOCAL] = "local",
	[MAGLEV_NL_HOOK_EARLY] = "early",
};

const struct maglev_lib_names maglev_lib_hook_names = {
	.words = hook_words,
	.n = sizeof(hook_words) / sizeof(*hook_words),
};

static const char *const replace_mh_words[] = {
	[MAGLEV_NL_REPLACE_MH_OFF] = "off",
	[MAGLEV_NL_REPLACE_MH_ON] = "on",
	[MAGLEV_NL_REPLACE_MH_TAKEN] = "taken",
};

const struct maglev_lib_names maglev_lib_replace_mh_names = {
	.words = replace_mh_words,
	.n = sizeof(replace_mh_words) / sizeof(*replace_mh_words),
};

static const char *const op_words[] = {
	[MAGLEV_NL_OP_SERVICE_SET] = "service-set", [MAGLEV_NL_OP_SERVICE_ADD] = "service-add",
	[MAGLEV_NL_OP_SERVICE_DEL] = "service-del", [MAGLEV_NL_OP_BACKEND_SET] = "backend-set",
	[MAGLEV_NL_OP_BACKEND_ADD] = "backend-add", [MAGLEV_NL_OP_BACKEND_DEL] = "backend-del",
};

const struct maglev_lib_names maglev_lib_op_names = {
	.words = op_words,
	.n = sizeof(op_words) / sizeof(*op_words),
};

static const char *const warning_words[] = {
	[0] = "few-slots",
	[1] = "no-slot",
	[2] = "mapped",
	[3] = "key-zero",
};

const struct maglev_lib_names maglev_lib_warning_names = {
	.words = warning_words,
	.n = sizeof(warning_words) / sizeof(*warning_words),
};

static const char *const tcp_flag_words[] = {
	[0] = "fin", [1] = "syn", [2] = "rst", [3] = "psh", [4] = "ack",
};

const struct maglev_lib_names maglev_lib_tcp_flag_names = {
	.words = tcp_flag_words,
	.n = sizeof(tcp_flag_words) / sizeof(*tcp_flag_words),
};

static const char *const command_words[] = {
	[MAGLEV_CMD_SERVICE_GET] = "service-get",
	[MAGLEV_CMD_SERVICE_SET] = "service-set",
	[MAGLEV_CMD_SERVICE_ADD] = "service-add",
	[MAGLEV_CMD_SERVICE_DEL] = "service-del",
	[MAGLEV_CMD_BACKEND_GET] = "backend-get",
	[MAGLEV_CMD_BACKEND_SET] = "backend-set",
	[MAGLEV_CMD_BACKEND_ADD] = "backend-add",
	[MAGLEV_CMD_BACKEND_DEL] = "backend-del",
	[MAGLEV_CMD_BATCH] = "batch",
	[MAGLEV_CMD_TABLE_GET] = "table-get",
	[MAGLEV_CMD_FLOW_GET] = "flow-get",
	[MAGLEV_CMD_FLOW_COUNT] = "flow-count",
	[MAGLEV_CMD_FLOW_FLUSH] = "flow-flush",
	[MAGLEV_CMD_EXPLAIN] = "explain",
	[MAGLEV_CMD_PREVIEW] = "preview",
	[MAGLEV_CMD_SETTINGS_GET] = "settings-get",
	[MAGLEV_CMD_SETTINGS_SET] = "settings-set",
	[MAGLEV_CMD_STATS_GET] = "stats-get",
	[MAGLEV_CMD_SERVICE_ADD_NTF] = "service-add-ntf",
	[MAGLEV_CMD_SERVICE_DEL_NTF] = "service-del-ntf",
	[MAGLEV_CMD_BACKEND_ADD_NTF] = "backend-add-ntf",
	[MAGLEV_CMD_BACKEND_DEL_NTF] = "backend-del-ntf",
	[MAGLEV_CMD_STATE_NTF] = "state-ntf",
	[MAGLEV_CMD_PUBLISH_NTF] = "publish-ntf",
	[MAGLEV_CMD_DEGRADED_NTF] = "degraded-ntf",
	[MAGLEV_CMD_DRAINED_NTF] = "drained-ntf",
	[MAGLEV_CMD_PRESSURE_NTF] = "pressure-ntf",
	[MAGLEV_CMD_SETTINGS_NTF] = "settings-ntf",
	[MAGLEV_CMD_FLOW_SAVE] = "flow-save",
	[MAGLEV_CMD_FLOW_RESTORE] = "flow-restore",
};

const struct maglev_lib_names maglev_lib_command_names = {
	.words = command_words,
	.n = sizeof(command_words) / sizeof(*command_words),
};
