// SPDX-License-Identifier: GPL-2.0-only
/* Do not edit directly, auto-generated from: Documentation/netlink/specs/maglev.yaml */
#include "objects.h"

#define SIZEOF(object, member) sizeof(((struct maglev_lib_##object *)0)->member)
#define MEMBER(object, member) \
	.offset = offsetof(struct maglev_lib_##object, member), .size = SIZEOF(object, member)

static const struct maglev_lib_field service_key_fields[] = {
	[MAGLEV_A_SERVICE_KEY_AF] = {
		.name = "af",
		.kind = MAGLEV_LIB_U16,
		MEMBER(service_key, af),
	},
	[MAGLEV_A_SERVICE_KEY_PROTOCOL] = {
		.name = "protocol",
		.kind = MAGLEV_LIB_U16,
		MEMBER(service_key, protocol),
	},
	[MAGLEV_A_SERVICE_KEY_ADDR] = {
		.name = "addr",
		.kind = MAGLEV_LIB_ADDR,
		MEMBER(service_key, addr),
	},
	[MAGLEV_A_SERVICE_KEY_PORT] = {
		.name = "port",
		.kind = MAGLEV_LIB_PORT,
		MEMBER(service_key, port),
	},
	[MAGLEV_A_SERVICE_KEY_FWMARK] = {
		.name = "fwmark",
		.kind = MAGLEV_LIB_U32,
		MEMBER(service_key, fwmark),
	},
};

const struct maglev_lib_object maglev_lib_service_key_object = {
	.name = "service-key",
	.fields = service_key_fields,
	.n = sizeof(service_key_fields) / sizeof(*service_key_fields),
	.size = sizeof(struct maglev_lib_service_key),
};

static const struct maglev_lib_field timeouts_fields[] = {
	[MAGLEV_A_TIMEOUTS_HALF_OPEN] = {
		.name = "half-open",
		.kind = MAGLEV_LIB_U32,
		MEMBER(timeouts, half_open),
	},
	[MAGLEV_A_TIMEOUTS_ESTABLISHED] = {
		.name = "established",
		.kind = MAGLEV_LIB_U32,
		MEMBER(timeouts, established),
	},
	[MAGLEV_A_TIMEOUTS_CLOSING] = {
		.name = "closing",
		.kind = MAGLEV_LIB_U32,
		MEMBER(timeouts, closing),
	},
	[MAGLEV_A_TIMEOUTS_RESET] = {
		.name = "reset",
		.kind = MAGLEV_LIB_U32,
		MEMBER(timeouts, reset),
	},
};

const struct maglev_lib_object maglev_lib_timeouts_object = {
	.name = "timeouts",
	.fields = timeouts_fields,
	.n = sizeof(timeouts_fields) / sizeof(*timeouts_fields),
	.size = sizeof(struct maglev_lib_timeouts),
};

static const struct maglev_lib_field stats_fields[] = {
	[MAGLEV_A_STATS_FLOWS_NEW] = {
		.name = "flows-new",
		.kind = MAGLEV_LIB_U64,
		MEMBER(stats, flows_new),
	},
	[MAGLEV_A_STATS_PACKETS] = {
		.name = "packets",
		.kind = MAGLEV_LIB_U64,
		MEMBER(stats, packets),
	},
	[MAGLEV_A_STATS_SEGMENTS] = {
		.name = "segments",
		.kind = MAGLEV_LIB_U64,
		MEMBER(stats, segments),
	},
	[MAGLEV_A_STATS_BYTES] = {
		.name = "bytes",
		.kind = MAGLEV_LIB_U64,
		MEMBER(stats, bytes),
	},
	[MAGLEV_A_STATS_FLOWS_ANSWERED] = {
		.name = "flows-answered",
		.kind = MAGLEV_LIB_U64,
		MEMBER(stats, flows_answered),
	},
	[MAGLEV_A_STATS_FLOWS_RESET] = {
		.name = "flows-reset",
		.kind = MAGLEV_LIB_U64,
		MEMBER(stats, flows_reset),
	},
	[MAGLEV_A_STATS_UNREACHABLE] = {
		.name = "unreachable",
		.kind = MAGLEV_LIB_U64,
		MEMBER(stats, unreachable),
	},
};

const struct maglev_lib_object maglev_lib_stats_object = {
	.name = "stats",
	.fields = stats_fields,
	.n = sizeof(stats_fields) / sizeof(*stats_fields),
	.size = sizeof(struct maglev_lib_stats),
};

static const struct maglev_lib_field service_fields[] = {
	[MAGLEV_A_SERVICE_KEY] = {
		.name = "key",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(service, key),
		.nest = &maglev_lib_service_key_object,
	},
	[MAGLEV_A_SERVICE_ID] = {
		.name = "id",
		.kind = MAGLEV_LIB_U32,
		MEMBER(service, id),
	},
	[MAGLEV_A_SERVICE_TABLE_SIZE] = {
		.name = "table-size",
		.kind = MAGLEV_LIB_U32,
		MEMBER(service, table_size),
	},
	[MAGLEV_A_SERVICE_MODE] = {
		.name = "mode",
		.kind = MAGLEV_LIB_U32,
		MEMBER(service, mode),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_mode_names,
	},
	[MAGLEV_A_SERVICE_MODE_SET] = {
		.name = "mode-set",
		.kind = MAGLEV_LIB_U32,
		MEMBER(service, mode_set),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_mode_names,
	},
	[MAGLEV_A_SERVICE_TIMEOUTS] = {
		.name = "timeouts",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(service, timeouts),
		.nest = &maglev_lib_timeouts_object,
	},
	[MAGLEV_A_SERVICE_FORWARDING] = {
		.name = "forwarding",
		.kind = MAGLEV_LIB_U32,
		MEMBER(service, forwarding),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_forwarding_names,
	},
	[MAGLEV_A_SERVICE_LEFT_BECAUSE] = {
		.name = "left-because",
		.kind = MAGLEV_LIB_U32,
		MEMBER(service, left_because),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_left_because_names,
	},
	[MAGLEV_A_SERVICE_GENERATION] = {
		.name = "generation",
		.kind = MAGLEV_LIB_U64,
		MEMBER(service, generation),
	},
	[MAGLEV_A_SERVICE_BASE_DIGEST] = {
		.name = "base-digest",
		.kind = MAGLEV_LIB_U64,
		MEMBER(service, base_digest),
		.show = MAGLEV_LIB_HEX,
	},
	[MAGLEV_A_SERVICE_LIVE_DIGEST] = {
		.name = "live-digest",
		.kind = MAGLEV_LIB_U64,
		MEMBER(service, live_digest),
		.show = MAGLEV_LIB_HEX,
	},
	[MAGLEV_A_SERVICE_KEY_CHECK] = {
		.name = "key-check",
		.kind = MAGLEV_LIB_U64,
		MEMBER(service, key_check),
		.show = MAGLEV_LIB_HEX,
	},
	[MAGLEV_A_SERVICE_N_BACKENDS] = {
		.name = "n-backends",
		.kind = MAGLEV_LIB_U32,
		MEMBER(service, n_backends),
	},
	[MAGLEV_A_SERVICE_DISPLACED_SLOTS] = {
		.name = "displaced-slots",
		.kind = MAGLEV_LIB_U32,
		MEMBER(service, displaced_slots),
	},
	[MAGLEV_A_SERVICE_ERROR] = {
		.name = "error",
		.kind = MAGLEV_LIB_U32,
		MEMBER(service, error),
	},
	[MAGLEV_A_SERVICE_ERROR_TEXT] = {
		.name = "error-text",
		.kind = MAGLEV_LIB_TEXT,
		MEMBER(service, error_text),
	},
	[MAGLEV_A_SERVICE_WARNINGS] = {
		.name = "warnings",
		.kind = MAGLEV_LIB_U32,
		MEMBER(service, warnings),
		.show = MAGLEV_LIB_FLAGS,
		.names = &maglev_lib_warning_names,
	},
	[MAGLEV_A_SERVICE_BUILD_US] = {
		.name = "build-us",
		.kind = MAGLEV_LIB_U32,
		MEMBER(service, build_us),
	},
	[MAGLEV_A_SERVICE_FLOWS] = {
		.name = "flows",
		.kind = MAGLEV_LIB_U32,
		MEMBER(service, flows),
	},
	[MAGLEV_A_SERVICE_STATS] = {
		.name = "stats",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(service, stats),
		.nest = &maglev_lib_stats_object,
	},
	[MAGLEV_A_SERVICE_SCHEDULER] = {
		.name = "scheduler",
		.kind = MAGLEV_LIB_TEXT,
		MEMBER(service, scheduler),
	},
	[MAGLEV_A_SERVICE_FRAGMENTS] = {
		.name = "fragments",
		.kind = MAGLEV_LIB_U32,
		MEMBER(service, fragments),
	},
};

const struct maglev_lib_object maglev_lib_service_object = {
	.name = "service",
	.fields = service_fields,
	.n = sizeof(service_fields) / sizeof(*service_fields),
	.size = sizeof(struct maglev_lib_service),
};

static const struct maglev_lib_field backend_fields[] = {
	[MAGLEV_A_BACKEND_ADDR] = {
		.name = "addr",
		.kind = MAGLEV_LIB_ADDR,
		MEMBER(backend, addr),
	},
	[MAGLEV_A_BACKEND_PORT] = {
		.name = "port",
		.kind = MAGLEV_LIB_PORT,
		MEMBER(backend, port),
	},
	[MAGLEV_A_BACKEND_INDEX] = {
		.name = "index",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, index),
	},
	[MAGLEV_A_BACKEND_PLACE] = {
		.name = "place",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, place),
	},
	[MAGLEV_A_BACKEND_STATE] = {
		.name = "state",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, state),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_state_names,
	},
	[MAGLEV_A_BACKEND_IPVS_STATE] = {
		.name = "ipvs-state",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, ipvs_state),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_state_names,
	},
	[MAGLEV_A_BACKEND_ADMIN_STATE] = {
		.name = "admin-state",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, admin_state),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_state_names,
	},
	[MAGLEV_A_BACKEND_HEALTH_STATE] = {
		.name = "health-state",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, health_state),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_state_names,
	},
	[MAGLEV_A_BACKEND_WEIGHT] = {
		.name = "weight",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, weight),
	},
	[MAGLEV_A_BACKEND_NOMINAL_WEIGHT] = {
		.name = "nominal-weight",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, nominal_weight),
	},
	[MAGLEV_A_BACKEND_TABLE_WEIGHT] = {
		.name = "table-weight",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, table_weight),
	},
	[MAGLEV_A_BACKEND_SHARE] = {
		.name = "share",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, share),
	},
	[MAGLEV_A_BACKEND_DEADLINE_MS] = {
		.name = "deadline-ms",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, deadline_ms),
	},
	[MAGLEV_A_BACKEND_BASE_SLOTS] = {
		.name = "base-slots",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, base_slots),
	},
	[MAGLEV_A_BACKEND_LIVE_SLOTS] = {
		.name = "live-slots",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, live_slots),
	},
	[MAGLEV_A_BACKEND_FLOWS] = {
		.name = "flows",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, flows),
	},
	[MAGLEV_A_BACKEND_METHOD] = {
		.name = "method",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, method),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_method_names,
	},
	[MAGLEV_A_BACKEND_TUNNEL] = {
		.name = "tunnel",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, tunnel),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_tunnel_names,
	},
	[MAGLEV_A_BACKEND_TUNNEL_CHECKSUM] = {
		.name = "tunnel-checksum",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, tunnel_checksum),
	},
	[MAGLEV_A_BACKEND_OVERLOADED] = {
		.name = "overloaded",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, overloaded),
	},
	[MAGLEV_A_BACKEND_STATS] = {
		.name = "stats",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(backend, stats),
		.nest = &maglev_lib_stats_object,
	},
	[MAGLEV_A_BACKEND_DRAINED] = {
		.name = "drained",
		.kind = MAGLEV_LIB_U32,
		MEMBER(backend, drained),
	},
};

const struct maglev_lib_object maglev_lib_backend_object = {
	.name = "backend",
	.fields = backend_fields,
	.n = sizeof(backend_fields) / sizeof(*backend_fields),
	.size = sizeof(struct maglev_lib_backend),
};

static const struct maglev_lib_field entry_fields[] = {
	[MAGLEV_A_ENTRY_OP] = {
		.name = "op",
		.kind = MAGLEV_LIB_U32,
		MEMBER(entry, op),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_op_names,
	},
	[MAGLEV_A_ENTRY_SERVICE] = {
		.name = "service",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(entry, service),
		.nest = &maglev_lib_service_object,
	},
	[MAGLEV_A_ENTRY_BACKEND] = {
		.name = "backend",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(entry, backend),
		.nest = &maglev_lib_backend_object,
	},
};

const struct maglev_lib_object maglev_lib_entry_object = {
	.name = "entry",
	.fields = entry_fields,
	.n = sizeof(entry_fields) / sizeof(*entry_fields),
	.size = sizeof(struct maglev_lib_entry),
};

static const struct maglev_lib_field flow_fields[] = {
	[MAGLEV_A_FLOW_CPU] = {
		.name = "cpu",
		.kind = MAGLEV_LIB_U32,
		MEMBER(flow, cpu),
	},
	[MAGLEV_A_FLOW_LINE] = {
		.name = "line",
		.kind = MAGLEV_LIB_U32,
		MEMBER(flow, line),
	},
	[MAGLEV_A_FLOW_HASH] = {
		.name = "hash",
		.kind = MAGLEV_LIB_U64,
		MEMBER(flow, hash),
		.show = MAGLEV_LIB_HEX,
	},
	[MAGLEV_A_FLOW_SERVICE_ID] = {
		.name = "service-id",
		.kind = MAGLEV_LIB_U32,
		MEMBER(flow, service_id),
	},
	[MAGLEV_A_FLOW_KEY] = {
		.name = "key",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(flow, key),
		.nest = &maglev_lib_service_key_object,
	},
	[MAGLEV_A_FLOW_INDEX] = {
		.name = "index",
		.kind = MAGLEV_LIB_U32,
		MEMBER(flow, index),
	},
	[MAGLEV_A_FLOW_ADDR] = {
		.name = "addr",
		.kind = MAGLEV_LIB_ADDR,
		MEMBER(flow, addr),
	},
	[MAGLEV_A_FLOW_PORT] = {
		.name = "port",
		.kind = MAGLEV_LIB_PORT,
		MEMBER(flow, port),
	},
	[MAGLEV_A_FLOW_STATE] = {
		.name = "state",
		.kind = MAGLEV_LIB_U32,
		MEMBER(flow, state),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_flow_state_names,
	},
	[MAGLEV_A_FLOW_AGE] = {
		.name = "age",
		.kind = MAGLEV_LIB_U32,
		MEMBER(flow, age),
	},
	[MAGLEV_A_FLOW_SLOT] = {
		.name = "slot",
		.kind = MAGLEV_LIB_U32,
		MEMBER(flow, slot),
	},
	[MAGLEV_A_FLOW_OLD] = {
		.name = "old",
		.kind = MAGLEV_LIB_U32,
		MEMBER(flow, old),
	},
};

const struct maglev_lib_object maglev_lib_flow_object = {
	.name = "flow",
	.fields = flow_fields,
	.n = sizeof(flow_fields) / sizeof(*flow_fields),
	.size = sizeof(struct maglev_lib_flow),
};

static const struct maglev_lib_field flow_count_fields[] = {
	[MAGLEV_A_FLOW_COUNT_HALF_OPEN] = {
		.name = "half-open",
		.kind = MAGLEV_LIB_U32,
		MEMBER(flow_count, half_open),
	},
	[MAGLEV_A_FLOW_COUNT_ESTABLISHED] = {
		.name = "established",
		.kind = MAGLEV_LIB_U32,
		MEMBER(flow_count, established),
	},
	[MAGLEV_A_FLOW_COUNT_CLOSING] = {
		.name = "closing",
		.kind = MAGLEV_LIB_U32,
		MEMBER(flow_count, closing),
	},
	[MAGLEV_A_FLOW_COUNT_RESET] = {
		.name = "reset",
		.kind = MAGLEV_LIB_U32,
		MEMBER(flow_count, reset),
	},
};

const struct maglev_lib_object maglev_lib_flow_count_object = {
	.name = "flow-count",
	.fields = flow_count_fields,
	.n = sizeof(flow_count_fields) / sizeof(*flow_count_fields),
	.size = sizeof(struct maglev_lib_flow_count),
};

static const struct maglev_lib_field tuple_fields[] = {
	[MAGLEV_A_TUPLE_PROTOCOL] = {
		.name = "protocol",
		.kind = MAGLEV_LIB_U16,
		MEMBER(tuple, protocol),
	},
	[MAGLEV_A_TUPLE_SADDR] = {
		.name = "saddr",
		.kind = MAGLEV_LIB_ADDR,
		MEMBER(tuple, saddr),
	},
	[MAGLEV_A_TUPLE_DADDR] = {
		.name = "daddr",
		.kind = MAGLEV_LIB_ADDR,
		MEMBER(tuple, daddr),
	},
	[MAGLEV_A_TUPLE_SPORT] = {
		.name = "sport",
		.kind = MAGLEV_LIB_PORT,
		MEMBER(tuple, sport),
	},
	[MAGLEV_A_TUPLE_DPORT] = {
		.name = "dport",
		.kind = MAGLEV_LIB_PORT,
		MEMBER(tuple, dport),
	},
	[MAGLEV_A_TUPLE_FLAGS] = {
		.name = "flags",
		.kind = MAGLEV_LIB_U32,
		MEMBER(tuple, flags),
		.show = MAGLEV_LIB_FLAGS,
		.names = &maglev_lib_tcp_flag_names,
	},
	[MAGLEV_A_TUPLE_MARK] = {
		.name = "mark",
		.kind = MAGLEV_LIB_U32,
		MEMBER(tuple, mark),
	},
	[MAGLEV_A_TUPLE_LENGTH] = {
		.name = "length",
		.kind = MAGLEV_LIB_U32,
		MEMBER(tuple, length),
	},
};

const struct maglev_lib_object maglev_lib_tuple_object = {
	.name = "tuple",
	.fields = tuple_fields,
	.n = sizeof(tuple_fields) / sizeof(*tuple_fields),
	.size = sizeof(struct maglev_lib_tuple),
};

static const struct maglev_lib_field outer_fields[] = {
	[MAGLEV_A_OUTER_TUNNEL] = {
		.name = "tunnel",
		.kind = MAGLEV_LIB_U32,
		MEMBER(outer, tunnel),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_tunnel_names,
	},
	[MAGLEV_A_OUTER_SADDR] = {
		.name = "saddr",
		.kind = MAGLEV_LIB_ADDR,
		MEMBER(outer, saddr),
	},
	[MAGLEV_A_OUTER_DADDR] = {
		.name = "daddr",
		.kind = MAGLEV_LIB_ADDR,
		MEMBER(outer, daddr),
	},
	[MAGLEV_A_OUTER_OVERHEAD] = {
		.name = "overhead",
		.kind = MAGLEV_LIB_U32,
		MEMBER(outer, overhead),
	},
	[MAGLEV_A_OUTER_MTU] = {
		.name = "mtu",
		.kind = MAGLEV_LIB_U32,
		MEMBER(outer, mtu),
	},
	[MAGLEV_A_OUTER_IFINDEX] = {
		.name = "ifindex",
		.kind = MAGLEV_LIB_U32,
		MEMBER(outer, ifindex),
	},
	[MAGLEV_A_OUTER_GATEWAY] = {
		.name = "gateway",
		.kind = MAGLEV_LIB_ADDR,
		MEMBER(outer, gateway),
	},
};

const struct maglev_lib_object maglev_lib_outer_object = {
	.name = "outer",
	.fields = outer_fields,
	.n = sizeof(outer_fields) / sizeof(*outer_fields),
	.size = sizeof(struct maglev_lib_outer),
};

static const struct maglev_lib_field decision_fields[] = {
	[MAGLEV_A_DECISION_VERDICT] = {
		.name = "verdict",
		.kind = MAGLEV_LIB_U32,
		MEMBER(decision, verdict),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_verdict_names,
	},
	[MAGLEV_A_DECISION_REASON] = {
		.name = "reason",
		.kind = MAGLEV_LIB_U32,
		MEMBER(decision, reason),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_reason_names,
	},
	[MAGLEV_A_DECISION_REASON_NAME] = {
		.name = "reason-name",
		.kind = MAGLEV_LIB_TEXT,
		MEMBER(decision, reason_name),
	},
	[MAGLEV_A_DECISION_REASON_TEXT] = {
		.name = "reason-text",
		.kind = MAGLEV_LIB_TEXT,
		MEMBER(decision, reason_text),
	},
	[MAGLEV_A_DECISION_HASH] = {
		.name = "hash",
		.kind = MAGLEV_LIB_U64,
		MEMBER(decision, hash),
		.show = MAGLEV_LIB_HEX,
	},
	[MAGLEV_A_DECISION_SLOT] = {
		.name = "slot",
		.kind = MAGLEV_LIB_U32,
		MEMBER(decision, slot),
	},
	[MAGLEV_A_DECISION_SOURCE] = {
		.name = "source",
		.kind = MAGLEV_LIB_U32,
		MEMBER(decision, source),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_source_names,
	},
	[MAGLEV_A_DECISION_TRACK] = {
		.name = "track",
		.kind = MAGLEV_LIB_U32,
		MEMBER(decision, track),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_track_names,
	},
	[MAGLEV_A_DECISION_BASE_OWNER] = {
		.name = "base-owner",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(decision, base_owner),
		.nest = &maglev_lib_backend_object,
	},
	[MAGLEV_A_DECISION_LIVE_ANSWER] = {
		.name = "live-answer",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(decision, live_answer),
		.nest = &maglev_lib_backend_object,
	},
	[MAGLEV_A_DECISION_CHOSEN] = {
		.name = "chosen",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(decision, chosen),
		.nest = &maglev_lib_backend_object,
	},
	[MAGLEV_A_DECISION_FLOW] = {
		.name = "flow",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(decision, flow),
		.nest = &maglev_lib_flow_object,
	},
	[MAGLEV_A_DECISION_OUTER] = {
		.name = "outer",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(decision, outer),
		.nest = &maglev_lib_outer_object,
	},
};

const struct maglev_lib_object maglev_lib_decision_object = {
	.name = "decision",
	.fields = decision_fields,
	.n = sizeof(decision_fields) / sizeof(*decision_fields),
	.size = sizeof(struct maglev_lib_decision),
};

static const struct maglev_lib_field preview_fields[] = {
	[MAGLEV_A_PREVIEW_TABLE_SIZE] = {
		.name = "table-size",
		.kind = MAGLEV_LIB_U32,
		MEMBER(preview, table_size),
	},
	[MAGLEV_A_PREVIEW_N_BACKENDS] = {
		.name = "n-backends",
		.kind = MAGLEV_LIB_U32,
		MEMBER(preview, n_backends),
	},
	[MAGLEV_A_PREVIEW_BASE_DIGEST] = {
		.name = "base-digest",
		.kind = MAGLEV_LIB_U64,
		MEMBER(preview, base_digest),
		.show = MAGLEV_LIB_HEX,
	},
	[MAGLEV_A_PREVIEW_LIVE_DIGEST] = {
		.name = "live-digest",
		.kind = MAGLEV_LIB_U64,
		MEMBER(preview, live_digest),
		.show = MAGLEV_LIB_HEX,
	},
	[MAGLEV_A_PREVIEW_SLOTS_CHANGED] = {
		.name = "slots-changed",
		.kind = MAGLEV_LIB_U32,
		MEMBER(preview, slots_changed),
	},
	[MAGLEV_A_PREVIEW_SLOTS_COLLATERAL] = {
		.name = "slots-collateral",
		.kind = MAGLEV_LIB_U32,
		MEMBER(preview, slots_collateral),
	},
	[MAGLEV_A_PREVIEW_FLOWS_MOVED] = {
		.name = "flows-moved",
		.kind = MAGLEV_LIB_U32,
		MEMBER(preview, flows_moved),
	},
	[MAGLEV_A_PREVIEW_FLOWS_LOST] = {
		.name = "flows-lost",
		.kind = MAGLEV_LIB_U32,
		MEMBER(preview, flows_lost),
	},
	[MAGLEV_A_PREVIEW_DISPLACED_SLOTS] = {
		.name = "displaced-slots",
		.kind = MAGLEV_LIB_U32,
		MEMBER(preview, displaced_slots),
	},
	[MAGLEV_A_PREVIEW_WARNINGS] = {
		.name = "warnings",
		.kind = MAGLEV_LIB_U32,
		MEMBER(preview, warnings),
		.show = MAGLEV_LIB_FLAGS,
		.names = &maglev_lib_warning_names,
	},
};

const struct maglev_lib_object maglev_lib_preview_object = {
	.name = "preview",
	.fields = preview_fields,
	.n = sizeof(preview_fields) / sizeof(*preview_fields),
	.size = sizeof(struct maglev_lib_preview),
};

static const struct maglev_lib_field table_fields[] = {
	[MAGLEV_A_TABLE_FIRST_SLOT] = {
		.name = "first-slot",
		.kind = MAGLEV_LIB_U32,
		MEMBER(table, first_slot),
	},
	[MAGLEV_A_TABLE_LIVE] = {
		.name = "live",
		.kind = MAGLEV_LIB_BYTES,
		MEMBER(table, live),
	},
	[MAGLEV_A_TABLE_BASE] = {
		.name = "base",
		.kind = MAGLEV_LIB_BYTES,
		MEMBER(table, base),
	},
	[MAGLEV_A_TABLE_GENERATION] = {
		.name = "generation",
		.kind = MAGLEV_LIB_U64,
		MEMBER(table, generation),
	},
	[MAGLEV_A_TABLE_TABLE_SIZE] = {
		.name = "table-size",
		.kind = MAGLEV_LIB_U32,
		MEMBER(table, table_size),
	},
};

const struct maglev_lib_object maglev_lib_table_object = {
	.name = "table",
	.fields = table_fields,
	.n = sizeof(table_fields) / sizeof(*table_fields),
	.size = sizeof(struct maglev_lib_table),
};

static const struct maglev_lib_field prefix_fields[] = {
	[MAGLEV_A_PREFIX_ADDR] = {
		.name = "addr",
		.kind = MAGLEV_LIB_ADDR,
		MEMBER(prefix, addr),
	},
	[MAGLEV_A_PREFIX_LEN] = {
		.name = "len",
		.kind = MAGLEV_LIB_U32,
		MEMBER(prefix, len),
	},
};

const struct maglev_lib_object maglev_lib_prefix_object = {
	.name = "prefix",
	.fields = prefix_fields,
	.n = sizeof(prefix_fields) / sizeof(*prefix_fields),
	.size = sizeof(struct maglev_lib_prefix),
};

static const struct maglev_lib_field settings_fields[] = {
	[MAGLEV_A_SETTINGS_KEY] = {
		.name = "key",
		.kind = MAGLEV_LIB_FIXED,
		MEMBER(settings, key),
	},
	[MAGLEV_A_SETTINGS_KEY_CHECK] = {
		.name = "key-check",
		.kind = MAGLEV_LIB_U64,
		MEMBER(settings, key_check),
		.show = MAGLEV_LIB_HEX,
	},
	[MAGLEV_A_SETTINGS_KEY_IS_ZERO] = {
		.name = "key-is-zero",
		.kind = MAGLEV_LIB_U32,
		MEMBER(settings, key_is_zero),
	},
	[MAGLEV_A_SETTINGS_TABLE_SIZE] = {
		.name = "table-size",
		.kind = MAGLEV_LIB_U32,
		MEMBER(settings, table_size),
	},
	[MAGLEV_A_SETTINGS_FLOWS] = {
		.name = "flows",
		.kind = MAGLEV_LIB_U32,
		MEMBER(settings, flows),
	},
	[MAGLEV_A_SETTINGS_FLOW_BYTES] = {
		.name = "flow-bytes",
		.kind = MAGLEV_LIB_U64,
		MEMBER(settings, flow_bytes),
	},
	[MAGLEV_A_SETTINGS_MOVING] = {
		.name = "moving",
		.kind = MAGLEV_LIB_U32,
		MEMBER(settings, moving),
	},
	[MAGLEV_A_SETTINGS_FWMARK_MASK] = {
		.name = "fwmark-mask",
		.kind = MAGLEV_LIB_U32,
		MEMBER(settings, fwmark_mask),
		.show = MAGLEV_LIB_HEX,
	},
	[MAGLEV_A_SETTINGS_SOURCE4] = {
		.name = "source4",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(settings, source4),
		.nest = &maglev_lib_prefix_object,
	},
	[MAGLEV_A_SETTINGS_SOURCE6] = {
		.name = "source6",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(settings, source6),
		.nest = &maglev_lib_prefix_object,
	},
	[MAGLEV_A_SETTINGS_PROBE] = {
		.name = "probe",
		.kind = MAGLEV_LIB_U32,
		MEMBER(settings, probe),
	},
	[MAGLEV_A_SETTINGS_PROBE_BASE] = {
		.name = "probe-base",
		.kind = MAGLEV_LIB_U32,
		MEMBER(settings, probe_base),
		.show = MAGLEV_LIB_HEX,
	},
	[MAGLEV_A_SETTINGS_REBUILD_DELAY_MS] = {
		.name = "rebuild-delay-ms",
		.kind = MAGLEV_LIB_U32,
		MEMBER(settings, rebuild_delay_ms),
	},
	[MAGLEV_A_SETTINGS_HOOK] = {
		.name = "hook",
		.kind = MAGLEV_LIB_U32,
		MEMBER(settings, hook),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_hook_names,
	},
	[MAGLEV_A_SETTINGS_REPLACE_MH] = {
		.name = "replace-mh",
		.kind = MAGLEV_LIB_U32,
		MEMBER(settings, replace_mh),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_replace_mh_names,
	},
	[MAGLEV_A_SETTINGS_CPUS] = {
		.name = "cpus",
		.kind = MAGLEV_LIB_U32,
		MEMBER(settings, cpus),
	},
	[MAGLEV_A_SETTINGS_VERSION] = {
		.name = "version",
		.kind = MAGLEV_LIB_TEXT,
		MEMBER(settings, version),
	},
	[MAGLEV_A_SETTINGS_PLANE] = {
		.name = "plane",
		.kind = MAGLEV_LIB_TEXT,
		MEMBER(settings, plane),
	},
	[MAGLEV_A_SETTINGS_LINES] = {
		.name = "lines",
		.kind = MAGLEV_LIB_U32,
		MEMBER(settings, lines),
	},
	[MAGLEV_A_SETTINGS_CHANGES] = {
		.name = "changes",
		.kind = MAGLEV_LIB_U32,
		MEMBER(settings, changes),
	},
};

const struct maglev_lib_object maglev_lib_settings_object = {
	.name = "settings",
	.fields = settings_fields,
	.n = sizeof(settings_fields) / sizeof(*settings_fields),
	.size = sizeof(struct maglev_lib_settings),
};

static const struct maglev_lib_field reason_count_fields[] = {
	[MAGLEV_A_REASON_COUNT_REASON] = {
		.name = "reason",
		.kind = MAGLEV_LIB_U32,
		MEMBER(reason_count, reason),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_reason_names,
	},
	[MAGLEV_A_REASON_COUNT_NAME] = {
		.name = "name",
		.kind = MAGLEV_LIB_TEXT,
		MEMBER(reason_count, name),
	},
	[MAGLEV_A_REASON_COUNT_VERDICT] = {
		.name = "verdict",
		.kind = MAGLEV_LIB_U32,
		MEMBER(reason_count, verdict),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_verdict_names,
	},
	[MAGLEV_A_REASON_COUNT_COUNT] = {
		.name = "count",
		.kind = MAGLEV_LIB_U64,
		MEMBER(reason_count, count),
	},
	[MAGLEV_A_REASON_COUNT_TEXT] = {
		.name = "text",
		.kind = MAGLEV_LIB_TEXT,
		MEMBER(reason_count, text),
	},
};

const struct maglev_lib_object maglev_lib_reason_count_object = {
	.name = "reason-count",
	.fields = reason_count_fields,
	.n = sizeof(reason_count_fields) / sizeof(*reason_count_fields),
	.size = sizeof(struct maglev_lib_reason_count),
};

static const struct maglev_lib_field counters_fields[] = {
	[MAGLEV_A_COUNTERS_FORWARDED] = {
		.name = "forwarded",
		.kind = MAGLEV_LIB_U64,
		MEMBER(counters, forwarded),
	},
	[MAGLEV_A_COUNTERS_SEGMENTS] = {
		.name = "segments",
		.kind = MAGLEV_LIB_U64,
		MEMBER(counters, segments),
	},
	[MAGLEV_A_COUNTERS_BYTES] = {
		.name = "bytes",
		.kind = MAGLEV_LIB_U64,
		MEMBER(counters, bytes),
	},
	[MAGLEV_A_COUNTERS_FLOWS_NEW] = {
		.name = "flows-new",
		.kind = MAGLEV_LIB_U64,
		MEMBER(counters, flows_new),
	},
	[MAGLEV_A_COUNTERS_ADOPTED] = {
		.name = "adopted",
		.kind = MAGLEV_LIB_U64,
		MEMBER(counters, adopted),
	},
	[MAGLEV_A_COUNTERS_OUTSIDE] = {
		.name = "outside",
		.kind = MAGLEV_LIB_U64,
		MEMBER(counters, outside),
	},
	[MAGLEV_A_COUNTERS_EVICTED] = {
		.name = "evicted",
		.kind = MAGLEV_LIB_U64,
		MEMBER(counters, evicted),
	},
	[MAGLEV_A_COUNTERS_UNTRACKED_FULL] = {
		.name = "untracked-full",
		.kind = MAGLEV_LIB_U64,
		MEMBER(counters, untracked_full),
	},
	[MAGLEV_A_COUNTERS_UNTRACKED_BUSY] = {
		.name = "untracked-busy",
		.kind = MAGLEV_LIB_U64,
		MEMBER(counters, untracked_busy),
	},
	[MAGLEV_A_COUNTERS_FOREIGN_LINES] = {
		.name = "foreign-lines",
		.kind = MAGLEV_LIB_U64,
		MEMBER(counters, foreign_lines),
	},
	[MAGLEV_A_COUNTERS_ERRORS] = {
		.name = "errors",
		.kind = MAGLEV_LIB_U64,
		MEMBER(counters, errors),
	},
	[MAGLEV_A_COUNTERS_PROBES] = {
		.name = "probes",
		.kind = MAGLEV_LIB_U64,
		MEMBER(counters, probes),
	},
	[MAGLEV_A_COUNTERS_GAP] = {
		.name = "gap",
		.kind = MAGLEV_LIB_U64,
		MEMBER(counters, gap),
	},
	[MAGLEV_A_COUNTERS_FLOWS] = {
		.name = "flows",
		.kind = MAGLEV_LIB_U32,
		MEMBER(counters, flows),
	},
	[MAGLEV_A_COUNTERS_CAPACITY] = {
		.name = "capacity",
		.kind = MAGLEV_LIB_U32,
		MEMBER(counters, capacity),
	},
	[MAGLEV_A_COUNTERS_PUBLISHED] = {
		.name = "published",
		.kind = MAGLEV_LIB_U64,
		MEMBER(counters, published),
	},
	[MAGLEV_A_COUNTERS_BUILD_ERRORS] = {
		.name = "build-errors",
		.kind = MAGLEV_LIB_U64,
		MEMBER(counters, build_errors),
	},
	[MAGLEV_A_COUNTERS_EARLY] = {
		.name = "early",
		.kind = MAGLEV_LIB_U64,
		MEMBER(counters, early),
	},
};

const struct maglev_lib_object maglev_lib_counters_object = {
	.name = "counters",
	.fields = counters_fields,
	.n = sizeof(counters_fields) / sizeof(*counters_fields),
	.size = sizeof(struct maglev_lib_counters),
};

static const struct maglev_lib_field words_fields[] = {
	[MAGLEV_A_WORDS_CPU] = {
		.name = "cpu",
		.kind = MAGLEV_LIB_U32,
		MEMBER(words, cpu),
	},
	[MAGLEV_A_WORDS_LINES] = {
		.name = "lines",
		.kind = MAGLEV_LIB_U32,
		MEMBER(words, lines),
	},
	[MAGLEV_A_WORDS_KEY_CHECK] = {
		.name = "key-check",
		.kind = MAGLEV_LIB_U64,
		MEMBER(words, key_check),
		.show = MAGLEV_LIB_HEX,
	},
	[MAGLEV_A_WORDS_CHANGES] = {
		.name = "changes",
		.kind = MAGLEV_LIB_U32,
		MEMBER(words, changes),
	},
	[MAGLEV_A_WORDS_LINE] = {
		.name = "line",
		.kind = MAGLEV_LIB_BYTES,
		MEMBER(words, line),
	},
	[MAGLEV_A_WORDS_WORD] = {
		.name = "word",
		.kind = MAGLEV_LIB_BYTES,
		MEMBER(words, word),
	},
};

const struct maglev_lib_object maglev_lib_words_object = {
	.name = "words",
	.fields = words_fields,
	.n = sizeof(words_fields) / sizeof(*words_fields),
	.size = sizeof(struct maglev_lib_words),
};

static const struct maglev_lib_field restored_fields[] = {
	[MAGLEV_A_RESTORED_PUT] = {
		.name = "put",
		.kind = MAGLEV_LIB_U32,
		MEMBER(restored, put),
	},
	[MAGLEV_A_RESTORED_EXPIRED] = {
		.name = "expired",
		.kind = MAGLEV_LIB_U32,
		MEMBER(restored, expired),
	},
	[MAGLEV_A_RESTORED_KNOWN] = {
		.name = "known",
		.kind = MAGLEV_LIB_U32,
		MEMBER(restored, known),
	},
	[MAGLEV_A_RESTORED_FULL] = {
		.name = "full",
		.kind = MAGLEV_LIB_U32,
		MEMBER(restored, full),
	},
};

const struct maglev_lib_object maglev_lib_restored_object = {
	.name = "restored",
	.fields = restored_fields,
	.n = sizeof(restored_fields) / sizeof(*restored_fields),
	.size = sizeof(struct maglev_lib_restored),
};

static const struct maglev_lib_field message_fields[] = {
	[MAGLEV_A_SERVICE] = {
		.name = "service",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(message, service),
		.nest = &maglev_lib_service_object,
	},
	[MAGLEV_A_BACKEND] = {
		.name = "backend",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(message, backend),
		.nest = &maglev_lib_backend_object,
	},
	[MAGLEV_A_ENTRY] = {
		.name = "entry",
		.kind = MAGLEV_LIB_NESTS,
		.nest = &maglev_lib_entry_object,
	},
	[MAGLEV_A_FLOW] = {
		.name = "flow",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(message, flow),
		.nest = &maglev_lib_flow_object,
	},
	[MAGLEV_A_FLOW_COUNT] = {
		.name = "flow-count",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(message, flow_count),
		.nest = &maglev_lib_flow_count_object,
	},
	[MAGLEV_A_TUPLE] = {
		.name = "tuple",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(message, tuple),
		.nest = &maglev_lib_tuple_object,
	},
	[MAGLEV_A_DECISION] = {
		.name = "decision",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(message, decision),
		.nest = &maglev_lib_decision_object,
	},
	[MAGLEV_A_PREVIEW] = {
		.name = "preview",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(message, preview),
		.nest = &maglev_lib_preview_object,
	},
	[MAGLEV_A_TABLE] = {
		.name = "table",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(message, table),
		.nest = &maglev_lib_table_object,
	},
	[MAGLEV_A_SETTINGS] = {
		.name = "settings",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(message, settings),
		.nest = &maglev_lib_settings_object,
	},
	[MAGLEV_A_COUNTERS] = {
		.name = "counters",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(message, counters),
		.nest = &maglev_lib_counters_object,
	},
	[MAGLEV_A_REASON] = {
		.name = "reason",
		.kind = MAGLEV_LIB_NESTS,
		.nest = &maglev_lib_reason_count_object,
	},
	[MAGLEV_A_SEQ] = {
		.name = "seq",
		.kind = MAGLEV_LIB_U32,
		MEMBER(message, seq),
	},
	[MAGLEV_A_CAUSE] = {
		.name = "cause",
		.kind = MAGLEV_LIB_U32,
		MEMBER(message, cause),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_cause_names,
	},
	[MAGLEV_A_OLD_STATE] = {
		.name = "old-state",
		.kind = MAGLEV_LIB_U32,
		MEMBER(message, old_state),
		.show = MAGLEV_LIB_WORD,
		.names = &maglev_lib_state_names,
	},
	[MAGLEV_A_FLOWS] = {
		.name = "flows",
		.kind = MAGLEV_LIB_U32,
		MEMBER(message, flows),
	},
	[MAGLEV_A_WORDS] = {
		.name = "words",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(message, words),
		.nest = &maglev_lib_words_object,
	},
	[MAGLEV_A_RESTORED] = {
		.name = "restored",
		.kind = MAGLEV_LIB_NEST,
		MEMBER(message, restored),
		.nest = &maglev_lib_restored_object,
	},
};

const struct maglev_lib_object maglev_lib_message_object = {
	.name = "maglev",
	.fields = message_fields,
	.n = sizeof(message_fields) / sizeof(*message_fields),
	.size = sizeof(struct maglev_lib_message),
};
