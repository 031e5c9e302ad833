// SPDX-License-Identifier: GPL-2.0-only
/* UTF-8 (RFC 3629) and the characters of YAML 1.2.2, section 5.1. */
#include "config_text.h"

#include <string.h>

enum {
	BYTE_ORDER_MARK = 0xfeff,
};

static bool is_more(u8 byte)
{
	return (byte & 0xc0) == 0x80;
}

size_t config_text_char(const char *text, size_t len, u32 *number)
{
	static const u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const u8 *byte = (const u8 *)text;
	size_t bytes, i;

	if (!len)
		return 0;
	bytes = byte[0] < 0x80 ? 1 : byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
	if (bytes > len || (byte[0] >= 0x80 && byte[0] < 0xc0) || byte[0] >= 0xf8)
		return 0;
	*number = bytes == 1 ? byte[0] : byte[0] & (0x7f >> bytes);
	for (i = 1; i < bytes; i++) {
		if (!is_more(byte[i]))
			return 0;
		*number = *number << 6 | (byte[i] & 0x3f);
	}
	if (*number < least[bytes] || *number > 0x10ffff || (*number >= 0xd800 && *number < 0xe000))
		return 0;
	return bytes;
}

static bool is_printable(u32 number)
{
	if (number < 0xa0)
		return (number >= ' ' && number < 0x7f) || number == '\t' || number == '\n' ||
		       number == '\r' || number == 0x85;
	return number != BYTE_ORDER_MARK && number != 0xfffe && number != 0xffff;
}

size_t config_text_check(const char *text, size_t len, u32 *line, u32 *column)
{
	size_t at, bytes;
	u32 number;

	*line = 1;
	*column = 1;
	for (at = 0; at < len; at += bytes) {
		bytes = config_text_char(text + at, len - at, &number);
		if (!bytes || (!is_printable(number) && (at || number != BYTE_ORDER_MARK)))
			break;
		(*column)++;
		if (number == '\n') {
			(*line)++;
			*column = 1;
		}
	}
	return at;
}

u32 config_text_long_line(const char *text, size_t len, size_t most)
{
	const char *end;
	size_t step;
	u32 line;

	for (line = 1; len; line++) {
		end = memchr(text, '\n', len);
		step = end ? (size_t)(end - text) + 1 : len;
		if (step > most)
			return line;
		text += step;
		len -= step;
	}
	return 0;
}
