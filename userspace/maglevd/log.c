// SPDX-License-Identifier: GPL-2.0-only
/* One write(2) a line, so that lines of several processes do not mix. */
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE_BYTES = 1024,
};

static struct {
	int level;
	bool journal;
} log_state = { .level = LOG_INFO };

void log_init(int level)
{
	log_state.level = level;
	log_state.journal = getenv("JOURNAL_STREAM");
}

/* Return: bytes written. */
static size_t write_prefix(char *line, int level)
{
	struct timespec now;
	struct tm tm;
	size_t len;

	if (log_state.journal)
		return snprintf(line, LINE_BYTES, "<%d>", level);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	len = strftime(line, LINE_BYTES, "%FT%T", &tm);
	return len + snprintf(line + len, LINE_BYTES - len, ".%03ldZ ", now.tv_nsec / 1000000);
}

/* What others sent may be in it. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void log_say(int level, const char *what, const char *format, ...)
{
	char line[LINE_BYTES + 1];
	size_t start, len;
	va_list args;

	if (level > log_state.level)
		return;
	start = write_prefix(line, level);
	len = start + snprintf(line + start, LINE_BYTES - start, "%s%s", what, *format ? ": " : "");
	if (len < LINE_BYTES) {
		va_start(args, format);
		vsnprintf(line + len, LINE_BYTES - len, format, args);
		va_end(args);
	}
	make_printable(line + start);
	len = strlen(line);
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* there is nobody to tell */
}
