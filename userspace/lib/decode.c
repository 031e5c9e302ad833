// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes to structs, by their tables; reads bytes nobody vouches for. Nests are as deep as the
 * tables, which are not circular. Words to values and back.
 */
#include "maglev.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <string.h>

/* Cut the attribute at the front of *rest off. Return: it; NULL at the end, or at nonsense. */
static const struct nlattr *cut(const char **rest, size_t *len)
{
	const struct nlattr *attr = (const void *)*rest;
	size_t step;

	if (*len < sizeof(*attr) || attr->nla_len < sizeof(*attr) || attr->nla_len > *len)
		return NULL;
	step = MNL_ALIGN(attr->nla_len);
	if (step > *len)
		step = *len;
	*rest += step;
	*len -= step;
	return attr;
}

static int get_fixed(void *member, size_t size, const void *data, size_t len)
{
	if (len != size)
		return -EBADMSG;
	memcpy(member, data, len);
	return 0;
}

static int get_addr(struct maglev_lib_addr *addr, const void *data, size_t len)
{
	if (len != MAGLEV_IPV4_BYTES && len != MAGLEV_IPV6_BYTES)
		return -EBADMSG;
	memset(addr, 0, sizeof(*addr));
	memcpy(addr->byte, data, len);
	addr->len = len;
	return 0;
}

static void get_text(char *member, size_t size, const char *data, size_t len)
{
	size_t used = strnlen(data, len < size - 1 ? len : size - 1);

	memcpy(member, data, used);
	memset(member + used, 0, size - used);
}

static int get_field(const struct maglev_lib_field *field, void *member, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);
	const void *data = mnl_attr_get_payload(attr);

	switch ((enum maglev_lib_kind)field->kind) {
	case MAGLEV_LIB_U16:
	case MAGLEV_LIB_U32:
	case MAGLEV_LIB_U64:
	case MAGLEV_LIB_PORT:
	case MAGLEV_LIB_FIXED:
		return get_fixed(member, field->size, data, len);
	case MAGLEV_LIB_ADDR:
		return get_addr(member, data, len);
	case MAGLEV_LIB_BYTES:
		*(struct maglev_lib_bytes *)member = (struct maglev_lib_bytes){ data, len };
		return 0;
	case MAGLEV_LIB_TEXT:
		get_text(member, field->size, data, len);
		return 0;
	case MAGLEV_LIB_NEST:
		return maglev_lib_decode(member, field->nest, data, len);
	case MAGLEV_LIB_NESTS:
	case MAGLEV_LIB_NOTHING:
		break;
	}
	return 0;
}

int maglev_lib_decode(void *to, const struct maglev_lib_object *object, const void *attributes,
		      size_t len)
{
	const char *rest = attributes;
	const struct nlattr *attr;
	u64 has = 0;
	int err;

	memset(to, 0, object->size);
	while ((attr = cut(&rest, &len))) {
		u32 type = mnl_attr_get_type(attr);
		const struct maglev_lib_field *field = maglev_lib_field(object, type);

		if (!field)
			continue;
		err = get_field(field, (char *)to + field->offset, attr);
		if (err)
			return err;
		has |= 1ULL << type;
	}
	if (len)
		return -EBADMSG;
	memcpy(to, &has, sizeof(has));
	return 0;
}

int maglev_lib_read(struct maglev_lib_message *message, const void *raw)
{
	const struct nlmsghdr *nlh = raw;
	const char *payload = mnl_nlmsg_get_payload(nlh);
	int err;

	memset(message, 0, sizeof(*message));
	if (nlh->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return -EBADMSG;
	err = maglev_lib_decode(message, &maglev_lib_message_object, payload + GENL_HDRLEN,
				nlh->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
	message->raw = nlh;
	return err;
}

int maglev_lib_next(const struct maglev_lib_message *message, u32 type, const void **cursor,
		    void *object)
{
	const struct maglev_lib_field *field = maglev_lib_field(&maglev_lib_message_object, type);
	const struct nlmsghdr *nlh = message->raw;
	const struct nlattr *attr;
	const char *rest;
	size_t len;
	int err;

	if (!nlh || !field || field->kind != MAGLEV_LIB_NESTS)
		return 0;
	rest = *cursor ? *cursor : (const char *)mnl_nlmsg_get_payload(nlh) + GENL_HDRLEN;
	len = nlh->nlmsg_len - (rest - (const char *)nlh);
	while ((attr = cut(&rest, &len))) {
		if (mnl_attr_get_type(attr) != type)
			continue;
		*cursor = rest;
		err = maglev_lib_decode(object, field->nest, mnl_attr_get_payload(attr),
					mnl_attr_get_payload_len(attr));
		return err ? err : 1;
	}
	return 0;
}

const char *maglev_lib_word(const struct maglev_lib_names *names, u32 value)
{
	return value < names->n ? names->words[value] : NULL;
}

bool maglev_lib_value(const struct maglev_lib_names *names, const char *word, u32 *value)
{
	u32 i;

	for (i = 0; i < names->n; i++) {
		if (names->words[i] && !strcmp(names->words[i], word)) {
			*value = i;
			return true;
		}
	}
	return false;
}
