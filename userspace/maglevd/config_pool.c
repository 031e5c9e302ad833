// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pools are read first and made flat then, each after those that it names, without recursion: what
 * names itself is found on the way down, however long that is.
 */
#include "config_pool.h"

#include "config_value.h"
#include "endpoint.h"

#include <maglev/table.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>

enum variant {
	VARIANT_BACKEND = 1,
	VARIANT_POOL = 2,
};

/* A backend, and where it is written. */
struct member {
	struct endpoint endpoint;
	u32 weight;
	u32 drain_ms;
	const struct config_node *at;
};

/* A pool within a pool. */
struct nested {
	struct draft *draft;
	const struct config_node *at;
};

enum {
	DRAIN_MAX_MS = 24 * 60 * 60 * 1000,
};

enum draft_state {
	DRAFT_NEW,
	DRAFT_OPEN, /* on the way down from @from to @below */
	DRAFT_DONE,
};

/* A pool before it is flat. */
struct draft {
	struct config_pool *pool;
	const struct config_node *at; /* its name */
	struct member *member;
	size_t n_members;
	struct nested *nested;
	size_t n_nested, next;
	struct draft *from, *below;
	enum draft_state state;
};

static struct draft *find(struct config_reader *reader, const struct config_node *node)
{
	struct draft *draft = config_names_find(&reader->pools, node);

	if (!draft)
		config_refuse(reader, node, "expected the name of a pool");
	return draft;
}

static bool read_draft_name(struct config_reader *reader, const struct config_node *node,
			    const struct config_field *field, void *to)
{
	struct draft **draft = to;

	(void)field;
	*draft = find(reader, node);
	return *draft;
}

static const struct config_field fields[] = {
	{ "address", config_read_address, "10.0.0.1", CONFIG_MEMBER(struct member, endpoint.addr),
	  .variants = VARIANT_BACKEND },
	{ "weight", config_read_number, CONFIG_MEMBER(struct member, weight), .least = 1,
	  .most = MAGLEV_WEIGHT_MAX, .variants = VARIANT_BACKEND },
	{ "port", config_read_number, CONFIG_MEMBER(struct member, endpoint.port), .least = 1,
	  .most = UINT16_MAX, .variants = VARIANT_BACKEND },
	{ "drain", config_read_time, CONFIG_MEMBER(struct member, drain_ms), .most = DRAIN_MAX_MS,
	  .variants = VARIANT_BACKEND },
	{ "pool", read_draft_name, CONFIG_MEMBER(struct nested, draft), .variants = VARIANT_POOL },
};

static const struct config_table table = CONFIG_TABLE(fields);

static bool read_backend(struct config_reader *reader, const struct config_node *node,
			 struct member *member)
{
	member->weight = 1;
	member->drain_ms = CONFIG_NO_DRAIN;
	member->at = node;
	if (node->kind == CONFIG_SCALAR)
		return config_read_address(reader, node, &fields[0], &member->endpoint.addr);
	return config_read_mapping(reader, node, &table, VARIANT_BACKEND, "a backend", member);
}

static bool read_nested(struct config_reader *reader, const struct config_node *node,
			struct nested *nested)
{
	nested->at = node;
	return config_read_mapping(reader, node, &table, VARIANT_POOL, "a pool within a pool",
				   nested);
}

static bool read_draft(struct config_reader *reader, const struct config_node *list,
		       struct draft *draft)
{
	const struct config_node *item;

	if (list->kind != CONFIG_LIST || !list->n)
		return config_refuse(reader, list, "expected a list of one or more backends");
	draft->member = config_scratch(reader, list->n, sizeof(*draft->member));
	draft->nested = config_scratch(reader, list->n, sizeof(*draft->nested));
	if (!draft->member || !draft->nested)
		return false;
	for (item = list->first; item; item = item->next) {
		if (config_node_find(item, "pool") ?
			    !read_nested(reader, item, &draft->nested[draft->n_nested++]) :
			    !read_backend(reader, item, &draft->member[draft->n_members++]))
			return false;
	}
	return true;
}

static bool refuse_number(struct config_reader *reader, const struct draft *draft)
{
	return config_refuse_unquoted(reader, draft->at, "more than %d backends",
				      MAGLEV_BACKENDS_MAX);
}

static int compare_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return endpoint_compare(&x->endpoint, &y->endpoint) ?:
		       (x->at->line > y->at->line) - (x->at->line < y->at->line);
}

static bool refuse_weights(struct config_reader *reader, const struct member *first,
			   const struct member *second)
{
	char text[ENDPOINT_TEXT], *colon;

	endpoint_text(&second->endpoint, text);
	colon = strrchr(text, ':');
	if (!second->endpoint.port && colon)
		*colon = 0;
	return config_refuse_unquoted(reader, second->at,
				      "%s: weight %u, but it has weight %u in line %u", text,
				      second->weight, first->weight, first->at->line);
}

/* Members in order, each once. */
static bool merge(struct config_reader *reader, struct draft *draft)
{
	struct member *member = draft->member;
	size_t i, n = 0;

	qsort(member, draft->n_members, sizeof(*member), compare_members);
	for (i = 0; i < draft->n_members; i++) {
		if (!n || endpoint_compare(&member[n - 1].endpoint, &member[i].endpoint))
			member[n++] = member[i];
		else if (member[n - 1].weight != member[i].weight)
			return refuse_weights(reader, &member[n - 1], &member[i]);
		else if (member[i].drain_ms < member[n - 1].drain_ms)
			member[n - 1].drain_ms = member[i].drain_ms;
	}
	draft->n_members = n;
	return n <= MAGLEV_BACKENDS_MAX || refuse_number(reader, draft);
}

/* Add the members of the pools within, all of which are flat. */
static bool gather(struct config_reader *reader, struct draft *draft)
{
	size_t i, n = draft->n_members;
	struct member *member;

	if (!draft->n_nested)
		return true;
	for (i = 0; i < draft->n_nested; i++)
		n += draft->nested[i].draft->n_members;
	if (n > CONFIG_POOLED_MAX)
		return refuse_number(reader, draft);
	member = config_scratch(reader, n, sizeof(*member));
	if (!member)
		return false;
	n = draft->n_members;
	memcpy(member, draft->member, n * sizeof(*member));
	for (i = 0; i < draft->n_nested; i++) {
		memcpy(member + n, draft->nested[i].draft->member,
		       draft->nested[i].draft->n_members * sizeof(*member));
		n += draft->nested[i].draft->n_members;
	}
	draft->member = member;
	draft->n_members = n;
	return true;
}

static bool flatten(struct config_reader *reader, struct draft *draft)
{
	struct config_place place = { .word = "pool", .name = draft->at->text };
	const struct config_place *outer = reader->place;
	struct config_backend *backend;
	size_t i;
	bool ok;

	reader->place = &place;
	ok = gather(reader, draft) && merge(reader, draft);
	reader->place = outer;
	if (!ok)
		return false;
	reader->pooled += draft->n_members;
	if (reader->pooled > CONFIG_POOLED_MAX)
		return config_refuse_unquoted(reader, draft->at,
					      "with it pools have more than %d backends",
					      CONFIG_POOLED_MAX);
	backend = config_keep(reader, draft->n_members, sizeof(*backend));
	if (!backend)
		return false;
	for (i = 0; i < draft->n_members; i++) {
		backend[i].addr = draft->member[i].endpoint.addr;
		backend[i].port = draft->member[i].endpoint.port;
		backend[i].weight = draft->member[i].weight;
		backend[i].drain_ms = draft->member[i].drain_ms;
	}
	draft->pool->backend = backend;
	draft->pool->n = draft->n_members;
	draft->state = DRAFT_DONE;
	return true;
}

/* Name the way from the pool that is named again down to the one that names it. */
static bool refuse_cycle(struct config_reader *reader, const struct nested *nested,
			 const struct draft *last)
{
	struct config_place place = { .word = "pool", .name = last->at->text };
	const struct config_place *outer = reader->place;
	const struct draft *draft = nested->draft;
	char way[CONFIG_ERROR_TEXT];
	size_t len = 0;

	while (len < sizeof(way)) {
		len += snprintf(way + len, sizeof(way) - len, "%s -> ", draft->at->text);
		if (draft == last)
			break;
		draft = draft->below;
	}
	reader->place = &place;
	config_refuse_unquoted(reader, nested->at, "it contains itself: %s%s", way,
			       nested->draft->at->text);
	reader->place = outer;
	return false;
}

static bool flatten_all_below(struct config_reader *reader, struct draft *draft)
{
	struct nested *nested;

	draft->state = DRAFT_OPEN;
	while (draft) {
		if (draft->next == draft->n_nested) {
			if (!flatten(reader, draft))
				return false;
			draft = draft->from;
			continue;
		}
		nested = &draft->nested[draft->next++];
		if (nested->draft->state == DRAFT_OPEN)
			return refuse_cycle(reader, nested, draft);
		if (nested->draft->state == DRAFT_DONE)
			continue;
		draft->below = nested->draft;
		nested->draft->from = draft;
		draft = nested->draft;
		draft->state = DRAFT_OPEN;
	}
	return true;
}

static bool read_drafts(struct config_reader *reader, struct draft *draft)
{
	struct config_place place = { .word = "pool" };
	const struct config_place *outer = reader->place;
	bool ok = true;
	size_t i;

	reader->place = &place;
	for (i = 0; i < reader->pools.n && ok; i++) {
		place.name = draft[i].at->text;
		ok = read_draft(reader, draft[i].at->next, &draft[i]);
	}
	reader->place = outer;
	return ok;
}

bool config_read_pools(struct config_reader *reader, const struct config_node *node,
		       const struct config_field *field, void *to)
{
	struct config_pool *pool;
	struct draft *draft;
	size_t i;

	(void)field;
	(void)to;
	draft = config_names_of(reader, node, reader->scratch, sizeof(*draft), &reader->pools);
	if (!draft)
		return false;
	pool = config_keep(reader, reader->pools.n, sizeof(*pool));
	if (!pool)
		return false;
	reader->config->pool = pool;
	reader->config->n_pools = reader->pools.n;
	for (i = 0; i < reader->pools.n; i++) {
		draft[i].at = reader->pools.name[i].at;
		draft[i].pool = &pool[i];
		if (!config_keep_text(reader, draft[i].at, &pool[i].name))
			return false;
	}
	if (!config_names_sort(reader, &reader->pools) || !read_drafts(reader, draft))
		return false;
	for (i = 0; i < reader->pools.n; i++)
		if (draft[i].state == DRAFT_NEW && !flatten_all_below(reader, &draft[i]))
			return false;
	return true;
}

bool config_read_pool(struct config_reader *reader, const struct config_node *node,
		      const struct config_field *field, void *to)
{
	const struct draft *draft = find(reader, node);
	const struct config_pool **pool = to;

	(void)field;
	if (draft)
		*pool = draft->pool;
	return draft;
}

static bool has_port(const u16 *port, size_t n_ports, u16 wanted)
{
	size_t i;

	for (i = 0; i < n_ports; i++)
		if (port[i] == wanted)
			return true;
	return false;
}

const struct config_backend *config_pool_clash(const struct config_pool *pool, const u16 *port,
					       size_t n_ports)
{
	const struct config_backend *bare = NULL, *backend = pool->backend;
	size_t i;

	/* Those of an address stand together, the one without a port first. */
	for (i = 0; i < pool->n; i++, backend++) {
		if (!backend->port)
			bare = backend;
		else if (bare && !memcmp(&bare->addr, &backend->addr, sizeof(bare->addr)) &&
			 has_port(port, n_ports, backend->port))
			return backend;
	}
	return NULL;
}
