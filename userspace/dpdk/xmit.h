/* SPDX-License-Identifier: GPL-2.0-only */
/* To a backend: the outer header; the same bytes as kmod/xmit.c sends. */
#ifndef MAGLEV_DPDK_XMIT_H
#define MAGLEV_DPDK_XMIT_H

#include "burst.h"

/* Of a packet that is to leave by a way: the largest that fits into its tunnel. */
u32 xmit_mtu(const struct way *way);

/**
 * xmit() - encapsulate a packet and send it to its backend
 * @worker: who does
 * @generation: what the packet sees
 * @item: the packet; its buffer is consumed if the answer is MAGLEV_REASON_NONE, and only then
 * @way: the backend
 * @hash: of the flow
 *
 * Return: MAGLEV_REASON_NONE, or why it was not sent; then it is as it came.
 */
enum maglev_reason xmit(struct worker *worker, const struct generation *generation,
			const struct item *item, const struct way *way, u64 hash);

#endif
