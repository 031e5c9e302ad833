/* SPDX-License-Identifier: GPL-2.0-only */
/* The words of a burst's flows, found at once: each line is compared with one vector. */
#ifndef MAGLEV_DPDK_LOOKUP_H
#define MAGLEV_DPDK_LOOKUP_H

#include <maglev/flow.h>

/**
 * lookup_words() - find words by their hash alone
 * @table: of this worker
 * @hash: of the flows, under the table's key
 * @n: how many
 * @word: written: the only word that has the hash's 38 bits; 0 if there is none, or more
 *
 * Packet path. Whose word it is, and whether it has expired, is for the caller to see.
 */
void lookup_words(const struct maglev_flow_table *table, const u64 *hash, u32 n, u64 *word);

#endif
