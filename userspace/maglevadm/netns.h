/* SPDX-License-Identifier: GPL-2.0-only */
/* The network namespace commands are about. */
#ifndef MAGLEVADM_NETNS_H
#define MAGLEVADM_NETNS_H

#include <stdbool.h>

/*
 * Go there and stay: @name, a word of the command line, is a name that "ip netns" knows, or a path
 * if there is a / in it.
 *
 * Return: enum status, said.
 */
int netns_enter(const char *name);

/* Are we in another than we were started in? */
bool netns_is_entered(void);

#endif
