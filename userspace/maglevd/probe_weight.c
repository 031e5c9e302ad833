// SPDX-License-Identifier: GPL-2.0-only
/* Digits, and no more: what strtod() takes for a number depends on the locale, and is more than that. */
#include "probe_weight.h"

#include <string.h>
#include <strings.h>

enum {
	NAME_LEN = sizeof(PROBE_WEIGHT_HEADER) - 1,
	DIGITS_MAX = 16, /* more are no weight; a double holds so many */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Return: -1: it is none. */
static double parse(const char *text, size_t len)
{
	double number = 0., place = 1.;
	bool in_fraction = false;
	size_t i;

	if (!len || len > DIGITS_MAX || !is_digit(text[0]) || !is_digit(text[len - 1]))
		return -1.;
	for (i = 0; i < len; i++) {
		if (text[i] == '.' && !in_fraction) {
			in_fraction = true;
			continue;
		}
		if (!is_digit(text[i]))
			return -1.;
		number = number * 10. + (text[i] - '0');
		if (in_fraction)
			place *= 10.;
	}
	number /= place;
	return number <= PROBE_WEIGHT_MAX ? number : -1.;
}

bool probe_weight_read(const char *line, size_t len, double *weight)
{
	if (len <= NAME_LEN || strncasecmp(line, PROBE_WEIGHT_HEADER, NAME_LEN) ||
	    line[NAME_LEN] != ':')
		return false;
	line += NAME_LEN + 1;
	len -= NAME_LEN + 1;
	for (; len && is_space(*line); len--)
		line++;
	while (len && is_space(line[len - 1]))
		len--;
	*weight = parse(line, len);
	return true;
}
