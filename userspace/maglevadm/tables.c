// SPDX-License-Identifier: GPL-2.0-only
/* Memory, clock and counts around the core's builders. */
#include "tables.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	WARN_NAMES = 3, /* of backends without slots: the rest is counted */
};

static u64 now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

static void count_slots(u32 *slots, const u16 *table, u32 size)
{
	u32 slot;

	for (slot = 0; slot < size; slot++)
		if (table[slot] != MAGLEV_EMPTY)
			slots[table[slot]]++;
}

static bool allocate(struct tables *tables)
{
	size_t n = tables->n + 1; /* never 0 bytes, for which malloc may give nothing */

	tables->backend = calloc(n, sizeof(*tables->backend));
	tables->base = calloc(tables->size, sizeof(*tables->base));
	tables->live = calloc(tables->size, sizeof(*tables->live));
	tables->base_slots = calloc(n, sizeof(*tables->base_slots));
	tables->live_slots = calloc(n, sizeof(*tables->live_slots));
	return tables->backend && tables->base && tables->live && tables->base_slots &&
	       tables->live_slots;
}

static int build(struct tables *tables, enum maglev_mode mode, void *base_scratch,
		 void *live_scratch)
{
	u64 start = now_us();
	int error;

	error = maglev_base_build(tables->base, tables->size, tables->backend, tables->n,
				  base_scratch);
	if (error)
		return err_fail("base table", -error);
	tables->base_digest =
		maglev_table_digest(tables->base, tables->size, mode, tables->backend);
	tables->live_digest = tables->base_digest;
	maglev_live_build(tables->live, tables->base, tables->size, tables->backend, tables->n,
			  &tables->live_digest, live_scratch);
	tables->build_us = now_us() - start;
	return STATUS_DONE;
}

int tables_init(struct tables *tables, const struct backends *backends, u32 size,
		enum maglev_mode mode, const struct maglev_key *key)
{
	void *base_scratch, *live_scratch;
	int status;
	u32 i;

	tables->size = size;
	tables->n = backends->weighted;
	base_scratch = malloc(maglev_base_scratch(size, tables->n));
	live_scratch = malloc(maglev_live_scratch(tables->n) + 1);
	if (!allocate(tables) || !base_scratch || !live_scratch) {
		status = err_memory();
		goto out;
	}
	for (i = 0; i < tables->n; i++) {
		tables->backend[i] = backends->backend[i].core;
		maglev_backend_derive(&tables->backend[i], key, size);
	}
	status = build(tables, mode, base_scratch, live_scratch);
	if (status)
		goto out;
	count_slots(tables->base_slots, tables->base, size);
	count_slots(tables->live_slots, tables->live, size);
out:
	free(live_scratch);
	free(base_scratch);
	return status;
}

void tables_fini(struct tables *tables)
{
	free(tables->live_slots);
	free(tables->base_slots);
	free(tables->live);
	free(tables->base);
	free(tables->backend);
}

static void warn_slotless(const struct tables *tables, const char *side)
{
	char names[WARN_NAMES * (ENDPOINT_TEXT + sizeof(", "))], text[ENDPOINT_TEXT];
	struct endpoint endpoint;
	u32 place, slotless = 0;
	size_t len = 0;

	for (place = 0; place < tables->n; place++) {
		if (tables->base_slots[place] || slotless++ >= WARN_NAMES)
			continue;
		endpoint_of_backend(&endpoint, &tables->backend[place]);
		len += snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "",
				endpoint_format(&endpoint, text));
	}
	if (slotless)
		err_warn("%s%u of %u backends with a weight get no slot: %s%s", side, slotless,
			 tables->n, names, slotless > WARN_NAMES ? ", ..." : "");
}

void tables_warn(const struct tables *tables, const char *side)
{
	if (tables->size < (u64)MAGLEV_SLOTS_PER_BACKEND * tables->n)
		err_warn("%s%u slots for %u backends: with fewer than %d each, shares differ by "
			 "over 1 %%",
			 side, tables->size, tables->n, MAGLEV_SLOTS_PER_BACKEND);
	warn_slotless(tables, side);
}
