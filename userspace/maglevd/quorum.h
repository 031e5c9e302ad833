/* SPDX-License-Identifier: GPL-2.0-only */
/* Between what peers say and what is judged. */
#ifndef MAGLEVD_QUORUM_H
#define MAGLEVD_QUORUM_H

#include "peers.h"

/* Note what peers say of members that fail, before the service is judged. */
void quorum_count(struct service *service, const struct peers *peers, u64 now);

/* Say, once, of members that peers go on to see up: the way from here to there is broken. */
void quorum_tell(const struct service *service, u64 now);

/* Ask peers while that may change something, and no longer. */
void quorum_ask(const struct world *world, struct peers *peers);

/* Peers have said something: which services are to be judged again? */
void quorum_heard(struct world *world);

#endif
