// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flows that were saved go back into the lines they were in: of their CPU's table, or, where
 * that CPU has none, of another one's, whose packets' flows look there when they miss. Who
 * inserts into a table is on its CPU, packets held off, so that there is one at a time; into
 * that of a CPU which is offline nobody else inserts. What a line has is newer and stays.
 */
#include "restore.h"

#include "tables.h"

#include <linux/bottom_half.h>
#include <linux/cpu.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

enum {
	CHUNK = 64, /* flows for which packets are held off at once */
};

/* All of them, into one CPU's table. */
struct job {
	struct maglev_net *mnet;
	const struct maglev_flow_tables *tables;
	struct maglev_restore *restore;
	u32 cpu;
};

static void put_flow(const struct job *job, const struct maglev_flows *flows,
		     struct maglev_saved *saved)
{
	const struct maglev_flow_table *table = &job->tables->cpu[job->cpu];
	const struct maglev_target *target = flows->targets[maglev_word_index(saved->word)];
	struct maglev_restore *restore = job->restore;
	u64 word;

	/* Before it is given a time, which could not tell very old from new. */
	if (!target || (u8)saved->word > READ_ONCE(target->limit[maglev_word_state(saved->word)])) {
		saved->done = true;
		restore->expired++;
		return;
	}
	word = maglev_word_load(saved->word, flows->now);
	if (maglev_flow_known(table, flows, saved->line, word)) {
		saved->done = true;
		restore->known++;
	} else if (maglev_flow_restore(table, flows, saved->line, word) == MAGLEV_TRACK_NEW) {
		saved->done = true;
		restore->put++;
		maglev_tables_renew(job->tables, word, target, flows->now);
	}
}

static long put_flows(void *arg)
{
	const struct job *job = arg;
	struct maglev_restore *restore = job->restore;
	struct maglev_flows flows;
	u32 i, end;

	for (i = 0; i < restore->n;) {
		end = min_t(u32, i + CHUNK, restore->n);
		rcu_read_lock();
		local_bh_disable();
		maglev_tables_flows(job->mnet, &flows);
		for (; i < end; i++)
			if (!restore->saved[i].done)
				put_flow(job, &flows, &restore->saved[i]);
		local_bh_enable();
		rcu_read_unlock();
		cond_resched();
	}
	return 0;
}

static u32 count_left(const struct maglev_restore *restore)
{
	return restore->n - restore->put - restore->expired - restore->known;
}

void maglev_restore(struct maglev_net *mnet, struct maglev_restore *restore)
{
	struct job job = {
		.mnet = mnet,
		.tables = rcu_dereference_protected(mnet->tables, lockdep_is_held(&mnet->lock)),
		.restore = restore,
	};
	u32 i, n = job.tables->n;

	cpus_read_lock();
	/* Their own CPU first; from an absent one on, the next that has a table. */
	for (i = 0; i < n && count_left(restore); i++) {
		job.cpu = (restore->cpu % n + i) % n;
		if (!job.tables->cpu[job.cpu].words)
			continue;
		if (cpu_online(job.cpu))
			work_on_cpu(job.cpu, put_flows, &job);
		else
			put_flows(&job);
	}
	cpus_read_unlock();
}
