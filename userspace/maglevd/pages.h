/* SPDX-License-Identifier: GPL-2.0-only */
/* Which pages of ours there are. */
#ifndef MAGLEVD_PAGES_H
#define MAGLEVD_PAGES_H

#include "http.h"

/* Their context is a struct daemon. */
extern const struct http_page pages[];

#endif
