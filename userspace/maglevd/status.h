/* SPDX-License-Identifier: GPL-2.0-only */
/* What maglevd knows, as JSON: a contract, with the names of the configuration. */
#ifndef MAGLEVD_STATUS_H
#define MAGLEVD_STATUS_H

#include "daemon.h"

#include <cjson/cJSON.h>

/* Return: to be deleted; NULL without memory. */
cJSON *status_create(const struct daemon *daemon);

#endif
