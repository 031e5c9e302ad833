// SPDX-License-Identifier: GPL-2.0-only
// fuzz-sources: userspace/maglevd/agent.c
// fuzz-flags: -Iinclude/uapi -Iuserspace/maglevd
/* Any bytes as what an agent says: what is understood is in range, and an unknown word is in the line. */
#include <agent.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <linux/ip_vs_maglev.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line =
		malloc(size ? size : 1); /* of its exact size, for ASan to see one byte too many */
	struct agent agent;
	bool known;

	if (!line)
		return 0;
	memcpy(line, data, size);
	known = agent_parse(&agent, line, size);
	assert(agent.weight_percent >= -1 && agent.weight_percent <= 100);
	assert(agent.state >= -1 && agent.state <= MAGLEV_NL_STATE_DOWN);
	assert(known == !agent.unknown);
	if (!known)
		assert(agent.unknown >= line && agent.unknown_len &&
		       agent.unknown + agent.unknown_len <= line + size);
	free(line);
	return 0;
}
