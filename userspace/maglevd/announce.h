/* SPDX-License-Identifier: GPL-2.0-only */
/* When a VIP is announced, and why it is not. No I/O; the caller brings the time. */
#ifndef MAGLEVD_ANNOUNCE_H
#define MAGLEVD_ANNOUNCE_H

#include <maglev/env.h>

enum {
	ANNOUNCE_MISSES = 3, /* bad answers in a row */
	ANNOUNCE_SILENCE_MS = 700, /* that a question may go without any */
	ANNOUNCE_PATIENCE_S = 60, /* with backends that nothing is known of */
};

/**
 * enum announce_state - of a VIP
 * @ANNOUNCE_WITHDRAWN: there is no route
 * @ANNOUNCE_SETTLING: all is well, and has to stay so for a while
 * @ANNOUNCE_ANNOUNCED: there is a route
 */
enum announce_state {
	ANNOUNCE_WITHDRAWN,
	ANNOUNCE_SETTLING,
	ANNOUNCE_ANNOUNCED,
};

/**
 * enum announce_reason - why it is not announced
 * @ANNOUNCE_FINE: it is, or soon
 * @ANNOUNCE_UNASKED: the module has not been asked yet
 * @ANNOUNCE_DRAINED: the operator drains this balancer
 * @ANNOUNCE_UNCHECKED: nothing is known yet of some of its backends
 * @ANNOUNCE_FEW: too few backends of a service are up
 * @ANNOUNCE_PROBE: the module does not forward, or does not answer
 * @ANNOUNCE_ROUTE: the route could not be added
 */
enum announce_reason {
	ANNOUNCE_FINE,
	ANNOUNCE_UNASKED,
	ANNOUNCE_DRAINED,
	ANNOUNCE_UNCHECKED,
	ANNOUNCE_FEW,
	ANNOUNCE_PROBE,
	ANNOUNCE_ROUTE,
};

/* What the self-probe says. */
enum announce_opinion {
	ANNOUNCE_UNKNOWN,
	ANNOUNCE_GOOD,
	ANNOUNCE_BAD,
};

/**
 * struct announce_probe - the answers of one VIP
 * @misses: bad ones since the last good one, up to ANNOUNCE_MISSES
 * @is_asked: there was one
 */
struct announce_probe {
	u32 misses;
	bool is_asked;
};

/**
 * struct announce_input - what is known of a VIP
 * @now: ns
 * @settle: ns
 * @is_drained: by the operator
 * @has_few: too few backends of one of its services are up
 * @has_unchecked: nothing is known yet of some backends: the table is not yet that of the other
 *	balancers. What is announced stays so.
 * @opinion: enum announce_opinion
 */
struct announce_input {
	u64 now, settle;
	bool is_drained, has_few, has_unchecked;
	enum announce_opinion opinion;
};

/**
 * struct announcement - the state of a VIP
 * @state: enum announce_state
 * @reason: enum announce_reason
 * @since: ns: of both
 * @until: ns: it settles until then
 * @patience: ns: the unchecked are waited for until then; something may keep them so
 */
struct announcement {
	enum announce_state state;
	enum announce_reason reason;
	u64 since, until, patience;
};

const char *announce_state_name(enum announce_state state);

/* Begin: with its route there it is announced until something says otherwise. */
void announce_begin(struct announcement *announcement, bool has_route, u64 now);

/* An answer has come. */
void announce_answer(struct announce_probe *probe, bool is_good);

/*
 * announce_opinion: what follows from the answers. One bad answer is not enough: a service that is
 * being changed may have one. Neither is it that nobody got round to asking. But if a question,
 * about whichever VIP, has waited for @waiting ns, the module does not answer any.
 */
enum announce_opinion announce_opinion(const struct announce_probe *probe, u64 waiting);

/* Return: have state or reason changed? */
bool announce_step(struct announcement *announcement, const struct announce_input *input);

/* The route could not be added: try again after @pause. Return: is that news? */
bool announce_fail(struct announcement *announcement, u64 pause, u64 now);

#endif
