/* SPDX-License-Identifier: GPL-2.0-only */
/* The flow hashes of a burst at once: maglev_siphash13() in the lanes of vectors. */
#ifndef MAGLEV_DPDK_SIPHASH_H
#define MAGLEV_DPDK_SIPHASH_H

#include <maglev/tuple.h>

/**
 * siphash_tuples() - the flow hashes of many tuples
 * @key: the cluster key
 * @tuple: the tuples; of both families, as they come
 * @n: how many
 * @hash: by place: maglev_tuple_hash()
 *
 * Packet path.
 */
void siphash_tuples(const struct maglev_key *key, const struct maglev_tuple *const *tuple, u32 n,
		    u64 *hash);

#endif
