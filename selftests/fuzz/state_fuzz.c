// SPDX-License-Identifier: GPL-2.0-only
// fuzz-sources: userspace/maglevadm/state.c userspace/maglevadm/err.c userspace/maglevadm/span.c userspace/lib/*.c
// fuzz-flags: -Iinclude/uapi -Iuserspace/lib -Iuserspace/maglevadm -lmnl
/*
 * Any bytes as a file of maglevadm state save: reading it ends, and what is read of it before that is
 * of the kinds and within the bounds that are promised.
 */
#include <assert.h>
#include <maglev/flow.h>
#include <state.h>
#include <stdint.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(const struct state_reader *reader, u32 command,
			  const struct maglev_lib_message *message)
{
	u32 i;

	switch (command) {
	case MAGLEV_CMD_SETTINGS_GET:
		assert(reader->lines == message->settings.lines);
		break;
	case MAGLEV_CMD_BACKEND_GET:
		assert(message->backend.index < MAGLEV_PAIRS_MAX && message->backend.addr.len);
		assert(message->service.has & MAGLEV_LIB_HAS(SERVICE_KEY));
		break;
	case MAGLEV_CMD_SERVICE_GET:
		assert(message->service.has & MAGLEV_LIB_HAS(SERVICE_KEY));
		break;
	default:
		assert(command == MAGLEV_CMD_FLOW_SAVE);
		assert(state_flows(message) <= MAGLEV_NL_WORDS_MAX);
		for (i = 0; i < state_flows(message); i++) {
			assert(state_line(message, i) < reader->lines);
			assert(maglev_word_load(state_word(message, i), 0) >> 8 ==
			       state_word(message, i) >> 8);
		}
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	stderr = fopen("/dev/null", "w");
	assert(stderr);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct state_reader reader;
	struct maglev_lib_message message;
	u32 command;
	FILE *file;

	if (!size)
		return 0;
	file = fmemopen((void *)data, size, "r");
	assert(file);
	if (!state_open(&reader, file, "state"))
		while (!state_next(&reader, &command, &message) && command)
			check_message(&reader, command, &message);
	fclose(file);
	return 0;
}
