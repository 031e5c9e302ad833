/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A text that takes long is written by a child, which is a copy of this process: it sees all there
 * is, as of one moment, and keeps no check waiting.
 */
#ifndef MAGLEVD_SCRIBE_H
#define MAGLEVD_SCRIBE_H

struct ev_loop;
struct scribe;

/*
 * It has ended; the scribe is gone.
 *
 * @fd: of a file in memory that is the text, the receiver's to close; -1: there is none
 */
typedef void scribe_done(void *ctx, int fd);

/*
 * scribe_start: @write, called with @of in the child, returns the text, or NULL if it cannot. All
 * descriptors but stdin, stdout and stderr are closed there: what it asks the kernel, it asks by a
 * socket of its own. Only with the default loop, which alone hears of children.
 *
 * Return: NULL, errno says why; otherwise @done is called, but not from here.
 */
struct scribe *scribe_start(struct ev_loop *loop, char *(*write)(void *of), void *of,
			    scribe_done *done, void *ctx);

/* @done is not called any more. */
void scribe_cancel(struct scribe *scribe);

#endif
