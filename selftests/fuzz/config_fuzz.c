// SPDX-License-Identifier: GPL-2.0-only
// fuzz-sources: userspace/maglevd/config*.c userspace/maglevd/endpoint.c userspace/lib/array.c
// fuzz-flags: -Iinclude/uapi -Iuserspace/lib -Iuserspace/maglevd -lfyaml
/*
 * Any bytes as maglevd's file: reading them ends, with a configuration whose parts fit together, or
 * with one line of text.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <config.h>
#include <maglev/table.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_config(const struct config *config)
{
	const struct config_service *service = config->service;
	const struct check *check = config->check;
	size_t i, j;

	for (i = 0; i < config->n_checks; i++, check++) {
		assert(*check->name && check->rise && check->fall);
		assert(check->timeout_ms <= check->fast_interval_ms);
		assert(check->fast_interval_ms <= check->interval_ms);
		assert(check->timeout_ms < check->interval_ms);
	}
	for (i = 0; i < config->n_pools; i++) {
		assert(config->pool[i].n && config->pool[i].n <= MAGLEV_BACKENDS_MAX);
		for (j = 0; j < config->pool[i].n; j++)
			assert(config->pool[i].backend[j].weight &&
			       config->pool[i].backend[j].weight <= MAGLEV_WEIGHT_MAX);
	}
	for (i = 0; i < config->n_services; i++, service++) {
		assert(*service->name && service->n_ports && service->vip.len);
		assert(!service->pool == service->external);
		assert(service->policy.quorum <= config->n_peers);
		assert(!service->policy.sorry == (service->policy.when_down != CONFIG_SORRY));
	}
}

static void check_error(const char *error)
{
	assert(*error && memchr(error, 0, CONFIG_ERROR_TEXT));
	for (; *error; error++)
		assert(*error >= ' ' && *error <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int file = -1;
	static char name[32];
	char error[CONFIG_ERROR_TEXT];
	struct config *config;

	if (file < 0) {
		file = memfd_create("config", 0);
		assert(file >= 0);
		snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
	}
	assert(!ftruncate(file, 0) && pwrite(file, data, size, 0) == (ssize_t)size);
	config = config_read(name, error);
	if (config)
		check_config(config);
	else
		check_error(error);
	config_destroy(config);
	return 0;
}
