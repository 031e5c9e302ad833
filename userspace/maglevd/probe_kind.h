/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kind of probe is made of: the attempt, how it ends, and what several kinds share. All
 * of it runs in the thread of the loop, and none of it calls back: probe_end() only notes the
 * answer and lets go of everything; the loop then tells whoever asked. So an attempt may be
 * touched after probe_end(), and ended from a callback of libcurl.
 */
#ifndef MAGLEVD_PROBE_KIND_H
#define MAGLEVD_PROBE_KIND_H

#include "probe.h"

#include <sys/types.h>

struct curl_slist;
struct probe_patterns;
struct probe_transfer;
struct probe_transfers;

/**
 * struct probe_kind - what a check's type does
 * @full_size: it can send full-size packets
 * @start: begin; called from probe_start()
 * @expire: the time is over, end; NULL: probe_time_out()
 * @stop: let go of what is not let go of for all kinds: @fd, @kept, watchers; or NULL
 */
struct probe_kind {
	bool full_size;
	void (*start)(struct probe *probe);
	void (*expire)(struct probe *probe);
	void (*stop)(struct probe *probe);
};

extern const struct probe_kind probe_tcp;
extern const struct probe_kind probe_http;
extern const struct probe_kind probe_udp;
extern const struct probe_kind probe_dns;
extern const struct probe_kind probe_icmp;
extern const struct probe_kind probe_script;
extern const struct probe_kind probe_agent;

/**
 * struct probe_bytes - what is kept of what the backend sent, PROBE_BYTES at most
 * @at: allocated; a NUL follows what is kept
 * @len: used
 * @room: allocated
 */
struct probe_bytes {
	char *at;
	size_t len, room;
};

/**
 * typedef probe_heard - more has come
 * @probe: has it in @kept
 * @closed: it was the last
 *
 * Return: true if this was enough, and probe_end() called.
 */
typedef bool probe_heard(struct probe *probe, bool closed);

/**
 * struct probe_stream - a TCP connection
 * @connected: called once it stands
 * @heard: called when something came
 * @limit: so much is kept
 * @sent: so much was sent of what is to be said
 * @searched: so much was received that need not be looked at again
 */
struct probe_stream {
	void (*connected)(struct probe *probe);
	probe_heard *heard;
	size_t limit;
	size_t sent;
	size_t searched;
};

/**
 * struct probe_exchange - of HTTP and HTTPS
 * @transfer: libcurl's part, borrowed
 * @header: of the request
 * @fd: the connection, libcurl's
 * @received: bytes, TLS included, if it was closed before the header's end
 * @header_len: bytes of header lines, interim answers and trailers included
 * @header_done: the header has ended
 * @judged: the answer is known, libcurl was told to stop
 * @segment: what fitted into a packet before the request, if that is of full size
 */
struct probe_exchange {
	struct probe_transfer *transfer;
	struct curl_slist *header;
	int fd;
	size_t received, header_len;
	bool header_done, judged;
	u32 segment;
};

/**
 * struct probe_query - of DNS
 * @id: of the query, host order
 */
struct probe_query {
	u16 id;
};

enum {
	PROBE_COOKIE_BYTES = 8,
};

/**
 * struct probe_echo - of ICMP
 * @raw: the socket is a raw one: it sees others' answers too
 * @id: host order; of a raw socket
 * @cookie: sent and expected back
 */
struct probe_echo {
	bool raw;
	u16 id;
	u8 cookie[PROBE_COOKIE_BYTES];
};

/**
 * struct probe_child - of scripts
 * @pid: of the process and its group; 0: none
 * @watcher: of its end
 */
struct probe_child {
	pid_t pid;
	ev_child watcher;
};

/**
 * struct prober - see probe.h
 * @loop: where all wait
 * @probes: under way
 * @transfers: what HTTP needs
 * @patterns: regular expressions seen so far
 * @scratch: for what is received until it is looked at
 */
struct prober {
	struct ev_loop *loop;
	struct probe *probes;
	struct probe_transfers *transfers;
	struct probe_patterns *patterns;
	char scratch[PROBE_BYTES];
};

/**
 * struct probe - see probe.h
 * @prober: whose
 * @next: of the prober
 * @link: what points to this one
 * @check: what is asked
 * @kind: how
 * @target: whom
 * @done: of the caller
 * @ctx: of the caller
 * @answer: complete once @ended
 * @began_us: CLOCK_MONOTONIC
 * @ended: only @done is still to be called
 * @timer: the timeout; afterwards, the message that it has ended
 * @io: of @fd
 * @fd: closed at the end; -1: none
 * @doing: what a timeout interrupts
 * @kept: of what the backend sent
 * @stream: of TCP, HTTP, agents
 * @exchange: of HTTP
 * @query: of DNS
 * @echo: of ICMP
 * @child: of scripts
 */
struct probe {
	struct prober *prober;
	struct probe *next, **link;
	const struct check *check;
	const struct probe_kind *kind;
	struct probe_target target;
	probe_done *done;
	void *ctx;
	struct probe_answer answer;
	u64 began_us;
	bool ended;
	ev_timer timer;
	ev_io io;
	int fd;
	const char *doing;
	struct probe_bytes kept;
	struct probe_stream stream;
	union {
		struct probe_exchange exchange;
		struct probe_query query;
		struct probe_echo echo;
		struct probe_child child;
	};
};

/* probe.c */

/**
 * probe_say() - note an answer; probe_close() is to follow
 * @probe: not ended
 * @result: enum probe_result
 * @format: why; what is not printable is shown as '?'
 */
void probe_say(struct probe *probe, enum probe_result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * probe_close() - end with the answer noted; nothing happens if it has ended
 * @probe: may be touched until the loop goes on
 */
void probe_close(struct probe *probe);

/* probe_say() and probe_close(). */
#define probe_end(probe, result, ...)                      \
	({                                                 \
		probe_say((probe), (result), __VA_ARGS__); \
		probe_close(probe);                        \
	})

/**
 * probe_time_out() - end because the time is over
 * @probe: was at what @doing says
 */
void probe_time_out(struct probe *probe);

/**
 * probe_watch() - wait for a descriptor
 * @probe: not ended
 * @fd: that of before, or a new one
 * @events: EV_READ, EV_WRITE
 * @ready: called then; the watcher's data is @probe
 */
void probe_watch(struct probe *probe, int fd, int events,
		 void (*ready)(struct ev_loop *loop, ev_io *io, int revents));

/**
 * probe_bytes_add() - keep some more
 * @bytes: what is kept
 * @from: where it is
 * @len: with what is kept no more than PROBE_BYTES
 *
 * Return: whether there was memory.
 */
bool probe_bytes_add(struct probe_bytes *bytes, const void *from, size_t len);

/* probe_socket.c */

/**
 * probe_end_errno() - end because a system call failed
 * @probe: not ended
 * @what: was attempted
 * @error: errno; tells whether it was for want of something here, or the backend's doing
 */
void probe_end_errno(struct probe *probe, const char *what, int error);

/**
 * probe_socket() - make the socket of an attempt, without more
 * @probe: has no descriptor yet
 * @type: SOCK_STREAM, SOCK_DGRAM, SOCK_RAW
 * @protocol: 0, or of ICMP
 *
 * Return: whether there is one; errno says why not.
 */
bool probe_socket(struct probe *probe, int type, int protocol);

/**
 * probe_setup() - give it its mark, its source and what goes with its type
 * @probe: has a socket; ended if this fails
 * @type: of that
 *
 * Return: whether it went well.
 */
bool probe_setup(struct probe *probe, int type);

/**
 * probe_open() - probe_socket() and probe_setup()
 * @probe: has no descriptor yet; ended if this fails
 * @type: SOCK_STREAM, SOCK_DGRAM, SOCK_RAW
 * @protocol: 0, or of ICMP
 *
 * Return: whether there is a socket.
 */
bool probe_open(struct probe *probe, int type, int protocol);

/**
 * probe_connect() - bind the socket to its other end
 * @probe: has one; ended if this fails
 *
 * Return: true: it stands, or of TCP is on its way.
 */
bool probe_connect(struct probe *probe);

/**
 * probe_is_v6() - the family of the other end
 * @probe: any
 */
static inline bool probe_is_v6(const struct probe *probe)
{
	return probe->target.addr.len == MAGLEV_IPV6_BYTES;
}

/* probe_stream.c */

/**
 * probe_stream_start() - connect by TCP
 * @probe: without descriptor
 * @connected: called once it stands
 */
void probe_stream_start(struct probe *probe, void (*connected)(struct probe *probe));

/**
 * probe_stream_talk() - say what the check has to say and listen
 * @probe: connected
 * @limit: PROBE_BYTES at most; if that was not enough it has failed
 * @heard: called when something came; NULL: once all is sent it has passed
 */
void probe_stream_talk(struct probe *probe, size_t limit, probe_heard *heard);

/* probe_pattern.c */

struct probe_patterns *probe_patterns_create(void);
void probe_patterns_destroy(struct probe_patterns *patterns);

/**
 * probe_pattern_match() - does a regular expression match?
 * @patterns: those compiled before
 * @pattern: extended, by its text, so that it does not matter whether its check still exists
 * @bytes: what it is to match, NULs included
 *
 * Return: 1 if it does, 0 if not, -ENOMEM, -EINVAL if it is none.
 */
int probe_pattern_match(struct probe_patterns *patterns, const char *pattern,
			const struct probe_bytes *bytes);

/* probe_size.c */

/**
 * probe_size_set() - have packets leave whole or not at all
 * @probe: with a socket; ended if this fails
 * @type: SOCK_STREAM or SOCK_DGRAM
 *
 * Return: whether it went well.
 */
bool probe_size_set(struct probe *probe, int type);

/**
 * probe_size_segment() - how much fits into a packet
 * @fd: connected by TCP
 *
 * Return: bytes of payload; 0 if unknown.
 */
u32 probe_size_segment(int fd);

/**
 * probe_size_request() - how long a request must be
 * @segment: bytes of payload in a packet
 *
 * Return: bytes, so that a whole segment leaves.
 */
size_t probe_size_request(u32 segment);

/**
 * probe_size_datagram() - how long a datagram must be
 * @probe: tells the family
 *
 * Return: bytes of payload.
 */
size_t probe_size_datagram(const struct probe *probe);

#endif
