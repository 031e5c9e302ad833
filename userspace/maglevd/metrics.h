/* SPDX-License-Identifier: GPL-2.0-only */
/* What is measured, for Prometheus. Names are a contract: Documentation/metrics.md. */
#ifndef MAGLEVD_METRICS_H
#define MAGLEVD_METRICS_H

#include "daemon.h"
#include "metrics_text.h"

/* Reads the kernel, by a socket of its own. Return: to be freed; NULL without memory. */
char *metrics_write(const struct daemon *daemon, enum metrics_format format);

#endif
