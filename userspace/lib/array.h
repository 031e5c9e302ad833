/* SPDX-License-Identifier: GPL-2.0-only */
/* Arrays that grow. */
#ifndef MAGLEV_LIB_ARRAY_H
#define MAGLEV_LIB_ARRAY_H

#include <stddef.h>

/*
 * Make room for @more elements of @size bytes behind the @n in use.
 *
 * Return: the array, moved or not; NULL where there is no memory (it is then unchanged).
 */
void *array_reserve(void *array, size_t *capacity, size_t n, size_t more, size_t size);

#endif
