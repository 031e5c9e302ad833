/* SPDX-License-Identifier: GPL-2.0-only */
/* One peer's conversation: bytes in, bytes out; no sockets here, so a fuzzer can have it. */
#ifndef MAGLEV_DPDK_TALK_H
#define MAGLEV_DPDK_TALK_H

#include "answer.h"
#include "buffer.h"

enum {
	TALK_OUT_HIGH = 1 << 18, /* bytes that wait for the peer before we listen again */
	TALK_EVENT_BYTES = 4 << 20, /* of events that wait: what comes then is lost */
};

/**
 * struct talk - a conversation
 * @in: received
 * @out: to be sent
 * @dump: the list under way
 * @dumping: there is one
 * @request: its header
 * @subscribed: events are wanted
 * @lost: events were lost, and the peer does not know yet
 * @ending: nothing more is read: what was sent makes no sense
 */
struct talk {
	struct buffer in;
	struct buffer out;
	struct dump dump;
	bool dumping;
	struct nlmsghdr request;
	u8 command;
	bool subscribed;
	bool lost;
	bool ending;
};

/* Look at what was received, as far as there is room for answers. Return: 0 or -ENOMEM. */
int talk_go_on(struct talk *talk);

/* Is there room for what the peer may say? */
bool talk_listens(const struct talk *talk);

void talk_event(struct talk *talk, u8 command, const struct maglev_lib_message *message);
void talk_fini(struct talk *talk);

#endif
