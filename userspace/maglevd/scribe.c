// SPDX-License-Identifier: GPL-2.0-only
/*
 * The child writes to a file in memory, which the server sends from: no byte of the text passes
 * through the loop. Checks go before it: it is nicer than they are.
 */
#define _GNU_SOURCE /* memfd_create, closefrom */
#include "scribe.h"

#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	NICE = 5,
	TEXT_MAX = 64 * 1024 * 1024,
	CPU_S = 10,
	PATIENCE_S = 20,
};

struct scribe {
	struct ev_loop *loop;
	scribe_done *done;
	void *ctx;
	int fd;
	pid_t pid;
	struct ev_child child;
	struct ev_timer timer;
};

static void release(struct scribe *scribe)
{
	ev_child_stop(scribe->loop, &scribe->child);
	ev_timer_stop(scribe->loop, &scribe->timer);
	free(scribe);
}

static void take_end(struct ev_loop *loop, struct ev_child *child, int events)
{
	struct scribe *scribe = child->data;
	scribe_done *done = scribe->done;
	void *ctx = scribe->ctx;
	int fd = scribe->fd;

	(void)loop;
	(void)events;
	if (child->rstatus) {
		close(fd);
		fd = -1;
	}
	release(scribe);
	done(ctx, fd);
}

/* Its end comes as that of one that has failed. */
static void lose_patience(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct scribe *scribe = timer->data;

	(void)loop;
	(void)events;
	kill(scribe->pid, SIGKILL);
}

static void limit(int resource, rlim_t most)
{
	struct rlimit limit = { .rlim_cur = most, .rlim_max = most };

	setrlimit(resource, &limit);
}

static int write_all(int fd, const char *text)
{
	size_t len = strlen(text), at = 0;
	ssize_t n;

	while (at < len) {
		n = write(fd, text + at, len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
	}
	return 0;
}

/* In the child. Signals stay blocked, but for those that cannot be: handlers are the parent's. */
static void run(int fd, char *(*write_text)(void *of), void *of)
{
	const int out = STDERR_FILENO + 1;
	char *text;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "maglevd-page");
	setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICE);
	limit(RLIMIT_FSIZE, TEXT_MAX);
	limit(RLIMIT_CPU, CPU_S);
	limit(RLIMIT_CORE, 0);
	if (fd != out && dup2(fd, out) < 0)
		_exit(EXIT_FAILURE);
	closefrom(out + 1);
	text = write_text(of);
	_exit(text && !write_all(out, text) ? EXIT_SUCCESS : EXIT_FAILURE);
}

static pid_t spawn(int fd, char *(*write_text)(void *of), void *of)
{
	sigset_t all, before;
	int error;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	error = errno;
	if (!pid)
		run(fd, write_text, of);
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return pid;
}

struct scribe *scribe_start(struct ev_loop *loop, char *(*write)(void *of), void *of,
			    scribe_done *done, void *ctx)
{
	struct scribe *scribe = calloc(1, sizeof(*scribe));
	int error;

	if (!scribe)
		return NULL;
	*scribe = (struct scribe){ .loop = loop, .done = done, .ctx = ctx };
	scribe->fd = memfd_create("maglevd-page", MFD_CLOEXEC);
	if (scribe->fd < 0)
		goto err_free;
	scribe->pid = spawn(scribe->fd, write, of);
	if (scribe->pid < 0)
		goto err_close;
	ev_child_init(&scribe->child, take_end, scribe->pid, 0);
	scribe->child.data = scribe;
	ev_child_start(loop, &scribe->child);
	ev_timer_init(&scribe->timer, lose_patience, PATIENCE_S, 0.);
	scribe->timer.data = scribe;
	ev_now_update(loop);
	ev_timer_start(loop, &scribe->timer);
	return scribe;

err_close:
	error = errno;
	close(scribe->fd);
	errno = error;
err_free:
	error = errno;
	free(scribe);
	errno = error;
	return NULL;
}

/* The default loop waits for the child. */
void scribe_cancel(struct scribe *scribe)
{
	kill(scribe->pid, SIGKILL);
	close(scribe->fd);
	release(scribe);
}
