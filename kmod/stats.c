// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting. IPVS's counters are written as its ip_vs_in_stats() does (6.1,
 * net/netfilter/ipvs/ip_vs_core.c:121); it exports no function for that.
 */
#include "stats.h"

#include "compat.h"
#include "net.h"
#include "pair.h"

#include <net/ip_vs.h>

/* With BH off: nobody else on this CPU counts meanwhile; whoever sums up looks at any time. */
static inline void add(u64 *counter, u64 n)
{
	WRITE_ONCE(*counter, *counter + n);
}

void maglev_count(const struct maglev_net *mnet, enum maglev_counter counter, u64 n)
{
	add(&this_cpu_ptr(mnet->percpu)->counter[counter], n);
}

void maglev_count_reason(const struct maglev_net *mnet, enum maglev_reason reason)
{
	add(&this_cpu_ptr(mnet->percpu)->reason[reason], 1);
}

static void count_load(u64 *counter, const struct maglev_load *load)
{
	add(&counter[MAGLEV_COUNT_PACKETS], 1);
	add(&counter[MAGLEV_COUNT_SEGMENTS], load->segments);
	add(&counter[MAGLEV_COUNT_BYTES], load->bytes);
}

static void count_ipvs(struct ip_vs_stats *stats, const struct maglev_load *load, bool is_new)
{
	struct ip_vs_cpu_stats *cpu = this_cpu_ptr(stats->cpustats);

	u64_stats_update_begin(&cpu->syncp);
	if (is_new)
		u64_stats_inc(&cpu->cnt.conns);
	u64_stats_inc(&cpu->cnt.inpkts);
	u64_stats_add(&cpu->cnt.inbytes, load->bytes);
	u64_stats_update_end(&cpu->syncp);
}

void maglev_count_forwarded(const struct maglev_net *mnet, struct maglev_pair *pair,
			    const struct maglev_load *load, enum maglev_pair_counter event,
			    struct ip_vs_service *svc)
{
	bool is_new = event == MAGLEV_PAIR_NEW;
	struct ip_vs_dest *dest = rcu_dereference(pair->dest);
	struct maglev_pair_stats __percpu *percpu = READ_ONCE(pair->stats);
	struct maglev_pair_stats *stats;

	count_load(this_cpu_ptr(mnet->percpu)->counter, load);
	if (percpu) {
		stats = this_cpu_ptr(percpu);
		count_load(stats->counter, load);
		if (unlikely(event < MAGLEV_PAIR_COUNTERS))
			add(&stats->counter[event], 1);
	}
	if (!svc || !dest)
		return;
	count_ipvs(&dest->stats, load, is_new);
	count_ipvs(&svc->stats, load, is_new);
	count_ipvs(maglev_total_stats(svc->ipvs), load, is_new);
}

void maglev_count_unreachable(const struct maglev_pair *pair)
{
	struct maglev_pair_stats __percpu *stats = READ_ONCE(pair->stats);

	if (stats)
		add(&this_cpu_ptr(stats)->counter[MAGLEV_PAIR_UNREACHABLE], 1);
}

void maglev_count_track(const struct maglev_net *mnet, const struct maglev_decision *decision)
{
	if (unlikely(decision->foreign_lines))
		maglev_count(mnet, MAGLEV_COUNT_FOREIGN, decision->foreign_lines);
	if (likely(decision->track == MAGLEV_TRACK_NONE))
		return;
	if (decision->source == MAGLEV_SOURCE_OUTSIDE)
		maglev_count(mnet, MAGLEV_COUNT_OUTSIDE, 1);
	else if (maglev_track_placed(decision->track))
		maglev_count(mnet,
			     decision->source == MAGLEV_SOURCE_ADOPTED ? MAGLEV_COUNT_ADOPTED :
									 MAGLEV_COUNT_NEW,
			     1);
	if (decision->track == MAGLEV_TRACK_EVICTED)
		maglev_count(mnet, MAGLEV_COUNT_EVICTED, 1);
	else if (decision->track == MAGLEV_TRACK_FULL)
		maglev_count(mnet, MAGLEV_COUNT_FULL, 1);
	else if (decision->track == MAGLEV_TRACK_BUSY)
		maglev_count(mnet, MAGLEV_COUNT_BUSY, 1);
}

void maglev_stats_sum(const struct maglev_net *mnet, struct maglev_percpu *sum)
{
	const struct maglev_percpu *percpu;
	u32 i, cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		percpu = per_cpu_ptr(mnet->percpu, cpu);
		for (i = 0; i < MAGLEV_COUNTERS; i++)
			sum->counter[i] += READ_ONCE(percpu->counter[i]);
		for (i = 0; i < MAGLEV_REASON_COUNT; i++)
			sum->reason[i] += READ_ONCE(percpu->reason[i]);
	}
}

void maglev_pair_stats_sum(const struct maglev_pair *pair, struct maglev_pair_stats *sum)
{
	u32 i, cpu;

	memset(sum, 0, sizeof(*sum));
	if (!pair->stats)
		return;
	for_each_possible_cpu(cpu)
		for (i = 0; i < ARRAY_SIZE(sum->counter); i++)
			sum->counter[i] += READ_ONCE(per_cpu_ptr(pair->stats, cpu)->counter[i]);
}
