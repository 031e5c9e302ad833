// SPDX-License-Identifier: GPL-2.0-only
/*
 * Three things happen: a check changes its opinion, a configuration comes, or the kernel says that
 * somebody else has changed something. The first is judged a moment later, together with what else
 * happens in it; the other two make a new world, which is what the kernel is made to agree with.
 */
#include "daemon.h"

#include "census.h"
#include "clock.h"
#include "dataplane.h"
#include "doors.h"
#include "log.h"
#include "owned.h"
#include "passive.h"
#include "quorum.h"
#include "reconcile.h"
#include "sampler.h"
#include "sysctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	JUDGE_MS = 10, /* what fails in so short a time fails at once */
	RETRY_MS = 1000, /* after the kernel would not */
	NEWS_MS = 200, /* edits by others come in swarms */
	FILE_CHARS = 256,
};

struct daemon {
	struct ev_loop *loop;
	const struct daemon_options *options;
	struct kernel *kernel;
	struct checker *checker;
	struct passive *passive;
	struct sampler *sampler;
	struct census *census;
	struct announcer *announcer;
	struct config *config;
	struct world *world;
	struct sentence *sentence; /* room for all members */
	struct ev_timer judge; /* services are dirty, or something is due */
	struct ev_timer again; /* the kernel is to be looked at again */
	struct ev_io events;
	struct doors doors;
	char owned_file[FILE_CHARS];
};

static void start_timer(struct daemon *daemon, struct ev_timer *timer, u64 ms)
{
	if (ev_is_active(timer))
		return;
	ev_now_update(daemon->loop);
	ev_timer_set(timer, ms / 1000., 0.);
	ev_timer_start(daemon->loop, timer);
}

static void judge_soon(struct daemon *daemon, u64 ms)
{
	u64 left = ev_is_active(&daemon->judge) ?
			   ev_timer_remaining(daemon->loop, &daemon->judge) * 1000. + 1 :
			   ms + 1;

	if (left <= ms)
		return;
	ev_timer_stop(daemon->loop, &daemon->judge);
	start_timer(daemon, &daemon->judge, ms);
}

static void take_opinion(void *ctx, struct stream *stream)
{
	struct daemon *daemon = ctx;
	char backend[ENDPOINT_TEXT];
	u32 i;

	if (stream->check->role == CHECK_DIAGNOSTIC)
		log_say(stream->opinion == OPINION_DOWN ? LOG_WARNING : LOG_NOTICE,
			stream->opinion == OPINION_DOWN ? "diagnosis: failing" :
							  "diagnosis: passing",
			"backend=%s check=%s why=\"%s\"", endpoint_text(&stream->backend, backend),
			stream->check->name, stream->why);
	for (i = 0; i < stream->n_users; i++)
		stream->user[i]->is_dirty = true;
	judge_soon(daemon, JUDGE_MS);
}

/* Peers have said something. */
static void take_votes(void *ctx)
{
	struct daemon *daemon = ctx;

	quorum_heard(daemon->world);
	judge_soon(daemon, JUDGE_MS);
}

static int take_digest(void *ctx, const struct maglev_lib_message *message)
{
	return digests_add(ctx, &message->service);
}

/* Which tables we have. */
static int read_digests(void *ctx, struct digests *digests)
{
	struct daemon *daemon = ctx;
	int err = kernel_list_services(daemon->kernel, take_digest, digests);

	digests_sort(digests);
	return err;
}

/* What to say of a member that goes down; "" if no check says it. */
static const char *find_why(const struct stream *failing)
{
	if (!failing)
		return "";
	return failing->streak ? "passed, but not often enough yet" : failing->why;
}

static void note_member(struct daemon *daemon, const struct service *service,
			const struct sentence *sentence)
{
	const struct stream *failing = judge_failing(sentence->member);
	char why[HISTORY_WHY] = "";

	if (sentence->health == sentence->member->health)
		return;
	if (failing && sentence->health != MAGLEV_NL_STATE_UP)
		snprintf(why, sizeof(why), "%s: %s", failing->check->name, find_why(failing));
	sampler_note(daemon->sampler, service, sentence->member, sentence->health, why);
}

static void tell_member(const struct service *service, const struct sentence *sentence)
{
	char key[SERVICE_TEXT], backend[ENDPOINT_TEXT];
	const struct stream *failing;

	if (sentence->health == sentence->member->health)
		return;
	service_key_text(&service->key, key);
	endpoint_text(&sentence->member->backend, backend);
	failing = judge_failing(sentence->member);
	if (sentence->health == MAGLEV_NL_STATE_UP)
		log_say(LOG_NOTICE, "backend is up", "service=\"%s\" backend=%s", key, backend);
	else if (sentence->health == MAGLEV_NL_STATE_DRAIN)
		log_say(LOG_NOTICE, "backend drains", "service=\"%s\" backend=%s", key, backend);
	else if (failing)
		log_say(LOG_WARNING, "backend is down",
			"service=\"%s\" backend=%s check=%s why=\"%s\"", key, backend,
			failing->check->name, find_why(failing));
	else
		log_say(LOG_WARNING, "backend is down", "service=\"%s\" backend=%s", key, backend);
}

static void tell_service(const struct service *service, const struct judgement *judgement)
{
	char key[SERVICE_TEXT];

	service_key_text(&service->key, key);
	if (judgement->panic_began)
		log_say(LOG_ERR, "too many backends fail at once, their states stay as they were",
			"service=\"%s\" failing=%u backends=%zu panic=%u", key,
			judgement->n_failing, service->n, service->config->policy.panic_percent);
	if (judgement->panic_ended)
		log_say(LOG_NOTICE, "few enough backends fail, states follow checks again",
			"service=\"%s\" failing=%u backends=%zu", key, judgement->n_failing,
			service->n);
	if (judgement->open_began)
		log_say(LOG_ERR,
			service->config->policy.when_down == CONFIG_SORRY ?
				"all backends are down, the sorry pool takes over" :
				"all backends are down, all that were up before are used",
			"service=\"%s\"", key);
	if (judgement->open_ended)
		log_say(LOG_NOTICE, "a backend is up again, those that are down are not used",
			"service=\"%s\"", key);
}

static int push(struct daemon *daemon, const struct service *service,
		const struct judgement *judgement)
{
	const struct sentence *sentence;
	int err = 0;
	size_t i;

	for (i = 0; i < judgement->n && !err; i++) {
		struct maglev_lib_backend overlay = {
			.has = MAGLEV_LIB_HAS(BACKEND_HEALTH_STATE) | MAGLEV_LIB_HAS(BACKEND_SHARE),
		};

		sentence = &judgement->sentence[i];
		overlay.health_state = sentence->health;
		overlay.share = sentence->share;
		err = kernel_batch_backend(daemon->kernel, &service->key,
					   &sentence->member->backend, &overlay);
	}
	return err;
}

/* Return: ns: when to look again; 0: never. */
static u64 judge(struct daemon *daemon, struct service *service, u64 now)
{
	char error[CONFIG_ERROR_TEXT] = "no memory";
	struct judgement judgement;
	size_t i;
	int err;

	service->is_dirty = false;
	quorum_count(service, daemon->doors.peers, now);
	judge_service(service, now, daemon->sentence, &judgement);
	tell_service(service, &judgement);
	quorum_tell(service, now);
	err = push(daemon, service, &judgement);
	if (err)
		kernel_batch_drop(daemon->kernel);
	else
		err = kernel_batch(daemon->kernel, error);
	if (err) {
		log_say(LOG_ERR, "states could not be set, trying again", "why=\"%s\"", error);
		start_timer(daemon, &daemon->again, RETRY_MS);
		service->is_dirty = true;
		return now + (u64)RETRY_MS * NS_PER_MS;
	}
	for (i = 0; i < judgement.n; i++) {
		tell_member(service, &judgement.sentence[i]);
		note_member(daemon, service, &judgement.sentence[i]);
		judge_carry_out(service, &judgement.sentence[i], now);
	}
	/* A sorry pool comes and goes. */
	if ((judgement.open_began || judgement.open_ended) &&
	    service->config->policy.when_down == CONFIG_SORRY)
		start_timer(daemon, &daemon->again, 0);
	if (judgement.next)
		service->is_dirty = true;
	return judgement.next;
}

static void judge_dirty(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct daemon *daemon = timer->data;
	u64 now = clock_now(), next = 0, at;
	size_t i;

	(void)loop;
	(void)events;
	for (i = 0; i < daemon->world->n_services; i++) {
		if (!daemon->world->service[i].is_dirty)
			continue;
		at = judge(daemon, &daemon->world->service[i], now);
		if (at && (!next || at < next))
			next = at;
	}
	quorum_ask(daemon->world, daemon->doors.peers);
	announcer_count(daemon->announcer, daemon->world);
	if (next)
		judge_soon(daemon, (next - now) / NS_PER_MS + 1);
}

static void replace_world(struct daemon *daemon, const struct config *config, struct world *world,
			  struct sentence *sentence, struct history *history)
{
	struct world *old = daemon->world;
	size_t i;
	int err;

	daemon->world = world;
	checker_run(daemon->checker, world);
	passive_run(daemon->passive, world);
	sampler_run(daemon->sampler, world, history);
	census_run(daemon->census, world);
	world_destroy(old);
	free(daemon->sentence);
	daemon->sentence = sentence;
	for (i = 0; i < world->n_services; i++)
		world->service[i].is_dirty = true;
	judge_soon(daemon, JUDGE_MS);
	err = announcer_run(daemon->announcer, config, world);
	if (err)
		log_say(LOG_ERR, "VIPs are announced as before", "why=\"%s\"", strerror(-err));
}

/* All that a world has is ours from the moment before we touch it. */
static int claim(struct daemon *daemon, struct owned *owned, const struct world *world, char *error)
{
	int err = 0;
	size_t i;

	for (i = 0; i < world->n_services && !err; i++)
		if (!world->service[i].config->external)
			err = owned_add(owned, &world->service[i].key);
	err = err ?: owned_write(owned, daemon->owned_file, daemon->options->config_file);
	if (err)
		snprintf(error, CONFIG_ERROR_TEXT, "%s: %s", daemon->owned_file, strerror(-err));
	return err;
}

/* What was deleted is not ours any more. */
static void release(struct daemon *daemon, const struct world *world)
{
	struct owned owned = {};
	char error[CONFIG_ERROR_TEXT];

	if (claim(daemon, &owned, world, error))
		log_say(LOG_WARNING, "what is ours could not be written", "why=\"%s\"", error);
	owned_fini(&owned);
}

static void tell_done(const struct world *world, const struct reconciled *done)
{
	log_say(LOG_NOTICE, "configured",
		"services=%zu backends=%zu checks=%zu services_added=%u services_changed=%u services_deleted=%u backends_added=%u backends_changed=%u backends_deleted=%u",
		world->n_services, world->n_members, world->n_streams, done->services_added,
		done->services_changed, done->services_deleted, done->backends_added,
		done->backends_changed, done->backends_deleted);
}

/* Backends that came have an index now. */
static int sync_with_kernel(struct daemon *daemon, struct world *world, char *error)
{
	struct seen after;
	int err = kernel_read(daemon->kernel, &after, error);

	if (!err)
		world_sync(world, &after);
	seen_fini(&after);
	return err;
}

/* One daemon drives one plane. */
static int check_dataplane(const struct config *config, char *error)
{
	const char *now = dataplane_socket() ?: "", *wanted = config->socket ?: "";

	if (!strcmp(now, wanted))
		return 0;
	snprintf(error, CONFIG_ERROR_TEXT,
		 "dataplane: another one than maglevd was started with: restart it");
	return -EBUSY;
}

static int make_so(struct daemon *daemon, struct world *world, const struct seen *seen,
		   struct owned *owned, struct reconciled *done, char *error)
{
	int err = claim(daemon, owned, world, error);

	if (!err)
		err = reconcile(daemon->kernel, world, seen, owned, done, error);
	if (!err && reconciled_weights_only(done))
		world_sync(world, seen);
	else if (!err)
		err = sync_with_kernel(daemon, world, error);
	if (!err)
		release(daemon, world);
	return err;
}

/* Another module or maglev-dpdk has nothing of what the one before had: all of it is told again. */
static int reconnect(struct daemon *daemon, char *error)
{
	int err;

	if (ev_is_active(&daemon->events))
		return 0;
	err = kernel_reopen(daemon->kernel, error);
	if (err)
		return err;
	log_say(LOG_NOTICE, "connected again", "dataplane=%s", dataplane_name());
	ev_io_set(&daemon->events, kernel_events_fd(daemon->kernel), EV_READ);
	ev_io_start(daemon->loop, &daemon->events);
	return 0;
}

/* The world of a configuration, and the kernel as it wants it. */
static int apply(struct daemon *daemon, const struct config *config, struct reconciled *done,
		 char *error)
{
	struct sentence *sentence = NULL;
	struct history *history = NULL;
	struct world *world = NULL;
	struct owned owned = {};
	struct seen seen = {};
	int err;

	err = reconnect(daemon, error) ?: kernel_read(daemon->kernel, &seen, error);
	if (err)
		goto out;
	err = owned_read(&owned, daemon->owned_file);
	if (err) {
		snprintf(error, CONFIG_ERROR_TEXT, "%s: %s", daemon->owned_file, strerror(-err));
		goto out;
	}
	err = -ENOMEM;
	snprintf(error, CONFIG_ERROR_TEXT, "%s", strerror(ENOMEM));
	world = world_create(config, &seen);
	if (world)
		sentence = calloc(world->n_members ?: 1, sizeof(*sentence));
	if (sentence)
		history = history_create(world, clock_now());
	if (!history)
		goto out;
	err = reconcile_check(world, &seen, &owned, error);
	if (err)
		goto out;
	if (daemon->world)
		world_inherit(world, daemon->world);
	world_adopt(world, &seen, daemon->world);
	err = make_so(daemon, world, &seen, &owned, done, error);
	if (err)
		goto out;
	replace_world(daemon, config, world, sentence, history);
	world = NULL;
	sentence = NULL;
	history = NULL;
out:
	world_destroy(world);
	free(sentence);
	history_destroy(history);
	owned_fini(&owned);
	seen_fini(&seen);
	return err;
}

int daemon_load(struct daemon *daemon, char *error)
{
	struct config *config = config_read(daemon->options->config_file, error);
	struct reconciled done;
	struct doors doors;
	int err;

	if (!config)
		return -EINVAL;
	err = check_dataplane(config, error);
	if (err) {
		config_destroy(config);
		return err;
	}
	err = doors_open(&doors, &daemon->doors, daemon->loop, config, take_votes, read_digests,
			 daemon, error);
	if (err) {
		config_destroy(config);
		return err;
	}
	err = apply(daemon, config, &done, error);
	if (err) {
		/* It may have come half the way: the kernel is to be as it was. */
		doors_close(&doors, &daemon->doors);
		config_destroy(config);
		if (daemon->config)
			start_timer(daemon, &daemon->again, RETRY_MS);
		return err;
	}
	doors_close(&daemon->doors, &doors);
	daemon->doors = doors;
	config_destroy(daemon->config);
	daemon->config = config;
	tell_done(daemon->world, &done);
	sysctl_check(config);
	return 0;
}

static void apply_again(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct daemon *daemon = timer->data;
	static const struct reconciled nothing;
	char error[CONFIG_ERROR_TEXT];
	struct reconciled done;

	(void)loop;
	(void)events;
	if (!apply(daemon, daemon->config, &done, error)) {
		if (memcmp(&done, &nothing, sizeof(done)))
			tell_done(daemon->world, &done);
		return;
	}
	log_say(LOG_ERR, "not as configured, trying again", "dataplane=%s why=\"%s\"",
		dataplane_name(), error);
	start_timer(daemon, &daemon->again, RETRY_MS);
}

static void take_events(struct ev_loop *loop, struct ev_io *io, int events)
{
	struct daemon *daemon = io->data;
	int news = kernel_read_events(daemon->kernel);

	(void)loop;
	(void)events;
	if (news < 0) {
		log_say(LOG_ERR, "no more events", "dataplane=%s why=\"%s\"", dataplane_name(),
			news == -EPIPE ? "it has gone" : strerror(-news));
		ev_io_stop(daemon->loop, io);
	}
	if (news)
		start_timer(daemon, &daemon->again, NEWS_MS);
}

/* What is wrong with the file is said when it is loaded. */
static int find_dataplane(const struct daemon_options *options)
{
	char error[CONFIG_ERROR_TEXT];
	struct config *config = config_read(options->config_file, error);
	int err = config ? dataplane_use(config->socket) : 0;

	config_destroy(config);
	return err;
}

struct daemon *daemon_create(struct ev_loop *loop, const struct daemon_options *options)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	char error[CONFIG_ERROR_TEXT];

	if (!daemon)
		return NULL;
	daemon->loop = loop;
	daemon->options = options;
	snprintf(daemon->owned_file, sizeof(daemon->owned_file), "%s/services",
		 options->run_directory);
	ev_timer_init(&daemon->judge, judge_dirty, 0., 0.);
	ev_timer_init(&daemon->again, apply_again, 0., 0.);
	daemon->judge.data = daemon->again.data = daemon->events.data = daemon;
	daemon->checker = checker_create(loop, take_opinion, daemon);
	daemon->announcer = announcer_create(options->run_directory);
	if (find_dataplane(options)) {
		daemon_destroy(daemon);
		return NULL;
	}
	daemon->kernel = kernel_open(error);
	if (!daemon->kernel)
		log_say(LOG_ERR, "no dataplane", "dataplane=%s why=\"%s\"", dataplane_name(),
			error);
	else
		daemon->passive = passive_create(loop, daemon->kernel);
	if (daemon->passive)
		daemon->sampler = sampler_create(loop, daemon->kernel);
	if (daemon->sampler)
		daemon->census = census_create(loop, daemon->kernel);
	if (!daemon->checker || !daemon->census || !daemon->announcer) {
		daemon_destroy(daemon);
		return NULL;
	}
	ev_io_init(&daemon->events, take_events, kernel_events_fd(daemon->kernel), EV_READ);
	daemon->events.data = daemon;
	ev_io_start(loop, &daemon->events);
	return daemon;
}

void daemon_destroy(struct daemon *daemon)
{
	static const struct doors no_doors;

	if (!daemon)
		return;
	announcer_destroy(daemon->announcer);
	doors_close(&daemon->doors, &no_doors);
	checker_destroy(daemon->checker);
	passive_destroy(daemon->passive);
	sampler_destroy(daemon->sampler);
	census_destroy(daemon->census);
	if (daemon->kernel)
		ev_io_stop(daemon->loop, &daemon->events);
	ev_timer_stop(daemon->loop, &daemon->judge);
	ev_timer_stop(daemon->loop, &daemon->again);
	kernel_close(daemon->kernel);
	world_destroy(daemon->world);
	config_destroy(daemon->config);
	free(daemon->sentence);
	free(daemon);
}

const struct world *daemon_world(const struct daemon *daemon)
{
	return daemon->world;
}

const struct checker *daemon_checker(const struct daemon *daemon)
{
	return daemon->checker;
}

const struct agreement *daemon_agreement(const struct daemon *daemon)
{
	return daemon->doors.agreement;
}

const struct history *daemon_history(const struct daemon *daemon)
{
	return sampler_history(daemon->sampler);
}

struct announcer *daemon_announcer(const struct daemon *daemon)
{
	return daemon->announcer;
}
