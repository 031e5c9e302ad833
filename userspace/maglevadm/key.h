/* SPDX-License-Identifier: GPL-2.0-only */
/* The cluster key, from the command line or from a file. */
#ifndef MAGLEVADM_KEY_H
#define MAGLEVADM_KEY_H

#include <maglev/hash.h>
#include "err.h"

/*
 * Both take a word of the command line; @what is called so in errors, a @file - is stdin.
 *
 * Return: STATUS_DONE, or what has been said.
 */
int key_parse(struct maglev_key *key, const char *digits);
int key_read(struct maglev_key *key, const char *file, const char *what);

/* Is it the default key, all zero, which everybody knows? */
bool key_is_public(const struct maglev_key *key);

#endif
