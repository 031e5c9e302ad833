// SPDX-License-Identifier: GPL-2.0-only
/* Rings between workers; made before these begin. */
#include "spill.h"

#include "data.h"
#include "options.h"

#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <stdio.h>

/* By worker; read only once they run. */
static struct rte_ring *rings[WORKERS_MAX];

int spill_open(struct spill *spill, u32 worker)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "spill %u", worker);
	spill->ring = rte_ring_create(name, SPILL_RING, SOCKET_ID_ANY, RING_F_SC_DEQ);
	if (!spill->ring)
		return -rte_errno;
	rings[worker] = spill->ring;
	return 0;
}

bool spill_give(struct spill *spill, u32 self, struct rte_mbuf *mbuf)
{
	u32 i, n = data_workers();

	for (i = 0; i < n; i++) {
		spill->next = (spill->next + 1) % n;
		if (spill->next == self || rte_ring_enqueue(rings[spill->next], mbuf))
			continue;
		spill->handed++;
		return true;
	}
	return false;
}
