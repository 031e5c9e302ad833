// SPDX-License-Identifier: GPL-2.0-only
/* maglevadm state save: what a plane would forget, into a file. */
#include "file.h"
#include "plane.h"
#include "show.h"
#include "state.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct save {
	struct order *order;
	struct state_writer writer;
	struct maglev_lib_settings settings; /* as they were at first */
	u64 services;
	u64 backends;
	u64 flows;
};

static u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* Of what is asked of a plane that is as it was at first, words have indexes that mean what they did. */
static int ask_settings(struct save *save, struct maglev_lib_settings *settings)
{
	u64 needed = MAGLEV_LIB_HAS(SETTINGS_LINES) | MAGLEV_LIB_HAS(SETTINGS_CHANGES);
	struct maglev_lib_message reply;
	int status = plane_call(save->order, MAGLEV_CMD_SETTINGS_GET, &reply);

	if (status)
		return status;
	*settings = reply.settings;
	if ((settings->has & needed) != needed)
		return err_say("state save: plane %s, version %s, cannot tell its flows",
			       settings->plane, settings->version);
	return STATUS_DONE;
}

static int put_settings(struct save *save)
{
	struct maglev_lib_message message = { .has = MAGLEV_LIB_HAS(SETTINGS) };
	struct maglev_lib_settings *settings = &message.settings;

	/* One by one: nothing that a plane may say some day slips in. */
	settings->has = MAGLEV_LIB_HAS(SETTINGS_KEY_CHECK) | MAGLEV_LIB_HAS(SETTINGS_FLOWS) |
			MAGLEV_LIB_HAS(SETTINGS_VERSION) | MAGLEV_LIB_HAS(SETTINGS_LINES);
	settings->key_check = save->settings.key_check;
	settings->flows = save->settings.flows;
	settings->lines = save->settings.lines;
	memcpy(settings->version, save->settings.version, sizeof(settings->version));
	return state_add(&save->writer, MAGLEV_CMD_SETTINGS_GET, &message);
}

static int put_service(void *ctx, const struct maglev_lib_message *row)
{
	struct maglev_lib_message message = { .has = MAGLEV_LIB_HAS(SERVICE) };
	struct save *save = ctx;

	message.service = row->service;
	message.service.has = MAGLEV_LIB_HAS(SERVICE_KEY) | MAGLEV_LIB_HAS(SERVICE_TABLE_SIZE) |
			      MAGLEV_LIB_HAS(SERVICE_MODE_SET) | MAGLEV_LIB_HAS(SERVICE_TIMEOUTS);
	save->services++;
	return state_add(&save->writer, MAGLEV_CMD_SERVICE_GET, &message);
}

static int put_backend(void *ctx, const struct maglev_lib_message *row)
{
	struct maglev_lib_message message = {
		.has = MAGLEV_LIB_HAS(SERVICE) | MAGLEV_LIB_HAS(BACKEND),
	};
	struct save *save = ctx;

	message.service = row->service;
	message.service.has = MAGLEV_LIB_HAS(SERVICE_KEY);
	message.backend = row->backend;
	message.backend.has = MAGLEV_LIB_HAS(BACKEND_ADDR) | MAGLEV_LIB_HAS(BACKEND_PORT) |
			      MAGLEV_LIB_HAS(BACKEND_INDEX) | MAGLEV_LIB_HAS(BACKEND_ADMIN_STATE) |
			      MAGLEV_LIB_HAS(BACKEND_HEALTH_STATE) |
			      MAGLEV_LIB_HAS(BACKEND_NOMINAL_WEIGHT) |
			      MAGLEV_LIB_HAS(BACKEND_SHARE) | MAGLEV_LIB_HAS(BACKEND_DEADLINE_MS);
	save->backends++;
	return state_add(&save->writer, MAGLEV_CMD_BACKEND_GET, &message);
}

static int put_words(void *ctx, const struct maglev_lib_message *row)
{
	struct maglev_lib_message message = { .has = MAGLEV_LIB_HAS(WORDS) };
	struct save *save = ctx;

	message.words = row->words;
	message.words.has = MAGLEV_LIB_HAS(WORDS_CPU) | MAGLEV_LIB_HAS(WORDS_LINE) |
			    MAGLEV_LIB_HAS(WORDS_WORD);
	save->flows += state_flows(row);
	return state_add(&save->writer, MAGLEV_CMD_FLOW_SAVE, &message);
}

static int put_rows(struct save *save, u8 command, maglev_row *put)
{
	struct maglev_lib_message message;
	struct rows rows;
	size_t i;
	int status = plane_list(save->order, command, &save->order->message, &rows);

	for (i = 0; !status && rows_read(&rows, i, &message); i++)
		status = put(save, &message);
	rows_fini(&rows);
	return status;
}

static int put_all(struct save *save)
{
	struct maglev_lib_settings after;
	int status = ask_settings(save, &save->settings);

	if (!status)
		status = put_settings(save);
	if (!status)
		status = put_rows(save, MAGLEV_CMD_SERVICE_GET, put_service);
	if (!status)
		status = put_rows(save, MAGLEV_CMD_BACKEND_GET, put_backend);
	if (!status)
		status = plane_stream(save->order, MAGLEV_CMD_FLOW_SAVE, put_words, save);
	if (!status)
		status = ask_settings(save, &after);
	if (!status && (after.changes != save->settings.changes ||
			after.key_check != save->settings.key_check ||
			after.lines != save->settings.lines || after.moving))
		return err_say("state save: services, backends, key or flow tables changed "
			       "meanwhile: save again");
	return status ? status : state_end(&save->writer);
}

static int write_file(struct save *save, FILE *file, const char *name)
{
	int status = state_begin(&save->writer, file, name, now_ms());

	if (!status)
		status = put_all(save);
	if (!status && fflush(file))
		status = err_fail(name, errno);
	return status;
}

static int save_to_stdout(struct save *save)
{
	if (isatty(STDOUT_FILENO))
		return err_refuse(NULL, span_of(save->order->file), "FILE",
				  "stdout is a terminal: the name of a file, or a pipe");
	return write_file(save, stdout, "stdout");
}

static int save_to_file(struct save *save, const char *name)
{
	int err, status, fd;
	FILE *file = NULL;
	char *aside;

	fd = file_create(name, &aside);
	if (fd >= 0)
		file = fdopen(fd, "w");
	if (fd < 0 || !file) {
		err = fd < 0 ? -fd : errno;
		if (fd >= 0)
			file_close(fd);
		file_drop(aside);
		return err_refuse(NULL, span_of(name), "FILE", "%s",
				  err == EEXIST ? "something that is no file; - is stdout" :
						  strerror(err));
	}
	status = write_file(save, file, name);
	if (status) {
		file_drop(aside);
	} else {
		err = file_replace(fd, aside, name);
		if (err)
			status = err_fail(name, -err);
	}
	if (fclose(file) && !status)
		status = err_fail(name, errno);
	return status;
}

int cmd_state_save(struct order *order)
{
	struct save save = { .order = order };
	struct out out;
	int status;

	if (!strcmp(order->file, "-"))
		return save_to_stdout(&save);
	status = save_to_file(&save, order->file);
	if (status)
		return status;
	out_init(&out, order->json);
	out_hex(&out, "key-check", save.settings.key_check);
	out_number(&out, "lines", save.settings.lines, NULL);
	out_number(&out, "services", save.services, NULL);
	out_number(&out, "backends", save.backends, NULL);
	out_number(&out, "flows", save.flows, NULL);
	return out_fini(&out, STATUS_DONE);
}
