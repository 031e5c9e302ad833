/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands that are ipvsadm's, and what is read of them on the way. */
#ifndef MAGLEVADM_IPVS_RESTORE_H
#define MAGLEVADM_IPVS_RESTORE_H

#include "ipvs_words.h"

/* Pass on -e. Return: what ipvsadm returned, or enum status. */
int ipvs_edit(int argc, char **argv, const struct ipvs_words *words);

/* Pass on -R and its lines, unchanged, each read before ipvsadm gets it. Return: as ipvs_edit(). */
int ipvs_restore(int argc, char **argv);

#endif
