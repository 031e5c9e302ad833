// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading packets: the IP header and its extensions, the transport header, and what an ICMP
 * error quotes, which is read by the same functions. Packet path: pure and bounded. Every
 * header is asked for through maglev_bytes_at(), in a view that ends where the innermost IP
 * packet says that it ends.
 */
#include <maglev/packet.h>
#include <maglev/wire.h>

enum {
	CLEAR_BYTES = 32, /* at a time: gcc clears with a few stores */
	AH_LEN_MIN = 1, /* 12 bytes before its check value (RFC 4302, 2) */
	TCP_HEADER_MIN = 20,
};

enum outcome {
	OUTCOME_DONE,
	OUTCOME_CUT, /* the bytes end before the headers do */
	OUTCOME_BROKEN, /* a header contradicts itself */
};

/* An IP header and its extensions, read. */
struct network {
	u8 addr[2 * MAGLEV_IPV6_BYTES]; /* source and destination, addr_len bytes each */
	u32 addr_len; /* 0 if the IP header could not be read; then only @version is set */
	u32 offset; /* of the transport header, in the view */
	u32 len; /* of the packet, from its IP header on */
	u8 version; /* 0 if not even that could be read */
	u8 protocol; /* of the transport header */
	u8 dsfield;
	u8 ttl;
	bool dont_fragment;
	bool loops; /* from an address to itself */
	bool unsized; /* the header says length 0: as long as the view */
	bool whole; /* all of the packet is in the view */
	bool fragment; /* not the whole of what was sent */
	bool later; /* not even its start */
};

static inline u8 sctp_flags(u8 chunk)
{
	switch (chunk) {
	case MAGLEV_SCTP_INIT:
		return MAGLEV_TCP_SYN;
	case MAGLEV_SCTP_ABORT:
		return MAGLEV_TCP_RST;
	case MAGLEV_SCTP_SHUTDOWN:
	case MAGLEV_SCTP_SHUTDOWN_COMPLETE:
		return MAGLEV_TCP_FIN;
	default:
		return 0;
	}
}

/* End the view where the packet at @start ends, which is in it as far as its header at least. */
static inline void limit_view(struct maglev_bytes *view, struct network *network, u32 start,
			      u32 len)
{
	u32 left = view->len - start;

	network->whole = len <= left;
	network->len = len;
	if (len < left)
		view->len = start + len;
	if (view->head_len > view->len)
		view->head_len = view->len;
}

static inline enum outcome read_ipv4(struct network *network, struct maglev_bytes *view, u32 start)
{
	const struct maglev_ipv4_header *ip;
	struct maglev_ipv4_header buffer;
	u32 header_len, len;
	u16 fragment;

	ip = maglev_bytes_at(view, start, sizeof(*ip), &buffer);
	if (!ip)
		return OUTCOME_CUT;
	header_len = (ip->version_ihl & 0x0f) * 4;
	fragment = be16_to_cpu(ip->fragment);
	memcpy(network->addr, ip->saddr, sizeof(ip->saddr));
	memcpy(network->addr + sizeof(ip->saddr), ip->daddr, sizeof(ip->daddr));
	network->addr_len = MAGLEV_IPV4_BYTES;
	network->offset = start + header_len;
	network->protocol = ip->protocol;
	network->dsfield = ip->dsfield;
	network->ttl = ip->ttl;
	network->dont_fragment = fragment & MAGLEV_IPV4_DONT_FRAGMENT;
	network->loops = !memcmp(ip->saddr, ip->daddr, sizeof(ip->saddr));
	network->fragment = fragment & (MAGLEV_IPV4_MORE_FRAGMENTS | MAGLEV_IPV4_FRAGMENT_OFFSET);
	network->later = fragment & MAGLEV_IPV4_FRAGMENT_OFFSET;
	len = be16_to_cpu(ip->total_len);
	network->unsized = !len;
	if (!len)
		len = view->len - start;
	if (header_len < sizeof(*ip) || len < header_len)
		return OUTCOME_BROKEN;
	limit_view(view, network, start, len);
	return header_len <= view->len - start ? OUTCOME_DONE : OUTCOME_CUT;
}

static inline bool is_extension(u8 protocol)
{
	switch (protocol) {
	case MAGLEV_PROTO_HOP_BY_HOP:
	case MAGLEV_PROTO_ROUTING:
	case MAGLEV_PROTO_FRAGMENT:
	case MAGLEV_PROTO_AH:
	case MAGLEV_PROTO_OPTIONS:
		return true;
	default:
		return false;
	}
}

/* Return: bytes of an extension header; 0 if it cannot be that short. */
static inline u32 extension_len(u8 protocol, const struct maglev_ipv6_extension *extension)
{
	switch (protocol) {
	case MAGLEV_PROTO_FRAGMENT:
		return sizeof(*extension);
	case MAGLEV_PROTO_AH:
		return extension->len < AH_LEN_MIN ? 0 : (extension->len + 2) * 4;
	default:
		return (extension->len + 1) * 8;
	}
}

/*
 * Ends at the transport header, behind the header of a fragment that is not the first, or at
 * a routing header with segments left: that packet is not where it goes yet.
 */
static enum outcome skip_extensions(struct network *network, const struct maglev_bytes *view)
{
	const struct maglev_ipv6_extension *extension;
	struct maglev_ipv6_extension buffer;
	u32 n, len;
	u16 fragment;

	for (n = 0; is_extension(network->protocol) && !network->later; n++) {
		if (n == MAGLEV_EXTENSIONS_MAX)
			return OUTCOME_BROKEN;
		extension = maglev_bytes_at(view, network->offset, sizeof(buffer), &buffer);
		if (!extension)
			return OUTCOME_CUT;
		if (network->protocol == MAGLEV_PROTO_ROUTING && extension->routing.segments_left)
			return OUTCOME_DONE;
		len = extension_len(network->protocol, extension);
		if (!len)
			return OUTCOME_BROKEN;
		if (len > view->len - network->offset)
			return OUTCOME_CUT;
		if (network->protocol == MAGLEV_PROTO_FRAGMENT) {
			fragment = be16_to_cpu(extension->fragment);
			network->fragment |= fragment & (MAGLEV_IPV6_FRAGMENT_OFFSET |
							 MAGLEV_IPV6_MORE_FRAGMENTS);
			network->later = fragment & MAGLEV_IPV6_FRAGMENT_OFFSET;
		}
		network->protocol = extension->next_header;
		network->offset += len;
	}
	return OUTCOME_DONE;
}

static inline enum outcome read_ipv6(struct network *network, struct maglev_bytes *view, u32 start)
{
	const struct maglev_ipv6_header *ip;
	struct maglev_ipv6_header buffer;
	u32 len;

	ip = maglev_bytes_at(view, start, sizeof(*ip), &buffer);
	if (!ip)
		return OUTCOME_CUT;
	memcpy(network->addr, ip->saddr, sizeof(ip->saddr));
	memcpy(network->addr + sizeof(ip->saddr), ip->daddr, sizeof(ip->daddr));
	network->addr_len = MAGLEV_IPV6_BYTES;
	network->offset = start + sizeof(*ip);
	network->protocol = ip->next_header;
	network->dsfield = be32_to_cpu(ip->version_class_label) >> 20;
	network->ttl = ip->hop_limit;
	network->dont_fragment = true;
	network->loops = !memcmp(ip->saddr, ip->daddr, sizeof(ip->saddr));
	network->fragment = false;
	network->later = false;
	len = be16_to_cpu(ip->payload_len);
	network->unsized = !len;
	limit_view(view, network, start, len ? sizeof(*ip) + len : view->len - start);
	return skip_extensions(network, view);
}

/* Read the IP packet at @start and end the view where it ends. */
static inline enum outcome read_network(struct network *network, struct maglev_bytes *view,
					u32 start)
{
	const u8 *first;
	u8 buffer;

	network->addr_len = 0;
	network->version = 0;
	network->whole = false;
	first = maglev_bytes_at(view, start, sizeof(buffer), &buffer);
	if (!first)
		return OUTCOME_CUT;
	network->version = *first >> 4;
	switch (network->version) {
	case 4:
		return read_ipv4(network, view, start);
	case 6:
		return read_ipv6(network, view, start);
	default:
		return OUTCOME_BROKEN;
	}
}

static inline void set_flow(struct maglev_packet *packet, const struct network *network,
			    __be16 sport, __be16 dport)
{
	maglev_tuple_init(&packet->tuple, network->addr_len, network->addr,
			  network->addr + network->addr_len, sport, dport, network->protocol);
}

static inline enum maglev_kind parse_tcp(struct maglev_packet *packet,
					 const struct network *network,
					 const struct maglev_bytes *view)
{
	const struct maglev_tcp_header *tcp;
	struct maglev_tcp_header buffer;
	u32 header_len;

	tcp = maglev_bytes_at(view, network->offset, sizeof(*tcp), &buffer);
	if (!tcp)
		return MAGLEV_KIND_MALFORMED;
	header_len = (tcp->offset >> 4) * 4;
	if (header_len < TCP_HEADER_MIN || header_len > view->len - network->offset)
		return MAGLEV_KIND_MALFORMED;
	packet->flags = tcp->flags &
			(MAGLEV_TCP_FIN | MAGLEV_TCP_SYN | MAGLEV_TCP_RST | MAGLEV_TCP_ACK);
	set_flow(packet, network, tcp->sport, tcp->dport);
	return MAGLEV_KIND_FLOW;
}

static inline enum maglev_kind parse_udp(struct maglev_packet *packet,
					 const struct network *network,
					 const struct maglev_bytes *view)
{
	const struct maglev_udp_header *udp;
	struct maglev_udp_header buffer;
	u32 len;

	udp = maglev_bytes_at(view, network->offset, sizeof(*udp), &buffer);
	if (!udp)
		return MAGLEV_KIND_MALFORMED;
	len = be16_to_cpu(udp->len);
	if (!len && network->unsized)
		len = sizeof(*udp);
	if (len < sizeof(*udp) || len > view->len - network->offset)
		return MAGLEV_KIND_MALFORMED;
	set_flow(packet, network, udp->sport, udp->dport);
	return MAGLEV_KIND_FLOW;
}

static inline enum maglev_kind parse_sctp(struct maglev_packet *packet,
					  const struct network *network,
					  const struct maglev_bytes *view)
{
	const struct maglev_sctp_header *sctp;
	struct maglev_sctp_header buffer;
	const u8 *chunk;
	u8 type;

	sctp = maglev_bytes_at(view, network->offset, sizeof(*sctp), &buffer);
	if (!sctp)
		return MAGLEV_KIND_MALFORMED;
	chunk = maglev_bytes_at(view, network->offset + sizeof(*sctp), sizeof(type), &type);
	packet->flags = chunk ? sctp_flags(*chunk) : 0;
	set_flow(packet, network, sctp->sport, sctp->dport);
	return MAGLEV_KIND_FLOW;
}

static inline bool has_ports(u8 protocol)
{
	return protocol == MAGLEV_PROTO_TCP || protocol == MAGLEV_PROTO_UDP ||
	       protocol == MAGLEV_PROTO_SCTP;
}

/*
 * Return: bytes of a GRE header of the kind that maglev_outer_write() writes, 0 if it is of
 * another; @version is that of the packet inside.
 */
static u32 gre_len(const struct maglev_gre_header *gre, u8 *version)
{
	switch (be16_to_cpu(gre->protocol)) {
	case MAGLEV_GRE_IPV4:
		*version = 4;
		break;
	case MAGLEV_GRE_IPV6:
		*version = 6;
		break;
	default:
		return 0;
	}
	switch (be16_to_cpu(gre->flags)) {
	case 0:
		return offsetof(struct maglev_gre_header, check);
	case MAGLEV_GRE_CSUM:
		return sizeof(*gre);
	default:
		return 0;
	}
}

/* Of an IPv4 header that may be cut behind its first 8 bytes. */
static bool dont_fragment_at(const struct maglev_bytes *view, u32 start)
{
	const u8 *fragment;
	u8 buffer;

	fragment = maglev_bytes_at(view, start + offsetof(struct maglev_ipv4_header, fragment),
				   sizeof(buffer), &buffer);
	return fragment && (*fragment & (MAGLEV_IPV4_DONT_FRAGMENT >> 8));
}

static void set_tunnel_daddr(struct maglev_packet *packet, const struct network *outer)
{
	u32 gap = MAGLEV_IPV6_BYTES - outer->addr_len;

	if (gap)
		memset(packet->tunnel_daddr + gap - 2, 0xff, 2);
	memcpy(packet->tunnel_daddr + gap, outer->addr + outer->addr_len, outer->addr_len);
}

/*
 * The client's packet at @start, of which little may be quoted: many a router stops 8 bytes
 * behind the outer IP header (RFC 792).
 */
static enum maglev_kind parse_inner(struct maglev_packet *packet, struct maglev_bytes *view,
				    u32 start, u8 version)
{
	const struct maglev_ports *ports = NULL;
	struct maglev_ports buffer;
	struct network inner;
	enum outcome outcome;

	packet->inner_offset = start;
	packet->inner_version = version;
	packet->inner_dont_fragment = version == 6 || dont_fragment_at(view, start);
	outcome = read_network(&inner, view, start);
	if (outcome == OUTCOME_BROKEN || (inner.version && inner.version != version))
		return MAGLEV_KIND_MALFORMED;
	if (outcome == OUTCOME_DONE && has_ports(inner.protocol) && !inner.later)
		ports = maglev_bytes_at(view, inner.offset, sizeof(*ports), &buffer);
	if (ports)
		set_flow(packet, &inner, ports->sport, ports->dport);
	return MAGLEV_KIND_TUNNEL_ERROR;
}

static enum maglev_kind parse_tunnel(struct maglev_packet *packet, struct maglev_bytes *view,
				     u32 quote, const struct network *outer)
{
	u8 version = outer->protocol == MAGLEV_PROTO_IPV4 ? 4 : 6;
	const struct maglev_gre_header *gre;
	struct maglev_gre_header buffer;
	u32 len = 0;

	static_assert(sizeof(*gre) == MAGLEV_PORTS_BYTES);
	gre = maglev_bytes_at(view, outer->offset, sizeof(*gre), &buffer);
	if (!gre)
		return MAGLEV_KIND_MALFORMED;
	if (outer->protocol == MAGLEV_PROTO_GRE) {
		len = gre_len(gre, &version);
		if (!len)
			return MAGLEV_KIND_OTHER;
	}
	packet->tunnel_overhead = outer->offset + len - quote;
	set_tunnel_daddr(packet, outer);
	return parse_inner(packet, view, outer->offset + len, version);
}

/* The packet that an ICMP error is about; it went the other way. */
static enum maglev_kind parse_quote(struct maglev_packet *packet, struct maglev_bytes *view,
				    u32 quote)
{
	const struct maglev_ports *ports;
	struct maglev_ports buffer;
	struct network quoted;
	enum outcome outcome;

	outcome = read_network(&quoted, view, quote);
	if (outcome != OUTCOME_DONE || quoted.version != packet->version)
		return MAGLEV_KIND_MALFORMED;
	if (quoted.later)
		return MAGLEV_KIND_OTHER;
	switch (quoted.protocol) {
	case MAGLEV_PROTO_TCP:
	case MAGLEV_PROTO_UDP:
	case MAGLEV_PROTO_SCTP:
		ports = maglev_bytes_at(view, quoted.offset, sizeof(*ports), &buffer);
		if (!ports)
			return MAGLEV_KIND_MALFORMED;
		maglev_tuple_init(&packet->tuple, quoted.addr_len, quoted.addr + quoted.addr_len,
				  quoted.addr, ports->dport, ports->sport, quoted.protocol);
		return MAGLEV_KIND_ERROR;
	case MAGLEV_PROTO_IPV4:
	case MAGLEV_PROTO_IPV6:
	case MAGLEV_PROTO_GRE:
		return parse_tunnel(packet, view, quote, &quoted);
	default:
		return MAGLEV_KIND_OTHER;
	}
}

/* Return: MAGLEV_KIND_ERROR for what quotes a packet; else the kind. Sets the MTU. */
static enum maglev_kind classify_icmpv4(struct maglev_packet *packet,
					const struct maglev_icmp_header *icmp)
{
	switch (icmp->type) {
	case MAGLEV_ICMP_ECHO:
		return MAGLEV_KIND_ECHO;
	case MAGLEV_ICMP_UNREACHABLE:
		if (icmp->code == MAGLEV_ICMP_FRAGMENTATION_NEEDED)
			packet->mtu = be32_to_cpu(icmp->mtu) & 0xffff;
		return MAGLEV_KIND_ERROR;
	case MAGLEV_ICMP_QUENCH:
	case MAGLEV_ICMP_TIME_EXCEEDED:
	case MAGLEV_ICMP_PARAMETER_PROBLEM:
		return MAGLEV_KIND_ERROR;
	default:
		return MAGLEV_KIND_OTHER;
	}
}

static enum maglev_kind classify_icmpv6(struct maglev_packet *packet,
					const struct maglev_icmp_header *icmp)
{
	switch (icmp->type) {
	case MAGLEV_ICMPV6_ECHO:
		return MAGLEV_KIND_ECHO;
	case MAGLEV_ICMPV6_TOO_BIG:
		packet->mtu = be32_to_cpu(icmp->mtu);
		return MAGLEV_KIND_ERROR;
	case MAGLEV_ICMPV6_UNREACHABLE:
	case MAGLEV_ICMPV6_TIME_EXCEEDED:
	case MAGLEV_ICMPV6_PARAMETER_PROBLEM:
		return MAGLEV_KIND_ERROR;
	default:
		return MAGLEV_KIND_OTHER;
	}
}

static enum maglev_kind parse_icmp(struct maglev_packet *packet, const struct network *network,
				   struct maglev_bytes *view)
{
	const struct maglev_icmp_header *icmp;
	struct maglev_icmp_header buffer;
	enum maglev_kind kind;

	static_assert(sizeof(*icmp) == MAGLEV_ICMP_BYTES);
	icmp = maglev_bytes_at(view, network->offset, sizeof(*icmp), &buffer);
	if (!icmp)
		return MAGLEV_KIND_MALFORMED;
	packet->icmp_type = icmp->type;
	packet->icmp_code = icmp->code;
	if (network->version == 4)
		kind = classify_icmpv4(packet, icmp);
	else
		kind = classify_icmpv6(packet, icmp);
	if (kind != MAGLEV_KIND_ERROR)
		return kind;
	return parse_quote(packet, view, network->offset + MAGLEV_ICMP_BYTES);
}

static inline enum maglev_kind parse_transport(struct maglev_packet *packet,
					       const struct network *network,
					       struct maglev_bytes *view)
{
	switch (network->protocol) {
	case MAGLEV_PROTO_TCP:
		return parse_tcp(packet, network, view);
	case MAGLEV_PROTO_UDP:
		return parse_udp(packet, network, view);
	case MAGLEV_PROTO_SCTP:
		return parse_sctp(packet, network, view);
	case MAGLEV_PROTO_ICMP:
		return network->version == 4 ? parse_icmp(packet, network, view) :
					       MAGLEV_KIND_OTHER;
	case MAGLEV_PROTO_ICMPV6:
		return network->version == 6 ? parse_icmp(packet, network, view) :
					       MAGLEV_KIND_OTHER;
	default:
		return MAGLEV_KIND_OTHER;
	}
}

static inline void set_network(struct maglev_packet *packet, const struct network *network)
{
	packet->protocol = network->protocol;
	packet->dsfield = network->dsfield;
	packet->ttl = network->ttl;
	packet->dont_fragment = network->dont_fragment;
	packet->loops = network->loops;
}

/* In pieces: of more gcc makes a string instruction, which takes as long as the parsing. */
static inline void clear(struct maglev_packet *packet)
{
	u8 *byte = (u8 *)packet;

	static_assert(sizeof(*packet) > 2 * CLEAR_BYTES && sizeof(*packet) <= 3 * CLEAR_BYTES);
	memset(byte, 0, CLEAR_BYTES);
	memset(byte + CLEAR_BYTES, 0, CLEAR_BYTES);
	memset(byte + 2 * CLEAR_BYTES, 0, sizeof(*packet) - 2 * CLEAR_BYTES);
}

static inline enum maglev_kind parse(struct maglev_packet *packet, struct maglev_bytes *view)
{
	struct network network;
	enum outcome outcome;

	outcome = read_network(&network, view, 0);
	packet->version = network.version;
	if (!network.addr_len)
		return MAGLEV_KIND_MALFORMED;
	set_network(packet, &network);
	if (!network.whole)
		return MAGLEV_KIND_MALFORMED;
	packet->total_len = network.len;
	if (network.fragment)
		return MAGLEV_KIND_FRAGMENT;
	if (outcome != OUTCOME_DONE)
		return MAGLEV_KIND_MALFORMED;
	packet->network_len = network.offset;
	return parse_transport(packet, &network, view);
}

enum maglev_kind maglev_packet_parse(struct maglev_packet *packet, const struct maglev_bytes *bytes)
{
	struct maglev_bytes view = *bytes;

	clear(packet);
	packet->kind = parse(packet, &view);
	return packet->kind;
}
