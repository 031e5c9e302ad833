// SPDX-License-Identifier: GPL-2.0-only
/* A service counts its members in doubt; those of all services decide whether peers are asked. */
#include "quorum.h"

#include "clock.h"
#include "judge.h"
#include "log.h"

void quorum_count(struct service *service, const struct peers *peers, u64 now)
{
	struct member *member;
	size_t i;

	for (i = 0; service->config->policy.quorum && i < service->n; i++) {
		member = &service->member[i];
		if (judge_opinion(member) == OPINION_DOWN)
			member->votes = peers_votes(peers, &service->key, &member->backend, now);
	}
}

/* When is it odd that a peer does not see what we see? Whoever finds a failure first is outvoted for a while. */
static u64 find_patience(const struct check *check)
{
	return 2ULL * (check->fall * (u64)check->interval_ms + check->timeout_ms) * NS_PER_MS;
}

static void tell_member(const struct service *service, struct member *member, u64 now)
{
	const struct stream *failing = judge_failing(member);
	char key[SERVICE_TEXT], backend[ENDPOINT_TEXT];

	if (!failing || member->is_told || now - member->outvoted < find_patience(failing->check))
		return;
	member->is_told = true;
	log_say(LOG_WARNING, "peers see it up, it stays in service",
		"service=\"%s\" backend=%s peers=%u failing=%u quorum=%u check=%s why=\"%s\"",
		service_key_text(&service->key, key), endpoint_text(&member->backend, backend),
		member->votes.heard, member->votes.failing, service->config->policy.quorum,
		failing->check->name, failing->why);
}

void quorum_tell(const struct service *service, u64 now)
{
	struct member *member;
	size_t i;

	for (i = 0; i < service->n; i++) {
		member = &service->member[i];
		if (member->doubt != DOUBT_OUTVOTED) {
			member->outvoted = 0;
			member->is_told = false;
			continue;
		}
		if (!member->outvoted)
			member->outvoted = now;
		tell_member(service, member, now);
	}
}

void quorum_ask(const struct world *world, struct peers *peers)
{
	bool wanted = false;
	size_t i;

	for (i = 0; i < world->n_services; i++)
		wanted |= world->service[i].n_doubted;
	peers_ask(peers, wanted);
}

void quorum_heard(struct world *world)
{
	size_t i;

	for (i = 0; i < world->n_services; i++)
		world->service[i].is_dirty |= world->service[i].n_doubted;
}
