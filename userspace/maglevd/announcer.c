// SPDX-License-Identifier: GPL-2.0-only
/* What the daemon tells the announcer's threads, and is told of them. */
#define _GNU_SOURCE /* pthread_timedjoin_np */
#include "announcer_inside.h"

#include "clock.h"
#include "judge.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	NS_PER_S = 1000000000,
	JOIN_S = 2, /* what a thread has to end, that may hang in the kernel */
};

const char *announcer_vip_text(const struct maglev_lib_addr *addr, char text[INET6_ADDRSTRLEN])
{
	inet_ntop(addr->len == MAGLEV_IPV6_BYTES ? AF_INET6 : AF_INET, addr->byte, text,
		  INET6_ADDRSTRLEN);
	return text;
}

void announcer_explain(const struct vip *vip, char why[ANNOUNCER_WHY])
{
	*why = 0;
	switch (vip->announcement.reason) {
	case ANNOUNCE_FINE:
		break;
	case ANNOUNCE_UNASKED:
		snprintf(why, ANNOUNCER_WHY, "not asked yet");
		break;
	case ANNOUNCE_DRAINED:
		snprintf(why, ANNOUNCER_WHY, "drained by operator");
		break;
	case ANNOUNCE_UNCHECKED:
		snprintf(why, ANNOUNCER_WHY, "backends are not all checked yet");
		break;
	case ANNOUNCE_FEW:
		snprintf(why, ANNOUNCER_WHY, "few backends: %s", vip->why_few);
		break;
	case ANNOUNCE_PROBE:
		snprintf(why, ANNOUNCER_WHY, "self-probe: %s",
			 vip->probe.misses == ANNOUNCE_MISSES ? vip->why_probe : "no answer");
		break;
	case ANNOUNCE_ROUTE:
		snprintf(why, ANNOUNCER_WHY, "route: %s",
			 vip->route_error == -EEXIST ? "somebody else has one in this table" :
						       strerror(-vip->route_error));
		break;
	}
}

u64 announcer_wait(struct announcer *announcer, u64 until)
{
	struct timespec at = { .tv_sec = until / NS_PER_S, .tv_nsec = until % NS_PER_S };

	pthread_cond_timedwait(&announcer->news, &announcer->lock, &at);
	return clock_now();
}

static int compare_addresses(const struct maglev_lib_addr *a, const struct maglev_lib_addr *b)
{
	return (a->len > b->len) - (a->len < b->len) ?: memcmp(a->byte, b->byte, sizeof(a->byte));
}

static int compare_vips(const void *a, const void *b)
{
	const struct vip *x = a, *y = b;

	return compare_addresses(&x->addr, &y->addr);
}

struct vip *announcer_find(const struct announcer *announcer, const struct maglev_lib_addr *addr)
{
	struct vip wanted = { .addr = *addr };

	if (!announcer->n)
		return NULL;
	return bsearch(&wanted, announcer->vip, announcer->n, sizeof(wanted), compare_vips);
}

/* Return: has it ended? */
static bool end_thread(pthread_t thread)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += JOIN_S;
	if (!pthread_timedjoin_np(thread, NULL, &until))
		return true;
	log_say(LOG_ERR, "the kernel does not answer", "%s", "");
	return false;
}

/* Signals are the loop's. */
static int start_threads(struct announcer *announcer)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = announcer->has_asker ? 0 : asker_start(announcer);
	announcer->has_asker = !err;
	if (!err)
		err = keeper_start(announcer);
	announcer->has_keeper = !err;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

/*
 * A child that writes a page reads what threads write, and they do not go with it: it must not
 * find the lock taken. There is one announcer.
 */
static struct announcer *here;

static void lock_before_fork(void)
{
	if (here)
		pthread_mutex_lock(&here->lock);
}

static void unlock_after_fork(void)
{
	if (here)
		pthread_mutex_unlock(&here->lock);
}

struct announcer *announcer_create(const char *run_directory)
{
	struct announcer *announcer = calloc(1, sizeof(*announcer));
	pthread_condattr_t monotonic;

	if (!announcer) {
		log_say(LOG_ERR, "announcement", "why=\"%s\"", strerror(ENOMEM));
		return NULL;
	}
	snprintf(announcer->drained_file, sizeof(announcer->drained_file), "%s/drained",
		 run_directory);
	snprintf(announcer->count_file, sizeof(announcer->count_file), "%s/withdrawn",
		 run_directory);
	announcer->is_drained = !access(announcer->drained_file, F_OK);
	if (announcer->is_drained)
		log_say(LOG_NOTICE, "this balancer is drained by its operator", "file=%s",
			announcer->drained_file);
	pthread_mutex_init(&announcer->lock, NULL);
	pthread_atfork(lock_before_fork, unlock_after_fork, unlock_after_fork);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&announcer->news, &monotonic);
	pthread_condattr_destroy(&monotonic);
	here = announcer;
	return announcer;
}

void announcer_destroy(struct announcer *announcer)
{
	if (!announcer)
		return;
	here = NULL;
	pthread_mutex_lock(&announcer->lock);
	announcer->is_ending = true;
	pthread_cond_broadcast(&announcer->news);
	pthread_mutex_unlock(&announcer->lock);
	/* One that hangs keeps what it looks at. */
	if ((announcer->has_keeper && !end_thread(announcer->keeper)) ||
	    (announcer->has_asker && !end_thread(announcer->asker)))
		return;
	pthread_cond_destroy(&announcer->news);
	pthread_mutex_destroy(&announcer->lock);
	free(announcer->vip);
	free(announcer->service);
	free(announcer);
}

static int compare_services(const void *a, const void *b)
{
	const struct service_key *x = a, *y = b;

	return compare_addresses(&x->vip.addr, &y->vip.addr) ?: service_key_compare(x, y);
}

/* The services of VIPs that are announced, by VIP. Return: NULL without memory. */
static struct service_key *list_services(const struct config *config, size_t *n)
{
	const struct config_service *service;
	struct service_key *keys;
	size_t i, port, most = 0;

	for (i = 0; i < config->n_services; i++)
		most += config->service[i].n_ports;
	keys = calloc(most + 1, sizeof(*keys));
	*n = 0;
	for (i = 0; keys && config->announce.is_given && i < config->n_services; i++) {
		service = &config->service[i];
		for (port = 0; service->announce && port < service->n_ports; port++)
			keys[(*n)++] = (struct service_key){
				.protocol = service->protocol,
				.vip = { .addr = service->vip, .port = service->port[port] },
			};
	}
	if (keys)
		qsort(keys, *n, sizeof(*keys), compare_services);
	return keys;
}

/* Return: NULL without memory. */
static struct vip *make_vips(const struct service_key *keys, size_t n_keys, size_t *n)
{
	struct vip *vips = calloc(n_keys + 1, sizeof(*vips));
	size_t i;

	*n = 0;
	for (i = 0; vips && i < n_keys; i++) {
		if (!i || compare_addresses(&keys[i].vip.addr, &keys[i - 1].vip.addr))
			vips[(*n)++] =
				(struct vip){ .addr = keys[i].vip.addr, .service = &keys[i] };
		vips[*n - 1].n_services++;
	}
	return vips;
}

/* What is known of VIPs that stay. */
static void inherit(struct vip *vips, size_t n, const struct announcer *announcer)
{
	const struct service_key *service;
	const struct vip *old;
	size_t i, n_services;

	for (i = 0; i < n; i++) {
		old = announcer_find(announcer, &vips[i].addr);
		if (!old)
			continue;
		service = vips[i].service;
		n_services = vips[i].n_services;
		vips[i] = *old;
		vips[i].service = service;
		vips[i].n_services = n_services;
		vips[i].asked = 0;
	}
}

static void replace(struct announcer *announcer, const struct config_announce *config,
		    struct vip *vips, size_t n, struct service_key *keys, size_t n_keys)
{
	struct service_key *old_keys = announcer->service;
	struct vip *old = announcer->vip;

	pthread_mutex_lock(&announcer->lock);
	inherit(vips, n, announcer);
	announcer->vip = vips;
	announcer->n = n;
	announcer->service = keys;
	announcer->n_services = n_keys;
	announcer->config = *config;
	announcer->generation++;
	announcer->is_unsure = true;
	pthread_mutex_unlock(&announcer->lock);
	free(old);
	free(old_keys);
}

static bool is_same(const struct announcer *announcer, const struct service_key *keys,
		    const struct config *config)
{
	const struct config_announce *now = &announcer->config, *wanted = &config->announce;
	size_t i;

	for (i = 0; i < announcer->n_services; i++)
		if (service_key_compare(&announcer->service[i], &keys[i]))
			return false;
	return now->is_given == wanted->is_given && now->keep == wanted->keep &&
	       now->table == wanted->table && now->interval_ms == wanted->interval_ms &&
	       now->settle_ms == wanted->settle_ms;
}

int announcer_run(struct announcer *announcer, const struct config *config,
		  const struct world *world)
{
	size_t n = 0, n_keys = 0;
	struct service_key *keys = list_services(config, &n_keys);
	struct vip *vips = keys ? make_vips(keys, n_keys, &n) : NULL;
	bool is_first = !announcer->generation;

	if (!vips) {
		free(keys);
		return -ENOMEM;
	}
	if (is_first || n_keys != announcer->n_services || !is_same(announcer, keys, config)) {
		replace(announcer, &config->announce, vips, n, keys, n_keys);
	} else {
		free(vips);
		free(keys);
	}
	announcer_count(announcer, world);
	if (!n)
		unlink(announcer->count_file);
	if (announcer->has_keeper)
		return 0;
	if (config->announce.is_given)
		return start_threads(announcer);
	if (is_first)
		keeper_sweep(announcer);
	return 0;
}

/* Those that the kernel may send clients to: also if only because all are down. */
static size_t count_up(const struct service *service)
{
	size_t i, up = 0;

	for (i = 0; i < service->n; i++)
		up += service->member[i].health == MAGLEV_NL_STATE_UP;
	return up;
}

static bool has_unchecked(const struct service *service)
{
	size_t i;

	for (i = 0; i < service->n; i++)
		if (!service->member[i].is_sorry &&
		    judge_opinion(&service->member[i]) == OPINION_NONE)
			return true;
	return false;
}

static void count(struct vip *vip, const struct service *service)
{
	u32 least = service->config->policy.min_backends;
	size_t up = count_up(service);
	char text[SERVICE_TEXT];

	vip->has_unchecked = vip->has_unchecked || has_unchecked(service);
	if (vip->has_few || up >= least)
		return;
	vip->has_few = true;
	snprintf(vip->why_few, sizeof(vip->why_few), "%zu of %u up, %s", up, least,
		 service_key_text(&service->key, text));
}

void announcer_count(struct announcer *announcer, const struct world *world)
{
	const struct service *service;
	struct vip *vip;
	size_t i;

	pthread_mutex_lock(&announcer->lock);
	for (i = 0; i < announcer->n; i++)
		announcer->vip[i].has_few = announcer->vip[i].has_unchecked = false;
	for (i = 0; i < world->n_services; i++) {
		service = &world->service[i];
		vip = announcer_find(announcer, &service->key.vip.addr);
		if (vip && service->config->announce)
			count(vip, service);
	}
	pthread_cond_broadcast(&announcer->news);
	pthread_mutex_unlock(&announcer->lock);
}

int announcer_drain(struct announcer *announcer, bool drain)
{
	int fd, err = 0;

	if (drain) {
		fd = open(announcer->drained_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0)
			err = -errno;
		else
			close(fd);
	} else if (unlink(announcer->drained_file) && errno != ENOENT) {
		err = -errno;
	}
	if (err)
		return err;
	pthread_mutex_lock(&announcer->lock);
	announcer->is_drained = drain;
	pthread_cond_broadcast(&announcer->news);
	pthread_mutex_unlock(&announcer->lock);
	return 0;
}

bool announcer_is_drained(const struct announcer *announcer)
{
	return announcer->is_drained; /* nobody else writes it */
}

u32 announcer_table(const struct announcer *announcer)
{
	return announcer->config.is_given ? announcer->config.table : 0;
}

struct announcer_vip *announcer_list(struct announcer *announcer, size_t *n)
{
	struct announcer_vip *list = calloc(announcer->n + 1, sizeof(*list));
	const struct vip *vip;
	size_t i;

	pthread_mutex_lock(&announcer->lock);
	for (i = 0; list && i < announcer->n; i++) {
		vip = &announcer->vip[i];
		list[i].vip = vip->addr;
		list[i].state = vip->announcement.state;
		list[i].since_ms = (announcer->now - vip->announcement.since) / NS_PER_MS;
		announcer_explain(vip, list[i].why);
	}
	pthread_mutex_unlock(&announcer->lock);
	*n = announcer->n;
	return list;
}
