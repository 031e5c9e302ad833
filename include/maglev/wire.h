/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Headers as they stand on the wire, for whoever reads or writes packets. All are packed:
 * packets come at any alignment.
 */
#ifndef MAGLEV_WIRE_H
#define MAGLEV_WIRE_H

#include <maglev/env.h>

/* What follows an IP header (IANA, Protocol Numbers). */
enum {
	MAGLEV_PROTO_HOP_BY_HOP = 0,
	MAGLEV_PROTO_ICMP = 1,
	MAGLEV_PROTO_IPV4 = 4, /* IP in IP */
	MAGLEV_PROTO_TCP = 6,
	MAGLEV_PROTO_UDP = 17,
	MAGLEV_PROTO_IPV6 = 41,
	MAGLEV_PROTO_ROUTING = 43,
	MAGLEV_PROTO_FRAGMENT = 44,
	MAGLEV_PROTO_GRE = 47,
	MAGLEV_PROTO_ESP = 50,
	MAGLEV_PROTO_AH = 51,
	MAGLEV_PROTO_ICMPV6 = 58,
	MAGLEV_PROTO_NONE = 59, /* IPv6: nothing follows */
	MAGLEV_PROTO_OPTIONS = 60, /* IPv6: for the destination */
	MAGLEV_PROTO_SCTP = 132,
};

/* Of struct maglev_ipv4_header's @fragment. */
enum {
	MAGLEV_IPV4_DONT_FRAGMENT = 0x4000,
	MAGLEV_IPV4_MORE_FRAGMENTS = 0x2000,
	MAGLEV_IPV4_FRAGMENT_OFFSET = 0x1fff,
};

/* Of struct maglev_ipv6_extension's @fragment. */
enum {
	MAGLEV_IPV6_MORE_FRAGMENTS = 0x0001,
	MAGLEV_IPV6_FRAGMENT_OFFSET = 0xfff8,
};

/* Of struct maglev_gre_header (RFC 2784, 2.1). */
enum {
	MAGLEV_GRE_CSUM = 0x8000,
	MAGLEV_GRE_IPV4 = 0x0800,
	MAGLEV_GRE_IPV6 = 0x86dd,
};

/* Types of ICMP, and a code (IANA, ICMP Parameters). */
enum {
	MAGLEV_ICMP_UNREACHABLE = 3,
	MAGLEV_ICMP_QUENCH = 4,
	MAGLEV_ICMP_ECHO = 8,
	MAGLEV_ICMP_TIME_EXCEEDED = 11,
	MAGLEV_ICMP_PARAMETER_PROBLEM = 12,
	MAGLEV_ICMP_FRAGMENTATION_NEEDED = 4, /* code of MAGLEV_ICMP_UNREACHABLE */
};

/* Types of ICMPv6 (IANA, ICMPv6 Parameters). */
enum {
	MAGLEV_ICMPV6_UNREACHABLE = 1,
	MAGLEV_ICMPV6_TOO_BIG = 2,
	MAGLEV_ICMPV6_TIME_EXCEEDED = 3,
	MAGLEV_ICMPV6_PARAMETER_PROBLEM = 4,
	MAGLEV_ICMPV6_ECHO = 128,
};

/* Types of SCTP chunks (RFC 9260, 3.2). */
enum {
	MAGLEV_SCTP_INIT = 1,
	MAGLEV_SCTP_ABORT = 6,
	MAGLEV_SCTP_SHUTDOWN = 7,
	MAGLEV_SCTP_SHUTDOWN_COMPLETE = 14,
};

/**
 * struct maglev_ipv4_header - RFC 791, 3.1
 * @version_ihl: 4, and its length in 32-bit words
 * @dsfield: DSCP and ECN
 * @total_len: header and payload
 * @id: of fragments that belong together
 * @fragment: MAGLEV_IPV4_DONT_FRAGMENT and its neighbours
 * @ttl: hops left
 * @protocol: of what follows the options
 * @check: the Internet checksum of the header
 * @saddr: source
 * @daddr: destination
 */
struct maglev_ipv4_header {
	u8 version_ihl;
	u8 dsfield;
	__be16 total_len;
	__be16 id;
	__be16 fragment;
	u8 ttl;
	u8 protocol;
	__be16 check;
	u8 saddr[4];
	u8 daddr[4];
} __packed;

static_assert(sizeof(struct maglev_ipv4_header) == 20);

/**
 * struct maglev_ipv6_header - RFC 8200, 3
 * @version_class_label: 6 in 4 bits, DSCP and ECN in 8, flow label in 20
 * @payload_len: of all that follows
 * @next_header: of what follows
 * @hop_limit: hops left
 * @saddr: source
 * @daddr: destination
 */
struct maglev_ipv6_header {
	__be32 version_class_label;
	__be16 payload_len;
	u8 next_header;
	u8 hop_limit;
	u8 saddr[16];
	u8 daddr[16];
} __packed;

static_assert(sizeof(struct maglev_ipv6_header) == 40);

/**
 * struct maglev_ipv6_extension - the start of any IPv6 extension header (RFC 8200, 4; RFC 4302)
 * @next_header: of what follows it
 * @len: beyond 8 bytes, in units of 8; of AH: beyond 8 bytes, in units of 4; not of fragments
 * @fragment: of a fragment header: MAGLEV_IPV6_FRAGMENT_OFFSET and MORE_FRAGMENTS
 * @routing: of a routing header: its type and how many segments are left
 * @routing.type: see @routing
 * @routing.segments_left: see @routing
 * @rest: differs
 */
struct maglev_ipv6_extension {
	u8 next_header;
	u8 len;
	union {
		__be16 fragment;
		struct {
			u8 type;
			u8 segments_left;
		} routing;
	};
	u8 rest[4];
} __packed;

static_assert(sizeof(struct maglev_ipv6_extension) == 8);

/**
 * struct maglev_gre_header - RFC 2784, 2
 * @flags: MAGLEV_GRE_CSUM or 0; other bits are keys, numbers, routes and versions
 * @protocol: MAGLEV_GRE_IPV4 or MAGLEV_GRE_IPV6
 * @check: there if MAGLEV_GRE_CSUM is set: of the header and all that follows
 * @reserved: with @check; 0
 */
struct maglev_gre_header {
	__be16 flags;
	__be16 protocol;
	__be16 check;
	__be16 reserved;
} __packed;

static_assert(sizeof(struct maglev_gre_header) == 8);

/**
 * struct maglev_icmp_header - RFC 792; RFC 4443, 2.1
 * @type: of the message
 * @code: likewise
 * @check: the checksum
 * @mtu: of "packet too big"; of "fragmentation needed" in its lower half; else something else
 */
struct maglev_icmp_header {
	u8 type;
	u8 code;
	__be16 check;
	__be32 mtu;
} __packed;

static_assert(sizeof(struct maglev_icmp_header) == 8);

/**
 * struct maglev_ports - what TCP, UDP and SCTP begin with; as much as an ICMP error must quote
 * @sport: source
 * @dport: destination
 * @rest: differs
 */
struct maglev_ports {
	__be16 sport;
	__be16 dport;
	u8 rest[4];
} __packed;

static_assert(sizeof(struct maglev_ports) == 8);

/**
 * struct maglev_tcp_header - RFC 9293, 3.1, as far as the flags
 * @sport: source
 * @dport: destination
 * @seq: of the first byte
 * @ack: of the next byte expected
 * @offset: length of the header in 32-bit words in the upper half
 * @flags: MAGLEV_TCP_FIN and its neighbours
 */
struct maglev_tcp_header {
	__be16 sport;
	__be16 dport;
	__be32 seq;
	__be32 ack;
	u8 offset;
	u8 flags;
} __packed;

static_assert(sizeof(struct maglev_tcp_header) == 14);

/**
 * struct maglev_udp_header - RFC 768
 * @sport: source
 * @dport: destination
 * @len: header and payload
 * @check: the checksum, or 0
 */
struct maglev_udp_header {
	__be16 sport;
	__be16 dport;
	__be16 len;
	__be16 check;
} __packed;

static_assert(sizeof(struct maglev_udp_header) == 8);

/**
 * struct maglev_sctp_header - RFC 9260, 3.1
 * @sport: source
 * @dport: destination
 * @vtag: of the association
 * @check: the checksum
 *
 * The type of the first chunk is the byte that follows.
 */
struct maglev_sctp_header {
	__be16 sport;
	__be16 dport;
	__be32 vtag;
	__be32 check;
} __packed;

static_assert(sizeof(struct maglev_sctp_header) == 12);

#endif
