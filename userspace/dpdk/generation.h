/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Generations: all that a packet reads, published by one pointer. A worker takes the pointer once
 * a burst, so that no packet sees two of them. The control thread builds a generation aside, swaps,
 * and frees the one before when every worker has been past it. Free of DPDK: tests of control link
 * without it.
 */
#ifndef MAGLEV_DPDK_GENERATION_H
#define MAGLEV_DPDK_GENERATION_H

#include <maglev/decide.h>

#include <stddef.h>

enum {
	LINE_BYTES = 64,
	LINK_BYTES_MAX = 18, /* Ethernet and one VLAN tag */
	FRONT_BYTES = LINK_BYTES_MAX + MAGLEV_OUTER_BYTES_MAX,
	PORT_NONE = 0xffff,
};

/**
 * struct way - a backend of a service, as packets see it: all of what is put in front of them
 * @target: what the core knows of it; its index is the way's place in generation.ways
 * @mtu: of the IP packet that leaves
 * @port: it leaves by; PORT_NONE: there is no way, or its next hop has not answered yet
 * @link_len: bytes of Ethernet header and tag in @front, 0 if @port is PORT_NONE
 * @front_len: bytes of @front in use
 * @front: link, outer IP and GRE headers; length, DSCP, TTL, DF, ID, flow label and checksum are
 *	   each packet's own
 *
 * Two lines: the first has the target, and of @front what is not the outer IP header's end.
 */
struct way {
	_Alignas(LINE_BYTES) struct maglev_target target;
	u16 mtu;
	u16 port;
	u8 link_len;
	u8 front_len;
	u8 front[FRONT_BYTES];
};

_Static_assert(sizeof(struct way) == 2 * LINE_BYTES, "a way is two lines");

/**
 * struct service_view - a service, as packets see it
 * @view: its tables; targets are those of this generation
 * @addr: the VIP
 * @port: network order
 * @addr_len: bytes of @addr in use
 * @protocol: IPPROTO_*
 * @fragments: its fragments are followed (paper, 4.3)
 * @addr_fragments: of the first service at an address: some service's there are
 */
struct service_view {
	struct maglev_view view;
	u8 addr[MAGLEV_IPV6_BYTES];
	u16 port;
	u8 addr_len;
	u8 protocol;
	bool fragments;
	bool addr_fragments;
};

/**
 * struct source_prefix - outer sources of one family
 * @addr: the prefix
 * @len: its bits; 0: the source is that of the way
 */
struct source_prefix {
	u8 addr[MAGLEV_IPV6_BYTES];
	u8 len;
};

/**
 * struct generation - what packets see
 * @number: of the generation, from 1
 * @tables: the flow tables, one a worker; NULL: flows are not tracked
 * @targets: by pair index, NULL where there is none: @ways' targets
 * @n_targets: entries of @targets
 * @mask: entries of @service_at, a power of two, less 1
 * @service_at: open addressing from service_hash() on, NULL ends a search; at most half full
 * @address_at: likewise, from address_hash() on: the first service at each address
 * @services: all of them
 * @n_services: how many
 * @pmtu_disc: inner DF is carried outside
 * @source: outer sources, of IPv4 and of IPv6
 * @ways: by pair index
 */
struct generation {
	u64 number;
	const struct maglev_flow_tables *tables;
	struct maglev_target **targets;
	u32 n_targets;
	u32 mask;
	struct service_view **service_at;
	struct service_view **address_at;
	struct service_view *services;
	u32 n_services;
	bool pmtu_disc;
	struct source_prefix source[2];
	struct way *ways;
};

/**
 * service_hash() - where the search for a service begins
 * @addr: the VIP
 * @addr_len: its bytes
 * @port: network order
 * @protocol: IPPROTO_*
 *
 * Who fills the hash is the operator, not the client: it need not be keyed.
 */
static inline u32 service_hash(const u8 *addr, u32 addr_len, u16 port, u8 protocol)
{
	u64 word[2] = {};

	__builtin_memcpy(word, addr, addr_len);
	return maglev_mix64(word[0] ^ maglev_mix64(word[1] + ((u64)port << 8 | protocol))) >> 32;
}

/* Where the search for an address begins. */
static inline u32 address_hash(const u8 *addr, u32 addr_len)
{
	return service_hash(addr, addr_len, 0, 0);
}

/* Is this the service's VIP? */
static inline bool service_has_addr(const struct service_view *service, const u8 *addr,
				    u32 addr_len)
{
	if (addr_len != service->addr_len)
		return false;
	/* Lengths that the compiler knows: a load and a comparison each. */
	return addr_len == MAGLEV_IPV4_BYTES ?
		       !__builtin_memcmp(service->addr, addr, MAGLEV_IPV4_BYTES) :
		       !__builtin_memcmp(service->addr, addr, MAGLEV_IPV6_BYTES);
}

/**
 * generation_service() - whose packet is it?
 * @generation: the generation
 * @addr: its destination
 * @addr_len: bytes of that
 * @port: network order
 * @protocol: IPPROTO_*
 *
 * Packet path: two lines where no two services collide. Return: the service, or NULL.
 */
static inline struct service_view *generation_service(const struct generation *generation,
						      const u8 *addr, u32 addr_len, u16 port,
						      u8 protocol)
{
	u32 at = service_hash(addr, addr_len, port, protocol);
	struct service_view *service;

	while ((service = generation->service_at[at++ & generation->mask])) {
		if (service->port == port && service->protocol == protocol &&
		    service_has_addr(service, addr, addr_len))
			break;
	}
	return service;
}

/**
 * generation_address() - is there a service at an address?
 * @generation: the generation
 * @addr: the address
 * @addr_len: bytes of that
 *
 * Packet path, of fragments. Return: the first service there, or NULL.
 */
static inline struct service_view *generation_address(const struct generation *generation,
						      const u8 *addr, u32 addr_len)
{
	u32 at = address_hash(addr, addr_len);
	struct service_view *service;

	while ((service = generation->address_at[at++ & generation->mask])) {
		if (service_has_addr(service, addr, addr_len))
			break;
	}
	return service;
}

/**
 * generation_add() - have packets find a service
 * @generation: not published yet, with room for it
 * @service: of it, complete; no other has its address, port and protocol
 */
static inline void generation_add(struct generation *generation, struct service_view *service)
{
	u32 at = service_hash(service->addr, service->addr_len, service->port, service->protocol);
	struct service_view *first;

	while (generation->service_at[at & generation->mask])
		at++;
	generation->service_at[at & generation->mask] = service;
	first = generation_address(generation, service->addr, service->addr_len);
	if (!first) {
		at = address_hash(service->addr, service->addr_len);
		while (generation->address_at[at & generation->mask])
			at++;
		first = generation->address_at[at & generation->mask] = service;
	}
	first->addr_fragments |= service->fragments;
}

#endif
