/* SPDX-License-Identifier: GPL-2.0-only */
/* Where others ask us, and whom we ask: ready before a new configuration changes anything. */
#ifndef MAGLEVD_DOORS_H
#define MAGLEVD_DOORS_H

#include "agreement.h"
#include "http.h"
#include "peers.h"

/* All zero: none. */
struct doors {
	struct endpoint listen;
	struct http *http; /* NULL: nobody can ask */
	struct peers *peers;
	struct agreement *agreement;
};

/*
 * doors_open: what @old has, and @config has too, is shared with it. @heard is that of
 * peers_create(), @read of agreement_create(); @ctx is theirs, and that of the pages.
 *
 * Return: 0; -errno with @error (CONFIG_ERROR_TEXT bytes) written, and nothing to close.
 */
int doors_open(struct doors *doors, const struct doors *old, struct ev_loop *loop,
	       const struct config *config, peers_heard *heard, agreement_read *read, void *ctx,
	       char *error);

/* Close all that @other does not share. */
void doors_close(const struct doors *doors, const struct doors *other);

#endif
