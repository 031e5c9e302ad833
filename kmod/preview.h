/* SPDX-License-Identifier: GPL-2.0-only */
/* What changes would do to a service: tables built aside and compared, then thrown away. */
#ifndef MAGLEV_KMOD_PREVIEW_H
#define MAGLEV_KMOD_PREVIEW_H

#include <maglev/table.h>

struct maglev_request_entry;
struct maglev_service;
struct netlink_ext_ack;

/**
 * struct maglev_plan - a backend as it would be
 * @backend: as tables would see it; weight 0: it has no place in them
 * @place: in the tables there would be, or MAGLEV_EMPTY
 * @old_place: in the tables there are, or MAGLEV_EMPTY
 * @index: of its pair; -1: there is none
 * @ipvs: enum maglev_state by IPVS's weight
 * @admin: enum maglev_state an operator has set
 * @health: enum maglev_state a checker has set
 * @old_state: the effective state now
 * @gone: it would be deleted
 * @same: it is, and would be, up, with the same weight and share
 * @nominal: weight of the overlay; 0: IPVS's
 * @weight: IPVS's
 * @last_weight: what counts while IPVS's is 0
 * @base_slots: it would have in the base table
 * @live_slots: likewise in the live table
 */
struct maglev_plan {
	struct maglev_backend backend;
	u16 place;
	u16 old_place;
	int index;
	u8 ipvs;
	u8 admin;
	u8 health;
	u8 old_state;
	bool gone;
	bool same;
	u32 nominal;
	u32 weight;
	u32 last_weight;
	u32 base_slots;
	u32 live_slots;
};

/**
 * struct maglev_preview - a service as it would be
 * @service: its id
 * @size: slots of its table
 * @mode: enum maglev_mode
 * @base_digest: of the base table
 * @live_digest: of the live table
 * @displaced: slots where these differ
 * @warnings: enum maglev_nl_warning
 * @slots_changed: slots whose answer changes; all if the size does
 * @slots_collateral: those of them that move between two backends which stay the same
 * @flows_moved: tracked flows on changed slots
 * @flows_lost: tracked flows whose backend goes down or away
 * @comparable: the size stays: @slots_collateral means something
 * @tells_slots: of tracked flows the slots are known: @flows_moved means something
 * @n: backends
 * @plans: in canonical order
 */
struct maglev_preview {
	u32 service;
	u32 size;
	u8 mode;
	u64 base_digest;
	u64 live_digest;
	u32 displaced;
	u32 warnings;
	u32 slots_changed;
	u32 slots_collateral;
	u32 flows_moved;
	u32 flows_lost;
	bool comparable;
	bool tells_slots;
	u32 n;
	struct maglev_plan plans[];
};

/**
 * maglev_preview_create() - what would these changes do?
 * @service: the service; its build_lock held
 * @entries: the changes, in order
 * @n: how many
 * @extack: says which of them is refused, and why
 *
 * Process context; as long as a build takes, and a look at all flow tables.
 *
 * Return: the answer; ERR_PTR: -ENOENT, -EEXIST, -E2BIG, -ENOMEM.
 */
struct maglev_preview *maglev_preview_create(struct maglev_service *service,
					     const struct maglev_request_entry *entries, u32 n,
					     struct netlink_ext_ack *extack);

/**
 * maglev_preview_destroy() - the mirror
 * @preview: the answer
 */
void maglev_preview_destroy(struct maglev_preview *preview);

#endif
