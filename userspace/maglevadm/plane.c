// SPDX-License-Identifier: GPL-2.0-only
/* One connection for all commands of a batch; and the plane's refusals in the words that were typed. */
#include "plane.h"

#include "connect.h"
#include "dpdk.h"

#include <array.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TRIES = 5,
	NAME_BYTES = 64,
	EXPECTED_BYTES = 2 * MAGLEV_ERROR_PATH,
};

static struct maglev_client *plane;
static bool has_holes;

static const char *name_of(const struct order *order, char text[NAME_BYTES])
{
	const struct command *command = order->command;

	snprintf(text, NAME_BYTES, "%s%s%s", command->object, command->verb ? " " : "",
		 command->verb ?: "");
	return text;
}

/* The last name in a path. */
static const char *last_name(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot ? dot + 1 : path;
}

/* A path without the "entry[N]." that says which entry is meant. */
static const char *inner_path(const struct maglev_error *error)
{
	const char *dot = strchr(error->path, '.');

	return error->entry == MAGLEV_ENTRY_NONE || !dot ? error->path : dot + 1;
}

static int fail_refused(const struct order *order, const struct maglev_error *error)
{
	const char *path = inner_path(error);
	char expected[EXPECTED_BYTES] = "", name[NAME_BYTES];
	u32 entry = order->changes ? error->entry : MAGLEV_ENTRY_NONE;
	const struct note *note = NULL;

	if (error->is_missing)
		snprintf(expected, sizeof(expected), "%s is missing: ", last_name(path));
	else if (error->has_range)
		snprintf(expected, sizeof(expected), "%llu to %llu: ", error->min, error->max);
	if (*path)
		note = order_find(order, entry, path);
	if (!note && *path)
		return err_say("%s: %s%s (%s)", name_of(order, name), expected, error->text, path);
	if (!note)
		return err_say("%s: %s", name_of(order, name), error->text);
	return err_deny(note->at, note->what, "%s%s", expected, error->text);
}

int plane_fail(const struct order *order, const struct maglev_error *error)
{
	char name[NAME_BYTES];

	switch (error->failure) {
	case MAGLEV_FAILURE_ABSENT:
		if (error->code == ENOENT)
			return err_say("%s: %s", error->text,
				       dpdk_socket ? "does maglev-dpdk run, and listen there?" :
						     "modprobe ip_vs_maglev");
		break;
	case MAGLEV_FAILURE_REFUSED:
		if (error->code == EPERM)
			return err_say("%s: needs CAP_NET_ADMIN in this network namespace, as root "
				       "has it: %s",
				       name_of(order, name), error->text);
		return fail_refused(order, error);
	}
	return err_say("%s: %s", name_of(order, name), error->text);
}

static int fail(const struct order *order)
{
	return plane_fail(order, maglev_client_error(plane));
}

static int open_plane(const struct order *order)
{
	if (plane)
		return STATUS_DONE;
	if (!connect_plane(&plane))
		return STATUS_DONE;
	fail(order);
	plane_close();
	return STATUS_FAILED;
}

void plane_close(void)
{
	maglev_client_close(plane);
	plane = NULL;
}

int plane_call(const struct order *order, u8 command, struct maglev_lib_message *reply)
{
	int status = open_plane(order);

	if (status)
		return status;
	return maglev_client_call(plane, command, &order->message, reply) ? fail(order) :
									    STATUS_DONE;
}

static int call(const struct order *order, u8 command, const struct maglev_lib_message *message,
		struct maglev_lib_message *reply, int code, bool *is_code)
{
	const struct maglev_error *error;
	int status = open_plane(order);

	*is_code = false;
	if (status || !maglev_client_call(plane, command, message, reply))
		return status;
	error = maglev_client_error(plane);
	*is_code = error->failure == MAGLEV_FAILURE_REFUSED && error->code == code;
	return *is_code ? STATUS_DONE : fail(order);
}

int plane_look(const struct order *order, u8 command, const struct maglev_lib_message *message,
	       struct maglev_lib_message *reply, bool *is_gone)
{
	return call(order, command, message, reply, ENOENT, is_gone);
}

int plane_try(const struct order *order, u8 command, struct maglev_lib_message *reply, int code,
	      bool *is_code)
{
	return call(order, command, &order->message, reply, code, is_code);
}

static int keep_row(void *ctx, const struct maglev_lib_message *message)
{
	const struct nlmsghdr *nlh = message->raw;
	struct rows *rows = ctx;
	void **grown;

	grown = array_reserve(rows->raw, &rows->capacity, rows->n, 1, sizeof(*grown));
	if (!grown)
		return err_memory();
	rows->raw = grown;
	rows->raw[rows->n] = malloc(nlh->nlmsg_len);
	if (!rows->raw[rows->n])
		return err_memory();
	memcpy(rows->raw[rows->n++], nlh, nlh->nlmsg_len);
	return STATUS_DONE;
}

static int build(struct maglev_request *request, const struct order *order, u8 command,
		 const struct maglev_lib_message *message)
{
	size_t i;
	int err = maglev_request_init(request, command);

	if (!err)
		err = maglev_request_put(request, message);
	for (i = 0; !err && command == MAGLEV_CMD_PREVIEW && i < order->changes; i++)
		err = maglev_request_add(request, &order->change[i]);
	return err ? err_fail("request", -err) : STATUS_DONE;
}

/* What came of an exchange: an errno is the library's, what is above 0 a row's, already said. */
static int settle(const struct order *order, int result)
{
	return result < 0 ? fail(order) : result;
}

static bool is_interrupted(int result)
{
	return result < 0 && maglev_client_error(plane)->failure == MAGLEV_FAILURE_INTERRUPTED;
}

/* What was read is shown nevertheless: only the exit status tells scripts. */
static int allow_holes(const char *how_often)
{
	err_warn("the list changed while it was read%s: it may have holes", how_often);
	has_holes = true;
	return STATUS_DONE;
}

bool plane_has_holes(void)
{
	return has_holes;
}

int plane_get(const struct order *order, u8 command, const struct maglev_lib_message *message,
	      struct rows *rows)
{
	struct maglev_request request = {};
	int status;

	memset(rows, 0, sizeof(*rows));
	status = open_plane(order);
	if (!status)
		status = build(&request, order, command, message);
	if (!status)
		status = settle(order, maglev_client_do(plane, &request, keep_row, rows));
	maglev_request_fini(&request);
	return status;
}

int plane_list(const struct order *order, u8 command, const struct maglev_lib_message *message,
	       struct rows *rows)
{
	struct maglev_request request = {};
	int status, result, tries = 0;

	memset(rows, 0, sizeof(*rows));
	status = open_plane(order);
	if (!status)
		status = build(&request, order, command, message);
	if (status)
		goto out;
	do {
		rows_fini(rows);
		result = maglev_client_dump(plane, &request, keep_row, rows);
	} while (is_interrupted(result) && ++tries < TRIES);
	status = is_interrupted(result) ? allow_holes(", each time") : settle(order, result);
out:
	maglev_request_fini(&request);
	return status;
}

int plane_stream(const struct order *order, u8 command, maglev_row *row, void *ctx)
{
	struct maglev_request request = {};
	int status, result;

	status = open_plane(order);
	if (!status)
		status = build(&request, order, command, &order->message);
	if (status)
		goto out;
	result = maglev_client_dump(plane, &request, row, ctx);
	status = is_interrupted(result) ? allow_holes("") : settle(order, result);
out:
	maglev_request_fini(&request);
	return status;
}

int plane_batch(struct maglev_request *request, const struct maglev_error **error)
{
	int err = 0;

	if (!plane)
		err = connect_plane(&plane);
	if (!err)
		err = maglev_client_do(plane, request, NULL, NULL);
	*error = maglev_client_error(plane);
	return err ? STATUS_FAILED : STATUS_DONE;
}

int plane_subscribe(const struct order *order, struct maglev_client **client)
{
	int status = open_plane(order);

	if (status)
		return status;
	*client = plane;
	return maglev_client_subscribe(plane) ? fail(order) : STATUS_DONE;
}

bool rows_read(const struct rows *rows, size_t i, struct maglev_lib_message *message)
{
	return i < rows->n && !maglev_lib_read(message, rows->raw[i]);
}

void rows_fini(struct rows *rows)
{
	while (rows->n)
		free(rows->raw[--rows->n]);
	free(rows->raw);
	memset(rows, 0, sizeof(*rows));
}
