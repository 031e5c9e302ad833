/* SPDX-License-Identifier: GPL-2.0-only */
/* Timing things beside each other in one process, and bounds to hold the figures to. */
#ifndef BENCH_H
#define BENCH_H

#include <maglev/env.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof(*(array)))

enum {
	BENCH_RUNS = 11, /* fewest that a median is taken of */
};

/* Something to time; afterwards its median. */
struct bench_task {
	void (*run)(void *ctx);
	void *ctx;
	double us;
};

/* Results are added here, so that no work is optimised away. */
extern volatile u64 bench_sink;

/* Stay on one CPU and bring it up to speed. */
void bench_init(void);

/* Zeroed memory, or the end of the program. */
void *bench_allocate(size_t bytes);

/* Run @n tasks in turn, @runs times each after one unmeasured time. */
void bench_measure(struct bench_task *tasks, u32 n, u32 runs);

/* Note whether a bound was met; bench_print_bounds() prints all of them. */
__attribute__((format(printf, 2, 3))) void bench_add_bound(bool met, const char *format, ...);
void bench_print_bounds(void);

#endif
