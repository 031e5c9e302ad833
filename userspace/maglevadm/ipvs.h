/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ipvsadm's grammar: lists are ours, everything else is the installed ipvsadm's.
 *
 * main() calls cmd_ipvs() where the first word behind our own options is one that
 * ipvs_starts() knows; out_init() before and out_fini() after it are main's.
 */
#ifndef MAGLEVADM_IPVS_H
#define MAGLEVADM_IPVS_H

#include "out.h"

/* Is this word a command of ipvsadm: "-Ln", "--edit-server", "--start-daemon=master"? */
bool ipvs_starts(const char *word);

/*
 * Run a command of ipvsadm, argv[0] being its first word and argv[argc] NULL. With
 * @netns (NULL: none) the process goes to that network namespace and stays there.
 *
 * Return: enum status, or what ipvsadm returned.
 */
int cmd_ipvs(struct out *out, const char *netns, bool json, int argc, char **argv);

#endif
