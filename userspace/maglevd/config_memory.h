/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that is freed as a whole. */
#ifndef MAGLEVD_CONFIG_MEMORY_H
#define MAGLEVD_CONFIG_MEMORY_H

#include <stddef.h>

struct config_block;

/* All zero: none yet. One block a request, so that ASan sees one byte too many. */
struct config_memory {
	struct config_block *block;
};

/* @n times @size bytes, all zero, for any type. Return: them; NULL where there is no memory. */
void *config_memory_get(struct config_memory *memory, size_t n, size_t size);

/* @len bytes of @text and a NUL. Return: the copy; NULL where there is no memory. */
char *config_memory_text(struct config_memory *memory, const char *text, size_t len);

/* Free everything. */
void config_memory_fini(struct config_memory *memory);

#endif
