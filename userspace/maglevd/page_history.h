/* SPDX-License-Identifier: GPL-2.0-only */
/* The history as JSON: a contract. */
#ifndef MAGLEVD_PAGE_HISTORY_H
#define MAGLEVD_PAGE_HISTORY_H

#include "history.h"

/* Return: to be freed; NULL without memory. @history may be NULL: there is none yet. */
char *page_history_write(const struct world *world, const struct history *history, u64 now);

#endif
