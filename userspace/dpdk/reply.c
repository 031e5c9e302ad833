// SPDX-License-Identifier: GPL-2.0-only
#include "reply.h"

#include "build.h"
#include "tables.h"

#include <maglev/version.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define HAS(name) MAGLEV_LIB_HAS(name)

void reply_key(struct maglev_lib_service_key *to, const struct maglev_service_key *key)
{
	*to = (struct maglev_lib_service_key){
		.has = HAS(SERVICE_KEY_AF) | HAS(SERVICE_KEY_PROTOCOL) | HAS(SERVICE_KEY_ADDR) |
		       HAS(SERVICE_KEY_PORT),
		.af = key->addr_len == MAGLEV_IPV4_BYTES ? AF_INET : AF_INET6,
		.protocol = key->protocol,
		.addr.len = key->addr_len,
		.port = key->port,
	};
	memcpy(to->addr.byte, key->addr, key->addr_len);
}

void reply_service_name(struct maglev_lib_message *to, const struct service *service)
{
	to->has |= HAS(SERVICE);
	to->service.has |= HAS(SERVICE_KEY) | HAS(SERVICE_ID);
	reply_key(&to->service.key, &service->key);
	to->service.id = service->id;
}

static void write_timeouts(struct maglev_lib_service *to, const struct maglev_timeouts *timeouts)
{
	to->has |= HAS(SERVICE_TIMEOUTS);
	to->timeouts = (struct maglev_lib_timeouts){
		.has = HAS(TIMEOUTS_HALF_OPEN) | HAS(TIMEOUTS_ESTABLISHED) | HAS(TIMEOUTS_CLOSING) |
		       HAS(TIMEOUTS_RESET),
		.half_open = timeouts->seconds[MAGLEV_HALF_OPEN],
		.established = timeouts->seconds[MAGLEV_ESTABLISHED],
		.closing = timeouts->seconds[MAGLEV_CLOSING],
		.reset = timeouts->seconds[MAGLEV_RESET],
	};
}

static void write_stats(struct maglev_lib_stats *to, const struct pair_counters *sum)
{
	*to = (struct maglev_lib_stats){
		.has = HAS(STATS_FLOWS_NEW) | HAS(STATS_PACKETS) | HAS(STATS_SEGMENTS) |
		       HAS(STATS_BYTES) | HAS(STATS_FLOWS_ANSWERED) | HAS(STATS_FLOWS_RESET) |
		       HAS(STATS_UNREACHABLE),
		.flows_new = sum->flows_new,
		.packets = sum->packets,
		.segments = sum->packets,
		.bytes = sum->bytes,
		.flows_answered = sum->flows_answered,
		.flows_reset = sum->flows_reset,
		.unreachable = sum->unreachable,
	};
}

static const char *error_text(int error)
{
	return error == -E2BIG ? "more backends than the table has slots: the last table stays" :
				 "no memory: the last table stays, the next try is in a second";
}

static bool key_is_zero(void)
{
	return !(model.key.word[0] | model.key.word[1]);
}

static void write_tables(struct maglev_lib_service *to, const struct service *service)
{
	const struct built *built = service->built;

	to->has |= HAS(SERVICE_TABLE_SIZE) | HAS(SERVICE_MODE) | HAS(SERVICE_WARNINGS);
	to->table_size = built ? built->size : service->size;
	to->mode = built ? built->mode : service->mode;
	to->warnings = (built ? built->warnings : 0) |
		       (key_is_zero() ? MAGLEV_NL_WARNING_KEY_ZERO : 0);
	if (!built)
		return;
	to->has |= HAS(SERVICE_GENERATION) | HAS(SERVICE_BASE_DIGEST) | HAS(SERVICE_LIVE_DIGEST) |
		   HAS(SERVICE_KEY_CHECK) | HAS(SERVICE_DISPLACED_SLOTS);
	to->generation = built->number;
	to->base_digest = built->base_digest;
	to->live_digest = built->live_digest;
	to->key_check = maglev_key_check(&built->key);
	to->displaced_slots = built->displaced;
}

void reply_service(struct maglev_lib_message *to, const struct service *service)
{
	struct maglev_lib_service *of = &to->service;
	struct pair_counters sum;

	reply_service_name(to, service);
	of->has |= HAS(SERVICE_MODE_SET) | HAS(SERVICE_N_BACKENDS) | HAS(SERVICE_FORWARDING) |
		   HAS(SERVICE_LEFT_BECAUSE) | HAS(SERVICE_FLOWS) | HAS(SERVICE_ERROR) |
		   HAS(SERVICE_BUILD_US) | HAS(SERVICE_STATS) | HAS(SERVICE_SCHEDULER) |
		   HAS(SERVICE_FRAGMENTS);
	of->mode_set = service->mode;
	of->fragments = service->fragments;
	of->n_backends = service->n_pairs;
	of->forwarding = MAGLEV_NL_FORWARDING_MAGLEV;
	of->left_because = MAGLEV_NL_LEFT_BECAUSE_NONE;
	of->flows = model_service_flows(service);
	of->error = -service->error;
	of->build_us = service->build_us;
	if (service->error) {
		of->has |= HAS(SERVICE_ERROR_TEXT);
		snprintf(of->error_text, sizeof(of->error_text), "%s", error_text(service->error));
	}
	write_timeouts(of, &service->timeouts);
	write_tables(of, service);
	model_count_service(service, &sum);
	write_stats(&of->stats, &sum);
	snprintf(of->scheduler, sizeof(of->scheduler), "maglev");
}

void reply_addr(struct maglev_lib_addr *addr, __be16 *port, const struct plan *plan)
{
	const u8 *at;

	addr->len = plan_addr(plan, &at);
	memcpy(addr->byte, at, addr->len);
	*port = plan->port;
}

static u32 deadline_ms(const struct plan *plan)
{
	u64 now = model_now_ms();

	if (!plan->deadline_ms)
		return 0;
	/* What has passed, but was not yet looked at, is not none. */
	return plan->deadline_ms > now ? plan->deadline_ms - now : 1;
}

static void write_rest(struct maglev_lib_backend *to, const struct pair *pair)
{
	struct built *built = pair->service->built;
	struct pair_counters sum;
	u16 place = pair->place;

	to->has |= HAS(BACKEND_TABLE_WEIGHT) | HAS(BACKEND_BASE_SLOTS) | HAS(BACKEND_LIVE_SLOTS) |
		   HAS(BACKEND_METHOD) | HAS(BACKEND_TUNNEL) | HAS(BACKEND_TUNNEL_CHECKSUM) |
		   HAS(BACKEND_STATS);
	to->method = MAGLEV_NL_METHOD_TUNNEL;
	to->tunnel = pair->plan.tunnel;
	to->tunnel_checksum = pair->plan.checksum;
	model_count_pair(pair, &sum);
	write_stats(&to->stats, &sum);
	if (!built || place == MAGLEV_EMPTY)
		return;
	built_count(built);
	to->has |= HAS(BACKEND_PLACE);
	to->place = place;
	to->table_weight = built->backends[place].weight;
	to->base_slots = built->base_slots[place];
	to->live_slots = built->live_slots[place];
}

void reply_backend(struct maglev_lib_backend *to, const struct pair *pair, bool brief)
{
	const struct plan *plan = &pair->plan;

	*to = (struct maglev_lib_backend){
		.has = HAS(BACKEND_ADDR) | HAS(BACKEND_PORT) | HAS(BACKEND_INDEX) |
		       HAS(BACKEND_STATE) | HAS(BACKEND_IPVS_STATE) | HAS(BACKEND_ADMIN_STATE) |
		       HAS(BACKEND_HEALTH_STATE) | HAS(BACKEND_WEIGHT) |
		       HAS(BACKEND_NOMINAL_WEIGHT) | HAS(BACKEND_SHARE) | HAS(BACKEND_DEADLINE_MS) |
		       HAS(BACKEND_FLOWS) | HAS(BACKEND_OVERLOADED) | HAS(BACKEND_DRAINED),
		.index = pair->index,
		.state = pair->state,
		.ipvs_state = plan->weight ? MAGLEV_UP : MAGLEV_DRAIN,
		.admin_state = plan->admin,
		.health_state = plan->health,
		.weight = plan->weight,
		.nominal_weight = plan->nominal,
		.share = plan->share,
		.deadline_ms = deadline_ms(plan),
		.flows = pair->flows,
		.drained = pair->draining && pair->drained,
	};
	reply_addr(&to->addr, &to->port, plan);
	if (!brief)
		write_rest(to, pair);
}

static void write_prefix(struct maglev_lib_prefix *to, const struct maglev_prefix *prefix,
			 u32 addr_len)
{
	to->has = HAS(PREFIX_LEN);
	to->len = prefix->len;
	if (!prefix->len)
		return;
	to->has |= HAS(PREFIX_ADDR);
	to->addr.len = addr_len;
	memcpy(to->addr.byte, prefix->addr, addr_len);
}

/* Never the key. */
void reply_settings(struct maglev_lib_message *to)
{
	struct maglev_lib_settings *settings = &to->settings;

	to->has |= HAS(SETTINGS);
	*settings = (struct maglev_lib_settings){
		.has = HAS(SETTINGS_KEY_CHECK) | HAS(SETTINGS_KEY_IS_ZERO) |
		       HAS(SETTINGS_TABLE_SIZE) | HAS(SETTINGS_FLOWS) | HAS(SETTINGS_FLOW_BYTES) |
		       HAS(SETTINGS_MOVING) | HAS(SETTINGS_SOURCE4) | HAS(SETTINGS_SOURCE6) |
		       HAS(SETTINGS_REBUILD_DELAY_MS) | HAS(SETTINGS_CPUS) | HAS(SETTINGS_VERSION) |
		       HAS(SETTINGS_PLANE),
		.key_check = maglev_key_check(&model.key),
		.key_is_zero = key_is_zero(),
		.table_size = model.table_size,
		.flows = model.flows,
		.flow_bytes = tables_bytes(),
		.moving = tables_moving(),
		.rebuild_delay_ms = model.rebuild_delay_ms,
		.cpus = data_workers(),
		.version = MAGLEV_VERSION,
		.plane = "dpdk",
	};
	write_prefix(&settings->source4, &model.source[0], MAGLEV_IPV4_BYTES);
	write_prefix(&settings->source6, &model.source[1], MAGLEV_IPV6_BYTES);
}

static u64 sum_counter(u32 attr)
{
	u64 sum = 0;
	u32 worker;

	for (worker = 0; worker < data_workers(); worker++)
		sum += READ_ONCE(data_counters(worker)->counter[attr]);
	return sum;
}

void reply_counters(struct maglev_lib_message *to)
{
	struct maglev_lib_counters *counters = &to->counters;
	const struct maglev_lib_field *field;
	u64 sum;
	u32 attr;

	to->has |= HAS(COUNTERS);
	/* Those of workers have the attributes' numbers. */
	for (attr = 0; attr < maglev_lib_counters_object.n; attr++) {
		field = maglev_lib_field(&maglev_lib_counters_object, attr);
		if (!field || field->kind != MAGLEV_LIB_U64)
			continue;
		sum = sum_counter(attr);
		memcpy((char *)counters + field->offset, &sum, sizeof(sum));
		counters->has |= 1ULL << attr;
	}
	counters->has |= HAS(COUNTERS_FLOWS) | HAS(COUNTERS_CAPACITY);
	counters->flows = model.alive > 0xffffffff ? 0xffffffff : model.alive;
	counters->capacity = tables_capacity();
	counters->published = model.published;
	counters->build_errors = model.build_errors;
}

/* A kernel puts fragments together; here they are dropped. */
static enum maglev_verdict verdict_of(enum maglev_reason reason)
{
	return reason == MAGLEV_REASON_FRAGMENT ? MAGLEV_DROP : maglev_reason_verdict(reason);
}

void reply_reason(struct maglev_lib_reason_count *to, enum maglev_reason reason)
{
	u32 worker;

	*to = (struct maglev_lib_reason_count){
		.has = HAS(REASON_COUNT_REASON) | HAS(REASON_COUNT_NAME) |
		       HAS(REASON_COUNT_VERDICT) | HAS(REASON_COUNT_COUNT) | HAS(REASON_COUNT_TEXT),
		.reason = reason,
		.verdict = verdict_of(reason),
	};
	for (worker = 0; worker < data_workers(); worker++)
		to->count += READ_ONCE(data_counters(worker)->reason[reason]);
	snprintf(to->name, sizeof(to->name), "%s", maglev_reason_name(reason));
	snprintf(to->text, sizeof(to->text), "%s", maglev_reason_text(reason));
}
