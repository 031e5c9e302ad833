/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pipeline: a burst of packets as received, in stages, so that what one packet waits for
 * another's work hides: parse and find the service; hash, eight at once, and fetch the lines of the
 * flow table; decide; encapsulate.
 */
#ifndef MAGLEV_DPDK_BURST_H
#define MAGLEV_DPDK_BURST_H

#include "worker.h"

#include <maglev/packet.h>

/**
 * struct item - a packet of a service on its way through the stages
 * @packet: as parsed
 * @hash: of its flow
 * @word: of its flow, as lookup_words() found it
 * @mbuf: the packet
 * @service: whose it is
 * @port: DPDK's number of the port it came by
 * @link_len: bytes before its IP header
 */
struct item {
	struct maglev_packet packet;
	u64 hash;
	u64 word;
	struct rte_mbuf *mbuf;
	struct service_view *service;
	u16 port;
	u16 link_len;
};

/* Sources that nobody has (RFC 1812, 5.3.7; RFC 4291, 2.7): the kernel knows what to do. */
static inline bool is_martian(const u8 *source, u8 version)
{
	if (version == 4)
		return source[0] == 0 || source[0] == 127 || source[0] >= 224;
	return source[0] == 0xff;
}

/**
 * burst_run() - all that becomes of some packets
 * @worker: who received them
 * @generation: what they see
 * @mbuf: the packets; @mbuf->port is where they came in; they are gone afterwards
 * @n: how many, at most BURST
 * @level: of the queue they came from
 */
void burst_run(struct worker *worker, const struct generation *generation, struct rte_mbuf **mbuf,
	       u32 n, enum spill_level level);

/**
 * burst_forward() - decide about one packet, and forward it
 * @worker: who has it
 * @generation: what it sees
 * @item: the packet; parsed, and @item->service found; its buffer is gone afterwards
 *
 * Return: its backend; NULL if it has none.
 */
struct maglev_target *burst_forward(struct worker *worker, const struct generation *generation,
				    struct item *item);

/**
 * burst_forward_to() - forward a packet that is decided about
 * @worker: who has it
 * @generation: what it sees
 * @item: the packet, likewise
 * @target: its backend
 * @hash: in place of its flow's
 */
void burst_forward_to(struct worker *worker, const struct generation *generation,
		      const struct item *item, struct maglev_target *target, u64 hash);

/* Whose is this flow? NULL: no service's. */
struct service_view *burst_service(const struct generation *generation,
				   const struct maglev_tuple *tuple);

/**
 * burst_find() - whose flow is it that an ICMP error quotes?
 * @worker: who got it
 * @generation: what it sees
 * @packet: the error, with a tuple; its flow is looked up and left as it is
 *
 * Return: its backend, or NULL.
 */
struct maglev_target *burst_find(struct worker *worker, const struct generation *generation,
				 const struct maglev_packet *packet);

/* The way that a target is part of. */
static inline struct way *way_of(struct maglev_target *target)
{
	return (struct way *)((u8 *)target - offsetof(struct way, target));
}

#endif
