// SPDX-License-Identifier: GPL-2.0-only
/*
 * The golden vectors again without a test library, for compilers and word sizes that have
 * none: freestanding_test.sh compares what 32 and 64 bit print. Beside the vectors it prints the
 * digests of tables with awkward weights, which are compared though nobody wrote them down.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

enum {
	MANY = 300,
	MANY_SIZE = 65537,
};

static u32 count, failed;

static void check(bool good, const char *what)
{
	printf("%sok %u - %s\n", good ? "" : "not ", ++count, what);
	failed += !good;
}

static void *allocate(size_t len)
{
	void *memory = malloc(len);

	if (!memory) {
		puts("Bail out! out of memory");
		exit(1);
	}
	return memory;
}

static void check_hashes(void)
{
	struct maglev_key key;
	u8 bytes[64];
	bool s24 = true, s13 = true;
	u32 i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = i;
	for (i = 0; i < sizeof(bytes); i++) {
		s24 &= maglev_siphash24(&vector_key, bytes, i) == vector_siphash24[i];
		s13 &= maglev_siphash13(&vector_key, bytes, i) == vector_siphash13[i];
	}
	check(s24, "SipHash-2-4");
	check(s13, "SipHash-1-3");
	check(!maglev_key_parse(&key, VECTOR_KEY_TEXT) && !memcmp(&key, &vector_key, sizeof(key)),
	      "key");
	check(maglev_key_check(&vector_key) == VECTOR_KEY_CHECK, "key check");
}

static void check_flows(void)
{
	struct maglev_tuple tuple;
	u64 hash;
	u32 i;

	for (i = 0; i < VECTOR_FLOWS; i++) {
		vector_flow_init(&tuple, i);
		hash = maglev_tuple_hash(&tuple, &vector_key);
		check(hash == vector_flow[i].hash, "flow hash");
		check(maglev_reduce(hash, VECTOR_FLOW_SIZE) == vector_flow[i].slot, "flow slot");
		printf("# mode source %016llx\n",
		       (unsigned long long)maglev_tuple_slot_hash(&tuple, MAGLEV_MODE_SOURCE,
								  &vector_key));
	}
}

static void check_tiny(const struct vector_tiny *vector, const char *what)
{
	struct maglev_backend backends[3];
	u16 table[VECTOR_TINY_SIZE];
	void *scratch = allocate(maglev_base_scratch(VECTOR_TINY_SIZE, vector->n));
	int error;
	u32 i;

	memset(backends, 0, sizeof(backends));
	for (i = 0; i < vector->n; i++) {
		backends[i].offset = vector->backend[i].offset;
		backends[i].skip = vector->backend[i].skip;
		backends[i].weight = 1;
	}
	error = maglev_base_build(table, VECTOR_TINY_SIZE, backends, vector->n, scratch);
	check(!error && !memcmp(table, vector->table, sizeof(table)), what);
	free(scratch);
}

static void check_live(struct maglev_backend *backends, const u16 *base, enum maglev_state state,
		       u8 share, u64 expected)
{
	void *scratch = allocate(maglev_live_scratch(VECTOR_BACKENDS));
	u64 digest = VECTOR_DIGEST_BASE;
	u16 live[VECTOR_SIZE];

	backends[VECTOR_CHANGING].state = state;
	backends[VECTOR_CHANGING].share = share;
	maglev_live_build(live, base, VECTOR_SIZE, backends, VECTOR_BACKENDS, &digest, scratch);
	check(digest == expected, "live digest");
	free(scratch);
}

static void check_golden(void)
{
	struct maglev_backend backends[VECTOR_BACKENDS];
	u16 base[VECTOR_SIZE];
	void *scratch = allocate(maglev_base_scratch(VECTOR_SIZE, VECTOR_BACKENDS));
	int error;

	vector_backends_init(backends);
	error = maglev_base_build(base, VECTOR_SIZE, backends, VECTOR_BACKENDS, scratch);
	free(scratch);
	check(!error && !memcmp(base, vector_first_slots, sizeof(vector_first_slots)),
	      "first slots");
	check(maglev_table_digest(base, VECTOR_SIZE, MAGLEV_MODE_TUPLE, backends) ==
		      VECTOR_DIGEST_BASE,
	      "base digest");
	check_live(backends, base, MAGLEV_DOWN, 100, VECTOR_DIGEST_DOWN);
	check_live(backends, base, MAGLEV_UP, 50, VECTOR_DIGEST_HALF);
}

static int backend_cmp(const void *a, const void *b)
{
	return maglev_backend_cmp(a, b);
}

static void many_init(struct maglev_backend *backends, u32 kind)
{
	u32 i, random = 1, addr;

	for (i = 0; i < MANY; i++) {
		random = random * 1664525 + 1013904223;
		addr = __cpu_to_be32(0x0a000000 + i * 257);
		maglev_backend_init(&backends[i], MAGLEV_IPV4_BYTES, &addr, __cpu_to_be16(80 + i));
		backends[i].weight = kind == 0 ? MAGLEV_WEIGHT_MAX - i :
				     kind == 1 ? 1 + random % MAGLEV_WEIGHT_MAX :
				     kind == 2 ? 1U << random % 31 :
						 1000000 + i;
		backends[i].state = random >> 28 < 3 ? MAGLEV_DOWN : MAGLEV_UP;
		backends[i].share = random >> 8 & 1 ? 100 : (random >> 16) % 101;
		maglev_backend_derive(&backends[i], &vector_key, MANY_SIZE);
	}
	qsort(backends, MANY, sizeof(*backends), backend_cmp);
}

static void print_many(u32 kind)
{
	struct maglev_backend *backends = allocate(MANY * sizeof(*backends));
	void *base_scratch = allocate(maglev_base_scratch(MANY_SIZE, MANY));
	void *live_scratch = allocate(maglev_live_scratch(MANY));
	u16 *base = allocate(MANY_SIZE * sizeof(*base));
	u16 *live = allocate(MANY_SIZE * sizeof(*live));
	u64 digest;
	u32 changed;

	many_init(backends, kind);
	check(!maglev_base_build(base, MANY_SIZE, backends, MANY, base_scratch), "build");
	digest = maglev_table_digest(base, MANY_SIZE, MAGLEV_MODE_SOURCE, backends);
	printf("# weights %u: base %016llx", kind, (unsigned long long)digest);
	changed = maglev_live_build(live, base, MANY_SIZE, backends, MANY, &digest, live_scratch);
	printf(" live %016llx changed %u\n", (unsigned long long)digest, changed);
	free(backends);
	free(base_scratch);
	free(live_scratch);
	free(base);
	free(live);
}

int main(void)
{
	u32 kind;

	puts("TAP version 13");
	check_hashes();
	check_flows();
	check_tiny(&vector_paper_before, "paper's table 1, before");
	check_tiny(&vector_paper_after, "paper's table 1, after");
	check_tiny(&vector_seed_before, "seed's example, before");
	check_tiny(&vector_seed_after, "seed's example, after");
	check_golden();
	for (kind = 0; kind < 4; kind++)
		print_many(kind);
	check(maglev_size_valid(1048573) && !maglev_size_valid(1021 * 1021), "table size");
	printf("1..%u\n%s\n", count, failed ? "# FAIL" : "# PASS");
	return failed ? 1 : 0;
}
