// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flow k's source is a keyed permutation of k over all tuples of the prefix: no two flows share
 * one, and disjoint ranges of flows have disjoint tuples.
 */
#include "frames.h"

enum {
	PORT_BITS = 15,
	PORT_FIRST = 16384,
	HOST_BITS_MAX = 48,
	FLOW_BITS_MAX = 32, /* a flow's number is a u32 in the payload */
};

void permute_init(u64 keys[4], u64 seed)
{
	int i;

	for (i = 0; i < 4; i++)
		keys[i] = mix64(seed + (i + 1) * 0x9e3779b97f4a7c15);
}

/* Each step is a bijection of bits-bit numbers: an addition, an odd multiplication, a shifted xor. */
u64 permute(const u64 keys[4], u32 bits, u64 x)
{
	u64 mask = (1ULL << bits) - 1;
	int i;

	for (i = 0; i < 4; i++) {
		x = ((x + keys[i]) * 0xd6e8feb86659fd93) & mask;
		x ^= x >> (bits + 1) / 2;
	}
	return x;
}

void tuples_init(struct tuples *tuples, struct options *options)
{
	const char *fallback = is_ip4(&options->vips[0]) ? "198.18.0.0" : "2001:2::";
	char text[ADDRESS_CHARS];
	u64 most;

	if (!options->has_src_net) {
		parse_address(fallback, &options->src_net.base);
		options->src_net.bits = is_ip4(&options->vips[0]) ? MAPPED_BITS + 15 : 48;
	}
	if (is_ip4(&options->src_net.base) != is_ip4(&options->vips[0]))
		die_usage("--src-net %s: the VIP is of the other family",
			  address_text(&options->src_net.base, text));
	tuples->base = options->src_net.base;
	tuples->bits = 128 - options->src_net.bits;
	if (tuples->bits > HOST_BITS_MAX)
		tuples->bits = HOST_BITS_MAX;
	tuples->bits += PORT_BITS;
	permute_init(tuples->keys, options->seed);
	most = 1ULL << (tuples->bits < FLOW_BITS_MAX ? tuples->bits : FLOW_BITS_MAX);
	if (options->spoof && !options->has_flows && options->first < most)
		options->flows = most - options->first;
	if (options->first + options->flows > most)
		die_usage("--first %llu --flows %llu: the source prefix has %llu tuples",
			  options->first, options->flows, most);
}

void tuples_get(const struct tuples *tuples, u32 flow, struct in6_addr *address, u16 *port)
{
	u64 x = permute(tuples->keys, tuples->bits, flow), host = x >> PORT_BITS;
	int i;

	*port = PORT_FIRST + (x & ((1 << PORT_BITS) - 1));
	*address = tuples->base;
	for (i = 15; host; i--, host >>= 8)
		address->s6_addr[i] |= host;
}

int run_tuples(struct options *options)
{
	struct in6_addr address;
	struct tuples tuples;
	char text[ADDRESS_CHARS];
	u16 port;
	u64 i;

	tuples_init(&tuples, options);
	for (i = 0; i < options->flows; i++) {
		tuples_get(&tuples, options->first + i, &address, &port);
		address_text(&address, text);
		printf(is_ip4(&address) ? "%s:%u\n" : "[%s]:%u\n", text, port);
	}
	if (fflush(stdout))
		die("stdout: %m");
	return 0;
}
