// SPDX-License-Identifier: GPL-2.0-only
/* Numbers, times, words and addresses, strictly: one way to write each. */
#include "config_value.h"

#include "endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <maglev/table.h>

static const struct unit {
	const char *name;
	u32 ms;
} units[] = {
	/* The largest first: config_time_text() takes the first that divides. */
	{ "h", 60 * 60 * 1000 },
	{ "m", 60 * 1000 },
	{ "s", 1000 },
	{ "ms", 1 },
};

enum {
	UNITS = sizeof(units) / sizeof(*units),
	WORDS_TEXT = 160,
};

static void store(const struct config_field *field, void *to, u32 number)
{
	u8 byte = number;
	u16 half = number;

	if (field->size == sizeof(byte))
		memcpy(to, &byte, sizeof(byte));
	else if (field->size == sizeof(half))
		memcpy(to, &half, sizeof(half));
	else
		memcpy(to, &number, sizeof(number));
}

bool config_parse_number(const char *text, size_t len, u32 most, u32 *number)
{
	u64 value = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (text[i] - '0');
		if (value > most)
			return false;
	}
	*number = value;
	return len;
}

bool config_read_number(struct config_reader *reader, const struct config_node *node,
			const struct config_field *field, void *to)
{
	u32 number;

	if (node->kind != CONFIG_SCALAR ||
	    !config_parse_number(node->text, node->len, field->most, &number) ||
	    number < field->least)
		return config_refuse(reader, node, "expected a number from %u to %u", field->least,
				     field->most);
	store(field, to, number);
	return true;
}

bool config_read_bool(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to)
{
	bool value = config_node_is(node, "true");

	(void)field;
	if (!value && !config_node_is(node, "false"))
		return config_refuse(reader, node, "expected true or false");
	memcpy(to, &value, sizeof(value));
	return true;
}

bool config_read_word(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to)
{
	const struct config_word *word;
	char words[WORDS_TEXT];
	size_t len = 0;
	u32 number;

	for (word = field->words; word->word; word++) {
		if (config_node_is(node, word->word)) {
			store(field, to, word->value);
			return true;
		}
		if (len < sizeof(words))
			len += snprintf(words + len, sizeof(words) - len, "%s%s", len ? ", " : "",
					word->word);
	}
	if (!field->most)
		return config_refuse(reader, node, "expected one of %s", words);
	if (node->kind != CONFIG_SCALAR ||
	    !config_parse_number(node->text, node->len, field->most, &number) ||
	    number < field->least)
		return config_refuse(reader, node, "expected one of %s or a number from %u to %u",
				     words, field->least, field->most);
	store(field, to, number);
	return true;
}

const char *config_time_text(u32 ms, char text[CONFIG_TIME_TEXT])
{
	const struct unit *unit = units;

	while (ms % unit->ms)
		unit++;
	if (ms)
		snprintf(text, CONFIG_TIME_TEXT, "%u%s", ms / unit->ms, unit->name);
	else
		strcpy(text, "0");
	return text;
}

/* Return: was it a number and a unit? Times that are too long are UINT32_MAX. */
static bool parse_time(const struct config_node *node, u32 *ms)
{
	size_t digits = 0, i;
	u32 number;

	if (node->kind != CONFIG_SCALAR || strlen(node->text) != node->len)
		return false;
	digits = strspn(node->text, "0123456789");
	for (i = 0; i < UNITS; i++)
		if (!strcmp(node->text + digits, units[i].name))
			break;
	if (!digits || i == UNITS)
		return false;
	*ms = UINT32_MAX;
	if (config_parse_number(node->text, digits, UINT32_MAX / units[i].ms, &number))
		*ms = number * units[i].ms;
	return true;
}

static bool read_time(struct config_reader *reader, const struct config_node *node, u32 least_ms,
		      u32 most_ms, u32 *ms)
{
	char least[CONFIG_TIME_TEXT], most[CONFIG_TIME_TEXT];

	*ms = 0;
	if (!least_ms && config_node_is(node, "0"))
		return true;
	if (!parse_time(node, ms))
		return config_refuse(reader, node, "expected a time such as 500ms, 5s, 10m");
	if (*ms < least_ms || *ms > most_ms)
		return config_refuse(reader, node, "expected a time from %s to %s",
				     config_time_text(least_ms, least),
				     config_time_text(most_ms, most));
	return true;
}

bool config_read_time(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to)
{
	u32 ms;

	if (!read_time(reader, node, field->least, field->most, &ms))
		return false;
	store(field, to, ms);
	return true;
}

bool config_read_seconds(struct config_reader *reader, const struct config_node *node,
			 const struct config_field *field, void *to)
{
	u32 ms;

	if (!read_time(reader, node, field->least * 1000, field->most * 1000, &ms))
		return false;
	if (ms % 1000)
		return config_refuse(reader, node, "expected whole seconds");
	store(field, to, ms / 1000);
	return true;
}

bool config_read_size(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to)
{
	u32 size;

	if (node->kind != CONFIG_SCALAR ||
	    !config_parse_number(node->text, node->len, UINT32_MAX, &size))
		return config_refuse(reader, node, "expected a prime from %d to %d",
				     MAGLEV_SIZE_MIN, MAGLEV_SIZE_MAX);
	if (size > MAGLEV_SIZE_MAX + 1)
		size = MAGLEV_SIZE_MAX + 1;
	if (!maglev_size_valid(size))
		return config_refuse(reader, node,
				     "expected a prime from %d to %d, the nearest is %u",
				     MAGLEV_SIZE_MIN, MAGLEV_SIZE_MAX, maglev_size_nearest(size));
	store(field, to, size);
	return true;
}

static bool parse_hex(const char *text, u32 *number)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit;
	size_t i;

	*number = 0;
	for (i = 0; text[i]; i++) {
		digit = strchr(digits, text[i] | (text[i] > '9' ? 0x20 : 0));
		if (!digit || i == 8)
			return false;
		*number = *number << 4 | (u32)(digit - digits);
	}
	return i;
}

bool config_read_mark(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to)
{
	bool ok = node->kind == CONFIG_SCALAR && strlen(node->text) == node->len;
	u32 mark = 0;

	if (ok && !strncmp(node->text, "0x", 2))
		ok = parse_hex(node->text + 2, &mark);
	else if (ok)
		ok = config_parse_number(node->text, node->len, field->most, &mark);
	if (!ok || mark < field->least || mark > field->most)
		return config_refuse(reader, node, "expected a number from %#x to %#x",
				     field->least, field->most);
	store(field, to, mark);
	return true;
}

/* One that packets to one host may carry. */
static bool is_host(const struct maglev_lib_addr *addr)
{
	struct in6_addr v6;

	if (addr->len == MAGLEV_IPV4_BYTES)
		return addr->byte[0] && addr->byte[0] < 224;
	memcpy(&v6, addr->byte, sizeof(v6));
	return !IN6_IS_ADDR_UNSPECIFIED(&v6) && !IN6_IS_ADDR_MULTICAST(&v6);
}

static bool check_host(struct config_reader *reader, const struct config_node *node,
		       const struct maglev_lib_addr *addr)
{
	const u8 *v4 = addr->byte + MAGLEV_IPV6_BYTES - MAGLEV_IPV4_BYTES;
	struct in6_addr v6;

	memcpy(&v6, addr->byte, sizeof(v6));
	if (addr->len == MAGLEV_IPV6_BYTES && IN6_IS_ADDR_V4MAPPED(&v6))
		return config_refuse(reader, node,
				     "an IPv4 address mapped to IPv6, "
				     "write it as %u.%u.%u.%u",
				     v4[0], v4[1], v4[2], v4[3]);
	if (!is_host(addr))
		return config_refuse(reader, node, "expected the address of one host");
	return true;
}

bool config_read_address(struct config_reader *reader, const struct config_node *node,
			 const struct config_field *field, void *to)
{
	bool is_text = node->kind == CONFIG_SCALAR && strlen(node->text) == node->len;
	struct maglev_lib_addr addr = { .len = MAGLEV_IPV4_BYTES };
	struct in6_addr v6;

	(void)field;
	if (is_text && inet_pton(AF_INET6, node->text, &v6) == 1) {
		addr.len = MAGLEV_IPV6_BYTES;
		memcpy(addr.byte, &v6, sizeof(v6));
	} else if (!is_text || inet_pton(AF_INET, node->text, addr.byte) != 1) {
		return config_refuse(reader, node,
				     "expected an address such as 10.0.0.1 or 2001:db8::1");
	}
	if (!check_host(reader, node, &addr))
		return false;
	memcpy(to, &addr, sizeof(addr));
	return true;
}

bool config_read_endpoint(struct config_reader *reader, const struct config_node *node,
			  const struct config_field *field, void *to)
{
	struct endpoint endpoint;

	(void)field;
	if (node->kind != CONFIG_SCALAR || strlen(node->text) != node->len ||
	    !endpoint_parse(&endpoint, node->text))
		return config_refuse(reader, node,
				     "expected an address and a port such as 10.0.0.1:8470 or "
				     "\"[2001:db8::1]:8470\"");
	if (!check_host(reader, node, &endpoint.addr))
		return false;
	memcpy(to, &endpoint, sizeof(endpoint));
	return true;
}

bool config_is_bytes(const struct config_node *node, size_t most)
{
	return node->kind == CONFIG_SCALAR && !config_node_is_null(node) && node->len &&
	       node->len <= most;
}

bool config_is_text(const struct config_node *node, size_t most, char first, const char *but)
{
	size_t i;

	if (!config_is_bytes(node, most))
		return false;
	for (i = 0; i < node->len; i++)
		if (node->text[i] < first || node->text[i] > '~' || strchr(but, node->text[i]))
			return false;
	return true;
}

const struct config_node *config_items(const struct config_node *node, struct config_node *single)
{
	if (node->kind == CONFIG_LIST)
		return node->first;
	*single = *node;
	single->next = NULL;
	return single;
}

u32 config_items_n(const struct config_node *node)
{
	return node->kind == CONFIG_LIST ? node->n : 1;
}

bool config_keep_text(struct config_reader *reader, const struct config_node *node, const char **to)
{
	*to = config_memory_text(reader->keep, node->text, node->len);
	return *to || config_refuse_memory(reader);
}
