// SPDX-License-Identifier: GPL-2.0-only
// fuzz-sources: userspace/maglevd/probe_weight.c
// fuzz-flags: -Iinclude/uapi -Iuserspace/maglevd
/* Any bytes as a line of an HTTP header: a weight is in range or none, and nothing else is one. */
#include <probe_weight.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size ? size : 1); /* of its exact size, for ASan */
	double weight = 5.;

	if (!line)
		return 0;
	memcpy(line, data, size);
	if (probe_weight_read(line, size, &weight))
		assert(weight == -1. || (weight >= 0. && weight <= PROBE_WEIGHT_MAX));
	else
		assert(weight == 5.);
	free(line);
	return 0;
}
