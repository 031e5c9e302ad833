// SPDX-License-Identifier: GPL-2.0-only
/*
 * Families are tables of where a row has their number. A family's samples stand together, so each
 * goes over all rows; labels, which take longest to write, are written once for each row.
 */
#include "metrics.h"

#include "clock.h"
#include "config_peers.h"
#include "gathered.h"
#include "judge.h"

#include <maglev/version.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	DIGEST_SHIFT = 12, /* 52 bits fit the numbers of Prometheus */
	DECIMALS_US = 6,
	DECIMALS_MS = 3,
	DECIMALS_PERCENT = 2,
};

/* A number of a row: 1, 4 or 8 bytes at an offset. */
struct metric {
	const char *name;
	const char *help;
	enum metrics_type type;
	unsigned int decimals;
	size_t offset, size;
};

#define OF(row, member) offsetof(struct row, member), sizeof(((struct row *)0)->member)

struct service_row {
	struct maglev_lib_service kernel;
	u64 base_digest, live_digest;
	bool is_forwarded, is_degraded, in_panic, is_open;
};

struct daemon_row {
	struct checker_stats checks;
	u64 lateness_us;
	size_t n_services, n_backends, n_streams;
	bool has_plane;
};

struct tables {
	struct gathered gathered;
	struct service_row *service;
	char **service_labels, **backend_labels;
};

static const struct metric daemon_metrics[] = {
	{ "maglev_plane_up", "1 if the data plane answers, else 0.", METRICS_GAUGE, 0,
	  OF(daemon_row, has_plane) },
	{ "maglev_configured_services", "Services of the configuration.", METRICS_GAUGE, 0,
	  OF(daemon_row, n_services) },
	{ "maglev_configured_backends", "Backends of the configuration, counted by service.",
	  METRICS_GAUGE, 0, OF(daemon_row, n_backends) },
	{ "maglev_configured_checks", "Checks that run.", METRICS_GAUGE, 0,
	  OF(daemon_row, n_streams) },
	{ "maglev_checks_passed", "Checks that passed.", METRICS_COUNTER, 0,
	  OF(daemon_row, checks.passed) },
	{ "maglev_checks_failed", "Checks that failed.", METRICS_COUNTER, 0,
	  OF(daemon_row, checks.failed) },
	{ "maglev_checks_unknown", "Checks that could not be made, for reasons of this host.",
	  METRICS_COUNTER, 0, OF(daemon_row, checks.unknown) },
	{ "maglev_checks_hastened", "Checks made before their time, as a backend looked ill.",
	  METRICS_COUNTER, 0, OF(daemon_row, checks.hastened) },
	{ "maglev_stalls", "Times this host gave checks no time, and their results did not count.",
	  METRICS_COUNTER, 0, OF(daemon_row, checks.stalls) },
	{ "maglev_check_lateness_p99_seconds",
	  "What one check in a hundred of the last minute began later than.", METRICS_GAUGE,
	  DECIMALS_US, OF(daemon_row, lateness_us) },
};

static const struct metric counter_metrics[] = {
	{ "maglev_forwarded_packets", "Packets forwarded; a super-packet counts once.",
	  METRICS_COUNTER, 0, OF(maglev_lib_counters, forwarded) },
	{ "maglev_forwarded_segments", "Packets forwarded, as they are on the wire.",
	  METRICS_COUNTER, 0, OF(maglev_lib_counters, segments) },
	{ "maglev_forwarded_bytes", "Bytes forwarded, without outer headers.", METRICS_COUNTER, 0,
	  OF(maglev_lib_counters, bytes) },
	{ "maglev_early_packets", "Packets forwarded before routing, by the hook early.",
	  METRICS_COUNTER, 0, OF(maglev_lib_counters, early) },
	{ "maglev_flows_new", "Flows begun.", METRICS_COUNTER, 0,
	  OF(maglev_lib_counters, flows_new) },
	{ "maglev_flows_adopted", "Flows taken over from other CPUs and old tables.",
	  METRICS_COUNTER, 0, OF(maglev_lib_counters, adopted) },
	{ "maglev_flows_from_ipvs", "Flows taken over from IPVS.", METRICS_COUNTER, 0,
	  OF(maglev_lib_counters, outside) },
	{ "maglev_flows_evicted", "Closing, reset or half-open flows that made room for others.",
	  METRICS_COUNTER, 0, OF(maglev_lib_counters, evicted) },
	{ "maglev_untracked_full_packets",
	  "Packets forwarded untracked: their flow met established flows all around.",
	  METRICS_COUNTER, 0, OF(maglev_lib_counters, untracked_full) },
	{ "maglev_untracked_busy_packets",
	  "Packets forwarded untracked: no budget to look for their flow on other CPUs.",
	  METRICS_COUNTER, 0, OF(maglev_lib_counters, untracked_busy) },
	{ "maglev_foreign_lines", "Lines of other CPUs' flow tables read.", METRICS_COUNTER, 0,
	  OF(maglev_lib_counters, foreign_lines) },
	{ "maglev_icmp_errors", "ICMP errors forwarded to the backend of the flow they are about.",
	  METRICS_COUNTER, 0, OF(maglev_lib_counters, errors) },
	{ "maglev_probes", "Probes sent through tunnels.", METRICS_COUNTER, 0,
	  OF(maglev_lib_counters, probes) },
	{ "maglev_gap_packets", "Packets that met IPVS while it changed a service's scheduler.",
	  METRICS_COUNTER, 0, OF(maglev_lib_counters, gap) },
	{ "maglev_tables_published", "Tables published.", METRICS_COUNTER, 0,
	  OF(maglev_lib_counters, published) },
	{ "maglev_table_build_errors", "Builds of tables that failed.", METRICS_COUNTER, 0,
	  OF(maglev_lib_counters, build_errors) },
	{ "maglev_flows", "Flows tracked, as the last sweep saw them.", METRICS_GAUGE, 0,
	  OF(maglev_lib_counters, flows) },
	{ "maglev_flow_capacity", "Flows there is room for.", METRICS_GAUGE, 0,
	  OF(maglev_lib_counters, capacity) },
};

static const struct metric settings_metrics[] = {
	{ "maglev_flow_table_bytes", "Memory of the flow tables.", METRICS_GAUGE, 0,
	  OF(maglev_lib_settings, flow_bytes) },
	{ "maglev_cluster_key_is_zero", "1 if the cluster key is all zero and protects nobody.",
	  METRICS_GAUGE, 0, OF(maglev_lib_settings, key_is_zero) },
	{ "maglev_flows_moving", "1 while flows move after a change of key or size.", METRICS_GAUGE,
	  0, OF(maglev_lib_settings, moving) },
};

static const struct metric service_metrics[] = {
	{ "maglev_service_packets", "Packets forwarded; a super-packet counts once.",
	  METRICS_COUNTER, 0, OF(service_row, kernel.stats.packets) },
	{ "maglev_service_segments", "Packets forwarded, as they are on the wire.", METRICS_COUNTER,
	  0, OF(service_row, kernel.stats.segments) },
	{ "maglev_service_bytes", "Bytes forwarded, without outer headers.", METRICS_COUNTER, 0,
	  OF(service_row, kernel.stats.bytes) },
	{ "maglev_service_flows_new", "Flows begun.", METRICS_COUNTER, 0,
	  OF(service_row, kernel.stats.flows_new) },
	{ "maglev_service_flows_answered", "Flows whose client went on, as it does when answered.",
	  METRICS_COUNTER, 0, OF(service_row, kernel.stats.flows_answered) },
	{ "maglev_service_flows_reset", "Flows that their clients reset.", METRICS_COUNTER, 0,
	  OF(service_row, kernel.stats.flows_reset) },
	{ "maglev_service_unreachable", "ICMP errors about packets to backends.", METRICS_COUNTER,
	  0, OF(service_row, kernel.stats.unreachable) },
	{ "maglev_service_tables_published", "Generations of its table.", METRICS_COUNTER, 0,
	  OF(service_row, kernel.generation) },
	{ "maglev_service_flows", "Flows tracked, as the last sweep saw them.", METRICS_GAUGE, 0,
	  OF(service_row, kernel.flows) },
	{ "maglev_service_is_forwarded", "1 if the module forwards it, 0 if it is left to IPVS.",
	  METRICS_GAUGE, 0, OF(service_row, is_forwarded) },
	{ "maglev_service_is_degraded", "1 if its last table could not be built.", METRICS_GAUGE, 0,
	  OF(service_row, is_degraded) },
	{ "maglev_service_in_panic",
	  "1 while too many of its backends fail at once to be believed.", METRICS_GAUGE, 0,
	  OF(service_row, in_panic) },
	{ "maglev_service_is_open", "1 while all its backends are down.", METRICS_GAUGE, 0,
	  OF(service_row, is_open) },
	{ "maglev_service_table_size", "Slots of its table.", METRICS_GAUGE, 0,
	  OF(service_row, kernel.table_size) },
	{ "maglev_service_displaced_slots",
	  "Slots where the live table differs from the base table.", METRICS_GAUGE, 0,
	  OF(service_row, kernel.displaced_slots) },
	{ "maglev_service_build_seconds", "How long its last table took to build.", METRICS_GAUGE,
	  DECIMALS_US, OF(service_row, kernel.build_us) },
	{ "maglev_service_base_digest", "The upper 52 bits of its base table's digest.",
	  METRICS_GAUGE, 0, OF(service_row, base_digest) },
	{ "maglev_service_live_digest", "The upper 52 bits of its live table's digest.",
	  METRICS_GAUGE, 0, OF(service_row, live_digest) },
};

static const struct metric backend_metrics[] = {
	{ "maglev_backend_packets", "Packets forwarded; a super-packet counts once.",
	  METRICS_COUNTER, 0, OF(gathered_backend, kernel.stats.packets) },
	{ "maglev_backend_bytes", "Bytes forwarded, without outer headers.", METRICS_COUNTER, 0,
	  OF(gathered_backend, kernel.stats.bytes) },
	{ "maglev_backend_flows_new", "Flows begun.", METRICS_COUNTER, 0,
	  OF(gathered_backend, kernel.stats.flows_new) },
	{ "maglev_backend_flows_answered", "Flows whose client went on, as it does when answered.",
	  METRICS_COUNTER, 0, OF(gathered_backend, kernel.stats.flows_answered) },
	{ "maglev_backend_flows_reset", "Flows that their clients reset.", METRICS_COUNTER, 0,
	  OF(gathered_backend, kernel.stats.flows_reset) },
	{ "maglev_backend_unreachable", "ICMP errors about packets to it.", METRICS_COUNTER, 0,
	  OF(gathered_backend, kernel.stats.unreachable) },
	{ "maglev_backend_state", "0: up, 1: drain, 2: down.", METRICS_GAUGE, 0,
	  OF(gathered_backend, kernel.state) },
	{ "maglev_backend_weight", "The weight that counts in the base table.", METRICS_GAUGE, 0,
	  OF(gathered_backend, kernel.table_weight) },
	{ "maglev_backend_share_ratio", "Which part of its slots it serves.", METRICS_GAUGE,
	  DECIMALS_PERCENT, OF(gathered_backend, kernel.share) },
	{ "maglev_backend_slots", "Slots it has in the live table.", METRICS_GAUGE, 0,
	  OF(gathered_backend, kernel.live_slots) },
	{ "maglev_backend_flows", "Flows it has, as the last sweep saw them.", METRICS_GAUGE, 0,
	  OF(gathered_backend, kernel.flows) },
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static u64 number_of(const struct metric *metric, const void *row)
{
	const void *at = (const char *)row + metric->offset;

	switch (metric->size) {
	case sizeof(bool):
		return *(const bool *)at;
	case sizeof(u32):
		return *(const u32 *)at;
	default:
		return *(const u64 *)at;
	}
}

/* Samples of all families from one row. */
static void add_row(struct metrics_text *text, const struct metric *metric, size_t n,
		    const void *row)
{
	size_t i;

	for (i = 0; i < n; i++) {
		metrics_family(text, metric[i].name, metric[i].type, metric[i].help);
		metrics_sample(text, "", number_of(&metric[i], row), metric[i].decimals);
	}
}

/* Samples of all families from rows of @size bytes. */
static void add_rows(struct metrics_text *text, const struct metric *metric, size_t n,
		     char *const *labels, const void *rows, size_t n_rows, size_t size)
{
	const char *row;
	size_t i, j;

	for (i = 0; i < n; i++) {
		metrics_family(text, metric[i].name, metric[i].type, metric[i].help);
		for (j = 0, row = rows; j < n_rows; j++, row += size)
			metrics_sample(text, labels[j], number_of(&metric[i], row),
				       metric[i].decimals);
	}
}

static void label_service(char *labels, const struct gathered_service *service)
{
	char text[SERVICE_TEXT];

	labels[0] = 0;
	if (service->kernel.key.has & MAGLEV_LIB_HAS(SERVICE_KEY_FWMARK))
		snprintf(text, sizeof(text), "fwmark %u", service->kernel.key.fwmark);
	else
		service_key_text(&service->key, text);
	metrics_label(labels, "service", text);
	if (service->known)
		metrics_label(labels, "name", service->known->config->name);
}

static void fill_service(struct service_row *row, const struct gathered_service *from)
{
	row->kernel = from->kernel;
	row->base_digest = from->kernel.base_digest >> DIGEST_SHIFT;
	row->live_digest = from->kernel.live_digest >> DIGEST_SHIFT;
	row->is_forwarded = from->kernel.forwarding == MAGLEV_NL_FORWARDING_MAGLEV;
	row->is_degraded = from->kernel.error;
	row->in_panic = from->known && from->known->in_panic;
	row->is_open = from->known && from->known->is_open;
}

static void label_backend(char *labels, const struct gathered_backend *backend)
{
	struct endpoint at = { backend->kernel.addr, ntohs(backend->kernel.port) };
	char text[ENDPOINT_TEXT];

	label_service(labels, backend->service);
	metrics_label(labels, "backend", endpoint_text(&at, text));
}

static bool fill(struct tables *tables)
{
	const struct gathered *gathered = &tables->gathered;
	char labels[METRICS_LABELS];
	bool ok = true;
	size_t i;

	tables->service = calloc(gathered->n_services ?: 1, sizeof(*tables->service));
	tables->service_labels = calloc(gathered->n_services ?: 1, sizeof(char *));
	tables->backend_labels = calloc(gathered->n_backends ?: 1, sizeof(char *));
	if (!tables->service || !tables->service_labels || !tables->backend_labels)
		return false;
	for (i = 0; i < gathered->n_services; i++) {
		fill_service(&tables->service[i], &gathered->service[i]);
		label_service(labels, &gathered->service[i]);
		ok &= (tables->service_labels[i] = strdup(labels)) != NULL;
	}
	for (i = 0; i < gathered->n_backends; i++) {
		label_backend(labels, &gathered->backend[i]);
		ok &= (tables->backend_labels[i] = strdup(labels)) != NULL;
	}
	return ok;
}

static void free_all(char **strings, size_t n)
{
	size_t i;

	for (i = 0; strings && i < n; i++)
		free(strings[i]);
	free(strings);
}

static void release(struct tables *tables)
{
	free(tables->service);
	free_all(tables->service_labels, tables->gathered.n_services);
	free_all(tables->backend_labels, tables->gathered.n_backends);
	gathered_fini(&tables->gathered);
}

static void add_daemon(struct metrics_text *text, const struct daemon *daemon, bool has_plane)
{
	const struct world *world = daemon_world(daemon);
	struct daemon_row row;

	memset(&row, 0, sizeof(row));
	row.checks = *checker_stats(daemon_checker(daemon));
	row.lateness_us = checker_lateness_p99(daemon_checker(daemon));
	row.n_services = world->n_services;
	row.n_backends = world->n_members;
	row.n_streams = world->n_streams;
	row.has_plane = has_plane;
	add_row(text, daemon_metrics, COUNT(daemon_metrics), &row);
}

static void add_build(struct metrics_text *text, const struct maglev_lib_settings *settings)
{
	char labels[METRICS_LABELS] = "";

	metrics_label(labels, "version", MAGLEV_VERSION);
	metrics_label(labels, "plane", settings->plane);
	metrics_label(labels, "plane_version", settings->version);
	metrics_family(text, "maglev_build", METRICS_GAUGE,
		       "Always 1; what runs is in the labels.");
	metrics_sample(text, labels, 1, 0);
}

static void add_reasons(struct metrics_text *text, const struct gathered *gathered)
{
	char labels[METRICS_LABELS];
	size_t i;

	metrics_family(text, "maglev_not_forwarded_packets", METRICS_COUNTER,
		       "Packets not forwarded, by reason and by what became of them.");
	for (i = 0; i < gathered->n_reasons; i++) {
		labels[0] = 0;
		metrics_label(labels, "reason", gathered->reason[i].name);
		metrics_label(labels, "verdict",
			      maglev_lib_word(&maglev_lib_verdict_names, gathered->reason[i].verdict) ?:
				      "");
		metrics_sample(text, labels, gathered->reason[i].count, 0);
	}
}

static void add_backends_by_state(struct metrics_text *text, const struct tables *tables)
{
	const struct gathered_service *service;
	char labels[METRICS_LABELS];
	u32 state;
	size_t i;

	metrics_family(text, "maglev_service_backends", METRICS_GAUGE, "Its backends, by state.");
	for (i = 0; i < tables->gathered.n_services; i++) {
		service = &tables->gathered.service[i];
		for (state = 0; state < COUNT(service->n_state); state++) {
			strcpy(labels, tables->service_labels[i]);
			metrics_label(labels, "state",
				      maglev_lib_word(&maglev_lib_state_names, state));
			metrics_sample(text, labels, service->n_state[state], 0);
		}
	}
}

static void add_checks(struct metrics_text *text, const struct tables *tables)
{
	const struct member *member;
	const struct stream *stream;
	char labels[METRICS_LABELS];
	size_t i, j;

	metrics_family(text, "maglev_check_up", METRICS_GAUGE,
		       "1 if the check says that the backend is up, else 0.");
	for (i = 0; i < tables->gathered.n_backends; i++) {
		member = tables->gathered.backend[i].known;
		for (j = 0; member && j < member->n_streams; j++) {
			stream = member->stream[j];
			if (stream->opinion == OPINION_NONE)
				continue;
			strcpy(labels, tables->backend_labels[i]);
			metrics_label(labels, "check", stream->check->name);
			metrics_sample(text, labels, stream->opinion == OPINION_UP, 0);
		}
	}
}

struct peer_row {
	bool is_heard;
	size_t n;
	u64 longest_ms;
};

static const struct metric peer_metrics[] = {
	{ "maglev_peer_up", "1 if the peer says which tables it has, else 0.", METRICS_GAUGE, 0,
	  OF(peer_row, is_heard) },
	{ "maglev_peer_disagreements", "Services on which the peer has another table.",
	  METRICS_GAUGE, 0, OF(peer_row, n) },
	{ "maglev_peer_disagreement_seconds", "How long the longest of them has lasted.",
	  METRICS_GAUGE, DECIMALS_MS, OF(peer_row, longest_ms) },
};

static void fill_peer(struct peer_row *row, const struct agreement_peer *peer, u64 now)
{
	u64 ms;
	size_t i;

	row->is_heard = peer->is_heard;
	row->n = peer->n;
	for (i = 0; i < peer->n; i++) {
		ms = (now - peer->disagreement[i].since) / NS_PER_MS;
		row->longest_ms = ms > row->longest_ms ? ms : row->longest_ms;
	}
}

static void add_peers(struct metrics_text *text, const struct agreement *agreement)
{
	struct peer_row rows[CONFIG_PEERS_MAX];
	char labels[CONFIG_PEERS_MAX][METRICS_LABELS], *at[CONFIG_PEERS_MAX];
	size_t n = agreement_peers(agreement), i;
	char peer_text[ENDPOINT_TEXT];
	struct agreement_peer peer;
	u64 now = clock_now();

	for (i = 0; i < n; i++) {
		peer = agreement_peer(agreement, i, now);
		rows[i] = (struct peer_row){};
		fill_peer(&rows[i], &peer, now);
		at[i] = labels[i];
		labels[i][0] = 0;
		metrics_label(labels[i], "peer", endpoint_text(&peer.at, peer_text));
	}
	add_rows(text, peer_metrics, COUNT(peer_metrics), at, rows, n, sizeof(*rows));
}

static void add_vips(struct metrics_text *text, struct announcer *announcer)
{
	char labels[METRICS_LABELS], vip[INET6_ADDRSTRLEN];
	struct announcer_vip *list;
	size_t i, n;

	metrics_family(text, "maglev_balancer_is_drained", METRICS_GAUGE,
		       "1 while its operator has it announce nothing, else 0.");
	metrics_sample(text, "", announcer_is_drained(announcer), 0);
	metrics_family(text, "maglev_vip_is_announced", METRICS_GAUGE,
		       "1 while there is a route for it that is announced, else 0.");
	list = announcer_list(announcer, &n);
	if (!list)
		text->has_failed = true;
	for (i = 0; list && i < n; i++) {
		labels[0] = 0;
		inet_ntop(list[i].vip.len == MAGLEV_IPV6_BYTES ? AF_INET6 : AF_INET,
			  list[i].vip.byte, vip, sizeof(vip));
		metrics_label(labels, "vip", vip);
		metrics_sample(text, labels, list[i].state == ANNOUNCE_ANNOUNCED, 0);
	}
	free(list);
}

static void add_plane(struct metrics_text *text, const struct tables *tables)
{
	const struct gathered *gathered = &tables->gathered;

	add_build(text, &gathered->settings);
	add_row(text, settings_metrics, COUNT(settings_metrics), &gathered->settings);
	add_row(text, counter_metrics, COUNT(counter_metrics), &gathered->counters);
	add_reasons(text, gathered);
	add_rows(text, service_metrics, COUNT(service_metrics), tables->service_labels,
		 tables->service, gathered->n_services, sizeof(*tables->service));
	add_backends_by_state(text, tables);
	add_rows(text, backend_metrics, COUNT(backend_metrics), tables->backend_labels,
		 gathered->backend, gathered->n_backends, sizeof(*gathered->backend));
	add_checks(text, tables);
}

char *metrics_write(const struct daemon *daemon, enum metrics_format format)
{
	struct metrics_text text = { .format = format };
	struct tables tables = {};
	char error[CONFIG_ERROR_TEXT];
	bool has_plane = !gathered_read(&tables.gathered, daemon_world(daemon), error);

	add_daemon(&text, daemon, has_plane);
	add_peers(&text, daemon_agreement(daemon));
	add_vips(&text, daemon_announcer(daemon));
	if (has_plane) {
		if (fill(&tables))
			add_plane(&text, &tables);
		else
			text.has_failed = true;
	}
	release(&tables);
	return metrics_end(&text);
}
