// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instead of control: publishes the generation that the file $MAGLEV_FIXED describes and, when the
 * workers have seen as many frames as that says, prints what they have counted and stops.
 */
#include <control.h>

#include "fixed.h"
#include <hop.h>
#include <workers.h>

#include <linux/ip_vs_maglev.h>

#include <errno.h>
#include <ev.h>
#include <inttypes.h>
#include <string.h>

static struct fixed *fixed;
static struct hops *hops;
static ev_timer timer;

struct sum {
	u64 others, handed;
	u64 reason[MAGLEV_REASON_COUNT];
	u64 counter[32];
};

static void sum_up(struct sum *sum)
{
	const struct counters *counters;
	u32 i, j;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < data_workers(); i++) {
		counters = data_counters(i);
		for (j = 0; j < MAGLEV_REASON_COUNT; j++)
			sum->reason[j] += READ_ONCE(counters->reason[j]);
		for (j = 0; j < 32; j++)
			sum->counter[j] += READ_ONCE(counters->counter[j]);
		sum->others += READ_ONCE(workers_at(i)->others);
		sum->handed += READ_ONCE(workers_at(i)->spill.handed);
	}
}

/* Of frames: each is forwarded, or has a reason; or is no service's. What passes is both. */
static u64 count_done(const struct sum *sum)
{
	u64 done = sum->counter[MAGLEV_A_COUNTERS_FORWARDED] + sum->others;
	u32 i;

	for (i = 1; i < MAGLEV_REASON_COUNT; i++)
		if (maglev_reason_verdict(i) != MAGLEV_PASS || i == MAGLEV_REASON_FRAGMENT)
			done += sum->reason[i];
	return done;
}

static void look(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	struct sum sum;

	(void)watcher;
	(void)revents;
	sum_up(&sum);
	if (fixed->frames && count_done(&sum) >= fixed->frames)
		ev_break(loop, EVBREAK_ALL);
}

static void print_sums(void)
{
	struct sum sum;
	u32 i;

	sum_up(&sum);
	printf("forwarded %" PRIu64 "\nothers %" PRIu64 "\n",
	       (uint64_t)sum.counter[MAGLEV_A_COUNTERS_FORWARDED], (uint64_t)sum.others);
	printf("new %" PRIu64 "\nhanded %" PRIu64 "\n",
	       (uint64_t)sum.counter[MAGLEV_A_COUNTERS_FLOWS_NEW], (uint64_t)sum.handed);
	for (i = 1; i < MAGLEV_REASON_COUNT; i++)
		if (sum.reason[i])
			printf("%s %" PRIu64 "\n", maglev_reason_name(i), (uint64_t)sum.reason[i]);
}

/* Control would build a generation anew; here packets see a way with another's link, at worst. */
static void follow(void *ctx)
{
	struct way *way;
	const struct hop *hop;
	u32 i;

	(void)ctx;
	for (i = 0; i < fixed->generation.n_targets; i++) {
		way = &fixed->way[i];
		hop = hops_find(hops, way->target.tunnel.addr, way->target.tunnel.addr_len);
		WRITE_ONCE(way->port, PORT_NONE);
		if (!hop->link_len)
			continue;
		way->mtu = hop->mtu;
		way->link_len = hop->link_len;
		memcpy(way->front, hop->link, hop->link_len);
		fixed_write_front(way, hop->saddr);
		WRITE_ONCE(way->port, hop->port);
	}
}

int control_open(struct ev_loop *loop, const struct control_options *options)
{
	const char *name = getenv("MAGLEV_FIXED");
	FILE *file = name ? fopen(name, "re") : NULL;

	if (!file) {
		fprintf(stderr, "maglev-dpdk: MAGLEV_FIXED: no such file\n");
		return -ENOENT;
	}
	fixed = fixed_read(file, options->flows, options->table_size);
	fclose(file);
	if (!fixed)
		return -EINVAL;
	if (fixed->by_hops) {
		hops = hops_create(loop, follow, NULL);
		if (!hops)
			return -errno;
		follow(NULL);
	}
	data_publish(&fixed->generation);
	ev_timer_init(&timer, look, 0.05, 0.05);
	ev_timer_start(loop, &timer);
	return 0;
}

void control_close(void)
{
	hops_destroy(hops);
	print_sums();
}
