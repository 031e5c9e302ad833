// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a refusal says: its sentence, and the attribute it means, which comes as an offset into the
 * request and is turned into a path by walking the request along the attribute tables.
 */
#include "client.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct refusal {
	const char *text;
	size_t text_len;
	const struct nlattr *policy;
	u32 offset;
	u32 nest_offset;
	u32 missing;
	bool has_offset;
	bool has_missing;
};

int client_fail(struct maglev_client *client, enum maglev_failure failure, int code,
		const char *format, ...)
{
	va_list args;

	client->error.failure = failure;
	client->error.code = code;
	va_start(args, format);
	vsnprintf(client->error.text, sizeof(client->error.text), format, args);
	va_end(args);
	return -code;
}

void client_begin(struct maglev_client *client)
{
	client->error = (struct maglev_error){ .entry = MAGLEV_ENTRY_NONE };
}

int client_fail_recv(struct maglev_client *client, int err)
{
	switch (err) {
	case -ENOBUFS:
		return client_fail(client, MAGLEV_FAILURE_LOST, ENOBUFS,
				   "messages were lost: they were not read in time, or there was no memory for them");
	case -EMSGSIZE:
		return client_fail(client, MAGLEV_FAILURE_MALFORMED, EMSGSIZE,
				   "a message is longer than any we know");
	case -EPIPE:
		return client_fail(client, MAGLEV_FAILURE_ABSENT, EPIPE, "the peer has gone");
	default:
		return client_fail(client, MAGLEV_FAILURE_SYSTEM, -err, "receive: %s",
				   strerror(-err));
	}
}

__attribute__((format(printf, 2, 3))) static void append(struct maglev_error *error,
							 const char *format, ...)
{
	size_t used = strlen(error->path);
	va_list args;

	va_start(args, format);
	vsnprintf(error->path + used, sizeof(error->path) - used, format, args);
	va_end(args);
}

/* Append an attribute's name; @index counts those of its kind before it. */
static void append_name(struct maglev_error *error, const struct maglev_lib_field *field, u32 type,
			u32 index)
{
	const char *dot = *error->path ? "." : "";

	if (!field) {
		append(error, "%s%u", dot, type);
	} else if (field->kind == MAGLEV_LIB_NESTS) {
		append(error, "%s%s[%u]", dot, field->name, index);
		error->entry = index;
	} else {
		append(error, "%s%s", dot, field->name);
	}
}

/*
 * Write the path of the attribute at @target, which is somewhere in the request.
 *
 * Return: the table of what is inside it; NULL if nothing is, or if it was not found.
 */
static const struct maglev_lib_object *find_path(struct maglev_error *error,
						 const struct nlmsghdr *request, u32 target)
{
	const struct maglev_lib_object *object = &maglev_lib_message_object;
	size_t at = NLMSG_LENGTH(GENL_HDRLEN), end = request->nlmsg_len;
	u32 index = 0;

	while (at + sizeof(struct nlattr) <= end && at <= target) {
		const struct nlattr *attr = (const void *)((const char *)request + at);
		u32 type = mnl_attr_get_type(attr);
		const struct maglev_lib_field *field = maglev_lib_field(object, type);

		if (attr->nla_len < sizeof(*attr) || attr->nla_len > end - at)
			return NULL;
		if (target >= at + attr->nla_len) {
			index += field && field->kind == MAGLEV_LIB_NESTS;
			at += MNL_ALIGN(attr->nla_len);
			continue;
		}
		append_name(error, field, type, index);
		if (target == at || !field || !field->nest)
			return field ? field->nest : NULL;
		object = field->nest;
		end = at + attr->nla_len;
		at += sizeof(*attr);
		index = 0;
	}
	return NULL;
}

static void find_missing(struct maglev_error *error, const struct nlmsghdr *request,
			 const struct refusal *refusal)
{
	const struct maglev_lib_object *object = &maglev_lib_message_object;

	if (refusal->nest_offset)
		object = find_path(error, request, refusal->nest_offset);
	if (!object)
		return;
	append_name(error, maglev_lib_field(object, refusal->missing), refusal->missing, 0);
	error->is_missing = true;
}

static int take_range(const struct nlattr *attr, void *ctx)
{
	struct maglev_error *error = ctx;

	if (mnl_attr_get_payload_len(attr) != sizeof(u64))
		return MNL_CB_OK;
	switch (mnl_attr_get_type(attr)) {
	case NL_POLICY_TYPE_ATTR_MIN_VALUE_U:
		error->min = mnl_attr_get_u64(attr);
		break;
	case NL_POLICY_TYPE_ATTR_MAX_VALUE_U:
		error->max = mnl_attr_get_u64(attr);
		error->has_range = true;
		break;
	}
	return MNL_CB_OK;
}

static int take_refusal(const struct nlattr *attr, void *ctx)
{
	bool is_u32 = mnl_attr_get_payload_len(attr) == sizeof(u32);
	struct refusal *refusal = ctx;

	switch (mnl_attr_get_type(attr)) {
	case NLMSGERR_ATTR_MSG:
		refusal->text = mnl_attr_get_payload(attr);
		refusal->text_len = strnlen(refusal->text, mnl_attr_get_payload_len(attr));
		break;
	case NLMSGERR_ATTR_OFFS:
		refusal->has_offset = is_u32;
		refusal->offset = is_u32 ? mnl_attr_get_u32(attr) : 0;
		break;
	case NLMSGERR_ATTR_MISS_TYPE:
		refusal->has_missing = is_u32;
		refusal->missing = is_u32 ? mnl_attr_get_u32(attr) : 0;
		break;
	case NLMSGERR_ATTR_MISS_NEST:
		refusal->nest_offset = is_u32 ? mnl_attr_get_u32(attr) : 0;
		break;
	case NLMSGERR_ATTR_POLICY:
		refusal->policy = attr;
		break;
	}
	return MNL_CB_OK;
}

/* Where the extended part begins: behind the request's echo, whole or (capped) its header. */
static size_t find_extension(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *answer = mnl_nlmsg_get_payload(nlh);
	size_t at = sizeof(*answer);

	if (nlh->nlmsg_type == NLMSG_DONE)
		return sizeof(answer->error);
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && answer->error &&
	    answer->msg.nlmsg_len > sizeof(answer->msg))
		at += MNL_ALIGN((size_t)answer->msg.nlmsg_len - sizeof(answer->msg));
	return at;
}

static void read_refusal(struct refusal *refusal, const struct nlmsghdr *nlh)
{
	size_t at = find_extension(nlh), len = mnl_nlmsg_get_payload_len(nlh);

	if ((nlh->nlmsg_flags & NLM_F_ACK_TLVS) && at < len)
		mnl_attr_parse_payload((const char *)mnl_nlmsg_get_payload(nlh) + at, len - at,
				       take_refusal, refusal);
}

int client_verdict(struct maglev_client *client, const struct nlmsghdr *nlh,
		   const struct nlmsghdr *request)
{
	size_t least = nlh->nlmsg_type == NLMSG_ERROR ? sizeof(struct nlmsgerr) : 0;
	size_t len = mnl_nlmsg_get_payload_len(nlh);
	struct refusal refusal = {};
	int err;

	if (len < least || (len && len < sizeof(err)))
		return client_fail(client, MAGLEV_FAILURE_MALFORMED, EBADMSG,
				   "an answer is too short");
	err = len ? *(const int *)mnl_nlmsg_get_payload(nlh) : 0;
	/* A list's end carries what its last step returned, which means something only below 0. */
	if (!err || (err > 0 && nlh->nlmsg_type == NLMSG_DONE))
		return 0;
	if (err > 0 || err < -4095)
		return client_fail(client, MAGLEV_FAILURE_MALFORMED, EBADMSG,
				   "an answer says %d, which is no error", err);
	read_refusal(&refusal, nlh);
	if (refusal.text && refusal.text_len)
		client_fail(client, MAGLEV_FAILURE_REFUSED, -err, "%.*s", (int)refusal.text_len,
			    refusal.text);
	else
		client_fail(client, MAGLEV_FAILURE_REFUSED, -err, "%s", strerror(-err));
	if (refusal.has_offset)
		find_path(&client->error, request, refusal.offset);
	else if (refusal.has_missing)
		find_missing(&client->error, request, &refusal);
	if (refusal.policy)
		mnl_attr_parse_nested(refusal.policy, take_range, &client->error);
	return err;
}
