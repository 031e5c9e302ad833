// SPDX-License-Identifier: GPL-2.0-only
/* The command table. */
#include "word.h"

#define TABLE_OPTIONS                                                                     \
	"  --size M             slots, a prime from 251 to 1048573; default 65537\n"      \
	"  --key HEX            cluster key, 32 hex digits; others can see it in ps\n"    \
	"  --key-file FILE      the key from a file\n"                                    \
	"  --hash tuple|source  what of a flow chooses its slot; default tuple\n"         \
	"  -f, --file FILE      backends from a file, one a line; - is stdin\n"           \
	"  -j, --json           JSON\n"                                                   \
	"\n"                                                                              \
	"BACKEND is ADDRESS:PORT=WEIGHT[,up|down|drain][,share=0..100]; IPv6 addresses\n" \
	"stand in brackets; WEIGHT 0: listed, without slots. Nothing is asked of a kernel.\n"

#define SERVICE_DETAILS \
	"SERVICE is tcp, udp or sctp and ADDRESS:PORT, or fwmark MARK [ipv6], as IPVS has it.\n"
#define BACKEND_DETAILS SERVICE_DETAILS "BACKEND is ADDRESS:PORT.\n"
#define TUPLE_DETAILS "FLOW is PROTO CLIENT:PORT VIP:PORT, PROTO tcp, udp or sctp.\n"

#define TUPLE "PROTO CLIENT:PORT VIP:PORT"

static const struct part service_parts[] = {
	{ .value = "SERVICE", .read = read_service },
	{},
};

static const struct part any_service_parts[] = {
	{ .value = "SERVICE", .read = read_service, .flags = PART_OPTIONAL },
	{},
};

static const struct part any_backend_parts[] = {
	{ .value = "SERVICE", .read = read_service, .flags = PART_OPTIONAL },
	{ .value = "BACKEND", .read = read_backend, .flags = PART_OPTIONAL },
	{},
};

static const struct part service_set_parts[] = {
	{ .value = "SERVICE", .read = read_service },
	{ .word = "table-size", .value = "M", .read = read_table_size },
	{ .word = "mode", .value = "tuple|source|flag", .read = read_mode },
	{ .word = "timeout",
	  .value = "half-open|established|closing|reset SECONDS",
	  .read = read_timeout,
	  .flags = PART_REPEATS },
	{ .word = "fragments", .value = "on|off", .read = read_fragments },
	{},
};

static const struct part service_add_parts[] = {
	{ .value = "SERVICE", .read = read_service },
	{ .word = "table-size", .value = "M", .read = read_table_size },
	{ .word = "mode", .value = "tuple|source", .read = read_mode },
	{ .word = "timeout",
	  .value = "half-open|established|closing|reset SECONDS",
	  .read = read_timeout,
	  .flags = PART_REPEATS },
	{ .word = "fragments", .value = "on|off", .read = read_fragments },
	{},
};

static const struct part backend_parts[] = {
	{ .value = "SERVICE", .read = read_service },
	{ .value = "BACKEND", .read = read_backend },
	{},
};

static const struct part backend_add_parts[] = {
	{ .value = "SERVICE", .read = read_service },
	{ .value = "BACKEND", .read = read_backend },
	{ .word = "weight", .value = "N", .read = read_own_weight },
	{ .word = "tunnel", .value = "ipip|gre", .read = read_tunnel },
	{ .word = "checksum", .value = "on|off", .read = read_checksum },
	{},
};

static const struct part backend_drain_parts[] = {
	{ .value = "SERVICE", .read = read_service },
	{ .value = "BACKEND", .read = read_backend_state, .number = MAGLEV_NL_STATE_DRAIN },
	{ .word = "--deadline", .value = "TIME", .read = read_deadline },
	{ .word = "--wait", .read = read_wait },
	{},
};

static const struct part backend_down_parts[] = {
	{ .value = "SERVICE", .read = read_service },
	{ .value = "BACKEND", .read = read_backend_state, .number = MAGLEV_NL_STATE_DOWN },
	{},
};

static const struct part backend_up_parts[] = {
	{ .value = "SERVICE", .read = read_service },
	{ .value = "BACKEND", .read = read_backend_state, .number = MAGLEV_NL_STATE_UP },
	{},
};

static const struct part backend_weight_parts[] = {
	{ .value = "SERVICE", .read = read_service },
	{ .value = "BACKEND", .read = read_backend },
	{ .value = "N", .read = read_weight },
	{ .word = "--force", .read = read_force },
	{},
};

static const struct part backend_share_parts[] = {
	{ .value = "SERVICE", .read = read_service },
	{ .value = "BACKEND", .read = read_backend },
	{ .value = "PERCENT", .read = read_share },
	{ .word = "--force", .read = read_force },
	{},
};

static const struct part flow_show_parts[] = {
	{ .value = "SERVICE", .read = read_service, .flags = PART_OPTIONAL },
	{ .value = "BACKEND", .read = read_backend, .flags = PART_OPTIONAL },
	{ .word = "state", .value = "half-open|established|closing|reset", .read = read_flow_state },
	{},
};

static const struct part tuple_parts[] = {
	{ .value = TUPLE, .read = read_tuple },
	{},
};

static const struct part explain_parts[] = {
	{ .value = TUPLE, .read = read_tuple },
	{ .word = "flags", .value = "syn|ack|fin|rst|psh[,...]", .read = read_flags },
	{ .word = "mark", .value = "MARK", .read = read_mark },
	{ .word = "length", .value = "BYTES", .read = read_length },
	{},
};

static const struct part change_parts[] = {
	{ .value = "SERVICE", .read = read_service },
	{ .word = "add",
	  .value = "BACKEND WEIGHT",
	  .read = read_change,
	  .flags = PART_REPEATS,
	  .number = MAGLEV_NL_OP_BACKEND_ADD },
	{ .word = "del",
	  .value = "BACKEND",
	  .read = read_change,
	  .flags = PART_REPEATS,
	  .number = MAGLEV_NL_OP_BACKEND_DEL },
	{ .word = "drain",
	  .value = "BACKEND",
	  .read = read_change_state,
	  .flags = PART_REPEATS,
	  .number = MAGLEV_NL_STATE_DRAIN },
	{ .word = "down",
	  .value = "BACKEND",
	  .read = read_change_state,
	  .flags = PART_REPEATS,
	  .number = MAGLEV_NL_STATE_DOWN },
	{ .word = "up",
	  .value = "BACKEND",
	  .read = read_change_state,
	  .flags = PART_REPEATS,
	  .number = MAGLEV_NL_STATE_UP },
	{ .word = "weight",
	  .value = "BACKEND N",
	  .read = read_change_weight,
	  .flags = PART_REPEATS },
	{ .word = "share",
	  .value = "BACKEND PERCENT",
	  .read = read_change_share,
	  .flags = PART_REPEATS },
	{ .word = "table-size", .value = "M", .read = read_change_size },
	{},
};

static const struct part stats_parts[] = {
	{ .word = "all", .read = read_all },
	{},
};

static const struct part top_parts[] = {
	{ .value = "SERVICE", .read = read_service, .flags = PART_OPTIONAL },
	{ .word = "-d", .value = "SECONDS", .read = read_interval },
	{ .word = "-n", .value = "COUNT", .read = read_count },
	{},
};

static const struct part daemon_parts[] = {
	{ .word = "--run-directory", .value = "DIRECTORY", .read = read_directory },
	{},
};

static const struct part state_parts[] = {
	{ .value = "FILE", .read = read_file },
	{},
};

static const struct part doctor_parts[] = {
	{ .value = "SERVICE", .read = read_service, .flags = PART_OPTIONAL },
	{ .word = "--run-directory", .value = "DIRECTORY", .read = read_directory },
	{},
};

#define EVENT(name, command)                                        \
	{                                                           \
		.word = name, .read = read_event, .number = command \
	}

static const struct part monitor_parts[] = {
	EVENT("service-add", MAGLEV_CMD_SERVICE_ADD_NTF),
	EVENT("service-del", MAGLEV_CMD_SERVICE_DEL_NTF),
	EVENT("backend-add", MAGLEV_CMD_BACKEND_ADD_NTF),
	EVENT("backend-del", MAGLEV_CMD_BACKEND_DEL_NTF),
	EVENT("state", MAGLEV_CMD_STATE_NTF),
	EVENT("publish", MAGLEV_CMD_PUBLISH_NTF),
	EVENT("degraded", MAGLEV_CMD_DEGRADED_NTF),
	EVENT("drained", MAGLEV_CMD_DRAINED_NTF),
	EVENT("pressure", MAGLEV_CMD_PRESSURE_NTF),
	EVENT("settings", MAGLEV_CMD_SETTINGS_NTF),
	{},
};

static const struct part settings_parts[] = {
	{ .word = "key", .value = "FILE", .read = read_key_file },
	{ .word = "table-size", .value = "M", .read = read_settings_size },
	{ .word = "flows", .value = "N", .read = read_flows },
	{ .word = "fwmark-mask",
	  .value = "MASK",
	  .read = read_settings_mark,
	  .number = MAGLEV_A_SETTINGS_FWMARK_MASK },
	{ .word = "source4",
	  .value = "PREFIX",
	  .read = read_source,
	  .number = MAGLEV_A_SETTINGS_SOURCE4 },
	{ .word = "source6",
	  .value = "PREFIX",
	  .read = read_source,
	  .number = MAGLEV_A_SETTINGS_SOURCE6 },
	{ .word = "probe", .value = "on|off", .read = read_probe },
	{ .word = "probe-base",
	  .value = "MARK",
	  .read = read_settings_mark,
	  .number = MAGLEV_A_SETTINGS_PROBE_BASE },
	{ .word = "rebuild-delay", .value = "TIME", .read = read_rebuild_delay },
	{ .word = "hook", .value = "local|early|none", .read = read_hook },
	{},
};

const struct command commands[] = {
	{
		.object = "service",
		.verb = "show",
		.obey = cmd_service_show,
		.parts = any_service_parts,
		.help = "services, their tables and digests; one in full",
		.details = SERVICE_DETAILS,
	},
	{
		.object = "service",
		.verb = "set",
		.obey = cmd_service_set,
		.parts = service_set_parts,
		.needs_word = true,
		.op = MAGLEV_NL_OP_SERVICE_SET,
		.help = "table size, mode, timeouts and fragments of a service",
		.details = SERVICE_DETAILS
		"M is a prime from 251 to 1048573. Mode flag is what IPVS's scheduler flags say.\n",
	},
	{
		.object = "service",
		.verb = "add",
		.obey = cmd_service_add,
		.parts = service_add_parts,
		.op = MAGLEV_NL_OP_SERVICE_ADD,
		.help = "a service of maglev-dpdk; the kernel has its own from ipvsadm",
		.details = SERVICE_DETAILS "With --dpdk. M is a prime from 251 to 1048573.\n",
	},
	{
		.object = "service",
		.verb = "del",
		.obey = cmd_service_del,
		.parts = service_parts,
		.op = MAGLEV_NL_OP_SERVICE_DEL,
		.help = "delete a service of maglev-dpdk, and its backends",
		.details = SERVICE_DETAILS "With --dpdk.\n",
	},
	{
		.object = "backend",
		.verb = "show",
		.obey = cmd_backend_show,
		.parts = any_backend_parts,
		.help = "backends: state, weight, share, slots, flows; one in full",
		.details = BACKEND_DETAILS,
	},
	{
		.object = "backend",
		.verb = "add",
		.obey = cmd_backend_add,
		.parts = backend_add_parts,
		.op = MAGLEV_NL_OP_BACKEND_ADD,
		.help = "a backend of a service of maglev-dpdk",
		.details = BACKEND_DETAILS
		"With --dpdk. Without weight it is 1, without tunnel ipip; weight 0 drains. A checksum\n"
		"goes with gre.\n",
	},
	{
		.object = "backend",
		.verb = "edit",
		.obey = cmd_backend_set,
		.parts = backend_add_parts,
		.needs_word = true,
		.op = MAGLEV_NL_OP_BACKEND_SET,
		.help = "weight and tunnel of a backend of maglev-dpdk",
		.details = BACKEND_DETAILS
		"With --dpdk. Weight 0 drains, and its slots stay as they were.\n",
	},
	{
		.object = "backend",
		.verb = "del",
		.obey = cmd_backend_del,
		.parts = backend_parts,
		.op = MAGLEV_NL_OP_BACKEND_DEL,
		.help = "delete a backend of a service of maglev-dpdk; its flows select anew",
		.details = BACKEND_DETAILS "With --dpdk.\n",
	},
	{
		.object = "backend",
		.verb = "drain",
		.obey = cmd_backend_drain,
		.parts = backend_drain_parts,
		.op = MAGLEV_NL_OP_BACKEND_SET,
		.help = "no new flows; those it has go on",
		.details = BACKEND_DETAILS
		"TIME is 500ms, 30s, 5m or 2h from now, after which the backend is down; without, it\n"
		"drains until told otherwise. --wait shows how many flows are left until there are none\n"
		"or no time: status 3 is the deadline's, 4 somebody else's doing.\n",
	},
	{
		.object = "backend",
		.verb = "down",
		.obey = cmd_backend_set,
		.parts = backend_down_parts,
		.op = MAGLEV_NL_OP_BACKEND_SET,
		.help = "no flows: those it has select anew",
		.details = BACKEND_DETAILS,
	},
	{
		.object = "backend",
		.verb = "up",
		.obey = cmd_backend_set,
		.parts = backend_up_parts,
		.op = MAGLEV_NL_OP_BACKEND_SET,
		.help = "what the operator took away is given back",
		.details = BACKEND_DETAILS,
	},
	{
		.object = "backend",
		.verb = "weight",
		.obey = cmd_backend_set,
		.parts = backend_weight_parts,
		.op = MAGLEV_NL_OP_BACKEND_SET,
		.help = "its weight in the table, instead of IPVS's; 0: IPVS's again",
		.details = BACKEND_DETAILS,
	},
	{
		.object = "backend",
		.verb = "share",
		.obey = cmd_backend_set,
		.parts = backend_share_parts,
		.op = MAGLEV_NL_OP_BACKEND_SET,
		.help = "how much of its slots it serves now, 0 to 100 percent",
		.details = BACKEND_DETAILS,
	},
	{
		.object = "flow",
		.verb = "show",
		.obey = cmd_flow_show,
		.parts = flow_show_parts,
		.help = "tracked flows, by the hash that is stored of each",
		.details = BACKEND_DETAILS,
	},
	{
		.object = "flow",
		.verb = "count",
		.obey = cmd_flow_count,
		.parts = any_backend_parts,
		.help = "tracked flows of each backend by state, counted now",
		.details = BACKEND_DETAILS,
	},
	{
		.object = "flow",
		.verb = "flush",
		.obey = cmd_flow_flush,
		.parts = any_backend_parts,
		.help = "forget tracked flows, which select anew",
		.details = BACKEND_DETAILS,
	},
	{
		.object = "flow",
		.verb = "find",
		.obey = cmd_flow_find,
		.parts = tuple_parts,
		.help = "where a flow is tracked",
		.details = TUPLE_DETAILS,
	},
	{
		.object = "explain",
		.obey = cmd_explain,
		.parts = explain_parts,
		.help = "where a packet would go, and why",
		.details = TUPLE_DETAILS
		"Without flags, the packet is the flow's first. BYTES is the length of the IP packet.\n",
	},
	{
		.object = "table",
		.verb = "build",
		.run = cmd_table_build,
		.help = "build a table here: who gets how many slots",
		.synopsis = "table build [OPTION]... BACKEND=WEIGHT...",
		.details = TABLE_OPTIONS,
	},
	{
		.object = "table",
		.verb = "lookup",
		.run = cmd_table_lookup,
		.help = "which slot and backend flows get in a table built here",
		.synopsis = "table lookup [OPTION]... [FLOW]... BACKEND=WEIGHT...",
		.details = TABLE_OPTIONS TUPLE_DETAILS
		"Without a FLOW, flows are read from stdin, one a line.\n",
	},
	{
		.object = "table",
		.verb = "diff",
		.obey = cmd_live_diff,
		.parts = change_parts,
		.choice = "CHANGE",
		.needs_word = true,
		.starts = service_starts,
		.help = "what changes would do to a service that runs",
		.details = BACKEND_DETAILS,
	},
	{
		.object = "table",
		.verb = "diff",
		.run = cmd_table_diff,
		.help = "what a change moves between two tables built here",
		.synopsis = "table diff [OPTION]... OLD=WEIGHT... -- NEW=WEIGHT...",
		.details = TABLE_OPTIONS
		"OLD and NEW are BACKENDs; -f stands on the side it adds to.\n",
	},
	{
		.object = "table",
		.verb = "show",
		.obey = cmd_live_show,
		.parts = service_parts,
		.help = "a running service's table: digests, and who has how many slots",
		.details = SERVICE_DETAILS,
	},
	{
		.object = "stats",
		.obey = cmd_stats,
		.parts = stats_parts,
		.help = "counters, and why packets were not forwarded; all: zeros too",
	},
	{
		.object = "top",
		.obey = cmd_top,
		.parts = top_parts,
		.help = "rates of services and backends, the busiest first, again and again",
		.details = SERVICE_DETAILS
		"Every 2 SECONDS, or those given; 500ms is fine too. On a terminal q ends it; elsewhere\n"
		"frames follow each other, COUNT of them or without end; in JSON each is a line.\n",
	},
	{
		.object = "monitor",
		.obey = cmd_monitor,
		.parts = monitor_parts,
		.choice = "EVENT",
		.help = "events as they happen, one a line; all, or those named",
	},
	{
		.object = "doctor",
		.obey = cmd_doctor,
		.parts = doctor_parts,
		.help = "why a VIP does not answer, and what mends it; changes nothing",
		.details = SERVICE_DETAILS
		"Without one, all services. Backends are probed, through their tunnels where the setting\n"
		"probe is on. Status 5 is that faults were found, 6 that warnings were and no fault.\n",
	},
	{
		.object = "balancer",
		.verb = "show",
		.obey = cmd_balancer_show,
		.parts = daemon_parts,
		.help = "which VIPs maglevd announces, and why others are not",
	},
	{
		.object = "balancer",
		.verb = "drain",
		.obey = cmd_balancer_drain,
		.parts = daemon_parts,
		.help = "announce no VIP, until told otherwise; what still comes is forwarded",
	},
	{
		.object = "balancer",
		.verb = "up",
		.obey = cmd_balancer_up,
		.parts = daemon_parts,
		.help = "announce VIPs again, once all has been well for a while",
	},
	{
		.object = "state",
		.verb = "save",
		.obey = cmd_state_save,
		.parts = state_parts,
		.help = "keep flows and what is set of services and backends, not the key, in a file",
		.details =
			"FILE is replaced whole; - is stdout. It is for the kernel's module, which forgets all\n"
			"of it when it is unloaded.\n",
	},
	{
		.object = "state",
		.verb = "restore",
		.obey = cmd_state_restore,
		.parts = state_parts,
		.help = "give them back to a module that has the same key and lines",
		.details =
			"FILE is state save's; - is stdin. It is read to its end before anything changes.\n"
			"What is tracked or set since stays as it is.\n",
	},
	{
		.object = "status",
		.obey = cmd_status,
		.parts = daemon_parts,
		.help = "what maglevd knows: backends, their states, and checks that fail",
	},
	{
		.object = "reload",
		.obey = cmd_reload,
		.parts = daemon_parts,
		.help = "have maglevd read its file; if that is wrong nothing changes",
	},
	{
		.object = "show",
		.obey = cmd_settings_show,
		.help = "settings of the network namespace",
	},
	{
		.object = "set",
		.obey = cmd_settings_set,
		.parts = settings_parts,
		.needs_word = true,
		.help = "change settings of the network namespace",
		.details =
			"FILE holds the cluster key, 32 hex digits; - is stdin. N flows, of all CPUs\n"
			"together; 0 tracks none. MASK and MARK may be 0x hexadecimal. PREFIX is\n"
			"ADDRESS/LENGTH, or none. TIME is 10ms or 1s, at most 10s; 0 for at once.\n",
	},
	{
		.object = "help",
		.run = cmd_help,
		.help = "all commands, or one",
		.synopsis = "help [OBJECT [VERB]]",
	},
	{},
};
