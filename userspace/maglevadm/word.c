// SPDX-License-Identifier: GPL-2.0-only
/* Services, backends, flows and what is set of them, from words to attributes. */
#include "word.h"

#include "endpoint.h"
#include "flows.h"
#include "number.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define SERVICE_SYNTAX "tcp 192.0.2.10:80, udp, sctp, or fwmark 5 [ipv6]"

enum {
	DEADLINE_MAX_MS = 2147483647,
	LENGTH_MAX = 65535,
	INTERVAL_MAX_S = 3600,
	MS_PER_S = 1000,
	WORDS_BYTES = 128,
};

static u32 entry_of(const struct order *order)
{
	return order->changes ? order->changes - 1 : MAGLEV_ENTRY_NONE;
}

/* The words an enum has, as "a, b or c". */
static const char *list_words(const struct maglev_lib_names *names, char text[WORDS_BYTES])
{
	size_t len = 0;
	u32 i;

	*text = 0;
	for (i = 0; i < names->n && len < WORDS_BYTES; i++)
		if (names->words[i])
			len += snprintf(text + len, WORDS_BYTES - len, "%s%s",
					!len		  ? "" :
					i == names->n - 1 ? " or " :
							    ", ",
					names->words[i]);
	return text;
}

static int read_name(struct order *order, const struct part *part, const char *path,
		     const struct maglev_lib_names *names, u32 *value)
{
	char expected[WORDS_BYTES];
	struct span at;
	int status = order_value(order, part, &at);

	if (status)
		return status;
	if (!maglev_lib_value(names, at.at, value))
		return err_refuse(NULL, at, part->word, "%s", list_words(names, expected));
	return order_note(order, entry_of(order), path, part->word, at);
}

static void set_addr(struct maglev_lib_addr *addr, const struct endpoint *endpoint)
{
	addr->len = endpoint->addr_len;
	memcpy(addr->byte, endpoint->addr, endpoint->addr_len);
}

static int read_fwmark(struct order *order)
{
	struct maglev_lib_service_key *key = &order->message.service.key;
	const struct part mark = { .value = "MARK" };
	const char *word;
	struct span at;
	int status = order_value(order, &mark, &at);

	if (!status)
		status = mark_parse(&key->fwmark, at, "fwmark");
	if (status)
		return status;
	if (!key->fwmark)
		return err_refuse(NULL, at, "fwmark", "1 to 4294967295: 0 marks nothing");
	key->af = AF_INET;
	key->has = MAGLEV_LIB_HAS(SERVICE_KEY_AF) | MAGLEV_LIB_HAS(SERVICE_KEY_FWMARK);
	word = order_peek(order);
	if (word && !strcmp(word, "ipv6")) {
		order_take(order);
		key->af = AF_INET6;
	}
	return order_note(order, MAGLEV_ENTRY_NONE, "service.key", "service", at);
}

int read_service(struct order *order, const struct part *part)
{
	struct maglev_lib_service_key *key = &order->message.service.key;
	const struct part address = { .value = "ADDRESS:PORT" };
	struct span protocol, at;
	struct endpoint endpoint;
	int status = order_value(order, part, &protocol);

	order->message.has |= MAGLEV_LIB_HAS(SERVICE);
	order->message.service.has |= MAGLEV_LIB_HAS(SERVICE_KEY);
	if (status)
		return status;
	if (span_is(protocol, "fwmark"))
		return read_fwmark(order);
	key->protocol = flow_protocol(protocol);
	if (!key->protocol)
		return err_refuse(NULL, protocol, "service", SERVICE_SYNTAX);
	status = order_value(order, &address, &at);
	if (!status)
		status = endpoint_parse_any(&endpoint, NULL, at, "service");
	if (status)
		return status;
	key->has = MAGLEV_LIB_HAS(SERVICE_KEY_AF) | MAGLEV_LIB_HAS(SERVICE_KEY_PROTOCOL) |
		   MAGLEV_LIB_HAS(SERVICE_KEY_ADDR) | MAGLEV_LIB_HAS(SERVICE_KEY_PORT);
	key->af = endpoint.addr_len == MAGLEV_IPV4_BYTES ? AF_INET : AF_INET6;
	key->port = endpoint.port;
	set_addr(&key->addr, &endpoint);
	return order_note(order, MAGLEV_ENTRY_NONE, "service.key", "service", at);
}

static int name_backend(struct order *order, const struct part *part,
			struct maglev_lib_backend *backend)
{
	struct endpoint endpoint;
	struct span at;
	int status = order_value(order, part, &at);

	if (!status)
		status = endpoint_parse_any(&endpoint, NULL, at, "backend");
	if (status)
		return status;
	backend->has |= MAGLEV_LIB_HAS(BACKEND_ADDR) | MAGLEV_LIB_HAS(BACKEND_PORT);
	backend->port = endpoint.port;
	set_addr(&backend->addr, &endpoint);
	return order_note(order, entry_of(order), "backend.addr", "backend", at);
}

int read_backend(struct order *order, const struct part *part)
{
	order->message.has |= MAGLEV_LIB_HAS(BACKEND);
	return name_backend(order, part, &order->message.backend);
}

/* The VIP first: it is what is meant where no attribute is. */
static int note_tuple(struct order *order, const struct span word[FLOW_WORDS])
{
	static const struct {
		const char *path;
		const char *what;
		int word;
	} notes[] = {
		{ "tuple.daddr", "VIP", 2 },	     { "tuple.dport", "VIP", 2 },
		{ "tuple.saddr", "client", 1 },	     { "tuple.sport", "client", 1 },
		{ "tuple.protocol", "protocol", 0 },
	};
	int status = STATUS_DONE;
	size_t i;

	for (i = 0; !status && i < sizeof(notes) / sizeof(*notes); i++)
		status = order_note(order, MAGLEV_ENTRY_NONE, notes[i].path, notes[i].what,
				    word[notes[i].word]);
	return status;
}

int read_tuple(struct order *order, const struct part *part)
{
	struct maglev_lib_tuple *tuple = &order->message.tuple;
	struct span word[FLOW_WORDS];
	struct flow flow;
	int i, status = STATUS_DONE;

	for (i = 0; !status && i < FLOW_WORDS; i++)
		status = order_value(order, part, &word[i]);
	if (!status)
		status = flow_parse(&flow, NULL, word);
	if (status)
		return status;
	order->message.has |= MAGLEV_LIB_HAS(TUPLE);
	tuple->has |= MAGLEV_LIB_HAS(TUPLE_PROTOCOL) | MAGLEV_LIB_HAS(TUPLE_SADDR) |
		      MAGLEV_LIB_HAS(TUPLE_DADDR) | MAGLEV_LIB_HAS(TUPLE_SPORT) |
		      MAGLEV_LIB_HAS(TUPLE_DPORT);
	tuple->protocol = flow.protocol;
	tuple->sport = flow.client.port;
	tuple->dport = flow.vip.port;
	set_addr(&tuple->saddr, &flow.client);
	set_addr(&tuple->daddr, &flow.vip);
	return note_tuple(order, word);
}

int read_table_size(struct order *order, const struct part *part)
{
	struct maglev_lib_service *service = &order->message.service;
	struct span at;
	int status = order_value(order, part, &at);

	if (!status)
		status = size_parse(&service->table_size, at, part->word);
	service->has |= MAGLEV_LIB_HAS(SERVICE_TABLE_SIZE);
	return status ? status :
			order_note(order, MAGLEV_ENTRY_NONE, "service.table-size", part->word, at);
}

int read_mode(struct order *order, const struct part *part)
{
	struct maglev_lib_service *service = &order->message.service;

	service->has |= MAGLEV_LIB_HAS(SERVICE_MODE_SET);
	return read_name(order, part, "service.mode-set", &maglev_lib_mode_names,
			 &service->mode_set);
}

int read_timeout(struct order *order, const struct part *part)
{
	struct maglev_lib_timeouts *timeouts = &order->message.service.timeouts;
	u32 *const member[] = { &timeouts->half_open, &timeouts->established, &timeouts->closing,
				&timeouts->reset };
	char path[ORDER_PATH];
	struct span name, at;
	u32 state;
	u64 bit;
	int status = order_value(order, part, &name);

	if (status)
		return status;
	if (!maglev_lib_value(&maglev_lib_flow_state_names, name.at, &state))
		return err_refuse(NULL, name, "state", "half-open, established, closing or reset");
	bit = 1ULL << (MAGLEV_A_TIMEOUTS_HALF_OPEN + state);
	if (timeouts->has & bit)
		return err_refuse(NULL, name, "state", "given twice");
	timeouts->has |= bit;
	order->message.service.has |= MAGLEV_LIB_HAS(SERVICE_TIMEOUTS);
	status = order_value(order, part, &at);
	if (!status)
		status = number_parse(member[state], at, name.at, 1, 0xffffffff);
	snprintf(path, sizeof(path), "service.timeouts.%s", name.at);
	return status ? status : order_note(order, MAGLEV_ENTRY_NONE, path, name.at, at);
}

/* A drain without a deadline ends one that was set before. */
static void set_state(struct maglev_lib_backend *backend, u32 state)
{
	backend->has |= MAGLEV_LIB_HAS(BACKEND_ADMIN_STATE);
	backend->admin_state = state;
	if (state == MAGLEV_NL_STATE_DRAIN)
		backend->has |= MAGLEV_LIB_HAS(BACKEND_DEADLINE_MS);
}

int read_backend_state(struct order *order, const struct part *part)
{
	set_state(&order->message.backend, part->number);
	return read_backend(order, part);
}

int read_deadline(struct order *order, const struct part *part)
{
	struct span at;
	int status = order_value(order, part, &at);

	if (!status)
		status = time_parse(&order->message.backend.deadline_ms, at, part->word,
				    DEADLINE_MAX_MS);
	return status ? status :
			order_note(order, MAGLEV_ENTRY_NONE, "backend.deadline-ms", part->word, at);
}

static int set_weight(struct order *order, const struct part *part,
		      struct maglev_lib_backend *backend)
{
	struct span at;
	int status = order_value(order, part, &at);

	backend->has |= MAGLEV_LIB_HAS(BACKEND_NOMINAL_WEIGHT);
	if (!status)
		status = number_parse(&backend->nominal_weight, at, "weight", 0, MAGLEV_WEIGHT_MAX);
	return status ? status :
			order_note(order, entry_of(order), "backend.nominal-weight", "weight", at);
}

static int set_share(struct order *order, const struct part *part,
		     struct maglev_lib_backend *backend)
{
	struct span at;
	int status = order_value(order, part, &at);

	backend->has |= MAGLEV_LIB_HAS(BACKEND_SHARE);
	if (!status)
		status = number_parse(&backend->share, at, "share", 0, MAGLEV_SHARE_MAX);
	return status ? status : order_note(order, entry_of(order), "backend.share", "share", at);
}

int read_weight(struct order *order, const struct part *part)
{
	return set_weight(order, part, &order->message.backend);
}

int read_share(struct order *order, const struct part *part)
{
	return set_share(order, part, &order->message.backend);
}

int read_flow_state(struct order *order, const struct part *part)
{
	struct maglev_lib_flow *flow = &order->message.flow;

	order->message.has |= MAGLEV_LIB_HAS(FLOW);
	flow->has |= MAGLEV_LIB_HAS(FLOW_STATE);
	return read_name(order, part, "flow.state", &maglev_lib_flow_state_names, &flow->state);
}

/* Names of flags, with commas between them. */
int read_flags(struct order *order, const struct part *part)
{
	struct maglev_lib_tuple *tuple = &order->message.tuple;
	const struct maglev_lib_names *names = &maglev_lib_tcp_flag_names;
	char expected[WORDS_BYTES];
	struct span at, rest, flag;
	u32 bit;
	int status = order_value(order, part, &at);

	if (status)
		return status;
	for (rest = at; rest.at;) {
		flag = span_cut(rest, ',', &rest);
		for (bit = 0; bit < names->n; bit++)
			if (names->words[bit] && span_is(flag, names->words[bit]))
				break;
		if (bit == names->n)
			return err_refuse(NULL, flag, part->word, "%s, with commas between",
					  list_words(names, expected));
		tuple->flags |= 1 << bit;
	}
	tuple->has |= MAGLEV_LIB_HAS(TUPLE_FLAGS);
	return order_note(order, MAGLEV_ENTRY_NONE, "tuple.flags", part->word, at);
}

int read_mark(struct order *order, const struct part *part)
{
	struct span at;
	int status = order_value(order, part, &at);

	order->message.tuple.has |= MAGLEV_LIB_HAS(TUPLE_MARK);
	if (!status)
		status = mark_parse(&order->message.tuple.mark, at, part->word);
	return status ? status : order_note(order, MAGLEV_ENTRY_NONE, "tuple.mark", part->word, at);
}

int read_length(struct order *order, const struct part *part)
{
	struct span at;
	int status = order_value(order, part, &at);

	order->message.tuple.has |= MAGLEV_LIB_HAS(TUPLE_LENGTH);
	if (!status)
		status = number_parse(&order->message.tuple.length, at, part->word, 1, LENGTH_MAX);
	return status ? status :
			order_note(order, MAGLEV_ENTRY_NONE, "tuple.length", part->word, at);
}

/* Begin a change of the backend that comes next. */
static int begin_change(struct order *order, const struct part *part, u32 op,
			struct maglev_lib_backend **backend)
{
	struct maglev_lib_entry *change = order_change(order, op);

	if (!change)
		return STATUS_FAILED;
	change->has |= MAGLEV_LIB_HAS(ENTRY_BACKEND);
	*backend = &change->backend;
	return name_backend(order, part, *backend);
}

int read_change(struct order *order, const struct part *part)
{
	struct maglev_lib_backend *backend;
	struct span at;
	int status = begin_change(order, part, part->number, &backend);

	if (status || part->number != MAGLEV_NL_OP_BACKEND_ADD)
		return status;
	backend->has |= MAGLEV_LIB_HAS(BACKEND_WEIGHT);
	status = order_value(order, part, &at);
	if (!status)
		status = number_parse(&backend->weight, at, "weight", 0, MAGLEV_WEIGHT_MAX);
	return status ? status : order_note(order, entry_of(order), "backend.weight", "weight", at);
}

int read_change_state(struct order *order, const struct part *part)
{
	struct maglev_lib_backend *backend;
	int status = begin_change(order, part, MAGLEV_NL_OP_BACKEND_SET, &backend);

	if (!status)
		set_state(backend, part->number);
	return status;
}

int read_change_weight(struct order *order, const struct part *part)
{
	struct maglev_lib_backend *backend;
	int status = begin_change(order, part, MAGLEV_NL_OP_BACKEND_SET, &backend);

	return status ? status : set_weight(order, part, backend);
}

int read_change_share(struct order *order, const struct part *part)
{
	struct maglev_lib_backend *backend;
	int status = begin_change(order, part, MAGLEV_NL_OP_BACKEND_SET, &backend);

	return status ? status : set_share(order, part, backend);
}

int read_change_size(struct order *order, const struct part *part)
{
	struct maglev_lib_entry *change = order_change(order, MAGLEV_NL_OP_SERVICE_SET);
	struct span at;
	int status;

	if (!change)
		return STATUS_FAILED;
	change->has |= MAGLEV_LIB_HAS(ENTRY_SERVICE);
	change->service.has = MAGLEV_LIB_HAS(SERVICE_KEY) | MAGLEV_LIB_HAS(SERVICE_TABLE_SIZE);
	change->service.key = order->message.service.key;
	status = order_value(order, part, &at);
	if (!status)
		status = size_parse(&change->service.table_size, at, part->word);
	return status ? status :
			order_note(order, entry_of(order), "service.table-size", part->word, at);
}

int read_event(struct order *order, const struct part *part)
{
	order->events |= 1ULL << (part->number - EVENT_FIRST);
	return STATUS_DONE;
}

int read_directory(struct order *order, const struct part *part)
{
	struct span at;
	int status = order_value(order, part, &at);

	if (!status)
		order->directory = at.at;
	return status;
}

int read_file(struct order *order, const struct part *part)
{
	struct span at;
	int status = order_value(order, part, &at);

	if (!status && !at.len)
		return err_refuse(NULL, at, part->value, "the name of a file, or -");
	if (!status)
		order->file = at.at;
	return status;
}

int read_force(struct order *order, const struct part *part)
{
	(void)part;
	order->force = true;
	return STATUS_DONE;
}

int read_wait(struct order *order, const struct part *part)
{
	(void)part;
	order->wait = true;
	return STATUS_DONE;
}

int read_all(struct order *order, const struct part *part)
{
	(void)part;
	order->all = true;
	return STATUS_DONE;
}

/* Seconds, or any time with a unit. */
int read_interval(struct order *order, const struct part *part)
{
	struct span at;
	u64 seconds;
	int status = order_value(order, part, &at);

	if (status)
		return status;
	if (!span_number(at, &seconds))
		return time_parse(&order->interval_ms, at, part->word, INTERVAL_MAX_S * MS_PER_S);
	status = number_parse(&order->interval_ms, at, part->word, 1, INTERVAL_MAX_S);
	order->interval_ms *= MS_PER_S;
	return status;
}

int read_count(struct order *order, const struct part *part)
{
	struct span at;
	int status = order_value(order, part, &at);

	return status ? status : number_parse(&order->count, at, part->word, 1, 0xffffffff);
}
