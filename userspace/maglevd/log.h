/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines on stderr: what happened, then KEY=VALUE words. Under systemd each begins with its
 * priority, otherwise with the time.
 */
#ifndef MAGLEVD_LOG_H
#define MAGLEVD_LOG_H

#include <syslog.h>

/* Begin; what is less urgent than @level (LOG_ERR .. LOG_DEBUG) is not said. */
void log_init(int level);

/* Say it. @level is LOG_*, @what a few words, @format the KEY=VALUE words, "" for none. */
__attribute__((format(printf, 3, 4))) void log_say(int level, const char *what, const char *format,
						   ...);

#endif
