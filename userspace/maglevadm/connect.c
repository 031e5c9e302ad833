// SPDX-License-Identifier: GPL-2.0-only
/* The kernel of the network namespace this process is in. */
#include "connect.h"

int connect_plane(struct maglev_client **client)
{
	return maglev_client_open(client, NULL);
}
