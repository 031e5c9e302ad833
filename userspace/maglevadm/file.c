// SPDX-License-Identifier: GPL-2.0-only
/* Files are opened here and nowhere else. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
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

void file_claim_stdin(void)
{
	claimed = true;
}
