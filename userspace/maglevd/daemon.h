/* SPDX-License-Identifier: GPL-2.0-only */
/* What maglevd does between its start and its end: one loop, one thread. */
#ifndef MAGLEVD_DAEMON_H
#define MAGLEVD_DAEMON_H

#include "agreement.h"
#include "announcer.h"
#include "checker.h"
#include "history.h"
#include "kernel.h"

struct daemon;

struct daemon_options {
	const char *config_file;
	const char *run_directory; /* for what outlives the daemon */
};

/* Return: NULL, and why has been said. */
struct daemon *daemon_create(struct ev_loop *loop, const struct daemon_options *options);

/* @daemon may be NULL. The kernel keeps what it has, but for routes of VIPs. */
void daemon_destroy(struct daemon *daemon);

/*
 * daemon_load: read the file and do what it says; if it cannot be, nothing changes.
 *
 * Return: 0; -errno with @error (CONFIG_ERROR_TEXT bytes) written.
 */
int daemon_load(struct daemon *daemon, char *error);

const struct world *daemon_world(const struct daemon *daemon);
const struct checker *daemon_checker(const struct daemon *daemon);
const struct agreement *daemon_agreement(const struct daemon *daemon);
struct announcer *daemon_announcer(const struct daemon *daemon);

/* NULL: there is none yet. */
const struct history *daemon_history(const struct daemon *daemon);

#endif
