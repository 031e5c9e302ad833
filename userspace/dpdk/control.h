/* SPDX-License-Identifier: GPL-2.0-only */
/* The control half: what main() opens before workers start, and closes when they have stopped. */
#ifndef MAGLEV_DPDK_CONTROL_H
#define MAGLEV_DPDK_CONTROL_H

#include <maglev/table.h>

struct ev_loop;

#define CONTROL_SOCKET "/run/maglev-dpdk/socket"
#define CONTROL_GROUP "maglev"

enum {
	CONTROL_FLOWS = 1 << 20,
};

/**
 * struct control_options - as the command line has them
 * @socket: its path; NULL: CONTROL_SOCKET
 * @key: of the file with the cluster key, 32 hexadecimal digits; NULL: all zero until somebody sets one
 * @flows: to be tracked, by all workers; 0: none
 * @table_size: of new services; 0: MAGLEV_SIZE_DEFAULT
 * @group: may use the socket, if there is such a group; NULL: CONTROL_GROUP
 */
struct control_options {
	const char *socket;
	const char *key;
	u32 flows;
	u32 table_size;
	const char *group;
};

/* An empty generation is published. Return: 0 or -errno, said on stderr. */
int control_open(struct ev_loop *loop, const struct control_options *options);

/* After workers have stopped. */
void control_close(void);

#endif
