/* SPDX-License-Identifier: GPL-2.0-only */
/* One question to a backend: the sockets and packets of doctor's probes. */
#ifndef MAGLEVADM_DOCTOR_PROBE_H
#define MAGLEVADM_DOCTOR_PROBE_H

#include "doctor.h"

enum {
	PROBE_EARS = 2,
	PROBE_BYTES = 1500, /* of a packet, at most: as large as clients' are */
};

/* A question to a backend, while it is open. */
struct doctor_probe {
	struct doctor_backend *backend;
	const struct doctor_service *service;
	enum doctor_question question;
	enum doctor_answer answer;
	struct maglev_lib_addr to;
	u16 sequence;
	u32 bytes; /* of its IP packet; 0: the least */
	u32 mark;
	int fd; /* of a connection; -1 */
};

struct doctor_probes {
	struct doctor_patient *patient;
	struct doctor_probe *at;
	size_t n, capacity;
	int ear[PROBE_EARS]; /* IPv4, IPv6; -1 */
	u16 id;
};

/* Open, or try to, what hears all answers. */
void doctor_probe_listen(struct doctor_probes *probes);

/* Ask, once more if it is an echo. */
void doctor_probe_echo(const struct doctor_probes *probes, struct doctor_probe *probe);
void doctor_probe_connect(struct doctor_probe *probe);

/* Take what has come: all that this ear hears, or how a connection has ended. */
void doctor_probe_hear(struct doctor_probes *probes, unsigned int ear);
void doctor_probe_end(struct doctor_probe *probe);

/* Is there still an answer to come? */
bool doctor_probe_is_open(const struct doctor_probes *probes, const struct doctor_probe *probe);

#endif
