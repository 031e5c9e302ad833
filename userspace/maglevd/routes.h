/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Routes of ours in the kernel's tables, one for each VIP that is announced: of the host, to lo, with a
 * protocol number of our own, by which BIRD or FRR find them and we do after a restart.
 */
#ifndef MAGLEVD_ROUTES_H
#define MAGLEVD_ROUTES_H

#include <objects.h>

enum {
	ROUTES_PROTOCOL = 119,
};

struct routes;

/* Take a route of ours. Return: 0 to go on, or -errno. */
typedef int routes_row(void *ctx, const struct maglev_lib_addr *vip, u32 table);

/* In the caller's network namespace. Return: NULL with errno. */
struct routes *routes_open(void);

/* @routes may be NULL. */
void routes_close(struct routes *routes);

/* Those of all tables. Return: 0, what @row returned, or -errno. */
int routes_list(struct routes *routes, routes_row *row, void *ctx);

/* Return: 0; -EEXIST if there is one to this address already, whosesoever; another -errno. */
int routes_add(struct routes *routes, const struct maglev_lib_addr *vip, u32 table);

/* Return: 0, also if there was none of ours; -errno. */
int routes_del(struct routes *routes, const struct maglev_lib_addr *vip, u32 table);

#endif
