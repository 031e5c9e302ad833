/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one place where the core meets its surroundings: types, byte order, 64-bit
 * division and strings of the kernel, or the same from freestanding C. Everything
 * else in include/maglev and core/ is the same text in both worlds.
 */
#ifndef MAGLEV_ENV_H
#define MAGLEV_ENV_H

#ifdef __KERNEL__

#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/byteorder.h>

static inline u64 maglev_div64(u64 dividend, u64 divisor)
{
	return div64_u64(dividend, divisor);
}

static inline u64 maglev_mod64(u64 dividend, u64 divisor)
{
	u64 remainder;

	div64_u64_rem(dividend, divisor, &remainder);
	return remainder;
}

static inline u64 maglev_cmpxchg64(u64 *at, u64 seen, u64 value)
{
	return cmpxchg64(at, seen, value);
}

#else

#include <stdbool.h>
#include <stddef.h>
#include <linux/errno.h>
#include <linux/types.h>
#include <asm/byteorder.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

#define cpu_to_le64(x) __cpu_to_le64(x)
#define le64_to_cpu(x) __le64_to_cpu(x)
#define cpu_to_be16(x) __cpu_to_be16(x)
#define be16_to_cpu(x) __be16_to_cpu(x)
#define cpu_to_be32(x) __cpu_to_be32(x)
#define cpu_to_be64(x) __cpu_to_be64(x)
#define be32_to_cpu(x) __be32_to_cpu(x)

#ifndef __force
#define __force /* sparse: this conversion is meant */
#endif
#ifndef __packed
#define __packed __attribute((packed))
#endif
#ifndef static_assert
#define static_assert _Static_assert
#endif

/* One access of the variable's own size, neither split, repeated nor left out. */
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))

/* The compiler calls these three of its own accord, freestanding or not. */
void *memcpy(void *dst, const void *src, size_t len);
void *memset(void *dst, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

static inline u64 maglev_div64(u64 dividend, u64 divisor)
{
	return dividend / divisor;
}

static inline u64 maglev_mod64(u64 dividend, u64 divisor)
{
	return dividend % divisor;
}

/* Return: what was there; @value is there now iff that was @seen. A full barrier. */
static inline u64 maglev_cmpxchg64(u64 *at, u64 seen, u64 value)
{
	return __sync_val_compare_and_swap(at, seen, value);
}

#endif

#endif
