// SPDX-License-Identifier: GPL-2.0-only
/* What doctor's facts and findings are kept in. */
#include "doctor.h"

#include <array.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct doctor_finding *doctor_find(struct doctor_findings *findings, enum doctor_severity severity,
				   const char *name, const char *object)
{
	struct doctor_finding *grown;

	grown = array_reserve(findings->at, &findings->capacity, findings->n, 1, sizeof(*grown));
	if (grown) {
		findings->at = grown;
		grown += findings->n++;
	} else {
		findings->no_memory = true;
		grown = &findings->spare;
	}
	memset(grown, 0, sizeof(*grown));
	grown->severity = severity;
	grown->name = name;
	grown->means = "";
	snprintf(grown->object, sizeof(grown->object), "%s", object);
	return grown;
}

void doctor_seen(struct doctor_finding *finding, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(finding->seen, sizeof(finding->seen), fmt, args);
	va_end(args);
}

void doctor_mend(struct doctor_finding *finding, const char *fmt, ...)
{
	va_list args;

	if (finding->commands == DOCTOR_COMMANDS)
		return;
	va_start(args, fmt);
	vsnprintf(finding->command[finding->commands++], DOCTOR_COMMAND, fmt, args);
	va_end(args);
}

void doctor_findings_fini(struct doctor_findings *findings)
{
	free(findings->at);
}

void doctor_blind(struct doctor_patient *patient, const char *fmt, ...)
{
	va_list args;

	if (patient->blinds == DOCTOR_BLIND)
		return;
	va_start(args, fmt);
	vsnprintf(patient->blind[patient->blinds++], DOCTOR_WHY, fmt, args);
	va_end(args);
}

struct doctor_service *doctor_add_service(struct doctor_patient *patient)
{
	struct doctor_service *grown;

	grown = array_reserve(patient->service, &patient->capacity, patient->n, 1, sizeof(*grown));
	if (!grown)
		return NULL;
	patient->service = grown;
	grown += patient->n++;
	memset(grown, 0, sizeof(*grown));
	return grown;
}

struct doctor_backend *doctor_add_backend(struct doctor_service *service)
{
	struct doctor_backend *grown;

	grown = array_reserve(service->backend, &service->capacity, service->n, 1, sizeof(*grown));
	if (!grown)
		return NULL;
	service->backend = grown;
	grown += service->n++;
	memset(grown, 0, sizeof(*grown));
	return grown;
}

struct doctor_device *doctor_add_device(struct doctor_patient *patient)
{
	struct doctor_device *grown;

	grown = array_reserve(patient->device, &patient->devices_capacity, patient->devices, 1,
			      sizeof(*grown));
	if (!grown)
		return NULL;
	patient->device = grown;
	grown += patient->devices++;
	memset(grown, 0, sizeof(*grown));
	return grown;
}

void doctor_patient_fini(struct doctor_patient *patient)
{
	while (patient->n)
		free(patient->service[--patient->n].backend);
	free(patient->service);
	free(patient->device);
	cJSON_Delete(patient->rules);
}

const struct doctor_device *doctor_device(const struct doctor_patient *patient, u32 index)
{
	size_t i;

	for (i = 0; i < patient->devices; i++)
		if (patient->device[i].index == index)
			return &patient->device[i];
	return NULL;
}

const char *doctor_device_name(const struct doctor_patient *patient, u32 index)
{
	const struct doctor_device *device = doctor_device(patient, index);

	return device ? device->name : "DEVICE";
}

bool doctor_is_forwarded(const struct doctor_service *service)
{
	return service->is_ours && service->ours.forwarding == MAGLEV_NL_FORWARDING_MAGLEV;
}
