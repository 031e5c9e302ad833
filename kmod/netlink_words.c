// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flows that are to outlive the module, as tables have them: told of in pieces, a CPU's each,
 * and put back. What is told of is what is alive while its line is read; what is put back
 * is checked whole, then found a place, which may not be there for all.
 */
#include "netlink.h"

#include "net.h"
#include "netlink_flow.h"
#include "netlink_policy.h"
#include "restore.h"
#include "tables.h"

#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

enum {
	CHUNK = 256, /* lines under one RCU lock */
	PIECE_WORDS = 2048,
	PIECE_BYTES_MIN = 1024, /* worth another message */
	OVERHEAD_BYTES = 128, /* of a message, but for its words */
	WORD_BYTES = sizeof(u64) + sizeof(u32), /* with its line */
};

/* Of a dump: the next line. */
struct position {
	struct maglev_netlink_refusal refusal;
	const void *tables; /* to be compared, not followed */
	u32 cpu;
	u32 line;
	u16 seq;
	bool done;
};

/* What of a CPU's table fits a message. */
struct piece {
	u32 cpu;
	u32 lines;
	u64 key_check;
	u32 changes;
	u32 n;
	u32 room;
	u64 word[PIECE_WORDS];
	u32 line[PIECE_WORDS];
};

static int begin(struct netlink_callback *cb, struct netlink_ext_ack *extack)
{
	struct maglev_net *mnet = maglev_netlink_dump_net(cb);
	struct position *at = (struct position *)cb->ctx;

	static_assert(sizeof(*at) <= sizeof(cb->ctx));
	static_assert((int)PIECE_WORDS <= (int)MAGLEV_NL_WORDS_MAX);
	at->seq = 1;
	/* Those of the old tables are under another key, or in other lines. */
	if (!maglev_tables_moving(mnet))
		return 0;
	NL_SET_ERR_MSG(extack, "flows still move from the old tables: save when moving is 0");
	return -EBUSY;
}

int maglev_netlink_flow_save_start(struct netlink_callback *cb)
{
	return maglev_netlink_start(cb, begin);
}

static void take_line(struct piece *piece, const struct maglev_flow_table *table, u32 line,
		      const struct maglev_flows *flows)
{
	const u64 *words = table->words + (size_t)line * MAGLEV_LINE_WORDS;
	const struct maglev_target *target;
	u32 i;
	u64 word;

	for (i = 0; i < MAGLEV_LINE_WORDS; i++) {
		word = READ_ONCE(words[i]);
		target = maglev_netlink_target_of(flows, word);
		if (!target || maglev_word_expired(word, target, flows->now))
			continue;
		piece->word[piece->n] = maglev_word_save(word, flows->now);
		piece->line[piece->n++] = line;
	}
}

/* Return: false when the piece is full, at the end of the CPU's table, or without tables. */
static bool take_chunk(struct piece *piece, const struct maglev_net *mnet, struct position *at)
{
	const struct maglev_flow_tables *tables = rcu_dereference(mnet->tables);
	const struct maglev_flow_table *table;
	struct maglev_flows flows;
	u32 i;

	if (at->tables && at->tables != tables)
		at->seq = 2;
	at->tables = tables;
	at->done = !tables || at->cpu >= tables->n;
	if (at->done)
		return false;
	table = &tables->cpu[at->cpu];
	piece->cpu = at->cpu;
	piece->lines = table->lines;
	piece->key_check = maglev_key_check(&tables->key);
	maglev_tables_flows(mnet, &flows);
	for (i = 0; i < CHUNK; i++) {
		if (piece->room - piece->n < MAGLEV_LINE_WORDS)
			return false;
		/* Pairs with the release of a CPU that comes. */
		if (!smp_load_acquire(&table->words) || at->line >= table->lines) {
			at->cpu++;
			at->line = 0;
			return false;
		}
		take_line(piece, table, at->line++, &flows);
	}
	return true;
}

static void take_piece(struct piece *piece, const struct maglev_net *mnet, struct position *at,
		       u32 room)
{
	bool more;

	piece->n = 0;
	piece->room = room;
	do {
		rcu_read_lock();
		more = take_chunk(piece, mnet, at);
		rcu_read_unlock();
		cond_resched();
	} while (more);
}

static int fill_piece(struct sk_buff *skb, const struct piece *piece)
{
	struct nlattr *nest = nla_nest_start(skb, MAGLEV_A_WORDS);

	if (!nest || nla_put_u32(skb, MAGLEV_A_WORDS_CPU, piece->cpu) ||
	    nla_put_u32(skb, MAGLEV_A_WORDS_LINES, piece->lines) ||
	    nla_put_u64_64bit(skb, MAGLEV_A_WORDS_KEY_CHECK, piece->key_check,
			      MAGLEV_A_WORDS_PAD) ||
	    nla_put_u32(skb, MAGLEV_A_WORDS_CHANGES, piece->changes) ||
	    nla_put(skb, MAGLEV_A_WORDS_LINE, piece->n * sizeof(u32), piece->line) ||
	    nla_put(skb, MAGLEV_A_WORDS_WORD, piece->n * sizeof(u64), piece->word))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int dump_piece(struct sk_buff *skb, struct netlink_callback *cb, const struct piece *piece)
{
	void *head = maglev_netlink_begin(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					  NLM_F_MULTI, MAGLEV_CMD_FLOW_SAVE);

	if (!head)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, head);
	if (fill_piece(skb, piece)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

/* What is taken fits: the room is measured before. */
static int dump_pieces(struct sk_buff *skb, struct netlink_callback *cb, struct piece *piece)
{
	struct maglev_net *mnet = maglev_netlink_dump_net(cb);
	struct position *at = (struct position *)cb->ctx;
	int err = 0;
	u32 room;

	while (!err && !at->done && skb_tailroom(skb) >= PIECE_BYTES_MIN) {
		room = (skb_tailroom(skb) - OVERHEAD_BYTES) / WORD_BYTES;
		mutex_lock(&mnet->lock);
		piece->changes = mnet->changes;
		mutex_unlock(&mnet->lock);
		take_piece(piece, mnet, at, min_t(u32, room, PIECE_WORDS));
		cb->seq = at->seq;
		if (piece->n)
			err = dump_piece(skb, cb, piece);
	}
	return err ?: skb->len;
}

int maglev_netlink_flow_save_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	int err = maglev_netlink_refused(cb);
	struct piece *piece;

	if (err)
		return err;
	piece = kvmalloc(sizeof(*piece), GFP_KERNEL);
	if (!piece)
		return -ENOMEM;
	err = dump_pieces(skb, cb, piece);
	kvfree(piece);
	return err;
}

/* Words are of use only where they came from: the same key, the same lines, the same pairs. */
static int check_place(const struct maglev_net *mnet, const struct maglev_request_words *words,
		       struct netlink_ext_ack *extack)
{
	const struct maglev_flow_tables *tables =
		rcu_dereference_protected(mnet->tables, lockdep_is_held(&mnet->lock));

	if (!tables) {
		NL_SET_ERR_MSG_ATTR(extack, words->at,
				    "there are no flow tables: no service is forwarded, or flows is 0");
		return -ENOENT;
	}
	if (words->key_check != maglev_key_check(&tables->key)) {
		NL_SET_ERR_MSG_ATTR(extack, words->key_check_at,
				    "key-check: the flow tables are under another key");
		return -EINVAL;
	}
	if (words->lines != tables->cpu[0].lines) {
		NL_SET_ERR_MSG_ATTR(extack, words->lines_at,
				    "lines: the flow tables have another number of them");
		return -EINVAL;
	}
	if (words->changes == mnet->changes)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, words->changes_at,
			    "changes: services or backends came or went since: look their indexes up again");
	return -ESTALE;
}

/* The namespace's lock keeps a pair what it is: who is added counts as a change first. */
static int check_words(struct maglev_saved *saved, const struct maglev_net *mnet,
		       const struct maglev_request_words *words, struct netlink_ext_ack *extack)
{
	const struct maglev_targets *targets =
		rcu_dereference_protected(mnet->targets, lockdep_is_held(&mnet->lock));
	u32 i, index;

	for (i = 0; i < words->n; i++) {
		saved[i].line = maglev_request_line(words, i);
		saved[i].word = maglev_request_word(words, i);
		saved[i].done = false;
		if (saved[i].line >= words->lines) {
			NL_SET_ERR_MSG_ATTR(extack, words->line_at,
					    "line: each is less than lines");
			return -EINVAL;
		}
		index = maglev_word_index(saved[i].word);
		if (targets && index < targets->n && targets->at[index])
			continue;
		NL_SET_ERR_MSG_ATTR(extack, words->word_at,
				    "word: one has an index that no backend has");
		return -ENOENT;
	}
	return 0;
}

static int fill_restored(struct sk_buff *msg, const struct maglev_restore *restore)
{
	u32 full = restore->n - restore->put - restore->expired - restore->known;
	struct nlattr *nest = nla_nest_start(msg, MAGLEV_A_RESTORED);

	if (!nest || nla_put_u32(msg, MAGLEV_A_RESTORED_PUT, restore->put) ||
	    nla_put_u32(msg, MAGLEV_A_RESTORED_EXPIRED, restore->expired) ||
	    nla_put_u32(msg, MAGLEV_A_RESTORED_KNOWN, restore->known) ||
	    nla_put_u32(msg, MAGLEV_A_RESTORED_FULL, full))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int restore_words(struct maglev_net *mnet, const struct maglev_request_words *words,
			 struct maglev_restore *restore, struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&mnet->lock);
	err = check_place(mnet, words, extack);
	if (!err)
		err = check_words(restore->saved, mnet, words, extack);
	/* no failure beyond this line */
	if (!err)
		maglev_restore(mnet, restore);
	return err;
}

int maglev_netlink_flow_restore(struct sk_buff *skb, struct genl_info *info)
{
	struct maglev_net *mnet = maglev_net_of(genl_info_net(info));
	struct maglev_restore restore = {};
	struct maglev_request_words words;
	struct sk_buff *msg;
	void *head;
	int err;

	err = maglev_request_read_words(&words, info->attrs[MAGLEV_A_WORDS], info->extack);
	if (err)
		return err;
	restore.cpu = words.cpu;
	restore.n = words.n;
	restore.saved = kvmalloc_array(words.n ?: 1, sizeof(*restore.saved), GFP_KERNEL);
	msg = maglev_netlink_reply(info, NLMSG_DEFAULT_SIZE, &head);
	if (!restore.saved || !msg) {
		kvfree(restore.saved);
		nlmsg_free(msg);
		return -ENOMEM;
	}
	mutex_lock(&mnet->lock);
	err = restore_words(mnet, &words, &restore, info->extack);
	mutex_unlock(&mnet->lock);
	kvfree(restore.saved);
	return maglev_netlink_send(msg, head, info, err ?: fill_restored(msg, &restore));
}
