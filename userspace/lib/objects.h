/* SPDX-License-Identifier: GPL-2.0-only */
/* Do not edit directly, auto-generated from: Documentation/netlink/specs/maglev.yaml */
/* Attribute sets as structs; "has" says which members are there. */
#ifndef MAGLEV_LIB_OBJECTS_H
#define MAGLEV_LIB_OBJECTS_H

#include "codec.h"

#include <linux/ip_vs_maglev.h>

/**
 * struct maglev_lib_service_key - The name of a service; either fwmark and af, or all the
 *	others.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @af: AF_INET or AF_INET6.
 * @protocol: IPPROTO_*.
 * @addr: The VIP, 4 or 16 bytes.
 * @port: The port, 0 for all.
 * @fwmark: The firewall mark, instead of protocol, address and port.
 */
struct maglev_lib_service_key {
	u64 has;
	u16 af;
	u16 protocol;
	struct maglev_lib_addr addr;
	__be16 port;
	u32 fwmark;
};

/**
 * struct maglev_lib_timeouts - After how many seconds without a packet a flow is
 *	forgotten, by its state.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @half_open: Seconds.
 * @established: Seconds; the timeout of UDP.
 * @closing: Seconds.
 * @reset: Seconds.
 */
struct maglev_lib_timeouts {
	u64 has;
	u32 half_open;
	u32 established;
	u32 closing;
	u32 reset;
};

/**
 * struct maglev_lib_stats - What we did for a service or a backend; what IPVS did is in
 *	its own statistics.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @flows_new: Flows begun.
 * @packets: Packets forwarded, client to backend; a super-packet counts once.
 * @segments: Packets forwarded, as they are on the wire.
 * @bytes: Bytes forwarded, without outer headers.
 * @flows_answered: Flows whose client went on after it had begun, as it does when
 *	somebody has answered.
 * @flows_reset: Flows that their clients have reset.
 * @unreachable: ICMP errors about packets to the backend, but for those about their size.
 */
struct maglev_lib_stats {
	u64 has;
	u64 flows_new;
	u64 packets;
	u64 segments;
	u64 bytes;
	u64 flows_answered;
	u64 flows_reset;
	u64 unreachable;
};

/**
 * struct maglev_lib_service - A service.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @key: Its name.
 * @id: Unique among the services of the network namespace, never used again.
 * @table_size: Slots of its table, M, a prime.
 * @mode: What chooses a flow's slot, tuple or source.
 * @mode_set: The mode as configured, which may be flag.
 * @timeouts: Those of its flows; a set writes the ones it carries.
 * @forwarding: Who forwards its packets.
 * @left_because: Why it is left to IPVS.
 * @generation: How many tables were published so far.
 * @base_digest: Fingerprint of the base table.
 * @live_digest: Fingerprint of the live table.
 * @key_check: Fingerprint of the cluster key that its table was built with.
 * @n_backends: Backends it has, in the base table or not.
 * @displaced_slots: Slots where the live table differs from the base table.
 * @error: Why the last build failed, an errno; 0 if it did not. The table before it
 *	stays.
 * @error_text: The error as a sentence.
 * @warnings: What is worth a look.
 * @build_us: Microseconds the last build took.
 * @flows: Flows tracked, as the last sweep saw them.
 * @stats: Counters of the service.
 * @scheduler: Name by which IPVS knows the scheduler, maglev or mh.
 * @fragments: 1 if fragments of its packets follow the first of them to a backend, else
 *	0. The kernel puts all that it gets together first and has no 0.
 */
struct maglev_lib_service {
	u64 has;
	struct maglev_lib_service_key key;
	u32 id;
	u32 table_size;
	u32 mode;
	u32 mode_set;
	struct maglev_lib_timeouts timeouts;
	u32 forwarding;
	u32 left_because;
	u64 generation;
	u64 base_digest;
	u64 live_digest;
	u64 key_check;
	u32 n_backends;
	u32 displaced_slots;
	u32 error;
	char error_text[128];
	u32 warnings;
	u32 build_us;
	u32 flows;
	struct maglev_lib_stats stats;
	char scheduler[16];
	u32 fragments;
};

/**
 * struct maglev_lib_backend - A backend of a service.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @addr: Its address, 4 or 16 bytes.
 * @port: Its port.
 * @index: Index of the (service, backend) pair, 0 to 65534; what flows are tracked by.
 * @place: Its place in the canonical order, as tables hold it; absent if it is not in the
 *	base table.
 * @state: The effective state, the worst of the next three.
 * @ipvs_state: As IPVS says; weight 0 is drain.
 * @admin_state: As the operator says.
 * @health_state: As the checker says.
 * @weight: The weight IPVS has.
 * @nominal_weight: The weight that replaces IPVS's in the base table; 0 for none.
 * @table_weight: The weight that counts in the base table; 0 if it is not in it.
 * @share: Percent of its slots that it serves.
 * @deadline_ms: Milliseconds until its drain ends and its admin state becomes down; 0 for
 *	never. Goes with admin-state drain.
 * @base_slots: Slots it has in the base table.
 * @live_slots: Slots it has in the live table.
 * @flows: Flows it has, as the last sweep saw them; of a service left to IPVS also IPVS's
 *	connections and what its persistence keeps of clients, as of now.
 * @method: How IPVS reaches it.
 * @tunnel: How packets to it are encapsulated.
 * @tunnel_checksum: 1 if GRE carries a checksum, else 0.
 * @overloaded: 1 if IPVS says that it takes no new connections for now, else 0.
 * @stats: Counters of the backend.
 * @drained: 1 if its last flow has left since it is not up, and before the deadline of
 *	its drain, else 0.
 */
struct maglev_lib_backend {
	u64 has;
	struct maglev_lib_addr addr;
	__be16 port;
	u32 index;
	u32 place;
	u32 state;
	u32 ipvs_state;
	u32 admin_state;
	u32 health_state;
	u32 weight;
	u32 nominal_weight;
	u32 table_weight;
	u32 share;
	u32 deadline_ms;
	u32 base_slots;
	u32 live_slots;
	u32 flows;
	u32 method;
	u32 tunnel;
	u32 tunnel_checksum;
	u32 overloaded;
	struct maglev_lib_stats stats;
	u32 drained;
};

/**
 * struct maglev_lib_entry - One change of a batch or a preview.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @op: What is done.
 * @service: To which service; a preview's entries may leave it out.
 * @backend: To which backend, for the backend operations.
 */
struct maglev_lib_entry {
	u64 has;
	u32 op;
	struct maglev_lib_service service;
	struct maglev_lib_backend backend;
};

/**
 * struct maglev_lib_flow - A tracked flow. Addresses are not stored; one flow is found by
 *	hashing its tuple.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @cpu: In whose table it is.
 * @line: In which line of the table.
 * @hash: The 38 bits of its hash that are stored, hash >> 26.
 * @service_id: Its service's id.
 * @key: Its service's name.
 * @index: Index of its (service, backend) pair.
 * @addr: Its backend's address.
 * @port: Its backend's port.
 * @state: Its state.
 * @age: Seconds since its entry was written, in units of 4, or 32 when established.
 * @slot: Its slot; absent in mode source.
 * @old: 1 if it is in an old table, under the key or the size before the last change,
 *	else 0.
 */
struct maglev_lib_flow {
	u64 has;
	u32 cpu;
	u32 line;
	u64 hash;
	u32 service_id;
	struct maglev_lib_service_key key;
	u32 index;
	struct maglev_lib_addr addr;
	__be16 port;
	u32 state;
	u32 age;
	u32 slot;
	u32 old;
};

/**
 * struct maglev_lib_flow_count - Tracked flows of a backend by state, counted exactly.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @half_open: Flows.
 * @established: Flows.
 * @closing: Flows.
 * @reset: Flows.
 */
struct maglev_lib_flow_count {
	u64 has;
	u32 half_open;
	u32 established;
	u32 closing;
	u32 reset;
};

/**
 * struct maglev_lib_tuple - A packet from a client to a VIP, to be explained.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @protocol: IPPROTO_*.
 * @saddr: The client's address, 4 or 16 bytes.
 * @daddr: The VIP, as long as saddr.
 * @sport: The client's port.
 * @dport: The VIP's port.
 * @flags: Flags of the TCP header; absent is syn.
 * @mark: The packet's firewall mark.
 * @length: Bytes of the IP packet, to be told whether it fits; 0 or absent is not asked.
 */
struct maglev_lib_tuple {
	u64 has;
	u16 protocol;
	struct maglev_lib_addr saddr;
	struct maglev_lib_addr daddr;
	__be16 sport;
	__be16 dport;
	u32 flags;
	u32 mark;
	u32 length;
};

/**
 * struct maglev_lib_outer - The header in front of a forwarded packet, and its way.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @tunnel: Its type.
 * @saddr: Its source, 4 or 16 bytes.
 * @daddr: Its destination, as long as saddr.
 * @overhead: Its bytes.
 * @mtu: Of the way to the backend; the client's packets may have this less overhead.
 * @ifindex: The device it leaves by.
 * @gateway: The next hop, if it is not daddr itself.
 */
struct maglev_lib_outer {
	u64 has;
	u32 tunnel;
	struct maglev_lib_addr saddr;
	struct maglev_lib_addr daddr;
	u32 overhead;
	u32 mtu;
	u32 ifindex;
	struct maglev_lib_addr gateway;
};

/**
 * struct maglev_lib_decision - Where a packet goes, and why.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @verdict: What becomes of it.
 * @reason: Why it is not forwarded.
 * @reason_name: The reason as scripts know it.
 * @reason_text: The reason as people read it.
 * @hash: The flow's hash.
 * @slot: The flow's slot.
 * @source: Where the decision comes from.
 * @track: What a real packet would do to the flow table; best effort.
 * @base_owner: Whose slot it is in the base table.
 * @live_answer: Whose slot it is in the live table.
 * @chosen: Who gets the packet.
 * @flow: The flow's entry, if it is tracked.
 * @outer: How it is sent.
 */
struct maglev_lib_decision {
	u64 has;
	u32 verdict;
	u32 reason;
	char reason_name[32];
	char reason_text[128];
	u64 hash;
	u32 slot;
	u32 source;
	u32 track;
	struct maglev_lib_backend base_owner;
	struct maglev_lib_backend live_answer;
	struct maglev_lib_backend chosen;
	struct maglev_lib_flow flow;
	struct maglev_lib_outer outer;
};

/**
 * struct maglev_lib_preview - What changes would do to a service, beside its state now.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @table_size: Slots of the table there would be.
 * @n_backends: Backends there would be.
 * @base_digest: Fingerprint of the base table there would be.
 * @live_digest: Fingerprint of the live table there would be.
 * @slots_changed: Slots whose live answer changes; all of them if table-size changes.
 * @slots_collateral: Those of them that move between two backends which are the same
 *	before and after.
 * @flows_moved: Tracked flows on such slots. They stay with their backend unless it goes
 *	down or away.
 * @flows_lost: Tracked flows whose backend goes down or away.
 * @displaced_slots: Slots where live and base table would differ.
 * @warnings: What would be worth a look.
 */
struct maglev_lib_preview {
	u64 has;
	u32 table_size;
	u32 n_backends;
	u64 base_digest;
	u64 live_digest;
	u32 slots_changed;
	u32 slots_collateral;
	u32 flows_moved;
	u32 flows_lost;
	u32 displaced_slots;
	u32 warnings;
};

/**
 * struct maglev_lib_table - A piece of a service's tables. Places are u16 in host byte
 *	order, 0xffff where nobody is.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @first_slot: Where the piece begins.
 * @live: Place of the backend that answers for each slot.
 * @base: Place of the backend that owns each slot; absent where it equals live.
 * @generation: Of the tables; a dump that meets another one is marked interrupted.
 * @table_size: Slots of the whole table.
 */
struct maglev_lib_table {
	u64 has;
	u32 first_slot;
	struct maglev_lib_bytes live;
	struct maglev_lib_bytes base;
	u64 generation;
	u32 table_size;
};

/**
 * struct maglev_lib_prefix - A range of addresses.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @addr: Its first address, 4 or 16 bytes; bits behind the length are 0.
 * @len: Bits of the address that are fixed; 0 for no prefix, and then addr may be absent.
 */
struct maglev_lib_prefix {
	u64 has;
	struct maglev_lib_addr addr;
	u32 len;
};

/**
 * struct maglev_lib_settings - What holds for a whole network namespace.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @key: The cluster key. Never in a reply.
 * @key_check: Fingerprint of the cluster key.
 * @key_is_zero: 1 if the cluster key is all zero and protects nobody, else 0.
 * @table_size: Slots of the tables of new services, a prime.
 * @flows: Flows that can be tracked, over all CPUs; 0 for none.
 * @flow_bytes: Memory of the flow tables, old ones included.
 * @moving: 1 while flows move from old tables after a change of key or size, which allows
 *	no other, else 0.
 * @fwmark_mask: Packets with a mark in these bits are left to IPVS.
 * @source4: Where the sources of outer IPv4 headers are taken from, one for each flow.
 * @source6: The same for outer IPv6 headers.
 * @probe: 1 if local packets marked probe-base + index go to that backend, else 0.
 * @probe_base: The mark of the probe to pair 0.
 * @rebuild_delay_ms: Milliseconds from a change to the build that includes it; the module
 *	has one for all network namespaces.
 * @hook: Where packets are taken.
 * @replace_mh: Do we answer to the scheduler name mh?
 * @cpus: CPUs that share the flow tables.
 * @version: The plane's version.
 * @plane: Who answers, kernel or dpdk.
 * @lines: Lines of each CPU's flow table; 0 while there are none.
 * @changes: How often services and backends came or went; while it stays, so do the
 *	indexes of pairs.
 */
struct maglev_lib_settings {
	u64 has;
	u8 key[16];
	u64 key_check;
	u32 key_is_zero;
	u32 table_size;
	u32 flows;
	u64 flow_bytes;
	u32 moving;
	u32 fwmark_mask;
	struct maglev_lib_prefix source4;
	struct maglev_lib_prefix source6;
	u32 probe;
	u32 probe_base;
	u32 rebuild_delay_ms;
	u32 hook;
	u32 replace_mh;
	u32 cpus;
	char version[32];
	char plane[16];
	u32 lines;
	u32 changes;
};

/**
 * struct maglev_lib_reason_count - How many packets were not forwarded for one reason.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @reason: The reason.
 * @name: As scripts know it.
 * @verdict: What became of them.
 * @count: Packets.
 * @text: As people read it.
 */
struct maglev_lib_reason_count {
	u64 has;
	u32 reason;
	char name[32];
	u32 verdict;
	u64 count;
	char text[128];
};

/**
 * struct maglev_lib_counters - What we did in this network namespace.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @forwarded: Packets forwarded; a super-packet counts once.
 * @segments: Packets forwarded, as they are on the wire.
 * @bytes: Bytes forwarded, without outer headers.
 * @flows_new: Flows begun.
 * @adopted: Flows taken over from other CPUs and old tables.
 * @outside: Flows taken over from IPVS.
 * @evicted: Closing, reset or half-open flows that made room for others.
 * @untracked_full: Packets whose flow met established flows all around.
 * @untracked_busy: Packets whose flow could not be looked for on other CPUs, for lack of
 *	budget.
 * @foreign_lines: Lines of other CPUs' tables read.
 * @errors: ICMP errors forwarded to the backend of the flow they are about.
 * @probes: Probes sent.
 * @gap: Packets that met IPVS while it changed a service's scheduler.
 * @flows: Flows tracked, as the last sweep saw them.
 * @capacity: Flows there is room for, all entries counted.
 * @published: Tables published.
 * @build_errors: Builds that failed.
 * @early: Packets forwarded before routing, by the hook early.
 */
struct maglev_lib_counters {
	u64 has;
	u64 forwarded;
	u64 segments;
	u64 bytes;
	u64 flows_new;
	u64 adopted;
	u64 outside;
	u64 evicted;
	u64 untracked_full;
	u64 untracked_busy;
	u64 foreign_lines;
	u64 errors;
	u64 probes;
	u64 gap;
	u32 flows;
	u32 capacity;
	u64 published;
	u64 build_errors;
	u64 early;
};

/**
 * struct maglev_lib_words - Tracked flows of one CPU as its table has them, to outlive
 *	the plane. They are of use under the same key only, and in the same lines of tables
 *	with as many.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @cpu: In whose table they are; a restore to a CPU that has none puts them into another
 *	one's.
 * @lines: Lines that the table has.
 * @key_check: Fingerprint of the key that their hashes are under.
 * @changes: That of the settings when their indexes were those of these pairs.
 * @line: In which line each is, u32 in host byte order.
 * @word: Each, u64 in host byte order. From the highest bit, 38 bits of its hash (hash >>
 *	26), 16 of its pair's index + 1, 2 of its state, 8 of its age in units of 4 seconds, or
 *	32 when established.
 */
struct maglev_lib_words {
	u64 has;
	u32 cpu;
	u32 lines;
	u64 key_check;
	u32 changes;
	struct maglev_lib_bytes line;
	struct maglev_lib_bytes word;
};

/**
 * struct maglev_lib_restored - What became of the flows of a restore.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @put: Put into a table.
 * @expired: Older than their timeout.
 * @known: Tracked already, by what came since.
 * @full: Left out, as there is no room in their line on any CPU.
 */
struct maglev_lib_restored {
	u64 has;
	u32 put;
	u32 expired;
	u32 known;
	u32 full;
};

/**
 * struct maglev_lib_message - What messages hold; which ones, their operations say.
 * @has: MAGLEV_LIB_HAS() of each member that is there
 * @service: A service.
 * @backend: A backend.
 * @flow: A tracked flow.
 * @flow_count: Tracked flows by state.
 * @tuple: A packet.
 * @decision: Where the packet goes.
 * @preview: What changes would do.
 * @table: A piece of a table.
 * @settings: What holds for the network namespace.
 * @counters: What was done in the network namespace.
 * @seq: Number of an event in its network namespace; each is one more than the last.
 * @cause: Who or what brought an event about.
 * @old_state: A backend's effective state before.
 * @flows: Flows flushed.
 * @words: Tracked flows as tables have them.
 * @restored: What became of them.
 * @raw: the struct nlmsghdr it was read from, for maglev_lib_next(); or NULL
 */
struct maglev_lib_message {
	u64 has;
	struct maglev_lib_service service;
	struct maglev_lib_backend backend;
	struct maglev_lib_flow flow;
	struct maglev_lib_flow_count flow_count;
	struct maglev_lib_tuple tuple;
	struct maglev_lib_decision decision;
	struct maglev_lib_preview preview;
	struct maglev_lib_table table;
	struct maglev_lib_settings settings;
	struct maglev_lib_counters counters;
	u32 seq;
	u32 cause;
	u32 old_state;
	u32 flows;
	struct maglev_lib_words words;
	struct maglev_lib_restored restored;
	const void *raw;
};

extern const struct maglev_lib_object maglev_lib_service_key_object;
extern const struct maglev_lib_object maglev_lib_timeouts_object;
extern const struct maglev_lib_object maglev_lib_stats_object;
extern const struct maglev_lib_object maglev_lib_service_object;
extern const struct maglev_lib_object maglev_lib_backend_object;
extern const struct maglev_lib_object maglev_lib_entry_object;
extern const struct maglev_lib_object maglev_lib_flow_object;
extern const struct maglev_lib_object maglev_lib_flow_count_object;
extern const struct maglev_lib_object maglev_lib_tuple_object;
extern const struct maglev_lib_object maglev_lib_outer_object;
extern const struct maglev_lib_object maglev_lib_decision_object;
extern const struct maglev_lib_object maglev_lib_preview_object;
extern const struct maglev_lib_object maglev_lib_table_object;
extern const struct maglev_lib_object maglev_lib_prefix_object;
extern const struct maglev_lib_object maglev_lib_settings_object;
extern const struct maglev_lib_object maglev_lib_reason_count_object;
extern const struct maglev_lib_object maglev_lib_counters_object;
extern const struct maglev_lib_object maglev_lib_words_object;
extern const struct maglev_lib_object maglev_lib_restored_object;
extern const struct maglev_lib_object maglev_lib_message_object;

extern const struct maglev_lib_names maglev_lib_state_names;
extern const struct maglev_lib_names maglev_lib_mode_names;
extern const struct maglev_lib_names maglev_lib_forwarding_names;
extern const struct maglev_lib_names maglev_lib_left_because_names;
extern const struct maglev_lib_names maglev_lib_flow_state_names;
extern const struct maglev_lib_names maglev_lib_method_names;
extern const struct maglev_lib_names maglev_lib_tunnel_names;
extern const struct maglev_lib_names maglev_lib_verdict_names;
extern const struct maglev_lib_names maglev_lib_reason_names;
extern const struct maglev_lib_names maglev_lib_source_names;
extern const struct maglev_lib_names maglev_lib_track_names;
extern const struct maglev_lib_names maglev_lib_cause_names;
extern const struct maglev_lib_names maglev_lib_hook_names;
extern const struct maglev_lib_names maglev_lib_replace_mh_names;
extern const struct maglev_lib_names maglev_lib_op_names;
extern const struct maglev_lib_names maglev_lib_warning_names;
extern const struct maglev_lib_names maglev_lib_tcp_flag_names;
extern const struct maglev_lib_names maglev_lib_command_names;

#endif
