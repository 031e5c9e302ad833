/* SPDX-License-Identifier: GPL-2.0-only */
/* What an agent beside a backend says of it, in the words of HAProxy's agent-check. Pure. */
#ifndef MAGLEVD_AGENT_H
#define MAGLEVD_AGENT_H

#include <stdbool.h>
#include <stddef.h>

enum {
	AGENT_LINE_BYTES = 1024,
};

/**
 * struct agent - what a line says; of two words of the same sort the last one counts
 * @weight_percent: "75%": 0..100, more is taken for 100; -1: nothing
 * @state: enum maglev_nl_state, the worse of what "up", "down", "stopped", "fail" and what
 *	"ready", "drain", "maint" say; -1: nothing
 * @unknown: the first word that is none of these, in the line; NULL: there is none
 * @unknown_len: its bytes
 */
struct agent {
	int weight_percent;
	int state;
	const char *unknown;
	size_t unknown_len;
};

/**
 * agent_parse() - read a line
 * @agent: written
 * @line: ends at the first CR or LF, or after @len; what follows a '#' is for people
 * @len: bytes
 *
 * HAProxy keeps "drain" and "maint" until "ready"; here each line stands for itself. A line
 * without words is one: it says nothing. "maxconn:N" is HAProxy's too; we hold no connections.
 *
 * Return: true; false if there is an unknown word.
 */
bool agent_parse(struct agent *agent, const char *line, size_t len);

#endif
