// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owners are compared by address and port: their places differ from table to table. The
 * two lists are merged into rows, and places translated to rows.
 */
#include "diff.h"

#include <stdlib.h>

static int compare_backends(const void *a, const void *b)
{
	const struct diff_row *x = a, *y = b;

	return maglev_backend_cmp(&x->backend, &y->backend);
}

static int compare_rows(const void *a, const void *b)
{
	const struct diff_row *x = a, *y = b;

	if (x->weighted != y->weighted)
		return x->weighted ? -1 : 1;
	return compare_backends(a, b);
}

static void add_list(struct diff *diff, const struct backends *list, bool is_new)
{
	struct diff_row *row;
	size_t i;

	for (i = 0; i < list->n; i++) {
		row = &diff->row[diff->n++];
		row->backend = list->backend[i].core;
		row->in_old = !is_new;
		row->in_new = is_new;
		row->weighted = row->backend.weight;
	}
}

static void merge_rows(struct diff *diff)
{
	struct diff_row *row;
	size_t i, n = 0;

	qsort(diff->row, diff->n, sizeof(*diff->row), compare_backends);
	for (i = 0; i < diff->n; i++) {
		row = &diff->row[i];
		if (!n || compare_backends(&diff->row[n - 1], row)) {
			diff->row[n++] = *row;
			continue;
		}
		diff->row[n - 1].in_old |= row->in_old;
		diff->row[n - 1].in_new |= row->in_new;
		diff->row[n - 1].weighted |= row->weighted;
	}
	diff->n = n;
	qsort(diff->row, diff->n, sizeof(*diff->row), compare_rows);
}

/* The row of each place of a table. Places and rows stand in one order. */
static void translate_places(struct diff_row **rows, const struct diff *diff,
			     const struct tables *tables)
{
	struct diff_row *row = diff->row;
	u32 place;

	for (place = 0; place < tables->n; place++) {
		while (maglev_backend_cmp(&row->backend, &tables->backend[place]))
			row++;
		rows[place] = row;
	}
}

static void compare_slots(struct diff *diff, const struct tables *old_tables,
			  struct diff_row *const *old_rows, const struct tables *new_tables,
			  struct diff_row *const *new_rows)
{
	struct diff_row *from, *to;
	u32 slot;

	for (slot = 0; slot < old_tables->size; slot++) {
		from = old_rows[old_tables->live[slot]];
		to = new_rows[new_tables->live[slot]];
		if (from)
			from->old_slots++;
		if (to)
			to->new_slots++;
		if (from == to)
			continue;
		diff->moved++;
		if (from)
			from->lost++;
		if (to)
			to->gained++;
		diff->collateral += from && to && from->in_new && to->in_old;
	}
}

static void sum_ideal(struct diff *diff)
{
	const struct diff_row *row;

	for (row = diff->row; row < diff->row + diff->n; row++)
		if (row->old_slots > row->new_slots)
			diff->ideal += row->old_slots - row->new_slots;
}

int diff_init(struct diff *diff, const struct backends *old_list, const struct tables *old_tables,
	      const struct backends *new_list, const struct tables *new_tables)
{
	struct diff_row **old_rows, **new_rows;
	int status = STATUS_DONE;

	/* An entry for every owner there may be: none, MAGLEV_EMPTY, has no row. */
	old_rows = calloc(MAGLEV_EMPTY + 1, sizeof(*old_rows));
	new_rows = calloc(MAGLEV_EMPTY + 1, sizeof(*new_rows));
	diff->row = calloc(old_list->n + new_list->n + 1, sizeof(*diff->row));
	if (!old_rows || !new_rows || !diff->row) {
		status = err_memory();
		goto out;
	}
	add_list(diff, old_list, false);
	add_list(diff, new_list, true);
	merge_rows(diff);
	translate_places(old_rows, diff, old_tables);
	translate_places(new_rows, diff, new_tables);
	compare_slots(diff, old_tables, old_rows, new_tables, new_rows);
	sum_ideal(diff);
out:
	free(new_rows);
	free(old_rows);
	return status;
}

void diff_fini(struct diff *diff)
{
	free(diff->row);
}
