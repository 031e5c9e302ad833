/* SPDX-License-Identifier: GPL-2.0-only */
/* Flows: PROTO CLIENT:PORT VIP:PORT. */
#ifndef MAGLEVADM_FLOWS_H
#define MAGLEVADM_FLOWS_H

#include "endpoint.h"

enum {
	FLOW_WORDS = 3,
	FLOW_TEXT = sizeof("sctp ") + 2 * ENDPOINT_TEXT,
};

struct flow {
	u8 protocol; /* IPPROTO_* */
	struct endpoint client;
	struct endpoint vip;
};

/* Does this word start a flow? */
bool flow_starts(struct span word);

/* Return: the IPPROTO_* that has this name, or the name of one; 0 or NULL if none has. */
u8 flow_protocol(struct span name);
const char *flow_protocol_name(u8 protocol);

/* Both Return: STATUS_DONE, or what has been said. */
int flow_parse(struct flow *flow, const struct input *input, const struct span word[FLOW_WORDS]);
int flow_parse_line(struct flow *flow, const struct input *input);

/* Write the flow as it is read. Return: @text. */
const char *flow_format(const struct flow *flow, char text[FLOW_TEXT]);

u32 flow_slot(const struct flow *flow, enum maglev_mode mode, const struct maglev_key *key,
	      u32 size);

#endif
