// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/lib/*.c
// unit-flags: -Iinclude/uapi -Iuserspace/lib -lmnl
/*
 * The client library's conversations, with a peer that says what a test put into its mouth: answers,
 * refusals and the attributes they mean, lists that break, events with gaps.
 */
#include "peer.h"

#include <poll.h>
#include <ready.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SIGNALS = 3, /* at least one of them comes while the client waits */
	SIGNAL_US = 10000,
};

static int signalled[2]; /* a pipe: a byte for each signal */

static int sum_shares(void *ctx, const struct maglev_lib_message *message)
{
	*(u32 *)ctx += message->backend.share;
	return 0;
}

static int dump_shares(struct maglev_client *client, u32 *sum)
{
	struct maglev_request request;
	int err;

	assert_int_equal(maglev_request_init(&request, MAGLEV_CMD_BACKEND_GET), 0);
	err = maglev_client_dump(client, &request, sum_shares, sum);
	maglev_request_fini(&request);
	return err;
}

static void a_call_gets_its_answer(void **state)
{
	struct maglev_client *client = connect_peer();
	struct maglev_lib_message reply;
	const struct nlmsghdr *sent = (const void *)peer.sent;

	(void)state;
	say_backend(0, 50);
	end_packet();
	say_yes();
	end_packet();
	assert_int_equal(maglev_client_call(client, MAGLEV_CMD_BACKEND_GET, NULL, &reply), 0);
	assert_int_equal(reply.backend.share, 50);
	assert_int_equal(sent->nlmsg_type, FAMILY);
	assert_int_equal(sent->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
	assert_int_equal(maglev_client_error(client)->failure, MAGLEV_FAILURE_NONE);
	maglev_client_close(client);
	assert_true(peer.is_closed);
}

static void an_answer_that_does_not_come_is_missed(void **state)
{
	struct maglev_client *client = connect_peer();
	struct maglev_lib_message reply;

	(void)state;
	say_yes();
	end_packet();
	assert_int_equal(maglev_client_call(client, MAGLEV_CMD_BACKEND_GET, NULL, &reply),
			 -EBADMSG);
	assert_int_equal(maglev_client_error(client)->failure, MAGLEV_FAILURE_MALFORMED);
	maglev_client_close(client);
}

/* Ask for a batch of three, the last with a share; the peer's answer is ready. */
static const struct maglev_error *send_batch(struct maglev_client *client)
{
	struct maglev_lib_entry entry = {
		.has = MAGLEV_LIB_HAS(ENTRY_OP) | MAGLEV_LIB_HAS(ENTRY_BACKEND),
		.op = MAGLEV_NL_OP_BACKEND_SET,
		.backend = { .has = MAGLEV_LIB_HAS(BACKEND_WEIGHT) |
				    MAGLEV_LIB_HAS(BACKEND_SHARE) },
	};
	struct maglev_request request;
	u32 i;

	assert_int_equal(maglev_request_init(&request, MAGLEV_CMD_BATCH), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(maglev_request_add(&request, &entry), 0);
	assert_true(maglev_client_do(client, &request, NULL, NULL) < 0);
	maglev_request_fini(&request);
	return maglev_client_error(client);
}

enum {
	/* Of a batch's entry: its nest, op, the backend's nest, weight, share. */
	ENTRY_BYTES = 4 + 8 + 4 + 8 + 8,
	THIRD_ENTRY = NLMSG_LENGTH(GENL_HDRLEN) + 2 * ENTRY_BYTES,
	THIRD_BACKEND = THIRD_ENTRY + 4 + 8,
	THIRD_SHARE = THIRD_BACKEND + 4 + 8,
};

static void a_refusal_names_entry_and_attribute(void **state)
{
	struct maglev_client *client = connect_peer();
	const struct maglev_error *error;
	struct nlmsghdr *nlh;
	struct nlattr *policy;

	(void)state;
	nlh = say_verdict(-ERANGE);
	mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, "integer out of range");
	mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS, THIRD_SHARE);
	policy = mnl_attr_nest_start(nlh, NLMSGERR_ATTR_POLICY);
	mnl_attr_put_u64(nlh, NL_POLICY_TYPE_ATTR_MIN_VALUE_U, 0);
	mnl_attr_put_u64(nlh, NL_POLICY_TYPE_ATTR_MAX_VALUE_U, 100);
	mnl_attr_nest_end(nlh, policy);
	said(nlh);
	end_packet();
	error = send_batch(client);
	assert_int_equal(error->failure, MAGLEV_FAILURE_REFUSED);
	assert_int_equal(error->code, ERANGE);
	assert_string_equal(error->text, "integer out of range");
	assert_string_equal(error->path, "entry[2].backend.share");
	assert_int_equal(error->entry, 2);
	assert_true(error->has_range);
	assert_int_equal(error->max, 100);
	maglev_client_close(client);
}

static void a_refusal_names_what_is_missing(void **state)
{
	struct maglev_client *client = connect_peer();
	const struct maglev_error *error;
	struct nlmsghdr *nlh;

	(void)state;
	nlh = say_verdict(-EINVAL);
	mnl_attr_put_u32(nlh, NLMSGERR_ATTR_MISS_NEST, THIRD_BACKEND);
	mnl_attr_put_u32(nlh, NLMSGERR_ATTR_MISS_TYPE, MAGLEV_A_BACKEND_ADDR);
	said(nlh);
	end_packet();
	error = send_batch(client);
	assert_string_equal(error->path, "entry[2].backend.addr");
	assert_true(error->is_missing);
	assert_string_equal(error->text, strerror(EINVAL));
	maglev_client_close(client);
}

static void offsets_beyond_the_request_mean_nothing(void **state)
{
	static const u32 offsets[] = { 0, 15, THIRD_ENTRY + ENTRY_BYTES, 0xffffffff };
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		struct maglev_client *client = connect_peer();
		struct nlmsghdr *nlh = say_verdict(-EINVAL);

		mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS, offsets[i]);
		said(nlh);
		end_packet();
		assert_string_equal(send_batch(client)->path, "");
		maglev_client_close(client);
	}
}

static void a_list_comes_in_several_packets(void **state)
{
	struct maglev_client *client = connect_peer();
	u32 sum = 0;

	(void)state;
	say_backend(NLM_F_MULTI, 1);
	say_backend(NLM_F_MULTI, 10);
	end_packet();
	say_backend(NLM_F_MULTI, 100);
	say_done(0, 0);
	end_packet();
	assert_int_equal(dump_shares(client, &sum), 0);
	assert_int_equal(sum, 111);
	maglev_client_close(client);
}

static void an_interrupted_list_is_told_from_a_whole_one(void **state)
{
	struct maglev_client *client = connect_peer();
	u32 sum = 0;

	(void)state;
	say_backend(NLM_F_MULTI | NLM_F_DUMP_INTR, 1);
	say_backend(NLM_F_MULTI, 10);
	say_done(0, 0);
	end_packet();
	assert_int_equal(dump_shares(client, &sum), -EINTR);
	assert_int_equal(sum, 11);
	assert_int_equal(maglev_client_error(client)->failure, MAGLEV_FAILURE_INTERRUPTED);
	maglev_client_close(client);
}

static void a_list_can_fail_at_its_end(void **state)
{
	struct maglev_client *client = connect_peer();
	u32 sum = 0;

	(void)state;
	say_backend(NLM_F_MULTI, 1);
	say_done(0, -ENOMEM);
	end_packet();
	assert_int_equal(dump_shares(client, &sum), -ENOMEM);
	assert_int_equal(maglev_client_error(client)->failure, MAGLEV_FAILURE_REFUSED);
	maglev_client_close(client);
}

static int take_one(void *ctx, const struct maglev_lib_message *message)
{
	(void)message;
	++*(u32 *)ctx;
	return 42;
}

static void a_list_nobody_wants_is_read_to_its_end(void **state)
{
	struct maglev_client *client = connect_peer();
	struct maglev_request request;
	u32 rows = 0;

	(void)state;
	say_backend(NLM_F_MULTI, 1);
	end_packet();
	say_backend(NLM_F_MULTI, 2);
	say_done(0, 0);
	end_packet();
	assert_int_equal(maglev_request_init(&request, MAGLEV_CMD_BACKEND_GET), 0);
	assert_int_equal(maglev_client_dump(client, &request, take_one, &rows), 42);
	assert_int_equal(rows, 1);
	assert_int_equal(peer.next, 2);
	maglev_request_fini(&request);
	maglev_client_close(client);
}

static void answers_to_others_are_passed_over(void **state)
{
	struct maglev_client *client = connect_peer();
	u32 sum = 0;

	(void)state;
	peer.seq = 77;
	say_backend(NLM_F_MULTI, 1000);
	say_done(0, -EPERM);
	end_packet();
	peer.seq = 1;
	say_backend(NLM_F_MULTI, 1);
	say_done(0, 0);
	end_packet();
	assert_int_equal(dump_shares(client, &sum), 0);
	assert_int_equal(sum, 1);
	maglev_client_close(client);
}

static void silence_loss_and_nonsense_are_told_apart(void **state)
{
	static const struct {
		int len;
		int err;
		u32 failure;
	} cases[] = {
		{ 0, -ETIMEDOUT, MAGLEV_FAILURE_TIMEOUT },
		{ -ENOBUFS, -ENOBUFS, MAGLEV_FAILURE_LOST },
		{ -EPIPE, -EPIPE, MAGLEV_FAILURE_ABSENT },
		{ -EIO, -EIO, MAGLEV_FAILURE_SYSTEM },
		{ -EMSGSIZE, -EMSGSIZE, MAGLEV_FAILURE_MALFORMED },
		{ 13, -EBADMSG, MAGLEV_FAILURE_MALFORMED },
	};
	u32 i, sum;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct maglev_client *client = connect_peer();

		peer.len[0] = cases[i].len;
		peer.n = 1;
		assert_int_equal(dump_shares(client, &sum), cases[i].err);
		assert_int_equal(maglev_client_error(client)->failure, cases[i].failure);
		maglev_client_close(client);
	}
}

static void lengths_beyond_what_was_read_are_refused(void **state)
{
	static const u32 lengths[] = { 0, 15, 21, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff };
	struct maglev_event event;
	u32 i, sum;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct maglev_client *client = connect_peer();

		said(say(FAMILY, 0));
		((struct nlmsghdr *)peer.packet[0])->nlmsg_len = lengths[i];
		end_packet();
		assert_int_equal(dump_shares(client, &sum), -EBADMSG);
		peer.next = 0;
		assert_int_equal(maglev_client_event(client, &event, 0), 0);
		maglev_client_close(client);
	}
}

static void events_tell_of_those_before_them_that_were_lost(void **state)
{
	static const u32 seqs[] = { 0xfffffffe, 0xffffffff, 0, 3 }, lost[] = { 0, 0, 0, 2 };
	struct maglev_client *client = connect_peer();
	struct maglev_event event;
	u32 i;

	(void)state;
	assert_int_equal(maglev_client_subscribe(client), 0);
	assert_int_equal(maglev_client_fd(client), 5);
	for (i = 0; i < ARRAY_SIZE(seqs); i++) {
		say_event(seqs[i]);
		if (i & 1)
			end_packet();
	}
	for (i = 0; i < ARRAY_SIZE(seqs); i++) {
		assert_int_equal(maglev_client_event(client, &event, 0), 1);
		assert_int_equal(event.command, MAGLEV_CMD_STATE_NTF);
		assert_int_equal(event.message.seq, seqs[i]);
		assert_int_equal(event.lost, lost[i]);
	}
	assert_int_equal(maglev_client_event(client, &event, 0), 0);
	maglev_client_close(client);
}

static void events_go_on_after_an_overrun(void **state)
{
	struct maglev_client *client = connect_peer();
	struct maglev_event event;

	(void)state;
	say_event(1);
	end_packet();
	peer.len[peer.n] = -ENOBUFS;
	end_packet();
	say_event(9);
	end_packet();
	assert_int_equal(maglev_client_event(client, &event, 0), 1);
	assert_int_equal(maglev_client_event(client, &event, 0), -ENOBUFS);
	assert_int_equal(maglev_client_error(client)->failure, MAGLEV_FAILURE_LOST);
	assert_int_equal(maglev_client_event(client, &event, 0), 1);
	assert_int_equal(event.lost, 0);
	maglev_client_close(client);
}

static void a_network_namespace_is_a_name(void **state)
{
	static const char *const names[] = {
		"", ".", "..", "../x", "/proc/self/ns/net", "none-of-this-name"
	};
	struct maglev_client *client;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		assert_true(maglev_client_open(&client, names[i]) < 0);
		assert_int_equal(maglev_client_error(client)->failure, MAGLEV_FAILURE_SYSTEM);
		assert_non_null(strstr(maglev_client_error(client)->text, names[i]));
		assert_int_equal(maglev_client_call(client, MAGLEV_CMD_SETTINGS_GET, NULL, NULL),
				 -ENOTCONN);
		maglev_client_close(client);
	}
}

static void count_signal(int number)
{
	(void)number;
	(void)!write(signalled[1], "", 1);
}

static void signal_often(void)
{
	static const struct itimerval often = { { 0, SIGNAL_US }, { 0, SIGNAL_US } };
	static const struct sigaction action = { .sa_handler = count_signal };

	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
}

/* Give an empty list, or say yes, to who connects, once some signals have come. */
static void answer_late(int listener)
{
	int peer_fd = accept(listener, NULL, NULL), i;
	_Alignas(8) char request[PACKET_BYTES];
	const struct nlmsghdr *nlh = (const void *)request;
	char signal_byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails does not wait for it */
	if (recv(peer_fd, request, sizeof(request), 0) < (ssize_t)sizeof(*nlh))
		_exit(1);
	for (i = 0; i < SIGNALS; i++)
		if (read(signalled[0], &signal_byte, 1) != 1)
			_exit(1);
	peer.seq = nlh->nlmsg_seq;
	if (nlh->nlmsg_type == MAGLEV_SOCKET_SUBSCRIBE)
		say_yes();
	else
		say_done(0, 0);
	_exit(send(peer_fd, peer.packet[0], peer.len[0], MSG_NOSIGNAL) < 0);
}

/* Connect to a process that answers late, with signals on their way. */
static struct maglev_client *connect_late(pid_t *child)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	struct maglev_client *client;

	memset(&peer, 0, sizeof(peer));
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/lib_client_test.%d", getpid());
	unlink(address.sun_path);
	assert_int_equal(bind(listener, (void *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(pipe(signalled), 0);
	*child = fork();
	if (!*child)
		answer_late(listener);
	assert_int_equal(maglev_client_open_socket(&client, address.sun_path), 0);
	unlink(address.sun_path);
	close(listener);
	signal_often();
	return client;
}

static void close_late(struct maglev_client *client, pid_t child)
{
	static const struct itimerval never;
	int status;

	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	maglev_client_close(client);
	close(signalled[0]);
	close(signalled[1]);
}

static void a_signal_does_not_end_a_list(void **state)
{
	struct maglev_client *client;
	pid_t child;
	u32 sum = 0;

	(void)state;
	client = connect_late(&child);
	assert_int_equal(dump_shares(client, &sum), 0);
	close_late(client, child);
}

static void a_signal_does_not_end_a_subscription(void **state)
{
	struct maglev_client *client;
	pid_t child;

	(void)state;
	client = connect_late(&child);
	assert_int_equal(maglev_client_subscribe(client), 0);
	close_late(client, child);
}

static void signals_do_not_prolong_a_wait(void **state)
{
	static const struct itimerval never;

	(void)state;
	assert_int_equal(pipe(signalled), 0);
	signal_often();
	assert_int_equal(ready_wait(signalled[1], POLLIN, 5 * SIGNAL_US / 1000), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	close(signalled[0]);
	close(signalled[1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_gets_its_answer),
		cmocka_unit_test(an_answer_that_does_not_come_is_missed),
		cmocka_unit_test(a_refusal_names_entry_and_attribute),
		cmocka_unit_test(a_refusal_names_what_is_missing),
		cmocka_unit_test(offsets_beyond_the_request_mean_nothing),
		cmocka_unit_test(a_list_comes_in_several_packets),
		cmocka_unit_test(an_interrupted_list_is_told_from_a_whole_one),
		cmocka_unit_test(a_list_can_fail_at_its_end),
		cmocka_unit_test(a_list_nobody_wants_is_read_to_its_end),
		cmocka_unit_test(answers_to_others_are_passed_over),
		cmocka_unit_test(silence_loss_and_nonsense_are_told_apart),
		cmocka_unit_test(lengths_beyond_what_was_read_are_refused),
		cmocka_unit_test(events_tell_of_those_before_them_that_were_lost),
		cmocka_unit_test(events_go_on_after_an_overrun),
		cmocka_unit_test(a_network_namespace_is_a_name),
		cmocka_unit_test(a_signal_does_not_end_a_list),
		cmocka_unit_test(a_signal_does_not_end_a_subscription),
		cmocka_unit_test(signals_do_not_prolong_a_wait),
	};

	return run_unit_tests("lib client", tests);
}
