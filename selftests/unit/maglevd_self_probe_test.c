// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/maglevd/dataplane.c userspace/maglevd/self_probe.c userspace/maglevd/clock.c userspace/lib/*.c
// unit-flags: -Iuserspace/maglevd -Iinclude/uapi -Iuserspace/lib -lmnl
/* What the module's answer says of a VIP: only one that gets a client to a backend is good. */
#include "fixture.h"

#include <self_probe.h>
#include <string.h>

static char why[SELF_PROBE_WHY];

static struct maglev_lib_message answer_of(u32 verdict, u32 reason, const char *text,
					   bool is_chosen)
{
	struct maglev_lib_message answer = { .has = MAGLEV_LIB_HAS(DECISION) };

	answer.decision.verdict = verdict;
	answer.decision.reason = reason;
	snprintf(answer.decision.reason_text, sizeof(answer.decision.reason_text), "%s", text);
	if (is_chosen)
		answer.decision.has |= MAGLEV_LIB_HAS(DECISION_CHOSEN);
	memset(why, 0, sizeof(why));
	return answer;
}

static void self_probe_is_good_if_it_is_forwarded(void **state)
{
	struct maglev_lib_message answer =
		answer_of(MAGLEV_NL_VERDICT_FORWARD, MAGLEV_NL_REASON_NONE, "", true);

	(void)state;
	assert_true(self_probe_judge(&answer, why));
}

static void self_probe_is_good_if_the_backend_is_this_host(void **state)
{
	struct maglev_lib_message answer =
		answer_of(MAGLEV_NL_VERDICT_PASS, MAGLEV_NL_REASON_LOCAL, "local", true);

	(void)state;
	assert_true(self_probe_judge(&answer, why));
}

static void self_probe_is_good_if_ipvs_forwards_to_a_backend_of_ours(void **state)
{
	struct maglev_lib_message answer =
		answer_of(MAGLEV_NL_VERDICT_PASS, MAGLEV_NL_REASON_NOT_OURS, "left to IPVS", true);

	(void)state;
	assert_true(self_probe_judge(&answer, why));
	answer.decision.has = 0;
	assert_false(self_probe_judge(&answer, why));
	assert_string_equal(why, "no backend can take it");
}

static void self_probe_is_bad_and_says_why_otherwise(void **state)
{
	static const struct {
		u32 verdict, reason;
	} bad[] = {
		{ MAGLEV_NL_VERDICT_REJECT, MAGLEV_NL_REASON_NO_BACKEND },
		{ MAGLEV_NL_VERDICT_DROP, MAGLEV_NL_REASON_NO_ROUTE },
		{ MAGLEV_NL_VERDICT_DROP, MAGLEV_NL_REASON_NO_MEMORY },
		{ MAGLEV_NL_VERDICT_PASS, MAGLEV_NL_REASON_MARK },
	};
	struct maglev_lib_message answer;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		answer = answer_of(bad[i].verdict, bad[i].reason, "this is why", false);
		assert_false(self_probe_judge(&answer, why));
		assert_string_equal(why, "this is why");
	}
}

static void self_probe_is_bad_if_the_answer_says_nothing(void **state)
{
	struct maglev_lib_message answer = answer_of(MAGLEV_NL_VERDICT_FORWARD, 0, "", true);

	(void)state;
	answer.has = 0;
	assert_false(self_probe_judge(&answer, why));
	assert_true(*why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(self_probe_is_good_if_it_is_forwarded),
		cmocka_unit_test(self_probe_is_good_if_the_backend_is_this_host),
		cmocka_unit_test(self_probe_is_good_if_ipvs_forwards_to_a_backend_of_ours),
		cmocka_unit_test(self_probe_is_bad_and_says_why_otherwise),
		cmocka_unit_test(self_probe_is_bad_if_the_answer_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
