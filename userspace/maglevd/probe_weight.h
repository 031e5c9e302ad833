/* SPDX-License-Identifier: GPL-2.0-only */
/* The weight that an answer carries in its header. Pure. */
#ifndef MAGLEVD_PROBE_WEIGHT_H
#define MAGLEVD_PROBE_WEIGHT_H

#include <stdbool.h>
#include <stddef.h>

#define PROBE_WEIGHT_HEADER "X-Load-Balancing-Endpoint-Weight"

enum {
	PROBE_WEIGHT_MAX =
		1000000, /* Google Cloud's go to 1000, kube-proxy's count endpoints of a node */
};

/**
 * probe_weight_read() - read a line of an HTTP header
 * @line: with the name; need not end in a NUL
 * @len: bytes
 * @weight: written if it is of that name: a decimal number from 0 to PROBE_WEIGHT_MAX, which may
 *	have a fraction, or else -1
 *
 * Return: is it of that name?
 */
bool probe_weight_read(const char *line, size_t len, double *weight);

#endif
