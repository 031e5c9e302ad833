/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What "ipvsadm -e" forgets: it writes every attribute of a backend, and without
 * --tun-type, say, a GRE tunnel becomes an IPIP one.
 */
#ifndef MAGLEVADM_IPVS_EDIT_H
#define MAGLEVADM_IPVS_EDIT_H

#include "ipvs_words.h"

#include <ipvs_table.h>

/*
 * Do to the table what this command will do in the kernel, as far as the ways to backends
 * go, and warn if an edit changes more of one than it says; @line is the line of stdin
 * that the command is from, 0: none.
 */
void ipvs_edit_follow(struct ipvs_table *table, const struct ipvs_words *words, unsigned long line);

#endif
