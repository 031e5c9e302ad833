/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A socket for maglevadm and scripts: a line of JSON is asked, {"command": "status"}, and one is
 * answered. Reading is for all; what changes anything is for uid 0 and group maglev.
 */
#ifndef MAGLEVD_CONTROL_H
#define MAGLEVD_CONTROL_H

#include "daemon.h"

struct control;

/* At DIRECTORY/control. Return: NULL, and why has been said. */
struct control *control_create(struct ev_loop *loop, struct daemon *daemon, const char *directory);

/* @control may be NULL. */
void control_destroy(struct control *control);

#endif
