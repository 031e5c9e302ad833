// SPDX-License-Identifier: GPL-2.0-only
/* Checks: what is common to all types, and which keys each type has. */
#include "config_check.h"

#include "config_question.h"
#include "config_value.h"

#include <stdint.h>
#include <string.h>

enum {
	TCP = 1 << CHECK_TCP,
	UDP = 1 << CHECK_UDP,
	DNS = 1 << CHECK_DNS,
	HTTPS = 1 << CHECK_HTTPS,
	HTTP = 1 << CHECK_HTTP | HTTPS,
	ICMP = 1 << CHECK_ICMP,
	SCRIPT = 1 << CHECK_SCRIPT,
	AGENT = 1 << CHECK_AGENT,
	TUNNELLED = TCP | HTTP | UDP | DNS, /* what can go through tunnels */
	INTERVAL_MIN_MS = 100,
	TIMEOUT_MIN_MS = 10,
	TIME_MAX_MS = 60 * 60 * 1000,
	COUNT_MAX = 100,
	JITTER_MAX = 50,
	JITTER_DEFAULT = 20,
	DNS_A = 1,
	RCODE_MAX = 15,
	FIELD_TYPE = 0,
};

static const char *const names[] = {
	[CHECK_TCP] = "a tcp check",	   [CHECK_HTTP] = "an http check",
	[CHECK_HTTPS] = "an https check",  [CHECK_UDP] = "a udp check",
	[CHECK_DNS] = "a dns check",	   [CHECK_ICMP] = "an icmp check",
	[CHECK_SCRIPT] = "a script check", [CHECK_AGENT] = "an agent check",
};

static const struct config_word types[] = {
	{ "tcp", CHECK_TCP },	  { "http", CHECK_HTTP },     { "https", CHECK_HTTPS },
	{ "udp", CHECK_UDP },	  { "dns", CHECK_DNS },	      { "icmp", CHECK_ICMP },
	{ "agent", CHECK_AGENT }, { "script", CHECK_SCRIPT }, {},
};

static const struct config_word vias[] = {
	{ "tunnel", CHECK_TUNNEL },
	{ "direct", CHECK_DIRECT },
	{},
};

static const struct config_word roles[] = {
	{ "routing", CHECK_ROUTING },
	{ "diagnostic", CHECK_DIAGNOSTIC },
	{},
};

enum preset {
	AGGRESSIVE,
	BALANCED,
	CONSERVATIVE,
};

static const struct config_word presets[] = {
	{ "aggressive", AGGRESSIVE },
	{ "balanced", BALANCED },
	{ "conservative", CONSERVATIVE },
	{},
};

static const struct config_word queries[] = {
	{ "A", DNS_A }, { "AAAA", 28 }, { "NS", 2 },   { "SOA", 6 },  { "TXT", 16 },
	{ "MX", 15 },	{ "CNAME", 5 }, { "PTR", 12 }, { "SRV", 33 }, {},
};

/* RFC 1035 and RFC 2136. */
static const struct config_word rcodes[] = {
	{ "NOERROR", 0 }, { "FORMERR", 1 }, { "SERVFAIL", 2 }, { "NXDOMAIN", 3 },
	{ "NOTIMP", 4 },  { "REFUSED", 5 }, { "YXDOMAIN", 6 }, { "YXRRSET", 7 },
	{ "NXRRSET", 8 }, { "NOTAUTH", 9 }, { "NOTZONE", 10 }, {},
};

static u32 bit(const struct check *check)
{
	return 1U << check->type;
}

static void take_preset(struct check *check, enum preset preset)
{
	static const struct {
		u32 interval_ms, timeout_ms, fall;
	} times[] = {
		[AGGRESSIVE] = { 2000, 1000, 2 },
		[BALANCED] = { 5000, 2000, 3 },
		[CONSERVATIVE] = { 10000, 5000, 5 },
	};

	check->interval_ms = times[preset].interval_ms;
	check->timeout_ms = times[preset].timeout_ms;
	check->fall = times[preset].fall;
	check->rise = 2;
}

static bool read_preset(struct config_reader *reader, const struct config_node *node,
			const struct config_field *field, void *to)
{
	struct config_field number = *field;
	u32 preset;

	number.size = sizeof(preset);
	if (!config_read_word(reader, node, &number, &preset))
		return false;
	take_preset(to, preset);
	return true;
}

static const struct config_field fields[] = {
	{ "type", config_read_word, "tcp", CONFIG_MEMBER(struct check, type), .words = types },
	{ "preset", read_preset, .words = presets }, /* before what it is a default of */
	{ "via", config_read_word, CONFIG_MEMBER(struct check, via), .words = vias },
	{ "role", config_read_word, CONFIG_MEMBER(struct check, role), .words = roles },
	{ "interval", config_read_time, CONFIG_MEMBER(struct check, interval_ms),
	  .least = INTERVAL_MIN_MS, .most = TIME_MAX_MS },
	{ "fast_interval", config_read_time, CONFIG_MEMBER(struct check, fast_interval_ms),
	  .least = INTERVAL_MIN_MS, .most = TIME_MAX_MS },
	{ "timeout", config_read_time, CONFIG_MEMBER(struct check, timeout_ms),
	  .least = TIMEOUT_MIN_MS, .most = TIME_MAX_MS },
	{ "rise", config_read_number, CONFIG_MEMBER(struct check, rise), .least = 1,
	  .most = COUNT_MAX },
	{ "fall", config_read_number, CONFIG_MEMBER(struct check, fall), .least = 1,
	  .most = COUNT_MAX },
	{ "jitter", config_read_number, CONFIG_MEMBER(struct check, jitter_percent),
	  .most = JITTER_MAX },
	{ "port", config_read_number, CONFIG_MEMBER(struct check, port), .least = 1,
	  .most = UINT16_MAX, .variants = ~ICMP },
	{ "full_size", config_read_bool, CONFIG_MEMBER(struct check, full_size),
	  .variants = HTTP | DNS },
	{ "method", config_read_method, CONFIG_MEMBER(struct check, http.method),
	  .variants = HTTP },
	{ "path", config_read_path, CONFIG_MEMBER(struct check, http.path), .variants = HTTP },
	{ "host", config_read_host, CONFIG_MEMBER(struct check, http.host), .variants = HTTP },
	{ "sni", config_read_sni, CONFIG_MEMBER(struct check, http.sni), .variants = HTTPS },
	{ "verify", config_read_bool, CONFIG_MEMBER(struct check, http.verify), .variants = HTTPS },
	{ "headers", config_read_headers, CONFIG_MEMBER(struct check, http), .variants = HTTP },
	{ "status", config_read_statuses, CONFIG_MEMBER(struct check, http), .variants = HTTP },
	{ "body", config_read_body, CONFIG_MEMBER(struct check, http.body), .variants = HTTP },
	{ "send", config_read_bytes, CONFIG_MEMBER(struct check, talk.send),
	  .variants = TCP | UDP | AGENT },
	{ "expect", config_read_bytes, CONFIG_MEMBER(struct check, talk.expect),
	  .variants = TCP | UDP },
	{ "name", config_read_domain, "example.com", CONFIG_MEMBER(struct check, dns.name),
	  .variants = DNS },
	{ "query", config_read_word, CONFIG_MEMBER(struct check, dns.type), .words = queries,
	  .least = 1, .most = UINT16_MAX, .variants = DNS },
	{ "rcode", config_read_word, CONFIG_MEMBER(struct check, dns.rcode), .words = rcodes,
	  .most = RCODE_MAX, .variants = DNS },
	{ "command", config_read_command, "[/usr/local/bin/check]",
	  CONFIG_MEMBER(struct check, script.argv), .variants = SCRIPT },
};

static const struct config_table table = CONFIG_TABLE(fields);

/* Probes through tunnels are the kernel's to send. */
static void set_defaults(const struct config_reader *reader, struct check *check)
{
	static const struct check_range fine = { .first = 200, .last = 399 };

	take_preset(check, BALANCED);
	check->jitter_percent = JITTER_DEFAULT;
	check->via = bit(check) & TUNNELLED && !reader->config->socket ? CHECK_TUNNEL :
									 CHECK_DIRECT;
	if (check->type == CHECK_DNS)
		check->dns.type = DNS_A;
	if (!(bit(check) & HTTP))
		return;
	check->http.method = "GET";
	check->http.path = "/";
	check->http.status = &fine;
	check->http.n_statuses = 1;
}

/* Half the interval, but no start before the attempt before it has ended. */
static u32 default_fast(const struct check *check)
{
	u32 fast_ms = check->interval_ms / 2;

	if (fast_ms < check->timeout_ms)
		fast_ms = check->timeout_ms;
	return fast_ms > INTERVAL_MIN_MS ? fast_ms : INTERVAL_MIN_MS;
}

static bool check_times(struct config_reader *reader, const struct config_node *node,
			struct check *check)
{
	const struct config_node *timeout = config_node_find(node, "timeout");
	const struct config_node *fast = config_node_find(node, "fast_interval");
	char text[CONFIG_TIME_TEXT];

	/* No preset is so, hence one of the two keys is there. */
	if (check->timeout_ms >= check->interval_ms && timeout)
		return config_refuse_key(reader, timeout, "expected less than the interval, %s",
					 config_time_text(check->interval_ms, text));
	if (check->timeout_ms >= check->interval_ms)
		return config_refuse_key(reader, config_node_find(node, "interval"),
					 "expected more than the timeout, %s",
					 config_time_text(check->timeout_ms, text));
	if (!fast)
		check->fast_interval_ms = default_fast(check);
	if (check->fast_interval_ms < check->timeout_ms)
		return config_refuse_key(reader, fast, "expected at least the timeout, %s",
					 config_time_text(check->timeout_ms, text));
	if (check->fast_interval_ms > check->interval_ms)
		return config_refuse_key(reader, fast, "expected at most the interval, %s",
					 config_time_text(check->interval_ms, text));
	return true;
}

static bool check_way(struct config_reader *reader, const struct config_node *node,
		      const struct check *check)
{
	if (check->via == CHECK_TUNNEL && !(bit(check) & TUNNELLED))
		return config_refuse_key(reader, config_node_find(node, "via"),
					 "%s is always direct", names[check->type]);
	if (check->via == CHECK_TUNNEL && reader->config->socket)
		return config_refuse_key(reader, config_node_find(node, "via"),
					 "only with dataplane: kernel");
	if (check->full_size && check->via != CHECK_TUNNEL)
		return config_refuse_key(reader, config_node_find(node, "full_size"),
					 "only with via: tunnel");
	if (check->type == CHECK_AGENT && !check->port)
		return config_refuse_missing(reader, node, "port", "8080");
	return true;
}

static bool check_question(struct config_reader *reader, const struct config_node *node,
			   struct check *check)
{
	if (!(bit(check) & HTTP))
		return true;
	if (check->http.body && !strcmp(check->http.method, "HEAD"))
		return config_refuse_key(reader, config_node_find(node, "body"),
					 "there is none with method: HEAD");
	return check->type != CHECK_HTTPS || check->http.sni ||
	       config_default_sni(reader, &check->http);
}

static bool read_check(struct config_reader *reader, const struct config_node *node,
		       struct check *check)
{
	bool has_type = config_node_find(node, "type");

	/* The type says which keys there are. Without one it is refused, at the latest for that. */
	if (!config_read_ahead(reader, node, &fields[FIELD_TYPE], check))
		return false;
	set_defaults(reader, check);
	return config_read_mapping(reader, node, &table, has_type ? bit(check) : ~0U,
				   has_type ? names[check->type] : NULL, check) &&
	       check_way(reader, node, check) && check_times(reader, node, check) &&
	       check_question(reader, node, check);
}

static bool read_all(struct config_reader *reader, struct check *check)
{
	struct config_place place = { .word = "check" };
	const struct config_place *outer = reader->place;
	const struct config_node *key;
	bool ok = true;
	size_t i;

	reader->place = &place;
	for (i = 0; i < reader->checks.n && ok; i++) {
		key = reader->checks.name[i].at;
		place.name = key->text;
		ok = config_keep_text(reader, key, &check[i].name) &&
		     read_check(reader, key->next, &check[i]);
	}
	reader->place = outer;
	return ok;
}

bool config_read_checks(struct config_reader *reader, const struct config_node *node,
			const struct config_field *field, void *to)
{
	struct check *check;

	(void)field;
	(void)to;
	check = config_names_of(reader, node, reader->keep, sizeof(*check), &reader->checks);
	if (!check || !read_all(reader, check))
		return false;
	reader->config->check = check;
	reader->config->n_checks = reader->checks.n;
	return config_names_sort(reader, &reader->checks);
}
