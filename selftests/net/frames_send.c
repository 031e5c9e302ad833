// SPDX-License-Identifier: GPL-2.0-only
/* Frames out: made in batches, one sendmmsg() each. Every checksum is complete. */
#define _GNU_SOURCE
#include "frames.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <linux/if_ether.h>

enum {
	BATCH = 64,
	RETRIES_MAX = 1000000,
	FIN = 0x01,
	SYN = 0x02,
	RST = 0x04,
	PSH = 0x08,
	ACK = 0x10,
	TTL = 64,
	PACKET_MAX = 65535,
	FILES_MAX = 1 << 20,
};

static const u8 tcp_flags[] = {
	[KIND_SYN] = SYN, [KIND_ACK] = ACK,	   [KIND_FIN] = FIN | ACK,
	[KIND_RST] = RST, [KIND_DATA] = PSH | ACK,
};

/* The frames of a batch lie one after the other; all that is the same in each is written once. */
struct maker {
	const struct options *options;
	struct tuples tuples;
	bool ip4;
	u8 l4;
	u32 ip_len, l4_len, payload;
	u64 filler_sum, pseudo_sum; /* of what is the same in each */
	u32 stride;
	u8 *frames;
};

/* Which flow and which of its packets is next. */
struct cursor {
	const struct options *options;
	u64 keys[4];
	u32 bits;
	u64 flow, packet, per_flow;
	bool ended;
};

struct totals {
	u64 sent, start_ns, dropped;
};

static void put16(u8 *at, u16 value)
{
	__be16 wire = cpu_to_be16(value);

	memcpy(at, &wire, sizeof(wire));
}

static void put32(u8 *at, u32 value)
{
	__be32 wire = cpu_to_be32(value);

	memcpy(at, &wire, sizeof(wire));
}

static void put_sum(u8 *at, u64 sum)
{
	u16 wire = ~fold(sum);

	memcpy(at, &wire, sizeof(wire));
}

static void write_ip4(u8 *ip, const struct options *options, u8 l4)
{
	ip[0] = 0x45;
	put16(ip + 6, 0x4000); /* don't fragment */
	ip[8] = TTL;
	ip[9] = l4;
	memcpy(ip + 16, &options->vips[0].s6_addr[12], 4);
}

static void write_ip6(u8 *ip, const struct options *options, u8 l4)
{
	ip[0] = 0x60;
	ip[6] = l4;
	ip[7] = TTL;
	memcpy(ip + 24, &options->vips[0], 16);
}

static void write_frame(const struct maker *maker, const struct link *link, u8 *frame)
{
	const struct options *options = maker->options;
	u8 *ip = frame + ETHERNET_BYTES, *l4 = ip + maker->ip_len;
	u32 i;

	memcpy(frame, options->dst_mac.bytes, MAC_BYTES);
	memcpy(frame + MAC_BYTES, link->mac, MAC_BYTES);
	put16(frame + 2 * MAC_BYTES, maker->ip4 ? ETH_P_IP : ETH_P_IPV6);
	if (maker->ip4)
		write_ip4(ip, options, maker->l4);
	else
		write_ip6(ip, options, maker->l4);
	put16(l4 + 2, options->port);
	if (maker->l4 == IPPROTO_TCP) {
		l4[12] = TCP_BYTES / 4 << 4;
		put16(l4 + 14, 0xffff); /* window */
	}
	for (i = PAYLOAD_HEAD; i < maker->payload; i++)
		l4[maker->l4_len + i] = i;
	if (maker->payload)
		put32(l4 + maker->l4_len, PAYLOAD_MAGIC);
}

static void maker_init(struct maker *maker, const struct options *options, const struct link *link)
{
	u32 i;

	maker->options = options;
	maker->ip4 = is_ip4(&options->vips[0]);
	maker->l4 = options->proto == PROTO_UDP ? IPPROTO_UDP : IPPROTO_TCP;
	maker->ip_len = maker->ip4 ? IP4_BYTES : IP6_BYTES;
	maker->l4_len = options->proto == PROTO_UDP ? UDP_BYTES : TCP_BYTES;
	maker->payload = options->payload;
	if (maker->ip_len + maker->l4_len + maker->payload > link->mtu)
		die_usage("--payload %u: the MTU of %s leaves %u", maker->payload, link->name,
			  link->mtu - maker->ip_len - maker->l4_len);
	maker->stride = (ETHERNET_BYTES + maker->ip_len + maker->l4_len + maker->payload + 63) &
			~63;
	maker->frames = calloc(BATCH, maker->stride);
	if (!maker->frames)
		die("%u bytes: %m", BATCH * maker->stride);
	for (i = 0; i < BATCH; i++)
		write_frame(maker, link, maker->frames + i * maker->stride);
	if (maker->payload)
		maker->filler_sum = sum_bytes(0,
					      maker->frames + ETHERNET_BYTES + maker->ip_len +
						      maker->l4_len + PAYLOAD_HEAD,
					      maker->payload - PAYLOAD_HEAD);
	maker->pseudo_sum = sum_bytes(cpu_to_be16(maker->l4),
				      &options->vips[0].s6_addr[maker->ip4 ? 12 : 0],
				      maker->ip4 ? 4 : 16);
}

static enum kind kind_of(const struct options *options, u32 flow, u32 packet)
{
	static const enum kind any[] = { KIND_SYN, KIND_ACK, KIND_FIN, KIND_RST, KIND_DATA };

	if (options->proto == PROTO_UDP)
		return KIND_UDP;
	if (options->kind == KIND_MIXED)
		return any[mix64(options->seed ^ ((u64)packet << 32 | flow)) % 5];
	if (options->kind == KIND_HANDSHAKE)
		return packet == 0 ? KIND_SYN : packet == 1 ? KIND_ACK : KIND_DATA;
	return options->kind;
}

/* The client's side of a connection whose other side nobody has seen. */
static void write_tcp(const struct maker *maker, u8 *tcp, enum kind kind, u32 flow, u32 packet)
{
	u64 initial = mix64(maker->options->seed + 0x5eed + flow);
	u32 sequence = initial, answer = initial >> 32;

	if (kind != KIND_SYN) {
		if (maker->options->kind == KIND_HANDSHAKE && packet)
			packet -= packet == 1 ? 1 : 2;
		sequence += 1 + packet * maker->payload;
	}
	put32(tcp + 4, sequence);
	put32(tcp + 8, tcp_flags[kind] & ACK ? answer : 0);
	tcp[13] = tcp_flags[kind];
	memset(tcp + 16, 0, 2);
}

/* Return: the length of the frame. */
static u32 make_frame(const struct maker *maker, u8 *frame, u32 flow, u32 packet)
{
	enum kind kind = kind_of(maker->options, flow, packet);
	bool has_payload = kind == KIND_UDP || kind == KIND_DATA || kind == KIND_ACK;
	u32 payload = has_payload ? maker->payload : 0, len = maker->l4_len + payload;
	u8 *ip = frame + ETHERNET_BYTES, *l4 = ip + maker->ip_len;
	u32 src_len = maker->ip4 ? 4 : 16;
	u8 *src = ip + (maker->ip4 ? 12 : 8);
	struct in6_addr address;
	u16 port;
	u64 sum;

	tuples_get(&maker->tuples, flow, &address, &port);
	memcpy(src, &address.s6_addr[16 - src_len], src_len);
	put16(l4, port);
	if (kind == KIND_UDP) {
		put16(l4 + 4, len);
		memset(l4 + 6, 0, 2);
	} else {
		write_tcp(maker, l4, kind, flow, packet);
	}
	if (payload) {
		put32(l4 + maker->l4_len + 4, flow);
		put32(l4 + maker->l4_len + 8, packet);
	}
	sum = sum_bytes(maker->pseudo_sum + cpu_to_be16(len), src, src_len);
	sum = sum_bytes(sum, l4, maker->l4_len + (payload ? PAYLOAD_HEAD : 0));
	if (payload)
		sum += maker->filler_sum;
	put_sum(l4 + (kind == KIND_UDP ? 6 : 16), sum);
	if (kind == KIND_UDP && !l4[6] && !l4[7])
		memset(l4 + 6, 0xff, 2);
	if (maker->ip4) {
		put16(ip + 2, IP4_BYTES + len);
		memset(ip + 10, 0, 2);
		put_sum(ip + 10, sum_bytes(0, ip, IP4_BYTES));
	} else {
		put16(ip + 4, len);
	}
	return ETHERNET_BYTES + maker->ip_len + len;
}

static void cursor_init(struct cursor *cursor, const struct options *options)
{
	memset(cursor, 0, sizeof(*cursor));
	cursor->options = options;
	cursor->per_flow = options->packets + (options->kind == KIND_HANDSHAKE ? 2 : 0);
	while (1ULL << cursor->bits < options->flows)
		cursor->bits++;
	permute_init(cursor->keys, options->seed);
}

/* Another permutation of the flows in each round: of a power of two, where what is too big is passed over. */
static u64 pick_random(const struct cursor *cursor)
{
	u64 i = cursor->flow;

	if (cursor->options->order != ORDER_RANDOM || !cursor->bits)
		return i;
	do {
		u64 keys[4];
		int j;

		for (j = 0; j < 4; j++)
			keys[j] = cursor->keys[j] ^ cursor->packet * 0x9e3779b97f4a7c15;
		i = permute(keys, cursor->bits, i);
	} while (i >= cursor->options->flows);
	return i;
}

/* Return: false when that was the last. With --seconds there is always another, save for --spoof. */
static bool cursor_next(struct cursor *cursor, u32 *flow, u32 *packet)
{
	const struct options *options = cursor->options;

	if (cursor->ended)
		return false;
	*flow = options->first + pick_random(cursor);
	*packet = cursor->packet;
	if (options->order == ORDER_SEQUENTIAL) {
		if (++cursor->packet == cursor->per_flow) {
			cursor->packet = 0;
			if (++cursor->flow == options->flows)
				cursor->flow = 0;
		}
		cursor->ended = !cursor->flow && !cursor->packet;
	} else if (++cursor->flow == options->flows) {
		cursor->flow = 0;
		cursor->ended = ++cursor->packet >= cursor->per_flow;
	}
	if (options->seconds && !options->spoof)
		cursor->ended = false;
	return true;
}

/* Whoever cannot take a frame now is asked again; anything else is an error. */
static void send_batch(const struct link *link, struct mmsghdr *messages, u32 n)
{
	u32 done = 0, retries = 0;
	int sent;

	while (done < n) {
		sent = sendmmsg(link->fd, messages + done, n - done, 0);
		if (sent > 0) {
			done += sent;
			retries = 0;
		} else if ((errno == ENOBUFS || errno == EAGAIN) && retries++ < RETRIES_MAX) {
			sched_yield();
		} else if (errno != EINTR) {
			die("interface %s: send: %m", link->name);
		}
	}
}

static void wait_for_turn(const struct options *options, const struct totals *totals)
{
	u64 due = totals->start_ns + (u64)(totals->sent * (1e9 / options->rate));
	struct timespec at = { .tv_sec = due / 1000000000, .tv_nsec = due % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static void print_totals(const struct totals *totals, const struct link *link, u64 end_ns)
{
	double seconds = (end_ns - totals->start_ns) / 1e9;

	printf("sent %llu seconds %.3f pps %.0f dropped %llu\n", totals->sent, seconds,
	       seconds > 0 ? totals->sent / seconds : 0, link_dropped(link) - totals->dropped);
	if (fflush(stdout))
		die("stdout: %m");
}

/* What takes no time under --rate is at most 1 ms of frames at once. */
static u32 batch_of(const struct options *options)
{
	u64 batch = options->rate ? options->rate / 1000 : BATCH;

	return batch < 1 ? 1 : batch > BATCH ? BATCH : batch;
}

static void send_flows(struct maker *maker, const struct link *link, struct totals *totals)
{
	const struct options *options = maker->options;
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec vectors[BATCH];
	struct cursor cursor;
	u64 end = options->seconds ? totals->start_ns + options->seconds * 1000000000ULL :
				     ULLONG_MAX;
	u32 flow, packet, n, batch = batch_of(options);

	for (n = 0; n < BATCH; n++) {
		vectors[n].iov_base = maker->frames + n * maker->stride;
		messages[n].msg_hdr.msg_iov = &vectors[n];
		messages[n].msg_hdr.msg_iovlen = 1;
	}
	cursor_init(&cursor, options);
	while (!cursor.ended && !frames_stopped && (end == ULLONG_MAX || now_ns() < end)) {
		if (options->rate)
			wait_for_turn(options, totals);
		for (n = 0; n < batch && cursor_next(&cursor, &flow, &packet); n++)
			vectors[n].iov_len = make_frame(maker, vectors[n].iov_base, flow, packet);
		send_batch(link, messages, n);
		totals->sent += n;
	}
}

static void check_send(struct options *options)
{
	bool udp = options->proto == PROTO_UDP;

	if (options->kind < 0)
		options->kind = udp ? KIND_UDP : KIND_SYN;
	if (options->proto < 0)
		options->proto = options->kind == KIND_UDP ? PROTO_UDP : PROTO_TCP;
	if (udp && options->kind != KIND_UDP && options->kind != KIND_MIXED)
		die_usage("--kind: --proto udp has only udp");
	if (options->proto == PROTO_TCP && options->kind == KIND_UDP)
		die_usage("--kind udp: --proto tcp has syn ack fin rst data mixed handshake");
	if (options->payload == ULLONG_MAX)
		options->payload = options->kind == KIND_ACK ? 0 : PAYLOAD_HEAD;
	if (options->payload && options->payload < PAYLOAD_HEAD)
		die_usage("--payload %llu: not 0, nor %d or more", options->payload, PAYLOAD_HEAD);
	if (options->spoof && (options->packets > 1 || options->kind == KIND_HANDSHAKE))
		die_usage("--spoof: one packet of each flow");
	if (!options->port)
		options->port = 80;
}

int run_send(struct options *options)
{
	struct maker maker = { 0 };
	struct totals totals = { 0 };
	struct link link;

	check_send(options);
	tuples_init(&maker.tuples, options);
	link_open(&link, options->devices[0]);
	if (!options->dst_mac.known)
		link_resolve(&link, &options->vips[0], &options->dst_mac);
	maker_init(&maker, options, &link);
	totals.dropped = link_dropped(&link);
	totals.start_ns = now_ns();
	send_flows(&maker, &link, &totals);
	print_totals(&totals, &link, now_ns());
	free(maker.frames);
	close(link.fd);
	return 0;
}

/* Return: whether it was sent. What does not fit the link, or is nothing, is passed over. */
static bool inject_file(const struct options *options, const struct link *link, int directory,
			const char *name)
{
	u8 frame[ETHERNET_BYTES + PACKET_MAX + 1];
	struct iovec vector = { .iov_base = frame };
	struct mmsghdr message = { .msg_hdr = { .msg_iov = &vector, .msg_iovlen = 1 } };
	struct stat about;
	ssize_t len;
	int fd;

	fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &about))
		die("file %s: %m", name);
	if (!S_ISREG(about.st_mode)) {
		close(fd);
		return false;
	}
	len = read(fd, frame + ETHERNET_BYTES, PACKET_MAX + 1);
	if (len < 0)
		die("file %s: %m", name);
	close(fd);
	if (!len || len > link->mtu)
		return false;
	memcpy(frame, options->dst_mac.bytes, MAC_BYTES);
	memcpy(frame + MAC_BYTES, link->mac, MAC_BYTES);
	put16(frame + 2 * MAC_BYTES, frame[ETHERNET_BYTES] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP);
	vector.iov_len = ETHERNET_BYTES + len;
	send_batch(link, &message, 1);
	return true;
}

/* Return: how many files of it could not be sent. */
static u64 inject_all(const struct options *options, const struct link *link, u64 *sent)
{
	int directory = AT_FDCWD, i, n = 0;
	struct dirent **entries = NULL;
	u64 skipped = 0;
	struct stat about;

	if (stat(options->file, &about))
		die("--file %s: %m", options->file);
	if (S_ISDIR(about.st_mode)) {
		directory = open(options->file, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		n = scandir(options->file, &entries, NULL, alphasort);
		if (directory < 0 || n < 0 || n > FILES_MAX)
			die("--file %s: not a directory of at most %d files", options->file,
			    FILES_MAX);
	} else if (inject_file(options, link, directory, options->file)) {
		++*sent;
	} else {
		skipped++;
	}
	for (i = 0; i < n; free(entries[i++])) {
		if (frames_stopped || entries[i]->d_name[0] == '.')
			continue;
		if (inject_file(options, link, directory, entries[i]->d_name))
			++*sent;
		else
			skipped++;
	}
	free(entries);
	if (directory >= 0)
		close(directory);
	return skipped;
}

int run_inject(struct options *options)
{
	u64 i, sent = 0, skipped = 0;
	struct link link;

	if (!options->file)
		die_usage("no --file FILE_OR_DIRECTORY");
	if (!options->dst_mac.known && !options->n_vips)
		die_usage("--dst-mac auto: the next on the way to where? Wanted --vip ADDRESS");
	link_open(&link, options->devices[0]);
	if (!options->dst_mac.known)
		link_resolve(&link, &options->vips[0], &options->dst_mac);
	for (i = 0; i < options->times && !frames_stopped; i++)
		skipped = inject_all(options, &link, &sent);
	close(link.fd);
	if (!sent)
		die("--file %s: nothing that fits %s", options->file, link.name);
	printf("sent %llu skipped %llu\n", sent, skipped);
	return 0;
}
