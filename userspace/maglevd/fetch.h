/* SPDX-License-Identifier: GPL-2.0-only */
/* Read a small thing by HTTP, in the loop: within a time, up to a size, from an address. */
#ifndef MAGLEVD_FETCH_H
#define MAGLEVD_FETCH_H

#include <stddef.h>

struct ev_loop;
struct fetch;
struct fetcher;

/*
 * It is over; whoever began it may begin another one from here.
 *
 * @why: NULL: it is all there; or what went wrong
 * @text: what was read, @len bytes, until this returns
 */
typedef void fetch_done(void *ctx, const char *why, const char *text, size_t len);

/* Return: NULL without memory. */
struct fetcher *fetcher_create(struct ev_loop *loop);

/* All has been cancelled, or is over. @fetcher may be NULL. */
void fetcher_destroy(struct fetcher *fetcher);

/*
 * fetch_start: the host in @url is an address.
 *
 * Return: NULL without memory; otherwise @done is called, but not from here.
 */
struct fetch *fetch_start(struct fetcher *fetcher, const char *url, size_t most_bytes,
			  unsigned int timeout_ms, fetch_done *done, void *ctx);

/* @done is not called any more. */
void fetch_cancel(struct fetch *fetch);

#endif
