// SPDX-License-Identifier: GPL-2.0-only
/*
 * A line is read as if it were a command line, and errors repeat it as one. Changes wait, with their
 * lines for errors of the plane to point into, until a line that is none, or the end.
 */
#include "batch.h"

#include "file.h"
#include "lines.h"
#include "owned.h"
#include "plane.h"

#include <array.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A change that waits: what errors need of it. */
struct change {
	const struct command *command;
	struct note *note;
	size_t notes;
	struct err_place place;
	char *text; /* what the words are in */
};

struct batch {
	bool json;
	struct maglev_request request;
	struct change *change;
	size_t n, capacity;
};

static int count_words(struct span rest)
{
	int n = 0;

	while (span_word(&rest).len)
		n++;
	return n;
}

/* Cut a line into words, a pretended name of the program first. Return: false: no memory. */
static bool split(struct err_place *place, char **text, const struct input *input)
{
	static char program[] = "maglevadm";
	struct span rest = { .at = input->text, .len = input->len }, word;
	char *to;

	place->file = input->file;
	place->line = input->line;
	*text = malloc(input->len + 1);
	place->word = calloc(count_words(rest) + 2, sizeof(*place->word));
	if (!*text || !place->word)
		return false;
	place->word[0] = program;
	place->words = 1;
	to = *text;
	for (word = span_word(&rest); word.len; word = span_word(&rest)) {
		place->word[place->words++] = to;
		to = (char *)memcpy(to, word.at, word.len) + word.len;
		*to++ = 0;
	}
	return true;
}

static void free_line(struct err_place *place, char *text)
{
	free(place->word);
	free(text);
}

static void forget_changes(struct batch *batch)
{
	for (; batch->n; batch->n--) {
		struct change *change = &batch->change[batch->n - 1];

		free(change->note);
		free_line(&change->place, change->text);
	}
	maglev_request_fini(&batch->request);
}

/* Say which line the plane did not want. */
static int fail_batch(const struct batch *batch, const struct maglev_error *error)
{
	const struct change *change = &batch->change[0];
	struct order order = {};
	struct err_place before;
	int status;

	if (error->entry < batch->n)
		change = &batch->change[error->entry];
	order.command = change->command;
	order.note = change->note;
	order.notes = change->notes;
	before = err_init(change->place);
	status = plane_fail(&order, error);
	if (batch->n > 1)
		err_say("nothing was changed by lines %lu to %lu", batch->change[0].place.line,
			batch->change[batch->n - 1].place.line);
	err_init(before);
	return status;
}

/* Send the changes that wait. */
static int flush_changes(struct batch *batch)
{
	const struct maglev_error *error;
	int status = STATUS_DONE;

	if (batch->n && plane_batch(&batch->request, &error))
		status = fail_batch(batch, error);
	forget_changes(batch);
	return status;
}

static int add_entry(struct batch *batch, const struct order *order)
{
	struct maglev_lib_entry entry = {
		.has = MAGLEV_LIB_HAS(ENTRY_OP) | MAGLEV_LIB_HAS(ENTRY_SERVICE),
		.op = order->command->op,
		.service = order->message.service,
		.backend = order->message.backend,
	};
	int err = batch->n ? 0 : maglev_request_init(&batch->request, MAGLEV_CMD_BATCH);

	if (order->message.has & MAGLEV_LIB_HAS(BACKEND))
		entry.has |= MAGLEV_LIB_HAS(ENTRY_BACKEND);
	if (!err)
		err = maglev_request_add(&batch->request, &entry);
	if (err == -EMSGSIZE)
		return err_say("a run of lines that set something is at most 16 MiB as a message");
	return err ? err_fail("batch", -err) : STATUS_DONE;
}

/* Have a change wait; it then owns its line. */
static int keep_change(struct batch *batch, struct order *order, struct err_place *place,
		       char **text)
{
	struct change *grown;
	int status;

	grown = array_reserve(batch->change, &batch->capacity, batch->n, 1, sizeof(*grown));
	if (!grown)
		return err_memory();
	batch->change = grown;
	status = add_entry(batch, order);
	if (status)
		return status;
	grown += batch->n++;
	grown->command = order->command;
	grown->note = order->note;
	grown->notes = order->notes;
	grown->place = *place;
	grown->text = *text;
	order->note = NULL;
	place->word = NULL;
	*text = NULL;
	return STATUS_DONE;
}

static int add_change(struct batch *batch, const struct call *call, struct err_place *place,
		      char **text)
{
	struct order order;
	int status = order_init(&order, call);

	if (!status && order.help)
		status = command_help(call->command);
	else if (!status && order.wait)
		status = flush_changes(batch) ?: call->command->obey(&order);
	else if (!status)
		status = owned_check(&order) ?: keep_change(batch, &order, place, text);
	order_fini(&order);
	return status;
}

static int run_words(struct batch *batch, struct err_place *place, char **text)
{
	struct call call = {};
	int status;

	if (*place->word[1] == '-')
		return err_refuse(NULL, span_of(place->word[1]), "object",
				  "no options in a batch, and ipvsadm's commands are for ipvsadm "
				  "-R");
	status = command_find(&call, place->words - 1, place->word + 1, batch->json);
	if (status)
		return status;
	if (call.command->op)
		return add_change(batch, &call, place, text);
	status = flush_changes(batch);
	return status ? status : command_run(&call);
}

static int run_line(struct batch *batch, const struct input *input)
{
	struct err_place place = {}, before;
	char *text = NULL;
	int status;

	if (!split(&place, &text, input)) {
		status = err_memory();
		goto out;
	}
	before = err_init(place);
	status = run_words(batch, &place, &text);
	err_init(before);
out:
	free_line(&place, text);
	return status;
}

int batch_run(const char *file, bool json)
{
	struct batch batch = { .json = json };
	struct lines *lines = malloc(sizeof(*lines));
	struct input input;
	int status;

	if (!lines)
		return err_memory();
	status = lines_init(lines, file);
	if (status)
		goto out;
	if (!strcmp(file, "-"))
		file_claim_stdin();
	do {
		status = lines_next(lines, &input);
		if (status || !input.text)
			break;
		status = run_line(&batch, &input);
	} while (!status);
	if (!status)
		status = flush_changes(&batch);
	lines_fini(lines);
out:
	forget_changes(&batch);
	free(batch.change);
	free(lines);
	return status;
}
