/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of the kernel's <net/netlink.h> and lib/nlattr.c as kmod/netlink_request*.c and the
 * generated policies need, for userspace: attributes are validated strictly, as those of a
 * new generic netlink family are. The kernel's words, so that texts can be compared.
 */
#ifndef MAGLEV_SHIM_NET_NETLINK_H
#define MAGLEV_SHIM_NET_NETLINK_H

#include <maglev/env.h>

#include <linux/netlink.h>
#include <sys/socket.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof(*(array)))
#endif

enum {
	NLA_UNSPEC,
	NLA_U8,
	NLA_U16,
	NLA_U32,
	NLA_U64,
	NLA_NESTED,
	NLA_BINARY,
};

enum nla_policy_validation {
	NLA_VALIDATE_NONE,
	NLA_VALIDATE_RANGE,
	NLA_VALIDATE_RANGE_PTR,
	NLA_VALIDATE_MIN,
	NLA_VALIDATE_MAX,
	NLA_VALIDATE_MASK,
};

struct netlink_range_validation {
	u64 min, max;
};

struct nla_policy {
	u8 type;
	u8 validation_type;
	u16 len;
	union {
		u32 mask;
		const struct nla_policy *nested_policy;
		struct netlink_range_validation *range;
		struct {
			__s16 min, max;
		};
	};
};

#define NLA_POLICY_NESTED(policy)                                                            \
	{                                                                                    \
		.type = NLA_NESTED, .nested_policy = (policy), .len = ARRAY_SIZE(policy) - 1 \
	}
#define NLA_POLICY_RANGE(tp, _min, _max)                                                          \
	{                                                                                         \
		.type = (tp), .validation_type = NLA_VALIDATE_RANGE, .min = (_min), .max = (_max) \
	}
#define NLA_POLICY_FULL_RANGE(tp, _range)                                                  \
	{                                                                                  \
		.type = (tp), .validation_type = NLA_VALIDATE_RANGE_PTR, .range = (_range) \
	}
#define NLA_POLICY_MIN(tp, _min)                                                 \
	{                                                                        \
		.type = (tp), .validation_type = NLA_VALIDATE_MIN, .min = (_min) \
	}
#define NLA_POLICY_MAX(tp, _max)                                                 \
	{                                                                        \
		.type = (tp), .validation_type = NLA_VALIDATE_MAX, .max = (_max) \
	}
#define NLA_POLICY_MASK(tp, _mask)                                                  \
	{                                                                           \
		.type = (tp), .validation_type = NLA_VALIDATE_MASK, .mask = (_mask) \
	}
#define NLA_POLICY_EXACT_LEN(_len) NLA_POLICY_RANGE(NLA_BINARY, _len, _len)

struct netlink_ext_ack {
	const char *_msg;
	const struct nlattr *bad_attr;
	const struct nla_policy *policy;
	const struct nlattr *miss_nest;
	u16 miss_type;
};

#define NL_SET_ERR_MSG(extack, msg) ((void)((extack)->_msg = (msg)))
#define NL_SET_ERR_MSG_ATTR_POL(extack, attr, pol, msg) \
	((void)((extack)->_msg = (msg), (extack)->bad_attr = (attr), (extack)->policy = (pol)))
#define NL_SET_ERR_MSG_ATTR(extack, attr, msg) NL_SET_ERR_MSG_ATTR_POL(extack, attr, NULL, msg)
#define NL_SET_ERR_ATTR_MISS(extack, nest, type) \
	((void)((extack)->miss_nest = (nest), (extack)->miss_type = (type)))

static inline int nla_type(const struct nlattr *nla)
{
	return nla->nla_type & NLA_TYPE_MASK;
}

static inline void *nla_data(const struct nlattr *nla)
{
	return (char *)nla + NLA_HDRLEN;
}

static inline int nla_len(const struct nlattr *nla)
{
	return nla->nla_len - NLA_HDRLEN;
}

static inline bool nla_ok(const struct nlattr *nla, int left)
{
	return left >= (int)sizeof(*nla) && nla->nla_len >= sizeof(*nla) && nla->nla_len <= left;
}

static inline struct nlattr *nla_next(const struct nlattr *nla, int *left)
{
	u32 len = NLA_ALIGN(nla->nla_len);

	*left -= len;
	return (struct nlattr *)((char *)nla + len);
}

#define nla_for_each_attr(pos, head, len, rem) \
	for (pos = (head), rem = (len); nla_ok(pos, rem); pos = nla_next(pos, &(rem)))

static inline u16 nla_get_u16(const struct nlattr *nla)
{
	return *(u16 *)nla_data(nla);
}

static inline __be16 nla_get_be16(const struct nlattr *nla)
{
	return *(__be16 *)nla_data(nla);
}

static inline u32 nla_get_u32(const struct nlattr *nla)
{
	return *(u32 *)nla_data(nla);
}

static inline u64 nla_get_u64(const struct nlattr *nla)
{
	u64 value;

	memcpy(&value, nla_data(nla), sizeof(value));
	return value;
}

/* What follows is lib/nlattr.c's, in strict validation. */
enum {
	SHIM_DEPTH_MAX = 10,
};

static inline int shim_parse(struct nlattr **tb, int maxtype, const struct nlattr *head, int len,
			     const struct nla_policy *policy, struct netlink_ext_ack *extack,
			     int depth);

static inline u32 shim_exact_len(u8 type)
{
	switch (type) {
	case NLA_U8:
		return sizeof(u8);
	case NLA_U16:
		return sizeof(u16);
	case NLA_U32:
		return sizeof(u32);
	case NLA_U64:
		return sizeof(u64);
	default:
		return 0;
	}
}

static inline u64 shim_value_of(const struct nla_policy *pt, const struct nlattr *nla)
{
	u64 value;

	switch (pt->type) {
	case NLA_U8:
		return *(u8 *)nla_data(nla);
	case NLA_U16:
		return nla_get_u16(nla);
	case NLA_U32:
		return nla_get_u32(nla);
	case NLA_U64:
		memcpy(&value, nla_data(nla), sizeof(value));
		return value;
	default:
		return nla_len(nla);
	}
}

/* nla_get_range_unsigned() */
static inline void shim_get_range(const struct nla_policy *pt,
				  struct netlink_range_validation *range)
{
	range->min = 0;
	range->max = ~0ULL;
	switch (pt->validation_type) {
	case NLA_VALIDATE_RANGE:
		range->min = pt->min;
		range->max = pt->max;
		break;
	case NLA_VALIDATE_RANGE_PTR:
		*range = *pt->range;
		break;
	case NLA_VALIDATE_MIN:
		range->min = pt->min;
		break;
	case NLA_VALIDATE_MAX:
		range->max = pt->max;
		break;
	}
}

static inline int shim_check_value(const struct nla_policy *pt, const struct nlattr *nla,
				   struct netlink_ext_ack *extack)
{
	struct netlink_range_validation range;
	u64 value;

	if (pt->validation_type == NLA_VALIDATE_NONE)
		return 0;
	value = shim_value_of(pt, nla);
	if (pt->validation_type == NLA_VALIDATE_MASK) {
		if (!(value & ~(u64)pt->mask))
			return 0;
		NL_SET_ERR_MSG_ATTR(extack, nla, "reserved bit set");
		return -EINVAL;
	}
	shim_get_range(pt, &range);
	if (value >= range.min && value <= range.max)
		return 0;
	if (pt->type == NLA_BINARY)
		NL_SET_ERR_MSG_ATTR_POL(extack, nla, pt, "binary attribute size out of range");
	else
		NL_SET_ERR_MSG_ATTR_POL(extack, nla, pt, "integer out of range");
	return -ERANGE;
}

static inline int shim_check_type(const struct nla_policy *pt, const struct nlattr *nla,
				  struct netlink_ext_ack *extack, int depth)
{
	int len = nla_len(nla);

	switch (pt->type) {
	case NLA_UNSPEC:
		NL_SET_ERR_MSG_ATTR(extack, nla, "Unsupported attribute");
		return -EINVAL;
	case NLA_NESTED:
		if (!len)
			return 0;
		if (len < NLA_HDRLEN) {
			NL_SET_ERR_MSG_ATTR_POL(extack, nla, pt,
						"Attribute failed policy validation");
			return -ERANGE;
		}
		return shim_parse(NULL, pt->len, nla_data(nla), len, pt->nested_policy, extack,
				  depth + 1);
	default:
		return 0;
	}
}

static inline int shim_validate(const struct nla_policy *pt, const struct nlattr *nla,
				struct netlink_ext_ack *extack, int depth)
{
	u32 exact = shim_exact_len(pt->type);
	int err;

	if (exact && nla_len(nla) != (int)exact) {
		NL_SET_ERR_MSG_ATTR_POL(extack, nla, pt, "invalid attribute length");
		return -EINVAL;
	}
	if (pt->type == NLA_NESTED && !(nla->nla_type & NLA_F_NESTED)) {
		NL_SET_ERR_MSG_ATTR_POL(extack, nla, pt, "NLA_F_NESTED is missing");
		return -EINVAL;
	}
	if (pt->type != NLA_NESTED && pt->type != NLA_UNSPEC && nla->nla_type & NLA_F_NESTED) {
		NL_SET_ERR_MSG_ATTR_POL(extack, nla, pt, "NLA_F_NESTED not expected");
		return -EINVAL;
	}
	err = shim_check_type(pt, nla, extack, depth);
	if (err || pt->type == NLA_NESTED)
		return err;
	return shim_check_value(pt, nla, extack);
}

static inline int shim_parse(struct nlattr **tb, int maxtype, const struct nlattr *head, int len,
			     const struct nla_policy *policy, struct netlink_ext_ack *extack,
			     int depth)
{
	const struct nlattr *nla;
	int err, left, type;

	if (depth >= SHIM_DEPTH_MAX) {
		NL_SET_ERR_MSG(extack, "allowed policy recursion depth exceeded");
		return -EINVAL;
	}
	if (tb)
		memset(tb, 0, sizeof(*tb) * (maxtype + 1));
	nla_for_each_attr(nla, head, len, left) {
		type = nla_type(nla);
		if (!type || type > maxtype) {
			NL_SET_ERR_MSG_ATTR(extack, nla, "Unknown attribute type");
			return -EINVAL;
		}
		err = shim_validate(&policy[type], nla, extack, depth);
		if (err)
			return err;
		if (tb)
			tb[type] = (struct nlattr *)nla;
	}
	if (left <= 0)
		return 0;
	NL_SET_ERR_MSG(extack, "bytes leftover after parsing attributes");
	return -EINVAL;
}

static inline int shim_nla_parse(struct nlattr **tb, int maxtype, const struct nlattr *head,
				 int len, const struct nla_policy *policy,
				 struct netlink_ext_ack *extack)
{
	return shim_parse(tb, maxtype, head, len, policy, extack, 0);
}

static inline int nla_parse_nested(struct nlattr **tb, int maxtype, const struct nlattr *nla,
				   const struct nla_policy *policy, struct netlink_ext_ack *extack)
{
	if (nla->nla_type & NLA_F_NESTED)
		return shim_nla_parse(tb, maxtype, nla_data(nla), nla_len(nla), policy, extack);
	NL_SET_ERR_MSG_ATTR(extack, nla, "NLA_F_NESTED is missing");
	return -EINVAL;
}

#endif
