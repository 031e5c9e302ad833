// SPDX-License-Identifier: GPL-2.0-only
/* Ports and the kernel's sides of them; the main thread's, before workers begin. */
#include "ports.h"

#include "generation.h"
#include "workers.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_bus.h>
#include <rte_errno.h>

enum {
	ARGUMENTS_BYTES = 160,
	DEVICE_BYTES = 32, /* "virtio_user_maglev" and a number */
	KERNEL_QUEUES_MAX = 16, /* of net_tap */
};

static struct port *ports[PORTS_MAX];
static u32 n_ports;

u32 ports_count(void)
{
	return n_ports;
}

struct port *ports_at(u32 i)
{
	return ports[i];
}

const struct port *ports_of_device(u32 ifindex)
{
	u32 i;

	for (i = 0; i < n_ports; i++)
		if (ifindex && ports[i]->ifindex == ifindex)
			return ports[i];
	return NULL;
}

static int fail(u16 port, const char *what, int err)
{
	fprintf(stderr, "maglev-dpdk: port %u: %s: %s\n", port, what, rte_strerror(-err));
	return err;
}

static struct rte_eth_conf choose_conf(const struct rte_eth_dev_info *info, u16 n_rx)
{
	struct rte_eth_conf conf = {};

	conf.rxmode.offloads = info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
	conf.rxmode.offloads |= info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
	conf.txmode.offloads = info->tx_offload_capa &
			       (RTE_ETH_TX_OFFLOAD_MULTI_SEGS | RTE_ETH_TX_OFFLOAD_IPV4_CKSUM);
	conf.rx_adv_conf.rss_conf.rss_hf =
		info->flow_type_rss_offloads &
		(RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_SCTP);
	if (n_rx > 1 && conf.rx_adv_conf.rss_conf.rss_hf)
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	else
		conf.rx_adv_conf.rss_conf.rss_hf = 0;
	return conf;
}

/* Queue i is worker i's, with buffers from its memory. */
static int open_queues(u16 id, const struct options *options, u16 n_rx, u16 n_tx,
		       u16 *n_descriptors)
{
	u16 i, n_rx_desc = options->descriptors, n_tx_desc = options->descriptors;
	int err;

	err = rte_eth_dev_adjust_nb_rx_tx_desc(id, &n_rx_desc, &n_tx_desc);
	*n_descriptors = n_rx_desc;
	for (i = 0; !err && i < n_rx; i++)
		err = rte_eth_rx_queue_setup(id, i, n_rx_desc, rte_eth_dev_socket_id(id), NULL,
					     workers_at(i)->pool);
	for (i = 0; !err && i < n_tx; i++)
		err = rte_eth_tx_queue_setup(id, i, n_tx_desc, rte_eth_dev_socket_id(id), NULL);
	return err ? fail(id, "cannot set up its queues", err) : 0;
}

/* Of a port to the network, or of a kernel's side, which has as many queues both ways. */
static int open_device(u16 id, const struct options *options, u16 *n_rx, u16 *n_tx,
		       u16 *n_descriptors)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf;
	int err;

	err = rte_eth_dev_info_get(id, &info);
	if (err)
		return fail(id, "cannot ask what it is", err);
	*n_rx = RTE_MIN(*n_rx, info.max_rx_queues);
	*n_tx = RTE_MIN(*n_tx, info.max_tx_queues);
	conf = choose_conf(&info, *n_rx);
	err = rte_eth_dev_configure(id, *n_rx, *n_tx, &conf);
	if (err)
		return fail(id, "cannot be configured", err);
	if (options->mtu) {
		err = rte_eth_dev_set_mtu(id, options->mtu);
		if (err && err != -ENOTSUP)
			return fail(id, "does not take that --mtu", err);
	}
	err = open_queues(id, options, *n_rx, *n_tx, n_descriptors);
	if (err)
		return err;
	err = rte_eth_dev_start(id);
	return err ? fail(id, "does not start", err) : 0;
}

static void name_kernel_device(char *name, const struct options *options, u16 id)
{
	if (id < NAMES_MAX && *options->name[id])
		snprintf(name, NAME_BYTES, "%s", options->name[id]);
	else
		snprintf(name, NAME_BYTES, "maglev%u", id);
}

static int create_kernel_side(const struct options *options, const struct port *port,
			      const char *name, char *device, u16 n_queues)
{
	char arguments[ARGUMENTS_BYTES], mac[RTE_ETHER_ADDR_FMT_SIZE];

	rte_ether_format_addr(mac, sizeof(mac), &port->mac);
	if (options->kernel == KERNEL_TAP) {
		snprintf(device, DEVICE_BYTES, "net_tap_maglev%u", port->id);
		snprintf(arguments, sizeof(arguments), "iface=%s,mac=%s", name, mac);
	} else {
		snprintf(device, DEVICE_BYTES, "virtio_user_maglev%u", port->id);
		snprintf(arguments, sizeof(arguments),
			 "path=/dev/vhost-net,iface=%s,mac=%s,queues=%u,queue_size=1024", name, mac,
			 n_queues);
	}
	return rte_eal_hotplug_add("vdev", device, arguments);
}

/* DPDK bounds frames there, and not with every driver the device. */
static int set_kernel_mtu(const char *name, u16 mtu)
{
	struct ifreq request = { .ifr_mtu = mtu };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	err = ioctl(fd, SIOCSIFMTU, &request) ? -errno : 0;
	close(fd);
	return err;
}

static int open_kernel_side(const struct options *options, struct port *port, u32 n_workers)
{
	u16 n_rx = RTE_MIN(n_workers, (u32)KERNEL_QUEUES_MAX), n_tx = n_rx;
	char name[NAME_BYTES], device[DEVICE_BYTES];
	u16 n_descriptors;
	int err;

	if (options->kernel == KERNEL_NONE)
		return 0;
	name_kernel_device(name, options, port->id);
	err = create_kernel_side(options, port, name, device, n_rx);
	if (!err)
		err = rte_eth_dev_get_port_by_name(device, &port->kernel);
	if (!err)
		err = open_device(port->kernel, options, &n_rx, &n_tx, &n_descriptors);
	if (!err && options->mtu)
		err = set_kernel_mtu(name, options->mtu);
	if (err) {
		fprintf(stderr, "maglev-dpdk: port %u: the kernel's device %s: %s\n", port->id,
			name, rte_strerror(-err));
		return err;
	}
	port->n_kernel = RTE_MIN(n_rx, n_tx);
	port->ifindex = if_nametoindex(name);
	return 0;
}

/* The kernel has its addresses there: neighbour discovery, routers and VRRP talk to groups of them. */
static int receive_groups(u16 id, const struct options *options)
{
	int err = options->kernel == KERNEL_NONE ? 0 : rte_eth_allmulticast_enable(id);

	return err && err != -ENOTSUP ? fail(id, "does not receive multicast", err) : 0;
}

static int open_port(u16 id, const struct options *options, u32 n_workers)
{
	struct rte_eth_dev_info info;
	struct port *port;
	int err;

	port = n_ports < PORTS_MAX ? calloc(1, sizeof(*port)) : NULL;
	if (!port)
		return fail(id, "one port too many", -ENOMEM);
	ports[n_ports++] = port;
	port->id = id;
	port->kernel = PORT_NONE;
	port->n_rx = port->n_tx = n_workers;
	err = open_device(id, options, &port->n_rx, &port->n_tx, &port->n_descriptors);
	if (!err)
		err = receive_groups(id, options);
	if (err)
		return err;
	/* What choose_conf() has asked for. */
	port->checksums = !rte_eth_dev_info_get(id, &info) &&
			  info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;
	/* The API calls what the driver has not: it says so, if asked now. */
	port->counts = rte_eth_rx_queue_count(id, 0) >= 0;
	err = rte_eth_macaddr_get(id, &port->mac);
	if (err)
		return fail(id, "has no address", err);
	err = rte_eth_dev_get_mtu(id, &port->mtu);
	if (err)
		return fail(id, "has no MTU", err);
	return open_kernel_side(options, port, n_workers);
}

int ports_open(const struct options *options, u32 n_workers)
{
	u16 id, found[PORTS_MAX], n = 0, i;
	int err;

	/* The kernel's sides become ports of EAL, too. */
	RTE_ETH_FOREACH_DEV(id)
	if (n < PORTS_MAX)
		found[n++] = id;
	if (!n) {
		fprintf(stderr, "maglev-dpdk: EAL knows no port: give one by -a or --vdev, or bind "
				"one to a driver of DPDK\n");
		return -ENODEV;
	}
	for (i = 0; i < n; i++) {
		err = open_port(found[i], options, n_workers);
		if (err)
			return err;
	}
	return 0;
}

static void close_device(u16 id)
{
	if (id == PORT_NONE)
		return;
	rte_eth_dev_stop(id);
	rte_eth_dev_close(id);
}

void ports_close(void)
{
	while (n_ports) {
		close_device(ports[n_ports - 1]->kernel);
		close_device(ports[n_ports - 1]->id);
		free(ports[--n_ports]);
	}
}
