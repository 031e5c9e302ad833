/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests, read: attributes in, plain structs out. Pure: nothing of the module's state is
 * looked at, so this room's part that reads bytes we did not write runs in a fuzzer as well.
 */
#ifndef MAGLEV_KMOD_NETLINK_REQUEST_H
#define MAGLEV_KMOD_NETLINK_REQUEST_H

#include "prefix.h"
#include "service_key.h"

#include <maglev/flow.h>
#include <maglev/table.h>

struct maglev_packet;
struct netlink_ext_ack;
struct nlattr;

/**
 * enum maglev_request_use - what an object is named for
 * @MAGLEV_REQUEST_NAME: to be found; nothing but its name is read
 * @MAGLEV_REQUEST_SET: to be changed
 * @MAGLEV_REQUEST_PREVIEW: to be changed in thought, where what is IPVS's may change too
 * @MAGLEV_REQUEST_OWN: to be created or changed by a plane without IPVS
 */
enum maglev_request_use {
	MAGLEV_REQUEST_NAME,
	MAGLEV_REQUEST_SET,
	MAGLEV_REQUEST_PREVIEW,
	MAGLEV_REQUEST_OWN,
};

/**
 * struct maglev_request_service - a service in a request
 * @at: its nest, for what is said of it; NULL: there is none
 * @table_size_at: the attribute of @table_size, likewise
 * @fragments_at: that of @fragments; NULL: it does not count
 * @key: its name
 * @has_mode: @mode_setting counts
 * @mode_setting: enum maglev_mode_setting
 * @table_size: a valid one; 0: none is given
 * @timeouts: seconds, valid ones; 0: none is given
 * @fragments: they follow the first of them
 */
struct maglev_request_service {
	const struct nlattr *at;
	const struct nlattr *table_size_at;
	const struct nlattr *fragments_at;
	struct maglev_service_key key;
	bool has_mode;
	u8 mode_setting;
	u32 table_size;
	struct maglev_timeouts timeouts;
	bool fragments;
};

/**
 * struct maglev_request_backend - a backend in a request
 * @at: its nest; NULL: there is none
 * @nominal_at: the attribute of @nominal
 * @addr: as in struct maglev_backend
 * @port: network order
 * @has: bits 1 << MAGLEV_A_BACKEND_*: which of these count
 * @admin: enum maglev_state
 * @health: enum maglev_state
 * @share: percent
 * @nominal: weight; 0: IPVS's
 * @weight: IPVS's
 * @deadline_ms: from now; 0: none
 * @method: enum maglev_nl_method
 * @tunnel: enum maglev_nl_tunnel
 * @tunnel_checksum: GRE carries a checksum
 */
struct maglev_request_backend {
	const struct nlattr *at;
	const struct nlattr *nominal_at;
	u8 addr[MAGLEV_IPV6_BYTES];
	__be16 port;
	u32 has;
	u8 admin;
	u8 health;
	u8 share;
	u32 nominal;
	u32 weight;
	u32 deadline_ms;
	u8 method;
	u8 tunnel;
	bool tunnel_checksum;
};

/**
 * struct maglev_request_entry - a change, of several
 * @at: its nest
 * @op: enum maglev_nl_op
 * @service: which; in a preview there may be none
 * @backend: which, for the operations on backends
 */
struct maglev_request_entry {
	const struct nlattr *at;
	u32 op;
	struct maglev_request_service service;
	struct maglev_request_backend backend;
};

/**
 * struct maglev_request_tuple - a packet in a request
 * @at: its nest
 * @tuple: the flow
 * @protocol: IPPROTO_*
 * @flags: MAGLEV_TCP_*, as a packet of @protocol would be parsed
 * @loops: it comes from the address it goes to
 * @mark: its firewall mark
 * @length: of the IP packet; 0: not asked
 */
struct maglev_request_tuple {
	const struct nlattr *at;
	struct maglev_tuple tuple;
	u8 protocol;
	u8 flags;
	bool loops;
	u32 mark;
	u32 length;
};

/**
 * struct maglev_request_settings - settings in a request
 * @has: bits 1 << MAGLEV_A_SETTINGS_*: which of these count
 * @at: by MAGLEV_A_SETTINGS_*: the attributes
 * @key: the cluster key; secret
 * @table_size: of new services
 * @flows: to be tracked
 * @fwmark_mask: packets with a mark under it are IPVS's first
 * @source: outer sources, IPv4 and IPv6; their host bits are zero
 * @probing: probes are sent
 * @probe_base: the mark of a probe to pair 0
 * @rebuild_delay_ms: from a change to the build
 * @hook: enum maglev_nl_hook, not early
 */
struct maglev_request_settings {
	u32 has;
	const struct nlattr *at[16];
	struct maglev_key key;
	u32 table_size;
	u32 flows;
	u32 fwmark_mask;
	struct maglev_prefix source[2];
	bool probing;
	u32 probe_base;
	u32 rebuild_delay_ms;
	u8 hook;
};

/**
 * struct maglev_request_words - flows of one CPU, to be tracked again, in a request
 * @at: their nest
 * @lines_at: the attribute of @lines
 * @key_check_at: that of @key_check
 * @changes_at: that of @changes
 * @line_at: that of @line
 * @word_at: that of @word
 * @cpu: in whose table they were
 * @lines: of that table
 * @key_check: of its key
 * @changes: the namespace's, when indexes were these
 * @n: how many, at most MAGLEV_NL_WORDS_MAX
 * @line: n * u32, anyhow aligned
 * @word: n * u64, likewise
 */
struct maglev_request_words {
	const struct nlattr *at;
	const struct nlattr *lines_at;
	const struct nlattr *key_check_at;
	const struct nlattr *changes_at;
	const struct nlattr *line_at;
	const struct nlattr *word_at;
	u32 cpu;
	u32 lines;
	u64 key_check;
	u32 changes;
	u32 n;
	const u8 *line;
	const u8 *word;
};

/**
 * maglev_request_read_service() - read a service
 * @service: written whole
 * @nest: the attribute; NULL is refused
 * @use: what for
 * @extack: says what is wrong with it
 *
 * Return: 0 or -EINVAL.
 */
int maglev_request_read_service(struct maglev_request_service *service, const struct nlattr *nest,
				enum maglev_request_use use, struct netlink_ext_ack *extack);

/**
 * maglev_request_read_backend() - read a backend
 * @backend: written whole
 * @nest: the attribute; NULL is refused
 * @use: what for
 * @extack: says what is wrong with it
 *
 * Return: 0, -EINVAL, or -EOPNOTSUPP for what IPVS has to be asked for.
 */
int maglev_request_read_backend(struct maglev_request_backend *backend, const struct nlattr *nest,
				enum maglev_request_use use, struct netlink_ext_ack *extack);

/**
 * maglev_request_read_size() - read a table size
 * @size: written
 * @attr: the attribute
 * @extack: is told if it is no prime in range
 *
 * Return: 0 or -EINVAL.
 */
int maglev_request_read_size(u32 *size, const struct nlattr *attr, struct netlink_ext_ack *extack);

/**
 * maglev_request_count_entries() - how many changes are there?
 * @head: the message's first attribute
 * @len: bytes of its attributes
 */
u32 maglev_request_count_entries(const struct nlattr *head, int len);

/**
 * maglev_request_read_entries() - read the changes of a batch or a preview
 * @entries: room for as many as there are
 * @head: the message's first attribute
 * @len: bytes of its attributes
 * @use: MAGLEV_REQUEST_SET, _PREVIEW or _OWN
 * @extack: says what is wrong with the first that is refused
 *
 * Return: 0, -EINVAL, or -EOPNOTSUPP.
 */
int maglev_request_read_entries(struct maglev_request_entry *entries, const struct nlattr *head,
				int len, enum maglev_request_use use,
				struct netlink_ext_ack *extack);

/**
 * maglev_request_read_flow_state() - read the filter of a dump of flows
 * @state: enum maglev_flow_state, or -1: all; written
 * @nest: the attribute, or NULL
 * @extack: says what is wrong with it
 *
 * Return: 0 or -EINVAL.
 */
int maglev_request_read_flow_state(int *state, const struct nlattr *nest,
				   struct netlink_ext_ack *extack);

/**
 * maglev_request_read_tuple() - read a packet that is asked about
 * @packet: written whole
 * @nest: the attribute; NULL is refused
 * @extack: says what is wrong with it
 *
 * Return: 0 or -EINVAL.
 */
int maglev_request_read_tuple(struct maglev_request_tuple *packet, const struct nlattr *nest,
			      struct netlink_ext_ack *extack);

/**
 * maglev_request_packet() - the packet that is asked about, as it would be parsed
 * @packet: written whole
 * @request: the tuple
 */
void maglev_request_packet(struct maglev_packet *packet,
			   const struct maglev_request_tuple *request);

/**
 * maglev_request_read_settings() - read settings
 * @settings: written whole
 * @nest: the attribute; NULL is refused
 * @extack: says what is wrong with it
 *
 * Return: 0, -EINVAL, or -EOPNOTSUPP for what this version does not do.
 */
int maglev_request_read_settings(struct maglev_request_settings *settings,
				 const struct nlattr *nest, struct netlink_ext_ack *extack);

/**
 * maglev_request_read_words() - read flows that are to be tracked again
 * @words: written whole; points into the request
 * @nest: the attribute; NULL is refused
 * @extack: says what is wrong with it
 *
 * Return: 0 or -EINVAL.
 */
int maglev_request_read_words(struct maglev_request_words *words, const struct nlattr *nest,
			      struct netlink_ext_ack *extack);

/**
 * maglev_request_line() - in which line one of them was
 * @words: as read
 * @i: which, below @words->n
 */
static inline u32 maglev_request_line(const struct maglev_request_words *words, u32 i)
{
	u32 line;

	memcpy(&line, words->line + i * sizeof(line), sizeof(line));
	return line;
}

/**
 * maglev_request_word() - one of them, its age in place of its time
 * @words: as read
 * @i: which, below @words->n
 */
static inline u64 maglev_request_word(const struct maglev_request_words *words, u32 i)
{
	u64 word;

	memcpy(&word, words->word + i * sizeof(word), sizeof(word));
	return word;
}

#endif
