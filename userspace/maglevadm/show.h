/* SPDX-License-Identifier: GPL-2.0-only */
/* What a balancer says, in JSON by the names of its attributes, and in the words of text. */
#ifndef MAGLEVADM_SHOW_H
#define MAGLEVADM_SHOW_H

#include "out.h"

#include <maglev.h>

enum {
	SHOW_NAME = 96, /* a service or a backend as it is typed */
	SHOW_STATE = 48,
	SHOW_NUMBER = 32,
	SHOW_WARNINGS = 256,
	SHOW_TIME = 32,
};

/* In JSON, a struct under a key, with all it has; or its members alone, where we are. */
void show_object(struct out *out, const char *key, const struct maglev_lib_object *object,
		 const void *from);
void show_members(struct out *out, const struct maglev_lib_object *object, const void *from);
void show_message(struct out *out, const struct maglev_lib_message *message);

#define SHOW_COLUMNS(columns) columns, sizeof(columns) / sizeof(*(columns))

/* All write into @text and return it. */
const char *show_service(const struct maglev_lib_service_key *key, char text[SHOW_NAME]);
const char *show_endpoint(const struct maglev_lib_addr *addr, __be16 port, char text[SHOW_NAME]);
const char *show_address(const struct maglev_lib_addr *addr, char text[SHOW_NAME]);
const char *show_backend(const struct maglev_lib_backend *backend, char text[SHOW_NAME]);

/* The effective state and whose it is: "drain (admin)". */
const char *show_state(const struct maglev_lib_backend *backend, char text[SHOW_STATE]);

/* A word of an enum; of what we do not know, the number. */
const char *show_word(const struct maglev_lib_names *names, u32 value, char text[SHOW_NUMBER]);

/* Why a service is left to IPVS, as a sentence. */
const char *show_left(u32 left_because);

/* What is worth a look, as sentences; "" for nothing. */
const char *show_warnings(u32 warnings, char text[SHOW_WARNINGS]);

double show_percent(u64 part, u64 whole);

/* Of one service or backend, a line each. */
void show_stats(struct out *out, const struct maglev_lib_stats *stats);

/* The time of day: "2026-11-21T09:30:00+0100". */
const char *show_now(char text[SHOW_TIME]);

#endif
