// SPDX-License-Identifier: GPL-2.0-only
// fuzz-sources: userspace/maglevd/question.c
// fuzz-flags: -Iinclude/uapi -Iuserspace/maglevd -lcjson
/* Any bytes as a line at the control socket: a command is only asked for by its name. */
#define _GNU_SOURCE
#include <question.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size ? size : 1); /* of its exact size, for ASan */
	enum question question;

	if (!line)
		return 0;
	memcpy(line, data, size);
	question = question_parse(line, size);
	/* Its letters may be written as escapes. */
	if (question == QUESTION_STATUS)
		assert(memmem(line, size, "status", 6) || memmem(line, size, "\\u", 2));
	if (question == QUESTION_RELOAD)
		assert(memmem(line, size, "reload", 6) || memmem(line, size, "\\u", 2));
	if (question == QUESTION_DRAIN || question == QUESTION_UP)
		assert(memmem(line, size, "balancer-", 9) || memmem(line, size, "\\u", 2));
	if (question != QUESTION_NONE)
		assert(memmem(line, size, "{", 1));
	free(line);
	return 0;
}
