/* SPDX-License-Identifier: GPL-2.0-only */
/* The other balancers, asked by HTTP which backends fail there, and only while that matters. */
#ifndef MAGLEVD_PEERS_H
#define MAGLEVD_PEERS_H

#include "world.h"

struct peers;

/* A peer has answered, or failed to. */
typedef void peers_heard(void *ctx);

/* Return: NULL without memory. */
struct peers *peers_create(struct ev_loop *loop, const struct config *config, peers_heard *heard,
			   void *ctx);

/* @peers may be NULL. */
void peers_destroy(struct peers *peers);

/* Ask them all at once and from then on now and then, or ask no more. */
void peers_ask(struct peers *peers, bool wanted);

/* What they have said lately. */
struct votes peers_votes(const struct peers *peers, const struct service_key *service,
			 const struct endpoint *backend, u64 now);

#endif
