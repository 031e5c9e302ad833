// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevadm/dpdk_socket.c userspace/maglevadm/ipvs_*.c userspace/maglevadm/connect.c userspace/maglevadm/endpoint.c userspace/maglevadm/err.c userspace/maglevadm/file.c userspace/maglevadm/flows.c userspace/maglevadm/out.c userspace/maglevadm/show.c userspace/maglevadm/span.c userspace/lib/*.c
// unit-flags: -Iuserspace/maglevadm -Iinclude/uapi -Iuserspace/lib -lmnl -lcjson
/*
 * What maglevadm -L prints of services as IPVS might have them, ipvsadm's words as it reads them,
 * what its edits forget, and answers of IPVS that make no sense.
 */
#include "fixture.h"

#include <ipvs_decode.h>
#include <ipvs_edit.h>
#include <ipvs_list.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <maglev.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	WORDS_MAX = 32,
	TEXT_BYTES = 8192,
	MESSAGE_BYTES = 1024,
};

/* What a stream gets between the two. */
struct capture {
	FILE *stream, *file;
	int fd;
};

static void capture_begin(struct capture *capture, FILE *stream)
{
	fflush(stream);
	capture->stream = stream;
	capture->file = tmpfile();
	assert_non_null(capture->file);
	capture->fd = dup(fileno(stream));
	assert_true(dup2(fileno(capture->file), fileno(stream)) >= 0);
}

static void capture_end(struct capture *capture, char text[TEXT_BYTES])
{
	fflush(capture->stream);
	dup2(capture->fd, fileno(capture->stream));
	close(capture->fd);
	rewind(capture->file);
	text[fread(text, 1, TEXT_BYTES - 1, capture->file)] = 0;
	fclose(capture->file);
}

/* Read a command line that is written as one. */
static bool read_words(struct ipvs_words *words, const char *line)
{
	static char copy[TEXT_BYTES];
	char *argv[WORDS_MAX], *rest, *word;
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	return ipvs_words_read(words, argc, argv);
}

static void follow(struct ipvs_table *table, const char *line)
{
	struct ipvs_words words;

	assert_true(read_words(&words, line));
	ipvs_edit_follow(table, &words, 0);
}

static void expect_list(const struct ipvs_table *table, const char *line, const char *expected)
{
	char text[TEXT_BYTES];
	struct capture capture;
	struct ipvs_words words;
	struct out out;

	assert_true(read_words(&words, line));
	out_init(&out, false);
	capture_begin(&capture, stdout);
	ipvs_list_services(&out, table, &words);
	capture_end(&capture, text);
	assert_int_equal(out_fini(&out, 0), 0);
	assert_string_equal(text, expected);
}

/* Services by ipvsadm's words. */
static void make_table(struct ipvs_table *table)
{
	memset(table, 0, sizeof(*table));
	table->version = 0x010201;
	table->size = 4096;
	follow(table, "-A -t 192.0.2.10:80");
	follow(table, "-a -t 192.0.2.10:80 -r 10.0.0.1 -i --tun-type gre --tun-csum");
	follow(table, "-a -t 192.0.2.10:80 -r [2001:db8::2]:80 -i");
	strcpy(table->service[0].scheduler, "maglev");
	table->service[0].backend[0].weight = 5;
	table->service[0].backend[0].active = 7;
	table->service[0].backend[1].inactive = 4000000000U;
}

static void lists_are_laid_out_as_ipvsadm_does(void **state)
{
	struct ipvs_service *service;
	struct ipvs_table table;

	(void)state;
	make_table(&table);
	service = ipvs_add_service(&table);
	service->key.fwmark = 4294967295U;
	service->key.address.af = AF_INET6;
	strcpy(service->scheduler, "sh");
	service->flags = IP_VS_SVC_F_SCHED1 | IP_VS_SVC_F_SCHED2 | IP_VS_SVC_F_PERSISTENT |
			 IP_VS_SVC_F_ONEPACKET;
	service->timeout = 360;
	service->netmask = 64;
	strcpy(service->engine, "sip");
	expect_list(&table, "-Ln",
		    "IP Virtual Server version 1.2.1 (size=4096)\n"
		    "Prot LocalAddress:Port Scheduler Flags\n"
		    "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
		    "TCP  192.0.2.10:80 maglev\n"
		    "  -> 10.0.0.1:80                  Tunnel  5      7          0         \n"
		    "  -> [2001:db8::2]:80             Tunnel  0      0          4000000000\n"
		    "FWM  -1 IPv6 sh (sh-fallback,sh-port) persistent 360 mask 64 pe sip ops\n");
	ipvs_table_fini(&table);
}

static void counters_are_scaled_as_ipvsadm_does(void **state)
{
	static const u64 values[] = { 99999999,		 100000000,	     999999999,
				      1000000000,	 99999999999ULL,     100000000000ULL,
				      99999999999999ULL, 100000000000000ULL, ~0ULL };
	static const char *const scaled[] = { " 99999999", "  100000K", "  999999K",
					      "    1000M", "   99999M", "     100G",
					      "   99999G", "     100T", "18446744T" };
	char expected[TEXT_BYTES];
	struct ipvs_table table;
	size_t i;

	(void)state;
	make_table(&table);
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		table.service[0].n = 0;
		table.service[0].stats.value[IPVS_STATS_ATTR_CONNS] = values[i];
		snprintf(expected, sizeof(expected),
			 "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n"
			 "  -> RemoteAddress:Port\n"
			 "TCP  192.0.2.10:80               %s        0        0        0        0\n",
			 scaled[i]);
		expect_list(&table, "-L -n --stats -t 192.0.2.10:80", expected);
	}
	expect_list(&table, "-L -n --stats --exact -t 192.0.2.10:80",
		    "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n"
		    "  -> RemoteAddress:Port\n"
		    "TCP  192.0.2.10:80                18446744073709551615        0        0        0        0\n");
	ipvs_table_fini(&table);
}

static void what_is_ours_stands_behind_and_below(void **state)
{
	struct maglev_lib_service *ours = calloc(1, sizeof(*ours));
	struct maglev_lib_backend *backend = calloc(1, sizeof(*backend));
	struct ipvs_table table;

	(void)state;
	make_table(&table);
	follow(&table, "-A -u 192.0.2.10:53");
	follow(&table, "-a -u 192.0.2.10:53 -r 10.0.0.1 -m");
	ours->forwarding = MAGLEV_NL_FORWARDING_IPVS;
	ours->left_because = MAGLEV_NL_LEFT_BECAUSE_METHOD;
	ours->generation = 3;
	ours->table_size = 65537;
	ours->base_digest = 0x4711fbf57d46ea1eULL;
	ours->error = 12;
	strcpy(ours->error_text, "no memory");
	table.service[0].ours = ours;
	backend->state = MAGLEV_NL_STATE_DRAIN;
	backend->flows = 12;
	table.service[0].backend[0].ours = backend;
	expect_list(&table, "-L -n -t 192.0.2.10:80",
		    "Prot LocalAddress:Port Scheduler Flags\n"
		    "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn  State Flows\n"
		    "TCP  192.0.2.10:80 maglev\n"
		    "  == forwarding ipvs left-because method generation 3 table-size 65537 "
		    "base-digest 4711fbf57d46ea1e live-digest 0000000000000000 error 12 (no memory)\n"
		    "  -> 10.0.0.1:80                  Tunnel  5      7          0          drain 12\n"
		    "  -> [2001:db8::2]:80             Tunnel  0      0          4000000000 -     -\n"
		    "UDP  192.0.2.10:53 \n"
		    "  -> 10.0.0.1:53                  Masq    0      0          0         \n");
	ipvs_table_fini(&table);
}

static void order_is_ipvsadms(void **state)
{
	/* 192.0.2.10 is further than 2^31 from 10.0.0.1, and so comes first */
	static const char *const backends[] = { "192.0.2.10", "10.0.0.1", "10.0.0.2" };
	struct ipvs_address *address;
	struct ipvs_table table = {};
	char text[INET_ADDRSTRLEN];
	size_t i;

	(void)state;
	follow(&table, "-A -t 192.0.2.10:80");
	follow(&table, "-a -t 192.0.2.10:80 -r 10.0.0.2 -i");
	follow(&table, "-a -t 192.0.2.10:80 -r 10.0.0.1 -i");
	follow(&table, "-a -t 192.0.2.10:80 -r 192.0.2.10 -i");
	ipvs_table_sort(&table);
	assert_int_equal(table.service[0].n, ARRAY_SIZE(backends));
	for (i = 0; i < ARRAY_SIZE(backends); i++) {
		address = &table.service[0].backend[i].address;
		inet_ntop(AF_INET, address->byte, text, sizeof(text));
		assert_string_equal(text, backends[i]);
	}
	ipvs_table_fini(&table);
}

#define TYPE IPVS_BIT(IPVS_TUN_TYPE)
#define SERVER (IPVS_BIT(IPVS_TCP) | IPVS_BIT(IPVS_SERVER))

static void words_are_read_as_popt_does(void **state)
{
	static const struct {
		const char *line;
		enum ipvs_word command;
		u64 given;
	} cases[] = {
		{ "-Ln", IPVS_LIST, IPVS_BIT(IPVS_NUMERIC) },
		{ "-l --stats --numeric", IPVS_LIST,
		  IPVS_BIT(IPVS_NUMERIC) | IPVS_BIT(IPVS_STATISTICS) },
		{ "-et 192.0.2.10:80 -r10.0.0.1 -i", IPVS_EDIT_SERVER,
		  SERVER | IPVS_BIT(IPVS_TUNNEL) },
		{ "-e -t=192.0.2.10:80 --real-server=10.0.0.1 --tun-type=gre -w=5 -i",
		  IPVS_EDIT_SERVER, SERVER | TYPE | IPVS_BIT(IPVS_TUNNEL) | IPVS_BIT(IPVS_WEIGHT) },
		{ "-A -t 192.0.2.10:80 -p -s rr", IPVS_ADD_SERVICE,
		  IPVS_BIT(IPVS_TCP) | IPVS_BIT(IPVS_SCHEDULER) | IPVS_BIT(IPVS_OTHER) },
		{ "-A -t 192.0.2.10:80 -p 360 -s rr", IPVS_ADD_SERVICE,
		  IPVS_BIT(IPVS_TCP) | IPVS_BIT(IPVS_SCHEDULER) | IPVS_BIT(IPVS_OTHER) },
		{ "-D -f 1 -6", IPVS_DELETE_SERVICE, IPVS_BIT(IPVS_FWMARK) | IPVS_BIT(IPVS_IPV6) },
		{ "--set 1 2 3", IPVS_SET, 0 },
		{ "-e --tcp-service 192.0.2.10:http -r localhost:80 -m", IPVS_EDIT_SERVER,
		  SERVER | IPVS_BIT(IPVS_MASQUERADING) },
	};
	struct ipvs_words words;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!read_words(&words, cases[i].line))
			fail_msg("%s: %s", cases[i].line, words.why);
		assert_int_equal(words.command, cases[i].command);
		assert_int_equal(words.given, cases[i].given);
	}
}

static void words_that_ipvsadm_refuses_are_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"-t 192.0.2.10:80",
		"--lis",
		"-A -E",
		"-A -t",
		"-A --tcp-service=80",
		"-A -t 192.0.2.10:65536",
		"-A -t 192.0.2.10:-1",
		"-A -t [2001:db8::1]",
		"-A -t [192.0.2.10]:80",
		"-A -t [2001:db8::1:80",
		"-A -f 0",
		"-A -f 4294967296",
		"-A -f 1x",
		"-A -6 -f 1",
		"-A -t 192.0.2.10:80 -u 192.0.2.10:80",
		"-a -t 192.0.2.10:80 -r 10.0.0.1 -i -m",
		"-a -t 192.0.2.10:80 -r 10.0.0.1 --tun-type vxlan",
		"-a -t 192.0.2.10:80 -r 10.0.0.1 --tun-port 0",
		"-a -t 192.0.2.10:80 -r 10.0.0.1 --tun-csum=1",
		"-C word",
	};
	struct ipvs_words words;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		if (read_words(&words, lines[i]))
			fail_msg("%s: taken", lines[i]);
		assert_non_null(words.why);
	}
}

#define B "-t 192.0.2.10:80 -r 10.0.0.1:80 "

static void edits_that_forget_are_told(void **state)
{
	static const struct {
		const char *add, *edit, *warning; /* its end; NULL: none */
	} cases[] = {
		{ "-i --tun-type gre --tun-csum", "-w 5",
		  "is Tunnel gre with checksum and becomes Route: to keep it add -i --tun-type gre --tun-csum" },
		{ "-i --tun-type gre --tun-csum", "-i",
		  "becomes Tunnel ipip: to keep it add --tun-type gre --tun-csum" },
		{ "-i --tun-type gre --tun-csum", "-i --tun-type gre",
		  "becomes Tunnel gre: to keep it add --tun-csum" },
		{ "-i --tun-type gre --tun-csum", "-i --tun-type gue --tun-port 1",
		  "becomes Tunnel gue port 1: to keep it add --tun-csum" },
		{ "-i --tun-type gue --tun-port 65535 --tun-remcsum", "",
		  "is Tunnel gue port 65535 with remote checksum and becomes Route: to keep it add"
		  " -i --tun-type gue --tun-port 65535 --tun-remcsum" },
		{ "-i --tun-type gre", "-i",
		  "is Tunnel gre and becomes Tunnel ipip: to keep it add --tun-type gre" },
		{ "-i", "-w 1", "is Tunnel ipip and becomes Route: to keep it add -i" },
		{ "-m", "-w 1", "is Masq and becomes Route: to keep it add -m" },
		{ "-i --tun-type gre --tun-csum", "-i --tun-type gre --tun-csum", NULL },
		{ "-i --tun-type gre --tun-csum", "-i --tun-type gre --tun-nocsum", NULL },
		{ "-i --tun-type gre --tun-csum", "-i --tun-type ipip", NULL },
		{ "-i --tun-type gue --tun-port 1 --tun-remcsum", "-i --tun-type gre", NULL },
		{ "-i --tun-type gre", "-g", NULL },
		{ "-i --tun-type gre", "-m", NULL },
		{ "-i", "-i -w 7", NULL },
		{ "-g", "-w 7", NULL },
		{ "", "-i", NULL },
		/* ipvsadm refuses these */
		{ "-i --tun-type gre", "--tun-csum", NULL },
		{ "-i --tun-type gre", "-i --tun-csum", NULL },
		{ "-i --tun-type gre --tun-csum", "-i --tun-type gue", NULL },
	};
	char text[TEXT_BYTES], line[256];
	struct ipvs_table table;
	struct capture capture;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&table, 0, sizeof(table));
		follow(&table, "-A -t 192.0.2.10:80");
		snprintf(line, sizeof(line), "-a " B "%s", cases[i].add);
		follow(&table, line);
		snprintf(line, sizeof(line), "-e " B "%s", cases[i].edit);
		capture_begin(&capture, stderr);
		follow(&table, line);
		capture_end(&capture, text);
		ipvs_table_fini(&table);
		if (cases[i].warning ? !strstr(text, cases[i].warning) : !!*text)
			fail_msg("%s, %s: %s", cases[i].add, cases[i].edit, text);
	}
}

static void other_commands_are_followed(void **state)
{
	static const struct {
		const char *line;
		size_t services, backends; /* in the first one */
	} steps[] = {
		{ "-A -t 192.0.2.10:80", 1, 0 },
		{ "-A -t 192.0.2.10:80", 1, 0 },
		{ "-a " B "-i", 1, 1 },
		{ "-a " B "-i", 1, 1 },
		{ "-a " B "-m --tun-csum", 1, 1 },
		{ "-a -u 192.0.2.10:80 -r 10.0.0.9", 1, 1 },
		{ "-A -f 1", 2, 1 },
		{ "-A -f 1 -6", 3, 1 },
		{ "-d " B, 3, 0 },
		{ "-d " B, 3, 0 },
		{ "-D -t 192.0.2.10:80", 2, 0 },
		{ "-D -t 192.0.2.10:80", 2, 0 },
		{ "-Z", 2, 0 },
		{ "-C", 0, 0 },
	};
	struct ipvs_table table = {};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		follow(&table, steps[i].line);
		assert_int_equal(table.n, steps[i].services);
		assert_int_equal(table.n ? table.service[0].n : 0, steps[i].backends);
	}
}

/* A message of a service or a backend, with all its attributes. */
static struct nlmsghdr *build_message(void *buffer, u16 command)
{
	struct ip_vs_flags flags = { .flags = ~0U, .mask = IP_VS_SVC_F_PERSISTENT };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct nlattr *nest, *stats;
	u8 addr[MAGLEV_IPV6_BYTES] = { 192, 0, 2, 10 };

	mnl_nlmsg_put_extra_header(nlh, GENL_HDRLEN);
	nest = mnl_attr_nest_start(nlh, command);
	if (command == IPVS_CMD_ATTR_SERVICE) {
		mnl_attr_put_u16(nlh, IPVS_SVC_ATTR_AF, AF_INET);
		mnl_attr_put_u16(nlh, IPVS_SVC_ATTR_PROTOCOL, IPPROTO_TCP);
		mnl_attr_put(nlh, IPVS_SVC_ATTR_ADDR, sizeof(addr), addr);
		mnl_attr_put_u16(nlh, IPVS_SVC_ATTR_PORT, htons(80));
		mnl_attr_put_strz(nlh, IPVS_SVC_ATTR_SCHED_NAME, "maglev");
		mnl_attr_put(nlh, IPVS_SVC_ATTR_FLAGS, sizeof(flags), &flags);
		stats = mnl_attr_nest_start(nlh, IPVS_SVC_ATTR_STATS64);
	} else {
		mnl_attr_put_u16(nlh, IPVS_DEST_ATTR_ADDR_FAMILY, AF_INET);
		mnl_attr_put(nlh, IPVS_DEST_ATTR_ADDR, sizeof(addr), addr);
		mnl_attr_put_u16(nlh, IPVS_DEST_ATTR_PORT, htons(80));
		mnl_attr_put_u8(nlh, IPVS_DEST_ATTR_TUN_TYPE, IP_VS_CONN_F_TUNNEL_TYPE_GRE);
		stats = mnl_attr_nest_start(nlh, IPVS_DEST_ATTR_STATS64);
	}
	mnl_attr_put_u64(nlh, IPVS_STATS_ATTR_CONNS, 1ULL << 40);
	mnl_attr_nest_end(nlh, stats);
	mnl_attr_nest_end(nlh, nest);
	return nlh;
}

static void answers_are_decoded(void **state)
{
	_Alignas(8) char buffer[MESSAGE_BYTES] = {};
	struct ipvs_service service = {};
	struct ipvs_backend backend = {};

	(void)state;
	assert_int_equal(ipvs_decode_service(build_message(buffer, IPVS_CMD_ATTR_SERVICE),
					     &service),
			 0);
	assert_string_equal(service.scheduler, "maglev");
	assert_int_equal(service.key.address.port, htons(80));
	assert_int_equal(service.flags, IP_VS_SVC_F_PERSISTENT);
	assert_true(service.stats.value[IPVS_STATS_ATTR_CONNS] == 1ULL << 40);
	memset(buffer, 0, sizeof(buffer));
	assert_int_equal(ipvs_decode_backend(build_message(buffer, IPVS_CMD_ATTR_DEST), &backend),
			 0);
	assert_int_equal(backend.way.type, IP_VS_CONN_F_TUNNEL_TYPE_GRE);
	assert_true(backend.stats.value[IPVS_STATS_ATTR_CONNS] == 1ULL << 40);
}

/* Decode a copy of just its length, which ASan watches. */
static void decode_copy(const struct nlmsghdr *nlh, u16 command)
{
	struct nlmsghdr *copy = malloc(nlh->nlmsg_len);
	struct ipvs_service service = {};
	struct ipvs_backend backend = {};

	assert_non_null(copy);
	memcpy(copy, nlh, nlh->nlmsg_len);
	if (command == IPVS_CMD_ATTR_SERVICE)
		ipvs_decode_service(copy, &service);
	else
		ipvs_decode_backend(copy, &backend);
	free(copy);
}

static void answers_that_make_no_sense_do_no_harm(void **state)
{
	static const u16 commands[] = { IPVS_CMD_ATTR_SERVICE, IPVS_CMD_ATTR_DEST };
	_Alignas(8) char buffer[MESSAGE_BYTES];
	struct random random;
	struct nlmsghdr *nlh;
	u32 i, n, len, whole;

	(void)state;
	random_init(&random, __func__);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		memset(buffer, 0, sizeof(buffer));
		nlh = build_message(buffer, commands[i]);
		whole = nlh->nlmsg_len;
		for (len = NLMSG_HDRLEN; len <= whole; len++) {
			nlh->nlmsg_len = len;
			decode_copy(nlh, commands[i]);
		}
		for (n = 0; n < 20000; n++) {
			memset(buffer, 0, sizeof(buffer));
			build_message(buffer, commands[i]);
			for (len = random_below(&random, 4) + 1; len; len--)
				buffer[NLMSG_HDRLEN + random_below(&random, whole - NLMSG_HDRLEN)] =
					random_below(&random, 256);
			decode_copy(nlh, commands[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_laid_out_as_ipvsadm_does),
		cmocka_unit_test(counters_are_scaled_as_ipvsadm_does),
		cmocka_unit_test(what_is_ours_stands_behind_and_below),
		cmocka_unit_test(order_is_ipvsadms),
		cmocka_unit_test(words_are_read_as_popt_does),
		cmocka_unit_test(words_that_ipvsadm_refuses_are_refused),
		cmocka_unit_test(edits_that_forget_are_told),
		cmocka_unit_test(other_commands_are_followed),
		cmocka_unit_test(answers_are_decoded),
		cmocka_unit_test(answers_that_make_no_sense_do_no_harm),
	};

	return run_unit_tests("ipvs", tests);
}
