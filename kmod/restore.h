/* SPDX-License-Identifier: GPL-2.0-only */
/* Flows that were saved, put back into flow tables. */
#ifndef MAGLEV_KMOD_RESTORE_H
#define MAGLEV_KMOD_RESTORE_H

#include "net.h"

/**
 * struct maglev_saved - a flow to be tracked again
 * @word: its word, with the age that maglev_word_save() gave it; the pair of its index is there
 * @line: the line it was in, of those that a table has
 * @done: it needs no place any more
 */
struct maglev_saved {
	u64 word;
	u32 line;
	bool done;
};

/**
 * struct maglev_restore - flows of one CPU, and what became of them
 * @cpu: in whose table they were
 * @n: how many
 * @saved: each
 * @put: how many are in a table now
 * @expired: how many were older than their timeout
 * @known: how many were tracked already
 */
struct maglev_restore {
	u32 cpu;
	u32 n;
	struct maglev_saved *saved;
	u32 put;
	u32 expired;
	u32 known;
};

/**
 * maglev_restore() - put flows back
 * @mnet: the namespace; its lock held, under which it was seen that there are tables
 * @restore: the flows, checked
 *
 * Sleeps. Those for which no line has room are left.
 */
void maglev_restore(struct maglev_net *mnet, struct maglev_restore *restore);

#endif
