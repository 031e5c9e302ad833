// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does a program end with 0? It is a process group of its own, which is killed when the attempt
 * ends, however that happens. Its end is seen by the default loop, which waits for all children
 * of this process whether anybody asks or not: so none stays a zombie, and another loop would see
 * none.
 */
#define _GNU_SOURCE /* pipe2 */
#include "probe_kind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum {
	LINE_BYTES = 100,
	VARIABLE_BYTES = 300,
	DESCRIPTORS_MAX = 256,
	MEMORY_MAX = 1 << 30,
	EXEC_FAILED = 127,
	MS_PER_S = 1000,
};

/**
 * struct environment - of the program
 * @text: "NAME=value"
 * @at: those, ended by NULL
 */
struct environment {
	char text[5][VARIABLE_BYTES];
	char *at[7];
};

static const char *address_text(const struct maglev_lib_addr *addr, char *text)
{
	text[0] = 0;
	if (addr->len)
		inet_ntop(addr->len == MAGLEV_IPV4_BYTES ? AF_INET : AF_INET6, addr->byte, text,
			  INET6_ADDRSTRLEN);
	return text;
}

static void fill_environment(struct environment *environment, const struct probe *probe)
{
	const struct probe_target *target = &probe->target;
	char text[INET6_ADDRSTRLEN], vport[8] = "";
	size_t i;

	if (target->vip.len)
		snprintf(vport, sizeof(vport), "%u", target->vport);
	snprintf(environment->text[0], VARIABLE_BYTES, "MAGLEV_BACKEND=%s",
		 address_text(&target->backend, text));
	snprintf(environment->text[1], VARIABLE_BYTES, "MAGLEV_PORT=%u", target->port);
	snprintf(environment->text[2], VARIABLE_BYTES, "MAGLEV_VIP=%s",
		 address_text(&target->vip, text));
	snprintf(environment->text[3], VARIABLE_BYTES, "MAGLEV_VPORT=%s", vport);
	snprintf(environment->text[4], VARIABLE_BYTES, "MAGLEV_CHECK=%s", probe->check->name);
	environment->at[0] = (char *)PATH;
	for (i = 0; i < 5; i++)
		environment->at[i + 1] = environment->text[i];
	environment->at[6] = NULL;
}

static void limit(int resource, rlim_t most)
{
	struct rlimit limit = { .rlim_cur = most, .rlim_max = most }, now;

	/* What is less already stays. */
	if (!getrlimit(resource, &now) && now.rlim_max < most)
		limit.rlim_cur = limit.rlim_max = now.rlim_max;
	setrlimit(resource, &limit);
}

static void set_limits(const struct check *check)
{
	limit(RLIMIT_CPU, check->timeout_ms / MS_PER_S + 2);
	limit(RLIMIT_NOFILE, DESCRIPTORS_MAX);
	limit(RLIMIT_AS, MEMORY_MAX);
	limit(RLIMIT_CORE, 0);
}

/* Handlers go with exec, what is ignored would stay so. */
static void reset_signals(void)
{
	sigset_t none;
	int number;

	for (number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child. A leading NUL tells what it says from what a program would. */
static void run(const struct probe *probe, const struct environment *environment, int output)
{
	const char *const *argv = probe->check->script.argv;
	int input = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	if (input < 0 || dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    dup2(output, STDERR_FILENO) < 0)
		_exit(EXEC_FAILED);
	/* All others close on exec; this is for those that a library forgot. */
	closefrom(STDERR_FILENO + 1);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	set_limits(probe->check);
	reset_signals();
	execve(argv[0], (char *const *)argv, environment->at);
	dprintf(STDOUT_FILENO, "%c%s: %s\n", 0, argv[0], strerror(errno));
	_exit(EXEC_FAILED);
}

/* No signal of ours may reach handlers in the child: they would wake up this loop. */
static pid_t spawn(const struct probe *probe, int output)
{
	struct environment environment;
	sigset_t all, before;
	int error;
	pid_t pid;

	fill_environment(&environment, probe);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	error = errno;
	if (!pid)
		run(probe, &environment, output);
	/* In both, as either may come first. */
	if (pid > 0)
		setpgid(pid, pid);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid < 0 ? -error : pid;
}

/* The first line is kept, the rest read, so that the program is not kept from ending. */
static void read_output(struct probe *probe)
{
	const struct probe_bytes *kept = &probe->kept;
	char *scratch = probe->prober->scratch;
	ssize_t n = read(probe->fd, scratch, sizeof(probe->prober->scratch));
	size_t room = LINE_BYTES - kept->len;

	if (n > 0 && room)
		probe_bytes_add(&probe->kept, scratch, (size_t)n < room ? (size_t)n : room);
	/* At its end it would be ready for ever. */
	if (!n)
		ev_io_stop(probe->prober->loop, &probe->io);
}

static void on_output(struct ev_loop *loop, ev_io *io, int revents)
{
	(void)loop;
	(void)revents;
	read_output(io->data);
}

static int line_len(const struct probe_bytes *kept, size_t from)
{
	size_t at = from;

	while (at < kept->len && kept->at[at] != '\n' && kept->at[at])
		at++;
	return at - from;
}

static void judge(struct probe *probe, int status)
{
	const struct probe_bytes *kept = &probe->kept;
	int len = line_len(kept, 0);

	if (WIFSIGNALED(status))
		probe_end(probe, PROBE_FAIL, "signal %d%s%.*s", WTERMSIG(status), len ? ": " : "",
			  len, kept->at);
	else if (WEXITSTATUS(status) == EXEC_FAILED && kept->len && !kept->at[0])
		probe_end(probe, PROBE_UNKNOWN, "script: %.*s", line_len(kept, 1), kept->at + 1);
	else if (WEXITSTATUS(status))
		probe_end(probe, PROBE_FAIL, "exit status %d%s%.*s", WEXITSTATUS(status),
			  len ? ": " : "", len, kept->at);
	else
		probe_end(probe, PROBE_PASS, "passed%s%.*s", len ? ": " : "", len, kept->at);
}

static void on_exit_status(struct ev_loop *loop, ev_child *watcher, int revents)
{
	struct probe *probe = watcher->data;

	(void)loop;
	(void)revents;
	if (!WIFEXITED(watcher->rstatus) && !WIFSIGNALED(watcher->rstatus))
		return;
	if (ev_is_active(&probe->io))
		read_output(probe);
	judge(probe, watcher->rstatus);
}

static void start_script(struct probe *probe)
{
	struct probe_child *child = &probe->child;
	struct ev_loop *loop = probe->prober->loop;
	int pipes[2], error;

	probe->doing = "script";
	if (!ev_is_default_loop(loop)) {
		probe_end(probe, PROBE_UNKNOWN, "script: this loop sees no children");
		return;
	}
	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK)) {
		probe_end_errno(probe, "pipe", errno);
		return;
	}
	probe->fd = pipes[0];
	/* Programs are not used to descriptors that do not block. */
	fcntl(pipes[1], F_SETFL, 0);
	child->pid = spawn(probe, pipes[1]);
	close(pipes[1]);
	if (child->pid < 0) {
		error = -child->pid;
		child->pid = 0;
		probe_end(probe, PROBE_UNKNOWN, "fork: %s", strerror(error));
		return;
	}
	ev_child_init(&child->watcher, on_exit_status, child->pid, 0);
	child->watcher.data = probe;
	ev_child_start(loop, &child->watcher);
	probe_watch(probe, probe->fd, EV_READ, on_output);
}

/* Those it left behind go too; who is left of them after it was waited for still has its group. */
static void stop_script(struct probe *probe)
{
	struct probe_child *child = &probe->child;

	if (!child->pid)
		return;
	ev_child_stop(probe->prober->loop, &child->watcher);
	kill(-child->pid, SIGKILL);
	child->pid = 0;
}

const struct probe_kind probe_script = {
	.start = start_script,
	.stop = stop_script,
};
