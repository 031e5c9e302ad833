// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a peer said last counts for a while, so that one answer that is lost is not a peer that is
 * gone; then it is one that cannot be reached, and has no vote.
 */
#include "peers.h"

#include "clock.h"
#include "failing.h"
#include "fetch.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	ASK_MS = 500,
	TIMEOUT_MS = 1000,
	FRESH_MS = 3000,
	ANSWER_BYTES = 1024 * 1024,
	URL_TEXT = ENDPOINT_TEXT + sizeof("http:///failing"),
};

struct peer {
	struct peers *peers;
	struct endpoint at;
	struct fetch *fetch; /* under way */
	struct failing *failing; /* what it said last; NULL: nothing yet */
	u64 answered, missed; /* ns: when it last did, or should have; 0: never */
	bool is_silent; /* that was told */
};

struct peers {
	struct ev_loop *loop;
	struct fetcher *fetcher;
	peers_heard *heard;
	void *ctx;
	struct ev_timer again;
	size_t n;
	struct peer peer[];
};

static void tell(struct peer *peer, const char *why)
{
	char text[ENDPOINT_TEXT];

	if (why && !peer->is_silent)
		log_say(LOG_WARNING, "a peer does not say what fails", "peer=%s why=\"%s\"",
			endpoint_text(&peer->at, text), why);
	if (!why && peer->is_silent)
		log_say(LOG_NOTICE, "a peer says again what fails", "peer=%s",
			endpoint_text(&peer->at, text));
	peer->is_silent = why;
}

static void take_answer(void *ctx, const char *why, const char *text, size_t len)
{
	struct failing *failing = why ? NULL : failing_parse(text, len);
	struct peer *peer = ctx;

	peer->fetch = NULL;
	if (!why && !failing)
		why = "that is not what was asked for";
	if (why) {
		peer->missed = clock_now();
	} else {
		failing_destroy(peer->failing);
		peer->failing = failing;
		peer->answered = clock_now();
	}
	tell(peer, why);
	peer->peers->heard(peer->peers->ctx);
}

static void ask(struct peer *peer)
{
	char text[ENDPOINT_TEXT], url[URL_TEXT];

	if (peer->fetch)
		return;
	snprintf(url, sizeof(url), "http://%s/failing", endpoint_text(&peer->at, text));
	peer->fetch =
		fetch_start(peer->peers->fetcher, url, ANSWER_BYTES, TIMEOUT_MS, take_answer, peer);
	if (!peer->fetch)
		peer->missed = clock_now();
}

static void ask_all(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct peers *peers = timer->data;
	size_t i;

	(void)loop;
	(void)events;
	for (i = 0; i < peers->n; i++)
		ask(&peers->peer[i]);
}

/* Who could not be reached is to be tried the next time before that counts. */
static void stop(struct peers *peers)
{
	size_t i;

	ev_timer_stop(peers->loop, &peers->again);
	for (i = 0; i < peers->n; i++) {
		if (peers->peer[i].fetch)
			fetch_cancel(peers->peer[i].fetch);
		peers->peer[i].fetch = NULL;
		peers->peer[i].missed = 0;
	}
}

void peers_ask(struct peers *peers, bool wanted)
{
	if (wanted == (bool)ev_is_active(&peers->again))
		return;
	if (!wanted) {
		stop(peers);
		return;
	}
	ev_now_update(peers->loop);
	ev_timer_set(&peers->again, ASK_MS / 1000., ASK_MS / 1000.);
	ev_timer_start(peers->loop, &peers->again);
	ask_all(peers->loop, &peers->again, 0);
}

static bool is_fresh(u64 at, u64 now)
{
	return at && now < at + (u64)FRESH_MS * NS_PER_MS;
}

struct votes peers_votes(const struct peers *peers, const struct service_key *service,
			 const struct endpoint *backend, u64 now)
{
	const struct peer *peer;
	struct votes votes = {};
	enum opinion opinion;
	size_t i;

	for (i = 0; i < peers->n; i++) {
		peer = &peers->peer[i];
		if (!is_fresh(peer->answered, now)) {
			votes.awaited += !is_fresh(peer->missed, now);
			continue;
		}
		opinion = failing_find(peer->failing, service, backend);
		votes.heard += opinion != OPINION_NONE;
		votes.failing += opinion == OPINION_DOWN;
	}
	return votes;
}

struct peers *peers_create(struct ev_loop *loop, const struct config *config, peers_heard *heard,
			   void *ctx)
{
	struct peers *peers = calloc(1, sizeof(*peers) + config->n_peers * sizeof(*peers->peer));
	size_t i;

	if (!peers)
		return NULL;
	peers->loop = loop;
	peers->heard = heard;
	peers->ctx = ctx;
	ev_timer_init(&peers->again, ask_all, 0., 0.);
	peers->again.data = peers;
	for (i = 0; i < config->n_peers; i++) {
		peers->peer[i].peers = peers;
		peers->peer[i].at = config->peer[i];
	}
	peers->n = config->n_peers;
	peers->fetcher = fetcher_create(loop);
	if (peers->fetcher)
		return peers;
	peers_destroy(peers);
	return NULL;
}

void peers_destroy(struct peers *peers)
{
	size_t i;

	if (!peers)
		return;
	stop(peers);
	for (i = 0; i < peers->n; i++)
		failing_destroy(peers->peer[i].failing);
	fetcher_destroy(peers->fetcher);
	free(peers);
}
