// SPDX-License-Identifier: GPL-2.0-only
#include "buffer.h"

#include <stdlib.h>
#include <string.h>

enum {
	FIRST_BYTES = 8192,
	KEPT_BYTES = 1 << 18, /* of an empty one */
};

void *buffer_reserve(struct buffer *buffer, size_t more)
{
	size_t size = buffer->size ? buffer->size : FIRST_BYTES;
	char *at;

	if (buffer->from) {
		memmove(buffer->at, buffer->at + buffer->from, buffer_left(buffer));
		buffer->len -= buffer->from;
		buffer->from = 0;
	}
	while (size < buffer->len + more)
		size *= 2;
	if (size != buffer->size) {
		at = realloc(buffer->at, size);
		if (!at)
			return NULL;
		buffer->at = at;
		buffer->size = size;
	}
	return buffer->at + buffer->len;
}

void buffer_use(struct buffer *buffer, size_t len)
{
	buffer->from += len;
	if (buffer->from < buffer->len)
		return;
	buffer->from = 0;
	buffer->len = 0;
	if (buffer->size > KEPT_BYTES)
		buffer_free(buffer);
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->at);
	memset(buffer, 0, sizeof(*buffer));
}
