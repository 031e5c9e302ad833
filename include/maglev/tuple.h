/* SPDX-License-Identifier: GPL-2.0-only */
/* The five things that name a flow, as the bytes that are hashed; IPv4 and IPv6 alike. */
#ifndef MAGLEV_TUPLE_H
#define MAGLEV_TUPLE_H

#include <maglev/hash.h>

enum {
	MAGLEV_IPV4_BYTES = 4,
	MAGLEV_IPV6_BYTES = 16,
	MAGLEV_TUPLE_TAIL_BYTES = 8, /* ports, protocol and zeroes, behind the two addresses */
};

/**
 * enum maglev_mode - what of a flow chooses its slot
 * @MAGLEV_MODE_TUPLE: everything: addresses, ports and protocol
 * @MAGLEV_MODE_SOURCE: the client's address only (all flows of a client meet)
 *
 * The values enter the table's digest.
 */
enum maglev_mode {
	MAGLEV_MODE_TUPLE = 0,
	MAGLEV_MODE_SOURCE = 1,
};

/**
 * struct maglev_tuple - a flow, always in the direction client to VIP
 * @byte: saddr and daddr (4 or 16 bytes each, network order), sport, dport (network
 *        order), protocol, 3 zero bytes
 * @len: how many bytes are used and hashed: 16 for IPv4, 40 for IPv6
 */
struct maglev_tuple {
	u8 byte[40];
	u32 len;
};

/**
 * maglev_tuple_addr_len() - bytes of each of a tuple's addresses
 * @tuple: the flow
 *
 * Return: MAGLEV_IPV4_BYTES or MAGLEV_IPV6_BYTES.
 */
static inline u32 maglev_tuple_addr_len(const struct maglev_tuple *tuple)
{
	return (tuple->len - MAGLEV_TUPLE_TAIL_BYTES) / 2;
}

/**
 * maglev_tuple_init() - fill a tuple
 * @tuple: what to fill; every hashed byte is written
 * @addr_len: bytes of an address: MAGLEV_IPV4_BYTES or MAGLEV_IPV6_BYTES
 * @saddr: the client's address, network order
 * @daddr: the VIP, network order
 * @sport: the client's port, 0 where the protocol has none
 * @dport: the service's port, 0 where the protocol has none
 * @protocol: IPPROTO_*
 *
 * Any context.
 */
void maglev_tuple_init(struct maglev_tuple *tuple, u32 addr_len, const void *saddr,
		       const void *daddr, __be16 sport, __be16 dport, u8 protocol);

/**
 * maglev_tuple_hash() - the flow hash h
 * @tuple: the flow
 * @key: the cluster key
 *
 * Return: SipHash-1-3 of the tuple's bytes.
 */
u64 maglev_tuple_hash(const struct maglev_tuple *tuple, const struct maglev_key *key);

/**
 * maglev_tuple_slot_hash() - the hash that chooses the slot, hs
 * @tuple: the flow
 * @mode: what of the flow counts
 * @key: the cluster key
 *
 * Return: h in mode tuple; in mode source the hash of the tuple with daddr, ports and
 * protocol zero. slot = maglev_reduce(hs, M).
 */
u64 maglev_tuple_slot_hash(const struct maglev_tuple *tuple, enum maglev_mode mode,
			   const struct maglev_key *key);

#endif
