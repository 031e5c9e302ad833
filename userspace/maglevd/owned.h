/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which services are ours to change and to delete: a file that outlives the daemon, not the
 * machine's next start, as neither do the services.
 */
#ifndef MAGLEVD_OWNED_H
#define MAGLEVD_OWNED_H

#include "endpoint.h"

struct owned {
	struct service_key *key; /* ordered, each once */
	size_t n, capacity;
};

/* A file that is not there is empty. Return: 0 or -errno; owned_fini() is due either way. */
int owned_read(struct owned *owned, const char *file);

/* Write it aside and swap; @config is the file they are from. Return: 0 or -errno. */
int owned_write(const struct owned *owned, const char *file, const char *config);

bool owned_has(const struct owned *owned, const struct service_key *key);

/* Return: 0 or -ENOMEM. */
int owned_add(struct owned *owned, const struct service_key *key);

void owned_fini(struct owned *owned);

#endif
