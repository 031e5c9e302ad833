/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The socket: a stream of netlink messages of the family, either way. Whoever may connect may do
 * all: root, the user this program runs as, and a group. One who sends a message of type
 * MAGLEV_SOCKET_SUBSCRIBE gets events too.
 */
#ifndef MAGLEV_DPDK_SERVER_H
#define MAGLEV_DPDK_SERVER_H

#include <maglev.h>

#include <sys/types.h>

struct ev_loop;
struct connection;

/* @group may connect; (gid_t)-1: none. Return: 0 or -errno, said on stderr. */
int server_open(struct ev_loop *loop, const char *path, gid_t group);
void server_close(void);

/* Send an event to who subscribed. */
void server_event(u8 command, struct maglev_lib_message *message);

/* A connection of a file descriptor, which it closes; for tests and server.c. Return: or NULL. */
struct connection *server_take(int fd);

#endif
