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

/*
 * Create a file, beside the one of that name, which nobody else may read or write; then put it in that
 * one's place whole, or take it away again. *aside is its name, to be freed by either.
 *
 * Return: a descriptor, or -errno, -EEXIST if something of that name is no file; 0 or -errno.
 */
int file_create(const char *name, char **aside);
int file_replace(int fd, char *aside, const char *name);
void file_drop(char *aside);

/* From now on stdin is the batch's alone. */
void file_claim_stdin(void);

#endif
