// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever ends up in a request is kept from ending it early: no line feeds in headers, no blanks
 * in paths.
 */
#include "config_question.h"

#include "config_regex.h"
#include "config_text.h"
#include "config_value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PATH_BYTES = 2048,
	HEADER_BYTES = 4096,
	DOMAIN_BYTES = 253, /* RFC 1035, section 2.3.4, as text */
	LABEL_BYTES = 63,
	TALK_BYTES = 1024,
	ARGUMENT_BYTES = 4096,
	HEADERS_MAX = 64,
	STATUS_MIN = 100,
	STATUS_MAX = 599,
};

bool config_read_method(struct config_reader *reader, const struct config_node *node,
			const struct config_field *field, void *to)
{
	(void)field;
	if (!config_node_is(node, "GET") && !config_node_is(node, "HEAD"))
		return config_refuse(reader, node, "expected one of GET, HEAD");
	return config_keep_text(reader, node, to);
}

bool config_read_path(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to)
{
	(void)field;
	if (!config_is_text(node, PATH_BYTES, '!', "#") || *node->text != '/')
		return config_refuse(reader, node,
				     "expected a path such as /health, blanks written as %%20");
	return config_keep_text(reader, node, to);
}

bool config_read_host(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to)
{
	(void)field;
	if (!config_is_text(node, DOMAIN_BYTES, '!', "/\\@?#\"'<>,;(){}"))
		return config_refuse(reader, node,
				     "expected a host such as example.com or example.com:8080");
	return config_keep_text(reader, node, to);
}

/* Labels of letters, digits, - and _, none of them empty; the last dot may be there. */
static bool is_domain(const struct config_node *node)
{
	size_t i, label = 0;
	char c;

	if (!config_is_text(node, DOMAIN_BYTES + 1, '!', ""))
		return false;
	for (i = 0; i < node->len; i++) {
		c = node->text[i];
		if (c == '.' && !label)
			return false;
		label = c == '.' ? 0 : label + 1;
		if (label > LABEL_BYTES || !strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.",
						   c >= 'A' && c <= 'Z' ? c | 0x20 : c))
			return false;
	}
	return node->len - !label <= DOMAIN_BYTES;
}

bool config_read_sni(struct config_reader *reader, const struct config_node *node,
		     const struct config_field *field, void *to)
{
	struct in_addr v4;

	(void)field;
	/* RFC 6066, section 3: no address, no last dot. */
	if (!is_domain(node) || node->text[node->len - 1] == '.' ||
	    inet_pton(AF_INET, node->text, &v4) == 1)
		return config_refuse(reader, node, "expected a name such as example.com");
	return config_keep_text(reader, node, to);
}

bool config_default_sni(struct config_reader *reader, struct check_http *http)
{
	const char *colon = http->host ? strchr(http->host, ':') : NULL;

	/* More colons are an address, which is nobody's name. */
	if (!colon || strchr(colon + 1, ':'))
		return true;
	http->sni = config_memory_text(reader->keep, http->host, colon - http->host);
	return http->sni || config_refuse_memory(reader);
}

/* RFC 9110, section 5.1: a token. */
static bool is_header_name(const struct config_node *node)
{
	return config_is_text(node, HEADER_BYTES, '!', "\"(),/:;<=>?@[\\]{}");
}

static bool is_header_value(const struct config_node *node)
{
	size_t i;

	if (!config_is_bytes(node, HEADER_BYTES))
		return false;
	for (i = 0; i < node->len; i++)
		if (((u8)node->text[i] < ' ' && node->text[i] != '\t') || node->text[i] == 0x7f)
			return false;
	return true;
}

/* The value may be a password: it is not repeated. */
static bool read_header(struct config_reader *reader, const struct config_node *key,
			const char **header)
{
	char *text;

	if (!is_header_name(key))
		return config_refuse(reader, key, "expected the name of a header");
	if (!strcasecmp(key->text, "host"))
		return config_refuse(reader, key, "write it as the check's host");
	if (!is_header_value(key->next))
		return config_refuse_unquoted(reader, key->next,
					      "%.64s: expected a line of at most %d bytes",
					      key->text, HEADER_BYTES);
	text = config_keep(reader, key->len + sizeof(": ") + key->next->len, 1);
	*header = text;
	if (text)
		sprintf(text, "%s: %s", key->text, key->next->text);
	return text;
}

bool config_read_headers(struct config_reader *reader, const struct config_node *node,
			 const struct config_field *field, void *to)
{
	const struct config_node *key, *other;
	struct check_http *http = to;
	const char **header;

	(void)field;
	if (node->kind != CONFIG_MAPPING || node->n > 2 * HEADERS_MAX)
		return config_refuse(reader, node,
				     "expected a mapping of up to %d names and values",
				     HEADERS_MAX);
	header = config_keep(reader, node->n / 2, sizeof(*header));
	http->header = header;
	if (!header)
		return false;
	for (key = node->first; key; key = key->next->next) {
		if (!read_header(reader, key, header++))
			return false;
		for (other = node->first; other != key; other = other->next->next)
			if (!strcasecmp(key->text, other->text))
				return config_refuse(reader, key, "given twice, first in line %u",
						     other->line);
		http->n_headers++;
	}
	return true;
}

static bool read_range(const struct config_node *node, struct check_range *range)
{
	const char *dash;
	u32 first, last;

	if (node->kind != CONFIG_SCALAR)
		return false;
	dash = memchr(node->text, '-', node->len);
	if (!dash)
		dash = node->text + node->len;
	if (!config_parse_number(node->text, dash - node->text, STATUS_MAX, &first))
		return false;
	last = first;
	if (*dash &&
	    !config_parse_number(dash + 1, node->text + node->len - dash - 1, STATUS_MAX, &last))
		return false;
	range->first = first;
	range->last = last;
	return first >= STATUS_MIN && last >= first;
}

bool config_read_statuses(struct config_reader *reader, const struct config_node *node,
			  const struct config_field *field, void *to)
{
	const struct config_node *item;
	struct check_http *http = to;
	struct config_node single;
	struct check_range *range;

	(void)field;
	range = config_keep(reader, config_items_n(node), sizeof(*range));
	if (!range)
		return false;
	http->status = range;
	http->n_statuses = config_items_n(node);
	if (!http->n_statuses)
		return config_refuse(reader, node, "expected at least one, such as 200-299");
	for (item = config_items(node, &single); item; item = item->next)
		if (!read_range(item, range++))
			return config_refuse(reader, item,
					     "expected statuses from %d to %d, such as 404 or "
					     "200-299",
					     STATUS_MIN, STATUS_MAX);
	return true;
}

bool config_read_body(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to)
{
	char room[CONFIG_REGEX_WHY];
	const char *why;

	(void)field;
	if (!config_is_bytes(node, CONFIG_REGEX_BYTES) || strlen(node->text) != node->len)
		return config_refuse(reader, node,
				     "expected an extended regular expression of at most %d bytes",
				     CONFIG_REGEX_BYTES);
	why = config_regex_check(node->text, room);
	if (why)
		return config_refuse(reader, node, "expected an extended regular expression: %s",
				     why);
	return config_keep_text(reader, node, to);
}

bool config_read_domain(struct config_reader *reader, const struct config_node *node,
			const struct config_field *field, void *to)
{
	(void)field;
	if (!config_node_is(node, ".") && !is_domain(node))
		return config_refuse(reader, node, "expected a name such as example.com");
	return config_keep_text(reader, node, to);
}

/* Escapes are bytes: "\xff" is one, not the two that UTF-8 has for that character. */
static size_t unfold(char *bytes, const struct config_node *node)
{
	size_t at, step, n = 0;
	u32 number;

	for (at = 0; at < node->len; at += step) {
		step = config_text_char(node->text + at, node->len - at, &number);
		if (!step || number > 0xff)
			return 0;
		bytes[n++] = number;
	}
	return n;
}

bool config_read_bytes(struct config_reader *reader, const struct config_node *node,
		       const struct config_field *field, void *to)
{
	size_t len = 0;
	char *bytes;

	(void)field;
	if (!config_is_bytes(node, 2 * TALK_BYTES))
		return config_refuse(reader, node, "expected a text of at most %d bytes",
				     TALK_BYTES);
	bytes = config_keep(reader, node->len, 1);
	if (!bytes)
		return false;
	if (node->is_ascii)
		len = unfold(bytes, node);
	if (!len)
		return config_refuse(reader, node,
				     "expected ASCII, and other bytes as \"\\xff\" in quotes");
	if (len > TALK_BYTES)
		return config_refuse(reader, node, "expected a text of at most %d bytes",
				     TALK_BYTES);
	memcpy(to, &bytes, sizeof(bytes));
	memcpy((char *)to + sizeof(bytes), &len, sizeof(len));
	return true;
}

static_assert(offsetof(struct check_talk, send_len) ==
			      offsetof(struct check_talk, send) + sizeof(char *) &&
		      offsetof(struct check_talk, expect_len) ==
			      offsetof(struct check_talk, expect) + sizeof(char *),
	      "each length follows its bytes");

/* A program that cannot be run would take all backends away, one by one. */
static bool check_program(struct config_reader *reader, const struct config_node *node)
{
	struct stat status;

	if (*node->text != '/')
		return config_refuse(reader, node, "expected the absolute path of a program");
	if (stat(node->text, &status))
		return config_refuse(reader, node, "%s", strerror(errno));
	if (!S_ISREG(status.st_mode) || access(node->text, X_OK))
		return config_refuse(reader, node, "no program that can be run");
	return true;
}

bool config_read_command(struct config_reader *reader, const struct config_node *node,
			 const struct config_field *field, void *to)
{
	const struct config_node *item;
	const char *const **command = to;
	struct config_node single;
	const char **argv;

	(void)field;
	argv = config_keep(reader, config_items_n(node) + 1, sizeof(*argv));
	if (!argv)
		return false;
	*command = argv;
	if (!config_items_n(node))
		return config_refuse(reader, node, "expected a program and its arguments");
	for (item = config_items(node, &single); item; item = item->next) {
		if (!config_is_bytes(item, ARGUMENT_BYTES) || strlen(item->text) != item->len)
			return config_refuse(reader, item, "expected a text of at most %d bytes",
					     ARGUMENT_BYTES);
		if (!config_keep_text(reader, item, argv++))
			return false;
	}
	return check_program(reader, config_items(node, &single));
}
