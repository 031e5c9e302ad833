// SPDX-License-Identifier: GPL-2.0-only
/* Structs to attributes, by their tables. Nests are as deep as those, which are not circular. */
#include "codec.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

enum {
	NEST_MAX = 0xffff, /* a nest's own length is 16 bits */
};

static int put(struct nlmsghdr *nlh, size_t size, u32 type, size_t len, const void *data)
{
	if (len > NEST_MAX - MNL_ATTR_HDRLEN)
		return -E2BIG;
	return mnl_attr_put_check(nlh, size, type, len, data) ? 0 : -EMSGSIZE;
}

static int put_addr(struct nlmsghdr *nlh, size_t size, u32 type, const struct maglev_lib_addr *addr)
{
	if (addr->len != MAGLEV_IPV4_BYTES && addr->len != MAGLEV_IPV6_BYTES)
		return -EINVAL;
	return put(nlh, size, type, addr->len, addr->byte);
}

static int put_bytes(struct nlmsghdr *nlh, size_t size, u32 type,
		     const struct maglev_lib_bytes *bytes)
{
	return put(nlh, size, type, bytes->len, bytes->len ? bytes->at : "");
}

static int put_text(struct nlmsghdr *nlh, size_t size, u32 type, const char *text, size_t text_size)
{
	size_t len = strnlen(text, text_size);

	if (len == text_size)
		return -EINVAL;
	return put(nlh, size, type, len + 1, text);
}

static int put_nest(struct nlmsghdr *nlh, size_t size, u32 type,
		    const struct maglev_lib_object *object, const void *from)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, size, type);
	size_t len;
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = maglev_lib_encode(nlh, size, object, from);
	if (err)
		return err;
	len = (const char *)mnl_nlmsg_get_payload_tail(nlh) - (const char *)nest;
	if (len > NEST_MAX)
		return -E2BIG;
	mnl_attr_nest_end(nlh, nest);
	return 0;
}

static int put_field(struct nlmsghdr *nlh, size_t size, u32 type,
		     const struct maglev_lib_field *field, const void *member)
{
	switch ((enum maglev_lib_kind)field->kind) {
	case MAGLEV_LIB_U16:
	case MAGLEV_LIB_U32:
	case MAGLEV_LIB_U64:
	case MAGLEV_LIB_PORT:
	case MAGLEV_LIB_FIXED:
		return put(nlh, size, type, field->size, member);
	case MAGLEV_LIB_ADDR:
		return put_addr(nlh, size, type, member);
	case MAGLEV_LIB_BYTES:
		return put_bytes(nlh, size, type, member);
	case MAGLEV_LIB_TEXT:
		return put_text(nlh, size, type, member, field->size);
	case MAGLEV_LIB_NEST:
		return put_nest(nlh, size, type, field->nest, member);
	case MAGLEV_LIB_NESTS:
	case MAGLEV_LIB_NOTHING:
		break;
	}
	return 0;
}

int maglev_lib_encode(struct nlmsghdr *nlh, size_t size, const struct maglev_lib_object *object,
		      const void *from)
{
	u32 type, before = nlh->nlmsg_len;
	u64 has;
	int err;

	memcpy(&has, from, sizeof(has));
	for (type = 0; type < object->n; type++) {
		const struct maglev_lib_field *field = maglev_lib_field(object, type);

		if (!field || !(has >> type & 1))
			continue;
		err = put_field(nlh, size, type, field, (const char *)from + field->offset);
		if (err) {
			nlh->nlmsg_len = before;
			return err;
		}
	}
	return 0;
}
