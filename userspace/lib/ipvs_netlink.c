// SPDX-License-Identifier: GPL-2.0-only
/* One request at a time on one socket; whoever is not the kernel is not heard. */
#include "ipvs_netlink.h"

#include "ipvs_decode.h"
#include "ready.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BUFFER_BYTES = 64 * 1024, /* the kernel's dumps come in at most 32 KiB */
	REQUEST_BYTES = 512,
	TIMEOUT_MS = 10000,
};

struct ipvs_netlink {
	int fd;
	u16 family;
	u32 port;
	u32 seq;
	_Alignas(8) char buffer[BUFFER_BYTES];
};

/* A message being written. */
struct request {
	_Alignas(8) char bytes[REQUEST_BYTES];
	struct nlmsghdr *nlh;
};

/* Take one message of an answer. Return: 0 or -errno. */
typedef int take(void *ctx, const struct nlmsghdr *nlh);

struct answer {
	take *take;
	void *ctx;
	int err;
};

static void begin(struct ipvs_netlink *netlink, struct request *request, u16 family, u8 command,
		  u16 flags)
{
	struct genlmsghdr *genl;

	request->nlh = mnl_nlmsg_put_header(request->bytes);
	request->nlh->nlmsg_type = family;
	request->nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	request->nlh->nlmsg_seq = ++netlink->seq;
	genl = mnl_nlmsg_put_extra_header(request->nlh, sizeof(*genl));
	genl->cmd = command;
	genl->version = IPVS_GENL_VERSION;
}

static int take_message(const struct nlmsghdr *nlh, void *ctx)
{
	struct answer *answer = ctx;

	answer->err = answer->take ? answer->take(answer->ctx, nlh) : 0;
	return answer->err ? MNL_CB_ERROR : MNL_CB_OK;
}

/* What is left of an answer that was given up on; a list ends only when all of it is read. */
static void drain(struct ipvs_netlink *netlink)
{
	ssize_t len;

	do
		len = recv(netlink->fd, netlink->buffer, sizeof(netlink->buffer), MSG_DONTWAIT);
	while (len >= 0 || errno == ENOBUFS || errno == EINTR);
}

/* An answer to what was given up on before has another number. */
static bool is_answer(const struct ipvs_netlink *netlink, ssize_t len)
{
	const struct nlmsghdr *nlh = (const void *)netlink->buffer;

	return len >= (ssize_t)sizeof(*nlh) && nlh->nlmsg_seq == netlink->seq &&
	       nlh->nlmsg_pid == netlink->port;
}

/* Return: bytes read, or -errno. */
static ssize_t receive(struct ipvs_netlink *netlink)
{
	struct sockaddr_nl from = {};
	socklen_t from_len;
	ssize_t len;
	int ready;

	do {
		ready = ready_wait(netlink->fd, POLLIN, TIMEOUT_MS);
		if (ready <= 0)
			return ready ? ready : -ETIMEDOUT;
		from_len = sizeof(from);
		len = recvfrom(netlink->fd, netlink->buffer, sizeof(netlink->buffer), MSG_TRUNC,
			       (void *)&from, &from_len);
		if (len < 0)
			return -errno;
	} while (from.nl_pid || !is_answer(netlink, len));
	return len > BUFFER_BYTES ? -EMSGSIZE : len;
}

/* Send a request and hand the messages of its answer to @take; NULL: there are none. */
static int ask(struct ipvs_netlink *netlink, struct request *request, take *take, void *ctx)
{
	struct answer answer = { .take = take, .ctx = ctx };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nlmsghdr *nlh = request->nlh;
	ssize_t len;
	int more;

	if (!(nlh->nlmsg_flags & NLM_F_DUMP))
		nlh->nlmsg_flags |= NLM_F_ACK;
	drain(netlink);
	if (sendto(netlink->fd, nlh, nlh->nlmsg_len, 0, (void *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	do {
		len = receive(netlink);
		if (len < 0)
			return len;
		more = mnl_cb_run(netlink->buffer, len, nlh->nlmsg_seq, netlink->port, take_message,
				  &answer);
	} while (more > MNL_CB_STOP);
	if (more == MNL_CB_STOP)
		return 0;
	return answer.err ? answer.err : -errno;
}

static int take_family(void *ctx, const struct nlmsghdr *nlh)
{
	return ipvs_decode_family(nlh, ctx);
}

static int find_family(struct ipvs_netlink *netlink)
{
	struct request request;
	int err;

	begin(netlink, &request, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(request.nlh, CTRL_ATTR_FAMILY_NAME, IPVS_GENL_NAME);
	err = ask(netlink, &request, take_family, &netlink->family);
	return err == -ENOENT ? -EPROTONOSUPPORT : err;
}

static int open_socket(struct ipvs_netlink *netlink)
{
	struct sockaddr_nl here = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(here);

	netlink->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (netlink->fd < 0 || bind(netlink->fd, (void *)&here, len) ||
	    getsockname(netlink->fd, (void *)&here, &len))
		return -errno;
	netlink->port = here.nl_pid;
	return 0;
}

int ipvs_open(struct ipvs_netlink **netlink)
{
	int err;

	*netlink = calloc(1, sizeof(**netlink));
	if (!*netlink)
		return -ENOMEM;
	err = open_socket(*netlink) ?: find_family(*netlink);
	if (err) {
		ipvs_close(*netlink);
		*netlink = NULL;
	}
	return err;
}

void ipvs_close(struct ipvs_netlink *netlink)
{
	if (!netlink)
		return;
	if (netlink->fd >= 0)
		close(netlink->fd);
	free(netlink);
}

static int take_info(void *ctx, const struct nlmsghdr *nlh)
{
	return ipvs_decode_info(nlh, ctx);
}

int ipvs_read_info(struct ipvs_netlink *netlink, struct ipvs_table *table)
{
	struct request request;

	begin(netlink, &request, netlink->family, IPVS_CMD_GET_INFO, 0);
	return ask(netlink, &request, take_info, table);
}

static void put_key_members(struct request *request, const struct ipvs_key *key)
{
	mnl_attr_put_u16(request->nlh, IPVS_SVC_ATTR_AF, key->address.af);
	if (key->fwmark) {
		mnl_attr_put_u32(request->nlh, IPVS_SVC_ATTR_FWMARK, key->fwmark);
	} else {
		mnl_attr_put_u16(request->nlh, IPVS_SVC_ATTR_PROTOCOL, key->protocol);
		mnl_attr_put(request->nlh, IPVS_SVC_ATTR_ADDR, sizeof(key->address.byte),
			     key->address.byte);
		mnl_attr_put_u16(request->nlh, IPVS_SVC_ATTR_PORT, key->address.port);
	}
}

static void put_key(struct request *request, const struct ipvs_key *key)
{
	struct nlattr *nest = mnl_attr_nest_start(request->nlh, IPVS_CMD_ATTR_SERVICE);

	put_key_members(request, key);
	mnl_attr_nest_end(request->nlh, nest);
}

static int take_service(void *ctx, const struct nlmsghdr *nlh)
{
	struct ipvs_service *service = ipvs_add_service(ctx);

	return service ? ipvs_decode_service(nlh, service) : -ENOMEM;
}

static int take_backend(void *ctx, const struct nlmsghdr *nlh)
{
	struct ipvs_service *service = ctx;
	struct ipvs_backend *backend = ipvs_add_backend(service);

	if (!backend)
		return -ENOMEM;
	backend->address.af = service->key.address.af; /* unless the kernel tells */
	return ipvs_decode_backend(nlh, backend);
}

static int read_backends(struct ipvs_netlink *netlink, struct ipvs_service *service)
{
	struct request request;

	begin(netlink, &request, netlink->family, IPVS_CMD_GET_DEST, NLM_F_DUMP);
	put_key(&request, &service->key);
	return ask(netlink, &request, take_backend, service);
}

int ipvs_read_table(struct ipvs_netlink *netlink, struct ipvs_table *table,
		    const struct ipvs_key *key)
{
	struct request request;
	size_t i;
	int err;

	begin(netlink, &request, netlink->family, IPVS_CMD_GET_SERVICE, key ? 0 : NLM_F_DUMP);
	if (key)
		put_key(&request, key);
	err = ask(netlink, &request, take_service, table);
	for (i = 0; !err && i < table->n; i++)
		err = read_backends(netlink, &table->service[i]);
	return err;
}

static int take_timeouts(void *ctx, const struct nlmsghdr *nlh)
{
	return ipvs_decode_timeouts(nlh, ctx);
}

int ipvs_read_timeouts(struct ipvs_netlink *netlink, struct ipvs_timeouts *timeouts)
{
	struct request request;

	begin(netlink, &request, netlink->family, IPVS_CMD_GET_CONFIG, 0);
	return ask(netlink, &request, take_timeouts, timeouts);
}

struct daemons {
	struct ipvs_daemon *at;
	size_t n;
};

static int take_daemon(void *ctx, const struct nlmsghdr *nlh)
{
	struct daemons *daemons = ctx;

	if (daemons->n == IPVS_DAEMONS)
		return -EBADMSG;
	return ipvs_decode_daemon(nlh, &daemons->at[daemons->n++]);
}

int ipvs_read_daemons(struct ipvs_netlink *netlink, struct ipvs_daemon *at, size_t *n)
{
	struct daemons daemons = { .at = at };
	struct request request;
	int err;

	memset(at, 0, IPVS_DAEMONS * sizeof(*at));
	begin(netlink, &request, netlink->family, IPVS_CMD_GET_DAEMON, NLM_F_DUMP);
	err = ask(netlink, &request, take_daemon, &daemons);
	*n = daemons.n;
	return err;
}

static int say(struct ipvs_netlink *netlink, struct request *request)
{
	return ask(netlink, request, NULL, NULL);
}

static int write_service(struct ipvs_netlink *netlink, u8 command,
			 const struct ipvs_service *service)
{
	struct ip_vs_flags flags = { .flags = service->flags, .mask = ~0U };
	struct request request;
	struct nlattr *nest;

	begin(netlink, &request, netlink->family, command, 0);
	nest = mnl_attr_nest_start(request.nlh, IPVS_CMD_ATTR_SERVICE);
	put_key_members(&request, &service->key);
	mnl_attr_put_strz(request.nlh, IPVS_SVC_ATTR_SCHED_NAME, service->scheduler);
	mnl_attr_put(request.nlh, IPVS_SVC_ATTR_FLAGS, sizeof(flags), &flags);
	mnl_attr_put_u32(request.nlh, IPVS_SVC_ATTR_TIMEOUT, 0);
	mnl_attr_put_u32(request.nlh, IPVS_SVC_ATTR_NETMASK,
			 service->key.address.af == AF_INET6 ? 128 : ~0U);
	mnl_attr_nest_end(request.nlh, nest);
	return say(netlink, &request);
}

int ipvs_new_service(struct ipvs_netlink *netlink, const struct ipvs_service *service)
{
	return write_service(netlink, IPVS_CMD_NEW_SERVICE, service);
}

int ipvs_set_service(struct ipvs_netlink *netlink, const struct ipvs_service *service)
{
	return write_service(netlink, IPVS_CMD_SET_SERVICE, service);
}

int ipvs_del_service(struct ipvs_netlink *netlink, const struct ipvs_key *key)
{
	struct request request;

	begin(netlink, &request, netlink->family, IPVS_CMD_DEL_SERVICE, 0);
	put_key(&request, key);
	return say(netlink, &request);
}

static void put_address(struct request *request, const struct ipvs_address *address)
{
	mnl_attr_put_u16(request->nlh, IPVS_DEST_ATTR_ADDR_FAMILY, address->af);
	mnl_attr_put(request->nlh, IPVS_DEST_ATTR_ADDR, sizeof(address->byte), address->byte);
	mnl_attr_put_u16(request->nlh, IPVS_DEST_ATTR_PORT, address->port);
}

/* All of the way is said each time: what an edit leaves out IPVS takes as the default. */
static int write_backend(struct ipvs_netlink *netlink, u8 command, const struct ipvs_key *key,
			 const struct ipvs_backend *backend)
{
	struct request request;
	struct nlattr *nest;

	begin(netlink, &request, netlink->family, command, 0);
	put_key(&request, key);
	nest = mnl_attr_nest_start(request.nlh, IPVS_CMD_ATTR_DEST);
	put_address(&request, &backend->address);
	mnl_attr_put_u32(request.nlh, IPVS_DEST_ATTR_FWD_METHOD, backend->way.method);
	mnl_attr_put_u32(request.nlh, IPVS_DEST_ATTR_WEIGHT, backend->weight);
	mnl_attr_put_u32(request.nlh, IPVS_DEST_ATTR_U_THRESH, 0);
	mnl_attr_put_u32(request.nlh, IPVS_DEST_ATTR_L_THRESH, 0);
	mnl_attr_put_u8(request.nlh, IPVS_DEST_ATTR_TUN_TYPE, backend->way.type);
	mnl_attr_put_u16(request.nlh, IPVS_DEST_ATTR_TUN_PORT, backend->way.port);
	mnl_attr_put_u16(request.nlh, IPVS_DEST_ATTR_TUN_FLAGS, backend->way.flags);
	mnl_attr_nest_end(request.nlh, nest);
	return say(netlink, &request);
}

int ipvs_new_backend(struct ipvs_netlink *netlink, const struct ipvs_key *key,
		     const struct ipvs_backend *backend)
{
	return write_backend(netlink, IPVS_CMD_NEW_DEST, key, backend);
}

int ipvs_set_backend(struct ipvs_netlink *netlink, const struct ipvs_key *key,
		     const struct ipvs_backend *backend)
{
	return write_backend(netlink, IPVS_CMD_SET_DEST, key, backend);
}

int ipvs_del_backend(struct ipvs_netlink *netlink, const struct ipvs_key *key,
		     const struct ipvs_address *address)
{
	struct request request;
	struct nlattr *nest;

	begin(netlink, &request, netlink->family, IPVS_CMD_DEL_DEST, 0);
	put_key(&request, key);
	nest = mnl_attr_nest_start(request.nlh, IPVS_CMD_ATTR_DEST);
	put_address(&request, address);
	mnl_attr_nest_end(request.nlh, nest);
	return say(netlink, &request);
}
