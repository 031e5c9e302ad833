// SPDX-License-Identifier: GPL-2.0-only
// fuzz-sources: kmod/netlink_policy.c kmod/netlink_request.c kmod/netlink_request_settings.c kmod/netlink_request_words.c
// fuzz-flags: -Iuserspace/dpdk/kernel -Iinclude/uapi -Ikmod
/*
 * Any bytes as the attributes of a request, read as the module reads them: the first byte is the
 * command. What is accepted is in range and whole; what is refused is refused with a text,
 * and points, if at all, into the request.
 */
#include <assert.h>
#include <netlink_policy.h>
#include <netlink_request.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The attributes of one request. */
struct request {
	const struct nlattr *head;
	int len;
	struct nlattr *tb[MAGLEV_A_MAX + 1];
	struct netlink_ext_ack extack;
};

struct command {
	const struct nla_policy *policy;
	int maxtype;
};

#define COMMAND(upper, lower)                                \
	[MAGLEV_CMD_##upper] = { maglev_##lower##_nl_policy, \
				 ARRAY_SIZE(maglev_##lower##_nl_policy) - 1 }

static const struct command commands[] = {
	COMMAND(SERVICE_GET, service_get),
	COMMAND(SERVICE_SET, service_set),
	COMMAND(BACKEND_GET, backend_get),
	COMMAND(BACKEND_SET, backend_set),
	COMMAND(BATCH, batch),
	COMMAND(TABLE_GET, table_get),
	COMMAND(FLOW_GET, flow_get),
	COMMAND(FLOW_COUNT, flow_count),
	COMMAND(FLOW_FLUSH, flow_flush),
	COMMAND(EXPLAIN, explain),
	COMMAND(PREVIEW, preview),
	COMMAND(SETTINGS_SET, settings_set),
	COMMAND(FLOW_RESTORE, flow_restore),
};

static void check_refusal(const struct request *request, int err)
{
	const struct nlattr *bad = request->extack.bad_attr;

	assert(err == -EINVAL || err == -ERANGE || err == -EOPNOTSUPP);
	assert(request->extack._msg);
	if (bad)
		assert((const char *)bad >= (const char *)request->head &&
		       (const char *)bad + sizeof(*bad) <=
			       (const char *)request->head + request->len);
}

static void check_key(const struct maglev_service_key *key)
{
	u32 i;

	assert(key->addr_len == MAGLEV_IPV4_BYTES || key->addr_len == MAGLEV_IPV6_BYTES);
	for (i = key->fwmark ? 0 : key->addr_len; i < sizeof(key->addr); i++)
		assert(!key->addr[i]);
	assert(!key->fwmark || (!key->port && !key->protocol));
}

static void check_service(const struct maglev_request_service *service)
{
	u32 state;

	assert(service->at);
	check_key(&service->key);
	assert(!service->table_size || maglev_size_valid(service->table_size));
	assert(service->mode_setting <= MAGLEV_NL_MODE_FLAG);
	for (state = 0; state < MAGLEV_FLOW_STATES; state++)
		assert(!service->timeouts.seconds[state] ||
		       maglev_timeout_valid((enum maglev_flow_state)state,
					    service->timeouts.seconds[state]));
}

static void check_backend(const struct maglev_request_backend *backend)
{
	assert(backend->at);
	assert(backend->admin <= MAGLEV_DOWN && backend->health <= MAGLEV_DOWN);
	assert(backend->share <= MAGLEV_SHARE_MAX);
	assert(backend->nominal <= MAGLEV_WEIGHT_MAX && backend->weight <= MAGLEV_WEIGHT_MAX);
	assert(!backend->deadline_ms || backend->admin == MAGLEV_DRAIN);
}

static void read_service(struct request *request, enum maglev_request_use use)
{
	struct maglev_request_service service;
	int err;

	err = maglev_request_read_service(&service, request->tb[MAGLEV_A_SERVICE], use,
					  &request->extack);
	if (err)
		check_refusal(request, err);
	else
		check_service(&service);
}

static void read_backend(struct request *request, enum maglev_request_use use)
{
	struct maglev_request_backend backend;
	int err;

	err = maglev_request_read_backend(&backend, request->tb[MAGLEV_A_BACKEND], use,
					  &request->extack);
	if (err)
		check_refusal(request, err);
	else
		check_backend(&backend);
}

static void check_entry(const struct maglev_request_entry *entry, enum maglev_request_use use)
{
	bool of_service = entry->op == MAGLEV_NL_OP_SERVICE_SET;

	assert(entry->at);
	assert(of_service || entry->op == MAGLEV_NL_OP_BACKEND_SET ||
	       use == MAGLEV_REQUEST_PREVIEW);
	assert(entry->service.at || (!of_service && use == MAGLEV_REQUEST_PREVIEW));
	if (entry->service.at)
		check_service(&entry->service);
	if (of_service)
		assert(!entry->backend.at);
	else
		check_backend(&entry->backend);
}

static void read_entries(struct request *request, enum maglev_request_use use)
{
	u32 i, n = maglev_request_count_entries(request->head, request->len);
	struct maglev_request_entry *entries = malloc((n ? n : 1) * sizeof(*entries));
	int err;

	assert(entries);
	err = maglev_request_read_entries(entries, request->head, request->len, use,
					  &request->extack);
	if (err)
		check_refusal(request, err);
	for (i = 0; !err && i < n; i++)
		check_entry(&entries[i], use);
	free(entries);
}

static void read_flow_state(struct request *request)
{
	int state, err;

	err = maglev_request_read_flow_state(&state, request->tb[MAGLEV_A_FLOW], &request->extack);
	if (err)
		check_refusal(request, err);
	else
		assert(state >= -1 && state < MAGLEV_FLOW_STATES);
}

static void read_tuple(struct request *request)
{
	struct maglev_request_tuple packet;
	int err;

	err = maglev_request_read_tuple(&packet, request->tb[MAGLEV_A_TUPLE], &request->extack);
	if (err) {
		check_refusal(request, err);
		return;
	}
	assert(packet.tuple.len == 16 || packet.tuple.len == 40);
	assert(packet.tuple.byte[packet.tuple.len - 4] == packet.protocol);
	assert(packet.length <= 0xffff);
}

static void check_prefix(const struct maglev_prefix *prefix, u32 bits)
{
	u32 i;

	assert(prefix->len <= bits);
	for (i = prefix->len; i < bits; i++)
		assert(!(prefix->addr[i / 8] & 0x80 >> i % 8));
}

static void read_settings(struct request *request)
{
	struct maglev_request_settings settings;
	int err;

	err = maglev_request_read_settings(&settings, request->tb[MAGLEV_A_SETTINGS],
					   &request->extack);
	if (err) {
		check_refusal(request, err);
		return;
	}
	assert(!settings.table_size || maglev_size_valid(settings.table_size));
	assert(settings.flows <= 1U << 28);
	assert(settings.hook <= MAGLEV_NL_HOOK_EARLY);
	assert(settings.rebuild_delay_ms <= 10000);
	check_prefix(&settings.source[0], 32);
	check_prefix(&settings.source[1], 128);
}

static void read_words(struct request *request)
{
	struct maglev_request_words words;
	volatile u64 sum = 0;
	u32 i;
	int err;

	err = maglev_request_read_words(&words, request->tb[MAGLEV_A_WORDS], &request->extack);
	if (err) {
		check_refusal(request, err);
		return;
	}
	assert(words.n <= MAGLEV_NL_WORDS_MAX);
	for (i = 0; i < words.n; i++)
		sum += maglev_request_line(&words, i) + maglev_request_word(&words, i);
}

static void read_request(struct request *request, u32 command)
{
	switch (command) {
	case MAGLEV_CMD_SERVICE_SET:
		read_service(request, MAGLEV_REQUEST_SET);
		break;
	case MAGLEV_CMD_BACKEND_SET:
		read_service(request, MAGLEV_REQUEST_NAME);
		read_backend(request, MAGLEV_REQUEST_SET);
		break;
	case MAGLEV_CMD_BATCH:
		read_entries(request, MAGLEV_REQUEST_SET);
		break;
	case MAGLEV_CMD_PREVIEW:
		read_service(request, MAGLEV_REQUEST_NAME);
		read_entries(request, MAGLEV_REQUEST_PREVIEW);
		break;
	case MAGLEV_CMD_FLOW_GET:
		read_flow_state(request);
		read_tuple(request);
		break;
	case MAGLEV_CMD_EXPLAIN:
		read_tuple(request);
		break;
	case MAGLEV_CMD_SETTINGS_SET:
		read_settings(request);
		break;
	case MAGLEV_CMD_FLOW_RESTORE:
		read_words(request);
		break;
	default:
		read_service(request, MAGLEV_REQUEST_NAME);
		read_backend(request, MAGLEV_REQUEST_NAME);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request request = { .len = (int)size - 1 };
	const struct command *command;
	char *copy;
	int err;

	if (!size || data[0] >= ARRAY_SIZE(commands) || !commands[data[0]].policy)
		return 0;
	command = &commands[data[0]];
	copy = malloc(request.len + 1); /* aligned, and not one byte more is readable */
	assert(copy);
	memcpy(copy, data + 1, request.len);
	copy = realloc(copy, request.len ? request.len : 1);
	assert(copy);
	request.head = (struct nlattr *)copy;
	err = shim_nla_parse(request.tb, command->maxtype, request.head, request.len,
			     command->policy, &request.extack);
	if (err)
		check_refusal(&request, err);
	else
		read_request(&request, data[0]);
	free(copy);
	return 0;
}
