// SPDX-License-Identifier: GPL-2.0-only
/* Hashes, sorted: of a plane whose module was just loaded there are none. */
#include "tracked.h"

#include "plane.h"
#include "state.h"

#include <array.h>
#include <maglev/flow.h>
#include <stdlib.h>

static int add(void *ctx, const struct maglev_lib_message *message)
{
	u32 i, more = state_flows(message);
	struct tracked *tracked = ctx;
	u64 *grown;

	if (!more)
		return STATUS_DONE;
	grown = array_reserve(tracked->hash, &tracked->capacity, tracked->n, more, sizeof(*grown));
	if (!grown)
		return err_memory();
	tracked->hash = grown;
	for (i = 0; i < more; i++)
		grown[tracked->n++] = maglev_word_hash(state_word(message, i));
	return STATUS_DONE;
}

static int compare(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

int tracked_read(struct tracked *tracked, const struct order *order)
{
	int status = plane_stream(order, MAGLEV_CMD_FLOW_SAVE, add, tracked);

	if (!status && tracked->n)
		qsort(tracked->hash, tracked->n, sizeof(*tracked->hash), compare);
	return status;
}

bool tracked_has(const struct tracked *tracked, u64 word)
{
	u64 hash = maglev_word_hash(word);

	return tracked->n && bsearch(&hash, tracked->hash, tracked->n, sizeof(hash), compare);
}

void tracked_fini(struct tracked *tracked)
{
	free(tracked->hash);
}
