// SPDX-License-Identifier: GPL-2.0-only
/* maglevadm doctor: what keeps a VIP from answering, and what mends it. */
#include "doctor.h"
#include "order.h"

#include <stdio.h>

static const char *const severity_names[DOCTOR_SEVERITIES] = {
	[DOCTOR_NOTE] = "note",
	[DOCTOR_WARNING] = "warning",
	[DOCTOR_FAULT] = "fault",
};

static void show_commands(struct out *out, const struct doctor_finding *finding)
{
	const char *word;
	unsigned int i;

	out_list_begin(out, "mend", NULL, 0);
	for (i = 0; i < finding->commands; i++) {
		word = !i ? "mend" : finding->needs_all ? "then" : "or";
		out_json_string(out, NULL, finding->command[i]);
		out_line(out, "    %s%s%s: %s", word, *finding->where ? " on " : "", finding->where,
			 finding->command[i]);
	}
	out_list_end(out);
	if (finding->is_repeated)
		out_line(out, "    mended by what mends one above");
}

static void show_finding(struct out *out, const struct doctor_finding *finding)
{
	out_row_begin(out);
	out_json_string(out, "severity", severity_names[finding->severity]);
	out_json_string(out, "finding", finding->name);
	out_json_string(out, "object", finding->object);
	out_json_string(out, "seen", finding->seen);
	out_json_string(out, "means", finding->means);
	out_json_string(out, "where", *finding->where ? finding->where : NULL);
	out_json_number(out, "mend-needs-all", finding->needs_all);
	out_json_number(out, "mended-before", finding->is_repeated);
	out_line(out, "%s: %s: %s", severity_names[finding->severity], finding->object,
		 finding->name);
	out_line(out, "    seen: %s", finding->seen);
	out_line(out, "    means: %s", finding->means);
	show_commands(out, finding);
	out_row_end(out);
}

/* What was looked at: a word to those who are told of nothing. */
static void show_extent(struct out *out, const struct doctor_patient *patient,
			const size_t count[DOCTOR_SEVERITIES])
{
	size_t i, k, backends = 0, inside = 0;

	for (i = 0; i < patient->n; i++) {
		backends += patient->service[i].n;
		for (k = 0; k < patient->service[i].n; k++)
			inside += patient->service[i].backend[k].answer[DOCTOR_ECHO_VIP] !=
				  DOCTOR_UNASKED;
	}
	out_json_number(out, "services", patient->n);
	out_json_number(out, "backends", backends);
	out_json_number(out, "probed", inside);
	out_line(out,
		 "looked at %zu services and %zu backends, of which %zu were asked through their tunnels%s",
		 patient->n, backends, inside,
		 patient->has_daemon ? ", and at what maglevd says" : "");
	out_line(out, "%zu faults, %zu warnings, %zu notes", count[DOCTOR_FAULT],
		 count[DOCTOR_WARNING], count[DOCTOR_NOTE]);
}

static int show(const struct order *order, const struct doctor_patient *patient,
		const struct doctor_findings *findings)
{
	size_t i, count[DOCTOR_SEVERITIES] = {};
	struct out out;

	out_init(&out, order->json);
	out_list_begin(&out, "findings", NULL, 0);
	for (i = 0; i < findings->n; i++) {
		count[findings->at[i].severity]++;
		show_finding(&out, &findings->at[i]);
	}
	out_list_end(&out);
	show_extent(&out, patient, count);
	i = out_fini(&out, STATUS_DONE);
	if (i)
		return (int)i;
	return count[DOCTOR_FAULT]   ? STATUS_FAULTY :
	       count[DOCTOR_WARNING] ? STATUS_DOUBTFUL :
				       STATUS_DONE;
}

/* Probes are between the two readings of counters, as a little time is. */
static int examine(struct doctor_patient *patient, const struct order *order)
{
	bool is_named = order->message.has & MAGLEV_LIB_HAS(SERVICE);
	int status;

	status = doctor_read_services(patient, is_named ? &order->message.service.key : NULL);
	if (status)
		return status;
	doctor_read_losses(patient);
	doctor_read_filtered(patient);
	doctor_read_host(patient);
	doctor_read_rules(patient);
	doctor_read_daemon(patient, order->directory);
	status = doctor_read_routes(patient);
	if (status)
		return status;
	doctor_ask_backends(patient);
	doctor_read_losses(patient);
	doctor_read_filtered(patient);
	return STATUS_DONE;
}

int cmd_doctor(struct order *order)
{
	struct doctor_findings findings = {};
	struct doctor_patient patient = {};
	int status = examine(&patient, order);

	if (!status) {
		doctor_check(&patient, &findings);
		status = findings.no_memory ? err_memory() : show(order, &patient, &findings);
	}
	doctor_findings_fini(&findings);
	doctor_patient_fini(&patient);
	return status;
}
