// SPDX-License-Identifier: GPL-2.0-only
/*
 * Warnings come before the command is run, from what IPVS holds; for the lines of -R, from
 * what it held at the start and the lines before, as ipvsadm is not at the same line as we
 * are. Where IPVS cannot be read there are none; ipvsadm says why.
 */
#define _GNU_SOURCE /* pipe2 */
#include "ipvs_restore.h"

#include "err.h"
#include "file.h"
#include "ipvs_edit.h"
#include "ipvs_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <ipvs_netlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LINE_WORDS = 64, /* no command has as many */
};

#define BLANKS " \t\r\n"

/* Read the services, or the one of @key; an empty table where that fails. */
static void read_table(struct ipvs_table *table, const struct ipvs_key *key)
{
	struct ipvs_netlink *netlink;
	int err;

	memset(table, 0, sizeof(*table));
	if (ipvs_open(&netlink))
		return;
	err = ipvs_read_table(netlink, table, key);
	if (err)
		ipvs_table_fini(table);
	ipvs_close(netlink);
}

int ipvs_edit(int argc, char **argv, const struct ipvs_words *words)
{
	struct ipvs_table table;

	read_table(&table, &words->service);
	ipvs_edit_follow(&table, words, 0);
	ipvs_table_fini(&table);
	return ipvs_pass(argc, argv);
}

/* Read a line as ipvsadm does, which leaves out its own name. @line is taken apart. */
static void read_line(struct ipvs_table *table, char *line, unsigned long number)
{
	struct ipvs_words words;
	char *word, *rest, *argv[LINE_WORDS];
	int argc = 0;

	for (word = strtok_r(line, BLANKS, &rest); word; word = strtok_r(NULL, BLANKS, &rest)) {
		if (!strcmp(word, "ipvsadm"))
			continue;
		if (argc == LINE_WORDS)
			return;
		argv[argc++] = word;
	}
	if (ipvs_words_read(&words, argc, argv))
		ipvs_edit_follow(table, &words, number);
}

/* Return: 0, or -errno; -EPIPE if ipvsadm wants no more. */
static int write_all(int fd, const char *text, size_t len)
{
	ssize_t written;

	while (len) {
		written = write(fd, text, len);
		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			text += written;
			len -= written;
		}
	}
	return 0;
}

static int feed(struct ipvs_table *table, FILE *from, int to)
{
	unsigned long number = 0;
	size_t capacity = 0;
	char *line = NULL, *copy;
	ssize_t len;
	int err = 0;

	while (!err && (len = getline(&line, &capacity, from)) >= 0) {
		number++;
		copy = strndup(line, len);
		if (copy)
			read_line(table, copy, number);
		free(copy);
		err = write_all(to, line, len);
	}
	if (!err && ferror(from))
		err = -errno;
	free(line);
	return err == -EPIPE ? 0 : err;
}

static int run(int argc, char **argv, struct ipvs_table *table, FILE *from)
{
	int ends[2], status, err;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return err_fail("pipe", errno);
	status = ipvs_spawn(&pid, argc, argv, ends[0]);
	close(ends[0]);
	err = status ? 0 : feed(table, from, ends[1]);
	close(ends[1]);
	if (status)
		return status;
	status = ipvs_wait(pid);
	return err ? err_fail("stdin", -err) : status;
}

int ipvs_restore(int argc, char **argv)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	struct ipvs_table table;
	int status, fd = file_open(NULL);
	FILE *from;

	if (fd == -EBUSY)
		return err_deny(span_of(argv[0]), "command", "stdin holds the batch");
	from = fd < 0 ? NULL : fdopen(fd, "r");
	if (!from)
		return err_fail("stdin", fd < 0 ? -fd : errno);
	read_table(&table, NULL);
	sigaction(SIGPIPE, &ignore, &before);
	status = run(argc, argv, &table, from);
	sigaction(SIGPIPE, &before, NULL);
	ipvs_table_fini(&table);
	return status;
}
