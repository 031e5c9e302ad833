// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/config*.c userspace/maglevd/endpoint.c userspace/lib/array.c
// unit-flags: -Iinclude/uapi -Iuserspace/lib -Iuserspace/maglevd -lfyaml
/* maglevd's file: what is said is there, what is not said is as the manual says, pools are flat. */
#include "maglevd_config.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#define CHECK(keys) "checks: {c: {" keys "}}\n"
#define SERVICE(keys) "- {name: s, vip: 192.0.2.10, port: 80, pool: p" keys "}\n"
#define WITH_SERVICE(keys) "pools: {p: [10.0.0.1], q: [10.0.0.2]}\nservices:\n" SERVICE(keys)

static void assert_address(const struct maglev_lib_addr *addr, const char *text)
{
	char found[INET6_ADDRSTRLEN];

	inet_ntop(addr->len == MAGLEV_IPV4_BYTES ? AF_INET : AF_INET6, addr->byte, found,
		  sizeof(found));
	assert_string_equal(found, text);
}

static void config_example_is_valid(void **state)
{
	char file[sizeof(tree) + 64];
	struct config *config;

	(void)state;
	snprintf(file, sizeof(file), "%s/userspace/maglevd/maglevd.yaml.example", tree);
	config = config_read(file, error);
	if (!config)
		fail_msg("%s", error);
	assert_int_equal(config->n_services, 3);
	config_destroy(config);
}

/* A file of the sources, with a NUL behind it. */
static char *read_source(const char *name)
{
	char file[sizeof(tree) + 64];
	char *text = calloc(1, 64 * 1024);
	FILE *source;

	snprintf(file, sizeof(file), "%s/%s", tree, name);
	source = fopen(file, "r");
	assert_true(text && source);
	assert_in_range(fread(text, 1, 64 * 1024 - 1, source), 1, 64 * 1024 - 2);
	fclose(source);
	return text;
}

static void config_example_of_the_manual_is_valid(void **state)
{
	char *manual = read_source("Documentation/man/maglevd.yaml.5");
	char *begin = strstr(manual, ".SH EXAMPLES\n"), *end;

	(void)state;
	assert_non_null(begin);
	begin = strstr(begin, ".EX\n");
	assert_non_null(begin);
	begin += strlen(".EX\n");
	end = strstr(begin, ".EE\n");
	assert_non_null(end);
	*end = 0;
	config_destroy(read_text(begin));
	free(manual);
}

/* The keys are those that the refusal of another one names. */
static void config_manual_and_example_have_every_key(void **state)
{
	static const char *const texts[] = {
		"x: 1\n",
		"cluster: {x: 1}\n",
		"probes: {x: 1}\n",
		CHECK("x: 1"),
		"pools: {p: [{x: 1}]}\n",
		"http: {x: 1}\n",
		"policy: {x: 1}\n",
		"services: [{x: 1}]\n",
		WITH_SERVICE(", timeouts: {x: 1}"),
		"policy: {share: {x: 1}}\n",
		"announce: {x: 1}\n",
	};
	char *manual = read_source("Documentation/man/maglevd.yaml.5"), *key;
	char word[64], section[64];
	char *example = read_source("userspace/maglevd/maglevd.yaml.example");
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_null(try_text(texts[i]));
		key = strstr(error, "expected one of ");
		assert_non_null(key);
		for (key = strtok(key + strlen("expected one of "), ", "); key;
		     key = strtok(NULL, ", ")) {
			snprintf(word, sizeof(word), "%s:", key);
			snprintf(section, sizeof(section), ".SS %s\n", key);
			if (!strstr(example, word) ||
			    (!strstr(manual, word) && !strstr(manual, section)))
				fail_msg("not explained: %s", key);
		}
	}
	free(manual);
	free(example);
}

static void config_says_nothing_about_what_is_not_there(void **state)
{
	struct config *config = read_text("services: []\n");

	(void)state;
	assert_false(config->has_key);
	assert_int_equal(config->table_size, 0);
	assert_int_equal(config->probe_base, 0x10000000);
	assert_false(config->manage_sysctl);
	assert_int_equal(config->n_source4 + config->n_source6, 0);
	assert_int_equal(config->n_checks + config->n_pools + config->n_services, 0);
	config_destroy(config);
}

static void config_sections_may_be_commented_out(void **state)
{
	(void)state;
	config_destroy(read_text(
		"cluster:\nprobes:\nhttp:\npeers:\nannounce:\nchecks:\npools:\npolicy:\nservices:\n"));
}

static void config_destroy_takes_null(void **state)
{
	(void)state;
	config_destroy(NULL);
}

static void config_reads_cluster_and_probes(void **state)
{
	struct config *config = read_text("cluster: {table_size: 251}\n"
					  "probes:\n"
					  "  mark_base: 0xFfff0000\n"
					  "  sources: [192.0.2.1, \"2001:db8::5\", 192.0.2.2]\n"
					  "  manage_sysctl: true\n");

	(void)state;
	assert_int_equal(config->table_size, 251);
	assert_int_equal(config->probe_base, 0xffff0000);
	assert_true(config->manage_sysctl);
	assert_int_equal(config->n_source4, 2);
	assert_int_equal(config->n_source6, 1);
	assert_address(&config->source4[0], "192.0.2.1");
	assert_address(&config->source4[1], "192.0.2.2");
	assert_address(&config->source6[0], "2001:db8::5");
	config_destroy(config);
}

static void config_dataplane_is_the_kernel_unless_told(void **state)
{
	struct config *config = read_text("checks: {c: {type: tcp}}\n");

	(void)state;
	assert_null(config->socket);
	assert_int_equal(config->check[0].via, CHECK_TUNNEL);
	config_destroy(config);
	config = read_text("checks: {c: {type: tcp}}\ndataplane: dpdk\n");
	assert_string_equal(config->socket, "/run/maglev-dpdk/socket");
	assert_int_equal(config->check[0].via, CHECK_DIRECT);
	config_destroy(config);
	config = read_text("dpdk_socket: /a/b\ndataplane: dpdk\n");
	assert_string_equal(config->socket, "/a/b");
	config_destroy(config);
}

static void config_mark_may_be_decimal(void **state)
{
	struct config *config = read_text("probes: {mark_base: 4096}\n");

	(void)state;
	assert_int_equal(config->probe_base, 4096);
	config_destroy(config);
}

static void config_presets_are_those_of_the_manual(void **state)
{
	static const struct {
		const char *text;
		u32 interval, fast, timeout, fall;
	} presets[] = {
		{ CHECK("type: tcp"), 5000, 2500, 2000, 3 },
		{ CHECK("type: tcp, preset: aggressive"), 2000, 1000, 1000, 2 },
		{ CHECK("type: tcp, preset: balanced"), 5000, 2500, 2000, 3 },
		{ CHECK("preset: conservative, type: tcp"), 10000, 5000, 5000, 5 },
	};
	struct config *config;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(presets); i++) {
		config = read_text(presets[i].text);
		assert_int_equal(config->check->interval_ms, presets[i].interval);
		assert_int_equal(config->check->fast_interval_ms, presets[i].fast);
		assert_int_equal(config->check->timeout_ms, presets[i].timeout);
		assert_int_equal(config->check->fall, presets[i].fall);
		assert_int_equal(config->check->rise, 2);
		assert_int_equal(config->check->jitter_percent, 20);
		config_destroy(config);
	}
}

static void config_keys_override_the_preset_wherever_they_stand(void **state)
{
	struct config *config = read_text(CHECK("interval: 1h, timeout: 700ms, rise: 1, fall: 100,"
						"jitter: 0, type: tcp, preset: aggressive"));

	(void)state;
	assert_int_equal(config->check->interval_ms, 3600000);
	assert_int_equal(config->check->timeout_ms, 700);
	assert_int_equal(config->check->rise, 1);
	assert_int_equal(config->check->fall, 100);
	assert_int_equal(config->check->jitter_percent, 0);
	config_destroy(config);
}

static void config_fast_interval_is_half_but_no_less_than_the_timeout(void **state)
{
	static const struct {
		const char *text;
		u32 fast;
	} checks[] = {
		{ CHECK("type: tcp, interval: 8s"), 4000 },
		{ CHECK("type: tcp, interval: 3s"), 2000 },
		{ CHECK("type: tcp, interval: 120ms, timeout: 50ms"), 100 },
		{ CHECK("type: tcp, fast_interval: 2s"), 2000 },
		{ CHECK("type: tcp, fast_interval: 5s"), 5000 },
	};
	struct config *config;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(checks); i++) {
		config = read_text(checks[i].text);
		assert_int_equal(config->check->fast_interval_ms, checks[i].fast);
		config_destroy(config);
	}
}

static void config_way_of_a_check_is_that_of_its_type(void **state)
{
	static const struct {
		const char *text;
		enum check_type type;
		enum check_via via;
	} checks[] = {
		{ CHECK("type: tcp"), CHECK_TCP, CHECK_TUNNEL },
		{ CHECK("type: http"), CHECK_HTTP, CHECK_TUNNEL },
		{ CHECK("type: https"), CHECK_HTTPS, CHECK_TUNNEL },
		{ CHECK("type: udp"), CHECK_UDP, CHECK_TUNNEL },
		{ CHECK("type: dns, name: example.com"), CHECK_DNS, CHECK_TUNNEL },
		{ CHECK("type: icmp"), CHECK_ICMP, CHECK_DIRECT },
		{ CHECK("type: script, command: /bin/true"), CHECK_SCRIPT, CHECK_DIRECT },
		{ CHECK("type: agent, port: 9990"), CHECK_AGENT, CHECK_DIRECT },
		{ CHECK("type: http, via: direct"), CHECK_HTTP, CHECK_DIRECT },
		{ CHECK("type: icmp, via: direct"), CHECK_ICMP, CHECK_DIRECT },
		{ CHECK("type: tcp, via: tunnel"), CHECK_TCP, CHECK_TUNNEL },
	};
	struct config *config;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(checks); i++) {
		config = read_text(checks[i].text);
		assert_int_equal(config->check->type, checks[i].type);
		assert_int_equal(config->check->via, checks[i].via);
		assert_string_equal(config->check->name, "c");
		config_destroy(config);
	}
}

static void config_http_check_asks_for_the_root_by_default(void **state)
{
	struct config *config = read_text(CHECK("type: https"));
	const struct check_http *http = &config->check->http;

	(void)state;
	assert_string_equal(http->method, "GET");
	assert_string_equal(http->path, "/");
	assert_null(http->host);
	assert_null(http->sni);
	assert_null(http->body);
	assert_false(http->verify);
	assert_int_equal(http->n_headers, 0);
	assert_int_equal(http->n_statuses, 1);
	assert_int_equal(http->status[0].first, 200);
	assert_int_equal(http->status[0].last, 399);
	config_destroy(config);
}

static void config_http_check_has_what_is_said(void **state)
{
	struct config *config = read_text("checks:\n"
					  "  c:\n"
					  "    type: https\n"
					  "    port: 8443\n"
					  "    role: diagnostic\n"
					  "    full_size: true\n"
					  "    method: GET\n"
					  "    path: /health?deep=%20\n"
					  "    host: example.com:8443\n"
					  "    sni: www.example.com\n"
					  "    verify: true\n"
					  "    headers: {User-Agent: maglevd, X-Any: \"a: b\"}\n"
					  "    status: [200-299, 404]\n"
					  "    body: \"^(ok|fine)$\"\n");
	const struct check_http *http = &config->check->http;

	(void)state;
	assert_int_equal(config->check->port, 8443);
	assert_int_equal(config->check->role, CHECK_DIAGNOSTIC);
	assert_true(config->check->full_size);
	assert_string_equal(http->path, "/health?deep=%20");
	assert_string_equal(http->host, "example.com:8443");
	assert_string_equal(http->sni, "www.example.com");
	assert_true(http->verify);
	assert_int_equal(http->n_headers, 2);
	assert_string_equal(http->header[0], "User-Agent: maglevd");
	assert_string_equal(http->header[1], "X-Any: a: b");
	assert_int_equal(http->n_statuses, 2);
	assert_int_equal(http->status[0].first, 200);
	assert_int_equal(http->status[0].last, 299);
	assert_int_equal(http->status[1].first, 404);
	assert_int_equal(http->status[1].last, 404);
	assert_string_equal(http->body, "^(ok|fine)$");
	config_destroy(config);
}

static void config_name_in_tls_is_the_host_without_its_port(void **state)
{
	struct config *config = read_text(CHECK("type: https, host: \"example.com:8443\""));

	(void)state;
	assert_string_equal(config->check->http.sni, "example.com");
	config_destroy(config);
}

static void config_escapes_are_bytes(void **state)
{
	struct config *config =
		read_text(CHECK("type: udp, send: \"\\x00\\xff\\n\", expect: ok\\n"));
	const struct check_talk *talk = &config->check->talk;

	(void)state;
	assert_int_equal(talk->send_len, 3);
	assert_memory_equal(talk->send, "\0\xff\n", 3);
	assert_int_equal(talk->expect_len, 4);
	assert_memory_equal(talk->expect, "ok\\n", 4);
	config_destroy(config);
}

static void config_quotes_are_as_in_yaml(void **state)
{
	struct config *config = read_text("checks:\n"
					  "  c:\n"
					  "    type: tcp\n"
					  "    send: 'it''s '' \\n'''\n"
					  "    expect: 'two\n"
					  "\n"
					  "      lines'\n");
	const struct check_talk *talk = &config->check->talk;

	(void)state;
	assert_int_equal(talk->send_len, 10);
	assert_memory_equal(talk->send, "it's ' \\n'", 10);
	assert_int_equal(talk->expect_len, 9);
	assert_memory_equal(talk->expect, "two\nlines", 9);
	config_destroy(config);
}

static void config_dns_check_asks_for_an_address_by_default(void **state)
{
	struct config *config = read_text(CHECK("type: dns, name: example.com"));
	const struct check_dns *dns = &config->check->dns;

	(void)state;
	assert_string_equal(dns->name, "example.com");
	assert_int_equal(dns->type, 1);
	assert_int_equal(dns->rcode, 0);
	config_destroy(config);
}

static void config_dns_check_takes_words_and_numbers(void **state)
{
	static const struct {
		const char *text;
		u32 type, rcode;
	} checks[] = {
		{ CHECK("type: dns, name: ., query: AAAA, rcode: NXDOMAIN"), 28, 3 },
		{ CHECK("type: dns, name: a.b., query: 65535, rcode: 15"), 65535, 15 },
		{ CHECK("type: dns, name: _a._tcp.b, query: SRV, rcode: 0"), 33, 0 },
	};
	struct config *config;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(checks); i++) {
		config = read_text(checks[i].text);
		assert_int_equal(config->check->dns.type, checks[i].type);
		assert_int_equal(config->check->dns.rcode, checks[i].rcode);
		config_destroy(config);
	}
}

static void config_script_has_its_arguments(void **state)
{
	struct config *config = read_text(CHECK("type: script, command: [/bin/true, -x, 5]"));
	const char *const *argv = config->check->script.argv;

	(void)state;
	assert_string_equal(argv[0], "/bin/true");
	assert_string_equal(argv[1], "-x");
	assert_string_equal(argv[2], "5");
	assert_null(argv[3]);
	config_destroy(config);
}

static void config_service_has_defaults(void **state)
{
	struct config *config = read_text(WITH_SERVICE());
	const struct config_service *service = config->service;

	(void)state;
	assert_string_equal(service->name, "s");
	assert_address(&service->vip, "192.0.2.10");
	assert_int_equal(service->protocol, IPPROTO_TCP);
	assert_int_equal(service->n_ports, 1);
	assert_int_equal(service->port[0], 80);
	assert_int_equal(service->tunnel, MAGLEV_NL_TUNNEL_GRE);
	assert_false(service->tunnel_checksum);
	assert_int_equal(service->mode, MAGLEV_NL_MODE_TUPLE);
	assert_int_equal(service->table_size, 0);
	assert_int_equal(service->timeouts.has, 0);
	assert_false(service->fragments);
	assert_false(service->external);
	assert_ptr_equal(service->pool, &config->pool[0]);
	assert_int_equal(service->n_checks, 0);
	config_destroy(config);
}

static void config_serves_http_at_loopback_only_where_it_is_asked_to(void **state)
{
	static const char *const asked[] = { "http:\n", "http: {}\n" };
	struct config *config = read_text(WITH_SERVICE());
	size_t i;

	(void)state;
	assert_int_equal(config->listen.addr.len, 0);
	config_destroy(config);
	for (i = 0; i < 2; i++) {
		config = read_text(asked[i]);
		assert_memory_equal(config->listen.addr.byte, ((u8[]){ 127, 0, 0, 1 }), 4);
		assert_int_equal(config->listen.port, 8470);
		config_destroy(config);
	}
}

static void config_reads_peers_and_a_quorum_of_them(void **state)
{
	struct config *config = read_text(
		"policy: {quorum: 2}\n"
		"peers: [10.0.0.2:8470, \"[2001:db8::2]:8471\"]\n"
		"http: {listen: \"[2001:db8::1]:8470\"}\n" WITH_SERVICE(", policy: {panic: 10}"));

	(void)state;
	assert_int_equal(config->listen.addr.len, MAGLEV_IPV6_BYTES);
	assert_int_equal(config->listen.port, 8470);
	assert_int_equal(config->n_peers, 2);
	assert_int_equal(config->peer[0].addr.byte[3], 2);
	assert_int_equal(config->peer[1].port, 8471);
	assert_int_equal(config->service->policy.quorum, 2);
	config_destroy(config);
}

static void config_announces_nothing_where_that_is_not_said(void **state)
{
	struct config *config = read_text(WITH_SERVICE());

	(void)state;
	assert_false(config->announce.is_given);
	assert_true(config->service->announce);
	assert_int_equal(config->service->policy.min_backends, 1);
	config_destroy(config);
	config = read_text("announce:\n" WITH_SERVICE());
	assert_false(config->announce.is_given);
	config_destroy(config);
}

static void config_announcement_has_defaults(void **state)
{
	struct config *config = read_text("announce: {}\n" WITH_SERVICE());

	(void)state;
	assert_true(config->announce.is_given);
	assert_int_equal(config->announce.table, 119);
	assert_int_equal(config->announce.interval_ms, 100);
	assert_int_equal(config->announce.settle_ms, 5000);
	assert_false(config->announce.keep);
	config_destroy(config);
}

static void config_reads_an_announcement(void **state)
{
	struct config *config =
		read_text("announce: {table: main, interval: 250ms, settle: 0, on_stop: keep}\n"
			  "policy: {min_backends: 2}\n" WITH_SERVICE(
				  ", announce: false, policy: {min_backends: 0}"));

	(void)state;
	assert_int_equal(config->announce.table, 254);
	assert_int_equal(config->announce.interval_ms, 250);
	assert_int_equal(config->announce.settle_ms, 0);
	assert_true(config->announce.keep);
	assert_false(config->service->announce);
	assert_int_equal(config->service->policy.min_backends, 0);
	config_destroy(config);
	config = read_text("announce: {table: 4294967295, on_stop: withdraw}\n");
	assert_int_equal(config->announce.table, 4294967295);
	assert_false(config->announce.keep);
	config_destroy(config);
}

static void config_policy_has_defaults(void **state)
{
	struct config *config = read_text(WITH_SERVICE());
	const struct config_policy *policy = &config->service->policy;

	(void)state;
	assert_int_equal(policy->panic_percent, 50);
	assert_int_equal(policy->when_down, CONFIG_KEEP);
	assert_null(policy->sorry);
	assert_false(policy->passive);
	assert_int_equal(policy->slow_start_ms, 0);
	assert_int_equal(policy->hold_down_ms, 0);
	assert_int_equal(policy->hold_down_max_ms, 600000);
	assert_int_equal(policy->quorum, 0);
	config_destroy(config);
}

static void config_service_has_what_is_said(void **state)
{
	struct config *config = read_text("checks: {a: {type: tcp}, b: {type: icmp}}\n"
					  "pools: {p: [10.0.0.1]}\n"
					  "services:\n"
					  "- name: s\n"
					  "  vip: 2001:db8::10\n"
					  "  ports: [443, 80]\n"
					  "  protocol: sctp\n"
					  "  tunnel: gre\n"
					  "  tunnel_checksum: true\n"
					  "  mode: source\n"
					  "  table_size: 1021\n"
					  "  timeouts: {half_open: 1s, reset: 15m}\n"
					  "  fragments: true\n"
					  "  pool: p\n"
					  "  checks: [b, a]\n");
	const struct config_service *service = config->service;

	(void)state;
	assert_address(&service->vip, "2001:db8::10");
	assert_int_equal(service->n_ports, 2);
	assert_int_equal(service->port[0], 443);
	assert_int_equal(service->port[1], 80);
	assert_int_equal(service->protocol, IPPROTO_SCTP);
	assert_true(service->tunnel_checksum);
	assert_int_equal(service->mode, MAGLEV_NL_MODE_SOURCE);
	assert_int_equal(service->table_size, 1021);
	assert_int_equal(service->timeouts.has,
			 MAGLEV_LIB_HAS(TIMEOUTS_HALF_OPEN) | MAGLEV_LIB_HAS(TIMEOUTS_RESET));
	assert_int_equal(service->timeouts.half_open, 1);
	assert_int_equal(service->timeouts.reset, 900);
	assert_true(service->fragments);
	assert_int_equal(service->n_checks, 2);
	assert_ptr_equal(service->check[0], &config->check[1]);
	assert_ptr_equal(service->check[1], &config->check[0]);
	config_destroy(config);
}

static void config_external_service_has_no_pool(void **state)
{
	struct config *config =
		read_text("services:\n"
			  "- {name: s, vip: 192.0.2.1, port: 80, external: true}\n");

	(void)state;
	assert_true(config->service->external);
	assert_null(config->service->pool);
	config_destroy(config);
}

static void config_service_overrides_the_policy_key_by_key(void **state)
{
	struct config *config =
		read_text("policy: {panic: 30, slow_start: 5s, hold_down: 1s}\n" WITH_SERVICE(
			", policy: {slow_start: 0, hold_down: 2s, passive: true}"));
	const struct config_policy *policy = &config->service->policy;

	(void)state;
	assert_int_equal(policy->panic_percent, 30);
	assert_int_equal(policy->slow_start_ms, 0);
	assert_int_equal(policy->hold_down_ms, 2000);
	assert_true(policy->passive);
	config_destroy(config);
}

static const struct config_share *read_share(struct config **config, const char *check,
					     const char *policy)
{
	static char text[512];

	snprintf(text, sizeof(text),
		 "checks: {a: {type: agent, port: 1}, t: {type: tcp}, h: {type: https}}\n"
		 "pools: {p: [10.0.0.1]}\n"
		 "services: [{name: s, vip: 192.0.2.10, port: 80, pool: p, checks: [%s]%s}]\n",
		 check, policy);
	config_destroy(*config);
	*config = read_text(text);
	return &(*config)->service->policy.share;
}

static void config_share_is_of_its_source(void **state)
{
	struct config *config = NULL;
	const struct config_share *share;

	(void)state;
	share = read_share(&config, "t", "");
	assert_int_equal(share->from, CONFIG_SHARE_STATIC);
	share = read_share(&config, "t, a", "");
	assert_int_equal(share->from, CONFIG_SHARE_AGENT);
	assert_int_equal(share->interval_ms, 0);
	share = read_share(&config, "a", ", policy: {share: {from: agent, step: 10}}");
	assert_int_equal(share->interval_ms, 1000);
	assert_int_equal(share->step_percent, 10);
	share = read_share(&config, "a, t, h", ", policy: {share: header}");
	assert_int_equal(share->from, CONFIG_SHARE_HEADER);
	assert_int_equal(share->check, 2);
	assert_int_equal(share->step_percent, 100);
	assert_int_equal(share->least, 0);
	share = read_share(&config, "a, t, h", ", policy: {share: latency}");
	assert_int_equal(share->check, 1);
	assert_int_equal(share->interval_ms, 1000);
	assert_int_equal(share->step_percent, 10);
	assert_int_equal(share->least, 10);
	assert_int_equal(share->hysteresis, 10);
	share = read_share(&config, "", ", policy: {share: {from: predictive, horizon: 1m}}");
	assert_int_equal(share->horizon_ms, 60000);
	assert_int_equal(share->least, 10);
	config_destroy(config);
}

static void config_share_of_a_service_replaces_that_of_all(void **state)
{
	struct config *config = read_text("policy: {share: {from: predictive, least: 50}}\n" WITH_SERVICE(
		", policy: {share: {from: predictive}}") "- {name: t, vip: 192.0.2.11, port: 80, pool: p}\n");

	(void)state;
	assert_int_equal(config->service[0].policy.share.least, 10);
	assert_int_equal(config->service[1].policy.share.least, 50);
	config_destroy(config);
}

static void config_service_may_do_without_the_sorry_pool_of_all(void **state)
{
	struct config *config = read_text("policy: {when_down: sorry, sorry: q}\n" WITH_SERVICE(
		", policy: {when_down: refuse}") "- {name: t, vip: 192.0.2.11, port: 80, pool: p}\n");

	(void)state;
	assert_int_equal(config->service[0].policy.when_down, CONFIG_REFUSE);
	assert_null(config->service[0].policy.sorry);
	assert_int_equal(config->service[1].policy.when_down, CONFIG_SORRY);
	assert_ptr_equal(config->service[1].policy.sorry, &config->pool[1]);
	config_destroy(config);
}

static void config_pool_is_in_order_and_has_each_once(void **state)
{
	static const char *const addresses[] = { "10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.10",
						 "2001:db8::1" };
	struct config *config = read_text("pools:\n"
					  "  p:\n"
					  "  - 2001:db8::1\n"
					  "  - 10.0.0.10\n"
					  "  - {address: 10.0.0.1, port: 80, weight: 7}\n"
					  "  - 10.0.0.2\n"
					  "  - {weight: 1, address: 10.0.0.2}\n"
					  "  - {address: 10.0.0.1, weight: 2147483647}\n");
	const struct config_pool *pool = config->pool;
	size_t i;

	(void)state;
	assert_int_equal(pool->n, ARRAY_SIZE(addresses));
	for (i = 0; i < pool->n; i++)
		assert_address(&pool->backend[i].addr, addresses[i]);
	assert_int_equal(pool->backend[0].port, 0);
	assert_int_equal(pool->backend[0].weight, 2147483647);
	assert_int_equal(pool->backend[1].port, 80);
	assert_int_equal(pool->backend[1].weight, 7);
	assert_int_equal(pool->backend[2].weight, 1);
	config_destroy(config);
}

static void config_backends_drain_where_they_are_said_to(void **state)
{
	struct config *config = read_text("pools:\n"
					  "  p:\n"
					  "  - 10.0.0.1\n"
					  "  - {address: 10.0.0.2, drain: 0}\n"
					  "  - {address: 10.0.0.3, drain: 10m}\n"
					  "  - 10.0.0.3\n");
	const struct config_backend *backend = config->pool->backend;

	(void)state;
	assert_int_equal(backend[0].drain_ms, CONFIG_NO_DRAIN);
	assert_int_equal(backend[1].drain_ms, 0);
	assert_int_equal(backend[2].drain_ms, 600000);
	config_destroy(config);
}

static void config_pool_has_the_backends_of_those_within(void **state)
{
	struct config *config = read_text("pools:\n"
					  "  all: [{pool: a}, {pool: b}, 10.0.0.9]\n"
					  "  a: [{pool: c}, 10.0.0.1]\n"
					  "  b: [{pool: c}, 10.0.0.2]\n"
					  "  c: [10.0.0.3]\n");

	(void)state;
	assert_int_equal(config->n_pools, 4);
	assert_string_equal(config->pool[0].name, "all");
	assert_int_equal(config->pool[0].n, 4);
	assert_int_equal(config->pool[1].n, 2);
	assert_int_equal(config->pool[2].n, 2);
	assert_int_equal(config->pool[3].n, 1);
	config_destroy(config);
}

static void config_port_of_the_service_may_be_another_service_s(void **state)
{
	(void)state;
	config_destroy(read_text(
		"pools: {p: [10.0.0.1, {address: 10.0.0.1, port: 81}]}\nservices:\n" SERVICE()));
}

static void config_aliases_stand_for_what_was_written(void **state)
{
	struct config *config = read_text("checks: {a: &a {type: tcp, rise: &n 7}, b: *a}\n"
					  "pools: {p: &p [10.0.0.1], q: *p}\n"
					  "policy: {panic: *n}\n");

	(void)state;
	assert_int_equal(config->check[1].rise, 7);
	assert_int_equal(config->pool[1].n, 1);
	config_destroy(config);
}

static void config_reads_json(void **state)
{
	(void)state;
	config_destroy(
		read_text("{\"pools\": {\"p\": [{\"address\": \"10.0.0.1\", \"weight\": 2}]},\n"
			  "\"services\": [{\"name\": \"s\", \"vip\": \"2001:db8::1\",\n"
			  "\"ports\": [80], \"pool\": \"p\", \"tunnel_checksum\": false}]}\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_example_is_valid),
		cmocka_unit_test(config_example_of_the_manual_is_valid),
		cmocka_unit_test(config_manual_and_example_have_every_key),
		cmocka_unit_test(config_says_nothing_about_what_is_not_there),
		cmocka_unit_test(config_sections_may_be_commented_out),
		cmocka_unit_test(config_destroy_takes_null),
		cmocka_unit_test(config_reads_cluster_and_probes),
		cmocka_unit_test(config_dataplane_is_the_kernel_unless_told),
		cmocka_unit_test(config_mark_may_be_decimal),
		cmocka_unit_test(config_presets_are_those_of_the_manual),
		cmocka_unit_test(config_keys_override_the_preset_wherever_they_stand),
		cmocka_unit_test(config_fast_interval_is_half_but_no_less_than_the_timeout),
		cmocka_unit_test(config_way_of_a_check_is_that_of_its_type),
		cmocka_unit_test(config_http_check_asks_for_the_root_by_default),
		cmocka_unit_test(config_http_check_has_what_is_said),
		cmocka_unit_test(config_name_in_tls_is_the_host_without_its_port),
		cmocka_unit_test(config_escapes_are_bytes),
		cmocka_unit_test(config_quotes_are_as_in_yaml),
		cmocka_unit_test(config_dns_check_asks_for_an_address_by_default),
		cmocka_unit_test(config_dns_check_takes_words_and_numbers),
		cmocka_unit_test(config_script_has_its_arguments),
		cmocka_unit_test(config_service_has_defaults),
		cmocka_unit_test(config_serves_http_at_loopback_only_where_it_is_asked_to),
		cmocka_unit_test(config_reads_peers_and_a_quorum_of_them),
		cmocka_unit_test(config_announces_nothing_where_that_is_not_said),
		cmocka_unit_test(config_announcement_has_defaults),
		cmocka_unit_test(config_reads_an_announcement),
		cmocka_unit_test(config_policy_has_defaults),
		cmocka_unit_test(config_service_has_what_is_said),
		cmocka_unit_test(config_external_service_has_no_pool),
		cmocka_unit_test(config_service_overrides_the_policy_key_by_key),
		cmocka_unit_test(config_share_is_of_its_source),
		cmocka_unit_test(config_share_of_a_service_replaces_that_of_all),
		cmocka_unit_test(config_service_may_do_without_the_sorry_pool_of_all),
		cmocka_unit_test(config_pool_is_in_order_and_has_each_once),
		cmocka_unit_test(config_backends_drain_where_they_are_said_to),
		cmocka_unit_test(config_pool_has_the_backends_of_those_within),
		cmocka_unit_test(config_port_of_the_service_may_be_another_service_s),
		cmocka_unit_test(config_aliases_stand_for_what_was_written),
		cmocka_unit_test(config_reads_json),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("maglevd_config", tests, enter, leave) ? 1 : 0;
}
