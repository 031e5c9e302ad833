// SPDX-License-Identifier: GPL-2.0-only
/* Reads what is there rather than a buffer full, so that answers follow questions. */
#include "lines.h"

#include "file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int refuse_file(const struct lines *lines, int error)
{
	if (!lines->arg)
		return err_fail(lines->name, error);
	return err_refuse(NULL, span_of(lines->arg), "--file", "%s", strerror(error));
}

int lines_init(struct lines *lines, const char *arg)
{
	bool is_stdin = !arg || !strcmp(arg, "-");

	lines->arg = arg;
	lines->name = is_stdin ? "stdin" : arg;
	lines->ended = false;
	lines->line = 0;
	lines->start = 0;
	lines->end = 0;
	lines->fd = file_open(arg);
	if (lines->fd == -EBUSY)
		return err_say("stdin holds the batch");
	return lines->fd < 0 ? refuse_file(lines, -lines->fd) : STATUS_DONE;
}

void lines_fini(struct lines *lines)
{
	file_close(lines->fd);
}

static int read_more(struct lines *lines)
{
	ssize_t got;

	memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
	lines->end -= lines->start;
	lines->start = 0;
	do
		got = read(lines->fd, lines->buffer + lines->end, LINES_BUFFER - lines->end);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return refuse_file(lines, errno);
	lines->ended = !got;
	lines->end += got;
	return STATUS_DONE;
}

/* Find the end of the line at @start; NULL if it is not in the buffer. */
static const char *find_end(const struct lines *lines)
{
	return memchr(lines->buffer + lines->start, '\n', lines->end - lines->start);
}

bool lines_wait(const struct lines *lines)
{
	return !lines->ended && !find_end(lines);
}

static int check_line(const struct input *input)
{
	struct span at = { .at = memchr(input->text, 0, input->len), .len = 1 };
	struct input unshown = *input;

	if (input->len > LINE_BYTES_MAX) {
		unshown.text = NULL;
		return err_refuse_unquoted(&unshown, at, "line", "too long: at most %d bytes",
					   LINE_BYTES_MAX);
	}
	if (at.at)
		return err_refuse_unquoted(input, at, "line", "a NUL byte: text is expected");
	return STATUS_DONE;
}

/* The next line, whatever it holds. */
static int cut_line(struct lines *lines, struct input *input)
{
	const char *end = find_end(lines);
	size_t left;
	int status;

	while (!end && !lines->ended && lines->end - lines->start <= LINE_BYTES_MAX) {
		status = read_more(lines);
		if (status)
			return status;
		end = find_end(lines);
	}
	left = lines->end - lines->start;
	input->text = NULL;
	if (!left)
		return STATUS_DONE;
	input->file = lines->name;
	input->line = ++lines->line;
	input->text = lines->buffer + lines->start;
	input->len = end ? (size_t)(end - input->text) : left;
	input->column = 1;
	lines->start += end ? input->len + 1 : left;
	return check_line(input);
}

int lines_next(struct lines *lines, struct input *input)
{
	struct span text, comment;
	int status;

	for (;;) {
		status = cut_line(lines, input);
		if (status || !input->text)
			return status;
		text.at = input->text;
		text.len = input->len;
		text = span_cut(text, '#', &comment);
		input->len = text.len;
		if (span_word(&text).len)
			return STATUS_DONE;
	}
}
