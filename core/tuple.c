// SPDX-License-Identifier: GPL-2.0-only
/* Flows as hashed bytes (design, section 3). Pure functions on the packet path. */
#include <maglev/tuple.h>

/* Always inlined, so that every length is a constant and a copy is a load and a store. */
static inline void fill(struct maglev_tuple *tuple, u32 addr_len, const void *saddr,
			const void *daddr, __be64 tail)
{
	static_assert(sizeof(tail) == MAGLEV_TUPLE_TAIL_BYTES);
	memcpy(tuple->byte, saddr, addr_len);
	memcpy(tuple->byte + addr_len, daddr, addr_len);
	memcpy(tuple->byte + 2 * addr_len, &tail, sizeof(tail));
	tuple->len = 2 * addr_len + sizeof(tail);
}

/* The tail is one store: the hash loads it as one word a moment later. */
void maglev_tuple_init(struct maglev_tuple *tuple, u32 addr_len, const void *saddr,
		       const void *daddr, __be16 sport, __be16 dport, u8 protocol)
{
	__be64 tail = cpu_to_be64((u64)be16_to_cpu(sport) << 48 | (u64)be16_to_cpu(dport) << 32 |
				  (u64)protocol << 24);

	if (addr_len == MAGLEV_IPV4_BYTES)
		fill(tuple, MAGLEV_IPV4_BYTES, saddr, daddr, tail);
	else
		fill(tuple, MAGLEV_IPV6_BYTES, saddr, daddr, tail);
}

u64 maglev_tuple_hash(const struct maglev_tuple *tuple, const struct maglev_key *key)
{
	return maglev_siphash13(key, tuple->byte, tuple->len);
}

u64 maglev_tuple_slot_hash(const struct maglev_tuple *tuple, enum maglev_mode mode,
			   const struct maglev_key *key)
{
	struct maglev_tuple source = { .len = tuple->len };
	u32 addr_len = maglev_tuple_addr_len(tuple);

	if (mode == MAGLEV_MODE_TUPLE)
		return maglev_tuple_hash(tuple, key);
	memcpy(source.byte, tuple->byte, addr_len);
	return maglev_tuple_hash(&source, key);
}
