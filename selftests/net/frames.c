// SPDX-License-Identifier: GPL-2.0-only
/*
 * frames: raw frames of very many flows, and which backend they came to. Here: the command line,
 * one table of options for all commands.
 */
#include "frames.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

enum command {
	SEND,
	SINK,
	COMPARE,
	INJECT,
	TUPLES,
	COMMANDS
};
enum type {
	FLAG,
	NUMBER,
	WORD,
	TEXT,
	DEVICE,
	VIP,
	PREFIX,
	MAC
};

struct spec {
	const char *name;
	enum type type;
	u32 commands; /* bits of enum command */
	size_t offset;
	u64 min, max;
	const char *const *words;
	const char *help;
};

struct command_spec {
	const char *name, *synopsis;
	int (*run)(struct options *options);
	u32 needs; /* DEVICE and VIP, as bits */
	int min_words, max_words;
};

volatile sig_atomic_t frames_stopped;
static const struct command_spec *current;

static const char *const kinds[] = { "syn", "ack",   "fin",	  "rst", "data",
				     "udp", "mixed", "handshake", NULL };
static const char *const protos[] = { "tcp", "udp", NULL };
static const char *const orders[] = { "round", "random", "sequential", NULL };

#define TO(command) (1u << (command))
#define MAKES (TO(SEND) | TO(TUPLES))
#define AT(field) .offset = offsetof(struct options, field)

static const struct spec specs[] = {
	{ "interface", DEVICE, TO(SEND) | TO(SINK) | TO(INJECT),
	  .help = "-i too; where frames go or come (sink: repeat)" },
	{ "vip", VIP, TO(SEND) | TO(SINK) | TO(INJECT) | TO(TUPLES),
	  .help = "where the flows go (sink: repeat)" },
	{ "port", NUMBER, MAKES | TO(SINK), AT(port), 1, 65535,
	  .help = "of the VIP; default 80 (sink: any)" },
	{ "proto", WORD, MAKES | TO(SINK), AT(proto), .words = protos,
	  .help = "default tcp (sink: both)" },
	{ "dst-mac", MAC, TO(SEND) | TO(INJECT), AT(dst_mac),
	  .help = "default auto: of the neighbour on the way to the VIP" },
	{ "flows", NUMBER, MAKES, AT(flows), 1, 1ULL << 32, .help = "how many; default 1" },
	{ "first", NUMBER, MAKES, AT(first), 0, (1ULL << 32) - 1,
	  .help = "number of the first flow; default 0" },
	{ "seed", NUMBER, MAKES, AT(seed), 0, ULLONG_MAX,
	  .help = "another seed, other tuples; default 0" },
	{ "src-net", PREFIX, MAKES, AT(src_net),
	  .help = "where flows come from; default 198.18.0.0/15, 2001:2::/48" },
	{ "kind", WORD, TO(SEND), AT(kind), .words = kinds,
	  .help = "default syn, for --proto udp udp; handshake: SYN, ACK, data" },
	{ "packets", NUMBER, TO(SEND), AT(packets), 1, 1u << 31,
	  .help = "of each flow (handshake: of data); default 1" },
	{ "payload", NUMBER, TO(SEND), AT(payload), 0, 65000,
	  .help = "bytes, 0 or 12 and more; default data, udp 12, ack 0" },
	{ "order", WORD, TO(SEND), AT(order), .words = orders,
	  .help = "default round: packet 1 of all flows, then packet 2" },
	{ "rate", NUMBER, TO(SEND), AT(rate), 1, 100000000,
	  .help = "packets in a second; default as fast as can be" },
	{ "seconds", NUMBER, TO(SEND), AT(seconds), 1, 86400,
	  .help = "go on that long, whatever --packets says" },
	{ "spoof", FLAG, TO(SEND), AT(spoof),
	  .help = "no tuple twice: one packet each, from --first on" },
	{ "out", TEXT, TO(SINK), AT(out), .help = "file for the flows" },
	{ "count-only", FLAG, TO(SINK), AT(count_only),
	  .help = "count for backends, not for flows" },
	{ "expect", NUMBER, TO(SINK), AT(expect), 1, ULLONG_MAX,
	  .help = "end when as many packets of flows have come" },
	{ "idle", NUMBER, TO(SINK), AT(idle_ms), 1, 3600000,
	  .help = "end when none has come for so many ms" },
	{ "ready", TEXT, TO(SINK), AT(ready), .help = "file to make once listening" },
	{ "cumulative", TEXT, TO(SINK), AT(cumulative),
	  .help = "what an earlier sink wrote, to go on from" },
	{ "ring", NUMBER, TO(SINK), AT(ring_mib), 1, 1024,
	  .help = "MiB of buffer in all; default 32" },
	{ "file", TEXT, TO(INJECT), AT(file),
	  .help = "a packet, or a directory of files that are" },
	{ "times", NUMBER, TO(INJECT), AT(times), 1, 1u << 31,
	  .help = "send all that often; default 1" },
	{ "allow", NUMBER, TO(COMPARE), AT(allow), 0, FLOWS_MAX,
	  .help = "so many flows may differ; default 0" },
};

#define N_SPECS (sizeof(specs) / sizeof(specs[0]))

static const struct command_spec commands[COMMANDS] = {
	[SEND] = { "send", "-i DEVICE --vip ADDRESS", run_send, TO(DEVICE) | TO(VIP), 0, 0 },
	[SINK] = { "sink", "-i DEVICE [DEVICE...] --vip ADDRESS --out FILE", run_sink,
		   TO(DEVICE) | TO(VIP), 0, DEVICES_MAX },
	[COMPARE] = { "compare", "FILE FILE", run_compare, 0, 2, 2 },
	[INJECT] = { "inject", "-i DEVICE --file FILE_OR_DIRECTORY", run_inject, TO(DEVICE), 0, 0 },
	[TUPLES] = { "tuples", "--vip ADDRESS", run_tuples, TO(VIP), 0, 0 },
};

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "frames%s%s: ", current ? " " : "", current ? current->name : "");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(EXIT_FAILED);
}

void die_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "frames%s%s: ", current ? " " : "", current ? current->name : "");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n\"frames --help\" lists what is accepted\n");
	va_end(args);
	exit(EXIT_USAGE);
}

u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

bool parse_address(const char *text, struct in6_addr *address)
{
	static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(address, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, &address->s6_addr[12]) == 1 ||
	       inet_pton(AF_INET6, text, address) == 1;
}

const char *address_text(const struct in6_addr *address, char text[ADDRESS_CHARS])
{
	if (is_ip4(address))
		inet_ntop(AF_INET, &address->s6_addr[12], text, ADDRESS_CHARS);
	else
		inet_ntop(AF_INET6, address, text, ADDRESS_CHARS);
	return text;
}

static u64 parse_number(const struct spec *spec, const char *text)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || value < spec->min || value > spec->max)
		die_usage("--%s: %s: not a number from %llu to %llu", spec->name, text, spec->min,
			  spec->max);
	return value;
}

static int parse_word(const struct spec *spec, const char *text)
{
	char accepted[128] = "";
	int i;

	for (i = 0; spec->words[i]; i++) {
		if (!strcmp(spec->words[i], text))
			return i;
		strcat(strcat(accepted, " "), spec->words[i]);
	}
	die_usage("--%s: %s: not one of%s", spec->name, text, accepted);
}

static bool parse_prefix(const char *text, struct prefix *prefix)
{
	char address[ADDRESS_CHARS], *end;
	const char *slash = strchr(text, '/');
	unsigned long bits;
	u32 i;

	if (!slash || (size_t)(slash - text) >= sizeof(address) || slash[1] < '0' || slash[1] > '9')
		return false;
	memcpy(address, text, slash - text);
	address[slash - text] = 0;
	bits = strtoul(slash + 1, &end, 10);
	if (*end || !parse_address(address, &prefix->base) ||
	    bits > (is_ip4(&prefix->base) ? 32 : 128))
		return false;
	prefix->bits = bits + (is_ip4(&prefix->base) ? MAPPED_BITS : 0);
	for (i = prefix->bits; i < 128; i++)
		prefix->base.s6_addr[i / 8] &= ~(0x80 >> i % 8);
	return true;
}

static bool parse_mac(const char *text, struct mac *mac)
{
	u8 *b = mac->bytes;
	int len = 0;

	mac->known = strcmp(text, "auto");
	if (!mac->known)
		return true;
	return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", b, b + 1, b + 2, b + 3, b + 4,
		      b + 5, &len) == MAC_BYTES &&
	       !text[len];
}

static void add_device(struct options *options, const char *name)
{
	if (options->n_devices == DEVICES_MAX)
		die_usage("%s: more than %d interfaces", name, DEVICES_MAX);
	options->devices[options->n_devices++] = name;
}

static void add_vip(struct options *options, const char *text)
{
	if (options->n_vips == VIPS_MAX)
		die_usage("--vip %s: more than %d", text, VIPS_MAX);
	if (!parse_address(text, &options->vips[options->n_vips++]))
		die_usage("--vip: %s: not an IPv4 or IPv6 address", text);
}

static void set_option(struct options *options, const struct spec *spec, const char *text)
{
	void *field = (u8 *)options + spec->offset;

	switch (spec->type) {
	case FLAG:
		*(bool *)field = true;
		break;
	case NUMBER:
		*(u64 *)field = parse_number(spec, text);
		options->has_flows |= field == &options->flows;
		break;
	case WORD:
		*(int *)field = parse_word(spec, text);
		break;
	case TEXT:
		*(const char **)field = text;
		break;
	case DEVICE:
		add_device(options, text);
		break;
	case VIP:
		add_vip(options, text);
		break;
	case PREFIX:
		options->has_src_net = true;
		if (!parse_prefix(text, field))
			die_usage("--%s: %s: not ADDRESS/BITS", spec->name, text);
		break;
	case MAC:
		if (!parse_mac(text, field))
			die_usage("--%s: %s: neither auto nor XX:XX:XX:XX:XX:XX", spec->name, text);
		break;
	}
}

static void parse_options(struct options *options, int argc, char **argv)
{
	struct option known[N_SPECS + 1] = { 0 };
	const struct spec *of[N_SPECS];
	u32 i, n = 0;
	int found, at;

	for (i = 0; i < N_SPECS; i++) {
		if (!(specs[i].commands & TO(current - commands)))
			continue;
		known[n].name = specs[i].name;
		known[n].has_arg = specs[i].type == FLAG ? no_argument : required_argument;
		of[n++] = &specs[i];
	}
	while ((found = getopt_long(argc, argv, "i:", known, &at)) != -1) {
		if (found == '?')
			die_usage("%s: not accepted", argv[optind - 1]);
		else if (found == 'i')
			add_device(options, optarg);
		else
			set_option(options, of[at], optarg);
	}
	options->words = argv + optind;
	options->n_words = argc - optind;
}

static void check_options(struct options *options)
{
	if (options->n_words < current->min_words || options->n_words > current->max_words)
		die_usage("%d arguments: wanted %s", options->n_words, current->synopsis);
	if (!(current->needs & TO(DEVICE)) != !options->n_devices)
		die_usage("no interface: wanted %s", current->synopsis);
	if (current->needs & TO(VIP) && !options->n_vips)
		die_usage("no VIP: wanted %s", current->synopsis);
	if (current->run != run_sink && (options->n_devices > 1 || options->n_vips > 1))
		die_usage("one interface and one VIP: wanted %s", current->synopsis);
}

static void print_usage(void)
{
	const struct command_spec *command;
	const struct spec *spec;

	for (command = commands; command < commands + COMMANDS; command++) {
		printf("frames %s %s [OPTION...]\n", command->name, command->synopsis);
		for (spec = specs; spec < specs + N_SPECS; spec++) {
			int i;

			if (!(spec->commands & TO(command - commands)))
				continue;
			printf("  --%-11s %s", spec->name, spec->help);
			for (i = 0; spec->words && spec->words[i]; i++)
				printf("%s%s", i ? "|" : "; ", spec->words[i]);
			putchar('\n');
		}
	}
}

static void stop(int number)
{
	(void)number;
	frames_stopped = 1;
}

int main(int argc, char **argv)
{
	struct options options = { .kind = -1,
				   .proto = -1,
				   .order = ORDER_ROUND,
				   .flows = 1,
				   .packets = 1,
				   .payload = ULLONG_MAX,
				   .times = 1,
				   .ring_mib = 32 };
	struct sigaction action = { .sa_handler = stop };
	int i;

	if (argc > 1 && !strcmp(argv[1], "--help")) {
		print_usage();
		return 0;
	}
	for (i = 0; argc > 1 && i < COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			current = &commands[i];
	if (!current)
		die_usage("%s: not one of send sink compare inject tuples",
			  argc > 1 ? argv[1] : "nothing");
	parse_options(&options, argc - 1, argv + 1);
	for (i = 0; current->run == run_sink && i < options.n_words; i++)
		add_device(&options, options.words[i]);
	check_options(&options);
	if (sigaction(SIGINT, &action, NULL) || sigaction(SIGTERM, &action, NULL))
		die("sigaction: %m");
	return current->run(&options);
}
