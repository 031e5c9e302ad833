/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Traffic of very many flows for the network tests: "frames send" makes it, "frames sink" says
 * which backend each flow was tunnelled to. An address is always a struct in6_addr here, IPv4
 * mapped (::ffff:a.b.c.d), so that there is one path for both families.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include <maglev/env.h>

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	DEVICES_MAX = 256,
	VIPS_MAX = 8,
	MAC_BYTES = 6,
	ETHERNET_BYTES = 14,
	IP4_BYTES = 20,
	IP6_BYTES = 40,
	TCP_BYTES = 20,
	UDP_BYTES = 8,
	ADDRESS_CHARS = INET6_ADDRSTRLEN,
	MAPPED_BITS = 96, /* of an IPv4 address before its own */
};

/* What a payload starts with: this, the number of the flow and that of the packet, all __be32. */
#define PAYLOAD_MAGIC 0x4d474c56 /* "MGLV" */
#define PAYLOAD_HEAD 12

enum kind {
	KIND_SYN,
	KIND_ACK,
	KIND_FIN,
	KIND_RST,
	KIND_DATA,
	KIND_UDP,
	KIND_MIXED,
	KIND_HANDSHAKE
};
enum proto {
	PROTO_TCP,
	PROTO_UDP
};
enum order {
	ORDER_ROUND,
	ORDER_RANDOM,
	ORDER_SEQUENTIAL
};

struct prefix {
	struct in6_addr base;
	u32 bits; /* of 128 */
};

struct mac {
	bool known; /* else it is to be found out */
	u8 bytes[MAC_BYTES];
};

/* What the command line said; 0, NULL and -1 for a word are "nothing". */
struct options {
	const char *devices[DEVICES_MAX];
	u32 n_devices;
	struct in6_addr vips[VIPS_MAX];
	u32 n_vips;
	struct mac dst_mac;
	struct prefix src_net;
	bool has_src_net, has_flows, spoof, count_only;
	int kind, proto, order;
	u64 port, flows, first, packets, payload, rate, seed, seconds;
	u64 expect, idle_ms, ring_mib, times, allow;
	const char *out, *ready, *cumulative, *file;
	char *const *words; /* what is no option */
	int n_words;
};

/* Who a flow is: flow k is the same for the same seed and prefix, on every machine. */
struct tuples {
	u64 keys[4];
	u32 bits; /* there are 2^bits tuples */
	struct in6_addr base;
};

struct link {
	int fd, index;
	const char *name;
	u32 mtu;
	u8 mac[MAC_BYTES];
};

/* frames.c */
extern volatile sig_atomic_t frames_stopped; /* by SIGINT or SIGTERM */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void die_usage(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
bool parse_address(const char *text, struct in6_addr *address);
const char *address_text(const struct in6_addr *address, char text[ADDRESS_CHARS]);
u64 now_ns(void);

static inline bool is_ip4(const struct in6_addr *address)
{
	return IN6_IS_ADDR_V4MAPPED(address);
}

static inline u64 mix64(u64 x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* The Internet checksum's sum; only the last piece may be of odd length. */
static inline u64 sum_bytes(u64 sum, const void *data, size_t len)
{
	const u8 *at = data;
	u32 word = 0;

	for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		sum += word;
	}
	word = 0;
	memcpy(&word, at, len);
	return sum + word;
}

static inline u16 fold(u64 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* frames_tuple.c */
void permute_init(u64 keys[4], u64 seed);
u64 permute(const u64 keys[4], u32 bits, u64 x);
void tuples_init(struct tuples *tuples, struct options *options);
void tuples_get(const struct tuples *tuples, u32 flow, struct in6_addr *address, u16 *port);
int run_tuples(struct options *options);

/* frames_link.c */
void link_open(struct link *link, const char *device);
void link_resolve(const struct link *link, const struct in6_addr *dst, struct mac *mac);
u64 link_dropped(const struct link *link);

/* frames_send.c */
int run_send(struct options *options);
int run_inject(struct options *options);

/* frames_parse.c */
enum verdict {
	IS_FLOW,
	/* not for us */
	OTHER_PROTOCOL,
	OTHER_FRAGMENT,
	OTHER_DESTINATION,
	/* broken */
	BAD_TRUNCATED,
	BAD_OUTER_HEADER,
	BAD_OUTER_LENGTH,
	BAD_OUTER_CHECKSUM,
	BAD_GRE_FLAGS,
	BAD_GRE_CHECKSUM,
	BAD_GRE_PROTOCOL,
	BAD_INNER_HEADER,
	BAD_INNER_LENGTH,
	BAD_INNER_CHECKSUM,
	BAD_L4_LENGTH,
	BAD_L4_CHECKSUM,
	VERDICTS,
};

extern const char *const verdict_names[VERDICTS];

struct seen {
	struct in6_addr backend, src;
	u16 sport;
};

enum verdict parse_tunnelled(const struct options *options, const u8 *packet, u32 len,
			     bool has_checksums, struct seen *seen);

/* frames_flows.c: what a sink has seen */
enum {
	BACKENDS_MAX = 16384,
	BACKEND_SLOTS = 2 * BACKENDS_MAX,
	FLOWS_MAX = 1 << 24,
};

struct flow {
	struct in6_addr src; /* with the port: the order of the file */
	__be16 sport;
	u16 backend; /* number in the table below */
	u32 packets, changes;
	bool used, seen, changed; /* in this run */
};

struct flows {
	struct flow *slots;
	u32 mask, used;
	u32 seen, changed; /* in this run */
	struct in6_addr backends[BACKENDS_MAX];
	u64 counts[BACKENDS_MAX];
	u16 backend_slots[BACKEND_SLOTS]; /* number + 1 */
	u32 n_backends;
};

struct flows *flows_create(void);
void flows_destroy(struct flows *flows);
void flows_add(struct flows *flows, const struct seen *seen, bool count_only);
void flows_load(struct flows *flows, const char *file);
void flows_save(struct flows *flows, const char *file);
void flows_print_backends(const struct flows *flows);
int run_compare(struct options *options);

/* frames_sink.c */
int run_sink(struct options *options);

#endif
