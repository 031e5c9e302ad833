// SPDX-License-Identifier: GPL-2.0-only
/* An address that moves is listened at twice for a moment; one that stays loses no connection. */
#include "doors.h"

#include "pages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int open_http(struct doors *doors, struct ev_loop *loop, void *ctx, char *error)
{
	char text[ENDPOINT_TEXT];
	int err;

	doors->http = http_create(loop, &doors->listen, pages, ctx);
	if (doors->http)
		return 0;
	err = -errno;
	snprintf(error, CONFIG_ERROR_TEXT, "http: listen: %s: %s",
		 endpoint_text(&doors->listen, text), strerror(-err));
	return err;
}

int doors_open(struct doors *doors, const struct doors *old, struct ev_loop *loop,
	       const struct config *config, peers_heard *heard, agreement_read *read, void *ctx,
	       char *error)
{
	int err = 0;

	*doors = (struct doors){ .listen = config->listen };
	if (!endpoint_compare(&doors->listen, &old->listen))
		doors->http = old->http;
	else if (doors->listen.addr.len)
		err = open_http(doors, loop, ctx, error);
	if (err)
		return err;
	doors->peers = peers_create(loop, config, heard, ctx);
	doors->agreement = agreement_create(loop, config, old->agreement, read, ctx);
	if (doors->peers && doors->agreement)
		return 0;
	snprintf(error, CONFIG_ERROR_TEXT, "%s", strerror(ENOMEM));
	doors_close(doors, old);
	return -ENOMEM;
}

void doors_close(const struct doors *doors, const struct doors *other)
{
	if (doors->http != other->http)
		http_destroy(doors->http);
	if (doors->peers != other->peers)
		peers_destroy(doors->peers);
	if (doors->agreement != other->agreement)
		agreement_destroy(doors->agreement);
}
