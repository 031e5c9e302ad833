/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests of the family, read, obeyed and answered; the bytes around are server.c's. */
#ifndef MAGLEV_DPDK_ANSWER_H
#define MAGLEV_DPDK_ANSWER_H

#include "draft.h"

#include <netlink_policy.h>

/**
 * struct asked - a request
 * @command: MAGLEV_CMD_*
 * @head: its first attribute
 * @len: bytes of attributes
 * @tb: by MAGLEV_A_*
 * @extack: what is said of a refusal
 */
struct asked {
	u8 command;
	const struct nlattr *head;
	int len;
	struct nlattr *tb[MAGLEV_A_MAX + 1];
	struct netlink_ext_ack extack;
};

/**
 * struct dump - a list under way; nothing is held between its rows but what @data and @built say
 * @next: write a row. Return: 1; 0 at the end; -errno.
 * @end: frees @data, if there is any
 * @only: of this service; 0: of all
 * @index: of this pair; -1: of all
 * @service: whose rows were told last
 * @within: so was the backend @last
 * @last: its name
 * @changes: of the model when the list began
 * @interrupted: what is listed is not the same any more
 * @data: what was gathered at the beginning
 * @row: the next
 * @built: tables being told
 * @tables: flow tables, to be compared and not followed
 * @state: of flows; -1: all
 * @old: the list is in the old tables
 */
struct dump {
	int (*next)(struct dump *dump, struct maglev_lib_message *row);
	void (*end)(struct dump *dump);
	u32 only;
	int index;
	u32 service;
	bool within;
	struct plan last;
	u32 changes;
	bool interrupted;
	void *data;
	u64 row;
	struct built *built;
	const void *tables;
	int state;
	bool old;
};

/* Read what the request holds by the ABI's policies. Return: 0 or -errno, said. */
int answer_read(struct asked *asked);

/* Return: 1 with @reply written; 0: done, no reply; -errno, said in the request. */
int answer_do(struct asked *asked, struct maglev_lib_message *reply);

/* Return: 0 with @dump begun; -errno, said. */
int answer_dump(struct asked *asked, struct dump *dump);

/* Does the answer take so long that it is prepared in pieces, as a list of one row? */
bool answer_is_long(const struct asked *asked);

/* As answer_dump(). */
int answer_long(struct asked *asked, struct dump *dump);
void dump_end(struct dump *dump);

/* The service or backend a request names, or 0 and -1. Return: 0 or -errno, said. */
int answer_filter(struct asked *asked, u32 *service, int *index);

/* The service that must be named, read and found. Return: NULL with @err set, said. */
struct service *answer_find(struct asked *asked, struct maglev_request_service *named, int *err);
struct pair *answer_find_pair(struct asked *asked, const struct service *service,
			      const struct maglev_request_backend *named, int *err);

/* Handlers, by file. */
int answer_service_get(struct asked *asked, struct maglev_lib_message *reply);
int answer_backend_get(struct asked *asked, struct maglev_lib_message *reply);
int answer_settings_get(struct asked *asked, struct maglev_lib_message *reply);
int answer_stats_get(struct asked *asked, struct maglev_lib_message *reply);
int answer_service_dump(struct asked *asked, struct dump *dump);
int answer_backend_dump(struct asked *asked, struct dump *dump);
int answer_table_dump(struct asked *asked, struct dump *dump);
int answer_change(struct asked *asked, struct maglev_lib_message *reply);
int answer_batch(struct asked *asked, struct maglev_lib_message *reply);
int answer_settings_set(struct asked *asked, struct maglev_lib_message *reply);
int answer_flow_get(struct asked *asked, struct maglev_lib_message *reply);
int answer_flow_dump(struct asked *asked, struct dump *dump);
int answer_flow_count(struct asked *asked, struct dump *dump);
int answer_flow_flush(struct asked *asked, struct dump *dump);
int answer_explain(struct asked *asked, struct maglev_lib_message *reply);
int answer_preview(struct asked *asked, struct dump *dump);

/* Find a flow's word and tell of it. Return: is it tracked? */
bool answer_find_flow(struct maglev_lib_flow *to, const struct maglev_tuple *tuple, u32 service);

#endif
