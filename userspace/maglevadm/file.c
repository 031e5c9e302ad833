// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE /* asprintf(), mkostemp() */
/* Files are opened here and nowhere else. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool claimed;

int file_open(const char *name)
{
	int fd;

	if (!name || !strcmp(name, "-"))
		return claimed ? -EBUSY : STDIN_FILENO;
	fd = open(name, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

void file_close(int fd)
{
	if (fd > STDIN_FILENO)
		close(fd);
}

int file_create(const char *name, char **aside)
{
	struct stat there;
	int fd, err;

	*aside = NULL;
	if (!stat(name, &there) && !S_ISREG(there.st_mode))
		return -EEXIST;
	if (asprintf(aside, "%s.XXXXXX", name) < 0) {
		*aside = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(*aside, O_CLOEXEC);
	if (fd >= 0)
		return fd;
	err = -errno;
	free(*aside);
	*aside = NULL;
	return err;
}

int file_replace(int fd, char *aside, const char *name)
{
	int err = 0;

	/* Its bytes first, or a crash leaves a file that is there and empty. */
	if (fsync(fd) || rename(aside, name))
		err = -errno;
	if (err)
		unlink(aside);
	free(aside);
	return err;
}

void file_drop(char *aside)
{
	if (aside)
		unlink(aside);
	free(aside);
}

void file_claim_stdin(void)
{
	claimed = true;
}
