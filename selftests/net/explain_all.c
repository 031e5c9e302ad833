// SPDX-License-Identifier: GPL-2.0-only
/*
 * explain_all VIP PORT: have the kernel explain the first packet of very many flows, and compare. On stdin what "frames
 * sink" wrote: SADDR SPORT BACKEND ... Many requests go in one message and are answered one by one. Prints how many
 * flows there were, and how many of them the kernel has elsewhere; the first of these on stderr.
 */
#include <arpa/inet.h>
#include <client.h> /* the library's inside, for its family and its buffer */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCH = 64, /* answers to fit a socket's buffer */
	MESSAGE_BYTES = 256,
	LINE_BYTES = 256,
	SHOWN_MAX = 5,
};

struct flow {
	char text[LINE_BYTES];
	char backend[INET6_ADDRSTRLEN];
};

struct checker {
	struct mnl_socket *socket;
	u16 family;
	struct in6_addr vip;
	u32 address_bytes;
	u16 port;
	struct flow flows[BATCH];
	u32 n, answers;
	u64 checked, wrong;
	_Alignas(8) char out[BATCH * MESSAGE_BYTES];
	size_t out_bytes;
	_Alignas(8) char in[CLIENT_BUFFER_BYTES];
};

static void die(const char *what)
{
	fprintf(stderr, "explain_all: %s: %s\n", what, strerror(errno));
	exit(1);
}

static u32 read_address(const char *text, void *address)
{
	if (inet_pton(AF_INET, text, address) == 1)
		return 4;
	if (inet_pton(AF_INET6, text, address) == 1)
		return 16;
	fprintf(stderr, "explain_all: no address: %s\n", text);
	exit(2);
}

/* The family's number, which the library knows how to find. */
static u16 find_family(void)
{
	struct maglev_client *client;
	u16 family;

	if (maglev_client_open(&client, NULL)) {
		fprintf(stderr, "explain_all: %s\n", maglev_client_error(client)->text);
		exit(1);
	}
	family = client->family;
	maglev_client_close(client);
	return family;
}

static void put_address(struct maglev_lib_addr *to, const void *address, u32 len)
{
	to->len = len;
	memcpy(to->byte, address, len);
}

static void ask(struct checker *checker, const char *saddr, u16 sport)
{
	struct maglev_lib_message message = { .has = MAGLEV_LIB_HAS(TUPLE) };
	struct maglev_lib_tuple *tuple = &message.tuple;
	struct maglev_request request;
	struct nlmsghdr *nlh;
	struct in6_addr address;

	tuple->has = MAGLEV_LIB_HAS(TUPLE_PROTOCOL) | MAGLEV_LIB_HAS(TUPLE_SADDR) |
		     MAGLEV_LIB_HAS(TUPLE_DADDR) | MAGLEV_LIB_HAS(TUPLE_SPORT) |
		     MAGLEV_LIB_HAS(TUPLE_DPORT);
	tuple->protocol = IPPROTO_TCP;
	put_address(&tuple->saddr, &address, read_address(saddr, &address));
	put_address(&tuple->daddr, &checker->vip, checker->address_bytes);
	tuple->sport = cpu_to_be16(sport);
	tuple->dport = cpu_to_be16(checker->port);
	if (maglev_request_init(&request, MAGLEV_CMD_EXPLAIN) ||
	    maglev_request_put(&request, &message))
		die("request");
	nlh = request.at;
	nlh->nlmsg_type = checker->family;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = checker->n;
	if (checker->out_bytes + nlh->nlmsg_len > sizeof(checker->out))
		die("a request is longer than expected");
	memcpy(checker->out + checker->out_bytes, nlh, nlh->nlmsg_len);
	checker->out_bytes += MNL_ALIGN(nlh->nlmsg_len);
	maglev_request_fini(&request);
}

static void check(struct checker *checker, const struct nlmsghdr *nlh)
{
	const struct flow *flow = &checker->flows[nlh->nlmsg_seq % BATCH];
	struct maglev_lib_message message;
	const struct maglev_lib_addr *addr = &message.decision.chosen.addr;
	char text[INET6_ADDRSTRLEN] = "nobody";

	if (nlh->nlmsg_type == NLMSG_ERROR || maglev_lib_read(&message, nlh))
		die("the answer is an error");
	if (message.decision.has & MAGLEV_LIB_HAS(DECISION_CHOSEN))
		inet_ntop(addr->len == 4 ? AF_INET : AF_INET6, addr->byte, text, sizeof(text));
	checker->answers++;
	checker->checked++;
	if (!strcmp(text, flow->backend))
		return;
	if (checker->wrong++ < SHOWN_MAX)
		fprintf(stderr, "%s went to %s, explained as %s\n", flow->text, flow->backend,
			text);
}

static void exchange(struct checker *checker)
{
	const struct nlmsghdr *nlh;
	struct rest rest;
	ssize_t len;

	if (mnl_socket_sendto(checker->socket, checker->out, checker->out_bytes) < 0)
		die("send");
	for (checker->answers = 0; checker->answers < checker->n;) {
		len = mnl_socket_recvfrom(checker->socket, checker->in, sizeof(checker->in));
		if (len < 0)
			die("receive");
		rest = (struct rest){ checker->in, len };
		while ((nlh = client_cut(&rest)))
			check(checker, nlh);
	}
	checker->n = 0;
	checker->out_bytes = 0;
}

int main(int argc, char **argv)
{
	static struct checker checker;
	char line[LINE_BYTES], saddr[INET6_ADDRSTRLEN];
	struct flow *flow;
	unsigned int sport;

	if (argc != 3) {
		fprintf(stderr, "usage: explain_all VIP PORT <FLOWS\n");
		return 2;
	}
	checker.address_bytes = read_address(argv[1], &checker.vip);
	checker.port = strtoul(argv[2], NULL, 10);
	checker.family = find_family();
	checker.socket = mnl_socket_open(NETLINK_GENERIC);
	if (!checker.socket || mnl_socket_bind(checker.socket, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink");
	while (fgets(line, sizeof(line), stdin)) {
		flow = &checker.flows[checker.n];
		if (sscanf(line, "%45s %u %45s", saddr, &sport, flow->backend) != 3)
			die(line);
		snprintf(flow->text, sizeof(flow->text), "%s %u", saddr, sport);
		ask(&checker, saddr, sport);
		if (++checker.n == BATCH)
			exchange(&checker);
	}
	if (checker.n)
		exchange(&checker);
	printf("%llu %llu\n", checker.checked, checker.wrong);
	return 0;
}
