// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay_wire DEVICE <FRAMES >HEARD: send frames out of a device, and write what comes in by it; either is a length of four
 * bytes and a frame, again and again. Many at a time, as system calls are slow in User-Mode Linux, and between two such
 * lots what has come is taken, so that nothing is lost. Ends a second after the last has come; exit status 1 if any was
 * lost.
 */
#define _GNU_SOURCE /* sendmmsg, recvmmsg */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	LOT = 64,
	FRAME_BYTES = 2048,
	SOCKET_BYTES = 256 << 20,
	QUIET_MS = 1000,
};

struct lot {
	struct mmsghdr message[LOT];
	struct iovec piece[LOT];
	uint8_t frame[LOT][FRAME_BYTES];
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void init(struct lot *lot)
{
	int i;

	for (i = 0; i < LOT; i++) {
		lot->piece[i] = (struct iovec){ lot->frame[i], FRAME_BYTES };
		lot->message[i].msg_hdr =
			(struct msghdr){ .msg_iov = &lot->piece[i], .msg_iovlen = 1 };
	}
}

static int open_device(const char *name)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_protocol = htons(ETH_P_ALL),
				       .sll_ifindex = if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), bytes = SOCKET_BYTES, yes = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)))
		die(name);
	return fd;
}

static int read_lot(struct lot *lot)
{
	uint32_t len;
	int n;

	for (n = 0; n < LOT && fread(&len, sizeof(len), 1, stdin) == 1; n++) {
		if (len > FRAME_BYTES || fread(lot->frame[n], 1, len, stdin) != len)
			die("a frame");
		lot->piece[n].iov_len = len;
	}
	return n;
}

static void send_lot(int fd, struct lot *lot, int n)
{
	int sent, done;

	for (sent = 0; sent < n; sent += done) {
		done = sendmmsg(fd, lot->message + sent, n - sent, 0);
		if (done < 0)
			die("send");
	}
}

static void hear(int fd, struct lot *lot)
{
	uint32_t len;
	int i, n;

	do {
		n = recvmmsg(fd, lot->message, LOT, MSG_DONTWAIT, NULL);
		if (n < 0 && errno != EAGAIN)
			die("receive");
		for (i = 0; i < n; i++) {
			len = lot->message[i].msg_len;
			if (fwrite(&len, sizeof(len), 1, stdout) != 1 ||
			    fwrite(lot->frame[i], 1, len, stdout) != len)
				die("stdout");
		}
	} while (n == LOT);
}

int main(int argc, char **argv)
{
	struct tpacket_stats stats;
	socklen_t len = sizeof(stats);
	static struct lot out, in;
	struct pollfd readable;
	int n;

	if (argc != 2)
		return 2;
	init(&out);
	init(&in);
	readable = (struct pollfd){ .fd = open_device(argv[1]), .events = POLLIN };
	while ((n = read_lot(&out))) {
		send_lot(readable.fd, &out, n);
		hear(readable.fd, &in);
	}
	while (poll(&readable, 1, QUIET_MS) > 0)
		hear(readable.fd, &in);
	if (getsockopt(readable.fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
		die("statistics");
	if (stats.tp_drops)
		fprintf(stderr, "replay_wire: %u frames lost\n", stats.tp_drops);
	return fflush(stdout) || stats.tp_drops;
}
