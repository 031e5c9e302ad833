// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a ruleset of nftables (nft -j list ruleset, libnftables-json(5)) does to one packet. Chains
 * are walked as the kernel does; a packet that one base chain drops is lost, whatever the others say.
 */
#include "doctor_match.h"

#include <stdio.h>

enum {
	ITEMS = 1000000, /* looked at for one packet: then what is known by then counts */
	PRIORITY_OURS = 97, /* where we take packets from local input */
};

enum end {
	GOES_ON,
	RETURNS,
	ACCEPTED,
	DROPPED,
};

struct walk {
	struct doctor_chain at;
	struct doctor_drop *drop;
	bool may_be_accepted;
	int depth;
	u32 items_left;
};

static const cJSON *counter_of(const cJSON *rule)
{
	const cJSON *expression;

	cJSON_ArrayForEach(expression, nft_get(rule, "expr"))
		if (cJSON_IsObject(nft_get(expression, "counter")))
			return nft_get(nft_get(expression, "counter"), "packets");
	return NULL;
}

/* The first that drops surely counts, or else the first that may. */
static void note_drop(struct walk *walk, const cJSON *rule, enum truth certainty)
{
	struct doctor_drop *drop = walk->drop;
	const cJSON *counter = rule ? counter_of(rule) : NULL;
	bool is_sure = certainty == YES && !walk->may_be_accepted;

	if (drop->fate == DOCTOR_DROPS || (drop->fate == DOCTOR_MAY_DROP && !is_sure))
		return;
	memset(drop, 0, sizeof(*drop));
	drop->fate = is_sure ? DOCTOR_DROPS : DOCTOR_MAY_DROP;
	drop->by_policy = !rule;
	snprintf(drop->family, sizeof(drop->family), "%s", nft_string(walk->at.base, "family"));
	snprintf(drop->table, sizeof(drop->table), "%s", nft_string(walk->at.base, "table"));
	snprintf(drop->chain, sizeof(drop->chain), "%s", nft_string(walk->at.base, "name"));
	if (rule)
		snprintf(drop->rule, sizeof(drop->rule), "rule with handle %d of chain %s",
			 nft_get(rule, "handle") ? nft_get(rule, "handle")->valueint : 0,
			 nft_string(rule, "chain"));
	else
		snprintf(drop->rule, sizeof(drop->rule), "policy of chain %s", drop->chain);
	drop->packets = cJSON_IsNumber(counter) ? (u64)counter->valuedouble : 0;
}

static enum end walk_chain(struct walk *walk, const char *name, enum truth certainty);

/* What a statement that decides says. */
static enum end decide(struct walk *walk, const cJSON *rule, const cJSON *verdict,
		       enum truth certainty)
{
	const cJSON *jump = nft_get(verdict, "jump") ?: nft_get(verdict, "goto");
	enum end end;

	if (nft_get(verdict, "drop") || nft_get(verdict, "reject")) {
		note_drop(walk, rule, certainty);
		return certainty == YES ? DROPPED : GOES_ON;
	}
	if (nft_get(verdict, "accept")) {
		walk->may_be_accepted |= certainty != YES;
		return certainty == YES ? ACCEPTED : GOES_ON;
	}
	if (nft_get(verdict, "return"))
		return certainty == YES ? RETURNS : GOES_ON;
	if (!jump || walk->depth >= NFT_DEPTH)
		return GOES_ON;
	end = walk_chain(walk, nft_string(jump, "target"), certainty);
	if (certainty != YES)
		return GOES_ON;
	if (end == GOES_ON || end == RETURNS)
		return nft_get(verdict, "goto") ? RETURNS : GOES_ON;
	return end;
}

/* A verdict map: what the first element that matches says, if it surely does. */
static enum end look_up(struct walk *walk, const cJSON *rule, const cJSON *map,
			enum truth certainty)
{
	const cJSON *data = nft_get(map, "data"), *pairs = nft_get(data, "set"), *pair, *named;
	cJSON *one = cJSON_CreateObject();
	enum end end = GOES_ON;
	enum truth truth;

	if (cJSON_IsString(data) && data->valuestring[0] == '@') {
		named = doctor_find_set(&walk->at, data->valuestring + 1);
		pairs = named ? nft_get(named, "elem") : NULL;
	}
	cJSON_AddStringToObject(one, "op", "==");
	cJSON_AddItemReferenceToObject(one, "left", (cJSON *)nft_get(map, "key"));
	cJSON_ArrayForEach(pair, pairs) {
		cJSON_DeleteItemFromObjectCaseSensitive(one, "right");
		cJSON_AddItemReferenceToObject(one, "right", cJSON_GetArrayItem(pair, 0));
		truth = doctor_match(&walk->at, one);
		truth = truth < certainty ? truth : certainty;
		if (truth == NO)
			continue;
		end = decide(walk, rule, cJSON_GetArrayItem(pair, 1), truth);
		if (end != GOES_ON || truth == YES)
			break;
	}
	cJSON_Delete(one);
	return end;
}

static enum end walk_rule(struct walk *walk, const cJSON *rule, enum truth certainty)
{
	enum end end = GOES_ON;
	const cJSON *one, *part;
	enum truth truth;

	cJSON_ArrayForEach(one, nft_get(rule, "expr")) {
		part = nft_get(one, "match");
		if (part) {
			truth = doctor_match(&walk->at, part);
			certainty = truth < certainty ? truth : certainty;
			if (certainty == NO)
				return GOES_ON;
			continue;
		}
		part = nft_get(one, "vmap");
		if (part)
			end = look_up(walk, rule, part, certainty);
		else if (nft_get(one, "limit") || nft_get(one, "xt") || nft_get(one, "quota") ||
			 nft_get(one, "ct count"))
			certainty = MAYBE;
		else
			end = decide(walk, rule, one, certainty);
		if (end != GOES_ON)
			return end;
	}
	return GOES_ON;
}

static enum end walk_chain(struct walk *walk, const char *name, enum truth certainty)
{
	enum end end = GOES_ON;
	const cJSON *item, *rule;

	walk->depth++;
	cJSON_ArrayForEach(item, walk->at.items) {
		if (!walk->items_left)
			break;
		walk->items_left--;
		rule = nft_get(item, "rule");
		if (!rule || !nft_is(rule, "chain", name) ||
		    !nft_is(rule, "table", nft_string(walk->at.base, "table")) ||
		    !nft_is(rule, "family", nft_string(walk->at.base, "family")))
			continue;
		end = walk_rule(walk, rule, certainty);
		if (end != GOES_ON)
			break;
	}
	walk->depth--;
	return end;
}

static bool is_v6(const struct doctor_packet *packet)
{
	return (packet->daddr.len ?: packet->saddr.len) == MAGLEV_IPV6_BYTES;
}

static bool is_on_way(const cJSON *chain, const struct doctor_packet *packet)
{
	const char *hook = nft_string(chain, "hook"), *family = nft_string(chain, "family");
	const cJSON *priority = nft_get(chain, "prio");

	if (strcmp(family, "inet") && strcmp(family, "netdev") &&
	    strcmp(family, is_v6(packet) ? "ip6" : "ip"))
		return false;
	if (packet->is_outer)
		return !strcmp(hook, "output") || !strcmp(hook, "postrouting") ||
		       !strcmp(hook, "egress");
	if (!strcmp(hook, "input"))
		return !priority || priority->valueint < PRIORITY_OURS;
	return !strcmp(hook, "prerouting") || !strcmp(hook, "ingress");
}

static void walk_base(struct walk *walk, const cJSON *chain)
{
	enum end end;

	walk->at.base = chain;
	walk->may_be_accepted = false;
	walk->depth = 0;
	end = walk_chain(walk, nft_string(chain, "name"), YES);
	if (end != ACCEPTED && end != DROPPED && nft_is(chain, "policy", "drop"))
		note_drop(walk, NULL, YES);
}

void doctor_firewall(const cJSON *rules, const struct doctor_packet *packet,
		     struct doctor_drop *drop)
{
	const cJSON *items = nft_get(rules, "nftables"), *item, *chain;
	struct walk walk = {
		.at = { .items = items, .packet = packet },
		.drop = drop,
		.items_left = ITEMS,
	};

	memset(drop, 0, sizeof(*drop));
	cJSON_ArrayForEach(item, items) {
		chain = nft_get(item, "chain");
		if (chain && *nft_string(chain, "hook") && is_on_way(chain, packet))
			walk_base(&walk, chain);
	}
}
