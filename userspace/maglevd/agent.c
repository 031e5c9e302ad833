// SPDX-License-Identifier: GPL-2.0-only
/* HAProxy's configuration manual, 5.2, "agent-check"; its words are told from case by nobody. */
#include "agent.h"

#include <linux/ip_vs_maglev.h>

#include <string.h>
#include <strings.h>

#define MAXCONN "maxconn:"

enum {
	PERCENT_MAX = 100,
};

/**
 * enum sort - what a word is about
 * @HEALTH: does it work?
 * @ADMIN: is it to work?
 */
enum sort {
	HEALTH,
	ADMIN,
	N_SORTS,
};

static const struct {
	const char *text;
	enum sort sort;
	int state;
} words[] = {
	{ "up", HEALTH, MAGLEV_NL_STATE_UP },	     { "down", HEALTH, MAGLEV_NL_STATE_DOWN },
	{ "stopped", HEALTH, MAGLEV_NL_STATE_DOWN }, { "fail", HEALTH, MAGLEV_NL_STATE_DOWN },
	{ "ready", ADMIN, MAGLEV_NL_STATE_UP },	     { "drain", ADMIN, MAGLEV_NL_STATE_DRAIN },
	{ "maint", ADMIN, MAGLEV_NL_STATE_DOWN },
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == ',';
}

static bool is_end(char c)
{
	return c == '\n' || c == '\r' || c == '#';
}

static bool is_number(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
	}
	return len > 0;
}

static bool read_percent(struct agent *agent, const char *word, size_t len)
{
	int percent = 0;
	size_t i;

	if (!len || word[len - 1] != '%' || !is_number(word, len - 1))
		return false;
	for (i = 0; i < len - 1 && percent < PERCENT_MAX; i++)
		percent = percent * 10 + word[i] - '0';
	agent->weight_percent = percent < PERCENT_MAX ? percent : PERCENT_MAX;
	return true;
}

static bool read_state(int *state, const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strlen(words[i].text) != len || strncasecmp(words[i].text, word, len))
			continue;
		state[words[i].sort] = words[i].state;
		return true;
	}
	return false;
}

static bool is_maxconn(const char *word, size_t len)
{
	size_t prefix = strlen(MAXCONN);

	return len > prefix && !strncasecmp(word, MAXCONN, prefix) &&
	       is_number(word + prefix, len - prefix);
}

bool agent_parse(struct agent *agent, const char *line, size_t len)
{
	int state[N_SORTS] = { -1, -1 };
	size_t at = 0, begin;

	*agent = (struct agent){ .weight_percent = -1, .state = -1 };
	while (at < len && !is_end(line[at])) {
		if (is_blank(line[at])) {
			at++;
			continue;
		}
		for (begin = at; at < len && !is_blank(line[at]) && !is_end(line[at]); at++)
			;
		if (agent->unknown || read_state(state, line + begin, at - begin) ||
		    read_percent(agent, line + begin, at - begin) ||
		    is_maxconn(line + begin, at - begin))
			continue;
		agent->unknown = line + begin;
		agent->unknown_len = at - begin;
	}
	agent->state = state[HEALTH] > state[ADMIN] ? state[HEALTH] : state[ADMIN];
	return !agent->unknown;
}
