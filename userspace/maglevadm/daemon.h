/* SPDX-License-Identifier: GPL-2.0-only */
/* The health daemon, asked at its socket. */
#ifndef MAGLEVADM_DAEMON_H
#define MAGLEVADM_DAEMON_H

#include <cjson/cJSON.h>
#include "err.h"

/*
 * Ask @command of the one with this run directory, NULL for the default one.
 *
 * Return: STATUS_DONE with *@answer to be deleted, or what has been said.
 */
int daemon_ask(const char *directory, const char *command, cJSON **answer);

#endif
