// SPDX-License-Identifier: GPL-2.0-only
/* The page of each path. */
#include "pages.h"

#include "digests.h"
#include "failing.h"
#include "metrics.h"
#include "status.h"

#include <errno.h>

#define OPEN_METRICS "application/openmetrics-text"

static char *write_json(cJSON *json)
{
	char *text = json ? cJSON_PrintUnformatted(json) : NULL;

	cJSON_Delete(json);
	return text;
}

static char *write_status(void *ctx)
{
	return write_json(status_create(ctx));
}

static char *write_failing(void *ctx)
{
	return write_json(failing_create(daemon_world(ctx)));
}

static int take_digest(void *ctx, const struct maglev_lib_message *message)
{
	return digests_add(ctx, &message->service);
}

/* In a child, which has none of the daemon's sockets. */
static char *write_digests(void *ctx)
{
	struct maglev_client *client;
	struct digests digests = {};
	char *text = NULL;
	int err = maglev_client_open(&client, NULL);

	(void)ctx;
	if (!err)
		err = maglev_client_list(client, MAGLEV_CMD_SERVICE_GET, take_digest, &digests);
	digests_sort(&digests);
	if (!err || err == -EINTR)
		text = write_json(digests_create(&digests));
	digests_fini(&digests);
	maglev_client_close(client);
	return text;
}

static char *write_open_metrics(void *ctx)
{
	return metrics_write(ctx, METRICS_OPEN);
}

static char *write_plain_metrics(void *ctx)
{
	return metrics_write(ctx, METRICS_PLAIN);
}

const struct http_page pages[] = {
	{ "/status", NULL, "application/json", 1000, true, write_status },
	{ "/metrics", OPEN_METRICS, OPEN_METRICS "; version=1.0.0; charset=utf-8", 1000, true,
	  write_open_metrics },
	{ "/metrics", NULL, "text/plain; version=0.0.4; charset=utf-8", 1000, true,
	  write_plain_metrics },
	{ "/digests", NULL, "application/json", 1000, true, write_digests },
	{ "/failing", NULL, "application/json", 100, false, write_failing },
	{},
};
