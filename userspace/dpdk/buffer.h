/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes that wait. */
#ifndef MAGLEV_DPDK_BUFFER_H
#define MAGLEV_DPDK_BUFFER_H

#include <stddef.h>

/**
 * struct buffer - bytes from @from to @len
 * @at: all of it, aligned for a message
 * @from: what lies before is used up
 * @len: end of what there is
 * @size: of @at
 */
struct buffer {
	char *at;
	size_t from;
	size_t len;
	size_t size;
};

/* Room for @more bytes behind @len; @from becomes 0. Return: where, or NULL. */
void *buffer_reserve(struct buffer *buffer, size_t more);
void buffer_use(struct buffer *buffer, size_t len);
void buffer_free(struct buffer *buffer);

static inline size_t buffer_left(const struct buffer *buffer)
{
	return buffer->len - buffer->from;
}

#endif
