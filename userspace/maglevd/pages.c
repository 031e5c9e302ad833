// SPDX-License-Identifier: GPL-2.0-only
/* The page of each path. */
#include "pages.h"

#include "failing.h"
#include "status.h"

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

const struct http_page pages[] = {
	{ "/status", NULL, "application/json", 1000, true, write_status },
	{ "/failing", NULL, "application/json", 100, false, write_failing },
	{},
};
