/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands from a file, one a line. */
#ifndef MAGLEVADM_BATCH_H
#define MAGLEVADM_BATCH_H

#include "err.h"

/*
 * Run the lines of @file, - for stdin, up to the first that fails. A run of lines that set
 * something of services and backends is one message: all of it happens, or nothing.
 *
 * Return: enum status.
 */
int batch_run(const char *file, bool json);

#endif
