// SPDX-License-Identifier: GPL-2.0-only
/*
 * glibc copies what is repeated, so that repetitions in repetitions grow exponentially, in time
 * and memory; and matching back-references does. Both are refused before it sees them.
 */
#include "config_regex.h"

#include <maglev/env.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum {
	DEPTH_MAX = 32,
	WEIGHT_MAX = 4096, /* characters, all copies counted */
};

/* Of a group that is open: all of it so far, and what a repetition would repeat. */
struct group {
	u32 weight;
	u32 last;
};

struct walk {
	const char *at;
	struct group group[DEPTH_MAX];
	u32 depth;
};

static void put(struct walk *walk, u32 weight)
{
	struct group *group = &walk->group[walk->depth];

	group->weight += weight;
	group->last = weight;
}

static void repeat(struct walk *walk, u32 times)
{
	struct group *group = &walk->group[walk->depth];
	u64 more = (u64)group->last * (times - 1);

	group->weight = group->weight + more < WEIGHT_MAX ? group->weight + more : WEIGHT_MAX + 1;
	group->last = group->weight < group->last * (u64)times ? group->weight :
								 group->last * times;
}

/* At what follows [: behind the bracket that ends it, or the end. */
static void skip_set(struct walk *walk)
{
	char kind;

	if (*walk->at == '^')
		walk->at++;
	if (*walk->at == ']')
		walk->at++;
	while (*walk->at && *walk->at != ']') {
		kind = *walk->at++;
		if (kind != '[' || !*walk->at || !strchr(".:=", *walk->at))
			continue;
		/* [[:alpha:]]: what is inside ends with the same character and a bracket. */
		kind = *walk->at++;
		while (*walk->at && !(walk->at[0] == kind && walk->at[1] == ']'))
			walk->at++;
		walk->at += *walk->at ? 2 : 0;
	}
	walk->at += *walk->at ? 1 : 0;
}

/* At what follows {. */
static void skip_interval(struct walk *walk)
{
	unsigned long number, most = 1;
	char *end;

	while (*walk->at && *walk->at != '}') {
		number = strtoul(walk->at, &end, 10);
		most = number > most ? number : most;
		walk->at = end > walk->at ? end : walk->at + 1;
	}
	walk->at += *walk->at ? 1 : 0;
	repeat(walk, most < WEIGHT_MAX ? most + 1 : WEIGHT_MAX);
}

static const char *step(struct walk *walk)
{
	char c = *walk->at++;

	switch (c) {
	case '\\':
		if (*walk->at >= '1' && *walk->at <= '9')
			return "back-references are not taken";
		walk->at += *walk->at ? 1 : 0;
		put(walk, 1);
		break;
	case '[':
		skip_set(walk);
		put(walk, 1);
		break;
	case '(':
		if (walk->depth + 1 == DEPTH_MAX)
			return "parentheses are nested too deep";
		walk->group[++walk->depth] = (struct group){ .weight = 1 };
		break;
	case ')':
		if (walk->depth) {
			walk->depth--;
			put(walk, walk->group[walk->depth + 1].weight);
		}
		break;
	case '*':
	case '+':
	case '?':
		repeat(walk, 2);
		break;
	case '{':
		skip_interval(walk);
		break;
	default:
		put(walk, 1);
	}
	return walk->group[walk->depth].weight > WEIGHT_MAX ? "it repeats too much" : NULL;
}

const char *config_regex_check(const char *expression, char why[CONFIG_REGEX_WHY])
{
	struct walk walk = { .at = expression };
	const char *wrong = NULL;
	regex_t regex;
	int error;

	while (*walk.at && !wrong)
		wrong = step(&walk);
	if (wrong)
		return wrong;
	error = regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB);
	if (error) {
		regerror(error, &regex, why, CONFIG_REGEX_WHY);
		return why;
	}
	regfree(&regex);
	return NULL;
}
