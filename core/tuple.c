// SPDX-License-Identifier: GPL-2.0-only
/* Flows as hashed bytes (design, section 3). Pure functions on the packet path. */
#include <maglev/tuple.h>

/* What follows the two addresses. */
struct tuple_tail {
	__be16 sport;
	__be16 dport;
	u8 protocol;
	u8 zero[3];
};

static_assert(sizeof(struct tuple_tail) == 8);

void maglev_tuple_init(struct maglev_tuple *tuple, u32 addr_len, const void *saddr,
		       const void *daddr, __be16 sport, __be16 dport, u8 protocol)
{
	struct tuple_tail tail = { .sport = sport, .dport = dport, .protocol = protocol };

	memcpy(tuple->byte, saddr, addr_len);
	memcpy(tuple->byte + addr_len, daddr, addr_len);
	memcpy(tuple->byte + 2 * addr_len, &tail, sizeof(tail));
	tuple->len = 2 * addr_len + sizeof(tail);
}

u64 maglev_tuple_hash(const struct maglev_tuple *tuple, const struct maglev_key *key)
{
	return maglev_siphash13(key, tuple->byte, tuple->len);
}

u64 maglev_tuple_slot_hash(const struct maglev_tuple *tuple, enum maglev_mode mode,
			   const struct maglev_key *key)
{
	struct maglev_tuple source = { .len = tuple->len };
	u32 addr_len = (tuple->len - sizeof(struct tuple_tail)) / 2;

	if (mode == MAGLEV_MODE_TUPLE)
		return maglev_tuple_hash(tuple, key);
	memcpy(source.byte, tuple->byte, addr_len);
	return maglev_tuple_hash(&source, key);
}
