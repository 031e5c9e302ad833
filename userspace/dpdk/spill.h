/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a worker has too much of, others get (paper, 3.1). A card gives all packets of one 5-tuple to one
 * queue; a flood of one would starve the flows that share it. So a worker that has received full
 * bursts for SPILL_FULL_TURNS turns, and whose queue is half full, looks which flow most of its packets
 * are of (a majority vote, which takes one candidate and one count). From then on packets of that
 * flow, and only those, are handed to the rings of the others in turn, as soon as they are read: neither
 * hashed nor looked up. Whoever gets them treats them as its own: the tables of all workers give the same
 * answer, and a flow tracked here is found there by adoption if its slot has moved. Others
 * look into their rings only when their own queues have been emptied, so that a flood costs
 * their flows nothing. What no ring has room for stays here; but if the queue is about to
 * overflow, it is dropped at once, which is cheap, rather than any flow's packets by the card.
 */
#ifndef MAGLEV_DPDK_SPILL_H
#define MAGLEV_DPDK_SPILL_H

#include <maglev/tuple.h>

struct rte_mbuf;
struct rte_ring;

enum {
	SPILL_FULL_TURNS = 8,
	SPILL_RING = 1024, /* buffers */
	SPILL_VOTES_MAX = 256, /* so that a candidate is soon gone when the flood is */
	SPILL_VOTES_MIN = 64, /* a majority */
};

/**
 * enum spill_level - what is to be done about a queue
 * @SPILL_NONE: nothing
 * @SPILL_HAND: hand what one flow has too much to others
 * @SPILL_DROP: drop what they do not take
 */
enum spill_level {
	SPILL_NONE,
	SPILL_HAND,
	SPILL_DROP,
};

/**
 * struct spill - of one worker
 * @ring: what others have handed to it
 * @next: whom it hands something to next
 * @votes: by which the candidate leads
 * @candidate: the flow that may have the majority
 * @handed: packets given to others
 */
struct spill {
	struct rte_ring *ring;
	u32 next;
	u32 votes;
	struct maglev_tuple candidate;
	u64 handed;
};

static inline bool spill_is_candidate(const struct spill *spill, const struct maglev_tuple *tuple)
{
	return spill->candidate.len == tuple->len &&
	       !memcmp(spill->candidate.byte, tuple->byte, tuple->len);
}

/* Vote for a packet's flow; @spill->votes >= SPILL_VOTES_MIN elects the candidate. */
static inline void spill_vote(struct spill *spill, const struct maglev_tuple *tuple)
{
	if (spill->votes && spill_is_candidate(spill, tuple)) {
		if (spill->votes < SPILL_VOTES_MAX)
			spill->votes++;
	} else if (spill->votes) {
		spill->votes--;
	} else {
		spill->candidate = *tuple;
		spill->votes = 1;
	}
}

/**
 * spill_open() - a ring for a worker
 * @spill: of the worker
 * @worker: its number
 *
 * Return: 0 or -errno.
 */
int spill_open(struct spill *spill, u32 worker);

/**
 * spill_give() - hand a packet to another worker
 * @spill: of who has it
 * @self: its number
 * @mbuf: the packet
 *
 * Return: false if nobody has room: it is still the caller's.
 */
bool spill_give(struct spill *spill, u32 self, struct rte_mbuf *mbuf);

#endif
