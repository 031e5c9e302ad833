// SPDX-License-Identifier: GPL-2.0-only
/* A child rather than exec: a batch goes on behind it, and -R has lines to be read first. */
#define _GNU_SOURCE /* environ */
#include "ipvs_spawn.h"

#include "err.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "ipvsadm"
#define MODPROBE "/sbin/modprobe"

enum {
	SIGNAL_STATUS = 128,
};

static int start(pid_t *pid, const char *program, char *const *argv, int input)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int err;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	err = posix_spawn_file_actions_init(&actions);
	if (err)
		return err;
	err = posix_spawnattr_init(&attributes);
	if (err)
		goto err_destroy_actions;
	err = posix_spawnattr_setsigdefault(&attributes, &defaults);
	if (!err)
		err = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	if (!err && input >= 0)
		err = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	if (!err)
		err = posix_spawnp(pid, program, &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
err_destroy_actions:
	posix_spawn_file_actions_destroy(&actions);
	return err;
}

int ipvs_spawn(pid_t *pid, int argc, char **argv, int input)
{
	char **words = calloc(argc + 2, sizeof(*words));
	int err;

	if (!words)
		return err_memory();
	words[0] = PROGRAM;
	memcpy(words + 1, argv, argc * sizeof(*words));
	fflush(stdout);
	err = start(pid, PROGRAM, words, input);
	free(words);
	if (err == ENOENT)
		return err_say(PROGRAM ": not found: install the package ipvsadm");
	return err ? err_fail(PROGRAM, err) : STATUS_DONE;
}

int ipvs_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_fail(PROGRAM, errno);
	return WIFEXITED(status) ? WEXITSTATUS(status) : SIGNAL_STATUS + WTERMSIG(status);
}

int ipvs_pass(int argc, char **argv)
{
	pid_t pid;
	int status = ipvs_spawn(&pid, argc, argv, -1);

	return status ? status : ipvs_wait(pid);
}

bool ipvs_load(void)
{
	char *words[] = { MODPROBE, "-q", "--", "ip_vs", NULL };
	pid_t pid;

	return !geteuid() && !start(&pid, MODPROBE, words, -1) && !ipvs_wait(pid);
}
