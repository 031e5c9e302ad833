// SPDX-License-Identifier: GPL-2.0-only
#include "dataplane.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *path;

int dataplane_use(const char *socket)
{
	free(path);
	path = socket ? strdup(socket) : NULL;
	return socket && !path ? -ENOMEM : 0;
}

const char *dataplane_socket(void)
{
	return path;
}

const char *dataplane_name(void)
{
	return path ? "maglev-dpdk" : "ip_vs_maglev";
}

int dataplane_open(struct maglev_client **client)
{
	return path ? maglev_client_open_socket(client, path) : maglev_client_open(client, NULL);
}
