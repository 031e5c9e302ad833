/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The balancer as commands see it: connected at the first use, asked, and its refusals told with a
 * caret under the word they mean.
 */
#ifndef MAGLEVADM_PLANE_H
#define MAGLEVADM_PLANE_H

#include "order.h"

/* Messages of an answer, kept as they came. */
struct rows {
	void **raw; /* struct nlmsghdr */
	size_t n, capacity;
};

/* All Return: STATUS_DONE, or what has been said. */

/* Ask what the order says and have one message; *reply may hold bytes until the next call. */
int plane_call(const struct order *order, u8 command, struct maglev_lib_message *reply);

/* Ask for what @message names; if there is no such thing, *is_gone, and nothing is said. */
int plane_look(const struct order *order, u8 command, const struct maglev_lib_message *message,
	       struct maglev_lib_message *reply, bool *is_gone);

/* Ask what the order says; if that is refused with the errno @code, *is_code, and nothing is said. */
int plane_try(const struct order *order, u8 command, struct maglev_lib_message *reply, int code,
	      bool *is_code);

/*
 * Ask @message, with the order's changes if @command takes some, and keep all of the answer; a
 * list that changed meanwhile is asked for again. rows_fini() is due either way.
 */
int plane_list(const struct order *order, u8 command, const struct maglev_lib_message *message,
	       struct rows *rows);
int plane_get(const struct order *order, u8 command, const struct maglev_lib_message *message,
	      struct rows *rows);

/* Ask and have each message as it comes; one that returns other than 0 is the last. */
int plane_stream(const struct order *order, u8 command, maglev_row *row, void *ctx);

/* Was there a list that changed each time it was asked for? What came of it was taken. */
bool plane_has_holes(void);

/* Send a batch. If it fails nothing is said: *error tells. */
int plane_batch(struct maglev_request *request, const struct maglev_error **error);

/* The connection, for events. */
int plane_subscribe(const struct order *order, struct maglev_client **client);

/* Say why the plane did not do what was ordered. Return: STATUS_FAILED. */
int plane_fail(const struct order *order, const struct maglev_error *error);

/* Read a kept message. Return: false at the end. */
bool rows_read(const struct rows *rows, size_t i, struct maglev_lib_message *message);
void rows_fini(struct rows *rows);

void plane_close(void);

#endif
