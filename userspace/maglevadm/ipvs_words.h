/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ipvsadm's command line, read as ipvsadm does. What ipvsadm would refuse is refused here
 * only where somebody is told; its own sentence is better.
 */
#ifndef MAGLEVADM_IPVS_WORDS_H
#define MAGLEVADM_IPVS_WORDS_H

#include "span.h"

#include <ipvs_table.h>

/* Commands and options; their bits make up a mask. */
enum ipvs_word {
	IPVS_NOTHING,
	IPVS_ADD_SERVICE,
	IPVS_EDIT_SERVICE,
	IPVS_DELETE_SERVICE,
	IPVS_CLEAR,
	IPVS_LIST,
	IPVS_ZERO,
	IPVS_ADD_SERVER,
	IPVS_EDIT_SERVER,
	IPVS_DELETE_SERVER,
	IPVS_SET,
	IPVS_RESTORE,
	IPVS_SAVE,
	IPVS_START_DAEMON,
	IPVS_STOP_DAEMON,
	IPVS_HELP,
	IPVS_COMMANDS, /* those above; options follow */
	IPVS_TCP = IPVS_COMMANDS,
	IPVS_UDP,
	IPVS_SCTP,
	IPVS_FWMARK,
	IPVS_IPV6,
	IPVS_SERVER,
	IPVS_MASQUERADING,
	IPVS_TUNNEL,
	IPVS_DIRECT,
	IPVS_TUN_TYPE,
	IPVS_TUN_PORT,
	IPVS_TUN_NOCSUM,
	IPVS_TUN_CSUM,
	IPVS_TUN_REMCSUM,
	IPVS_NUMERIC,
	IPVS_CONNECTION,
	IPVS_TIMEOUT,
	IPVS_DAEMON,
	IPVS_STATISTICS,
	IPVS_RATE,
	IPVS_THRESHOLDS,
	IPVS_PERSISTENT_CONN,
	IPVS_TUN_INFO,
	IPVS_NOSORT,
	IPVS_SORT,
	IPVS_EXACT,
	IPVS_SCHEDULER,
	IPVS_WEIGHT,
	IPVS_OTHER, /* of no interest to us */
	IPVS_WORDS,
};

#define IPVS_BIT(word) (1ULL << (word))
#define IPVS_SERVICE_BITS \
	(IPVS_BIT(IPVS_TCP) | IPVS_BIT(IPVS_UDP) | IPVS_BIT(IPVS_SCTP) | IPVS_BIT(IPVS_FWMARK))
#define IPVS_METHOD_BITS \
	(IPVS_BIT(IPVS_MASQUERADING) | IPVS_BIT(IPVS_TUNNEL) | IPVS_BIT(IPVS_DIRECT))
#define IPVS_CHECKSUM_BITS \
	(IPVS_BIT(IPVS_TUN_NOCSUM) | IPVS_BIT(IPVS_TUN_CSUM) | IPVS_BIT(IPVS_TUN_REMCSUM))

/* A command line. */
struct ipvs_words {
	enum ipvs_word command;
	u64 given; /* IPVS_BIT() of options */
	const char *at[IPVS_WORDS]; /* the word that an option was given in */
	struct ipvs_key service;
	struct ipvs_address server;
	struct ipvs_way way; /* with ipvsadm's defaults */
	long weight; /* -1: not a number */
	const char *scheduler; /* NULL: not given */
	const char *bad; /* in the words, where the trouble is; NULL: at their end, or none */
	const char *why; /* what is wrong with it */
};

/* Is this word a command, alone or with more letters or a value? */
enum ipvs_word ipvs_command_of(const char *word);

/* Read a command line without the name of the program. Return: false: ->why tells. */
bool ipvs_words_read(struct ipvs_words *words, int argc, char *const *argv);

#endif
