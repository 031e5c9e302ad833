/* SPDX-License-Identifier: GPL-2.0-only */
/* The network namespace commands are about. */
#ifndef MAGLEVADM_NETNS_H
#define MAGLEVADM_NETNS_H

/*
 * Go there and stay: @name, a word of the command line, is a name that "ip netns" knows, or a path
 * if there is a / in it.
 *
 * Return: enum status, said.
 */
int netns_enter(const char *name);

#endif
