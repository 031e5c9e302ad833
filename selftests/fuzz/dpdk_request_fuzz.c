// SPDX-License-Identifier: GPL-2.0-only
// fuzz-sources: selftests/unit/dpdk_stand_in.c userspace/dpdk/answer.c userspace/dpdk/answer_change.c
// fuzz-sources: userspace/dpdk/answer_explain.c userspace/dpdk/answer_flow.c userspace/dpdk/answer_list.c
// fuzz-sources: userspace/dpdk/answer_preview.c userspace/dpdk/buffer.c userspace/dpdk/build.c userspace/dpdk/control.c
// fuzz-sources: userspace/dpdk/draft.c userspace/dpdk/events.c userspace/dpdk/grace.c userspace/dpdk/model.c
// fuzz-sources: userspace/dpdk/publish.c userspace/dpdk/pulse.c userspace/dpdk/reply.c userspace/dpdk/server.c
// fuzz-sources: userspace/dpdk/tables.c userspace/dpdk/talk.c userspace/lib/array.c userspace/lib/client.c
// fuzz-sources: userspace/lib/decode.c userspace/lib/encode.c userspace/lib/error.c userspace/lib/events.c
// fuzz-sources: userspace/lib/names.c userspace/lib/netlink.c userspace/lib/objects.c userspace/lib/request.c
// fuzz-sources: userspace/lib/ready.c userspace/lib/socket.c
// fuzz-sources: kmod/netlink_policy.c kmod/netlink_request.c kmod/netlink_request_settings.c
// fuzz-flags: -Iselftests/unit -Iuserspace/dpdk -Iuserspace/dpdk/kernel -Iinclude/uapi -Iuserspace/lib -Ikmod -lmnl -lev
/*
 * Any bytes on maglev-dpdk's socket, into a plane that has a service: whatever they say, answers are
 * whole messages, and what is published afterwards is consistent.
 */
#include <assert.h>
#include <build.h>
#include <control.h>
#include <ev.h>
#include <publish.h>
#include <pulse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tables.h>
#include <talk.h>
#include <unistd.h>

#include <dpdk_stand_in.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	FLOWS = 64,
	SIZE = 251,
};

static struct ev_loop *loop;

static void open_plane(void)
{
	struct control_options options = { .flows = FLOWS, .table_size = SIZE };
	char path[64];

	snprintf(path, sizeof(path), "/tmp/dpdk_request_fuzz.%d", (int)getpid());
	options.socket = path;
	loop = loop ? loop : ev_loop_new(0);
	assert(loop);
	assert(!control_open(loop, &options));
}

/* Every answer is a message, as long as it says. */
static void check_answers(const struct talk *talk)
{
	size_t at = talk->out.from;
	const struct nlmsghdr *nlh;

	while (at < talk->out.len) {
		nlh = (const void *)(talk->out.at + at);
		assert(talk->out.len - at >= sizeof(*nlh));
		assert(nlh->nlmsg_len >= sizeof(*nlh));
		assert(NLMSG_ALIGN(nlh->nlmsg_len) <= talk->out.len - at);
		at += NLMSG_ALIGN(nlh->nlmsg_len);
	}
}

static void check_service(const struct service *service)
{
	const struct service_view *view = publish_view(service);
	u32 slot;

	assert(service->built && view);
	assert(view->view.n <= service->n_pairs);
	for (slot = 0; slot < view->view.size; slot++)
		assert(view->view.live[slot] == MAGLEV_EMPTY ||
		       view->view.live[slot] < view->view.n);
}

static void hear(struct talk *talk, const uint8_t *data, size_t size)
{
	void *to = buffer_reserve(&talk->in, size);
	int turns = 0;

	assert(to);
	memcpy(to, data, size);
	talk->in.len += size;
	do {
		if (talk_go_on(talk))
			break;
		check_answers(talk);
		buffer_use(&talk->out, buffer_left(&talk->out));
	} while (talk->dumping && ++turns < 1000);
}

/* Into each message's type goes our family's number, so that not everything ends there. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct service *service;
	struct talk talk = {};
	struct nlmsghdr nlh;
	uint8_t *copy;
	size_t at;

	copy = malloc(size + 1);
	assert(copy);
	memcpy(copy, data, size);
	for (at = 0; size - at >= sizeof(nlh); at += NLMSG_ALIGN(nlh.nlmsg_len)) {
		memcpy(&nlh, copy + at, sizeof(nlh));
		if (nlh.nlmsg_type % 8)
			nlh.nlmsg_type = MAGLEV_SOCKET_FAMILY;
		memcpy(copy + at, &nlh, sizeof(nlh));
		if (nlh.nlmsg_len < sizeof(nlh) || nlh.nlmsg_len > size ||
		    NLMSG_ALIGN(nlh.nlmsg_len) > size - at)
			break;
	}
	open_plane();
	hear(&talk, copy, size);
	pulse_build();
	for (service = model.services; service; service = service->next)
		check_service(service);
	talk_fini(&talk);
	control_close();
	free(copy);
	return 0;
}
