// SPDX-License-Identifier: GPL-2.0-only
/* A line of JSON there, a line of JSON back. */
#include "daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define RUN_DIRECTORY "/run/maglevd"

enum {
	ANSWER_BYTES = 64 * 1024 * 1024, /* what is read at most */
	QUESTION_BYTES = 128,
	PATIENCE_S = 60, /* it may be reading a large file */
};

/* Return: the socket, or STATUS_FAILED negated after it has been said. */
static int connect_daemon(const char *directory)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s/control",
		     directory ?: RUN_DIRECTORY) >= (int)sizeof(address.sun_path))
		return -err_fail(directory, ENAMETOOLONG);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -err_fail("socket", errno);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (!connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		return fd;
	if (errno == ENOENT || errno == ECONNREFUSED)
		err_say("%s: maglevd does not run here", address.sun_path);
	else
		err_fail(address.sun_path, errno);
	close(fd);
	return -STATUS_FAILED;
}

/* Return: the answer, ended by NUL, to be freed; NULL with errno. */
static char *exchange(int fd, const char *question)
{
	size_t len = 0, capacity = 0;
	char *answer = NULL, *grown;
	ssize_t got;

	if (send(fd, question, strlen(question), MSG_NOSIGNAL) < 0)
		return NULL;
	do {
		if (capacity - len < 2) {
			capacity = 2 * capacity + QUESTION_BYTES;
			grown = capacity <= ANSWER_BYTES ? realloc(answer, capacity) : NULL;
			if (!grown) {
				free(answer);
				errno = ENOMEM;
				return NULL;
			}
			answer = grown;
		}
		got = recv(fd, answer + len, capacity - len - 1, 0);
		if (got > 0)
			len += got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	answer[len] = 0;
	if (!got)
		return answer;
	free(answer);
	return NULL;
}

int daemon_ask(const char *directory, const char *command, cJSON **answer)
{
	int fd = connect_daemon(directory);
	char question[QUESTION_BYTES];
	const cJSON *error;
	char *text;

	if (fd < 0)
		return -fd;
	snprintf(question, sizeof(question), "{\"command\": \"%s\"}\n", command);
	text = exchange(fd, question);
	close(fd);
	if (!text)
		return err_fail("maglevd", errno);
	*answer = cJSON_Parse(text);
	free(text);
	error = cJSON_GetObjectItemCaseSensitive(*answer, "error");
	if (cJSON_IsObject(*answer) && !error)
		return STATUS_DONE;
	err_say("maglevd: %s", cJSON_IsString(error) ? error->valuestring : "no answer");
	cJSON_Delete(*answer);
	return STATUS_FAILED;
}
