// SPDX-License-Identifier: GPL-2.0-only
/* From a world to cJSON. What cannot be added for want of memory makes the whole be missing. */
#include "status.h"

#include "clock.h"
#include "judge.h"

#include <maglev/version.h>
#include <stdlib.h>

static const char *const opinion_names[] = {
	[OPINION_NONE] = "unknown",
	[OPINION_UP] = "up",
	[OPINION_DOWN] = "down",
};

static const char *state_name(u32 state)
{
	return maglev_lib_word(&maglev_lib_state_names, state) ?: "unknown";
}

/* Why it is in service though its checks fail. */
static const char *find_keeper(const struct service *service, const struct member *member)
{
	if (member->doubt == DOUBT_ASKING || member->doubt == DOUBT_OUTVOTED)
		return "peers";
	return service->is_open ? "open" : "panic";
}

static bool add_item(cJSON *array, cJSON *item)
{
	return item && cJSON_AddItemToArray(array, item);
}

static bool add_check(cJSON *checks, const struct stream *stream)
{
	cJSON *check = cJSON_CreateObject();

	if (!add_item(checks, check))
		return false;
	return cJSON_AddStringToObject(check, "name", stream->check->name) &&
	       cJSON_AddStringToObject(check, "state", opinion_names[stream->opinion]) &&
	       cJSON_AddStringToObject(check, "why", stream->why) &&
	       cJSON_AddNumberToObject(check, "contrary", stream->streak);
}

/* Why its share is what it is: what was measured, and where that leads. */
static bool add_load(cJSON *backend, const struct service *service, const struct member *member)
{
	const struct load_policy *policy = load_policy_of(service);
	const struct load *load = &member->load;
	cJSON *object = cJSON_AddObjectToObject(backend, "load");

	if (!object || !cJSON_AddStringToObject(object, "from", policy->name) ||
	    !cJSON_AddStringToObject(object, "state", load_state(service, member)) ||
	    !cJSON_AddNumberToObject(object, "share", load->percent) ||
	    !cJSON_AddNumberToObject(object, "target", load_target(member)))
		return false;
	return !load->is_known || cJSON_AddNumberToObject(object, policy->what, load_value(member));
}

static bool add_member(cJSON *backends, const struct service *service, const struct member *member,
		       u64 now)
{
	cJSON *backend = cJSON_CreateObject(), *checks;
	char text[ENDPOINT_TEXT];
	size_t i;

	if (!add_item(backends, backend))
		return false;
	if (!cJSON_AddStringToObject(backend, "backend", endpoint_text(&member->backend, text)) ||
	    !cJSON_AddStringToObject(backend, "state", state_name(member->health)) ||
	    !cJSON_AddStringToObject(backend, "checked", opinion_names[judge_opinion(member)]) ||
	    !cJSON_AddBoolToObject(backend, "kept", member->is_kept) ||
	    !cJSON_AddBoolToObject(backend, "sorry", member->is_sorry) ||
	    !cJSON_AddNumberToObject(backend, "share", member->share))
		return false;
	/* Who made an external one knows it. */
	if (!service->config->external &&
	    !cJSON_AddNumberToObject(backend, "weight", member->weight))
		return false;
	if (member->is_kept &&
	    !cJSON_AddStringToObject(backend, "kept-by", find_keeper(service, member)))
		return false;
	if (member->since &&
	    !cJSON_AddNumberToObject(backend, "since-ms", (now - member->since) / NS_PER_MS))
		return false;
	if (!member->is_sorry && !add_load(backend, service, member))
		return false;
	checks = cJSON_AddArrayToObject(backend, "checks");
	for (i = 0; checks && i < member->n_streams; i++)
		if (!add_check(checks, member->stream[i]))
			return false;
	return checks;
}

static bool add_service(cJSON *services, const struct service *service, u64 now)
{
	cJSON *object = cJSON_CreateObject(), *backends;
	char text[SERVICE_TEXT];
	size_t i;

	if (!add_item(services, object))
		return false;
	if (!cJSON_AddStringToObject(object, "name", service->config->name) ||
	    !cJSON_AddStringToObject(object, "service", service_key_text(&service->key, text)) ||
	    !cJSON_AddBoolToObject(object, "external", service->config->external) ||
	    !cJSON_AddBoolToObject(object, "panic", service->in_panic) ||
	    !cJSON_AddBoolToObject(object, "open", service->is_open))
		return false;
	backends = cJSON_AddArrayToObject(object, "backends");
	/* Those that are to take over are shown while they do. */
	for (i = 0; backends && i < service->n; i++)
		if ((!service->member[i].is_sorry || service->is_open) &&
		    !add_member(backends, service, &service->member[i], now))
			return false;
	return backends;
}

static bool add_checker(cJSON *status, const struct checker *checker)
{
	const struct checker_stats *stats = checker_stats(checker);
	cJSON *object = cJSON_AddObjectToObject(status, "checker");

	return object && cJSON_AddNumberToObject(object, "passed", stats->passed) &&
	       cJSON_AddNumberToObject(object, "failed", stats->failed) &&
	       cJSON_AddNumberToObject(object, "unknown", stats->unknown) &&
	       cJSON_AddNumberToObject(object, "stalls", stats->stalls) &&
	       cJSON_AddNumberToObject(object, "hastened", stats->hastened) &&
	       cJSON_AddNumberToObject(object, "lateness-p99-us", checker_lateness_p99(checker));
}

static bool add_disagreement(cJSON *disagreements, const struct disagreement *disagreement, u64 now)
{
	cJSON *object = cJSON_CreateObject();
	char text[SERVICE_TEXT];

	if (!add_item(disagreements, object))
		return false;
	return cJSON_AddStringToObject(object, "service",
				       service_key_text(&disagreement->service, text)) &&
	       cJSON_AddStringToObject(object, "difference",
				       difference_text(disagreement->difference)) &&
	       cJSON_AddNumberToObject(object, "since-ms",
				       (now - disagreement->since) / NS_PER_MS) &&
	       cJSON_AddBoolToObject(object, "alarm", disagreement->is_told);
}

static bool add_peer(cJSON *peers, const struct agreement_peer *peer, u64 now)
{
	cJSON *object = cJSON_CreateObject(), *disagreements;
	char text[ENDPOINT_TEXT];
	size_t i;

	if (!add_item(peers, object))
		return false;
	if (!cJSON_AddStringToObject(object, "peer", endpoint_text(&peer->at, text)) ||
	    !cJSON_AddBoolToObject(object, "heard", peer->is_heard))
		return false;
	disagreements = cJSON_AddArrayToObject(object, "disagreements");
	for (i = 0; disagreements && i < peer->n; i++)
		if (!add_disagreement(disagreements, &peer->disagreement[i], now))
			return false;
	return disagreements;
}

static bool add_peers(cJSON *status, const struct agreement *agreement, u64 now)
{
	cJSON *peers = cJSON_AddArrayToObject(status, "peers");
	struct agreement_peer peer;
	size_t i;

	for (i = 0; peers && i < agreement_peers(agreement); i++) {
		peer = agreement_peer(agreement, i, now);
		if (!add_peer(peers, &peer, now))
			return false;
	}
	return peers;
}

static bool add_vip(cJSON *vips, const struct announcer_vip *vip)
{
	bool v6 = vip->vip.len == MAGLEV_IPV6_BYTES;
	cJSON *object = cJSON_CreateObject();
	char text[INET6_ADDRSTRLEN];

	if (!add_item(vips, object))
		return false;
	inet_ntop(v6 ? AF_INET6 : AF_INET, vip->vip.byte, text, sizeof(text));
	return cJSON_AddStringToObject(object, "vip", text) &&
	       cJSON_AddStringToObject(object, "state", announce_state_name(vip->state)) &&
	       cJSON_AddStringToObject(object, "why", vip->why) &&
	       cJSON_AddNumberToObject(object, "since-ms", vip->since_ms);
}

static bool add_balancer(cJSON *status, struct announcer *announcer)
{
	cJSON *object = cJSON_AddObjectToObject(status, "balancer"), *vips;
	u32 table = announcer_table(announcer);
	struct announcer_vip *list;
	bool ok = object;
	size_t i, n;

	ok = ok && cJSON_AddBoolToObject(object, "drained", announcer_is_drained(announcer)) &&
	     (!table || cJSON_AddNumberToObject(object, "table", table));
	vips = ok ? cJSON_AddArrayToObject(object, "vips") : NULL;
	list = announcer_list(announcer, &n);
	ok = vips && list;
	for (i = 0; ok && i < n; i++)
		ok = add_vip(vips, &list[i]);
	free(list);
	return ok;
}

cJSON *status_create(const struct daemon *daemon)
{
	const struct world *world = daemon_world(daemon);
	cJSON *status = cJSON_CreateObject(), *services;
	u64 now = clock_now();
	bool ok;
	size_t i;

	ok = cJSON_AddStringToObject(status, "version", MAGLEV_VERSION) &&
	     add_checker(status, daemon_checker(daemon)) &&
	     add_peers(status, daemon_agreement(daemon), now) &&
	     add_balancer(status, daemon_announcer(daemon));
	services = ok ? cJSON_AddArrayToObject(status, "services") : NULL;
	for (i = 0; services && ok && i < world->n_services; i++)
		ok = add_service(services, &world->service[i], now);
	if (services && ok)
		return status;
	cJSON_Delete(status);
	return NULL;
}
