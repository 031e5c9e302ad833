// SPDX-License-Identifier: GPL-2.0-only
/* What is wrong with a backend: its state, the way to it, and what it does with what comes there. */
#include "doctor.h"

#include <linux/icmp.h>
#include <linux/rtnetlink.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum {
	STRICT = 1,
};

/* One backend of one service, looked at. */
struct view {
	const struct doctor_patient *patient;
	const struct doctor_service *service;
	const struct doctor_backend *backend;
	struct doctor_findings *findings;
	char name[DOCTOR_OBJECT];
	char address[SHOW_NAME];
	bool is_up;
};

static struct doctor_finding *find(const struct view *view, enum doctor_severity severity,
				   const char *name)
{
	return doctor_find(view->findings, severity, name, view->name);
}

/* A finding that is mended over there. */
static struct doctor_finding *find_there(const struct view *view, const char *name)
{
	struct doctor_finding *finding;

	/* One that clients are not sent to keeps nobody waiting. */
	finding = find(view, view->is_up ? DOCTOR_FAULT : DOCTOR_NOTE, name);
	snprintf(finding->where, sizeof(finding->where), "%s", view->address);
	return finding;
}

static bool is_v6(const struct maglev_lib_addr *addr)
{
	return addr->len == MAGLEV_IPV6_BYTES;
}

static void check_health(const struct view *view)
{
	const struct doctor_backend *backend = view->backend;
	bool answers = backend->answer[DOCTOR_CONNECT] == DOCTOR_ANSWERED;
	struct doctor_finding *finding;

	if (backend->ours.health_state == MAGLEV_NL_STATE_UP)
		return;
	finding = find(view, DOCTOR_WARNING, "backend-unhealthy");
	if (backend->is_checked) {
		doctor_seen(finding, "maglevd says %s: %s", backend->health,
			    *backend->why ? backend->why : "nothing more");
		finding->means = "it has no new flows until its checks pass";
		return;
	}
	doctor_seen(finding, "its health is %s, and maglevd does not run here%s",
		    backend->ours.health_state == MAGLEV_NL_STATE_DOWN ? "down" : "drain",
		    answers ? "; it answers" : "");
	finding->means = "it stays so until somebody checks it again";
	doctor_mend(finding, "systemctl start maglevd");
}

static void check_state(const struct view *view)
{
	const struct doctor_backend *backend = view->backend;
	const struct maglev_lib_backend *ours = &backend->ours;
	char words[SHOW_NAME], way[DOCTOR_COMMAND], state[SHOW_STATE];
	struct doctor_finding *finding;

	if (!backend->is_ours)
		return;
	if (ours->admin_state != MAGLEV_NL_STATE_UP) {
		finding = find(view, DOCTOR_NOTE, "backend-out");
		doctor_seen(finding, "it is %s", show_state(ours, state));
		finding->means = "the operator has taken it out of service";
		doctor_mend(finding, "maglevadm backend up %s %s", view->service->name,
			    backend->name);
	}
	if (ours->ipvs_state != MAGLEV_NL_STATE_UP) {
		finding = find(view, DOCTOR_NOTE, "backend-out");
		doctor_seen(finding, "its weight is %u%s", ours->weight,
			    doctor_owned(view->service));
		finding->means = "it drains: new flows go elsewhere";
		if (backend->is_ipvs)
			doctor_mend(finding, "ipvsadm -e %s %s",
				    doctor_ipvs_service(view->service, words),
				    doctor_ipvs_backend(view->service, backend, 1, way));
	}
	if (view->is_up && !ours->share) {
		finding = find(view, DOCTOR_NOTE, "backend-out");
		doctor_seen(finding, "its share is 0 percent");
		finding->means = "new flows go elsewhere";
		doctor_mend(finding, "maglevadm backend share %s %s 100", view->service->name,
			    backend->name);
	}
	check_health(view);
}

/* Another backend of the service that is reached by a gateway: a way that is likely good here too. */
static const struct doctor_backend *find_example(const struct view *view)
{
	const struct doctor_backend *other;
	size_t i;

	for (i = 0; i < view->service->n; i++) {
		other = &view->service->backend[i];
		if (!other->route.error && other->route.gateway.len &&
		    other->addr.len == view->backend->addr.len)
			return other;
	}
	return NULL;
}

static const char *stop_name(u32 type)
{
	return type == RTN_BLACKHOLE ? "blackhole" :
	       type == RTN_PROHIBIT  ? "prohibit" :
				       "unreachable";
}

static void mend_stop(struct doctor_finding *finding, const struct doctor_route *route)
{
	const char *family = is_v6(&route->stop) ? " -6" : "";
	char prefix[SHOW_NAME], table[SHOW_NUMBER] = "";

	show_address(&route->stop, prefix);
	if (route->stop_table != RT_TABLE_MAIN)
		snprintf(table, sizeof(table), " table %u", route->stop_table);
	doctor_seen(finding, "route %s %s/%u", stop_name(route->stop_type), prefix,
		    route->stop_len);
	doctor_mend(finding, "ip%s route del %s %s/%u%s", family, stop_name(route->stop_type),
		    prefix, route->stop_len, table);
}

static bool check_route(const struct view *view)
{
	const struct doctor_route *route = &view->backend->route;
	const struct doctor_backend *example = find_example(view);
	const char *family = is_v6(&view->backend->addr) ? " -6" : "";
	struct doctor_finding *finding;
	char gateway[SHOW_NAME];

	if (!route->is_asked || !route->error)
		return true;
	finding = find(view, DOCTOR_FAULT, "route-missing");
	finding->means = "its share of clients' packets is dropped here";
	if (route->stop_type) {
		mend_stop(finding, route);
		return false;
	}
	doctor_seen(finding, "no route to %s: %s", view->address, strerror(route->error));
	if (example)
		doctor_mend(finding, "ip%s route add %s via %s dev %s", family, view->address,
			    show_address(&example->route.gateway, gateway),
			    doctor_device_name(view->patient, example->route.device));
	else
		doctor_mend(finding, "ip%s route add %s via GATEWAY", family, view->address);
	return false;
}

static const char *tunnel_name(const struct doctor_backend *backend)
{
	return backend->ours.tunnel == MAGLEV_NL_TUNNEL_GRE ? "gre" : "ipip";
}

static u8 outer_protocol(const struct view *view)
{
	if (view->backend->ours.tunnel == MAGLEV_NL_TUNNEL_GRE)
		return IPPROTO_GRE;
	return is_v6(&view->service->key.addr) ? IPPROTO_IPV6 : IPPROTO_IPIP;
}

/* Return: do our packets leave? */
static bool check_firewall(const struct view *view)
{
	struct doctor_packet packet = {
		.daddr = view->backend->addr,
		.protocol = outer_protocol(view),
		.state = "untracked",
		.is_outer = true,
		.device = doctor_device_name(view->patient, view->backend->route.device),
	};
	struct doctor_finding *finding;
	struct doctor_drop drop;

	if (!view->patient->rules || !doctor_is_forwarded(view->service))
		return true;
	doctor_firewall(view->patient->rules, &packet, &drop);
	if (drop.fate == DOCTOR_PASSES)
		return true;
	finding = find(view,
		       drop.fate == DOCTOR_DROPS ? DOCTOR_FAULT :
		       drop.by_policy		 ? DOCTOR_WARNING :
						   DOCTOR_NOTE,
		       "tunnel-dropped");
	doctor_seen_drop(finding, &drop);
	finding->means = "what we send to it does not leave this host";
	doctor_mend(finding, "nft insert rule %s %s %s %s daddr %s meta l4proto %u accept",
		    drop.family, drop.table, drop.chain, is_v6(&view->backend->addr) ? "ip6" : "ip",
		    view->address, packet.protocol);
	return drop.fate != DOCTOR_DROPS;
}

/* Are answers to probes dropped here? Then silence says nothing; it is told elsewhere. */
static bool is_deaf(const struct view *view)
{
	const struct doctor_device *device =
		doctor_device(view->patient, view->backend->route.device);
	struct doctor_drop drop;

	if (device && !is_v6(&view->service->key.addr) &&
	    (device->rp_filter == STRICT || !device->accept_local))
		return true;
	return doctor_answer_drop(view->patient, view->service, &drop);
}

static const char *device_type(const struct view *view)
{
	bool is_6 = is_v6(&view->backend->addr);

	if (outer_protocol(view) == IPPROTO_GRE)
		return is_6 ? "ip6gre" : "gre";
	return is_6 ? "ip6tnl" : "ipip";
}

/* A device without addresses drops by the loose filter too: it is to be off, of "all" and its own. */
static void mend_decapsulation(struct doctor_finding *finding, const struct view *view)
{
	bool is_any = is_v6(&view->backend->addr) && outer_protocol(view) != IPPROTO_GRE;

	doctor_mend(finding,
		    "ip link add maglev type %s%s local %s remote any%s && ip link set maglev up && sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.maglev.rp_filter=0",
		    device_type(view), is_any ? " mode any" : "", view->address,
		    view->backend->ours.tunnel_checksum ? " csum" : "");
}

static void mend_filter(struct doctor_finding *finding, const struct view *view)
{
	doctor_mend(finding,
		    "for device in all $(ip -br link show type %s | cut -d@ -f1); do sysctl -w net/ipv4/conf/$device/rp_filter=0; done",
		    device_type(view));
}

static void mend_vip(struct doctor_finding *finding, const struct view *view)
{
	char vip[SHOW_NAME];

	show_address(&view->service->key.addr, vip);
	doctor_mend(finding,
		    "sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 && ip addr add %s/%u dev lo",
		    vip, is_v6(&view->service->key.addr) ? 128 : 32);
}

static void mend_without(struct doctor_finding *finding, const struct view *view)
{
	doctor_mend(finding, "maglevadm backend down %s %s", view->service->name,
		    view->backend->name);
}

static void tell_refused(const struct view *view)
{
	struct doctor_finding *finding =
		find(view, view->is_up ? DOCTOR_FAULT : DOCTOR_NOTE, "server-absent");
	char vip[SHOW_NAME];

	show_endpoint(&view->service->key.addr, view->service->key.port, vip);
	doctor_seen(finding, "through its tunnel, a connection to %s is refused", vip);
	finding->means =
		"it decapsulates, has the VIP, and no server there: start that, or do without it";
	if (view->is_up)
		mend_without(finding, view);
}

static void tell_vip_absent(const struct view *view, const char *seen)
{
	struct doctor_finding *finding = find_there(view, "vip-absent-there");

	doctor_seen(finding, "%s", seen);
	finding->means = "it decapsulates, and the VIP is no address of its own";
	mend_vip(finding, view);
}

/* It has said that it does not understand what we send. */
static bool is_misunderstood(const struct doctor_backend *backend)
{
	const struct doctor_trouble *trouble = &backend->trouble;

	if (!trouble->is_told || trouble->from.len != backend->addr.len ||
	    memcmp(trouble->from.byte, backend->addr.byte, backend->addr.len))
		return false;
	if (is_v6(&backend->addr))
		return trouble->type == ICMP6_PARAM_PROB ||
		       (trouble->type == ICMP6_DST_UNREACH &&
			trouble->code == ICMP6_DST_UNREACH_NOPORT);
	return trouble->type == ICMP_DEST_UNREACH &&
	       (trouble->code == ICMP_PROT_UNREACH || trouble->code == ICMP_PORT_UNREACH);
}

static void tell_misunderstood(const struct view *view)
{
	struct doctor_finding *finding = find_there(view, "not-decapsulated");

	doctor_seen(finding, "it answers what comes by %s with ICMP type %u, code %u",
		    tunnel_name(view->backend), view->backend->trouble.type,
		    view->backend->trouble.code);
	finding->means = "it has no tunnel device that takes our packets";
	mend_decapsulation(finding, view);
}

/* Somebody on the way has said something, or nobody at all. */
static void tell_unreachable(const struct view *view)
{
	const struct doctor_trouble *trouble = &view->backend->trouble;
	struct doctor_finding *finding =
		find(view, view->is_up ? DOCTOR_FAULT : DOCTOR_NOTE, "backend-silent");
	char from[SHOW_NAME];

	if (trouble->is_told)
		doctor_seen(finding, "%s says of it: ICMP type %u, code %u",
			    show_address(&trouble->from, from), trouble->type, trouble->code);
	else
		doctor_seen(finding, "neither an echo request nor a probe is answered");
	finding->means = "it is off, or not reached by packets: have it back, or do without it";
	if (view->is_up)
		mend_without(finding, view);
}

/* Echoes come back, nothing does through the tunnel, and nobody says why. */
static void tell_silent(const struct view *view)
{
	struct doctor_finding *finding = find_there(view, "tunnel-silent");

	doctor_seen(finding, "an echo request is answered, nothing is that comes by %s",
		    tunnel_name(view->backend));
	finding->means =
		"its reverse path filter drops what its tunnel device takes, there is no such device, or a firewall drops protocol 47 or 4 on the way";
	mend_filter(finding, view);
	mend_decapsulation(finding, view);
}

static void tell_server_silent(const struct view *view)
{
	struct doctor_finding *finding =
		find(view, view->is_up ? DOCTOR_FAULT : DOCTOR_NOTE, "server-silent");
	char vip[SHOW_NAME];

	show_endpoint(&view->service->key.addr, view->service->key.port, vip);
	doctor_seen(finding,
		    "through its tunnel, an echo of the VIP is answered, a connection to %s is not",
		    vip);
	finding->means =
		"a firewall of its own drops them, or its server hangs: mend that, or do without it";
	if (view->is_up)
		mend_without(finding, view);
}

static void check_inside(const struct view *view)
{
	const enum doctor_answer *answer = view->backend->answer;
	bool is_tcp = view->service->key.protocol == IPPROTO_TCP;

	if (answer[DOCTOR_CONNECT] == DOCTOR_REFUSED)
		tell_refused(view);
	else if (answer[DOCTOR_ECHO_VIP] == DOCTOR_ANSWERED && is_tcp)
		tell_server_silent(view);
	else if (answer[DOCTOR_ECHO_VIP] == DOCTOR_ANSWERED)
		return; /* many servers of UDP say nothing to nothing */
	else if (answer[DOCTOR_CONNECT] == DOCTOR_UNREACHABLE ||
		 answer[DOCTOR_ECHO_VIP] == DOCTOR_UNREACHABLE)
		tell_vip_absent(view,
				"it sends on what is for the VIP, and says that it has no hops left");
	else if (answer[DOCTOR_ECHO_INSIDE] == DOCTOR_ANSWERED)
		tell_vip_absent(view,
				"through its tunnel it answers for itself, and not for the VIP");
	else if (is_misunderstood(view->backend))
		tell_misunderstood(view);
	else if (answer[DOCTOR_ECHO] == DOCTOR_ANSWERED && !view->backend->trouble.is_told)
		tell_silent(view);
	else
		tell_unreachable(view);
}

static void check_answers(const struct view *view)
{
	const enum doctor_answer *answer = view->backend->answer;
	struct doctor_finding *finding;

	if (answer[DOCTOR_CONNECT] == DOCTOR_ANSWERED)
		return;
	if (answer[DOCTOR_ECHO_VIP] != DOCTOR_UNASKED) {
		if (!is_deaf(view))
			check_inside(view);
		return;
	}
	if (answer[DOCTOR_ECHO] != DOCTOR_SILENT)
		return;
	finding = find(view, DOCTOR_WARNING, "backend-silent");
	doctor_seen(finding, "an echo request is not answered");
	finding->means = "it is off, or not reached by packets, or does not answer those";
}

static void check_size(const struct view *view)
{
	const struct doctor_backend *backend = view->backend;
	u32 overhead = doctor_overhead(backend);
	struct doctor_finding *finding;
	char gateway[SHOW_NAME];

	if (backend->answer[DOCTOR_ECHO_FULL] != DOCTOR_SILENT || is_deaf(view))
		return;
	finding = find(view, view->is_up ? DOCTOR_FAULT : DOCTOR_NOTE, "mtu-hole");
	doctor_seen(finding, "of %u bytes, with the tunnel's, nothing arrives, of %u it does",
		    backend->fails + overhead, backend->passes ? backend->passes + overhead : 0);
	finding->means =
		"a smaller MTU on the way, of which nobody tells us: large requests of clients hang";
	if (!backend->passes)
		return;
	doctor_mend(finding, "ip%s route replace %s%s%s dev %s mtu %u",
		    is_v6(&backend->addr) ? " -6" : "", view->address,
		    backend->route.gateway.len ? " via " : "",
		    backend->route.gateway.len ? show_address(&backend->route.gateway, gateway) :
						 "",
		    doctor_device_name(view->patient, backend->route.device),
		    backend->passes + overhead);
}

void doctor_check_backend(const struct doctor_patient *patient,
			  const struct doctor_service *service,
			  const struct doctor_backend *backend, struct doctor_findings *findings)
{
	struct view view = {
		.patient = patient,
		.service = service,
		.backend = backend,
		.findings = findings,
		.is_up = !backend->is_ours || backend->ours.state == MAGLEV_NL_STATE_UP,
	};

	snprintf(view.name, sizeof(view.name), "%s, %s", service->name, backend->name);
	show_address(&backend->addr, view.address);
	check_state(&view);
	if (!check_route(&view) || !check_firewall(&view))
		return;
	check_answers(&view);
	check_size(&view);
}
