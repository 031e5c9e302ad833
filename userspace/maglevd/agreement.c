// SPDX-License-Identifier: GPL-2.0-only
/*
 * Balancers do not change at the same moment: a difference counts only once it has lasted. It
 * lasts as long as every answer shows one on that service, be it the same one or not; while a peer
 * does not answer, its differences neither end nor age into an alarm.
 */
#include "agreement.h"

#include "clock.h"
#include "fetch.h"
#include "log.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ASK_MS = 2000,
	TIMEOUT_MS = 2000,
	FRESH_MS = 10000,
	ANSWER_BYTES = 4 * 1024 * 1024,
	URL_TEXT = ENDPOINT_TEXT + sizeof("http:///digests"),
};

struct peer {
	struct agreement *agreement;
	struct endpoint at;
	struct fetch *fetch; /* under way */
	struct disagreement *disagreement; /* ordered */
	size_t n;
	u64 answered; /* ns; 0: never */
	bool is_silent; /* that was told */
};

struct agreement {
	struct ev_loop *loop;
	struct fetcher *fetcher;
	agreement_read *read;
	void *ctx;
	u64 patience; /* ns */
	struct ev_timer again;
	size_t n;
	struct peer peer[];
};

static void tell_answer(struct peer *peer, const char *why)
{
	char text[ENDPOINT_TEXT];

	endpoint_text(&peer->at, text);
	if (why && !peer->is_silent)
		log_say(LOG_WARNING, "a peer does not say which tables it has",
			"peer=%s why=\"%s\"", text, why);
	if (!why && peer->is_silent)
		log_say(LOG_NOTICE, "a peer says again which tables it has", "peer=%s", text);
	peer->is_silent = why;
}

static void tell_disagreement(const struct peer *peer, const struct disagreement *disagreement,
			      u64 now)
{
	char key[SERVICE_TEXT], text[ENDPOINT_TEXT];

	log_say(LOG_ERR, "a peer has another table",
		"service=\"%s\" peer=%s difference=\"%s\" seconds=%llu",
		service_key_text(&disagreement->service, key), endpoint_text(&peer->at, text),
		difference_text(disagreement->difference),
		(now - disagreement->since) / NS_PER_MS / 1000);
}

static void tell_end(const struct peer *peer, const struct disagreement *disagreement)
{
	char key[SERVICE_TEXT], text[ENDPOINT_TEXT];

	log_say(LOG_NOTICE, "a peer has our table again", "service=\"%s\" peer=%s",
		service_key_text(&disagreement->service, key), endpoint_text(&peer->at, text));
}

static int compare(const void *a, const void *b)
{
	_Static_assert(!offsetof(struct disagreement, service), "compared by its service");
	return service_key_compare(a, b);
}

static struct disagreement *find(const struct peer *peer, const struct service_key *service)
{
	return peer->n ? bsearch(service, peer->disagreement, peer->n, sizeof(*peer->disagreement),
				 compare) :
			 NULL;
}

static void note(const struct peer *peer, struct disagreement *to,
		 const struct service_key *service, enum difference difference, u64 now)
{
	const struct disagreement *before = find(peer, service);

	*to = (struct disagreement){ .service = *service, .difference = difference, .since = now };
	if (!before)
		return;
	to->since = before->since;
	to->is_told = before->is_told;
}

/* Services that both have, or one: @to has room for all of them. Return: how many differ. */
static size_t compare_all(const struct peer *peer, const struct digests *ours,
			  const struct digests *theirs, struct disagreement *to, u64 now)
{
	const struct digest *digest;
	enum difference difference;
	size_t i, n = 0;

	for (i = 0; i < ours->n; i++) {
		digest = &ours->digest[i];
		difference = digest_compare(digest, digests_find(theirs, &digest->service));
		if (difference)
			note(peer, &to[n++], &digest->service, difference, now);
	}
	for (i = 0; i < theirs->n; i++) {
		digest = &theirs->digest[i];
		if (!digests_find(ours, &digest->service))
			note(peer, &to[n++], &digest->service, DIFFERENCE_MISSING, now);
	}
	qsort(to, n, sizeof(*to), compare);
	return n;
}

static void tell_changes(const struct peer *peer, struct disagreement *now_there, size_t n, u64 now)
{
	struct disagreement *one;
	size_t i;

	for (i = 0; i < peer->n; i++) {
		one = &peer->disagreement[i];
		if (one->is_told && !(n && bsearch(one, now_there, n, sizeof(*one), compare)))
			tell_end(peer, one);
	}
	for (i = 0; i < n; i++) {
		one = &now_there[i];
		if (one->is_told || now - one->since < peer->agreement->patience)
			continue;
		one->is_told = true;
		tell_disagreement(peer, one, now);
	}
}

static const char *weigh(struct peer *peer, const struct digests *theirs)
{
	struct agreement *agreement = peer->agreement;
	struct disagreement *disagreement = NULL;
	const char *why = NULL;
	struct digests ours = {};
	u64 now = clock_now();
	size_t n;
	int err = agreement->read(agreement->ctx, &ours);

	if (!err)
		disagreement = calloc(ours.n + theirs->n + 1, sizeof(*disagreement));
	if (err)
		why = "our own cannot be read";
	else if (!disagreement)
		why = "no memory";
	if (why)
		goto out;
	n = compare_all(peer, &ours, theirs, disagreement, now);
	tell_changes(peer, disagreement, n, now);
	free(peer->disagreement);
	peer->disagreement = disagreement;
	peer->n = n;
	peer->answered = now;
out:
	digests_fini(&ours);
	return why;
}

static void take_answer(void *ctx, const char *why, const char *text, size_t len)
{
	struct digests theirs = {};
	struct peer *peer = ctx;

	peer->fetch = NULL;
	if (!why && !digests_parse(&theirs, text, len))
		why = "that is not what was asked for";
	if (!why)
		why = weigh(peer, &theirs);
	tell_answer(peer, why);
	digests_fini(&theirs);
}

static void ask_all(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct agreement *agreement = timer->data;
	char text[ENDPOINT_TEXT], url[URL_TEXT];
	struct peer *peer;
	size_t i;

	(void)loop;
	(void)events;
	for (i = 0; i < agreement->n; i++) {
		peer = &agreement->peer[i];
		if (peer->fetch)
			continue;
		snprintf(url, sizeof(url), "http://%s/digests", endpoint_text(&peer->at, text));
		peer->fetch = fetch_start(agreement->fetcher, url, ANSWER_BYTES, TIMEOUT_MS,
					  take_answer, peer);
	}
}

static const struct peer *find_peer(const struct agreement *agreement, const struct endpoint *at)
{
	size_t i;

	for (i = 0; agreement && i < agreement->n; i++)
		if (!endpoint_compare(&agreement->peer[i].at, at))
			return &agreement->peer[i];
	return NULL;
}

static bool inherit(struct peer *peer, const struct peer *old)
{
	if (!old)
		return true;
	peer->answered = old->answered;
	peer->is_silent = old->is_silent;
	if (!old->n)
		return true;
	peer->disagreement = malloc(old->n * sizeof(*old->disagreement));
	if (!peer->disagreement)
		return false;
	memcpy(peer->disagreement, old->disagreement, old->n * sizeof(*old->disagreement));
	peer->n = old->n;
	return true;
}

struct agreement *agreement_create(struct ev_loop *loop, const struct config *config,
				   const struct agreement *old, agreement_read *read, void *ctx)
{
	struct agreement *agreement =
		calloc(1, sizeof(*agreement) + config->n_peers * sizeof(*agreement->peer));
	bool ok;
	size_t i;

	if (!agreement)
		return NULL;
	agreement->loop = loop;
	agreement->read = read;
	agreement->ctx = ctx;
	agreement->patience = (u64)config->alarm_ms * NS_PER_MS;
	ev_timer_init(&agreement->again, ask_all, 0., ASK_MS / 1000.);
	agreement->again.data = agreement;
	agreement->n = config->n_peers;
	agreement->fetcher = fetcher_create(loop);
	ok = agreement->fetcher;
	for (i = 0; i < config->n_peers; i++) {
		agreement->peer[i].agreement = agreement;
		agreement->peer[i].at = config->peer[i];
		ok = ok && inherit(&agreement->peer[i], find_peer(old, &config->peer[i]));
	}
	if (!ok) {
		agreement_destroy(agreement);
		return NULL;
	}
	ev_now_update(loop);
	if (agreement->n)
		ev_timer_start(loop, &agreement->again);
	return agreement;
}

void agreement_destroy(struct agreement *agreement)
{
	size_t i;

	if (!agreement)
		return;
	ev_timer_stop(agreement->loop, &agreement->again);
	for (i = 0; i < agreement->n; i++) {
		if (agreement->peer[i].fetch)
			fetch_cancel(agreement->peer[i].fetch);
		free(agreement->peer[i].disagreement);
	}
	fetcher_destroy(agreement->fetcher);
	free(agreement);
}

size_t agreement_peers(const struct agreement *agreement)
{
	return agreement->n;
}

struct agreement_peer agreement_peer(const struct agreement *agreement, size_t i, u64 now)
{
	const struct peer *peer = &agreement->peer[i];

	return (struct agreement_peer){
		.at = peer->at,
		.is_heard = peer->answered && now < peer->answered + (u64)FRESH_MS * NS_PER_MS,
		.disagreement = peer->disagreement,
		.n = peer->n,
	};
}
