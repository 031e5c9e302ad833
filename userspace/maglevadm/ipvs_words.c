// SPDX-License-Identifier: GPL-2.0-only
/*
 * ipvsadm reads its words with popt, which differs from getopt: long options are written
 * out, the value of -p may be missing, and "=" may stand between a letter and its value.
 * Numbers, names and addresses are read as ipvsadm's own functions do.
 */
#include "ipvs_words.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum value {
	VALUE_NONE,
	VALUE_NEEDED,
	VALUE_OPTIONAL,
};

struct row {
	const char *name;
	char letter;
	u8 value; /* enum value */
	u8 word; /* enum ipvs_word */
};

static const struct row rows[] = {
	{ "add-service", 'A', VALUE_NONE, IPVS_ADD_SERVICE },
	{ "edit-service", 'E', VALUE_NONE, IPVS_EDIT_SERVICE },
	{ "delete-service", 'D', VALUE_NONE, IPVS_DELETE_SERVICE },
	{ "clear", 'C', VALUE_NONE, IPVS_CLEAR },
	{ "list", 'L', VALUE_NONE, IPVS_LIST },
	{ "list", 'l', VALUE_NONE, IPVS_LIST },
	{ "zero", 'Z', VALUE_NONE, IPVS_ZERO },
	{ "add-server", 'a', VALUE_NONE, IPVS_ADD_SERVER },
	{ "edit-server", 'e', VALUE_NONE, IPVS_EDIT_SERVER },
	{ "delete-server", 'd', VALUE_NONE, IPVS_DELETE_SERVER },
	{ "set", 0, VALUE_NONE, IPVS_SET },
	{ "restore", 'R', VALUE_NONE, IPVS_RESTORE },
	{ "save", 'S', VALUE_NONE, IPVS_SAVE },
	{ "start-daemon", 0, VALUE_NEEDED, IPVS_START_DAEMON },
	{ "stop-daemon", 0, VALUE_NEEDED, IPVS_STOP_DAEMON },
	{ "help", 'h', VALUE_NONE, IPVS_HELP },
	{ "tcp-service", 't', VALUE_NEEDED, IPVS_TCP },
	{ "udp-service", 'u', VALUE_NEEDED, IPVS_UDP },
	{ "sctp-service", 0, VALUE_NEEDED, IPVS_SCTP },
	{ "fwmark-service", 'f', VALUE_NEEDED, IPVS_FWMARK },
	{ "ipv6", '6', VALUE_NONE, IPVS_IPV6 },
	{ "real-server", 'r', VALUE_NEEDED, IPVS_SERVER },
	{ "masquerading", 'm', VALUE_NONE, IPVS_MASQUERADING },
	{ "ipip", 'i', VALUE_NONE, IPVS_TUNNEL },
	{ "gatewaying", 'g', VALUE_NONE, IPVS_DIRECT },
	{ "tun-type", 0, VALUE_NEEDED, IPVS_TUN_TYPE },
	{ "tun-port", 0, VALUE_NEEDED, IPVS_TUN_PORT },
	{ "tun-nocsum", 0, VALUE_NONE, IPVS_TUN_NOCSUM },
	{ "tun-csum", 0, VALUE_NONE, IPVS_TUN_CSUM },
	{ "tun-remcsum", 0, VALUE_NONE, IPVS_TUN_REMCSUM },
	{ "numeric", 'n', VALUE_NONE, IPVS_NUMERIC },
	{ "connection", 'c', VALUE_NONE, IPVS_CONNECTION },
	{ "timeout", 0, VALUE_NONE, IPVS_TIMEOUT },
	{ "daemon", 0, VALUE_NONE, IPVS_DAEMON },
	{ "stats", 0, VALUE_NONE, IPVS_STATISTICS },
	{ "rate", 0, VALUE_NONE, IPVS_RATE },
	{ "thresholds", 0, VALUE_NONE, IPVS_THRESHOLDS },
	{ "persistent-conn", 0, VALUE_NONE, IPVS_PERSISTENT_CONN },
	{ "tun-info", 0, VALUE_NONE, IPVS_TUN_INFO },
	{ "nosort", 0, VALUE_NONE, IPVS_NOSORT },
	{ "sort", 0, VALUE_NONE, IPVS_SORT },
	{ "exact", 'X', VALUE_NONE, IPVS_EXACT },
	{ "scheduler", 's', VALUE_NEEDED, IPVS_SCHEDULER },
	{ "persistent", 'p', VALUE_OPTIONAL, IPVS_OTHER },
	{ "netmask", 'M', VALUE_NEEDED, IPVS_OTHER },
	{ "weight", 'w', VALUE_NEEDED, IPVS_WEIGHT },
	{ "u-threshold", 'x', VALUE_NEEDED, IPVS_OTHER },
	{ "l-threshold", 'y', VALUE_NEEDED, IPVS_OTHER },
	{ "mcast-interface", 0, VALUE_NEEDED, IPVS_OTHER },
	{ "syncid", 0, VALUE_NEEDED, IPVS_OTHER },
	{ "mcast-group", 0, VALUE_NEEDED, IPVS_OTHER },
	{ "mcast-port", 0, VALUE_NEEDED, IPVS_OTHER },
	{ "mcast-ttl", 0, VALUE_NEEDED, IPVS_OTHER },
	{ "sync-maxlen", 0, VALUE_NEEDED, IPVS_OTHER },
	{ "ops", 'o', VALUE_NONE, IPVS_OTHER },
	{ "pe", 0, VALUE_NEEDED, IPVS_OTHER },
	{ "sched-flags", 'b', VALUE_NEEDED, IPVS_OTHER },
};

#define REPEATABLE_BITS                                                         \
	(IPVS_BIT(IPVS_IPV6) | IPVS_BIT(IPVS_SORT) | IPVS_BIT(IPVS_SCHEDULER) | \
	 IPVS_BIT(IPVS_WEIGHT) | IPVS_BIT(IPVS_OTHER))

enum {
	ROWS = sizeof(rows) / sizeof(*rows),
	HOST_TEXT = 256,
	PORT_MAX = 65535,
};

static const char *const tunnel_types[] = {
	[IP_VS_CONN_F_TUNNEL_TYPE_IPIP] = "ipip",
	[IP_VS_CONN_F_TUNNEL_TYPE_GUE] = "gue",
	[IP_VS_CONN_F_TUNNEL_TYPE_GRE] = "gre",
};

/* How far reading stands. */
struct reader {
	struct ipvs_words *words;
	int argc;
	char *const *argv;
	int next;
	const char *letters; /* the rest of a word of them; NULL or "": none */
	bool values_only; /* behind "--" */
	const char *extra; /* the first word that is no option's */
	const char *at; /* the word of the option being read */
	const char *value; /* of it, or NULL */
};

static const struct row *find_letter(char letter)
{
	const struct row *row;

	for (row = rows; row < rows + ROWS; row++)
		if (row->letter && row->letter == letter)
			return row;
	return NULL;
}

static const struct row *find_name(struct span name)
{
	const struct row *row;

	for (row = rows; row < rows + ROWS; row++)
		if (span_is(name, row->name))
			return row;
	return NULL;
}

enum ipvs_word ipvs_command_of(const char *word)
{
	const struct row *row = NULL;
	struct span value;

	if (word[0] == '-' && word[1] == '-')
		row = find_name(span_cut(span_of(word + 2), '=', &value));
	else if (word[0] == '-')
		row = find_letter(word[1]);
	return row && row->word < IPVS_COMMANDS ? row->word : IPVS_NOTHING;
}

static bool refuse(struct reader *reader, const char *bad, const char *why)
{
	reader->words->bad = bad;
	reader->words->why = why;
	return false;
}

static bool take_value(struct reader *reader, const struct row *row)
{
	bool more = reader->next < reader->argc;

	if (more && row->value == VALUE_OPTIONAL && reader->argv[reader->next][0] == '-')
		more = false;
	if (more)
		reader->value = reader->argv[reader->next++];
	return more || row->value == VALUE_OPTIONAL;
}

static bool next_letter(struct reader *reader, const struct row **found)
{
	const struct row *row = find_letter(*reader->letters);

	if (!row)
		return refuse(reader, reader->at, "not an option of ipvsadm");
	reader->letters++;
	reader->value = NULL;
	*found = row;
	if (row->value == VALUE_NONE)
		return true;
	if (*reader->letters) {
		reader->value = reader->letters + (*reader->letters == '=');
		reader->letters = NULL;
		return true;
	}
	return take_value(reader, row) || refuse(reader, NULL, "its value is missing");
}

static bool next_name(struct reader *reader, const char *word, const struct row **found)
{
	struct span value, name = span_cut(span_of(word), '=', &value);
	const struct row *row = find_name(name);

	if (!row)
		return refuse(reader, reader->at, "not an option of ipvsadm");
	*found = row;
	reader->value = value.at;
	if (row->value == VALUE_NONE && value.at)
		return refuse(reader, value.at, "this option takes no value");
	if (row->value == VALUE_NONE || value.at)
		return true;
	return take_value(reader, row) || refuse(reader, NULL, "its value is missing");
}

/* Find the next option; *found is NULL at the end. Return: false if something is wrong. */
static bool next_option(struct reader *reader, const struct row **found)
{
	const char *word;

	*found = NULL;
	if (reader->letters && *reader->letters)
		return next_letter(reader, found);
	while (reader->next < reader->argc) {
		word = reader->argv[reader->next++];
		if (reader->values_only || word[0] != '-' || !word[1]) {
			if (!reader->extra)
				reader->extra = word;
			continue;
		}
		reader->at = word;
		if (word[1] != '-') {
			reader->letters = word + 1;
			return next_letter(reader, found);
		}
		if (word[2])
			return next_name(reader, word + 2, found);
		reader->values_only = true;
	}
	return true;
}

static bool read_number(const char *text, long least, long most, long *number)
{
	char *end;

	errno = 0;
	*number = strtol(text, &end, 10);
	return end != text && !*end && !errno && *number >= least && *number <= most;
}

static bool read_port(const char *text, u16 protocol, __be16 *port)
{
	const char *name = protocol == IPPROTO_UDP  ? "udp" :
			   protocol == IPPROTO_SCTP ? "sctp" :
						      "tcp";
	struct servent *service;
	long number;

	if (read_number(text, 0, PORT_MAX, &number)) {
		*port = htons(number);
		return true;
	}
	service = getservbyname(text, name);
	if (service)
		*port = service->s_port;
	return service;
}

static bool read_host(const char *host, struct ipvs_address *address)
{
	struct hostent *found;
	struct in_addr addr;

	memset(address->byte, 0, sizeof(address->byte));
	address->af = AF_INET;
	if (!inet_aton(host, &addr)) {
		found = gethostbyname(host);
		if (!found || found->h_addrtype != AF_INET)
			return false;
		memcpy(&addr, found->h_addr_list[0], sizeof(addr));
	}
	memcpy(address->byte, &addr, sizeof(addr));
	return true;
}

/* Read HOST, HOST:PORT or [ADDRESS]:PORT; without a port, address->port stays. */
static bool read_address(const char *text, u16 protocol, struct ipvs_address *address)
{
	char host[HOST_TEXT], *port;

	if (!text[strspn(text, "0123456789")] || strlen(text) >= sizeof(host))
		return false;
	strcpy(host, text + (*text == '['));
	if (*text == '[') {
		port = strchr(host, ']');
		if (!port || port[1] != ':')
			return false;
		*port++ = 0;
	} else {
		port = NULL;
	}
	if (inet_pton(AF_INET6, host, address->byte) == 1) {
		address->af = AF_INET6;
		return !port || read_port(port + 1, protocol, &address->port);
	}
	if (*text == '[')
		return false;
	port = strrchr(host, ':');
	if (port)
		*port = 0;
	return read_host(host, address) && (!port || read_port(port + 1, protocol, &address->port));
}

static bool read_service(struct ipvs_words *words, enum ipvs_word word, const char *value)
{
	struct ipvs_key *key = &words->service;
	long number;

	if (word == IPVS_FWMARK) {
		key->address.af = AF_INET;
		key->protocol = IPPROTO_TCP;
		if (!read_number(value, 1, 0xffffffffL, &number))
			return false;
		key->fwmark = number;
		return true;
	}
	key->protocol = word == IPVS_TCP ? IPPROTO_TCP :
			word == IPVS_UDP ? IPPROTO_UDP :
					   IPPROTO_SCTP;
	return read_address(value, key->protocol, &key->address);
}

static bool read_type(struct ipvs_way *way, const char *value)
{
	size_t type;

	for (type = 0; type < sizeof(tunnel_types) / sizeof(*tunnel_types); type++)
		if (!strcmp(value, tunnel_types[type]))
			break;
	way->type = type;
	return type < sizeof(tunnel_types) / sizeof(*tunnel_types);
}

static bool read_value(struct reader *reader, enum ipvs_word word)
{
	struct ipvs_words *words = reader->words;
	const char *value = reader->value;
	long number;

	switch (word) {
	case IPVS_TCP:
	case IPVS_UDP:
	case IPVS_SCTP:
	case IPVS_FWMARK:
		return read_service(words, word, value);
	case IPVS_SERVER:
		words->server.port = words->service.address.port;
		return read_address(value, words->service.protocol, &words->server);
	case IPVS_TUN_TYPE:
		return read_type(&words->way, value);
	case IPVS_TUN_PORT:
		if (!read_number(value, 1, PORT_MAX, &number))
			return false;
		words->way.port = htons(number);
		return true;
	case IPVS_WEIGHT:
		/* ipvsadm has a better sentence for what is none. */
		words->weight = read_number(value, 0, 0x7fffffff, &number) ? number : -1;
		return true;
	case IPVS_SCHEDULER:
		words->scheduler = value;
		return true;
	default:
		return true;
	}
}

static void apply(struct ipvs_words *words, enum ipvs_word word)
{
	switch (word) {
	case IPVS_IPV6:
		words->service.address.af = AF_INET6;
		break;
	case IPVS_MASQUERADING:
		words->way.method = IP_VS_CONN_F_MASQ;
		break;
	case IPVS_TUNNEL:
		words->way.method = IP_VS_CONN_F_TUNNEL;
		break;
	case IPVS_DIRECT:
		words->way.method = IP_VS_CONN_F_DROUTE;
		break;
	case IPVS_TUN_CSUM:
		words->way.flags |= IP_VS_TUNNEL_ENCAP_FLAG_CSUM;
		break;
	case IPVS_TUN_REMCSUM:
		words->way.flags |= IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM;
		break;
	default:
		break;
	}
}

/* Options that exclude each other are one to ipvsadm. */
static u64 group_of(enum ipvs_word word)
{
	u64 bit = IPVS_BIT(word);

	if (bit & IPVS_SERVICE_BITS)
		return IPVS_SERVICE_BITS;
	return bit & IPVS_METHOD_BITS ? IPVS_METHOD_BITS : bit;
}

static bool read_option(struct reader *reader, enum ipvs_word word)
{
	struct ipvs_words *words = reader->words;

	if (word < IPVS_COMMANDS)
		return refuse(reader, reader->at, "a second command");
	if (word == IPVS_IPV6 && !words->service.fwmark)
		return refuse(reader, reader->at, "-6 belongs behind -f MARK");
	if (words->given & group_of(word) & ~REPEATABLE_BITS)
		return refuse(reader, reader->at, "given twice");
	words->given |= IPVS_BIT(word);
	words->at[word] = reader->at;
	if (!read_value(reader, word))
		return refuse(reader, reader->value, "not a value that ipvsadm takes");
	apply(words, word);
	return true;
}

/* A tunnel and direct routing keep the port that clients see. */
static void settle_port(struct ipvs_words *words)
{
	bool adds = words->command == IPVS_ADD_SERVER || words->command == IPVS_EDIT_SERVER;

	if (adds && !words->service.fwmark && words->way.method != IP_VS_CONN_F_MASQ)
		words->server.port = words->service.address.port;
}

bool ipvs_words_read(struct ipvs_words *words, int argc, char *const *argv)
{
	struct reader reader = { .words = words, .argc = argc, .argv = argv };
	const struct row *row;

	memset(words, 0, sizeof(*words));
	words->way.method = IP_VS_CONN_F_DROUTE;
	words->weight = 1;
	if (!next_option(&reader, &row))
		return false;
	if (!row || row->word >= IPVS_COMMANDS)
		return refuse(&reader, argc ? argv[0] : NULL, "a command of ipvsadm comes first");
	words->command = row->word;
	while (next_option(&reader, &row)) {
		if (row) {
			if (!read_option(&reader, row->word))
				return false;
			continue;
		}
		if (reader.extra && words->command != IPVS_SET)
			return refuse(&reader, reader.extra, "not an option of ipvsadm");
		settle_port(words);
		return true;
	}
	return false;
}
