/* SPDX-License-Identifier: GPL-2.0-only */
/* What a table command was asked: options, backends and flows from its words. */
#ifndef MAGLEVADM_REQUEST_H
#define MAGLEVADM_REQUEST_H

#include "backends.h"
#include "command.h"
#include "flows.h"

enum request_kind {
	REQUEST_BACKENDS,
	REQUEST_FLOWS, /* flows among the backends */
	REQUEST_SIDES, /* old backends, --, new ones */
};

enum {
	SIDE_OLD = 0,
	SIDE_NEW = 1,
	SIDES = 2,
};

struct request {
	enum request_kind kind;
	bool json;
	bool help;
	u32 size;
	enum maglev_mode mode;
	struct maglev_key key;
	struct backends side[SIDES]; /* settled */
	struct flow *flow;
	size_t flows, flows_capacity;
	const char *stdin_arg; /* the "-" whose backends came from stdin */
};

/*
 * Read the words of a call.
 *
 * Return: STATUS_DONE, or what has been said. Either way request_fini() is due.
 */
int request_init(struct request *request, const struct call *call, enum request_kind kind);
void request_fini(struct request *request);

/* Warn of what is legal and seldom meant: last, for a refusal is the first line. */
void request_warn(const struct request *request);

const char *request_mode_name(const struct request *request);

#endif
