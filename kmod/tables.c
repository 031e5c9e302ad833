// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flow tables. Packets follow mnet->tables under RCU; whoever replaces them holds
 * tables_lock. Each CPU inserts into its own table only; the sweep works on the CPU whose
 * table it is, or, if that is offline, wherever the work queue runs it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "tables.h"

#include "compat.h"
#include "pair.h"
#include "publish.h"
#include "service.h"

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

enum {
	STEPS = 40, /* of a full sweep, a pulse each */
	STEPS_FAST = 4,
	CHUNK = 64, /* lines under one RCU lock */
};

/**
 * struct maglev_sweep - the sweep of one CPU's tables
 * @work: sweeps one step
 * @mnet: the namespace
 * @cpu: whose
 * @steps: how many make a full sweep
 * @step: the next one
 * @busy: a step is under way
 * @blind: there was no memory for counting; nothing follows from this sweep
 * @n_counts: entries of @counts
 * @counts: flows by pair index, of the sweep under way
 * @old_alive: flows in the old table, likewise
 * @alive: flows in both
 *
 * Written by the work while @busy, else by the pulse.
 */
struct maglev_sweep {
	struct work_struct work;
	struct maglev_net *mnet;
	u32 cpu;
	u32 steps;
	u32 step;
	bool busy;
	bool blind;
	u32 n_counts;
	u32 *counts;
	u64 old_alive;
	u64 alive;
};

static struct workqueue_struct *sweep_queue __ro_after_init;
static enum cpuhp_state hotplug_state __ro_after_init;
static DEFINE_MUTEX(nets_lock); /* protects nets; taken before a namespace's tables_lock */
static LIST_HEAD(nets);

static struct maglev_flow_tables *tables_of(const struct maglev_net *mnet)
{
	return rcu_dereference_protected(mnet->tables, lockdep_is_held(&mnet->tables_lock));
}

static int add_table(struct maglev_flow_tables *tables, u32 cpu)
{
	struct maglev_flow_table *table = &tables->cpu[cpu];
	size_t bytes = (size_t)table->lines * MAGLEV_LINE_BYTES;
	u64 *words;

	if (table->words)
		return 0;
	/* As large as whoever asked likes: too large fails, and takes nobody else's. */
	words = kvmalloc_node(bytes,
			      GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN | __GFP_RETRY_MAYFAIL,
			      cpu_to_node(cpu));
	if (!words)
		return -ENOMEM;
	/* Packets of that CPU may come any time. */
	smp_store_release(&table->words, words);
	WRITE_ONCE(tables->active, tables->active + 1);
	return 0;
}

static void free_tables(struct maglev_flow_tables *tables)
{
	u32 cpu;

	if (!tables)
		return;
	for (cpu = 0; cpu < tables->n; cpu++)
		kvfree(tables->cpu[cpu].words);
	kvfree(tables);
}

/* Called with CPU hotplug held off. */
static struct maglev_flow_tables *alloc_tables(const struct maglev_key *key, u32 flows)
{
	struct maglev_flow_tables *tables;
	u32 cpu, lines = maglev_flow_lines(flows, num_online_cpus());

	tables = kvzalloc(struct_size(tables, cpu, nr_cpu_ids), GFP_KERNEL_ACCOUNT);
	if (!tables)
		return NULL;
	tables->key = *key;
	tables->n = nr_cpu_ids;
	for (cpu = 0; cpu < tables->n; cpu++)
		tables->cpu[cpu].lines = lines;
	for_each_online_cpu(cpu) {
		if (add_table(tables, cpu)) {
			free_tables(tables);
			return NULL;
		}
	}
	return tables;
}

static void sweep_work(struct work_struct *work);

static int create_sweeps(struct maglev_net *mnet)
{
	struct maglev_sweep *sweeps;
	u32 cpu;

	sweeps = kvcalloc(nr_cpu_ids, sizeof(*sweeps), GFP_KERNEL_ACCOUNT);
	if (!sweeps)
		return -ENOMEM;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		INIT_WORK(&sweeps[cpu].work, sweep_work);
		sweeps[cpu].mnet = mnet;
		sweeps[cpu].cpu = cpu;
	}
	mnet->sweeps = sweeps;
	return 0;
}

static int create_locked(struct maglev_net *mnet)
{
	struct maglev_flow_tables *tables;
	int err;

	if (tables_of(mnet) || !mnet->flows || mnet->dying)
		return 0;
	tables = alloc_tables(&mnet->key, mnet->flows);
	if (!tables)
		return -ENOMEM;
	err = create_sweeps(mnet);
	if (err) {
		free_tables(tables);
		return err;
	}
	rcu_assign_pointer(mnet->tables, tables);
	list_add(&mnet->nets, &nets);
	return 0;
}

int maglev_tables_create(struct maglev_net *mnet)
{
	int err;

	cpus_read_lock();
	mutex_lock(&nets_lock);
	mutex_lock(&mnet->tables_lock);
	err = create_locked(mnet);
	mutex_unlock(&mnet->tables_lock);
	mutex_unlock(&nets_lock);
	cpus_read_unlock();
	return err;
}

static bool is_complete(const struct maglev_net *mnet)
{
	const struct maglev_flow_tables *tables;
	bool complete = true;
	u32 cpu;

	rcu_read_lock();
	tables = rcu_dereference(mnet->tables);
	for_each_online_cpu(cpu)
		complete &= !tables || READ_ONCE(tables->cpu[cpu].words);
	rcu_read_unlock();
	return complete;
}

void maglev_tables_complete(struct maglev_net *mnet)
{
	struct maglev_flow_tables *tables;
	u32 cpu;

	if (is_complete(mnet))
		return;
	cpus_read_lock();
	mutex_lock(&mnet->tables_lock);
	tables = tables_of(mnet);
	for_each_online_cpu(cpu)
		if (tables && !tables->cpu[cpu].words && !add_table(tables, cpu))
			pr_info("CPU %u has its flow table now\n", cpu);
	mutex_unlock(&mnet->tables_lock);
	cpus_read_unlock();
}

static void end_sweeps(struct maglev_net *mnet)
{
	struct maglev_sweep *sweeps = mnet->sweeps;
	u32 cpu;

	if (!sweeps)
		return;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		cancel_work_sync(&sweeps[cpu].work);
		kvfree(sweeps[cpu].counts);
	}
	mnet->sweeps = NULL;
	kvfree(sweeps);
}

void maglev_tables_destroy(struct maglev_net *mnet)
{
	struct maglev_flow_tables *tables, *old = NULL;

	mutex_lock(&nets_lock);
	mutex_lock(&mnet->tables_lock);
	tables = tables_of(mnet);
	RCU_INIT_POINTER(mnet->tables, NULL);
	if (tables) {
		list_del(&mnet->nets);
		old = tables->old;
	}
	mutex_unlock(&mnet->tables_lock);
	mutex_unlock(&nets_lock);
	if (!tables)
		return;
	end_sweeps(mnet);
	synchronize_rcu();
	free_tables(old);
	free_tables(tables);
}

/* Of one index in what the last sweep has counted; of no sweep, none. */
static u32 counted(const struct maglev_sweep *sweeps, u32 index)
{
	u32 cpu, n = 0;

	for (cpu = 0; sweeps && cpu < nr_cpu_ids; cpu++)
		if (index < sweeps[cpu].n_counts)
			n += sweeps[cpu].counts[index];
	return n;
}

static void gather(struct maglev_net *mnet)
{
	const struct maglev_targets *targets =
		rcu_dereference_protected(mnet->targets, lockdep_is_held(&mnet->lock));
	const struct maglev_sweep *sweeps = mnet->sweeps;
	struct maglev_target *target;
	u32 i;

	for (i = 0; targets && i < targets->n; i++) {
		target = targets->at[i];
		if (target)
			maglev_pair_of(target)->flows = counted(sweeps, i);
	}
	mnet->alive = 0;
	mnet->old_alive = 0;
	for (i = 0; sweeps && i < nr_cpu_ids; i++) {
		mnet->alive += sweeps[i].alive;
		mnet->old_alive += sweeps[i].old_alive;
	}
}

int maglev_tables_replace(struct maglev_net *mnet, const struct maglev_key *key, u32 flows)
{
	struct maglev_flow_tables *tables, *old;
	int err = 0;

	if (!flows) {
		maglev_tables_destroy(mnet);
		gather(mnet);
		return 0;
	}
	cpus_read_lock();
	mutex_lock(&mnet->tables_lock);
	old = tables_of(mnet);
	if (!old)
		goto out;
	err = -EBUSY;
	if (old->old)
		goto out;
	err = -ENOMEM;
	tables = alloc_tables(key, flows);
	if (!tables)
		goto out;
	tables->old = old;
	mnet->old_until = ktime_get_seconds() + MAGLEV_TIMEOUT_ESTABLISHED_MAX;
	/* Not before a sweep that has seen them says so. */
	mnet->old_since = mnet->sweeps_done;
	rcu_assign_pointer(mnet->tables, tables);
	err = 0;
out:
	mutex_unlock(&mnet->tables_lock);
	cpus_read_unlock();
	return err;
}

bool maglev_tables_moving(struct maglev_net *mnet)
{
	struct maglev_flow_tables *tables;
	bool moving;

	mutex_lock(&mnet->tables_lock);
	tables = tables_of(mnet);
	moving = tables && tables->old;
	mutex_unlock(&mnet->tables_lock);
	return moving;
}

struct maglev_flow_tables *maglev_tables_detach_old(struct maglev_net *mnet)
{
	struct maglev_flow_tables *tables, *old = NULL;

	mutex_lock(&mnet->tables_lock);
	tables = tables_of(mnet);
	if (tables) {
		old = tables->old;
		WRITE_ONCE(tables->old, NULL);
	}
	mutex_unlock(&mnet->tables_lock);
	return old;
}

void maglev_tables_free(struct maglev_flow_tables *tables)
{
	synchronize_rcu();
	free_tables(tables);
}

static u64 table_bytes(const struct maglev_flow_tables *tables)
{
	u64 bytes = struct_size(tables, cpu, tables->n);
	u32 cpu;

	for (cpu = 0; cpu < tables->n; cpu++)
		if (tables->cpu[cpu].words)
			bytes += (u64)tables->cpu[cpu].lines * MAGLEV_LINE_BYTES;
	return bytes;
}

u64 maglev_tables_bytes(struct maglev_net *mnet)
{
	struct maglev_flow_tables *tables;
	u64 bytes = 0;

	mutex_lock(&mnet->tables_lock);
	tables = tables_of(mnet);
	if (tables)
		bytes = table_bytes(tables) + (tables->old ? table_bytes(tables->old) : 0);
	mutex_unlock(&mnet->tables_lock);
	return bytes;
}

void maglev_tables_flows(const struct maglev_net *mnet, struct maglev_flows *flows)
{
	const struct maglev_targets *targets = rcu_dereference(mnet->targets);

	flows->targets = targets ? targets->at : NULL;
	flows->n_targets = targets ? targets->n : 0;
	flows->now = ktime_get_seconds();
}

u32 maglev_tables_lines(const struct maglev_net *mnet)
{
	const struct maglev_flow_tables *tables =
		rcu_dereference_protected(mnet->tables, lockdep_is_held(&mnet->lock));

	return tables ? tables->cpu[0].lines : 0;
}

void maglev_tables_renew(const struct maglev_flow_tables *tables, u64 word,
			 const struct maglev_target *target, u32 now)
{
	const struct maglev_pair *pair = container_of(target, struct maglev_pair, target);
	const struct maglev_service *service = READ_ONCE(pair->service);
	const struct maglev_generation *generation;
	const struct maglev_view *view;
	u32 slot;
	u16 place;

	if (!service)
		return;
	generation = rcu_dereference(service->generation);
	if (!generation)
		return;
	view = &generation->view;
	if (!view->changed_at || view->mode != MAGLEV_MODE_TUPLE ||
	    memcmp(&view->key, &tables->key, sizeof(view->key)))
		return;
	slot = maglev_word_slot(word, view->size);
	place = view->live[slot];
	if (place == MAGLEV_EMPTY || view->targets[place] != target)
		WRITE_ONCE(view->changed_at[slot], maglev_stamp(now));
}

struct seen {
	struct maglev_sweep *sweep;
	const struct maglev_flow_tables *tables;
	u32 now;
};

static void see(void *ctx, u64 word, const struct maglev_target *target)
{
	struct seen *seen = ctx;

	if (target->index < seen->sweep->n_counts)
		seen->sweep->counts[target->index]++;
	maglev_tables_renew(seen->tables, word, target, seen->now);
}

/* Return: flows seen alive in this part of the table. */
static u64 sweep_table(struct maglev_sweep *sweep, bool old)
{
	struct maglev_net *mnet = sweep->mnet;
	const struct maglev_flow_tables *tables;
	struct seen seen = { .sweep = sweep };
	struct maglev_flows flows;
	u32 lines, first, end, n;
	u64 alive = 0;

	rcu_read_lock();
	tables = rcu_dereference(mnet->tables);
	if (tables && old)
		tables = READ_ONCE(tables->old);
	lines = tables ? tables->cpu[sweep->cpu].lines : 0;
	rcu_read_unlock();
	first = maglev_div64((u64)lines * sweep->step, sweep->steps);
	end = maglev_div64((u64)lines * (sweep->step + 1), sweep->steps);
	while (first < end) {
		n = min_t(u32, CHUNK, end - first);
		rcu_read_lock();
		tables = rcu_dereference(mnet->tables);
		if (tables && old)
			tables = READ_ONCE(tables->old);
		if (!tables || tables->cpu[sweep->cpu].lines != lines) {
			rcu_read_unlock();
			break;
		}
		maglev_tables_flows(mnet, &flows);
		seen.tables = tables;
		seen.now = flows.now;
		alive += maglev_flow_sweep(&tables->cpu[sweep->cpu], &flows, first, n, see, &seen);
		rcu_read_unlock();
		cond_resched();
		first += n;
	}
	return alive;
}

static void sweep_work(struct work_struct *work)
{
	struct maglev_sweep *sweep = container_of(work, struct maglev_sweep, work);
	u64 old_alive;

	old_alive = sweep_table(sweep, true);
	sweep->old_alive += old_alive;
	sweep->alive += old_alive + sweep_table(sweep, false);
	sweep->step++;
	/* Pairs with the pulse, which then may look at what was counted. */
	smp_store_release(&sweep->busy, false);
}

/* Start over, with room for every index there is now. */
static void begin_sweep(struct maglev_sweep *sweep, u32 n, u32 steps)
{
	if (sweep->n_counts < n) {
		kvfree(sweep->counts);
		sweep->counts = kvcalloc(n, sizeof(*sweep->counts), GFP_KERNEL_ACCOUNT);
		sweep->n_counts = sweep->counts ? n : 0;
	} else if (sweep->counts) {
		memset(sweep->counts, 0, sweep->n_counts * sizeof(*sweep->counts));
	}
	sweep->blind = n && !sweep->counts;
	sweep->steps = steps;
	sweep->step = 0;
	sweep->alive = 0;
	sweep->old_alive = 0;
}

static void begin_sweeps(struct maglev_net *mnet, u32 steps)
{
	const struct maglev_targets *targets =
		rcu_dereference_protected(mnet->targets, lockdep_is_held(&mnet->lock));
	u32 cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		begin_sweep(&mnet->sweeps[cpu], targets ? targets->n : 0, steps);
}

static bool has_table(const struct maglev_net *mnet, u32 cpu)
{
	const struct maglev_flow_tables *tables, *old;
	bool has;

	rcu_read_lock();
	tables = rcu_dereference(mnet->tables);
	old = tables ? READ_ONCE(tables->old) : NULL;
	has = tables &&
	      (READ_ONCE(tables->cpu[cpu].words) || (old && READ_ONCE(old->cpu[cpu].words)));
	rcu_read_unlock();
	return has;
}

bool maglev_sweep_step(struct maglev_net *mnet, bool fast)
{
	struct maglev_sweep *sweeps = mnet->sweeps;
	u32 cpu, steps = fast ? STEPS_FAST : STEPS;
	bool done = true, blind = false;

	if (!sweeps)
		return false;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		/* Pairs with the end of sweep_work(). */
		if (smp_load_acquire(&sweeps[cpu].busy))
			return false;
		done &= sweeps[cpu].step >= sweeps[cpu].steps;
		blind |= sweeps[cpu].blind;
	}
	if (done && sweeps[0].steps && !blind) {
		gather(mnet);
		mnet->sweeps_done++;
	}
	/* Whoever waits does not wait for the end of a slow one that began before. */
	if (done || sweeps[0].steps > steps)
		begin_sweeps(mnet, steps);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		if (!has_table(mnet, cpu)) {
			sweeps[cpu].step++;
			continue;
		}
		sweeps[cpu].busy = true;
		/* Should the CPU go meanwhile, another one runs it. */
		queue_work_on(cpu_online(cpu) ? cpu : WORK_CPU_UNBOUND, sweep_queue,
			      &sweeps[cpu].work);
	}
	return done;
}

struct flush {
	u32 service;
	const struct maglev_pair *pair;
	u64 n;
};

static bool is_flushed(const struct flush *flush, const struct maglev_target *target)
{
	if (!target)
		return false;
	if (flush->pair)
		return target == &flush->pair->target;
	return !flush->service || target->service == flush->service;
}

static void flush_lines(const struct maglev_flow_table *table, u32 first, u32 n,
			const struct maglev_flows *flows, struct flush *flush)
{
	u64 *at = table->words + (size_t)first * MAGLEV_LINE_WORDS, word;
	const struct maglev_target *target;
	u32 i, index;

	for (i = 0; i < n * MAGLEV_LINE_WORDS; i++) {
		word = READ_ONCE(at[i]);
		index = maglev_word_index(word);
		target = index < flows->n_targets ? READ_ONCE(flows->targets[index]) : NULL;
		if (word && is_flushed(flush, target) && maglev_flow_change(&at[i], word, 0))
			flush->n++;
	}
}

static void flush_table(struct maglev_net *mnet, const struct maglev_flow_table *table,
			struct flush *flush)
{
	struct maglev_flows flows;
	u32 first, n;

	for (first = 0; table->words && first < table->lines; first += n) {
		n = min_t(u32, CHUNK, table->lines - first);
		rcu_read_lock();
		maglev_tables_flows(mnet, &flows);
		flush_lines(table, first, n, &flows, flush);
		rcu_read_unlock();
		cond_resched();
	}
}

u64 maglev_tables_flush(struct maglev_net *mnet, u32 service, const struct maglev_pair *pair)
{
	struct flush flush = { .service = service, .pair = pair };
	struct maglev_flow_tables *tables;
	u32 cpu;

	mutex_lock(&mnet->tables_lock);
	for (tables = tables_of(mnet); tables; tables = tables->old)
		for (cpu = 0; cpu < tables->n; cpu++)
			flush_table(mnet, &tables->cpu[cpu], &flush);
	mutex_unlock(&mnet->tables_lock);
	return flush.n;
}

/* Before the CPU comes; the others take packets meanwhile. */
static int prepare_cpu(unsigned int cpu)
{
	struct maglev_flow_tables *tables;
	struct maglev_net *mnet;

	mutex_lock(&nets_lock);
	list_for_each_entry(mnet, &nets, nets) {
		mutex_lock(&mnet->tables_lock);
		tables = tables_of(mnet);
		/* Without memory its flows are not tracked; that must not keep a CPU away. */
		if (add_table(tables, cpu))
			pr_warn_ratelimited("no memory yet for the flow table of CPU %u\n", cpu);
		mutex_unlock(&mnet->tables_lock);
	}
	mutex_unlock(&nets_lock);
	return 0;
}

int __init maglev_tables_init(void)
{
	int state;

	sweep_queue = maglev_percpu_queue("ip_vs_maglev_sweep");
	if (!sweep_queue)
		return -ENOMEM;
	state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "ip_vs_maglev:prepare", prepare_cpu,
					  NULL);
	if (state < 0) {
		destroy_workqueue(sweep_queue);
		return state;
	}
	hotplug_state = state;
	return 0;
}

void maglev_tables_fini(void)
{
	cpuhp_remove_state_nocalls(hotplug_state);
	destroy_workqueue(sweep_queue);
}
