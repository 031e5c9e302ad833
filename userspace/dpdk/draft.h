/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes: services as a request would have them. Validated and given memory first, then taken
 * all at once, which cannot fail; or looked at and thrown away, for a preview.
 */
#ifndef MAGLEV_DPDK_DRAFT_H
#define MAGLEV_DPDK_DRAFT_H

#include "model.h"

#include <netlink_request.h>

struct netlink_ext_ack;

/**
 * struct row - a backend as it would be
 * @plan: what would be configured
 * @pair: what it is now; NULL: it is new
 * @gone: it would be deleted
 * @touched: @plan may differ from that of @pair
 * @cause: enum maglev_nl_cause of a change of its state
 */
struct row {
	struct plan plan;
	struct pair *pair;
	bool gone;
	bool touched;
	u8 cause;
};

/**
 * struct draft - a service as it would be
 * @next: in the order of the request
 * @service: what it is now; NULL: it is new
 * @created: what it will be, once prepared
 * @key: its name
 * @size: slots
 * @mode: enum maglev_mode
 * @timeouts: seconds
 * @fragments: they follow the first of them
 * @gone: it would be deleted
 * @rows: its backends, in no order
 * @n_rows: how many, those that are gone included
 * @room: for so many
 * @n_places: of these have a weight and stay
 * @n_pairs: of these stay
 * @at: rows + 1 by a hash of their names
 * @mask: entries of @at less 1
 * @pairs: memory for the service's, once prepared
 */
struct draft {
	struct draft *next;
	struct service *service;
	struct service *created;
	struct maglev_service_key key;
	u32 size;
	u8 mode;
	struct maglev_timeouts timeouts;
	bool fragments;
	bool gone;
	struct row *rows;
	u32 n_rows;
	u32 room;
	u32 n_places;
	u32 n_pairs;
	u32 *at;
	u32 mask;
	struct pair **pairs;
};

struct drafts {
	struct draft *first;
	struct draft *last;
	struct draft *recent;
};

/* Return: a draft of a service that is, appended; NULL without memory. */
struct draft *drafts_begin(struct drafts *drafts, struct service *service);

/* Return: 0 or -errno, said; the drafts are then of no use any more. */
int drafts_apply(struct drafts *drafts, const struct maglev_request_entry *entry,
		 struct netlink_ext_ack *extack);

/* drafts_prepare: have memory for all of it. Return: 0, -ENOMEM or -ENOSPC. */
int drafts_prepare(struct drafts *drafts);

/* Take what was prepared. Return: some service has no table yet: it is to be built at once. */
bool drafts_commit(struct drafts *drafts);

/* Also what was prepared and not taken. */
void drafts_end(struct drafts *drafts);

#endif
