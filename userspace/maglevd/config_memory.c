// SPDX-License-Identifier: GPL-2.0-only
/* Blocks in a list. */
#include "config_memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct config_block {
	struct config_block *next;
	max_align_t at[];
};

void *config_memory_get(struct config_memory *memory, size_t n, size_t size)
{
	struct config_block *block;

	if (size && n > (SIZE_MAX - sizeof(*block)) / size)
		return NULL;
	block = calloc(1, sizeof(*block) + n * size);
	if (!block)
		return NULL;
	block->next = memory->block;
	memory->block = block;
	return block->at;
}

char *config_memory_text(struct config_memory *memory, const char *text, size_t len)
{
	char *copy = config_memory_get(memory, len + 1, 1);

	if (copy && len)
		memcpy(copy, text, len);
	return copy;
}

void config_memory_fini(struct config_memory *memory)
{
	struct config_block *block, *next;

	for (block = memory->block; block; block = next) {
		next = block->next;
		free(block);
	}
	memory->block = NULL;
}
