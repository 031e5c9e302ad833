// SPDX-License-Identifier: GPL-2.0-only
/* Building ICMP messages. The bytes are as the kernel's icmp_send() would have them. */
#include "icmp.h"

#include "xmit.h"

#include <maglev/wire.h>

#include <rte_icmp.h>
#include <rte_ip.h>

enum {
	PER_SECOND = 1000,
	IPV4_ANSWER_MAX = 576, /* RFC 1812, 4.3.2.3 */
	IPV6_ANSWER_MAX = 1280, /* RFC 4443, 2.4 (c) */
	IPV4_PATH_MTU_MIN = 552, /* what the kernel believes at least */
	TTL = 64,
	INTERNETCONTROL = 0xc0, /* RFC 1812, 4.3.2.5 */
	TOS_MASK = 0x1e,
};

/* What is sent: type, code, and the word behind the checksum. */
struct message {
	u8 type;
	u8 code;
	u32 info;
};

static bool may_answer(struct worker *worker)
{
	if (worker->now_ms - worker->answers_at >= 1000) {
		worker->answers_at = worker->now_ms;
		worker->answers = PER_SECOND;
	}
	if (!worker->answers)
		return false;
	worker->answers--;
	return true;
}

static struct message choose(u8 version, enum maglev_reason reason, u32 mtu)
{
	bool v4 = version == 4;

	if (reason == MAGLEV_REASON_TTL)
		return (struct message){ v4 ? 11 : 3, 0, 0 };
	if (reason == MAGLEV_REASON_TOO_BIG)
		return v4 ? (struct message){ 3, 4, mtu } : (struct message){ 2, 0, mtu };
	return v4 ? (struct message){ 3, 3, 0 } : (struct message){ 1, 4, 0 };
}

static void write_ipv4(struct rte_ipv4_hdr *to, const struct rte_ipv4_hdr *from, u16 id, u32 len)
{
	*to = (struct rte_ipv4_hdr){
		.version_ihl = RTE_IPV4_VHL_DEF,
		.type_of_service = (from->type_of_service & TOS_MASK) | INTERNETCONTROL,
		.total_length = rte_cpu_to_be_16(len),
		.packet_id = id,
		.time_to_live = TTL,
		.next_proto_id = IPPROTO_ICMP,
		.src_addr = from->dst_addr,
		.dst_addr = from->src_addr,
	};
	to->hdr_checksum = rte_ipv4_cksum(to);
}

static void write_ipv6(struct rte_ipv6_hdr *to, const struct rte_ipv6_hdr *from, u32 len)
{
	*to = (struct rte_ipv6_hdr){
		.vtc_flow = rte_cpu_to_be_32(6U << 28),
		.payload_len = rte_cpu_to_be_16(len - sizeof(*to)),
		.proto = IPPROTO_ICMPV6,
		.hop_limits = TTL,
	};
	/* Arrays in DPDK 22.11, structures in 24.11. */
	memcpy(&to->src_addr, &from->dst_addr, sizeof(to->src_addr));
	memcpy(&to->dst_addr, &from->src_addr, sizeof(to->dst_addr));
}

static void write_message(u8 *to, const struct message *message, const void *ip, u32 len, bool v4)
{
	u32 info = rte_cpu_to_be_32(message->info);
	u16 sum;

	to[0] = message->type;
	to[1] = message->code;
	memset(to + 2, 0, sizeof(sum));
	memcpy(to + 4, &info, sizeof(info));
	sum = v4 ? ~rte_raw_cksum(to, len) : rte_ipv6_udptcp_cksum(ip, to);
	memcpy(to + 2, &sum, sizeof(sum));
}

/* To whom nothing is sent (RFC 1122, 3.2.2): no one, or many. */
static bool is_single(const u8 *ip, u8 version)
{
	return version == 4 ? ip[12] && ip[12] != 127 && ip[12] < 224 : ip[8] != 0xff;
}

/* @quote: the packet the message is about, from its IP header on, in @from. */
static void send_message(struct worker *worker, u16 port, struct rte_mbuf *from, u16 link_len,
			 u32 quote, u32 quote_len, u8 version, const struct message *message)
{
	u32 ip_len = version == 4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr);
	u32 max = version == 4 ? IPV4_ANSWER_MAX : IPV6_ANSWER_MAX,
	    head = ip_len + MAGLEV_ICMP_BYTES;
	u32 len = head + RTE_MIN(quote_len, max - head);
	struct rte_ether_hdr *ether, *came;
	struct rte_mbuf *mbuf;
	const void *quoted;
	u16 type;
	u8 *ip;

	mbuf = rte_pktmbuf_alloc(worker->pool);
	if (!mbuf)
		return;
	ether = (struct rte_ether_hdr *)rte_pktmbuf_append(mbuf, link_len + len);
	if (!ether) {
		rte_pktmbuf_free(mbuf);
		return;
	}
	came = rte_pktmbuf_mtod(from, struct rte_ether_hdr *);
	memcpy(ether, came, link_len);
	ether->dst_addr = came->src_addr;
	ether->src_addr = came->dst_addr;
	/* What is told of may be of the other version. */
	type = rte_cpu_to_be_16(version == 4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6);
	memcpy((u8 *)ether + link_len - sizeof(type), &type, sizeof(type));
	ip = (u8 *)ether + link_len;
	quoted = rte_pktmbuf_read(from, quote, len - head, ip + head);
	if (quoted != ip + head)
		memcpy(ip + head, quoted, len - head);
	if (version == 4)
		write_ipv4((void *)ip, (void *)(ip + head), rte_cpu_to_be_16(worker->ident++), len);
	else
		write_ipv6((void *)ip, (void *)(ip + head), len);
	write_message(ip + ip_len, message, ip, len - ip_len, version == 4);
	worker_send(worker, port, mbuf);
}

void icmp_answer(struct worker *worker, const struct item *item, enum maglev_reason reason, u32 mtu)
{
	const struct maglev_packet *packet = &item->packet;
	struct message message;

	if (maglev_reason_verdict(reason) != MAGLEV_REJECT || packet->kind != MAGLEV_KIND_FLOW ||
	    !is_single(rte_pktmbuf_mtod_offset(item->mbuf, u8 *, item->link_len),
		       packet->version) ||
	    !may_answer(worker))
		return;
	mtu = RTE_MAX(mtu, (u32)(packet->version == 4 ? MAGLEV_IPV4_MTU_MIN : MAGLEV_IPV6_MTU_MIN));
	message = choose(packet->version, reason, mtu);
	send_message(worker, item->port, item->mbuf, item->link_len, item->link_len,
		     packet->total_len, packet->version, &message);
}

static bool is_too_big(const struct maglev_packet *packet)
{
	return packet->version == 4 ?
		       packet->icmp_type == MAGLEV_ICMP_UNREACHABLE &&
			       packet->icmp_code == MAGLEV_ICMP_FRAGMENTATION_NEEDED :
		       packet->icmp_type == MAGLEV_ICMPV6_TOO_BIG;
}

static bool leads_to(const struct maglev_target *target, const u8 *daddr)
{
	struct maglev_backend backend;

	maglev_backend_init(&backend, target->tunnel.addr_len, target->tunnel.addr, 0);
	return !memcmp(backend.addr, daddr, sizeof(backend.addr));
}

/* Anybody can send such errors, and this takes a while: it counts as an answer. */
static struct maglev_target *find_by_address(struct worker *worker,
					     const struct generation *generation, const u8 *daddr)
{
	struct maglev_target *target;
	u32 i;

	if (!may_answer(worker))
		return NULL;
	for (i = 0; i < generation->n_targets; i++) {
		target = generation->targets[i];
		if (target && leads_to(target, daddr))
			return target;
	}
	return NULL;
}

static struct maglev_target *find_target(struct worker *worker, const struct generation *generation,
					 const struct maglev_packet *packet)
{
	struct maglev_target *target;

	if (!packet->tuple.len)
		return find_by_address(worker, generation, packet->tunnel_daddr);
	target = burst_find(worker, generation, packet);
	return target && leads_to(target, packet->tunnel_daddr) ? target : NULL;
}

static bool checksum_is_right(const struct item *item)
{
	u8 *ip = rte_pktmbuf_mtod_offset(item->mbuf, u8 *, item->link_len);
	u32 sum, at = item->packet.network_len, len = item->packet.total_len - at;

	if (item->mbuf->data_len < item->link_len + item->packet.total_len)
		return false;
	if (item->packet.version == 4)
		return rte_raw_cksum(ip + at, len) == 0xffff;
	/* Behind extensions the header's length is not that of the message. */
	if (at != sizeof(struct rte_ipv6_hdr))
		return false;
	sum = rte_raw_cksum(ip + at, len) + rte_ipv6_phdr_cksum((void *)ip, 0);
	return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

/* The way is that narrow until control makes it anew. Several workers may write; all the same. */
static void learn_mtu(struct way *way, const struct maglev_packet *packet)
{
	u32 least = packet->version == 4 ? IPV4_PATH_MTU_MIN : MAGLEV_IPV6_MTU_MIN;
	u32 mtu = RTE_MAX(packet->mtu, least);

	if (mtu < READ_ONCE(way->mtu))
		WRITE_ONCE(way->mtu, mtu);
}

static struct message choose_inner(const struct maglev_packet *packet, const struct way *way)
{
	bool v4 = packet->inner_version == 4;
	u32 least = v4 ? MAGLEV_IPV4_MTU_MIN : MAGLEV_IPV6_MTU_MIN;

	if (is_too_big(packet))
		return choose(packet->inner_version, MAGLEV_REASON_TOO_BIG,
			      RTE_MAX(xmit_mtu(way), least));
	if (packet->version == packet->inner_version)
		return (struct message){ packet->icmp_type, packet->icmp_code, 0 };
	/* Host or address unreachable. */
	return v4 ? (struct message){ 3, 1, 0 } : (struct message){ 1, 3, 0 };
}

static void tell_client(struct worker *worker, const struct item *item, const struct way *way)
{
	const struct maglev_packet *packet = &item->packet;
	u32 header = packet->inner_version == 4 ? MAGLEV_IPV4_HEADER_BYTES :
						  MAGLEV_IPV6_HEADER_BYTES;
	struct message message;

	if (!packet->tuple.len || (is_too_big(packet) && !packet->inner_dont_fragment) ||
	    packet->total_len < packet->inner_offset + header ||
	    !is_single(rte_pktmbuf_mtod_offset(item->mbuf, u8 *,
					       item->link_len + packet->inner_offset),
		       packet->inner_version) ||
	    !may_answer(worker))
		return;
	message = choose_inner(packet, way);
	send_message(worker, item->port, item->mbuf, item->link_len,
		     item->link_len + packet->inner_offset,
		     packet->total_len - packet->inner_offset, packet->inner_version, &message);
}

bool icmp_tunnel_error(struct worker *worker, const struct generation *generation,
		       const struct item *item)
{
	struct maglev_target *target = find_target(worker, generation, &item->packet);
	struct way *way;

	if (!target || !checksum_is_right(item))
		return false;
	way = way_of(target);
	if (is_too_big(&item->packet))
		learn_mtu(way, &item->packet);
	else
		worker->counters->pair[target->index].unreachable++;
	tell_client(worker, item, way);
	return true;
}
