// SPDX-License-Identifier: GPL-2.0-only
/* The stages of a burst. What kmod/hook.c does for a packet is done here, in the same order. */
#include "burst.h"

#include "icmp.h"
#include "fragments.h"
#include "lookup.h"
#include "plain.h"
#include "siphash.h"
#include "xmit.h"

#include <maglev/wire.h>

#include <linux/ip_vs_maglev.h>

#include <rte_branch_prediction.h>
#include <rte_ether.h>
#include <rte_prefetch.h>

/* A burst between its stages: packets of services. */
struct burst {
	struct item item[BURST];
	u32 n;
	enum spill_level level;
};

/* Return: bytes before the IP header; 0 if there is none, or it is nobody's business here. */
static inline u16 find_network(const struct rte_mbuf *mbuf, u8 *version)
{
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *);
	const struct rte_vlan_hdr *vlan = (const struct rte_vlan_hdr *)(ether + 1);
	u16 type, link_len = sizeof(*ether);

	if (unlikely(mbuf->data_len < sizeof(*ether) + sizeof(*vlan)) ||
	    rte_is_multicast_ether_addr(&ether->dst_addr))
		return 0;
	type = ether->ether_type;
	if (type == rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN)) {
		type = vlan->eth_proto;
		link_len += sizeof(*vlan);
	}
	if (type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4))
		*version = 4;
	else if (type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6))
		*version = 6;
	else
		return 0;
	return link_len;
}

static bool copy_bytes(const void *source, u32 offset, void *to, u32 len)
{
	const struct item *item = source;
	const void *from = rte_pktmbuf_read(item->mbuf, item->link_len + offset, len, to);

	if (!from)
		return false;
	if (from != to)
		memcpy(to, from, len);
	return true;
}

static inline void parse(struct item *item)
{
	const struct rte_mbuf *mbuf = item->mbuf;
	struct maglev_bytes bytes = {
		.head = rte_pktmbuf_mtod_offset(mbuf, const u8 *, item->link_len),
		.head_len = mbuf->data_len - item->link_len,
		.len = mbuf->pkt_len - item->link_len,
		.copy = copy_bytes,
		.source = item,
	};

	maglev_packet_parse(&item->packet, &bytes);
}

/* Does the header add up, as the kernel wants it before it looks at anything else? */
static inline bool header_adds_up(const struct item *item)
{
	const u8 *ip = rte_pktmbuf_mtod_offset(item->mbuf, const u8 *, item->link_len);
	u32 i, word, len = (ip[0] & 0xf) * 4;
	u64 sum = 0;

	if ((item->mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD)
		return true;
	if (unlikely(item->link_len + len > item->mbuf->data_len))
		return false;
	for (i = 0; i < len; i += sizeof(word)) {
		memcpy(&word, ip + i, sizeof(word));
		sum += word;
	}
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* 0 is how the kernel marks what is longer than the field can say; from a wire it is a mistake. */
static bool has_length(const struct item *item, u8 version)
{
	u16 len;

	return copy_bytes(item, version == 4 ? 2 : 4, &len, sizeof(len)) && len;
}

/*
 * IPv4 options that the kernel lets pass as they are: not those that do not fit, and not those that a router
 * writes into or goes by (RFC 791, 3.1).
 */
static bool has_plain_options(const struct item *item)
{
	enum {
		END = 0,
		NOP = 1,
		RECORD_ROUTE = 7,
		TIMESTAMP = 68,
		LOOSE_ROUTE = 131,
		STRICT_ROUTE = 137
	};
	u8 head[60];
	u32 at, len;

	if (!copy_bytes(item, 0, head, 1))
		return false;
	len = (head[0] & 0xf) * 4;
	if (!copy_bytes(item, 0, head, len))
		return false;
	for (at = 20; at < len && head[at] != END; at += head[at] == NOP ? 1 : head[at + 1]) {
		if (head[at] == NOP)
			continue;
		if (at + 2 > len || head[at + 1] < 2 || at + head[at + 1] > len ||
		    head[at] == RECORD_ROUTE || head[at] == TIMESTAMP || head[at] == LOOSE_ROUTE ||
		    head[at] == STRICT_ROUTE)
			return false;
	}
	return true;
}

static inline bool matches(const struct service_view *service, const struct maglev_tuple *tuple)
{
	u32 addr_len = maglev_tuple_addr_len(tuple);
	const u8 *tail = tuple->byte + 2 * addr_len;

	return service->protocol == tail[4] &&
	       !memcmp(&service->port, tail + 2, sizeof(service->port)) &&
	       service_has_addr(service, tuple->byte + addr_len, addr_len);
}

static inline struct service_view *find_service(const struct generation *generation,
						const struct maglev_tuple *tuple)
{
	u32 addr_len = maglev_tuple_addr_len(tuple);
	u16 port;

	memcpy(&port, tuple->byte + 2 * addr_len + 2, sizeof(port));
	return generation_service(generation, tuple->byte + addr_len, addr_len, port,
				  tuple->byte[2 * addr_len + 4]);
}

/* An error comes to the address that it is about, or it is none of ours. */
static bool is_to_service(const struct item *item)
{
	const u8 *ip = rte_pktmbuf_mtod_offset(item->mbuf, const u8 *, item->link_len);
	u32 addr_len = maglev_tuple_addr_len(&item->packet.tuple);

	return !memcmp(ip + (item->packet.version == 4 ? 16 : 24),
		       item->packet.tuple.byte + addr_len, addr_len);
}

/* What is not a flow's packet. Return: true if it goes on to the next stage all the same. */
static bool take_other(struct worker *worker, const struct generation *generation,
		       struct item *item)
{
	switch (item->packet.kind) {
	case MAGLEV_KIND_ERROR:
		return is_to_service(item);
	case MAGLEV_KIND_TUNNEL_ERROR:
		if (icmp_tunnel_error(worker, generation, item))
			worker_count_reason(worker, MAGLEV_REASON_TUNNEL_ERROR);
		return false;
	case MAGLEV_KIND_MALFORMED:
		worker_count_reason(worker, MAGLEV_REASON_MALFORMED);
		return false;
	default:
		return false;
	}
}

enum stage {
	STAGE_KERNEL, /* no service's: to the kernel */
	STAGE_NEXT,
	STAGE_GONE,
};

/* What the quick look did not understand. */
static __rte_noinline enum stage
take_odd(struct worker *worker, const struct generation *generation, struct item *item, u8 version)
{
	parse(item);
	if (item->packet.version != version || !has_length(item, version) ||
	    (version == 4 && !(header_adds_up(item) && has_plain_options(item))))
		return STAGE_KERNEL;
	if (unlikely(item->packet.kind == MAGLEV_KIND_FRAGMENT))
		return fragments_take(worker, generation, item) ? STAGE_GONE : STAGE_KERNEL;
	if (item->packet.kind != MAGLEV_KIND_FLOW && !take_other(worker, generation, item))
		return STAGE_KERNEL;
	return STAGE_NEXT;
}

static inline enum stage take(struct worker *worker, const struct generation *generation,
			      struct item *item, struct service_view **last)
{
	const u8 *head;
	enum stage stage;
	u8 version;

	item->link_len = find_network(item->mbuf, &version);
	if (!item->link_len)
		return STAGE_KERNEL;
	head = rte_pktmbuf_mtod_offset(item->mbuf, const u8 *, item->link_len);
	if (unlikely(!plain_parse(&item->packet, head, item->mbuf->data_len - item->link_len,
				  version))) {
		stage = take_odd(worker, generation, item, version);
		if (stage != STAGE_NEXT)
			return stage;
	}
	if (!*last || !matches(*last, &item->packet.tuple))
		*last = find_service(generation, &item->packet.tuple);
	if (!*last || is_martian(item->packet.tuple.byte, version))
		return STAGE_KERNEL;
	item->service = *last;
	return STAGE_NEXT;
}

static inline void take_all(struct worker *worker, const struct generation *generation,
			    struct burst *burst, struct rte_mbuf **mbuf, u32 n)
{
	struct service_view *last = NULL;
	struct item *item;
	u32 i;

	for (i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(mbuf[i], void *));
	for (i = 0; i < n; i++) {
		item = &burst->item[burst->n];
		item->mbuf = mbuf[i];
		item->port = mbuf[i]->port;
		switch (take(worker, generation, item, &last)) {
		case STAGE_NEXT:
			burst->n++;
			break;
		case STAGE_KERNEL:
			worker_to_kernel(worker, item->port, mbuf[i]);
			break;
		case STAGE_GONE:
			break;
		}
	}
}

static inline struct maglev_target *target_of(const struct generation *generation, u64 word)
{
	u32 index = maglev_word_index(word);

	return index < generation->n_targets ? generation->targets[index] : NULL;
}

/* What a flow is going to read that has no word: its slot, where the key is that of the table. */
static inline void fetch_slot(const struct item *item)
{
	const struct maglev_view *view = &item->service->view;
	u32 slot = maglev_reduce(item->hash, view->size);

	if (view->mode != MAGLEV_MODE_TUPLE || !view->size)
		return;
	rte_prefetch0(&view->live[slot]);
	if (view->changed_at)
		rte_prefetch0(&view->changed_at[slot]);
}

static inline void fetch_way(const struct generation *generation, const struct item *item)
{
	struct maglev_target *target = target_of(generation, item->word);

	if (!target)
		return;
	rte_prefetch0(way_of(target));
	rte_prefetch0(way_of(target)->front);
}

static inline void find_words(const struct worker *worker, const struct generation *generation,
			      struct burst *burst, const u64 *hash)
{
	const struct maglev_flow_table *table = &generation->tables->cpu[worker->id];
	u64 word[BURST];
	u32 i;

	if (!table->words)
		return;
	for (i = 0; i < burst->n; i++)
		maglev_flow_prefetch(table, hash[i]);
	lookup_words(table, hash, burst->n, word);
	for (i = 0; i < burst->n; i++)
		burst->item[i].word = word[i];
}

/* Under the key of the flow tables; without these, of the tables that answer. */
static inline void hash_all(const struct worker *worker, const struct generation *generation,
			    struct burst *burst)
{
	const struct maglev_flow_tables *tables = generation->tables;
	const struct maglev_tuple *tuple[BURST];
	const struct maglev_key *key;
	u64 hash[BURST];
	u32 i;

	if (!burst->n)
		return;
	key = tables ? &tables->key : &burst->item[0].service->view.key;
	for (i = 0; i < burst->n; i++)
		tuple[i] = &burst->item[i].packet.tuple;
	siphash_tuples(key, tuple, burst->n, hash);
	for (i = 0; i < burst->n; i++) {
		burst->item[i].hash = hash[i];
		burst->item[i].word = 0;
	}
	if (tables)
		find_words(worker, generation, burst, hash);
	for (i = 0; i < burst->n; i++) {
		if (burst->item[i].word)
			fetch_way(generation, &burst->item[i]);
		else
			fetch_slot(&burst->item[i]);
	}
}

/*
 * TCP or SCTP in its midst has only come to another worker, where the table's answer was the same;
 * of what is not tracked nothing else says when it begins.
 */
static inline bool is_new(const struct maglev_decision *decision,
			  const struct maglev_packet *packet)
{
	if (packet->kind != MAGLEV_KIND_FLOW || decision->source < MAGLEV_SOURCE_TABLE)
		return false;
	return packet->protocol == MAGLEV_PROTO_UDP ? maglev_track_placed(decision->track) :
						      packet->flags & MAGLEV_TCP_SYN;
}

/* What the packet is to its flow, that tells of the backend. */
static inline void count_event(struct pair_counters *pair, const struct maglev_decision *decision,
			       const struct maglev_packet *packet)
{
	enum maglev_flow_state before = maglev_word_state(decision->word);

	if (is_new(decision, packet))
		pair->flows_new++;
	else if (likely(decision->track == MAGLEV_TRACK_NONE) ||
		 decision->source > MAGLEV_SOURCE_ADOPTED)
		return;
	else if (packet->flags & MAGLEV_TCP_RST)
		pair->flows_reset += before != MAGLEV_RESET;
	else if (before == MAGLEV_HALF_OPEN && !(packet->flags & MAGLEV_TCP_SYN))
		pair->flows_answered++;
}

static inline void count_track(u64 *counter, const struct maglev_decision *decision)
{
	counter[MAGLEV_A_COUNTERS_FOREIGN_LINES] += decision->foreign_lines;
	if (likely(decision->track == MAGLEV_TRACK_NONE))
		return;
	if (maglev_track_placed(decision->track))
		counter[decision->source == MAGLEV_SOURCE_ADOPTED ? MAGLEV_A_COUNTERS_ADOPTED :
								    MAGLEV_A_COUNTERS_FLOWS_NEW]++;
	if (decision->track == MAGLEV_TRACK_EVICTED)
		counter[MAGLEV_A_COUNTERS_EVICTED]++;
	else if (decision->track == MAGLEV_TRACK_FULL)
		counter[MAGLEV_A_COUNTERS_UNTRACKED_FULL]++;
	else if (decision->track == MAGLEV_TRACK_BUSY)
		counter[MAGLEV_A_COUNTERS_UNTRACKED_BUSY]++;
}

static inline void count_forwarded(struct worker *worker, const struct item *item,
				   const struct maglev_decision *decision)
{
	struct pair_counters *pair = &worker->counters->pair[decision->target->index];
	u64 *counter = worker->counters->counter;

	counter[MAGLEV_A_COUNTERS_FORWARDED]++;
	counter[MAGLEV_A_COUNTERS_BYTES] += item->packet.total_len;
	pair->packets++;
	pair->bytes += item->packet.total_len;
	count_event(pair, decision, &item->packet);
	if (unlikely(item->packet.kind == MAGLEV_KIND_ERROR))
		counter[MAGLEV_A_COUNTERS_ERRORS]++;
}

/* Not forwarded: one reason, and the client is told where that is due. */
static void conclude(struct worker *worker, const struct item *item, enum maglev_reason reason,
		     u32 mtu)
{
	worker_count_reason(worker, reason);
	icmp_answer(worker, item, reason, mtu);
	if (maglev_reason_verdict(reason) == MAGLEV_PASS)
		worker_to_kernel(worker, item->port, item->mbuf);
	else
		rte_pktmbuf_free(item->mbuf);
}

static inline void plane_fill(struct maglev_plane *plane, struct worker *worker,
			      const struct generation *generation)
{
	*plane = (struct maglev_plane){
		.flows = {
			.targets = generation->targets,
			.n_targets = generation->n_targets,
			.now = worker->now,
		},
		.tables = generation->tables,
		.budget = &worker->budget,
		.cpu = worker->id,
		.now_ms = worker->now_ms,
		.owned = true,
	};
}

static inline void forward(struct worker *worker, const struct generation *generation,
			   const struct item *item, const struct maglev_decision *decision)
{
	struct way *way = way_of(decision->target);
	enum maglev_reason reason;

	reason = xmit(worker, generation, item, way, decision->hash);
	if (likely(reason == MAGLEV_REASON_NONE))
		count_forwarded(worker, item, decision);
	else
		conclude(worker, item, reason, xmit_mtu(way));
}

/*
 * What maglev_decide() would answer, where that is quickly said. A flow's word that stays as it is
 * says all there is to say. Return: its backend, or NULL: it is to be asked.
 */
static inline struct maglev_target *find_resting(const struct worker *worker,
						 const struct generation *generation,
						 const struct item *item)
{
	const struct maglev_packet *packet = &item->packet;
	struct maglev_target *target;

	if (!maglev_word_rests(item->word, packet->flags, worker->now) || packet->loops ||
	    packet->kind != MAGLEV_KIND_FLOW)
		return NULL;
	target = target_of(generation, item->word);
	if (!target || target->service != item->service->view.service ||
	    READ_ONCE(target->state) == MAGLEV_DOWN)
		return NULL;
	return target;
}

/*
 * Where nothing is tracked, the table's answer is all there is, if its backend can take it.
 * Return: its backend, or NULL: likewise.
 */
static inline struct maglev_target *find_untracked(const struct item *item)
{
	const struct maglev_view *view = &item->service->view;
	struct maglev_target *target;
	u16 place;

	if (view->mode != MAGLEV_MODE_TUPLE || !view->size || item->packet.loops ||
	    item->packet.kind != MAGLEV_KIND_FLOW)
		return NULL;
	place = view->live[maglev_reduce(item->hash, view->size)];
	if (unlikely(place == MAGLEV_EMPTY))
		return NULL;
	target = view->targets[place];
	return READ_ONCE(target->state) == MAGLEV_UP ? target : NULL;
}

static inline struct maglev_target *decide_one(struct worker *worker,
					       const struct generation *generation,
					       struct maglev_plane *plane, struct item *item)
{
	struct maglev_decision decision;

	decision.target = generation->tables ? find_resting(worker, generation, item) :
					       find_untracked(item);
	if (likely(decision.target)) {
		decision.hash = item->hash;
		decision.source = generation->tables ? MAGLEV_SOURCE_FLOW : MAGLEV_SOURCE_TABLE;
		decision.track = MAGLEV_TRACK_NONE;
		forward(worker, generation, item, &decision);
		return decision.target;
	}
	plane->hash = item->hash;
	maglev_decide(&decision, &item->packet, &item->service->view, plane);
	count_track(worker->counters->counter, &decision);
	if (unlikely(decision.verdict != MAGLEV_FORWARD)) {
		conclude(worker, item, decision.reason, 0);
		return NULL;
	}
	forward(worker, generation, item, &decision);
	return decision.target;
}

static inline void decide_all(struct worker *worker, const struct generation *generation,
			      struct burst *burst)
{
	struct maglev_plane plane;
	struct item *item;
	u32 i;

	plane_fill(&plane, worker, generation);
	for (i = 0; i < burst->n; i++) {
		item = &burst->item[i];
		if (unlikely(burst->level != SPILL_NONE))
			spill_vote(&worker->spill, &item->packet.tuple);
		decide_one(worker, generation, &plane, item);
	}
}

/* Is it a packet of the flow that floods the queue? */
static inline bool is_flood(const struct worker *worker, const struct rte_mbuf *mbuf)
{
	struct maglev_packet packet;
	u8 version;
	u16 link_len = find_network(mbuf, &version);

	return link_len &&
	       plain_parse(&packet, rte_pktmbuf_mtod_offset(mbuf, const u8 *, link_len),
			   mbuf->data_len - link_len, version) &&
	       spill_is_candidate(&worker->spill, &packet.tuple);
}

/* Return: true if this packet, one too many, is gone. */
static bool spill(struct worker *worker, struct rte_mbuf *mbuf, enum spill_level level)
{
	if (spill_give(&worker->spill, worker->id, mbuf))
		return true;
	if (level != SPILL_DROP)
		return false;
	worker_count_reason(worker, MAGLEV_REASON_QUEUE_FULL);
	rte_pktmbuf_free(mbuf);
	return true;
}

/* Take the flood out of a burst. Return: packets left in it. */
static __rte_noinline u32 spill_all(struct worker *worker, struct rte_mbuf **mbuf, u32 n,
				    enum spill_level level)
{
	u32 i, left = 0;

	if (worker->spill.votes < SPILL_VOTES_MIN)
		return n;
	for (i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(mbuf[i], void *));
	for (i = 0; i < n; i++) {
		if (is_flood(worker, mbuf[i]) && spill(worker, mbuf[i], level))
			spill_vote(&worker->spill, &worker->spill.candidate);
		else
			mbuf[left++] = mbuf[i];
	}
	return left;
}

void burst_run(struct worker *worker, const struct generation *generation, struct rte_mbuf **mbuf,
	       u32 n, enum spill_level level)
{
	struct burst burst;

	burst.n = 0;
	burst.level = level;
	if (unlikely(level != SPILL_NONE))
		n = spill_all(worker, mbuf, n, level);
	take_all(worker, generation, &burst, mbuf, n);
	hash_all(worker, generation, &burst);
	decide_all(worker, generation, &burst);
}

struct maglev_target *burst_forward(struct worker *worker, const struct generation *generation,
				    struct item *item)
{
	const struct maglev_key *key = generation->tables ? &generation->tables->key :
							    &item->service->view.key;
	struct maglev_plane plane;

	plane_fill(&plane, worker, generation);
	item->hash = maglev_tuple_hash(&item->packet.tuple, key);
	item->word = 0;
	return decide_one(worker, generation, &plane, item);
}

void burst_forward_to(struct worker *worker, const struct generation *generation,
		      const struct item *item, struct maglev_target *target, u64 hash)
{
	struct maglev_decision decision = {
		.target = target,
		.hash = hash,
		.source = MAGLEV_SOURCE_FLOW,
		.track = MAGLEV_TRACK_NONE,
	};

	forward(worker, generation, item, &decision);
}

struct service_view *burst_service(const struct generation *generation,
				   const struct maglev_tuple *tuple)
{
	return find_service(generation, tuple);
}

struct maglev_target *burst_find(struct worker *worker, const struct generation *generation,
				 const struct maglev_packet *packet)
{
	struct service_view *service = find_service(generation, &packet->tuple);
	struct maglev_decision decision;
	struct maglev_plane plane;

	if (!service)
		return NULL;
	plane_fill(&plane, worker, generation);
	maglev_decide(&decision, packet, &service->view, &plane);
	return decision.verdict == MAGLEV_FORWARD ? decision.target : NULL;
}
