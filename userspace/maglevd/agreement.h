/* SPDX-License-Identifier: GPL-2.0-only */
/* Do the other balancers have the tables that we have? They are asked by HTTP now and then. */
#ifndef MAGLEVD_AGREEMENT_H
#define MAGLEVD_AGREEMENT_H

#include "config.h"
#include "digests.h"

struct agreement;
struct ev_loop;

/* What we have, into empty @digests. Return: 0 or -errno. */
typedef int agreement_read(void *ctx, struct digests *digests);

/* A service on which a peer differs from us. */
struct disagreement {
	struct service_key service;
	enum difference difference;
	u64 since; /* ns */
	bool is_told; /* it has lasted long enough */
};

struct agreement_peer {
	struct endpoint at;
	bool is_heard; /* what is known of it is of its last answer, and that is not old */
	const struct disagreement *disagreement; /* ordered by service */
	size_t n;
};

/* What @old, or NULL, knows of peers that are in @config too is known. Return: NULL without memory. */
struct agreement *agreement_create(struct ev_loop *loop, const struct config *config,
				   const struct agreement *old, agreement_read *read, void *ctx);

/* @agreement may be NULL. */
void agreement_destroy(struct agreement *agreement);

size_t agreement_peers(const struct agreement *agreement);
struct agreement_peer agreement_peer(const struct agreement *agreement, size_t i, u64 now);

#endif
