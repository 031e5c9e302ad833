// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of first fragments: a word each, of the datagram's hash, the backend and the time, in lines
 * of eight, changed by compare-and-exchange by any worker. What is lost in a race or gives way to
 * another is a datagram.
 *
 *	63              26 25            10 9  8 7       0
 *	+-----------------+----------------+----+---------+
 *	|    hash >> 26   | pair index + 1 | 0  | seconds |
 *	+-----------------+----------------+----+---------+
 */
#include "fragments.h"

#include <maglev/encap.h>
#include <maglev/wire.h>

#include <stdlib.h>

enum {
	LINES = 8192, /* 65536 datagrams under way */
	KEEP_SECONDS = 2,
	OFFSET_BYTES = 8, /* an offset's unit */
	TCP_FLAGS_AT = 13,
	IPV6_FRAGMENT_BYTES = 8,
	EXTENSIONS_MAX = 8, /* before a fragment's own */
};

static u64 words[LINES][MAGLEV_LINE_WORDS] __attribute__((aligned(LINE_BYTES)));

/* Where a fragment is in its datagram, and whose that is. */
struct place {
	const u8 *ip;
	u32 addr_len;
	u32 transport; /* bytes from the IP header on */
	u32 ident;
	bool first;
	bool hidden; /* the transport is behind headers that not every fragment has */
	u8 protocol;
};

static bool has_ports(u8 protocol)
{
	return protocol == MAGLEV_PROTO_TCP || protocol == MAGLEV_PROTO_UDP ||
	       protocol == MAGLEV_PROTO_SCTP;
}

static const u8 *daddr_of(const struct place *place)
{
	return place->ip + (place->addr_len == MAGLEV_IPV4_BYTES ? 16 : 24);
}

static const u8 *saddr_of(const struct place *place)
{
	return place->ip + (place->addr_len == MAGLEV_IPV4_BYTES ? 12 : 8);
}

static bool find_place4(struct place *place, u32 len)
{
	const struct maglev_ipv4_header *ip = (const void *)place->ip;

	if (len < sizeof(*ip))
		return false;
	place->addr_len = MAGLEV_IPV4_BYTES;
	place->transport = (ip->version_ihl & 0xf) * 4;
	place->first = !(be16_to_cpu(ip->fragment) & MAGLEV_IPV4_FRAGMENT_OFFSET);
	place->ident = be16_to_cpu(ip->id);
	place->protocol = ip->protocol;
	return true;
}

static bool is_extension(u8 protocol)
{
	return protocol == MAGLEV_PROTO_HOP_BY_HOP || protocol == MAGLEV_PROTO_ROUTING ||
	       protocol == MAGLEV_PROTO_OPTIONS;
}

/* Return: bytes from the IP header on, all in reach; 0 if the fragment's header is not found. */
static u32 find_fragment6(const u8 *ip, u32 len)
{
	u32 at = sizeof(struct maglev_ipv6_header), n;
	u8 next = ((const struct maglev_ipv6_header *)ip)->next_header;

	for (n = 0; n < EXTENSIONS_MAX && at + IPV6_FRAGMENT_BYTES <= len; n++) {
		if (next == MAGLEV_PROTO_FRAGMENT)
			return at;
		if (!is_extension(next))
			return 0;
		next = ip[at];
		at += (ip[at + 1] + 1) * 8;
	}
	return 0;
}

static bool find_place6(struct place *place, u32 len)
{
	const u8 *fragment;
	__be32 ident;
	u32 at;

	if (len < sizeof(struct maglev_ipv6_header))
		return false;
	place->addr_len = MAGLEV_IPV6_BYTES;
	at = find_fragment6(place->ip, len);
	fragment = place->ip + at;
	place->hidden = !at || is_extension(fragment[0]);
	if (place->hidden)
		return true;
	place->transport = at + IPV6_FRAGMENT_BYTES;
	place->first = !(fragment[2] || fragment[3] & 0xf8);
	memcpy(&ident, fragment + 4, sizeof(ident));
	place->ident = be32_to_cpu(ident);
	place->protocol = fragment[0];
	return true;
}

static bool find_place(struct place *place, const struct item *item)
{
	u32 len = item->mbuf->data_len - item->link_len;
	u8 version = item->packet.version;

	place->ip = rte_pktmbuf_mtod_offset(item->mbuf, const u8 *, item->link_len);
	place->hidden = false;
	if (!(version == 4 ? find_place4(place, len) : find_place6(place, len)))
		return false;
	return (place->hidden || has_ports(place->protocol)) &&
	       !is_martian(saddr_of(place), version);
}

static u64 hash_datagram(const struct generation *generation, const struct place *place)
{
	struct maglev_tuple tuple;

	maglev_tuple_init(&tuple, place->addr_len, saddr_of(place), daddr_of(place),
			  cpu_to_be16(place->ident >> 16), cpu_to_be16(place->ident & 0xffff),
			  place->protocol);
	return maglev_tuple_hash(&tuple, &generation->services[0].view.key);
}

static bool is_old(u64 word, u32 now)
{
	return !word || ((now - (u32)word) & 0xff) > KEEP_SECONDS;
}

/* Over its own, or one that is old, or whichever is there. */
static void put(const struct worker *worker, u64 hash, u32 index)
{
	u64 *line = words[hash & (LINES - 1)], *at = &line[hash >> 13 & 7], word, seen;
	u32 i;

	word = (hash >> 26 << 26) | (u64)(index + 1) << 10 | (worker->now & 0xff);
	for (i = 0; i < MAGLEV_LINE_WORDS; i++) {
		seen = READ_ONCE(line[i]);
		if (!((seen ^ hash) >> 26)) {
			at = &line[i];
			break;
		}
		if (is_old(seen, worker->now))
			at = &line[i];
	}
	seen = READ_ONCE(*at);
	maglev_flow_change(at, seen, word);
}

static struct maglev_target *find(const struct worker *worker, const struct generation *generation,
				  u64 hash)
{
	u64 *line = words[hash & (LINES - 1)], word;
	struct maglev_target *target;
	u32 i, index;

	for (i = 0; i < MAGLEV_LINE_WORDS; i++) {
		word = READ_ONCE(line[i]);
		if ((word ^ hash) >> 26 || is_old(word, worker->now))
			continue;
		index = maglev_word_index(word);
		target = index < generation->n_targets ? generation->targets[index] : NULL;
		return target && READ_ONCE(target->state) != MAGLEV_DOWN ? target : NULL;
	}
	return NULL;
}

static void drop(struct worker *worker, struct rte_mbuf *mbuf)
{
	worker_count_reason(worker, MAGLEV_REASON_FRAGMENT);
	rte_pktmbuf_free(mbuf);
}

/* The first one is decided about as the whole packet would be. */
static bool read_first(struct item *item, const struct place *place)
{
	u32 end = item->link_len + place->transport + MAGLEV_PORTS_BYTES;
	const u8 *transport = place->ip + place->transport;
	__be16 port[2];

	if (item->mbuf->data_len < end)
		return false;
	memcpy(port, transport, sizeof(port));
	maglev_tuple_init(&item->packet.tuple, place->addr_len, saddr_of(place), daddr_of(place),
			  port[0], port[1], place->protocol);
	item->packet.protocol = place->protocol;
	item->packet.flags = 0;
	if (place->protocol == MAGLEV_PROTO_TCP && item->mbuf->data_len > end + OFFSET_BYTES)
		item->packet.flags = transport[TCP_FLAGS_AT] & (MAGLEV_TCP_FIN | MAGLEV_TCP_SYN |
								MAGLEV_TCP_RST | MAGLEV_TCP_ACK);
	item->packet.network_len = place->transport;
	item->packet.kind = MAGLEV_KIND_FLOW;
	return true;
}

static void take_first(struct worker *worker, const struct generation *generation,
		       struct item *item, const struct place *place)
{
	u64 hash = hash_datagram(generation, place);
	struct maglev_target *target;

	if (read_first(item, place))
		item->service = burst_service(generation, &item->packet.tuple);
	else
		item->service = NULL;
	if (!item->service || !item->service->fragments) {
		drop(worker, item->mbuf);
		return;
	}
	target = burst_forward(worker, generation, item);
	if (target)
		put(worker, hash, target->index);
}

static void hold(struct worker *worker, const struct item *item, u64 hash)
{
	struct held *held;

	if (!worker->held || worker->n_held == FRAGMENTS_HELD) {
		drop(worker, item->mbuf);
		return;
	}
	held = &worker->held[worker->n_held++];
	held->item = *item;
	held->hash = hash;
	held->since_ms = worker->now_ms;
}

bool fragments_take(struct worker *worker, const struct generation *generation, struct item *item)
{
	const struct service_view *vip;
	struct maglev_target *target;
	struct place place;
	u64 hash;

	if (!find_place(&place, item))
		return false;
	vip = generation_address(generation, daddr_of(&place), place.addr_len);
	if (!vip)
		return false;
	if (!vip->addr_fragments || place.hidden) {
		/* The kernel would put them together, and reset a flow it does not know. */
		drop(worker, item->mbuf);
	} else if (place.first) {
		take_first(worker, generation, item, &place);
	} else {
		hash = hash_datagram(generation, &place);
		target = find(worker, generation, hash);
		if (target)
			burst_forward_to(worker, generation, item, target, hash);
		else
			hold(worker, item, hash);
	}
	return true;
}

/* Return: true if it is still to be held. */
static bool waits_on(struct worker *worker, const struct generation *generation, struct held *held)
{
	struct maglev_target *target = find(worker, generation, held->hash);

	if (target)
		burst_forward_to(worker, generation, &held->item, target, held->hash);
	else if (worker->now_ms - held->since_ms > FRAGMENTS_HOLD_MS)
		drop(worker, held->item.mbuf);
	else
		return true;
	return false;
}

void fragments_turn(struct worker *worker, const struct generation *generation)
{
	u32 i, kept = 0;

	for (i = 0; i < worker->n_held; i++)
		if (waits_on(worker, generation, &worker->held[i]))
			worker->held[kept++] = worker->held[i];
	worker->n_held = kept;
}

struct held *fragments_open(void)
{
	return calloc(FRAGMENTS_HELD, sizeof(struct held));
}
