/* SPDX-License-Identifier: GPL-2.0-only */
/* The netfilter hooks by which packets come to us. */
#ifndef MAGLEV_KMOD_HOOK_H
#define MAGLEV_KMOD_HOOK_H

#include <linux/types.h>

struct maglev_net;

/**
 * enum maglev_hooks - hooks that come and go together
 * @MAGLEV_HOOKS_LOCAL: on local input: while there are services
 * @MAGLEV_HOOKS_EARLY: before routing: while the setting says so
 * @MAGLEV_HOOKS_PROBES: on local output: while there are probes
 */
enum maglev_hooks {
	MAGLEV_HOOKS_LOCAL,
	MAGLEV_HOOKS_EARLY,
	MAGLEV_HOOKS_PROBES,
};

/**
 * maglev_hook_forward() - packets of this namespace are to be forwarded
 * @mnet: the namespace
 *
 * Registers MAGLEV_HOOKS_LOCAL, and sees to flow tables. Process context, under no lock of ours
 * but a build_lock.
 *
 * Return: 0 or an errno.
 */
int maglev_hook_forward(struct maglev_net *mnet);

/**
 * maglev_hook_idle() - unregister MAGLEV_HOOKS_LOCAL if the namespace has no service any more
 * @mnet: the namespace
 */
void maglev_hook_idle(struct maglev_net *mnet);

/**
 * maglev_hook_switch() - register or unregister hooks; nothing happens if they are as wanted
 * @mnet: the namespace
 * @hooks: which
 * @on: register them
 *
 * Process context, under no lock of ours.
 *
 * Return: 0 or an errno.
 */
int maglev_hook_switch(struct maglev_net *mnet, enum maglev_hooks hooks, bool on);

/**
 * maglev_hook_unregister() - no packets are to come any more; waits for none of them
 * @mnet: the namespace
 */
void maglev_hook_unregister(struct maglev_net *mnet);

#endif
