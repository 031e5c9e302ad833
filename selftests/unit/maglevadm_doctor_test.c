// SPDX-License-Identifier: GPL-2.0-only
/* Doctor's checks, over facts made up: what each finds, and the command that mends it. */
// unit-sources: userspace/maglevadm/doctor.c userspace/maglevadm/doctor_check*.c userspace/maglevadm/doctor_mends.c
// unit-sources: userspace/maglevadm/doctor_firewall.c userspace/maglevadm/doctor_match.c userspace/maglevadm/show.c userspace/maglevadm/out.c
// unit-sources: userspace/maglevadm/endpoint.c userspace/maglevadm/flows.c userspace/maglevadm/number.c
// unit-sources: userspace/maglevadm/err.c userspace/maglevadm/span.c userspace/maglevadm/lines.c userspace/maglevadm/file.c userspace/lib/*.c
// unit-flags: -Iuserspace/maglevadm -Iuserspace/lib -Iinclude/uapi -lcjson -lmnl
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include <doctor.h>
#include <errno.h>
#include <linux/ip_vs.h>
#include <linux/rtnetlink.h>

enum {
	ETH0 = 2,
	STRICT = 1,
};

#define NFT(items) "{\"nftables\": [" items "]}"
#define CHAIN(hook, policy)                                                                       \
	"{\"chain\": {\"family\": \"inet\", \"table\": \"t\", \"name\": \"c\", \"hook\": \"" hook \
	"\", \"prio\": 0, \"policy\": \"" policy "\"}}"
#define RULE(expressions)                                                                         \
	", {\"rule\": {\"family\": \"inet\", \"table\": \"t\", \"chain\": \"c\", \"handle\": 7, " \
	"\"expr\": [" expressions "]}}"
#define MATCH(left, op, right) \
	"{\"match\": {\"op\": \"" op "\", \"left\": {" left "}, \"right\": " right "}}"
#define PAYLOAD(header, field) \
	"\"payload\": {\"protocol\": \"" header "\", \"field\": \"" field "\"}"
#define META(key) "\"meta\": {\"key\": \"" key "\"}"
#define STATE "\"ct\": {\"key\": \"state\"}"
#define DROP "{\"drop\": null}"
#define ACCEPT "{\"accept\": null}"

static struct doctor_findings findings;

static struct maglev_lib_addr addr_of(const char *text)
{
	struct maglev_lib_addr addr = { .len = MAGLEV_IPV4_BYTES };

	if (inet_pton(AF_INET, text, addr.byte) == 1)
		return addr;
	addr.len = MAGLEV_IPV6_BYTES;
	assert_int_equal(inet_pton(AF_INET6, text, addr.byte), 1);
	return addr;
}

/* A balancer at which nothing is wrong. */
static void make_host(struct doctor_patient *patient)
{
	struct doctor_device *device;

	memset(patient, 0, sizeof(*patient));
	patient->has_module = patient->has_plane = patient->has_ipvs = true;
	patient->settings.hook = MAGLEV_NL_HOOK_LOCAL;
	patient->settings.probe = 1;
	patient->settings.flows = 1024;
	patient->counters.capacity = 1024;
	patient->forwarding = 1;
	device = doctor_add_device(patient);
	strcpy(device->name, "lo");
	device->index = 1;
	device->is_up = device->is_loopback = true;
	device = doctor_add_device(patient);
	strcpy(device->name, "eth0");
	device->index = ETH0;
	device->is_up = true;
	device->accept_local = 1;
}

static void add_backend(struct doctor_service *service, const char *address)
{
	struct doctor_backend *backend = doctor_add_backend(service);

	backend->addr = addr_of(address);
	backend->port = htons(80);
	show_endpoint(&backend->addr, backend->port, backend->name);
	backend->is_ours = backend->is_ipvs = true;
	backend->ours.share = 100;
	backend->ours.tunnel = MAGLEV_NL_TUNNEL_GRE;
	backend->ours.method = MAGLEV_NL_METHOD_TUNNEL;
	backend->ipvs.weight = backend->ours.weight = 1;
	backend->ipvs.way.method = IP_VS_CONN_F_TUNNEL;
	backend->ipvs.way.type = IP_VS_CONN_F_TUNNEL_TYPE_GRE;
	backend->route.is_asked = true;
	backend->route.device = ETH0;
	backend->route.gateway = addr_of("10.0.1.1");
	backend->inner_mtu = 1476;
	backend->answer[DOCTOR_CONNECT] = DOCTOR_ANSWERED;
	backend->answer[DOCTOR_ECHO_VIP] = DOCTOR_ANSWERED;
	backend->answer[DOCTOR_ECHO_INSIDE] = DOCTOR_ANSWERED;
	backend->answer[DOCTOR_ECHO] = DOCTOR_ANSWERED;
	backend->answer[DOCTOR_ECHO_FULL] = DOCTOR_ANSWERED;
}

static int make(void **state)
{
	static struct doctor_patient patient;
	struct doctor_service *service;

	memset(&findings, 0, sizeof(findings));
	make_host(&patient);
	service = doctor_add_service(&patient);
	service->key.af = AF_INET;
	service->key.protocol = IPPROTO_TCP;
	service->key.addr = addr_of("192.0.2.10");
	service->key.port = htons(80);
	show_service(&service->key, service->name);
	service->is_ours = service->is_ipvs = true;
	strcpy(service->scheduler, "maglev");
	service->ours.forwarding = MAGLEV_NL_FORWARDING_MAGLEV;
	service->ours.table_size = 65537;
	service->ours.n_backends = 2;
	service->route.is_asked = service->route.is_local = true;
	service->holder = 1;
	service->has_decision = true;
	add_backend(service, "10.0.0.1");
	add_backend(service, "10.0.0.2");
	*state = &patient;
	return 0;
}

static int destroy(void **state)
{
	doctor_patient_fini(*state);
	doctor_findings_fini(&findings);
	return 0;
}

/* What is found is this, and the first command that mends it. */
static void expect(const struct doctor_patient *patient, enum doctor_severity severity,
		   const char *name, const char *command)
{
	size_t i;

	doctor_check(patient, &findings);
	for (i = 0; i < findings.n; i++)
		if (!strcmp(findings.at[i].name, name))
			break;
	if (i == findings.n)
		fail_msg("%s is not among %zu findings, the first of which is %s", name, findings.n,
			 findings.n ? findings.at[0].name : "none");
	assert_int_equal(findings.at[i].severity, severity);
	assert_true(*findings.at[i].seen);
	assert_true(*findings.at[i].means);
	if (command)
		assert_string_equal(findings.at[i].command[0], command);
	else
		assert_int_equal(findings.at[i].commands, 0);
}

/* And nothing else is. */
static void expect_only(const struct doctor_patient *patient, enum doctor_severity severity,
			const char *name, const char *command)
{
	expect(patient, severity, name, command);
	assert_int_equal(findings.n, 1);
}

static void nothing_is_found_where_nothing_is_wrong(void **state)
{
	doctor_check(*state, &findings);
	assert_int_equal(findings.n, 0);
}

static void a_module_that_is_absent_is_loaded(void **state)
{
	struct doctor_patient *patient = *state;

	patient->has_module = patient->has_plane = false;
	patient->service[0].is_ours = false;
	strcpy(patient->service[0].scheduler, "wrr");
	expect(patient, DOCTOR_FAULT, "module-absent", "modprobe ip_vs_maglev");
}

static void another_scheduler_is_a_note_unless_the_service_is_named(void **state)
{
	struct doctor_patient *patient = *state;

	patient->service[0].is_ours = false;
	strcpy(patient->service[0].scheduler, "wrr");
	expect(patient, DOCTOR_NOTE, "scheduler-other", "ipvsadm -E -t 192.0.2.10:80 -s maglev");
	findings.n = 0;
	patient->is_named = true;
	expect(patient, DOCTOR_WARNING, "scheduler-other", "ipvsadm -E -t 192.0.2.10:80 -s maglev");
}

static void a_service_that_is_absent_is_made(void **state)
{
	struct doctor_patient *patient = *state;

	patient->service[0].is_ours = patient->service[0].is_ipvs = false;
	patient->service[0].n = 0;
	expect_only(patient, DOCTOR_FAULT, "service-absent",
		    "ipvsadm -A -t 192.0.2.10:80 -s maglev");
}

static void who_may_not_ask_ipvs_does_not_say_that_a_service_is_absent(void **state)
{
	struct doctor_patient *patient = *state;

	patient->service[0].is_ours = patient->service[0].is_ipvs = patient->has_ipvs = false;
	patient->service[0].n = 0;
	patient->is_denied = true;
	doctor_blind(patient, "IPVS: needs CAP_NET_ADMIN");
	expect_only(patient, DOCTOR_NOTE, "not-looked-at", NULL);
}

static void a_hook_that_is_none_is_set(void **state)
{
	struct doctor_patient *patient = *state;

	patient->settings.hook = MAGLEV_NL_HOOK_NONE;
	patient->service[0].ours.left_because = MAGLEV_NL_LEFT_BECAUSE_SETTING;
	patient->service[0].ours.forwarding = MAGLEV_NL_FORWARDING_IPVS;
	expect_only(patient, DOCTOR_WARNING, "hook-none", "maglevadm set hook local");
}

static void a_vip_that_no_device_has_is_added(void **state)
{
	struct doctor_patient *patient = *state;

	patient->service[0].route.is_local = false;
	patient->service[0].holder = 0;
	expect_only(patient, DOCTOR_FAULT, "vip-absent", "ip addr add 192.0.2.10/32 dev lo");
}

static void a_vip_on_a_device_that_is_down_is_brought_up(void **state)
{
	struct doctor_patient *patient = *state;

	patient->service[0].route.is_local = false;
	patient->device[0].is_up = false;
	expect_only(patient, DOCTOR_FAULT, "vip-absent", "ip link set lo up");
}

static void a_vip_of_ipv6_has_all_its_bits(void **state)
{
	struct doctor_patient *patient = *state;

	patient->service[0].key.addr = addr_of("2001:db8:1::10");
	patient->service[0].route.is_local = false;
	patient->service[0].holder = 0;
	expect(patient, DOCTOR_FAULT, "vip-absent", "ip addr add 2001:db8:1::10/128 dev lo");
}

static void a_strict_filter_is_a_fault_if_it_drops(void **state)
{
	struct doctor_patient *patient = *state;

	patient->settings.probe = 0;
	patient->device[1].rp_filter = STRICT;
	doctor_check(patient, &findings);
	assert_int_equal(findings.n, 1); /* that probe is off */
	findings.n = 0;
	patient->filtered = 5;
	expect(patient, DOCTOR_WARNING, "source-filtered",
	       "sysctl -w net.ipv4.conf.all.rp_filter=2");
	findings.n = 0;
	patient->filtered_now = 1;
	expect(patient, DOCTOR_FAULT, "source-filtered", "sysctl -w net.ipv4.conf.all.rp_filter=2");
}

static void answers_to_probes_that_are_dropped_are_told_once(void **state)
{
	struct doctor_patient *patient = *state;
	size_t i;

	patient->device[1].accept_local = 0;
	for (i = 0; i < DOCTOR_QUESTIONS; i++)
		if (i != DOCTOR_ECHO)
			patient->service[0].backend[0].answer[i] = DOCTOR_SILENT;
	expect_only(patient, DOCTOR_WARNING, "answers-refused",
		    "sysctl -w net.ipv4.conf.all.accept_local=1");
	findings.n = 0;
	patient->has_daemon = true;
	patient->device[1].accept_local = 1;
	patient->device[1].rp_filter = STRICT;
	expect_only(patient, DOCTOR_FAULT, "answers-filtered",
		    "sysctl -w net.ipv4.conf.all.rp_filter=2");
}

static void leave(struct doctor_patient *patient, u32 because)
{
	patient->service[0].ours.forwarding = MAGLEV_NL_FORWARDING_IPVS;
	patient->service[0].ours.left_because = because;
}

static void a_masqueraded_backend_is_tunnelled_as_the_others_are(void **state)
{
	struct doctor_patient *patient = *state;

	leave(patient, MAGLEV_NL_LEFT_BECAUSE_METHOD);
	patient->service[0].backend[0].ipvs.way.method = IP_VS_CONN_F_MASQ;
	patient->service[0].backend[0].ipvs.weight = 5;
	patient->service[0].backend[1].ipvs.way.type = IP_VS_CONN_F_TUNNEL_TYPE_IPIP;
	expect_only(patient, DOCTOR_WARNING, "left-to-ipvs",
		    "ipvsadm -e -t 192.0.2.10:80 -r 10.0.0.1:80 -i --tun-type ipip -w 5");
}

static void masquerading_needs_forwarding(void **state)
{
	struct doctor_patient *patient = *state;

	leave(patient, MAGLEV_NL_LEFT_BECAUSE_METHOD);
	patient->service[0].backend[0].ipvs.way.method = IP_VS_CONN_F_MASQ;
	patient->forwarding = 0;
	expect(patient, DOCTOR_FAULT, "forwarding-off", "sysctl -w net.ipv4.ip_forward=1");
}

static void a_threshold_is_taken_away(void **state)
{
	struct doctor_patient *patient = *state;

	leave(patient, MAGLEV_NL_LEFT_BECAUSE_THRESHOLD);
	patient->service[0].backend[1].ipvs.u_threshold = 10;
	expect_only(patient, DOCTOR_WARNING, "left-to-ipvs",
		    "ipvsadm -e -t 192.0.2.10:80 -r 10.0.0.2:80 -i --tun-type gre -w 1 -x 0 -y 0");
}

static void what_maglevd_has_made_is_to_be_changed_in_its_file_too(void **state)
{
	struct doctor_patient *patient = *state;

	patient->service[0].is_owned = true;
	leave(patient, MAGLEV_NL_LEFT_BECAUSE_PERSISTENT);
	expect_only(patient, DOCTOR_WARNING, "left-to-ipvs",
		    "ipvsadm -E -t 192.0.2.10:80 -s maglev -b flag-1");
	assert_string_equal(findings.at[0].seen,
			    "it is persistent; maglevd has made it: change its file too");
}

static void a_host_without_services_is_told_so(void **state)
{
	struct doctor_patient *patient = *state;

	doctor_patient_fini(patient);
	make_host(patient);
	expect_only(patient, DOCTOR_WARNING, "services-none", NULL);
}

static void persistence_becomes_a_choice_by_source(void **state)
{
	struct doctor_patient *patient = *state;

	leave(patient, MAGLEV_NL_LEFT_BECAUSE_PERSISTENT);
	expect_only(patient, DOCTOR_WARNING, "left-to-ipvs",
		    "ipvsadm -E -t 192.0.2.10:80 -s maglev -b flag-1");
	assert_int_equal(findings.at[0].commands, 2);
	assert_false(findings.at[0].needs_all);
}

static void a_build_that_failed_is_a_fault(void **state)
{
	struct doctor_patient *patient = *state;

	patient->service[0].ours.error = E2BIG;
	patient->service[0].ours.n_backends = 300;
	patient->service[0].ours.table_size = 251;
	expect_only(patient, DOCTOR_FAULT, "table-degraded",
		    "maglevadm service set tcp 192.0.2.10:80 table-size 32749");
}

static void few_slots_are_worth_a_note(void **state)
{
	struct doctor_patient *patient = *state;

	patient->service[0].ours.warnings = MAGLEV_NL_WARNING_FEW_SLOTS;
	patient->service[0].ours.n_backends = 4;
	patient->service[0].ours.table_size = 251;
	expect_only(patient, DOCTOR_NOTE, "slots-few",
		    "maglevadm service set tcp 192.0.2.10:80 table-size 509");
}

static void backends_that_are_all_down_are_each_given_back(void **state)
{
	struct doctor_patient *patient = *state;
	struct doctor_backend *backend = patient->service[0].backend;

	backend[0].ours.state = backend[0].ours.admin_state = MAGLEV_NL_STATE_DOWN;
	backend[1].ours.state = backend[1].ours.ipvs_state = MAGLEV_NL_STATE_DRAIN;
	backend[1].ours.weight = 0;
	expect(patient, DOCTOR_FAULT, "backends-down",
	       "maglevadm backend up tcp 192.0.2.10:80 10.0.0.1:80");
	assert_true(findings.at[0].needs_all);
	assert_string_equal(findings.at[0].command[1],
			    "ipvsadm -e -t 192.0.2.10:80 -r 10.0.0.2:80 -i --tun-type gre -w 1");
}

static void one_backend_out_of_service_is_a_note(void **state)
{
	struct doctor_patient *patient = *state;
	struct doctor_backend *backend = patient->service[0].backend;

	backend->ours.state = backend->ours.admin_state = MAGLEV_NL_STATE_DOWN;
	backend->answer[DOCTOR_CONNECT] = DOCTOR_REFUSED;
	expect(patient, DOCTOR_NOTE, "backend-out",
	       "maglevadm backend up tcp 192.0.2.10:80 10.0.0.1:80");
	expect(patient, DOCTOR_NOTE, "server-absent", NULL);
}

static void maglevd_says_why_a_backend_is_down(void **state)
{
	struct doctor_patient *patient = *state;
	struct doctor_backend *backend = patient->service[0].backend;

	backend->ours.state = backend->ours.health_state = MAGLEV_NL_STATE_DOWN;
	backend->is_checked = patient->has_daemon = true;
	strcpy(backend->health, "down");
	strcpy(backend->why, "web: status 500");
	expect_only(patient, DOCTOR_WARNING, "backend-unhealthy", NULL);
	assert_string_equal(findings.at[0].seen, "maglevd says down: web: status 500");
}

static void health_that_nobody_renews_is_told(void **state)
{
	struct doctor_patient *patient = *state;
	struct doctor_backend *backend = patient->service[0].backend;

	backend->ours.state = backend->ours.health_state = MAGLEV_NL_STATE_DOWN;
	expect_only(patient, DOCTOR_WARNING, "backend-unhealthy", "systemctl start maglevd");
}

static void a_route_that_forbids_is_deleted(void **state)
{
	struct doctor_patient *patient = *state;
	struct doctor_route *route = &patient->service[0].backend[0].route;

	route->error = EINVAL;
	route->stop_type = RTN_BLACKHOLE;
	route->stop_table = RT_TABLE_MAIN;
	route->stop_len = 24;
	route->stop = addr_of("10.0.0.0");
	expect_only(patient, DOCTOR_FAULT, "route-missing", "ip route del blackhole 10.0.0.0/24");
}

static void what_mends_two_is_told_once(void **state)
{
	struct doctor_patient *patient = *state;
	size_t i;

	for (i = 0; i < 2; i++) {
		patient->service[0].backend[i].route.error = EINVAL;
		patient->service[0].backend[i].route.stop_type = RTN_UNREACHABLE;
		patient->service[0].backend[i].route.stop_table = 10;
		patient->service[0].backend[i].route.stop = addr_of("0.0.0.0");
	}
	expect(patient, DOCTOR_FAULT, "route-missing",
	       "ip route del unreachable 0.0.0.0/0 table 10");
	assert_int_equal(findings.n, 2);
	assert_int_equal(findings.at[1].commands, 0);
	assert_true(findings.at[1].is_repeated);
}

static void a_route_that_is_missing_goes_as_another_backends(void **state)
{
	struct doctor_patient *patient = *state;

	patient->service[0].backend[0].route.error = ENETUNREACH;
	expect_only(patient, DOCTOR_FAULT, "route-missing",
		    "ip route add 10.0.0.1 via 10.0.1.1 dev eth0");
}

/* A backend that answers so. */
static struct doctor_backend *answer(struct doctor_patient *patient, enum doctor_answer connect,
				     enum doctor_answer vip, enum doctor_answer inside,
				     enum doctor_answer outside)
{
	struct doctor_backend *backend = patient->service[0].backend;

	backend->answer[DOCTOR_CONNECT] = connect;
	backend->answer[DOCTOR_ECHO_VIP] = vip;
	backend->answer[DOCTOR_ECHO_INSIDE] = inside;
	backend->answer[DOCTOR_ECHO] = outside;
	backend->answer[DOCTOR_ECHO_FULL] = DOCTOR_UNASKED;
	return backend;
}

static void a_refusal_is_a_missing_server(void **state)
{
	answer(*state, DOCTOR_REFUSED, DOCTOR_ANSWERED, DOCTOR_ANSWERED, DOCTOR_ANSWERED);
	expect_only(*state, DOCTOR_FAULT, "server-absent",
		    "maglevadm backend down tcp 192.0.2.10:80 10.0.0.1:80");
	assert_string_equal(findings.at[0].where, "");
}

static void an_echo_without_a_connection_is_a_silent_server(void **state)
{
	answer(*state, DOCTOR_SILENT, DOCTOR_ANSWERED, DOCTOR_ANSWERED, DOCTOR_ANSWERED);
	expect_only(*state, DOCTOR_FAULT, "server-silent",
		    "maglevadm backend down tcp 192.0.2.10:80 10.0.0.1:80");
}

static void a_server_of_udp_may_be_silent(void **state)
{
	struct doctor_patient *patient = *state;

	patient->service[0].key.protocol = IPPROTO_UDP;
	answer(patient, DOCTOR_SILENT, DOCTOR_ANSWERED, DOCTOR_ANSWERED, DOCTOR_ANSWERED);
	doctor_check(patient, &findings);
	assert_int_equal(findings.n, 0);
}

static const char add_vip[] =
	"sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 && ip addr add 192.0.2.10/32 dev lo";

static void who_answers_for_itself_alone_has_no_vip(void **state)
{
	answer(*state, DOCTOR_SILENT, DOCTOR_SILENT, DOCTOR_ANSWERED, DOCTOR_ANSWERED);
	expect_only(*state, DOCTOR_FAULT, "vip-absent-there", add_vip);
	assert_string_equal(findings.at[0].where, "10.0.0.1");
}

static void who_sends_the_vips_packets_on_has_no_vip(void **state)
{
	answer(*state, DOCTOR_UNREACHABLE, DOCTOR_UNREACHABLE, DOCTOR_ANSWERED, DOCTOR_ANSWERED);
	expect_only(*state, DOCTOR_FAULT, "vip-absent-there", add_vip);
}

static void an_error_about_gre_is_a_missing_tunnel(void **state)
{
	struct doctor_backend *backend;

	backend = answer(*state, DOCTOR_SILENT, DOCTOR_SILENT, DOCTOR_SILENT, DOCTOR_ANSWERED);
	backend->trouble.is_told = true;
	backend->trouble.type = 3;
	backend->trouble.code = 2;
	backend->trouble.from = backend->addr;
	expect_only(*state, DOCTOR_FAULT, "not-decapsulated",
		    "ip link add maglev type gre local 10.0.0.1 remote any && ip link set maglev up && sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.maglev.rp_filter=0");
	assert_string_equal(findings.at[0].where, "10.0.0.1");
}

static void an_error_of_a_router_is_an_unreachable_backend(void **state)
{
	struct doctor_backend *backend;

	backend = answer(*state, DOCTOR_SILENT, DOCTOR_SILENT, DOCTOR_SILENT, DOCTOR_SILENT);
	backend->trouble.is_told = true;
	backend->trouble.type = 3;
	backend->trouble.code = 1;
	backend->trouble.from = addr_of("10.0.1.1");
	expect_only(*state, DOCTOR_FAULT, "backend-silent",
		    "maglevadm backend down tcp 192.0.2.10:80 10.0.0.1:80");
	assert_string_equal(findings.at[0].seen, "10.0.1.1 says of it: ICMP type 3, code 1");
}

static void silence_inside_alone_is_most_likely_the_filter(void **state)
{
	answer(*state, DOCTOR_SILENT, DOCTOR_SILENT, DOCTOR_SILENT, DOCTOR_ANSWERED);
	expect_only(*state, DOCTOR_FAULT, "tunnel-silent",
		    "for device in all $(ip -br link show type gre | cut -d@ -f1); do sysctl -w net/ipv4/conf/$device/rp_filter=0; done");
	assert_int_equal(findings.at[0].commands, 2);
}

static void silence_everywhere_is_a_dead_backend(void **state)
{
	answer(*state, DOCTOR_SILENT, DOCTOR_SILENT, DOCTOR_SILENT, DOCTOR_SILENT);
	expect_only(*state, DOCTOR_FAULT, "backend-silent",
		    "maglevadm backend down tcp 192.0.2.10:80 10.0.0.1:80");
}

static void large_packets_that_vanish_need_a_smaller_mtu(void **state)
{
	struct doctor_patient *patient = *state;
	struct doctor_backend *backend = patient->service[0].backend;

	backend->answer[DOCTOR_ECHO_FULL] = DOCTOR_SILENT;
	backend->passes = 1272;
	backend->fails = 1280;
	expect_only(patient, DOCTOR_FAULT, "mtu-hole",
		    "ip route replace 10.0.0.1 via 10.0.1.1 dev eth0 mtu 1296");
}

static void what_the_module_says_counts_if_nothing_else_is_found(void **state)
{
	struct doctor_patient *patient = *state;

	patient->service[0].decision.verdict = MAGLEV_NL_VERDICT_DROP;
	strcpy(patient->service[0].decision.reason_name, "no-memory");
	strcpy(patient->service[0].decision.reason_text, "no memory");
	expect_only(patient, DOCTOR_FAULT, "not-forwarded", NULL);
}

static void packets_that_are_lost_now_are_told(void **state)
{
	struct doctor_patient *patient = *state;

	patient->lost[MAGLEV_NL_REASON_SOURCE_IS_VIP].count = 3;
	patient->lost[MAGLEV_NL_REASON_SOURCE_IS_VIP].verdict = MAGLEV_NL_VERDICT_DROP;
	patient->lost[MAGLEV_NL_REASON_MARK].count = 3;
	patient->lost[MAGLEV_NL_REASON_MARK].verdict = MAGLEV_NL_VERDICT_PASS;
	expect_only(patient, DOCTOR_WARNING, "packets-lost", NULL);
}

static void a_full_flow_table_is_made_larger(void **state)
{
	struct doctor_patient *patient = *state;

	patient->counters.flows = 1000;
	expect_only(patient, DOCTOR_WARNING, "flows-full", "maglevadm set flows 2048");
}

static void a_peer_with_another_table_is_named(void **state)
{
	struct doctor_patient *patient = *state;
	struct doctor_service *service = &patient->service[0];

	strcpy(service->peer, "10.0.1.3:8470");
	strcpy(service->difference, "backends or weights");
	expect_only(patient, DOCTOR_WARNING, "peer-differs", "maglevadm reload");
}

static void what_was_not_looked_at_is_said(void **state)
{
	struct doctor_patient *patient = *state;

	patient->settings.probe = 0;
	patient->settings.key_is_zero = 1;
	patient->has_legacy = true;
	doctor_check(patient, &findings);
	assert_int_equal(findings.n, 3);
	assert_string_equal(findings.at[0].name, "key-zero");
	assert_string_equal(findings.at[1].name, "probe-off");
	assert_string_equal(findings.at[2].name, "not-looked-at");
}

static void more_faults_than_findings_hold_commands_do_not_overflow(void **state)
{
	struct doctor_patient *patient = *state;
	char address[32];
	int i;

	for (i = 3; i < 200; i++) {
		snprintf(address, sizeof(address), "10.0.0.%d", i);
		add_backend(&patient->service[0], address);
	}
	for (i = 0; i < (int)patient->service[0].n; i++)
		patient->service[0].backend[i].ours.state =
			patient->service[0].backend[i].ours.admin_state = MAGLEV_NL_STATE_DOWN;
	expect(patient, DOCTOR_FAULT, "backends-down",
	       "maglevadm backend up tcp 192.0.2.10:80 10.0.0.1:80");
	assert_int_equal(findings.at[0].commands, DOCTOR_COMMANDS);
}

/* What rules do to a client's packet, or to one of ours. */
static int fate(const char *rules, bool is_outer)
{
	struct doctor_packet packet = {
		.daddr = addr_of(is_outer ? "10.0.0.1" : "192.0.2.10"),
		.protocol = is_outer ? IPPROTO_GRE : IPPROTO_TCP,
		.dport = is_outer ? 0 : 80,
		.state = is_outer ? "untracked" : "new",
		.is_outer = is_outer,
		.device = "eth0",
	};
	cJSON *parsed = cJSON_Parse(rules);
	struct doctor_drop drop;

	assert_non_null(parsed);
	doctor_firewall(parsed, &packet, &drop);
	cJSON_Delete(parsed);
	return drop.fate;
}

static void rules_are_weighed(void **state)
{
	static const struct {
		int fate;
		bool is_outer;
		const char *rules;
	} cases[] = {
		{ DOCTOR_PASSES, false, NFT(CHAIN("input", "accept")) },
		{ DOCTOR_DROPS, false, NFT(CHAIN("input", "drop")) },
		{ DOCTOR_PASSES, false, NFT(CHAIN("forward", "drop")) },
		{ DOCTOR_PASSES, true, NFT(CHAIN("input", "drop")) },
		{ DOCTOR_DROPS, true, NFT(CHAIN("output", "drop")) },
		{ DOCTOR_DROPS, false, NFT(CHAIN("input", "accept") RULE(DROP)) },
		{ DOCTOR_PASSES, false, NFT(CHAIN("input", "accept") RULE(ACCEPT) RULE(DROP)) },
		{ DOCTOR_DROPS, false,
		  NFT(CHAIN("input", "accept") RULE(
			  MATCH(PAYLOAD("ip", "daddr"), "==", "\"192.0.2.10\"") "," DROP)) },
		{ DOCTOR_PASSES, false,
		  NFT(CHAIN("input", "accept") RULE(
			  MATCH(PAYLOAD("ip", "daddr"), "==", "\"192.0.2.11\"") "," DROP)) },
		{ DOCTOR_PASSES, false,
		  NFT(CHAIN("input", "accept") RULE(
			  MATCH(PAYLOAD("ip", "daddr"), "!=", "\"192.0.2.10\"") "," DROP)) },
		{ DOCTOR_DROPS, false,
		  NFT(CHAIN("input", "accept") RULE(
			  MATCH(PAYLOAD("ip", "daddr"), "==",
				"{\"prefix\": {\"addr\": \"192.0.2.0\", \"len\": 28}}") "," DROP)) },
		{ DOCTOR_PASSES, false,
		  NFT(CHAIN("input", "accept") RULE(
			  MATCH(PAYLOAD("ip", "daddr"), "==",
				"{\"prefix\": {\"addr\": \"192.0.2.16\", \"len\": 28}}") "," DROP)) },
		{ DOCTOR_DROPS, false,
		  NFT(CHAIN("input", "accept") RULE(
			  MATCH(PAYLOAD("tcp", "dport"), "==", "{\"set\": [22, 80]}") "," DROP)) },
		{ DOCTOR_DROPS, false,
		  NFT(CHAIN("input", "accept") RULE(MATCH(PAYLOAD("tcp", "dport"), "==",
							  "{\"range\": [1, 1023]}") "," DROP)) },
		{ DOCTOR_PASSES, false,
		  NFT(CHAIN("input", "accept")
			      RULE(MATCH(PAYLOAD("udp", "dport"), "==", "80") "," DROP)) },
		{ DOCTOR_PASSES, false,
		  NFT(CHAIN("input", "accept")
			      RULE(MATCH(PAYLOAD("udp", "dport"), "!=", "53") "," DROP)) },
		{ DOCTOR_MAY_DROP, false,
		  NFT(CHAIN("input", "accept") RULE(
			  MATCH(PAYLOAD("ip", "saddr"), "==", "\"198.51.100.7\"") "," DROP)) },
		{ DOCTOR_DROPS, false,
		  NFT(CHAIN("input", "drop") RULE(
			  MATCH(STATE, "in", "[\"established\", \"related\"]") "," ACCEPT)
			      RULE(MATCH(META("iifname"), "==", "\"lo\"") "," ACCEPT) RULE(
				      MATCH(PAYLOAD("tcp", "dport"), "==", "22") "," ACCEPT)) },
		{ DOCTOR_PASSES, false,
		  NFT(CHAIN("input", "drop")
			      RULE(MATCH(PAYLOAD("tcp", "dport"), "==", "80") "," ACCEPT)) },
		{ DOCTOR_MAY_DROP, false,
		  NFT(CHAIN("input", "drop")
			      RULE(MATCH(META("iifname"), "==", "\"eth0\"") "," ACCEPT)) },
		{ DOCTOR_MAY_DROP, false,
		  NFT(CHAIN("input", "drop") RULE("{\"limit\": {\"rate\": 1}}," ACCEPT)) },
		{ DOCTOR_DROPS, true,
		  NFT(CHAIN("output", "accept")
			      RULE(MATCH(META("l4proto"), "==", "\"gre\"") "," DROP)) },
		{ DOCTOR_DROPS, true,
		  NFT(CHAIN("postrouting", "accept")
			      RULE(MATCH(PAYLOAD("ip", "protocol"), "==", "47") "," DROP)) },
		{ DOCTOR_PASSES, true,
		  NFT(CHAIN("output", "accept")
			      RULE(MATCH(META("oifname"), "==", "\"eth1\"") "," DROP)) },
		{ DOCTOR_DROPS, true,
		  NFT(CHAIN("output", "accept")
			      RULE(MATCH(META("oifname"), "==", "\"eth*\"") "," DROP)) },
		{ DOCTOR_DROPS, false,
		  NFT(CHAIN("input", "accept") RULE(
			  "{\"vmap\": {\"key\": {" PAYLOAD("tcp", "dport") "}, \"data\": {\"set\": "
									   "[[22, " ACCEPT
									   "], [80, " DROP
									   "]]}}}")) },
		/* What we do not know of, and what makes no sense. */
		{ DOCTOR_PASSES, false, "{}" },
		{ DOCTOR_PASSES, false, NFT("1, null, {\"chain\": 5}, {\"rule\": []}") },
		{ DOCTOR_MAY_DROP, false,
		  NFT(CHAIN("input", "accept") RULE("{\"xt\": null}," DROP)) },
		{ DOCTOR_MAY_DROP, false,
		  NFT(CHAIN("input", "accept")
			      RULE(MATCH("\"socket\": 1", "==", "[{}]") "," DROP)) },
		{ DOCTOR_PASSES, false,
		  NFT(CHAIN("input", "accept") RULE("{\"jump\": {\"target\": \"c\"}}")) },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (fate(cases[i].rules, cases[i].is_outer) != cases[i].fate)
			fail_msg("case %zu is not %d: %s", i, cases[i].fate, cases[i].rules);
}

static void what_a_rule_drops_is_accepted_before_it(void **state)
{
	struct doctor_patient *patient = *state;

	patient->rules = cJSON_Parse(NFT(CHAIN("input", "accept") RULE(
		"{\"counter\": {\"packets\": 12, \"bytes\": 720}}," DROP)));
	expect(patient, DOCTOR_FAULT, "firewall-drops",
	       "nft insert rule inet t c ip daddr 192.0.2.10 tcp dport 80 accept");
	assert_string_equal(findings.at[0].seen,
			    "nftables, inet t: the rule with handle 7 of chain c, 12 packets");
}

static void answers_that_rules_drop_say_nothing_of_backends(void **state)
{
	struct doctor_patient *patient = *state;

	answer(patient, DOCTOR_SILENT, DOCTOR_ANSWERED, DOCTOR_ANSWERED, DOCTOR_ANSWERED);
	patient->rules = cJSON_Parse(NFT(
		CHAIN("input", "drop") RULE(MATCH(PAYLOAD("tcp", "dport"), "==", "80") "," ACCEPT)
			RULE(MATCH(STATE, "in", "\"invalid\"") "," DROP)));
	expect_only(patient, DOCTOR_WARNING, "answers-dropped",
		    "nft insert rule inet t c ip saddr 192.0.2.10 accept");
}

static void a_tunnel_that_is_dropped_is_accepted_and_not_asked(void **state)
{
	struct doctor_patient *patient = *state;

	answer(patient, DOCTOR_SILENT, DOCTOR_SILENT, DOCTOR_SILENT, DOCTOR_SILENT);
	patient->service[0].n = 1;
	patient->rules = cJSON_Parse(NFT(CHAIN("output", "drop")));
	expect_only(patient, DOCTOR_FAULT, "tunnel-dropped",
		    "nft insert rule inet t c ip daddr 10.0.0.1 meta l4proto 47 accept");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_found_where_nothing_is_wrong),
		TEST(a_module_that_is_absent_is_loaded),
		TEST(another_scheduler_is_a_note_unless_the_service_is_named),
		TEST(a_service_that_is_absent_is_made),
		TEST(who_may_not_ask_ipvs_does_not_say_that_a_service_is_absent),
		TEST(a_hook_that_is_none_is_set),
		TEST(a_vip_that_no_device_has_is_added),
		TEST(a_vip_on_a_device_that_is_down_is_brought_up),
		TEST(a_vip_of_ipv6_has_all_its_bits),
		TEST(a_strict_filter_is_a_fault_if_it_drops),
		TEST(answers_to_probes_that_are_dropped_are_told_once),
		TEST(a_masqueraded_backend_is_tunnelled_as_the_others_are),
		TEST(masquerading_needs_forwarding),
		TEST(a_threshold_is_taken_away),
		TEST(what_maglevd_has_made_is_to_be_changed_in_its_file_too),
		TEST(a_host_without_services_is_told_so),
		TEST(persistence_becomes_a_choice_by_source),
		TEST(a_build_that_failed_is_a_fault),
		TEST(few_slots_are_worth_a_note),
		TEST(backends_that_are_all_down_are_each_given_back),
		TEST(one_backend_out_of_service_is_a_note),
		TEST(maglevd_says_why_a_backend_is_down),
		TEST(health_that_nobody_renews_is_told),
		TEST(a_route_that_forbids_is_deleted),
		TEST(a_route_that_is_missing_goes_as_another_backends),
		TEST(a_refusal_is_a_missing_server),
		TEST(an_echo_without_a_connection_is_a_silent_server),
		TEST(a_server_of_udp_may_be_silent),
		TEST(who_answers_for_itself_alone_has_no_vip),
		TEST(who_sends_the_vips_packets_on_has_no_vip),
		TEST(an_error_about_gre_is_a_missing_tunnel),
		TEST(an_error_of_a_router_is_an_unreachable_backend),
		TEST(silence_inside_alone_is_most_likely_the_filter),
		TEST(silence_everywhere_is_a_dead_backend),
		TEST(large_packets_that_vanish_need_a_smaller_mtu),
		TEST(what_the_module_says_counts_if_nothing_else_is_found),
		TEST(packets_that_are_lost_now_are_told),
		TEST(a_full_flow_table_is_made_larger),
		TEST(a_peer_with_another_table_is_named),
		TEST(what_was_not_looked_at_is_said),
		TEST(more_faults_than_findings_hold_commands_do_not_overflow),
		TEST(rules_are_weighed),
		TEST(what_a_rule_drops_is_accepted_before_it),
		TEST(answers_that_rules_drop_say_nothing_of_backends),
		TEST(what_mends_two_is_told_once),
		TEST(a_tunnel_that_is_dropped_is_accepted_and_not_asked),
	};

	return cmocka_run_group_tests_name("maglevadm_doctor", tests, NULL, NULL);
}
