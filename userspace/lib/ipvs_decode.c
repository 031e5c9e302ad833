// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each set of attributes has a table of their types; an attribute of another length than
 * its type's is refused, one that we do not know is passed over.
 */
#include "ipvs_decode.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <string.h>
#include <sys/socket.h>

enum {
	FIELDS_MAX = 15, /* the largest number of an attribute that we read */
};

_Static_assert((int)IPVS_DEST_ATTR_TUN_FLAGS <= FIELDS_MAX, "the largest of all sets");

/* The types of a set's attributes; MNL_TYPE_UNSPEC: not read. */
struct policy {
	u8 type[FIELDS_MAX + 1];
};

/* The attributes of a set as they were found; NULL: absent. */
struct fields {
	const struct policy *policy;
	const struct nlattr *at[FIELDS_MAX + 1];
};

static const struct policy service_policy = { {
	[IPVS_SVC_ATTR_AF] = MNL_TYPE_U16,
	[IPVS_SVC_ATTR_PROTOCOL] = MNL_TYPE_U16,
	[IPVS_SVC_ATTR_ADDR] = MNL_TYPE_BINARY,
	[IPVS_SVC_ATTR_PORT] = MNL_TYPE_U16,
	[IPVS_SVC_ATTR_FWMARK] = MNL_TYPE_U32,
	[IPVS_SVC_ATTR_SCHED_NAME] = MNL_TYPE_NUL_STRING,
	[IPVS_SVC_ATTR_FLAGS] = MNL_TYPE_BINARY,
	[IPVS_SVC_ATTR_TIMEOUT] = MNL_TYPE_U32,
	[IPVS_SVC_ATTR_NETMASK] = MNL_TYPE_U32,
	[IPVS_SVC_ATTR_STATS] = MNL_TYPE_NESTED,
	[IPVS_SVC_ATTR_PE_NAME] = MNL_TYPE_NUL_STRING,
	[IPVS_SVC_ATTR_STATS64] = MNL_TYPE_NESTED,
} };

static const struct policy backend_policy = { {
	[IPVS_DEST_ATTR_ADDR] = MNL_TYPE_BINARY,
	[IPVS_DEST_ATTR_PORT] = MNL_TYPE_U16,
	[IPVS_DEST_ATTR_FWD_METHOD] = MNL_TYPE_U32,
	[IPVS_DEST_ATTR_WEIGHT] = MNL_TYPE_U32,
	[IPVS_DEST_ATTR_U_THRESH] = MNL_TYPE_U32,
	[IPVS_DEST_ATTR_L_THRESH] = MNL_TYPE_U32,
	[IPVS_DEST_ATTR_ACTIVE_CONNS] = MNL_TYPE_U32,
	[IPVS_DEST_ATTR_INACT_CONNS] = MNL_TYPE_U32,
	[IPVS_DEST_ATTR_PERSIST_CONNS] = MNL_TYPE_U32,
	[IPVS_DEST_ATTR_STATS] = MNL_TYPE_NESTED,
	[IPVS_DEST_ATTR_ADDR_FAMILY] = MNL_TYPE_U16,
	[IPVS_DEST_ATTR_STATS64] = MNL_TYPE_NESTED,
	[IPVS_DEST_ATTR_TUN_TYPE] = MNL_TYPE_U8,
	[IPVS_DEST_ATTR_TUN_PORT] = MNL_TYPE_U16,
	[IPVS_DEST_ATTR_TUN_FLAGS] = MNL_TYPE_U16,
} };

static const struct policy daemon_policy = { {
	[IPVS_DAEMON_ATTR_STATE] = MNL_TYPE_U32,
	[IPVS_DAEMON_ATTR_MCAST_IFN] = MNL_TYPE_NUL_STRING,
	[IPVS_DAEMON_ATTR_SYNC_ID] = MNL_TYPE_U32,
	[IPVS_DAEMON_ATTR_SYNC_MAXLEN] = MNL_TYPE_U16,
	[IPVS_DAEMON_ATTR_MCAST_GROUP] = MNL_TYPE_U32,
	[IPVS_DAEMON_ATTR_MCAST_GROUP6] = MNL_TYPE_BINARY,
	[IPVS_DAEMON_ATTR_MCAST_PORT] = MNL_TYPE_U16,
	[IPVS_DAEMON_ATTR_MCAST_TTL] = MNL_TYPE_U8,
} };

static const struct policy info_policy = { {
	[IPVS_INFO_ATTR_VERSION] = MNL_TYPE_U32,
	[IPVS_INFO_ATTR_CONN_TAB_SIZE] = MNL_TYPE_U32,
} };

static const struct policy command_policy = { {
	[IPVS_CMD_ATTR_SERVICE] = MNL_TYPE_NESTED,
	[IPVS_CMD_ATTR_DEST] = MNL_TYPE_NESTED,
	[IPVS_CMD_ATTR_DAEMON] = MNL_TYPE_NESTED,
	[IPVS_CMD_ATTR_TIMEOUT_TCP] = MNL_TYPE_U32,
	[IPVS_CMD_ATTR_TIMEOUT_TCP_FIN] = MNL_TYPE_U32,
	[IPVS_CMD_ATTR_TIMEOUT_UDP] = MNL_TYPE_U32,
} };

static const struct policy family_policy = { {
	[CTRL_ATTR_FAMILY_ID] = MNL_TYPE_U16,
} };

static int take_field(const struct nlattr *attr, void *ctx)
{
	struct fields *fields = ctx;
	u16 type = mnl_attr_get_type(attr);

	if (type > FIELDS_MAX || !fields->policy->type[type])
		return MNL_CB_OK;
	if (mnl_attr_validate(attr, fields->policy->type[type]) < 0)
		return MNL_CB_ERROR;
	fields->at[type] = attr;
	return MNL_CB_OK;
}

static int read_message(struct fields *fields, const struct policy *policy,
			const struct nlmsghdr *nlh)
{
	memset(fields, 0, sizeof(*fields));
	fields->policy = policy;
	if (nlh->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
		return -EBADMSG;
	return mnl_attr_parse(nlh, GENL_HDRLEN, take_field, fields) < 0 ? -EBADMSG : 0;
}

static int read_nest(struct fields *fields, const struct policy *policy, const struct nlattr *nest)
{
	memset(fields, 0, sizeof(*fields));
	fields->policy = policy;
	if (!nest)
		return -EBADMSG;
	return mnl_attr_parse_nested(nest, take_field, fields) < 0 ? -EBADMSG : 0;
}

static void get_u32(u32 *value, const struct nlattr *attr)
{
	if (attr)
		*value = mnl_attr_get_u32(attr);
}

static void get_u16(u16 *value, const struct nlattr *attr)
{
	if (attr)
		*value = mnl_attr_get_u16(attr);
}

/* A name that does not fit is cut. */
static void get_name(char *name, size_t size, const struct nlattr *attr)
{
	if (!attr)
		return;
	strncpy(name, mnl_attr_get_str(attr), size - 1);
	name[size - 1] = 0;
}

/* The family decides how much of it counts. */
static int get_address(struct ipvs_address *address, const struct nlattr *attr)
{
	size_t len = address->af == AF_INET6 ? MAGLEV_IPV6_BYTES : MAGLEV_IPV4_BYTES;

	if (!attr || mnl_attr_get_payload_len(attr) < len)
		return -EBADMSG;
	memset(address->byte, 0, sizeof(address->byte));
	memcpy(address->byte, mnl_attr_get_payload(attr), len);
	return 0;
}

/* Numbers are u64 in STATS64 and mostly u32 in the older STATS. */
static int take_counter(const struct nlattr *attr, void *ctx)
{
	struct ipvs_stats *stats = ctx;
	u16 type = mnl_attr_get_type(attr);

	if (!type || type >= IPVS_STATS || type == IPVS_STATS_ATTR_PAD)
		return MNL_CB_OK;
	if (mnl_attr_get_payload_len(attr) == sizeof(u64))
		stats->value[type] = mnl_attr_get_u64(attr);
	else if (mnl_attr_get_payload_len(attr) == sizeof(u32))
		stats->value[type] = mnl_attr_get_u32(attr);
	else
		return MNL_CB_ERROR;
	return MNL_CB_OK;
}

static int get_stats(struct ipvs_stats *stats, const struct nlattr *wide,
		     const struct nlattr *narrow)
{
	const struct nlattr *nest = wide ? wide : narrow;

	if (!nest)
		return 0;
	return mnl_attr_parse_nested(nest, take_counter, stats) < 0 ? -EBADMSG : 0;
}

int ipvs_decode_family(const struct nlmsghdr *nlh, u16 *id)
{
	struct fields fields;

	if (read_message(&fields, &family_policy, nlh) || !fields.at[CTRL_ATTR_FAMILY_ID])
		return -EBADMSG;
	*id = mnl_attr_get_u16(fields.at[CTRL_ATTR_FAMILY_ID]);
	return 0;
}

int ipvs_decode_info(const struct nlmsghdr *nlh, struct ipvs_table *table)
{
	struct fields fields;

	if (read_message(&fields, &info_policy, nlh))
		return -EBADMSG;
	get_u32(&table->version, fields.at[IPVS_INFO_ATTR_VERSION]);
	get_u32(&table->size, fields.at[IPVS_INFO_ATTR_CONN_TAB_SIZE]);
	return 0;
}

static int decode_key(struct ipvs_key *key, const struct nlattr *const *at)
{
	if (!at[IPVS_SVC_ATTR_AF])
		return -EBADMSG;
	key->address.af = mnl_attr_get_u16(at[IPVS_SVC_ATTR_AF]);
	get_u32(&key->fwmark, at[IPVS_SVC_ATTR_FWMARK]);
	if (key->fwmark)
		return 0;
	get_u16(&key->protocol, at[IPVS_SVC_ATTR_PROTOCOL]);
	get_u16(&key->address.port, at[IPVS_SVC_ATTR_PORT]);
	return get_address(&key->address, at[IPVS_SVC_ATTR_ADDR]);
}

int ipvs_decode_service(const struct nlmsghdr *nlh, struct ipvs_service *service)
{
	const struct nlattr *const *at;
	struct ip_vs_flags flags;
	struct fields fields;

	if (read_message(&fields, &command_policy, nlh) ||
	    read_nest(&fields, &service_policy, fields.at[IPVS_CMD_ATTR_SERVICE]) ||
	    decode_key(&service->key, fields.at))
		return -EBADMSG;
	at = fields.at;
	get_name(service->scheduler, sizeof(service->scheduler), at[IPVS_SVC_ATTR_SCHED_NAME]);
	get_name(service->engine, sizeof(service->engine), at[IPVS_SVC_ATTR_PE_NAME]);
	get_u32(&service->timeout, at[IPVS_SVC_ATTR_TIMEOUT]);
	get_u32(&service->netmask, at[IPVS_SVC_ATTR_NETMASK]);
	if (at[IPVS_SVC_ATTR_FLAGS]) {
		if (mnl_attr_get_payload_len(at[IPVS_SVC_ATTR_FLAGS]) < sizeof(flags))
			return -EBADMSG;
		memcpy(&flags, mnl_attr_get_payload(at[IPVS_SVC_ATTR_FLAGS]), sizeof(flags));
		service->flags = flags.flags & flags.mask;
	}
	return get_stats(&service->stats, at[IPVS_SVC_ATTR_STATS64], at[IPVS_SVC_ATTR_STATS]);
}

int ipvs_decode_backend(const struct nlmsghdr *nlh, struct ipvs_backend *backend)
{
	const struct nlattr *const *at;
	struct fields fields;

	if (read_message(&fields, &command_policy, nlh) ||
	    read_nest(&fields, &backend_policy, fields.at[IPVS_CMD_ATTR_DEST]))
		return -EBADMSG;
	at = fields.at;
	get_u16(&backend->address.af, at[IPVS_DEST_ATTR_ADDR_FAMILY]);
	get_u16(&backend->address.port, at[IPVS_DEST_ATTR_PORT]);
	get_u32(&backend->way.method, at[IPVS_DEST_ATTR_FWD_METHOD]);
	backend->way.method &= IP_VS_CONN_F_FWD_MASK;
	if (at[IPVS_DEST_ATTR_TUN_TYPE])
		backend->way.type = mnl_attr_get_u8(at[IPVS_DEST_ATTR_TUN_TYPE]);
	get_u16(&backend->way.port, at[IPVS_DEST_ATTR_TUN_PORT]);
	get_u16(&backend->way.flags, at[IPVS_DEST_ATTR_TUN_FLAGS]);
	get_u32(&backend->weight, at[IPVS_DEST_ATTR_WEIGHT]);
	get_u32(&backend->u_threshold, at[IPVS_DEST_ATTR_U_THRESH]);
	get_u32(&backend->l_threshold, at[IPVS_DEST_ATTR_L_THRESH]);
	get_u32(&backend->active, at[IPVS_DEST_ATTR_ACTIVE_CONNS]);
	get_u32(&backend->inactive, at[IPVS_DEST_ATTR_INACT_CONNS]);
	get_u32(&backend->persistent, at[IPVS_DEST_ATTR_PERSIST_CONNS]);
	if (get_address(&backend->address, at[IPVS_DEST_ATTR_ADDR]))
		return -EBADMSG;
	return get_stats(&backend->stats, at[IPVS_DEST_ATTR_STATS64], at[IPVS_DEST_ATTR_STATS]);
}

int ipvs_decode_timeouts(const struct nlmsghdr *nlh, struct ipvs_timeouts *timeouts)
{
	struct fields fields;

	if (read_message(&fields, &command_policy, nlh))
		return -EBADMSG;
	get_u32(&timeouts->tcp, fields.at[IPVS_CMD_ATTR_TIMEOUT_TCP]);
	get_u32(&timeouts->tcp_fin, fields.at[IPVS_CMD_ATTR_TIMEOUT_TCP_FIN]);
	get_u32(&timeouts->udp, fields.at[IPVS_CMD_ATTR_TIMEOUT_UDP]);
	return 0;
}

int ipvs_decode_daemon(const struct nlmsghdr *nlh, struct ipvs_daemon *daemon)
{
	const struct nlattr *const *at, *group;
	struct fields fields;

	if (read_message(&fields, &command_policy, nlh) ||
	    read_nest(&fields, &daemon_policy, fields.at[IPVS_CMD_ATTR_DAEMON]))
		return -EBADMSG;
	at = fields.at;
	get_u32(&daemon->state, at[IPVS_DAEMON_ATTR_STATE]);
	get_name(daemon->interface, sizeof(daemon->interface), at[IPVS_DAEMON_ATTR_MCAST_IFN]);
	get_u32(&daemon->id, at[IPVS_DAEMON_ATTR_SYNC_ID]);
	get_u16(&daemon->length, at[IPVS_DAEMON_ATTR_SYNC_MAXLEN]);
	get_u16(&daemon->port, at[IPVS_DAEMON_ATTR_MCAST_PORT]);
	if (at[IPVS_DAEMON_ATTR_MCAST_TTL])
		daemon->ttl = mnl_attr_get_u8(at[IPVS_DAEMON_ATTR_MCAST_TTL]);
	group = at[IPVS_DAEMON_ATTR_MCAST_GROUP];
	if (group)
		daemon->group.af = AF_INET;
	else if ((group = at[IPVS_DAEMON_ATTR_MCAST_GROUP6]))
		daemon->group.af = AF_INET6;
	return group ? get_address(&daemon->group, group) : 0;
}
