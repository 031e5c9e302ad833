/* SPDX-License-Identifier: GPL-2.0-only */
/* The table as in-tree mh makes it, to compare ours with. */
#ifndef IN_TREE_H
#define IN_TREE_H

#include <maglev/table.h>

/* Arguments as of maglev_base_build(), with as many bytes as in_tree_scratch() tells. */
size_t in_tree_scratch(u32 size, u32 n);
void in_tree_build(u16 *table, u32 size, const struct maglev_backend *backends, u32 n,
		   void *scratch);

#endif
