// SPDX-License-Identifier: GPL-2.0-only
#include "dpdk_stand_in.h"

#include <stdlib.h>
#include <string.h>

enum {
	WORKERS_MAX = 8,
	ALLOC_MAX = 64 << 20, /* who asks for more tests what happens then */
};

struct stand_in stand_in = { .workers = 2 };

static struct counters counters[WORKERS_MAX];
static struct pair_counters pairs[WORKERS_MAX][MAGLEV_PAIRS_MAX];

struct counters *stand_in_counters(u32 worker)
{
	counters[worker].pair = pairs[worker];
	return &counters[worker];
}

u32 data_workers(void)
{
	return stand_in.workers;
}

const struct counters *data_counters(u32 worker)
{
	return stand_in_counters(worker);
}

void data_publish(const struct generation *generation)
{
	stand_in.generation = generation;
	stand_in.published++;
}

u64 data_moment(void)
{
	return ++stand_in.moment;
}

bool data_is_past(u64 moment)
{
	return moment <= stand_in.moment && !stand_in.stalled;
}

void *data_alloc(size_t bytes, u32 worker)
{
	void *memory = bytes > ALLOC_MAX ? NULL : aligned_alloc(LINE_BYTES, bytes);

	(void)worker;
	if (memory)
		memset(memory, 0, bytes);
	return memory;
}

void data_free(void *memory, size_t bytes)
{
	(void)bytes;
	free(memory);
}

struct hops *hops_create(struct ev_loop *loop, void (*changed)(void *ctx), void *ctx)
{
	static const u8 saddr4[] = { 192, 0, 2, 1 }, saddr6[] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
	u32 i;

	(void)loop;
	(void)ctx;
	stand_in.hops_changed = changed;
	for (i = 0; i < 2; i++)
		stand_in.hop[i] = (struct hop){ .link_len = 14, .mtu = 1500, .ifindex = 1 };
	memcpy(stand_in.hop[0].saddr, saddr4, sizeof(saddr4));
	memcpy(stand_in.hop[1].saddr, saddr6, sizeof(saddr6));
	return (struct hops *)&stand_in;
}

const struct hop *hops_find(struct hops *hops, const u8 *addr, u32 addr_len)
{
	(void)hops;
	(void)addr;
	return &stand_in.hop[addr_len == MAGLEV_IPV6_BYTES];
}

void hops_forget(struct hops *hops, const u8 *addr, u32 addr_len)
{
	(void)hops;
	(void)addr;
	(void)addr_len;
}

void hops_destroy(struct hops *hops)
{
	(void)hops;
}
