/* SPDX-License-Identifier: GPL-2.0-only */
/* What the command line says, behind EAL's "--". */
#ifndef MAGLEV_DPDK_OPTIONS_H
#define MAGLEV_DPDK_OPTIONS_H

#include "control.h"

enum {
	WORKERS_MAX = 64,
	NAMES_MAX = 16, /* of kernel's devices given */
	NAME_BYTES = 16, /* IFNAMSIZ */
};

/**
 * enum kernel_side - how what is no service's gets to the kernel
 * @KERNEL_TAP: a TAP device, by read and write: works everywhere
 * @KERNEL_VIRTIO: a TAP device by way of vhost-net, several times as fast; needs /dev/vhost-net
 * @KERNEL_NONE: not at all: it is dropped
 */
enum kernel_side {
	KERNEL_TAP,
	KERNEL_VIRTIO,
	KERNEL_NONE,
};

/**
 * struct options - what the command line says
 * @control: for control_open()
 * @kernel: enum kernel_side
 * @name: of the kernel's devices, by DPDK's number of the port; "" for "maglev" and the number
 * @mtu: of all ports; 0: as they come
 * @mbufs: packet buffers there are
 * @mbuf_bytes: of data in each, without headroom
 * @descriptors: of each queue
 * @idle_us: a worker without work for a while sleeps as long; 0: never
 */
struct options {
	struct control_options control;
	enum kernel_side kernel;
	char name[NAMES_MAX][NAME_BYTES];
	u32 mtu;
	u32 mbufs;
	u32 mbuf_bytes;
	u32 descriptors;
	u32 idle_us;
};

/**
 * options_parse() - read the command line
 * @options: written
 * @argc: as left by rte_eal_init()
 * @argv: likewise
 *
 * Return: true to go on; false with @status set, after what was to be said has been.
 */
bool options_parse(struct options *options, int argc, char **argv, int *status);

#endif
