/* SPDX-License-Identifier: GPL-2.0-only */
/* Outer packets that do not fit the way, and may be fragmented (RFC 791, 3.2; RFC 8200, 4.5). */
#ifndef MAGLEV_DPDK_SPLIT_H
#define MAGLEV_DPDK_SPLIT_H

#include "worker.h"

/**
 * split_send() - send a packet in fragments
 * @worker: who does
 * @way: by which
 * @mbuf: the packet, with its link and outer headers; not consumed
 *
 * By copies: they are few. Return: false if there is no memory; then none was sent.
 */
bool split_send(struct worker *worker, const struct way *way, struct rte_mbuf *mbuf);

#endif
