/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Would a client of this service reach a backend? Asked of the module, for a packet that does not
 * exist. Handlers of generic netlink run in the caller: if the module hangs, so does a question.
 */
#ifndef MAGLEVD_SELF_PROBE_H
#define MAGLEVD_SELF_PROBE_H

#include "endpoint.h"

struct maglev_client;

enum {
	SELF_PROBE_WHY = 128,
};

/**
 * struct self_probe - who asks; all zero: nothing was asked yet
 * @client: to the module, or NULL
 * @opened: ns: when that was tried last
 * @asked: how many questions there were
 */
struct self_probe {
	struct maglev_client *client;
	u64 opened;
	u32 asked;
};

/* Return: would it? If not, @why is written. */
bool self_probe_ask(struct self_probe *probe, const struct service_key *key,
		    char why[SELF_PROBE_WHY]);

void self_probe_fini(struct self_probe *probe);

/* What an answer says, as self_probe_ask() does. */
bool self_probe_judge(const struct maglev_lib_message *answer, char why[SELF_PROBE_WHY]);

#endif
