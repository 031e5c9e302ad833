// SPDX-License-Identifier: GPL-2.0-only
/* What is wrong with a service, up to the choice of a backend. */
#include "doctor.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum {
	SLOTS_A_BACKEND = 100,
	PROBES_PORT = 40000, /* one of those that the kernel gives */
};

/* Primes, each about twice the one before. */
static const u32 sizes[] = { 251,   509,   1021,   2039,   4093,   8191,   16381,
			     32749, 65537, 131071, 262139, 524287, 1048573 };

static u32 size_for(u32 backends)
{
	size_t i;

	for (i = 0; i + 1 < sizeof(sizes) / sizeof(*sizes); i++)
		if (sizes[i] >= (u64)backends * SLOTS_A_BACKEND)
			break;
	return sizes[i];
}

/* Return: is there a service to look at? */
static bool check_there(const struct doctor_patient *patient, const struct doctor_service *service,
			struct doctor_findings *findings)
{
	struct doctor_finding *finding;
	char words[SHOW_NAME];

	if (service->is_ours || service->is_ipvs)
		return true;
	if (patient->is_denied)
		return false;
	finding = doctor_find(findings, DOCTOR_FAULT, "service-absent", service->name);
	doctor_seen(finding, "IPVS has no such service");
	finding->means = "packets to it meet this host's own sockets, and nobody answers";
	doctor_mend(finding, "ipvsadm -A %s -s maglev", doctor_ipvs_service(service, words));
	return false;
}

static void check_scheduler(const struct doctor_patient *patient,
			    const struct doctor_service *service, struct doctor_findings *findings)
{
	struct doctor_finding *finding;
	char words[SHOW_NAME];

	if (service->is_ours || !service->is_ipvs)
		return;
	finding = doctor_find(findings, patient->is_named ? DOCTOR_WARNING : DOCTOR_NOTE,
			      "scheduler-other", service->name);
	doctor_seen(finding, "its scheduler is %s",
		    *service->scheduler ? service->scheduler : "none");
	finding->means = "IPVS schedules and forwards it by itself: nothing here is Maglev's";
	doctor_mend(finding, "ipvsadm -E %s -s maglev", doctor_ipvs_service(service, words));
}

static void check_vip(const struct doctor_patient *patient, const struct doctor_service *service,
		      struct doctor_findings *findings)
{
	const struct doctor_device *holder = doctor_device(patient, service->holder);
	bool is_6 = service->key.addr.len == MAGLEV_IPV6_BYTES;
	struct doctor_finding *finding;
	char address[SHOW_NAME];

	if (!service->route.is_asked || service->route.is_local)
		return;
	show_address(&service->key.addr, address);
	finding = doctor_find(findings, DOCTOR_FAULT, "vip-absent", service->name);
	finding->means =
		"packets to it are not taken for this host's: they are routed on, or dropped";
	if (holder && !holder->is_up) {
		doctor_seen(finding, "%s is an address of %s, which is down", address,
			    holder->name);
		doctor_mend(finding, "ip link set %s up", holder->name);
		return;
	}
	if (holder)
		doctor_seen(finding, "%s is an address of %s, and routed elsewhere: see ip rule",
			    address, holder->name);
	else
		doctor_seen(finding, "no device has %s", address);
	doctor_mend(finding, "ip addr add %s/%u dev lo", address, is_6 ? 128 : 32);
}

static void check_firewall(const struct doctor_patient *patient,
			   const struct doctor_service *service, struct doctor_findings *findings)
{
	const struct maglev_lib_service_key *key = &service->key;
	struct doctor_packet packet = {
		.daddr = key->addr,
		.protocol = key->protocol,
		.dport = ntohs(key->port),
		.state = "new",
	};
	char address[SHOW_NAME], protocol[SHOW_NUMBER];
	struct doctor_finding *finding;
	struct doctor_drop drop;

	if (key->fwmark || !patient->rules)
		return;
	doctor_firewall(patient->rules, &packet, &drop);
	if (drop.fate == DOCTOR_PASSES)
		return;
	finding = doctor_find(findings,
			      drop.fate == DOCTOR_DROPS ? DOCTOR_FAULT :
			      drop.by_policy		? DOCTOR_WARNING :
							  DOCTOR_NOTE,
			      "firewall-drops", service->name);
	doctor_seen_drop(finding, &drop);
	finding->means = drop.fate == DOCTOR_DROPS ?
				 "clients' packets are dropped before they reach us" :
				 "packets of some clients are dropped before they reach us";
	snprintf(protocol, sizeof(protocol), "%s",
		 key->protocol == IPPROTO_TCP ? "tcp" :
		 key->protocol == IPPROTO_UDP ? "udp" :
						"sctp");
	doctor_mend(finding, "nft insert rule %s %s %s %s daddr %s %s dport %u accept", drop.family,
		    drop.table, drop.chain, key->addr.len == MAGLEV_IPV6_BYTES ? "ip6" : "ip",
		    show_address(&key->addr, address), protocol, packet.dport);
}

bool doctor_answer_drop(const struct doctor_patient *patient, const struct doctor_service *service,
			struct doctor_drop *drop)
{
	struct doctor_packet packet = {
		.saddr = service->key.addr,
		.protocol = service->key.protocol,
		.sport = ntohs(service->key.port),
		.dport = PROBES_PORT,
		/* Connection tracking has not seen the probe leave. */
		.state = service->key.protocol == IPPROTO_TCP ? "invalid" : "new",
	};

	if (!patient->rules || !patient->settings.probe || !doctor_is_forwarded(service))
		return false;
	if (service->n && service->backend[0].route.source.len == service->key.addr.len)
		packet.daddr = service->backend[0].route.source;
	doctor_firewall(patient->rules, &packet, drop);
	return drop->fate == DOCTOR_DROPS;
}

static void check_answers(const struct doctor_patient *patient,
			  const struct doctor_service *service, struct doctor_findings *findings)
{
	struct doctor_finding *finding;
	struct doctor_drop drop;
	char address[SHOW_NAME];

	if (!doctor_answer_drop(patient, service, &drop))
		return;
	finding = doctor_find(findings, patient->has_daemon ? DOCTOR_FAULT : DOCTOR_WARNING,
			      "answers-dropped", service->name);
	doctor_seen_drop(finding, &drop);
	finding->means =
		"answers to probes come from the VIP: they are dropped, and backends seem down";
	doctor_mend(finding, "nft insert rule %s %s %s %s saddr %s accept", drop.family, drop.table,
		    drop.chain, service->key.addr.len == MAGLEV_IPV6_BYTES ? "ip6" : "ip",
		    show_address(&service->key.addr, address));
}

/* Of backends that keep a service from us: what makes each one of ours. */
static void mend_backends(struct doctor_finding *finding, const struct doctor_service *service,
			  bool (*keeps)(const struct doctor_backend *backend), const char *more)
{
	char words[SHOW_NAME], way[DOCTOR_COMMAND];
	const struct doctor_backend *backend;
	size_t i, len = 0;

	finding->needs_all = true;
	doctor_ipvs_service(service, words);
	for (i = 0; i < service->n; i++) {
		backend = &service->backend[i];
		if (!backend->is_ipvs || !keeps(backend))
			continue;
		if (len < sizeof(finding->seen))
			len += snprintf(finding->seen + len, sizeof(finding->seen) - len, "%s%s",
					len ? ", " : "backends ", backend->name);
		doctor_mend(finding, "ipvsadm -e %s %s%s", words,
			    doctor_ipvs_backend(service, backend, backend->ipvs.weight, way), more);
	}
}

static bool has_method(const struct doctor_backend *backend)
{
	return backend->ipvs.way.method == IP_VS_CONN_F_MASQ ||
	       backend->ipvs.way.method == IP_VS_CONN_F_DROUTE;
}

static bool has_tunnel(const struct doctor_backend *backend)
{
	return backend->ipvs.way.method == IP_VS_CONN_F_TUNNEL &&
	       backend->ipvs.way.type == IP_VS_CONN_F_TUNNEL_TYPE_GUE;
}

static bool has_threshold(const struct doctor_backend *backend)
{
	return backend->ipvs.u_threshold;
}

static void mend_left(struct doctor_finding *finding, const struct doctor_service *service)
{
	char words[SHOW_NAME];

	doctor_ipvs_service(service, words);
	switch (service->ours.left_because) {
	case MAGLEV_NL_LEFT_BECAUSE_PERSISTENT:
		/* What was wanted of it: a client stays with its backend. */
		doctor_mend(finding, "ipvsadm -E %s -s maglev -b flag-1", words);
		doctor_mend(finding, "ipvsadm -E %s -s maglev", words);
		break;
	case MAGLEV_NL_LEFT_BECAUSE_ONE_PACKET:
		doctor_mend(finding, "ipvsadm -E %s -s maglev", words);
		break;
	case MAGLEV_NL_LEFT_BECAUSE_METHOD:
		mend_backends(finding, service, has_method, "");
		break;
	case MAGLEV_NL_LEFT_BECAUSE_TUNNEL:
		mend_backends(finding, service, has_tunnel, "");
		break;
	case MAGLEV_NL_LEFT_BECAUSE_THRESHOLD:
		mend_backends(finding, service, has_threshold, " -x 0 -y 0");
		break;
	}
}

static void check_left(const struct doctor_service *service, struct doctor_findings *findings)
{
	u32 because = service->ours.left_because;
	struct doctor_finding *finding;
	size_t len;

	/* The first is told of the host, the last of backends. */
	if (!service->is_ours || because == MAGLEV_NL_LEFT_BECAUSE_NONE ||
	    because == MAGLEV_NL_LEFT_BECAUSE_SETTING || because == MAGLEV_NL_LEFT_BECAUSE_TABLE)
		return;
	finding = doctor_find(findings, DOCTOR_WARNING, "left-to-ipvs", service->name);
	mend_left(finding, service);
	len = strlen(finding->seen);
	snprintf(finding->seen + len, sizeof(finding->seen) - len, "%s%s%s", len ? ": " : "",
		 show_left(because), doctor_owned(service));
	finding->means = "IPVS forwards it, with its connections; it only asks our table";
}

static void check_forwarding(const struct doctor_patient *patient,
			     const struct doctor_service *service, struct doctor_findings *findings)
{
	struct doctor_finding *finding;
	size_t i;

	for (i = 0; i < service->n; i++)
		if (service->backend[i].is_ipvs &&
		    service->backend[i].ipvs.way.method == IP_VS_CONN_F_MASQ)
			break;
	if (i == service->n || patient->forwarding || service->key.addr.len != MAGLEV_IPV4_BYTES)
		return;
	finding = doctor_find(findings, DOCTOR_FAULT, "forwarding-off", service->name);
	doctor_seen(finding, "net.ipv4.ip_forward is 0, and %s is masqueraded",
		    service->backend[i].name);
	finding->means = "answers of masqueraded backends are not passed on to clients";
	doctor_mend(finding, "sysctl -w net.ipv4.ip_forward=1");
}

static void check_table(const struct doctor_service *service, struct doctor_findings *findings)
{
	const struct maglev_lib_service *ours = &service->ours;
	struct doctor_finding *finding;
	u32 size = size_for(ours->n_backends);

	if (!service->is_ours)
		return;
	if (ours->error) {
		finding = doctor_find(findings, DOCTOR_FAULT, "table-degraded", service->name);
		doctor_seen(finding, "%s",
			    *ours->error_text ? ours->error_text : strerror((int)ours->error));
		finding->means =
			"the last table stays in use, which knows nothing of changes since";
		if (ours->n_backends > ours->table_size)
			doctor_mend(finding, "maglevadm service set %s table-size %u",
				    service->name, size);
	} else if (ours->warnings & (MAGLEV_NL_WARNING_FEW_SLOTS | MAGLEV_NL_WARNING_NO_SLOT)) {
		finding = doctor_find(findings, DOCTOR_NOTE, "slots-few", service->name);
		doctor_seen(finding, "%u slots for %u backends", ours->table_size,
			    ours->n_backends);
		finding->means = "shares of backends are not what their weights say";
		if (size > ours->table_size)
			doctor_mend(finding, "maglevadm service set %s table-size %u",
				    service->name, size);
	}
}

/* What gives a backend back that somebody has taken out of service. */
static void mend_state(struct doctor_finding *finding, const struct doctor_service *service,
		       const struct doctor_backend *backend)
{
	char words[SHOW_NAME], way[DOCTOR_COMMAND];

	if (backend->ours.admin_state != MAGLEV_NL_STATE_UP)
		doctor_mend(finding, "maglevadm backend up %s %s", service->name, backend->name);
	if (backend->ours.ipvs_state != MAGLEV_NL_STATE_UP && backend->is_ipvs)
		doctor_mend(finding, "ipvsadm -e %s %s", doctor_ipvs_service(service, words),
			    doctor_ipvs_backend(service, backend, 1, way));
}

static void check_up(const struct doctor_service *service, struct doctor_findings *findings)
{
	struct doctor_finding *finding;
	char words[SHOW_NAME], state[SHOW_STATE];
	size_t i, len = 0;

	if (!service->is_ours)
		return;
	for (i = 0; i < service->n; i++)
		if (service->backend[i].is_ours &&
		    service->backend[i].ours.state == MAGLEV_NL_STATE_UP)
			return;
	finding = doctor_find(findings, DOCTOR_FAULT,
			      service->n ? "backends-down" : "backends-none", service->name);
	finding->means = "clients are answered by an ICMP error, or not at all";
	finding->needs_all = true;
	if (!service->n) {
		doctor_seen(finding, "it has no backends");
		doctor_mend(finding, "ipvsadm -a %s -r BACKEND:%u -i --tun-type gre -w 1",
			    doctor_ipvs_service(service, words), ntohs(service->key.port));
		return;
	}
	for (i = 0; i < service->n && len < sizeof(finding->seen); i++) {
		len += snprintf(finding->seen + len, sizeof(finding->seen) - len, "%s%s is %s",
				len ? ", " : "", service->backend[i].name,
				show_state(&service->backend[i].ours, state));
		mend_state(finding, service, &service->backend[i]);
	}
}

/* In what balancers of a cluster differ, maglevd has found out. */
static void check_peers(const struct doctor_service *service, struct doctor_findings *findings)
{
	struct doctor_finding *finding;

	if (!*service->peer)
		return;
	finding = doctor_find(findings, DOCTOR_WARNING, "peer-differs", service->name);
	doctor_seen(finding, "%s has another table: %s", service->peer, service->difference);
	if (!strcmp(service->difference, "states or shares"))
		finding->means =
			"a backend passes its checks at one alone, or shares come from measuring there and here; a flow that moves between balancers may break";
	else
		finding->means =
			"the files or keys of the two are not the same: a flow that moves between balancers may break";
	doctor_mend(finding, "maglevadm reload");
}

void doctor_check_service(const struct doctor_patient *patient,
			  const struct doctor_service *service, struct doctor_findings *findings)
{
	bool is_there = check_there(patient, service, findings);

	check_vip(patient, service, findings);
	check_firewall(patient, service, findings);
	check_answers(patient, service, findings);
	if (!is_there)
		return;
	check_scheduler(patient, service, findings);
	check_left(service, findings);
	check_forwarding(patient, service, findings);
	check_table(service, findings);
	check_up(service, findings);
	check_peers(service, findings);
}
