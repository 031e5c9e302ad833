// SPDX-License-Identifier: GPL-2.0-only
/* Requests being written: buffers that grow up to what the ABI allows in one message. */
#include "maglev.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdlib.h>

enum {
	REQUEST_BYTES = 4096,
};

int maglev_request_init(struct maglev_request *request, u8 command)
{
	struct genlmsghdr *genl;

	*request = (struct maglev_request){ .at = calloc(1, REQUEST_BYTES), .size = REQUEST_BYTES };
	if (!request->at)
		return -ENOMEM;
	genl = mnl_nlmsg_put_extra_header(mnl_nlmsg_put_header(request->at), sizeof(*genl));
	genl->cmd = command;
	genl->version = MAGLEV_FAMILY_VERSION;
	return 0;
}

static int grow(struct maglev_request *request)
{
	void *at;

	if (request->size >= MAGLEV_NL_MESSAGE_MAX)
		return -EMSGSIZE;
	at = realloc(request->at, request->size * 2);
	if (!at)
		return -ENOMEM;
	request->at = at;
	request->size *= 2;
	return 0;
}

int maglev_request_put(struct maglev_request *request, const struct maglev_lib_message *message)
{
	int err;

	for (;;) {
		err = maglev_lib_encode(request->at, request->size, &maglev_lib_message_object,
					message);
		if (err != -EMSGSIZE)
			return err;
		err = grow(request);
		if (err)
			return err;
	}
}

/* Return: 0, or why there was no room; the message is then as before. */
static int try_add(struct nlmsghdr *nlh, size_t size, const struct maglev_lib_entry *entry)
{
	u32 before = nlh->nlmsg_len;
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, size, MAGLEV_A_ENTRY);
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = maglev_lib_encode(nlh, size, &maglev_lib_entry_object, entry);
	if (err) {
		nlh->nlmsg_len = before;
		return err;
	}
	mnl_attr_nest_end(nlh, nest);
	return 0;
}

int maglev_request_add(struct maglev_request *request, const struct maglev_lib_entry *entry)
{
	int err;

	for (;;) {
		err = try_add(request->at, request->size, entry);
		if (!err)
			request->entries++;
		if (err != -EMSGSIZE)
			return err;
		err = grow(request);
		if (err)
			return err;
	}
}

void maglev_request_fini(struct maglev_request *request)
{
	free(request->at);
	request->at = NULL;
}
