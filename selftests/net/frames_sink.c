// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames in: one AF_PACKET socket with a ring (TPACKET_V3) for each interface, with a filter that
 * lets tunnels pass and nothing else. A socket sees what comes in and what goes out of its
 * interface, so that one interface on the way is enough: see frames.sh for which.
 *
 * A packet that has a checksum left to the hardware (TP_STATUS_CSUMNOTREADY; on a veth nobody ever
 * writes it) is counted as unchecked too: its GRE checksum is not looked at, and its TCP or UDP
 * checksum may be what the hardware is to start from.
 */
#define _GNU_SOURCE
#include "frames.h"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

enum {
	BLOCK_BYTES = 1 << 17, /* a packet of 64 KiB must fit */
	BLOCKS_MIN = 2,
	RETIRE_MS = 10, /* the most that a packet waits for others in its block */
	POLL_MS = 50,
	DRAIN_NS = 100000000, /* the kernel's timer may be late */
};

struct ring {
	u8 *blocks;
	u32 n_blocks, next;
};

struct sink {
	const struct options *options;
	struct flows *flows;
	struct ring rings[DEVICES_MAX];
	struct pollfd polls[DEVICES_MAX];
	u64 verdicts[VERDICTS], unchecked, dropped;
	u64 quiet_ms; /* waited since the last block */
	bool begun;
};

/* GRE, IPIP, IPv6 in either, and destination options, which may come before these. */
static void set_filter(int fd, const char *device)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PROTOCOL),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 2),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, SKF_NET_OFF + 9),
		BPF_JUMP(BPF_JMP | BPF_JA, 2, 0, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 5),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, SKF_NET_OFF + 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_GRE, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_IPIP, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_IPV6, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_DSTOPTS, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
		die("interface %s: filter: %m", device);
}

/* What has come is still to be taken; what comes now is not. */
static void refuse_all(const struct sink *sink)
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &code };
	u32 i;

	for (i = 0; i < sink->options->n_devices; i++)
		if (setsockopt(sink->polls[i].fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			       sizeof(program)))
			die("interface %s: filter: %m", sink->options->devices[i]);
}

static void map_ring(struct ring *ring, int fd, const char *device, u32 n_blocks)
{
	struct tpacket_req3 request = {
		.tp_block_size = BLOCK_BYTES,
		.tp_block_nr = n_blocks,
		.tp_frame_size = TPACKET_ALIGNMENT << 7,
		.tp_frame_nr = BLOCK_BYTES / (TPACKET_ALIGNMENT << 7) * n_blocks,
		.tp_retire_blk_tov = RETIRE_MS,
	};
	int version = TPACKET_V3;

	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)))
		die("interface %s: TPACKET_V3: %m", device);
	if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)))
		die("interface %s: ring of %u KiB: %m", device, n_blocks * (BLOCK_BYTES / 1024));
	ring->n_blocks = n_blocks;
	ring->blocks = mmap(NULL, (size_t)n_blocks * BLOCK_BYTES, PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, 0);
	if (ring->blocks == MAP_FAILED)
		die("interface %s: ring: %m", device);
}

/* Bound last: nothing comes before the filter and the ring are there. */
static void listen_on(struct sink *sink, u32 i)
{
	const char *device = sink->options->devices[i];
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = cpu_to_be16(ETH_P_ALL) };
	u64 blocks = sink->options->ring_mib * ((1 << 20) / BLOCK_BYTES) / sink->options->n_devices;
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("interface %s: AF_PACKET socket: %m", device);
	at.sll_ifindex = if_nametoindex(device);
	if (!at.sll_ifindex)
		die("interface %s: %m", device);
	set_filter(fd, device);
	map_ring(&sink->rings[i], fd, device, blocks < BLOCKS_MIN ? BLOCKS_MIN : blocks);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)))
		die("interface %s: bind: %m", device);
	sink->polls[i].fd = fd;
	sink->polls[i].events = POLLIN;
}

static void take_packet(struct sink *sink, const struct tpacket3_hdr *packet)
{
	bool has_checksums = !(packet->tp_status & TP_STATUS_CSUMNOTREADY);
	enum verdict verdict = BAD_TRUNCATED;
	struct seen seen;

	if (packet->tp_snaplen == packet->tp_len)
		verdict = parse_tunnelled(sink->options, (const u8 *)packet + packet->tp_net,
					  packet->tp_snaplen, has_checksums, &seen);
	sink->verdicts[verdict]++;
	if (verdict != IS_FLOW)
		return;
	sink->unchecked += !has_checksums;
	flows_add(sink->flows, &seen, sink->options->count_only);
}

/* Return: whether there was a block. The status is the kernel's to set and ours to clear. */
static bool take_block(struct sink *sink, struct ring *ring)
{
	struct tpacket_block_desc *block =
		(void *)(ring->blocks + (size_t)ring->next * BLOCK_BYTES);
	const struct tpacket3_hdr *packet;
	u32 i;

	if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
		return false;
	packet = (const void *)((u8 *)block + block->hdr.bh1.offset_to_first_pkt);
	for (i = 0; i < block->hdr.bh1.num_pkts; i++) {
		take_packet(sink, packet);
		packet = (const void *)((const u8 *)packet + packet->tp_next_offset);
	}
	__atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	ring->next = (ring->next + 1) % ring->n_blocks;
	return true;
}

static bool take_blocks(struct sink *sink)
{
	bool any = false;
	u32 i;

	for (i = 0; i < sink->options->n_devices; i++)
		any |= take_block(sink, &sink->rings[i]);
	return any;
}

/* Idle by what was waited for in vain: a machine that lets us wait says nothing of packets. */
static bool is_done(const struct sink *sink)
{
	const struct options *options = sink->options;

	if (options->expect && sink->verdicts[IS_FLOW] >= options->expect)
		return true;
	return options->idle_ms && sink->begun && sink->quiet_ms >= options->idle_ms;
}

/* Until told to stop, and then until a block that is being filled must have been handed over. */
static void take_all(struct sink *sink)
{
	u64 stopped_ns = 0;

	for (;;) {
		if (!stopped_ns && (frames_stopped || is_done(sink))) {
			refuse_all(sink);
			stopped_ns = now_ns();
		}
		if (take_blocks(sink)) {
			sink->begun = true;
			sink->quiet_ms = 0;
		} else if (stopped_ns && now_ns() - stopped_ns > DRAIN_NS) {
			return;
		} else if (!poll(sink->polls, sink->options->n_devices,
				 stopped_ns ? RETIRE_MS : POLL_MS)) {
			sink->quiet_ms += POLL_MS;
		}
	}
}

static void close_all(struct sink *sink)
{
	struct tpacket_stats_v3 stats;
	socklen_t len;
	u32 i;

	for (i = 0; i < sink->options->n_devices; i++) {
		len = sizeof(stats);
		if (getsockopt(sink->polls[i].fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
			die("interface %s: statistics: %m", sink->options->devices[i]);
		sink->dropped += stats.tp_drops;
		munmap(sink->rings[i].blocks, (size_t)sink->rings[i].n_blocks * BLOCK_BYTES);
		close(sink->polls[i].fd);
	}
}

static void print_summary(const struct sink *sink)
{
	u64 bad = 0;
	int i;

	for (i = OTHER_PROTOCOL; i < VERDICTS; i++) {
		if (sink->verdicts[i])
			printf("# %s %s %llu\n", i < BAD_TRUNCATED ? "other" : "bad",
			       verdict_names[i], sink->verdicts[i]);
		if (i >= BAD_TRUNCATED)
			bad += sink->verdicts[i];
	}
	if (sink->unchecked)
		printf("# unchecked %llu\n", sink->unchecked);
	printf("packets %llu flows %u changed %u bad %llu dropped %llu backends",
	       sink->verdicts[IS_FLOW], sink->flows->seen, sink->flows->changed, bad,
	       sink->dropped);
	flows_print_backends(sink->flows);
	putchar('\n');
	if (fflush(stdout))
		die("stdout: %m");
}

static void say_ready(const char *file)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		die("--ready %s: %m", file);
	close(fd);
}

int run_sink(struct options *options)
{
	static struct sink sink;
	u32 i;

	if (options->count_only == !!options->out)
		die_usage("wanted --out FILE or --count-only, not both");
	if (options->count_only && options->cumulative)
		die_usage("--cumulative %s: nothing to go on from with --count-only",
			  options->cumulative);
	sink.options = options;
	sink.flows = flows_create();
	if (options->cumulative)
		flows_load(sink.flows, options->cumulative);
	for (i = 0; i < options->n_devices; i++)
		listen_on(&sink, i);
	if (options->ready)
		say_ready(options->ready);
	take_all(&sink);
	close_all(&sink);
	if (options->out)
		flows_save(sink.flows, options->out);
	print_summary(&sink);
	flows_destroy(sink.flows);
	return 0;
}
