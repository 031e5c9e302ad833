// SPDX-License-Identifier: GPL-2.0-only
/*
 * What does the agent there say? That it says something is a pass, be it "down": what follows
 * from it is for those to decide who asked.
 */
#include "probe_kind.h"

#include "agent.h"

enum {
	WORD_SHOWN = 32,
};

static size_t line_len(const struct probe_bytes *kept)
{
	size_t len = 0;

	while (len < kept->len && kept->at[len] != '\n' && kept->at[len] != '\r')
		len++;
	return len;
}

static void judge(struct probe *probe)
{
	const struct probe_bytes *kept = &probe->kept;
	struct agent agent;
	int shown;

	if (!agent_parse(&agent, kept->at, kept->len)) {
		shown = agent.unknown_len < WORD_SHOWN ? agent.unknown_len : WORD_SHOWN;
		probe_end(probe, PROBE_FAIL, "agent: unknown word: %.*s", shown, agent.unknown);
		return;
	}
	probe->answer.weight_percent = agent.weight_percent;
	probe->answer.agent_state = agent.state;
	probe_end(probe, PROBE_PASS, "agent: %.*s", (int)line_len(kept), kept->at);
}

static bool hear(struct probe *probe, bool closed)
{
	if (closed && !probe->kept.len)
		probe_end(probe, PROBE_FAIL, "agent: closed without a word");
	else if (closed || line_len(&probe->kept) < probe->kept.len)
		judge(probe);
	return probe->ended;
}

static void begin_talk(struct probe *probe)
{
	probe_stream_talk(probe, AGENT_LINE_BYTES, hear);
}

static void start_agent(struct probe *probe)
{
	probe_stream_start(probe, begin_talk);
}

const struct probe_kind probe_agent = {
	.start = start_agent,
};
