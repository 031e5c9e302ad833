// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/lib/*.c
// unit-flags: -Iinclude/uapi -Iuserspace/lib -lmnl
// unit-flags: -Wl,--wrap=sendto -Wl,--wrap=recvfrom -Wl,--wrap=recv -Wl,--wrap=poll
/* The conversation with IPVS, whose answers here are what a test put into its queue. */
#include "fixture.h"

#include <errno.h>
#include <ipvs_netlink.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <poll.h>
#include <sys/socket.h>

enum {
	FAMILY = 33,
	PACKETS_MAX = 16,
	PACKET_BYTES = 256,
};

/* In @packet[i] @len[i] bytes, or the errno -@len[i]. */
static struct {
	_Alignas(8) char packet[PACKETS_MAX][PACKET_BYTES];
	ssize_t len[PACKETS_MAX];
	u32 next, n;
	const char *break_with; /* how the next list is broken: "loss", "nonsense", "foreign" */
} ipvs;

ssize_t __wrap_sendto(int fd, const void *at, size_t len, int flags, const void *to, u32 to_len);
ssize_t __wrap_recvfrom(int fd, void *at, size_t size, int flags, void *from, u32 *from_len);
ssize_t __wrap_recv(int fd, void *at, size_t size, int flags);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);

static struct nlmsghdr *say(const struct nlmsghdr *request, u16 type, u16 flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(ipvs.packet[ipvs.n]);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = request->nlmsg_seq;
	return nlh;
}

static void said(const struct nlmsghdr *nlh)
{
	ipvs.len[ipvs.n++] = nlh->nlmsg_len;
}

static void say_end(const struct nlmsghdr *request, u16 type)
{
	struct nlmsghdr *nlh = say(request, type, type == NLMSG_DONE ? NLM_F_MULTI : 0);

	memset(mnl_nlmsg_put_extra_header(nlh, sizeof(struct nlmsgerr)), 0,
	       sizeof(struct nlmsgerr));
	said(nlh);
}

static void say_family(const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh = say(request, GENL_ID_CTRL, 0);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, FAMILY);
	said(nlh);
}

/* A service without attributes makes no sense. */
static void say_nonsense(const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh = say(request, FAMILY, NLM_F_MULTI);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	said(nlh);
}

static void say_broken(const struct nlmsghdr *request)
{
	static const struct nlmsghdr foreign = { .nlmsg_seq = 77 };

	if (!strcmp(ipvs.break_with, "loss"))
		ipvs.len[ipvs.n++] = -ENOBUFS;
	if (!strcmp(ipvs.break_with, "foreign"))
		say_end(&foreign, NLMSG_ERROR);
	else
		say_nonsense(request);
}

ssize_t __wrap_sendto(int fd, const void *at, size_t len, int flags, const void *to, u32 to_len)
{
	const struct nlmsghdr *request = at;

	(void)fd, (void)flags, (void)to, (void)to_len;
	if (request->nlmsg_type == GENL_ID_CTRL)
		say_family(request);
	if (ipvs.break_with)
		say_broken(request);
	ipvs.break_with = NULL;
	say_end(request, request->nlmsg_flags & NLM_F_ACK ? NLMSG_ERROR : NLMSG_DONE);
	return (ssize_t)len;
}

/* The kernel writes to whom the socket is, which is known only when it is read. */
static ssize_t take(int fd, void *at)
{
	struct sockaddr_nl here = {};
	socklen_t here_len = sizeof(here);
	u32 i = ipvs.next;

	if (i == ipvs.n) {
		errno = EAGAIN;
		return -1;
	}
	ipvs.next++;
	if (ipvs.len[i] < 0) {
		errno = (int)-ipvs.len[i];
		return -1;
	}
	getsockname(fd, (void *)&here, &here_len);
	((struct nlmsghdr *)ipvs.packet[i])->nlmsg_pid = here.nl_pid;
	memcpy(at, ipvs.packet[i], ipvs.len[i]);
	return ipvs.len[i];
}

ssize_t __wrap_recvfrom(int fd, void *at, size_t size, int flags, void *from, u32 *from_len)
{
	(void)size, (void)flags;
	memset(from, 0, *from_len);
	return take(fd, at);
}

ssize_t __wrap_recv(int fd, void *at, size_t size, int flags)
{
	(void)size, (void)flags;
	return take(fd, at);
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	(void)fds, (void)n, (void)timeout_ms;
	return ipvs.next < ipvs.n;
}

static void list_after(const char *break_with, int err)
{
	struct ipvs_netlink *netlink;
	struct ipvs_table table = {};

	memset(&ipvs, 0, sizeof(ipvs));
	assert_int_equal(ipvs_open(&netlink), 0);
	ipvs.break_with = break_with;
	assert_int_equal(ipvs_read_table(netlink, &table, NULL), err);
	ipvs_table_fini(&table);
	assert_int_equal(ipvs_read_table(netlink, &table, NULL), 0);
	assert_int_equal(table.n, 0);
	ipvs_table_fini(&table);
	ipvs_close(netlink);
}

static void a_list_is_read_after_one_that_was_lost(void **state)
{
	(void)state;
	list_after("loss", -ENOBUFS);
}

static void a_list_is_read_after_one_that_makes_no_sense(void **state)
{
	(void)state;
	list_after("nonsense", -EBADMSG);
}

static void answers_to_others_are_passed_over(void **state)
{
	(void)state;
	list_after("foreign", 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_read_after_one_that_was_lost),
		cmocka_unit_test(a_list_is_read_after_one_that_makes_no_sense),
		cmocka_unit_test(answers_to_others_are_passed_over),
	};

	return run_unit_tests("lib ipvs", tests);
}
