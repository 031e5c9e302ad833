// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/lib/*.c
// unit-flags: -Iinclude/uapi -Iuserspace/lib -lmnl
/* The client library's structs and the netlink ABI: there and back, garbage, names the core has. */
#include "fixture.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <maglev.h>
#include <maglev/decide.h>

#define SAME(name) static_assert((u32)MAGLEV_NL_##name == (u32)MAGLEV_##name, "core and ABI differ")
#define SAME_AS(name, core) \
	static_assert((u32)MAGLEV_NL_##name == (u32)(core), "core and ABI differ")

SAME_AS(STATE_UP, MAGLEV_UP);
SAME_AS(STATE_DRAIN, MAGLEV_DRAIN);
SAME_AS(STATE_DOWN, MAGLEV_DOWN);
SAME(MODE_TUPLE);
SAME(MODE_SOURCE);
SAME_AS(FLOW_STATE_HALF_OPEN, MAGLEV_HALF_OPEN);
SAME_AS(FLOW_STATE_ESTABLISHED, MAGLEV_ESTABLISHED);
SAME_AS(FLOW_STATE_CLOSING, MAGLEV_CLOSING);
SAME_AS(FLOW_STATE_RESET, MAGLEV_RESET);
SAME(TUNNEL_NONE);
SAME(TUNNEL_IPIP);
SAME(TUNNEL_GRE);
SAME_AS(VERDICT_FORWARD, MAGLEV_FORWARD);
SAME_AS(VERDICT_PASS, MAGLEV_PASS);
SAME_AS(VERDICT_DROP, MAGLEV_DROP);
SAME_AS(VERDICT_REJECT, MAGLEV_REJECT);
SAME(SOURCE_NONE);
SAME(SOURCE_FLOW);
SAME(SOURCE_ADOPTED);
SAME(SOURCE_OUTSIDE);
SAME(SOURCE_TABLE);
SAME(SOURCE_WALK);
SAME(SOURCE_FIRST);
SAME(TRACK_NONE);
SAME(TRACK_KEPT);
SAME(TRACK_NEW);
SAME(TRACK_EVICTED);
SAME(TRACK_FULL);
SAME(TRACK_BUSY);
SAME_AS(TCP_FLAG_FIN, MAGLEV_TCP_FIN);
SAME_AS(TCP_FLAG_SYN, MAGLEV_TCP_SYN);
SAME_AS(TCP_FLAG_RST, MAGLEV_TCP_RST);
SAME_AS(TCP_FLAG_ACK, MAGLEV_TCP_ACK);
#define SAME_REASON(upper, name, verdict, text) SAME(REASON_##upper);
MAGLEV_REASONS(SAME_REASON)

enum {
	BYTES_MAX = 300,
	ROUNDS = 50,
};

union any {
	struct maglev_lib_message message;
	struct maglev_lib_entry entry;
	struct maglev_lib_reason_count reason;
	u64 align;
};

static u8 random_bytes[BYTES_MAX];

static void fill(struct random *random, const struct maglev_lib_object *object, void *to);

static void fill_member(struct random *random, const struct maglev_lib_field *field, void *member)
{
	struct maglev_lib_addr *addr = member;
	struct maglev_lib_bytes *bytes = member;
	u32 i, len;

	switch (field->kind) {
	case MAGLEV_LIB_ADDR:
		addr->len = random_u64(random) & 1 ? MAGLEV_IPV4_BYTES : MAGLEV_IPV6_BYTES;
		memcpy(addr->byte, random_bytes, addr->len);
		break;
	case MAGLEV_LIB_BYTES:
		bytes->at = random_bytes;
		bytes->len = random_u64(random) % BYTES_MAX;
		break;
	case MAGLEV_LIB_TEXT:
		len = random_u64(random) % field->size;
		for (i = 0; i < len; i++)
			((char *)member)[i] = 'a' + random_u64(random) % 26;
		break;
	case MAGLEV_LIB_NEST:
		fill(random, field->nest, member);
		break;
	default:
		for (i = 0; i < field->size; i++)
			((u8 *)member)[i] = random_u64(random);
	}
}

/* Any half of the members, with any values; @to is all 0. */
static void fill(struct random *random, const struct maglev_lib_object *object, void *to)
{
	u64 has = 0;
	u32 type;

	for (type = 0; type < object->n; type++) {
		const struct maglev_lib_field *field = maglev_lib_field(object, type);

		if (!field || field->kind == MAGLEV_LIB_NESTS || random_u64(random) & 1)
			continue;
		has |= 1ULL << type;
		fill_member(random, field, (char *)to + field->offset);
	}
	memcpy(to, &has, sizeof(has));
}

static void assert_same(const struct maglev_lib_object *object, const void *a, const void *b)
{
	u32 type;

	assert_memory_equal(a, b, sizeof(u64));
	for (type = 0; type < object->n; type++) {
		const struct maglev_lib_field *field = maglev_lib_field(object, type);
		const struct maglev_lib_bytes *x, *y;

		if (!field || field->kind == MAGLEV_LIB_NESTS)
			continue;
		x = (const void *)((const char *)a + field->offset);
		y = (const void *)((const char *)b + field->offset);
		if (field->kind == MAGLEV_LIB_NEST) {
			assert_same(field->nest, x, y);
		} else if (field->kind == MAGLEV_LIB_BYTES) {
			assert_int_equal(x->len, y->len);
			assert_memory_equal(x->len ? x->at : "", y->len ? y->at : "", x->len);
		} else {
			assert_memory_equal(x, y, field->size);
		}
	}
}

static void there_and_back(struct random *random, const struct maglev_lib_object *object)
{
	union any from, to;
	struct nlmsghdr *nlh = calloc(1, MNL_SOCKET_BUFFER_SIZE);
	void *exact;
	u32 len;

	memset(&from, 0, sizeof(from));
	memset(&to, 0xa5, sizeof(to));
	fill(random, object, &from);
	mnl_nlmsg_put_header(nlh);
	assert_int_equal(maglev_lib_encode(nlh, MNL_SOCKET_BUFFER_SIZE, object, &from), 0);
	len = mnl_nlmsg_get_payload_len(nlh);
	exact = malloc(len);
	memcpy(exact, mnl_nlmsg_get_payload(nlh), len);
	assert_int_equal(maglev_lib_decode(&to, object, exact, len), 0);
	assert_same(object, &from, &to);
	free(exact);
	free(nlh);
}

/* That of a message, which holds all others, and of each alone. */
static void each_object(const struct maglev_lib_object *object, struct random *random)
{
	u32 type, i;

	for (i = 0; i < ROUNDS; i++)
		there_and_back(random, object);
	for (type = 0; type < object->n; type++) {
		const struct maglev_lib_field *field = maglev_lib_field(object, type);

		if (field && field->nest)
			each_object(field->nest, random);
	}
}

static void every_struct_survives_encode_and_decode(void **state)
{
	struct random random;

	(void)state;
	random_init(&random, __func__);
	random_fill(&random, random_bytes, BYTES_MAX);
	each_object(&maglev_lib_message_object, &random);
}

/* A member and "has" do not overlap others; every field is inside its struct. */
static void fields_lie_inside_their_structs(void **state)
{
	const struct maglev_lib_object *object = &maglev_lib_message_object;
	u32 type;

	(void)state;
	for (type = 0; type < object->n; type++) {
		const struct maglev_lib_field *field = maglev_lib_field(object, type);

		if (!field || field->kind == MAGLEV_LIB_NESTS)
			continue;
		assert_true(field->offset >= sizeof(u64));
		assert_true(field->offset + field->size <= object->size);
	}
	assert_true(object->n <= 64);
}

static void reasons_are_those_of_the_core(void **state)
{
#define REASON_NAME(upper, name, verdict, text) name,
	static const char *const names[] = { MAGLEV_REASONS(REASON_NAME) };
	u32 i, value;

	(void)state;
	assert_int_equal(maglev_lib_reason_names.n, MAGLEV_REASON_COUNT);
	for (i = 0; i < MAGLEV_REASON_COUNT; i++) {
		assert_string_equal(maglev_lib_word(&maglev_lib_reason_names, i), names[i]);
		assert_true(maglev_lib_value(&maglev_lib_reason_names, names[i], &value));
		assert_int_equal(value, i);
	}
}

static void words_are_exact(void **state)
{
	u32 value = 77;

	(void)state;
	assert_string_equal(maglev_lib_word(&maglev_lib_state_names, MAGLEV_DRAIN), "drain");
	assert_null(maglev_lib_word(&maglev_lib_state_names, 3));
	assert_null(maglev_lib_word(&maglev_lib_op_names, 0));
	assert_false(maglev_lib_value(&maglev_lib_state_names, "dra", &value));
	assert_false(maglev_lib_value(&maglev_lib_state_names, "", &value));
	assert_int_equal(value, 77);
	assert_string_equal(maglev_lib_word(&maglev_lib_warning_names, 0), "few-slots");
	assert_string_equal(maglev_lib_word(&maglev_lib_command_names, MAGLEV_CMD_STATE_NTF),
			    "state-ntf");
}

/* A message that holds one attribute of a backend with @len bytes. */
static int decode_one(struct maglev_lib_backend *backend, u16 type, u16 len)
{
	_Alignas(8) char buffer[512] = {};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	char data[256];

	memset(data, 'x', sizeof(data));
	mnl_attr_put(nlh, type, len, data);
	return maglev_lib_decode(backend, &maglev_lib_backend_object, mnl_nlmsg_get_payload(nlh),
				 mnl_nlmsg_get_payload_len(nlh));
}

static void wrong_lengths_are_refused(void **state)
{
	struct maglev_lib_backend backend;
	u16 len;

	(void)state;
	for (len = 0; len < 20; len++) {
		assert_int_equal(decode_one(&backend, MAGLEV_A_BACKEND_SHARE, len),
				 len == 4 ? 0 : -EBADMSG);
		assert_int_equal(decode_one(&backend, MAGLEV_A_BACKEND_PORT, len),
				 len == 2 ? 0 : -EBADMSG);
		assert_int_equal(decode_one(&backend, MAGLEV_A_BACKEND_ADDR, len),
				 len == 4 || len == 16 ? 0 : -EBADMSG);
	}
}

static void unknown_attributes_are_passed_over(void **state)
{
	struct maglev_lib_backend backend;

	(void)state;
	assert_int_equal(decode_one(&backend, 1000, 3), 0);
	assert_int_equal(backend.has, 0);
	assert_int_equal(decode_one(&backend, 0, 8), 0);
	assert_int_equal(backend.has, 0);
}

static void lengths_beyond_the_message_are_refused(void **state)
{
	static const u16 lengths[] = { 0, 1, 3, 9, 12, 0xffff };
	struct maglev_lib_backend backend;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct nlattr *attr = calloc(1, 8);

		attr->nla_type = MAGLEV_A_BACKEND_SHARE;
		attr->nla_len = lengths[i];
		assert_int_equal(maglev_lib_decode(&backend, &maglev_lib_backend_object, attr, 8),
				 -EBADMSG);
		assert_int_equal(backend.has, 0);
		attr->nla_len = 8;
		assert_int_equal(maglev_lib_decode(&backend, &maglev_lib_backend_object, attr, 7),
				 -EBADMSG);
		free(attr);
	}
}

static void long_texts_are_cut_off(void **state)
{
	_Alignas(8) char buffer[512] = {};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct maglev_lib_service service;
	char text[200];

	(void)state;
	memset(text, 'x', sizeof(text));
	mnl_attr_put(nlh, MAGLEV_A_SERVICE_ERROR_TEXT, sizeof(text), text);
	assert_int_equal(maglev_lib_decode(&service, &maglev_lib_service_object,
					   mnl_nlmsg_get_payload(nlh),
					   mnl_nlmsg_get_payload_len(nlh)),
			 0);
	assert_int_equal(strlen(service.error_text), MAGLEV_NL_TEXT_MAX);
}

static void requests_grow_up_to_the_longest_message(void **state)
{
	struct maglev_lib_entry entry = {
		.has = MAGLEV_LIB_HAS(ENTRY_OP) | MAGLEV_LIB_HAS(ENTRY_BACKEND),
		.op = MAGLEV_NL_OP_BACKEND_SET,
		.backend = { .has = MAGLEV_LIB_HAS(BACKEND_SHARE), .share = 7 },
	};
	struct maglev_lib_message message;
	struct maglev_request request;
	const void *cursor = NULL;
	u32 len, n = 0;
	int err;

	(void)state;
	assert_int_equal(maglev_request_init(&request, MAGLEV_CMD_BATCH), 0);
	while (!(err = maglev_request_add(&request, &entry)))
		len = mnl_nlmsg_get_payload_len(request.at);
	assert_int_equal(err, -EMSGSIZE);
	assert_int_equal(mnl_nlmsg_get_payload_len(request.at), len);
	assert_in_range(len, MAGLEV_NL_MESSAGE_MAX - 64, MAGLEV_NL_MESSAGE_MAX);
	assert_int_equal(maglev_lib_read(&message, request.at), 0);
	memset(&entry, 0, sizeof(entry));
	while (maglev_lib_next(&message, MAGLEV_A_ENTRY, &cursor, &entry) == 1) {
		assert_int_equal(entry.backend.share, 7);
		n++;
	}
	assert_int_equal(n, request.entries);
	maglev_request_fini(&request);
}

static void what_cannot_be_said_is_refused(void **state)
{
	struct maglev_lib_message message = { .has = MAGLEV_LIB_HAS(BACKEND) };
	struct maglev_request request;
	char *bytes = calloc(1, 70000);
	u32 before;

	(void)state;
	assert_int_equal(maglev_request_init(&request, MAGLEV_CMD_BACKEND_SET), 0);
	before = mnl_nlmsg_get_payload_len(request.at);
	message.backend.has = MAGLEV_LIB_HAS(BACKEND_ADDR);
	message.backend.addr.len = 5;
	assert_int_equal(maglev_request_put(&request, &message), -EINVAL);
	assert_int_equal(mnl_nlmsg_get_payload_len(request.at), before);
	message.has = MAGLEV_LIB_HAS(TABLE);
	message.table.has = MAGLEV_LIB_HAS(TABLE_LIVE);
	message.table.live = (struct maglev_lib_bytes){ bytes, 65535 };
	assert_int_equal(maglev_request_put(&request, &message), -E2BIG);
	message.table.has |= MAGLEV_LIB_HAS(TABLE_BASE);
	message.table.base = message.table.live = (struct maglev_lib_bytes){ bytes, 40000 };
	assert_int_equal(maglev_request_put(&request, &message), -E2BIG);
	assert_int_equal(mnl_nlmsg_get_payload_len(request.at), before);
	maglev_request_fini(&request);
	free(bytes);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_struct_survives_encode_and_decode),
		cmocka_unit_test(fields_lie_inside_their_structs),
		cmocka_unit_test(reasons_are_those_of_the_core),
		cmocka_unit_test(words_are_exact),
		cmocka_unit_test(wrong_lengths_are_refused),
		cmocka_unit_test(unknown_attributes_are_passed_over),
		cmocka_unit_test(lengths_beyond_the_message_are_refused),
		cmocka_unit_test(long_texts_are_cut_off),
		cmocka_unit_test(requests_grow_up_to_the_longest_message),
		cmocka_unit_test(what_cannot_be_said_is_refused),
	};

	return run_unit_tests("lib", tests);
}
