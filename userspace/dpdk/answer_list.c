// SPDX-License-Identifier: GPL-2.0-only
/* What there is: one of it, or all. Rows of a list are told as things are when their turn comes. */
#include "answer.h"
#include "build.h"
#include "reply.h"

#include <errno.h>
#include <string.h>

enum {
	PIECE_SLOTS = 8192,
};

int answer_service_get(struct asked *asked, struct maglev_lib_message *reply)
{
	struct maglev_request_service named;
	struct service *service;
	int err;

	service = answer_find(asked, &named, &err);
	if (!service)
		return err;
	reply_service(reply, service);
	return 1;
}

static void write_backend(struct maglev_lib_message *reply, const struct pair *pair)
{
	reply_service_name(reply, pair->service);
	reply->has |= MAGLEV_LIB_HAS(BACKEND);
	reply_backend(&reply->backend, pair, false);
}

int answer_backend_get(struct asked *asked, struct maglev_lib_message *reply)
{
	struct maglev_request_backend of;
	struct maglev_request_service named;
	const struct service *service;
	const struct pair *pair;
	int err;

	service = answer_find(asked, &named, &err);
	if (service)
		err = maglev_request_read_backend(&of, asked->tb[MAGLEV_A_BACKEND],
						  MAGLEV_REQUEST_NAME, &asked->extack);
	pair = err ? NULL : answer_find_pair(asked, service, &of, &err);
	if (!pair)
		return err;
	write_backend(reply, pair);
	return 1;
}

int answer_settings_get(struct asked *asked, struct maglev_lib_message *reply)
{
	(void)asked;
	reply_settings(reply);
	return 1;
}

/* The reasons, of which there are several, are appended to the message. */
int answer_stats_get(struct asked *asked, struct maglev_lib_message *reply)
{
	(void)asked;
	reply_counters(reply);
	return 1;
}

/* The first service behind the one told of last; all of them, or the only one. */
static const struct service *service_from(const struct dump *dump, u32 id)
{
	const struct service *service;

	for (service = model.services; service; service = service->next)
		if (service->id >= id && (!dump->only || service->id == dump->only))
			break;
	return service;
}

static int next_service(struct dump *dump, struct maglev_lib_message *row)
{
	const struct service *service = service_from(dump, dump->service + 1);

	dump->interrupted = dump->changes != model.changes;
	if (!service)
		return 0;
	dump->service = service->id;
	reply_service(row, service);
	return 1;
}

int answer_service_dump(struct asked *asked, struct dump *dump)
{
	dump->next = next_service;
	if (!asked->tb[MAGLEV_A_SERVICE])
		return 0;
	NL_SET_ERR_MSG_ATTR(&asked->extack, asked->tb[MAGLEV_A_SERVICE],
			    "a dump lists all services: ask for one without NLM_F_DUMP");
	return -EINVAL;
}

/* The first pair of a service behind the one told of last. */
static const struct pair *pair_behind(const struct service *service, const struct plan *last)
{
	u32 low = 0, high = service->n_pairs, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (plan_compare(&service->pairs[middle]->plan, last) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < service->n_pairs ? service->pairs[low] : NULL;
}

static int next_backend(struct dump *dump, struct maglev_lib_message *row)
{
	const struct service *service = service_from(dump, dump->service);
	const struct pair *pair = NULL;

	dump->interrupted = dump->changes != model.changes;
	while (service) {
		if (dump->within && service->id == dump->service)
			pair = pair_behind(service, &dump->last);
		else
			pair = service->n_pairs ? service->pairs[0] : NULL;
		if (pair)
			break;
		service = service_from(dump, service->id + 1);
	}
	if (!pair)
		return 0;
	dump->service = service->id;
	dump->within = true;
	dump->last = pair->plan;
	write_backend(row, pair);
	return 1;
}

int answer_backend_dump(struct asked *asked, struct dump *dump)
{
	dump->next = next_backend;
	if (!asked->tb[MAGLEV_A_BACKEND])
		return answer_filter(asked, &dump->only, &dump->index);
	NL_SET_ERR_MSG_ATTR(&asked->extack, asked->tb[MAGLEV_A_BACKEND],
			    "a dump lists all backends: ask for one without NLM_F_DUMP");
	return -EINVAL;
}

/* Of one generation, which is held until the end: never interrupted. */
static int next_piece(struct dump *dump, struct maglev_lib_message *row)
{
	const struct built *built = dump->built;
	u32 first = dump->row, n = built->size - first;
	u32 bytes = (n < PIECE_SLOTS ? n : PIECE_SLOTS) * sizeof(u16);
	struct maglev_lib_table *table = &row->table;

	if (!n)
		return 0;
	row->has = MAGLEV_LIB_HAS(TABLE);
	*table = (struct maglev_lib_table){
		.has = MAGLEV_LIB_HAS(TABLE_FIRST_SLOT) | MAGLEV_LIB_HAS(TABLE_LIVE) |
		       MAGLEV_LIB_HAS(TABLE_GENERATION) | MAGLEV_LIB_HAS(TABLE_TABLE_SIZE),
		.first_slot = first,
		.live = { built->live->at + first, bytes },
		.base = { built->base->at + first, bytes },
		.generation = built->number,
		.table_size = built->size,
	};
	if (memcmp(table->live.at, table->base.at, bytes))
		table->has |= MAGLEV_LIB_HAS(TABLE_BASE);
	dump->row += bytes / sizeof(u16);
	return 1;
}

int answer_table_dump(struct asked *asked, struct dump *dump)
{
	struct maglev_request_service named;
	struct service *service;
	int err;

	service = answer_find(asked, &named, &err);
	if (!service)
		return err;
	if (!service->built) {
		NL_SET_ERR_MSG_ATTR(&asked->extack, named.at, "the service has no table yet");
		return -ENOENT;
	}
	built_get(service->built);
	dump->built = service->built;
	dump->next = next_piece;
	return 0;
}
