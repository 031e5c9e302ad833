/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ports: those to the network, and beside each a device of the kernel's that stands for it. The
 * kernel has addresses, routes and neighbours there, and all traffic that is not a service's.
 * Opened once, before workers and the loop of control begin.
 */
#ifndef MAGLEV_DPDK_PORTS_H
#define MAGLEV_DPDK_PORTS_H

#include "options.h"

#include <maglev/env.h>

#include <rte_ethdev.h>
#include <rte_spinlock.h>

enum {
	PORTS_MAX = 16, /* to the network */
};

/**
 * struct port - a port to the network
 * @id: DPDK's number of it
 * @kernel: DPDK's number of the kernel's side of it, or PORT_NONE
 * @n_rx: its queues that are received from; queue i is worker i's
 * @n_tx: its queues to send by; where workers are more, they take turns under @lock
 * @n_kernel: queues of the kernel's side, likewise shared
 * @n_descriptors: of each queue that is received from
 * @mtu: what it sends at most, whatever the kernel's device is told
 * @ifindex: of the kernel's device; 0: none
 * @mac: its address, and that of the kernel's device
 * @checksums: it fills in checksums of IPv4 headers that it sends
 * @counts: it tells how many packets wait in a queue
 * @lock: by queue number, of @id; only where queues are shared
 * @kernel_lock: likewise, of @kernel, for both directions
 */
struct port {
	u16 id;
	u16 kernel;
	u16 n_rx;
	u16 n_tx;
	u16 n_kernel;
	u16 n_descriptors;
	u16 mtu;
	u32 ifindex;
	struct rte_ether_addr mac;
	bool checksums;
	bool counts;
	rte_spinlock_t lock[WORKERS_MAX];
	rte_spinlock_t kernel_lock[WORKERS_MAX];
};

/**
 * ports_open() - configure and start all ports that EAL found, and the kernel's sides
 * @options: as given
 * @n_workers: how many
 *
 * Return: 0, or -errno, said on stderr.
 */
int ports_open(const struct options *options, u32 n_workers);
void ports_close(void);

/* Those to the network: 0 .. ports_count() - 1, in the order of DPDK's numbers. */
u32 ports_count(void);
struct port *ports_at(u32 i);

/**
 * ports_of_device() - which port does a device of the kernel's stand for?
 * @n_descriptors: of each queue that is received from
 * @ifindex: of the device
 *
 * Return: the port; NULL if none.
 */
const struct port *ports_of_device(u32 ifindex);

#endif
