// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backends are asked, all at once: by an echo as they are, and through their tunnels by a connection
 * to the VIP's port, by an echo of the VIP and by one of their own address. What answers and what
 * does not tells where packets end.
 */
#include "doctor_probe.h"

#include <array.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum {
	AT_ONCE = 256, /* backends, so many sockets each */
	PATIENCE_MS = 2000,
	SIZE_PATIENCE_MS = 1000, /* for a size: it is known that another one is answered */
	AGAIN_MS = 600, /* an echo is sent so often: one may be lost */
	PACKET_LEAST = 576, /* what every way takes (RFC 791), and is not worth to look below */
	PACKET_STEP = 8,
};

static u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

static struct doctor_probe *add(struct doctor_probes *probes, const struct doctor_service *service,
				struct doctor_backend *backend, enum doctor_question question)
{
	bool is_own = question == DOCTOR_ECHO || question == DOCTOR_ECHO_INSIDE;
	struct doctor_probe *grown;

	grown = array_reserve(probes->at, &probes->capacity, probes->n, 1, sizeof(*grown));
	if (!grown)
		return NULL;
	probes->at = grown;
	grown += probes->n;
	memset(grown, 0, sizeof(*grown));
	grown->backend = backend;
	grown->service = service;
	grown->question = question;
	grown->answer = DOCTOR_SILENT;
	grown->to = is_own ? backend->addr : service->key.addr;
	grown->sequence = probes->n++;
	grown->fd = -1;
	if (question != DOCTOR_ECHO)
		grown->mark = probes->patient->settings.probe_base + backend->ours.index;
	return grown;
}

/* Wait for what is readable, and take it. Return: is anything open still? */
static bool listen_once(struct doctor_probes *probes, struct pollfd *waiting, int timeout_ms)
{
	nfds_t n = 0, at = 0;
	bool open = false;
	size_t i;

	for (i = 0; i < PROBE_EARS; i++)
		waiting[n++] = (struct pollfd){ .fd = probes->ear[i], .events = POLLIN };
	for (i = 0; i < probes->n; i++) {
		open |= doctor_probe_is_open(probes, &probes->at[i]);
		if (probes->at[i].fd >= 0)
			waiting[n++] = (struct pollfd){
				.fd = probes->at[i].fd,
				.events = probes->at[i].service->key.protocol == IPPROTO_TCP ?
						  POLLOUT :
						  POLLIN,
			};
	}
	if (!open)
		return false;
	if (poll(waiting, n, timeout_ms) <= 0)
		return true;
	for (i = 0; i < PROBE_EARS; i++)
		if (waiting[at++].revents)
			doctor_probe_hear(probes, i);
	for (i = 0; i < probes->n; i++)
		if (probes->at[i].fd >= 0 && waiting[at++].revents)
			doctor_probe_end(&probes->at[i]);
	return true;
}

/* Ask all that were added, and forget them once their answers are kept. */
static void run(struct doctor_probes *probes, unsigned int patience_ms)
{
	struct pollfd *waiting = calloc(probes->n + PROBE_EARS, sizeof(*waiting));
	u64 now = now_ms(), again = now, end = now + patience_ms;
	size_t i;

	/* Answers to those before may be late. */
	probes->id++;
	for (i = 0; i < probes->n; i++)
		if (probes->at[i].question == DOCTOR_CONNECT)
			doctor_probe_connect(&probes->at[i]);
	while (waiting && now < end) {
		for (i = 0; now >= again && i < probes->n; i++)
			if (probes->at[i].question != DOCTOR_CONNECT &&
			    doctor_probe_is_open(probes, &probes->at[i]))
				doctor_probe_echo(probes, &probes->at[i]);
		if (now >= again)
			again = now + AGAIN_MS;
		if (!listen_once(probes, waiting, (int)((again < end ? again : end) - now)))
			break;
		now = now_ms();
	}
	free(waiting);
	for (i = 0; i < probes->n; i++)
		if (probes->at[i].fd >= 0)
			close(probes->at[i].fd);
}

static void keep(struct doctor_probes *probes)
{
	size_t i;

	for (i = 0; i < probes->n; i++)
		probes->at[i].backend->answer[probes->at[i].question] = probes->at[i].answer;
	probes->n = 0;
}

/* Of those the tunnel of which answers, what is as large as clients may send. */
static void ask_full(struct doctor_probes *probes, size_t from, size_t n)
{
	struct doctor_service *service;
	struct doctor_backend *backend;
	struct doctor_probe *probe;
	size_t i, k, at = 0;

	for (i = 0; i < probes->patient->n; i++) {
		service = &probes->patient->service[i];
		for (k = 0; k < service->n; k++, at++) {
			backend = &service->backend[k];
			if (at < from || at >= from + n ||
			    backend->answer[DOCTOR_ECHO_VIP] != DOCTOR_ANSWERED ||
			    backend->inner_mtu <= PACKET_LEAST)
				continue;
			backend->fails = backend->inner_mtu < PROBE_BYTES ? backend->inner_mtu :
									    PROBE_BYTES;
			probe = add(probes, service, backend, DOCTOR_ECHO_FULL);
			if (probe)
				probe->bytes = backend->fails;
		}
	}
	run(probes, PATIENCE_MS);
	keep(probes);
}

/* Halve what is between the largest known to pass and the least known not to. */
static bool ask_between(struct doctor_probes *probes, const struct doctor_service *service,
			struct doctor_backend *backend)
{
	u32 least = backend->passes ?: PACKET_LEAST - PACKET_STEP, bytes;
	struct doctor_probe *probe;

	bytes = (least + (backend->fails - least) / 2) / PACKET_STEP * PACKET_STEP;
	if (bytes <= least)
		return false;
	probe = add(probes, service, backend, DOCTOR_ECHO_FULL);
	if (probe)
		probe->bytes = bytes;
	return probe;
}

static void keep_sizes(struct doctor_probes *probes)
{
	const struct doctor_probe *probe;
	size_t i;

	for (i = 0; i < probes->n; i++) {
		probe = &probes->at[i];
		if (probe->answer == DOCTOR_ANSWERED)
			probe->backend->passes = probe->bytes;
		else
			probe->backend->fails = probe->bytes;
	}
	probes->n = 0;
}

static void ask_backend(struct doctor_probes *probes, struct doctor_service *service,
			struct doctor_backend *backend)
{
	const struct doctor_patient *patient = probes->patient;

	if (backend->route.error || backend->route.is_local)
		return;
	add(probes, service, backend, DOCTOR_ECHO);
	if (!patient->has_plane || !patient->settings.probe || !backend->is_ours ||
	    !doctor_is_forwarded(service))
		return;
	/* A probe needs a source of the VIP's family that this way has. */
	if (backend->addr.len != service->key.addr.len)
		return;
	if (service->key.protocol == IPPROTO_TCP || service->key.protocol == IPPROTO_UDP)
		add(probes, service, backend, DOCTOR_CONNECT);
	add(probes, service, backend, DOCTOR_ECHO_VIP);
	add(probes, service, backend, DOCTOR_ECHO_INSIDE);
}

static void ask_some(struct doctor_probes *probes, size_t from)
{
	struct doctor_service *service;
	size_t i, k, at = 0;

	for (i = 0; i < probes->patient->n; i++) {
		service = &probes->patient->service[i];
		for (k = 0; k < service->n; k++, at++)
			if (at >= from && at < from + AT_ONCE)
				ask_backend(probes, service, &service->backend[k]);
	}
	run(probes, PATIENCE_MS);
	keep(probes);
	ask_full(probes, from, AT_ONCE);
}

/* Of those that lose what is as large as it may be: what do they not lose, to within a step? */
static void ask_sizes(struct doctor_probes *probes)
{
	struct doctor_service *service;
	struct doctor_backend *backend;
	bool more = true;
	size_t i, k;

	while (more) {
		more = false;
		for (i = 0; i < probes->patient->n; i++) {
			service = &probes->patient->service[i];
			for (k = 0; k < service->n && probes->n < AT_ONCE; k++) {
				backend = &service->backend[k];
				if (backend->answer[DOCTOR_ECHO_FULL] == DOCTOR_SILENT)
					more |= ask_between(probes, service, backend);
			}
		}
		run(probes, SIZE_PATIENCE_MS);
		keep_sizes(probes);
	}
}

void doctor_ask_backends(struct doctor_patient *patient)
{
	struct doctor_probes probes = { .patient = patient, .ear = { -1, -1 } };
	size_t i, from, all = 0;

	if (getrandom(&probes.id, sizeof(probes.id), 0) < 0)
		return;
	doctor_probe_listen(&probes);
	if (probes.ear[0] < 0 && probes.ear[1] < 0) {
		doctor_blind(patient, "backends: to probe them needs CAP_NET_RAW, as root has it");
		return;
	}
	for (i = 0; i < patient->n; i++)
		all += patient->service[i].n;
	for (from = 0; from < all; from += AT_ONCE)
		ask_some(&probes, from);
	ask_sizes(&probes);
	for (i = 0; i < PROBE_EARS; i++)
		if (probes.ear[i] >= 0)
			close(probes.ear[i]);
	free(probes.at);
}
