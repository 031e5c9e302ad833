// SPDX-License-Identifier: GPL-2.0-only
/*
 * Figures are medians of runs interleaved with what they are compared to, on one CPU: what
 * disturbs one side disturbs the other. They are CPU time, so that other processes count as
 * little as can be. A missed bound is printed, and no more than that: speed belongs to the
 * machine.
 */
#define _GNU_SOURCE /* sched_setaffinity */
#include "bench.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	WARM_UP_MS = 100,
	BOUNDS_MAX = 32,
	BOUND_CHARS = 96,
};

struct bound {
	bool met;
	char text[BOUND_CHARS];
};

volatile u64 bench_sink;
static struct bound bounds[BOUNDS_MAX];
static u32 n_bounds;

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void stay_on_cpu(void)
{
	int cpu = sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu >= 0)
		CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		puts("note: not pinned to a CPU");
}

void bench_init(void)
{
	double end = now_us() + WARM_UP_MS * 1e3;

	stay_on_cpu();
	while (now_us() < end)
		bench_sink++;
}

void *bench_allocate(size_t bytes)
{
	void *memory = calloc(1, bytes);

	if (!memory) {
		fprintf(stderr, "bench: out of memory: %zu bytes\n", bytes);
		exit(1);
	}
	return memory;
}

void bench_measure(struct bench_task *tasks, u32 n, u32 runs)
{
	double *us = bench_allocate(n * runs * sizeof(*us)), start;
	u32 i, run;

	for (i = 0; i < n; i++)
		tasks[i].run(tasks[i].ctx);
	for (run = 0; run < runs; run++)
		for (i = 0; i < n; i++) {
			start = now_us();
			tasks[i].run(tasks[i].ctx);
			us[i * runs + run] = now_us() - start;
		}
	for (i = 0; i < n; i++) {
		qsort(&us[i * runs], runs, sizeof(*us), compare_doubles);
		tasks[i].us = us[i * runs + runs / 2];
	}
	free(us);
}

void bench_add_bound(bool met, const char *format, ...)
{
	struct bound *bound;
	va_list args;

	if (n_bounds == BOUNDS_MAX)
		abort();
	bound = &bounds[n_bounds++];
	bound->met = met;
	va_start(args, format);
	vsnprintf(bound->text, sizeof(bound->text), format, args);
	va_end(args);
}

void bench_print_bounds(void)
{
	u32 i;

	puts("\nBounds");
	for (i = 0; i < n_bounds; i++)
		printf("%s %s\n", bounds[i].met ? "PASS" : "MISS", bounds[i].text);
}
