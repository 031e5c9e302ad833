// SPDX-License-Identifier: GPL-2.0-only
/* Linked into each program of which lines are counted: the counts are written by exit(), but a
 * child leaves by _exit() and what is told to stop, and does not listen, by a signal. A child that
 * is short of memory says nothing.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

extern void __gcov_dump(void);
void __real__exit(int status);
void __wrap__exit(int status);

void __wrap__exit(int status)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_AS, &limit) && limit.rlim_cur == RLIM_INFINITY)
		__gcov_dump();
	__real__exit(status);
	abort();
}

static void dump(int number)
{
	__gcov_dump();
	signal(number, SIG_DFL);
	raise(number);
}

/* Who handles a signal itself does so later than this. */
static void __attribute__((constructor)) listen_to_signals(void)
{
	static const int number[] = { SIGTERM, SIGINT, SIGPIPE };
	struct sigaction old, new = { .sa_handler = dump, .sa_flags = SA_NODEFER };
	size_t i;

	for (i = 0; i < sizeof(number) / sizeof(*number); i++)
		if (!sigaction(number[i], NULL, &old) && old.sa_handler == SIG_DFL)
			sigaction(number[i], &new, NULL);
}
