// SPDX-License-Identifier: GPL-2.0-only
/* Flows that a request wants tracked again: how many there are, and that each has a line. */
#include "netlink_request.h"

#include "netlink_policy.h"

#include <net/netlink.h>

static int check_all_there(struct nlattr **tb, const struct nlattr *nest,
			   struct netlink_ext_ack *extack)
{
	u32 type;

	for (type = MAGLEV_A_WORDS_CPU; type <= MAGLEV_A_WORDS_WORD; type++) {
		if (tb[type])
			continue;
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "words need cpu, lines, key-check, changes, line and word");
		NL_SET_ERR_ATTR_MISS(extack, nest, type);
		return -EINVAL;
	}
	return 0;
}

/* A line and a word for each of at most so many. */
static int read_arrays(struct maglev_request_words *words, struct netlink_ext_ack *extack)
{
	u32 line_len = nla_len(words->line_at), word_len = nla_len(words->word_at);

	words->n = word_len / sizeof(u64);
	words->line = nla_data(words->line_at);
	words->word = nla_data(words->word_at);
	if (word_len % sizeof(u64) || words->n > MAGLEV_NL_WORDS_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, words->word_at,
				    "word: at most 4096 of 8 bytes each are taken");
		return -EINVAL;
	}
	if (line_len == words->n * sizeof(u32))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, words->line_at, "line: 4 bytes for each word are needed");
	return -EINVAL;
}

int maglev_request_read_words(struct maglev_request_words *words, const struct nlattr *nest,
			      struct netlink_ext_ack *extack)
{
	struct nlattr *tb[MAGLEV_A_WORDS_WORD + 1];
	int err;

	memset(words, 0, sizeof(*words));
	if (!nest) {
		NL_SET_ERR_MSG(extack, "words must be given");
		NL_SET_ERR_ATTR_MISS(extack, NULL, MAGLEV_A_WORDS);
		return -EINVAL;
	}
	err = nla_parse_nested(tb, MAGLEV_A_WORDS_WORD, nest, maglev_words_nl_policy, extack);
	if (!err)
		err = check_all_there(tb, nest, extack);
	if (err)
		return err;
	words->at = nest;
	words->lines_at = tb[MAGLEV_A_WORDS_LINES];
	words->key_check_at = tb[MAGLEV_A_WORDS_KEY_CHECK];
	words->changes_at = tb[MAGLEV_A_WORDS_CHANGES];
	words->line_at = tb[MAGLEV_A_WORDS_LINE];
	words->word_at = tb[MAGLEV_A_WORDS_WORD];
	words->cpu = nla_get_u32(tb[MAGLEV_A_WORDS_CPU]);
	words->lines = nla_get_u32(words->lines_at);
	words->key_check = nla_get_u64(words->key_check_at);
	words->changes = nla_get_u32(words->changes_at);
	return read_arrays(words, extack);
}
