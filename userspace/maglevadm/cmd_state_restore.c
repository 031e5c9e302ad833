// SPDX-License-Identifier: GPL-2.0-only
/*
 * maglevadm state restore: a file of state, given back. It is read twice: whole, to see that it is
 * and whether it fits, and again to do it; what cannot be read twice is copied first.
 */
#include "file.h"
#include "pairs.h"
#include "plane.h"
#include "show.h"
#include "state.h"
#include "tracked.h"

#include <errno.h>
#include <maglev/flow.h>
#include <maglev/table.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	TRIES = 5,
	AGE_MAX = 0xff, /* in units; older than any timeout */
	COPY_BYTES = 64 * 1024,
};

struct restore {
	struct order *order;
	struct state_reader reader;
	u64 elapsed_ms; /* since the file was written */
	struct maglev_lib_settings saved; /* what it says */
	struct pairs file; /* its backends */
	struct maglev_lib_settings settings; /* of the plane, before its pairs were asked for */
	struct pairs plane; /* its services and backends, sorted */
	u16 index_of[MAGLEV_PAIRS_MAX]; /* by the file's index: the plane's + 1; 0: it has none */
	struct tracked tracked; /* by it, before */
	struct maglev_request batch;
	u64 flows; /* in the file */
	u64 put, expired, known, full, gone; /* of them */
	u32 line[MAGLEV_NL_WORDS_MAX];
	u64 word[MAGLEV_NL_WORDS_MAX];
};

/* Go to the first message. */
static int begin(struct restore *restore, FILE *file)
{
	if (fseek(file, 0, SEEK_SET))
		return err_fail(restore->order->file, errno);
	return state_open(&restore->reader, file, restore->order->file);
}

/* A clock that was set back says nothing. */
static void set_elapsed(struct restore *restore)
{
	struct timespec now;
	u64 now_ms;

	clock_gettime(CLOCK_REALTIME, &now);
	now_ms = now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
	if (now_ms > restore->reader.saved_ms)
		restore->elapsed_ms = now_ms - restore->reader.saved_ms;
}

static int read_whole(struct restore *restore, FILE *file)
{
	struct maglev_lib_message message;
	int status = begin(restore, file);
	u32 command;

	if (status)
		return status;
	set_elapsed(restore);
	for (;;) {
		status = state_next(&restore->reader, &command, &message);
		if (status || !command)
			return status;
		if (command == MAGLEV_CMD_SETTINGS_GET)
			restore->saved = message.settings;
		else if (command == MAGLEV_CMD_BACKEND_GET)
			status = pairs_add(&restore->file, &message);
		else if (command == MAGLEV_CMD_FLOW_SAVE)
			restore->flows += state_flows(&message);
		if (status)
			return status;
	}
}

static int list_pairs(struct restore *restore, u8 command)
{
	const struct maglev_lib_message nothing = {};
	struct maglev_lib_message message;
	struct rows rows;
	size_t i;
	int status = plane_list(restore->order, command, &nothing, &rows);

	for (i = 0; !status && rows_read(&rows, i, &message); i++)
		status = pairs_add(&restore->plane, &message);
	rows_fini(&rows);
	return status;
}

/* Settings first: should a backend come or go behind them, the plane refuses the indexes found. */
static int ask_plane(struct restore *restore)
{
	struct maglev_lib_message reply;
	const struct pair *pair;
	int status;
	size_t i;

	memset(&restore->order->message, 0, sizeof(restore->order->message));
	status = plane_call(restore->order, MAGLEV_CMD_SETTINGS_GET, &reply);
	if (status)
		return status;
	restore->settings = reply.settings;
	pairs_fini(&restore->plane);
	status = list_pairs(restore, MAGLEV_CMD_SERVICE_GET);
	if (!status)
		status = list_pairs(restore, MAGLEV_CMD_BACKEND_GET);
	if (status)
		return status;
	pairs_sort(&restore->plane);
	for (i = 0; i < restore->file.n; i++) {
		pair = pairs_find(&restore->plane, &restore->file.pair[i].name);
		restore->index_of[restore->file.pair[i].index] = pair ? pair->index + 1 : 0;
	}
	return STATUS_DONE;
}

/* Flows are of use only under their key and in their lines. */
static int check_fit(const struct restore *restore)
{
	const struct maglev_lib_settings *saved = &restore->saved, *now = &restore->settings;
	const char *name = restore->order->file;

	if (saved->key_check != now->key_check)
		return err_say("%s: it is of key check %016llx, the key here is of %016llx: "
			       "maglevadm set key FILE",
			       name, saved->key_check, now->key_check);
	if (!restore->flows || saved->lines == now->lines)
		return STATUS_DONE;
	if (!(now->has & MAGLEV_LIB_HAS(SETTINGS_LINES)))
		return err_say("state restore: plane %s, version %s, cannot be told flows",
			       now->plane, now->version);
	if (!now->lines)
		return err_say("%s: there are no flow tables here, as no service is forwarded: "
			       "give services back to the scheduler maglev first",
			       name);
	return err_say("%s: its flow tables have %u lines, those here %u: they follow from flows "
		       "and CPUs, which were %u flows there and are %u on %u CPUs here",
		       name, saved->lines, now->lines, saved->flows, now->flows, now->cpus);
}

static int add_entry(struct restore *restore, const struct maglev_lib_entry *entry)
{
	int err = 0;

	if (!restore->batch.at)
		err = maglev_request_init(&restore->batch, MAGLEV_CMD_BATCH);
	if (!err)
		err = maglev_request_add(&restore->batch, entry);
	return err ? err_fail("batch", -err) : STATUS_DONE;
}

static bool same_timeouts(const struct maglev_lib_timeouts *a, const struct maglev_lib_timeouts *b)
{
	return a->half_open == b->half_open && a->established == b->established &&
	       a->closing == b->closing && a->reset == b->reset;
}

/* What is set of a service, where it is another. */
static int add_service(struct restore *restore, const struct maglev_lib_message *message)
{
	const struct maglev_lib_service *saved = &message->service;
	struct maglev_lib_entry entry = {
		.has = MAGLEV_LIB_HAS(ENTRY_OP) | MAGLEV_LIB_HAS(ENTRY_SERVICE),
		.op = MAGLEV_NL_OP_SERVICE_SET,
		.service = *saved,
	};
	const struct pair *now;
	struct pair_name name;

	pair_name_of(&name, message);
	now = pairs_find(&restore->plane, &name);
	entry.service.has = 0;
	if (saved->has & MAGLEV_LIB_HAS(SERVICE_TABLE_SIZE) && now &&
	    saved->table_size != now->table_size)
		entry.service.has |= MAGLEV_LIB_HAS(SERVICE_TABLE_SIZE);
	if (saved->has & MAGLEV_LIB_HAS(SERVICE_MODE_SET) && now &&
	    saved->mode_set != now->mode_set)
		entry.service.has |= MAGLEV_LIB_HAS(SERVICE_MODE_SET);
	if (saved->has & MAGLEV_LIB_HAS(SERVICE_TIMEOUTS) && now &&
	    !same_timeouts(&saved->timeouts, &now->timeouts))
		entry.service.has |= MAGLEV_LIB_HAS(SERVICE_TIMEOUTS);
	if (!entry.service.has)
		return STATUS_DONE;
	entry.service.has |= MAGLEV_LIB_HAS(SERVICE_KEY);
	return add_entry(restore, &entry);
}

/* A drain goes on for the time it had left; if it had less, it is over. */
static void set_admin(struct maglev_lib_backend *backend, const struct maglev_lib_backend *saved,
		      u64 elapsed_ms)
{
	backend->has |= MAGLEV_LIB_HAS(BACKEND_ADMIN_STATE);
	backend->admin_state = saved->admin_state;
	if (saved->admin_state != MAGLEV_NL_STATE_DRAIN || !saved->deadline_ms)
		return;
	if (saved->deadline_ms <= elapsed_ms) {
		backend->admin_state = MAGLEV_NL_STATE_DOWN;
		return;
	}
	backend->has |= MAGLEV_LIB_HAS(BACKEND_DEADLINE_MS);
	backend->deadline_ms = saved->deadline_ms - elapsed_ms;
}

/* What is laid over a backend, where nothing is. */
static int add_backend(struct restore *restore, const struct maglev_lib_message *message)
{
	const struct maglev_lib_backend *saved = &message->backend;
	struct maglev_lib_entry entry = {
		.has = MAGLEV_LIB_HAS(ENTRY_OP) | MAGLEV_LIB_HAS(ENTRY_SERVICE) |
		       MAGLEV_LIB_HAS(ENTRY_BACKEND),
		.op = MAGLEV_NL_OP_BACKEND_SET,
		.service = message->service,
		.backend = { .addr = saved->addr, .port = saved->port },
	};
	struct maglev_lib_backend *backend = &entry.backend;
	const struct pair *now;
	struct pair_name name;

	pair_name_of(&name, message);
	now = pairs_find(&restore->plane, &name);
	if (!now)
		return STATUS_DONE;
	if (saved->admin_state && !now->admin_state)
		set_admin(backend, saved, restore->elapsed_ms);
	if (saved->health_state && !now->health_state)
		backend->has |= MAGLEV_LIB_HAS(BACKEND_HEALTH_STATE);
	if (saved->nominal_weight && !now->nominal_weight)
		backend->has |= MAGLEV_LIB_HAS(BACKEND_NOMINAL_WEIGHT);
	if (saved->has & MAGLEV_LIB_HAS(BACKEND_SHARE) && saved->share != MAGLEV_SHARE_MAX &&
	    now->share == MAGLEV_SHARE_MAX)
		backend->has |= MAGLEV_LIB_HAS(BACKEND_SHARE);
	if (!backend->has)
		return STATUS_DONE;
	backend->health_state = saved->health_state;
	backend->nominal_weight = saved->nominal_weight;
	backend->share = saved->share;
	backend->has |= MAGLEV_LIB_HAS(BACKEND_ADDR) | MAGLEV_LIB_HAS(BACKEND_PORT);
	entry.service.has = MAGLEV_LIB_HAS(SERVICE_KEY);
	return add_entry(restore, &entry);
}

/* Once, before the first flow: so that these find the states of their backends. */
static int send_batch(struct restore *restore)
{
	const struct maglev_error *error;

	if (!restore->batch.entries || !plane_batch(&restore->batch, &error))
		return STATUS_DONE;
	return plane_fail(restore->order, error);
}

/* The word, older by the time that has passed; 0 if no timeout is that long. */
static u64 aged(u64 word, u64 elapsed_ms)
{
	u64 unit_ms = maglev_time_unit(maglev_word_state(word)) * 1000;
	u64 age = (word & AGE_MAX) + elapsed_ms / unit_ms;

	return age < AGE_MAX ? (word & ~(u64)AGE_MAX) | age : 0;
}

/* Return: how many of a message's words the plane is to have, in our arrays. */
static u32 translate(struct restore *restore, const struct maglev_lib_message *message)
{
	u32 i, index, n = 0;
	u64 word;

	for (i = 0; i < state_flows(message); i++) {
		word = aged(state_word(message, i), restore->elapsed_ms);
		index = maglev_word_index(word);
		if (!word) {
			restore->expired++;
		} else if (index >= MAGLEV_PAIRS_MAX || !restore->index_of[index]) {
			restore->gone++;
		} else if (tracked_has(&restore->tracked, word)) {
			restore->known++;
		} else {
			restore->line[n] = state_line(message, i);
			restore->word[n++] = (word & ~(0xffffULL << 10)) |
					     (u64)restore->index_of[index] << 10;
		}
	}
	return n;
}

static void count(struct restore *restore, const struct maglev_lib_restored *restored)
{
	restore->put += restored->put;
	restore->expired += restored->expired;
	restore->known += restored->known;
	restore->full += restored->full;
}

static int put_words(struct restore *restore, const struct maglev_lib_message *message)
{
	struct maglev_lib_words *words = &restore->order->message.words;
	u64 expired = restore->expired, gone = restore->gone, known = restore->known;
	struct maglev_lib_message reply;
	bool has_changed = true;
	int tries, status;
	u32 n;

	for (tries = 0; has_changed && tries < TRIES; tries++) {
		restore->expired = expired;
		restore->gone = gone;
		restore->known = known;
		n = translate(restore, message);
		if (!n)
			return STATUS_DONE;
		restore->order->message.has = MAGLEV_LIB_HAS(WORDS);
		*words = (struct maglev_lib_words){
			.has = message->words.has | MAGLEV_LIB_HAS(WORDS_LINES) |
			       MAGLEV_LIB_HAS(WORDS_KEY_CHECK) | MAGLEV_LIB_HAS(WORDS_CHANGES),
			.cpu = message->words.cpu,
			.lines = restore->saved.lines,
			.key_check = restore->saved.key_check,
			.changes = restore->settings.changes,
			.line = { restore->line, n * sizeof(*restore->line) },
			.word = { restore->word, n * sizeof(*restore->word) },
		};
		status = plane_try(restore->order, MAGLEV_CMD_FLOW_RESTORE, &reply, ESTALE,
				   &has_changed);
		if (!status && has_changed)
			status = ask_plane(restore);
		if (status)
			return status;
	}
	if (has_changed)
		return err_say("state restore: services or backends come and go: restore again "
			       "when they do not");
	count(restore, &reply.restored);
	return STATUS_DONE;
}

static int put_all(struct restore *restore, FILE *file)
{
	struct maglev_lib_message message;
	bool has_sent = false;
	u32 command;
	int status = begin(restore, file);

	while (!status) {
		status = state_next(&restore->reader, &command, &message);
		if (status)
			break;
		if (!has_sent && (!command || command == MAGLEV_CMD_FLOW_SAVE)) {
			has_sent = true;
			status = send_batch(restore);
		}
		if (status || !command)
			break;
		if (command == MAGLEV_CMD_SERVICE_GET)
			status = add_service(restore, &message);
		else if (command == MAGLEV_CMD_BACKEND_GET)
			status = add_backend(restore, &message);
		else if (command == MAGLEV_CMD_FLOW_SAVE)
			status = put_words(restore, &message);
	}
	return status;
}

static int show(struct restore *restore)
{
	struct out out;
	int status;

	out_init(&out, restore->order->json);
	out_number(&out, "set", restore->batch.entries, NULL);
	out_number(&out, "flows", restore->flows, NULL);
	out_number(&out, "put", restore->put, NULL);
	out_number(&out, "expired", restore->expired, NULL);
	out_number(&out, "known", restore->known, NULL);
	out_number(&out, "full", restore->full, NULL);
	out_number(&out, "gone", restore->gone, NULL);
	status = out_fini(&out, STATUS_DONE);
	if (!status && restore->full)
		err_warn("%llu flows are not tracked: their lines are full", restore->full);
	if (!status && restore->gone)
		err_warn("%llu flows are not tracked: their backends are not there", restore->gone);
	return status;
}

static int restore_file(struct restore *restore, FILE *file)
{
	int status = read_whole(restore, file);

	if (!status)
		status = ask_plane(restore);
	if (!status)
		status = check_fit(restore);
	/* While flows move nobody can tell; then what has a word in the same line is known. */
	if (!status && restore->flows && !restore->settings.moving)
		status = tracked_read(&restore->tracked, restore->order);
	if (!status)
		status = put_all(restore, file);
	return status ? status : show(restore);
}

/* What comes through a pipe, as a file that goes when it is closed. Return: it, or NULL, said. */
static FILE *copy(const char *name, FILE *from)
{
	FILE *to = tmpfile();
	char bytes[COPY_BYTES];
	size_t len;

	while (to && (len = fread(bytes, 1, sizeof(bytes), from)))
		if (fwrite(bytes, 1, len, to) != len)
			break;
	if (to && !ferror(from) && !ferror(to) && !fflush(to))
		return to;
	err_fail(name, errno);
	if (to)
		fclose(to);
	return NULL;
}

static FILE *open_file(const char *name)
{
	int fd = file_open(name);
	FILE *file, *copied;

	if (fd < 0) {
		err_refuse(NULL, span_of(name), "FILE", "%s",
			   fd == -EBUSY ? "stdin holds the batch" : strerror(-fd));
		return NULL;
	}
	file = fd == STDIN_FILENO ? stdin : fdopen(fd, "r");
	if (!file) {
		err_memory();
		file_close(fd);
		return NULL;
	}
	if (fd != STDIN_FILENO && lseek(fd, 0, SEEK_CUR) >= 0)
		return file;
	copied = copy(name, file);
	if (fd != STDIN_FILENO)
		fclose(file);
	return copied;
}

int cmd_state_restore(struct order *order)
{
	struct restore *restore;
	int status;
	FILE *file = open_file(order->file);

	if (!file)
		return STATUS_REFUSED;
	restore = calloc(1, sizeof(*restore));
	if (restore) {
		restore->order = order;
		status = restore_file(restore, file);
		maglev_request_fini(&restore->batch);
		tracked_fini(&restore->tracked);
		pairs_fini(&restore->plane);
		pairs_fini(&restore->file);
	} else {
		status = err_memory();
	}
	free(restore);
	fclose(file);
	return status;
}
