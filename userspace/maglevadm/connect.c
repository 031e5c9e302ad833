// SPDX-License-Identifier: GPL-2.0-only
/* The kernel of the network namespace this process is in, or maglev-dpdk. */
#include "connect.h"

#include "dpdk.h"

int connect_plane(struct maglev_client **client)
{
	return dpdk_socket ? maglev_client_open_socket(client, dpdk_socket) :
			     maglev_client_open(client, NULL);
}
