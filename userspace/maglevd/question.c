// SPDX-License-Identifier: GPL-2.0-only
/* An object with a command; other keys, and what follows it, are nobody's. */
#include "question.h"

#include <cjson/cJSON.h>
#include <string.h>

static enum question find_command(const char *name)
{
	if (!strcmp(name, "status"))
		return QUESTION_STATUS;
	if (!strcmp(name, "reload"))
		return QUESTION_RELOAD;
	if (!strcmp(name, "balancer-drain"))
		return QUESTION_DRAIN;
	if (!strcmp(name, "balancer-up"))
		return QUESTION_UP;
	return QUESTION_UNKNOWN;
}

enum question question_parse(const char *line, size_t len)
{
	cJSON *root = cJSON_ParseWithLength(line, len);
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(root, "command");
	enum question question = QUESTION_NONE;

	if (cJSON_IsString(name))
		question = find_command(name->valuestring);
	cJSON_Delete(root);
	return question;
}
