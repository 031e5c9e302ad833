// SPDX-License-Identifier: GPL-2.0-only
/* All checks, in the order of a packet's way. */
#include "doctor.h"

#include <string.h>

/* The module's own words, where no check has found why it forwards nothing. */
static void check_decision(const struct doctor_service *service, struct doctor_findings *findings)
{
	const struct maglev_lib_decision *decision = &service->decision;
	struct doctor_finding *finding;

	if (!service->has_decision || !doctor_is_forwarded(service) ||
	    decision->verdict == MAGLEV_NL_VERDICT_FORWARD)
		return;
	finding = doctor_find(findings, DOCTOR_FAULT, "not-forwarded", service->name);
	doctor_seen(finding, "%s (%s)", decision->reason_text, decision->reason_name);
	finding->means = "so the module would decide about a client's first packet";
}

static bool has_fault(const struct doctor_findings *findings, size_t from)
{
	for (; from < findings->n; from++)
		if (findings->at[from].severity == DOCTOR_FAULT)
			return true;
	return false;
}

static bool is_mended_so(const struct doctor_finding *a, const struct doctor_finding *b)
{
	unsigned int i;

	if (!a->commands || a->commands != b->commands || strcmp(a->where, b->where))
		return false;
	for (i = 0; i < a->commands; i++)
		if (strcmp(a->command[i], b->command[i]))
			return false;
	return true;
}

/* What mends several is to be done once: most commands fail when they are done again. */
static void drop_repeated(struct doctor_findings *findings)
{
	size_t i, k;

	for (i = findings->n; i-- > 1;)
		for (k = 0; k < i && findings->at[i].commands; k++)
			if (is_mended_so(&findings->at[k], &findings->at[i])) {
				findings->at[i].commands = 0;
				findings->at[i].is_repeated = true;
			}
}

void doctor_check(const struct doctor_patient *patient, struct doctor_findings *findings)
{
	const struct doctor_service *service;
	size_t i, k, before;

	doctor_check_host(patient, findings);
	for (i = 0; i < patient->n; i++) {
		service = &patient->service[i];
		before = findings->n;
		doctor_check_service(patient, service, findings);
		for (k = 0; k < service->n; k++)
			doctor_check_backend(patient, service, &service->backend[k], findings);
		if (!has_fault(findings, before))
			check_decision(service, findings);
	}
	doctor_check_after(patient, findings);
	drop_repeated(findings);
}
