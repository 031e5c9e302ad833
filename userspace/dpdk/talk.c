// SPDX-License-Identifier: GPL-2.0-only
#include "talk.h"

#include "reply.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>

enum {
	MESSAGE_BYTES = 48 * 1024, /* of the longest answer: a piece of two tables */
	FILL_BYTES = 64 * 1024, /* of rows before something else gets its turn */
	TEXT_BYTES = 1024,
};

/* A message at the end of what is to be sent, with room for @size bytes; NULL without memory. */
static struct nlmsghdr *begin(struct talk *talk, u16 type, u16 flags, size_t size)
{
	struct nlmsghdr *nlh = buffer_reserve(&talk->out, size);

	if (!nlh)
		return NULL;
	mnl_nlmsg_put_header(nlh);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = talk->request.nlmsg_seq;
	return nlh;
}

static void end(struct talk *talk, const struct nlmsghdr *nlh)
{
	talk->out.len += MNL_ALIGN(nlh->nlmsg_len);
}

static void put_range(struct nlmsghdr *nlh, const struct nla_policy *policy)
{
	struct netlink_range_validation range;
	struct nlattr *nest;

	if (policy->validation_type == NLA_VALIDATE_NONE || policy->type == NLA_BINARY ||
	    policy->type == NLA_NESTED || policy->validation_type == NLA_VALIDATE_MASK)
		return;
	shim_get_range(policy, &range);
	nest = mnl_attr_nest_start(nlh, NLMSGERR_ATTR_POLICY);
	mnl_attr_put_u64(nlh, NL_POLICY_TYPE_ATTR_MIN_VALUE_U, range.min);
	mnl_attr_put_u64(nlh, NL_POLICY_TYPE_ATTR_MAX_VALUE_U, range.max);
	mnl_attr_nest_end(nlh, nest);
}

/* What is said of a refusal; offsets count from the request's first byte. */
static void put_extack(struct nlmsghdr *nlh, const struct asked *asked)
{
	const struct netlink_ext_ack *extack = &asked->extack;
	const char *first = (const char *)asked->head - NLMSG_LENGTH(GENL_HDRLEN);

	if (extack->_msg)
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, extack->_msg);
	if (extack->bad_attr)
		mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS, (const char *)extack->bad_attr - first);
	if (extack->miss_type)
		mnl_attr_put_u32(nlh, NLMSGERR_ATTR_MISS_TYPE, extack->miss_type);
	if (extack->miss_type && extack->miss_nest)
		mnl_attr_put_u32(nlh, NLMSGERR_ATTR_MISS_NEST,
				 (const char *)extack->miss_nest - first);
	if (extack->policy)
		put_range(nlh, extack->policy);
}

/* Yes or no. @asked may be NULL. */
static int put_verdict(struct talk *talk, int err, const struct asked *asked)
{
	struct nlmsghdr *nlh = begin(talk, NLMSG_ERROR, NLM_F_CAPPED, TEXT_BYTES);
	struct nlmsgerr *verdict;

	if (!nlh)
		return -ENOMEM;
	verdict = mnl_nlmsg_put_extra_header(nlh, sizeof(*verdict));
	verdict->error = err;
	verdict->msg = talk->request;
	if (err && asked) {
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
		put_extack(nlh, asked);
	}
	end(talk, nlh);
	return 0;
}

static void put_reasons(struct nlmsghdr *nlh, size_t size)
{
	struct maglev_lib_reason_count count;
	struct nlattr *nest;
	u32 reason;

	for (reason = MAGLEV_REASON_NONE + 1; reason < MAGLEV_REASON_COUNT; reason++) {
		reply_reason(&count, (enum maglev_reason)reason);
		nest = mnl_attr_nest_start_check(nlh, size, MAGLEV_A_REASON);
		if (!nest || maglev_lib_encode(nlh, size, &maglev_lib_reason_count_object, &count))
			return;
		mnl_attr_nest_end(nlh, nest);
	}
}

static int put_message(struct talk *talk, u8 command, u16 flags,
		       const struct maglev_lib_message *message)
{
	struct nlmsghdr *nlh = begin(talk, MAGLEV_SOCKET_FAMILY, flags, MESSAGE_BYTES);
	struct genlmsghdr *genl;
	int err;

	if (!nlh)
		return -ENOMEM;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = command;
	genl->version = MAGLEV_FAMILY_VERSION;
	err = maglev_lib_encode(nlh, MESSAGE_BYTES, &maglev_lib_message_object, message);
	if (err)
		return err;
	if (command == MAGLEV_CMD_STATS_GET)
		put_reasons(nlh, MESSAGE_BYTES);
	end(talk, nlh);
	return 0;
}

static int end_list(struct talk *talk, int err)
{
	bool is_list = (talk->request.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	u16 flags = NLM_F_MULTI | (talk->dump.interrupted ? NLM_F_DUMP_INTR : 0);
	struct nlmsghdr *nlh;

	dump_end(&talk->dump);
	talk->dumping = false;
	if (!is_list)
		return talk->request.nlmsg_flags & NLM_F_ACK || err ? put_verdict(talk, err, NULL) :
								      0;
	nlh = begin(talk, NLMSG_DONE, flags, TEXT_BYTES);
	if (!nlh)
		return -ENOMEM;
	*(int *)mnl_nlmsg_put_extra_header(nlh, sizeof(int)) = err;
	end(talk, nlh);
	return 0;
}

static int put_rows(struct talk *talk)
{
	static struct maglev_lib_message row;
	u16 flags;
	int got;

	while (buffer_left(&talk->out) < FILL_BYTES) {
		memset(&row, 0, sizeof(row));
		got = talk->dump.next(&talk->dump, &row);
		if (got == -EAGAIN)
			return 0;
		if (got <= 0)
			return end_list(talk, got);
		flags = NLM_F_MULTI | (talk->dump.interrupted ? NLM_F_DUMP_INTR : 0);
		if ((talk->request.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
			flags = 0;
		got = put_message(talk, talk->command, flags, &row);
		if (got)
			return got;
	}
	return 0;
}

/* Return: 0 or -errno of ours. */
static int obey(struct talk *talk, struct asked *asked)
{
	static struct maglev_lib_message reply;
	bool is_list = (talk->request.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	int got = answer_read(asked);

	if (!got && (is_list || answer_is_long(asked))) {
		got = is_list ? answer_dump(asked, &talk->dump) : answer_long(asked, &talk->dump);
		talk->dumping = !got;
		if (talk->dumping)
			return 0;
		dump_end(&talk->dump);
	} else if (!got) {
		got = answer_do(asked, &reply);
	}
	if (got > 0)
		got = put_message(talk, asked->command, 0, &reply);
	if (!got && !(talk->request.nlmsg_flags & NLM_F_ACK))
		return 0;
	return put_verdict(talk, got, asked);
}

static int take_message(struct talk *talk, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct asked asked = {};

	talk->request = *nlh;
	if (nlh->nlmsg_type == MAGLEV_SOCKET_SUBSCRIBE) {
		talk->subscribed = true;
		return put_verdict(talk, 0, NULL);
	}
	if (nlh->nlmsg_type != MAGLEV_SOCKET_FAMILY || nlh->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return put_verdict(talk, -EOPNOTSUPP, NULL);
	asked.command = genl->cmd;
	asked.head = (const void *)((const char *)nlh + NLMSG_LENGTH(GENL_HDRLEN));
	asked.len = nlh->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);
	talk->command = genl->cmd;
	return obey(talk, &asked);
}

/* A length that cannot be: where the next message begins nobody knows. */
static int refuse_length(struct talk *talk, const struct nlmsghdr *nlh)
{
	struct asked asked = { .head = (const void *)((const char *)nlh +
						      NLMSG_LENGTH(GENL_HDRLEN)) };

	talk->ending = true;
	talk->request = *nlh;
	NL_SET_ERR_MSG(&asked.extack, nlh->nlmsg_len < sizeof(*nlh) ?
					      "a message is at least as long as its header" :
					      "a message is at most 16 MiB long");
	return put_verdict(talk, -EMSGSIZE, &asked);
}

/*
 * The first message, at a place where attributes are aligned.
 *
 * Return: NULL if it is not there yet.
 */
static const struct nlmsghdr *first_message(struct talk *talk)
{
	const struct nlmsghdr *nlh;

	if (buffer_left(&talk->in) < sizeof(*nlh))
		return NULL;
	/* Moves what is left to the beginning. */
	nlh = buffer_reserve(&talk->in, 0) ? (const void *)talk->in.at : NULL;
	return nlh;
}

bool talk_listens(const struct talk *talk)
{
	return !talk->dumping && !talk->ending && buffer_left(&talk->out) < TALK_OUT_HIGH;
}

static void tell_lost(struct talk *talk)
{
	struct nlmsghdr *nlh;

	if (!talk->lost || buffer_left(&talk->out) > TALK_EVENT_BYTES / 2)
		return;
	nlh = begin(talk, NLMSG_OVERRUN, 0, TEXT_BYTES);
	if (!nlh)
		return;
	nlh->nlmsg_seq = 0;
	end(talk, nlh);
	talk->lost = false;
}

int talk_go_on(struct talk *talk)
{
	const struct nlmsghdr *nlh;
	size_t step;
	int err = 0;

	tell_lost(talk);
	if (talk->dumping)
		err = put_rows(talk);
	while (!err && talk_listens(talk) && (nlh = first_message(talk))) {
		if (nlh->nlmsg_len < sizeof(*nlh) || nlh->nlmsg_len > MAGLEV_NL_MESSAGE_MAX)
			return refuse_length(talk, nlh);
		step = MNL_ALIGN((size_t)nlh->nlmsg_len);
		if (step > buffer_left(&talk->in))
			break;
		err = take_message(talk, nlh);
		buffer_use(&talk->in, step);
		if (!err && talk->dumping)
			err = put_rows(talk);
	}
	return err;
}

void talk_event(struct talk *talk, u8 command, const struct maglev_lib_message *message)
{
	struct nlmsghdr request = talk->request;

	if (!talk->subscribed)
		return;
	talk->request.nlmsg_seq = 0;
	if (talk->lost || buffer_left(&talk->out) > TALK_EVENT_BYTES ||
	    put_message(talk, command, 0, message))
		talk->lost = true;
	talk->request = request;
}

void talk_fini(struct talk *talk)
{
	if (talk->dumping)
		dump_end(&talk->dump);
	/* A key may have come in it. */
	if (talk->in.at)
		explicit_bzero(talk->in.at, talk->in.size);
	buffer_free(&talk->in);
	buffer_free(&talk->out);
}
