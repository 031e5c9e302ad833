/* SPDX-License-Identifier: GPL-2.0-only */
/* From what checks say to what the kernel is told. No I/O; the caller brings the time. */
#ifndef MAGLEVD_JUDGE_H
#define MAGLEVD_JUDGE_H

#include "world.h"

/* What the kernel is to be told of a member; nothing in the member has changed yet. */
struct sentence {
	struct member *member;
	u32 health; /* MAGLEV_NL_STATE_* */
	u32 share;
};

/* A service was looked at. */
struct judgement {
	struct sentence *sentence; /* only of members that are to change */
	size_t n;
	bool panic_began, panic_ended;
	bool open_began, open_ended;
	u32 n_failing;
	u64 next; /* ns: when to look again though no check changes; 0: never */
};

/*
 * judge_service: @room for as many sentences as the service has members. What is not a change of a
 * member is written to the service.
 */
void judge_service(struct service *service, u64 now, struct sentence *room,
		   struct judgement *judgement);

/* The kernel has been told. */
void judge_carry_out(const struct service *service, const struct sentence *sentence, u64 now);

/* What the routing checks of a member say together. */
enum opinion judge_opinion(const struct member *member);

/* Return: one of them that fails; NULL: none does. */
const struct stream *judge_failing(const struct member *member);

#endif
