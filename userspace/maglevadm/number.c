// SPDX-License-Identifier: GPL-2.0-only
/* Numbers with limits, and times with units. */
#include "number.h"

#include <stdio.h>
#include <string.h>
#include <maglev/table.h>

static const struct unit {
	const char *name;
	u32 ms;
} units[] = {
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60 * 1000 },
	{ "h", 60 * 60 * 1000 },
};

enum {
	UNITS = sizeof(units) / sizeof(*units),
	HEX_DIGITS = 8,
};

int number_parse(u32 *number, struct span text, const char *what, u32 least, u32 most)
{
	u64 value;

	if (!span_number(text, &value) || value < least || value > most)
		return err_refuse(NULL, text, what, "%u to %u", least, most);
	*number = value;
	return STATUS_DONE;
}

/* Hexadecimal digits, at most eight. */
static bool read_hex(struct span text, u32 *value)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit;
	size_t i;

	*value = 0;
	for (i = 0; i < text.len; i++) {
		digit = memchr(digits, text.at[i] | (text.at[i] > '9' ? 0x20 : 0),
			       sizeof(digits) - 1);
		if (!digit)
			return false;
		*value = *value << 4 | (u32)(digit - digits);
	}
	return text.len && text.len <= HEX_DIGITS;
}

int mark_parse(u32 *mark, struct span text, const char *what)
{
	struct span digits = { .at = text.at + 2, .len = text.len - 2 };
	bool is_hex = text.len > 2 && text.at[0] == '0' && text.at[1] == 'x';
	u64 value = 0;

	if (is_hex ? !read_hex(digits, mark) : !span_number(text, &value) || value > 0xffffffff)
		return err_refuse(NULL, text, what, "0 to 4294967295, or 0x0 to 0xffffffff");
	if (!is_hex)
		*mark = value;
	return STATUS_DONE;
}

int size_parse(u32 *size, struct span text, const char *what)
{
	u64 value;

	if (!span_number(text, &value))
		return err_refuse(NULL, text, what, "a prime from %d to %d", MAGLEV_SIZE_MIN,
				  MAGLEV_SIZE_MAX);
	if (value > MAGLEV_SIZE_MAX + 1)
		value = MAGLEV_SIZE_MAX + 1;
	if (!maglev_size_valid(value))
		return err_refuse(NULL, text, what, "a prime from %d to %d; the nearest is %u",
				  MAGLEV_SIZE_MIN, MAGLEV_SIZE_MAX, maglev_size_nearest(value));
	*size = value;
	return STATUS_DONE;
}

int time_parse(u32 *ms, struct span text, const char *what, u32 most_ms)
{
	struct span digits = text, name;
	char most[DURATION_TEXT];
	size_t i;
	u64 value;

	for (digits.len = 0; digits.len < text.len; digits.len++)
		if (text.at[digits.len] < '0' || text.at[digits.len] > '9')
			break;
	name.at = text.at + digits.len;
	name.len = text.len - digits.len;
	for (i = 0; i < UNITS; i++)
		if (span_is(name, units[i].name))
			break;
	if (i == UNITS || !span_number(digits, &value))
		return err_refuse(NULL, text, what, "a number and its unit: 500ms, 30s, 5m or 2h");
	if (!value || value > most_ms / units[i].ms)
		return err_refuse(NULL, text, what, "1ms to %s", duration_format(most_ms, most));
	*ms = value * units[i].ms;
	return STATUS_DONE;
}

const char *duration_format(u64 ms, char text[DURATION_TEXT])
{
	u64 s = ms / 1000;

	if (ms < 1000)
		snprintf(text, DURATION_TEXT, "%llu ms", ms);
	else if (s < 60 && ms % 1000)
		snprintf(text, DURATION_TEXT, "%llu.%llu s", s, ms % 1000 / 100);
	else if (s < 60)
		snprintf(text, DURATION_TEXT, "%llu s", s);
	else if (s < 60 * 60)
		snprintf(text, DURATION_TEXT, "%llu m %llu s", s / 60, s % 60);
	else
		snprintf(text, DURATION_TEXT, "%llu h %llu m", s / (60 * 60), s / 60 % 60);
	return text;
}
