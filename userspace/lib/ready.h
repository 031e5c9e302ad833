/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for a file descriptor. */
#ifndef MAGLEV_LIB_READY_H
#define MAGLEV_LIB_READY_H

/*
 * Wait for @events of poll() up to @timeout_ms, forever if that is negative; signals neither end
 * the wait nor prolong it.
 *
 * Return: 1 if it is ready; 0 if it did not become so in time; -errno.
 */
int ready_wait(int fd, short events, int timeout_ms);

#endif
