/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why does a VIP not answer? First all facts are gathered, which asks and sends probes and changes
 * nothing; then checks, which are pure, look at them in the order of a packet's way and tell what
 * they find.
 */
#ifndef MAGLEVADM_DOCTOR_H
#define MAGLEVADM_DOCTOR_H

#include "show.h"

#include <cjson/cJSON.h>
#include <ipvs_table.h>
#include <net/if.h>

enum {
	DOCTOR_OBJECT = 2 * SHOW_NAME + 4,
	DOCTOR_SEEN = 512,
	DOCTOR_COMMAND = 512,
	DOCTOR_COMMANDS = 4,
	DOCTOR_WHY = 256,
	DOCTOR_REASONS = 64,
	DOCTOR_BLIND = 8,
};

enum doctor_severity {
	DOCTOR_NOTE, /* worth knowing */
	DOCTOR_WARNING, /* breaks something for somebody, or is not what was meant */
	DOCTOR_FAULT, /* packets are lost */
	DOCTOR_SEVERITIES,
};

/* What was found, and what mends it. */
struct doctor_finding {
	enum doctor_severity severity;
	const char *name; /* the manual explains it */
	char object[DOCTOR_OBJECT];
	char where[SHOW_NAME]; /* the host on which commands are run; "" is this one */
	char seen[DOCTOR_SEEN];
	const char *means;
	char command[DOCTOR_COMMANDS][DOCTOR_COMMAND];
	unsigned int commands;
	bool is_repeated; /* what mends one before it mends it */
	bool needs_all; /* one after the other; otherwise any may do, the likeliest first */
};

struct doctor_findings {
	struct doctor_finding *at;
	size_t n, capacity;
	struct doctor_finding spare; /* where there is no memory */
	bool no_memory;
};

/* A network device; sysctls are those that hold for it, -1 if not known. */
struct doctor_device {
	char name[IF_NAMESIZE];
	u32 index;
	u32 mtu;
	bool is_up;
	bool is_loopback;
	int rp_filter;
	int accept_local;
};

/* What the routing table says of an address. */
struct doctor_route {
	bool is_asked;
	int error; /* errno; 0: there is a way */
	bool is_local;
	u32 device; /* its index */
	u32 mtu;
	struct maglev_lib_addr gateway; /* len 0: none */
	struct maglev_lib_addr source;
	/* With an error: the route that forbids it, if there is one. */
	u32 stop_type; /* RTN_BLACKHOLE, ...; 0 */
	u32 stop_table;
	u32 stop_len;
	struct maglev_lib_addr stop;
};

/* What a backend is asked. Inside is through its tunnel. */
enum doctor_question {
	DOCTOR_CONNECT, /* inside, the service's own port at the VIP */
	DOCTOR_ECHO_VIP, /* inside, an echo of the VIP */
	DOCTOR_ECHO_INSIDE, /* inside, an echo of the backend's own address */
	DOCTOR_ECHO, /* outside, an echo of its own address */
	DOCTOR_ECHO_FULL, /* as ECHO_VIP, as large as the route says that packets may be */
	DOCTOR_QUESTIONS,
};

enum doctor_answer {
	DOCTOR_UNASKED,
	DOCTOR_ANSWERED,
	DOCTOR_REFUSED, /* a reset, or port unreachable from the inside */
	DOCTOR_UNREACHABLE, /* an ICMP error from the inside */
	DOCTOR_SILENT,
};

/* An ICMP error about a tunnel's outer packet. */
struct doctor_trouble {
	bool is_told;
	u8 type, code;
	struct maglev_lib_addr from;
};

struct doctor_backend {
	char name[SHOW_NAME];
	struct maglev_lib_addr addr;
	__be16 port;
	bool is_ours; /* @ours is what the module says of it */
	bool is_ipvs; /* @ipvs is what IPVS says */
	struct maglev_lib_backend ours;
	struct ipvs_backend ipvs;
	struct doctor_route route;
	enum doctor_answer answer[DOCTOR_QUESTIONS];
	struct doctor_trouble trouble;
	u32 inner_mtu; /* what fits into its tunnel by the route */
	u32 passes, fails; /* inside: the largest that passed, 0: none; the least that did not */
	bool is_checked; /* by maglevd, which says: */
	char health[SHOW_STATE];
	char why[DOCTOR_WHY];
};

struct doctor_service {
	char name[SHOW_NAME];
	struct maglev_lib_service_key key;
	bool is_ours, is_ipvs;
	bool is_owned; /* maglevd has made it */
	char peer[SHOW_NAME]; /* that has had another table for too long; "": none */
	char difference[DOCTOR_WHY]; /* what maglevd says it differs in */
	struct maglev_lib_service ours;
	char scheduler[IP_VS_SCHEDNAME_MAXLEN];
	u32 flags; /* of IPVS */
	struct doctor_route route; /* to the VIP */
	u32 holder; /* index of the device that has the VIP; 0: none has */
	bool has_decision;
	struct maglev_lib_decision decision; /* of a flow made up */
	struct doctor_backend *backend;
	size_t n, capacity;
};

struct doctor_patient {
	bool has_module;
	bool has_plane; /* it answered */
	bool is_named; /* one service was asked for */
	bool has_ipvs;
	bool is_denied; /* IPVS is there, and did not let us ask */
	bool has_daemon;
	struct maglev_lib_settings settings;
	struct maglev_lib_counters counters;
	/* By reason: what was not forwarded while we looked. */
	struct {
		u64 count;
		u32 verdict;
		char name[32];
		char text[128];
	} lost[DOCTOR_REASONS];
	struct doctor_device *device;
	size_t devices, devices_capacity;
	u64 filtered; /* packets that the reverse path filter has dropped */
	u64 filtered_now; /* while we looked */
	int forwarding; /* net.ipv4.ip_forward */
	cJSON *rules; /* of nftables; NULL: none, or not known */
	bool has_legacy; /* tables of iptables-legacy */
	struct doctor_service *service;
	size_t n, capacity;
	/* What we could not look at, and why. */
	char blind[DOCTOR_BLIND][DOCTOR_WHY];
	unsigned int blinds;
};

/* Begin a finding about @object. Return: it, never NULL. */
struct doctor_finding *doctor_find(struct doctor_findings *findings, enum doctor_severity severity,
				   const char *name, const char *object);
__attribute__((format(printf, 2, 3))) void doctor_seen(struct doctor_finding *finding,
						       const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void doctor_mend(struct doctor_finding *finding,
						       const char *fmt, ...);
void doctor_findings_fini(struct doctor_findings *findings);

/* Tell what cannot be looked at. */
__attribute__((format(printf, 2, 3))) void doctor_blind(struct doctor_patient *patient,
							const char *fmt, ...);

/* All append one, all zero. Return: it; NULL where there is no memory. */
struct doctor_service *doctor_add_service(struct doctor_patient *patient);
struct doctor_backend *doctor_add_backend(struct doctor_service *service);
struct doctor_device *doctor_add_device(struct doctor_patient *patient);
void doctor_patient_fini(struct doctor_patient *patient);

/* Return: NULL where there is none. */
const struct doctor_device *doctor_device(const struct doctor_patient *patient, u32 index);

/* The name of a device, or a word for those we do not know. */
const char *doctor_device_name(const struct doctor_patient *patient, u32 index);

/*
 * Facts. What cannot be had is blind, not an error. Return: STATUS_DONE, or what has been said.
 */
int doctor_read_services(struct doctor_patient *patient, const struct maglev_lib_service_key *only);
void doctor_read_losses(struct doctor_patient *patient);
void doctor_read_host(struct doctor_patient *patient);
void doctor_read_filtered(struct doctor_patient *patient);
int doctor_read_routes(struct doctor_patient *patient);
void doctor_read_rules(struct doctor_patient *patient);
void doctor_read_daemon(struct doctor_patient *patient, const char *directory);

/* Ask all backends; needs everything else to be known. */
void doctor_ask_backends(struct doctor_patient *patient);

/* Of a service that maglevd has made: what else is to be done; "" of others. */
const char *doctor_owned(const struct doctor_service *service);

/* How a service or its backend is typed behind ipvsadm's -A, -a and the like. Return: @text. */
const char *doctor_ipvs_service(const struct doctor_service *service, char text[SHOW_NAME]);
const char *doctor_ipvs_backend(const struct doctor_service *service,
				const struct doctor_backend *backend, u32 weight,
				char text[DOCTOR_COMMAND]);

/* Do we forward it, so that backends are reached by our tunnels? */
bool doctor_is_forwarded(const struct doctor_service *service);
u32 doctor_overhead(const struct doctor_backend *backend);

/* A packet as a firewall sees it. */
struct doctor_packet {
	struct maglev_lib_addr saddr; /* len 0: anybody's */
	struct maglev_lib_addr daddr; /* len 0: not known, and saddr says of which family */
	u8 protocol;
	u16 sport, dport; /* 0: it has none, or any */
	const char *state; /* of connection tracking, if that looks at it */
	bool is_outer; /* one of ours that leaves, by @device */
	const char *device;
};

/* What a firewall does to a packet: surely, perhaps, and where. */
struct doctor_drop {
	enum {
		DOCTOR_PASSES,
		DOCTOR_MAY_DROP,
		DOCTOR_DROPS
	} fate;
	char family[16], table[64], chain[64]; /* the base chain */
	char rule[192]; /* what drops it */
	bool by_policy;
	u64 packets; /* that its counter says; 0: none, or no counter */
};

void doctor_firewall(const cJSON *rules, const struct doctor_packet *packet,
		     struct doctor_drop *drop);

/* Are answers to probes of a service dropped by rules? Return: no, or how. */
bool doctor_answer_drop(const struct doctor_patient *patient, const struct doctor_service *service,
			struct doctor_drop *drop);

void doctor_seen_drop(struct doctor_finding *finding, const struct doctor_drop *drop);

/* Checks, by what they look at. */
void doctor_check_host(const struct doctor_patient *patient, struct doctor_findings *findings);
void doctor_check_service(const struct doctor_patient *patient,
			  const struct doctor_service *service, struct doctor_findings *findings);
void doctor_check_backend(const struct doctor_patient *patient,
			  const struct doctor_service *service,
			  const struct doctor_backend *backend, struct doctor_findings *findings);
void doctor_check_after(const struct doctor_patient *patient, struct doctor_findings *findings);

/* All of them, in the order of a packet's way. */
void doctor_check(const struct doctor_patient *patient, struct doctor_findings *findings);

#endif
