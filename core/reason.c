// SPDX-License-Identifier: GPL-2.0-only
/* Reasons by number, name and text, all from the one list. */
#include <maglev/reason.h>

struct reason {
	const char *name;
	const char *text;
	enum maglev_verdict verdict;
};

#define REASON(upper, name, verdict, text) { name, text, MAGLEV_##verdict },

static const struct reason reasons[] = { MAGLEV_REASONS(REASON) };

static_assert(sizeof(reasons) / sizeof(reasons[0]) == MAGLEV_REASON_COUNT);

enum maglev_verdict maglev_reason_verdict(enum maglev_reason reason)
{
	return reason < MAGLEV_REASON_COUNT ? reasons[reason].verdict : MAGLEV_DROP;
}

const char *maglev_reason_name(enum maglev_reason reason)
{
	return reason < MAGLEV_REASON_COUNT ? reasons[reason].name : "unknown";
}

const char *maglev_reason_text(enum maglev_reason reason)
{
	return reason < MAGLEV_REASON_COUNT ? reasons[reason].text : "unknown";
}
