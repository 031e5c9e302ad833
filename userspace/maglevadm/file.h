/* SPDX-License-Identifier: GPL-2.0-only */
/* The one place where files are opened, and where it is known who reads stdin. */
#ifndef MAGLEVADM_FILE_H
#define MAGLEVADM_FILE_H

#include <stdbool.h>

/*
 * Open to read; "-" or NULL is stdin, which is not closed by file_close().
 *
 * Return: a descriptor, or -errno; -EBUSY if stdin holds a batch.
 */
int file_open(const char *name);
void file_close(int fd);

/* From now on stdin is the batch's alone. */
void file_claim_stdin(void);

#endif
