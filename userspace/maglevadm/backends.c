// SPDX-License-Identifier: GPL-2.0-only
/* The grammar of backends, and what a list of them must fulfil. */
#include "backends.h"

#include "lines.h"

#include <array.h>
#include <stdlib.h>
#include <string.h>

#define BACKEND_SYNTAX "ADDRESS:PORT=WEIGHT[,up|down|drain][,share=0..100]"

/* What has been said of a backend already. */
struct attributes {
	bool state;
	bool share;
};

static const char *const state_names[] = {
	[MAGLEV_UP] = "up",
	[MAGLEV_DRAIN] = "drain",
	[MAGLEV_DOWN] = "down",
};

const char *backend_state_name(const struct maglev_backend *backend)
{
	return state_names[backend->state];
}

static int parse_share(struct maglev_backend *backend, const struct input *input, struct span text)
{
	u64 share;

	if (!span_number(text, &share) || share > MAGLEV_SHARE_MAX)
		return err_refuse(input, text, "share", "0 to %d, in percent", MAGLEV_SHARE_MAX);
	backend->share = share;
	return STATUS_DONE;
}

static int parse_attribute(struct maglev_backend *backend, struct attributes *given,
			   const struct input *input, struct span text)
{
	struct span value, name = span_cut(text, '=', &value);
	bool *seen = &given->state;
	size_t state = 0;

	if (value.at && span_is(name, "share"))
		seen = &given->share;
	else
		while (state < sizeof(state_names) / sizeof(*state_names) &&
		       !span_is(text, state_names[state]))
			state++;
	if (state == sizeof(state_names) / sizeof(*state_names))
		return err_refuse(input, text, "attribute", "up, down, drain or share=0..%d",
				  MAGLEV_SHARE_MAX);
	if (*seen)
		return err_refuse(input, text, "attribute", "one state and one share at most");
	*seen = true;
	if (seen == &given->share)
		return parse_share(backend, input, value);
	backend->state = state;
	return STATUS_DONE;
}

/* WEIGHT[,ATTRIBUTE]... */
static int parse_weight(struct maglev_backend *backend, const struct input *input, struct span text)
{
	struct attributes given = {};
	struct span rest, attribute, weight = span_cut(text, ',', &rest);
	u64 value;
	int status;

	if (!span_number(weight, &value) || value > MAGLEV_WEIGHT_MAX)
		return err_refuse(input, weight, "weight", "0 to %u", MAGLEV_WEIGHT_MAX);
	backend->weight = value;
	while (rest.at) {
		attribute = span_cut(rest, ',', &rest);
		status = parse_attribute(backend, &given, input, attribute);
		if (status)
			return status;
	}
	return STATUS_DONE;
}

static int parse_backend(struct maglev_backend *backend, const struct input *input,
			 struct span word)
{
	struct span weight, attributes, where = span_cut(word, '=', &weight);
	struct endpoint endpoint;
	int status;

	span_cut(where, ',', &attributes);
	if (attributes.at)
		return err_refuse(input, attributes, "attribute",
				  "attributes follow a weight: " BACKEND_SYNTAX);
	status = endpoint_parse(&endpoint, input, where, "backend");
	if (status)
		return status;
	maglev_backend_init(backend, endpoint.addr_len, endpoint.addr, endpoint.port);
	if (!weight.at)
		return err_refuse(input, where, "backend",
				  "the weight is missing, 0 to %u: " BACKEND_SYNTAX,
				  MAGLEV_WEIGHT_MAX);
	return parse_weight(backend, input, weight);
}

/* Keep what an error found later must show. */
static int remember(struct backend *backend, const struct input *input, struct span word)
{
	char *kept;

	backend->word = word;
	if (!input)
		return STATUS_DONE;
	kept = strndup(word.at, word.len);
	if (!kept)
		return err_memory();
	backend->word.at = kept;
	backend->file = input->file;
	backend->line = input->line;
	backend->column = input->column + (word.at - input->text);
	return STATUS_DONE;
}

int backends_add(struct backends *backends, const struct input *input, struct span word)
{
	struct backend *grown, *backend;
	int status;

	grown = array_reserve(backends->backend, &backends->capacity, backends->n, 1,
			      sizeof(*grown));
	if (!grown)
		return err_memory();
	backends->backend = grown;
	backend = &grown[backends->n];
	memset(backend, 0, sizeof(*backend));
	backend->index = backends->n;
	status = parse_backend(&backend->core, input, word);
	if (!status)
		status = remember(backend, input, word);
	if (status)
		return status;
	backends->n++;
	backends->weighted += backend->core.weight > 0;
	return STATUS_DONE;
}

static int add_line(struct backends *backends, const struct input *input)
{
	struct span rest = { .at = input->text, .len = input->len };
	struct span word = span_word(&rest), more = span_word(&rest);
	int status = backends_add(backends, input, word);

	if (!status && more.len)
		return err_refuse(input, more, "word", "one backend a line: " BACKEND_SYNTAX);
	return status;
}

int backends_add_file(struct backends *backends, const char *arg)
{
	struct lines lines;
	struct input input;
	int status;

	status = lines_init(&lines, arg);
	if (status)
		return status;
	do {
		status = lines_next(&lines, &input);
		if (status || !input.text)
			break;
		status = add_line(backends, &input);
	} while (!status);
	lines_fini(&lines);
	return status;
}

static int compare_given(const void *a, const void *b)
{
	const struct backend *x = a, *y = b;
	int order = maglev_backend_cmp(&x->core, &y->core);

	if (order)
		return order;
	return x->index < y->index ? -1 : x->index > y->index;
}

static int compare_settled(const void *a, const void *b)
{
	const struct backend *x = a, *y = b;

	if (!x->core.weight != !y->core.weight)
		return x->core.weight ? -1 : 1;
	return maglev_backend_cmp(&x->core, &y->core);
}

/* What to tell err_refuse() of a backend read earlier. */
static const struct input *recall(const struct backend *backend, struct input *input)
{
	if (!backend->file)
		return NULL;
	input->file = backend->file;
	input->line = backend->line;
	input->text = backend->word.at;
	input->len = backend->word.len;
	input->column = backend->column;
	return input;
}

static unsigned long place_number(const struct backend *backend)
{
	return backend->file ? backend->line : err_argument(backend->word.at);
}

static int refuse_repeated(const struct backend *backend, const struct backend *first)
{
	struct input input;

	return err_refuse(recall(backend, &input), backend->word, "backend",
			  "given twice, at %s%s%lu and %s%s%lu", first->file ?: "argument",
			  first->file ? ":" : " ", place_number(first), backend->file ?: "argument",
			  backend->file ? ":" : " ", place_number(backend));
}

static int refuse_many(const struct backends *backends, u32 most, const char *why)
{
	const struct backend *backend = backends->backend;
	struct input input;
	size_t weighted = 0;

	for (;; backend++) {
		weighted += backend->core.weight > 0;
		if (weighted > most)
			break;
	}
	return err_refuse(recall(backend, &input), backend->word, "backend",
			  "one of %zu with a weight, at most %u fit %s", backends->weighted, most,
			  why);
}

/* Of all that repeat another, the first in the order given. */
static int check_repeated(const struct backends *backends)
{
	const struct backend *backend, *first = NULL, *repeated = NULL, *original = NULL;
	size_t i;

	for (i = 0; i < backends->n; i++) {
		backend = &backends->backend[i];
		if (!first || maglev_backend_cmp(&first->core, &backend->core)) {
			first = backend;
		} else if (!repeated || backend->index < repeated->index) {
			repeated = backend;
			original = first;
		}
	}
	return repeated ? refuse_repeated(repeated, original) : STATUS_DONE;
}

int backends_settle(struct backends *backends, u32 size)
{
	int status;

	if (backends->weighted > MAGLEV_BACKENDS_MAX)
		return refuse_many(backends, MAGLEV_BACKENDS_MAX, "a table of any size");
	if (backends->weighted > size)
		return refuse_many(backends, size, "a table of so many slots: see --size");
	qsort(backends->backend, backends->n, sizeof(*backends->backend), compare_given);
	status = check_repeated(backends);
	if (!status)
		qsort(backends->backend, backends->n, sizeof(*backends->backend), compare_settled);
	return status;
}

void backends_fini(struct backends *backends)
{
	size_t i;

	for (i = 0; i < backends->n; i++)
		if (backends->backend[i].file)
			free((char *)backends->backend[i].word.at);
	free(backends->backend);
}
