// SPDX-License-Identifier: GPL-2.0-only
/* The command line, read by getopt_long(). */
#include "options.h"

#include <maglev/table.h>
#include <maglev/version.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FLOWS_MAX = 1 << 28,
	MBUFS_DEFAULT = 16384,
	MBUF_BYTES_DEFAULT = 2048,
	DESCRIPTORS_DEFAULT = 1024,
	IDLE_MAX_US = 1000000,
	TAP_MTU_MAX = 1500,
};

static const char usage[] =
	"usage: maglev-dpdk [EAL OPTION]... -- [OPTION]...\n"
	"  -s, --socket PATH      where to be asked (" CONTROL_SOCKET ")\n"
	"  -g, --group NAME       whose members may ask, beside root (" CONTROL_GROUP ")\n"
	"  -K, --key-file PATH    the cluster key, 32 hex digits; without: all zero\n"
	"  -f, --flows N          flows tracked, over all workers (1048576)\n"
	"  -t, --table-size N     slots of each table (65537)\n"
	"  -k, --kernel HOW       the kernel's device beside each port: tap, virtio or none (tap)\n"
	"  -p, --port N=NAME      the name of that of port N (maglevN)\n"
	"      --mtu N            of all ports\n"
	"      --buffers N        packet buffers of each worker (16384)\n"
	"      --buffer-size N    bytes of data in each (2048)\n"
	"      --descriptors N    of each queue (1024)\n"
	"      --idle US          a worker without work sleeps so long at a time (0: never)\n"
	"  -h, --help\n"
	"  -V, --version\n"
	"The first core of EAL's is control's, each of the others has a worker: see maglev-dpdk(8).\n";

enum {
	OPTION_MTU = 256,
	OPTION_BUFFERS,
	OPTION_BUFFER_SIZE,
	OPTION_DESCRIPTORS,
	OPTION_IDLE,
};

static const struct option names[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "group", required_argument, NULL, 'g' },
	{ "key-file", required_argument, NULL, 'K' },
	{ "flows", required_argument, NULL, 'f' },
	{ "table-size", required_argument, NULL, 't' },
	{ "kernel", required_argument, NULL, 'k' },
	{ "port", required_argument, NULL, 'p' },
	{ "mtu", required_argument, NULL, OPTION_MTU },
	{ "buffers", required_argument, NULL, OPTION_BUFFERS },
	{ "buffer-size", required_argument, NULL, OPTION_BUFFER_SIZE },
	{ "descriptors", required_argument, NULL, OPTION_DESCRIPTORS },
	{ "idle", required_argument, NULL, OPTION_IDLE },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{},
};

static bool refuse(const char *option, const char *value, const char *accepted)
{
	fprintf(stderr, "maglev-dpdk: --%s %s: %s\n", option, value, accepted);
	return false;
}

static bool read_number(const char *option, const char *value, u32 min, u32 max, u32 *number)
{
	char accepted[64], *end;
	unsigned long read;

	errno = 0;
	read = strtoul(value, &end, 10);
	if (value[0] >= '0' && value[0] <= '9' && !*end && !errno && read >= min && read <= max) {
		*number = read;
		return true;
	}
	snprintf(accepted, sizeof(accepted), "must be a number from %u to %u", min, max);
	return refuse(option, value, accepted);
}

static bool read_kernel(const char *value, enum kernel_side *kernel)
{
	static const char *const word[] = { "tap", "virtio", "none" };
	u32 i;

	for (i = 0; i < 3; i++) {
		if (strcmp(value, word[i]))
			continue;
		*kernel = (enum kernel_side)i;
		return true;
	}
	return refuse("kernel", value, "must be tap, virtio or none");
}

static bool read_port(const char *value, struct options *options)
{
	const char *accepted = "must be the number of a port, from 0 to 15, \"=\" and the name of "
			       "a device, of 1 to 15 characters without \"/\", \",\" and blanks";
	unsigned long port;
	char *end;
	size_t len;

	port = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end != '=' || port >= NAMES_MAX)
		return refuse("port", value, accepted);
	len = strlen(++end);
	if (!len || len >= NAME_BYTES || strcspn(end, "/, \t\n") != len)
		return refuse("port", value, accepted);
	memcpy(options->name[port], end, len + 1);
	return true;
}

static bool read_size(const char *value, u32 *size)
{
	if (!read_number("table-size", value, MAGLEV_SIZE_MIN, MAGLEV_SIZE_MAX, size))
		return false;
	if (maglev_size_valid(*size))
		return true;
	return refuse("table-size", value, "must be a prime");
}

static bool read_option(struct options *options, int option)
{
	switch (option) {
	case 's':
		options->control.socket = optarg;
		return true;
	case 'g':
		options->control.group = optarg;
		return true;
	case 'K':
		options->control.key = optarg;
		return true;
	case 'f':
		return read_number("flows", optarg, 0, FLOWS_MAX, &options->control.flows);
	case 't':
		return read_size(optarg, &options->control.table_size);
	case 'k':
		return read_kernel(optarg, &options->kernel);
	case 'p':
		return read_port(optarg, options);
	case OPTION_MTU:
		return read_number("mtu", optarg, 1280, 9600, &options->mtu);
	case OPTION_BUFFERS:
		return read_number("buffers", optarg, 1024, 1 << 24, &options->mbufs);
	case OPTION_BUFFER_SIZE:
		return read_number("buffer-size", optarg, 128, 16384, &options->mbuf_bytes);
	case OPTION_DESCRIPTORS:
		return read_number("descriptors", optarg, 64, 32768, &options->descriptors);
	case OPTION_IDLE:
		return read_number("idle", optarg, 0, IDLE_MAX_US, &options->idle_us);
	default:
		fputs(usage, stderr);
		return false;
	}
}

/* net_tap has room for no larger frame. */
static bool is_mtu_possible(const struct options *options)
{
	if (options->kernel != KERNEL_TAP || options->mtu <= TAP_MTU_MAX)
		return true;
	fprintf(stderr,
		"maglev-dpdk: --mtu %u: --kernel tap takes %d at most, virtio and none more\n",
		options->mtu, TAP_MTU_MAX);
	return false;
}

bool options_parse(struct options *options, int argc, char **argv, int *status)
{
	int option;

	*options = (struct options){
		.control = {
			.flows = CONTROL_FLOWS,
			.table_size = MAGLEV_SIZE_DEFAULT,
		},
		.mbufs = MBUFS_DEFAULT,
		.mbuf_bytes = MBUF_BYTES_DEFAULT,
		.descriptors = DESCRIPTORS_DEFAULT,
	};
	while ((option = getopt_long(argc, argv, "s:g:K:f:t:k:p:hV", names, NULL)) != -1) {
		*status = 0;
		if (option == 'h' || option == 'V') {
			fputs(option == 'h' ? usage : "maglev-dpdk " MAGLEV_VERSION "\n", stdout);
			return false;
		}
		*status = 2;
		if (!read_option(options, option))
			return false;
	}
	*status = 2;
	if (optind < argc) {
		fprintf(stderr, "maglev-dpdk: %s: not an option\n%s", argv[optind], usage);
		return false;
	}
	return is_mtu_possible(options);
}
