// SPDX-License-Identifier: GPL-2.0-only
/* What is wrong with this host, whichever service is meant: the module, devices, filters, counters. */
#include "doctor.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define PROBE_BASE "probe-base 0x10000000" /* as maglevd has it */

enum {
	STRICT = 1, /* of rp_filter */
	FULL_PERCENT = 95,
};

static void check_module(const struct doctor_patient *patient, struct doctor_findings *findings)
{
	struct doctor_finding *finding;

	if (patient->has_module)
		return;
	finding = doctor_find(findings, DOCTOR_FAULT, "module-absent", "host");
	doctor_seen(finding, "there is no /sys/module/ip_vs_maglev");
	finding->means = "nothing schedules by Maglev, and IPVS alone forwards what it has";
	doctor_mend(finding, "modprobe ip_vs_maglev");
}

static void check_services(const struct doctor_patient *patient, struct doctor_findings *findings)
{
	struct doctor_finding *finding;

	if (patient->n || patient->is_denied)
		return;
	finding = doctor_find(findings, DOCTOR_WARNING, "services-none", "host");
	doctor_seen(finding, "IPVS has no services in this network namespace");
	finding->means = "there is nothing to forward: ipvsadm or maglevd makes services";
}

static void check_hook(const struct doctor_patient *patient, struct doctor_findings *findings)
{
	struct doctor_finding *finding;

	if (!patient->has_plane || patient->settings.hook != MAGLEV_NL_HOOK_NONE)
		return;
	finding = doctor_find(findings, DOCTOR_WARNING, "hook-none", "host");
	doctor_seen(finding, "the setting hook is none");
	finding->means = "all services are left to IPVS, with its connections and its limits";
	doctor_mend(finding, "maglevadm set hook local");
}

/* Clients' packets, if the way back to them is another. */
static void check_filter(const struct doctor_patient *patient, struct doctor_findings *findings)
{
	const struct doctor_device *strict = NULL;
	struct doctor_finding *finding;
	size_t i;

	for (i = 0; i < patient->devices && !strict; i++)
		if (patient->device[i].rp_filter == STRICT && patient->device[i].is_up &&
		    !patient->device[i].is_loopback)
			strict = &patient->device[i];
	if (!strict || !patient->filtered)
		return;
	finding = doctor_find(findings, patient->filtered_now ? DOCTOR_FAULT : DOCTOR_WARNING,
			      "source-filtered", "host");
	doctor_seen(finding,
		    "rp_filter of %s is 1; IPReversePathFilter counts %llu packets, %llu of now",
		    strict->name, patient->filtered, patient->filtered_now);
	finding->means =
		"clients' packets are dropped where the route back to them is another device's";
	doctor_mend(finding, "sysctl -w net.ipv4.conf.all.rp_filter=2");
}

/* Devices by which the answers to probes come: those to the backends of VIPs of IPv4. */
static bool is_answered_by(const struct doctor_patient *patient, const struct doctor_device *device)
{
	const struct doctor_service *service;
	size_t i, k;

	for (i = 0; i < patient->n; i++) {
		service = &patient->service[i];
		if (!doctor_is_forwarded(service) || service->key.addr.len != MAGLEV_IPV4_BYTES)
			continue;
		for (k = 0; k < service->n; k++)
			if (service->backend[k].route.device == device->index)
				return true;
	}
	return false;
}

static void check_answers(const struct doctor_patient *patient, struct doctor_findings *findings)
{
	enum doctor_severity severity = patient->has_daemon ? DOCTOR_FAULT : DOCTOR_WARNING;
	const struct doctor_device *device, *strict = NULL, *foreign = NULL;
	struct doctor_finding *finding;
	size_t i;

	for (i = 0; i < patient->devices && patient->has_plane && patient->settings.probe; i++) {
		device = &patient->device[i];
		if (device->is_loopback || !is_answered_by(patient, device))
			continue;
		strict = device->rp_filter == STRICT ? device : strict;
		foreign = device->accept_local == 0 ? device : foreign;
	}
	if (foreign) {
		finding = doctor_find(findings, severity, "answers-refused", "host");
		doctor_seen(finding, "accept_local of %s is 0, and probe is on", foreign->name);
		finding->means =
			"answers to probes come from the VIP, which is ours: they are dropped, and backends seem down";
		doctor_mend(finding, "sysctl -w net.ipv4.conf.all.accept_local=1");
	}
	if (strict) {
		finding = doctor_find(findings, severity, "answers-filtered", "host");
		doctor_seen(finding, "rp_filter of %s is 1, and probe is on", strict->name);
		finding->means =
			"answers to probes come from the VIP, which is ours: they are dropped, and backends seem down";
		doctor_mend(finding, "sysctl -w net.ipv4.conf.all.rp_filter=2");
	}
}

void doctor_check_host(const struct doctor_patient *patient, struct doctor_findings *findings)
{
	check_module(patient, findings);
	check_services(patient, findings);
	check_hook(patient, findings);
	check_filter(patient, findings);
	check_answers(patient, findings);
}

/* What a connection or a probe of ours brings about is told by other checks. */
static bool is_worth_telling(u32 reason)
{
	return reason != MAGLEV_NL_REASON_NO_PROBED && reason != MAGLEV_NL_REASON_TOO_BIG &&
	       reason != MAGLEV_NL_REASON_NO_ROUTE && reason != MAGLEV_NL_REASON_NOT_SENT &&
	       reason != MAGLEV_NL_REASON_NO_BACKEND;
}

static void check_losses(const struct doctor_patient *patient, struct doctor_findings *findings)
{
	struct doctor_finding *finding;
	u32 i;

	for (i = 0; i < DOCTOR_REASONS; i++) {
		if (!patient->lost[i].count || !is_worth_telling(i) ||
		    (patient->lost[i].verdict != MAGLEV_NL_VERDICT_DROP &&
		     patient->lost[i].verdict != MAGLEV_NL_VERDICT_REJECT))
			continue;
		finding = doctor_find(findings, DOCTOR_WARNING, "packets-lost", "host");
		doctor_seen(finding, "%llu packets while doctor looked: %s (%s)",
			    patient->lost[i].count, patient->lost[i].text, patient->lost[i].name);
		finding->means = "clients' packets are not forwarded for this reason";
	}
}

static void check_flows(const struct doctor_patient *patient, struct doctor_findings *findings)
{
	const struct maglev_lib_counters *counters = &patient->counters;
	struct doctor_finding *finding;

	if (!counters->capacity || counters->flows < (u64)counters->capacity * FULL_PERCENT / 100)
		return;
	finding = doctor_find(findings, DOCTOR_WARNING, "flows-full", "host");
	doctor_seen(finding, "%u flows of %u are tracked, %llu packets were not for want of room",
		    counters->flows, counters->capacity, counters->untracked_full);
	finding->means = "new flows are not tracked: those break when the table changes";
	doctor_mend(finding, "maglevadm set flows %llu", 2ULL * patient->settings.flows);
}

static void check_key(const struct doctor_patient *patient, struct doctor_findings *findings)
{
	struct doctor_finding *finding;

	if (!patient->has_plane || !patient->settings.key_is_zero)
		return;
	finding = doctor_find(findings, DOCTOR_NOTE, "key-zero", "host");
	doctor_seen(finding, "the cluster key is all zero");
	finding->means =
		"anybody can aim flows at one backend; the file is for all balancers of the cluster";
	doctor_mend(finding,
		    "mkdir -p /etc/maglev && (umask 077; od -An -N16 -tx1 /dev/urandom | tr -d ' ' >/etc/maglev/key) && "
		    "maglevadm set key /etc/maglev/key");
}

static void check_probe(const struct doctor_patient *patient, struct doctor_findings *findings)
{
	struct doctor_finding *finding;
	bool is_forwarded = false;
	size_t i;

	for (i = 0; i < patient->n; i++)
		is_forwarded |= doctor_is_forwarded(&patient->service[i]);
	if (!is_forwarded || patient->settings.probe)
		return;
	finding = doctor_find(findings, DOCTOR_NOTE, "probe-off", "host");
	doctor_seen(finding, "the setting probe is off");
	finding->means = "backends could not be asked through their tunnels: mend, and ask again";
	doctor_mend(finding,
		    "sysctl -w net.ipv4.conf.all.accept_local=1 net.ipv4.conf.all.rp_filter=2 && maglevadm set %sprobe on",
		    patient->settings.probe_base ? "" : PROBE_BASE " ");
}

static void check_blind(const struct doctor_patient *patient, struct doctor_findings *findings)
{
	struct doctor_finding *finding;
	unsigned int i;

	for (i = 0; i < patient->blinds; i++) {
		finding = doctor_find(findings, DOCTOR_NOTE, "not-looked-at", "host");
		doctor_seen(finding, "%s", patient->blind[i]);
		finding->means = "what is wrong there is not found";
	}
	if (!patient->has_legacy)
		return;
	finding = doctor_find(findings, DOCTOR_NOTE, "not-looked-at", "host");
	doctor_seen(finding, "there are tables of iptables-legacy");
	finding->means = "doctor reads rules of nftables only: see iptables-legacy-save -c";
}

/* Behind all services: what is counted, and what limits this examination. */
void doctor_check_after(const struct doctor_patient *patient, struct doctor_findings *findings)
{
	check_losses(patient, findings);
	check_flows(patient, findings);
	check_key(patient, findings);
	check_probe(patient, findings);
	check_blind(patient, findings);
}
