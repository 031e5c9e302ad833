/* SPDX-License-Identifier: GPL-2.0-only */
/* The installed ipvsadm as a child. */
#ifndef MAGLEVADM_IPVS_SPAWN_H
#define MAGLEVADM_IPVS_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Start ipvsadm with these words behind its name; @input becomes its stdin, -1: it has
 * ours.
 *
 * Return: STATUS_DONE, or what has been said.
 */
int ipvs_spawn(pid_t *pid, int argc, char **argv, int input);

/* Return: what it exits with; if a signal ends it, 128 and its number, as shells do. */
int ipvs_wait(pid_t pid);

/* Both at once. */
int ipvs_pass(int argc, char **argv);

/* Load ip_vs, as ipvsadm does. Return: false if that fails. */
bool ipvs_load(void);

#endif
