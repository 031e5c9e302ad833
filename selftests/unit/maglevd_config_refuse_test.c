// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/config*.c userspace/maglevd/endpoint.c userspace/lib/array.c
// unit-flags: -Iinclude/uapi -Iuserspace/lib -Iuserspace/maglevd -lfyaml
/* What is wrong in maglevd's file is said in one line: where, what it is, and what is accepted. */
#include "maglevd_config.h"

#include <fcntl.h>

#define CHECK(keys) "checks: {c: {" keys "}}\n"
#define SERVICES "pools: {p: [10.0.0.1], q: [10.0.0.2]}\nservices:\n"
#define SERVICE(keys) SERVICES "- {name: s, vip: 192.0.2.10" keys "}\n"
#define SERVED(keys) SERVICE(", port: 80, pool: p" keys)
#define AT(line, column) FILE_NAME ":" #line ":" #column ": "
#define SECTIONS \
	"dataplane, dpdk_socket, cluster, probes, http, peers, announce, checks, pools, policy, services"
#define TIMED "type, preset, via, role, interval, fast_interval, timeout, rise, fall, jitter"

struct refusal {
	const char *text;
	const char *message;
};

static void assert_all_refused(const struct refusal *refusal, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		assert_refused(refusal[i].text, refusal[i].message);
}

static void config_refuses_what_is_no_yaml(void **state)
{
	static const struct refusal refusals[] = {
		{ "a: [1\n", AT(2, 1) "not YAML: flow sequence without a closing bracket" },
		{ "a: b: c\n", AT(1, 5) "not YAML: invalid nested block mapping on the same line" },
		{ "a: \"b\n", AT(1, 5) "not YAML: double-quoted scalar without closing quote" },
		{ "a: @b\n", AT(1, 4) "not YAML: plain scalar cannot start with '@'" },
		{ "a: \xff\n", AT(1, 4) "not YAML: not a character that text may hold" },
		{ "# \xc3\xbc\na: \xc3\xbc\xed\xa0\x80\n",
		  AT(2, 5) "not YAML: not a character that text may hold" },
		{ "a: \x01\n", AT(1, 4) "not YAML: not a character that text may hold" },
		{ "a: \xc0\x80\n", AT(1, 4) "not YAML: not a character that text may hold" },
		{ "a: !!str b\n", AT(1, 4) "tags are not taken" },
		{ "a: 1\n---\nb: 1\n", AT(2, 1) "a second document" },
		{ "a: *b\n", AT(1, 4) "an alias without its anchor" },
		{ "a: &b [*b]\n", AT(1, 8) "an alias within its anchor" },
		{ "{[a]: b}\n", AT(1, 2) "a list: expected a word as the key" },
	};

	(void)state;
	assert_all_refused(refusals, ARRAY_SIZE(refusals));
}

static void config_refuses_dataplanes(void **state)
{
	static const struct refusal refusals[] = {
		{ "dataplane: xdp\n", AT(1, 12) "dataplane: xdp: expected one of kernel, dpdk" },
		{ "dpdk_socket: /a\n", AT(1, 14) "dpdk_socket: /a: only behind dataplane: dpdk" },
		{ "dataplane: dpdk\ndpdk_socket: a\n",
		  AT(2, 14) "dpdk_socket: a: expected a path of at most 107 bytes such as "
			    "/run/maglev-dpdk/socket" },
		{ "dataplane: dpdk\n" CHECK("type: tcp, via: tunnel"),
		  AT(2, 30) "check \"c\": via: tunnel: only with dataplane: kernel" },
	};

	(void)state;
	assert_all_refused(refusals, ARRAY_SIZE(refusals));
}

static void config_refuses_what_the_library_misreads(void **state)
{
	static const char *const texts[] = {
		"a: 'b''''c'\n",
		"a: 'b\n ''c'\n",
		"a: \"b\\\n c\"\n",
		"a: \"b\\\r\n c\"\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		assert_refused(texts[i], AT(1, 4) "quotes in a row or lines joined by escapes, "
						  "write it between double quotes in one line");
}

static void config_refuses_a_byte_zero_that_would_end_it_early(void **state)
{
	(void)state;
	assert_null(try_bytes("services:\0", 10));
	assert_string_equal(error, AT(1, 10) "not YAML: not a character that text may hold");
}

static void config_refuses_an_empty_file(void **state)
{
	static const struct refusal refusals[] = {
		{ "", AT(1, 1) "no value: expected a mapping with keys of " SECTIONS },
		{ "# all gone\n", AT(1, 1) "no value: expected a mapping with keys of " SECTIONS },
		{ "---\n...\n", AT(1, 1) "no value: expected a mapping with keys of " SECTIONS },
	};

	(void)state;
	assert_all_refused(refusals, ARRAY_SIZE(refusals));
}

static void config_refuses_wrong_keys(void **state)
{
	static const struct refusal refusals[] = {
		{ "[]\n", AT(1, 1) "a list: expected a mapping with keys of " SECTIONS },
		{ "service: []\n", AT(1, 1) "service: not a key, expected one of " SECTIONS },
		{ "pools: {}\nchecks: {}\npools: {}\n",
		  AT(3, 1) "pools: given twice, first in line 1" },
		{ CHECK("type: tcp, body: x"),
		  AT(1, 25) "check \"c\": body: not a key of a tcp check, expected one of " TIMED
			    ", port, send, expect" },
		{ CHECK("type: icmp, port: 1"),
		  AT(1, 26) "check \"c\": "
			    "port: not a key of an icmp check, expected one of " TIMED },
		{ CHECK("type: icmp, full_size: true"),
		  AT(1, 26) "check \"c\": full_size: not a key of an icmp check, expected one "
			    "of " TIMED },
		{ CHECK("rise: 2"), AT(1, 13) "check \"c\": type is missing, such as type: tcp" },
		{ CHECK("type: agent"),
		  AT(1, 13) "check \"c\": port is missing, such as port: 8080" },
		{ CHECK("type: dns"),
		  AT(1, 13) "check \"c\": name is missing, such as name: example.com" },
		{ CHECK("type: tcp, rise: [2]"),
		  AT(1, 31) "check \"c\": rise: a list: expected a number from 1 to 100" },
		{ CHECK("type: tcp, rise: "),
		  AT(1, 25) "check \"c\": rise: no value: expected a number from 1 to 100" },
		{ "checks: [c]\n", AT(1, 9) "checks: a list: expected a mapping of names" },
		{ "checks: {.c: {}}\n",
		  AT(1, 10) "checks: .c: "
			    "expected a name of at most 64 letters, digits, _ and .:-" },
		{ "checks: {c: {type: tcp}, c: {type: tcp}}\n",
		  AT(1, 26) "checks: c: there is one of that name in line 1" },
	};

	(void)state;
	assert_all_refused(refusals, ARRAY_SIZE(refusals));
}

static void config_refuses_wrong_numbers_and_words(void **state)
{
	static const struct refusal refusals[] = {
		{ CHECK("type: htp"),
		  AT(1, 20) "check \"c\": type: htp: expected one of tcp, http, https, udp, dns, "
			    "icmp, agent, script" },
		{ CHECK("type: tcp, fall: 101"),
		  AT(1, 31) "check \"c\": fall: 101: expected a number from 1 to 100" },
		{ CHECK("type: tcp, fall: 99999999999999999999"),
		  AT(1, 31) "check \"c\": fall: 99999999999999999999: expected a number from 1 to "
			    "100" },
		{ CHECK("type: tcp, fall: -1"),
		  AT(1, 31) "check \"c\": fall: -1: expected a number from 1 to 100" },
		{ CHECK("type: tcp, jitter: 51"),
		  AT(1, 33) "check \"c\": jitter: 51: expected a number from 0 to 50" },
		{ CHECK("type: http, full_size: yes"),
		  AT(1, 37) "check \"c\": full_size: yes: expected true or false" },
		{ CHECK("type: tcp, preset: fast"),
		  AT(1, 33) "check \"c\": preset: fast: expected one of aggressive, balanced, "
			    "conservative" },
		{ "cluster: {table_size: 65536}\n",
		  AT(1, 23) "cluster: table_size: 65536: expected a prime from 251 to 1048573, the "
			    "nearest is 65537" },
		{ "cluster: {table_size: large}\n",
		  AT(1, 23) "cluster: table_size: large: expected a prime from 251 to 1048573" },
		{ "probes: {mark_base: 0}\n",
		  AT(1, 21) "probes: mark_base: 0: expected a number from 0x1 to 0xffff0000" },
		{ "probes: {mark_base: 0xffff0001}\n",
		  AT(1, 21) "probes: mark_base: 0xffff0001: expected a number from 0x1 to "
			    "0xffff0000" },
		{ "probes: {mark_base: 0x}\n",
		  AT(1, 21) "probes: mark_base: 0x: expected a number from 0x1 to 0xffff0000" },
	};

	(void)state;
	assert_all_refused(refusals, ARRAY_SIZE(refusals));
}

static void config_refuses_wrong_times(void **state)
{
	static const struct refusal refusals[] = {
		{ CHECK("type: tcp, interval: 5x"),
		  AT(1, 35) "check \"c\": interval: 5x: expected a time such as 500ms, 5s, 10m" },
		{ CHECK("type: tcp, interval: 5"),
		  AT(1, 35) "check \"c\": interval: 5: expected a time such as 500ms, 5s, 10m" },
		{ CHECK("type: tcp, interval: 99ms"),
		  AT(1, 35) "check \"c\": interval: 99ms: expected a time from 100ms to 1h" },
		{ CHECK("type: tcp, interval: 99999999999h"),
		  AT(1, 35) "check \"c\": "
			    "interval: 99999999999h: expected a time from 100ms to 1h" },
		{ CHECK("type: tcp, timeout: 5s"),
		  AT(1, 34) "check \"c\": timeout: 5s: expected less than the interval, 5s" },
		{ CHECK("type: tcp, interval: 2s"),
		  AT(1, 35) "check \"c\": interval: 2s: expected more than the timeout, 2s" },
		{ CHECK("type: tcp, fast_interval: 1999ms"),
		  AT(1, 40) "check \"c\": "
			    "fast_interval: 1999ms: expected at least the timeout, 2s" },
		{ CHECK("type: tcp, fast_interval: 6s"),
		  AT(1, 40) "check \"c\": fast_interval: 6s: expected at most the interval, 5s" },
		{ "policy: {hold_down: 11m}\n",
		  AT(1, 21) "policy: hold_down: 11m: expected at most hold_down_max, 10m" },
		{ "policy: {slow_start: 61m}\n",
		  AT(1, 22) "policy: slow_start: 61m: expected a time from 0 to 1h" },
		{ "policy: {hold_down: 5s}\n" SERVED(", policy: {hold_down_max: 4s}"),
		  AT(4,
		     73) "service \"s\": policy: hold_down_max: 4s: expected at least hold_down, "
			 "5s" },
		{ SERVED(", timeouts: {half_open: 901s}"),
		  AT(3, 71) "service \"s\": timeouts: half_open: 901s: expected a time from 1s to "
			    "15m" },
		{ SERVED(", timeouts: {established: 121m}"),
		  AT(3,
		     73) "service \"s\": timeouts: established: 121m: expected a time from 1s to "
			 "2h" },
		{ SERVED(", timeouts: {reset: 1500ms}"),
		  AT(3, 67) "service \"s\": timeouts: reset: 1500ms: expected whole seconds" },
	};

	(void)state;
	assert_all_refused(refusals, ARRAY_SIZE(refusals));
}

static void config_refuses_wrong_addresses(void **state)
{
	static const struct refusal refusals[] = {
		{ "pools: {p: [10.0.0]}\n",
		  AT(1, 13) "pool \"p\": 10.0.0: expected an address such "
			    "as 10.0.0.1 or 2001:db8::1" },
		{ "pools: {p: [\"10.0.0.1:80\"]}\n",
		  AT(1, 13) "pool \"p\": 10.0.0.1:80: expected an address such as 10.0.0.1 or "
			    "2001:db8::1" },
		{ "pools: {p: [\"10.0.0.1\\0\"]}\n",
		  AT(1, 13) "pool \"p\": 10.0.0.1\\x00: expected an address such as 10.0.0.1 or "
			    "2001:db8::1" },
		{ "pools: {p: [\"::ffff:10.0.0.1\"]}\n",
		  AT(1, 13) "pool \"p\": ::ffff:10.0.0.1: an IPv4 address mapped to IPv6, write it "
			    "as 10.0.0.1" },
		{ "pools: {p: [224.0.0.1]}\n",
		  AT(1, 13) "pool \"p\": 224.0.0.1: expected the address of one host" },
		{ "probes: {sources: [\"::\"]}\n",
		  AT(1, 20) "probes: sources: ::: expected the address of one host" },
		{ "probes: {sources: [192.0.2.1, 192.0.2.1]}\n",
		  AT(1, 31) "probes: sources: 192.0.2.1: given twice" },
		{ SERVICES "- {name: s, vip: www, port: 80, pool: p}\n",
		  AT(3, 18) "service \"s\": vip: www: expected an address such as 10.0.0.1 or "
			    "2001:db8::1" },
	};

	(void)state;
	assert_all_refused(refusals, ARRAY_SIZE(refusals));
}

static void config_refuses_wrong_announcements(void **state)
{
	static const struct refusal refusals[] = {
		{ "announce: {table: 0}\n",
		  AT(1, 19) "announce: table: 0: expected one of main or a number from 1 to "
			    "4294967295" },
		{ "announce: {table: 255}\n",
		  AT(1, 19) "announce: table: 255: expected another one: this is the local table" },
		{ "announce: {table: 4294967296}\n",
		  AT(1, 19) "announce: table: 4294967296: expected one of main or a number from 1 "
			    "to 4294967295" },
		{ "announce: {table: local}\n",
		  AT(1, 19) "announce: table: local: expected one of main or a number from 1 to "
			    "4294967295" },
		{ "announce: {interval: 251ms}\n",
		  AT(1, 22) "announce: interval: 251ms: expected a time from 20ms to 250ms" },
		{ "announce: {interval: 0}\n",
		  AT(1, 22) "announce: interval: 0: expected a time such as 500ms, 5s, 10m" },
		{ "announce: {settle: 61m}\n",
		  AT(1, 20) "announce: settle: 61m: expected a time from 0 to 1h" },
		{ "announce: {on_stop: leave}\n",
		  AT(1, 21) "announce: on_stop: leave: expected one of withdraw, keep" },
		{ "announce: {metric: 5}\n",
		  AT(1, 12) "announce: metric: not a key, expected one of table, interval, "
			    "settle, on_stop" },
		{ "announce: [a]\n",
		  AT(1,
		     11) "announce: a list: expected a mapping with keys of table, interval, settle, on_stop" },
		{ "policy: {min_backends: 65535}\n",
		  AT(1, 24) "policy: min_backends: 65535: expected a number from 0 to 65534" },
		{ SERVED(", announce: no"),
		  AT(3, 59) "service \"s\": announce: no: expected true or false" },
	};

	(void)state;
	assert_all_refused(refusals, ARRAY_SIZE(refusals));
}

#define PLACE "expected an address and a port such as 10.0.0.1:8470 or \"[2001:db8::1]:8470\""

static void config_refuses_wrong_peers(void **state)
{
	static const struct refusal refusals[] = {
		{ "http: {listen: 10.0.0.1}\n", AT(1, 16) "http: listen: 10.0.0.1: " PLACE },
		{ "http: {listen: 10.0.0.1:0}\n", AT(1, 16) "http: listen: 10.0.0.1:0: " PLACE },
		{ "http: {listen: \"10.0.0.1:+80\"}\n",
		  AT(1, 16) "http: listen: 10.0.0.1:+80: " PLACE },
		{ "http: {listen: \"2001:db8::1:80\"}\n",
		  AT(1, 16) "http: listen: 2001:db8::1:80: " PLACE },
		{ "http: {listen: \"0.0.0.0:8470\"}\n",
		  AT(1, 16) "http: listen: 0.0.0.0:8470: expected the address of one host" },
		{ "http: {listen: \"[::ffff:10.0.0.1]:80\"}\n",
		  AT(1, 16) "http: listen: [::ffff:10.0.0.1]:80: an IPv4 address mapped to IPv6, "
			    "write it as 10.0.0.1" },
		{ "peers: [{a: b}]\n", AT(1, 9) "peers: a mapping: " PLACE },
		{ "peers: [10.0.0.1:80, 10.0.0.1:80]\n",
		  AT(1, 22) "peers: 10.0.0.1:80: given twice" },
		{ "peers: [10.0.0.1:80]\nhttp: {listen: 10.0.0.1:80}\n",
		  AT(1, 9) "peers: 10.0.0.1:80: that is this one itself" },
		{ "peers: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q]\n",
		  AT(1, 8) "peers: a list: expected at most 16 peers" },
		{ "policy: {quorum: 1}\n",
		  AT(1, 18) "policy: quorum: 1: needs peers: [ADDRESS:PORT, ...]" },
		{ "policy: {quorum: 17}\n",
		  AT(1, 18) "policy: quorum: 17: expected a number from 0 to 16" },
		{ "peers: 10.0.0.9:80\n" SERVED(", policy: {quorum: 2}"),
		  AT(4, 66) "service \"s\": policy: quorum: 2: expected at most as many as there "
			    "are peers, 1" },
	};

	(void)state;
	assert_all_refused(refusals, ARRAY_SIZE(refusals));
}

static void config_refuses_ways_that_a_check_cannot_go(void **state)
{
	static const struct refusal refusals[] = {
		{ CHECK("type: icmp, via: tunnel"),
		  AT(1, 31) "check \"c\": via: tunnel: an icmp check is always direct" },
		{ CHECK("type: agent, port: 1, via: tunnel"),
		  AT(1, 41) "check \"c\": via: tunnel: an agent check is always direct" },
		{ CHECK("type: script, command: /bin/true, via: tunnel"),
		  AT(1, 53) "check \"c\": via: tunnel: a script check is always direct" },
		{ CHECK("type: http, via: direct, full_size: true"),
		  AT(1, 50) "check \"c\": full_size: true: only with via: tunnel" },
	};

	(void)state;
	assert_all_refused(refusals, ARRAY_SIZE(refusals));
}

static void config_refuses_wrong_requests(void **state)
{
	static const struct refusal refusals[] = {
		{ CHECK("type: http, method: POST"),
		  AT(1, 34) "check \"c\": method: POST: expected one of GET, HEAD" },
		{ CHECK("type: http, path: health"),
		  AT(1, 32) "check \"c\": path: health: expected a path such as /health, blanks "
			    "written as %20" },
		{ CHECK("type: http, path: \"/ HTTP/1.1\\r\\nX: y\""),
		  AT(1, 32) "check \"c\": path: / HTTP/1.1\\x0d\\x0aX: y: expected a path such as "
			    "/health, blanks written as %20" },
		{ CHECK("type: http, host: \"a\\r\\nX: y\""),
		  AT(1, 32) "check \"c\": host: a\\x0d\\x0aX: y: expected a host such as "
			    "example.com or example.com:8080" },
		{ CHECK("type: https, sni: 192.0.2.1"),
		  AT(1, 32) "check \"c\": sni: 192.0.2.1: expected a name such as example.com" },
		{ CHECK("type: http, headers: {Host: a}"),
		  AT(1, 36) "check \"c\": headers: Host: write it as the check's host" },
		{ CHECK("type: http, headers: {\"a b\": c}"),
		  AT(1, 36) "check \"c\": headers: a b: expected the name of a header" },
		{ CHECK("type: http, headers: {A: secret, a: b}"),
		  AT(1, 47) "check \"c\": headers: a: given twice, first in line 1" },
		{ CHECK("type: http, headers: {Authorization: \"secret\\n\"}"),
		  AT(1, 51) "check \"c\": headers: Authorization: expected a line of at most 4096 "
			    "bytes" },
		{ CHECK("type: http, status: [200, 99]"),
		  AT(1, 40) "check \"c\": "
			    "status: 99: expected statuses from 100 to 599, such as 404 "
			    "or 200-299" },
		{ CHECK("type: http, status: 299-200"),
		  AT(1, 34) "check \"c\": status: 299-200: expected statuses from 100 to 599, such "
			    "as 404 or 200-299" },
		{ CHECK("type: http, status: []"),
		  AT(1, 34) "check \"c\": status: a list: expected at least one, such as 200-299" },
		{ CHECK("type: http, method: HEAD, body: ok"),
		  AT(1, 46) "check \"c\": body: ok: there is none with method: HEAD" },
		{ CHECK("type: dns, name: a..b"),
		  AT(1, 31) "check \"c\": name: a..b: expected a name such as example.com" },
		{ CHECK("type: dns, name: a, rcode: 16"),
		  AT(1, 41) "check \"c\": rcode: 16: expected one of "
			    "NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, "
			    "REFUSED, YXDOMAIN, YXRRSET, NXRRSET, NOTAUTH, NOTZONE "
			    "or a number from 0 to 15" },
		{ CHECK("type: tcp, send: \xc3\xbc"),
		  AT(1, 31) "check \"c\": send: \\xc3\\xbc: expected ASCII, and other bytes as "
			    "\"\\xff\" in quotes" },
		{ CHECK("type: tcp, send: \"\\u0100\""),
		  AT(1, 31) "check \"c\": send: \\xc4\\x80: expected ASCII, and other bytes as "
			    "\"\\xff\" in quotes" },
		{ CHECK("type: tcp, expect: \"\""),
		  AT(1, 33) "check \"c\": expect: \"\": expected a text of at most 1024 bytes" },
		{ CHECK("type: script, command: bin/true"),
		  AT(1, 37) "check \"c\": command: bin/true: expected the absolute path of a "
			    "program" },
		{ CHECK("type: script, command: /nowhere/at/all"),
		  AT(1, 37) "check \"c\": command: /nowhere/at/all: No such file or directory" },
		{ CHECK("type: script, command: [/etc]"),
		  AT(1, 38) "check \"c\": command: /etc: no program that can be run" },
		{ CHECK("type: script, command: []"),
		  AT(1, 37) "check \"c\": command: a list: expected a program and its arguments" },
	};

	(void)state;
	assert_all_refused(refusals, ARRAY_SIZE(refusals));
}

static void config_refuses_expressions_that_would_cost_too_much(void **state)
{
	static const struct refusal refusals[] = {
		{ CHECK("type: http, body: \"(a\""),
		  AT(1, 32) "check \"c\": body: (a: expected an extended regular expression: "
			    "Unmatched ( or \\(" },
		{ CHECK("type: http, body: '(a)\\1'"),
		  AT(1, 32) "check \"c\": body: (a)\\1: expected an extended regular expression: "
			    "back-references are not taken" },
		{ CHECK("type: http, body: 'a{99}{99}'"),
		  AT(1, 32) "check \"c\": "
			    "body: a{99}{99}: expected an extended regular expression: "
			    "it repeats too much" },
		{ CHECK("type: http, body: '((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+'"),
		  AT(1, 32) "check \"c\": "
			    "body: ((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+: expected an "
			    "extended regular expression: it repeats too much" },
		{ CHECK("type: http, body: "
			"'((((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))))'"),
		  AT(1, 32) "check \"c\": body: "
			    "((((((((((((((((((((((((((((((((((a)))))))))))))))))))))))))))))...: "
			    "expected an extended regular expression: parentheses are nested too "
			    "deep" },
	};

	(void)state;
	assert_all_refused(refusals, ARRAY_SIZE(refusals));
}

static void config_takes_usual_expressions(void **state)
{
	static const char *const checks[] = {
		CHECK("type: http, body: '^(ok|fine)$'"),
		CHECK("type: http, body: '[^]abc[:alpha:][=a=][.-.]-]+[)]'"),
		CHECK("type: http, body: '\"status\" *: *\"(green|yellow)\"'"),
		CHECK("type: http, body: 'a{2,5}b{,3}\\{c\\\\'"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(checks); i++)
		config_destroy(read_text(checks[i]));
}

static void config_refuses_wrong_pools(void **state)
{
	static const struct refusal refusals[] = {
		{ "pools: {p: []}\n",
		  AT(1, 12) "pool \"p\": a list: expected a list of one or more backends" },
		{ "pools: {p: 10.0.0.1}\n",
		  AT(1, 12) "pool \"p\": 10.0.0.1: expected a list of one or more backends" },
		{ "pools: {p: [{weight: 2}]}\n",
		  AT(1, 13) "pool \"p\": address is missing, such as address: 10.0.0.1" },
		{ "pools: {p: [{address: 10.0.0.1, weight: 0}]}\n",
		  AT(1, 41) "pool \"p\": weight: 0: expected a number from 1 to 2147483647" },
		{ "pools: {p: [{address: 10.0.0.1, port: 65536}]}\n",
		  AT(1, 39) "pool \"p\": port: 65536: expected a number from 1 to 65535" },
		{ "pools: {p: [{pool: q, weight: 3}], q: [10.0.0.1]}\n",
		  AT(1, 23) "pool \"p\": "
			    "weight: not a key of a pool within a pool, expected one of "
			    "pool" },
		{ "pools: {p: [{pool: q}]}\n",
		  AT(1, 20) "pool \"p\": pool: q: expected the name of a pool" },
		{ "pools:\n  p:\n  - 10.0.0.1\n  - {address: 10.0.0.1, weight: 2}\n",
		  AT(4, 5) "pool \"p\": 10.0.0.1: weight 2, but it has weight 1 in line 3" },
		{ "pools:\n"
		  "  p: [{pool: q}, {address: 2001:db8::1, port: 80}]\n"
		  "  q: [{address: 2001:db8::1, port: 80, weight: 5}]\n",
		  AT(3, 7) "pool \"p\": "
			   "[2001:db8::1]:80: weight 5, but it has weight 1 in line 2" },
	};

	(void)state;
	assert_all_refused(refusals, ARRAY_SIZE(refusals));
}

static void config_names_the_whole_cycle_of_pools(void **state)
{
	static const struct refusal refusals[] = {
		{ "pools: {a: [{pool: a}]}\n", AT(1, 13) "pool \"a\": it contains itself: a -> a" },
		{ "pools:\n  a: [{pool: b}]\n  b: [{pool: c}, 10.0.0.1]\n  c: [{pool: a}]\n",
		  AT(4, 7) "pool \"c\": it contains itself: a -> b -> c -> a" },
		{ "pools:\n  x: [{pool: a}]\n  a: [10.0.0.1, {pool: b}]\n  b: [{pool: a}]\n",
		  AT(4, 7) "pool \"b\": it contains itself: a -> b -> a" },
	};

	(void)state;
	assert_all_refused(refusals, ARRAY_SIZE(refusals));
}

static void config_refuses_wrong_services(void **state)
{
	static const struct refusal refusals[] = {
		{ "services: {}\n",
		  AT(1, 11) "services: a mapping: expected a list of at most 65534 services" },
		{ "services: [{vip: 192.0.2.1, port: 80, external: true}]\n",
		  AT(1, 12) "services: name is missing, such as name: web" },
		{ SERVICE(", port: 80"),
		  AT(3, 3) "service \"s\": pool is missing, such as pool: NAME" },
		{ SERVICE(", pool: p"),
		  AT(3, 3) "service \"s\": port is missing, such as port: 80" },
		{ SERVED(", ports: [80]"),
		  AT(3, 56) "service \"s\": ports: a list: there is a port already" },
		{ SERVICE(", pool: p, ports: [80, 81, 80]"),
		  AT(3, 55) "service \"s\": ports: 80: given twice" },
		{ SERVICE(", pool: p, ports: []"),
		  AT(3, 46) "service \"s\": ports: a list: expected a list of ports" },
		{ SERVICE(", pool: p, port: [80]"),
		  AT(3, 45) "service \"s\": port: a list: expected one; of several, write ports" },
		{ SERVICE(", port: 0, pool: p"),
		  AT(3, 36) "service \"s\": port: 0: expected a number from 1 to 65535" },
		{ SERVICE(", port: 80, pool: r"),
		  AT(3, 46) "service \"s\": pool: r: expected the name of a pool" },
		{ SERVED(", checks: [c]"),
		  AT(3, 58) "service \"s\": checks: c: expected the name of a check" },
		{ CHECK("type: tcp") SERVED(", checks: [c, c]"),
		  AT(4, 61) "service \"s\": checks: c: given twice" },
		{ SERVED(", tunnel: ipip, tunnel_checksum: true"),
		  AT(3, 80) "service \"s\": tunnel_checksum: true: only with tunnel: gre" },
		{ SERVICES "- {name: s, vip: 192.0.2.1, port: 80, pool: p}\n"
			   "- {name: s, vip: 192.0.2.2, port: 80, pool: p}\n",
		  AT(4, 10) "services: s: there is one of that name in line 3" },
		{ SERVICES "- {name: t, vip: 192.0.2.1, ports: [79, 80], pool: p}\n"
			   "- {name: s, vip: 192.0.2.1, port: 80, pool: q}\n",
		  AT(4, 35) "service \"s\": tcp 192.0.2.1:80 is that of service \"t\" in line 3" },
		{ "pools: {p: [10.0.0.1, {address: 10.0.0.1, port: 80}]}\n"
		  "services:\n"
		  "- {name: s, vip: 192.0.2.1, ports: [79, 80], pool: p}\n",
		  AT(3, 52) "service \"s\": pool: p: 10.0.0.1:80 is there twice, once without a "
			    "port" },
	};

	(void)state;
	assert_all_refused(refusals, ARRAY_SIZE(refusals));
}

static void config_refuses_what_is_not_an_external_services_own(void **state)
{
	static const char *const keys[] = { "pool: p",	       "tunnel: gre",
					    "mode: source",    "tunnel_checksum: true",
					    "table_size: 251", "timeouts: {}",
					    "fragments: true" };
	char text[512], message[512];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		snprintf(text, sizeof(text), SERVICE(", port: 80, external: true, %s"), keys[i]);
		snprintf(message, sizeof(message),
			 AT(3,
			    56) "service \"s\": %.*s: not a key of an external service, expected "
				"one of external, name, vip, port, ports, protocol, checks, policy, "
				"announce",
			 (int)strcspn(keys[i], ":"), keys[i]);
		assert_refused(text, message);
	}
}

static void config_refuses_wrong_policies(void **state)
{
	static const struct refusal refusals[] = {
		{ "policy: {when_down: sorry}\n",
		  AT(1, 21) "policy: when_down: sorry: needs a pool: sorry: NAME" },
		{ "pools: {p: [10.0.0.1]}\npolicy: {sorry: p}\n",
		  AT(2, 17) "policy: sorry: p: only with when_down: sorry" },
		{ "policy: {when_down: sorry, sorry: p}\n",
		  AT(1, 35) "policy: sorry: p: expected the name of a pool" },
		{ "policy: {share: random}\n",
		  AT(1,
		     17) "policy: share: random: expected one of static, agent, header, latency, "
			 "predictive" },
		{ "policy: {share: {step: 5}}\n",
		  AT(1, 17) "policy: share: from is missing, such as from: latency" },
		{ "policy: {share: {from: static, step: 5}}\n",
		  AT(1,
		     32) "policy: share: step: not a key of share: static, expected one of from" },
		{ "policy: {share: {from: latency, horizon: 5s}}\n",
		  AT(1, 33) "policy: share: horizon: not a key of share: latency, expected one of "
			    "from, interval, step, least, hysteresis" },
		{ "policy: {share: {from: latency, step: 0}}\n",
		  AT(1, 39) "policy: share: step: 0: expected a number from 1 to 100" },
		{ "policy: {share: {from: latency, interval: 10ms}}\n",
		  AT(1, 43) "policy: share: interval: 10ms: expected a time from 100ms to 1m" },
		{ SERVICE(", port: 80, pool: p, policy: {share: header}"),
		  AT(3,
		     65) "service \"s\": policy: share: header: needs a check of type http or https; or share: static" },
		{ "policy: {share: latency}\nchecks: {c: {type: script, command: [/bin/true]}}\n" SERVICE(
			  ", port: 80, pool: p, checks: c"),
		  AT(5,
		     3) "service \"s\": policy: share: latency: needs a check of type tcp, http, https, udp, dns or icmp; or share: static" },
		{ SERVICE(", port: 80, pool: p, policy: {share: agent}"),
		  AT(3,
		     65) "service \"s\": policy: share: agent: needs a check of type agent; or share: static" },
		{ "policy: {panic: 50%}\n",
		  AT(1, 17) "policy: panic: 50%: expected a number from 0 to 100" },
		{ SERVED(", policy: {when_down: sorry, sorry: p}"),
		  AT(3, 83) "service \"s\": policy: sorry: p: the service's own pool" },
		{ "pools: {p: [10.0.0.1]}\n"
		  "policy: {when_down: sorry, sorry: p}\n"
		  "services:\n"
		  "- {name: s, vip: 192.0.2.1, port: 80, external: true}\n",
		  AT(4, 3) "service \"s\": policy: sorry: p: not of an external service" },
	};

	(void)state;
	assert_all_refused(refusals, ARRAY_SIZE(refusals));
}

static void config_refuses_more_backends_than_slots(void **state)
{
	struct text text = {};
	int i;

	(void)state;
	text_add(&text, "cluster: {table_size: 251}\npools:\n  p:\n");
	for (i = 0; i < 252; i++)
		text_add(&text, "  - 10.0.0.%d\n", i);
	text_add(&text, "services:\n- {name: s, vip: 192.0.2.1, port: 80, pool: p}\n");
	assert_refused(text.at, AT(257, 45) "service \"s\": pool: p: 252 backends are more than "
					    "table_size, 251");
	free(text.at);
}

static void config_refuses_files_that_cannot_be_read(void **state)
{
	(void)state;
	assert_null(config_read("nothing.yaml", error));
	assert_string_equal(error, "nothing.yaml: No such file or directory");
	assert_null(config_read("/", error));
	assert_string_equal(error, "/: Is a directory");
}

static void config_says_nothing_itself(void **state)
{
	static const char *const texts[] = { "a: [1\n", "a: b: c\n", "%YAML 3.0\n---\na: b\n" };
	int saved = dup(STDERR_FILENO), file = open("stderr", O_RDWR | O_CREAT, 0600);
	struct stat status;
	size_t i;

	(void)state;
	assert_true(saved >= 0 && file >= 0);
	dup2(file, STDERR_FILENO);
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		config_destroy(try_text(texts[i]));
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_int_equal(fstat(file, &status), 0);
	close(file);
	assert_int_equal(status.st_size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_refuses_what_is_no_yaml),
		cmocka_unit_test(config_refuses_dataplanes),
		cmocka_unit_test(config_refuses_what_the_library_misreads),
		cmocka_unit_test(config_refuses_a_byte_zero_that_would_end_it_early),
		cmocka_unit_test(config_refuses_an_empty_file),
		cmocka_unit_test(config_refuses_wrong_keys),
		cmocka_unit_test(config_refuses_wrong_numbers_and_words),
		cmocka_unit_test(config_refuses_wrong_times),
		cmocka_unit_test(config_refuses_wrong_addresses),
		cmocka_unit_test(config_refuses_wrong_announcements),
		cmocka_unit_test(config_refuses_wrong_peers),
		cmocka_unit_test(config_refuses_ways_that_a_check_cannot_go),
		cmocka_unit_test(config_refuses_wrong_requests),
		cmocka_unit_test(config_refuses_expressions_that_would_cost_too_much),
		cmocka_unit_test(config_takes_usual_expressions),
		cmocka_unit_test(config_refuses_wrong_pools),
		cmocka_unit_test(config_names_the_whole_cycle_of_pools),
		cmocka_unit_test(config_refuses_wrong_services),
		cmocka_unit_test(config_refuses_what_is_not_an_external_services_own),
		cmocka_unit_test(config_refuses_wrong_policies),
		cmocka_unit_test(config_refuses_more_backends_than_slots),
		cmocka_unit_test(config_refuses_files_that_cannot_be_read),
		cmocka_unit_test(config_says_nothing_itself),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("maglevd_config_refuse", tests, enter, leave) ? 1 : 0;
}
