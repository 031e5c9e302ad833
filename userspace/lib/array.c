// SPDX-License-Identifier: GPL-2.0-only
/* Growing arrays by doubling. */
#include "array.h"

#include <stdint.h>
#include <stdlib.h>

enum {
	CAPACITY_MIN = 16,
};

void *array_reserve(void *array, size_t *capacity, size_t n, size_t more, size_t size)
{
	size_t wanted = *capacity ? *capacity : CAPACITY_MIN;
	void *grown;

	if (array && n + more <= *capacity)
		return array;
	while (wanted < n + more && wanted <= SIZE_MAX / 2)
		wanted *= 2;
	if (wanted < n + more || wanted > SIZE_MAX / size)
		return NULL;
	grown = realloc(array, wanted * size);
	if (grown)
		*capacity = wanted;
	return grown;
}
