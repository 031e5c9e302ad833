/* SPDX-License-Identifier: GPL-2.0-only */
/* What is known, to be read by HTTP, at an address that people and other balancers reach. */
#ifndef MAGLEVD_HTTP_H
#define MAGLEVD_HTTP_H

#include "endpoint.h"

struct ev_loop;
struct http;

/**
 * struct http_page - what is at a path
 * @path: the whole of it, without a query
 * @accept: what the Accept header must contain; NULL: anything. The first page of a path that
 *	    suits is it
 * @type: of the text
 * @fresh_ms: for so long a text that was written is good enough
 * @is_long: writing takes long: a child does it (scribe.h)
 * @write: the text, to be freed; NULL without memory
 */
struct http_page {
	const char *path;
	const char *accept;
	const char *type;
	unsigned int fresh_ms;
	bool is_long;
	char *(*write)(void *ctx);
};

/*
 * http_create: @pages end with one without a path, and stay.
 *
 * Return: NULL; errno says why it cannot be.
 */
struct http *http_create(struct ev_loop *loop, const struct endpoint *listen,
			 const struct http_page *pages, void *ctx);

/* All connections are closed. @http may be NULL. */
void http_destroy(struct http *http);

#endif
