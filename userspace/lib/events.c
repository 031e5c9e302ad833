// SPDX-License-Identifier: GPL-2.0-only
/* Events: read one at a time, with the gaps in their numbers. */
#include "client.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <string.h>

int maglev_client_subscribe(struct maglev_client *client)
{
	int err;

	client_begin(client);
	if (!client->ctx)
		return client_fail(client, MAGLEV_FAILURE_ABSENT, ENOTCONN, "not connected");
	client->event_known = false;
	err = client->transport.subscribe(client->ctx);
	if (err)
		return client_fail(client, MAGLEV_FAILURE_SYSTEM, -err, "subscribe: %s",
				   strerror(-err));
	return 0;
}

int maglev_client_fd(const struct maglev_client *client)
{
	return client->ctx ? client->transport.fd(client->ctx) : -1;
}

/* Events before this one that nobody has seen; numbers wrap. */
static u32 count_lost(struct maglev_client *client, const struct maglev_lib_message *message)
{
	u32 lost = 0;

	if (!(message->has & MAGLEV_LIB_HAS(SEQ)))
		return 0;
	if (client->event_known)
		lost = message->seq - client->event_seq - 1;
	client->event_known = true;
	client->event_seq = message->seq;
	return lost;
}

static int take_name(const struct nlattr *attr, void *ctx)
{
	const char **name = ctx;

	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_NAME &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		*name = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

/* With our family goes who was subscribed: the next one has another number. */
static bool is_our_end(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const char *name = "";

	if (nlh->nlmsg_type != GENL_ID_CTRL || mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl) ||
	    genl->cmd != CTRL_CMD_DELFAMILY)
		return false;
	mnl_attr_parse(nlh, sizeof(*genl), take_name, &name);
	return !strcmp(name, MAGLEV_FAMILY_NAME);
}

/* Return: 1 if it is an event; 0 if not; -errno, said. */
static int read_event(struct maglev_client *client, struct maglev_event *event,
		      const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl;

	if (is_our_end(nlh))
		return client_fail(client, MAGLEV_FAILURE_ABSENT, EPIPE,
				   "the kernel module ip_vs_maglev was unloaded");
	if (nlh->nlmsg_type != client->family)
		return 0;
	if (maglev_lib_read(&event->message, nlh))
		return client_fail(client, MAGLEV_FAILURE_MALFORMED, EBADMSG,
				   "an event makes no sense");
	genl = mnl_nlmsg_get_payload(nlh);
	event->command = genl->cmd;
	event->lost = count_lost(client, &event->message);
	return 1;
}

int maglev_client_event(struct maglev_client *client, struct maglev_event *event, int timeout_ms)
{
	const struct nlmsghdr *nlh;
	ssize_t len;
	int got;

	client_begin(client);
	if (!client->ctx)
		return client_fail(client, MAGLEV_FAILURE_ABSENT, ENOTCONN, "not connected");
	for (;;) {
		while ((nlh = client_cut(&client->pending))) {
			got = read_event(client, event, nlh);
			if (got)
				return got;
		}
		client->pending.len = 0; /* what is too short to be a message is none */
		len = client->transport.recv(client->ctx, client->buffer, sizeof(client->buffer),
					     timeout_ms);
		if (!len)
			return 0;
		if (len < 0) {
			client->event_known = false;
			return client_fail_recv(client, (int)len);
		}
		client->pending = (struct rest){ client->buffer, len };
	}
}
