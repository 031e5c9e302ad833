// SPDX-License-Identifier: GPL-2.0-only
#include "draft.h"

#include "build.h"
#include "events.h"
#include "publish.h"

#include <errno.h>
#include <netlink_policy.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define HAS(attr) (1U << MAGLEV_A_BACKEND_##attr)

static const struct maglev_timeouts
	default_timeouts = { .seconds = {
				     [MAGLEV_HALF_OPEN] = MAGLEV_TIMEOUT_HALF_OPEN,
				     [MAGLEV_ESTABLISHED] = MAGLEV_TIMEOUT_ESTABLISHED,
				     [MAGLEV_CLOSING] = MAGLEV_TIMEOUT_CLOSING,
				     [MAGLEV_RESET] = MAGLEV_TIMEOUT_RESET,
			     } };

static u32 hash_name(const u8 *addr, __be16 port)
{
	u64 word[2];

	memcpy(word, addr, sizeof(word));
	return maglev_mix64(word[0] ^ maglev_mix64(word[1] + port)) >> 32;
}

/* Where a row's number stands, or would stand. */
static u32 *seek(const struct draft *draft, const u8 *addr, __be16 port)
{
	u32 at = hash_name(addr, port);
	const struct row *row;

	for (;; at++) {
		if (!draft->at[at & draft->mask])
			break;
		row = &draft->rows[draft->at[at & draft->mask] - 1];
		if (row->plan.port == port && !memcmp(row->plan.addr, addr, sizeof(row->plan.addr)))
			break;
	}
	return &draft->at[at & draft->mask];
}

/* Room for @room rows, and twice as many places to find them by. */
static int grow(struct draft *draft, u32 room)
{
	u32 i, entries = 4, *at;
	struct row *rows;

	while (entries < 2 * room)
		entries *= 2;
	rows = realloc(draft->rows, room * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	draft->rows = rows;
	at = calloc(entries, sizeof(*at));
	if (!at)
		return -ENOMEM;
	free(draft->at);
	draft->at = at;
	draft->mask = entries - 1;
	draft->room = room;
	for (i = 0; i < draft->n_rows; i++)
		*seek(draft, rows[i].plan.addr, rows[i].plan.port) = i + 1;
	return 0;
}

/* Return: a new row of this name; NULL without memory. */
static struct row *append_row(struct draft *draft, const u8 *addr, __be16 port)
{
	struct row *row;

	if (draft->n_rows == draft->room && grow(draft, 2 * draft->room))
		return NULL;
	*seek(draft, addr, port) = draft->n_rows + 1;
	row = &draft->rows[draft->n_rows++];
	*row = (struct row){ .plan.port = port };
	memcpy(row->plan.addr, addr, sizeof(row->plan.addr));
	return row;
}

static void free_draft(struct draft *draft)
{
	u32 i;

	/* Rows that have a pair of no service: prepared, and not taken. */
	for (i = 0; i < draft->n_rows; i++) {
		if (!draft->rows[i].pair || draft->rows[i].pair->service)
			continue;
		model_give_index(draft->rows[i].pair);
		free(draft->rows[i].pair);
	}
	free(draft->created);
	free(draft->pairs);
	free(draft->at);
	free(draft->rows);
	free(draft);
}

static struct draft *append(struct drafts *drafts, const struct maglev_service_key *key, u32 room)
{
	struct draft *draft = calloc(1, sizeof(*draft));

	if (!draft)
		return NULL;
	draft->key = *key;
	if (grow(draft, room)) {
		free_draft(draft);
		return NULL;
	}
	if (drafts->last)
		drafts->last->next = draft;
	else
		drafts->first = draft;
	drafts->last = draft;
	drafts->recent = draft;
	return draft;
}

struct draft *drafts_begin(struct drafts *drafts, struct service *service)
{
	struct draft *draft = append(drafts, &service->key, service->n_pairs + 4);
	struct row *row;
	u32 i;

	if (!draft)
		return NULL;
	draft->service = service;
	draft->size = service->size;
	draft->mode = service->mode;
	draft->timeouts = service->timeouts;
	draft->fragments = service->fragments;
	for (i = 0; i < service->n_pairs; i++) {
		row = append_row(draft, service->pairs[i]->plan.addr, service->pairs[i]->plan.port);
		row->plan = service->pairs[i]->plan;
		row->pair = service->pairs[i];
		draft->n_places += plan_weight(&row->plan) != 0;
	}
	draft->n_pairs = draft->n_rows;
	return draft;
}

static struct draft *find_draft(struct drafts *drafts, const struct maglev_service_key *key)
{
	struct draft *draft, *found = NULL;

	if (drafts->recent && !drafts->recent->next &&
	    !memcmp(&drafts->recent->key, key, sizeof(*key)))
		return drafts->recent;
	for (draft = drafts->first; draft; draft = draft->next)
		if (!memcmp(&draft->key, key, sizeof(*key)))
			found = draft;
	return found;
}

/* Return: 0 with *draft NULL if there is no such service. */
static int find(struct draft **draft, struct drafts *drafts, const struct maglev_service_key *key)
{
	struct service *service;

	*draft = find_draft(drafts, key);
	if (*draft) {
		if ((*draft)->gone)
			*draft = NULL;
		return 0;
	}
	service = model_find_service(key);
	if (!service)
		return 0;
	*draft = drafts_begin(drafts, service);
	return *draft ? 0 : -ENOMEM;
}

static int check_service_key(const struct maglev_request_service *request,
			     struct netlink_ext_ack *extack)
{
	const struct maglev_service_key *key = &request->key;

	if (key->fwmark) {
		NL_SET_ERR_MSG_ATTR(extack, request->at,
				    "maglev-dpdk sees no firewall marks: name protocol, address and port");
		return -EOPNOTSUPP;
	}
	if (key->protocol != IPPROTO_TCP && key->protocol != IPPROTO_UDP &&
	    key->protocol != IPPROTO_SCTP) {
		NL_SET_ERR_MSG_ATTR(extack, request->at,
				    "a service's protocol is TCP, UDP or SCTP");
		return -EOPNOTSUPP;
	}
	if (key->port)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, request->at,
			    "a service of every port is not forwarded: name one");
	return -EOPNOTSUPP;
}

static int check_service(const struct draft *draft, const struct maglev_request_service *request,
			 struct netlink_ext_ack *extack)
{
	if (request->has_mode && request->mode_setting == MAGLEV_NL_MODE_FLAG) {
		NL_SET_ERR_MSG_ATTR(extack, request->at,
				    "mode-set: flag is of IPVS's services: tuple or source");
		return -EOPNOTSUPP;
	}
	if (!request->table_size || draft->n_places <= request->table_size)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, request->table_size_at,
			    "table-size: the service has more backends than that");
	return -E2BIG;
}

static void set_service(struct draft *draft, const struct maglev_request_service *request)
{
	u32 state;

	if (request->table_size)
		draft->size = request->table_size;
	if (request->has_mode)
		draft->mode = request->mode_setting;
	if (request->fragments_at)
		draft->fragments = request->fragments;
	for (state = 0; state < MAGLEV_FLOW_STATES; state++)
		if (request->timeouts.seconds[state])
			draft->timeouts.seconds[state] = request->timeouts.seconds[state];
}

static int add_service(struct drafts *drafts, const struct maglev_request_service *request,
		       struct netlink_ext_ack *extack)
{
	struct draft *draft = find_draft(drafts, &request->key);
	int err;

	if (draft ? !draft->gone : !!model_find_service(&request->key)) {
		NL_SET_ERR_MSG_ATTR(extack, request->at, "there is a service of this name already");
		return -EEXIST;
	}
	err = check_service_key(request, extack);
	if (err)
		return err;
	draft = append(drafts, &request->key, 4);
	if (!draft)
		return -ENOMEM;
	draft->size = model.table_size;
	draft->timeouts = default_timeouts;
	if (request->key.protocol == IPPROTO_UDP)
		draft->timeouts.seconds[MAGLEV_ESTABLISHED] = MAGLEV_TIMEOUT_ESTABLISHED_UDP;
	err = check_service(draft, request, extack);
	if (!err)
		set_service(draft, request);
	return err;
}

/* What a plane of tunnels can be told of a way. */
static int check_way(const struct plan *plan, const struct maglev_request_backend *request,
		     struct netlink_ext_ack *extack)
{
	u8 tunnel = request->has & HAS(TUNNEL) ? request->tunnel : plan->tunnel;

	if (request->has & HAS(METHOD) && request->method != MAGLEV_NL_METHOD_TUNNEL) {
		NL_SET_ERR_MSG_ATTR(extack, request->at,
				    "method: maglev-dpdk reaches backends through tunnels alone");
		return -EOPNOTSUPP;
	}
	if (tunnel != MAGLEV_NL_TUNNEL_IPIP && tunnel != MAGLEV_NL_TUNNEL_GRE) {
		NL_SET_ERR_MSG_ATTR(extack, request->at, "tunnel: ipip or gre");
		return -EOPNOTSUPP;
	}
	if (!(request->has & HAS(TUNNEL_CHECKSUM)) || !request->tunnel_checksum ||
	    tunnel == MAGLEV_NL_TUNNEL_GRE)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, request->at, "tunnel-checksum goes with tunnel gre");
	return -EINVAL;
}

static void lay_way(struct plan *plan, const struct maglev_request_backend *request)
{
	if (request->has & HAS(TUNNEL)) {
		plan->tunnel = request->tunnel;
		plan->checksum = false;
	}
	if (request->has & HAS(TUNNEL_CHECKSUM))
		plan->checksum = request->tunnel_checksum;
}

static void lay_admin(struct row *row, const struct maglev_request_backend *request)
{
	struct plan *plan = &row->plan;

	if (plan->admin != request->admin)
		row->cause = MAGLEV_NL_CAUSE_ADMIN;
	plan->admin = request->admin;
	if (plan->admin != MAGLEV_DRAIN)
		plan->deadline_ms = 0;
}

static void lay(struct row *row, const struct maglev_request_backend *request)
{
	struct plan *plan = &row->plan;

	row->touched = true;
	row->cause = MAGLEV_NL_CAUSE_HEALTH;
	if (request->has & HAS(WEIGHT)) {
		if (plan->weight != request->weight)
			row->cause = MAGLEV_NL_CAUSE_IPVS;
		plan->weight = request->weight;
		if (plan->weight)
			plan->last_weight = plan->weight;
	}
	if (request->has & HAS(HEALTH_STATE))
		plan->health = request->health;
	if (request->has & HAS(NOMINAL_WEIGHT))
		plan->nominal = request->nominal;
	if (request->has & HAS(SHARE))
		plan->share = request->share;
	if (request->has & HAS(ADMIN_STATE))
		lay_admin(row, request);
	if (request->has & HAS(DEADLINE_MS))
		plan->deadline_ms = request->deadline_ms ? model_now_ms() + request->deadline_ms :
							   0;
	lay_way(plan, request);
}

static int check_room(const struct draft *draft, const struct nlattr *at,
		      struct netlink_ext_ack *extack)
{
	u32 room = draft->size < MAGLEV_BACKENDS_MAX ? draft->size : MAGLEV_BACKENDS_MAX;

	if (draft->n_places <= room)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, at, "more backends than the service's table has slots");
	return -E2BIG;
}

static int add_backend(struct draft *draft, struct row *row,
		       const struct maglev_request_backend *request, struct netlink_ext_ack *extack)
{
	const struct plan fresh = { .port = request->port,
				    .tunnel = MAGLEV_TUNNEL_IPIP,
				    .share = MAGLEV_SHARE_MAX,
				    .weight = 1,
				    .last_weight = 1 };
	int err;

	if (row && !row->gone) {
		NL_SET_ERR_MSG_ATTR(extack, request->at, "the service has this backend already");
		return -EEXIST;
	}
	if (draft->n_pairs >= MAGLEV_BACKENDS_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, request->at, "more backends than a service can have");
		return -E2BIG;
	}
	err = check_way(&fresh, request, extack);
	if (err)
		return err;
	if (!row)
		row = append_row(draft, request->addr, request->port);
	if (!row)
		return -ENOMEM;
	row->plan = fresh;
	row->gone = false;
	memcpy(row->plan.addr, request->addr, sizeof(row->plan.addr));
	lay(row, request);
	if (!row->plan.weight)
		row->plan.last_weight = 0;
	draft->n_pairs++;
	draft->n_places += plan_weight(&row->plan) != 0;
	return check_room(draft, request->at, extack);
}

static int set_backend(struct draft *draft, struct row *row,
		       const struct maglev_request_backend *request, struct netlink_ext_ack *extack)
{
	u32 before = plan_weight(&row->plan) != 0;
	int err;

	err = check_way(&row->plan, request, extack);
	if (err)
		return err;
	lay(row, request);
	draft->n_places += (plan_weight(&row->plan) != 0) - before;
	return check_room(draft, request->nominal_at ? request->nominal_at : request->at, extack);
}

static int change_backend(struct draft *draft, const struct maglev_request_entry *entry,
			  struct netlink_ext_ack *extack)
{
	const struct maglev_request_backend *request = &entry->backend;
	u32 number = *seek(draft, request->addr, request->port);
	struct row *row = number ? &draft->rows[number - 1] : NULL;

	if (entry->op == MAGLEV_NL_OP_BACKEND_ADD)
		return add_backend(draft, row, request, extack);
	if (!row || row->gone) {
		NL_SET_ERR_MSG_ATTR(extack, request->at, "the service has no backend of this name");
		return -ENOENT;
	}
	if (entry->op == MAGLEV_NL_OP_BACKEND_SET)
		return set_backend(draft, row, request, extack);
	row->gone = true;
	draft->n_pairs--;
	draft->n_places -= plan_weight(&row->plan) != 0;
	return 0;
}

int drafts_apply(struct drafts *drafts, const struct maglev_request_entry *entry,
		 struct netlink_ext_ack *extack)
{
	struct draft *draft;
	int err;

	if (entry->op == MAGLEV_NL_OP_SERVICE_ADD)
		return add_service(drafts, &entry->service, extack);
	err = find(&draft, drafts, &entry->service.key);
	if (err)
		return err;
	if (!draft) {
		NL_SET_ERR_MSG_ATTR(extack, entry->service.at, "there is no service of this name");
		return -ENOENT;
	}
	switch (entry->op) {
	case MAGLEV_NL_OP_SERVICE_DEL:
		draft->gone = true;
		return 0;
	case MAGLEV_NL_OP_SERVICE_SET:
		err = check_service(draft, &entry->service, extack);
		if (!err)
			set_service(draft, &entry->service);
		return err;
	default:
		return change_backend(draft, entry, extack);
	}
}

static int prepare(struct draft *draft)
{
	struct pair *pair;
	int err;
	u32 i;

	if (draft->gone)
		return 0;
	draft->pairs = calloc(draft->n_pairs + 1, sizeof(*draft->pairs));
	if (!draft->service)
		draft->created = calloc(1, sizeof(*draft->created));
	if (!draft->pairs || (!draft->service && !draft->created))
		return -ENOMEM;
	for (i = 0; i < draft->n_rows; i++) {
		if (draft->rows[i].pair || draft->rows[i].gone)
			continue;
		pair = calloc(1, sizeof(*pair));
		if (!pair)
			return -ENOMEM;
		err = model_take_index(pair);
		if (err) {
			free(pair);
			return err;
		}
		pair->place = MAGLEV_EMPTY;
		draft->rows[i].pair = pair;
	}
	return 0;
}

int drafts_prepare(struct drafts *drafts)
{
	struct draft *draft;
	int err = 0;

	for (draft = drafts->first; draft && !err; draft = draft->next)
		err = prepare(draft);
	return err;
}

static void retire(struct pair *pair, bool tell)
{
	model.changes++;
	if (tell)
		event_backend(MAGLEV_CMD_BACKEND_DEL_NTF, pair);
	model_retire(pair);
	publish_state(pair);
}

static void delete_service(struct service *service)
{
	struct service **at = &model.services;
	u32 i;

	event_service_gone(service);
	for (i = 0; i < service->n_pairs; i++)
		retire(service->pairs[i], false);
	while (*at != service)
		at = &(*at)->next;
	*at = service->next;
	model.n_services--;
	model.changes++;
	built_put(service->built);
	free(service->pairs);
	free(service);
}

static struct service *create_service(struct draft *draft)
{
	struct service **at = &model.services, *service = draft->created;

	draft->created = NULL;
	service->key = draft->key;
	service->id = ++model.next_id;
	while (*at)
		at = &(*at)->next;
	*at = service;
	model.n_services++;
	model.changes++;
	return service;
}

static void commit_row(struct service *service, struct row *row)
{
	struct pair *pair = row->pair;
	u8 from = pair->state;

	if (!pair->service) {
		pair->service = service;
		pair->plan = row->plan;
		pair->state = plan_state(&pair->plan);
		model.changes++;
		event_backend(MAGLEV_CMD_BACKEND_ADD_NTF, pair);
		return;
	}
	if (!row->touched)
		return;
	pair->plan = row->plan;
	pair->state = plan_state(&pair->plan);
	if (pair->state == from)
		return;
	/* What it may get now has to leave anew, however soon it is taken away again. */
	if (pair->state < from)
		pair->draining = false;
	publish_state(pair);
	event_state(pair, from, row->cause);
}

static int compare_pairs(const void *a, const void *b)
{
	return plan_compare(&(*(struct pair *const *)a)->plan, &(*(struct pair *const *)b)->plan);
}

static bool commit(struct draft *draft)
{
	struct service *service = draft->service;
	bool is_new = !service;
	u32 i, n = 0;

	if (draft->gone) {
		if (service)
			delete_service(service);
		/* Its pairs are the model's. */
		draft->n_rows = 0;
		return true;
	}
	if (is_new)
		service = create_service(draft);
	service->size = draft->size;
	service->mode = draft->mode;
	service->timeouts = draft->timeouts;
	service->fragments = draft->fragments;
	service->dirty = true;
	if (is_new)
		event_service(MAGLEV_CMD_SERVICE_ADD_NTF, service);
	for (i = 0; i < draft->n_rows; i++) {
		if (!draft->rows[i].gone) {
			commit_row(service, &draft->rows[i]);
			draft->pairs[n++] = draft->rows[i].pair;
		} else if (draft->rows[i].pair) {
			retire(draft->rows[i].pair, true);
		}
		/* A retired one is the model's. */
		draft->rows[i].pair = NULL;
	}
	qsort(draft->pairs, n, sizeof(*draft->pairs), compare_pairs);
	free(service->pairs);
	service->pairs = draft->pairs;
	service->n_pairs = n;
	draft->pairs = NULL;
	return is_new;
}

bool drafts_commit(struct drafts *drafts)
{
	struct draft *draft;
	bool at_once = false;

	for (draft = drafts->first; draft; draft = draft->next)
		at_once |= commit(draft);
	return at_once;
}

void drafts_end(struct drafts *drafts)
{
	struct draft *draft;

	while ((draft = drafts->first)) {
		drafts->first = draft->next;
		free_draft(draft);
	}
	*drafts = (struct drafts){};
}
