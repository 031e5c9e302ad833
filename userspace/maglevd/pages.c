// SPDX-License-Identifier: GPL-2.0-only
/* The page of each path. */
#include "pages.h"

#include "clock.h"
#include "config_peers.h"
#include "dataplane.h"
#include "digests.h"
#include "failing.h"
#include "metrics.h"
#include "page.h"
#include "page_history.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define OPEN_METRICS "application/openmetrics-text"

enum {
	HOST_BYTES = 256,
	CLOCK_BYTES = 64,
};

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
	int err = dataplane_open(&client);

	(void)ctx;
	if (!err)
		err = maglev_client_list(client, MAGLEV_CMD_SERVICE_GET, take_digest, &digests);
	digests_sort(&digests);
	if (!err || maglev_client_error(client)->failure == MAGLEV_FAILURE_INTERRUPTED)
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

static char *write_page(void *ctx)
{
	const struct daemon *daemon = ctx;
	const struct agreement *agreement = daemon_agreement(daemon);
	struct announcer *announcer = daemon_announcer(daemon);
	struct agreement_peer peer[CONFIG_PEERS_MAX];
	struct announcer_vip *vips;
	size_t i, n_vips;
	char host[HOST_BYTES] = "", clock[CLOCK_BYTES] = "";
	struct page_kernel kernel;
	time_t now = time(NULL);
	struct tm local;
	char *text;

	gethostname(host, sizeof(host) - 1);
	if (localtime_r(&now, &local))
		strftime(clock, sizeof(clock), "%F %T %z", &local);
	vips = announcer_list(announcer, &n_vips);
	for (i = 0; i < agreement_peers(agreement); i++)
		peer[i] = agreement_peer(agreement, i, clock_now());
	text = page_kernel_read(&kernel, daemon_world(daemon)) ?
		       NULL :
		       page_write(&(struct page){
			       .world = daemon_world(daemon),
			       .history = daemon_history(daemon),
			       .kernel = &kernel,
			       .checked = checker_stats(daemon_checker(daemon)),
			       .lateness_us = checker_lateness_p99(daemon_checker(daemon)),
			       .vip = vips,
			       .n_vips = vips ? n_vips : 0,
			       .is_drained = announcer_is_drained(announcer),
			       .peer = peer,
			       .n_peers = i,
			       .now = clock_now(),
			       .host = host,
			       .clock = clock,
		       });
	page_kernel_fini(&kernel);
	free(vips);
	return text;
}

static char *write_history(void *ctx)
{
	return page_history_write(daemon_world(ctx), daemon_history(ctx), clock_now());
}

/* The page for people has a second's rates at least. */
const struct http_page pages[] = {
	{ "/", NULL, "text/html; charset=utf-8", 1000, true, write_page },
	{ "/history", NULL, "application/json", 1000, true, write_history },
	{ "/status", NULL, "application/json", 1000, true, write_status },
	{ "/metrics", OPEN_METRICS, OPEN_METRICS "; version=1.0.0; charset=utf-8", 1000, true,
	  write_open_metrics },
	{ "/metrics", NULL, "text/plain; version=0.0.4; charset=utf-8", 1000, true,
	  write_plain_metrics },
	{ "/digests", NULL, "application/json", 1000, true, write_digests },
	{ "/failing", NULL, "application/json", 100, false, write_failing },
	{},
};
