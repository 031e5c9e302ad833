/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How large a part of its weight each backend of a service is to have, by what it says or by how it
 * does: one policy for each service. A policy reads what is known and says where shares should be;
 * how fast they go there is the same for all (load_limit.c). No I/O; the caller brings the time.
 */
#ifndef MAGLEVD_LOAD_H
#define MAGLEVD_LOAD_H

#include "load_trend.h"

#include <stdbool.h>
#include <maglev/env.h>

struct config_share;
struct member;
struct service;

/**
 * struct load - of a member
 * @is_serving: it is up, and takes part
 * @is_known: there is a @value, and it is not too old
 * @value: in the policy's unit
 * @error: of @value, relative: its standard error; 0: it is exact
 * @target: where its share should be, 0 to 1
 * @band: how far from there, relative, it may rest
 * @is_set: it has been weighed before: @share is something
 * @was_known: there was a value since then
 * @is_moving: towards @target, until it is there
 * @turns: for so many more it follows
 * @since: ns: when it was weighed first
 * @share: where it is, 0 to 1
 * @percent: the same, as the kernel is told but for slow start
 * @held: flows
 */
struct load {
	bool is_serving, is_known;
	double value, error;
	double target, band;
	bool is_set, was_known, is_moving;
	u32 turns;
	u64 since;
	double share;
	u32 percent;
	struct load_trend held;
};

/**
 * struct load_policy - where shares come from
 * @name: as in the configuration
 * @what: what it measures, with the unit, as a key of the status; NULL: nothing
 * @step_percent: what it tells is a multiple of that
 * @read: write @is_known, @value and @error of a member's load
 * @aim: write @target of those that serve and are known, and @error if others have a part in it;
 *	NULL: all are to have all
 */
struct load_policy {
	const char *name;
	const char *what;
	u32 step_percent;
	void (*read)(const struct service *service, struct member *member, u64 now);
	void (*aim)(struct service *service);
};

extern const struct load_policy load_agent;
extern const struct load_policy load_header;
extern const struct load_policy load_latency;
extern const struct load_policy load_predictive;

struct stream;

/* What the policy's check has seen of a member; NULL: it has none, as one of a sorry pool. */
const struct stream *load_stream(const struct service *service, const struct member *member);

/* That of the service. */
const struct load_policy *load_policy_of(const struct service *service);

/**
 * load_weigh() - write @percent of each member
 * @service: its members' @wanted is what they are going to be
 * @now: ns
 *
 * Return: ns: when to do so again; 0: when something changes.
 */
u64 load_weigh(struct service *service, u64 now);

/*
 * A word for how a member's share stands to its target: "static", it follows nothing; "unknown",
 * there was no value yet, and "lost", there is none any more; "moving"; "settled".
 */
const char *load_state(const struct service *service, const struct member *member);

/* Percent: where its share should be. */
u32 load_target(const struct member *member);

/* What was measured, in thousandths at most. */
double load_value(const struct member *member);

/**
 * load_limit() - move shares towards their targets
 * @service: whose members have @target, @error and @is_serving
 * @step_percent: what is told is a multiple of that
 *
 * Those that do not serve are there at once, as no slot moves for them.
 */
void load_limit(struct service *service, u32 step_percent);

#endif
