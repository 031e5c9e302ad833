/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The text that Prometheus reads: OpenMetrics 1.0, or its text format 0.0.4, which differ in how
 * counters are headed and in how the text ends. Samples of a family follow its head.
 */
#ifndef MAGLEVD_METRICS_TEXT_H
#define MAGLEVD_METRICS_TEXT_H

#include <maglev/env.h>

enum metrics_format {
	METRICS_OPEN,
	METRICS_PLAIN,
};

enum metrics_type {
	METRICS_GAUGE,
	METRICS_COUNTER,
};

enum {
	METRICS_LABELS = 512,
	METRICS_DECIMALS_MAX = 9,
};

/* All zero but @format: empty. */
struct metrics_text {
	enum metrics_format format;
	char *at; /* to be freed */
	size_t len, size;
	bool has_failed; /* without memory; nothing more is added */
	const char *family;
	enum metrics_type type;
};

/* @name of a counter has no "_total": samples get it. @help is one line. */
void metrics_family(struct metrics_text *text, const char *name, enum metrics_type type,
		    const char *help);

/* @labels: as metrics_label() writes them, or "". The value is @value / 10^@decimals. */
void metrics_sample(struct metrics_text *text, const char *labels, u64 value,
		    unsigned int decimals);

/* Return: the whole; NULL without memory. It is the caller's. */
char *metrics_end(struct metrics_text *text);

/*
 * Add a label to those in @labels, METRICS_LABELS bytes, which begin as "". Any @value is a label's
 * value; one that is too long for the room that is left is cut off.
 */
void metrics_label(char *labels, const char *name, const char *value);

#endif
