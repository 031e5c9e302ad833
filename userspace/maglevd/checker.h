/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs the streams of a world: when each probe starts, and what results in a row make of the
 * stream's opinion. All times are of CLOCK_MONOTONIC.
 */
#ifndef MAGLEVD_CHECKER_H
#define MAGLEVD_CHECKER_H

#include "world.h"

/* How probes went since the beginning. */
struct checker_stats {
	u64 passed, failed, unknown;
	u64 stalls;
	u64 hastened; /* started before their time, as they were asked for */
};

/* A stream's opinion has changed, or a diagnostic one's. */
typedef void checker_changed(void *ctx, struct stream *stream);

/* Return: NULL without memory. */
struct checker *checker_create(struct ev_loop *loop, checker_changed *changed, void *ctx);

/* @checker may be NULL. */
void checker_destroy(struct checker *checker);

/* Run the streams of this world, which others ran no longer; NULL: none. */
void checker_run(struct checker *checker, struct world *world);

/*
 * Start the stream's next probe now, or as soon as one may follow the last in its fast interval.
 *
 * Return: is that earlier than it would have been?
 */
bool checker_ask(struct stream *stream);

const struct checker_stats *checker_stats(const struct checker *checker);

/* us: how late the start is that only one in a hundred of the last minute is later than; an upper bound. */
u64 checker_lateness_p99(const struct checker *checker);

#endif
