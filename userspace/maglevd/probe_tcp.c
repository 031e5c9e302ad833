// SPDX-License-Identifier: GPL-2.0-only
/* Does it accept a connection, and, if that is given, answer as expected? */
#define _GNU_SOURCE /* memmem */
#include "probe_kind.h"

#include <string.h>

static bool hear(struct probe *probe, bool closed)
{
	const struct check_talk *talk = &probe->check->talk;
	const struct probe_bytes *kept = &probe->kept;
	size_t *searched = &probe->stream.searched;

	if (memmem(kept->at + *searched, kept->len - *searched, talk->expect, talk->expect_len))
		probe_end(probe, PROBE_PASS, "passed");
	else if (closed)
		probe_end(probe, PROBE_FAIL, "answer: closed after %zu bytes, not as expected",
			  kept->len);
	/* Nothing is searched twice, but for an end that may be a beginning. */
	if (kept->len > talk->expect_len)
		*searched = kept->len - talk->expect_len;
	return probe->ended;
}

static void begin_talk(struct probe *probe)
{
	probe_stream_talk(probe, PROBE_BYTES, probe->check->talk.expect ? hear : NULL);
}

static void start_tcp(struct probe *probe)
{
	probe_stream_start(probe, begin_talk);
}

const struct probe_kind probe_tcp = {
	.start = start_tcp,
};
