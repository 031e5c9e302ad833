// SPDX-License-Identifier: GPL-2.0-only
/* maglevd lists its services in a file, one a line as we show them, below the name of its own. */
#include "owned.h"

#include "dpdk.h"
#include "netns.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

#define OWNED_FILE "/run/maglevd/services"

enum {
	LINE_BYTES = 4096,
};

/* Return: is it there? Then @config is the name of maglevd's file. */
static bool find_service(const char *service, char config[LINE_BYTES])
{
	FILE *file = fopen(OWNED_FILE, "re");
	char line[LINE_BYTES];
	bool found = false;

	strcpy(config, "its file");
	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		if (line[0] == '#' && line[1] == ' ')
			strcpy(config, line + 2);
		found = !strcmp(line, service);
	}
	if (file)
		fclose(file);
	return found;
}

/* The file does not say whose services it lists: most likely those of where we were started. */
static bool is_elsewhere(void)
{
	return dpdk_socket || netns_is_entered();
}

int owned_check(const struct order *order)
{
	u64 weight = order->message.backend.has & MAGLEV_LIB_HAS(BACKEND_NOMINAL_WEIGHT);
	u64 share = order->message.backend.has & MAGLEV_LIB_HAS(BACKEND_SHARE);
	char service[SHOW_NAME], config[LINE_BYTES];
	const struct note *note;

	if (order->force || !(weight | share) || is_elsewhere() ||
	    !find_service(show_service(&order->message.service.key, service), config))
		return STATUS_DONE;
	note = order_find(order, MAGLEV_ENTRY_NONE,
			  weight ? "backend.nominal-weight" : "backend.share");
	return err_deny(note ? note->at : span_of(""), weight ? "weight" : "share",
			"%s is maglevd's, which has it from %s: change it there, or say --force, which holds until maglevd changes it",
			service, config);
}
