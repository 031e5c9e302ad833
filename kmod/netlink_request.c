// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading requests. The policies, generated from the ABI, have seen to types, lengths and
 * ranges before; here is what they cannot say: what belongs together, primes, host bits.
 * Every refusal names the attribute and what is accepted.
 */
#include "netlink_request.h"

#include "netlink_policy.h"

#include <maglev/encap.h>

#include <linux/in.h>
#include <linux/socket.h>
#include <net/netlink.h>

#define HAS(attr) (1U << (attr))
#define SAME(flag) static_assert((int)MAGLEV_TCP_##flag == (int)MAGLEV_NL_TCP_FLAG_##flag)

SAME(FIN);
SAME(SYN);
SAME(RST);
SAME(ACK);

enum {
	TTL = 64, /* of a packet that is asked about */
	IPVS_OWNS = HAS(MAGLEV_A_BACKEND_WEIGHT) | HAS(MAGLEV_A_BACKEND_METHOD) |
		    HAS(MAGLEV_A_BACKEND_TUNNEL) | HAS(MAGLEV_A_BACKEND_TUNNEL_CHECKSUM),
};

static bool is_mapped(const u8 *addr)
{
	static const u8 prefix[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(addr, prefix, sizeof(prefix));
}

int maglev_request_read_size(u32 *size, const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	*size = nla_get_u32(attr);
	if (maglev_size_valid(*size))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "table-size: a prime from 251 to 1048573 is needed");
	return -EINVAL;
}

/* Return: the address's bytes, 4 or 16; 0 if it is refused. */
static u32 read_addr(u8 *addr, const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	u32 len = nla_len(attr);

	if (len != MAGLEV_IPV4_BYTES && len != MAGLEV_IPV6_BYTES) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "an address is 4 or 16 bytes");
		return 0;
	}
	memcpy(addr, nla_data(attr), len);
	if (len == MAGLEV_IPV6_BYTES && is_mapped(addr)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "IPv4 written as IPv6 (::ffff:a.b.c.d): give its 4 bytes");
		return 0;
	}
	return len;
}

static int read_fwmark(struct maglev_service_key *key, struct nlattr **tb,
		       struct netlink_ext_ack *extack)
{
	if (tb[MAGLEV_A_SERVICE_KEY_PROTOCOL] || tb[MAGLEV_A_SERVICE_KEY_ADDR] ||
	    tb[MAGLEV_A_SERVICE_KEY_PORT]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[MAGLEV_A_SERVICE_KEY_FWMARK],
				    "a service has a firewall mark, or protocol, address and port");
		return -EINVAL;
	}
	key->fwmark = nla_get_u32(tb[MAGLEV_A_SERVICE_KEY_FWMARK]);
	if (key->fwmark)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, tb[MAGLEV_A_SERVICE_KEY_FWMARK],
			    "a service's firewall mark is not 0");
	return -EINVAL;
}

static int read_vip(struct maglev_service_key *key, struct nlattr **tb, const struct nlattr *nest,
		    struct netlink_ext_ack *extack)
{
	static const u16 needed[] = { MAGLEV_A_SERVICE_KEY_PROTOCOL, MAGLEV_A_SERVICE_KEY_ADDR,
				      MAGLEV_A_SERVICE_KEY_PORT };
	u32 i;

	for (i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		if (tb[needed[i]])
			continue;
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "a service's name needs protocol, address and port, or a firewall mark");
		NL_SET_ERR_ATTR_MISS(extack, nest, needed[i]);
		return -EINVAL;
	}
	if (nla_len(tb[MAGLEV_A_SERVICE_KEY_ADDR]) != key->addr_len) {
		NL_SET_ERR_MSG_ATTR(extack, tb[MAGLEV_A_SERVICE_KEY_ADDR],
				    "an address of af AF_INET is 4 bytes, of AF_INET6 16");
		return -EINVAL;
	}
	memcpy(key->addr, nla_data(tb[MAGLEV_A_SERVICE_KEY_ADDR]), key->addr_len);
	key->protocol = nla_get_u16(tb[MAGLEV_A_SERVICE_KEY_PROTOCOL]);
	key->port = nla_get_be16(tb[MAGLEV_A_SERVICE_KEY_PORT]);
	return 0;
}

static int read_key(struct maglev_service_key *key, const struct nlattr *nest,
		    struct netlink_ext_ack *extack)
{
	struct nlattr *tb[MAGLEV_A_SERVICE_KEY_FWMARK + 1];
	u16 af;
	int err;

	err = nla_parse_nested(tb, MAGLEV_A_SERVICE_KEY_FWMARK, nest, maglev_service_key_nl_policy,
			       extack);
	if (err)
		return err;
	if (!tb[MAGLEV_A_SERVICE_KEY_AF]) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "a service's name needs af");
		NL_SET_ERR_ATTR_MISS(extack, nest, MAGLEV_A_SERVICE_KEY_AF);
		return -EINVAL;
	}
	af = nla_get_u16(tb[MAGLEV_A_SERVICE_KEY_AF]);
	if (af != AF_INET && af != AF_INET6) {
		NL_SET_ERR_MSG_ATTR(extack, tb[MAGLEV_A_SERVICE_KEY_AF],
				    "af is AF_INET or AF_INET6");
		return -EINVAL;
	}
	key->addr_len = af == AF_INET ? MAGLEV_IPV4_BYTES : MAGLEV_IPV6_BYTES;
	if (tb[MAGLEV_A_SERVICE_KEY_FWMARK])
		return read_fwmark(key, tb, extack);
	return read_vip(key, tb, nest, extack);
}

/* Ranges are the policy's. */
static int read_timeouts(struct maglev_timeouts *timeouts, const struct nlattr *nest,
			 struct netlink_ext_ack *extack)
{
	static const u16 attrs[] = {
		[MAGLEV_HALF_OPEN] = MAGLEV_A_TIMEOUTS_HALF_OPEN,
		[MAGLEV_ESTABLISHED] = MAGLEV_A_TIMEOUTS_ESTABLISHED,
		[MAGLEV_CLOSING] = MAGLEV_A_TIMEOUTS_CLOSING,
		[MAGLEV_RESET] = MAGLEV_A_TIMEOUTS_RESET,
	};
	struct nlattr *tb[MAGLEV_A_TIMEOUTS_RESET + 1];
	u32 state;
	int err;

	err = nla_parse_nested(tb, MAGLEV_A_TIMEOUTS_RESET, nest, maglev_timeouts_nl_policy,
			       extack);
	if (err)
		return err;
	for (state = 0; state < MAGLEV_FLOW_STATES; state++)
		if (tb[attrs[state]])
			timeouts->seconds[state] = nla_get_u32(tb[attrs[state]]);
	return 0;
}

int maglev_request_read_service(struct maglev_request_service *service, const struct nlattr *nest,
				enum maglev_request_use use, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[MAGLEV_A_SERVICE_FRAGMENTS + 1];
	int err;

	memset(service, 0, sizeof(*service));
	if (!nest) {
		NL_SET_ERR_MSG(extack, "a service must be named");
		NL_SET_ERR_ATTR_MISS(extack, NULL, MAGLEV_A_SERVICE);
		return -EINVAL;
	}
	service->at = nest;
	err = nla_parse_nested(tb, MAGLEV_A_SERVICE_FRAGMENTS, nest, maglev_service_nl_policy,
			       extack);
	if (err)
		return err;
	if (!tb[MAGLEV_A_SERVICE_KEY]) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "a service must be named by its key");
		NL_SET_ERR_ATTR_MISS(extack, nest, MAGLEV_A_SERVICE_KEY);
		return -EINVAL;
	}
	err = read_key(&service->key, tb[MAGLEV_A_SERVICE_KEY], extack);
	if (err || use == MAGLEV_REQUEST_NAME)
		return err;
	service->table_size_at = tb[MAGLEV_A_SERVICE_TABLE_SIZE];
	if (service->table_size_at)
		err = maglev_request_read_size(&service->table_size, service->table_size_at,
					       extack);
	if (!err && tb[MAGLEV_A_SERVICE_TIMEOUTS])
		err = read_timeouts(&service->timeouts, tb[MAGLEV_A_SERVICE_TIMEOUTS], extack);
	service->has_mode = tb[MAGLEV_A_SERVICE_MODE_SET];
	if (service->has_mode)
		service->mode_setting = nla_get_u32(tb[MAGLEV_A_SERVICE_MODE_SET]);
	service->fragments_at = tb[MAGLEV_A_SERVICE_FRAGMENTS];
	if (service->fragments_at)
		service->fragments = nla_get_u32(service->fragments_at);
	return err;
}

static int read_backend_name(struct maglev_request_backend *backend, struct nlattr **tb,
			     struct netlink_ext_ack *extack)
{
	struct maglev_backend named;
	u8 addr[MAGLEV_IPV6_BYTES];
	u32 len;

	if (!tb[MAGLEV_A_BACKEND_ADDR] || !tb[MAGLEV_A_BACKEND_PORT]) {
		NL_SET_ERR_MSG_ATTR(extack, backend->at, "a backend's name needs address and port");
		NL_SET_ERR_ATTR_MISS(extack, backend->at,
				     tb[MAGLEV_A_BACKEND_ADDR] ? MAGLEV_A_BACKEND_PORT :
								 MAGLEV_A_BACKEND_ADDR);
		return -EINVAL;
	}
	len = read_addr(addr, tb[MAGLEV_A_BACKEND_ADDR], extack);
	if (!len)
		return -EINVAL;
	backend->port = nla_get_be16(tb[MAGLEV_A_BACKEND_PORT]);
	maglev_backend_init(&named, len, addr, backend->port);
	memcpy(backend->addr, named.addr, sizeof(backend->addr));
	return 0;
}

static u32 get_u32(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static void read_backend_values(struct maglev_request_backend *backend, struct nlattr **tb)
{
	u32 type;

	for (type = MAGLEV_A_BACKEND_ADDR; type <= MAGLEV_A_BACKEND_TUNNEL_CHECKSUM; type++)
		if (tb[type])
			backend->has |= HAS(type);
	backend->nominal_at = tb[MAGLEV_A_BACKEND_NOMINAL_WEIGHT];
	backend->admin = get_u32(tb[MAGLEV_A_BACKEND_ADMIN_STATE]);
	backend->health = get_u32(tb[MAGLEV_A_BACKEND_HEALTH_STATE]);
	backend->share = get_u32(tb[MAGLEV_A_BACKEND_SHARE]);
	backend->nominal = get_u32(tb[MAGLEV_A_BACKEND_NOMINAL_WEIGHT]);
	backend->weight = get_u32(tb[MAGLEV_A_BACKEND_WEIGHT]);
	backend->deadline_ms = get_u32(tb[MAGLEV_A_BACKEND_DEADLINE_MS]);
	backend->method = get_u32(tb[MAGLEV_A_BACKEND_METHOD]);
	backend->tunnel = get_u32(tb[MAGLEV_A_BACKEND_TUNNEL]);
	backend->tunnel_checksum = get_u32(tb[MAGLEV_A_BACKEND_TUNNEL_CHECKSUM]);
}

/* The first attribute that IPVS has to be asked for. */
static const struct nlattr *find_ipvs_owned(struct nlattr **tb)
{
	u32 type;

	for (type = MAGLEV_A_BACKEND_ADDR; type <= MAGLEV_A_BACKEND_TUNNEL_CHECKSUM; type++)
		if (tb[type] && IPVS_OWNS & HAS(type))
			return tb[type];
	return NULL;
}

int maglev_request_read_backend(struct maglev_request_backend *backend, const struct nlattr *nest,
				enum maglev_request_use use, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[MAGLEV_A_BACKEND_TUNNEL_CHECKSUM + 1];
	const struct nlattr *owned;
	int err;

	memset(backend, 0, sizeof(*backend));
	if (!nest) {
		NL_SET_ERR_MSG(extack, "a backend must be named");
		NL_SET_ERR_ATTR_MISS(extack, NULL, MAGLEV_A_BACKEND);
		return -EINVAL;
	}
	backend->at = nest;
	err = nla_parse_nested(tb, MAGLEV_A_BACKEND_TUNNEL_CHECKSUM, nest, maglev_backend_nl_policy,
			       extack);
	if (err)
		return err;
	err = read_backend_name(backend, tb, extack);
	if (err || use == MAGLEV_REQUEST_NAME)
		return err;
	owned = find_ipvs_owned(tb);
	if (use == MAGLEV_REQUEST_SET && owned) {
		NL_SET_ERR_MSG_ATTR(extack, owned,
				    "weight, method and tunnel are changed through IPVS (ipvsadm)");
		return -EOPNOTSUPP;
	}
	read_backend_values(backend, tb);
	if (tb[MAGLEV_A_BACKEND_DEADLINE_MS] &&
	    (!tb[MAGLEV_A_BACKEND_ADMIN_STATE] || backend->admin != MAGLEV_DRAIN)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[MAGLEV_A_BACKEND_DEADLINE_MS],
				    "deadline-ms goes with admin-state drain");
		return -EINVAL;
	}
	return 0;
}

static bool is_of_backend(u32 op)
{
	return op == MAGLEV_NL_OP_BACKEND_SET || op == MAGLEV_NL_OP_BACKEND_ADD ||
	       op == MAGLEV_NL_OP_BACKEND_DEL;
}

static int check_op(u32 op, const struct nlattr *attr, enum maglev_request_use use,
		    struct netlink_ext_ack *extack)
{
	if (op == MAGLEV_NL_OP_SERVICE_SET || op == MAGLEV_NL_OP_BACKEND_SET ||
	    use == MAGLEV_REQUEST_OWN)
		return 0;
	if (use == MAGLEV_REQUEST_PREVIEW) {
		if (is_of_backend(op))
			return 0;
		NL_SET_ERR_MSG_ATTR(extack, attr, "a preview is of one service that there is");
		return -EINVAL;
	}
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "services and backends are created through IPVS (ipvsadm)");
	return -EOPNOTSUPP;
}

static enum maglev_request_use use_of_backend(u32 op, enum maglev_request_use use)
{
	return op == MAGLEV_NL_OP_BACKEND_DEL ? MAGLEV_REQUEST_NAME : use;
}

static int read_entry(struct maglev_request_entry *entry, const struct nlattr *nest,
		      enum maglev_request_use use, struct netlink_ext_ack *extack)
{
	bool preview = use == MAGLEV_REQUEST_PREVIEW;
	struct nlattr *tb[MAGLEV_A_ENTRY_BACKEND + 1];
	int err;

	memset(entry, 0, sizeof(*entry));
	entry->at = nest;
	err = nla_parse_nested(tb, MAGLEV_A_ENTRY_BACKEND, nest, maglev_entry_nl_policy, extack);
	if (err)
		return err;
	if (!tb[MAGLEV_A_ENTRY_OP]) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "an entry needs op");
		NL_SET_ERR_ATTR_MISS(extack, nest, MAGLEV_A_ENTRY_OP);
		return -EINVAL;
	}
	entry->op = nla_get_u32(tb[MAGLEV_A_ENTRY_OP]);
	err = check_op(entry->op, tb[MAGLEV_A_ENTRY_OP], use, extack);
	if (err)
		return err;
	if (!tb[MAGLEV_A_ENTRY_SERVICE] && (!preview || !is_of_backend(entry->op))) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "an entry needs the service it is about");
		NL_SET_ERR_ATTR_MISS(extack, nest, MAGLEV_A_ENTRY_SERVICE);
		return -EINVAL;
	}
	if (tb[MAGLEV_A_ENTRY_SERVICE])
		err = maglev_request_read_service(&entry->service, tb[MAGLEV_A_ENTRY_SERVICE],
						  is_of_backend(entry->op) ? MAGLEV_REQUEST_NAME :
									     use,
						  extack);
	if (err || !is_of_backend(entry->op))
		return err;
	if (!tb[MAGLEV_A_ENTRY_BACKEND]) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "an entry needs the backend it is about");
		NL_SET_ERR_ATTR_MISS(extack, nest, MAGLEV_A_ENTRY_BACKEND);
		return -EINVAL;
	}
	return maglev_request_read_backend(&entry->backend, tb[MAGLEV_A_ENTRY_BACKEND],
					   use_of_backend(entry->op, use), extack);
}

u32 maglev_request_count_entries(const struct nlattr *head, int len)
{
	const struct nlattr *attr;
	u32 n = 0;
	int left;

	nla_for_each_attr(attr, head, len, left)
		n += nla_type(attr) == MAGLEV_A_ENTRY;
	return n;
}

int maglev_request_read_entries(struct maglev_request_entry *entries, const struct nlattr *head,
				int len, enum maglev_request_use use,
				struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int err, left;

	nla_for_each_attr(attr, head, len, left) {
		if (nla_type(attr) != MAGLEV_A_ENTRY)
			continue;
		err = read_entry(entries++, attr, use, extack);
		if (err)
			return err;
	}
	return 0;
}

int maglev_request_read_flow_state(int *state, const struct nlattr *nest,
				   struct netlink_ext_ack *extack)
{
	struct nlattr *tb[MAGLEV_A_FLOW_STATE + 1];
	int err;

	*state = -1;
	if (!nest)
		return 0;
	err = nla_parse_nested(tb, MAGLEV_A_FLOW_STATE, nest, maglev_flow_nl_policy, extack);
	if (!err && tb[MAGLEV_A_FLOW_STATE])
		*state = nla_get_u32(tb[MAGLEV_A_FLOW_STATE]);
	return err;
}

/* As core/packet.c would have read it from the packet's own header. */
static u8 packet_flags(u8 protocol, const struct nlattr *attr)
{
	const u32 known = MAGLEV_TCP_FIN | MAGLEV_TCP_SYN | MAGLEV_TCP_RST | MAGLEV_TCP_ACK;

	if (protocol != IPPROTO_TCP && protocol != IPPROTO_SCTP)
		return 0;
	return attr ? nla_get_u32(attr) & known : MAGLEV_TCP_SYN;
}

static int check_tuple(struct nlattr **tb, const struct nlattr *nest,
		       struct netlink_ext_ack *extack)
{
	u32 type;

	for (type = MAGLEV_A_TUPLE_PROTOCOL; type <= MAGLEV_A_TUPLE_DPORT; type++) {
		if (tb[type])
			continue;
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "a tuple needs protocol, saddr, daddr, sport and dport");
		NL_SET_ERR_ATTR_MISS(extack, nest, type);
		return -EINVAL;
	}
	if (nla_len(tb[MAGLEV_A_TUPLE_SADDR]) == nla_len(tb[MAGLEV_A_TUPLE_DADDR]))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, tb[MAGLEV_A_TUPLE_DADDR],
			    "saddr and daddr are of the same family");
	return -EINVAL;
}

int maglev_request_read_tuple(struct maglev_request_tuple *packet, const struct nlattr *nest,
			      struct netlink_ext_ack *extack)
{
	u8 saddr[MAGLEV_IPV6_BYTES], daddr[MAGLEV_IPV6_BYTES];
	struct nlattr *tb[MAGLEV_A_TUPLE_LENGTH + 1];
	u32 len;
	int err;

	memset(packet, 0, sizeof(*packet));
	if (!nest) {
		NL_SET_ERR_MSG(extack, "a tuple must be given");
		NL_SET_ERR_ATTR_MISS(extack, NULL, MAGLEV_A_TUPLE);
		return -EINVAL;
	}
	packet->at = nest;
	err = nla_parse_nested(tb, MAGLEV_A_TUPLE_LENGTH, nest, maglev_tuple_nl_policy, extack);
	if (!err)
		err = check_tuple(tb, nest, extack);
	if (err)
		return err;
	len = read_addr(saddr, tb[MAGLEV_A_TUPLE_SADDR], extack);
	if (!len || !read_addr(daddr, tb[MAGLEV_A_TUPLE_DADDR], extack))
		return -EINVAL;
	packet->protocol = nla_get_u16(tb[MAGLEV_A_TUPLE_PROTOCOL]);
	maglev_tuple_init(&packet->tuple, len, saddr, daddr, nla_get_be16(tb[MAGLEV_A_TUPLE_SPORT]),
			  nla_get_be16(tb[MAGLEV_A_TUPLE_DPORT]), packet->protocol);
	packet->flags = packet_flags(packet->protocol, tb[MAGLEV_A_TUPLE_FLAGS]);
	packet->loops = !memcmp(saddr, daddr, len);
	packet->mark = get_u32(tb[MAGLEV_A_TUPLE_MARK]);
	packet->length = get_u32(tb[MAGLEV_A_TUPLE_LENGTH]);
	return 0;
}

void maglev_request_packet(struct maglev_packet *packet, const struct maglev_request_tuple *request)
{
	bool v4 = maglev_tuple_addr_len(&request->tuple) == MAGLEV_IPV4_BYTES;

	*packet = (struct maglev_packet){
		.tuple = request->tuple,
		.kind = MAGLEV_KIND_FLOW,
		.version = v4 ? 4 : 6,
		.protocol = request->protocol,
		.flags = request->flags,
		.ttl = TTL,
		.dont_fragment = true,
		.loops = request->loops,
		.network_len = v4 ? MAGLEV_IPV4_HEADER_BYTES : MAGLEV_IPV6_HEADER_BYTES,
		.total_len = request->length,
	};
}
